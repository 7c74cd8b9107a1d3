// SPDX-License-Identifier: Apache-2.0
// Compiles a graph that was built at run time, loads the object into this process and compares it with the interpreter.
#include "kernel_harness.hpp"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "inlay/operations.hpp"

namespace inlay::testing {
namespace {

float random_input(std::mt19937& random, bool edges) {
  static constexpr float special[] = {std::numeric_limits<float>::quiet_NaN(),
                                      std::numeric_limits<float>::infinity(),
                                      -std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::denorm_min(),
                                      -1e-40f,
                                      0.0f,
                                      -0.0f,
                                      std::numeric_limits<float>::max(),
                                      -std::numeric_limits<float>::max(),
                                      88.9f,
                                      -104.0f};
  if (edges && random() % 3 == 0) return special[random() % std::size(special)];
  return std::uniform_real_distribution<float>(-3, 3)(random);
}

/// An index into a table; with `edges`, sometimes one that lies outside.
std::int32_t random_index(std::mt19937& random, std::uint32_t rows, bool edges) {
  const std::int32_t outside[] = {-1, static_cast<std::int32_t>(rows), std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int32_t>::max(), static_cast<std::int32_t>(random())};
  return edges && random() % 3 == 0 ? outside[random() % std::size(outside)]
                                    : static_cast<std::int32_t>(random() % rows);
}

bool close(float found, float expected, const comparison& how) {
  if (std::isnan(expected) || std::isnan(found)) return std::isnan(expected) && std::isnan(found);
  if (std::isinf(expected) || std::isinf(found)) return expected == found;
  return std::abs(static_cast<double>(found) - static_cast<double>(expected)) <=
         how.tolerance * std::max(1.0, std::abs(static_cast<double>(expected)));
}

}  // namespace

std::uint32_t dense(graph_builder& b, const char* name, std::uint32_t x, std::uint32_t inputs, std::uint32_t outputs,
                    bool bias, zeros zero_inputs) {
  b.enter_scope(name);
  const auto w = b.parameter("weight", {2, {outputs, inputs}});
  const auto c = bias ? b.parameter("bias", {1, {outputs}}) : no_node;
  b.leave_scope();
  return b.dense(name, x, w, c, zero_inputs);
}

weights random_weights(const graph_view& graph, std::mt19937& random) {
  weights w;
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::parameter) continue;
    weight_tensor tensor;
    tensor.name = graph.name_of(node);
    tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    for (std::uint64_t i = 0; i < node.dims.elements(); ++i) tensor.values.push_back(uniform(random));
    w.tensors.push_back(std::move(tensor));
  }
  std::sort(w.tensors.begin(), w.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return w;
}

std::unique_ptr<tools::jit_kernel> compile(const graph_builder& builder, const weights& w,
                                           const tools::jit_target& target) {
  std::string error;
  auto kernel = tools::jit_kernel::compile(builder.view(), w, target, error);
  if (kernel) return kernel;
  std::fprintf(stderr, "kernel_harness: %s\n", error.c_str());
  std::abort();
}

std::string compare_with_interpreter(const graph_builder& builder, const std::string& cpu,
                                     std::span<const std::size_t> batches, std::mt19937& random,
                                     const comparison& how) {
  const graph_view graph = builder.view();
  if (builder.first_violation()) return "ill-formed graph: " + std::string(advice(builder.first_violation().code));
  const weights w = random_weights(graph, random);
  const auto compiled = compile(builder, w,
                                {.cpu = cpu,
                                 .parallel = how.workers != nullptr,
                                 .reproducible = how.reproducible,
                                 .weights_argument = how.weights_argument});
  guarded_floats block(how.weights_argument ? compiled->packed_bytes() / sizeof(float) : 0);
  if (how.weights_argument) compiled->pack(graph, w, block.data());
  interpreter_result interpreted = interpreter::create(graph, w);
  if (!interpreted) return interpreted.errors.front();

  for (std::size_t batch : batches) {
    std::vector<std::unique_ptr<guarded_floats>> memory;
    std::vector<const float*> inputs;  // the floats of an i32 input have the bits of integers
    std::vector<float*> outputs, expected;
    std::vector<std::size_t> sizes;
    const auto allocate = [&](std::size_t count) {
      memory.push_back(std::make_unique<guarded_floats>(count));
      return memory.back()->data();
    };
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::input) continue;
      const std::size_t count = batch * static_cast<std::size_t>(node.dims.elements());
      float* input = allocate(count);
      const std::uint32_t rows = node.type == dtype::i32 ? ops::rows_of_smallest_table(graph, node) : 0;
      for (std::size_t i = 0; i < count; ++i)
        input[i] = node.type == dtype::i32 ? std::bit_cast<float>(random_index(random, rows, how.edges))
                                           : random_input(random, how.edges);
      inputs.push_back(input);
    }
    for (const output_record& output : graph.outputs) {
      sizes.push_back(batch * static_cast<std::size_t>(graph.nodes[output.node].dims.elements()));
      outputs.push_back(allocate(sizes.back()));
      expected.push_back(allocate(sizes.back()));
    }
    // Scratch memory starts as NaN, which reveals a kernel that reads what it has not written.
    const std::size_t scratch_floats = compiled->scratch_bytes() / sizeof(float);
    float* scratch = allocate(scratch_floats);
    std::fill_n(scratch, scratch_floats, std::numeric_limits<float>::quiet_NaN());

    const std::vector<const void*> untyped(inputs.begin(), inputs.end());
    interpreted.value->run(untyped, expected, batch, how.oracle);
    if (const int code = compiled->run(inputs, outputs, batch, scratch, how.workers); code != 0)
      return "the kernel returned " + std::to_string(code);
    for (std::size_t o = 0; o < outputs.size(); ++o)
      for (std::size_t i = 0; i < sizes[o]; ++i)
        if (!close(outputs[o][i], expected[o][i], how))
          return "cpu " + cpu + ", batch " + std::to_string(batch) + ", output " + std::to_string(o) + ", element " +
                 std::to_string(i) + ": compiled " + std::to_string(outputs[o][i]) + ", interpreted " +
                 std::to_string(expected[o][i]);
  }
  return {};
}

}  // namespace inlay::testing
