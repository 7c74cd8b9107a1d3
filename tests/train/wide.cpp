// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the wide network into this object file.
#include "models.hpp"

INLAY_NETWORK(inlay_test::wide);
