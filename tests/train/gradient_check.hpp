// SPDX-License-Identifier: Apache-2.0
// Compares the gradients of a compiled training step with central differences of the interpreter, in double.
#pragma once

#include <span>
#include <string>

#include "inlay/dsl.hpp"
#include "inlay/graph_builder.hpp"
#include "inlay/graph_training.hpp"
#include "jit_kernel.hpp"

namespace inlay::testing {

/// The graph of a network in the DSL.
template <class Net>
graph_builder traced(const Net& net) {
  graph_builder b(net.name);
  detail::trace(net, b);
  return b;
}

struct gradient_check {
  loss which = loss::mse;
  std::size_t batch = 3;
  /// Steps of a sample, for a network with state.
  std::size_t steps = 0;
  unsigned seed = 1;
  std::string cpu = "native";
  /// Inputs and weights are uniform in this range.
  double low = -1, high = 1;
  /// The largest difference, as a part of the parameter's largest derivative or of 1, whichever is more.
  double tolerance = 3e-4;
  /// So many elements of each parameter are compared; 0 for all.
  std::size_t most_elements = 0;
  /// False compiles in a third of the time, to slow code.
  bool optimised = true;
  /// The step runs a second time, divided into so many parts, of which the last one comes first.
  std::size_t parts = 3;
  /// Leaves out elements where differences over two distances disagree, as they do near a kink, and networks with
  /// values that are not finite or a loss that is very large.
  bool rough = false;
};

/// Runs a training step in its memory, which has the parameters: on one thread for 0 parts, else in so many parts, one
/// after the other, the last one first. The scratch memory begins as NaN. Returns the step's status.
int run_step(const tools::jit_kernel& step, std::span<const float* const> inputs, std::size_t batch,
             std::span<float> memory, std::size_t parts);

/// Compiles the training step of the network, runs it on random samples, also as the threads of --parallel do, which
/// then divide each layer however small, and differentiates the loss by each weight. The losses are computed here, from
/// the interpreter's outputs in double. The interpreter runs the steps of a sequence one by one. Memory lies between
/// guard pages. Returns the first difference, or nothing. `compared`, if given, counts the elements.
std::string check_gradients(const graph_builder& builder, const gradient_check& how = {},
                            std::size_t* compared = nullptr);

/// Runs the step of a network with one input and mse, compiled with --reproducible, on each CPU of this machine that
/// has fused multiply-add. Returns those whose gradients have other bits than the first one's.
std::string other_bits_of_reproducible(const graph_builder& builder);

/// The compiler's message for a network that cannot be trained; empty if it can.
std::string refusal_of(const graph_builder& builder, loss which, std::size_t steps = 0);

}  // namespace inlay::testing
