// SPDX-License-Identifier: Apache-2.0
// Folds batch norms into the layers before them, as libraries do when they load a model.
#pragma once

#include "model_file.hpp"

namespace inlay::bench {

/// The network without the pointwise programs that scale and shift the channels of a convolution or the features of a
/// dense layer by weights alone: the layer's weights and bias do so instead. Only a program that is the layer's single
/// reader is folded, and only if no other layer reads the weights. Shares no code with the compiler.
bench_network with_folded_batch_norms(const bench_network& network);

}  // namespace inlay::bench
