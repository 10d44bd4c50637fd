# Every target makes .venv from requirements.lock first, so a machine with only Python and make is enough.
PY   ?= python3
SIZE ?= default
ARGS ?=
BIN  := .venv/bin

.PHONY: figures test verify bench docs browser events lint matrix lock clean

figures: .venv/ok
	$(BIN)/python -m paper_figures --size $(SIZE) $(ARGS)
# A process a core already: linear algebra that also takes every core would wait for itself.
test verify docs: export OMP_NUM_THREADS ?= 1
test verify docs: export OPENBLAS_NUM_THREADS ?= 1
test: .venv/ok
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)
# Hours. Stopped, it goes on where it was: what passed among the same files is not run again. With ARGS: those tests alone.
verify: .venv/docs
	$(BIN)/python -m pytest -n auto --dist loadfile -m "" --hypothesis-profile=verify --resume out/verify/passed.jsonl $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m benchmarks keys mutations planted coverage)
bench: .venv/ok
	$(BIN)/python -m benchmarks $(ARGS)
docs: .venv/docs
	$(BIN)/python docs/build.py $(ARGS)
	$(BIN)/python -m pytest -n auto -m 'example and not slow' tests/docs/test_site.py tests/docs/test_uses.py tests/docs/test_notebooks.py tests/test_documents.py
browser: .venv/browser .venv/docs
	$(BIN)/python -m paper_figures.making.browser
	$(BIN)/python docs/build.py && $(BIN)/python -m docs.making.browser
# Needs a package index: TensorBoard, for the tests of its event files.
events: .venv/ok
	$(BIN)/python -m pip install --quiet 'tensorboard>=2.16'
	$(BIN)/python -m pytest tests/tables/forms/test_events.py
lint: .venv/lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports pyproject.toml && $(BIN)/python .ci/docstrings && $(BIN)/pyright && $(BIN)/pylint grok_theory paper_figures benchmarks docs/making
# Needs a package index; without one it says so, and is not green.
matrix: .venv/ok
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python .ci/matrix
clean:
	rm -rf .venv .cache/docs docs/generated out site build dist

# Byte-compiled by all cores afterwards: pip takes twice as long with one. A file that does not compile is no failure.
.venv/ok: requirements.lock pyproject.toml
	@$(PY) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("grok_theory needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another one, for example: make PY=python3.12 $(MAKECMDGOALS)")'
	@$(PY) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python lacks the venv module; install it (Debian: apt-get install python3-venv) or name another Python: make PY=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "An environment of its own in .venv, once: some two minutes"
	@$(PY) -m venv --clear .venv
	@$(BIN)/python .ci/install requirements.lock --no-compile
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	-@$(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1
	@touch $@

# pyright brings a node of 270 MB: only `make lint` pays for it.
.venv/lint: .venv/ok requirements-lint.lock
	@$(BIN)/python .ci/install requirements-lint.lock
	@touch $@

# Sphinx and what executes the notebooks among the pages; tests need none of it.
.venv/docs: .venv/ok requirements-docs.lock
	@$(BIN)/python .ci/install requirements-docs.lock
	@touch $@

# 160 MB, without a browser: it drives the one that is installed.
.venv/browser: .venv/ok requirements-browser.lock
	@$(BIN)/python .ci/install requirements-browser.lock
	@touch $@

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock'
lock: .venv/ok
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) pyproject.toml --extra cluster --extra figures --group test --group build --output-file requirements.lock
	$(LOCK) --python-version 3.11 --constraint requirements.lock --group pyproject.toml:lint --output-file requirements-lint.lock
	$(LOCK) --python-version 3.11 --constraint requirements.lock --group pyproject.toml:docs --output-file requirements-docs.lock
	$(LOCK) --python-version 3.11 --constraint requirements.lock --group pyproject.toml:browser --output-file requirements-browser.lock
