# SPDX-License-Identifier: Apache-2.0
"""Measures the cost of compiling a network of 400 nodes and the large examples, and fails above the limits.

Usage: compile_cost.py COMPILER [FLAG...]

The network has 200 residual blocks, each a dense layer and a pointwise expression. It is compiled as straight source,
with one statement per block, and as a loop; with and without debug information; with the compiler's default limits on
constant evaluation. ResNet-18 and MobileNetV2 of examples/ are compiled without debug information. Each figure is the
best of several runs: CPU seconds (user and system) and peak megabytes of the compiler and the processes that it starts.
Machines differ and may be busy, so the limit on seconds is a multiple of the time that the same compiler takes for a
file that uses std::regex, compiled in turn with the network. A processor may be half as fast for some seconds, so a
figure above the limit is measured again before it counts. Exits with 77, which CTest shows as skipped, if the compiler
is not installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile

BLOCKS = 200
RUNS = 3        # of each file
MOST_RUNS = 15  # of a file that is above the limit
MAX_RATIO = 1.5
MAX_RATIO_OF_EXAMPLE = {"resnet18": 1.5, "mobilenet_v2": 2.0}  # clang: 0.8 and 1.4
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "examples")
MAX_MEGABYTES = 300.0
SKIPPED = 77

PROLOGUE = """#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto deep = network("deep", input<f32, 32>("x"), [](auto h0) {
"""
EPILOGUE = """});
INLAY_NETWORK(deep);
static_assert([] {
  std::size_t computed = 0;
  for (const node_record& n : graph_of<deep>.nodes) computed += n.kind == op::dense || n.kind == op::map ? 1 : 0;
  return computed;
}() == %d);
""" % (2 * BLOCKS)


REFERENCE = """#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <unordered_map>
int words(const std::string& text) {
  const std::regex word("[a-z]+");
  std::map<std::string, int> count;
  for (std::sregex_iterator i(text.begin(), text.end(), word), end; i != end; ++i) ++count[i->str()];
  return static_cast<int>(count.size());
}
"""


def straight_source():
    blocks = "".join(f'  auto h{i + 1} = relu(dense<32>("block{i}", h{i}) + h{i});\n' for i in range(BLOCKS))
    return PROLOGUE + blocks + f"  return h{BLOCKS};\n" + EPILOGUE


def loop_source():
    return PROLOGUE + f"""  auto h = h0;
  for (unsigned i = 0; i < {BLOCKS}; ++i)
    h = scope("blocks", i, h, [](auto y) {{ return relu(dense<32>("fc", y) + y); }});
  return h;
""" + EPILOGUE


def measure(command):
    """CPU seconds and peak megabytes of `command`, which must succeed."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    compiler, flags = sys.argv[1], sys.argv[2:]
    if shutil.which(compiler) is None:
        print(f"skipped: there is no {compiler} here")
        return SKIPPED
    exceeded = False
    print(f"{compiler}: {2 * BLOCKS} nodes, limits {MAX_RATIO} times the reference's seconds and {MAX_MEGABYTES:.0f} MB; "
          f"examples: {MAX_RATIO_OF_EXAMPLE}")
    print(f"{'source':14}{'debug':8}{'CPU s':>8}{'reference':>11}{'ratio':>8}{'MB':>8}{'object KB':>12}")
    with tempfile.TemporaryDirectory() as folder:
        def compile_command(name, text, debug):
            source, built = (os.path.join(folder, name + end) for end in (".cpp", ".o"))
            with open(source, "w", encoding="utf-8") as file:
                file.write(text)
            return [compiler, *flags, *debug, "-c", source, "-o", built], built

        forms = [(form, text, debug, MAX_RATIO)
                 for form, text in (("straight", straight_source()), ("loop", loop_source())) for debug in ([], ["-g"])]
        forms += [(name, f'#include "{EXAMPLES}/{name}/model.cpp"\n', [], limit)
                  for name, limit in MAX_RATIO_OF_EXAMPLE.items()]
        for form, text, debug, max_ratio in forms:
            command, built = compile_command(form, text, debug)
            reference, _ = compile_command("reference", REFERENCE, debug)
            runs, references, ratio = [], [], 0.0
            while len(runs) < RUNS or (ratio > max_ratio and len(runs) < MOST_RUNS):
                runs.append(measure(command))
                references.append(measure(reference)[0])
                seconds, megabytes = min(r[0] for r in runs), min(r[1] for r in runs)
                ratio = seconds / min(references)
            kilobytes = os.path.getsize(built) / 1024
            too_much = ratio > max_ratio or megabytes > MAX_MEGABYTES
            exceeded = exceeded or too_much
            print(f"{form:14}{' '.join(debug) or '-':8}{seconds:8.2f}{min(references):11.2f}{ratio:8.2f}"
                  f"{megabytes:8.0f}{kilobytes:12.0f}{'  above the limit' if too_much else ''}", flush=True)
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
