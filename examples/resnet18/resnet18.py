#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ResNet-18 in NumPy, written after torchvision.models.resnet18: draws its weights and checks the compiled program."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torchvision"))
from layers import batch_norm, conv2d, linear, main, max_pool, relu


def basic_block(weights, name, x, planes, stride):
    y = conv2d(weights, name + ".conv1", x, planes, 3, stride, 1)
    y = relu(batch_norm(weights, name + ".bn1", y))
    y = conv2d(weights, name + ".conv2", y, planes, 3, 1, 1)
    y = batch_norm(weights, name + ".bn2", y)
    if stride != 1 or x.shape[0] != planes:
        x = conv2d(weights, name + ".downsample.0", x, planes, 1, stride)
        x = batch_norm(weights, name + ".downsample.1", x)
    return relu(y + x)


def resnet18(weights, x):
    x = conv2d(weights, "conv1", x, 64, 7, 2, 3)
    x = relu(batch_norm(weights, "bn1", x))
    x = max_pool(x, 3, 2, 1)
    for layer, planes, stride in ((1, 64, 1), (2, 128, 2), (3, 256, 2), (4, 512, 2)):
        x = basic_block(weights, f"layer{layer}.0", x, planes, stride)
        x = basic_block(weights, f"layer{layer}.1", x, planes, 1)
    return linear(weights, "fc", x.mean((1, 2)), 1000)


if __name__ == "__main__":
    main(resnet18)
