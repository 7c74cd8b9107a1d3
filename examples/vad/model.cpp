// SPDX-License-Identifier: Apache-2.0
// Puts the graph of the voice activity detector into this object file, where inlayc finds it.
#include "model.hpp"

using vad_example::vad;
INLAY_NETWORK(vad);
