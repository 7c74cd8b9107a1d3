#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Trains the convolutional network of model.hpp with numpy alone and writes its weights as safetensors. Run it with
# Debian's python3 and python3-numpy. The same data and seed give the same file, byte for byte.
"""usage: train.py [OUTPUT]      (default: lenet.safetensors beside this script)"""

import json
import os
import struct
import sys

# One BLAS thread keeps the order of every summation fixed.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7
EPOCHS = 60
BATCH = 32
RATE = 2e-3
DECAY = 0.1  # weight decay per unit of rate, decoupled from the gradient (AdamW)
# The layers in order, with the shapes of their weights in PyTorch: [outputs, channels, height, width] of a convolution,
# [outputs, inputs] of a dense layer.
SHAPES = {"conv1": (16, 1, 3, 3), "conv2": (32, 16, 3, 3), "fc1": (64, 128), "fc2": (10, 64)}


def load():
    """Returns images [n, 1, 8, 8] in [0, 1], and labels. The file counts ink from 0 to 16."""
    table = np.loadtxt(os.path.join(HERE, "data", "digits.csv"), delimiter=",", dtype=np.int64)
    return table[:, :64].reshape(-1, 1, 8, 8) / 16.0, table[:, 64]


def held_out(labels):
    """The mask of held-out images: every fifth image of each digit, in file order."""
    seen = np.zeros(10, dtype=int)
    mask = np.zeros(len(labels), dtype=bool)
    for i, label in enumerate(labels):
        mask[i] = seen[label] % 5 == 4
        seen[label] += 1
    return mask


def patches(x):
    """The 3x3 patch around each pixel of x[n, c, h, w], as rows: [n * h * w, c * 9]. Outside of the image is 0."""
    n, c, h, w = x.shape
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 9)


def from_patches(rows, shape):
    """The transpose of patches(): adds each patch to the pixels that it was taken from."""
    n, c, h, w = shape
    windows = rows.reshape(n, h, w, c, 3, 3).transpose(0, 3, 4, 5, 1, 2)
    padded = np.zeros((n, c, h + 2, w + 2))
    for dy in range(3):
        for dx in range(3):
            padded[:, :, dy:dy + h, dx:dx + w] += windows[:, :, dy, dx]
    return padded[:, :, 1:-1, 1:-1]


def convolve(rows, weight, bias, shape):
    """A convolution is a matrix product: each patch times each filter. `shape` is that of the image."""
    n, _, h, w = shape
    return (rows @ weight.reshape(len(weight), -1).T + bias).reshape(n, h, w, -1).transpose(0, 3, 1, 2)


def pool(x):
    """The largest of each 2x2 block, and the mask of the pixels that were the largest."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
    largest = blocks.max(axis=(3, 5), keepdims=True)
    return largest[:, :, :, 0, :, 0], (blocks == largest).reshape(x.shape)


def forward(p, x):
    """Returns all that gradients() needs, the probabilities last."""
    rows1 = patches(x)
    a1 = np.maximum(convolve(rows1, p["conv1.weight"], p["conv1.bias"], x.shape), 0)
    p1, mask1 = pool(a1)
    rows2 = patches(p1)
    a2 = np.maximum(convolve(rows2, p["conv2.weight"], p["conv2.bias"], p1.shape), 0)
    p2, mask2 = pool(a2)
    flat = p2.reshape(len(x), -1)
    h = np.maximum(flat @ p["fc1.weight"].T + p["fc1.bias"], 0)
    z = h @ p["fc2.weight"].T + p["fc2.bias"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return rows1, a1, mask1, p1, rows2, a2, mask2, p2, flat, h, e / e.sum(axis=1, keepdims=True)


def gradients(p, x, labels):
    """The gradients of the mean cross-entropy, by the chain rule."""
    rows1, a1, mask1, p1, rows2, a2, mask2, p2, flat, h, y = forward(p, x)
    g = {}

    def dense(name, inputs, d):
        g[name + ".weight"], g[name + ".bias"] = d.T @ inputs, d.sum(axis=0)
        return d @ p[name + ".weight"]

    def unpool(d, mask, a):
        """Gives each gradient to the pixel that was the largest of its block, if relu let that pixel pass."""
        return d.repeat(2, axis=2).repeat(2, axis=3) * (mask & (a > 0))

    def convolution(name, rows, d):
        """Returns the gradient of each patch."""
        d = d.transpose(0, 2, 3, 1).reshape(len(rows), -1)
        g[name + ".weight"], g[name + ".bias"] = (d.T @ rows).reshape(SHAPES[name]), d.sum(axis=0)
        return d @ p[name + ".weight"].reshape(d.shape[1], -1)

    dz = (y - np.eye(10)[labels]) / len(x)
    dh = dense("fc2", h, dz) * (h > 0)
    d2 = dense("fc1", flat, dh).reshape(p2.shape)
    d1 = from_patches(convolution("conv2", rows2, unpool(d2, mask2, a2)), p1.shape)
    convolution("conv1", rows1, unpool(d1, mask1, a1))
    return g


def augment(random, images):
    """Moves each image by at most one pixel and varies its ink a little, so that the network cannot memorise pixels."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved = np.empty_like(images)
    # Staying in place is twice as likely as each single step.
    steps = np.array([0, 1, 1, 2])[random.randint(0, 4, size=(len(images), 2))]
    for i, (dy, dx) in enumerate(steps):
        moved[i] = padded[i, :, dy:dy + 8, dx:dx + 8]
    return np.clip(moved + 0.05 * random.standard_normal(images.shape), 0, 1)


def train(images, labels):
    random = np.random.RandomState(SEED)
    p = {}
    for name, shape in SHAPES.items():
        p[name + ".weight"] = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        p[name + ".bias"] = np.zeros(shape[0])
    mean = {k: np.zeros_like(v) for k, v in p.items()}
    square = {k: np.zeros_like(v) for k, v in p.items()}
    step = 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = random.permutation(len(images))
        for start in range(0, len(order), BATCH):
            chosen = order[start:start + BATCH]
            g = gradients(p, augment(random, images[chosen]), labels[chosen])
            step += 1
            for k in p:  # Adam
                mean[k] += 0.1 * (g[k] - mean[k])
                square[k] += 0.001 * (g[k] * g[k] - square[k])
                m, v = mean[k] / (1 - 0.9**step), square[k] / (1 - 0.999**step)
                p[k] -= rate * (m / (np.sqrt(v) + 1e-8) + (DECAY * p[k] if k.endswith("weight") else 0))
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1:3}: accuracy on the training images {accuracy(p, images, labels):.4f}", flush=True)
    # Rounding to multiples of 1/4096 hides the last-bit differences between processors' BLAS kernels.
    return {k: (np.round(v * 4096) / 4096).astype(np.float32) for k, v in p.items()}


def accuracy(p, images, labels):
    return float((forward(p, images)[-1].argmax(axis=1) == labels).mean())


def write_safetensors(path, tensors):
    """Writes header length, JSON header and raw little-endian data, see https://huggingface.co/docs/safetensors."""
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # aligns the data
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(array.astype("<f4").tobytes())


def main():
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and sys.argv[1].startswith("-")):
        sys.exit(__doc__)
    images, labels = load()
    out = held_out(labels)
    print(f"{(~out).sum()} images to train on, {out.sum()} held out")
    weights = train(images[~out], labels[~out])
    score = accuracy(weights, images[out], labels[out])
    print(f"held-out accuracy {score:.4f}")
    if score < 0.98:
        sys.exit("train.py: held-out accuracy is below 0.98, nothing written")
    path = sys.argv[1] if len(sys.argv) == 2 else os.path.join(HERE, "lenet.safetensors")
    write_safetensors(path, weights)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
