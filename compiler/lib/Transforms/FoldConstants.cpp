// SPDX-License-Identifier: Apache-2.0
// Computes at compile time what depends on weights and numbers alone.
#include <cmath>

#include "Affine.h"
#include "FoldedLayer.h"
#include "Inlay/Dialect/ArgumentWeights.h"
#include "Inlay/Transforms/Folding.h"
#include "inlay/operations.hpp"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "Inlay/Transforms/Folding.h.inc"

namespace {

using mlir::Value;

mlir::LogicalResult replace(mlir::Operation *op, const Numbers &numbers, mlir::PatternRewriter &rewriter) {
  rewriter.replaceOp(op, createConstant(rewriter, op->getLoc(), {}, sizesOf(op->getResult(0)), numbers));
  return mlir::success();
}

mlir::LogicalResult replaceByComputed(mlir::Operation *op, const Numbers &numbers, mlir::PatternRewriter &rewriter) {
  return replace(op, computedIn(op, numbers), rewriter);
}

/// A map whose result depends on constants alone: `exp(log_std)`, `where(mask, w, 0)`.
struct FoldConstantMap : mlir::OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MapOp map, mlir::PatternRewriter &rewriter) const override {
    const auto known = affineScalars(map, {});
    const auto result = known.find(llvm::cast<YieldOp>(map.getBody().front().getTerminator()).getValue());
    if (result == known.end()) return rewriter.notifyMatchFailure(map, "the result depends on an input");
    return replaceByComputed(map, broadcastTo(result->second.shift, constantFrame(map), sizesOf(map.getResult())),
                             rewriter);
  }
};

struct FoldConstantSoftmax : mlir::OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(SoftmaxOp softmax, mlir::PatternRewriter &rewriter) const override {
    std::optional<Numbers> input = numbersOf(softmax.getInput());
    if (!input) return rewriter.notifyMatchFailure(softmax, "the input is not constant");
    const auto length = static_cast<size_t>(sizesOf(softmax.getInput()).back());
    // All elements are equal, so all elements of the result are equal, too.
    if (input->isSplat()) {
      const double share = ((*input)[0] - (*input)[0] + 1) / static_cast<double>(length);
      return replaceByComputed(softmax, Numbers(input->size(), softmax.getLogarithm() ? std::log(share) : share),
                               rewriter);
    }
    std::vector<double> values = input->expanded();
    for (size_t first = 0; first < values.size(); first += length) {
      const llvm::MutableArrayRef<double> row(values.data() + first, length);
      double largest = row.front(), sum = 0;
      for (double each : row) largest = std::isnan(each) || each > largest ? each : largest;
      for (double each : row) sum += std::exp(each - largest);
      for (double &each : row)
        each = softmax.getLogarithm() ? each - largest - std::log(sum) : std::exp(each - largest) / sum;
    }
    return replaceByComputed(softmax, Numbers(std::move(values)), rewriter);
  }
};

/// The result of an op on one constant, by the definition of the graph's operation `kind`.
mlir::LogicalResult replaceByDefinition(mlir::Operation *op, inlay::op kind, llvm::ArrayRef<uint32_t> attributes,
                                        mlir::PatternRewriter &rewriter) {
  std::optional<Numbers> input = numbersOf(op->getOperand(0));
  if (!input) return rewriter.notifyMatchFailure(op, "the input is not constant");
  const auto dimsOf = [](Value value) {
    shape dims;
    for (int64_t size : sizesOf(value)) dims.sizes[dims.rank++] = static_cast<uint32_t>(size);
    return dims;
  };
  const std::vector<double> elements = input->expanded();
  const reference_tensor x{dimsOf(op->getOperand(0)), elements};
  const reference_values y =
      row_of(kind).evaluate({{&x, 1}, {attributes.data(), attributes.size()}, {}, dimsOf(op->getResult(0))});
  return replaceByComputed(op, Numbers(std::vector<double>(y.begin(), y.end())), rewriter);
}

struct FoldConstantReduce : mlir::OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(ReduceOp reduce, mlir::PatternRewriter &rewriter) const override {
    const ops::reduce_attributes attributes{static_cast<ops::reduction>(reduce.getKind()),
                                            static_cast<uint32_t>(reduce.getAxes()),
                                            static_cast<uint32_t>(reduce.getKeepdim())};
    return replaceByDefinition(reduce, op::reduce, words_of(attributes), rewriter);
  }
};

struct FoldConstantNormalize : mlir::OpRewritePattern<NormalizeOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(NormalizeOp normalize, mlir::PatternRewriter &rewriter) const override {
    if (!normalize.getEpilogue().empty() || normalize.getChannelsLast())
      return rewriter.notifyMatchFailure(normalize, "is no longer the graph's operation");
    const ops::normalize_attributes attributes{static_cast<uint32_t>(normalize.getAxis()),
                                               static_cast<uint32_t>(normalize.getGroups()), normalize.getEpsilon(),
                                               static_cast<uint32_t>(normalize.getCentred())};
    return replaceByDefinition(normalize, op::normalize, words_of(attributes), rewriter);
  }
};

/// Results of at most this many elements are computed, even if the operands take less memory.
constexpr size_t kSmall = 4096;

struct FoldConstantConcat : mlir::OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(ConcatOp concat, mlir::PatternRewriter &rewriter) const override {
    llvm::SmallVector<Numbers> pieces;
    size_t stored = 0;
    for (Value operand : concat.getInputs()) {
      std::optional<Numbers> numbers = movableNumbersOf(operand);
      if (!numbers) return rewriter.notifyMatchFailure(concat, "an operand is not constant");
      stored += numbers->stored().size();
      pieces.push_back(std::move(*numbers));
    }
    const auto elements = static_cast<size_t>(elementsOf(concat.getResult()));
    if (elements > std::max(stored, kSmall))
      return rewriter.notifyMatchFailure(concat, "the result takes much more memory than its operands");
    const llvm::ArrayRef<int64_t> shape = sizesOf(concat.getResult());
    size_t repeats = 1;  // each operand is this many runs of neighbours
    for (int64_t size : shape.take_front(static_cast<size_t>(concat.getAxis()))) repeats *= static_cast<size_t>(size);
    std::vector<double> joined;
    joined.reserve(elements);
    for (size_t repeat = 0; repeat < repeats; ++repeat)
      for (const Numbers &piece : pieces) {
        const size_t run = piece.size() / repeats;
        for (size_t i = 0; i < run; ++i) joined.push_back(piece[repeat * run + i]);
      }
    return replace(concat, Numbers(std::move(joined)), rewriter);
  }
};

struct FoldConstantResample : mlir::OpRewritePattern<ResampleOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(ResampleOp resample, mlir::PatternRewriter &rewriter) const override {
    std::optional<Numbers> x = numbersOf(resample.getInput());
    std::optional<Numbers> weight = resample.getWeight() ? numbersOf(resample.getWeight()) : Numbers(1, 1.0);
    const auto elements = static_cast<size_t>(elementsOf(resample.getResult()));
    if (!x || !weight || elements > std::max(x->stored().size(), kSmall))
      return rewriter.notifyMatchFailure(resample, "the input is not constant, or the result takes much more memory");
    const auto axis = static_cast<size_t>(resample.getAxis()), taps = static_cast<size_t>(resample.getTaps());
    const llvm::ArrayRef<int64_t> from = sizesOf(resample.getInput());
    const auto size = static_cast<size_t>(from[axis]);
    const auto resized = static_cast<size_t>(sizesOf(resample.getResult())[axis]);
    const auto run = static_cast<size_t>(mlir::ShapedType::getNumElements(from.drop_front(axis + 1)));
    std::vector<double> y;
    y.reserve(elements);
    for (size_t outer = 0; outer < x->size() / (size * run); ++outer)
      for (size_t i = 0; i < resized; ++i)
        for (size_t inner = 0; inner < run; ++inner) {
          std::optional<double> sum;
          for (size_t term = i * taps; term < (i + 1) * taps; ++term) {
            const int64_t source = resample.getSources()[term];
            if (source < 0) continue;
            const double element = (*x)[(outer * size + static_cast<size_t>(source)) * run + inner];
            const double product = resample.getWeight() ? (*weight)[term] * element : element;
            sum = sum ? *sum + product : product;
          }
          y.push_back(sum.value_or(0));
        }
    return replaceByComputed(resample, Numbers(std::move(y)), rewriter);
  }
};

struct FoldConstantPad : mlir::OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(PadOp pad, mlir::PatternRewriter &rewriter) const override {
    std::optional<Numbers> x = movableNumbersOf(pad.getInput());
    const auto elements = static_cast<size_t>(elementsOf(pad.getResult()));
    if (!x || elements > std::max(x->stored().size(), kSmall))
      return rewriter.notifyMatchFailure(pad, "the input is not constant, or the result takes much more memory");
    const llvm::ArrayRef<int64_t> from = sizesOf(pad.getInput()), to = sizesOf(pad.getResult());
    const double around = withoutIndex(static_cast<double>(pad.getValue().convertToFloat()), argumentParametersOf(pad));
    std::vector<double> y(elements, around);
    for (size_t i = 0; i < x->size(); ++i) {
      size_t rest = i, place = 0, stride = 1;
      for (size_t axis = from.size(); axis-- > 0;) {
        const auto size = static_cast<size_t>(from[axis]);
        place += (rest % size + static_cast<size_t>(pad.getLow()[axis])) * stride;
        rest /= size, stride *= static_cast<size_t>(to[axis]);
      }
      y[place] = (*x)[i];
    }
    return replace(pad, Numbers(std::move(y)), rewriter);
  }
};

struct FoldConstantDense : mlir::OpRewritePattern<DenseOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(DenseOp dense, mlir::PatternRewriter &rewriter) const override {
    std::optional<Numbers> input = numbersOf(dense.getInput()), weight = numbersOf(dense.getWeight());
    const auto outputs = static_cast<size_t>(elementsOf(dense.getResult()));
    std::optional<Numbers> bias = dense.getBias() ? numbersOf(dense.getBias()) : Numbers(outputs, 0.0);
    if (!input || !weight || !bias || !dense.getEpilogue().empty())
      return rewriter.notifyMatchFailure(dense, "input or weights are not constant");
    std::vector<double> sums = bias->expanded();
    for (size_t n = 0; n < outputs; ++n)
      for (size_t k = 0; k < input->size(); ++k) sums[n] += (*weight)[n * input->size() + k] * (*input)[k];
    return replaceByComputed(dense, Numbers(std::move(sums)), rewriter);
  }
};

/// A bias that is computed at run time becomes an addition.
template <class Layer>
struct AddComputedBias : mlir::OpRewritePattern<Layer> {
  using mlir::OpRewritePattern<Layer>::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(Layer layer, mlir::PatternRewriter &rewriter) const override {
    Value bias = layer.getBias();
    if (!bias || bias.getDefiningOp<ConstantOp>() || !layer.getEpilogue().empty())
      return rewriter.notifyMatchFailure(layer, "no bias, or a constant one");
    mlir::Location loc = layer.getLoc();
    auto product = llvm::cast<Layer>(rewriter.clone(*layer));
    product.getBiasMutable().clear();
    // One element for each feature, which is the first axis.
    llvm::SmallVector<int64_t> features(sizesOf(layer.getResult()).size(), 1);
    features.front() = elementsOf(bias);
    bias = rewriter.createOrFold<ReshapeOp>(loc, mlir::RankedTensorType::get(features, rewriter.getF32Type()), bias);
    auto sum = rewriter.create<MapOp>(loc, layer.getType(), mlir::ValueRange{product.getResult(), bias});
    mlir::OpBuilder::InsertionGuard guard(rewriter);
    mlir::Type f32 = rewriter.getF32Type();
    mlir::Block *body = rewriter.createBlock(&sum.getBody(), {}, {f32, f32}, {loc, loc});
    rewriter.create<YieldOp>(loc,
                             rewriter.create<mlir::arith::AddFOp>(loc, body->getArgument(0), body->getArgument(1)));
    rewriter.replaceOp(layer, sum);
    return mlir::success();
  }
};

struct FoldConstantsPass : impl::FoldConstantsPassBase<FoldConstantsPass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FoldConstantMap, FoldConstantSoftmax, FoldConstantReduce, FoldConstantNormalize, FoldConstantConcat,
                 FoldConstantResample, FoldConstantPad, FoldConstantDense, AddComputedBias<DenseOp>,
                 AddComputedBias<Conv2dOp>, AddComputedBias<ConvTranspose2dOp>>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (roleOf(getOperation()) != Role::inference) return;  // the layout phase packs what is learned
    for (mlir::Operation &op : getOperation().getOps()) {
      Value weight = weightsOf(&op).first;
      if (!weight || weight.getDefiningOp<ConstantOp>()) continue;
      if (argumentParametersOf(&op) > 0 && !dependsOnArgument(weight, [](mlir::BlockArgument) { return true; })) {
        mlir::emitError(op.getLoc()) << layerPrefix(&op)
                                     << "the weight is computed from other weights, and weights that are an argument "
                                        "are packed as they are: compute it before, and make the result a parameter";
        signalPassFailure();
        continue;
      }
      mlir::emitError(op.getLoc())
          << layerPrefix(&op)
          << "the weight depends on an input, and inlayc packs weights at compile time: make it "
             "of parameters and constants alone";
      signalPassFailure();
    }
  }
};

}  // namespace
}  // namespace inlay::compiler
