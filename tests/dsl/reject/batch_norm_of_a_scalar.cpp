// SPDX-License-Identifier: Apache-2.0
// Batch norm of a value without channels.
// expect: batch_norm needs features [C] or an image [C, H, W]
// expect: batch_norm_of_a_scalar.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32>("x"), [](auto x) { return batch_norm("bn", x); });
INLAY_NETWORK(model);
