// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the digit classifier into this object file, where inlayc finds it.
#include "model.hpp"

using digits_example::digits;
INLAY_NETWORK(digits);
