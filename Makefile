# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who stay.
# TORCH_INDEX: where the CPU build of torch comes from, where PyPI's own wheel is the CUDA build:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location
PAGES := README.md NOTICES.md CHANGELOG.md prompts/*.md docs/reference/*.md docs/explanation/*.md
# every scorer's packages: what the tests and the doctor can try
EXTRAS := clip,ocr,preference,video,audio,safety,fast,local,web,ray,s3,docs
TORCH := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))

.PHONY: demo test verify check docs site bench lab ci clean
.DEFAULT_GOAL := demo

$(VENV)/.run: pyproject.toml requirements-cpu.txt
	@echo "qfloor: setting up $(VENV) (once; a minute or two)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) $(TORCH) -r requirements-cpu.txt
	@$(PIP) -e ".[clip,ocr]"
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "qfloor: adding test tools to $(VENV) (once)" >&2
	@$(PIP) -e ".[$(EXTRAS),dev,oracles]"
	@touch $@

$(VENV)/.lab: $(VENV)/.dev
	@$(PIP) -e ".[$(EXTRAS),dev,oracles,lab]"
	@touch $@

demo: $(VENV)/.run  ## the built-in benchmark, from prompts to a routed decision
	@$(BIN)/qfloor demo

test: $(VENV)/.dev  ## the fast tests: at most 12 minutes on 2 cores
	@$(BIN)/python -m pytest -n auto

verify: $(VENV)/.dev  ## the slow checks: kills, chaos, notebooks, validity; at most 45 minutes
	@$(BIN)/python -m pytest -m slow --timeout=1800 -n auto --dist loadfile

check: $(VENV)/.dev  ## format, lint, types, layers, docs in step
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/cog --check -P -I docs $(PAGES)

docs: $(VENV)/.dev  ## regenerate the reference pages and the README's command outputs
	@$(BIN)/python docs/schemas.py
	@$(BIN)/cog -r -P -I docs $(PAGES)

site: $(VENV)/.dev  ## the documentation as a site, built strictly into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "qfloor: open site/index.html"

bench: $(VENV)/.dev  ## performance benchmarks, as ratios side by side in one run
	@for script in benchmarks/perf/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

lab: $(VENV)/.lab  ## the notebooks in JupyterLab
	@$(BIN)/jupytext --sync notebooks/*.py
	@$(BIN)/jupyter lab notebooks

ci:  ## what CI runs
	@bash .ci/run

clean:
	@rm -rf site .qfloor .pytest_cache .mypy_cache .ruff_cache .hypothesis
