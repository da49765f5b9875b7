PYTHON ?= python3
BIN := .venv/bin

.PHONY: site serve test quick lint clean
.DEFAULT_GOAL := site

# Installed again only when pyproject.toml changes.
.venv/installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dlnotes needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --upgrade --upgrade-strategy only-if-needed -e '.[site]'
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install -e '.[site,test]'
	touch $@

site: .venv/installed
	$(BIN)/dlnotes build

serve: .venv/installed
	$(BIN)/dlnotes serve

# Files of tests side by side.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test: .venv/installed-test
	$(PYTEST)

# The library alone: no run, no page.
quick: .venv/installed-test
	$(PYTEST) tests --ignore=tests/book --ignore=tests/claims --ignore=tests/site --ignore=tests/test_snippets.py

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean: .venv/installed
	$(BIN)/dlnotes clean
