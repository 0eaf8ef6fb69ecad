# Needs make and Python 3.11 or newer; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# make chaos SEEDS=0-100000, or MINUTES=30, FAMILY=thermal; make soak MINUTES=10
# make mutation ROOM=protocols SEED=7 NUMBER=200 WORKERS=4
SEEDS ?= 0-10000
MINUTES ?=
FAMILY ?=
ROOM ?=
SEED ?= 0
NUMBER ?= 50
WORKERS ?= 1

.PHONY: demo test lint bench chaos soak mutation licence-demo docs clean

demo: $(VENV)/.demo  ## print a receipt on an emulated printer, through a real daemon
	$(BIN)/fiscald demo

test: lint  ## everything CI checks
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.dev  ## style, types, who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## ours against a bare client and against wire time, in one run
	$(BIN)/python benchmarks/run.py

chaos: $(VENV)/.dev  ## the proof: the exhaustive matrix, random schedules, and every safety rule broken on purpose
	$(BIN)/python -m tests.chaos --matrix $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --others --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --mutants

soak: $(VENV)/.dev  ## the same with real parts: daemon and printers as processes, killed and cut at random
	$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

mutation: $(VENV)/.dev  ## single changes to the product that no test notices: drawn by SEED, NUMBER of each room
	$(BIN)/python -m tests.mutation --seed $(SEED) --number $(NUMBER) --workers $(WORKERS) $(foreach room,$(ROOM),--room $(room))

licence-demo: $(VENV)/.dev  ## a licence's whole way: trial, number, updates, another computer, offline, revoked
	$(BIN)/python -m tests.licence.demo

docs: $(VENV)/.dev  ## the parts of docs/ that are made from the code
	$(BIN)/python -m fiscald.model.problems > docs/errors.md
	$(BIN)/python -m fiscald.cli.man docs/man
	$(BIN)/python -m fiscald.protocols.dissector > docs/wireshark/fiscald.lua
	$(BIN)/python -m tests.recording.example

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[png]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "fiscald needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
