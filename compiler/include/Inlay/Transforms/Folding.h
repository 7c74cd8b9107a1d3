// SPDX-License-Identifier: Apache-2.0
// Declarations and registration of the passes that compute at compile time what depends on weights alone.
#ifndef INLAY_TRANSFORMS_FOLDING_H
#define INLAY_TRANSFORMS_FOLDING_H

#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

#define GEN_PASS_DECL
#include "Inlay/Transforms/Folding.h.inc"

#define GEN_PASS_REGISTRATION
#include "Inlay/Transforms/Folding.h.inc"

/// inlay-fold-linear. Whether weights will be stored as f32 or bf16 decides which folds are accurate enough.
std::unique_ptr<mlir::Pass> createFoldLinearPass(bool bf16Weights);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_FOLDING_H
