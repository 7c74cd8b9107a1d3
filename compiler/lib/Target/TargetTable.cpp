// SPDX-License-Identifier: Apache-2.0
// What the passes must know of each target.
#include "Dispatch.h"
#include "Inlay/Target/Target.h"
#include "llvm/ADT/bit.h"
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

/// The target's CPU whose name is nearest to `cpu`, as the end of a message; empty if no name is near.
std::string suggestion(llvm::StringRef cpu, const llvm::MCSubtargetInfo &subtarget) {
  llvm::StringRef nearest;
  // Up to a third of the letters may be wrong.
  unsigned least = static_cast<unsigned>(cpu.size()) / 3 + 1;
  for (const llvm::SubtargetSubTypeKV &each : subtarget.getAllProcessorDescriptions()) {
    const unsigned distance = cpu.edit_distance_insensitive(each.Key, /*AllowReplacements=*/true, least);
    if (distance < least) least = distance, nearest = each.Key;
  }
  return nearest.empty() ? "" : "; did you mean '" + nearest.str() + "'?";
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
  llvm::InitializeAllAsmParsers();  // for the inline assembly that asks for the CPU
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
  if (!parsed.isOSBinFormatELF() || parsed.isX32())
    return failed("--target=" + target.triple +
                  ": kernel objects are ELF with pointers of 64 bits; x86_64-linux-gnu and "
                  "aarch64-linux-gnu are supported");
  // LLVM would print messages of its own about an unknown name.
  std::unique_ptr<llvm::MCSubtargetInfo> anyCpu(registered->createMCSubtargetInfo(target.triple, "", ""));
  if (anyCpu && !anyCpu->isCPUStringValid(target.cpu))
    return failed("--cpu=" + target.cpu + ": not a CPU of " + target.triple + "; llc-19 -mtriple=" + target.triple +
                  " -mcpu=help lists them" + suggestion(target.cpu, *anyCpu));
  // A virtual machine may hide features that its CPU's name implies, so the host's are taken as they are.
  const std::string features = native && (cpu.empty() || cpu == "native") ? hostFeatures() : "";
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      registered->createMCSubtargetInfo(target.triple, target.cpu, features));
  if (!subtarget) return failed("--target=" + target.triple + ": LLVM does not know its CPUs");
  if (parsed.getArch() == llvm::Triple::x86_64 && !subtarget->checkFeatures("+64bit"))
    return failed("--cpu=" + target.cpu + ": has no 64-bit mode, which " + target.triple + " needs");

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

llvm::Expected<std::vector<Target>> resolveTargets(llvm::StringRef triple, llvm::ArrayRef<std::string> cpus) {
  std::vector<Target> targets;
  const std::string machines[] = {""};
  for (const std::string &cpu : cpus.empty() ? llvm::ArrayRef<std::string>(machines) : cpus) {
    llvm::Expected<Target> target = resolveTarget(triple, cpu);
    if (!target) return target.takeError();
    for (const Target &before : targets)
      if (before.cpu == target->cpu) return failed("--cpu=" + cpu + ": " + target->cpu + " is given twice");
    targets.push_back(std::move(*target));
  }
  const auto offer = [](const Target &target) {
    int features = 0;
    for (uint32_t bits : neededBits(*target.machine)) features += llvm::popcount(bits);
    return std::pair(target.vectorLength, features);
  };
  llvm::stable_sort(targets, [&](const Target &a, const Target &b) { return offer(a) > offer(b); });
  return targets;
}

}  // namespace inlay::compiler
