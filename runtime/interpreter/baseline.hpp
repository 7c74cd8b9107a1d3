// SPDX-License-Identifier: Apache-2.0
// The f32 engine: one pass over the batch per node, with a separate buffer for each value.
#pragma once

#include "inlay/interpreter.hpp"

namespace inlay {

struct interpreter::baseline_state {
  baseline_state(const graph_view& graph, const std::vector<std::vector<float>>& constants);

  void run(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch,
           interpreter_memory& memory);

 private:
  /// The elements of one node. If it depends on no input, the stride is 0: all samples share the elements. The floats
  /// of an i32 input have the bits of its integers.
  struct value {
    const float* data = nullptr;
    std::size_t stride = 0;  // elements from one sample to the next

    const float* sample(std::size_t index) const { return data == nullptr ? nullptr : data + index * stride; }
  };

  const graph_view& graph_;
  interpreter_memory* memory_ = nullptr;     // of the current run
  std::vector<std::vector<float>> buffers_;  // by node
  std::vector<value> values_;                // by node; those that depend on an input belong to the current run

  std::size_t elements_of(std::uint32_t node) const {
    return static_cast<std::size_t>(graph_.nodes[node].dims.elements());
  }
  bool is_shared(std::uint32_t node) const { return values_[node].data != nullptr && values_[node].stride == 0; }

  /// The values of a state or a history in the next step.
  void recall(std::uint32_t index, std::vector<double>& kept, float* result) const;

  const float* read_input(std::uint32_t index, const void* input, std::size_t batch);
  /// Computes a node for `batch` samples. Its operands must have been computed.
  const float* compute(std::uint32_t index, std::size_t batch);
  void run_batch(std::span<const void* const> inputs, std::span<float* const> outputs, std::size_t batch);
  void run_reference(std::uint32_t index, std::size_t sample, float* result);
};

/// One operand of a pointwise program over a batch.
struct pointwise_operand {
  const float* data;
  std::size_t row_stride;  // elements from one sample to the next; 0 if all samples share them
  bool broadcast;          // one element per sample, repeated
};

/// Runs `program` on every element of `batch` samples of `elements` elements.
void run_pointwise(std::span<const instruction> program, std::span<const pointwise_operand> operands,
                   std::size_t elements, std::size_t batch, float* result);

// Layers with windows, one sample at a time. `x` has shape `x_dims`, the result shape `dims`; a bias may be null.
void run_conv2d(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& w_dims,
                const float* weight, const float* bias, const shape& dims, float* y);
void run_conv_transpose2d(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x,
                          const shape& w_dims, const float* weight, const float* bias, const shape& dims, float* y);
void run_max_pool(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& dims,
                  float* y);
void run_avg_pool(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& dims,
                  float* y);

}  // namespace inlay
