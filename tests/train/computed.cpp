// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the networks with computed weights into this object file.
#include "models.hpp"

INLAY_NETWORK(inlay_test::lengths);
INLAY_NETWORK(inlay_test::masked);
