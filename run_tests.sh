#!/usr/bin/env bash
# Make or reuse .venv, install the test extra, run the tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
./run_all.sh --install-only test,analog
export OMP_NUM_THREADS=1  # two pytest workers, one core each
exec .venv/bin/python -m pytest -n "${PYTEST_WORKERS:-2}" "$@"
