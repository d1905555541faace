"""Runs every .tflite of a folder on its .input.npy with TensorFlow's reference kernels.

python3 reference.py FOLDER, with TensorFlow 2.14 (later ones round fully connected layers otherwise).
"""

import pathlib
import sys

import numpy as np
import tensorflow as tf

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.tflite")):
    interpreter = tf.lite.Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for sample in np.load(path.with_suffix(".input.npy")):
        interpreter.set_tensor(taken["index"], sample[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(given["index"])[0])
    np.save(path.with_suffix(".output.npy"), np.array(outputs))
    print(path.name, path.stat().st_size, np.array(outputs).shape, len(np.unique(outputs)))
