// SPDX-License-Identifier: Apache-2.0
// LLVM dialect to object file: translation, O2, code generation, and the gate on undefined symbols.
#include "Inlay/Codegen/Networks.h"
#include "Inlay/Target/Target.h"
#include "RoundingMode.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

namespace inlay::compiler {
namespace {

/// The C++ runtime's names for the entry points.
void addAliases(mlir::ModuleOp module, llvm::Module &translated) {
  for (mlir::Attribute attribute : module->getAttrOfType<mlir::ArrayAttr>(kEntriesAttr)) {
    NetworkSummary summary = entryFromAttribute(attribute);
    llvm::GlobalAlias::create(mangledRun(summary), translated.getFunction(summary.name + "_run"));
    if (summary.isParallel())
      llvm::GlobalAlias::create(mangledRunParallel(summary), translated.getFunction(summary.name + "_run_parallel"));
    llvm::GlobalAlias::create(mangledScratchBytes(summary), translated.getFunction(summary.name + "_scratch_bytes"));
  }
}

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

/// A generated object stands alone: no libc, no libm, no unwinder.
llvm::Error checkSelfContained(llvm::ArrayRef<char> object) {
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "kernels"));
  if (!file) return file.takeError();
  std::string missing;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!flags) return flags.takeError();
    if (!(*flags & llvm::object::SymbolRef::SF_Undefined)) continue;
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!name) return name.takeError();
    if (!name->empty()) missing += " " + name->str();
  }
  if (missing.empty()) return llvm::Error::success();
  return failed("the generated code needs symbols from elsewhere, which a kernel object must not:" + missing);
}

}  // namespace

llvm::Error emitObject(mlir::ModuleOp module, Target &target, llvm::SmallVectorImpl<char> &object) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = mlir::translateModuleToLLVMIR(module, context, "inlay");
  if (!translated) return failed("the lowered module could not be translated to LLVM IR");
  translated->setTargetTriple(target.triple);
  translated->setDataLayout(target.machine->createDataLayout());
  addAliases(module, *translated);
  guardRoundingMode(*translated);
  for (llvm::Function &function : *translated) {
    function.addFnAttr("target-cpu", target.machine->getTargetCPU());
    function.addFnAttr("target-features", target.machine->getTargetFeatureString());
  }
  optimise(*translated, *target.machine);

  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager codegen;
  if (target.machine->addPassesToEmitFile(codegen, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return failed("no object files for " + target.triple);
  codegen.run(*translated);
  return checkSelfContained(object);
}

}  // namespace inlay::compiler
