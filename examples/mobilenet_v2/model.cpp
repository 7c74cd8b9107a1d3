// SPDX-License-Identifier: Apache-2.0
// Puts the graph of MobileNetV2 into this object file, where inlayc finds it.
#include "model.hpp"

using mobilenet_v2_example::mobilenet_v2;
INLAY_NETWORK(mobilenet_v2);
