// SPDX-License-Identifier: Apache-2.0
// The command-line options for weights, and reading the weights that networks need.
#ifndef INLAY_TOOLS_INLAYC_LOADWEIGHTS_H
#define INLAY_TOOLS_INLAYC_LOADWEIGHTS_H

#include <string>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace inlay::tools {

/// The category of inlayc's own options. --help lists only these.
llvm::cl::OptionCategory& inlaycOptions();

/// The files given with --weights.
std::vector<std::string> weightsFiles();
/// Whether the kernels take their weights as an argument: --weights=argument.
bool weightsAreArgument();
/// Refuses options about weights files where there are none.
llvm::Error checkWeightsOptions();

/// Refuses networks whose weights an object cannot hold: 2 GiB or more. `bf16` halves the bytes of layers' weights.
llvm::Error checkWeightBytes(llvm::ArrayRef<graph_view> graphs, bool bf16);
/// The same for a finished object, whose weights may be padded.
llvm::Error checkObjectBytes(uint64_t bytes);

/// Reads the weights of all parameters of `graphs` and prints notes about them. The error lists everything that is
/// wrong with the files.
llvm::Expected<weights> loadWeights(llvm::ArrayRef<graph_view> graphs);

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_LOADWEIGHTS_H
