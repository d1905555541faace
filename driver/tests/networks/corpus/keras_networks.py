"""Small networks of the families that run on microcontrollers, quantised by TensorFlow's converter."""

import numpy as np
import tensorflow as tf

layers = tf.keras.layers


def normalised(x, activation="relu"):
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def convolution(x, filters, kernel, stride=1, activation="relu"):
    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x)
    return normalised(x, activation)


def depthwise(x, kernel, stride=1, activation="relu"):
    x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)(x)
    return normalised(x, activation)


def mobilenet_v1():
    x = inputs = tf.keras.Input([24, 24, 3], 1)
    x = convolution(x, 4, 3, 2, tf.nn.relu6)
    for filters, stride in [(8, 1), (12, 2), (12, 1)]:
        x = depthwise(x, 3, stride, tf.nn.relu6)
        x = convolution(x, filters, 1, 1, tf.nn.relu6)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return inputs, layers.Flatten()(layers.Conv2D(5, 1)(x))


def mobilenet_v2():
    x = inputs = tf.keras.Input([20, 16, 3], 1)
    x = convolution(x, 8, 3, 2, tf.nn.relu6)
    for filters, stride, kernel in [(8, 1, 3), (12, 2, 5), (12, 1, 7)]:
        before = x
        x = convolution(x, 3 * x.shape[-1], 1, 1, tf.nn.relu6)
        if stride == 2:
            x = layers.ZeroPadding2D(((1, 2), (1, 2)))(x)
            x = layers.DepthwiseConv2D(kernel, 2, use_bias=False)(x)
            x = normalised(x, tf.nn.relu6)
        else:
            x = depthwise(x, kernel, 1, tf.nn.relu6)
        x = convolution(x, filters, 1, 1, None)
        x = layers.Add()([x, before]) if x.shape == before.shape else x
    return inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(x))


def mobilenet_v3():
    def excited(x):
        squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
        squeezed = layers.Conv2D(4, 1, activation="relu")(squeezed)
        squeezed = layers.Conv2D(x.shape[-1], 1, activation="hard_sigmoid")(squeezed)
        return layers.Multiply()([x, squeezed])

    def swish(x):
        return x * tf.nn.relu6(x + 3) / 6

    x = inputs = tf.keras.Input([16, 16, 3], 1)
    x = swish(convolution(x, 8, 3, 2, None))
    before = x
    x = swish(convolution(x, 16, 1, 1, None))
    x = swish(depthwise(x, 5, 1, None))
    x = layers.Multiply()([x, layers.Activation("sigmoid")(
        layers.GlobalAveragePooling2D(keepdims=True)(x))])
    x = convolution(x, 8, 1, 1, None)
    x = layers.Add()([x, before])
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return inputs, layers.Flatten()(layers.Conv2D(6, 1)(x))


def ds_cnn():
    x = inputs = tf.keras.Input([25, 10, 1], 1)
    x = convolution(x, 16, (10, 4), 2)
    for _ in range(2):
        x = convolution(depthwise(x, 3), 16, 1)
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    return inputs, layers.Dense(12)(layers.Flatten()(x))


def resnet():
    x = inputs = tf.keras.Input([16, 16, 3], 1)
    x = convolution(x, 8, 3)
    for filters, stride in [(8, 1), (16, 2)]:
        y = convolution(x, filters, 3, stride)
        y = convolution(y, filters, 3, 1, None)
        if stride != 1:
            x = layers.Conv2D(filters, 1, stride, padding="same")(x)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    x = layers.AveragePooling2D(x.shape[1:3])(x)
    return inputs, layers.Dense(10)(layers.Flatten()(x))


def autoencoder():
    x = inputs = tf.keras.Input([80], 1)
    for size in [24, 4, 24]:
        x = normalised(layers.Dense(size)(x))
    return inputs, layers.Dense(80)(x)


def lenet():
    x = inputs = tf.keras.Input([20, 20, 1], 1)
    x = layers.MaxPooling2D()(layers.Conv2D(4, 5, activation="tanh")(x))
    x = layers.MaxPooling2D()(layers.Conv2D(6, 3, activation="sigmoid")(x))
    x = layers.Dense(16, activation=tf.nn.leaky_relu)(layers.Flatten()(x))
    return inputs, layers.Dense(10)(x)


def upsampling():
    """Two pictures in, two out: down, up again by nearest neighbours, joined."""
    inputs = [tf.keras.Input([12, 8, 2], 1), tf.keras.Input([12, 8, 3], 1)]
    x = layers.Concatenate()(inputs)
    down = convolution(x, 6, 3, 2)
    deep = convolution(down, 8, 3, 2)
    up = layers.Concatenate()([layers.UpSampling2D()(deep), down])
    up = layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu")(up)
    mask = layers.Conv2D(1, 3, padding="same")(layers.UpSampling2D()(up))
    return inputs, [mask, layers.Dense(3)(layers.GlobalAveragePooling2D()(deep))]


def quantised(make, seed, edge=tf.int8):
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    inputs, outputs = make()
    model = tf.keras.Model(inputs, outputs)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            count = layer.gamma.shape[0]
            layer.set_weights([rng.uniform(0.6, 1.6, count), rng.normal(0, 0.3, count),
                               rng.normal(0, 0.2, count), rng.uniform(0.3, 1.5, count)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = edge
    converter.representative_dataset = lambda: (
        [rng.normal(0, 1, input.shape).astype(np.float32) for input in model.inputs]
        for _ in range(20))
    return converter.convert()


def all():
    makers = [mobilenet_v1, mobilenet_v2, mobilenet_v3, ds_cnn, resnet, autoencoder, lenet,
              upsampling]
    for seed, make in enumerate(makers):
        yield make.__name__, quantised(make, seed), 4
    yield "float_edges", quantised(autoencoder, 99, tf.float32), 4
