// SPDX-License-Identifier: Apache-2.0
// Tests transposed convolutions: blocks that begin before the result and end behind it, phases without a tap, and what
// runs after the layer.
#include <gtest/gtest.h>

#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 3, 16};

/// The error of a sum of a few hundred products of numbers up to 1.
constexpr double kTolerance = 1e-4;

std::uint32_t conv_transpose(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t outputs,
                             std::uint32_t height, std::uint32_t width, const ops::conv_transpose2d_attributes& how,
                             bool bias = true) {
  const std::uint32_t channels = b.view().nodes[x].dims.sizes[0];
  const std::uint32_t operands[] = {x,
                                    b.parameter(name + ".weight", {4, {channels, outputs / how.groups, height, width}}),
                                    bias ? b.parameter(name + ".bias", {1, {outputs}}) : no_node};
  return b.apply(op::conv_transpose2d, operands, words_of(how), {}, name);
}

class ConvTranspose : public CompiledForCpus {
 protected:
  void matches(graph_builder& b, std::uint32_t y, const std::string& what) {
    CompiledForCpus::matches(b, y, kBatches, what, {.tolerance = kTolerance});
  }
};

std::string text_of(const shape& image, std::uint32_t outputs, const ops::conv_transpose2d_attributes& how) {
  std::string text = std::to_string(image.sizes[0]) + " to " + std::to_string(outputs) + " channels, attributes";
  for (std::uint32_t word : words_of(how)) text += " " + std::to_string(word);
  return text;
}

TEST_P(ConvTranspose, EveryStride) {
  // Kernels that are multiples of the stride, smaller than it, and neither; with and without a part cut off.
  for (const std::uint32_t stride : {1u, 2u, 3u, 5u})
    for (const std::uint32_t kernel : {1u, 2u, 3u, 4u, 6u})
      for (const std::uint32_t padding : {0u, 1u}) {
        if (kernel == 1 && padding == 1) continue;
        graph_builder b("strides");
        const auto x = b.input("x", {3, {5, 4, 3}});
        const ops::conv_transpose2d_attributes how{.window = {stride, stride, padding, padding, padding, padding, 1, 1},
                                                   .output_padding_h = stride - 1,
                                                   .output_padding_w = padding == 0 ? 0 : stride - 1};
        matches(b, conv_transpose(b, "up", x, 7, kernel, kernel, how),
                "kernel " + std::to_string(kernel) + ", " + text_of({3, {5, 4, 3}}, 7, how));
      }
}

TEST_P(ConvTranspose, DilationAndUnevenPadding) {
  const ops::conv_transpose2d_attributes every[] = {
      {.window = {2, 1, 0, 3, 1, 0, 1, 2}},
      {.window = {2, 3, 1, 0, 0, 2, 2, 2}, .output_padding_h = 1},
      {.window = {3, 2, 2, 1, 4, 0, 4, 3}, .output_padding_w = 2},
      {.window = {1, 2, 0, 0, 0, 0, 3, 5}, .output_padding_h = 2, .output_padding_w = 4},
      // More padding than the kernel reaches: the image is cropped, and the last one does not depend on it.
      {.window = {1, 2, 3, 4, 1, 5, 1, 1}},
      {.window = {5, 1, 2, 0, 1, 0, 9, 1}, .output_padding_h = 8},
  };
  for (const std::uint32_t height : {1u, 6u})
    for (const auto& how : every) {
      graph_builder b("dilated");
      const shape image{3, {6, height, 7}};
      const auto x = b.input("x", image);
      const std::uint32_t tall = how.window.padding_top > 2 && height == 1 ? 6 : 3;
      matches(b, conv_transpose(b, "up", x, 5, tall, 2, how, false), text_of(image, 5, how));
    }
  graph_builder b("untouched");
  const auto x = b.input("x", {3, {2, 2, 4}});
  const ops::conv_transpose2d_attributes how{.window = {1, 1, 3, 0, 0, 0, 10, 1}, .output_padding_h = 9};
  const std::uint32_t far = conv_transpose(b, "far", x, 3, 1, 2, how);
  matches(b, far, "an image that no result depends on");
}

// The result is narrower than the stride and lies between the pixels: no tap joins any of them to it, so it is the
// bias, whatever they are.
TEST_P(ConvTranspose, BetweenPixelsThatAreNoNumbers) {
  const ops::conv_transpose2d_attributes every[] = {
      {.window = {1, 2, 0, 3, 0, 3, 1, 1}}, {.window = {5, 1, 6, 0, 7, 0, 1, 1}}, {.window = {3, 4, 4, 5, 4, 6, 1, 1}}};
  for (const auto& how : every) {
    graph_builder b("between");
    const auto x = b.input("x", {3, {3, 4, 4}});
    const std::uint32_t y = conv_transpose(b, "up", x, 2, 1, 1, how);
    b.output(y, "y");
    ASSERT_FALSE(b.finish());
    const graph_view graph = b.view();
    const weights w = random_weights(graph, random_);
    const auto kernel = compile(b, w, {.cpu = GetParam()});
    const std::vector<float> image(48, std::numeric_limits<float>::quiet_NaN());
    const std::size_t pixels = graph.nodes[y].dims.size() / 2;
    std::vector<float> found(2 * pixels, -1);
    std::vector<std::byte> scratch(kernel->scratch_bytes() + 64);
    const float* const inputs[] = {image.data()};
    float* const outputs[] = {found.data()};
    ASSERT_EQ(kernel->run(inputs, outputs, 1, scratch.data()), 0);
    const std::vector<float>& bias = w.find("up.bias")->values;
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(found[i], bias[i / pixels]) << text_of({3, {3, 4, 4}}, 2, how) << ", element " << i;
  }
}

TEST_P(ConvTranspose, GroupsAndChannelsAroundVectors) {
  for (const std::uint32_t channels : {4u, 12u})
    for (const std::uint32_t groups : {1u, 2u, channels})
      for (const std::uint32_t outputs : {channels, 2 * channels}) {
        graph_builder b("groups");
        const shape image{3, {channels, 3, 5}};
        const auto x = b.input("x", image);
        const ops::conv_transpose2d_attributes how{.window = {2, 2, 1, 1, 1, 1, 1, 1}, .groups = groups};
        const auto y = conv_transpose(b, "a", x, outputs, 4, 4, how);
        matches(b, conv_transpose(b, "b", y, channels, 3, 2, how), text_of(image, outputs, how));
      }
}

TEST_P(ConvTranspose, MapsOnBlocksAndOnPixels) {
  // The operand of the map is one number, one for each channel, or one for each pixel; a parameter or an input.
  const shape parts[] = {{3, {6, 1, 1}}, {1, {1}}, {3, {6, 8, 6}}, {2, {8, 1}}, {1, {6}}};
  for (const shape& part : parts)
    for (const bool parameter : {true, false}) {
      graph_builder b("maps");
      const auto x = b.input("x", {3, {5, 4, 3}});
      const auto y = conv_transpose(b, "up", x, 6, 4, 4, {.window = {2, 2, 1, 1, 1, 1, 1, 1}});
      const std::uint32_t operands[] = {y, parameter ? b.parameter("p", part) : b.input("p", part)};
      const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                     {.code = scalar_op::operand, .a = 1},
                                     {.code = scalar_op::maximum, .a = 0, .b = 1}};
      matches(b, b.map(operands, program, b.view().nodes[y].dims),
              std::to_string(part.elements()) + (parameter ? " parameters" : " inputs"));
    }
}

// Random variances may be negative.
constexpr float kEps = 2;

constexpr auto generator = network("generator", input<f32, 16>("z"), [](auto z) {
  auto h = relu(batch_norm("bn1", conv_transpose2d<24, 4>("up1", reshape<16, 1, 1>(z), no_bias), kEps));
  auto g = relu(batch_norm("bn2", conv_transpose2d<12, 4>("up2", h, stride<2>, padding<1>, no_bias), kEps));
  return tanh(conv_transpose2d<3, 4>("up3", g, stride<2>, padding<1>));
});

TEST_P(ConvTranspose, AGeneratorOfImages) {
  graph_builder b("generator");
  detail::trace(generator, b);
  ASSERT_FALSE(b.first_violation());
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random_, {.tolerance = 1e-3}), "");
}

INSTANTIATE_TEST_SUITE_P(Cpus, ConvTranspose, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

constexpr auto signal = network("signal", input<f32, 2, 3>("x"), [](auto x) {
  return conv_transpose1d<1, 3>("c", x, stride<2>, padding<1>, output_padding<1>);
});

TEST(ConvTranspose1d, KnownValues) {
  graph_builder b("signal");
  detail::trace(signal, b);
  ASSERT_FALSE(b.first_violation());
  weights w;
  w.tensors = {{.name = "c.bias", .shape = {1}, .stored_type = "F32", .values = {0.5f}},
               {.name = "c.weight", .shape = {2, 1, 3}, .stored_type = "F32", .values = {1, 10, 100, -1, 0, 1}}};
  const float x[] = {1, 2, 3, 4, 5, 6};
  float y[6] = {};
  const float* const in[] = {x};
  float* const out[] = {y};
  const graph_view graph = b.view();
  const auto made = interpreter::create(graph, w);
  ASSERT_TRUE(made.value);
  made.value->run(in, out, 1, engine::reference);
  // Scattered by hand: 1, 10, 100+2, 20, 200+3, 30, 300 and -4, 0, 4-5, 0, 5-6, 0, 6, without the first element.
  EXPECT_EQ(std::vector<float>(y, y + 6), (std::vector<float>{10.5f, 101.5f, 20.5f, 202.5f, 30.5f, 306.5f}));
}

}  // namespace
}  // namespace inlay::testing
