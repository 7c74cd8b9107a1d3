# SPDX-License-Identifier: Apache-2.0
"""Links a program whose kernels choose their CPU in every way, and runs each on several CPUs.

Usage: run_everywhere.py COMPILER LINKER KERNELS RUNTIME_LIBRARY SOURCE_FOLDER FOLDER INCLUDE_FOLDER...

KERNELS is an object for x86-64-v2, x86-64-v3 and x86-64-v4. qemu-x86_64 emulates smaller CPUs. If qemu is missing or
cannot run a program, the script says so.
"""
import os
import shutil
import subprocess
import sys

compiler, linker, kernels, runtime, sources, folder, *includes = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
qemu = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
valgrind = shutil.which("valgrind")

# CPU: exit code, and whether the program executes fused multiply-adds, which only the kernels for AVX2 and up have.
CPUS = {"Nehalem": (0, False), "Westmere": (0, False), "Haswell": (0, True), "qemu64": (5, False)}


def path(name):
    return os.path.join(folder, name)


def build(output, *arguments):
    command = [compiler, "-std=c++20", "-O1", f"-fuse-ld={linker}", *(f"-I{each}" for each in includes), f"-I{sources}",
               f"-I{os.path.dirname(kernels)}", *arguments, "-o", path(output)]
    if subprocess.run(command).returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")


def check(what, command, expected):
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if code != expected:
        raise SystemExit(f"{what}: expected exit code {expected}, found {code}: {' '.join(command)}")


def run(what, *program):
    check(f"{what} on this machine", program, 0)
    if not qemu:
        return
    for cpu, (code, fuses) in CPUS.items():
        log = path("executed")
        check(f"{what} on {cpu}", [qemu, "-cpu", cpu, "-d", "in_asm", "-D", log, *program], code)
        with open(log, errors="replace") as file:
            if ("vfmadd" in file.read()) != fuses:
                raise SystemExit(f"{what} on {cpu}: fused multiply-add must {'' if fuses else 'not '}be used")


main = os.path.join(sources, "main.cpp")
WAYS = {
    "pie": ["-fPIE", "-pie"],
    "no-pie": ["-fno-pie", "-no-pie"],
    "now": ["-fPIE", "-pie", "-Wl,-z,now"],
    "lazy": ["-fPIE", "-pie", "-Wl,-z,lazy"],
    "gc": ["-fPIE", "-pie", "-Wl,--gc-sections"],
    "static": ["-fno-pie", "-static"],
    "static-pie": ["-fPIE", "-static-pie"],
}
if linker == "gold":
    del WAYS["static-pie"]  # gold lacks --no-dynamic-linker, which g++ passes for static-pie
for way, options in WAYS.items():
    build(way, *options, main, kernels, runtime)
    run(way, path(way))

for way, option in (("library-now.so", "-Wl,-z,now"), ("library-lazy.so", "-Wl,-z,lazy")):
    build(way, "-DLIBRARY", "-fPIC", "-shared", "-Wl,-z,defs", option, main, kernels, runtime)
build("opener", os.path.join(sources, "opener.cpp"))
for way in ("library-now.so", "library-lazy.so"):
    run(way, path("opener"), path(way))

build("sanitized", "-g", "-fsanitize=address,undefined", main, kernels, runtime)
check("sanitized", [path("sanitized")], 0)
if valgrind:
    check("valgrind", [valgrind, "-q", "--error-exitcode=99", path("pie")], 0)
print(f"{len(WAYS) + 3} ways, {len(CPUS) if qemu else 0} CPUs in qemu{'' if qemu else ', which is not there'}, "
      f"valgrind {'too' if valgrind else 'is not there'}")
