// SPDX-License-Identifier: Apache-2.0
// Networks of many kinds of layers, with variances among their weights.
#include "models.hpp"
INLAY_NETWORK(zoo);
INLAY_NETWORK(chain);
