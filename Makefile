# `make run` is all a newcomer needs. Everything lives in .venv and var, beside this file.

# The first of these that is new enough; `make PYTHON=… run` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && \
	echo $$p && break; done)
OURS = .venv/bin/python

.PHONY: help run test check check-lint check-format check-types check-layers check-migrations install lock clean

help:
	@echo "make run      install, start everything, load the demo (DEMO=0: start empty; PORT=8001: another port)"
	@echo "make test     install and run every test on real servers"
	@echo "make check    formatting, lint, types, layers, migrations"
	@echo "make install  the environment alone"
	@echo "make lock     pin requirements*.in into requirements*.txt, with hashes (needs uv)"
	@echo "make clean    remove the environment and caches, never the data in var"

run: .venv/.run
	@exec $(OURS) manage.py up

test: .venv/.dev
	@exec $(OURS) -m pytest $(ARGS)

# `make --keep-going check` goes on after a failure.
check: check-lint check-format check-types check-layers check-migrations
check-lint: .venv/.dev
	$(OURS) -m ruff check .
check-format: .venv/.dev
	$(OURS) -m ruff format --check .
check-types: .venv/.dev
	$(OURS) -m mypy .
check-layers: .venv/.dev
	@$(OURS) -c 'from importlinter.cli import lint_imports_command; lint_imports_command(["--no-logo"])'
check-migrations: .venv/.dev
	$(OURS) manage.py makemigrations --check --dry-run

install: .venv/.run

# Made again only when what it is made from changes.
.venv/.run: requirements.txt agentfactory_cs/install.py
.venv/.dev: requirements-dev.txt agentfactory_cs/install.py
.venv/.run .venv/.dev:
	@test -n "$(PYTHON)" || { echo "AgentFactory CS needs Python 3.11 to 3.14 and finds none: install one (Debian: apt-get install python3; macOS: brew install python@3.13), or name one with \`make PYTHON=/path/to/python3 …\`." >&2; exit 1; }
	@$(PYTHON) agentfactory_cs/install.py $<
	@touch $@

lock:
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --universal --python-version 3.11 --no-emit-index-url -o requirements.txt requirements.in
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --universal --python-version 3.11 --no-emit-index-url -o requirements-model.txt requirements-model.in
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --universal --python-version 3.11 --no-emit-index-url -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
