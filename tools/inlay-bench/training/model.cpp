// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the networks into this object file.
#include "model.hpp"

INLAY_NETWORK(inlay::bench::perceptron);
INLAY_NETWORK(inlay::bench::lenet);
