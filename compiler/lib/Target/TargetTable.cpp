// SPDX-License-Identifier: Apache-2.0
// What the layout phase must know of each target.
#include "Inlay/Target/Target.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

namespace inlay::compiler {
namespace {

/// The first row whose features the CPU has applies.
struct TargetRow {
  llvm::Triple::ArchType arch;
  const char *features;
  int64_t vectorLength, registers;
  bool fma, avx2, avx512;
};

constexpr TargetRow kTargets[] = {
    {llvm::Triple::x86_64, "+avx512f,+avx512bw,+avx512dq,+avx512vl", 16, 32, true, true, true},
    {llvm::Triple::x86_64, "+avx2,+fma", 8, 16, true, true, false},
    {llvm::Triple::x86_64, "", 4, 16, false, false, false},
    {llvm::Triple::aarch64, "+neon", 4, 32, true, false, false},
};

std::string hostFeatures() {
  llvm::SubtargetFeatures features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures()) features.AddFeature(feature.first(), feature.second);
  return features.getString();
}

}  // namespace

std::string Target::describe() const {
  return triple + " " + cpu + ": " + std::to_string(vectorLength) + " lanes, " + std::to_string(registers) +
         " vector registers";
}

llvm::Expected<Target> resolveTarget(llvm::StringRef triple, llvm::StringRef cpu) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();

  const std::string host = llvm::sys::getDefaultTargetTriple();
  Target target;
  target.triple = triple.empty() ? host : llvm::Triple::normalize(triple);
  llvm::Triple parsed(target.triple);
  const bool native = parsed.getArch() == llvm::Triple(host).getArch();
  target.cpu = !cpu.empty() && cpu != "native" ? cpu.str() : native ? llvm::sys::getHostCPUName().str() : "generic";
  if (cpu == "native" && !native)
    return failed("--cpu=native: the target " + target.triple + " is not this machine; name a CPU");

  std::string message;
  const llvm::Target *registered = llvm::TargetRegistry::lookupTarget(target.triple, message);
  if (!registered) return failed("--target=" + triple + ": " + message);
  // A virtual machine may hide features that its CPU's name implies, so the host's are taken as they are.
  const std::string features = native && (cpu.empty() || cpu == "native") ? hostFeatures() : "";
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      registered->createMCSubtargetInfo(target.triple, target.cpu, features));
  if (!subtarget || !subtarget->isCPUStringValid(target.cpu))
    return failed("--cpu=" + target.cpu + ": not a CPU of " + target.triple + "; llc-19 -mcpu=help lists them");

  const TargetRow *row = llvm::find_if(kTargets, [&](const TargetRow &candidate) {
    return candidate.arch == parsed.getArch() && subtarget->checkFeatures(candidate.features);
  });
  if (row == std::end(kTargets))
    return failed("--target=" + target.triple + ": no row in the target table; x86_64 and aarch64 are supported");
  target.vectorLength = row->vectorLength, target.registers = row->registers;
  target.fma = row->fma, target.avx2 = row->avx2, target.avx512 = row->avx512;

  llvm::TargetOptions options;
  target.machine.reset(registered->createTargetMachine(target.triple, target.cpu, features, options, llvm::Reloc::PIC_,
                                                       std::nullopt, llvm::CodeGenOptLevel::Default));
  if (!target.machine) return failed("--target=" + target.triple + ": LLVM cannot make a target machine");
  return target;
}

}  // namespace inlay::compiler
