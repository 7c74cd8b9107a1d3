// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of both networks into this object file, where inlayc finds them, and proves their truth tables.
#include "model.hpp"

namespace xor_example {

static_assert(evaluate(xor_threshold, {0, 0})[0] == 0);
static_assert(evaluate(xor_threshold, {0, 1})[0] == 1);
static_assert(evaluate(xor_threshold, {1, 0})[0] == 1);
static_assert(evaluate(xor_threshold, {1, 1})[0] == 0);

static_assert(evaluate(xor_smooth, {0, 0})[0] < 0.5f);
static_assert(evaluate(xor_smooth, {0, 1})[0] > 0.5f);
static_assert(evaluate(xor_smooth, {1, 0})[0] > 0.5f);
static_assert(evaluate(xor_smooth, {1, 1})[0] < 0.5f);

}  // namespace xor_example

INLAY_NETWORK(xor_example::xor_threshold);
INLAY_NETWORK(xor_example::xor_smooth);
