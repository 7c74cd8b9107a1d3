// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the three networks into this object file, where inlayc finds them.
#include "model.hpp"

INLAY_NETWORK(xor_example::xor_tanh);
INLAY_NETWORK(xor_example::xor_relu);
INLAY_NETWORK(xor_example::xor_linear);
