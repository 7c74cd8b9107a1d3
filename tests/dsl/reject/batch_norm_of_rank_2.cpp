// SPDX-License-Identifier: Apache-2.0
// Batch norm of a matrix: it takes a vector of features.
// expect: batch_norm needs a vector, one element per feature: flatten() makes one
// expect: batch_norm_of_rank_2.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 3>("x"), [](auto x) { return batch_norm("bn", x); });
INLAY_NETWORK(model);
