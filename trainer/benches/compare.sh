#!/bin/sh
# The trainer and PyTorch, the same networks, one after the other with one thread and with two.
# Usage: benches/compare.sh [STEPS]; PYTHON names a Python that has PyTorch.
set -eu
cd "$(dirname "$0")/.."
steps="${1:-20}"
for threads in 1 2; do
    RAYON_NUM_THREADS=$threads cargo bench --quiet --bench epoch -- "$steps"
    OMP_NUM_THREADS=$threads "${PYTHON:-python3}" benches/pytorch.py "$steps"
done
