# SPDX-License-Identifier: Apache-2.0
"""Gives inlayc weights that it must refuse, with 1 GiB of memory. Usage: hostile_weights.py FOLDER MODEL LARGE_MODEL"""
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))


def run(model, name, *options):
    return subprocess.run(["inlayc", model, "--weights", name, "-o", "k.o", *options], cwd=folder, capture_output=True,
                          text=True, timeout=120, preexec_fn=limit_memory)


def expect(name, message, model=sys.argv[2], options=()):
    done = run(model, name, *options)
    assert done.returncode == 1, (name, done.returncode, done.stderr)
    assert done.stderr.startswith("inlayc: error: ") and message in done.stderr, done.stderr
    assert not (folder / "k.o").exists()


def write(name, header, data=b"", size=None, claimed=None):
    """Writes a file with this header, its data, and a hole up to `size` bytes of data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(text) if claimed is None else claimed
    (folder / name).write_bytes(struct.pack("<Q", length) + text + data)
    if size is not None:
        os.truncate(folder / name, 8 + len(text) + size)


def entry(shape, begin, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


expect("/dev/zero", "'/dev/zero': not a regular file")
os.mkfifo(folder / "fifo")
expect("fifo", "'fifo': not a regular file")
expect(".", "'.': Is a directory")
expect("absent", "'absent': No such file or directory")
write("zeros", b"", size=1 << 40)
expect("zeros", "'zeros': safetensors: the header is not valid JSON")
write("long_header", b"", size=1 << 40, claimed=100_000_000)
expect("long_header", "the header has a NUL byte at 0")
write("longer_header", b"", size=1 << 40, claimed=100_000_001)
expect("longer_header", "the format allows 100000000")
write("byte_order_mark", b"\xef\xbb\xbf{}")
expect("byte_order_mark", "begins with a byte-order mark")
write("padded", b"{}\0\0\0\0\0\0")
expect("padded", "has a NUL byte at 2")
write("twice", b'{"t":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', b"1234")
expect("twice", "tensor 't': its entry has the key 'dtype' twice")
write("nested", b'{"a":' + b"[" * 50_000_000)
expect("nested", "the header is not valid JSON")

# A tensor of 256 GiB beside small ones: one that no network reads, and one with another shape than the parameter.
parameters = {"fc1.weight": [8, 4], "fc1.bias": [8], "fc2.weight": [3, 8], "fc2.bias": [3]}
header, position = {"huge": entry([1 << 36], 0, 1 << 38)}, 1 << 38
for name, shape in parameters.items():
    count = 4
    for size in shape:
        count *= size
    header[name] = entry(shape, position, position + count)
    position += count
write("unread", header, size=position)
done = run(sys.argv[2], "unread")
assert done.returncode == 0, done.stderr
assert done.stderr == "inlayc: note: 'unread': safetensors: no network reads 'huge'\n", done.stderr
for name in ("k.o", "k.h", "k.json"):
    (folder / name).unlink()
header["fc1.bias"], header["huge"] = header["huge"], header["fc1.bias"]
write("misshaped", header, size=position)
expect("misshaped", "misshaped parameter 'fc1.bias': expected f32[8], found f32[68719476736]")

# More weights than an object can hold are refused before inlayc looks for them. Too little memory is reported.
expect("absent", "the networks' weights take 2288 MiB; ", sys.argv[3])
write("large", {"fc.weight": entry([20000, 30000], 0, 2_400_000_000)}, size=2_400_000_000)
expect("large", "tensor 'fc.weight': not enough memory for its 600000000 elements", sys.argv[3],
       ("--weights-type=bf16",))

# 100,000 tensors that no network reads, with a header of 9 MB: takes about a second on an idle core.
header, position = {}, 0
for name, shape in parameters.items():
    count = 4
    for size in shape:
        count *= size
    header[name] = entry(shape, position, position + count)
    position += count
for i in range(100_000):
    header[f"layers.{i}.weight"] = entry([1], position, position + 4)
    position += 4
write("many", header, size=position)
before = resource.getrusage(resource.RUSAGE_CHILDREN)
done = run(sys.argv[2], "many")
after = resource.getrusage(resource.RUSAGE_CHILDREN)
assert done.returncode == 0 and "and 99970 more" in done.stderr, done.stderr
seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(f"inlayc with 100,000 tensors: {seconds:.2f} s of processor time")
assert seconds < 20
