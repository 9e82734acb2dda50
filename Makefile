# Everything happens in one virtual environment, .venv, which every target makes and keeps up to date by itself.
# Needed: Python >= 3.11 with venv, make, and a package index that pip can reach.

VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements

# The interpreter that makes .venv: PYTHON=... if given, else the first one that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; break; }; done)

# Locks pin every package by hash, so nothing is resolved here; the project itself comes without dependencies.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv
INSTALL_LOCK = $(PIP_INSTALL) --require-hashes -r

# Processes that run the tests; PYTEST="..." adds arguments: make test PYTEST="tests/unit -k etag".
WORKERS ?= auto
PYTEST ?= tests

.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench soak lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.witness $(VENV)/.project ## Set up .venv with everything that development needs

demo: $(VENV)/.demo $(VENV)/.project ## Try it: a real CardDAV server with made-up contacts, and Polydex on top
	$(BIN)/polydex demo $(DEMO)

test: install ## Run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal $(PYTEST)

check: $(VENV)/.dev $(VENV)/.project ## Format, lint, types, layers, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/.dev ## Format the code and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## Measure; the figures of docs/performance.md
	$(BIN)/python -m bench $(BENCH)

soak: install ## Run the random, crash and chaos tests at full length; interrupted, the same command goes on
	POLYDEX_SOAK=1 nice -n 10 $(BIN)/python -m pytest -v -n $(WORKERS) --maxprocesses 4 --dist worksteal -m soak $(PYTEST)

clean: ## Remove .venv and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- the virtual environment ---------------------------------------------------------------------------------------
# Each stamp stands for an installed lock and is older than the lock when that has changed.

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 found; give one: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.build: $(LOCKS)/build.txt | $(VENV)/.made
	$(INSTALL_LOCK) $<
	@touch $@

$(VENV)/.demo: $(LOCKS)/demo.txt | $(VENV)/.made
	$(INSTALL_LOCK) $<
	@touch $@

$(VENV)/.dev: $(LOCKS)/dev.txt | $(VENV)/.made
	$(INSTALL_LOCK) $<
	@touch $@

$(VENV)/.witness: $(LOCKS)/witness.txt | $(VENV)/.dev
	$(INSTALL_LOCK) $<
	@touch $@

# Editable: only new metadata (scripts, entry points) needs another round.
$(VENV)/.project: pyproject.toml $(VENV)/.build
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# --- the locks -----------------------------------------------------------------------------------------------------
# A later lock takes the versions of the earlier ones, so that all of them fit into one .venv.
# Versions that are locked stay; newer ones: make lock LOCK=--upgrade

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-annotate $(LOCK)

lock: $(VENV)/.dev ## Resolve the dependencies anew
	$(COMPILE) $(LOCKS)/build.in -o $(LOCKS)/build.txt
	$(COMPILE) pyproject.toml -o $(LOCKS)/base.txt
	$(COMPILE) pyproject.toml --extra demo -c $(LOCKS)/base.txt -o $(LOCKS)/demo.txt
	$(COMPILE) pyproject.toml --extra postgres -c $(LOCKS)/base.txt -o $(LOCKS)/postgres.txt
	$(COMPILE) pyproject.toml --extra demo --extra postgres --extra dev -c $(LOCKS)/build.txt \
		-c $(LOCKS)/demo.txt -c $(LOCKS)/postgres.txt -o $(LOCKS)/dev.txt
	$(COMPILE) pyproject.toml --extra demo --extra postgres --extra dev --extra witness \
		-c $(LOCKS)/dev.txt -o $(LOCKS)/witness.txt
	@! grep -nE '(https?|file)://' $(LOCKS)/*.txt
