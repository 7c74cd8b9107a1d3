// SPDX-License-Identifier: Apache-2.0
// Tests the builder at run time, as tools and tests use it without the expression templates: what it records, and the
// broken rule that it reports for each mistake.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "inlay/graph_reader.hpp"

namespace {

using namespace inlay;

std::string text(const violation::text& t) { return std::string(t.view()); }

void expect_violation(const violation& v, fault code, const char* layer, const char* expected, const char* found) {
  EXPECT_EQ(v.code, code) << advice(v.code);
  EXPECT_EQ(text(v.layer), layer);
  EXPECT_EQ(text(v.expected), expected);
  EXPECT_EQ(text(v.found), found);
}

const instruction load_0{.code = scalar_op::operand, .a = 0};
const instruction load_1{.code = scalar_op::operand, .a = 1};
const instruction sum{.code = scalar_op::add, .a = 0, .b = 1};

TEST(Builder, RecordsALayerInItsScope) {
  graph_builder b("net");
  const std::uint32_t x = b.input("x", shape_of<4>);
  b.enter_scope("encoder");
  b.enter_scope("layers.3");
  const std::uint32_t w = b.parameter("fc.weight", shape_of<2, 4>);
  b.leave_scope();
  const std::uint32_t bias = b.parameter("bias", shape_of<2>);
  b.leave_scope();
  const std::uint32_t y = b.dense("fc", x, w, bias);
  b.output(y, "y");
  ASSERT_FALSE(b.finish()) << advice(b.first_violation().code);

  const graph_view g = b.view();
  EXPECT_EQ(g.name, "net");
  EXPECT_EQ(g.name_of(g.nodes[w]), "encoder.layers.3.fc.weight");
  EXPECT_EQ(g.name_of(g.nodes[bias]), "encoder.bias");
  EXPECT_EQ(g.name_of(g.nodes[y]), "fc");
  EXPECT_EQ(g.nodes[y].dims, shape_of<2>);
  EXPECT_EQ(g.operands(g.nodes[y])[2], bias);
  EXPECT_EQ(g.nodes.size(), b.sizes().nodes);
  EXPECT_EQ(b.sizes().outputs, 1u);
}

TEST(Builder, GivesOneNodeToOneParameterName) {
  graph_builder b("net");
  std::vector<std::uint32_t> ids;
  for (int i = 0; i < 500; ++i) ids.push_back(b.parameter("p" + std::to_string(i), shape_of<3>));
  const std::size_t characters = b.sizes().characters;
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(b.parameter("p" + std::to_string(i), shape_of<3>), ids[static_cast<std::size_t>(i)]);
  EXPECT_EQ(b.sizes().nodes, 500u);
  EXPECT_EQ(b.sizes().characters, characters);
  EXPECT_FALSE(b.first_violation());
}

TEST(Builder, KeepsTheFirstViolation) {
  graph_builder b("net");
  b.parameter("w", shape_of<3>);
  b.parameter("w", shape_of<4>);
  b.parameter("w", shape_of<5>);
  b.input("", shape_of<1>);
  expect_violation(b.finish(), fault::duplicate_parameter, "w", "f32[3]", "f32[4]");
}

TEST(Builder, ReportsShapesOfDense) {
  graph_builder rank("net");
  rank.dense("fc", rank.input("x", shape_of<2, 3>), rank.parameter("w", shape_of<5, 6>), no_node);
  expect_violation(rank.first_violation(), fault::dense_rank, "fc", "f32[n]", "f32[2,3]");

  graph_builder weight("net");
  weight.dense("fc", weight.input("x", shape_of<4>), weight.parameter("w", shape_of<5, 3>), no_node);
  expect_violation(weight.first_violation(), fault::dense_weight, "fc", "f32[5,4]", "f32[5,3]");

  graph_builder bias("net");
  bias.dense("fc", bias.input("x", shape_of<4>), bias.parameter("w", shape_of<5, 4>), bias.parameter("b", shape_of<4>));
  expect_violation(bias.first_violation(), fault::dense_bias, "fc", "f32[5]", "f32[4]");
}

TEST(Builder, ReportsShapesOfPointwiseOperands) {
  graph_builder b("net");
  const std::uint32_t operands[] = {b.input("x", shape_of<4>), b.input("y", shape_of<2, 2>)};
  const instruction program[] = {load_0, load_1, sum};
  b.map(operands, program, shape_of<4>);
  expect_violation(b.first_violation(), fault::pointwise_shapes, "y", "f32[4] of x", "f32[2,2] of y");
}

TEST(Builder, ReportsReshapeConcatAndSoftmax) {
  graph_builder reshape("net");
  reshape.reshape(reshape.input("x", shape_of<4>), shape_of<2, 3>);
  expect_violation(reshape.first_violation(), fault::reshape_elements, "x", "f32[2,3]", "f32[4] of x");

  graph_builder concat("net");
  const std::uint32_t pieces[] = {concat.input("x", shape_of<2, 3>), concat.input("y", shape_of<3, 3>)};
  concat.concat(pieces, 1);
  expect_violation(concat.first_violation(), fault::concat_shapes, "y", "f32[2,3] of x", "f32[3,3] of y");

  graph_builder axis("net");
  const std::uint32_t vectors[] = {axis.input("x", shape_of<2>), axis.input("y", shape_of<2>)};
  axis.concat(vectors, 5);
  expect_violation(axis.first_violation(), fault::concat_shapes, "x", "rank above 5", "f32[2] of x");

  graph_builder softmax("net");
  softmax.softmax(softmax.input("x", shape_of<>));
  expect_violation(softmax.first_violation(), fault::softmax_rank, "x", "f32[..,n]", "f32[]");
}

TEST(Builder, ReportsSizesOutOfRange) {
  graph_builder empty("net");
  empty.input("x", shape_of<4, 0>);
  expect_violation(empty.first_violation(), fault::empty_shape, "x", "1 .. 2^31-1 elements", "f32[4,0]");

  graph_builder huge("net");
  huge.input("x", shape_of<65536, 32768>);
  expect_violation(huge.first_violation(), fault::empty_shape, "x", "1 .. 2^31-1 elements", "f32[65536,32768]");

  graph_builder largest("net");
  largest.input("x", shape_of<0x7fffffff>);
  EXPECT_FALSE(largest.first_violation());

  // The product overflows: it is 0 modulo 2^64.
  graph_builder wraps("net");
  wraps.input("x", shape_of<65536, 65536, 65536, 65536>);
  EXPECT_EQ(wraps.first_violation().code, fault::empty_shape);
}

TEST(Builder, ReportsNamesAndOutputs) {
  const auto finished = [](const char* name, auto build) {
    graph_builder b(name);
    build(b);
    return b.finish();
  };
  const auto echo = [](graph_builder& b) { b.output(b.input("x", shape_of<1>), "y"); };
  EXPECT_FALSE(finished("n_0", echo));
  expect_violation(finished("", echo), fault::missing_name, "network", "a name", "");
  expect_violation(finished("0n", echo), fault::bad_name, "0n", "a C identifier", "0n");
  expect_violation(finished("a.b", echo), fault::bad_name, "a.b", "a C identifier", "a.b");
  expect_violation(finished("net", [](graph_builder& b) { b.input("x", shape_of<1>); }), fault::no_output, "net",
                   "at least one output", "");
  expect_violation(finished("net", [](graph_builder& b) { b.output(b.input("x", shape_of<1>), ""); }),
                   fault::missing_name, "output", "a name", "");
  expect_violation(finished("net",
                            [&echo](graph_builder& b) {
                              echo(b);
                              b.output(0, "y");
                            }),
                   fault::duplicate_name, "y", "one output of this name", "");
  expect_violation(finished("net",
                            [](graph_builder& b) {
                              const std::uint32_t twins[] = {b.input("x", shape_of<1>), b.input("x", shape_of<1>)};
                              b.output(b.concat(twins, 0), "y");
                            }),
                   fault::duplicate_name, "x", "one input of this name", "");
  expect_violation(finished("net",
                            [&echo](graph_builder& b) {
                              echo(b);
                              b.softmax(b.input("idle", shape_of<2>));
                            }),
                   fault::unused_input, "idle", "every input used", "idle unused");
}

TEST(Builder, RefusesIntegersWhereFloatsBelong) {
  const auto finished = [](const char* name, const std::function<void(graph_builder&)>& add) {
    graph_builder b(name);
    add(b);
    return b.finish();
  };
  const auto integers = [&](const std::function<std::uint32_t(graph_builder&, std::uint32_t)>& use) {
    return finished("net", [&](graph_builder& b) { b.output(use(b, b.input("x", shape_of<4>, dtype::i32)), "y"); });
  };
  const auto refused = [&](const char* use, const std::function<std::uint32_t(graph_builder&, std::uint32_t)>& add) {
    expect_violation(integers(add), fault::integer_operand, "x", (std::string("f32 values for ") + use).c_str(),
                     "i32[4] of x");
  };
  refused("softmax", [](graph_builder& b, std::uint32_t x) { return b.softmax(x); });
  refused("reshape", [](graph_builder& b, std::uint32_t x) { return b.reshape(x, shape_of<2, 2>); });
  refused("amax", [](graph_builder& b, std::uint32_t x) {
    const std::uint32_t operands[] = {x};
    return b.apply(op::reduce, operands, words_of(ops::reduce_attributes{ops::reduction::amax, 1, 0}));
  });
  refused("tanh", [](graph_builder& b, std::uint32_t x) {
    const std::uint32_t operands[] = {x};
    const instruction program[] = {{.code = scalar_op::operand},
                                   {.code = scalar_op::apply, .function = activation::tanh, .a = 0}};
    return b.map(operands, program, shape_of<4>);
  });
  refused("map", [](graph_builder& b, std::uint32_t x) {
    const std::uint32_t operands[] = {x};
    const instruction program[] = {{.code = scalar_op::operand}};
    return b.map(operands, program, shape_of<4>);
  });
  expect_violation(integers([](graph_builder&, std::uint32_t x) { return x; }), fault::integer_output, "y", "f32",
                   "i32[4] of x");
  expect_violation(finished("net",
                            [](graph_builder& b) {
                              const std::uint32_t operands[] = {b.input("x", shape_of<4>),
                                                                b.parameter("w", shape_of<9, 2>)};
                              b.output(b.apply(op::embedding, operands, {}, {}, "table"), "y");
                            }),
                   fault::float_indices, "table", "i32 indices for embedding", "f32[4] of x");
}

TEST(Builder, CutsLongTextsAndSaysSo) {
  const std::string name(100, 'a');
  graph_builder b("net");
  b.softmax(b.input(name, shape_of<>));
  EXPECT_EQ(text(b.first_violation().layer), std::string(33, 'a') + "..");
}

TEST(Builder, EveryFaultHasItsAdvice) {
  EXPECT_EQ(advice(fault::none), "");
  std::vector<std::string_view> seen;
  for (std::uint32_t code = 1; code <= static_cast<std::uint32_t>(fault::malformed); ++code) {
    const std::string_view sentence = advice(static_cast<fault>(code));
    EXPECT_FALSE(sentence.empty()) << code;
    EXPECT_EQ(std::ranges::count(seen, sentence), 0) << sentence;
    seen.push_back(sentence);
  }
}

TEST(Builder, RefusesAConstantOfAnotherSize) {
  graph_builder b("net");
  const float three[] = {1, 2, 3};
  b.constant(shape_of<2>, three);
  expect_violation(b.first_violation(), fault::constant_elements, "(constant)", "f32[2]", "3 elements");
}

TEST(Builder, KeepsTheLastKnownPosition) {
  graph_builder b("net");
  const std::source_location here = std::source_location::current();
  b.locate(here);
  const std::uint32_t x = b.input("x", shape_of<4>);
  b.locate(std::source_location());
  const std::uint32_t y = b.softmax(x);
  EXPECT_EQ(b.view().nodes[x].line, here.line());
  EXPECT_EQ(b.view().nodes[y].line, here.line());
  EXPECT_TRUE(b.view().source_file.ends_with("builder_test.cpp"));
}

TEST(Builder, IsAValue) {
  graph_builder a("net");
  a.input("x", shape_of<2>);
  graph_builder b = a;
  a.output(a.softmax(0), "y");
  EXPECT_EQ(b.sizes().nodes, 1u);
  EXPECT_EQ(a.sizes().nodes, 2u);
  b = std::move(a);
  EXPECT_EQ(b.sizes().nodes, 2u);
  EXPECT_FALSE(b.finish());
}

}  // namespace
