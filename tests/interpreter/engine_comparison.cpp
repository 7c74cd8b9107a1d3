// SPDX-License-Identifier: Apache-2.0
// Runs a graph on both engines of the interpreter and compares the results.
#include "engine_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace inlay::testing {
namespace {

std::size_t elements_of(const graph_view& g, std::uint32_t node) {
  return static_cast<std::size_t>(g.nodes[node].dims.elements());
}

bool is_close(float found, float expected) {
  if (std::isnan(found) || std::isnan(expected)) return std::isnan(found) && std::isnan(expected);
  if (std::isinf(found) || std::isinf(expected)) return found == expected;
  return std::abs(found - expected) <= 1e-4f * std::max(1.0f, std::abs(expected));
}

}  // namespace

std::string difference(const std::vector<float>& found, const std::vector<float>& expected) {
  std::ostringstream text;
  text.precision(9);
  if (found.size() != expected.size()) text << found.size() << " elements, expected " << expected.size();
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    if (!is_close(found[i], expected[i])) {
      text << "element " << i << " of " << found.size() << " is " << found[i] << ", expected " << expected[i];
      break;
    }
  return text.str();
}

tensors run(interpreter& made, const tensors& inputs, std::size_t batch, engine how) {
  const graph_view& g = made.graph();
  std::vector<const void*> from;
  std::vector<float*> to;
  for (const std::vector<float>& input : inputs) from.push_back(input.data());
  tensors results;
  // Engines must overwrite this value in every element.
  for (const output_record& o : g.outputs) results.emplace_back(batch * elements_of(g, o.node), -12345.0f);
  for (std::vector<float>& result : results) to.push_back(result.data());
  made.run(from, to, batch, how);
  return results;
}

weights random_weights(const graph_view& g, std::mt19937& random) {
  weights w;
  for (const node_record& node : g.nodes) {
    if (node.kind != op::parameter) continue;
    weight_tensor tensor{std::string(g.name_of(node)), {}, "F32", {}};
    for (std::uint32_t i = 0; i < node.dims.rank; ++i) tensor.shape.push_back(node.dims.sizes[i]);
    const float limit = 1 / std::sqrt(static_cast<float>(node.dims.sizes[node.dims.rank - 1]));
    std::uniform_real_distribution<float> uniform(-limit, limit);
    for (std::uint64_t i = 0; i < node.dims.elements(); ++i) tensor.values.push_back(uniform(random));
    w.tensors.push_back(std::move(tensor));
  }
  std::ranges::sort(w.tensors, {}, &weight_tensor::name);
  return w;
}

std::vector<float> run_program(const std::vector<instruction>& program, const tensors& operands, engine how) {
  graph_builder b("program");
  const shape dims{1, {static_cast<std::uint32_t>(operands[0].size())}};
  std::vector<std::uint32_t> nodes;
  for (std::size_t i = 0; i < operands.size(); ++i) nodes.push_back(b.input("x" + std::to_string(i), dims));
  b.output(b.map(nodes, program, dims), "y");
  EXPECT_FALSE(b.finish()) << advice(b.first_violation().code);
  const interpreter_result made = interpreter::create(b.view(), {});
  return run(*made.value, operands, 1, how)[0];
}

}  // namespace inlay::testing
