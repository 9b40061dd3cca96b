# make demo    install what is needed, show a wall of live tiles
# make test    install what is needed, run every check and test
# make cluster as root: make a Slurm cluster on this machine, with a portal and a case on it, and show its wall
# make         install into .venv; the command is .venv/bin/tiledviz
# make lint | unit | browser | bench | soak | mutants | tour | wheel | clean

PYTHON ?= python3
PORT ?=
VENV := .venv
BIN := $(VENV)/bin
VENDOR := web_static/vendor/novnc/.complete

# Debian's names. What tiles need outside of containers: an X display without a screen, and GL drawn by Mesa.
TILE_PACKAGES := tigervnc-standalone-server libgl1 libglx-mesa0 libgl1-mesa-dri libx11-6 libxcursor1 mesa-utils
TEST_PACKAGES := $(TILE_PACKAGES) chromium firefox-esr libatomic1 iproute2 fonts-dejavu-core openssh-client openssh-server postgresql \
	nginx-light apache2-bin
BENCH_PACKAGES := socat
BENCHMARKS := demo start tunnel node wall grid latency viewers relay together people idle ensemble plugins linked screens analysis
# A cluster of namespaces on this machine: root alone can make one.
CLUSTER_PACKAGES := mmdebstrap debian-archive-keyring openssh-client iproute2
ifeq ($(shell id -u),0)
TEST_PACKAGES += $(CLUSTER_PACKAGES)
endif
# make test PYSLURM_SRC=WHEEL: a wheel of pyslurm made, by its own instructions, for the test cluster's Slurm and for our
# Python; its sources are checked against a digest, and its tests run too.
export PYSLURM_SRC

# Tests that run side by side; those of one cluster, and of one module, stay together.
TEST_PROCESSES ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: all install install-test demo cluster test lint unit browser bench soak mutants tour wheel clean tile-packages test-packages toolchain

all: install

toolchain:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "TiledViz needs Python 3.11 or later, and $(PYTHON) is not: run make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/need_packages.sh python3-venv
	@command -v npm >/dev/null || tools/need_packages.sh nodejs npm

tile-packages:
	@tools/need_packages.sh $(TILE_PACKAGES)

test-packages:
	@tools/need_packages.sh $(TEST_PACKAGES)

$(BIN)/python: | toolchain
	$(PYTHON) -m venv $(VENV)

# A stamp per set of packages; a change of what is wanted, or of the folder's place, installs again.
$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[vtk]'
	@touch $@

$(VENV)/.installed-test: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[vtk,test]'
	@touch $@ $(VENV)/.installed

$(VENDOR): package.json package-lock.json tools/vendor.js | toolchain
	npm ci --silent
	npm run --silent vendor
	@touch $@

install: $(VENV)/.installed $(VENDOR)

install-test: $(VENV)/.installed-test $(VENDOR)

demo: tile-packages install
	@$(BIN)/tiledviz demo $(if $(PORT),--port $(PORT))

cluster: install
	@[ $$(id -u) = 0 ] || { echo "a test cluster is made of namespaces and mounts: run make cluster as root" >&2; exit 1; }
	@tools/need_packages.sh $(TILE_PACKAGES) $(CLUSTER_PACKAGES)
	@$(BIN)/python tests/cluster $(if $(PORT),--port $(PORT))

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent lint

browser: install-test
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "the page's tests need Node 20 or later, and this is $$(node --version)" >&2; exit 1; }
	npm test --silent

unit: test-packages install-test
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadscope -m "not alone"
	$(BIN)/pytest -m alone

test: test-packages install-test lint browser unit

bench: test-packages install-test
	@tools/need_packages.sh $(BENCH_PACKAGES)
	@for name in $(BENCHMARKS); do $(BIN)/python tests/benchmarks/$$name.py; done

# Every fuzz test with many more examples than make test has time for; the outcome is in tests/soak-last.json. It takes
# hours: make soak PARTS="kills rfb" runs some, and the others stay in that file as they were.
soak: test-packages install-test
	@$(BIN)/python tests/soak.py $(PARTS)

# Whether the tests notice each change of what decides who may do what, one changed at a time; it takes a few minutes.
mutants: install-test
	@$(BIN)/python tests/mutants.py

# The pictures of docs/tour.md, anew.
tour: test-packages install-test
	TILEDVIZ_TOUR=1 $(BIN)/pytest tests/end_to_end/test_tour.py

wheel: install-test
	$(BIN)/python -m build --wheel

clean:
	rm -rf $(VENV) node_modules web_static/vendor build dist *.egg-info tests/output .mypy_cache .ruff_cache .pytest_cache
