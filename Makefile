# `make demo` and `make test` set up all they need, in .venv, from the package registry.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check bench torture requirements clean

demo: $(READY) ## run the example project's suite as three shards, here
	@cd examples/shop && PATH="$(CURDIR)/$(BIN):$$PATH" ci-tools local --shards 3; \
	code=$$?; if [ $$code -ne 1 ]; then echo "expected the demo's one failing test, got exit code $$code"; exit 1; fi; \
	echo; echo "One test fails on purpose: exit code 1. Again with recorded times: make demo"

test: $(READY) check ## lint, types, layers, all tests
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check ci_tools tests benchmarks .github
	$(BIN)/ruff check ci_tools tests benchmarks .github
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

torture: $(READY) ## 500 random suites whose workers die, 200 kills, 200 suites of marks, locks, money, ports; over an hour
	XDIST_CI_LONG_SUITES=1 $(BIN)/python -m pytest tests/suites
	XDIST_CI_ALL_VERSIONS=1 $(BIN)/python -m pytest tests/plugin/test_versions.py
	$(BIN)/python -m tests.torture --suites 500
	$(BIN)/python -m tests.torture.kills --kills 200
	$(BIN)/python -m tests.torture.marks --seeds 200
	$(BIN)/python -m tests.torture.stability
	$(BIN)/python -m tests.torture.bisect --suites 100
	$(BIN)/python -m tests.torture.store --processes 8 --operations 10000 --kills 200
	$(BIN)/python -m tests.torture.ledger --processes 8 --operations 10000
	$(BIN)/python -m tests.torture.ports --processes 8 --operations 10000

bench: $(READY) ## every benchmark, some minutes
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

requirements: $(READY) ## what the action installs for itself: pyproject's dependencies, pinned and hashed
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.10 --generate-hashes --upgrade \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file action/requirements.txt

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --group dev --editable .
	@touch $@

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache examples/shop/.ci-tools
