# SPDX-License-Identifier: Apache-2.0
"""Builds a program around a network with weights in its source, and fails if it contains more than the kernels.

Usage: nothing_private.py COMPILER LINKER INLAYC RUNTIME_LIBRARY FOLDER INCLUDE_FOLDER...

With and without --gc-sections, the program must contain neither the source's path nor the graph's image, and the
weights at most once, in the kernels. The model's object file must contain all three; otherwise the check would see
nothing.
"""
import os
import struct
import subprocess
import sys

compiler, linker, inlayc, runtime, folder, *includes = sys.argv[1:]
folder = os.path.join(folder, "place_that_is_nobodys_business")
os.makedirs(folder, exist_ok=True)
WEIGHTS = [0.123456 + 0.25 * i for i in range(4)]

MODEL = """#pragma once
#include <inlay/dsl.hpp>
inline constexpr auto secret = inlay::network("secret", inlay::input<inlay::f32, 4>("x"), [](auto x) {
  return inlay::dense("fc", x, inlay::constant<inlay::f32, 1, 4>({%s}));
});
""" % ", ".join(f"{w}f" for w in WEIGHTS)
MAIN = """#include <inlay/compiled.hpp>
#include "model.hpp"
int main() {
  inlay::compiled<secret> net;
  const float x[] = {1, 1, 1, 1};
  float y[1];
  return net(x, y) == inlay::status::ok && y[0] > %s && y[0] < %s ? 0 : 1;
}
""" % (sum(WEIGHTS) - 1e-5, sum(WEIGHTS) + 1e-5)


def path(name):
    return os.path.join(folder, name)


def run(*command):
    if subprocess.run(command).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def found(name):
    """Counts the source's path, the image's first word and the weights in a file."""
    with open(path(name), "rb") as file:
        content = file.read()
    return {
        "path": content.count(os.path.basename(folder).encode()),
        "image": content.count(b"INLY"),
        "weights": content.count(struct.pack("<4f", *WEIGHTS)),
    }


for name, text in (("model.hpp", MODEL), ("model.cpp", '#include "model.hpp"\nINLAY_NETWORK(secret);\n'), ("main.cpp", MAIN)):
    with open(path(name), "w") as file:
        file.write(text)

for level in ("-O0", "-O2"):
    for name in ("model", "main"):
        run(compiler, "-std=c++20", level, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", path(name + ".cpp"), "-o",
            path(name + ".o"), *(f"-I{include}" for include in includes))
    run(inlayc, path("model.o"), "-o", path("kernels.o"))
    image = found("model.o")
    if image["path"] < 1 or image["image"] != 1 or image["weights"] != 1:
        raise SystemExit(f"{level}: the model's object has {image}, expected all of it")
    for gc in ("--no-gc-sections", "--gc-sections"):
        # In both orders of the object files.
        for objects in (("main.o", "model.o", "kernels.o"), ("kernels.o", "model.o", "main.o")):
            run(compiler, f"-fuse-ld={linker}", f"-Wl,{gc}", *(path(name) for name in objects), runtime, "-o",
                path("program"))
            run(path("program"))
            program = found("program")
            if program["path"] != 0 or program["image"] != 0 or program["weights"] > 1:
                raise SystemExit(f"{level} {gc}: the program has {program}, expected nothing but the kernels' weights")
print(f"model {image}, program {program}")
