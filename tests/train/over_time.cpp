// SPDX-License-Identifier: Apache-2.0
// A network with state, which is trained on sequences.
#include "models.hpp"

INLAY_NETWORK(inlay_test::xor_in_time);
