// SPDX-License-Identifier: Apache-2.0
// The built-in suite.
#include <algorithm>

#include "batches.hpp"
#include "inlay/graph_builder.hpp"
#include "model_file.hpp"
#include "random_weights.hpp"

namespace inlay::bench {
namespace {

struct layer_plan {
  std::uint32_t outputs;
  activation function = activation::none;
  bool softmax = false;
};

bench_network build(const std::string& name, std::uint32_t inputs, std::span<const layer_plan> plan,
                    std::vector<int> batches) {
  auto builder = std::make_shared<graph_builder>(name);
  std::uint32_t x = builder->input("x", {1, {inputs}});
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const std::string layer = "fc" + std::to_string(i + 1);
    const shape dims{1, {plan[i].outputs}};
    builder->enter_scope(layer);
    const std::uint32_t weight = builder->parameter("weight", {2, {plan[i].outputs, inputs}});
    const std::uint32_t bias = builder->parameter("bias", dims);
    builder->leave_scope();
    x = builder->dense(layer, x, weight, bias);
    if (plan[i].function != activation::none) {
      const std::uint32_t operands[] = {x};
      const auto& defaults = std::ranges::find(activation_table, plan[i].function, &activation_row::id)->defaults;
      const instruction program[] = {
          {.code = scalar_op::operand},
          {.code = scalar_op::apply, .function = plan[i].function, .p0 = defaults[0], .p1 = defaults[1]}};
      x = builder->map(operands, program, dims);
    }
    if (plan[i].softmax) x = builder->softmax(x);
    inputs = plan[i].outputs;
  }
  builder->output(x, "y");
  builder->finish();
  bench_network network{
      .name = name, .graph = builder->view(), .values = {}, .batches = std::move(batches), .memory = {}};
  network.values = random_weights(network.graph);
  network.memory = std::move(builder);
  return network;
}

}  // namespace

std::vector<bench_network> built_in_suite() {
  using enum activation;
  const layer_plan tiny[] = {{8, tanh}, {1, sigmoid}};
  const layer_plan control[] = {{128, relu}, {128, relu}, {10, none, true}};
  const layer_plan mnist[] = {{512, relu}, {256, relu}, {10, none, true}};
  const layer_plan wide[] = {{4096, gelu}, {1024, sigmoid}};
  std::vector<bench_network> suite;
  suite.push_back(build("tiny", 2, tiny, {1}));
  suite.push_back(build("control", 64, control, {1}));
  suite.push_back(build("mnist", 784, mnist, {1, 32, 256}));
  suite.push_back(build("wide", 1024, wide, {1, 128}));
  for (bench_network& network : image_suite()) suite.push_back(std::move(network));
  return suite;
}

std::vector<bench_network> batches_suite() {
  using enum activation;
  const layer_plan one_layer[] = {{1000, relu}};
  const layer_plan odd[] = {{257, gelu}, {65, gelu}, {7}};
  const layer_plan mnist[] = {{512, relu}, {256, relu}, {10, none, true}};
  std::vector<bench_network> suite;
  suite.push_back(build("square", 1000, one_layer, {}));
  suite.push_back(build("odd", 129, odd, {}));
  suite.push_back(build("mnist", 784, mnist, {}));
  return suite;
}

}  // namespace inlay::bench
