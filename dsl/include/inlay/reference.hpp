// SPDX-License-Identifier: Apache-2.0
// The reference evaluator: each node's result in double, by the reference meaning of its operation (ops/). Works in
// constant expressions. Shares no code with the compiler.
#pragma once

#include "inlay/operations.hpp"

namespace inlay::reference {

using values = reference_values;

/// Evaluates every node for one sample. `input(index)` and `parameter(node)` return elements as spans of float;
/// `done(node index, values)` is called for each value.
template <class Input, class Parameter, class Done>
constexpr void evaluate(const graph_view& g, Input input, Parameter parameter, Done done) {
  detail::small_vector<values> all;
  const auto widen = [](std::span<const float> from) {
    values to;
    for (float f : from) to.push_back(static_cast<double>(f));
    return to;
  };
  std::size_t inputs = 0;
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
    const node_record& n = g.nodes[i];
    detail::small_vector<reference_tensor> operands;
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
      default: y = row_of(n.kind).evaluate({operands.view(), g.attributes(n), g.program(n), n.dims}); break;
    }
    done(i, y.view());
    all.push_back(y);
  }
}

}  // namespace inlay::reference
