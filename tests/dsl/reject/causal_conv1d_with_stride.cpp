// SPDX-License-Identifier: Apache-2.0
// A causal convolution with a stride: each step has a result.
// expect: a causal convolution takes the options dilation<...>, groups<...> and no_bias
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 4>("x"), [](auto x) { return causal_conv1d<8, 3>("conv", x, stride<2>); });
INLAY_NETWORK(model);
