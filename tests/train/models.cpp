// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the networks with one number per target into this object file.
#include "models.hpp"

INLAY_NETWORK(inlay_test::xor_tanh);
INLAY_NETWORK(inlay_test::xor_linear);
INLAY_NETWORK(inlay_test::two_paths);
