// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the classifier into this object file.
#include "models.hpp"

INLAY_NETWORK(inlay_test::classifier);
