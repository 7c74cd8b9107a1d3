// SPDX-License-Identifier: Apache-2.0
// Runs the phases over a module. Writes dumps and keeps summaries on the way.
#include "Inlay/Dialect/ArgumentWeights.h"
#include "Inlay/Network/ShareAll.h"
#include "Inlay/Pipelines/Pipelines.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "mlir/IR/Verifier.h"

namespace inlay::compiler {
namespace {

llvm::Error dump(mlir::ModuleOp module, llvm::StringRef directory, size_t number, Phase phase) {
  if (std::error_code error = llvm::sys::fs::create_directories(directory))
    return failed("--dump-phases: cannot create '" + directory + "': " + error.message());
  const std::string path = dumpPath(directory, number, phase);
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (error) return failed("--dump-phases: cannot write '" + path + "': " + error.message());
  module.print(file, mlir::OpPrintingFlags().elideLargeElementsAttrs(16));
  file.close();
  error = file.error();
  file.clear_error();  // or its destructor ends the program
  if (error) return failed("--dump-phases: cannot write '" + path + "': " + error.message());
  return llvm::Error::success();
}

/// The first phase that depends on the target.
constexpr Phase kFirstForTarget = Phase::layout;

/// Runs the phases from `first` up to `last`, none of them object, over `module`.
llvm::Error runPhases(mlir::ModuleOp module, Phase first, Phase last, const Target &target,
                      const CompileOptions &options, llvm::StringRef dumpDirectory, CompiledNetworks *planned) {
  if (options.shareAll) module->setAttr(kShareAllAttr, mlir::UnitAttr::get(module.getContext()));
  for (auto [number, phase] : llvm::enumerate(kPhases)) {
    if (phase < first || phase > last || phase == Phase::object) continue;
    mlir::PassManager passes(module.getContext());
    addPhase(passes, phase,
             {.vectorLength = target.vectorLength,
              .registers = target.registers,
              .fma = target.fma,
              .avx2 = target.avx2,
              .avx512 = target.avx512,
              .bf16Weights = options.bf16Weights,
              .parallel = options.parallel,
              .maxBatch = options.maxBatch,
              .reproducible = options.reproducible,
              .voices = options.voices});
    // The passes that lower are MLIR's own. Checking the IR between them takes a third of their time.
    passes.enableVerifier(phase != Phase::lower);
    if (mlir::failed(passes.run(module)) || (phase == Phase::lower && mlir::failed(mlir::verify(module))))
      return failed("the " + nameOf(phase) + " phase failed; see the errors above");
    if (phase == Phase::plan && planned)
      for (auto network : module.getOps<mlir::func::FuncOp>())
        if (!isHelper(roleOf(network))) planned->networks.push_back(summarize(network, options.parallel));
    // This phase adds weights in the order of layers whose input is in a register. They are packed, too.
    if (phase == Phase::emit && planned)
      for (auto [network, entry] :
           llvm::zip_equal(planned->networks, module->getAttrOfType<mlir::ArrayAttr>(kEntriesAttr)))
        network.packedBytes = entryFromAttribute(entry).packedBytes;
    if (!dumpDirectory.empty())
      if (llvm::Error error = dump(module, dumpDirectory, number, phase)) return error;
  }
  return llvm::Error::success();
}

}  // namespace

std::string dumpPath(llvm::StringRef directory, size_t number, Phase phase) {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, llvm::Twine(number + 1) + "-" + nameOf(phase) + ".mlir");
  return std::string(path);
}

std::vector<NetworkSummary> CompileResult::networks() const {
  if (targets.empty()) return {};
  std::vector<NetworkSummary> merged = targets.front().networks;
  for (const CompiledNetworks &target : targets)
    for (auto [network, here] : llvm::zip(merged, target.networks))
      network.scratchBytes = std::max(network.scratchBytes, here.scratchBytes),
      network.packedBytes = std::max(network.packedBytes, here.packedBytes);
  return merged;
}

llvm::Expected<CompileResult> compileModule(mlir::ModuleOp module, llvm::ArrayRef<Target> targets,
                                            const CompileOptions &options) {
  for (const Target &target : targets)
    if (options.reproducible && !target.fma)
      return failed(
          "--reproducible: " + target.describe() +
          " has no fused multiply-add, so that its sums are rounded otherwise than those of other processors; "
          "give a CPU that has it, such as --cpu=x86-64-v3");
  if (options.parallel)
    for (auto network : module.getOps<mlir::func::FuncOp>())
      if (network->hasAttr(kMemoryAttr) && roleOf(network) == Role::inference)
        return failed("--parallel: network '" + network.getName() +
                      "' has state, so that its samples are steps, one after the other; compile it without");
  if (options.maxBatch == 0)
    for (auto network : module.getOps<mlir::func::FuncOp>())
      if (network->hasAttr(kWholeBatchAttr))
        return failed("--train: network '" + network.getName() +
                      "' has a batch_norm, which needs all samples of a batch at once; say how many there may be with "
                      "--max-batch (MAX_BATCH in CMake)");
  if (options.voices && llvm::none_of(module.getOps<mlir::func::FuncOp>(), [](mlir::func::FuncOp network) {
        return network->hasAttr(kMemoryAttr) && roleOf(network) == Role::inference;
      }))
    return failed("--voices: no network has state; the samples of a batch run in one call without it");
  if (options.bf16Weights)
    for (auto network : module.getOps<mlir::func::FuncOp>())
      if (argumentParametersOf(network) > 0)
        return failed("--weights-type=bf16: the weights of network '" + network.getName() +
                      "' are an argument, which is packed as f32; leave it out");
  const bool several = targets.size() > 1;
  if (several)
    for (const Target &target : targets)
      if (!llvm::Triple(target.triple).isX86())
        return failed("--cpu: several CPUs in one object are for x86_64 only, not for " + target.triple);
  const Phase lastForAll = options.last < kFirstForTarget ? options.last : Phase::fuse;
  if (llvm::Error error = runPhases(module, Phase::import, lastForAll, targets.front(), options, options.dumpDirectory,
                                    /*planned=*/nullptr))
    return error;

  CompileResult result;
  if (options.last < kFirstForTarget) return result;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> copies;
  llvm::SmallVector<mlir::ModuleOp> modules;
  for (const Target &target : targets) {
    const bool isLast = &target == &targets.back();
    if (!isLast) copies.emplace_back(module.clone());
    modules.push_back(isLast ? module : copies.back().get());
  }
  for (auto [each, target] : llvm::zip(modules, targets)) {
    llvm::SmallString<128> directory(options.dumpDirectory);
    if (several && !directory.empty()) llvm::sys::path::append(directory, target.cpu);
    result.targets.push_back({target.describe(), {}});
    if (llvm::Error error =
            runPhases(each, kFirstForTarget, options.last, target, options, directory, &result.targets.back()))
      return error;
  }
  if (options.last == Phase::object)
    if (llvm::Error error = emitObject(modules, targets, options.object, result.object)) return error;
  return result;
}

}  // namespace inlay::compiler
