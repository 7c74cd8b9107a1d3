// SPDX-License-Identifier: Apache-2.0
// The f32 engine: one pass over the batch per node, every value in memory of its own.
#pragma once

#include "inlay/interpreter.hpp"

namespace inlay {

struct interpreter::baseline_state {
  baseline_state(const graph_view& graph, const std::vector<std::vector<float>>& constants);

  void run(std::span<const float* const> inputs, std::span<float* const> outputs, std::size_t batch);

 private:
  const graph_view& graph_;
  const std::vector<std::vector<float>>& constants_;
  std::vector<std::vector<float>> buffers_;  // by node
  std::vector<const float*> values_;         // by node, of this run

  void compute(std::uint32_t index, float* result, std::size_t batch);
};

/// One operand of a pointwise program over a batch.
struct pointwise_operand {
  const float* data;
  std::size_t row_stride;  // elements from one sample to the next; 0 for weights
  bool broadcast;          // one element per sample, repeated
};

/// Runs `program` on every element of `batch` samples of `elements` elements.
void run_pointwise(std::span<const instruction> program, std::span<const pointwise_operand> operands,
                   std::size_t elements, std::size_t batch, float* result);

}  // namespace inlay
