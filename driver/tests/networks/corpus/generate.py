#!/usr/bin/env python3
"""Makes the networks and outputs of this folder: every operator and option that the driver imports.

    python3.11 -m venv venv
    venv/bin/pip install tensorflow-cpu==2.14.1 'numpy<2'
    venv/bin/python driver/tests/networks/corpus/generate.py

The outputs are those of the reference kernels of TensorFlow Lite 2.14 (`BUILTIN_REF`), which round
twice everywhere. Its SOFTMAX works with a table of floats, where that of microcontrollers and of this
project is in integers throughout: compare those outputs within one.

Weights and inputs are random. No test runs this script: what it wrote lies beside it.
"""

import itertools
import os

import numpy as np

import keras_networks
import operators
import refused
import rewritten
from flatbuffer import record

FOLDER = os.path.dirname(os.path.abspath(__file__))


def main():
    for name, model, samples in itertools.chain(
            operators.all(), rewritten.all(), keras_networks.all()):
        record(FOLDER, name, model, samples, np.random.default_rng(sum(name.encode())))
    os.makedirs(os.path.join(FOLDER, "refused"), exist_ok=True)
    for name, model in refused.all():
        with open(os.path.join(FOLDER, "refused", name + ".tflite"), "wb") as file:
            file.write(model)


if __name__ == "__main__":
    main()
