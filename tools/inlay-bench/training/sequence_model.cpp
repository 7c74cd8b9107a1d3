// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the recurrent network into this object file.
#include "model.hpp"

INLAY_NETWORK(inlay::bench::recurrent);
