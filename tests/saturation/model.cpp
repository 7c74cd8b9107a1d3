// SPDX-License-Identifier: Apache-2.0
// The network whose report the test reads: a convolution, a dense layer, and two inputs.
#include <inlay/dsl.hpp>
using namespace inlay;

constexpr auto judge =
    network("judge", input<f32, 1, 4, 4>("photo"), input<f32, 3>("extra"), [](auto photo, auto extra) {
      auto seen = relu(conv2d<2, 3>("conv", photo));                                 // [2, 2, 2]
      return tanh(dense<4>("fc", concat<0>(reshape<8>(seen), extra)), approximate);  // [4]
    });
INLAY_NETWORK(judge);
