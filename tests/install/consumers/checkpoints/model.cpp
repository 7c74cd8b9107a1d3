// SPDX-License-Identifier: Apache-2.0
// The network in the object file.
#include "model.hpp"

INLAY_NETWORK(autoencoder);
