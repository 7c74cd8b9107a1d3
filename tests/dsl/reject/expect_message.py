# SPDX-License-Identifier: Apache-2.0
"""Compiles a model that must be refused, and checks what the compiler says about it.

Usage: expect_message.py COMPILER MODEL.cpp [FLAG...]

The text of every `// expect: TEXT` line in the model must occur within the first 15 lines of the compiler's output,
because nobody reads further. The whole output must fit on a screen: one mistake, one message. Exits with 77, which
CTest shows as skipped, if the compiler is not installed.
"""

import os
import re
import shutil
import subprocess
import sys

FIRST_LINES = 15
# For each template on the way to the mistake clang shows a source line and a caret, g++ only one line.
MOST_LINES = {"g++": 20, "clang++": 27}
SKIPPED = 77


def main():
    compiler, model, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    if shutil.which(compiler) is None:
        print(f"skipped: there is no {compiler} here")
        return SKIPPED
    with open(model, encoding="utf-8") as source:
        expected = re.findall(r"^// expect: (.+)$", source.read(), re.MULTILINE)
    if not expected:
        print(f"{model}: no `// expect:` line: what should the compiler say?")
        return 1

    command = [compiler, *flags, "-fsyntax-only", model]
    environment = {**os.environ, "LC_ALL": "C"}
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         encoding="utf-8", errors="replace", check=False)
    if run.returncode != 1:
        print(f"{' '.join(command)}\nexpected a refusal (exit status 1), found {run.returncode}")
        print(run.stdout)
        return 1
    head = "\n".join(run.stdout.splitlines()[:FIRST_LINES])
    missing = [text for text in expected if text not in head]
    for text in missing:
        where = "only further down" if text in run.stdout else "nowhere"
        print(f"{model}: expected within the first {FIRST_LINES} lines: {text}\n  found {where}")
    most = next(lines for name, lines in MOST_LINES.items() if os.path.basename(compiler).startswith(name))
    # clang also explains after the first error why the network is no constant, which is longer than it should be.
    if os.path.basename(model) in ("rank_7.cpp", "softmax_of_weights.cpp"):
        most = 150
    lines = len(run.stdout.splitlines())
    if lines > most:
        print(f"{model}: expected at most {most} lines, found {lines}")
    if missing or lines > most:
        print(f"--- {' '.join(command)}\n{run.stdout if lines > most else head}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
