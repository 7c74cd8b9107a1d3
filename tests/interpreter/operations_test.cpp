// SPDX-License-Identifier: Apache-2.0
// Tests each operation on numbers worked out by hand, with both engines.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "inlay/dsl.hpp"
#include "inlay/graph_builder.hpp"
#include "inlay/interpreter.hpp"

namespace inlay {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

class Operations : public ::testing::TestWithParam<engine> {
 protected:
  /// Runs a graph with one input and one output.
  std::vector<float> run(graph_builder& b, const std::vector<float>& x, const weights& w = {}) {
    EXPECT_FALSE(b.finish()) << advice(b.first_violation().code);
    interpreter_result made = interpreter::create(b.view(), w);
    EXPECT_TRUE(made);
    const graph_view g = b.view();
    const std::size_t batch = x.size() / static_cast<std::size_t>(g.nodes[0].dims.elements());
    std::vector<float> y(batch * static_cast<std::size_t>(g.nodes[g.outputs[0].node].dims.elements()));
    made.value->run(x.data(), y.data(), batch, GetParam());
    return y;
  }

  /// Runs a program on x[4]. Its instruction 0 is x, and instruction 1 is the literal 2.
  std::vector<float> pointwise(std::vector<instruction> rest, const std::vector<float>& x) {
    graph_builder b("pointwise");
    const std::uint32_t operands[] = {b.input("x", {1, {4}})};
    rest.insert(rest.begin(), {{.code = scalar_op::operand}, {.code = scalar_op::literal, .p0 = 2}});
    b.output(b.map(operands, rest, {1, {4}}), "y");
    return run(b, x);
  }
};

TEST_P(Operations, Dense) {
  graph_builder b("dense");
  const auto x = b.input("x", {1, {3}});
  b.output(b.dense("fc", x, b.parameter("fc.weight", {2, {2, 3}}), b.parameter("fc.bias", {1, {2}})), "y");
  const weights w{{{"fc.bias", {2}, "F32", {10, 20}}, {"fc.weight", {2, 3}, "F32", {1, 2, 3, 4, 5, 6}}}};
  EXPECT_EQ(run(b, {1, 1, 1}, w), (std::vector<float>{16, 35}));
  EXPECT_EQ(run(b, {1, 0, 0, 0, 0, -1}, w), (std::vector<float>{11, 24, 7, 14}));
}

TEST_P(Operations, DenseWithoutBias) {
  graph_builder b("dense");
  const float elements[] = {1, -1};
  b.output(b.dense("fc", b.input("x", {1, {2}}), b.constant({2, {1, 2}}, elements), no_node), "y");
  EXPECT_EQ(run(b, {5, 3}), (std::vector<float>{2}));
}

TEST_P(Operations, Embedding) {
  // From NumPy: table = arange(8).reshape(4, 2); table[[[3, 0], [2, 2], [1, 3]]]. No such row gives NaN.
  graph_builder b("embedding");
  const auto x = b.input("x", {1, {2}}, dtype::i32), offset = b.input("offset", {1, {2}});
  const std::uint32_t operands[] = {x, b.parameter("table.weight", {2, {4, 2}})};
  const auto vectors = b.apply(op::embedding, operands, {}, {}, "table");
  const std::uint32_t both[] = {vectors, offset};
  const instruction sum[] = {{.code = scalar_op::operand, .a = 0},
                             {.code = scalar_op::operand, .a = 1},
                             {.code = scalar_op::add, .a = 0, .b = 1}};
  b.output(b.map(both, sum, {2, {2, 2}}), "y");
  ASSERT_FALSE(b.finish());
  interpreter_result made =
      interpreter::create(b.view(), {{{"table.weight", {4, 2}, "F32", {0, 1, 2, 3, 4, 5, 6, 7}}}});
  ASSERT_TRUE(made);
  constexpr std::size_t batch = 5;
  const std::int32_t indices[batch * 2] = {3, 0, 2, 2, 1, 3, -1, 4, INT32_MIN, INT32_MAX};
  std::vector<float> offsets(batch * 2), y(batch * 4, -1.0f);
  offsets[0] = 100;
  const void* const inputs[] = {indices, offsets.data()};
  float* const outputs[] = {y.data()};
  made.value->run(inputs, outputs, batch, GetParam());
  EXPECT_EQ(std::vector<float>(y.begin(), y.begin() + 12),
            (std::vector<float>{106, 7, 100, 1, 4, 5, 4, 5, 2, 3, 6, 7}));
  for (std::size_t i = 12; i < y.size(); ++i) EXPECT_TRUE(std::isnan(y[i])) << i;
}

constexpr auto normed =
    network("normed", input<f32, 2>("x"), [](auto x) { return batch_norm("bn", x, /*eps=*/0.75f); });

TEST_P(Operations, BatchNorm) {
  const weights w{{{"bn.bias", {2}, "F32", {0.5f, -1}},
                   {"bn.running_mean", {2}, "F32", {1, 2}},
                   {"bn.running_var", {2}, "F32", {0.25f, 3.25f}},
                   {"bn.weight", {2}, "F32", {3, 4}}}};
  interpreter_result made = interpreter::create(graph_of<normed>, w);
  ASSERT_TRUE(made);
  const float x[] = {2, 4, 1, 2};
  std::vector<float> y(4);
  made.value->run(x, y.data(), 2, GetParam());
  EXPECT_EQ(y, (std::vector<float>{3.5f, 3, 0.5f, -1}));
}

constexpr auto plainly_normed =
    network("plainly_normed", input<f32, 2>("x"), [](auto x) { return batch_norm("bn", x, no_affine, 0.75f); });

TEST_P(Operations, BatchNormWithoutAffine) {
  const weights w{{{"bn.running_mean", {2}, "F32", {1, 2}}, {"bn.running_var", {2}, "F32", {0.25f, 3.25f}}}};
  interpreter_result made = interpreter::create(graph_of<plainly_normed>, w);
  ASSERT_TRUE(made);
  const float x[] = {2, 4, -1, 3};
  std::vector<float> y(4);
  made.value->run(x, y.data(), 2, GetParam());
  EXPECT_EQ(y, (std::vector<float>{1, 1, -2, 0.5f}));
}

TEST_P(Operations, Arithmetic) {
  const std::vector<float> x = {1, -4, 0.5f, 8};
  const auto with = [&](scalar_op code) { return pointwise({{.code = code, .a = 0, .b = 1}}, x); };
  EXPECT_EQ(with(scalar_op::add), (std::vector<float>{3, -2, 2.5f, 10}));
  EXPECT_EQ(with(scalar_op::subtract), (std::vector<float>{-1, -6, -1.5f, 6}));
  EXPECT_EQ(with(scalar_op::multiply), (std::vector<float>{2, -8, 1, 16}));
  EXPECT_EQ(with(scalar_op::divide), (std::vector<float>{0.5f, -2, 0.25f, 4}));
  EXPECT_EQ(with(scalar_op::minimum), (std::vector<float>{1, -4, 0.5f, 2}));
  EXPECT_EQ(with(scalar_op::maximum), (std::vector<float>{2, 2, 2, 8}));
}

TEST_P(Operations, Comparisons) {
  const std::vector<float> x = {1, 2, 3, kNan};
  const auto with = [&](scalar_op code) { return pointwise({{.code = code, .a = 0, .b = 1}}, x); };
  EXPECT_EQ(with(scalar_op::less), (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ(with(scalar_op::less_equal), (std::vector<float>{1, 1, 0, 0}));
  EXPECT_EQ(with(scalar_op::greater), (std::vector<float>{0, 0, 1, 0}));
  EXPECT_EQ(with(scalar_op::greater_equal), (std::vector<float>{0, 1, 1, 0}));
  EXPECT_EQ(with(scalar_op::equal), (std::vector<float>{0, 1, 0, 0}));
  EXPECT_EQ(with(scalar_op::not_equal), (std::vector<float>{1, 0, 1, 1}));
}

TEST_P(Operations, MinimumAndMaximumKeepNan) {
  for (scalar_op code : {scalar_op::minimum, scalar_op::maximum}) {
    EXPECT_TRUE(std::isnan(pointwise({{.code = code, .a = 0, .b = 1}}, {kNan, 0, 0, 0})[0]));
    EXPECT_TRUE(std::isnan(pointwise({{.code = code, .a = 1, .b = 0}}, {kNan, 0, 0, 0})[0]));
  }
}

TEST_P(Operations, Select) {
  EXPECT_EQ(pointwise({{.code = scalar_op::select, .a = 0, .b = 1, .c = 0}}, {0, 1, -3, -0.0f}),
            (std::vector<float>{0, 2, 2, -0.0f}));
}

TEST_P(Operations, ActivationsAtTheirEdges) {
  const auto apply = [&](activation f, float p0 = 0, float p1 = 0) {
    return pointwise({{.code = scalar_op::apply, .function = f, .a = 0, .p0 = p0, .p1 = p1}},
                     {kInfinity, -kInfinity, 0, 3});
  };
  EXPECT_EQ(apply(activation::relu), (std::vector<float>{kInfinity, 0, 0, 3}));
  EXPECT_EQ(apply(activation::leaky_relu, 0.5f), (std::vector<float>{kInfinity, -kInfinity, 0, 3}));
  EXPECT_EQ(apply(activation::sigmoid)[0], 1);
  EXPECT_EQ(apply(activation::sigmoid)[1], 0);
  EXPECT_EQ(apply(activation::sigmoid)[2], 0.5f);
  EXPECT_EQ(apply(activation::tanh)[0], 1);
  EXPECT_EQ(apply(activation::tanh)[1], -1);
  EXPECT_EQ(apply(activation::softplus, 1, 20)[0], kInfinity);
  EXPECT_EQ(apply(activation::softplus, 1, 20)[1], 0);
  EXPECT_NEAR(apply(activation::softplus, 1, 20)[2], 0.693147180f, 1e-7f);
  EXPECT_EQ(apply(activation::softplus, 1, 2)[3], 3) << "linear above the threshold";
  EXPECT_EQ(apply(activation::step, 1), (std::vector<float>{1, 0, 0, 1}));
  EXPECT_EQ(apply(activation::step, 3), (std::vector<float>{1, 0, 0, 0})) << "the threshold itself does not fire";
}

TEST_P(Operations, EveryActivationKeepsNan) {
  for (const activation_row& row : activation_table) {
    const auto y = pointwise(
        {{.code = scalar_op::apply, .function = row.id, .a = 0, .p0 = row.defaults[0], .p1 = row.defaults[1]}},
        {kNan, 0, 0, 0});
    EXPECT_TRUE(std::isnan(y[0])) << row.name;
    EXPECT_TRUE(std::isnan(row.derivative(static_cast<double>(kNan), 1, 1))) << row.name;
  }
}

TEST_P(Operations, Softmax) {
  graph_builder b("softmax");
  b.output(b.softmax(b.input("x", {2, {2, 2}})), "y");
  const auto y = run(b, {0, 0, 1000, 0});
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0.5f, 1, 0}));
}

TEST_P(Operations, ReshapeAndConcat) {
  graph_builder b("shapes");
  const auto x = b.input("x", {1, {4}});
  const auto square = b.reshape(x, {2, {2, 2}});
  const std::uint32_t pieces[] = {square, square};
  b.output(b.concat(pieces, 1), "y");
  EXPECT_EQ(run(b, {1, 2, 3, 4}), (std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4}));
}

TEST_P(Operations, BroadcastsOneElement) {
  graph_builder b("broadcast");
  const auto x = b.input("x", {1, {3}});
  const float elements[] = {10};
  const std::uint32_t operands[] = {x, b.constant({1, {1}}, elements)};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1}};
  b.output(b.map(operands, program, {1, {3}}), "y");
  EXPECT_EQ(run(b, {1, 2, 3, 4, 5, 6}), (std::vector<float>{10, 20, 30, 40, 50, 60}));
}

/// Runs concat(x[1], the result of `make`, which depends on weights alone) on 3 samples. That result must be the same
/// in every sample.
class SharedValues : public Operations {
 protected:
  std::vector<float> shared(std::uint32_t (*make)(graph_builder& b), const weights& w = {}) {
    graph_builder b("shared");
    const auto x = b.input("x", {1, {1}});
    const auto made = make(b);
    const auto flat = b.reshape(made, {1, {static_cast<std::uint32_t>(b.view().nodes[made].dims.elements())}});
    const std::uint32_t pieces[] = {x, flat};
    b.output(b.concat(pieces, 0), "y");
    const std::vector<float> y = run(b, {10, 20, 30}, w);
    const std::size_t size = y.size() / 3;
    for (std::size_t sample = 0; sample < 3; ++sample) {
      EXPECT_EQ(y[sample * size], 10 * static_cast<float>(sample + 1));
      for (std::size_t i = 1; i < size; ++i) EXPECT_EQ(y[sample * size + i], y[i]) << "sample " << sample;
    }
    return {y.begin() + 1, y.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  static std::uint32_t constant(graph_builder& b, const shape& dims, const std::vector<float>& elements) {
    return b.constant(dims, elements);
  }
};

TEST_P(SharedValues, Reshape) {
  EXPECT_EQ(shared([](graph_builder& b) { return b.reshape(constant(b, {1, {4}}, {1, 2, 3, 4}), {2, {2, 2}}); }),
            (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(shared([](graph_builder& b) { return b.reshape(b.parameter("w", {1, {2}}), {2, {1, 2}}); },
                   {{{"w", {2}, "F32", {5, 6}}}}),
            (std::vector<float>{5, 6}));
}

TEST_P(SharedValues, Softmax) {
  EXPECT_EQ(shared([](graph_builder& b) { return b.softmax(constant(b, {2, {2, 2}}, {0, 0, 1000, 0})); }),
            (std::vector<float>{0.5f, 0.5f, 1, 0}));
  EXPECT_EQ(shared([](graph_builder& b) { return b.log_softmax(constant(b, {1, {2}}, {0, 1000})); }),
            (std::vector<float>{-1000, 0}));
}

TEST_P(SharedValues, Map) {
  EXPECT_EQ(shared([](graph_builder& b) {
              const std::uint32_t operands[] = {constant(b, {1, {3}}, {1, 2, 3}), constant(b, {1, {1}}, {10})};
              const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                             {.code = scalar_op::operand, .a = 1},
                                             {.code = scalar_op::multiply, .a = 0, .b = 1}};
              return b.map(operands, program, {1, {3}});
            }),
            (std::vector<float>{10, 20, 30}));
}

TEST_P(SharedValues, Concat) {
  EXPECT_EQ(shared([](graph_builder& b) {
              const std::uint32_t pieces[] = {constant(b, {2, {2, 1}}, {1, 2}), constant(b, {2, {2, 2}}, {3, 4, 5, 6})};
              return b.concat(pieces, 1);
            }),
            (std::vector<float>{1, 3, 4, 2, 5, 6}));
}

TEST_P(SharedValues, Dense) {
  EXPECT_EQ(shared([](graph_builder& b) {
              const auto weight = constant(b, {2, {3, 2}}, {1, 0, 0, 1, 1, 1});
              return b.dense("fc", constant(b, {1, {2}}, {5, 7}), weight, constant(b, {1, {3}}, {100, 200, 300}));
            }),
            (std::vector<float>{105, 207, 312}));
}

TEST_P(SharedValues, InAProgramWithAnInput) {
  graph_builder b("mixed");
  const auto x = b.input("x", {1, {2}});
  const float elements[] = {1, 3};
  const std::uint32_t operands[] = {x, b.reshape(b.constant({2, {2, 1}}, elements), {1, {2}})};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::subtract, .a = 0, .b = 1}};
  b.output(b.map(operands, program, {1, {2}}), "y");
  EXPECT_EQ(run(b, {10, 10, 20, 20, 30, 30}), (std::vector<float>{9, 7, 19, 17, 29, 27}));
}

// A dense layer of which only the weight, the bias or the input differs between samples.
TEST_P(SharedValues, DenseOfComputedWeights) {
  const auto layer = [&](auto operand_of) {
    graph_builder b("dense");
    const auto x = b.input("x", {1, {2}});
    const auto w = b.reshape(x, {2, {1, 2}});
    const float row[] = {1, 10}, sum[] = {1, 1};
    const auto weight = b.constant({2, {1, 2}}, row), vector = b.constant({1, {2}}, row);
    const auto bias = b.dense("bias", x, b.constant({2, {1, 2}}, sum), no_node);
    b.output(operand_of(b, x, w, weight, vector, bias), "y");
    return run(b, {1, 2, 3, 4, 5, 6});
  };
  EXPECT_EQ(
      layer([](graph_builder& b, auto, auto w, auto, auto vector, auto) { return b.dense("fc", vector, w, no_node); }),
      (std::vector<float>{21, 43, 65}));
  EXPECT_EQ(layer([](graph_builder& b, auto x, auto w, auto, auto, auto) { return b.dense("fc", x, w, no_node); }),
            (std::vector<float>{5, 25, 61}));
  EXPECT_EQ(layer([](graph_builder& b, auto x, auto, auto weight, auto, auto bias) {
              return b.dense("fc", x, weight, bias);
            }),
            (std::vector<float>{24, 50, 76}));
  EXPECT_EQ(layer([](graph_builder& b, auto, auto, auto weight, auto vector, auto bias) {
              return b.dense("fc", vector, weight, bias);
            }),
            (std::vector<float>{104, 108, 112}));
}

INSTANTIATE_TEST_SUITE_P(Engines, SharedValues, ::testing::Values(engine::reference, engine::baseline),
                         [](const auto& each) { return each.param == engine::reference ? "reference" : "baseline"; });

TEST(Interpreter, ListsEveryProblemOfTheWeights) {
  graph_builder b("net");
  b.output(b.dense("fc", b.input("x", {1, {2}}), b.parameter("fc.weight", {2, {1, 2}}), no_node), "y");
  b.finish();
  EXPECT_EQ(interpreter::create(b.view(), {{{"fc.w", {1}, "F32", {0}}}}).errors,
            std::vector<std::string>{"missing parameter 'fc.weight': expected f32[1,2]"});
}

TEST(Interpreter, RefusesTensorsWithoutAllTheirValues) {
  graph_builder b("net");
  b.output(b.dense("fc", b.input("x", {1, {2}}), b.parameter("fc.weight", {2, {2, 2}}), no_node), "y");
  ASSERT_FALSE(b.finish());
  for (std::size_t count : {0u, 1u, 3u, 5u}) {
    const interpreter_result made =
        interpreter::create(b.view(), {{{"fc.weight", {2, 2}, "F32", std::vector<float>(count, 1.0f)}}});
    EXPECT_FALSE(made) << count;
    ASSERT_FALSE(made.errors.empty()) << count;
    EXPECT_NE(made.errors[0].find("fc.weight"), std::string::npos) << made.errors[0];
  }
}

TEST(Interpreter, RefusesGraphsThatBreakARule) {
  graph_builder b("net");
  b.output(b.dense("fc", b.input("x", {1, {2}}), b.parameter("fc.weight", {2, {2, 3}}), no_node), "y");
  EXPECT_EQ(interpreter::create(b.view(), {}).errors,
            std::vector<std::string>{"network 'net': 'fc': expected f32[2,2], found f32[2,3]; the weight of dense must "
                                     "be [outputs, inputs], as in PyTorch"});

  // A view made by hand.
  const node_record nodes[] = {{.kind = static_cast<op>(77), .type = dtype::f32, .dims = {1, {2}}}};
  const output_record outputs[] = {{0, {0, 1}}};
  graph_view strange;
  strange.name = "net", strange.nodes = nodes, strange.outputs = outputs, strange.characters = "y";
  EXPECT_EQ(interpreter::create(strange, {}).errors,
            std::vector<std::string>{"network 'net': '': expected a known node kind, found kind 77; the record is "
                                     "damaged"});
}

TEST(Interpreter, ShowsEveryValueToAnObserver) {
  graph_builder b("net");
  const auto x = b.input("x", {1, {2}});
  b.output(b.softmax(x), "y");
  b.finish();
  interpreter_result made = interpreter::create(b.view(), {});
  std::vector<std::uint32_t> seen;
  made.value->observe([&](std::uint32_t node, std::span<const double> elements) {
    seen.push_back(node);
    EXPECT_EQ(elements.size(), 2u);
  });
  const float in[] = {1, 2, 3, 4};
  float out[4];
  made.value->run(in, out, 2, engine::reference);
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{0, 1, 0, 1}));
}

INSTANTIATE_TEST_SUITE_P(Engines, Operations, ::testing::Values(engine::reference, engine::baseline),
                         [](const auto& each) { return each.param == engine::reference ? "reference" : "baseline"; });

}  // namespace
}  // namespace inlay
