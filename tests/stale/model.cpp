// SPDX-License-Identifier: Apache-2.0
// Puts the graph of this variant into the object file.
#include "model.hpp"

using stale_test::threshold;
INLAY_NETWORK(threshold);
