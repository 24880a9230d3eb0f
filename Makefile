# The project's commands; `make help` lists them. The first one that needs it installs what it needs, once:
# everything lands in .venv and .cache, and later runs need no network.

# The Python to build .venv with: the first of these that Spark 3.5 runs on. Or: make PYTHON=/path/to/python
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.10 python3.9 python3.13 python3.8; do \
	"$$python" -c 'import sys, venv; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
BUSY := $(VENV)/.installing
JARS := .cache/jars/.fetched
CLASSES := .cache/classes/.made
ARCHIVE := .cache/.archived

# Tests start hundreds of Python processes. Where modules are compiled anew each time, each costs half a second more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-pythons install-servers install-browser demo demo-cloud pictures serve test test-runtimes test-matrix test-clients check lint format docs bench clean
.DELETE_ON_ERROR:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) $(JARS) ## make .venv with everything pinned, find Java, fetch Delta's jars (once)

# Modules are compiled when they are first used (--no-compile): of most packages these are a few.
# A pip that was killed leaves a half-made .venv: while pip works there is a file .installing, with which the next run starts anew.
$(INSTALLED): pyproject.toml fake_databricks/pyproject.toml constraints.txt constraints-py38.txt
	@test -n "$(PYTHON)" || { echo "There is no Python 3.8 to 3.13 with the module venv here. Install one, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@if [ ! -x $(PY) ] || [ -e $(BUSY) ]; then \
		echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		rm -rf $(VENV) && mkdir $(VENV) && touch $(BUSY) && $(PYTHON) -m venv $(VENV); fi
	@touch $(BUSY)
	@pins=constraints.txt; fake="-e ./fake_databricks[servers]"; \
		$(PY) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 8))' && pins=constraints-py38.txt; \
		$(PY) -c 'import sys; sys.exit(sys.version_info >= (3, 10))' && fake=""; \
		echo "Installing what $$pins pins (some minutes, the first time)"; \
		$(PY) -m pip install --quiet --disable-pip-version-check --no-compile -c $$pins -e '.[local,arrow,excel,cloud,docs,dev]' $$fake
	@rm $(BUSY)
	@touch $@

$(JARS): $(INSTALLED)
	@$(PY) tools/fetch_jars.py
	@touch $@

# Once for a machine: without it a local job works too, and starts 3 to 4 s later.
$(CLASSES): $(INSTALLED) $(JARS)
	@echo "Making an archive of Java's classes for local jobs (30 seconds, once)"
	@$(PY) -m nuvyn_executor.spark.class_archive >/dev/null || true
	@mkdir -p $(@D) && touch $@

# Once for a machine: without it a server works too, and its first job waits 10 s longer.
$(ARCHIVE): $(INSTALLED) $(JARS) $(wildcard fake_databricks/engine/java/fakedatabricks/*.java)
	@echo "Making an archive of Java's classes for the local Databricks (40 seconds, once)"
	@$(PY) -m fake_databricks.engine.archive >/dev/null || true
	@touch $@

install-pythons: install ## prepare the Pythons and Sparks of docs/runtimes.md, where their Python is found (once)
	@$(PY) -m tools.install_pythons

install-servers: install ## install the storage servers of the tests: Azurite, PostgreSQL, MariaDB (once)
	@$(PY) tools/install_servers.py

install-browser: install ## install Chromium for the tests of pages, where apt can (once)
	@$(PY) tools/install_browser.py

demo: install $(CLASSES) ## run the full pipeline over the flights of New York 2013 and the ugly files of examples/data
	@$(PY) -m examples.demo

demo-cloud: install-servers $(CLASSES) ## the same data in S3, Azure and PostgreSQL servers on this machine, and their scores side by side
	@$(PY) -m examples.demo_cloud

serve: install $(ARCHIVE) ## start a local Databricks that really runs jobs; ARGS="--port 8081" passes options
	@$(PY) -m fake_databricks $(ARGS)

# Two processes, each with a Spark session of its own, where pytest-xdist is (Python 3.10 and later); ARGS="-n 0" is one.
IN_TWO = $(shell $(PY) -c 'import xdist' 2>/dev/null && printf '%s' '-n 2 --dist loadfile --no-loadscope-reorder')

test: install-servers install-browser $(CLASSES) $(ARCHIVE) ## run the test suite; ARGS="-k name" passes options to pytest
	$(PY) -m pytest $(IN_TWO) --ignore tests/runtimes $(ARGS)

test-runtimes: install-pythons $(ARCHIVE) ## run one file on every Spark, and the suite without Spark on the oldest and the newest Python
	$(PY) -m pytest $(IN_TWO) tests/runtimes $(ARGS)

test-matrix: install ## run the files of tools/runtimes.py on every Spark; ARGS="spark-4.2" on one of them
	@$(PY) -m tools.test_matrix $(ARGS)

test-clients: install ## try SDKs, CLIs, Airflow, Dagster and Prefect against the local Databricks; ARGS="python_sdk" one of them
	@$(PY) -m tests.clients $(ARGS)

check: install ## check style and types, and run all tests that need no Spark and no storage server, in under 90 seconds
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -q -n 2 -m "not spark and not jvm" --dist worksteal --ignore tests/runtimes --ignore tests/storage $(ARGS)

lint: install ## check style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: install ## let ruff lay out the code
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: install ## build the documentation site into .cache/docs/site, offline; a dead link fails
	@$(PY) -m tools.docs_site $(ARGS)

pictures: install-browser ## take the pictures of docs/images again
	@$(PY) -m tests.browser.pictures

bench: install $(CLASSES) $(ARCHIVE) ## measure the local Databricks and the scans on this machine; ARGS="growth" another part, ARGS="--help" names them
	@$(PY) -m benchmarks $(ARGS)

clean: ## remove what the commands above made: .venv, .cache, build and test leftovers
	rm -rf $(VENV) .cache build dist *.egg-info fake_databricks/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov \
		spark-warehouse derby.log metastore_db
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
