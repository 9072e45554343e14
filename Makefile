# Everything a checkout can do. It needs make and Python 3.11 or newer with venv and pip; all else is fetched into .venv.
# Another Python: make PYTHON=python3.12 …

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
# Errors only: what else pip says is about the machine it runs on.
PIP := $(RUN) -m pip --disable-pip-version-check -qq
# Made once everything is installed, so that a second time starts at once.
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help demo test bench kill verdicts regret readme schemas wheel constraints clean

help:
	@echo 'make demo         compare the models on the shipped prompts, simulated: no key, no network, no cost'
	@echo 'make test         every check and every test'
	@echo 'make bench        what Rushes itself costs, in time and memory, beside its targets'
	@echo 'make kill         kill it at every step of a job, and see that nothing is lost or paid twice'
	@echo 'make verdicts     prove the error rates of the verdicts and intervals, in seeded simulations'
	@echo 'make regret       how far the routes of each policy are from the best, in worlds whose truth is known'
	@echo 'make readme       fill in what README.md shows of the last demo, the commands and the living models'
	@echo 'make schemas      write the JSON Schemas of suites, runs, manifests and policies'
	@echo 'make wheel        build the wheel and the source archive into dist/'
	@echo 'make constraints  pin the newest versions that fit pyproject.toml'
	@echo 'make clean        remove everything that the other targets made'

demo: $(READY)
	$(RUN) -m rushes bench run mini --simulate --fault mishaps --yes --home demo/home --name mini --json > /dev/null
	$(RUN) -m rushes judge mini --simulate --yes --home demo/home
	$(RUN) -m rushes bench table mini --home demo/home --out demo
	@echo
	@echo 'What each policy would now pick, by what was measured:'
	@$(RUN) -m rushes plan "A kite over a field, wind in the grass" --seconds 4 --fit nearest --compare --simulate --home demo/home --among openai/sora-2 --among sora-2-pro --among vertex/veo-3.1 --among dashscope-intl/wan-2.5
	@echo
	@echo 'The report:    demo/report.html, with every clip'
	@echo 'The table:     demo/table.md (also table.csv, table.json)'
	@echo 'The pictures:  demo/ratings.png, demo/speed.png, demo/tradeoff.png and others'

test: $(READY)
	$(RUN) scripts/referees.py
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(BIN)/lint-imports
	$(RUN) -m pytest -n auto --dist worksteal

bench: $(READY)
	$(RUN) scripts/bench.py

kill: $(READY)
	$(RUN) scripts/kill.py
	$(RUN) scripts/kill_bench.py

verdicts: $(READY)
	$(RUN) scripts/null_runs.py
	$(RUN) scripts/rating_boards.py

regret: $(READY)
	$(RUN) scripts/regret.py

readme: $(READY)
	$(RUN) scripts/readme.py

schemas: $(READY)
	$(RUN) scripts/schemas.py

wheel: $(READY)
	$(RUN) -m build --no-isolation

constraints: $(READY)
	$(RUN) scripts/pin.py

clean:
	rm -rf .venv .referees build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find rushes tests scripts -name __pycache__ -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt | $(RUN)
	@echo 'installing into .venv; this takes about a minute, and only the first time'
	$(PIP) install -c constraints.txt pip
	$(PIP) install -c constraints.txt --build-constraint constraints.txt -e '.[all]' --group dev
	@touch $@

$(RUN):
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit("Rushes needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % v[:2] if v < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
