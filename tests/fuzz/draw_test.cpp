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
  EXPECT_EQ(seen.missing(), "log_softmax select mish mish:fast mish:approximate ");
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

/// The steps that read value `v`.
std::vector<const step*> readers(const network& net, std::uint32_t v) {
  std::vector<const step*> found;
  for (const step& s : net.steps)
    if (std::ranges::count(s.operands, v) > 0) found.push_back(&s);
  return found;
}

TEST(Draw, HasStatesOfEveryKind) {
  std::set<std::string> seen;
  std::set<std::uint32_t> ranks;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const network net = drawn(i);
    std::map<std::uint32_t, int> keeps;
    for (std::uint32_t v = 0; v < net.steps.size(); ++v) {
      const step& s = net.steps[v];
      if (s.kind == op::state) {
        ranks.insert(s.dims.rank);
        const std::size_t reads = readers(net, v).size();
        seen.insert(reads == 1 ? "only its update reads it" : reads > 3 ? "read often" : "read");
        seen.insert(s.operands[0] == no_node ? "zeros first"
                                             : std::string(row_of(net.steps[s.operands[0]].kind).name) + " first");
      }
      if (s.kind != op::update) continue;
      const step& next = net.steps[s.operands[1]];
      seen.insert(std::string(row_of(next.kind).name) + " next");
      if (s.operands[0] == s.operands[1]) seen.insert("itself next");
      if (next.kind == op::state && s.operands[0] != s.operands[1])
        for (const step& other : net.steps)
          if (other.kind == op::update && other.operands[0] == s.operands[1] && other.operands[1] == s.operands[0])
            seen.insert("exchanged");
      if (++keeps[s.operands[1]] > 1) seen.insert("two keep one value");
      for (const output_step& o : net.outputs) {
        if (o.value == v) seen.insert("update is output");
        if (o.value == s.operands[1]) seen.insert("next is output");
        if (o.value == s.operands[0]) seen.insert("state is output");
      }
      for (const step* reader : readers(net, s.operands[0]))
        if (reader > &s) seen.insert("read after its update");
    }
  }
  for (const char* kind : {"only its update reads it",
                           "read",
                           "read often",
                           "zeros first",
                           "parameter first",
                           "constant first",
                           "map first",
                           "reshape first",
                           "itself next",
                           "exchanged",
                           "state next",
                           "input next",
                           "map next",
                           "dense next",
                           "reshape next",
                           "concat next",
                           "parameter next",
                           "update next",
                           "two keep one value",
                           "update is output",
                           "next is output",
                           "state is output",
                           "read after its update"})
    EXPECT_TRUE(seen.contains(kind)) << kind;
  for (std::uint32_t rank = 0; rank <= 3; ++rank) EXPECT_TRUE(ranks.contains(rank)) << rank;
}

TEST(Draw, HasHistoriesOfEveryKind) {
  std::set<op> of, read_by;
  std::set<std::uint32_t> taps, dilations;
  bool several = false;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const network net = drawn(i);
    std::map<std::uint32_t, int> histories;
    for (std::uint32_t v = 0; v < net.steps.size(); ++v) {
      const step& s = net.steps[v];
      if (s.kind != op::history) continue;
      const auto a = read_attributes<ops::history_attributes>(s.attributes);
      taps.insert(a.taps), dilations.insert(a.dilation), of.insert(net.steps[s.operands[0]].kind);
      several = several || ++histories[s.operands[0]] > 1;
      for (const step* reader : readers(net, v)) read_by.insert(reader->kind);
    }
  }
  EXPECT_TRUE(several);
  for (const op kind : {op::input, op::map, op::dense, op::state, op::update, op::history, op::slice})
    EXPECT_TRUE(of.contains(kind)) << row_of(kind).name;
  for (const op kind : {op::map, op::reshape, op::slice, op::concat, op::conv2d, op::history, op::reduce})
    EXPECT_TRUE(read_by.contains(kind)) << row_of(kind).name;
  for (std::uint32_t n = 1; n <= 9; ++n) EXPECT_TRUE(dilations.contains(n) && (n > 5 || taps.contains(n))) << n;
}

TEST(Draw, HasAsManyNetworksWithStateAsTheSettingsSay) {
  unsigned some = 0, histories_only = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const network net = drawn(i);
    const bool states = std::ranges::any_of(net.steps, [](const step& s) { return s.kind == op::state; });
    some += net.remembers(), histories_only += net.remembers() && !states;
    EXPECT_TRUE(drawn(i, {.state = 1}).remembers()) << i;
    EXPECT_FALSE(drawn(i, {.state = 0}).remembers()) << i;
  }
  EXPECT_TRUE(some > 250 && some < 350) << some;
  EXPECT_TRUE(histories_only > 60) << histories_only;
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
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const network net = drawn(i);
    for (const step& s : net.steps) {
      if (s.operands.empty() || s.operands[0] == no_node) continue;
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
