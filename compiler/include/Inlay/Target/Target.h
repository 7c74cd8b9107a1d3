// SPDX-License-Identifier: Apache-2.0
// The target table, and the way from an LLVM-dialect module to an object file.
#ifndef INLAY_TARGET_TARGET_H
#define INLAY_TARGET_TARGET_H

#include <memory>
#include <string>
#include <vector>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

/// An error with nothing but a message, which says what to do.
inline llvm::Error failed(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// A machine to compile for, with what the passes must know of it.
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

/// An empty `triple` is the host's. An empty `cpu` is the host's too, or "generic" for another architecture.
llvm::Expected<Target> resolveTarget(llvm::StringRef triple, llvm::StringRef cpu);

/// The targets of one object for several CPUs. Those with the longest vectors and then the most features come first. A
/// CPU that is given twice is an error. Without `cpus`, the default CPU is the only one.
llvm::Expected<std::vector<Target>> resolveTargets(llvm::StringRef triple, llvm::ArrayRef<std::string> cpus);

struct ObjectOptions {
  bool exported = false;  ///< other shared libraries and programs may call the kernels
  /// Sixteen hexadecimal digits in the name of the symbol inlay_anchor_<anchor>, which only this object has. If empty,
  /// they are a hash of its content. With `-u` and this symbol, a linker takes the object out of its archive.
  std::string anchor;
  /// False compiles in a third of the time, to slow code with the same results. For tests of many networks.
  bool optimised = true;
};

/// Translates the modules (LLVM dialect, entry points built; one for each target), optimises them and writes an ELF
/// object into `object`. Several targets must be x86-64 and in order of preference; the object chooses one when it is
/// loaded. If the object would need a symbol from elsewhere, the error names it.
llvm::Error emitObject(llvm::ArrayRef<mlir::ModuleOp> modules, llvm::ArrayRef<Target> targets,
                       const ObjectOptions &options, llvm::SmallVectorImpl<char> &object);

}  // namespace inlay::compiler

#endif  // INLAY_TARGET_TARGET_H
