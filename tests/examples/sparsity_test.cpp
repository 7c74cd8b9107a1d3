// SPDX-License-Identifier: Apache-2.0
// Tests how zeros are counted, against LeNet as plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lenet/images.hpp"
#include "lenet/model.hpp"
#include "sparsity/zeros.hpp"

namespace sparsity_example {
namespace {

using values = std::vector<double>;

values relu_of(values x) {
  for (double& each : x) each = std::max(each, 0.0);
  return x;
}

/// A 3x3 convolution of planes side by side, with zeros around them.
values convolve(const values& x, int side, const inlay::weight_tensor& weight, const inlay::weight_tensor& bias) {
  const int outputs = static_cast<int>(bias.values.size()), inputs = static_cast<int>(x.size()) / (side * side);
  values y;
  for (int o = 0; o < outputs; ++o)
    for (int row = 0; row < side; ++row)
      for (int column = 0; column < side; ++column) {
        double sum = static_cast<double>(bias.values[static_cast<std::size_t>(o)]);
        for (int i = 0; i < inputs; ++i)
          for (int tap = 0; tap < 9; ++tap) {
            const int r = row + tap / 3 - 1, c = column + tap % 3 - 1;
            if (r < 0 || r >= side || c < 0 || c >= side) continue;
            sum += static_cast<double>(weight.values[static_cast<std::size_t>((o * inputs + i) * 9 + tap)]) *
                   x[static_cast<std::size_t>((i * side + r) * side + c)];
          }
        y.push_back(sum);
      }
  return y;
}

values pool(const values& x, int side) {
  values y;
  for (std::size_t plane = 0; plane < x.size(); plane += static_cast<std::size_t>(side * side))
    for (int row = 0; row < side; row += 2)
      for (int column = 0; column < side; column += 2) {
        const double* at = &x[plane + static_cast<std::size_t>(row * side + column)];
        y.push_back(std::max({at[0], at[1], at[side], at[side + 1]}));
      }
  return y;
}

values dense_of(const values& x, const inlay::weight_tensor& weight, const inlay::weight_tensor& bias) {
  values y(bias.values.begin(), bias.values.end());
  for (std::size_t o = 0; o < y.size(); ++o)
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += static_cast<double>(weight.values[o * x.size() + i]) * x[i];
  return y;
}

TEST(find_zeros, counts_what_plain_loops_count) {
  constexpr std::size_t count = 100;
  const std::string folder = EXAMPLES_SOURCE "/lenet";
  const auto images = lenet_example::read_held_out_images(folder + "/data/digits.csv");
  const inlay::weights_result weights = inlay::load_safetensors(folder + "/lenet.safetensors");
  ASSERT_TRUE(weights) << weights.error;
  const inlay::interpreter_result lenet =
      inlay::interpreter::create(inlay::graph_of<lenet_example::lenet>, weights.value);
  ASSERT_TRUE(lenet);
  const std::span<const float> samples = std::span(images.pixels).first(count * lenet_example::image_pixels);
  const std::vector<sparse_value> found = find_zeros(*lenet.value, samples);

  const auto tensor = [&](const char* name) -> const inlay::weight_tensor& { return *weights.value.find(name); };
  constexpr const char* names[] = {"image",       "relu(conv1)",           "max_pool(relu(conv1))",
                                   "relu(conv2)", "max_pool(relu(conv2))", "relu(fc1)"};
  ASSERT_EQ(found.size(), std::size(names));
  std::vector<std::vector<std::uint32_t>> zeros(std::size(names));
  for (std::size_t sample = 0; sample < count; ++sample) {
    const auto image = images.image(sample);
    const values pixels(image.begin(), image.end());
    const values conv1 = relu_of(convolve(pixels, 8, tensor("conv1.weight"), tensor("conv1.bias")));
    const values edges = pool(conv1, 8);
    const values conv2 = relu_of(convolve(edges, 4, tensor("conv2.weight"), tensor("conv2.bias")));
    const values shapes = pool(conv2, 4);
    const values fc1 = relu_of(dense_of(shapes, tensor("fc1.weight"), tensor("fc1.bias")));
    const values* all[] = {&pixels, &conv1, &edges, &conv2, &shapes, &fc1};
    for (std::size_t i = 0; i < std::size(all); ++i) {
      zeros[i].resize(all[i]->size());
      for (std::size_t k = 0; k < all[i]->size(); ++k) {
        zeros[i][k] += (*all[i])[k] == 0;
        EXPECT_NEAR((*all[i])[k], static_cast<double>(found[i].elements[sample * all[i]->size() + k]), 1e-5);
      }
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].name, names[i]);
    EXPECT_EQ(found[i].samples(), count);
    EXPECT_EQ(found[i].zeros, zeros[i]);
    double total = 0;
    std::size_t always = 0, never = 0;
    for (const std::uint32_t each : zeros[i]) total += each, always += each == count, never += each == 0;
    EXPECT_DOUBLE_EQ(found[i].share(), total / static_cast<double>(count * zeros[i].size()));
    EXPECT_EQ(found[i].always_zero(), always);
    EXPECT_EQ(found[i].never_zero(), never);
  }
}

}  // namespace
}  // namespace sparsity_example
