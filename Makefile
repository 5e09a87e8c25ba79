# Everything starts from a bare machine with Python 3.11 or newer and git. `make demo` and `make test` are all one needs.
PYTHON ?= python3
# What `make demo` shows: hello (a function and board items) or storefront (images of four services on ECS).
SCENE ?= hello
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
LAYER := build/layer/ready
SCHEMAS := build/npm/ready
# Together these are all tests. The second kind starts an emulated AWS, and most of it the whole platform.
UNIT := tests/attackers tests/benchmarks tests/functions tests/cases tests/components tests/cli tests/examples tests/mutations tests/program tests/properties tests/tools tests/docs \
	tests/statemachines/test_*.py
SCENARIOS := tests/scenarios tests/faults tests/local tests/statemachines/paths
SOURCES := __main__.py benchmarks cli components examples forwarding functions local statemachines tests tools
# Many processes import the same code here: what one has compiled serves the others.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all test-unit test-scenarios faults bench bench-platform check fix diagrams reference docs package clean help

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 16

demo: $(READY) $(LAYER) ## Set up, and see releases walk to production and back, and board items become pull requests; or SCENE=storefront
	$(BIN)/python -m local demo --scene $(SCENE)

test: $(READY) $(LAYER) $(SCHEMAS) ## Set up, and pass the tests
	@for browser in "$$CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome; do command -v "$$browser" && break; done >/dev/null || \
		echo "no Chromium: the approval page is not looked at in a browser (apt-get install chromium-headless-shell, or set CHROMIUM)"
	$(BIN)/python -m pytest -n 4 --no-loadscope-reorder

test-all: $(READY) $(LAYER) $(SCHEMAS) ## As `make test`, with the long tests, four times the generated cases, the coverage, and the proof that every permission is used
	$(BIN)/python -m pytest -m 'not slow' -n 5 --no-loadscope-reorder --hypothesis-profile=thorough \
		--cov --cov-report=term --cov-fail-under=90

test-unit: $(READY) $(SCHEMAS) ## Pass the fast tests: code, program, definitions, documents; no running platform
	$(BIN)/python -m pytest $(UNIT) -n auto --no-loadscope-reorder

test-scenarios: $(READY) $(LAYER) ## Pass the tests on an emulated AWS: releases and cards from end to end, paths of workflows
	$(BIN)/python -m pytest $(SCENARIOS) -m 'not slow' -n 5 --no-loadscope-reorder

faults: $(READY) $(LAYER) ## Break every task of every workflow in every way, and see what is left behind
	$(BIN)/python -m pytest tests/faults tests/mutations -m slow -q
	$(BIN)/python -m tests.faults.harness

bench: $(READY) $(LAYER) ## Measure what is promised about speed and cost, as ratios: about ten minutes
	$(BIN)/python -m benchmarks

bench-platform: $(READY) $(LAYER) $(SCHEMAS) ## Measure 50 rollbacks, 100 releases at once, the demo and the tests: about three quarters of an hour
	$(BIN)/python -m benchmarks --platform --pairs 50

check: $(READY) ## Lint, types, definitions, security: reports, changes nothing
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m statemachines.format --check
	$(BIN)/python -m statemachines.definitions
	$(BIN)/python -m statemachines.diagrams --check
	$(BIN)/python -m statemachines.drawings --check
	$(BIN)/python -m tools.reference --check
	$(BIN)/bandit -q -ll -c pyproject.toml -r forwarding functions components statemachines cli local tools __main__.py
	$(BIN)/python -m tools.security.gates

fix: $(READY) ## Format and mend what can be mended
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/python -m statemachines.format

diagrams: $(READY) ## Draw the pictures of README.md and docs/architecture.md from the definitions
	$(BIN)/python -m statemachines.diagrams
	$(BIN)/python -m statemachines.drawings

reference: $(READY) ## Write docs/reference from the code
	$(BIN)/python -m tools.reference

docs: $(READY) ## Write the documents as a site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "open build/site/index.html, or run: $(BIN)/python -m http.server -b 127.0.0.1 -d build/site"

package: $(LAYER) ## Bring the Lambda layer together for `pulumi up`, with bytecode where the runtime's Python is here
	@# Lambda can keep nothing that it compiles: without bytecode it compiles all it imports at every cold start.
	@if python3.13 -V >/dev/null 2>&1; then \
		PYTHONHASHSEED=0 python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash build/layer/python; \
	else \
		echo "no python3.13 here: libraries are shipped as source, and functions start half as fast"; \
	fi

clean: ## Remove what was made
	rm -rf $(VENV) build .local reports .pytest_cache .mypy_cache .ruff_cache

$(READY): requirements-dev.txt requirements.txt cli/requirements.txt functions/requirements.txt
	@echo "setting up $(VENV): about a minute, once"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V); try: make PYTHON=python3.12 $@"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt
	@# pip would compile on one core, and all of pulumi-aws, of which a tenth is used.
	$(BIN)/python -m compileall -q -j 0 -x '/pulumi_aws/' $(VENV)/lib
	@# What `pip install --editable .` would write, without a build.
	@printf '%s\n' '#!$(CURDIR)/$(BIN)/python' 'import sys' 'sys.path.insert(0, "$(CURDIR)")' \
		'from cli.__main__ import main' 'main()' > $(BIN)/kiro-worker && chmod +x $(BIN)/kiro-worker
	@touch $@

# The layer is for Lambda, not for this machine: its wheels are chosen by the runtime's platform.
$(LAYER): functions/requirements.txt | $(READY)
	rm -rf build/layer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --target build/layer/python \
		--platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 --implementation cp --python-version 3.13 \
		--only-binary=:all: -r functions/requirements.txt
	@touch $@

# GitHub's published schema, description and webhook examples, and a schema of definitions; without npm the tests that need
# them are skipped, and say so.
$(SCHEMAS):
	@mkdir -p build/npm
	@command -v npm >/dev/null && npm install --silent --no-audit --no-fund --prefix build/npm \
		@octokit/graphql-schema@15.26.1 @octokit/openapi@23.0.2 @octokit/webhooks-examples@7.6.1 asl-validator@4.0.0 && touch $@ || \
		echo "npm is not there or can't reach its registry: what compares with published schemas is skipped"
