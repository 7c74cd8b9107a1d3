// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions as ordinary ones, whose features are the pixels of a block of the result.
#include <array>
#include <cmath>
#include <numeric>

#include "Inlay/Dialect/TensorEmitter.h"
#include "Numbers.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_EXPANDTRANSPOSEDPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

/// The most weights that an ordinary convolution may have.
constexpr int64_t kMostWeights = int64_t{1} << 31;

int64_t floorMod(int64_t a, int64_t b) { return (a % b + b) % b; }

/// One axis. Element i of the operand, at tap k, goes to element i stride + k dilation - padding of the result. The
/// result is divided into blocks of `stride` elements, of which the first begins `skipped` elements before the result.
/// Element `phase` of block m is then a sum over elements of the operand at the same distances from m for all blocks:
/// stride (m + e) + k dilation - padding = stride m + phase - skipped.
struct BlockedAxis {
  int64_t size, kernel, stride, dilation, padding, result;
  int64_t skipped = 0;
  int64_t phases = 1;  // of a block, as far as the result reaches
  int64_t blocks = 1;
  int64_t first = 0, taps = 1, step = 1;  // the distances e: first, first + step, ...

  BlockedAxis(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t padding, int64_t result)
      : size(size),
        kernel(kernel),
        stride(size == 1 ? 1 : stride),
        dilation(dilation),
        padding(padding),
        result(result) {
    // The work differs between the places where blocks may begin, because the phases' taps overlap more or less.
    const int64_t atPadding = floorMod(padding, this->stride);
    int64_t best = 0, least = 0;
    for (int64_t start = 0; start < this->stride; ++start) {
      if (start == kTriedStarts) start = std::max(start, atPadding);
      if (const int64_t work = divide(start); start == 0 || work < least) least = work, best = start;
      if (start >= kTriedStarts) break;
    }
    divide(best);
  }

  /// The tap that distance number `t` has for a phase, if it has one.
  std::optional<int64_t> tapOf(int64_t phase, int64_t t) const {
    const int64_t distance = phase + padding - skipped - stride * (first + t * step);
    if (distance % dilation != 0 || distance < 0 || distance / dilation >= kernel) return std::nullopt;
    return distance / dilation;
  }

  int64_t before() const { return -first; }
  int64_t after() const { return blocks - 1 + first + (taps - 1) * step - (size - 1); }
  /// Whether some block reads an element of the operand.
  bool readsAny() const { return first < size && blocks - 1 + first + (taps - 1) * step >= 0; }

 private:
  /// Starts are compared up to this number. Of larger strides, also the one at which all taps are side by side.
  static constexpr int64_t kTriedStarts = 64;

  /// Divides the result into blocks; returns how many products each channel takes.
  int64_t divide(int64_t start) {
    skipped = start;
    phases = std::min(stride, start + result);
    blocks = (start + result + stride - 1) / stride;
    Sizes distances;
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t at = k * dilation - padding + start, phase = floorMod(at, stride);
      if (phase < phases) distances.push_back((phase - at) / stride);
    }
    // An element of the operand that no tap joins to the result must not be read: zero times infinity is NaN.
    if (distances.empty()) distances.push_back(size);
    first = *llvm::min_element(distances), step = 0;
    for (int64_t distance : distances) step = std::gcd(step, distance - first);
    taps = step == 0 ? 1 : (*llvm::max_element(distances) - first) / step + 1;
    step = std::max<int64_t>(step, 1);
    return blocks * taps * phases;
  }
};

class Expansion {
 public:
  Expansion(ConvTranspose2dOp layer, mlir::RewriterBase &rewriter)
      : layer(layer),
        emit{rewriter, layer.getLoc()},
        groups(number(layer.getGroups())),
        outputs(sizesOf(layer.getWeight())[0] / groups),
        depth(sizesOf(layer.getWeight())[1]),
        rows(axis(1, layer.getStrideH(), layer.getDilationH(), layer.getPaddingTop())),
        columns(axis(2, layer.getStrideW(), layer.getDilationW(), layer.getPaddingLeft())) {}

  mlir::LogicalResult run() {
    emit.rewriter.setInsertionPoint(layer);
    if (phases() > kMostWeights / (groups * outputs) ||
        rows.taps * columns.taps > kMostWeights / (groups * outputs * phases() * depth))
      return layer.emitOpError() << layerPrefix(layer)
                                 << "as an ordinary convolution it would have 2^31 weights or more";
    std::optional<Numbers> weight = movableNumbersOf(layer.getWeight());
    std::optional<Numbers> bias = layer.getBias() ? movableNumbersOf(layer.getBias()) : std::nullopt;
    if (!weight || (layer.getBias() && !bias))
      return layer.emitOpError() << layerPrefix(layer) << (weight ? "bias" : "weight")
                                 << " must be a constant, because it is rearranged at compile time";
    const int64_t features = groups * phases() * outputs;
    auto source = layer.getWeight().getDefiningOp<ConstantOp>();
    Value spread = constant({features, depth, rows.taps, columns.taps}, spreadWeight(*weight), source.getNameAttr());
    Value shift = bias ? constant({features}, repeated(*bias)) : Value();
    const std::optional<llvm::SmallVector<Value>> extras = repeatedExtras();
    auto conv = emit.rewriter.create<Conv2dOp>(
        layer.getLoc(), emit.tensor({features, rows.blocks, columns.blocks}), layer.getLayerAttr(), operand(), spread,
        shift, extras.value_or(llvm::SmallVector<Value>()), 1, 1, padding(rows.before()), padding(columns.before()),
        padding(rows.after()), padding(columns.after()), rows.step, columns.step, groups);
    if (extras) conv.getEpilogue().takeBody(layer.getEpilogue());
    Value result = interleaved(conv);
    if (!layer.getEpilogue().empty()) {
      llvm::SmallVector<Value> operands = {result};
      llvm::append_range(operands, layer.getExtras());
      auto map = emit.rewriter.create<MapOp>(layer.getLoc(), layer.getType(), operands);
      map.getBody().takeBody(layer.getEpilogue());
      result = map;
    }
    emit.rewriter.replaceOp(layer, result);
    return mlir::success();
  }

 private:
  ConvTranspose2dOp layer;
  TensorEmitter emit;
  int64_t groups, outputs, depth;  // outputs and channels of one group
  BlockedAxis rows, columns;

  BlockedAxis axis(unsigned which, uint64_t stride, uint64_t dilation, uint64_t padding) {
    return {sizesOf(layer.getInput())[which],
            sizesOf(layer.getWeight())[which + 1],
            number(stride),
            number(dilation),
            number(padding),
            sizesOf(layer.getResult())[which]};
  }
  Value constant(llvm::ArrayRef<int64_t> sizes, std::vector<double> numbers, mlir::StringAttr name = {}) {
    return createConstant(emit.rewriter, emit.loc, name, sizes, Numbers(std::move(numbers)));
  }

  int64_t phases() const { return rows.phases * columns.phases; }
  bool readsAny() const { return rows.readsAny() && columns.readsAny(); }
  /// The padding of the ordinary convolution on one side, which is negative where the image is cropped.
  int64_t padding(int64_t size) const { return readsAny() ? std::max<int64_t>(size, 0) : 0; }

  /// [groups, outputs][depth][kernel] to [groups, phases, outputs][depth][taps]. A phase has no weight for some taps.
  std::vector<double> spreadWeight(const Numbers &weight) const {
    std::vector<double> result;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t r = 0; r < rows.phases; ++r)
        for (int64_t c = 0; c < columns.phases; ++c)
          for (int64_t n = 0; n < outputs * depth; ++n)
            for (int64_t i = 0; i < rows.taps; ++i)
              for (int64_t j = 0; j < columns.taps; ++j) {
                const std::optional<int64_t> p = rows.tapOf(r, i), q = columns.tapOf(c, j);
                const int64_t place = ((g * outputs * depth + n) * rows.kernel + p.value_or(0)) * columns.kernel;
                result.push_back(p && q ? weight[static_cast<size_t>(place + *q)] : 0);
              }
    return result;
  }

  /// A number for each output as one for each feature.
  std::vector<double> repeated(const Numbers &each) const {
    std::vector<double> result;
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t phase = 0; phase < phases(); ++phase)
        for (int64_t n = 0; n < outputs; ++n) result.push_back(each[static_cast<size_t>(g * outputs + n)]);
    return result;
  }

  /// Whether the blocks reach beyond the result.
  bool isCropped() const {
    return rows.blocks * rows.phases != rows.result || columns.blocks * columns.phases != columns.result;
  }

  /// Whether the epilogue may raise an exception flag, as log(0) and exp(1000) do, for an element that is cut off
  /// afterwards.
  bool mayRaise() {
    if (layer.getEpilogue().empty()) return false;
    return llvm::any_of(layer.getEpilogue().front(), [](mlir::Operation &op) {
      auto activation = llvm::dyn_cast<ActivationOp>(op);
      const auto isPole = [&](double x) { return !std::isfinite(activation.evaluate(x)); };
      return llvm::isa<mlir::arith::DivFOp>(op) ||
             (activation && llvm::any_of(std::array{-1e4, -1.0, 0.0, 2.0, 1e4}, isPole));
    });
  }

  /// The extras of an epilogue that runs on the blocks. Empty if one of them differs between pixels, or is no constant.
  std::optional<llvm::SmallVector<Value>> repeatedExtras() {
    llvm::SmallVector<Value> all;
    if (isCropped() && mayRaise()) return std::nullopt;
    for (Value extra : layer.getExtras()) {
      std::optional<Numbers> numbers = movableNumbersOf(extra);
      if (elementsOf(extra) == 1) {
        all.push_back(extra);
      } else if (numbers && sizesOf(extra).size() == 3 && sizesOf(extra)[0] == elementsOf(extra)) {
        all.push_back(constant({groups * phases() * outputs, 1, 1}, repeated(*numbers)));
      } else {
        return std::nullopt;
      }
    }
    return all;
  }

  /// The part of the image that some block reads.
  Value operand() {
    if (!readsAny()) {  // around the image there are zeros
      const int64_t height = rows.size + rows.before() + rows.after();
      const int64_t width = columns.size + columns.before() + columns.after();
      const auto count = static_cast<size_t>(groups * depth * height * width);
      return createConstant(emit.rewriter, emit.loc, {}, {groups * depth, height, width}, Numbers(count, 0.0));
    }
    Value x = layer.getInput();
    const BlockedAxis *const both[] = {&rows, &columns};
    for (auto [number, a] : llvm::enumerate(both)) {
      const int64_t start = std::max<int64_t>(-a->before(), 0), end = std::max<int64_t>(-a->after(), 0);
      x = emit.slice(x, static_cast<unsigned>(number + 1), start, a->size - start - end);
    }
    return x;
  }

  /// [groups, phases, outputs] x blocks as the image that the blocks make up, without what lies outside of the result.
  Value interleaved(Value blocks) {
    const Sizes whole = {groups * outputs, rows.blocks * rows.phases, columns.blocks * columns.phases};
    if (phases() > 1) {
      Value last = emit.permute(blocks, {1, 2, 0});
      Value apart = emit.reshape(last, {rows.blocks, columns.blocks, groups, rows.phases, columns.phases, outputs});
      Value together = emit.permute(apart, {0, 3, 1, 4, 2, 5});
      Value image = emit.reshape(together, {whole[1], whole[2], whole[0]});
      image = emit.slice(image, 0, rows.skipped, rows.result);
      image = emit.slice(image, 1, columns.skipped, columns.result);
      return emit.permute(image, {2, 0, 1});
    }
    return blocks;
  }
};

struct ExpandTransposedPass : impl::ExpandTransposedPassBase<ExpandTransposedPass> {
  void runOnOperation() override {
    mlir::IRRewriter rewriter(&getContext());
    for (ConvTranspose2dOp layer : llvm::to_vector(getOperation().getOps<ConvTranspose2dOp>()))
      if (mlir::failed(Expansion(layer, rewriter).run())) return signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
