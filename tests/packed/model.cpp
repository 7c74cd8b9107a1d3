// SPDX-License-Identifier: Apache-2.0
// Gives the network to inlayc.
#include "model.hpp"

INLAY_NETWORK(classifier);
