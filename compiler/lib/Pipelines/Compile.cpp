// SPDX-License-Identifier: Apache-2.0
// Runs the phases over a module, keeping what is asked for on the way.
#include "Inlay/Pipelines/Pipelines.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

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

}  // namespace

std::string dumpPath(llvm::StringRef directory, size_t number, Phase phase) {
  llvm::SmallString<128> path(directory);
  llvm::sys::path::append(path, llvm::Twine(number + 1) + "-" + nameOf(phase) + ".mlir");
  return std::string(path);
}

llvm::Expected<CompileResult> compileModule(mlir::ModuleOp module, Target &target, const CompileOptions &options) {
  if (options.reproducible && !target.fma)
    return failed("--reproducible: " + target.describe() +
                  " has no fused multiply-add, so that its sums are rounded otherwise than those of other processors; "
                  "give a CPU that has it, such as --cpu=x86-64-v3");
  CompileResult result;
  for (auto [number, phase] : llvm::enumerate(kPhases)) {
    if (phase == Phase::object) {
      if (llvm::Error error = emitObject(module, target, result.object)) return error;
      break;
    }
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
              .reproducible = options.reproducible});
    if (mlir::failed(passes.run(module))) return failed("the " + nameOf(phase) + " phase failed; see the errors above");
    if (phase == Phase::plan)
      for (auto network : module.getOps<mlir::func::FuncOp>())
        result.networks.push_back(summarize(network, options.parallel));
    if (!options.dumpDirectory.empty())
      if (llvm::Error error = dump(module, options.dumpDirectory, number, phase)) return error;
    if (phase == options.last) break;
  }
  return result;
}

}  // namespace inlay::compiler
