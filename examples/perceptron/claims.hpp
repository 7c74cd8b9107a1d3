// SPDX-License-Identifier: Apache-2.0
// Checks what the example claims: prints each claim, and runs neurons as machine code. The example circles uses it,
// too.
#pragma once

#include <cstdio>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "perceptron.hpp"

namespace perceptron_example {

/// Prints a claim and whether it holds.
inline bool claim(const std::string& what, bool holds) {
  std::printf("  %-82s %s\n", what.c_str(), holds ? "yes" : "NO");
  return holds;
}

/// How many points the network gets right. Throws if machine code and interpreter differ in one of them.
template <const auto& Net>
int count_right_compiled(std::span<const point> points) {
  const inlay::interpreter_result oracle = inlay::interpreter::create(inlay::graph_of<Net>, inlay::weights{});
  if (!oracle) throw std::runtime_error(oracle.errors.front());
  std::vector<float> inputs, fires(points.size()), interpreted(points.size());
  for (const point& p : points) inputs.insert(inputs.end(), {static_cast<float>(p.x), static_cast<float>(p.y)});
  inlay::compiled<Net> net;
  if (net(inputs, fires) != inlay::status::ok) throw std::runtime_error("the compiled network refused to run");
  oracle.value->run(inputs.data(), interpreted.data(), points.size(), inlay::engine::reference);
  if (fires != interpreted) throw std::runtime_error("machine code and interpreter differ");
  int right = 0;
  for (std::size_t i = 0; i < points.size(); ++i) right += fires[i] == (points[i].fires ? 1.0f : 0.0f);
  return right;
}

}  // namespace perceptron_example
