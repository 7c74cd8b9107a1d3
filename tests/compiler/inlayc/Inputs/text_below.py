# SPDX-License-Identifier: Apache-2.0
"""Reads llvm-size's output; fails unless the text column is below the given number of bytes."""
import sys

limit = int(sys.argv[1])
text = int(sys.stdin.read().splitlines()[1].split()[0])
print(f"{text} bytes of text, limit {limit}")
sys.exit(text >= limit)
