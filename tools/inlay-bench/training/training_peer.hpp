// SPDX-License-Identifier: Apache-2.0
// The networks as the peers build them, and what a peer can do: a training step with cross entropy and Adam.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace inlay::bench {

/// A layer of a chain. All but the last, and but pools, are followed by relu.
struct layer_plan {
  enum { dense, convolution, max_pool } kind;
  int outputs;      ///< features
  int kernel = 0;   ///< height and width; those of a pool are its stride, too
  int padding = 0;  ///< on each side
};

/// A chain of layers on an image [channels, side, side].
struct network_plan {
  const char* name;
  int channels, side, batch;
  std::span<const layer_plan> layers;
};

inline constexpr layer_plan perceptron_layers[] = {
    {layer_plan::dense, 512}, {layer_plan::dense, 256}, {layer_plan::dense, 10}};
inline constexpr network_plan perceptron_plan{"784-512-256-10", 1, 28, 128, perceptron_layers};

inline constexpr layer_plan lenet_layers[] = {{layer_plan::convolution, 6, 5, 2},
                                              {layer_plan::max_pool, 6, 2},
                                              {layer_plan::convolution, 16, 5},
                                              {layer_plan::max_pool, 16, 2},
                                              {layer_plan::dense, 120},
                                              {layer_plan::dense, 84},
                                              {layer_plan::dense, 10}};
inline constexpr network_plan lenet_plan{"LeNet", 1, 28, 64, lenet_layers};

/// Weights and biases in the order of the layers, as PyTorch stores them.
using parameter_list = std::vector<std::vector<float>>;

class training_peer {
 public:
  virtual ~training_peer() = default;
  /// One step; returns the mean loss before it.
  virtual float step(std::span<const float> x, std::span<const std::int32_t> labels) = 0;
  /// The gradients of the mean loss from the last step.
  virtual parameter_list gradients() = 0;
};

/// Written by hand with Eigen, on one thread.
std::unique_ptr<training_peer> make_eigen_training(const network_plan& plan, const parameter_list& parameters,
                                                   double rate);
/// libtorch's modules and its optimizer, on one thread.
std::unique_ptr<training_peer> make_torch_training(const network_plan& plan, const parameter_list& parameters,
                                                   double rate);

/// A recurrent network, which reads sequences: torch.nn.GRU, and a dense layer with one output for each step.
struct sequence_plan {
  int inputs, features, steps, batch;
};
inline constexpr sequence_plan gru_plan{16, 32, 32, 32};

class sequence_peer {
 public:
  virtual ~sequence_peer() = default;
  /// One step for x [batch][steps][inputs] and targets [batch][steps], mean squared error.
  virtual float step(std::span<const float> x, std::span<const float> target) = 0;
  virtual parameter_list gradients() = 0;
};

/// The parameters are weight_ih, weight_hh, bias_ih, bias_hh, and the dense layer's weight and bias.
std::unique_ptr<sequence_peer> make_eigen_sequences(const sequence_plan& plan, const parameter_list& parameters,
                                                    double rate);
std::unique_ptr<sequence_peer> make_torch_sequences(const sequence_plan& plan, const parameter_list& parameters,
                                                    double rate);

}  // namespace inlay::bench
