# The two commands that matter: `make reproduce` and `make test`. Both make what they need, and do nothing twice.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
CORES ?= $(shell nproc)
TARGET ?= all
BIN := $(VENV)/bin
# Where torch's CPU build is offered apart from the main index, name that place: make install TORCH_INDEX=https://...
# It is taken as that index gives it; the builds that pip's own index offers are compared with install/torch.lock.
TORCH_INDEX ?=
# A long installation says now and then how far it is.
PATIENTLY := PYTHONPATH=src $(PYTHON) -m relamp.tools.patiently
# Packages are installed without bytecode, so that only what is imported has it; where it may not be written, each job would
# compile anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE
# Snakemake and matplotlib keep caches in the home folder; where that cannot be written, beside the results.
ifneq ($(shell d="$${XDG_CACHE_HOME:-$$HOME/.cache}"; mkdir -p "$$d" 2> /dev/null && [ -w "$$d" ] && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
export MPLCONFIGDIR := $(XDG_CACHE_HOME)/matplotlib
endif

.PHONY: help install developer reproduce findings site lite options schema readings unlock test test-slurm slurm-resume progress check format record compare bundle lock test-container clean store restore

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20
	@echo 'Targets of `snakemake --cores $(CORES) <target>`, or `make reproduce TARGET=<target>`:'
	@PYTHONPATH=src $(PYTHON) -m relamp.artifacts

# Done again only when a lock or the package's own metadata changed. The package itself is built by what is locked, too.
export TORCH_INDEX
LOCKS := requirements.lock $(wildcard install/*.lock install/*.sh)
$(VENV)/installed: $(LOCKS) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || { echo "relamp installs on Python 3.11 and 3.12, and $(PYTHON) is $$($(PYTHON) --version 2>&1 | tail -1); name another with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "installing $$(grep -c == requirements.lock) packages into $(VENV): some 1.3 GB, a few minutes; only the first time"
	@$(PATIENTLY) install $(VENV) install/packages.sh $(BIN)/python
	install/slim.sh $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What tests and checks take besides.
$(VENV)/developer: $(VENV)/installed requirements-dev.lock
	@$(PATIENTLY) install $(VENV) install/packages.sh $(BIN)/python dev
	@touch $@

install: $(VENV)/installed ## create the environment from the lock
developer: $(VENV)/developer ## add what tests and checks need

# What the command line adds to config.yaml: make reproduce PRESET=desk CONFIG="offline=true fail_on=worse"
ifneq (,$(findstring {,$(CONFIG)))
$(error CONFIG takes no braces: name each entry in full, as in CONFIG="unsupervised.seeds=[0,1]")
endif
WORDS = $(strip $(if $(filter-out file,$(origin PRESET)),preset=$(PRESET)) $(CONFIG))
reproduce: findings install ## say what is found already, run everything of config.yaml's preset (or PRESET=desk, CONFIG="key=value ..."), compare
	$(BIN)/python -m snakemake $(TARGET) --cores $(CORES) --resources mem_mb=$$($(BIN)/python -m relamp.tools.memory) --logger relamp $(if $(WORDS),--config $(WORDS))
	@$(BIN)/python -m relamp.tools.summary $(WORDS)

# The pins are those of the rendering jobs: no torch, no data, no Snakemake.
$(VENV)-lite/installed: envs/render.yaml requirements.lock install/build.lock install/packages.sh
	$(PYTHON) -m venv $(VENV)-lite
	install/packages.sh $(VENV)-lite/bin/python envs/render.yaml
	@touch $@

findings: ## what the recorded runs have found
	@cat reproduction/findings.txt

SITE ?= site
site: $(VENV)-lite/installed ## all recorded runs as one static site, SITE/index.html, and reproduction/REPORT.md
	PYTHONPATH=src $(VENV)-lite/bin/python -m relamp site $(SITE)

ROWS ?= reproduction/quick/rows.zip
lite: $(VENV)-lite/installed ## all tables, figures and verdicts from stored rows alone, into lite/
	PYTHONPATH=src $(VENV)-lite/bin/python -m relamp render $(ROWS) lite

unlock: install ## free the folder after a run that was killed outright (kill -9, power failure), unless one is at work there
	$(BIN)/python -m snakemake --unlock

test: developer ## run the whole test suite
	$(BIN)/python -m pytest --numprocesses $(CORES) --dist worksteal

SLURM_TESTS := -m pytest -m slurm --durations 0 --numprocesses
test-slurm: developer ## start a SLURM cluster on this machine (root, apt), run the tests that need one (or ONLY=some), and end it unless it was up before
	sinfo > /dev/null 2>&1 || trap tests/slurm/down.sh EXIT; tests/slurm/up.sh; \
	$(BIN)/python $(SLURM_TESTS) 4 --dist loadgroup tests/slurm -k "$(or $(ONLY),not quick)"; \
	$(if $(ONLY),,$(BIN)/python $(SLURM_TESTS) 0 tests/slurm/test_slurm_quick.py)

slurm-resume: install ## go on after a controller on a cluster died; it cancels what still runs, unlocks, runs again
	SNAKEMAKE="$(BIN)/python -m snakemake" slurm/resume.sh $(TARGET) $(if $(CONFIG),--config $(CONFIG))

progress: install ## how far tables and jobs are, with the hours left; CELLS=lamp_table1 says it of each of its cells
	@$(BIN)/python -m relamp progress $(if $(CELLS),--cells $(CELLS)) $(OF_RUN)

check: developer ## ruff, mypy, snakefmt and snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python -m snakemake --lint

format: developer ## put all sources into their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

PRESET ?= quick
options: install ## every option of a preset (PRESET=quick) with its value and what it means
	@$(BIN)/python -m relamp options $(PRESET)

readings: install ## write docs/deviations.md anew from the readings of the papers
	$(BIN)/python -m relamp.study.readings > docs/deviations.md

schema: install ## write workflow/config.schema.json anew, by which editors complete config.yaml
	$(BIN)/python -m relamp options --schema > workflow/config.schema.json

OF_PRESET = --preset $(PRESET) $(if $(CONFIG),--config $(CONFIG))
record: install ## copy the numbers, sidecars and rows of a run (PRESET=quick, CONFIG="run=...") into reproduction/, to be committed
	name=$$($(BIN)/python -m relamp.tools.record $(OF_PRESET)); \
	$(BIN)/python -m relamp pack $$name/rows.zip $(OF_PRESET)

RUN ?= results/$(PRESET)
compare: install ## what differs between your run (PRESET=quick, or RUN=folder) and the recorded one, and by more than seeds do
	@$(BIN)/python -m relamp compare reproduction/$(PRESET) $(RUN) $(if $(FAIL_ON),--fail-on $(FAIL_ON))

bundle: install ## a finished run (PRESET=quick) as one file for an archive: relamp-quick.zip, a Workflow Run RO-Crate
	$(BIN)/python -m relamp bundle relamp-$(PRESET).zip $(OF_PRESET)

STORE ?= store
OF_RUN = $(if $(WORDS),--config $(WORDS))
store: install ## what a run has trained and scored, also under way, into STORE=store (a folder or a .zip), to carry it elsewhere
	@$(BIN)/python -m relamp store $(STORE) $(OF_RUN)

restore: install ## take over what STORE=store holds, as far as this code made it; `make reproduce` goes on from there
	@$(BIN)/python -m relamp restore $(STORE) $(OF_RUN)

lock: ## write all locks and envs/*.yaml for pyproject.toml anew; UPGRADE=1 takes today's newest versions
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv==0.13.9
	PATH="$(abspath $(VENV))-lock/bin:$$PATH" $(VENV)-lock/bin/python install/lock.py $(if $(UPGRADE),--upgrade)
	rm -rf $(VENV)-lock

test-container: ## build the container from a plain Debian, run the first jobs of quick in it, compare (root, apt)
	tests/container/build.sh

clean: ## remove results and figures, keep the environment
	rm -rf results figures .snakemake
