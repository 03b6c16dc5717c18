# One way to do each thing; `make` lists them. Everything lands in .venv and build.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help python install dev demo test coverage check-site lint docs bench lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is missing or older than 3.11, which donghaeng needs: make PYTHON=/path/to/python3" >&2; exit 1; }

install: python ## make .venv with the donghaeng command; at once when nothing changed
	@"$(PYTHON)" tools/install.py runtime

# What the checks need beside it.
dev: python
	@"$(PYTHON)" tools/install.py dev

demo: install ## build the worked example: build/site/index.html
	$(BIN)/donghaeng demo --out build

test: lint docs ## everything that must hold: lint, types, docs, tests
	@tools/system-packages
	$(BIN)/python -m pytest -n 2

# Following every branch doubles the time of the tests, so it is asked for.
coverage: dev ## the tests again, with the lines and branches that none of them reaches
	@tools/system-packages
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered

check-site: dev ## open every page of every pack in Chromium
	@tools/system-packages
	$(BIN)/python -m pytest tests/site -m walk -n 2

lint: dev ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: dev ## build the documentation: build/docs/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: dev ## run the benchmarks and print their tables
	$(BIN)/python -m benchmarks

lock: python ## write requirements*.txt anew from pyproject.toml
	@PYTHON="$(PYTHON)" tools/lock

clean: ## remove everything that make made
	rm -rf .venv build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
