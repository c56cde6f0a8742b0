# Everything a newcomer needs: make up, make test. Nothing but Python 3.11 to 3.13 has to be there.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
BIN := .venv/bin

.PHONY: install up test check docs bench lock

install: .venv/installed

.venv/installed: pyproject.toml requirements/dev.txt requirements/uv.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

# Serve: the built-in sample at once, the Hub when it is crawled; later, what is there.
up: install
	$(BIN)/modelkin up --port $(PORT)

# All tests, some of them on a real Neo4j (MODELKIN_TEST_NEO4J, or one that is started here).
test: install
	$(BIN)/pytest -n 2 --dist loadgroup

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.reference --check

# The documents as a site, in site/index.html; a broken link or anchor fails.
docs: install
	$(BIN)/sphinx-build --quiet --fail-on-warning --conf-dir docs . site

# Side by side with peers; each prints the command that repeats it alone.
bench: install
	$(BIN)/python -m bench.jsonl_embedded
	$(BIN)/python -m bench.pagerank
	$(BIN)/python -m bench.neo4j_write

# Pin again, with hashes and without addresses.
lock: install
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --group dev \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --constraint requirements/dev.txt \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements/runtime.txt
	echo uv | $(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url - -o requirements/uv.txt
