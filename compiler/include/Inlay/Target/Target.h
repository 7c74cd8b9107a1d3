// SPDX-License-Identifier: Apache-2.0
// The target table, and the way from an LLVM-dialect module to an object file.
#ifndef INLAY_TARGET_TARGET_H
#define INLAY_TARGET_TARGET_H

#include <memory>
#include <string>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

/// An error with nothing but a message, which says what to do.
inline llvm::Error failed(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// A machine to compile for, with what the layout phase must know of it.
struct Target {
  std::unique_ptr<llvm::TargetMachine> machine;
  std::string triple, cpu;
  int64_t vectorLength = 4;  ///< f32 elements per vector register
  int64_t registers = 16;    ///< vector registers
  bool fma = false;          ///< fused multiply-add
  bool avx2 = false;         ///< AVX2
  bool avx512 = false;       ///< AVX-512 F, BW, DQ, VL

  /// "x86_64-pc-linux-gnu znver4: 16 lanes, 32 registers".
  std::string describe() const;
};

/// `triple` and `cpu` may be empty: the host, and for another triple its generic CPU.
llvm::Expected<Target> resolveTarget(llvm::StringRef triple, llvm::StringRef cpu);

/// Translates `module` (LLVM dialect, entry points built), optimises it and writes an ELF object into `object`.
/// Fails if the object would need a symbol from elsewhere, naming it.
llvm::Error emitObject(mlir::ModuleOp module, Target &target, llvm::SmallVectorImpl<char> &object);

}  // namespace inlay::compiler

#endif  // INLAY_TARGET_TARGET_H
