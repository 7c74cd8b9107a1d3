# SPDX-License-Identifier: Apache-2.0
"""Writes a safetensors file of zeros, or of random numbers in [-0.1, 0.1]: make_weights.py [--random] FILE NAME=SIZExSIZE..."""
import array
import json
import random
import struct
import sys

arguments = sys.argv[1:]
is_random = arguments[0] == "--random"
if is_random:
    arguments.pop(0)
    random.seed(1)

header, position = {}, 0
for argument in arguments[1:]:
    name, sizes = argument.split("=")
    shape = [int(size) for size in sizes.split("x")]
    count = 4
    for size in shape:
        count *= size
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [position, position + count]}
    position += count
text = json.dumps(header).encode()
values = array.array("f", (random.uniform(-0.1, 0.1) if is_random else 0.0 for _ in range(position // 4)))
with open(arguments[0], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + values.tobytes())
