// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of all layers into this object file, where inlayc finds them.
#include "model.hpp"

INLAY_NETWORK(sparsity_example::skip_fc2);
INLAY_NETWORK(sparsity_example::multiply_fc2);
INLAY_NETWORK(sparsity_example::skip_fc1);
INLAY_NETWORK(sparsity_example::multiply_fc1);
INLAY_NETWORK(sparsity_example::skip_64);
INLAY_NETWORK(sparsity_example::multiply_64);
INLAY_NETWORK(sparsity_example::skip_256);
INLAY_NETWORK(sparsity_example::multiply_256);
INLAY_NETWORK(sparsity_example::skip_1024);
INLAY_NETWORK(sparsity_example::multiply_1024);
