// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the convolutional network into this object file, where inlayc finds it.
#include "model.hpp"

using lenet_example::lenet;
INLAY_NETWORK(lenet);
