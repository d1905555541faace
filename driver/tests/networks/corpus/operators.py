"""Networks of one operator each, many times over with other options."""

import numpy as np

from flatbuffer import (
    NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Net, options, schema,
)

ACTIVATIONS = [NONE, RELU, RELU6, RELU_N1_TO_1]


def positions(length, kernel, stride, dilation, padding):
    reach = (kernel - 1) * dilation + 1
    return -(-length // stride) if padding == SAME else (length - reach) // stride + 1


def weighted(net, rng, input, shape, axis, per_channel, activation=NONE, with_bias=True):
    """Weights, bias and a scale that spreads the sums over bytes, and over the activation's range."""
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    outputs = shape[axis]
    depth = weights.size // outputs
    sums = net.scale(input) * 74 * 73 * depth**0.5
    spread = {NONE: 1, RELU: 30, RELU6: 3, RELU_N1_TO_1: 0.8}[activation]
    scale = spread / sums * rng.uniform(0.5, 1.5, outputs if per_channel else 1)
    scale = scale.astype(np.float32)
    real = net.scale(input) * scale
    bias = (rng.uniform(-0.5, 0.5, outputs) * spread / real).astype(np.int32)
    made = [net.constant(weights, scale, axis=axis)]
    if with_bias:
        made.append(net.constant(bias, real))
    # Three times the spread at either end; half of it is lost to what is clamped.
    return made, spread * (3 if activation == NONE else 2) / 128


def sliding(net, rng, input, kernel, stride, dilation, padding, activation, outputs, multiplier=None,
            per_channel=True):
    """CONV_2D, or DEPTHWISE_CONV_2D if there is a multiplier; the kernels want a bias."""
    _, rows, columns, channels = net.shape(input)
    if multiplier:
        outputs = channels * multiplier
        shape, axis, name = [1, *kernel, outputs], 3, "DEPTHWISE_CONV_2D"
    else:
        shape, axis, name = [outputs, *kernel, channels], 0, "CONV_2D"
    extra, scale = weighted(net, rng, input, shape, axis, per_channel, activation)
    window = dict(padding=padding, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0],
                  dilationWFactor=dilation[1], fusedActivationFunction=activation)
    if multiplier:
        made = options("DepthwiseConv2D", depthMultiplier=multiplier, **window)
    else:
        made = options("Conv2D", **window)
    size = [positions(length, k, s, d, padding)
            for length, k, s, d in zip([rows, columns], kernel, stride, dilation)]
    if min(size) < 1:
        return None
    zero = int(rng.integers(-128, 128)) if activation == NONE else -128 + int(rng.integers(0, 9))
    return net.unary(name, input, [1, *size, outputs], scale, zero, made, extra)


KERNELS = [(1, 1), (3, 3), (2, 2), (5, 5), (7, 7), (1, 5), (4, 2), (3, 1), (1, 3), (10, 4)]
STRIDES = [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1), (1, 1)]
DILATIONS = [(1, 1), (1, 1), (2, 2), (1, 1), (3, 1), (1, 2)]


def windows(rng, channels, number, multiplier_of):
    """Several windows over one picture: kernels, strides, dilations and the rest in turn."""
    net = Net()
    size = rng.integers(9, 15, 2).tolist()
    input = net.input([1, *size, channels], 0.03, int(rng.integers(-128, 128)))
    for i in range(8):
        turn = 8 * number + i
        kernel = KERNELS[turn % len(KERNELS)]
        multiplier = multiplier_of(turn)
        outputs = int(rng.integers(1, 9))
        if channels * kernel[0] * kernel[1] * outputs > 6000:
            outputs = 2
        dilation = DILATIONS[(turn // 2) % len(DILATIONS)]
        if kernel[0] * dilation[0] > size[0] or kernel[1] * dilation[1] > size[1]:
            dilation = (1, 1)
        padding = [SAME, VALID][(turn // 3) % 2]
        sliding(net, rng, input, kernel, STRIDES[turn % len(STRIDES)], dilation, padding,
                ACTIVATIONS[turn % 4], outputs, multiplier, turn % 3 != 0)
    return net


def convolutions(rng):
    for number, channels in enumerate([1, 2, 3, 4, 5, 8, 12, 33]):
        yield f"conv_{channels}", windows(rng, channels, number, lambda turn: None), 3
    net = Net()
    input = net.input([1, 49, 10, 1], 0.58, 83)
    sliding(net, rng, input, (10, 4), (2, 2), (1, 1), SAME, RELU, 8)
    yield "conv_spectrogram", net, 3
    net = Net()
    for channels, outputs in [(96, 16), (7, 31), (64, 3)]:
        input = net.input([1, 3, 5, channels], 0.02, -128)
        sliding(net, rng, input, (1, 1), (1, 1), (1, 1), SAME, RELU, outputs)
    yield "conv_pointwise", net, 4


def dead_channels(rng):
    """As converters make them of channels without use: hardly any weights, and a bias of 2^30."""
    net = Net()
    input = net.input([1, 6, 6, 7], 0.03, -128)
    for name, shape, axis in [("CONV_2D", [9, 1, 1, 7], 0), ("DEPTHWISE_CONV_2D", [1, 3, 3, 7], 3)]:
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        outputs = shape[axis]
        scale = np.full(outputs, 0.002, np.float32)
        bias = rng.integers(-900, 900, outputs).astype(np.int32)
        channels = np.moveaxis(weights, axis, 0)
        for dead, value in [(0, 2**30), (1, -(2**30)), (outputs - 1, 2**30 + 128)]:
            channels[dead] = rng.integers(-2, 3, channels[dead].shape) * (dead == 1)
            bias[dead], scale[dead] = value, rng.uniform(0.1, 4) * 1e-8
        extra = [net.constant(weights, scale, axis=axis), net.constant(bias, 0.03 * scale)]
        window = dict(padding=SAME, strideH=1, strideW=1, fusedActivationFunction=RELU,
                      dilationHFactor=1, dilationWFactor=1)
        if axis:
            made = options("DepthwiseConv2D", depthMultiplier=1, **window)
        else:
            made = options("Conv2D", **window)
        net.unary(name, input, [1, 6, 6, outputs], 0.03, -128, made, extra)
    yield "dead_channels", net, 4


def depthwise(rng):
    multipliers = [1, 1, 2, 1, 8, 1, 3]
    for number, channels in enumerate([1, 2, 3, 4, 5, 8, 16, 33]):
        def multiplier_of(turn):
            return multipliers[turn % len(multipliers)] if channels < 16 else 1 + turn % 2
        yield f"depthwise_{channels}", windows(rng, channels, number, multiplier_of), 3


def connected(rng):
    net = Net()
    for inputs, outputs in [(1, 3), (3, 1), (10, 10), (64, 12), (257, 5), (640, 8)]:
        input = net.input([1, inputs], 0.05, int(rng.integers(-128, 128)))
        activation = ACTIVATIONS[outputs % 4]
        shape = [outputs, inputs]
        extra, scale = weighted(net, rng, input, shape, 0, False, activation, outputs != 10)
        made = options("FullyConnected", fusedActivationFunction=activation)
        if len(extra) == 1:
            extra.append(-1)
        net.unary("FULLY_CONNECTED", input, [1, outputs], scale, -7, made, extra)
    # Pictures are flattened, rows are kept, and several rows are several pixels.
    for shape, inputs, keep in [([1, 3, 4, 5], 60, False), ([1, 4, 11], 11, True), ([3, 9], 9, False)]:
        input = net.input(shape, 0.05, 3)
        extra, scale = weighted(net, rng, input, [6, inputs], 0, False)
        made = options("FullyConnected", keepNumDims=keep)
        output = [*shape[:-1], 6] if keep else [int(np.prod(shape)) // inputs, 6]
        net.unary("FULLY_CONNECTED", input, output, scale, 3, made, extra)
    yield "fully_connected", net, 4


def arithmetic(rng):
    for name in ["Add", "Sub", "Mul"]:
        net = Net()
        a = net.input([1, 4, 5, 6], 0.05, -20)
        b = net.input([1, 4, 5, 6], 0.013, 44)
        row = net.input([1, 1, 5, 1], 0.21, -128)

        def apply(first, second, scale, zero, activation):
            shape = np.broadcast_shapes(net.shape(first), net.shape(second))
            output = net.tensor(shape, scale, zero)
            net.graph.outputs.append(output)
            net.op(name.upper(), [first, second], [output],
                   options(name, fusedActivationFunction=activation))

        apply(a, b, 0.06, 5, NONE)
        apply(b, a, 0.03, -128, RELU)
        apply(a, row, 0.03, -120, RELU6)
        apply(a, a, 0.05, -20, NONE)
        apply(a, b, 0.011, 0, RELU_N1_TO_1)
        apply(a, row, 0.2, 9, NONE)
        apply(row, b, 0.2, -99, NONE)
        for shape in [[6], [1, 1, 1, 6], [1, 4, 1, 1], [1, 4, 5, 6], [1], []]:
            values = rng.integers(-128, 128, shape).astype(np.int8)
            scale = rng.uniform(0.002, 0.3)
            constant = net.constant(values, scale, int(rng.integers(-9, 9)))
            pair = (a, constant) if len(shape) % 2 else (constant, a)
            scale = 128 * 0.05 * scale if name == "Mul" else 0.05 + scale
            apply(*pair, scale, int(rng.integers(-50, 50)), NONE)
        yield name.lower(), net, 4


def pools(rng):
    for name in ["AVERAGE_POOL_2D", "MAX_POOL_2D"]:
        net = Net()
        for channels, zero in [(1, 0), (5, -128), (8, 17)]:
            input = net.input([1, 11, 9, channels], 0.04, zero)
            cases = [((2, 2), (2, 2), VALID), ((3, 3), (2, 2), SAME), ((11, 9), (1, 1), VALID),
                     ((3, 2), (1, 3), SAME), ((4, 5), (1, 1), SAME), ((1, 1), (2, 2), VALID)]
            for i, (kernel, stride, padding) in enumerate(cases):
                made = options("Pool2D", padding=padding, filterHeight=kernel[0],
                               filterWidth=kernel[1], strideH=stride[0], strideW=stride[1],
                               fusedActivationFunction=ACTIVATIONS[i % 4])
                size = [positions(length, k, s, 1, padding)
                        for length, k, s in zip([11, 9], kernel, stride)]
                net.unary(name, input, [1, *size, channels], 0.04, zero, made)
        yield name.lower(), net, 3


def means(rng):
    net = Net()
    input = net.input([1, 5, 7, 6], 0.04, -30)
    for axes in [[1, 2], [2, 1], [-2, -3], [1], [2], [3], [-1], [1, 2, 3], [2, 3]]:
        for keep, scale, zero in [(True, 0.04, -30), (False, 0.017, 11)]:
            reduced = sorted(axis % 4 for axis in axes)
            shape = [1 if i in reduced else n for i, n in enumerate([1, 5, 7, 6])]
            if not keep:
                shape = [n for i, n in enumerate([1, 5, 7, 6]) if i not in reduced]
            axis = net.constant(np.int32(axes))
            made = options("Reducer", keepDims=keep)
            net.unary("MEAN", input, shape, scale, zero, made, [axis])
    yield "mean", net, 4


def unary(rng):
    net = Net()
    for scale, zero in [(0.05, 0), (0.0235, -128), (0.31, 100)]:
        input = net.input([1, 512], scale, zero)
        shape = net.shape(input)
        net.unary("LOGISTIC", input, shape, 1 / 256, -128)
        net.unary("TANH", input, shape, 1 / 128, 0)
        net.unary("HARD_SWISH", input, shape, scale * 0.9, zero // 2, options("HardSwish"))
        net.unary("LEAKY_RELU", input, shape, scale * 1.2, -9, options("LeakyRelu", alpha=0.3))
        net.unary("LEAKY_RELU", input, shape, scale, zero, options("LeakyRelu", alpha=-1.5))
        net.unary("RELU", input, shape, scale, zero)
        net.unary("RELU", input, shape, scale * 0.6, -128)
        net.unary("RELU6", input, shape, 6 / 255, -128)
        net.unary("RELU_N1_TO_1", input, shape, 1 / 127, 0)
        net.unary("QUANTIZE", input, shape, scale * 1.7, 33, options("Quantize"))
        net.unary("QUANTIZE", input, shape, scale * 0.4, zero, options("Quantize"))
        net.unary("QUANTIZE", input, shape, scale, -zero // 2, options("Quantize"))
    yield "unary", net, 4


def softmaxes(rng):
    net = Net()
    for shape, scale, beta in [([1, 2], 0.1, 1.0), ([1, 10], 0.2, 1.0), ([1, 12], 0.05, 1.0),
                               ([1, 100], 0.08, 0.5), ([1, 3, 4, 5], 0.07, 1.0), ([7], 0.4, 2.0)]:
        input = net.input(shape, scale, int(rng.integers(-128, 128)))
        net.unary("SOFTMAX", input, shape, 1 / 256, -128, options("Softmax", beta=beta))
    yield "softmax", net, 8


def moves(rng):
    net = Net()
    input = net.input([1, 5, 6, 7], 0.05, -11)
    like = dict(scale=0.05, zero=-11)
    for amounts in [[[0, 0], [1, 1], [2, 2], [0, 0]], [[0, 0], [0, 1], [0, 1], [0, 0]],
                    [[0, 0], [3, 0], [0, 0], [1, 2]], [[1, 0], [0, 0], [0, 2], [0, 1]]]:
        shape = [n + a + b for n, (a, b) in zip([1, 5, 6, 7], amounts)]
        others = [net.constant(np.int32(amounts))]
        net.unary("PAD", input, shape, made=options("Pad"), others=others, **like)
        others.append(net.constant(np.array([42], np.int8), 0.05, -11))
        net.unary("PADV2", input, shape, made=options("PadV2"), others=others, **like)
    for order in [[0, 2, 1, 3], [0, 3, 1, 2], [3, 2, 1, 0], [0, 1, 3, 2], [0, 1, 2, 3]]:
        shape = [[1, 5, 6, 7][axis] for axis in order]
        others = [net.constant(np.int32(order))]
        net.unary("TRANSPOSE", input, shape, made=options("Transpose"), others=others, **like)
    for size, corners, centres in [((10, 12), False, False), ((3, 4), False, False),
                                   ((9, 11), True, False), ((8, 13), False, True),
                                   ((1, 1), True, False), ((5, 18), False, False)]:
        made = options("ResizeNearestNeighbor", alignCorners=corners, halfPixelCenters=centres)
        others = [net.constant(np.int32(size))]
        net.unary("RESIZE_NEAREST_NEIGHBOR", input, [1, *size, 7], made=made, others=others, **like)
    for shape in [[1, 210], [7, 5, 6], [210], [1, 1, 30, 7]]:
        others = [net.constant(np.int32(shape))]
        made = options("Reshape", newShape=shape)
        net.unary("RESHAPE", input, shape, made=made, others=others, **like)
    net.unary("SQUEEZE", input, [5, 6, 7], made=options("Squeeze", squeezeDims=[0]), **like)
    others = [net.constant(np.int32(2))]
    net.unary("EXPAND_DIMS", input, [1, 5, 1, 6, 7], made=options("ExpandDims"), others=others, **like)
    yield "moves", net, 2
    net = Net()
    pair, five = net.input([9, 4], 0.05, 3), net.input([2, 3, 2, 4, 3], 0.05, 3)
    for input, order in [(pair, [1, 0]), (five, [4, 3, 2, 1, 0]), (five, [0, 2, 1, 4, 3])]:
        shape = [net.shape(input)[axis] for axis in order]
        others = [net.constant(np.int32(order))]
        net.unary("TRANSPOSE", input, shape, 0.05, 3, options("Transpose"), others)
    yield "transpose", net, 2


def concatenations(rng):
    net = Net()
    inputs = [net.input([1, 4, 5, n], 0.05, 9) for n in [1, 3, 8]]
    rows = [net.input([1, n, 5, 8], 0.05, 9) for n in [2, 3]]
    constant = net.constant(rng.integers(-128, 128, [1, 4, 5, 2]).astype(np.int8), 0.05, 9)
    columns = net.input([1, 4, 2, 8], 0.05, 9)

    def join(parts, axis):
        shape = net.shape(parts[0])
        shape[axis] = sum(net.shape(part)[axis] for part in parts)
        output = net.tensor(shape, 0.05, 9)
        net.graph.outputs.append(output)
        net.op("CONCATENATION", parts, [output], options("Concatenation", axis=axis))

    join(inputs, 3)
    join(inputs[::-1], -1)
    join([inputs[0], constant, inputs[2]], 3)
    join([*rows, inputs[2]], 1)
    join([inputs[2], columns, inputs[2]], 2)
    join([inputs[2]], 3)
    # Other scales come together through QUANTIZE.
    other = net.input([1, 4, 5, 2], 0.11, -60)
    same = net.tensor([1, 4, 5, 2], 0.05, 9)
    net.op("QUANTIZE", [other], [same], options("Quantize"))
    join([same, inputs[1]], 3)
    yield "concatenation", net, 3


def slices(rng):
    net = Net()
    input = net.input([1, 6, 7, 5], 0.05, 0)
    like = np.arange(6 * 7 * 5).reshape(1, 6, 7, 5)

    def strided(index, **masks):
        begin, end, strides = [], [], []
        for i, part in enumerate(index):
            bit = 1 << i
            entry = (0, 0, 1)
            if part is None:
                masks["newAxisMask"] = masks.get("newAxisMask", 0) | bit
            elif part is Ellipsis:
                masks["ellipsisMask"] = masks.get("ellipsisMask", 0) | bit
            elif isinstance(part, int):
                masks["shrinkAxisMask"] = masks.get("shrinkAxisMask", 0) | bit
                entry = (part, part + 1, 1)
            else:
                for mask, value in [("beginMask", part.start), ("endMask", part.stop)]:
                    masks[mask] = masks.get(mask, 0) | (bit if value is None else 0)
                entry = (part.start or 0, part.stop or 0, part.step or 1)
            for to, value in zip([begin, end, strides], entry):
                to.append(value)
        others = [net.constant(np.int32(it)) for it in [begin, end, strides]]
        made = options("StridedSlice", **masks)
        net.unary("STRIDED_SLICE", input, like[tuple(index)].shape, 0.05, 0, made, others)

    every = slice(None)
    strided([every, slice(1, 5), slice(2, None), slice(None, 3)])
    strided([every, slice(None, None, 2), slice(None, None, 3), every])
    strided([every, slice(None, None, -1), slice(5, 0, -2), slice(-1, None, -1)])
    strided([every, slice(-4, -1), slice(-100, 100), every])
    strided([every, 2, every, every])
    strided([0, every, -1, slice(1, 4)])
    strided([..., 3])
    strided([every, None, every, ..., slice(None, None, 2)])
    strided([..., slice(1, 2), every])
    strided([every, slice(4, None)])
    for begin, size in [([0, 1, 2, 3], [1, 2, 3, 1]), ([0, 0, 4, 0], [-1, 6, -1, 5])]:
        shape = [n - b if s < 0 else s for n, b, s in zip([1, 6, 7, 5], begin, size)]
        others = [net.constant(np.int32(begin)), net.constant(np.int32(size))]
        net.unary("SLICE", input, shape, 0.05, 0, options("Slice"), others)

    def parts(name, shapes, inputs, made):
        outputs = [net.tensor(shape, 0.05, 0) for shape in shapes]
        net.graph.outputs += outputs
        net.op(name, inputs, outputs, made)

    parts("SPLIT", [[1, 2, 7, 5]] * 3, [net.constant(np.int32(1)), input],
          options("Split", numSplits=3))
    parts("SPLIT_V", [[1, 6, 2, 5], [1, 6, 4, 5], [1, 6, 1, 5]],
          [input, net.constant(np.int32([2, -1, 1])), net.constant(np.int32(-2))],
          options("SplitV", numSplits=3))
    parts("UNPACK", [[1, 6, 7]] * 5, [input], options("Unpack", axis=-1, num=5))
    yield "slices", net, 2


def batches(rng):
    """Four samples at once: each is taken by itself."""
    net = Net()
    input = net.input([4, 6, 5, 2], 0.05, -20)
    extra, scale = weighted(net, rng, input, [3, 3, 3, 2], 0, True)
    window = dict(padding=SAME, strideH=2, strideW=2, dilationHFactor=1, dilationWFactor=1)
    output = net.tensor([4, 3, 3, 3], scale, 7)
    net.op("CONV_2D", [input, *extra], [output], options("Conv2D", **window))
    flat = net.tensor([4, 27], scale, 7)
    net.op("RESHAPE", [output, net.constant(np.int32([4, 27]))], [flat], options("Reshape"))
    extra, scale = weighted(net, rng, flat, [5, 27], 0, False)
    net.unary("FULLY_CONNECTED", flat, [4, 5], scale, 0, options("FullyConnected"), extra)
    yield "batch", net, 1


def unsigned(rng):
    """As converters before 2019 made them: unsigned bytes, one scale a tensor, weights around 128."""
    net = Net()
    input = net.input([1, 8, 8, 3], 1 / 128, 128, np.uint8)
    weights = net.constant(rng.integers(1, 256, [4, 3, 3, 3]).astype(np.uint8), 0.01, 128)
    bias = net.constant(rng.integers(-900, 900, 4).astype(np.int32), 0.01 / 128)
    output = net.tensor([1, 4, 4, 4], 0.03, 0, np.uint8)
    net.op("CONV_2D", [input, weights, bias], [output],
           options("Conv2D", padding=SAME, strideH=2, strideW=2, dilationHFactor=1,
                   dilationWFactor=1, fusedActivationFunction=RELU6))
    pooled = net.tensor([1, 2, 2, 4], 0.03, 0, np.uint8)
    net.op("MAX_POOL_2D", [output], [pooled],
           options("Pool2D", padding=VALID, strideH=2, strideW=2, filterHeight=2, filterWidth=2))
    weights = net.constant(rng.integers(1, 256, [5, 16]).astype(np.uint8), 0.02, 128)
    bias = net.constant(rng.integers(-900, 900, 5).astype(np.int32), 0.0006)
    scores = net.tensor([1, 5], 0.08, 120, np.uint8)
    net.graph.outputs.append(scores)
    net.op("FULLY_CONNECTED", [pooled, weights, bias], [scores], options("FullyConnected"))
    yield "unsigned", net, 8


def all():
    rng = np.random.default_rng(20140)
    makers = [convolutions, dead_channels, depthwise, connected, arithmetic, pools, means, unary,
              softmaxes, moves, concatenations, slices, batches, unsigned]
    for make in makers:
        for name, net, samples in make(rng):
            yield name, net.model(), samples
