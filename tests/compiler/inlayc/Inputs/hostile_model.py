# SPDX-License-Identifier: Apache-2.0
"""Gives inlayc models that it must refuse. Usage: hostile_model.py FOLDER MODEL

Memory is limited, so that reading a whole model fails.
"""
import os
import pathlib
import resource
import struct
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
model = (folder / sys.argv[2]).read_bytes()


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


def expect(name, message):
    run = subprocess.run(["inlayc", name, "-o", "k.o"], cwd=folder, capture_output=True, text=True, timeout=20,
                         preexec_fn=limit_memory)
    assert run.returncode == 1, (name, run.returncode, run.stderr)
    assert run.stderr.startswith(f"inlayc: error: '{name}': "), run.stderr
    assert run.stderr.count("\n") == 1 and message in run.stderr, run.stderr
    assert not (folder / "k.o").exists()


def write(name, data, size=None):
    (folder / name).write_bytes(data)
    if size:
        os.truncate(folder / name, size)


expect("/dev/zero", "it is a device or a pipe")
os.mkfifo(folder / "fifo")
expect("fifo", "it is a device or a pipe")
expect(".", "it is a folder")
expect("absent", "No such file or directory")
write("sparse", b"", 1 << 40)
expect("sparse", "not an object file")
write("sparse_elf", model[:64], 1 << 40)
expect("sparse_elf", "not an object file")
write("empty", b"")
expect("empty", "not an object file")
write("archive", b"!<arch>\n")
expect("archive", "not an object file")

# Truncated models, and a section .inlay that claims most of a sparse file.
for size in range(64, len(model), max(1, len(model) // 50)):
    write("truncated", model[:size])
    expect("truncated", "")

section_table, = struct.unpack_from("<Q", model, 0x28)
entry_size, sections, names_index = struct.unpack_from("<HHH", model, 0x3A)
names_offset, = struct.unpack_from("<Q", model, section_table + names_index * entry_size + 24)
changed = bytearray(model)
found = 0
for i in range(sections):
    entry = section_table + i * entry_size
    name = names_offset + struct.unpack_from("<I", model, entry)[0]
    if model[name : model.index(b"\0", name)] == b".inlay":
        struct.pack_into("<Q", changed, entry + 32, 1 << 39)
        found += 1
assert found > 0
write("huge_section", bytes(changed), 1 << 40)
expect("huge_section", "")
