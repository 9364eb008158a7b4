PYTHON ?= python3

.PHONY: demo test docs clean

demo: .venv-demo/installed ## install Impasto (no torch) and paint a photo with a bundled style
	.venv-demo/bin/impasto stylize examples/astronaut.jpg -s starry-night -o painted.jpg
	@echo "Look at painted.jpg"

test: .venv-test/installed ## install everything that development needs, then lint, types, contracts and tests
	scripts/check .venv-test/bin

docs: .venv-test/installed ## build the documentation's site into build/site
	scripts/docs .venv-test/bin

.venv-demo/installed: pyproject.toml
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/python -m pip install --quiet --editable .
	touch $@

.venv-test/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv-demo .venv-test build dist
