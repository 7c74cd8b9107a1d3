#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""MobileNetV2 in NumPy, written after torchvision.models.mobilenet_v2: draws its weights and checks the compiled
program."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torchvision"))
from layers import batch_norm, conv2d, linear, main, relu6

# Expansion factor, channels, number of blocks and stride of the first one.
SETTING = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def conv_norm_relu6(weights, name, x, outputs, kernel, stride=1, groups=1):
    x = conv2d(weights, name + ".0", x, outputs, kernel, stride, (kernel - 1) // 2, groups)
    return relu6(batch_norm(weights, name + ".1", x))


def inverted_residual(weights, name, x, outputs, stride, expansion):
    hidden, y, at = x.shape[0] * expansion, x, 0
    if expansion != 1:
        y = conv_norm_relu6(weights, f"{name}.conv.{at}", y, hidden, 1)
        at += 1
    y = conv_norm_relu6(weights, f"{name}.conv.{at}", y, hidden, 3, stride, hidden)
    y = conv2d(weights, f"{name}.conv.{at + 1}", y, outputs, 1)
    y = batch_norm(weights, f"{name}.conv.{at + 2}", y)
    return x + y if stride == 1 and x.shape[0] == outputs else y


def mobilenet_v2(weights, x):
    x = conv_norm_relu6(weights, "features.0", x, 32, 3, 2)
    index = 1
    for expansion, channels, count, stride in SETTING:
        for block in range(count):
            x = inverted_residual(weights, f"features.{index}", x, channels, stride if block == 0 else 1, expansion)
            index += 1
    x = conv_norm_relu6(weights, f"features.{index}", x, 1280, 1)
    return linear(weights, "classifier.1", x.mean((1, 2)), 1000)


if __name__ == "__main__":
    main(mobilenet_v2)
