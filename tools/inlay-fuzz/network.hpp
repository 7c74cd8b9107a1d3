// SPDX-License-Identifier: Apache-2.0
// A network as the fuzzer draws and shrinks it: a list of statements that can become a graph or DSL source.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "inlay/graph_builder.hpp"
#include "inlay/operations.hpp"

namespace inlay::fuzz {

/// One statement. Other statements refer to its value by its index in the network.
struct step {
  op kind{};
  shape dims{};
  std::string name{};                       ///< of an input, a parameter or a layer
  std::vector<std::uint32_t> operands{};    ///< earlier steps, or no_node
  std::vector<instruction> program{};       ///< of a map
  std::vector<std::uint32_t> attributes{};  ///< as many as the operation has, except for a constant
  std::vector<float> elements{};            ///< of a constant
  dtype type = dtype::f32;                  ///< of an input; all else is f32
};

struct output_step {
  std::uint32_t value = 0;
  std::string name;
};

struct network {
  std::string name;
  std::vector<step> steps;
  std::vector<output_step> outputs;

  /// Whether it has state, so that its samples are steps, one after the other.
  bool remembers() const;
  /// By value: whether it depends on an input or a state. Other values are made of weights alone.
  std::vector<bool> bound() const;
  /// The shape of `s` by the rule of its operation, or the fault.
  inferred infer(const step& s) const;
};

/// The graph that the DSL would make from dsl_source(net). Its first_violation() is set if `net` breaks a rule.
graph_builder build(const network& net);

/// The network as a C++ expression, `network("name", input<f32, 4>("x0"), ...)`.
std::string dsl_source(const network& net);

/// A float as C++ source, exact to the last bit.
std::string float_text(float value);

/// The factors by which images are enlarged. All of them are floats.
inline constexpr double upsampling_factors[] = {0.5, 0.75, 1, 1.25, 1.5, 2, 2, 2, 3, 4};

/// The rows of the three tables that some networks use.
struct coverage {
  std::set<op> kinds;
  std::set<scalar_op> codes;
  std::set<std::pair<activation, accuracy>> functions;

  void add(const network& net);
  /// The names of the rows that no network uses, separated by spaces.
  std::string missing() const;
};

}  // namespace inlay::fuzz
