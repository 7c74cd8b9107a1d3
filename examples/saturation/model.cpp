// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of the six networks into this object file, where inlayc finds them.
#include "model.hpp"

INLAY_NETWORK(saturation_example::sigmoid_raw);
INLAY_NETWORK(saturation_example::sigmoid_normalised);
INLAY_NETWORK(saturation_example::tanh_raw);
INLAY_NETWORK(saturation_example::tanh_normalised);
INLAY_NETWORK(saturation_example::relu_raw);
INLAY_NETWORK(saturation_example::relu_normalised);
