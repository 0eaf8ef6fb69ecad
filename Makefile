# Needs make and Python 3.11 or newer with venv (Debian, Ubuntu: apt install python3-venv); everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# make chaos SEEDS=0-100000, or MINUTES=30, FAMILY=thermal; make soak MINUTES=10
# make bench ROWS='line-9600 syncs', or FULL=1 for a million jobs and a thousand printers
# make mutation ROOM=protocols SEED=7 NUMBER=200 WORKERS=4
SEEDS ?= 0-10000
MINUTES ?=
FAMILY ?=
ROOM ?=
ROWS ?=
FULL ?=
PICTURES ?=
SEED ?= 0
NUMBER ?= 50
WORKERS ?= 1
# Of make deb and make deb-test.
RELEASES ?= bookworm trixie
# Of make image; BASE: another image to start from than Debian's.
BUILDER ?= $(firstword $(foreach name,podman buildah docker,$(shell command -v $(name))))
BASE ?=
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock'
# Of make test: some tests wait for processes, so one more than there are processors.
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Without bytecode on disk each process of the tests compiles all of them: 15 s for each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help quick fmt demo demo-shop demo-gateway test test-all lint browser examples bench bench-plots proof chaos soak hostile hostile-licence contract mutation licence-demo fleet-demo docs site deb deb-test image lowest lock release clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.demo  ## print a receipt on an emulated printer, through a real daemon
	$(BIN)/fiscald demo

demo-shop: $(VENV)/.demo  ## a shop: a printer of every family, one receipt on all of them, a cable pulled in the middle
	$(BIN)/fiscald demo --shop

demo-gateway: $(VENV)/.demo  ## an old program that speaks Thermal prints on a POSNET printer; killed, cable pulled, one receipt
	$(BIN)/fiscald demo --gateway

test: lint  ## everything CI checks
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal --slice

test-all: $(VENV)/.dev  ## every test with all its parameter sets, also the slow ones
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.dev  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev  ## format the code, sort its imports
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

quick: $(VENV)/.dev  ## style, types of changed files, and the unit tests: under a minute
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto -m "not slow" tests/model tests/protocols tests/journal tests/licence

browser: $(VENV)/.browser  ## the web console in Chromium: every flow, keyboard, screen reader; pictures: PICTURES=1
	$(BIN)/python -m pytest -q tests/console_browser
	$(if $(PICTURES),$(BIN)/python -m tests.console_browser)

examples: $(VENV)/.dev  ## the shops of examples/ in every language that is installed here, disturbed in every way
	$(BIN)/python -m pytest -q -n 7 --dist loadgroup tests/examples

bench: $(VENV)/.dev  ## how long things take, and what they cost: the rows of docs/performance.md, each with its goal
	$(BIN)/python -m benchmarks $(ROWS) $(if $(FULL),--full)

bench-plots: $(VENV)/.bench  ## keep the figures of the last run: table and plots of docs/performance.md
	$(BIN)/python -m benchmarks.page --from benchmarks/results/latest.json

proof: $(VENV)/.browser $(VENV)/.uv $(VENV)-site/.made test-all chaos contract  ## the long tests: campaigns, real processes, misbehaving programs and printers
	$(MAKE) soak MINUTES=3
	$(MAKE) hostile hostile-licence fleet-demo
	$(if $(shell command -v mmdebstrap),$(MAKE) deb-test,@echo "not here: mmdebstrap, so the Debian packages are not tested")

chaos: $(VENV)/.dev  ## the proof: the exhaustive matrix, random schedules, and every safety rule broken on purpose
	$(BIN)/python -m tests.chaos --matrix $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --others --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --mixed --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --gateway --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.chaos --fleet --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(FAMILY),--family $(FAMILY))
	$(BIN)/python -m tests.conformance
	$(BIN)/python -m tests.chaos --mutants

soak: $(VENV)/.dev  ## the same with real parts: daemon and printers as processes, killed and cut at random
	$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

contract: $(VENV)/.dev  ## the API's description: a linter, three generators of clients that print, a fuzzer (node, npm); clients of others for printers, at gateways too
	$(BIN)/python -m tests.contract

hostile: $(VENV)/.dev  ## misbehaving programs and printers, next to a shop that sells and polls the status
	$(BIN)/python -m tests.hostile

hostile-licence: $(VENV)/.dev  ## strangers and cheats against the vendor's licence server, next to customers in a hurry
	$(BIN)/python -m tests.hostile_licence

mutation: $(VENV)/.dev  ## single changes to the product that no test notices: drawn by SEED, NUMBER of each room
	$(BIN)/python -m tests.mutation --seed $(SEED) --number $(NUMBER) --workers $(WORKERS) $(foreach room,$(ROOM),--room $(room))

licence-demo: $(VENV)/.dev  ## the life of a licence: trial, web shop, second till, dead computer, Dutch shop, restored backup, revoked
	$(BIN)/python -m tests.licence.demo

fleet-demo: $(VENV)/.dev  ## a central orders from five shops while broker, central, daemons and printers are killed (mosquitto)
	$(BIN)/python -m tests.fleet.demo

docs: $(VENV)/.dev  ## generate the parts of docs/ that come from the code
	$(BIN)/python -m fiscald.model.problems > docs/errors.md
	$(BIN)/python -m fiscald.protocols.conditions_page > docs/conditions.md
	$(BIN)/python -m fiscald.protocols.documents_page > docs/documents.md
	$(BIN)/python -m fiscald.cli.man docs/man
	$(BIN)/python -m fiscald.protocols.dissector > docs/wireshark/fiscald.lua
	$(BIN)/python -m tests.recording.example

site: $(VENV)-site/.made  ## build the documentation site into build/site/html; a warning is an error
	$(VENV)-site/bin/python -m website build/site

deb: | $(VENV)/.made  ## the Debian packages, each built in a new chroot of its release and checked with lintian, to dist/deb
	PYTHON=$(BIN)/python .ci/deb build $(RELEASES)

deb-test: | $(VENV)/.made  ## the packages in new systems: install, print, upgrade, back up, restore, remove, purge (root, systemd-nspawn)
	PYTHON=$(BIN)/python .ci/deb test $(RELEASES)

image:  ## the container image "fiscald" (podman, buildah or docker)
	$(or $(BUILDER),$(error "needs podman, buildah or docker")) build --tag fiscald $(if $(BASE),--build-arg BASE=$(BASE)) --file Containerfile .

lowest: $(VENV)/.uv  ## the tests with the oldest versions that pyproject.toml allows, in .venv-lowest
	rm -rf $(VENV)-lowest
	$(PYTHON) -m venv $(VENV)-lowest
	$(BIN)/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[dev]'
	$(VENV)-lowest/bin/python -m pytest -n auto --dist worksteal

lock: $(VENV)/.uv  ## write the lock files with hashes, after a change of the dependencies
	$(LOCK) --extra daemon --extra announce --extra console --extra fleet --extra png --output-file requirements/service.txt pyproject.toml
	$(LOCK) --extra vendor --constraint requirements/service.txt --output-file requirements/vendor.txt pyproject.toml
	$(LOCK) --extra docs --constraint requirements/service.txt --output-file requirements/docs.txt pyproject.toml
	$(LOCK) --output-file requirements/build.txt requirements/build.in

release: $(VENV)/.uv  ## wheel, source, list of components and checksums into dist/release; Debian packages too, after make deb
	.ci/release dist/release

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-site build/site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[console,png]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.browser: pyproject.toml $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

$(VENV)/.bench: pyproject.toml $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

# Exactly the versions that the pages were read with: another Sphinx may have other warnings.
$(VENV)-site/.made: requirements/docs.txt | $(VENV)/.made
	rm -rf $(VENV)-site
	$(PYTHON) -m venv $(VENV)-site
	$(VENV)-site/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

$(VENV)/.uv: | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	@touch $@

# Marked when complete. A half-built environment (missing package, Ctrl-C) is rebuilt.
$(VENV)/.made:
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			|| { echo "fiscald needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }; \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
			|| { echo "Python's venv is missing. Debian, Ubuntu: sudo apt install python3-venv; then try again"; exit 1; }; \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
	fi
	@touch $@
