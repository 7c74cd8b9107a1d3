// SPDX-License-Identifier: Apache-2.0
// Tests reductions and norms: runs around vectors and chains, along every combination of axes, behind convolutions and
// in front of a residual, with infinities and NaN, and without flags from lanes that are not in use.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>

#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 5, 17};

std::uint32_t reduce(graph_builder& b, std::uint32_t x, ops::reduction kind, std::uint32_t axes, bool keepdim = false) {
  const std::uint32_t operands[] = {x};
  return b.apply(op::reduce, operands, words_of(ops::reduce_attributes{kind, axes, keepdim}));
}

std::uint32_t normalize(graph_builder& b, std::uint32_t x, const ops::normalize_attributes& attributes) {
  const std::uint32_t operands[] = {x};
  return b.apply(op::normalize, operands, words_of(attributes), {}, "norm");
}

/// A value as a vector.
std::uint32_t flat(graph_builder& b, std::uint32_t x) {
  return b.reshape(x, {1, {static_cast<std::uint32_t>(b.view().nodes[x].dims.elements())}});
}

/// y * weight + bias, perhaps with a residual, and an activation.
std::uint32_t affine(graph_builder& b, std::uint32_t y, const shape& weights, std::uint32_t residual = no_node) {
  std::vector<std::uint32_t> operands = {y, b.parameter("weight", weights), b.parameter("bias", weights)};
  std::vector<instruction> program = {{.code = scalar_op::operand, .a = 0},
                                      {.code = scalar_op::operand, .a = 1},
                                      {.code = scalar_op::multiply, .a = 0, .b = 1},
                                      {.code = scalar_op::operand, .a = 2},
                                      {.code = scalar_op::add, .a = 2, .b = 3}};
  if (residual != no_node) {
    operands.push_back(residual);
    program.push_back({.code = scalar_op::operand, .a = 3});
    program.push_back({.code = scalar_op::add, .a = 4, .b = 5});
  }
  program.push_back(apply(activation::tanh, static_cast<std::uint32_t>(program.size() - 1)));
  return b.map(operands, program, b.view().nodes[y].dims);
}

class Norms : public CompiledForCpus {
 protected:
  void matches(graph_builder& b, std::uint32_t y, const std::string& what, const comparison& how = {}) {
    CompiledForCpus::matches(b, y, kBatches, what, how);
  }
};

TEST_P(Norms, ReductionsAlongEveryAxes) {
  const shape shapes[] = {{1, {1}},       {1, {5}},         {1, {67}},        {2, {3, 37}},
                          {2, {37, 3}},   {2, {9, 70}},     {3, {2, 3, 19}},  {3, {19, 3, 2}},
                          {3, {4, 1, 6}}, {3, {3, 33, 18}}, {4, {2, 3, 4, 5}}};
  for (const shape& dims : shapes)
    for (const bool edges : {false, true}) {
      graph_builder b("reduce");
      const auto x = b.input("x", dims);
      std::vector<std::uint32_t> pieces;
      for (std::uint32_t axes = 1; axes < 1u << dims.rank; ++axes)
        // With numbers as large as floats get, only the extremes do not depend on the order.
        for (std::uint32_t kind = edges ? 2 : 0; kind < 5; ++kind)
          pieces.push_back(flat(b, reduce(b, x, static_cast<ops::reduction>(kind), axes, axes % 2 == 0)));
      matches(b, b.concat(pieces, 0), "rank " + std::to_string(dims.rank) + ", " + std::to_string(dims.sizes[0]),
              {.tolerance = 1e-4, .edges = edges});
    }
}

TEST_P(Norms, ReductionsKeepWhatLiesBehindThem) {
  // The result of argmax, 10 runs of 27, lies in front of an image that is read later. The last vector of a run must
  // not be stored as a whole.
  constexpr auto net = network("behind", input<f32, 1, 28, 7>("x"), [](auto x) {
    const auto image = conv2d<27, 1, 2>("first", x, stride<3, 1>, no_bias);
    tensor<f32, 27, 10, 6> scaled = image * constant<f32, 1>({-0.75f});
    const auto places = argmax<2>(scaled);
    const auto next = conv2d<20, 3, 4>("second", image, padding<0, 1, 0, 0>, no_bias);
    return output("y", concat(reshape<270>(places), reshape<640>(next)));
  });
  graph_builder b(net.name);
  detail::trace(net, b);
  ASSERT_FALSE(b.first_violation());
  const std::size_t batches[] = {1, 3};
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random_, {.tolerance = 1e-4}), "");
}

TEST_P(Norms, RunsOfEveryLength) {
  for (std::uint32_t length = 1; length < 1100; length += length < 70 ? 1 : length < 130 ? 7 : 191)
    for (const bool centred : {true, false}) {
      graph_builder b("layer_norm");
      const auto x = b.input("x", {2, {length % 3 + 1, length}});
      const auto y = normalize(b, x, {1, 1, 1e-5f, centred});
      matches(b, affine(b, y, {1, {length}}, x), std::to_string(length), {.tolerance = 1e-4});
    }
}

TEST_P(Norms, LengthsAtWhichLoopsEnd) {
  for (const std::uint32_t length : {255u, 256u, 511u, 512u, 513u, 528u, 2047u}) {
    graph_builder b("layer_norm");
    const auto x = b.input("x", {1, {length}});
    matches(b, affine(b, normalize(b, x, {0, 1, 1e-5f, 1}), {1, {length}}), std::to_string(length),
            {.tolerance = 1e-4});
  }
}

TEST_P(Norms, GroupsOfChannels) {
  for (const std::uint32_t pixels : {1u, 3u, 16u, 49u})
    for (const std::uint32_t groups : {1u, 2u, 4u, 12u}) {
      graph_builder b("group_norm");
      const auto x = b.input("x", {3, {12, 2, pixels}});
      matches(b, affine(b, normalize(b, x, {0, groups, 1e-5f, 1}), {3, {12, 1, 1}}),
              std::to_string(groups) + " groups, " + std::to_string(pixels), {.tolerance = 1e-4});
    }
}

TEST_P(Norms, ImagesWithTheirChannelsLast) {
  // Between pools, where the channels are last and the images inside of their padding: over channels, groups, lines and
  // everything. Lines of one element, and of one pixel, are shorter than any loop over them.
  struct size {
    std::uint32_t channels, width;
  };
  for (const auto [channels, width] : {size{1, 6}, {6, 6}, {16, 6}, {36, 6}, {70, 6}, {1, 1}, {6, 1}})
    for (std::uint32_t axis = 0; axis < 3; ++axis)
      for (const std::uint32_t groups : {1u, 2u, 3u}) {
        if (axis > 0 ? groups > 1 : channels % groups != 0) continue;
        graph_builder b("image");
        const auto x = b.input("x", {3, {channels, 4, width}});
        const auto pool = [&](std::uint32_t from) {
          const std::uint32_t operands[] = {from};
          return b.apply(op::max_pool, operands, words_of(ops::max_pool_attributes{3, 3, {1, 1, 1, 1, 1, 1, 1, 1}, 0}));
        };
        const auto h = pool(x);
        const auto normed = normalize(b, h, {axis, groups, 1e-5f, axis != 2});
        const auto y = affine(b, normed, axis == 2 ? shape{1, {width}} : shape{3, {channels, 1, 1}}, h);
        for (std::uint32_t axes = 1; axes < 8; ++axes)
          b.output(reduce(b, y, static_cast<ops::reduction>(axes % 5), axes), "r" + std::to_string(axes));
        matches(b, pool(y), std::to_string(channels) + "x4x" + std::to_string(width) + ", axis " + std::to_string(axis),
                {.tolerance = 1e-4});
      }
}

TEST_P(Norms, InfinitiesAndNaN) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const std::uint32_t length : {3u, 21u, 150u}) {
    graph_builder b("edges");
    const auto x = b.input("x", {2, {4, length}});
    b.output(normalize(b, x, {1, 1, 1e-5f, 1}), "centred");
    b.output(normalize(b, x, {1, 1, 1e-5f, 0}), "scaled");
    b.output(reduce(b, x, ops::reduction::mean, 2), "means");
    ASSERT_FALSE(b.finish());
    const auto kernel = compile(b, {}, {.cpu = GetParam()});
    std::vector<float> in(4 * length, 1), centred(4 * length), scaled(4 * length), means(4);
    in[length] = kNan, in[3 * length - 1] = -kInfinity, in[3 * length] = kInfinity, in[3 * length + 2] = -kInfinity;
    std::vector<std::byte> scratch(kernel->scratch_bytes() + 64);
    const float* inputs[] = {in.data()};
    float* outputs[] = {centred.data(), scaled.data(), means.data()};
    ASSERT_EQ(kernel->run(inputs, outputs, 1, scratch.data()), 0);
    for (std::size_t i = 0; i < length; ++i) {
      EXPECT_EQ(centred[i], 0) << length;
      EXPECT_NEAR(scaled[i], 1, 1e-4) << length;
      EXPECT_TRUE(std::isnan(scaled[length + i])) << length;
      for (std::size_t row = 1; row < 4; ++row) EXPECT_TRUE(std::isnan(centred[row * length + i])) << row;
      for (std::size_t row = 2; row < 4; ++row) {
        const float found = scaled[row * length + i];
        EXPECT_TRUE(std::isinf(in[row * length + i]) ? std::isnan(found) : found == 0) << row << ": " << found;
      }
    }
    EXPECT_EQ(means[0], 1);
    EXPECT_TRUE(std::isnan(means[1]) && std::isnan(means[3]));
    EXPECT_EQ(means[2], -kInfinity);
  }
}

/// Norms and reductions of an input [6, width].
graph_builder everything(std::uint32_t width) {
  graph_builder b("everything");
  const auto x = b.input("x", {2, {6, width}});
  std::vector<std::uint32_t> pieces;
  const auto add = [&](std::uint32_t y) { pieces.push_back(flat(b, y)); };
  add(affine(b, normalize(b, x, {1, 1, 1e-5f, 1}), {1, {width}}, x));
  add(normalize(b, x, {0, 2, 1e-5f, 1}));
  add(normalize(b, x, {0, 1, 1e-6f, 0}));
  for (std::uint32_t axes = 1; axes < 4; ++axes)
    for (std::uint32_t kind = 0; kind < 5; ++kind) add(reduce(b, x, static_cast<ops::reduction>(kind), axes));
  b.output(b.concat(pieces, 0), "y");
  b.finish();
  return b;
}

std::vector<float> run(const tools::jit_kernel& kernel, const std::vector<float>& x, std::size_t batch,
                       std::size_t outputs) {
  const std::size_t inputs = x.size() / batch;
  std::vector<float> y(batch * outputs);
  // Signalling NaNs, which lanes past a row's end may read.
  std::vector<std::uint32_t> scratch(kernel.scratch_bytes() / 4 + 16, 0x7fa00000);
  for (std::size_t first = 0; first < batch;) {
    const std::size_t samples = first == 0 ? (batch + 1) / 2 : batch - first;
    const float* in[] = {x.data() + first * inputs};
    float* out[] = {y.data() + first * outputs};
    EXPECT_EQ(kernel.run(in, out, samples, scratch.data()), 0);
    first += samples;
  }
  return y;
}

TEST_P(Norms, RaiseNoFlags) {
  for (const std::uint32_t width : {1u, 2u, 3u, 5u, 16u, 21u, 67u}) {
    const graph_builder b = everything(width);
    std::mt19937 random(2);
    const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
    std::vector<float> x(3 * 6 * width);
    for (float& each : x) each = std::uniform_real_distribution<float>(1, 2)(random);
    // Rows without deviation divide by the root of eps.
    std::fill_n(x.begin(), width, 3.0f);
    const std::size_t outputs = static_cast<std::size_t>(b.view().nodes.back().dims.elements());
    std::feclearexcept(FE_ALL_EXCEPT);
    run(*kernel, x, 3, outputs);
    EXPECT_EQ(std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW), 0) << "width " << width;
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Norms, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

TEST(NormsReproducible, BatchAndProcessor) {
  for (const std::uint32_t width : {3u, 21u, 67u, 200u}) {
    const graph_builder b = everything(width);
    std::mt19937 random(3);
    const weights w = random_weights(b.view(), random);
    std::vector<float> x(7 * 6 * width);
    for (float& each : x) each = std::uniform_real_distribution<float>(-2, 2)(random);
    const std::size_t outputs = static_cast<std::size_t>(b.view().nodes.back().dims.elements());
    std::vector<std::uint32_t> expected;
    for (const std::string& cpu : runnable_cpus()) {
      if (cpu == "x86-64") continue;  // has no fused multiply-add
      const auto kernel = compile(b, w, {.cpu = cpu, .reproducible = true});
      for (const std::size_t batch : {1u, 7u}) {
        std::vector<std::uint32_t> bits;
        for (std::size_t first = 0; first < 7; first += batch) {
          const auto begin = x.begin() + static_cast<std::ptrdiff_t>(first * 6 * width);
          const std::vector<float> part(begin, begin + static_cast<std::ptrdiff_t>(batch * 6 * width));
          for (const float each : run(*kernel, part, batch, outputs))
            bits.push_back(std::bit_cast<std::uint32_t>(each));
        }
        if (expected.empty()) expected = bits;
        ASSERT_EQ(bits, expected) << cpu << ", width " << width << ", batch " << batch;
      }
    }
  }
}

}  // namespace
}  // namespace inlay::testing
