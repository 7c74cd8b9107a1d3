// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"
INLAY_NETWORK(recurrent);
INLAY_NETWORK(blocks);
INLAY_NETWORK(wide);
