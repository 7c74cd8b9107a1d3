// SPDX-License-Identifier: Apache-2.0
// Entry points that need rounding to nearest.
#ifndef INLAY_TARGET_ROUNDINGMODE_H
#define INLAY_TARGET_ROUNDINGMODE_H

#include "llvm/IR/Module.h"

namespace inlay::compiler {

/// Makes every function with the attribute kRoundsToNearest run in that mode and leave the caller's mode as it was. In
/// the usual mode this costs an addition, a subtraction and a branch. The module's triple must be set.
void guardRoundingMode(llvm::Module &module);

}  // namespace inlay::compiler

#endif  // INLAY_TARGET_ROUNDINGMODE_H
