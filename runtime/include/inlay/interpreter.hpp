// SPDX-License-Identifier: Apache-2.0
// Runs a graph without compiling it: the oracle that compiled kernels are tested against, and the baseline that they
// are timed against.
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
  reference,  ///< double, one sample at a time, each operation as its definition reads
  baseline    ///< f32, the whole batch per operation: Eigen for contractions, vectorised pointwise loops
};

class interpreter;

/// An interpreter, or the rule that the graph breaks, or everything that is wrong with the weights.
struct interpreter_result {
  std::unique_ptr<interpreter> value;
  std::vector<std::string> errors;

  explicit operator bool() const { return value != nullptr; }
};

class interpreter {
 public:
  /// Binds `graph` to its weights; those of its parameters are copied. The graph must outlive the interpreter. Graphs
  /// that break a rule and weights that do not fit are errors.
  static interpreter_result create(const graph_view& graph, const weights& w);

  interpreter(const interpreter&) = delete;
  interpreter& operator=(const interpreter&) = delete;
  ~interpreter();

  /// Runs `batch` samples. Inputs and outputs in the graph's order, row-major, sample after sample; inputs and outputs
  /// are not checked for size. Memory is kept between calls and grows with the largest batch.
  void run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch, engine how);

  /// One input, one output.
  void run(const float* input, float* output, std::size_t batch, engine how) {
    run(std::span(&input, 1), std::span(&output, 1), batch, how);
  }

  /// Called by the reference engine with every value of every sample: the node's index in the graph and its elements.
  using observer = std::function<void(std::uint32_t node, std::span<const double> elements)>;
  void observe(observer each) { observer_ = std::move(each); }

  const graph_view& graph() const { return graph_; }

 private:
  explicit interpreter(const graph_view& graph);
  void run_reference(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch);

  struct baseline_state;
  graph_view graph_;
  std::vector<std::vector<float>> constants_;  // by node: weights, empty for computed values
  std::unique_ptr<baseline_state> baseline_;
  observer observer_;
};

}  // namespace inlay
