// SPDX-License-Identifier: Apache-2.0
// Tests the f32 engine against the double engine on random layers and programs, with f32 corner cases as inputs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "inlay/graph_builder.hpp"
#include "inlay/interpreter.hpp"

namespace inlay {
namespace {

void expect_close(const std::vector<float>& found, const std::vector<float>& expected, const std::string& where) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float f = found[i], e = expected[i];
    if (std::isnan(f) || std::isnan(e)) {
      ASSERT_EQ(std::isnan(f), std::isnan(e)) << where << ", element " << i << ": " << f << ", expected " << e;
    } else if (std::isinf(f) || std::isinf(e)) {
      ASSERT_EQ(f, e) << where << ", element " << i;
    } else {
      ASSERT_LE(std::abs(f - e), 1e-4f * std::max(1.0f, std::abs(e))) << where << ", element " << i;
    }
  }
}

/// A program with every activation and every operation in turn.
std::vector<instruction> every_operation(std::mt19937& random) {
  std::vector<instruction> program = {{.code = scalar_op::operand, .a = 0}, {.code = scalar_op::literal, .p0 = 0.75f}};
  // Only one operation deep: sums of sums may cancel to a number that only one engine rounds to 0, and 0 / 0 is NaN.
  const auto earlier = [&] { return static_cast<std::uint32_t>(random() % (2 + activation_count)); };
  for (const activation_row& row : activation_table)
    program.push_back(
        {.code = scalar_op::apply, .function = row.id, .a = 0, .p0 = row.defaults[0], .p1 = row.defaults[1]});
  for (std::uint32_t code = static_cast<std::uint32_t>(scalar_op::add);
       code <= static_cast<std::uint32_t>(scalar_op::select); ++code)
    // Comparisons read x and the literal, which are exact in both engines: rounded values could compare differently.
    if (static_cast<scalar_op>(code) >= scalar_op::less)
      program.push_back({.code = static_cast<scalar_op>(code), .a = 0, .b = 1, .c = earlier()});
    else
      program.push_back(
          {.code = static_cast<scalar_op>(code), .a = earlier(), .b = static_cast<std::uint32_t>(random() % 2)});
  return program;
}

TEST(Engines, AgreeOnPrograms) {
  static constexpr float edges[] = {std::numeric_limits<float>::quiet_NaN(),
                                    std::numeric_limits<float>::infinity(),
                                    -std::numeric_limits<float>::infinity(),
                                    1e-40f,
                                    -1e-40f,
                                    0.0f,
                                    -0.0f};
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto width = static_cast<std::uint32_t>(1 + random() % 67);
    graph_builder b("program");
    const std::uint32_t operands[] = {b.input("x", {1, {width}})};
    std::vector<instruction> program = every_operation(random);
    program.resize(3 + random() % (program.size() - 2));
    b.output(b.map(operands, program, {1, {width}}), "y");
    b.finish();
    interpreter_result made = interpreter::create(b.view(), {});
    for (std::size_t batch : {0u, 1u, 2u, 7u, 33u}) {
      std::vector<float> x(batch * width), y(batch * width), z(batch * width);
      for (float& f : x)
        f = random() % 4 == 0 ? edges[random() % std::size(edges)]
                              : std::uniform_real_distribution<float>(-8, 8)(random);
      made.value->run(x.data(), y.data(), batch, engine::reference);
      made.value->run(x.data(), z.data(), batch, engine::baseline);
      expect_close(z, y, "seed " + std::to_string(seed));
    }
  }
}

TEST(Engines, AgreeOnLayers) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    graph_builder b("layers");
    auto inputs = static_cast<std::uint32_t>(1 + random() % 67);
    const std::uint32_t width = inputs;
    std::uint32_t h = b.input("x", {1, {inputs}});
    weights w;
    for (int layer = 0; layer < 4; ++layer) {
      const auto outputs = static_cast<std::uint32_t>(1 + random() % 67);
      const std::string name = "fc" + std::to_string(layer);
      const auto weight = b.parameter(name + ".weight", {2, {outputs, inputs}});
      const auto bias = random() % 2 == 0 ? b.parameter(name + ".bias", {1, {outputs}}) : no_node;
      for (std::uint32_t node : {bias, weight}) {
        if (node == no_node) continue;
        const node_record& record = b.view().nodes[node];
        weight_tensor tensor{std::string(b.view().name_of(record)), {}, "F32", {}};
        for (std::uint32_t i = 0; i < record.dims.rank; ++i) tensor.shape.push_back(record.dims.sizes[i]);
        for (std::uint64_t i = 0; i < record.dims.elements(); ++i) tensor.values.push_back(uniform(random));
        w.tensors.push_back(tensor);
      }
      h = b.dense(name, h, weight, bias);
      inputs = outputs;
      if (random() % 2 == 0) h = b.softmax(h);
    }
    b.output(h, "y");
    b.finish();
    interpreter_result made = interpreter::create(b.view(), w);
    ASSERT_TRUE(made) << made.errors.front();
    for (std::size_t batch : {1u, 2u, 7u, 33u, 1u}) {
      std::vector<float> x(batch * width), y(batch * inputs), z(batch * inputs);
      for (float& f : x) f = uniform(random);
      made.value->run(x.data(), y.data(), batch, engine::reference);
      made.value->run(x.data(), z.data(), batch, engine::baseline);
      expect_close(z, y, "seed " + std::to_string(seed));
    }
  }
}

}  // namespace
}  // namespace inlay
