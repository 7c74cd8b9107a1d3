# SPDX-License-Identifier: Apache-2.0
"""Layers of torchvision's networks in NumPy, in double, on one image [channels, height, width]; their seeded random
weights; and the command line of the scripts that define networks with them.

A network is a function of an image and of `weights`, from which its layers take their parameters by name. The same
function defines what parameters there are: `Drawing` makes them up as they are asked for."""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np

# f32 has 24 bits. A sum of K products of them errs by about sqrt(K) half units in the last place: 2e-6 of a typical
# result for K = 4608, the most here. The errors of 20 layers (ResNet-18) or 53 (MobileNetV2) add up as random steps do.
# Measured: 9e-7 and 4e-6 of the largest logit.
F32_TOLERANCE = 2e-5
# The interpreter computes in double as this script does, in another order. Measured: 1e-12 and 9e-12.
DOUBLE_TOLERANCE = 1e-10


class Drawing:
    """Parameters that are drawn when they are first asked for, so that values keep their size from layer to layer."""

    def __init__(self, seed):
        self.random = np.random.RandomState(seed)  # this generator's numbers never change
        self.tensors = {}

    def store(self, name, values):
        self.tensors[name] = values.astype(np.float32)
        return self.tensors[name].astype(np.float64)

    def __call__(self, name, *shape):
        if name.endswith("bias"):
            return self.store(name, 0.2 * self.random.standard_normal(shape))
        if len(shape) == 1:  # the scale of a batch norm
            return self.store(name, self.random.uniform(0.5, 1.5, shape))
        # The variance of a sum of K products is doubled, because relu will halve it.
        return self.store(name, np.sqrt(2 / np.prod(shape[1:])) * self.random.standard_normal(shape))

    def statistics(self, name, x):
        """Means and variances of the channels: about those of x, as training leaves them. Sums may differ in the last
        bits from machine to machine, so they are rounded to multiples of 1/1024."""
        channels = x.shape[0]
        mean = x.mean((1, 2)) + 0.1 * self.random.standard_normal(channels)
        variance = x.var() * self.random.uniform(0.5, 1.5, channels)
        return tuple(self.store(f"{name}.{each}", np.ceil(values * 1024) / 1024)
                     for each, values in (("running_mean", mean), ("running_var", variance)))


class Stored:
    """Parameters of a safetensors file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            self.table = json.loads(file.read(length))
            self.data = file.read()
        self.table.pop("__metadata__", None)
        self.unread = set(self.table)

    def __call__(self, name, *shape):
        row = self.table[name]
        if row["shape"] != list(shape) or row["dtype"] != "F32":
            raise SystemExit(f"{name}: expected F32 {list(shape)}, found {row['dtype']} {row['shape']}")
        self.unread.discard(name)
        first, last = row["data_offsets"]
        return np.frombuffer(self.data[first:last], "<f4").astype(np.float64).reshape(shape)

    def statistics(self, name, x):
        return self(f"{name}.running_mean", x.shape[0]), self(f"{name}.running_var", x.shape[0])


def write_safetensors(path, tensors):
    header, end = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.astype("<f4").tobytes())


def windows(x, kernel, stride, padding, border):
    """View [channels, rows, columns, kernel, kernel] of the windows that slide over x."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)), constant_values=border)
    return np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (1, 2))[:, ::stride, ::stride]


def conv2d(weights, name, x, outputs, kernel, stride=1, padding=0, groups=1):
    """nn.Conv2d without a bias, by matrix products of all windows with all filters; groups is 1 or all channels."""
    channels = x.shape[0]
    w = weights(name + ".weight", outputs, channels // groups, kernel, kernel)
    patches = windows(x, kernel, stride, padding, 0.0)
    if groups == 1:
        return np.tensordot(w, patches, ((1, 2, 3), (0, 3, 4)))
    assert groups == channels == outputs
    return np.einsum("cpq,cijpq->cij", w[:, 0], patches)


def batch_norm(weights, name, x, eps=1e-5):
    """nn.BatchNorm2d after training."""
    mean, variance = weights.statistics(name, x)
    scale, shift = weights(name + ".weight", x.shape[0]), weights(name + ".bias", x.shape[0])
    mean, variance, scale, shift = (each[:, None, None] for each in (mean, variance, scale, shift))
    return (x - mean) / np.sqrt(variance + eps) * scale + shift


def relu(x):
    return np.maximum(x, 0)


def relu6(x):
    return np.clip(x, 0, 6)


def max_pool(x, kernel, stride, padding):
    return windows(x, kernel, stride, padding, -np.inf).max((3, 4))


def linear(weights, name, x, outputs):
    return weights(name + ".weight", outputs, x.size) @ x + weights(name + ".bias", outputs)


def differs(what, found, exact, tolerance):
    """Prints the largest difference relative to the largest exact result. Returns whether it is too large."""
    difference = np.abs(found - exact).max() / np.abs(exact).max()
    wrong = not difference <= tolerance  # also for NaN
    print(f"{what:25} {difference:.1e} of the largest logit, {'more' if wrong else 'not more'} than {tolerance:.0e}")
    return wrong


def check(network, image_shape, program, weights):
    """Runs the compiled program and the interpreter, and compares both with the network in NumPy. Returns the exit
    code."""
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "results")
        subprocess.run([program, "--interpret", weights, "--write", results], check=True)
        with open(results, "rb") as file:
            image = np.frombuffer(file.read(4 * int(np.prod(image_shape))), "<f4").astype(np.float64)
            stored = Stored(weights)
            exact = network(stored, image.reshape(image_shape))
            compiled = np.frombuffer(file.read(4 * exact.size), "<f4").astype(np.float64)
            interpreted = np.frombuffer(file.read(), "<f8")
    if stored.unread:
        raise SystemExit(f"no layer read {sorted(stored.unread)}")
    # If the logits were tiny or huge, or all alike, the tolerances would mean nothing.
    if not (0.1 < exact.std() < 10 and np.abs(exact).max() < 10 * exact.std()):
        raise SystemExit(f"the logits are not of order 1: {exact.min():.3g} to {exact.max():.3g}")
    wrong = differs("compiled against NumPy", compiled, exact, F32_TOLERANCE)
    return int(differs("interpreted against NumPy", interpreted, exact, DOUBLE_TOLERANCE) or wrong)


def main(network, image_shape=(3, 224, 224), seed=18):
    arguments = argparse.ArgumentParser(description=f"Weights and check of the network {network.__name__}.")
    commands = arguments.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="writes seeded random weights")
    draw.add_argument("file", help="the safetensors file to write")
    compare = commands.add_parser("check", help="compares the compiled program with the network in NumPy")
    compare.add_argument("program", help="the compiled program")
    compare.add_argument("file", help="the safetensors file that it was compiled with")
    given = arguments.parse_args()
    try:
        if given.command == "check":
            sys.exit(check(network, image_shape, given.program, given.file))
        drawing = Drawing(seed)
        network(drawing, drawing.random.standard_normal(image_shape))
        write_safetensors(given.file, drawing.tensors)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{given.program}: ended with exit code {error.returncode}")
