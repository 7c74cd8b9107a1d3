# SPDX-License-Identifier: Apache-2.0
"""Writes a safetensors file of zeros, of one number, or of random numbers in [-0.1, 0.1]:
make_weights.py [--random|--value=NUMBER] FILE NAME=SIZExSIZE...

A type other than F32 follows the sizes: NAME=SIZE:I64; such tensors are always zero. A scalar has no size: NAME=:I64.
"""
import array
import json
import random
import struct
import sys

arguments = sys.argv[1:]
is_random = arguments[0] == "--random"
number = 0.0
if is_random:
    arguments.pop(0)
    random.seed(1)
elif arguments[0].startswith("--value="):
    number = float(arguments.pop(0).split("=")[1])

BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "BOOL": 1, "U8": 1, "F8_E4M3": 1}
header, data = {}, b""
for argument in arguments[1:]:
    name, sizes = argument.split("=")
    sizes, _, kind = sizes.partition(":")
    shape = [int(size) for size in sizes.split("x") if size]
    count = 1
    for size in shape:
        count *= size
    kind = kind or "F32"
    begin = len(data)
    if kind == "F32":
        data += array.array("f", (random.uniform(-0.1, 0.1) if is_random else number for _ in range(count))).tobytes()
    else:
        data += bytes(count * BYTES[kind])
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": [begin, len(data)]}
text = json.dumps(header).encode()
with open(arguments[0], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
