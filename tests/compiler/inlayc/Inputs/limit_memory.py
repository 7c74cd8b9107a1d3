# SPDX-License-Identifier: Apache-2.0
"""Runs a command with limited memory: limit_memory.py MEGABYTES COMMAND..."""
import os
import resource
import sys

limit = int(sys.argv[1]) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
os.execvp(sys.argv[2], sys.argv[2:])
