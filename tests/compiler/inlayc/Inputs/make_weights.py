# SPDX-License-Identifier: Apache-2.0
"""Writes a safetensors file of zeros: make_weights.py FILE NAME=SIZExSIZE..."""
import json
import struct
import sys

header, position = {}, 0
for argument in sys.argv[2:]:
    name, sizes = argument.split("=")
    shape = [int(size) for size in sizes.split("x")]
    count = 4
    for size in shape:
        count *= size
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [position, position + count]}
    position += count
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + bytes(position))
