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
TORCH_INDEX ?=

.PHONY: help install reproduce lite options schema unlock test test-slurm slurm-resume progress check format record compare lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20
	@echo 'Targets of `snakemake --cores $(CORES) <target>`, or `make reproduce TARGET=<target>`:'
	@PYTHONPATH=src $(PYTHON) -m relamp.artifacts

# The environment is made anew only when the lock or the package's own metadata changed.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "relamp needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version); name another with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

install: $(VENV)/installed ## create the environment from the lock

# For a limit on how many jobs start per second Snakemake 9.27 looks for jobs once more after every look, for ever: after a
# hundred jobs a hundred times a second. A timespan of five seconds makes that a fifth; the limit itself is never reached.
reproduce: install ## run everything of the preset on all cores, and print where the results are
	$(BIN)/python -m snakemake $(TARGET) --cores $(CORES) --rerun-incomplete --max-jobs-per-timespan 500/5s --quiet host reason rules
	@$(BIN)/python -m relamp.tools.summary

# The pins are those of the rendering jobs: no torch, no data, no Snakemake.
$(VENV)-lite/installed: envs/render.yaml
	$(PYTHON) -m venv $(VENV)-lite
	$(VENV)-lite/bin/python -m pip install --quiet $$(sed -n 's/^ *- \(.*==.*\)/\1/p' envs/render.yaml)
	@touch $@

ROWS ?= reproduction/quick/rows.zip
lite: $(VENV)-lite/installed ## all tables, figures and verdicts from stored rows alone, into lite/
	PYTHONPATH=src $(VENV)-lite/bin/python -m relamp.lite render $(ROWS) lite

unlock: install ## free the folder after a run that was killed outright (kill -9, power failure)
	$(BIN)/python -m snakemake --unlock

test: install ## run the whole test suite
	$(BIN)/python -m pytest --numprocesses $(CORES) --dist worksteal

SLURM_TESTS := -m pytest -m slurm --durations 0 --numprocesses
test-slurm: install ## start a SLURM cluster on this machine (root, apt), run the tests that need one (or ONLY=some), and end it unless it was up before
	sinfo > /dev/null 2>&1 || trap tests/slurm/down.sh EXIT; tests/slurm/up.sh; \
	$(BIN)/python $(SLURM_TESTS) 4 --dist loadgroup tests/slurm -k "$(or $(ONLY),not quick)"; \
	$(if $(ONLY),,$(BIN)/python $(SLURM_TESTS) 0 tests/slurm/test_slurm_quick.py)

slurm-resume: install ## go on after a controller on a cluster died; it cancels what still runs, unlocks, runs again
	SNAKEMAKE="$(abspath $(BIN))/python -m snakemake" slurm/resume.sh $(TARGET) $(if $(CONFIG),--config $(CONFIG))

progress: install ## a line for each job at work: what SLURM and its own log say
	@$(BIN)/python -m snakemake --cores 1 --nolock --quiet all -- progress

check: install ## ruff, mypy, snakefmt and snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python -m snakemake --lint

format: install ## put all sources into their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

PRESET ?= quick
options: install ## every option of a preset (PRESET=quick) with its value and what it means
	@$(BIN)/python -m relamp.study.options $(PRESET)

schema: install ## write workflow/config.schema.json anew, by which editors complete config.yaml
	$(BIN)/python -m relamp.study.options --schema > workflow/config.schema.json

record: install ## copy the numbers and sidecars of a run (PRESET=quick) into reproduction/, to be committed
	$(BIN)/python -m relamp.tools.record $(PRESET)
	$(BIN)/python -m relamp.lite pack reproduction/$(PRESET)/rows.zip --preset $(PRESET)

RUN ?= results/$(PRESET)
compare: install ## what differs between your run (PRESET=quick, or RUN=folder) and the recorded one, and by more than seeds do
	@$(BIN)/python -m relamp.tools.compare reproduction/$(PRESET) $(RUN) $(if $(FAIL_ON),--fail-on $(FAIL_ON))

# torch's own CUDA packages stay out of the lock: pip takes the CPU build where it is offered, and where it is not, the
# ordinary build brings the ones it needs.
lock: ## pin today's newest versions of everything pyproject.toml names
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet '.[workflow,dev]'
	{ echo '# Every package that relamp runs with, pinned; written by `make lock`.'; \
	  $(VENV)-lock/bin/python -m pip freeze --exclude relamp | grep -ivE '^(nvidia-|cuda-|triton)' | sed -E 's/\+[a-z0-9.]+$$//'; } > requirements.lock
	rm -rf $(VENV)-lock build

clean: ## remove results and figures, keep the environment
	rm -rf results figures .snakemake
