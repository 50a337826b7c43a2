# Everything a person or a program does with this clone. `make run` and `make test` set up what they need by themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Debian's own Python, 3.11 or newer: the venv is made with it.
PYTHON ?= /usr/bin/python3
BIN := .venv/bin

# Each is shown by `make help` with the comment beside it.
.PHONY: help run test check cover bench sim soak demo fresh image flash boot-test clean prepare prepare-test locks

help: ## Say what there is
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

prepare: ## What `run` needs: packages, libraries, Asterisk, pages
	@exec $(PYTHON) -m boot.prepare run

prepare-test: ## What `test` and `check` need beside it
	@exec $(PYTHON) -m boot.prepare test

run: prepare ## Set up everything and run the box in the foreground; Ctrl-C stops it
	@exec $(BIN)/python -m boot.run

# Two workers, a file at a time, who take turns (tests/turns.py).
BY_TWO := -n 2 --dist loadfile --no-loadscope-reorder
ALL_TESTS := $(BY_TWO) --durations=25 --durations-min=5

test: prepare-test ## Every test, two at a time; or what ARGS tells pytest, one at a time
	@exec $(BIN)/pytest $(or $(ARGS),$(ALL_TESTS))

check: prepare-test ## Style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.architecture.exceptions

# What must be covered to the last branch, and the tests that do it.
PURE := appliance.core appliance.records drivers.asterisk.codec drivers.asterisk.codec_agi drivers.asterisk.codec_ami \
    drivers.asterisk.snapshot drivers.asterisk.agi_commands drivers.robot.sip drivers.robot.sdp drivers.robot.digest \
    drivers.serial.alphabet drivers.serial.pdu drivers.serial.at
PURE_TESTS := tests/core $(wildcard tests/drivers/asterisk/test_codec*.py tests/drivers/asterisk/test_agi_commands.py \
    tests/drivers/asterisk/test_snapshot.py tests/drivers/robot/test_sip.py tests/drivers/robot/test_sdp.py tests/drivers/robot/test_digest.py \
    tests/drivers/serial/test_pdu.py tests/drivers/serial/test_at.py)

cover: prepare-test ## Core and codecs, every branch
	@exec $(BIN)/pytest -q $(BY_TWO) $(addprefix --cov=,$(PURE)) --cov-branch --cov-fail-under=100 -m "not slow" $(PURE_TESTS)

bench: prepare-test ## Measure against pyst2, panoramisk, app_queue and databases, into build/bench.json; ONLY=prefix
	@exec $(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

sim: prepare-test ## Days of simulated contact centres, faults on; SEEDS=200 CALLS=500 FIRST=0
	@exec $(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(CALLS),--calls $(CALLS)) $(if $(FIRST),--first $(FIRST))

soak: prepare-test ## The long proofs: planted bugs, a million simulated calls, what-if held to the truth, updates and settings of cards cut off, modems pulled out, the daemon killed under calls; KILLS= SEED=
	$(BIN)/python -m tests.simulation.mutants
	$(BIN)/python -m tests.simulation --first 1000 --seeds 2010 --calls 500
	$(BIN)/python -m tests.commands.bands
	SMS_CASES=500 $(BIN)/pytest -q tests/drivers/serial/test_sms_unplugged.py
	UNITS_START=1 $(BIN)/pytest -q tests/image/test_units.py
	@folder=$$(mktemp -d) && $(BIN)/python -m tests.boot.updating $$folder 1000 $(or $(SEED),11) && rm -rf $$folder
	@folder=$$(mktemp -d) && $(BIN)/python -m tests.boot.applying $$folder $(or $(KILLS),1000) $(or $(SEED),11) && rm -rf $$folder
	$(BIN)/python -m tests.store.backup_kills --kills $(or $(KILLS),1000) --seed $(or $(SEED),11)
	@exec $(BIN)/python -m tests.unkillable --kills $(or $(KILLS),1000) --seed $(or $(SEED),11)

demo: prepare ## Robot callers and agents on the running sample company; CALLS=200 AGENTS=10
	@exec $(BIN)/switchroom demo --calls $(or $(CALLS),200) --agents $(or $(AGENTS),10)

fresh: ## The whole story in a new Debian: SUITE=bookworm or trixie
	@$(PYTHON) -m boot.packages fresh && exec $(PYTHON) -m tests.image.fresh $(or $(SUITE),trixie)

image: prepare ## The disk image and the update bundle, into build/image; as root. SWITCHROOM_SIGNING=folder of key.pem and certificate.pem
	@$(PYTHON) -m boot.packages image && exec $(PYTHON) -m images

flash: ## Write an image to a disk: IMAGE=build/image/….img DEVICE=/dev/…
	@exec $(BIN)/switchroom-flash $(IMAGE) $(DEVICE)

boot-test: prepare-test ## The image in QEMU: start, spans, a call over PRI, an update, a flipped byte, a power cut; FIRMWARE=efi
	@exec $(BIN)/python -m tests.image.boot

locks: prepare-test ## Write the locks again, with the newest versions that requirements*.in allow
	@set -e; for name in -uv "" -dev; do \
	  env -u PIP_FIND_LINKS $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make locks" \
	    requirements$$name.in --output-file requirements$$name.lock >/dev/null; \
	done

clean: ## Remove what make made here; data and cache stay where they are
	rm -rf .venv build node_modules .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
