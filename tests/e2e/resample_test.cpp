// SPDX-License-Identifier: Apache-2.0
// Tests padding, interpolation and means of parts: every axis, runs of elements around vectors, and images between
// convolutions, whose lines may lie apart.
#include <gtest/gtest.h>

#include "compiled_for_cpus.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 5};

template <class Attributes>
std::uint32_t apply(graph_builder& b, op kind, std::uint32_t x, const Attributes& attributes) {
  const std::uint32_t operands[] = {x};
  return b.apply(kind, operands, words_of(attributes));
}

std::uint32_t padded(graph_builder& b, std::uint32_t x, pad_mode mode, const std::array<std::uint32_t, max_rank>& low,
                     const std::array<std::uint32_t, max_rank>& high, float number = 0) {
  return apply(b, op::pad, x, ops::pad_attributes{mode, std::bit_cast<std::uint32_t>(number), low, high});
}

std::uint32_t resized(graph_builder& b, std::uint32_t x, interpolation mode, std::uint32_t height, std::uint32_t width,
                      bool align_corners = false) {
  const shape& from = b.view().nodes[x].dims;
  return apply(b, op::upsample, x,
               ops::upsample_attributes{mode, align_corners, ops::step_between(from.sizes[1], height, align_corners),
                                        ops::step_between(from.sizes[2], width, align_corners), height, width});
}

/// A convolution 3 x 3 that keeps the size.
std::uint32_t conv(graph_builder& b, const std::string& name, std::uint32_t x, std::uint32_t outputs) {
  const std::uint32_t channels = b.view().nodes[x].dims.sizes[0];
  const std::uint32_t operands[] = {x, b.parameter(name + ".weight", {4, {outputs, channels, 3, 3}}), no_node};
  return b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{{1, 1, 1, 1, 1, 1}, 1}), {}, name);
}

class Resample : public CompiledForCpus {
 protected:
  void matches(graph_builder& b, std::uint32_t y, const std::string& what, const comparison& how = {}) {
    CompiledForCpus::matches(b, y, kBatches, what, how);
  }
};

TEST_P(Resample, PaddingOfEveryAxis) {
  // Moved elements are the same bits, NaN and infinity among them.
  for (const std::uint32_t inner : {1u, 3u, 17u})
    for (const pad_mode mode : {pad_mode::constant, pad_mode::reflect, pad_mode::replicate, pad_mode::circular}) {
      graph_builder b("padded");
      const auto x = b.input("x", {3, {4, 5, inner}});
      const std::uint32_t most = mode == pad_mode::reflect && inner == 1 ? 0 : 1;
      b.output(padded(b, x, mode, {2, 0, 0}, {1, 0, 0}, -3), "outer");
      b.output(padded(b, x, mode, {0, 0, most}, {0, 0, most}), "inner");
      matches(b, padded(b, x, mode, {1, 3, 0}, {3, 4, most}, 1),
              "mode " + std::to_string(static_cast<int>(mode)) + ", " + std::to_string(inner), {.edges = true});
    }
}

TEST_P(Resample, InterpolationOfEveryAxis) {
  for (const std::uint32_t channels : {1u, 5u, 33u})
    for (const bool align_corners : {false, true}) {
      graph_builder b("resized");
      const auto x = b.input("x", {3, {channels, 5, 7}});
      b.output(resized(b, x, interpolation::linear, 5, 14, align_corners), "wider");
      b.output(resized(b, x, interpolation::linear, 15, 7, align_corners), "higher");
      b.output(resized(b, x, interpolation::linear, 3, 20, align_corners), "lower");
      b.output(resized(b, x, interpolation::linear, 1, 1, align_corners), "one");
      matches(b, resized(b, x, interpolation::linear, 8, 9, align_corners), std::to_string(channels) + " channels");
    }
}

TEST_P(Resample, NearestPixelsAreTheSameBits) {
  for (const std::uint32_t channels : {1u, 16u}) {
    graph_builder b("nearest");
    const auto x = b.input("x", {3, {channels, 4, 6}});
    b.output(resized(b, x, interpolation::nearest, 8, 12), "doubled");
    b.output(resized(b, x, interpolation::nearest, 3, 4), "smaller");
    b.output(apply(b, op::adaptive_avg_pool, x, ops::adaptive_avg_pool_attributes{4, 6}), "same");
    matches(b, resized(b, x, interpolation::nearest, 7, 25), std::to_string(channels) + " channels", {.edges = true});
  }
}

TEST_P(Resample, MeansOfParts) {
  for (const std::uint32_t channels : {1u, 4u, 70u}) {
    graph_builder b("parts");
    const auto x = b.input("x", {3, {channels, 11, 13}});
    for (const auto& [height, width] : {std::pair{1u, 1u}, {11u, 2u}, {5u, 13u}, {7u, 7u}, {12u, 3u}})
      b.output(apply(b, op::adaptive_avg_pool, x, ops::adaptive_avg_pool_attributes{height, width}),
               "to" + std::to_string(height) + "x" + std::to_string(width));
    matches(b, x, std::to_string(channels) + " channels");
  }
}

TEST_P(Resample, ImagesBetweenConvolutions) {
  // The convolution pads what was resampled, and the resampled image is read by others, too.
  for (const std::uint32_t channels : {2u, 16u, 19u})
    for (const interpolation mode : {interpolation::nearest, interpolation::linear}) {
      graph_builder b("decoder");
      const auto x = b.input("x", {3, {3, 6, 5}});
      const auto down = conv(b, "a", x, channels);
      const auto up = resized(b, down, mode, 12, 10);
      const auto border = padded(b, down, pad_mode::reflect, {0, 2, 1}, {0, 1, 2});
      b.output(conv(b, "b", border, 4), "mirrored");
      b.output(apply(b, op::adaptive_avg_pool, up, ops::adaptive_avg_pool_attributes{5, 4}), "parts");
      matches(b, conv(b, "c", up, 5), std::to_string(channels) + " channels", {.tolerance = 1e-4});
    }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Resample, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
