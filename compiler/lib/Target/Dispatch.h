// SPDX-License-Identifier: Apache-2.0
// One object for several CPUs: what each must have, and the functions that choose.
#ifndef INLAY_TARGET_DISPATCH_H
#define INLAY_TARGET_DISPATCH_H

#include "Inlay/Network/Summary.h"
#include "Inlay/Target/Target.h"
#include "llvm/IR/Module.h"

namespace inlay::compiler {

/// The registers in which `cpuid` and `xgetbv` tell the features of interest.
enum CpuWord : unsigned { kLeaf1Ecx, kLeaf7Ebx, kLeaf7Ecx, kLeaf7Edx, kLeaf7Sub1Eax, kExtendedEcx, kXcr0, kCpuWords };

/// Bits of each word that must be set.
using CpuBits = std::array<uint32_t, kCpuWords>;

/// What the entry points return on a machine that is none of the targets; a further EntryStatus.
inline constexpr int32_t kUnsupportedCpu = 5;

/// The bits that code for `machine` needs, without the features that withoutUncheckedFeatures() takes away.
CpuBits neededBits(const llvm::TargetMachine &machine);

/// The feature string of `machine` without the features that neededBits() does not know. So the code has no instruction
/// whose presence is not checked. No kernel needs such features: keys, tiles, transactions and the like.
std::string withoutUncheckedFeatures(const llvm::TargetMachine &machine);

/// The suffix of the functions that are compiled for `target`.
std::string suffixOf(const Target &target);

/// Adds the public functions `<network>_run` and `<network>_run_parallel` to `module`. The module already has these
/// functions with the suffix of each target, best first. The public ones run on any x86-64 and jump to those of the
/// first target that the machine can run. An ELF ifunc chooses it once, when the program is loaded. If there is none,
/// they return kUnsupportedCpu. `<network>_scratch_bytes` returns the most that any target needs.
void addDispatch(llvm::Module &module, llvm::ArrayRef<NetworkSummary> networks, llvm::ArrayRef<const Target *> targets);

}  // namespace inlay::compiler

#endif  // INLAY_TARGET_DISPATCH_H
