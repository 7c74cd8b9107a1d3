// SPDX-License-Identifier: Apache-2.0
// Makes layers with learned weights of layers whose weights can be packed once for each step: groups one by one,
// transposed convolutions as convolutions, and transposed weights as those of the way back.
#include <map>

#include "Gradients.h"
#include "mlir/IR/PatternMatch.h"

namespace inlay::compiler {

using mlir::Value;

namespace {

/// The parameter of which `value` is the same elements in the same order, or null.
Value parameterBehind(Value value) {
  value = behindReshapes(value);
  return isLearned(value) ? value : Value();
}

class Splitter {
 public:
  explicit Splitter(mlir::func::FuncOp function) : function(function), rewriter(function.getContext()) {}

  void run() {
    for (mlir::Operation &op : llvm::make_early_inc_range(function.front().without_terminator())) {
      rewriter.setInsertionPoint(&op);
      if (auto dense = llvm::dyn_cast<DenseOp>(op))
        turnWeight(dense);
      else if (auto conv = llvm::dyn_cast<Conv2dOp>(op))
        split(conv);
      else if (auto transposed = llvm::dyn_cast<ConvTranspose2dOp>(op))
        split(transposed);
    }
  }

 private:
  mlir::func::FuncOp function;
  mlir::IRRewriter rewriter;
  /// Parts of parameters, by the parameter, the number of parts, and the part.
  std::map<std::tuple<unsigned, int64_t, int64_t>, Value> parts;

  Value slice(Value x, int64_t start, int64_t length) {
    return TensorEmitter{rewriter, x.getLoc()}.slice(x, /*axis=*/0, start, length);
  }
  Value reshape(Value x, llvm::ArrayRef<int64_t> sizes) {
    return TensorEmitter{rewriter, x.getLoc()}.reshape(x, sizes);
  }

  /// One of `count` equal pieces of `weight` along its first axis. The piece of a parameter is an argument of its own,
  /// at the piece's place in the memory. So it is packed, and has a gradient, as any parameter.
  Value partOf(Value weight, int64_t part, int64_t count) {
    llvm::SmallVector<int64_t> sizes(sizesOf(weight));
    sizes[0] /= count;
    Value parameter = parameterBehind(weight);
    if (!parameter) return slice(weight, part * sizes[0], sizes[0]);
    const unsigned index = llvm::cast<mlir::BlockArgument>(parameter).getArgNumber();
    Value &made = parts[{index, count, part}];
    if (!made) {
      llvm::SmallVector<int64_t> own(sizesOf(parameter));
      own[0] /= count;
      const unsigned last = function.getNumArguments();
      function.insertArgument(last, typeOf(parameter).clone(own), function.getArgAttrDict(index), parameter.getLoc());
      made = function.getArgument(last);
      function.setArgAttr(last, kStateAttr,
                          rewriter.getI64IntegerAttr(*stateOfArgument(function, index) + part * elementsOf(made)));
    }
    return reshape(made, sizes);
  }

  /// A weight that is a transposed parameter, as an op that the layout phase packs.
  void turnWeight(DenseOp dense) {
    auto permute = dense.getWeight().getDefiningOp<PermuteOp>();
    if (!permute || permute.getAxes() != llvm::ArrayRef<int64_t>{1, 0} || !isLearned(permute.getInput())) return;
    Value turned = rewriter.create<AdjointOp>(dense.getLoc(), permute.getType(), permute.getInput());
    dense.getWeightMutable().assign(turned);
  }

  /// A convolution for each group, side by side. If each channel is a group of its own, it stays one op.
  void split(Conv2dOp conv) {
    const int64_t groups = number(conv.getGroups()), channels = sizesOf(conv.getInput())[0];
    const int64_t outputs = sizesOf(conv.getResult())[0];
    if (groups == 1 || (groups == channels && outputs == channels)) return;
    replace(conv, groups, [&](Value input, mlir::RankedTensorType type, int64_t group) -> Value {
      auto part = rewriter.create<Conv2dOp>(
          conv.getLoc(), type, conv.getLayerAttr(), input, partOf(conv.getWeight(), group, groups), Value(),
          mlir::ValueRange(), conv.getStrideH(), conv.getStrideW(), conv.getPaddingTop(), conv.getPaddingLeft(),
          conv.getPaddingBottom(), conv.getPaddingRight(), conv.getDilationH(), conv.getDilationW(), /*groups=*/1);
      return part.getResult();
    });
  }

  /// The same. The weight of each is a permutation of [C, N, kernel height, kernel width].
  void split(ConvTranspose2dOp conv) {
    const int64_t groups = number(conv.getGroups());
    // The import has made [groups * N, C, ...] of [groups * C, N, ...].
    Value weight = conv.getWeight();
    if (auto joined = weight.getDefiningOp<ReshapeOp>())
      if (auto exchanged = joined.getInput().getDefiningOp<PermuteOp>())
        if (auto apart = exchanged.getInput().getDefiningOp<ReshapeOp>()) weight = apart.getInput();
    replace(conv, groups, [&](Value input, mlir::RankedTensorType type, int64_t group) -> Value {
      Value own = groups == 1 ? weight : partOf(weight, group, groups);
      llvm::SmallVector<int64_t> sizes(sizesOf(own));
      std::swap(sizes[0], sizes[1]);
      Value turned =
          rewriter.create<PermuteOp>(conv.getLoc(), typeOf(own).clone(sizes), own, llvm::ArrayRef<int64_t>{1, 0, 2, 3});
      auto part = rewriter.create<ConvTranspose2dOp>(
          conv.getLoc(), type, conv.getLayerAttr(), input, turned, groups == 1 ? conv.getBias() : Value(),
          mlir::ValueRange(), conv.getStrideH(), conv.getStrideW(), conv.getPaddingTop(), conv.getPaddingLeft(),
          conv.getPaddingBottom(), conv.getPaddingRight(), conv.getDilationH(), conv.getDilationW(),
          conv.getOutputPaddingH(), conv.getOutputPaddingW(), /*groups=*/1);
      return part.getResult();
    });
  }

  /// `layerOf(input, type, group)` makes the layer of one group.
  template <class Layer>
  void replace(Layer layer, int64_t groups, llvm::function_ref<Value(Value, mlir::RankedTensorType, int64_t)> layerOf) {
    if (groups == 1) return rewriter.replaceOp(layer, layerOf(layer.getInput(), layer.getType(), 0));
    mlir::Location loc = layer.getLoc();
    const int64_t channels = sizesOf(layer.getInput())[0] / groups;
    llvm::SmallVector<int64_t> sizes(sizesOf(layer.getResult()));
    sizes[0] /= groups;
    llvm::SmallVector<Value> pieces;
    for (int64_t group = 0; group < groups; ++group) {
      Value input = slice(layer.getInput(), group * channels, channels);
      pieces.push_back(layerOf(input, typeOf(layer.getResult()).clone(sizes), group));
    }
    Value all = rewriter.create<ConcatOp>(loc, layer.getType(), pieces, /*axis=*/0);
    if (layer.getBias()) {
      Value bias = reshape(layer.getBias(), {sizesOf(all)[0], 1, 1});
      all = createMap(rewriter, loc, all.getType(), {all, bias},
                      [](ScalarBuilder &b, mlir::ValueRange v) { return b.add(v[0], v[1]); });
    }
    rewriter.replaceOp(layer, all);
  }
};

}  // namespace

void splitLearnedLayers(mlir::func::FuncOp function) { Splitter(function).run(); }

// Spreading each pixel over a window is the way back of a convolution that gathers windows, with the parameter as it
// is stored.
void expandLearnedTransposed(mlir::func::FuncOp function) {
  mlir::IRRewriter rewriter(function.getContext());
  for (ConvTranspose2dOp layer : llvm::to_vector(function.getOps<ConvTranspose2dOp>())) {
    Value weight = layer.getWeight().getDefiningOp<PermuteOp>().getInput();
    if (!parameterBehind(weight)) continue;  // later passes rearrange constants
    rewriter.setInsertionPoint(layer);
    rewriter.replaceOp(layer, adjointConvolution(layer, layer.getInput(), weight, layer.getBias(), /*groups=*/1,
                                                 layer.getType(), layer.getLayer(), rewriter));
  }
}

}  // namespace inlay::compiler
