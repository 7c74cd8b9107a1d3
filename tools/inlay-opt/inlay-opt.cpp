// SPDX-License-Identifier: Apache-2.0
// Runs single passes and phases on textual IR, for tests and for inspecting passes.
#include "Inlay/Pipelines/Pipelines.h"
#include "Inlay/Transforms/Folding.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  inlay::compiler::registerDialects(registry);
  inlay::compiler::registerInlayPasses();
  inlay::compiler::registerInlayFoldingPasses();
  inlay::compiler::registerPhasePipelines();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Inlay's optimizer driver\n\nReads IR of the inlay dialect.\n", registry));
}
