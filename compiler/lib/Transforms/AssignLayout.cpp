// SPDX-License-Identifier: Apache-2.0
// Chooses register tiles and packs weights: dense layers and convolutions become inlay.contraction.
#include <cmath>

#include "Inlay/Network/ShareAll.h"
#include "Inlay/Network/Summary.h"
#include "Inlay/Transforms/Passes.h"
#include "SeparateFeedback.h"
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

/// A layer of up to so many features sums along its inputs, if these fill so many registers.
constexpr int64_t kFewFeatures = 4, kDeep = 4;

/// A network runs sample by sample if no layer is wider than this.
constexpr int64_t kNarrowLayer = 8;

/// The kernel with a stream in each lane has buffers for so many elements of each: with 16 lanes 64 KiB.
constexpr int64_t kMostElementsOfVoices = 1024;

/// What an activation costs in multiply-adds, about.
constexpr int64_t kCostOfActivation = 12;

/// Its inputs and outputs.
constexpr unsigned kMostPortsInLanes = 16;

/// Bytes of the images that a block of samples works on: a share of a last-level cache.
constexpr int64_t kImagesOfBlock = 8 << 20;

/// Rows of a block while a network is trained: enough that reading and writing the gradients once for each block is
/// little beside the products.
constexpr int64_t kRowsOfTraining = 128;

/// A layer beside a recurrent one computes blocks of steps if its weights have more bytes. Smaller ones stay in the
/// first-level cache from step to step, so that a block gains little.
constexpr int64_t kWorthBlocksOfSteps = 32 << 10;

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

/// [N][K] with zeros behind each row.
std::vector<float> filledUp(llvm::ArrayRef<float> weight, int64_t depth, int64_t stride) {
  std::vector<float> filled;
  for (; !weight.empty(); weight = weight.drop_front(static_cast<size_t>(depth))) {
    llvm::append_range(filled, weight.take_front(static_cast<size_t>(depth)));
    filled.resize(filled.size() + static_cast<size_t>(stride - depth));
  }
  return filled;
}

/// [N][C][taps] as PyTorch stores the weights of a convolution -> [N][taps][C], the order of the pixels in memory.
std::vector<float> channelsLast(llvm::ArrayRef<float> weight, int64_t outputs, int64_t channels, int64_t taps) {
  std::vector<float> moved(weight.size());
  for (int64_t n = 0; n < outputs; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        moved[static_cast<size_t>((n * taps + tap) * channels + c)] =
            weight[static_cast<size_t>((n * channels + c) * taps + tap)];
  return moved;
}

/// The pixels of a tile in each of its lines, and the lines. A line of many pixels is divided evenly; short lines share
/// a tile.
std::pair<int64_t, int64_t> tileOfImage(int64_t height, int64_t width, int64_t most) {
  if (width > most) {
    // Without a rest, there is code for one tile only.
    for (int64_t columns = most; columns > most / 2; --columns)
      if (width % columns == 0) return {columns, 1};
    return {llvm::divideCeil(width, llvm::divideCeil(width, most)), 1};
  }
  return {width, std::clamp<int64_t>(most / width, 1, height)};
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
void reportChanges(mlir::Operation *layer, llvm::ArrayRef<float> weight) {
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
    mlir::emitWarning(layer->getLoc()) << layerPrefix(layer) << "of " << weight.size() << " weights that bf16 stores, "
                                       << changes;
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

  int64_t vectorLength = 0, registers = 0;  // of the target
  bool fixedOrder = false;                  // sums have one order, for every batch or number of steps

  /// No tile or block has more rows than a batch may have.
  int64_t upToMaxBatch(int64_t rows) { return maxBatch > 0 ? std::min<int64_t>(rows, maxBatch) : rows; }

  /// The constant behind `value`; diagnoses anything else.
  static mlir::FailureOr<mlir::DenseElementsAttr> constantOf(mlir::Operation *layer, mlir::Value value,
                                                             llvm::StringRef role) {
    auto constant = value.getDefiningOp<ConstantOp>();
    if (auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : nullptr)
      return elements;
    layer->emitOpError() << layerPrefix(layer) << role << " must be a constant, because it is packed at compile time";
    return mlir::failure();
  }

  /// Its numbers.
  static mlir::FailureOr<std::vector<float>> floatsOf(mlir::Operation *layer, mlir::Value value, llvm::StringRef role) {
    mlir::FailureOr<mlir::DenseElementsAttr> constant = constantOf(layer, value, role);
    if (mlir::failed(constant)) return mlir::failure();
    auto values = constant->getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }

  /// A layer's tile, and its weights as a contraction reads them.
  struct Packed {
    int64_t lanes, panel;
    mlir::Value weight, bias;
    std::vector<float> original;
    bool alongInputs = false;
  };

  /// Whether a layer is so narrow and so deep that most lanes would be empty, and adding the lanes in the end is little
  /// work. The order of such a sum depends on the number of lanes.
  bool sumsAlongInputs(int64_t outputs, int64_t depth, int64_t lanes) {
    return !fixedOrder && outputs <= kFewFeatures && lanes < vectorLength && depth >= kDeep * vectorLength;
  }

  /// Packs `weight`, which is [outputs][depth] or, with `taps`, [outputs][depth / taps][taps].
  mlir::FailureOr<Packed> pack(mlir::Operation *layer, mlir::Value weight, mlir::Value bias, int64_t outputs,
                               int64_t depth, int64_t taps, mlir::RewriterBase &rewriter) {
    Packed packed;
    // A layer narrower than a vector uses a shorter one.
    packed.lanes =
        std::min<int64_t>(vectorLength, static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(outputs))));
    const int64_t padded = static_cast<int64_t>(llvm::alignTo(outputs, packed.lanes));
    packed.panel = std::min(kVectorsPerPanel * packed.lanes, padded);

    rewriter.setInsertionPoint(layer);
    auto constant = [&](mlir::Value original, const std::vector<float> &values, bool bf16) -> mlir::Value {
      auto type = mlir::RankedTensorType::get({static_cast<int64_t>(values.size())}, rewriter.getF32Type());
      auto source = original.getDefiningOp<ConstantOp>();
      mlir::DenseElementsAttr elements = bf16 ? bf16Elements(rewriter.getContext(), values)
                                              : mlir::DenseElementsAttr::get(type, llvm::ArrayRef(values));
      return rewriter.create<ConstantOp>(source.getLoc(), elements.getType(), source.getNameAttr(), elements);
    };
    if (roleOf(getOperation()) != Role::inference && !weight.getDefiningOp<ConstantOp>()) {
      if (mlir::failed(packLearned(layer, weight, packed, padded * depth))) return mlir::failure();
    } else {
      mlir::FailureOr<std::vector<float>> values = floatsOf(layer, weight, "weight");
      if (mlir::failed(values)) return mlir::failure();
      packed.original = std::move(*values);
      if (bf16Weights) reportChanges(layer, packed.original);
      std::vector<float> moved;
      if (taps > 1) moved = channelsLast(packed.original, outputs, depth / taps, taps);
      packed.alongInputs = llvm::isa<DenseOp>(layer) && sumsAlongInputs(outputs, depth, packed.lanes);
      packed.weight =
          constant(weight,
                   packed.alongInputs
                       ? filledUp(packed.original, depth, static_cast<int64_t>(llvm::alignTo(depth, vectorLength)))
                       : packWeight(taps > 1 ? moved : packed.original, outputs, depth, packed.lanes, packed.panel),
                   bf16Weights);
    }
    if (bias) {
      mlir::FailureOr<std::vector<float>> of = floatsOf(layer, bias, "bias");
      if (mlir::failed(of)) return mlir::failure();
      for (int64_t n = outputs; n < padded; ++n)
        of->push_back((*of)[static_cast<size_t>(featureOfLane(n, outputs, packed.lanes))]);
      packed.bias = constant(bias, *of, /*bf16=*/false);
    }
    return packed;
  }

  /// A learned weight as kernels read it. Layers with one weight, such as the steps of a recurrence, share it.
  mlir::Value packOf(mlir::Value parameter, int64_t elements, int64_t lanes, int64_t panel, bool transposed,
                     mlir::Location loc) {
    mlir::Block &body = getOperation().front();
    for (PackOp made : body.getOps<PackOp>())
      if (made.getWeight() == parameter && static_cast<int64_t>(made.getLanes()) == lanes &&
          static_cast<int64_t>(made.getPanel()) == panel && made.getTransposed() == transposed)
        return made;
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&body);
    auto type = mlir::RankedTensorType::get({elements}, builder.getF32Type());
    return builder.create<PackOp>(loc, type, parameter, lanes, panel, transposed);
  }

  /// The weight of a layer that is trained, a parameter or its adjoint: `<network>_begin` packs it.
  mlir::LogicalResult packLearned(mlir::Operation *layer, mlir::Value weight, Packed &packed, int64_t elements) {
    auto adjoint = weight.getDefiningOp<AdjointOp>();
    mlir::Value parameter = adjoint ? adjoint.getWeight() : weight;
    // The weight of a signal's convolution is [N, C, taps], which is an image's in another shape.
    if (auto reshape = parameter.getDefiningOp<ReshapeOp>()) parameter = reshape.getInput();
    if (!isLearned(parameter))
      return layer->emitOpError() << layerPrefix(layer) << "the weight of a layer that is trained must be a parameter";
    packed.weight =
        packOf(parameter, elements, packed.lanes, packed.panel, /*transposed=*/adjoint != nullptr, layer->getLoc());
    return mlir::success();
  }

  /// The same for the weight [taps, C] of a depthwise convolution. Returns whether it is one that is trained.
  bool packLearned(WindowOp window, mlir::RewriterBase &rewriter) {
    const auto source = [](mlir::Value value) {
      while (llvm::isa_and_nonnull<ReshapeOp, PermuteOp>(value.getDefiningOp()))
        value = value.getDefiningOp()->getOperand(0);
      return value;
    };
    mlir::Value parameter = source(window.getWeight());
    auto adjoint = parameter.getDefiningOp<AdjointOp>();
    if (adjoint) parameter = source(adjoint.getWeight());
    if (!isLearned(parameter)) return false;
    rewriter.setInsertionPoint(window);
    // The adjoint has one feature, whose channels are all.
    mlir::Value packed = packOf(parameter, elementsOf(parameter), /*lanes=*/1, adjoint ? 1 : sizesOf(parameter)[0],
                                adjoint != nullptr, window.getLoc());
    window.getWeightMutable().assign(rewriter.create<ReshapeOp>(window.getLoc(), window.getWeight().getType(), packed));
    return true;
  }

  mlir::LogicalResult convert(DenseOp dense, mlir::RewriterBase &rewriter) {
    auto packed = pack(dense, dense.getWeight(), dense.getBias(), elementsOf(dense.getResult()),
                       elementsOf(dense.getInput()), /*taps=*/1, rewriter);
    if (mlir::failed(packed)) return mlir::failure();
    const int64_t features = elementsOf(dense.getResult());
    const int64_t rows = packed->alongInputs ? std::max<int64_t>(1, registers / 2 / features) : rowsFor(registers);
    const bool skips = !fixedOrder && !packed->alongInputs && skipsZeros(dense, packed->original);
    auto contraction = rewriter.create<ContractionOp>(
        dense.getLoc(), dense.getType(), dense.getLayerAttr(), dense.getInput(), packed->weight, packed->bias,
        dense.getExtras(), packed->lanes, packed->panel, upToMaxBatch(rows), skips, WindowAttr(), mlir::IntegerAttr(),
        mlir::DenseI64ArrayAttr(), packed->alongInputs);
    contraction.getEpilogue().takeBody(dense.getEpilogue());
    rewriter.replaceOp(dense, contraction);
    return mlir::success();
  }

  mlir::LogicalResult convert(Conv2dNhwcOp conv, mlir::RewriterBase &rewriter) {
    const WindowAttr window = conv.getWindow();
    llvm::ArrayRef<int64_t> image = conv.getResult().getType().getShape();
    const int64_t channels = conv.getInput().getType().getShape().back();
    auto packed =
        pack(conv, conv.getWeight(), conv.getBias(), image[2], window.getTaps() * channels, window.getTaps(), rewriter);
    if (mlir::failed(packed)) return mlir::failure();
    const auto [columns, lines] = tileOfImage(image[0], image[1], rowsFor(registers));
    auto contraction = rewriter.create<ContractionOp>(
        conv.getLoc(), conv.getType(), conv.getLayerAttr(), conv.getInput(), packed->weight, packed->bias,
        conv.getExtras(), packed->lanes, packed->panel, columns * lines, /*skip_zeros=*/false, window,
        rewriter.getI64IntegerAttr(columns), zeroLines(conv.getInput(), packed->original, rewriter),
        /*along_inputs=*/false);
    contraction.getEpilogue().takeBody(conv.getEpilogue());
    rewriter.replaceOp(conv, contraction);
    return mlir::success();
  }

  /// The first and last lines of a padded image. They are left out only if all weights are finite, because zero times
  /// infinity is NaN. Which tiles reach into them depends on the registers, and a sum that underflows to -0 becomes 0
  /// where zeros are added to it. So they are never left out if the bits must be the same everywhere.
  mlir::DenseI64ArrayAttr zeroLines(mlir::Value image, llvm::ArrayRef<float> weight, mlir::Builder builder) const {
    auto pad = image.getDefiningOp<PadOp>();
    if (reproducible || !pad || !pad.getValue().isZero() ||
        !llvm::all_of(weight, [](float each) { return std::isfinite(each); }))
      return {};
    return builder.getDenseI64ArrayAttr({pad.getLow()[0], pad.getHigh()[0]});
  }

  /// Rows of a block for which the images of a network still fit into a cache.
  int64_t upToCache(mlir::func::FuncOp function, int64_t rows) {
    int64_t largest = 0;
    for (mlir::Operation &op : function.front().without_terminator())
      if (op.getNumResults() == 1 && !llvm::isa<ConstantOp>(op)) largest = std::max(largest, bytesOf(op.getResult(0)));
    return std::clamp<int64_t>(kImagesOfBlock / (2 * largest + 1), 1, rows);
  }

  /// Whether a kernel can compute samples side by side, one in each lane, in buffers of so many elements for each.
  bool fitsLanes(mlir::func::FuncOp function, int64_t most) {
    if (function.getNumArguments() + function.getNumResults() > kMostPortsInLanes) return false;
    for (mlir::BlockArgument input : function.getArguments())
      if (!llvm::cast<mlir::ShapedType>(input.getType()).getElementType().isF32()) return false;
    for (mlir::Operation &op : function.front().without_terminator()) {
      auto kernel = llvm::cast<KernelOp>(op);
      if (!kernel.hasKernel()) continue;
      if (auto layer = llvm::dyn_cast<ContractionOp>(op)) {
        if (layer.getWindow()) return false;
        for (mlir::Value extra : layer.getExtras())
          if (!isElementwise(extra, layer.getResult())) return false;
      } else if (auto map = llvm::dyn_cast<MapOp>(op)) {
        for (mlir::Value operand : map.getInputs())
          if (!isElementwise(operand, map.getResult())) return false;
      } else if (!llvm::isa<SoftmaxOp, ConcatOp, SliceOp>(op)) {
        return false;
      }
    }
    return elementsInLanes(function) <= most;
  }

  /// Whether a kernel for blocks of rows has so many lanes without a feature that one with a sample in each lane is
  /// faster. The latter loads each weight for fewer multiply-adds.
  bool isFasterInLanes(mlir::func::FuncOp function) {
    int64_t inRows = 0, inLanes = 0;
    for (ContractionOp layer : function.getOps<ContractionOp>()) {
      const int64_t cost = layer.getDepth() + (layer.getEpilogue().empty() ? 0 : kCostOfActivation);
      inRows += static_cast<int64_t>(llvm::alignTo(layer.getFeatures(), layer.getVectorLength())) * cost;
      inLanes += layer.getFeatures() * cost;
    }
    return inLanes * 5 < inRows * 4;
  }

  static bool isElementwise(mlir::Value operand, mlir::Value result) {
    return elementsOf(operand) == elementsOf(result) || elementsOf(operand) == 1;
  }

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    const TargetAttr target = targetOf(function);
    if (!target) {
      function.emitOpError() << "has no '" << kTargetAttr << "': run inlay-set-target first";
      return signalPassFailure();
    }
    vectorLength = target.getLanes(), registers = target.getRegisters();
    const bool hasState = function->hasAttr(kMemoryAttr);
    // Steps must not depend on how many of them one call has.
    fixedOrder = reproducible || hasState;
    mlir::IRRewriter rewriter(&getContext());
    for (DenseOp dense : llvm::to_vector(function.getOps<DenseOp>()))
      if (mlir::failed(convert(dense, rewriter))) return signalPassFailure();
    for (Conv2dNhwcOp conv : llvm::to_vector(function.getOps<Conv2dNhwcOp>()))
      if (mlir::failed(convert(conv, rewriter))) return signalPassFailure();
    // The kernel of a depthwise convolution reads the weights of one sample for all.
    for (WindowOp window : function.getOps<WindowOp>())
      if ((window.getWeight() && !packLearned(window, rewriter) &&
           mlir::failed(constantOf(window, window.getWeight(), "weight"))) ||
          (window.getBias() && mlir::failed(constantOf(window, window.getBias(), "bias"))))
        return signalPassFailure();
    llvm::SmallVector<ConstantOp> constants(function.getOps<ConstantOp>());
    for (ConstantOp constant : constants)
      if (constant->use_empty()) rewriter.eraseOp(constant);
    llvm::SmallVector<mlir::Operation *> ops;
    for (mlir::Operation &op : function.front().without_terminator()) ops.push_back(&op);
    for (mlir::Operation *op : llvm::reverse(ops))
      if (llvm::isa<AdjointOp, ReshapeOp, PermuteOp>(op) && op->use_empty()) rewriter.eraseOp(op);

    // One kernel is for blocks of rows and one for a single row. A network of narrow layers has no kernel for blocks:
    // its rows share too little, since each unrolls its activations anyway. Nor do convolutions gain from other rows.
    int64_t weights = 0;
    bool narrow = true, convolves = !function.getOps<WindowOp>().empty();
    for (ContractionOp layer : function.getOps<ContractionOp>()) {
      convolves = convolves || layer.getWindow();
      if (layer.getWindow()) continue;
      weights += bytesOf(layer.getWeight());
      narrow = narrow && elementsOf(layer.getResult()) <= kNarrowLayer;
    }
    const bool trains = roleOf(function) != Role::inference;
    const bool recurrent = !trains && llvm::any_of(function.getArguments(), [&](mlir::BlockArgument argument) {
      return stateOfArgument(function, argument.getArgNumber()).has_value();
    });
    narrow = narrow && !trains;
    const bool divides = recurrent && sharesAll(function->getParentOp());
    int64_t rows = upToMaxBatch(trains ? kRowsOfTraining : tilesPerBlock(weights) * rowsFor(registers));
    if (convolves) rows = upToCache(function, rows);
    if (function->hasAttr(kWholeBatchAttr)) rows = maxBatch;
    if ((narrow && !divides) || isHelper(roleOf(function))) rows = 1;
    // What a step reads of the step before it is computed row by row.
    if (recurrent && rows > 1 && !separateFeedback(function, divides ? 0 : kWorthBlocksOfSteps)) rows = 1;
    narrow = narrow || recurrent;
    if (!fixedOrder && (maxBatch == 0 || maxBatch >= vectorLength) && fitsLanes(function, kMostElementsOnStack) &&
        (narrow || isFasterInLanes(function)))
      function->setAttr(kLanesAttr, rewriter.getI64IntegerAttr(vectorLength));
    if (hasState && voices && !trains)
      function->setAttr(
          kVoicesAttr,
          rewriter.getI64IntegerAttr(!reproducible && fitsLanes(function, kMostElementsOfVoices) ? vectorLength : 0));
    llvm::SmallVector<int64_t> blocks = {rows};
    if (blocks.back() > 1) blocks.push_back(1);
    function->setAttr(kRowBlocksAttr, rewriter.getDenseI64ArrayAttr(blocks));
    if (maxBatch > 0) function->setAttr(kMaxBatchAttr, rewriter.getI64IntegerAttr(maxBatch));
  }
};

}  // namespace
}  // namespace inlay::compiler
