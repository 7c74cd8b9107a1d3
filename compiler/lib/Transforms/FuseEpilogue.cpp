// SPDX-License-Identifier: Apache-2.0
// Moves the map after a layer into the layer's epilogue.
#include "ScalarProgram.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FUSEEPILOGUEPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

/// Whether a value depends on the state of a network.
bool dependsOnState(mlir::Value value) {
  return dependsOnArgument(value, [](mlir::BlockArgument argument) {
    auto network = llvm::cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    return stateOfArgument(network, argument.getArgNumber()).has_value();
  });
}

struct FuseMapIntoLayer : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    // A map may read several layers, as a residual between two layers does. The layer that is computed last takes the
    // map into its epilogue. The others are complete by then, so the epilogue can read them. If only some depend on a
    // state, one of these takes the map, so that the others can compute blocks of steps.
    EpilogueOp layer;
    bool layerDepends = false;
    for (mlir::Value operand : map.getInputs()) {
      auto candidate = operand.getDefiningOp<EpilogueOp>();
      if (!candidate || !operand.hasOneUse() || operand.getType() != map.getType()) continue;
      const bool depends = dependsOnState(operand);
      const bool later = layer && layer->isBeforeInBlock(candidate);
      if (layer && (depends == layerDepends ? !later : !depends)) continue;
      layer = candidate, layerDepends = depends;
    }
    if (!layer)
      return rewriter.notifyMatchFailure(map, "no operand is a layer of the same shape that only this map uses");

    auto fused = llvm::cast<EpilogueOp>(rewriter.cloneWithoutRegions(*layer));
    fused->setLoc(rewriter.getFusedLoc({layer.getLoc(), map.getLoc()}));
    ProgramBuilder program(rewriter, fused.getProgram(), /*fixed=*/1, fused.getLoc());
    mlir::Value result = program.getBlock().getArgument(0);
    if (!layer.getProgram().empty()) {
      llvm::SmallVector<mlir::Value> arguments = {result};
      for (mlir::Value operand : mlir::OperandRange(layer.getProgramOperands()))
        arguments.push_back(program.scalarOf(operand));
      result = program.append(layer.getProgram(), arguments);
    }
    llvm::SmallVector<mlir::Value> arguments;
    for (mlir::Value operand : map.getInputs())
      arguments.push_back(operand == layer->getResult(0) ? result : program.scalarOf(operand));
    program.yield(program.append(map.getBody(), arguments));
    fused.getProgramOperands().assign(program.getOperands());
    rewriter.replaceOp(map, fused);
    rewriter.eraseOp(layer);
    return mlir::success();
  }
};

struct FuseEpiloguePass : impl::FuseEpiloguePassBase<FuseEpiloguePass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FuseMapIntoLayer>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
