// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"
INLAY_NETWORK(odd);
INLAY_NETWORK(small);
