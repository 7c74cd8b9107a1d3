# SPDX-License-Identifier: Apache-2.0
"""Writes a safetensors file for the network `gain` in which all weights are VALUE. Usage: make_gain.py FILE VALUE"""
import array
import json
import struct
import sys

values = array.array("f", [float(sys.argv[2])] * 6)
header = json.dumps({"fc.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + values.tobytes())
