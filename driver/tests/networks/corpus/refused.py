"""Networks that must be refused by name: of floats, of other integers, with operators of others."""

import numpy as np
import tensorflow as tf

from flatbuffer import SAME, Net, options, schema


def converted(**settings):
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(5)
    inputs = tf.keras.Input([6, 6, 2], 1)
    outputs = tf.keras.layers.Conv2D(24, 5)(inputs)
    rng = np.random.default_rng(5)
    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Model(inputs, outputs))
    for name, value in settings.items():
        setattr(converter, name, value)
    converter.representative_dataset = settings.get("representative_dataset") and (
        lambda: ([rng.normal(0, 1, [1, 6, 6, 2]).astype(np.float32)] for _ in range(5)))
    return converter.convert()


def of_floats():
    yield "float", converted()
    yield "dynamic_range", converted(optimizations=[tf.lite.Optimize.DEFAULT])
    wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    specification = tf.lite.TargetSpec(supported_ops=[wide])
    yield "int16x8", converted(optimizations=[tf.lite.Optimize.DEFAULT],
                               target_spec=specification, representative_dataset=True,
                               inference_input_type=tf.int16, inference_output_type=tf.int16)
    half = tf.lite.TargetSpec(supported_types=[tf.float16])
    yield "float16", converted(optimizations=[tf.lite.Optimize.DEFAULT], target_spec=half)


def convolution(weights, zero=0, scale=0.01, weights_type=None, shape=(1, 6, 6, 2), stride=1,
                output_shape=(1, 6, 6, 3), **changes):
    net = Net()
    unsigned = weights.dtype == np.uint8
    kind = np.uint8 if unsigned else np.int8
    input = net.input(shape, 0.05, 128 if unsigned else 0, kind)
    made = net.constant(weights, scale, zero)
    if weights_type is not None:
        net.graph.tensors[made].type = weights_type
    bias = net.constant(np.zeros(3, np.int32), 0.0005)
    output = net.tensor(output_shape, 0.05, 0, kind)
    net.graph.outputs.append(output)
    window = dict(padding=SAME, strideH=stride, strideW=stride, dilationHFactor=1, dilationWFactor=1)
    net.op("CONV_2D", [input, made, bias], [output], options("Conv2D", **(window | changes)))
    return net.model()


def all():
    rng = np.random.default_rng(3)
    weights = rng.integers(-127, 128, [3, 3, 3, 2]).astype(np.int8)
    yield from of_floats()
    yield "weights_zero_point", convolution(weights, 3)
    yield "unsigned_weights", convolution(weights.view(np.uint8), 117)
    yield "grouped", convolution(weights, shape=(1, 6, 6, 4))
    net = Net()
    net.unary("MEAN", net.input([4, 6, 6, 2]), [6, 2], made=options("Reducer"),
              others=[net.constant(np.int32([0, 1]))])
    net.unary("AVERAGE_POOL_2D", net.graph.inputs[0], [4, 3, 3, 2], made=options(
        "Pool2D", padding=SAME, strideH=2, strideW=2, filterHeight=2, filterWidth=2))
    yield "batch", net.model()
    yield "output_shape", convolution(weights, output_shape=(1, 6, 5, 3))
    yield "no_stride", convolution(weights, stride=0)
    yield "fused_tanh", convolution(weights, fusedActivationFunction=4)
    packed = weights.reshape(-1)[: weights.size // 2].reshape(3, 3, 3, 1)
    yield "int4", convolution(packed, weights_type=schema.TensorType.INT4)
    yield "no_scale", convolution(weights, scale=None)

    net = Net()
    net.unary("ABS", net.input([1, 4]), [1, 4], made=options("Abs"))
    yield "operator", net.model()
    net = Net()
    net.unary("TFLite_Detection_PostProcess", net.input([1, 4]), [1, 4])
    yield "custom", net.model()
    net = Net()
    inputs = [net.input([1, 4], 0.05, 0), net.input([1, 4], 0.07, 0)]
    net.graph.outputs.append(net.tensor([1, 8], 0.05, 0))
    net.op("CONCATENATION", inputs, [2], options("Concatenation", axis=1))
    yield "concatenation_scales", net.model()
    net = Net()
    # A large constant that very many tensors share.
    net.graph.inputs.append(net.constant(np.zeros(8_000, np.int8), 0.05))
    shared = net.graph.tensors[-1].buffer
    for _ in range(150):
        made = net.tensor([8_000], 0.05)
        net.graph.tensors[made].buffer = shared
        net.graph.outputs.append(made)
    yield "shared", net.model()
    net = Net()
    net.unary("SOFTMAX", net.input([1, 4]), [1, 4], 0.05, 0, options("Softmax", beta=1.0))
    yield "softmax_scale", net.model()
