// SPDX-License-Identifier: Apache-2.0
// Networks with state, which are trained on sequences.
#include <inlay/dsl.hpp>

using namespace inlay;

static constexpr auto voice = network("voice", input<f32, 3>("x"), [](auto x) {
  return output("y", dense<2>("out", rnn<4>("rnn", tanh(dense<5>("in", x)))));
});
INLAY_NETWORK(voice);

static constexpr auto echo = network("echo", input<f32, 3>("x"),
                                     [](auto x) { return output("y", causal_conv1d<2, 3>("conv", x, dilation<2>)); });
INLAY_NETWORK(echo);
