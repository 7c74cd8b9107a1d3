// SPDX-License-Identifier: Apache-2.0
// The list of passes of each phase: the map of the compiler.
#include "Inlay/Pipelines/Pipelines.h"

#include "Inlay/Transforms/Folding.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

namespace inlay::compiler {

namespace func = mlir::func;

llvm::StringRef nameOf(Phase phase) {
  switch (phase) {
    case Phase::import: return "import";
    case Phase::simplify: return "simplify";
    case Phase::fuse: return "fuse";
    case Phase::layout: return "layout";
    case Phase::plan: return "plan";
    case Phase::emit: return "emit";
    case Phase::lower: return "lower";
    case Phase::object: return "object";
  }
  return "";
}

std::optional<Phase> phaseByName(llvm::StringRef name) {
  for (Phase phase : kPhases)
    if (nameOf(phase) == name) return phase;
  return std::nullopt;
}

void addPhase(mlir::OpPassManager &passes, Phase phase, const PhaseOptions &options) {
  switch (phase) {
    case Phase::import:
    case Phase::object: break;
    case Phase::simplify:
      passes.addPass(mlir::createCanonicalizerPass());
      passes.addPass(mlir::createCSEPass());
      passes.addNestedPass<func::FuncOp>(createFoldConstantsPass());
      passes.addNestedPass<func::FuncOp>(createFoldLinearPass(options.bf16Weights));
      passes.addNestedPass<func::FuncOp>(createFoldScalarsPass());
      passes.addPass(mlir::createCanonicalizerPass());
      break;
    case Phase::fuse:
      passes.addNestedPass<func::FuncOp>(createFuseMapsPass());
      passes.addNestedPass<func::FuncOp>(createFuseEpiloguePass());
      passes.addPass(mlir::createCanonicalizerPass());
      passes.addPass(mlir::createCSEPass());
      break;
    case Phase::layout: {
      AssignLayoutPassOptions layout;
      passes.addNestedPass<func::FuncOp>(createSetTargetPass({.vectorLength = options.vectorLength,
                                                              .registers = options.registers,
                                                              .fma = options.fma,
                                                              .avx2 = options.avx2,
                                                              .avx512 = options.avx512}));
      layout.bf16Weights = options.bf16Weights, layout.maxBatch = options.maxBatch;
      layout.reproducible = options.reproducible, layout.voices = options.voices;
      passes.addNestedPass<func::FuncOp>(createSplitLayersPass());
      passes.addNestedPass<func::FuncOp>(createExpandTransposedPass());
      passes.addNestedPass<func::FuncOp>(createChannelsLastPass());
      passes.addNestedPass<func::FuncOp>(createFuseEpiloguePass());
      passes.addPass(mlir::createCanonicalizerPass());
      passes.addPass(mlir::createCSEPass());
      passes.addNestedPass<func::FuncOp>(createAssignLayoutPass(layout));
      break;
    }
    case Phase::plan:
      passes.addNestedPass<func::FuncOp>(createPlanMemoryPass());
      passes.addNestedPass<func::FuncOp>(createVerifyPlacementsPass());
      break;
    case Phase::emit: {
      EmitKernelsPassOptions emit;
      emit.parallel = options.parallel, emit.reproducible = options.reproducible;
      passes.addPass(createEmitKernelsPass(emit));
      passes.addPass(mlir::createCanonicalizerPass());
      passes.addPass(mlir::createCSEPass());
      break;
    }
    case Phase::lower:
      passes.addPass(mlir::createConvertVectorToSCFPass(mlir::VectorTransferToSCFOptions().enableFullUnroll()));
      passes.addPass(mlir::memref::createExpandStridedMetadataPass());
      passes.addPass(mlir::createConvertSCFToCFPass());
      passes.addPass(mlir::createConvertVectorToLLVMPass());
      passes.addPass(mlir::createConvertMathToLLVMPass());
      passes.addPass(mlir::createArithToLLVMConversionPass());
      passes.addPass(mlir::createFinalizeMemRefToLLVMConversionPass());
      {
        mlir::ConvertFuncToLLVMPassOptions bare;
        bare.useBarePtrCallConv = true;
        passes.addPass(mlir::createConvertFuncToLLVMPass(bare));
      }
      passes.addPass(mlir::createConvertControlFlowToLLVMPass());
      passes.addPass(mlir::createConvertIndexToLLVMPass());
      passes.addPass(mlir::createReconcileUnrealizedCastsPass());
      passes.addPass(mlir::createCanonicalizerPass());
      passes.addPass(createBuildEntryPointsPass());
      break;
  }
}

void registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<InlayDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, func::FuncDialect,
                  mlir::index::IndexDialect, mlir::LLVM::LLVMDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
}

void registerPhasePipelines() {
  struct Options : mlir::PassPipelineOptions<Options> {
    Option<int64_t> vectorLength{*this, "vector-length", llvm::cl::desc("f32 elements per vector register"),
                                 llvm::cl::init(16)};
    Option<int64_t> registers{*this, "registers", llvm::cl::desc("vector registers"), llvm::cl::init(32)};
    Option<bool> fma{*this, "fma", llvm::cl::desc("the target has fused multiply-add"), llvm::cl::init(true)};
    Option<bool> bf16Weights{*this, "bf16-weights", llvm::cl::desc("store the weights of layers as bf16"),
                             llvm::cl::init(false)};
    Option<bool> parallel{*this, "parallel", llvm::cl::desc("emit kernels that threads divide among them"),
                          llvm::cl::init(false)};
    Option<int64_t> maxBatch{*this, "max-batch", llvm::cl::desc("largest batch that a call may have; 0 for any"),
                             llvm::cl::init(0)};
    Option<bool> reproducible{*this, "reproducible",
                              llvm::cl::desc("give the same bits for every batch, number of "
                                             "threads and processor"),
                              llvm::cl::init(false)};
    Option<bool> voices{*this, "voices", llvm::cl::desc("networks with state can run several streams in one call"),
                        llvm::cl::init(false)};
    Option<bool> avx2{*this, "avx2", llvm::cl::desc("use AVX2 instructions without a portable form"),
                      llvm::cl::init(false)};
    Option<bool> avx512{*this, "avx512", llvm::cl::desc("use AVX-512 instructions without a portable form"),
                        llvm::cl::init(false)};
  };
  for (Phase phase : kPhases) {
    if (phase == Phase::import || phase == Phase::object) continue;
    const auto add = [phase](mlir::OpPassManager &passes, const Options &options) {
      addPhase(passes, phase,
               {.vectorLength = options.vectorLength,
                .registers = options.registers,
                .fma = options.fma,
                .avx2 = options.avx2,
                .avx512 = options.avx512,
                .bf16Weights = options.bf16Weights,
                .parallel = options.parallel,
                .maxBatch = options.maxBatch,
                .reproducible = options.reproducible,
                .voices = options.voices});
    };
    mlir::PassPipelineRegistration<Options>(("inlay-" + nameOf(phase)).str(), ("the " + nameOf(phase) + " phase").str(),
                                            add);
  }
}

}  // namespace inlay::compiler
