# SPDX-License-Identifier: Apache-2.0
"""Interrupts inlayc while it writes. Usage: atomic_outputs.py FOLDER MODEL WEIGHTS

Each output must be the old file or the whole new one.
"""
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

folder, model, weights = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
names = ["k.o", "k.h", "k.json"]
command = ["inlayc", model, "--weights", weights, "-o", "k.o"]


def start(extra=(), **options):
    return subprocess.Popen([*command, *extra], cwd=folder, stderr=subprocess.PIPE, text=True, **options)


def contents():
    return [(folder / name).read_bytes() for name in names]


def finish(process):
    _, errors = process.communicate()
    return process.returncode, errors


def interrupt(number, delay, temporary=1):
    """Starts inlayc and sends it a signal `delay` seconds after it has made so many temporary files."""
    process = start()
    while process.poll() is None and len(list(folder.glob(".inlayc-*"))) < temporary:
        time.sleep(0.0001)
    time.sleep(delay)
    process.send_signal(number)
    finish(process)
    return process.returncode == -number


assert finish(start()) == (0, "")
new = contents()
old = [data.replace(b"fc", b"FC", 1) + b"\nold" for data in new]
old[1] = new[1] + b"/* old */\n"


def restore():
    for name, data in zip(names, old):
        (folder / name).write_bytes(data)


tries = 30
killed = changed = 0
for i in range(tries):
    restore()
    wait = i * 0.0005
    killed += interrupt(signal.SIGKILL, wait)
    now = contents()
    for name, found, before, after in zip(names, now, old, new):
        assert found in (before, after), f"killed after {wait} s: {name} is neither the old nor the new file"
    # The object is renamed last, so a new object never stands beside an old header.
    assert now[0] == old[0] or now == new, f"killed after {wait} s: new object, old header or manifest"
    changed += now != old
print(f"{killed} of {tries} were killed, in {changed} cases the outputs were new")
assert killed >= 5
for left in folder.glob(".inlayc-*.tmp"):
    left.unlink()


def refused(message, **options):
    restore()
    code, errors = finish(start(**options))
    assert code == 1, (code, errors)
    assert message in errors and errors.count("\n") == 1, errors
    assert contents() == old
    leftovers = list(folder.glob(".inlayc-*"))
    assert not leftovers, leftovers


# A limit on file size.
def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


refused("cannot write 'k.o': File too large", preexec_fn=limit_files)

# A signal that can be handled leaves no temporary file, and all outputs are old or all are new. The fourth temporary
# file is the first link to an old output: the renames have begun.
for i in range(2 * tries):
    restore()
    wait = i // 2 * 0.00002
    interrupt(signal.SIGINT, wait, temporary=1 + i % 2 * 3)
    assert contents() in (old, new), f"interrupted after {wait} s"
    assert not list(folder.glob(".inlayc-*")), f"interrupted after {wait} s"

if os.geteuid() != 0:
    folder.chmod(0o555)
    try:
        refused("cannot write 'k.h': Permission denied")
    finally:
        folder.chmod(0o755)
