// SPDX-License-Identifier: Apache-2.0
// Chooses register tiles and packs weights: inlay.dense becomes inlay.contraction.
#include <cmath>

#include "Inlay/Transforms/Passes.h"
#include "StoredWeights.h"
#include "llvm/Support/MathExtras.h"
#include "mlir/IR/PatternMatch.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_ASSIGNLAYOUTPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

/// Two weight vectors for each broadcast input keep the multiply-add units busy. More would leave registers for fewer
/// rows, since rows * vectors + vectors + 1 <= registers.
constexpr int64_t kVectorsPerPanel = 2;

/// A network runs sample by sample if no layer is wider than this.
constexpr int64_t kNarrowLayer = 8;

/// The number of row tiles in a block. Every block reads all weights once, so weights in a far cache need larger
/// blocks.
int64_t tilesPerBlock(int64_t weightBytes) {
  if (weightBytes <= 512 << 10) return 1;  // in a second-level cache
  return weightBytes <= 8 << 20 ? 4 : 10;
}

int64_t rowsFor(int64_t registers) {
  return std::max<int64_t>(1, (registers - 1 - kVectorsPerPanel) / kVectorsPerPanel);
}

/// The feature whose weights lane `n` has: past the last one the first of its vector, so that dead lanes compute what a
/// live one does and raise no exception flag of their own.
int64_t featureOfLane(int64_t n, int64_t outputs, int64_t lanes) { return n < outputs ? n : n / lanes * lanes; }

/// [N][K] as PyTorch stores it -> [panel][K][lanes].
std::vector<float> packWeight(llvm::ArrayRef<float> weight, int64_t outputs, int64_t inputs, int64_t lanes,
                              int64_t panel) {
  const int64_t padded = static_cast<int64_t>(llvm::alignTo(outputs, lanes));
  std::vector<float> packed(static_cast<size_t>(padded * inputs));
  size_t position = 0;
  for (int64_t first = 0; first < padded; first += panel) {
    const int64_t width = std::min(panel, padded - first);
    for (int64_t k = 0; k < inputs; ++k)
      for (int64_t n = first; n < first + width; ++n, ++position)
        packed[position] = weight[static_cast<size_t>(featureOfLane(n, outputs, lanes) * inputs + k)];
  }
  return packed;
}

/// The weights as bf16.
mlir::DenseElementsAttr bf16Elements(mlir::MLIRContext *context, llvm::ArrayRef<float> values) {
  auto type = mlir::RankedTensorType::get({static_cast<int64_t>(values.size())}, mlir::BFloat16Type::get(context));
  std::vector<uint16_t> bits;
  bits.reserve(values.size());
  for (float each : values) bits.push_back(bitsOfBf16(each));
  const auto bytes = llvm::ArrayRef(reinterpret_cast<const char *>(bits.data()), bits.size() * sizeof(uint16_t));
  return mlir::DenseElementsAttr::getFromRawBuffer(type, bytes);
}

/// Warns of weights that bf16 changes by more than its rounding.
void reportChanges(DenseOp dense, llvm::ArrayRef<float> weight) {
  int64_t clamped = 0, faded = 0, nans = 0;
  for (float each : weight) {
    const double error = std::abs(static_cast<double>(roundedToBf16(each)) - static_cast<double>(each));
    if (std::isnan(each))
      ++nans;
    else if (std::isfinite(each) && std::abs(each) > kLargestBf16)
      ++clamped;
    else if (std::isfinite(each) && error > std::abs(static_cast<double>(each)) * kBf16Rounding)
      ++faded;
  }
  std::string changes;
  const auto add = [&](int64_t count, llvm::StringRef what) {
    if (count > 0) changes += (changes.empty() ? "" : "; ") + std::to_string(count) + what.str();
  };
  add(clamped, " beyond bf16's largest number became that number, 3.39e38");
  add(faded, " below bf16's smallest normal number, 1.18e-38, lost more than 1/256 of their size");
  add(nans, " are NaN and stay so, without the low bits of their payload");
  if (!changes.empty())
    mlir::emitWarning(dense.getLoc()) << "layer '" << dense.getLayer() << "': of " << weight.size()
                                      << " weights that bf16 stores, " << changes;
}

/// For no more bytes of weights than this, looking for zeros costs more than it saves.
constexpr int64_t kFirstLevelCache = 32 << 10;

/// Whether many elements of a value are zero, because it is the result of an activation such as relu.
bool hasManyZeros(mlir::Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>()) value = reshape.getInput();
  mlir::Operation *op = value.getDefiningOp();
  if (!llvm::isa_and_nonnull<DenseOp, ContractionOp, MapOp>(op) || op->getRegion(0).empty()) return false;
  auto yield = llvm::cast<YieldOp>(op->getRegion(0).front().getTerminator());
  auto last = yield.getValue().getDefiningOp<ActivationOp>();
  if (!last) return false;
  const activation function = last.getRow().id;
  return function == activation::relu || function == activation::relu6 || function == activation::step;
}

/// Whether the kernel for a single sample skips the weights of inputs that are zero. The network can decide. Otherwise
/// it skips them where that pays and all weights are finite, because zero times infinity is NaN.
bool skipsZeros(DenseOp dense, llvm::ArrayRef<float> weight) {
  if (dense.getZeros()) return *dense.getZeros() == "skip";
  return static_cast<int64_t>(weight.size() * sizeof(float)) > kFirstLevelCache && hasManyZeros(dense.getInput()) &&
         llvm::all_of(weight, [](float each) { return std::isfinite(each); });
}

struct AssignLayoutPass : impl::AssignLayoutPassBase<AssignLayoutPass> {
  using AssignLayoutPassBase::AssignLayoutPassBase;

  /// No tile or block has more rows than a batch may have.
  int64_t upToMaxBatch(int64_t rows) { return maxBatch > 0 ? std::min<int64_t>(rows, maxBatch) : rows; }

  /// The constant behind `value` as plain floats; diagnoses anything else.
  mlir::FailureOr<std::vector<float>> floatsOf(DenseOp dense, mlir::Value value, llvm::StringRef role) {
    auto constant = value.getDefiningOp<ConstantOp>();
    auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr;
    if (!elements) {
      dense.emitOpError() << "layer '" << dense.getLayer() << "': " << role
                          << " must be a constant, because it is packed at compile time";
      return mlir::failure();
    }
    auto values = elements.getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }

  mlir::LogicalResult convert(DenseOp dense, mlir::RewriterBase &rewriter) {
    const int64_t outputs = elementsOf(dense.getResult()), inputs = elementsOf(dense.getInput());
    // A layer narrower than a vector uses a shorter one.
    const int64_t lanes =
        std::min<int64_t>(vectorLength, static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(outputs))));
    const int64_t padded = static_cast<int64_t>(llvm::alignTo(outputs, lanes));
    const int64_t panel = std::min(kVectorsPerPanel * lanes, padded);

    rewriter.setInsertionPoint(dense);
    auto constant = [&](mlir::Value original, const std::vector<float> &values, bool bf16) -> mlir::Value {
      auto type = mlir::RankedTensorType::get({static_cast<int64_t>(values.size())}, rewriter.getF32Type());
      auto source = original.getDefiningOp<ConstantOp>();
      mlir::DenseElementsAttr elements = bf16 ? bf16Elements(rewriter.getContext(), values)
                                              : mlir::DenseElementsAttr::get(type, llvm::ArrayRef(values));
      return rewriter.create<ConstantOp>(source.getLoc(), elements.getType(), source.getNameAttr(), elements);
    };
    mlir::FailureOr<std::vector<float>> weight = floatsOf(dense, dense.getWeight(), "weight");
    if (mlir::failed(weight)) return mlir::failure();
    if (bf16Weights) reportChanges(dense, *weight);
    mlir::Value packed = constant(dense.getWeight(), packWeight(*weight, outputs, inputs, lanes, panel), bf16Weights);
    mlir::Value bias;
    if (dense.getBias()) {
      mlir::FailureOr<std::vector<float>> values = floatsOf(dense, dense.getBias(), "bias");
      if (mlir::failed(values)) return mlir::failure();
      for (int64_t n = outputs; n < padded; ++n)
        values->push_back((*values)[static_cast<size_t>(featureOfLane(n, outputs, lanes))]);
      bias = constant(dense.getBias(), *values, /*bf16=*/false);
    }
    auto contraction = rewriter.create<ContractionOp>(
        dense.getLoc(), dense.getType(), dense.getLayerAttr(), dense.getInput(), packed, bias, dense.getExtras(), lanes,
        panel, upToMaxBatch(rowsFor(registers)), !reproducible && skipsZeros(dense, *weight));
    contraction.getEpilogue().takeBody(dense.getEpilogue());
    rewriter.replaceOp(dense, contraction);
    return mlir::success();
  }

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    mlir::IRRewriter rewriter(&getContext());
    llvm::SmallVector<DenseOp> layers(function.getOps<DenseOp>());
    for (DenseOp dense : layers)
      if (mlir::failed(convert(dense, rewriter))) return signalPassFailure();
    llvm::SmallVector<ConstantOp> constants(function.getOps<ConstantOp>());
    for (ConstantOp constant : constants)
      if (constant->use_empty()) rewriter.eraseOp(constant);

    // One kernel is for blocks of rows and one for a single row. A network of narrow layers has no kernel for blocks:
    // its rows share too little, since each unrolls its activations anyway.
    int64_t weights = 0;
    for (ContractionOp layer : function.getOps<ContractionOp>()) weights += bytesOf(layer.getWeight());
    const int64_t tiles = tilesPerBlock(weights);
    const bool narrow = llvm::all_of(function.getOps<ContractionOp>(),
                                     [](ContractionOp layer) { return elementsOf(layer.getResult()) <= kNarrowLayer; });
    llvm::SmallVector<int64_t> blocks = {narrow ? 1 : upToMaxBatch(tiles * rowsFor(registers))};
    if (blocks.back() > 1) blocks.push_back(1);
    function->setAttr(kLanesAttr, rewriter.getI64IntegerAttr(vectorLength));
    function->setAttr(kRowBlocksAttr, rewriter.getDenseI64ArrayAttr(blocks));
    if (maxBatch > 0) function->setAttr(kMaxBatchAttr, rewriter.getI64IntegerAttr(maxBatch));
  }
};

}  // namespace
}  // namespace inlay::compiler
