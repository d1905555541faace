#!/usr/bin/env python3
"""What `epoch.rs` does, with PyTorch: seconds for 10 000 pictures. `pytorch.py [STEPS]`.

OMP_NUM_THREADS sets the threads. The networks are those of `networks.toml`. Where a stride of 2 wants
zeros on one side only (TFLite's SAME), PyTorch has them on both: the work is the same.
"""

import pathlib
import sys
import time
import tomllib

try:
    import torch
    from torch import nn
except ImportError as error:
    sys.exit(f"pytorch.py needs PyTorch ({error}): install it by `pip install torch`, or leave "
             "this comparison out.")

BATCH, CLASSES, WARM_UP = 128, 10, 2
RELU6, RELU, LINEAR = nn.ReLU6, nn.ReLU, nn.Identity


def normalised(inputs, outputs, kernel, stride, activation, groups=1):
    """A convolution without bias, batch normalisation, activation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
        activation(),
    )


class Residual(nn.Module):
    """A value, plus what is made of it, with an activation behind."""

    def __init__(self, inside, around, activation):
        super().__init__()
        self.inside, self.around, self.activation = inside, around, activation

    def forward(self, x):
        return self.activation(self.inside(x) + self.around(x))


def mobilenet_v2(sizes):
    channels = sizes["stem"]
    layers = [normalised(3, channels, 3, sizes.get("stem_stride", 2), RELU6)]
    for stage in sizes["stages"]:
        for block in range(stage["blocks"]):
            stride = stage["stride"] if block == 0 else 1
            inside, outputs = channels * stage["expansion"], stage["channels"]
            parts = [normalised(channels, inside, 1, 1, RELU6)] if inside > channels else []
            parts.append(normalised(inside, inside, 3, stride, RELU6, groups=inside))
            parts.append(normalised(inside, outputs, 1, 1, LINEAR))
            parts = nn.Sequential(*parts)
            is_residual = stride == 1 and channels == outputs
            layers.append(Residual(parts, LINEAR(), LINEAR()) if is_residual else parts)
            channels = outputs
    return layers + [normalised(channels, sizes["head"], 1, 1, RELU6)], sizes["head"]


def resnet8(sizes):
    channels = sizes["stacks"][0]
    layers = [normalised(3, channels, 3, 1, RELU)]
    for number, outputs in enumerate(sizes["stacks"]):
        stride = 1 if number == 0 else 2
        inside = nn.Sequential(
            normalised(channels, outputs, 3, stride, RELU),
            normalised(outputs, outputs, 3, 1, LINEAR),
        )
        around = LINEAR() if number == 0 else nn.Conv2d(channels, outputs, 1, stride)
        layers.append(Residual(inside, around, RELU()))
        channels = outputs
    return layers, channels


def seconds(network, steps, layout):
    """Of the wall clock and of all processors."""
    torch.manual_seed(0)
    pictures = torch.randn(BATCH, 3, 32, 32).to(memory_format=layout)
    labels = torch.randint(CLASSES, (BATCH,))
    network = network.to(memory_format=layout)
    loss = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=4e-5)
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            wall, processors = time.perf_counter(), time.process_time()
        optimiser.zero_grad(set_to_none=True)
        loss(network(pictures), labels).backward()
        optimiser.step()
    share = 10_000 / (steps * BATCH)
    return (time.perf_counter() - wall) * share, (time.process_time() - processors) * share


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    makers = {"mobilenet-v2": mobilenet_v2, "resnet8": resnet8}
    described = tomllib.loads(pathlib.Path(__file__).with_name("networks.toml").read_text())
    for name, sizes in sorted(described.items()):
        for layout in (torch.contiguous_format, torch.channels_last):
            layers, channels = makers[sizes["kind"]](sizes)
            last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES)]
            network = nn.Sequential(*layers, *last)
            count = sum(parameter.numel() for parameter in network.parameters())
            wall, processors = seconds(network, steps, layout)
            print(f"pytorch  {name:8} {count} parameters, {torch.get_num_threads()} thread(s): "
                  f"{wall:.2f} s per 10 000 pictures, {processors:.2f} s of processors, "
                  f"{str(layout).removeprefix('torch.')}", flush=True)


if __name__ == "__main__":
    main()
