"""Builds TFLite networks operator by operator, with any shape, scale and option, and records what
TFLite's reference kernels make of random inputs."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

TYPES = {np.dtype(np.int8): 9, np.dtype(np.uint8): 3, np.dtype(np.int32): 2, np.dtype(np.float32): 0}
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
SAME, VALID = range(2)


def options(name, **fields):
    """Options of type `name`, without the `Options` at its end; fields as in the schema."""
    made = getattr(schema, name + "OptionsT")()
    for field, value in fields.items():
        assert hasattr(made, field), (name, field)
        setattr(made, field, value)
    return getattr(schema.BuiltinOptions, name + "Options"), made


class Net:
    """A network being built. Tensors are numbers."""

    def __init__(self):
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.buffers = [schema.BufferT()]
        self.codes = []

    def tensor(self, shape, scale=None, zero=0, dtype=np.int8, axis=0, name=None):
        made = schema.TensorT()
        made.shape, made.type = list(shape), TYPES[np.dtype(dtype)]
        made.name = name or f"t{len(self.graph.tensors)}"
        made.buffer = 0
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.atleast_1d(np.float32(scale))
            zeros = np.zeros(len(made.quantization.scale), np.int64) + zero
            made.quantization.zeroPoint = zeros
            made.quantization.quantizedDimension = axis
        self.graph.tensors.append(made)
        return len(self.graph.tensors) - 1

    def input(self, shape, scale=0.05, zero=0, dtype=np.int8):
        made = self.tensor(shape, scale, zero, dtype)
        self.graph.inputs.append(made)
        return made

    def constant(self, values, scale=None, zero=0, axis=0):
        values = np.asarray(values)
        made = self.tensor(values.shape, scale, zero, values.dtype, axis)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.buffers.append(buffer)
        self.graph.tensors[made].buffer = len(self.buffers) - 1
        return made

    def op(self, name, inputs, outputs, made=None):
        """Adds an operator; one that is not in the schema is custom."""
        code = getattr(schema.BuiltinOperator, name, name)
        if code not in self.codes:
            self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if made:
            operator.builtinOptionsType, operator.builtinOptions = made
        self.graph.operators.append(operator)
        return outputs[0]

    def unary(self, name, input, shape, scale=0.05, zero=0, made=None, others=()):
        """An operator whose first input this is, and its output, which leaves the network."""
        output = self.tensor(shape, scale, zero)
        self.graph.outputs.append(output)
        return self.op(name, [input, *others], [output], made)

    def shape(self, tensor):
        return list(self.graph.tensors[tensor].shape)

    def scale(self, tensor):
        return float(self.graph.tensors[tensor].quantization.scale[0])

    def model(self):
        model = schema.ModelT()
        model.version, model.description = 3, b"made by generate.py"
        model.subgraphs, model.buffers, model.operatorCodes = [self.graph], self.buffers, []
        for code in self.codes:
            made = schema.OperatorCodeT()
            if isinstance(code, str):
                made.customCode, code = code, schema.BuiltinOperator.CUSTOM
            made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), 1
            model.operatorCodes.append(made)
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def interpreter(model):
    kernels = tf.lite.experimental.OpResolverType.BUILTIN_REF
    made = tf.lite.Interpreter(model_content=model, experimental_op_resolver_type=kernels)
    made.allocate_tensors()
    return made


def random_input(details, rng):
    shape, dtype = details["shape"], details["dtype"]
    if dtype == np.float32:
        return rng.normal(0, 1.5, shape).astype(np.float32)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max + 1, shape).astype(dtype)


def record(folder, name, model, samples, rng):
    """Writes NAME.tflite and NAME.bin: for each sample all inputs, then all outputs, end to end."""
    runner = interpreter(model)
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    # A network for several samples has them along the first axis everywhere.
    batches = {details["shape"][0] if len(details["shape"]) else 1 for details in inputs + outputs}
    batch = batches.pop() if len(batches) == 1 else 1
    data = bytearray()
    for _ in range(samples):
        given = [random_input(details, rng) for details in inputs]
        for details, value in zip(inputs, given):
            runner.set_tensor(details["index"], value)
        runner.invoke()
        values = given + [runner.get_tensor(details["index"]) for details in outputs]
        for i in range(batch):
            for value in values:
                data += (value[i] if batch > 1 else value).tobytes()
    with open(os.path.join(folder, name + ".tflite"), "wb") as file:
        file.write(model)
    with open(os.path.join(folder, name + ".bin"), "wb") as file:
        file.write(data)
    spread = np.frombuffer(bytes(data), np.int8)
    print(f"{name}: {len(model)} + {len(data)} bytes, {len(np.unique(spread))} values")
