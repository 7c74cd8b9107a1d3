// SPDX-License-Identifier: Apache-2.0
// LLVM dialect to object file: translation, O2, code generation, the object's identity, and the gate on undefined
// symbols.
#include "Dispatch.h"
#include "Inlay/Network/Mangling.h"
#include "Inlay/Target/Target.h"
#include "RoundingMode.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

namespace inlay::compiler {
namespace {

std::vector<NetworkSummary> networksOf(mlir::ModuleOp module) {
  std::vector<NetworkSummary> networks;
  for (mlir::Attribute entry : module->getAttrOfType<mlir::ArrayAttr>(kEntriesAttr))
    networks.push_back(entryFromAttribute(entry));
  return networks;
}

/// The C++ runtime's names for the entry points.
void addAliases(llvm::ArrayRef<NetworkSummary> networks, llvm::Module &module) {
  for (const NetworkSummary &network : networks) {
    llvm::GlobalAlias::create(mangledRun(network), module.getFunction(network.name + "_run"));
    if (network.hasReset())
      llvm::GlobalAlias::create(mangledReset(network), module.getFunction(network.name + "_reset"));
    if (network.runsVoices)
      llvm::GlobalAlias::create(mangledRunVoices(network), module.getFunction(network.name + "_run_voices"));
    for (const std::string &each : network.trainingFunctions())
      llvm::GlobalAlias::create(mangledTraining(network, each), module.getFunction(network.name + "_" + each));
    if (network.isParallel())
      llvm::GlobalAlias::create(mangledRunParallel(network), module.getFunction(network.name + "_run_parallel"));
    if (network.takesWeights()) {
      llvm::GlobalAlias::create(mangledPack(network), module.getFunction(network.name + "_pack"));
      llvm::GlobalAlias::create(mangledPackedBytes(network), module.getFunction(network.name + "_packed_bytes"));
    }
    llvm::GlobalAlias::create(mangledScratchBytes(network), module.getFunction(network.name + "_scratch_bytes"));
  }
}

/// Sets the visibility of what other objects of the program call. Hidden functions let two shared libraries with
/// kernels for one network each call their own. Exported ones can be called from other libraries, too; protected
/// visibility still binds the library's own calls to them.
void setVisibility(llvm::Module &module, bool exported) {
  const auto set = [&](llvm::GlobalValue &value) {
    if (value.hasLocalLinkage() || value.isDeclaration()) return;
    value.setVisibility(exported ? llvm::GlobalValue::ProtectedVisibility : llvm::GlobalValue::HiddenVisibility);
    value.setDSOLocal(true);
  };
  for (llvm::Function &function : module) set(function);
  for (llvm::GlobalAlias &alias : module.aliases()) set(alias);
}

/// Placeholders in the object's string table. setIdentity() overwrites their last letters with as many hexadecimal
/// digits.
constexpr llvm::StringLiteral kGroup = "inlay_kernels_ffffffffffffffffffffffffffffffff";
constexpr llvm::StringLiteral kAnchor = "inlay_anchor_ffffffffffffffff";

/// Puts all that the object defines into one ELF group. setIdentity() makes the group's name from the object's content,
/// and a linker keeps only one of several groups with the same name. So equal kernels are merged, and different ones
/// define a symbol twice. Only the anchor is outside of the group. By the anchor a linker can be told to take the
/// object out of an archive, even if another object defines the same symbols.
void addGroupAndAnchor(llvm::Module &module) {
  llvm::Comdat *group = module.getOrInsertComdat(kGroup);
  for (llvm::GlobalObject &object : module.global_objects())
    if (!object.isDeclaration()) object.setComdat(group);
  auto *byte = llvm::Type::getInt8Ty(module.getContext());
  auto *anchor = new llvm::GlobalVariable(module, byte, /*isConstant=*/true, llvm::GlobalValue::WeakAnyLinkage,
                                          llvm::ConstantInt::get(byte, 0), kAnchor);
  anchor->setVisibility(llvm::GlobalValue::HiddenVisibility);
}

/// Writes the object's identity, a hash of its content, into the group's name. Writes `anchor` into the anchor's name,
/// or the first digits of the identity if `anchor` is empty.
llvm::Error setIdentity(llvm::SmallVectorImpl<char> &object, llvm::StringRef anchor) {
  const llvm::ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(object.data()), object.size());
  llvm::BLAKE3 hasher;
  hasher.update(bytes);
  const llvm::BLAKE3Result<16> digest = hasher.final<16>();
  const std::string identity = llvm::toHex(digest, /*LowerCase=*/true);
  const auto write = [&](llvm::StringRef placeholder, llvm::StringRef digits) -> llvm::Error {
    const llvm::StringRef text(object.data(), object.size());
    const size_t at = text.find(placeholder);
    if (at == llvm::StringRef::npos || text.find(placeholder, at + 1) != llvm::StringRef::npos)
      return failed("the object's symbol '" + placeholder + "' is not in one place");
    llvm::copy(digits, object.begin() + static_cast<ptrdiff_t>(at + placeholder.size() - digits.size()));
    return llvm::Error::success();
  };
  if (llvm::Error error = write(kGroup, identity)) return error;
  return write(kAnchor, anchor.empty() ? llvm::StringRef(identity).take_front(16) : anchor);
}

void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  // Kernels are vectors already. A scalar loop that LLVM makes vectors of would divide in dead lanes, too.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopInterleaving = tuning.SLPVectorization = false;
  llvm::PassBuilder builder(&machine, tuning);
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

/// LLVM IR of `module` for `target`. If it is one of several, every function gets the target's suffix, and
/// the `_scratch_bytes` and `_packed_bytes` functions are left to addDispatch().
llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::ModuleOp module, const Target &target,
                                                        llvm::LLVMContext &context, bool oneOfSeveral, bool optimised) {
  std::unique_ptr<llvm::Module> translated = mlir::translateModuleToLLVMIR(module, context, "inlay");
  if (!translated) return failed("the lowered module could not be translated to LLVM IR");
  translated->setTargetTriple(target.triple);
  translated->setDataLayout(target.machine->createDataLayout());
  guardRoundingMode(*translated);
  if (oneOfSeveral)
    for (const NetworkSummary &network : networksOf(module))
      for (const char *size : {"_scratch_bytes", "_packed_bytes"})
        if (llvm::Function *function = translated->getFunction(network.name + size)) function->eraseFromParent();
  const std::string features =
      oneOfSeveral ? withoutUncheckedFeatures(*target.machine) : target.machine->getTargetFeatureString().str();
  for (llvm::Function &function : *translated) {
    function.addFnAttr("target-cpu", target.machine->getTargetCPU());
    function.addFnAttr("target-features", features);
    // Debuggers, profilers and exceptions from the caller's parallel_for must be able to unwind through the kernels.
    function.setUWTableKind(llvm::UWTableKind::Async);
    if (oneOfSeveral && !function.isDeclaration()) function.setName(function.getName() + suffixOf(target));
  }
  if (optimised) optimise(*translated, *target.machine);
  return translated;
}

}  // namespace

llvm::Error emitObject(llvm::ArrayRef<mlir::ModuleOp> modules, llvm::ArrayRef<Target> targets,
                       const ObjectOptions &options, llvm::SmallVectorImpl<char> &object) {
  mlir::MLIRContext &mlirContext = *mlir::ModuleOp(modules.front()).getContext();
  mlir::registerBuiltinDialectTranslation(mlirContext);
  mlir::registerLLVMDialectTranslation(mlirContext);
  llvm::LLVMContext context;
  const bool several = targets.size() > 1;
  std::unique_ptr<llvm::Module> whole;
  std::vector<NetworkSummary> networks = networksOf(modules.front());
  for (auto [module, target] : llvm::zip(modules, targets)) {
    auto translated = translate(module, target, context, several, options.optimised);
    if (!translated) return translated.takeError();
    for (auto [network, here] : llvm::zip(networks, networksOf(module)))
      network.scratchBytes = std::max(network.scratchBytes, here.scratchBytes),
      network.packedBytes = std::max(network.packedBytes, here.packedBytes);
    if (!whole)
      whole = std::move(*translated);
    else if (llvm::Linker::linkModules(*whole, std::move(*translated)))
      return failed("the code for " + target.cpu + " could not be joined with that for the CPUs before it");
  }
  if (several) {
    llvm::SmallVector<const Target *> candidates;
    for (const Target &target : targets) candidates.push_back(&target);
    addDispatch(*whole, networks, candidates);
  }
  addAliases(networks, *whole);
  setVisibility(*whole, options.exported);
  addGroupAndAnchor(*whole);

  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager codegen;
  llvm::TargetMachine &machine = *targets.front().machine;
  machine.setOptLevel(options.optimised ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None);
  if (machine.addPassesToEmitFile(codegen, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return failed("no object files for " + targets.front().triple);
  codegen.run(*whole);
  if (llvm::Error error = checkSelfContained(object)) return error;
  return setIdentity(object, options.anchor);
}

}  // namespace inlay::compiler
