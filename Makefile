# make demo    simulate the world of GPT-3 a thousand times; see out/demo
# make test    the tests          make check   style, types, import rules
# make verify  the slower proofs  make bench   speed, against peers
# make figure  docs/timeline.png  make clean   remove what was made here
# make policies  the table in docs/policies.md  make studies  docs/questions.md
# make gallery  docs/gallery.md, every kind of figure
# make evidence  docs/claims.md, backcast.md     make calibrate  the posterior of gpt3, in configs/posteriors
# make odd     docs/odd.md, the model in the ODD protocol
#
# Nothing is needed but Python 3.11 or newer. PYTHON and VENV choose another interpreter or place.

PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' \
	>/dev/null 2>&1 && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := $(VENV)/.peers
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo figure policies studies gallery evidence calibrate odd test check verify bench clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(MAKEFILE_LIST)

install: $(INSTALLED)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.14 with venv was found; set PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/cascades run gpt3 --runs 1000 --out out/demo

figure: demo
	cp out/demo/timeline.png docs/timeline.png

policies: $(INSTALLED)
	$(BIN)/python -m experiments.policy_page

studies: $(INSTALLED)
	$(BIN)/python -m experiments.studying

gallery: $(INSTALLED)
	$(BIN)/python -m experiments.figures.gallery

evidence: $(INSTALLED)
	$(BIN)/python -m experiments.evidence.claims_page
	$(BIN)/python -m experiments.backcast_page

calibrate: $(INSTALLED)
	$(BIN)/cascades calibrate gpt3 --evaluations 1500 --replicates 10 --runs 150 --out out/calibrate-gpt3
	mkdir -p configs/posteriors
	cp out/calibrate-gpt3/posterior.parquet configs/posteriors/gpt3.parquet
	cp out/calibrate-gpt3/posterior.toml configs/posteriors/gpt3.toml
	cp out/calibrate-gpt3/learned.png docs/learned.png
	cp out/calibrate-gpt3/claims.png docs/calibrated.png
	cp out/calibrate-gpt3/coverage.png docs/coverage.png
	cp out/calibrate-gpt3/actors.csv docs/without-actors.csv
	$(BIN)/python -m experiments.calibration.calibrated_page --folder out/calibrate-gpt3

odd: $(INSTALLED)
	$(BIN)/cascades odd --out docs/odd.md

test: $(INSTALLED)
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS)

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

verify: $(INSTALLED)
	$(BIN)/python -m pytest -m slow -n $(WORKERS)

$(PEERS): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@

bench: $(PEERS)
	$(BIN)/python -m benchmarks

clean:
	rm -rf out build dist .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
