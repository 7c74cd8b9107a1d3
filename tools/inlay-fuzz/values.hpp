// SPDX-License-Identifier: Apache-2.0
// Weights and inputs of a drawn network: ordinary numbers, and corner cases of f32.
#pragma once

#include <vector>

#include "inlay/weights.hpp"
#include "random_source.hpp"

namespace inlay::fuzz {

/// The kind of numbers in a tensor.
enum class regime : unsigned {
  ordinary,  ///< inputs in [-3, 3]; weights in +-1 / sqrt(fan-in)
  unit,      ///< [-1, 1]
  sparse,    ///< mostly zeros
  integers,  ///< -3 .. 3
  wide,      ///< magnitudes 1e-6 .. 1e6
  large,     ///< [-100, 100]
  tiny,      ///< around the smallest normal number
  corners    ///< NaN, infinities, zeros of both signs, denormals, the largest and smallest numbers among others
};
inline constexpr std::size_t regime_count = 8;

/// How to make all numbers of a trial. An element depends only on the plan, the tensor's name and the element's index.
struct data_plan {
  std::uint64_t seed = 0;
  regime weights = regime::ordinary;
  regime inputs = regime::ordinary;
  bool edges = false;  ///< some samples have corners among their inputs, in any regime
};

data_plan draw_data(random_source& random);

/// Weights for every parameter of `graph`, sorted by name.
inlay::weights make_weights(const graph_view& graph, const data_plan& plan);

/// `batch` samples for input node `node`, sample after sample. The floats for an i32 input have the bits of integers:
/// most are indices of the layers that read them, some lie outside.
std::vector<float> make_input(const graph_view& graph, const node_record& node, std::size_t batch,
                              const data_plan& plan);

}  // namespace inlay::fuzz
