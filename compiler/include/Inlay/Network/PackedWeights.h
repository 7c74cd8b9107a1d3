// SPDX-License-Identifier: Apache-2.0
// The block of weights that kernels take as an argument: what lies where, and where it comes from.
#ifndef INLAY_NETWORK_PACKEDWEIGHTS_H
#define INLAY_NETWORK_PACKEDWEIGHTS_H

#include <array>
#include <vector>

#include "Inlay/Dialect/ArgumentWeights.h"
#include "llvm/ADT/MapVector.h"

namespace inlay::compiler {

/// Loops that copy elements of the parameters to the block: for all i < counts, block[to + i toSteps] = parameters[from
/// + i fromSteps], where i, counts and steps are vectors of kPackLoops numbers.
inline constexpr size_t kPackLoops = 4;
struct PackLoops {
  int32_t from = 0, to = 0;
  std::array<int32_t, kPackLoops> counts, fromSteps, toSteps;
};

/// The block of a network that has been through the plan phase. It has the constants that have elements of parameters;
/// other constants are in the object.
struct PackedWeights {
  /// The layout of the block must not depend on anything but the network and the target.
  explicit PackedWeights(mlir::func::FuncOp network);

  int64_t elements = 0;                            ///< floats of the block
  llvm::MapVector<ConstantOp, int64_t> offsets;    ///< of each constant, in floats; each begins at a cache line
  std::vector<PackLoops> moves;                    ///< from the parameters
  std::vector<std::pair<int64_t, float>> numbers;  ///< elements of these constants that are known: place and number
};

/// The floats of the block, at least one; 0 for a network whose weights are embedded.
int64_t packedElementsOf(mlir::func::FuncOp network);

}  // namespace inlay::compiler

#endif  // INLAY_NETWORK_PACKEDWEIGHTS_H
