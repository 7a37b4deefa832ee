# Everything a developer or CI runs. The only needs are git, make and Python 3.11 or newer:
#   make demo    the census of Python files, with its live table
#   make test    all that CI checks
# `make PYTHON=python3.13 venv` chooses another interpreter.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := locks/dev.txt
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
SOURCE := routilux routilux_otel tests tools benchmarks

.DELETE_ON_ERROR:
.PHONY: help venv demo test checks build coverage switching unrun format lock openapi telemetry pictures dashboards bench soak \
	backends stack test-stack clean

help:
	@sed -n '2,4p' Makefile | cut -c3-
	@echo 'Also: make venv, checks, build, format, lock, openapi, telemetry, pictures, dashboards, bench, soak, backends, stack, test-stack, clean.'

# --- the virtual environment -------------------------------------------------------------

venv: $(VENV)/.installed

# The locked packages, and nothing else: pip refuses a file whose hash is not in the lock.
$(VENV)/.locked: $(LOCK)
	@echo '== venv: $(VENV) with the packages of $(LOCK)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Routilux needs Python 3.11 or newer: run "make PYTHON=/path/to/python3.11 venv"' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo 'python3 cannot make a virtual environment: install its venv and ensurepip modules' >&2; exit 1; }
	@echo '   downloading the packages, once: that may take a minute'
	@$(PIP) install --quiet --require-hashes --requirement $(LOCK)
	@touch $@

# The project itself, editable: its code is used where it stands.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@echo '== venv: routilux, editable'
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Needed after a change of the dependencies in pyproject.toml. No index, no path and no header
# gets into the file; one lock serves every Python and platform. UPGRADE=--upgrade takes newer versions.
lock: venv
	@echo '== lock: $(LOCK)'
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-strip-extras \
		--system-certs --quiet $(UPGRADE) --output-file $(LOCK)

# Needed after a change of the HTTP face.
openapi: venv
	@$(BIN)/python -m tools.openapi

# Needed after a change of tools/dashboards or of the table of instruments.
dashboards: venv
	@$(BIN)/python -m tools.dashboards

# Needed after a change of what telemetry emits.
telemetry: venv
	@$(BIN)/python -m tools.telemetry_page

# Needed after a change of how the terminal looks.
pictures: venv
	@$(BIN)/python -m tools.pictures

# --- what people run ---------------------------------------------------------------------

demo: venv
	@echo '== demo: a census of the Python files of the standard library'
	@$(BIN)/routilux demo

bench: venv
	@echo '== bench: the engine beside its baselines'
	@$(BIN)/python -m benchmarks

soak: venv
	@echo '== soak: the long tests'
	@$(BIN)/pytest -m soak --timeout 3600

# The real collector, Prometheus and Jaeger, built from source into .backends/ unless they are there.
# Needs a Go compiler, and about ten minutes the first time.
backends: venv
	@echo '== backends: the collector, Prometheus and Jaeger'
	@$(BIN)/python -m tools.backends

# All three as plain processes, until Ctrl-C.
stack: backends
	@$(BIN)/python -m tools.backends.stack

format: venv
	@echo '== format: ruff'
	@$(BIN)/ruff format $(SOURCE)
	@$(BIN)/ruff check --fix $(SOURCE)

# --- what CI runs ------------------------------------------------------------------------

# One after another also under `make -j`: each step's output stays whole, and the tests come last.
test: venv
	@$(MAKE) --no-print-directory checks
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory switching
	@$(MAKE) --no-print-directory unrun
	@$(MAKE) --no-print-directory coverage

unrun:
	@echo '== not run here: tests/stack, which needs the real collector, Prometheus and Jaeger ("make test-stack")'

checks: venv
	@echo '== format: ruff format --check'
	@$(BIN)/ruff format --check --quiet $(SOURCE)
	@echo '== lint: ruff check'
	@$(BIN)/ruff check --quiet $(SOURCE)
	@echo '== types: mypy --strict, over the packages and over code as users write it'
	@$(BIN)/mypy
	@echo '== layers: imports point one way'
	@$(BIN)/python -m tools.check_layers

build: venv
	@echo '== build: sdist and wheel'
	@rm -rf dist
	@$(BIN)/python -m build --quiet --no-isolation --outdir dist .
	@ls dist

switching: venv
	@echo '== tests of the engine, without OpenTelemetry, and with threads that switch every microsecond'
	@$(BIN)/pytest tests/engine --switch-interval 1e-6 --without opentelemetry --quiet --no-header

coverage: venv
	@echo '== tests, with branch coverage'
	@$(BIN)/pytest --cov --cov-report=term:skip-covered

# Skips nothing: without the back ends it fails.
test-stack: venv
	@echo '== tests with the real collector, Prometheus and Jaeger'
	@$(BIN)/python -m tools.backends --check
	@$(BIN)/pytest tests/stack

clean:
	@echo '== clean: what make has made, and caches'
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
