"""Networks of operators that the importer turns into others."""

import numpy as np

from flatbuffer import SAME, VALID, Net, options
from operators import weighted


def rearranged(rng):
    net = Net()
    like = dict(scale=0.05, zero=-11)
    parts = [net.input([1, 4, 6], **like) for _ in range(3)]
    for axis in [0, 1, -1]:
        shape = list(np.stack([np.zeros([1, 4, 6])] * 3, axis).shape)
        net.unary("PACK", parts[0], shape, made=options("Pack", valuesCount=3, axis=axis),
                  others=parts[1:], **like)
    picture = net.input([1, 4, 6, 12], **like)
    for side, shape in [(2, [1, 2, 3, 48]), (1, [1, 4, 6, 12])]:
        made = options("SpaceToDepth", blockSize=side)
        net.unary("SPACE_TO_DEPTH", picture, shape, made=made, **like)
    made = options("DepthToSpace", blockSize=2)
    net.unary("DEPTH_TO_SPACE", picture, [1, 8, 12, 3], made=made, **like)
    yield "rearranged", net, 2


def maxima(rng):
    net = Net()
    input = net.input([1, 5, 7, 6], 0.04, -30)
    for axes in [[1, 2], [-2, -3], [1], [2], [-1], [1, 2, 3], [2, 3], [0, 1]]:
        for keep in [True, False]:
            shape = np.zeros([1, 5, 7, 6]).max(tuple(axes), keepdims=keep).shape
            made = options("Reducer", keepDims=keep)
            net.unary("REDUCE_MAX", input, shape, 0.04, -30, made, [net.constant(np.int32(axes))])
    wide = net.input([1, 20, 20, 3], 0.04, -30)
    net.unary("REDUCE_MAX", wide, [1, 3], 0.04, -30, options("Reducer"),
              [net.constant(np.int32([1, 2]))])
    yield "reduce_max", net, 3


def transposed(rng):
    net = Net()
    input = net.input([1, 5, 4, 6], 0.04, -30)
    cases = [((2, 2), (2, 2), SAME), ((3, 3), (2, 2), SAME), ((3, 3), (1, 1), SAME),
             ((4, 4), (2, 2), SAME), ((3, 3), (2, 2), VALID), ((2, 5), (3, 1), VALID),
             ((1, 1), (2, 2), SAME), ((5, 3), (4, 2), SAME), ((2, 2), (1, 1), VALID)]
    for turn, (kernel, stride, padding) in enumerate(cases):
        extra, scale = weighted(net, rng, input, [3 + turn % 3, *kernel, 6], 0, True,
                                with_bias=turn % 2 == 0)
        size = [n * s if padding == SAME else n * s + max(k - s, 0)
                for n, s, k in zip([5, 4], stride, kernel)]
        shape = [1, *size, 3 + turn % 3]
        made = options("TransposeConv", padding=padding, strideH=stride[0], strideW=stride[1])
        output = net.tensor(shape, scale, int(rng.integers(-99, 99)))
        net.graph.outputs.append(output)
        net.op("TRANSPOSE_CONV", [net.constant(np.int32(shape)), extra[0], input, *extra[1:]],
               [output], made)
    yield "transpose_conv", net, 3


def opened(net, shape, *others):
    """A tensor whose file does not know the lengths that are negative."""
    made = net.tensor([1 if length < 0 else length for length in shape], *others)
    net.graph.tensors[made].shapeSignature = shape
    return made


def open_batch(rng):
    """As converters write a RESHAPE where the number of samples is left open."""
    net = Net()
    input = net.input([1, 4, 6, 2], 0.05, -20)
    sides = net.tensor([4], dtype=np.int32)
    net.op("SHAPE", [input], [sides], options("Shape", outType=2))
    samples = net.tensor([], dtype=np.int32)
    ends = [net.constant(np.int32([it])) for it in [0, 1, 1]]
    net.op("STRIDED_SLICE", [sides, *ends], [samples], options("StridedSlice", shrinkAxisMask=1))
    shape = net.tensor([3], dtype=np.int32)
    others = [net.constant(np.int32(it)) for it in [-1, 6]]
    net.op("PACK", [samples, *others], [shape], options("Pack", valuesCount=3, axis=0))
    rows = opened(net, [-1, -1, 6], 0.05, -20)
    net.op("RESHAPE", [input, shape], [rows], options("Reshape"))
    net.unary("MEAN", rows, [1, 6], 0.05, -20, options("Reducer"), [net.constant(np.int32(1))])
    # As DENSE does it to rows: all axes but the last become one, and come back after it.
    sides = net.tensor([3], dtype=np.int32)
    net.op("SHAPE", [rows], [sides], options("Shape", outType=2))
    lengths = []
    for axes in [[0, 1], [2]]:
        some = net.tensor([len(axes)], dtype=np.int32)
        net.op("GATHER", [sides, net.constant(np.int32(axes))], [some], options("Gather"))
        product = net.tensor([], dtype=np.int32)
        net.op("REDUCE_PROD", [some, net.constant(np.int32([0]))], [product], options("Reducer"))
        lengths.append((some, product))
    flat = net.tensor([2], dtype=np.int32)
    net.op("PACK", [product for _, product in lengths], [flat], options("Pack", valuesCount=2))
    back = net.tensor([3], dtype=np.int32)
    net.op("CONCATENATION", [lengths[0][0], net.constant(np.int32([5]))], [back],
           options("Concatenation"))
    pixels = opened(net, [-1, -1], 0.05, -20)
    net.op("RESHAPE", [rows, flat], [pixels], options("Reshape"))
    extra, scale = weighted(net, rng, rows, [5, 6], 0, False)
    sums = opened(net, [-1, 5], scale, 4)
    net.op("FULLY_CONNECTED", [pixels, *extra], [sums], options("FullyConnected"))
    output = opened(net, [-1, -1, 5], scale, 4)
    net.graph.outputs.append(output)
    net.op("RESHAPE", [sums, back], [output], options("Reshape"))
    yield "open_batch", net, 2


def dilated(rng):
    """As converters write a dilated convolution where the number of samples is left open."""
    net = Net()
    input = net.input([1, 21, 3], 0.05, -20)
    for block, padding, kernel, crop in [(2, [1, 0], 3, [0, 0]), (4, [3, 4], 2, [1, 2])]:
        length = (21 + sum(padding)) // block
        about = [net.constant(np.int32([block])), net.constant(np.int32([padding]))]
        apart = opened(net, [-1, length, 3], 0.05, -20)
        net.op("SPACE_TO_BATCH_ND", [input, *about], [apart], options("SpaceToBatchND"))
        rows = opened(net, [-1, 1, length, 3], 0.05, -20)
        net.op("EXPAND_DIMS", [apart, net.constant(np.int32(1))], [rows], options("ExpandDims"))
        extra, scale = weighted(net, rng, rows, [5, 1, kernel, 3], 0, True)
        sums = opened(net, [-1, 1, length - kernel + 1, 5], scale, 3)
        net.op("CONV_2D", [rows, *extra], [sums],
               options("Conv2D", padding=VALID, strideH=1, strideW=1, dilationHFactor=1,
                       dilationWFactor=1))
        flat = opened(net, [-1, length - kernel + 1, 5], scale, 3)
        shape = [-1, length - kernel + 1, 5]
        net.op("RESHAPE", [sums, net.constant(np.int32(shape))], [flat],
               options("Reshape", newShape=shape))
        output = opened(net, [-1, (length - kernel + 1) * block - sum(crop), 5], scale, 3)
        net.graph.outputs.append(output)
        about = [about[0], net.constant(np.int32([crop]))]
        net.op("BATCH_TO_SPACE_ND", [flat, *about], [output], options("BatchToSpaceND"))
    yield "dilated", net, 2


def all():
    rng = np.random.default_rng(20141)
    for make in [rearranged, maxima, transposed, open_batch, dilated]:
        for name, net, samples in make(rng):
            yield name, net.model(), samples
