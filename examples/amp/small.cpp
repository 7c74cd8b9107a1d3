// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the LSTM into this object file, where inlayc finds them. They share one weights file.
#include "model.hpp"

using amp_example::small;
INLAY_NETWORK(small);
using amp_example::small_fast;
INLAY_NETWORK(small_fast);
using amp_example::small_approximate;
INLAY_NETWORK(small_approximate);
