# `make run` and `make test` set up everything they need; the rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: run test check fuzz faults crash soak bench bench-replies bench-pictures bench-settings \
	lock messages clean

# The bot when DISCORD_TOKEN is set (here or in .env), otherwise the playground in the browser.
run: $(VENV)/run.stamp
	@if [ -n "$$DISCORD_TOKEN" ] || grep -Eqs '^DISCORD_TOKEN=.+' .env; then \
		exec $(BIN)/python -m bot; \
	else \
		exec $(BIN)/python -m bot playground; \
	fi

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q -n 3 --dist loadfile

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m scripts.messages --check
	$(BIN)/python -m tests.schema_check
	$(MAKE) test

# Hostile input for all readers: 1,000,000 inputs each, and growth of hostile families.
fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m tests.fuzz

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

bench-replies: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks replies

bench-pictures: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks pictures

bench-settings: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks settings

# Bad weather: each of Discord's bad days and ten crashes in a few minutes, a hundred crashes in
# about half an hour, ten thousand replies in about the same.
faults: $(VENV)/dev.stamp
	$(BIN)/python -m tests.weather faults
	$(BIN)/python -m tests.weather crash --runs 10

crash: $(VENV)/dev.stamp
	$(BIN)/python -m tests.weather crash --runs 100
	$(BIN)/python -m tests.weather crash --runs 20 --postgres

soak: $(VENV)/dev.stamp
	$(BIN)/python -m tests.weather soak --replies 10000

lock: $(VENV)/dev.stamp
	$(UV_COMPILE) pyproject.toml -o requirements.txt
	$(UV_COMPILE) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

# Collect every sentence shown to people into the catalogue that translators start from.
messages: $(VENV)/dev.stamp
	$(BIN)/python -m scripts.messages

$(VENV)/run.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
