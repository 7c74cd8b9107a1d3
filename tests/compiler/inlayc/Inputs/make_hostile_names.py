# SPDX-License-Identifier: Apache-2.0
"""Prints a model (argument `model`) or a C program (`program`) for networks whose inputs and outputs have bad names.

The names are keywords of C and C++, macros that compilers define and macros of common headers.
"""
import sys

# N3220 (C23) 6.4.1, N4950 (C++23) 5.11 and 5.5.
C = """alignas alignof auto bool break case char const constexpr continue default do double else enum extern false float for
goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct switch
thread_local true typedef typeof typeof_unqual union unsigned void volatile while _Alignas _Alignof _Atomic _BitInt _Bool
_Complex _Decimal128 _Decimal32 _Decimal64 _Generic _Imaginary _Noreturn _Static_assert _Thread_local asm fortran"""
CPP = """catch char8_t char16_t char32_t class concept consteval constinit const_cast co_await co_return co_yield decltype
delete dynamic_cast explicit export friend mutable namespace new noexcept operator private protected public
reinterpret_cast requires static_cast template this throw try typeid typename using virtual wchar_t
and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq"""
MACROS = """linux unix i386 __linux__ __x86_64__ __GNUC__ __FILE__ _GNU_SOURCE NULL EOF size_t ptrdiff_t max_align_t wchar_t
offsetof errno stdin stdout stderr I complex noreturn INT_MAX ERROR TRUE DEBUG emit signals slots None Bool Status Success
near far small interface"""
OURS = """batch scratch workers inlay_parallel_for INLAY_PARALLEL_FOR NET_SCRATCH_BYTES NET_SCRATCH_BYTES_ NET_SCRATCH_ARRAY_BYTES
NET_GRAPH_HASH NET_MAX_BATCH Net_SCRATCH_BYTES Net_SCRATCH_ARRAY_BYTES Net_GRAPH_HASH net_run net_scratch_bytes Net_run"""
ODD = ["1st", "a-b", "a_b", "a.b", "a b", "*/", "\\\\", "", "_", "\\x01"]

names = list(dict.fromkeys((C + " " + CPP + " " + MACROS + " " + OURS).split())) + [name for name in ODD if name]
size = 24
groups = [names[i : i + size] for i in range(0, len(names), size)]

if sys.argv[1] == "model":
    print('// SPDX-License-Identifier: Apache-2.0\n#include "inlay/dsl.hpp"\nusing namespace inlay;')
    for g, group in enumerate(groups):
        inputs = ", ".join(f'input<f32, 1>("{name}")' for name in group)
        values = ", ".join(f"auto i{i}" for i in range(len(group)))
        outputs = ", ".join(f'output("{name}", i{i} * 2)' for i, name in enumerate(group))
        print(f'constexpr auto group{g} = network("group{g}", {inputs}, []({values}) {{ return outputs({outputs}); }});')
        print(f"INLAY_NETWORK(group{g});")
    # Names that differ only in case; the second network needs much more scratch memory than the first.
    for name, width in (("net", 3), ("Net", 2000), ("NET", 600)):
        print(f'constexpr auto v_{name} = network("{name}", input<f32, 4>("x"), [](auto x) {{'
              f' return dense<2>("out_{name}", tanh(dense<{width}>("{name}", x))); }});')
        print(f"INLAY_NETWORK(v_{name});")
else:
    print("#include <errno.h>\n#include <stdio.h>\n#include <stddef.h>")
    # Macros that Qt, Windows or X11 programs define.
    print("#define emit\n#define slots\n#define signals public\n#define None 0L\n#define Bool int\n#define Success 0")
    print("#define near\n#define far\n#define small char\n#define DEBUG 1\n#define I (0)")
    for header in sys.argv[2:]:
        print(f'#include "{header}"')
    print("""int main(void) {
  static unsigned char small_net[net_SIZE], large_net[Net_SCRATCH_ARRAY_BYTES], capital_net[NET_SCRATCH_ARRAY_BYTES_];
  float in[4] = {1, 2, 3, 4}, out[2];
  if (net_scratch_bytes() != NET_SCRATCH_BYTES || Net_scratch_bytes() != Net_SCRATCH_BYTES) return 1;
  if (NET_scratch_bytes() != NET_SCRATCH_BYTES_) return 2;
  if (NET_GRAPH_HASH == Net_GRAPH_HASH || NET_GRAPH_HASH == NET_GRAPH_HASH_) return 3;
  if (sizeof large_net < 1000 || GROUP0_SCRATCH_BYTES != 0 || GROUP0_SCRATCH_ARRAY_BYTES != 1) return 4;
  if (net_run(in, out, 1, small_net) || Net_run(in, out, 1, large_net) || NET_run(in, out, 1, capital_net)) return 5;
  return 0;
}""".replace("net_SIZE", "NET_SCRATCH_ARRAY_BYTES"))
