#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Trains the digit classifier of model.hpp with numpy alone and writes its weights as safetensors. Run it with Debian's
# python3 and python3-numpy. The same data and seed give the same file, byte for byte.
"""usage: train.py [OUTPUT]      (default: digits.safetensors beside this script)"""

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
EPOCHS = 240
BATCH = 32
RATE = 2e-3
DECAY = 0.1  # weight decay per unit of rate, decoupled from the gradient (AdamW)
SHAPES = {"fc1": (32, 64), "fc2": (32, 32), "fc3": (10, 32)}


def load():
    """Returns images [n, 8, 8] in [0, 1], and labels. The file counts ink from 0 to 16."""
    table = np.loadtxt(os.path.join(HERE, "data", "digits.csv"), delimiter=",", dtype=np.int64)
    return table[:, :64].reshape(-1, 8, 8) / 16.0, table[:, 64]


def held_out(labels):
    """The mask of held-out images: every fifth image of each digit, in file order."""
    seen = np.zeros(10, dtype=int)
    mask = np.zeros(len(labels), dtype=bool)
    for i, label in enumerate(labels):
        mask[i] = seen[label] % 5 == 4
        seen[label] += 1
    return mask


def forward(p, x):
    h1 = np.maximum(x @ p["fc1.weight"].T + p["fc1.bias"], 0)
    h2 = np.tanh(h1 @ p["fc2.weight"].T + p["fc2.bias"] + h1)
    z = h2 @ p["fc3.weight"].T + p["fc3.bias"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return h1, h2, e / e.sum(axis=1, keepdims=True)


def gradients(p, x, labels):
    """The gradients of the mean cross-entropy, by the chain rule."""
    h1, h2, y = forward(p, x)
    dz = (y - np.eye(10)[labels]) / len(x)
    d2 = (dz @ p["fc3.weight"]) * (1 - h2 * h2)
    d1 = (d2 @ p["fc2.weight"] + d2) * (h1 > 0)  # the residual adds a path for the gradient
    return {
        "fc1.weight": d1.T @ x, "fc1.bias": d1.sum(axis=0),
        "fc2.weight": d2.T @ h1, "fc2.bias": d2.sum(axis=0),
        "fc3.weight": dz.T @ h2, "fc3.bias": dz.sum(axis=0),
    }


def augment(random, images):
    """Moves each image by at most one pixel and varies its ink a little, so that the network cannot memorise pixels."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    moved = np.empty_like(images)
    # Staying in place is twice as likely as each single step.
    steps = np.array([0, 1, 1, 2])[random.randint(0, 4, size=(len(images), 2))]
    for i, (dy, dx) in enumerate(steps):
        moved[i] = padded[i, dy:dy + 8, dx:dx + 8]
    return np.clip(moved + 0.05 * random.standard_normal(images.shape), 0, 1)


def train(images, labels):
    random = np.random.RandomState(SEED)
    p = {}
    for name, (rows, columns) in SHAPES.items():
        p[name + ".weight"] = random.standard_normal((rows, columns)) * np.sqrt(1.5 / columns)
        p[name + ".bias"] = np.zeros(rows)
    mean = {k: np.zeros_like(v) for k, v in p.items()}
    square = {k: np.zeros_like(v) for k, v in p.items()}
    step = 0
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = random.permutation(len(images))
        for start in range(0, len(order), BATCH):
            chosen = order[start:start + BATCH]
            g = gradients(p, augment(random, images[chosen]).reshape(-1, 64), labels[chosen])
            step += 1
            for k in p:  # Adam
                mean[k] += 0.1 * (g[k] - mean[k])
                square[k] += 0.001 * (g[k] * g[k] - square[k])
                m, v = mean[k] / (1 - 0.9**step), square[k] / (1 - 0.999**step)
                p[k] -= rate * (m / (np.sqrt(v) + 1e-8) + (DECAY * p[k] if k.endswith("weight") else 0))
        if (epoch + 1) % 40 == 0:
            print(f"epoch {epoch + 1:3}: accuracy on the training images {accuracy(p, images, labels):.4f}")
    # Rounding to multiples of 1/4096 hides the last-bit differences between processors' BLAS kernels.
    return {k: (np.round(v * 4096) / 4096).astype(np.float32) for k, v in p.items()}


def accuracy(p, images, labels):
    return float((forward(p, images.reshape(-1, 64))[2].argmax(axis=1) == labels).mean())


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
    if score < 0.96:
        sys.exit("train.py: held-out accuracy is below 0.96, nothing written")
    path = sys.argv[1] if len(sys.argv) == 2 else os.path.join(HERE, "digits.safetensors")
    write_safetensors(path, weights)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
