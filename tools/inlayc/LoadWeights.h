// SPDX-License-Identifier: Apache-2.0
// The command line's weights: the options that name them, and the values that the networks read.
#ifndef INLAY_TOOLS_INLAYC_LOADWEIGHTS_H
#define INLAY_TOOLS_INLAYC_LOADWEIGHTS_H

#include <string>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace inlay::tools {

/// The category of inlayc's own options, the only ones that --help lists.
llvm::cl::OptionCategory& inlaycOptions();

/// The files given with --weights.
std::vector<std::string> weightsFiles();

/// Refuses networks whose weights an object cannot hold: 2 GiB or more. With `bf16` those of layers take half.
llvm::Error checkWeightBytes(llvm::ArrayRef<graph_view> graphs, bool bf16);
/// The same for the object that was made, whose weights may be padded.
llvm::Error checkObjectBytes(uint64_t bytes);

/// Reads the weights of all parameters of `graphs` and prints notes about them. The error lists everything that is
/// wrong with the files.
llvm::Expected<weights> loadWeights(llvm::ArrayRef<graph_view> graphs);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_LOADWEIGHTS_H
