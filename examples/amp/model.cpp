// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the amplifiers into this object file, where inlayc finds them.
#include "model.hpp"

using amp_example::small;
INLAY_NETWORK(small);
using amp_example::wavenet;
INLAY_NETWORK(wavenet);
