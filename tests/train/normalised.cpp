// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the network with a batch norm into this object file.
#include "models.hpp"

INLAY_NETWORK(inlay_test::normalised);
