// SPDX-License-Identifier: Apache-2.0
// A causal convolution, which is trained on sequences.
#include "models.hpp"

INLAY_NETWORK(inlay_test::echo);
