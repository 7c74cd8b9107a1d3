// SPDX-License-Identifier: Apache-2.0
// Splits a network into its layers, each a network of its own.
#pragma once

#include <vector>

#include "model_file.hpp"

namespace inlay::bench {

/// One network per operation that computes something. It includes the pointwise programs that follow the operation, if
/// they are its only readers. Its inputs are the values that it reads; its `name` is the layer's, or "softmax after
/// fc3". Values computed from weights alone belong to the layers that read them. Operations that only move values
/// (reshape) are left out. The result points into `network`'s tables and keeps them alive.
std::vector<bench_network> layers_of(const bench_network& network);

}  // namespace inlay::bench
