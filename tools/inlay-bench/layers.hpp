// SPDX-License-Identifier: Apache-2.0
// The layers of any network as networks of their own.
#pragma once

#include <vector>

#include "model_file.hpp"

namespace inlay::bench {

/// Each operation that needs computing, together with the pointwise programs that follow it and that nothing else
/// reads it for, as a network whose inputs are the values that it reads. `name` is the layer's, or "softmax after fc3".
/// What is computed from weights alone belongs to the layers that read it. Operations that only move values (reshape)
/// are left out. The result points into `network`'s tables and keeps them alive.
std::vector<bench_network> layers_of(const bench_network& network);

}  // namespace inlay::bench
