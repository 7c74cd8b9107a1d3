// SPDX-License-Identifier: Apache-2.0
// Tests the fuzzer's networks: they use every row of every table, are well-formed, and depend only on the seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "draw.hpp"
#include "inlay/graph_reader.hpp"
#include "values.hpp"

namespace inlay::fuzz {
namespace {

network drawn(std::uint64_t index, const draw_settings& settings = {}) {
  random_source random(99, index);
  return draw_network(random, settings);
}

TEST(Draw, HasEveryRowOfTheTables) {
  coverage seen;
  for (std::uint64_t i = 0; i < 2000; ++i) seen.add(drawn(i));
  EXPECT_EQ(seen.missing(), "");
}

TEST(Coverage, NamesWhatIsMissing) {
  draw_settings settings;
  settings.without = {"log_softmax", "select", "mish"};
  coverage seen;
  for (std::uint64_t i = 0; i < 2000; ++i) seen.add(drawn(i, settings));
  EXPECT_EQ(seen.missing(), "log_softmax select mish mish:fast ");
}

TEST(Draw, IsWellFormed) {
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const graph_builder b = build(drawn(i));
    ASSERT_FALSE(b.first_violation()) << "network " << i << ": " << advice(b.first_violation().code);
    const std::vector<std::uint64_t> image = write_image(b);
    const read_result read = read_graph(std::as_bytes(std::span(image)));
    ASSERT_TRUE(read) << "network " << i << ": " << read.error;
  }
}

TEST(Draw, IsTheSameFromTheSameSeed) {
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(dsl_source(drawn(i)), dsl_source(drawn(i)));
  EXPECT_NE(dsl_source(drawn(1)), dsl_source(drawn(2)));
}

TEST(Draw, HasTheShapesOfInterest) {
  bool input_output = false, weight_output = false, shared = false, several = false, twice = false, scalar = false;
  bool wide = false;
  std::set<std::uint32_t> sizes;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const network net = drawn(i);
    std::map<std::uint32_t, int> reads, outputs, weights;
    for (const step& s : net.steps) {
      for (std::uint32_t operand : s.operands)
        if (operand != no_node) ++reads[operand];
      if (s.kind == op::dense) ++weights[s.operands[1]];
      if (s.kind == op::input && s.dims.rank == 1) sizes.insert(s.dims.sizes[0]);
      scalar = scalar || s.dims.rank == 0;
      wide = wide || s.dims.elements() >= 1023;
    }
    for (const output_step& o : net.outputs) {
      const op kind = net.steps[o.value].kind;
      input_output = input_output || kind == op::input;
      weight_output = weight_output || kind == op::parameter;
      ++outputs[o.value];
    }
    for (const auto& [value, count] : reads) several = several || count > 2;
    for (const auto& [value, count] : outputs) twice = twice || count > 1;
    for (const auto& [value, count] : weights) shared = shared || count > 1;
  }
  EXPECT_TRUE(input_output && weight_output && shared && several && twice && scalar && wide);
  for (std::uint32_t size = 1; size <= 70; ++size) EXPECT_TRUE(sizes.contains(size)) << size;
}

/// Whether a map computes x * a + b, x * a - b, (x + a) * b or (x - a) * b, and nothing else.
bool scales_and_shifts(const step& s) {
  if (s.kind != op::map || s.program.size() != 5) return false;
  const auto shifts = [](scalar_op code) { return code == scalar_op::add || code == scalar_op::subtract; };
  const scalar_op first = s.program[2].code, last = s.program[4].code;
  return (first == scalar_op::multiply && shifts(last)) || (shifts(first) && last == scalar_op::multiply);
}

TEST(Draw, HasMapsThatFoldIntoLayersAndResiduals) {
  std::set<op> before, behind, residual;  // kinds that read a map, that a map reads, and that a residual spans
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const network net = drawn(i);
    for (const step& s : net.steps) {
      if (s.operands.empty()) continue;
      const step& x = net.steps[s.operands[0]];
      if (scales_and_shifts(x)) before.insert(s.kind);
      if (scales_and_shifts(s)) behind.insert(x.kind);
      if (s.kind != op::map) continue;
      for (std::uint32_t operand : s.operands)
        for (std::uint32_t other : s.operands)
          if (net.steps[operand].kind != op::map && std::ranges::count(net.steps[operand].operands, other) > 0)
            residual.insert(net.steps[operand].kind);
    }
  }
  EXPECT_TRUE(before.contains(op::dense) && before.contains(op::conv2d));
  EXPECT_TRUE(behind.contains(op::dense) && behind.contains(op::conv2d) && behind.contains(op::conv_transpose2d));
  for (const op kind : {op::dense, op::conv2d, op::normalize})
    EXPECT_TRUE(residual.contains(kind)) << row_of(kind).name;
}

TEST(FloatText, IsExact) {
  for (float f : {0.1f, -0.0f, 1e-45f, 3.4028235e38f, 16777217.0f, 1.0f})
    EXPECT_EQ(std::bit_cast<std::uint32_t>(std::strtof(float_text(f).c_str(), nullptr)),
              std::bit_cast<std::uint32_t>(f));
  EXPECT_EQ(float_text(1), "1.0f");
  EXPECT_EQ(float_text(1e30f), "1.00000002e+30f");
}

TEST(Values, DependOnTheSampleAndNotOnTheBatch) {
  const network net = drawn(3);
  const graph_builder b = build(net);
  const graph_view g = b.view();
  data_plan plan{.seed = 5, .inputs = regime::corners, .edges = true};
  for (const node_record& node : g.nodes) {
    if (node.kind != op::input) continue;
    const auto few = make_input(g, node, 2, plan), many = make_input(g, node, 9, plan);
    for (std::size_t i = 0; i < few.size(); ++i)
      EXPECT_EQ(std::bit_cast<std::uint32_t>(few[i]), std::bit_cast<std::uint32_t>(many[i]));
  }
}

}  // namespace
}  // namespace inlay::fuzz
