// SPDX-License-Identifier: Apache-2.0
// Runs both XOR networks, interpreted and compiled, and checks every row of their truth tables.
#include <array>
#include <cmath>
#include <cstdio>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>

#include "model.hpp"

namespace {

using namespace xor_example;

struct row {
  std::array<float, 2> x;
  bool expected;
};
constexpr std::array<row, 4> truth_table{{{{0, 0}, false}, {{0, 1}, true}, {{1, 0}, true}, {{1, 1}, false}}};
/// The largest difference allowed between compiled and interpreted results.
constexpr float tolerance = 1e-5f;

/// Prints one network's truth table. True if every answer is right and both ways agree.
template <const auto& Net>
bool check() {
  const inlay::interpreter_result oracle = inlay::interpreter::create(inlay::graph_of<Net>, inlay::weights{});
  if (!oracle) {
    for (const std::string& error : oracle.errors) std::fprintf(stderr, "xor: %s\n", error.c_str());
    return false;
  }
  inlay::compiled<Net> net;

  bool good = true;
  std::printf("%s\n  x1 x2  interpreted   compiled  xor\n", Net.name);
  for (const row& r : truth_table) {
    float interpreted = 0;
    std::array<float, 1> compiled{};
    oracle.value->run(r.x.data(), &interpreted, 1, inlay::engine::reference);
    const bool ran = net(r.x, compiled) == inlay::status::ok;
    const bool right = ran && (interpreted > 0.5f) == r.expected && (compiled[0] > 0.5f) == r.expected &&
                       std::abs(interpreted - compiled[0]) <= tolerance;
    std::printf("  %2.0f %2.0f  %11.7f %10.7f  %3d  %s\n", r.x[0], r.x[1], interpreted, compiled[0], r.expected,
                right ? "" : "WRONG");
    good = good && right;
  }
  return good;
}

}  // namespace

int main() {
  std::puts("Both truth tables were proven by static_assert when model.cpp was compiled.\n");
  const bool threshold = check<xor_threshold>();
  std::puts("");
  const bool smooth = check<xor_smooth>();
  std::puts(threshold && smooth ? "\nall rows are right" : "\nsome rows are wrong");
  return threshold && smooth ? 0 : 1;
}
