// SPDX-License-Identifier: Apache-2.0
// Tests convolutions and pools with remainders in every dimension: channels and features around vectors and panels,
// lines around tiles, windows at the edges, and layers that read each other's images.
#include <gtest/gtest.h>

#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 3, 15, 29};

/// The error of a sum of a few hundred products of numbers up to 1.
constexpr double kTolerance = 1e-4;

struct conv_options {
  ops::window_attributes window{};
  std::uint32_t groups = 1;
  bool bias = true;
};

std::uint32_t conv(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t outputs,
                   std::uint32_t height, std::uint32_t width, const conv_options& how = {}) {
  const std::uint32_t channels = b.view().nodes[x].dims.sizes[0];
  const std::uint32_t weight = b.parameter(name + ".weight", {4, {outputs, channels / how.groups, height, width}});
  const std::uint32_t bias = how.bias ? b.parameter(name + ".bias", {1, {outputs}}) : no_node;
  const std::uint32_t operands[] = {x, weight, bias};
  return b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{how.window, how.groups}), {}, name);
}

std::uint32_t apply(graph_builder& b, activation function, std::uint32_t x) {
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, testing::apply(function, 0)};
  return b.map(operands, program, b.view().nodes[x].dims);
}

std::uint32_t add(graph_builder& b, std::uint32_t x, std::uint32_t y) {
  const std::uint32_t operands[] = {x, y};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::add, .a = 0, .b = 1}};
  return b.map(operands, program, b.view().nodes[x].dims);
}

template <class Attributes>
std::uint32_t pool(graph_builder& b, op kind, std::uint32_t x, const Attributes& attributes) {
  const std::uint32_t operands[] = {x};
  return b.apply(kind, operands, words_of(attributes));
}

class Conv : public CompiledForCpus {
 protected:
  void matches(graph_builder& b, std::uint32_t y, const std::string& what, double tolerance = kTolerance) {
    CompiledForCpus::matches(b, y, kBatches, what, {.tolerance = tolerance});
  }
};

TEST_P(Conv, EveryNumberOfChannelsAndFeatures) {
  for (const std::uint32_t channels : {1u, 2u, 3u, 5u, 16u, 17u})
    for (const std::uint32_t features : {1u, 2u, 3u, 6u, 8u, 15u, 16u, 17u, 33u, 50u}) {
      graph_builder b("conv");
      const auto x = b.input("x", {3, {channels, 5, 6}});
      matches(b, conv(b, "c", x, features, 3, 2, {.bias = features % 2 == 0}),
              std::to_string(channels) + " -> " + std::to_string(features));
    }
}

TEST_P(Conv, EveryLengthOfALine) {
  // Tiles of whole lines, of several lines, and what is left of each.
  for (const std::uint32_t height : {1u, 2u, 3u, 5u})
    for (std::uint32_t width = 1; width <= 34; width += width < 18 ? 1 : 5) {
      graph_builder b("conv");
      const auto x = b.input("x", {3, {2, height, width}});
      matches(b, apply(b, activation::tanh, conv(b, "c", x, 9, 1, 1)),
              std::to_string(height) + "x" + std::to_string(width));
    }
}

TEST_P(Conv, EveryWindow) {
  for (const std::uint32_t kernel : {1u, 2u, 3u, 5u, 7u})
    for (const std::uint32_t stride : {1u, 2u, 3u})
      for (const std::uint32_t dilation : {1u, 2u})
        for (const std::uint32_t padding : {0u, 1u, 3u}) {
          if (dilation * (kernel - 1) + 1 > 9 + 2 * padding) continue;
          graph_builder b("conv");
          const auto x = b.input("x", {3, {3, 9, 10}});
          // The sides differ, and so do the axes.
          const ops::window_attributes window{stride, 1, padding, padding, padding, 0, dilation, 1};
          const ops::window_attributes turned{1, stride, 0, padding, 1, padding, 1, dilation};
          const auto y = conv(b, "a", x, 5, kernel, 2, {.window = window});
          b.output(y, "first");
          matches(b, conv(b, "b", x, 5, 2, kernel, {.window = turned}),
                  "kernel " + std::to_string(kernel) + " stride " + std::to_string(stride) + " dilation " +
                      std::to_string(dilation) + " padding " + std::to_string(padding));
        }
}

TEST_P(Conv, Groups) {
  for (const std::uint32_t channels : {4u, 6u, 18u, 35u})
    for (std::uint32_t groups = 1; groups <= channels; ++groups) {
      if (channels % groups != 0) continue;
      for (const std::uint32_t outputs : {groups, 3 * groups}) {
        graph_builder b("conv");
        const auto x = b.input("x", {3, {channels, 6, 7}});
        const conv_options how{.window = {1, 2, 1, 1, 1, 1, 1, 1}, .groups = groups, .bias = groups % 2 == 0};
        matches(b, apply(b, activation::relu, conv(b, "c", x, outputs, 3, 3, how)),
                std::to_string(channels) + " in " + std::to_string(groups) + " groups -> " + std::to_string(outputs));
      }
    }
}

TEST_P(Conv, PoolsOfEveryWindow) {
  for (const std::uint32_t channels : {1u, 3u, 16u, 21u})
    for (const std::uint32_t kernel : {1u, 2u, 3u, 6u})
      for (const std::uint32_t stride : {1u, 2u, 5u})
        for (const bool ceil : {false, true}) {
          graph_builder b("pool");
          const auto x = b.input("x", {3, {channels, 8, 11}});
          const ops::window_attributes window{stride, kernel, kernel / 2, 0, 0, kernel / 2, 1, 1};
          const auto most = pool(b, op::max_pool, x, ops::max_pool_attributes{kernel, kernel, window, ceil});
          b.output(pool(b, op::avg_pool, x, ops::avg_pool_attributes{kernel, 2, {stride, 1}, ceil, 1}), "mean");
          const auto inside = pool(b, op::avg_pool, x, ops::avg_pool_attributes{kernel, kernel, window, ceil, 0});
          b.output(apply(b, activation::square, inside), "inside");
          matches(b, most,
                  std::to_string(channels) + " channels, kernel " + std::to_string(kernel) + " stride " +
                      std::to_string(stride));
        }
}

TEST_P(Conv, ImagesThatAreReadTwice) {
  // A residual block: two convolutions, a skip around them, and the sum read by a pool, a dense layer and an output.
  for (const std::uint32_t channels : {3u, 16u, 24u}) {
    graph_builder b("block");
    const auto x = b.input("x", {3, {channels, 7, 9}});
    const conv_options same{.window = {1, 1, 1, 1, 1, 1, 1, 1}};
    const auto h = apply(b, activation::relu, conv(b, "a", x, channels, 3, 3, same));
    const auto sum = apply(b, activation::relu, add(b, conv(b, "b", h, channels, 3, 3, same), x));
    b.output(sum, "image");
    const auto small = pool(b, op::max_pool, sum, ops::max_pool_attributes{2, 2, {2, 2}, 0});
    const std::uint32_t pieces[] = {small, small};
    const auto flat = b.reshape(b.concat(pieces, 0), {1, {2 * channels * 3 * 4}});
    // The sums of one layer are the inputs of the next, so they reach several hundred.
    matches(b, dense(b, "fc", flat, 2 * channels * 12, 10), std::to_string(channels) + " channels", 2e-3);
  }
}

TEST_P(Conv, AnImageTurnedByTheUser) {
  graph_builder b("turned");
  const auto x = b.input("x", {3, {5, 4, 6}});
  const std::uint32_t operands[] = {conv(b, "c", x, 7, 2, 3)};
  const auto turned = b.apply(op::transpose, operands, words_of(ops::transpose_attributes{0, 2}));
  b.output(turned, "turned");
  matches(b, conv(b, "d", apply(b, activation::silu, turned), 3, 1, 2), "");
}

TEST_P(Conv, OperandsOfEveryShape) {
  // Maps and epilogues whose operands repeat along any of their axes.
  // A tile is a line of 18 pixels, or several lines of 3 or 1.
  for (const std::uint32_t width : {18u, 3u, 1u})
    for (std::uint32_t repeated = 0; repeated < 8; ++repeated)
      for (const bool fused : {false, true}) {
        const std::uint32_t sizes[] = {5, 7, width};
        graph_builder b("broadcast");
        const auto x = b.input("x", {3, {5, 7, width}});
        shape part{3, {}};
        for (std::uint32_t axis = 0; axis < 3; ++axis) part.sizes[axis] = (repeated >> axis & 1) != 0 ? 1 : sizes[axis];
        const std::uint32_t whole = fused ? conv(b, "c", x, 5, 1, 1) : x;
        const auto times = [&](std::uint32_t a, std::uint32_t other) {
          const std::uint32_t operands[] = {a, other};
          const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                         {.code = scalar_op::operand, .a = 1},
                                         {.code = scalar_op::multiply, .a = 0, .b = 1}};
          return b.map(operands, program, {3, {5, 7, width}});
        };
        const auto y = times(times(whole, b.parameter("p", part)), b.input("z", part));
        matches(b, times(y, b.parameter("last", {1, {width}})),
                "shape " + std::to_string(repeated) + ", width " + std::to_string(width));
      }
}

TEST_P(Conv, BatchNormGoesIntoTheWeights) {
  for (const std::uint32_t groups : {1u, 6u}) {
    graph_builder b("norm");
    const auto x = b.input("x", {3, {6, 7, 8}});
    const auto y =
        conv(b, "c", x, 6, 3, 3, {.window = {1, 1, 1, 1, 1, 1, 1, 1}, .groups = groups, .bias = groups == 1});
    const std::uint32_t operands[] = {y, b.parameter("scale", {3, {6, 1, 1}}), b.parameter("shift", {3, {6, 1, 1}})};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::multiply, .a = 0, .b = 1},
                                   {.code = scalar_op::operand, .a = 2},
                                   {.code = scalar_op::add, .a = 2, .b = 3}};
    const auto normed = b.map(operands, program, b.view().nodes[y].dims);
    matches(b, add(b, apply(b, activation::relu6, normed), x), std::to_string(groups) + " groups");
  }
}

TEST_P(Conv, PermutationsOfEverySize) {
  // Blocks of vectors, and what is left beside them.
  for (const std::uint32_t rows : {1u, 3u, 16u, 19u, 33u})
    for (const std::uint32_t columns : {1u, 2u, 15u, 16u, 37u}) {
      graph_builder b("transpose");
      const std::uint32_t operands[] = {b.input("x", {3, {rows, 2, columns}})};
      b.output(b.apply(op::transpose, operands, words_of(ops::transpose_attributes{0, 2})), "outer");
      b.output(b.apply(op::transpose, operands, words_of(ops::transpose_attributes{0, 1})), "rows");
      matches(b, b.apply(op::transpose, operands, words_of(ops::transpose_attributes{1, 2})),
              std::to_string(rows) + "x" + std::to_string(columns));
    }
}

TEST_P(Conv, NaNsReachTheirWindowsOnly) {
  graph_builder b("nans");
  const auto x = b.input("x", {3, {3, 6, 6}});
  b.output(pool(b, op::max_pool, x, ops::max_pool_attributes{2, 2, {1, 1}, 0}), "largest");
  b.output(pool(b, op::max_pool, x, ops::max_pool_attributes{6, 6, {1, 1}, 0}), "of_all");
  ASSERT_FALSE(b.finish());
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random_, {.edges = true}), "");
}

INSTANTIATE_TEST_SUITE_P(Cpus, Conv, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

constexpr auto signal =
    network("signal", input<f32, 2, 5>("x"), [](auto x) { return conv1d<1, 3>("c", x, stride<2>, padding<1>); });

TEST(Conv1d, KnownValues) {
  graph_builder b("signal");
  detail::trace(signal, b);
  ASSERT_FALSE(b.first_violation());
  weights w;
  w.tensors = {{.name = "c.bias", .shape = {1}, .stored_type = "F32", .values = {0.5f}},
               {.name = "c.weight", .shape = {1, 2, 3}, .stored_type = "F32", .values = {1, 10, 100, -1, 0, 1}}};
  const float x[] = {1, 2, 3, 4, 5, 10, 20, 30, 40, 50};
  float y[3] = {};
  const float* const in[] = {x};
  float* const out[] = {y};
  const graph_view graph = b.view();
  const auto made = interpreter::create(graph, w);
  ASSERT_TRUE(made.value);
  made.value->run(in, out, 1, engine::reference);
  EXPECT_EQ(std::vector<float>(y, y + 3), (std::vector<float>{230.5f, 452.5f, 14.5f}));
}

}  // namespace
}  // namespace inlay::testing
