// SPDX-License-Identifier: Apache-2.0
// How a network is divided among threads.
#ifndef INLAY_NETWORK_STAGES_H
#define INLAY_NETWORK_STAGES_H

#include "Inlay/Network/Summary.h"

namespace inlay::compiler {

/// Accumulators side by side that hide the latency of a multiply-add.
inline constexpr int64_t kChains = 8;

/// Features that a kernel for up to `capacity` rows computes at once. It is one panel; for a single row of a dense
/// layer it is as many panels as give enough accumulators. A thread's share of a layer is a multiple of it.
int64_t featuresAtOnce(ContractionOp layer, int64_t capacity);

/// Vectors along the columns of a product that is summed over the samples. Each broadcast element then serves two
/// multiply-adds.
inline constexpr int64_t kVectorsOfProduct = 2;

/// Vectors of a plain sum over the samples that are added side by side.
inline constexpr int64_t kVectorsOfSum = 8;

/// Ops that run between two meetings of the threads.
struct Stage {
  enum class Split {
    none,   // one thread does all
    lists,  // one thread lists the inputs of a layer that are not zero, for the stage of that layer
    rows,   // each part takes a share of the rows
    lines,  // each part takes a share of the lines of an image
    panels  // each part takes a share of the panels of features, and so of the weights: always the same share. A sum
            // over the samples is divided by its columns, that of a convolution's weight by the lines of the kernel
  };
  Split split;
  bool isDivided() const { return split != Split::none && split != Split::lists; }
  llvm::SmallVector<mlir::Operation *> ops;
};

/// The stages of the kernel for up to `capacity` rows of a network that has been through the plan phase.
llvm::SmallVector<Stage> stagesOf(mlir::func::FuncOp network, int64_t capacity);

}  // namespace inlay::compiler

#endif  // INLAY_NETWORK_STAGES_H
