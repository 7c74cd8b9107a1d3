// SPDX-License-Identifier: Apache-2.0
// Trains each of the six networks with several rates and beginnings, and measures what saturation does to it.
#pragma once

#include <array>
#include <cstdint>
#include <inlay/weights.hpp>
#include <string>
#include <vector>

#include "../digits/images.hpp"

namespace saturation_example {

/// The steps of gradient descent: the gradient times the rate. Each rate is about three times the one before.
inline constexpr std::array rates = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0};
/// Every rate is tried from so many different random weights, which are the same for all networks.
inline constexpr std::uint64_t seeds = 5;
inline constexpr int epochs = 20;
/// A slope is flat below this share of the activation's steepest slope, as for `inlayc --report-saturation`.
inline constexpr double flat_slope = 0.001;

enum class activation { sigmoid, tanh, relu };

/// The slope at `x`, as a share of the steepest slope.
double slope_of(activation function, double x);

/// The digits as bytes.
struct images {
  digits_example::image_set training, held_out;
};
/// Reads data/digits.csv of the example digits. Its ink from 0 to 16 becomes 0 to 255.
images read_bytes(const std::string& path);

/// What the images do to the neurons of both hidden layers: the share of all images and neurons with a flat slope.
using flat_shares = std::array<double, 2>;

/// A network before training, with the first of its beginnings.
struct beginning {
  std::vector<double> arguments;  ///< of hidden1's activation, for each held-out image and neuron
  flat_shares flat;               ///< for the held-out images
  double neurons;                 ///< norm of the gradient at hidden1's neurons, which is that of their biases
  double weights;                 ///< norm of the gradient of hidden1's weights
};

/// A network after training with one rate.
struct ending {
  double loss = 0;                  ///< of the last epoch, mean of all beginnings
  std::array<double, seeds> right;  ///< the share of held-out images that it gets right, for each beginning
  flat_shares flat{};               ///< mean of all beginnings

  double mean_right() const;
};

/// Everything about one network.
struct experiment {
  std::string name;
  activation function;
  bool normalised;
  beginning first;
  std::array<ending, rates.size()> by_rate;
  std::size_t best = 0;    ///< the rate with the lowest loss
  inlay::weights trained;  ///< with this rate, from the first beginning
  flat_shares trained_flat{};

  const ending& best_ending() const { return by_rate[best]; }
};

/// The six networks: sigmoid, tanh and relu, each raw and then normalised.
std::vector<experiment> run_sweep(const images& bytes);

}  // namespace saturation_example
