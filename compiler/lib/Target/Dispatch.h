// SPDX-License-Identifier: Apache-2.0
// One object for several CPUs: what each must have, and the functions that choose.
#ifndef INLAY_TARGET_DISPATCH_H
#define INLAY_TARGET_DISPATCH_H

#include "Inlay/Codegen/Networks.h"
#include "Inlay/Target/Target.h"
#include "llvm/IR/Module.h"

namespace inlay::compiler {

/// What the processor says of itself: the registers of `cpuid` that have features of interest, and of `xgetbv`.
enum CpuWord : unsigned { kLeaf1Ecx, kLeaf7Ebx, kLeaf7Ecx, kLeaf7Edx, kLeaf7Sub1Eax, kExtendedEcx, kXcr0, kCpuWords };

/// Bits of each word that must be set.
using CpuBits = std::array<uint32_t, kCpuWords>;

/// What the entry points return on a machine that is none of the targets; a further EntryStatus.
inline constexpr int32_t kUnsupportedCpu = 5;

/// The bits that code for `machine` needs, without the features that withoutUncheckedFeatures() takes away.
CpuBits neededBits(const llvm::TargetMachine &machine);

/// The feature string of `machine` with everything off that neededBits() does not know, so that no instruction is used
/// whose presence is not checked. No kernel uses any of these: keys, tiles, transactions and the like.
std::string withoutUncheckedFeatures(const llvm::TargetMachine &machine);

/// The suffix of the functions that are compiled for `target`.
std::string suffixOf(const Target &target);

/// Adds to `module`, which has the functions `<network>_run` and `<network>_run_parallel` with the suffix of each
/// target (best first), the public functions of these names for any x86-64. They jump to the first target that the
/// machine can run, which is chosen once, by an ELF ifunc when the program is loaded; where there is none they return
/// kUnsupportedCpu. `<network>_scratch_bytes` is the most of all targets.
void addDispatch(llvm::Module &module, llvm::ArrayRef<NetworkSummary> networks, llvm::ArrayRef<const Target *> targets);

}  // namespace inlay::compiler

#endif  // INLAY_TARGET_DISPATCH_H
