// SPDX-License-Identifier: Apache-2.0
// The reference evaluator: each node's result in double, by the reference meaning of its operation (ops/). Works in
// constant expressions. Shares no code with the compiler.
#pragma once

#include "inlay/graph_memory.hpp"

namespace inlay::reference {

using values = reference_values;

/// What a graph remembers from one step to the next, by node: the value of a state, and the rows of a history, oldest
/// first. Nodes that remember nothing have no elements, and neither has a memory before the first step.
using memory = detail::small_vector<values>;

namespace detail {

/// The rows of a history's result: `taps` of those that are remembered or new.
constexpr values history_of(const graph_view& g, const node_record& n, values& kept, const values& x) {
  const auto attributes = read_attributes<ops::history_attributes>(g.attributes(n));
  const std::size_t size = x.size(), steps = std::size_t{attributes.steps()};
  if (kept.size() == 0) kept.assign(steps * size, 0);
  kept.append(x.view());
  values y;
  for (std::size_t tap = 0; tap < attributes.taps; ++tap)
    y.append(std::span<const double>(kept.begin() + tap * attributes.dilation * size, size));
  for (std::size_t i = 0; i < steps * size; ++i) kept[i] = kept[i + size];
  kept.shrink(steps * size);
  return y;
}

}  // namespace detail

/// Elements of an input or a parameter in double. All i32 numbers are exact.
template <class T>
constexpr values widen(std::span<const T> from) {
  values to;
  for (T each : from) to.push_back(static_cast<double>(each));
  return to;
}
constexpr values widen(values all) { return all; }

/// Evaluates every node for one sample, which is the next step of a graph with state. `input(index)` returns the
/// elements of an input, of its type or in double, and `parameter(node)` those of a parameter; `done(node index,
/// values)` is called for each value.
template <class Input, class Parameter, class Done>
constexpr void evaluate(const graph_view& g, Input input, Parameter parameter, Done done, memory& remembered) {
  inlay::detail::small_vector<values> all;
  while (remembered.size() < g.nodes.size()) remembered.push_back({});
  std::size_t inputs = 0;
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
    const node_record& n = g.nodes[i];
    inlay::detail::small_vector<reference_tensor> operands;
    for (std::uint32_t operand : g.operands(n)) {
      if (operand == no_node)
        operands.push_back({});
      else
        operands.push_back({g.nodes[operand].dims, all[operand].view()});
    }
    values y;
    switch (n.kind) {
      case op::input: y = widen(input(inputs++)); break;
      case op::parameter: y = widen(parameter(n)); break;
      case op::constant: y = widen(g.elements(n)); break;
      case op::state:
        if (remembered[i].size() != 0)
          y = remembered[i];
        else if (g.operands(n)[0] != no_node)
          y = all[g.operands(n)[0]];
        else
          y.assign(n.dims.size(), 0);
        break;
      case op::update: remembered[g.operands(n)[0]] = y = all[g.operands(n)[1]]; break;
      case op::history: y = detail::history_of(g, n, remembered[i], all[g.operands(n)[0]]); break;
      default: y = row_of(n.kind).evaluate({operands.view(), g.attributes(n), g.program(n), n.dims}); break;
    }
    done(i, y.view());
    all.push_back(y);
  }
}

/// The same for a single sample: of a graph with state the first step.
template <class Input, class Parameter, class Done>
constexpr void evaluate(const graph_view& g, Input input, Parameter parameter, Done done) {
  memory remembered;
  evaluate(g, input, parameter, done, remembered);
}

}  // namespace inlay::reference
