// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the WaveNet into this object file, where inlayc finds them. They share one weights file.
#include "model.hpp"

using amp_example::wavenet;
INLAY_NETWORK(wavenet);
using amp_example::wavenet_fast;
INLAY_NETWORK(wavenet_fast);
using amp_example::wavenet_approximate;
INLAY_NETWORK(wavenet_approximate);
