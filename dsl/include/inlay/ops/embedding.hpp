// SPDX-License-Identifier: Apache-2.0
// The embedding layer, which turns integers into vectors.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// x[...] of i32, weight[N,D] -> [...,D].
constexpr inferred infer_embedding(const operand_shapes& operands, std::span<const std::uint32_t>, const shape&) {
  const shape &x = *operands[0], &weight = *operands[1];
  inferred y{.dims = x};
  if (x.rank == max_rank)
    return y.breaks(fault::rank_range, detail::numbered("indices of rank up to ", max_rank - 1), 0, x);
  y.dims.sizes[y.dims.rank++] = weight.rank == 0 ? 1 : weight.sizes[weight.rank - 1];
  if (weight.rank != 2) return y.breaks(fault::embedding_weight, violation::text("f32[n,d]"), 1, weight);
  return y;
}

/// y[..., d] = weight[x[...]][d] (torch.nn.Embedding). Where there is no row x[...], y is NaN.
constexpr reference_values evaluate_embedding(const reference_inputs& from) {
  const reference_tensor& weight = from.operands[1];
  const std::size_t width = weight.dims.sizes[1];
  const auto rows = static_cast<double>(weight.dims.sizes[0]);
  reference_values y;
  for (const double index : from.operands[0].elements) {
    const bool exists = index >= 0 && index < rows;
    for (std::size_t d = 0; d < width; ++d)
      y.push_back(exists ? weight.elements[static_cast<std::size_t>(index) * width + d] : math::nan);
  }
  return y;
}

/// The rows of the smallest table that the i32 input `node` is an index into; max_elements where no layer reads it.
constexpr std::uint32_t rows_of_smallest_table(const graph_view& graph, const node_record& node) {
  std::uint32_t rows = max_elements;
  for (const node_record& reader : graph.nodes) {
    if (reader.kind != op::embedding || &graph.nodes[graph.operands(reader)[0]] != &node) continue;
    const std::uint32_t size = graph.nodes[graph.operands(reader)[1]].dims.sizes[0];
    if (size < rows) rows = size;
  }
  return rows;
}

inline constexpr op_row embedding_row{.id = op::embedding,
                                      .name = "embedding",
                                      .least_operands = 2,
                                      .most_operands = 2,
                                      .index_operand = 0,
                                      .infer = infer_embedding,
                                      .evaluate = evaluate_embedding};

}  // namespace inlay::ops
