// SPDX-License-Identifier: Apache-2.0
// A mark for tests: threads share every layer that can be divided, and layers beside recurrent ones compute blocks of
// steps, however small they are.
#ifndef INLAY_NETWORK_SHAREALL_H
#define INLAY_NETWORK_SHAREALL_H

#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

/// Attribute of a module whose layers are divided, among threads and into blocks, even where that does not pay.
inline constexpr llvm::StringLiteral kShareAllAttr = "inlay.share_all";

inline bool sharesAll(mlir::Operation *module) { return module->hasAttr(kShareAllAttr); }

}  // namespace inlay::compiler

#endif  // INLAY_NETWORK_SHAREALL_H
