// SPDX-License-Identifier: Apache-2.0
// Divides dense layers whose result is read in pieces, such as the gates of a recurrent layer.
#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_SPLITLAYERSPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

struct SplitLayersPass : impl::SplitLayersPassBase<SplitLayersPass> {
  void runOnOperation() override {
    const TargetAttr target = targetOf(getOperation());
    if (!target) {
      getOperation().emitOpError() << "has no '" << kTargetAttr << "': run inlay-set-target first";
      return signalPassFailure();
    }
    lanes = target.getLanes();
    // Later layers first: what they add to their sums is then read in pieces, too.
    llvm::SmallVector<DenseOp> layers(getOperation().getOps<DenseOp>());
    for (DenseOp layer : llvm::reverse(layers))
      if (isWorthIt(layer)) split(layer);
  }

 private:
  int64_t lanes = 0;

  /// Whether only slices read the result, and one of them begins inside of a vector. Its readers would load what lies
  /// in two vectors that were just stored, and wait until both are in the cache.
  bool isWorthIt(DenseOp layer) {
    bool unaligned = false;
    for (mlir::Operation *user : layer->getUsers()) {
      auto slice = llvm::dyn_cast<SliceOp>(user);
      if (!slice) return false;
      unaligned = unaligned || static_cast<int64_t>(slice.getStart()) % lanes != 0;
    }
    const auto isWhole = [&](Value extra) { return extra.getType() == layer.getType(); };
    return unaligned && llvm::all_of(layer.getExtras(), isWhole) && layer.getWeight().getDefiningOp<ConstantOp>() &&
           (!layer.getBias() || layer.getBias().getDefiningOp<ConstantOp>());
  }

  void split(DenseOp layer) {
    for (mlir::Operation *user : llvm::make_early_inc_range(layer->getUsers())) {
      auto slice = llvm::cast<SliceOp>(user);
      mlir::OpBuilder builder(layer);
      const auto cut = [&](Value from) -> Value {
        if (!from) return {};
        auto type = llvm::cast<mlir::RankedTensorType>(from.getType());
        llvm::SmallVector<int64_t> sizes(type.getShape());
        sizes[0] = static_cast<int64_t>(slice.getLength());
        return builder.createOrFold<SliceOp>(layer.getLoc(), type.clone(sizes), from, /*axis=*/0, slice.getStart(),
                                             slice.getLength());
      };
      llvm::SmallVector<Value> extras;
      for (Value extra : layer.getExtras()) extras.push_back(cut(extra));
      auto piece = builder.create<DenseOp>(layer.getLoc(), slice.getType(), layer.getLayerAttr(), layer.getInput(),
                                           cut(layer.getWeight()), cut(layer.getBias()), extras, layer.getZerosAttr());
      mlir::IRMapping mapping;
      layer.getEpilogue().cloneInto(&piece.getEpilogue(), mapping);
      slice.replaceAllUsesWith(piece.getResult());
      slice.erase();
    }
    layer.erase();
  }
};

}  // namespace
}  // namespace inlay::compiler
