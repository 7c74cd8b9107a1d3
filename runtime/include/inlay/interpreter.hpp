// SPDX-License-Identifier: Apache-2.0
// Runs a graph without compiling it. Compiled kernels are tested against its reference engine and timed against its
// baseline engine.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay {

/// How a graph is run.
enum class engine {
  reference,  ///< double, one sample at a time, each operation by its definition
  baseline    ///< f32, the whole batch per operation: Eigen for contractions, vectorised pointwise loops
};

class interpreter;

/// What a network with state remembers from one step to the next, by node. Empty before the first step. Copying it
/// saves the state. It belongs to one engine.
struct interpreter_memory {
  std::vector<std::vector<double>> values{};
};

/// An interpreter or errors: the rule that the graph breaks, or everything that is wrong with the weights.
struct interpreter_result {
  std::unique_ptr<interpreter> value;
  std::vector<std::string> errors;

  explicit operator bool() const { return value != nullptr; }
};

class interpreter {
 public:
  /// Makes an interpreter for `graph` and copies the weights of its parameters. The graph must outlive the interpreter.
  /// A graph that breaks a rule and weights that do not fit are errors.
  static interpreter_result create(const graph_view& graph, const weights& w);

  interpreter(const interpreter&) = delete;
  interpreter& operator=(const interpreter&) = delete;
  ~interpreter();

  /// Runs `batch` samples. Inputs and outputs come in the graph's order and hold one sample after the other, row-major.
  /// An i32 input points to integers of type std::int32_t, the others to floats. Sizes and types are not checked.
  /// Memory is kept between calls and grows to the largest batch. For a network with state the samples are steps, from
  /// the first one on.
  void run(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch, engine how) {
    interpreter_memory memory;
    run(inputs, outputs, batch, how, memory);
  }

  /// The same from the step that `memory` has reached.
  void run(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch, engine how,
           interpreter_memory& memory);

  // The same for a graph without i32 inputs.
  void run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch, engine how) {
    interpreter_memory memory;
    run(inputs, outputs, batch, how, memory);
  }
  void run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch, engine how,
           interpreter_memory& memory);

  /// The same for a graph with one input and one output.
  void run(const float* input, float* output, std::size_t batch, engine how) {
    run(std::span<const float* const>(&input, 1), std::span(&output, 1), batch, how);
  }

  /// The reference engine calls an observer with every value of every sample: the node's index and its elements.
  using observer = std::function<void(std::uint32_t node, std::span<const double> elements)>;
  void observe(observer each) { observer_ = std::move(each); }

  const graph_view& graph() const { return graph_; }

 private:
  explicit interpreter(const graph_view& graph);
  void run_reference(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch,
                     interpreter_memory& memory);

  struct baseline_state;
  graph_view graph_;
  std::vector<std::vector<float>> constants_;  // by node: the weights of parameters and constants, else empty
  std::unique_ptr<baseline_state> baseline_;
  observer observer_;
};

}  // namespace inlay
