// SPDX-License-Identifier: Apache-2.0
// Puts the graph of ResNet-18 into this object file, where inlayc finds it.
#include "model.hpp"

using resnet18_example::resnet18;
INLAY_NETWORK(resnet18);
