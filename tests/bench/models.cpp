// SPDX-License-Identifier: Apache-2.0
// Networks with many kinds of layers, and with variances among their weights.
#include "models.hpp"
INLAY_NETWORK(zoo);
INLAY_NETWORK(chain);
INLAY_NETWORK(normed);
INLAY_NETWORK(reader);
INLAY_NETWORK(listener);
