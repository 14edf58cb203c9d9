# The whole workflow. `make demo` and `make test` need nothing but Python >= 3.11, make and the package index.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(VENV) UV_LINK_MODE=copy $(BIN)/uv
WORKERS ?= auto

.PHONY: help setup setup-demo demo demo-reset cluster test check format fuzz bench bench-jose bench-verifier bench-auth coverage chromium postgres nginx node-peer clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Gatepass needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Choose another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.demo-ready: $(BIN)/uv pyproject.toml uv.lock
	@$(UV) sync --quiet --frozen --inexact --extra demo
	@touch $@

$(VENV)/.dev-ready: $(BIN)/uv pyproject.toml uv.lock
	@$(UV) sync --quiet --frozen --inexact --extra dev
	@touch $@ $(VENV)/.demo-ready

setup-demo: $(VENV)/.demo-ready

setup: $(VENV)/.dev-ready ## make the virtual environment from the lock file

demo: setup-demo ## start Auth and two clinic Services, and print the page to open (PORT=8700 ENCRYPTED=1)
	@$(BIN)/python -m examples.clinic $(if $(PORT),--port $(PORT)) $(if $(ENCRYPTED),--encrypted)

demo-reset: setup-demo ## forget the demo's data, then start it
	@$(BIN)/python -m examples.clinic --reset $(if $(PORT),--port $(PORT)) $(if $(ENCRYPTED),--encrypted)

cluster: setup postgres nginx ## start three processes of Auth on one PostgreSQL, behind nginx
	@$(BIN)/python -m examples.cluster $(if $(PORT),--port $(PORT))

postgres:
	@tools/ensure-postgres

nginx:
	@tools/ensure-nginx

chromium:
	@tools/ensure-chromium

# npm's `jose` is one of the peers of the interoperation tests; without Node they are skipped, loudly.
node-peer:
	@if command -v npm >/dev/null; then \
	  cd tests/interop/node && { test -d node_modules/jose || npm ci --silent --no-audit --no-fund; } \
	    || echo "npm could not install the Node peer: its interoperation tests will be skipped."; \
	fi

test: setup chromium postgres nginx node-peer ## run every test, in real Chromium too
	@PYTHONHASHSEED=0 $(BIN)/pytest -n $(WORKERS) --dist loadfile

check: setup ## lint, format, types, floors, lock file
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(UV) lock --check --quiet

format: setup ## put the code in shape
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

coverage: setup ## line and branch coverage from all tests but the browser's; jose must have 100 %
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not browser" --cov --cov-report=term-missing:skip-covered
	@$(BIN)/coverage report --include='src/gatepass/jose/*' --fail-under=100 --skip-covered

fuzz: setup ## fuzz every parser of the library for a minute each (SECONDS=60)
	@$(UV) sync --quiet --frozen --inexact --extra dev --extra fuzz
	@$(BIN)/python -m fuzz --seconds $(or $(SECONDS),60)

bench: setup ## measure everything, beside the peers, in one run
	@$(BIN)/python -m benchmarks

bench-jose: setup ## measure the library beside its peers
	@$(BIN)/python -m benchmarks.jose

bench-verifier: setup ## measure checks, a Service with them, and kick-outs (QUICK=1: half a minute)
	@$(BIN)/python -m benchmarks.verifier $(if $(QUICK),--quick)

bench-auth: setup ## measure Auth beside its floor and its peers (QUICK=1: a minute; SIZES=10k,1m,10m)
	@$(BIN)/python -m benchmarks.auth $(if $(QUICK),--quick) $(if $(SIZES),--sizes $(SIZES))

clean: ## remove what make made
	@rm -rf $(VENV) benchmarks/.peers .demo .nginx .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov dist
