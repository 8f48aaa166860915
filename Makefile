# make demo   draw on a page, see hits            make test   everything from a fresh clone to green
# make check  format, lint, types, import rules   make format / make clean
# make clients  the SDKs, from the served document

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PHOTOS ?=
# Elsewhere than on a machine whose pip finds the small CPU build by itself: TORCH_INDEX=<PyTorch's own CPU index>
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: demo test check format clients clean

demo: $(VENV)/.demo
	$(BIN)/python -m service.cli.demo $(if $(PHOTOS),--photos "$(PHOTOS)")

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clients: $(VENV)/.dev
	$(BIN)/python -m clients.generate

clean:
	rm -rf $(VENV) clients/typescript/node_modules clients/typescript/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A virtual environment; where the system's python lacks ensurepip (Debian without python3-venv), pip makes one.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; PYTHON=/path/to/python3.11 make ... chooses one"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv && $(PYTHON) -m venv $(VENV); \
	  else echo "python's venv is missing: apt-get install python3-venv"; exit 1; fi; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[cpu,train,demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[cpu,train,demo,dev]'
	@touch $@ $(VENV)/.demo
