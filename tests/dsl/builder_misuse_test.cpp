// SPDX-License-Identifier: Apache-2.0
// Tests wrong calls of the builder, in constant expressions and at run time. Each is a violation that names what was
// expected and found, and the graph can still be extended and read safely.
#include <gtest/gtest.h>

#include <string>

#include "inlay/graph_reader.hpp"

namespace {

using namespace inlay;

/// One wrong use of a builder, and the violation that it must give.
struct misuse {
  const char* name;
  void (*make)(graph_builder& b, std::uint32_t x);  ///< `x` is an input of f32[4]
  fault code;
  std::string_view layer, expected, found;
};

constexpr std::uint32_t nowhere = 1000;
constexpr instruction load_0{.code = scalar_op::operand, .a = 0};

/// A map that applies one program to `x`.
template <instruction... Program>
constexpr void map_of(graph_builder& b, std::uint32_t x) {
  const std::uint32_t operands[] = {x};
  constexpr instruction program[] = {load_0, Program...};
  b.map(operands, program, shape_of<4>);
}

constexpr misuse misuses[] = {
    {"OutputOfNoNode", [](graph_builder& b, std::uint32_t) { b.output(nowhere, "lost"); }, fault::missing_operand,
     "lost", "a node of this network", "node 1000"},
    {"OutputOfNoNodeConstant", [](graph_builder& b, std::uint32_t) { b.output(no_node, "lost"); },
     fault::missing_operand, "lost", "a node of this network", "node 4294967295"},
    {"LeaveWithoutEnter", [](graph_builder& b, std::uint32_t) { b.leave_scope(); }, fault::scope_balance, "scope",
     "a scope to leave", "no scope entered"},
    {"LeaveTwice",
     [](graph_builder& b, std::uint32_t) {
       b.enter_scope("a");
       b.leave_scope();
       b.leave_scope();
     },
     fault::scope_balance, "scope", "a scope to leave", "no scope entered"},
    {"ScopesLeftOpen",
     [](graph_builder& b, std::uint32_t) {
       b.enter_scope("encoder");
       b.enter_scope("layer");
     },
     fault::scope_balance, "encoder.layer", "a leave_scope() for each scope", "2 not left"},
    {"ScopeWithoutName", [](graph_builder& b, std::uint32_t) { b.enter_scope(""), b.leave_scope(); },
     fault::missing_name, "layer or scope", "a name", ""},
    {"ParameterWithoutNameInAScope",
     [](graph_builder& b, std::uint32_t) {
       b.enter_scope("a");
       b.parameter("", shape_of<2>);
       b.leave_scope();
     },
     fault::missing_name, "parameter", "a name", ""},
    {"EmptyConcat", [](graph_builder& b, std::uint32_t) { b.concat({}, 0); }, fault::operand_count, "",
     "one operand or more", "operands: 0"},
    {"ConcatOfNoNode",
     [](graph_builder& b, std::uint32_t x) {
       const std::uint32_t pieces[] = {x, nowhere};
       b.concat(pieces, 0);
     },
     fault::missing_operand, "", "an earlier node", "node 1000"},
    {"ConcatAlongAnAxisBeyondEveryRank",
     [](graph_builder& b, std::uint32_t x) {
       const std::uint32_t pieces[] = {x, x};
       b.concat(pieces, 0xffffffffu);
     },
     fault::concat_shapes, "x", "rank above 4294967295", "f32[4] of x"},
    {"SoftmaxOfNoNode", [](graph_builder& b, std::uint32_t) { b.softmax(nowhere); }, fault::missing_operand, "",
     "an earlier node", "node 1000"},
    {"SoftmaxOfItself", [](graph_builder& b, std::uint32_t x) { b.log_softmax(x + 1); }, fault::missing_operand, "",
     "an earlier node", "node 1"},
    {"ReshapeOfNothing", [](graph_builder& b, std::uint32_t) { b.reshape(no_node, shape_of<4>); },
     fault::missing_operand, "", "an earlier node", "none"},
    {"ReshapeToRank7", [](graph_builder& b, std::uint32_t x) { b.reshape(x, shape{7, {1, 1, 1, 1, 1, 4}}); },
     fault::rank_range, "", "rank up to 6", "rank 7"},
    {"InputOfRank4Billion", [](graph_builder& b, std::uint32_t) { b.input("y", shape{0xffffffffu, {1}}); },
     fault::rank_range, "y", "rank up to 6", "rank 4294967295"},
    {"InputOfAnUnknownType", [](graph_builder& b, std::uint32_t) { b.input("z", shape_of<4>, static_cast<dtype>(7)); },
     fault::malformed, "z", "a known element type", "type 7"},
    {"DenseOfNoInput",
     [](graph_builder& b, std::uint32_t) { b.dense("fc", nowhere, b.parameter("w", shape_of<2, 4>), no_node); },
     fault::missing_operand, "fc", "an earlier node", "node 1000"},
    {"DenseOfNoWeight", [](graph_builder& b, std::uint32_t x) { b.dense("fc", x, no_node, no_node); },
     fault::missing_operand, "fc", "an earlier node", "none"},
    {"DenseOfNoBias",
     [](graph_builder& b, std::uint32_t x) { b.dense("fc", x, b.parameter("w", shape_of<2, 4>), nowhere); },
     fault::missing_operand, "fc", "an earlier node", "node 1000"},
    {"DenseOfAWeightOfRank0",
     [](graph_builder& b, std::uint32_t x) { b.dense("fc", x, b.parameter("w", shape_of<>), no_node); },
     fault::dense_weight, "fc", "f32[n,4]", "f32[]"},
    {"DenseOfAnUnknownTreatmentOfZeros",
     [](graph_builder& b, std::uint32_t x) {
       b.dense("fc", x, b.parameter("w", shape_of<2, 4>), no_node, static_cast<zeros>(7));
     },
     fault::malformed, "fc", "zero_inputs up to 2", "number 7"},
    {"ConstantOfTooFewElements",
     [](graph_builder& b, std::uint32_t) {
       const float three[] = {1, 2, 3};
       b.constant(shape_of<4>, three);
     },
     fault::constant_elements, "(constant)", "f32[4]", "3 elements"},
    {"ConstantOfNoElements", [](graph_builder& b, std::uint32_t) { b.constant(shape_of<65536, 65536>, {}); },
     fault::constant_elements, "(constant)", "f32[65536,65536]", "0 elements"},
    {"MapOfNothing",
     [](graph_builder& b, std::uint32_t) {
       const instruction program[] = {{.code = scalar_op::literal, .p0 = 1}};
       b.map({}, program, shape_of<4>);
     },
     fault::operand_count, "", "one operand or more", "operands: 0"},
    {"MapWithoutProgram",
     [](graph_builder& b, std::uint32_t x) {
       const std::uint32_t operands[] = {x};
       b.map(operands, {}, shape_of<4>);
     },
     fault::bad_program, "x", "at least one instruction", "an empty program"},
    {"MapOfNoNode",
     [](graph_builder& b, std::uint32_t) {
       const std::uint32_t operands[] = {nowhere};
       const instruction program[] = {load_0};
       b.map(operands, program, shape_of<4>);
     },
     fault::missing_operand, "", "an earlier node", "node 1000"},
    {"ProgramReadsNoOperand", map_of<instruction{.code = scalar_op::operand, .a = 1}>, fault::bad_program, "x",
     "an operand below 1", "instruction 1: operand 1"},
    {"ProgramReadsALaterResult", map_of<instruction{.code = scalar_op::add, .a = 0, .b = 2}>, fault::bad_program, "x",
     "an earlier result", "instruction 1: result 2"},
    {"ProgramReadsItself", map_of<instruction{.code = scalar_op::select, .a = 0, .b = 0, .c = 1}>, fault::bad_program,
     "x", "an earlier result", "instruction 1: result 1"},
    {"ProgramOfAnUnknownOperation", map_of<instruction{.code = static_cast<scalar_op>(99)}>, fault::bad_program, "x",
     "a known operation", "instruction 1: operation 99"},
    {"ProgramOfAnUnknownActivation", map_of<instruction{.code = scalar_op::apply}>, fault::bad_program, "x",
     "a known activation", "instruction 1: number 0"},
    {"ProgramOfAnUnknownTier", map_of<instruction{.code = scalar_op::add, .tier = static_cast<accuracy>(3)}>,
     fault::bad_program, "x", "a known accuracy tier", "instruction 1: tier 3"},
};

/// A graph with one misuse, and further nodes that use what the misuse returned.
constexpr graph_builder built(const misuse& wrong) {
  graph_builder b("net");
  const std::uint32_t x = b.input("x", shape_of<4>);
  wrong.make(b, x);
  const auto last = static_cast<std::uint32_t>(b.sizes().nodes - 1);
  const std::uint32_t pieces[] = {b.reshape(last, shape_of<4>), b.softmax(last), x};
  b.output(b.concat(pieces, 0), "y");
  b.finish();
  return b;
}

constexpr bool says_what_it_should(const misuse& wrong) {
  const graph_builder b = built(wrong);
  const violation& v = b.first_violation();
  return v.code == wrong.code && v.layer.view() == wrong.layer && v.expected.view() == wrong.expected &&
         v.found.view() == wrong.found;
}

constexpr bool all_say_what_they_should() {
  for (const misuse& wrong : misuses)
    if (!says_what_it_should(wrong)) return false;
  return true;
}
static_assert(all_say_what_they_should(), "the tests below say which one does not");

class BuilderMisuse : public ::testing::TestWithParam<misuse> {};

TEST_P(BuilderMisuse, IsAViolation) {
  const graph_builder b = built(GetParam());
  const violation& v = b.first_violation();
  EXPECT_EQ(v.code, GetParam().code) << advice(v.code);
  EXPECT_EQ(v.layer.view(), GetParam().layer);
  EXPECT_EQ(v.expected.view(), GetParam().expected);
  EXPECT_EQ(v.found.view(), GetParam().found);
}

TEST_P(BuilderMisuse, LeavesAGraphThatCanBeRead) {
  const graph_builder b = built(GetParam());
  const graph_view g = b.view();
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
    EXPECT_FALSE(check_record(g, i)) << "node " << i;
    EXPECT_FALSE(detail::nearest_name(g, i).empty());
    if (g.nodes[i].kind == op::constant) {
      EXPECT_EQ(g.elements(g.nodes[i]).size(), g.nodes[i].dims.elements());
    }
  }
  for (const output_record& o : g.outputs) EXPECT_LT(o.node, g.nodes.size());
  // The reader may refuse the image or read a sound graph from it, but must not access anything outside of its bytes.
  const std::vector<std::uint64_t> words = write_image(b);
  (void)read_graph(std::as_bytes(std::span(words)));
}

INSTANTIATE_TEST_SUITE_P(Every, BuilderMisuse, ::testing::ValuesIn(misuses),
                         [](const auto& each) { return each.param.name; });

TEST(BuilderLimits, AnImageHasRoomForFourGigabytes) {
  constexpr std::size_t one_record_each = sizeof(graph_header) + sizeof(node_record) + sizeof(std::uint32_t) +
                                          sizeof(instruction) + sizeof(output_record) + sizeof(float) + sizeof(char);
  EXPECT_EQ(image_bytes_of({}) % 8, 0);
  EXPECT_GE(image_bytes_of({}), one_record_each);
  EXPECT_LT(image_bytes_of({}), one_record_each + 8);
  EXPECT_LT(image_bytes_of({.data = (std::size_t{1} << 30) - 100}), std::uint64_t{1} << 32);
  EXPECT_GT(image_bytes_of({.data = std::size_t{1} << 30}), std::uint64_t{1} << 32);
}

TEST(BuilderLimits, TheSizeOfAnImageIsKnownBeforeItIsWritten) {
  graph_builder b("net");
  const float elements[] = {1, 2, 3};
  b.output(b.dense("fc", b.input("x", shape_of<3>), b.constant(shape_of<1, 3>, elements), no_node), "y");
  ASSERT_FALSE(b.finish());
  EXPECT_EQ(write_image(b).size() * sizeof(std::uint64_t), image_bytes_of(b.sizes()));
  const graph_builder empty("");
  EXPECT_EQ(write_image(empty).size() * sizeof(std::uint64_t), image_bytes_of(empty.sizes()));
}

}  // namespace
