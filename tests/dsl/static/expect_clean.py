# SPDX-License-Identifier: Apache-2.0
"""Compiles a file of static assertions, which must pass without a warning.

Usage: expect_clean.py COMPILER SOURCE.cpp [FLAG...]

Exits with 77, which CTest shows as skipped, if the compiler is not installed.
"""

import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
SKIPPED = 77


def main():
    compiler, source, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    if shutil.which(compiler) is None:
        print(f"skipped: there is no {compiler} here")
        return SKIPPED
    return subprocess.run([compiler, *flags, *WARNINGS, "-fsyntax-only", source], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
