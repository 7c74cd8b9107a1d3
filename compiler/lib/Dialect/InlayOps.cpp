// SPDX-License-Identifier: Apache-2.0
// Verifiers and folders of the inlay operations.
#include "Inlay/Dialect/InlayDialect.h"

#include "inlay/operations.hpp"
#include "llvm/Support/MathExtras.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

#include "Inlay/Dialect/KernelOp.cpp.inc"

#define GET_OP_CLASSES
#include "Inlay/Dialect/InlayOps.cpp.inc"

namespace inlay::compiler {

using mlir::failure;
using mlir::LogicalResult;
using mlir::OpFoldResult;
using mlir::RankedTensorType;
using mlir::Region;
using mlir::success;
using mlir::Value;
using mlir::ValueRange;

namespace {

/// The number of the extras among the operands of a layer: input, weight, bias, extras.
constexpr unsigned kExtras = 3;

RankedTensorType tensorType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

shape shapeOf(Value value) {
  RankedTensorType type = tensorType(value);
  shape dims{.rank = static_cast<uint32_t>(type.getRank())};
  for (auto [size, from] : llvm::zip(dims.sizes, type.getShape())) size = static_cast<uint32_t>(from);
  return dims;
}

/// Says which shape rule `op` breaks.
LogicalResult emitBroken(mlir::Operation *op, const inferred &rule) {
  const auto text = [](const violation::text &from) { return llvm::StringRef(from.chars, from.size()); };
  return op->emitOpError() << layerPrefix(op) << "expected " << text(rule.expected) << ", found " << text(rule.found)
                           << "; " << llvm::StringRef(advice(rule.code));
}

/// Checks an op by the shape rule of the graph's operation `kind`. An absent operand is null. `inGraph(i, dims)` makes
/// the shape that operand i has in the graph.
LogicalResult verifyShapes(
    mlir::Operation *op, inlay::op kind, llvm::ArrayRef<Value> operands, Value result,
    llvm::ArrayRef<uint32_t> attributes = {},
    llvm::function_ref<shape(size_t, shape)> inGraph = [](size_t, shape dims) { return dims; }) {
  const std::string prefix = layerPrefix(op);
  llvm::SmallVector<Value> all(operands);
  all.push_back(result);
  for (Value value : all)
    if (value && tensorType(value).getRank() > int64_t{max_rank})
      return op->emitOpError() << prefix << value.getType() << " has more than " << max_rank << " dimensions";
  llvm::SmallVector<shape> shapes;
  llvm::SmallVector<const shape *> pointers;
  for (auto [i, operand] : llvm::enumerate(operands))
    shapes.push_back(operand ? inGraph(i, shapeOf(operand)) : shape());
  for (auto [operand, dims] : llvm::zip(operands, shapes)) pointers.push_back(operand ? &dims : nullptr);
  const inferred rule =
      row_of(kind).infer(operand_shapes(std::span<const shape *const>(pointers.data(), pointers.size())),
                         {attributes.data(), attributes.size()}, shapeOf(result));
  if (rule.code != fault::none) return emitBroken(op, rule);
  if (rule.dims == shapeOf(result)) return success();
  const violation::text wanted = inlay::detail::shape_text(rule.dims);
  return op->emitOpError() << prefix << "result is " << result.getType() << ", expected "
                           << llvm::StringRef(wanted.chars, wanted.size());
}

/// A scalar program takes one f32 per operand and ends in an inlay.yield.
LogicalResult verifyProgram(mlir::Operation *op, Region &region, size_t operands, llvm::StringRef what) {
  if (!region.hasOneBlock()) return op->emitOpError() << what << " must be a single block";
  mlir::Block &block = region.front();
  if (block.getNumArguments() != operands)
    return op->emitOpError() << what << " takes " << block.getNumArguments() << " scalars, expected " << operands;
  for (mlir::BlockArgument argument : block.getArguments())
    if (!argument.getType().isF32())
      return op->emitOpError() << what << " takes " << argument.getType() << ", expected f32";
  if (block.empty() || !llvm::isa<YieldOp>(block.back()))
    return op->emitOpError() << what << " must end in inlay.yield";
  return success();
}

/// Checks the epilogue of an op that has one.
LogicalResult verifyEpilogue(EpilogueOp op) {
  const std::string prefix = layerPrefix(op);
  Value result = op->getResult(0);
  const mlir::OperandRange extras = op.getProgramOperands();
  for (Value extra : extras)
    if (!ops::broadcasts(shapeOf(extra), shapeOf(result)))
      return op->emitOpError() << prefix << "epilogue operand is " << extra.getType()
                               << ", which cannot be broadcast to the result's " << result.getType();
  if (op.getProgram().empty()) {
    if (extras.empty()) return success();
    return op->emitOpError() << prefix << "epilogue operands need an epilogue";
  }
  return verifyProgram(op, op.getProgram(), 1 + extras.size(), "epilogue");
}

/// Whether operand `index` is one of the extras of an op that has an epilogue.
template <class Op>
bool isExtra(Op op, unsigned index) {
  const auto [first, count] = op.getODSOperandIndexAndLength(kExtras);
  return index >= first && index < first + count;
}

/// Checks that a value of a layer has the rank that it should have.
LogicalResult verifyRank(mlir::Operation *op, llvm::StringRef what, Value value, int64_t rank) {
  if (tensorType(value).getRank() == rank) return success();
  return op->emitOpError() << layerPrefix(op) << what << " must have rank " << rank << ", found " << value.getType();
}

/// Checks that `window`, on an image [H, W, C], gives a result [OH, OW, features].
LogicalResult verifyWindow(mlir::Operation *op, WindowAttr window, Value image, Value result, int64_t features) {
  if (mlir::failed(verifyRank(op, "input", image, 3)) || mlir::failed(verifyRank(op, "result", result, 3)))
    return failure();
  if (window.getKernelH() < 1 || window.getKernelW() < 1 || window.getStrideH() < 1 || window.getStrideW() < 1 ||
      window.getDilationH() < 1 || window.getDilationW() < 1)
    return op->emitOpError() << "the sizes of a window must be at least 1";
  llvm::ArrayRef<int64_t> sizes = tensorType(image).getShape();
  const int64_t height = WindowAttr::count(sizes[0], window.getKernelH(), window.getStrideH(), window.getDilationH());
  const int64_t width = WindowAttr::count(sizes[1], window.getKernelW(), window.getStrideW(), window.getDilationW());
  if (tensorType(result).getShape() == llvm::ArrayRef<int64_t>{height, width, features}) return success();
  return op->emitOpError() << "result is " << result.getType() << ", expected " << height << "x" << width << "x"
                           << features;
}

}  // namespace

LogicalResult ConstantOp::verify() {
  if (!llvm::isa<mlir::DenseElementsAttr, mlir::DenseResourceElementsAttr>(getValue()))
    return emitOpError("needs dense elements");
  return success();
}

bool ConstantOp::hasKernel() { return false; }
bool ConstantOp::sharesCode() { return false; }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult DenseOp::verify() {
  if (getZeros() && *getZeros() != "skip" && *getZeros() != "multiply")
    return emitOpError() << "layer '" << getLayer() << "': zeros must be \"skip\" or \"multiply\", found \""
                         << *getZeros() << "\"";
  if (mlir::failed(verifyShapes(*this, op::dense, {getInput(), getWeight(), getBias()}, getResult(),
                                words_of(ops::dense_attributes{}))))
    return failure();
  return verifyEpilogue(*this);
}

/// The window that an op's attributes describe, in the graph's form.
template <class Op>
static ops::window_attributes windowOf(Op op) {
  const auto word = [](uint64_t attribute) { return static_cast<uint32_t>(attribute); };
  return {word(op.getStrideH()),       word(op.getStrideW()),      word(op.getPaddingTop()), word(op.getPaddingLeft()),
          word(op.getPaddingBottom()), word(op.getPaddingRight()), word(op.getDilationH()),  word(op.getDilationW())};
}

LogicalResult Conv2dOp::verify() {
  const ops::conv2d_attributes attributes{windowOf(*this), static_cast<uint32_t>(getGroups())};
  if (mlir::failed(
          verifyShapes(*this, op::conv2d, {getInput(), getWeight(), getBias()}, getResult(), words_of(attributes))))
    return failure();
  return verifyEpilogue(*this);
}
LogicalResult ConvTranspose2dOp::verify() {
  const ops::conv_transpose2d_attributes attributes{windowOf(*this), static_cast<uint32_t>(getOutputPaddingH()),
                                                    static_cast<uint32_t>(getOutputPaddingW()),
                                                    static_cast<uint32_t>(getGroups())};
  if (mlir::failed(verifyRank(*this, "weight", getWeight(), 4))) return failure();
  // [outputs, channels / groups, ...] here, and [channels, outputs / groups, ...] in the graph.
  if (getGroups() > 0 && static_cast<uint64_t>(sizesOf(getWeight())[0]) % getGroups() != 0)
    return emitOpError() << layerPrefix(*this) << "the weight's " << sizesOf(getWeight())[0]
                         << " outputs are not divisible by the groups";
  const auto weightInGraph = [&](size_t operand, shape dims) {
    if (operand != 1) return dims;
    const uint32_t outputs = dims.sizes[0];
    dims.sizes[0] = dims.sizes[1] * attributes.groups;
    dims.sizes[1] = attributes.groups == 0 ? outputs : outputs / attributes.groups;
    return dims;
  };
  if (mlir::failed(verifyShapes(*this, op::conv_transpose2d, {getInput(), getWeight(), getBias()}, getResult(),
                                words_of(attributes), weightInGraph)))
    return failure();
  return verifyEpilogue(*this);
}
LogicalResult MaxPoolOp::verify() {
  const ops::max_pool_attributes attributes{static_cast<uint32_t>(getKernelH()), static_cast<uint32_t>(getKernelW()),
                                            windowOf(*this), static_cast<uint32_t>(getCeilMode())};
  return verifyShapes(*this, op::max_pool, {getInput()}, getResult(), words_of(attributes));
}
LogicalResult AvgPoolOp::verify() {
  const ops::avg_pool_attributes attributes{static_cast<uint32_t>(getKernelH()), static_cast<uint32_t>(getKernelW()),
                                            windowOf(*this), static_cast<uint32_t>(getCeilMode()),
                                            static_cast<uint32_t>(getCountIncludePad())};
  return verifyShapes(*this, op::avg_pool, {getInput()}, getResult(), words_of(attributes));
}

LogicalResult Conv2dNhwcOp::verify() {
  if (mlir::failed(verifyRank(*this, "weight", getWeight(), 4)) ||
      mlir::failed(verifyRank(*this, "input", getInput(), 3)))
    return failure();
  const int64_t outputs = tensorType(getWeight()).getDimSize(0);
  const llvm::SmallVector<int64_t> wanted = {outputs, tensorType(getInput()).getDimSize(2), getWindow().getKernelH(),
                                             getWindow().getKernelW()};
  if (tensorType(getWeight()).getShape() != llvm::ArrayRef(wanted))
    return emitOpError() << "layer '" << getLayer() << "': weight is " << getWeight().getType() << ", expected "
                         << RankedTensorType::get(wanted, tensorType(getWeight()).getElementType());
  if (getBias() && elementsOf(getBias()) != outputs)
    return emitOpError() << "layer '" << getLayer() << "': bias has " << elementsOf(getBias()) << " elements, expected "
                         << outputs;
  if (mlir::failed(verifyWindow(*this, getWindow(), getInput(), getResult(), outputs))) return failure();
  return verifyEpilogue(*this);
}
LogicalResult WindowOp::verify() {
  if (mlir::failed(verifyRank(*this, "input", getInput(), 3))) return failure();
  const int64_t channels = tensorType(getInput()).getDimSize(2);
  if ((getReduction() == Reduction::weighted) != (getWeight() != nullptr))
    return emitOpError("has a weight if, and only if, it is weighted");
  if (getWeight() && elementsOf(getWeight()) != getWindow().getTaps() * channels)
    return emitOpError() << "weight has " << elementsOf(getWeight()) << " elements, expected " << getWindow().getTaps()
                         << " x " << channels;
  if (getBias() && (!getWeight() || elementsOf(getBias()) != channels))
    return emitOpError() << "a weighted window may have a bias of " << channels << " elements";
  if (mlir::failed(verifyWindow(*this, getWindow(), getInput(), getResult(), channels))) return failure();
  return verifyEpilogue(*this);
}
// The windows read the input, which has another size, and the weights again and again. Extras are read element by
// element, like the extras of a contraction.
bool WindowOp::readsBeforeWriting(unsigned index) { return isExtra(*this, index); }

LogicalResult ContractionOp::verify() {
  const int64_t lanes = static_cast<int64_t>(getVectorLength()), panel = static_cast<int64_t>(getPanel());
  if (lanes < 1 || !llvm::isPowerOf2_64(static_cast<uint64_t>(lanes)))
    return emitOpError() << "layer '" << getLayer() << "': " << lanes << " lanes, expected a power of two";
  if (panel < lanes || panel % lanes != 0)
    return emitOpError() << "layer '" << getLayer() << "': a panel of " << panel << " features is not a multiple of "
                         << lanes << " lanes";
  if (getRows() < 1) return emitOpError() << "layer '" << getLayer() << "': a tile needs at least one row";
  if (WindowAttr window = getWindowAttr()) {
    if (!getColumns() || *getColumns() < 1 || getRows() % *getColumns() != 0)
      return emitOpError() << "layer '" << getLayer() << "': a tile of a window must consist of whole columns";
    if (mlir::failed(verifyWindow(*this, window, getInput(), getResult(), tensorType(getResult()).getShape().back())))
      return failure();
  } else if (mlir::failed(verifyRank(*this, "input", getInput(), 1)) ||
             mlir::failed(verifyRank(*this, "result", getResult(), 1))) {
    return failure();
  }
  const int64_t padded = static_cast<int64_t>(llvm::alignTo(getFeatures(), lanes));
  if (getAlongInputs()) {
    if (getWindow() || elementsOf(getWeight()) % getFeatures() != 0 || getFeatureStride() < getDepth())
      return emitOpError() << "layer '" << getLayer() << "': weights along inputs have " << elementsOf(getWeight())
                           << " elements, expected " << getFeatures() << " times at least " << getDepth();
  } else if (elementsOf(getWeight()) != padded * getDepth())
    return emitOpError() << "layer '" << getLayer() << "': packed weight has " << elementsOf(getWeight())
                         << " elements, expected " << padded << " x " << getDepth();
  if (getBias() && elementsOf(getBias()) != padded)
    return emitOpError() << "layer '" << getLayer() << "': padded bias has " << elementsOf(getBias())
                         << " elements, expected " << padded;
  return verifyEpilogue(*this);
}
int64_t ContractionOp::getDepth() {
  WindowAttr window = getWindowAttr();
  return window ? window.getTaps() * tensorType(getInput()).getShape().back() : elementsOf(getInput());
}
int64_t ContractionOp::getFeatureStride() { return elementsOf(getWeight()) / getFeatures(); }
int64_t ContractionOp::getFeatures() { return tensorType(getResult()).getShape().back(); }
int64_t ContractionOp::getPixels() { return elementsOf(getResult()) / getFeatures(); }

/// Operations of a program, each for one element.
static int64_t flopsOf(Region &program) {
  if (program.empty()) return 0;
  return llvm::count_if(program.front().without_terminator(),
                        [](mlir::Operation &op) { return !op.hasTrait<mlir::OpTrait::ConstantLike>(); });
}

// The sums read the whole input for every panel of features. Bias and extras come after them.
bool ContractionOp::readsBeforeWriting(unsigned index) { return index != getInputMutable().getOperandNumber(); }

bool ContractionOp::readsLines(unsigned index) {
  return getWindow() && (index == getInputMutable().getOperandNumber() || isExtra(*this, index));
}
bool ContractionOp::writesLines() { return getWindow().has_value(); }

/// A list ends with a vector of zeros.
int64_t ContractionOp::getListLength(int64_t lanes) {
  return static_cast<int64_t>(llvm::alignTo(elementsOf(getInput()), lanes)) + lanes;
}

int64_t ContractionOp::getWorkspace(int64_t lanes) { return getSkipZeros() ? 2 * getListLength(lanes) + 1 : 0; }

int64_t ContractionOp::getLines() {
  if (!getWindow()) return 1;
  const int64_t together = static_cast<int64_t>(getRows() / *getColumns());
  return llvm::divideCeil(sizesOf(getResult()).front(), together);
}

int64_t ContractionOp::getFlops() {
  const int64_t outputs = elementsOf(getResult());
  return (2 * getDepth() + (getBias() ? 1 : 0) + flopsOf(getEpilogue())) * outputs;
}

bool WindowOp::readsLines(unsigned index) {
  return index == getInputMutable().getOperandNumber() || isExtra(*this, index);
}
bool WindowOp::writesLines() { return true; }

int64_t WindowOp::getLines() { return sizesOf(getResult()).front(); }

int64_t WindowOp::getFlops() {
  const int64_t taps = getWindow().getTaps();
  const int64_t own = getReduction() == Reduction::weighted ? 2 * taps + (getBias() ? 1 : 0) : taps - 1;
  return (own + flopsOf(getEpilogue())) * elementsOf(getResult());
}

bool MapOp::readsBeforeWriting(unsigned) { return true; }
int64_t MapOp::getFlops() { return flopsOf(getBody()) * elementsOf(getResult()); }

LogicalResult MapOp::verify() {
  if (mlir::failed(verifyShapes(*this, op::map, llvm::to_vector(getInputs()), getResult()))) return failure();
  return verifyProgram(*this, getBody(), getInputs().size(), "body");
}

OpFoldResult MapOp::fold(FoldAdaptor) {
  // A map that yields one of its operands unchanged is that operand.
  auto yield = llvm::cast<YieldOp>(getBody().front().back());
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(yield.getValue());
  if (!argument || argument.getOwner() != &getBody().front()) return {};
  Value operand = getInputs()[argument.getArgNumber()];
  return operand.getType() == getResult().getType() ? OpFoldResult(operand) : OpFoldResult();
}

LogicalResult MapOp::canonicalize(MapOp map, mlir::PatternRewriter &rewriter) {
  // Erases operands that the program no longer reads. One always stays: it says how many vectors to compute side by
  // side.
  mlir::Block &body = map.getBody().front();
  llvm::BitVector unused(body.getNumArguments());
  for (mlir::BlockArgument argument : body.getArguments())
    if (argument.use_empty()) unused.set(argument.getArgNumber());
  if (unused.all() && !unused.empty()) unused.reset(0);
  if (unused.none()) return rewriter.notifyMatchFailure(map, "the program reads every operand");
  rewriter.modifyOpInPlace(map, [&] {
    map->eraseOperands(unused);
    body.eraseArguments(unused);
  });
  return success();
}

const activation_row &ActivationOp::getRow() { return *findActivation(getFunction()); }

float ActivationOp::getParameter(unsigned index) {
  return index < getParameters().size() ? getParameters()[index] : getRow().defaults[index];
}

double ActivationOp::evaluate(double input) {
  return getRow().formula(input, static_cast<double>(getParameter(0)), static_cast<double>(getParameter(1)));
}

LogicalResult ActivationOp::verify() {
  const activation_row *row = findActivation(getFunction());
  if (!row) return emitOpError() << "unknown activation '" << getFunction() << "'";
  if (!getParameters().empty() && getParameters().size() != row->parameters)
    return emitOpError() << "'" << getFunction() << "' takes " << row->parameters << " parameters, found "
                         << getParameters().size();
  return success();
}

OpFoldResult ActivationOp::fold(FoldAdaptor adaptor) {
  // The formula in double, rounded once, is within the contract of every tier.
  if (auto input = llvm::dyn_cast_if_present<mlir::FloatAttr>(adaptor.getInput()))
    return mlir::FloatAttr::get(getType(), static_cast<double>(static_cast<float>(evaluate(input.getValueAsDouble()))));
  auto inner = getInput().getDefiningOp<ActivationOp>();
  if (inner && inner.getFunction() == "relu" && getFunction() == "relu") return getInput();  // relu is idempotent
  return {};
}

bool SoftmaxOp::readsBeforeWriting(unsigned) { return true; }
bool SoftmaxOp::reliesOnNearest() { return true; }
/// A maximum, a difference, an exponential, a sum and a division for each element.
int64_t SoftmaxOp::getFlops() { return 5 * elementsOf(getResult()); }

LogicalResult SoftmaxOp::verify() { return verifyShapes(*this, op::softmax, {getInput()}, getResult()); }

bool ReduceOp::readsLines(unsigned) { return tensorType(getInput()).getRank() == 3; }
int64_t ReduceOp::getFlops() { return elementsOf(getInput()); }

LogicalResult ReduceOp::verify() {
  if (getKind() >= std::size(ops::reduction_names))
    return emitOpError() << "kind must be 0 to " << std::size(ops::reduction_names) - 1 << ", found " << getKind();
  const ops::reduce_attributes attributes{static_cast<ops::reduction>(getKind()), static_cast<uint32_t>(getAxes()),
                                          static_cast<uint32_t>(getKeepdim())};
  return verifyShapes(*this, op::reduce, {getInput()}, getResult(), words_of(attributes));
}

// The sums read a whole run before its first element is written. Extras are read element by element.
bool NormalizeOp::readsBeforeWriting(unsigned) { return true; }

// Every operand has strides of its own.
bool NormalizeOp::readsLines(unsigned) { return writesLines(); }
bool NormalizeOp::writesLines() { return tensorType(getResult()).getRank() == 3; }

/// A sum; a difference, its square and their sum; a difference and a product. Without the mean, the last three.
int64_t NormalizeOp::getFlops() { return ((getCentred() ? 6 : 3) + flopsOf(getEpilogue())) * elementsOf(getResult()); }

/// The place of axis `axis` of [C, H, W] in [H, W, C].
static unsigned withChannelsLast(unsigned axis) { return (axis + 2) % 3; }

unsigned NormalizeOp::getGroupedAxis() {
  const auto axis = static_cast<unsigned>(getAxis());
  return getChannelsLast() ? withChannelsLast(axis) : axis;
}

bool NormalizeOp::isReduced(unsigned axis) {
  if (!getChannelsLast()) return axis >= getAxis();
  return llvm::any_of(llvm::seq(static_cast<unsigned>(getAxis()), 3u),
                      [&](unsigned each) { return withChannelsLast(each) == axis; });
}

LogicalResult NormalizeOp::verify() {
  shape dims = shapeOf(getInput());
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "result is " << getResult().getType() << ", expected " << getInput().getType();
  if (getChannelsLast()) {
    if (mlir::failed(verifyRank(*this, "input", getInput(), 3))) return failure();
    std::rotate(dims.sizes.begin(), dims.sizes.begin() + 2, dims.sizes.begin() + 3);
  }
  const ops::normalize_attributes attributes{static_cast<uint32_t>(getAxis()), static_cast<uint32_t>(getGroups()),
                                             getEpsilon(), static_cast<uint32_t>(getCentred())};
  const shape *operands[] = {&dims};
  const inferred rule = ops::infer_normalize(operand_shapes(operands), words_of(attributes), dims);
  if (rule.code != fault::none) return emitBroken(*this, rule);
  return verifyEpilogue(*this);
}

bool ReshapeOp::hasKernel() { return false; }
bool ReshapeOp::sharesCode() { return false; }
Value ReshapeOp::getViewed() { return getInput(); }

LogicalResult ReshapeOp::verify() { return verifyShapes(*this, op::reshape, {getInput()}, getResult()); }

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) return getInput();
  if (auto elements = llvm::dyn_cast_if_present<mlir::DenseElementsAttr>(adaptor.getInput()))
    return elements.reshape(llvm::cast<RankedTensorType>(getType()));
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult PermuteOp::verify() {
  llvm::ArrayRef<int64_t> from = tensorType(getInput()).getShape(), to = tensorType(getResult()).getShape();
  if (!mlir::isPermutationVector(getAxes()) || getAxes().size() != from.size())
    return emitOpError() << "axes must be a permutation of the " << from.size() << " axes of the operand";
  if (to.size() != from.size() || mlir::applyPermutation(from, getAxes()) != llvm::SmallVector<int64_t>(to))
    return emitOpError() << "result is " << getResult().getType() << ", which is no permutation of "
                         << getInput().getType();
  return success();
}

/// Elements of a constant in another order of axes.
static mlir::DenseElementsAttr permuted(mlir::DenseElementsAttr elements, llvm::ArrayRef<int64_t> axes,
                                        RankedTensorType type) {
  if (elements.isSplat()) return elements.reshape(type);
  llvm::ArrayRef<int64_t> from = elements.getType().getShape();
  const llvm::SmallVector<int64_t> strides = mlir::applyPermutation(mlir::computeStrides(from), axes);
  auto values = elements.getValues<float>();
  std::vector<float> result;
  result.reserve(values.size());
  forEachPlace(type.getShape(), strides, [&](size_t place) { result.push_back(values[place]); });
  return mlir::DenseElementsAttr::get(type, llvm::ArrayRef(result));
}

OpFoldResult PermuteOp::fold(FoldAdaptor adaptor) {
  if (mlir::isIdentityPermutation(getAxes())) return getInput();
  if (auto elements = llvm::dyn_cast_if_present<mlir::DenseElementsAttr>(adaptor.getInput()))
    return permuted(elements, getAxes(), tensorType(getResult()));
  if (auto inner = getInput().getDefiningOp<PermuteOp>()) {
    setAxes(mlir::applyPermutation(inner.getAxes(), getAxes()));
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult PermuteOp::canonicalize(PermuteOp permute, mlir::PatternRewriter &rewriter) {
  // If only axes of size 1 move, the elements keep their order.
  llvm::ArrayRef<int64_t> sizes = tensorType(permute.getInput()).getShape();
  int64_t last = -1;
  for (int64_t axis : permute.getAxes()) {
    if (sizes[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return rewriter.notifyMatchFailure(permute, "elements change their order");
    last = axis;
  }
  rewriter.replaceOpWithNewOp<ReshapeOp>(permute, permute.getType(), permute.getInput());
  return success();
}

// A permutation writes element by element.
bool PermuteOp::writesLines() { return tensorType(getResult()).getRank() == 3; }

/// The inside of a padded image, if nothing pads its channels.
llvm::SmallVector<std::pair<Value, int64_t>> PadOp::getPieces() {
  llvm::ArrayRef<int64_t> sizes = tensorType(getResult()).getShape();
  if (sizes.size() != 3 || getLow()[2] != 0 || getHigh()[2] != 0) return {};
  return {{getInput(), (getLow()[0] * sizes[1] + getLow()[1]) * sizes[2]}};
}
int64_t PadOp::getPieceLine() {
  llvm::ArrayRef<int64_t> sizes = tensorType(getResult()).getShape();
  return sizes[1] * sizes[2];
}
// The kernel compares the place of the operand with its own place.
bool PadOp::sharesCode() { return false; }

LogicalResult PadOp::verify() {
  llvm::ArrayRef<int64_t> from = tensorType(getInput()).getShape(), to = tensorType(getResult()).getShape();
  if (getLow().size() != from.size() || getHigh().size() != from.size() || to.size() != from.size())
    return emitOpError() << "low and high need one number for each of the " << from.size() << " axes";
  for (auto [size, low, high, padded] : llvm::zip_equal(from, getLow(), getHigh(), to))
    if (low < 0 || high < 0 || size + low + high != padded)
      return emitOpError() << "result is " << getResult().getType()
                           << ", expected the operand's size plus low and high";
  return success();
}

LogicalResult PadOp::canonicalize(PadOp pad, mlir::PatternRewriter &rewriter) {
  // Padding in two steps, such as that of a network and that of a convolution.
  auto inner = pad.getInput().getDefiningOp<PadOp>();
  if (!inner || !inner->hasOneUse() || inner.getValueAttr() != pad.getValueAttr())
    return rewriter.notifyMatchFailure(pad, "the operand is not padded with the same number for this op alone");
  const auto sum = [&](llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
    llvm::SmallVector<int64_t> sums;
    for (auto [each, other] : llvm::zip_equal(a, b)) sums.push_back(each + other);
    return rewriter.getDenseI64ArrayAttr(sums);
  };
  rewriter.replaceOpWithNewOp<PadOp>(pad, pad.getType(), inner.getInput(), sum(inner.getLow(), pad.getLow()),
                                     sum(inner.getHigh(), pad.getHigh()), pad.getValueAttr());
  return success();
}

int64_t ResampleOp::getTaps() {
  return static_cast<int64_t>(getSources().size()) /
         tensorType(getResult()).getDimSize(static_cast<unsigned>(getAxis()));
}

LogicalResult ResampleOp::verify() {
  llvm::ArrayRef<int64_t> from = tensorType(getInput()).getShape(), to = tensorType(getResult()).getShape();
  if (getAxis() >= from.size()) return emitOpError() << "has no axis " << getAxis() << " in " << getInput().getType();
  llvm::SmallVector<int64_t> expected(from);
  if (to.size() == from.size()) expected[getAxis()] = to[getAxis()];
  if (to != llvm::ArrayRef(expected))
    return emitOpError() << "result is " << getResult().getType() << ", expected " << getInput().getType()
                         << " with another size along axis " << getAxis();
  const auto count = static_cast<int64_t>(getSources().size());
  if (count == 0 || count % to[getAxis()] != 0)
    return emitOpError() << "has " << count << " sources, expected the same number for each of " << to[getAxis()]
                         << " indices";
  if (!getWeight() && getTaps() != 1) return emitOpError("needs a weight for several sources of an index");
  if (getWeight() && elementsOf(getWeight()) != count)
    return emitOpError() << "weight has " << elementsOf(getWeight()) << " elements, expected " << count;
  for (int64_t source : getSources())
    if (source < (getWeight() ? -1 : 0) || source >= from[getAxis()])
      return emitOpError() << "source " << source << " lies outside of axis " << getAxis() << " of " << from[getAxis()]
                           << " elements";
  return success();
}

OpFoldResult ResampleOp::fold(FoldAdaptor) {
  // Every index comes from itself.
  const bool same = getInput().getType() == getType() && !getWeight() &&
                    llvm::equal(getSources(), llvm::seq<int64_t>(0, static_cast<int64_t>(getSources().size())));
  return same ? OpFoldResult(getInput()) : OpFoldResult();
}

int64_t ResampleOp::getFlops() {
  if (!getWeight()) return 0;
  const int64_t terms = llvm::count_if(getSources(), [](int64_t source) { return source >= 0; });
  const int64_t size = tensorType(getResult()).getDimSize(static_cast<unsigned>(getAxis()));
  return (2 * terms - size) * (elementsOf(getResult()) / size);
}

// Along the channels of an image, runs of pixels would have to end with their lines.
bool ResampleOp::readsLines(unsigned index) {
  return index == getInputMutable().getOperandNumber() && tensorType(getInput()).getRank() == 3 && getAxis() < 2;
}
bool ResampleOp::writesLines() { return tensorType(getResult()).getRank() == 3 && getAxis() < 2; }
// Copies are not worth the meeting of threads.
int64_t ResampleOp::getLines() { return getWeight() && writesLines() ? sizesOf(getResult()).front() : 1; }

LogicalResult EmbeddingOp::verify() {
  return verifyShapes(*this, op::embedding, {getIndices(), getWeight()}, getResult());
}

LogicalResult SliceOp::verify() {
  return verifyShapes(
      *this, op::slice, {getInput()}, getResult(),
      words_of(ops::slice_attributes{static_cast<uint32_t>(getAxis()), static_cast<uint32_t>(getStart()),
                                     static_cast<uint32_t>(getLength())}));
}

// What is cut out of the lines of an image is a run for each line.
bool SliceOp::writesLines() { return sizesOf(getResult()).size() == 3 && getAxis() == 1; }

// Kernels want images whole, because their lines may lie apart.
Value SliceOp::getViewed() { return tensorType(getInput()).getRank() <= 2 && getAxis() == 0 ? getInput() : Value(); }
int64_t SliceOp::getViewedOffset() {
  return static_cast<int64_t>(getStart()) * (elementsOf(getResult()) / static_cast<int64_t>(getLength()));
}
bool SliceOp::hasKernel() { return !getViewed(); }
bool SliceOp::sharesCode() { return hasKernel(); }

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) return getInput();
  auto elements = llvm::dyn_cast_if_present<mlir::DenseElementsAttr>(adaptor.getInput());
  if (!elements) return {};
  RankedTensorType type = tensorType(getResult());
  if (elements.isSplat()) return mlir::DenseElementsAttr::get(type, elements.getSplatValue<float>());
  // For each index before the axis, one run of elements.
  const llvm::ArrayRef<int64_t> from = elements.getType().getShape();
  const auto axis = static_cast<size_t>(getAxis());
  const int64_t inner = mlir::ShapedType::getNumElements(from.drop_front(axis + 1));
  const auto start = static_cast<int64_t>(getStart()) * inner, length = static_cast<int64_t>(getLength()) * inner;
  auto values = elements.getValues<float>();
  std::vector<float> cut;
  for (int64_t run = 0; run < elements.getNumElements(); run += from[axis] * inner)
    for (int64_t i = 0; i < length; ++i) cut.push_back(values[static_cast<size_t>(run + start + i)]);
  return mlir::DenseElementsAttr::get(type, llvm::ArrayRef(cut));
}

LogicalResult HistoryOp::verify() {
  if (getTaps() == 1) return emitOpError("keeps nothing with one tap: inlay.reshape gives that row");
  return verifyShapes(
      *this, op::history, {getInput()}, getResult(),
      words_of(ops::history_attributes{static_cast<uint32_t>(getTaps()), static_cast<uint32_t>(getDilation())}));
}

// Each has a ring of its own.
bool HistoryOp::sharesCode() { return false; }

// The kernel compares the places of the pieces with its own place.
bool ConcatOp::sharesCode() { return false; }

llvm::SmallVector<std::pair<Value, int64_t>> ConcatOp::getPieces() {
  // A piece must be contiguous in the result.
  for (int64_t i = 0; i < static_cast<int64_t>(getAxis()); ++i)
    if (tensorType(getResult()).getDimSize(static_cast<unsigned>(i)) != 1) return {};
  llvm::SmallVector<std::pair<Value, int64_t>> pieces;
  int64_t offset = 0;
  for (Value piece : getInputs()) {
    pieces.emplace_back(piece, offset);
    offset += elementsOf(piece);
  }
  return pieces;
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty()) return emitOpError("needs at least one operand");
  return verifyShapes(*this, op::concat, llvm::to_vector(getInputs()), getResult(),
                      words_of(ops::concat_attributes{static_cast<uint32_t>(getAxis())}));
}

}  // namespace inlay::compiler
