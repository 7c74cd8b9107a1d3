// SPDX-License-Identifier: Apache-2.0
// inlay-bench: compiled code against its peers, in one interleaved run.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "activations.hpp"

namespace {

constexpr char usage[] = R"(usage: inlay-bench activations [options]

Times compiled code against its peers in one interleaved run, after checking that every contestant computes the same.

  activations         the activations against libmvec, SLEEF (if it was there at build time) and Eigen

options:
  --function NAME     this activation only; may be repeated
  --rounds N          interleaved rounds; medians are taken over them (default 31)
  --json FILE         also write the figures to a file
  --help
)";

int fail(const char* what, const char* argument) {
  std::fprintf(stderr, "inlay-bench: error: %s '%s'; see --help\n", what, argument);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::strcmp(argv[1], "--help") == 0) {
    std::fputs(usage, argc < 2 ? stderr : stdout);
    return argc < 2 ? 2 : 0;
  }
  if (std::strcmp(argv[1], "activations") != 0) return fail("unknown command", argv[1]);
  inlay::bench::activations_options options;
  for (int i = 2; i < argc; ++i) {
    const char* argument = argv[i];
    if (std::strcmp(argument, "--help") == 0) return std::fputs(usage, stdout), 0;
    if (std::strcmp(argument, "--function") != 0 && std::strcmp(argument, "--rounds") != 0 &&
        std::strcmp(argument, "--json") != 0)
      return fail("unknown option", argument);
    if (++i == argc) return fail("no value after", argument);
    if (std::strcmp(argument, "--function") == 0) options.names.push_back(argv[i]);
    if (std::strcmp(argument, "--json") == 0) options.json = argv[i];
    if (std::strcmp(argument, "--rounds") == 0) {
      char* end = nullptr;
      const long rounds = std::strtol(argv[i], &end, 10);
      if (*end != 0 || rounds < 1 || rounds > 100000)
        return fail("--rounds needs a number from 1 to 100000, found", argv[i]);
      options.rounds = static_cast<int>(rounds);
    }
  }
  return inlay::bench::run_activations(options);
}
