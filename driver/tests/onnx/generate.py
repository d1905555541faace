#!/usr/bin/env python3
"""Writes the ONNX models of the importer's tests, their inputs and ONNX Runtime's outputs.

Needs onnx 1.23, onnxruntime 1.31 and numpy; the tests need none of them. Models are random but
seeded, quantised by onnxruntime.quantization.quantize_static in QDQ form.
"""

import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

HERE = pathlib.Path(__file__).parent / "models"
OPSET = 17


class Graph:
    """A float graph that is written operator by operator; each gives the name of its output."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape):
        fan_in = int(np.prod(shape[1:])) or 1
        return self.constant((self.random.normal(size=shape) / fan_in**0.5).astype(np.float32))

    def op(self, kind, *inputs, **attributes):
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def conv(self, x, inputs, outputs, kernel, group=1, **attributes):
        weights = self.weights(outputs, inputs // group, kernel, kernel)
        bias = self.constant(self.random.normal(size=outputs).astype(np.float32) * 0.2)
        return self.op("Conv", x, weights, bias, group=group, **attributes)

    def model(self, inputs, outputs):
        info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(
            self.nodes, "graph", [info(*it) for it in inputs], [info(*it) for it in outputs], self.constants
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


class Calibration(CalibrationDataReader):
    def __init__(self, name, samples):
        self.samples = iter([{name: sample[None]} for sample in samples])

    def get_next(self):
        return next(self.samples, None)


def write(name, model, shape, activations, per_channel):
    random = np.random.default_rng(len(name))
    samples = random.uniform(-1, 1, size=(24, *shape)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/float.onnx"
        onnx.save(model, source)
        quantize_static(
            source,
            HERE / f"{name}.onnx",
            Calibration("input", samples),
            quant_format=QuantFormat.QDQ,
            activation_type=activations,
            weight_type=QuantType.QInt8,
            per_channel=per_channel,
        )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(HERE / f"{name}.onnx", options)
    tests = random.uniform(-1, 1, size=(8, *shape)).astype(np.float32)
    outputs = [session.run(None, {"input": test[None]})[0][0] for test in tests]
    np.save(HERE / f"{name}.input.npy", tests)
    np.save(HERE / f"{name}.output.npy", np.stack(outputs))


def residual():
    """Convolutions of every kind with a short cut, as in small ResNets and MobileNets."""
    g = Graph(1)
    x = g.op("Relu", g.conv("input", 3, 8, 3, pads=[1, 1, 1, 1], strides=[2, 2]))
    x = g.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    low, high = g.constant(np.float32(0)), g.constant(np.float32(6))
    y = g.op("Clip", g.conv(x, 8, 8, 3, group=8, pads=[1, 1, 1, 1]), low, high)
    y = g.conv(y, 8, 8, 1)
    x = g.op("Relu", g.op("Add", x, y))
    x = g.conv(x, 8, 16, 3, auto_pad="SAME_UPPER", strides=[2, 2], dilations=[1, 1])
    x = g.op("LeakyRelu", x, alpha=0.1)
    x = g.op("Flatten", g.op("GlobalAveragePool", x))
    x = g.op("Gemm", x, g.weights(10, 16), g.weights(10), transB=1)
    output = g.op("Softmax", x)
    return g.model([("input", [1, 3, 18, 14])], [(output, [1, 10])])


def movement():
    """Operators that move, and those on each element, with uint8 activations."""
    g = Graph(2)
    x = g.conv("input", 2, 4, 3, pads=[0, 1, 1, 0])
    gate = g.op("Sigmoid", g.conv(x, 4, 4, 1))
    x = g.op("Mul", x, gate)
    y = g.op("Tanh", x)
    y = g.op("Sub", y, g.constant(np.float32(0.25) * np.ones((4, 1, 1), np.float32)))
    x = g.op("Concat", g.op("HardSwish", x), y, axis=1)
    x = g.op("Pad", x, g.constant(np.array([0, 0, 1, 0, 0, 0, 0, 1])))
    starts, ends, axes, steps = ([1, 0], [8, 100], [1, 3], [2, 1])
    x = g.op("Slice", x, *(g.constant(np.array(it)) for it in (starts, ends, axes, steps)))
    scales = g.constant(np.array([1, 1, 2, 2], np.float32))
    x = g.op(
        "Resize", x, "", scales, mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    x = g.op("AveragePool", x, kernel_shape=[2, 3], strides=[2, 3])
    x = g.op("Transpose", x, perm=[0, 2, 3, 1])
    x = g.op("ReduceMean", x, axes=[1], keepdims=0)
    x = g.op("Reshape", x, g.constant(np.array([1, -1])))
    x = g.op("Add", g.op("MatMul", x, g.weights(16, 6)), g.weights(6))
    return g.model([("input", [1, 2, 7, 7])], [(x, [1, 6])])


def views():
    """Channels that lie before rows and columns, flattened as they are."""
    g = Graph(3)
    x = g.conv("input", 1, 6, 3, strides=[2, 2])
    x = g.op("Relu", x)
    x = g.op("Squeeze", g.op("Unsqueeze", x, g.constant(np.array([0]))), g.constant(np.array([0])))
    x = g.op("Flatten", x)
    x = g.op("Gemm", x, g.weights(96, 5), g.weights(5))
    return g.model([("input", [1, 1, 9, 9])], [(x, [1, 5])])


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    write("residual", residual(), (3, 18, 14), QuantType.QInt8, True)
    write("movement", movement(), (2, 7, 7), QuantType.QUInt8, False)
    write("views", views(), (1, 9, 9), QuantType.QInt8, False)
    onnx.save(views(), HERE / "float.onnx")
