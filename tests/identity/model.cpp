// SPDX-License-Identifier: Apache-2.0
// Puts the graph into the object file.
#include "model.hpp"

INLAY_NETWORK(gain);
