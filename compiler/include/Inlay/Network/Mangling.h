// SPDX-License-Identifier: Apache-2.0
// The names by which the C++ runtime refers to the kernels of a graph.
#ifndef INLAY_NETWORK_MANGLING_H
#define INLAY_NETWORK_MANGLING_H

#include "Inlay/Network/Summary.h"

namespace inlay::compiler {

/// Mangled names (Itanium ABI) of the members `run` (of a network with state `run_steps`, of one whose weights are an
/// argument `run_packed_needs_WEIGHTS_argument`), `reset`, `pack_needs_WEIGHTS_argument`, `packed_bytes`,
/// `run_voices_needs_VOICES`, `run_parallel_needs_PARALLEL` and `scratch_bytes` of
/// `inlay::no_kernels_for_this_graph_run_inlayc_again<hash, ...>`. The C++ runtime refers to a kernel by them. They
/// contain the graph's hash, so a stale kernel does not link.
std::string mangledRun(const NetworkSummary &summary);
std::string mangledRunVoices(const NetworkSummary &summary);
std::string mangledReset(const NetworkSummary &summary);
/// A function of NetworkSummary::trainingFunctions().
std::string mangledTraining(const NetworkSummary &summary, const std::string &function);
std::string mangledRunParallel(const NetworkSummary &summary);
std::string mangledScratchBytes(const NetworkSummary &summary);
std::string mangledPack(const NetworkSummary &summary);
std::string mangledPackedBytes(const NetworkSummary &summary);

}  // namespace inlay::compiler

#endif  // INLAY_NETWORK_MANGLING_H
