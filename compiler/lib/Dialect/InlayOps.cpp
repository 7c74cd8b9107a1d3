// SPDX-License-Identifier: Apache-2.0
// Verifiers and folders of the inlay operations.
#include "Inlay/Dialect/InlayDialect.h"

#include "inlay/operations.hpp"
#include "llvm/Support/MathExtras.h"

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

RankedTensorType tensorType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

shape shapeOf(Value value) {
  RankedTensorType type = tensorType(value);
  shape dims{.rank = static_cast<uint32_t>(type.getRank())};
  for (auto [size, from] : llvm::zip(dims.sizes, type.getShape())) size = static_cast<uint32_t>(from);
  return dims;
}

/// Checks an op by the shape rule of the graph's operation `kind`. An absent operand is null.
LogicalResult verifyShapes(mlir::Operation *op, inlay::op kind, llvm::ArrayRef<Value> operands, Value result,
                           llvm::ArrayRef<uint32_t> attributes = {}, llvm::StringRef layer = {}) {
  const std::string prefix = layer.empty() ? "" : ("layer '" + layer + "': ").str();
  llvm::SmallVector<Value> all(operands);
  all.push_back(result);
  for (Value value : all)
    if (value && tensorType(value).getRank() > int64_t{max_rank})
      return op->emitOpError() << prefix << value.getType() << " has more than " << max_rank << " dimensions";
  llvm::SmallVector<shape> shapes;
  llvm::SmallVector<const shape *> pointers;
  for (Value operand : operands) shapes.push_back(operand ? shapeOf(operand) : shape());
  for (auto [operand, dims] : llvm::zip(operands, shapes)) pointers.push_back(operand ? &dims : nullptr);
  const inferred rule =
      row_of(kind).infer(operand_shapes(std::span<const shape *const>(pointers.data(), pointers.size())),
                         {attributes.data(), attributes.size()}, shapeOf(result));
  const auto text = [](const violation::text &from) { return llvm::StringRef(from.chars, from.size()); };
  if (rule.code != fault::none)
    return op->emitOpError() << prefix << "expected " << text(rule.expected) << ", found " << text(rule.found) << "; "
                             << llvm::StringRef(advice(rule.code));
  if (rule.dims == shapeOf(result)) return success();
  return op->emitOpError() << prefix << "result is " << result.getType() << ", expected "
                           << text(inlay::detail::shape_text(rule.dims));
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

/// Checks that dense layers and contractions share.
LogicalResult verifyLayer(mlir::Operation *op, llvm::StringRef layer, Value input, Value result, ValueRange extras,
                          Region &epilogue) {
  if (tensorType(input).getRank() != 1)
    return op->emitOpError() << "layer '" << layer << "': input must have rank 1, found " << input.getType();
  if (tensorType(result).getRank() != 1)
    return op->emitOpError() << "layer '" << layer << "': result must have rank 1, found " << result.getType();
  for (Value extra : extras)
    if (elementsOf(extra) != elementsOf(result) && elementsOf(extra) != 1)
      return op->emitOpError() << "layer '" << layer << "': epilogue operand is " << extra.getType()
                               << ", expected the result's " << result.getType() << " or one element";
  if (epilogue.empty()) {
    if (extras.empty()) return success();
    return op->emitOpError() << "layer '" << layer << "': epilogue operands need an epilogue";
  }
  return verifyProgram(op, epilogue, 1 + extras.size(), "epilogue");
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
                                words_of(ops::dense_attributes{}), getLayer())))
    return failure();
  return verifyLayer(*this, getLayer(), getInput(), getResult(), getExtras(), getEpilogue());
}

LogicalResult ContractionOp::verify() {
  const int64_t lanes = static_cast<int64_t>(getVectorLength()), panel = static_cast<int64_t>(getPanel());
  if (lanes < 1 || !llvm::isPowerOf2_64(static_cast<uint64_t>(lanes)))
    return emitOpError() << "layer '" << getLayer() << "': " << lanes << " lanes, expected a power of two";
  if (panel < lanes || panel % lanes != 0)
    return emitOpError() << "layer '" << getLayer() << "': a panel of " << panel << " features is not a multiple of "
                         << lanes << " lanes";
  if (getRows() < 1) return emitOpError() << "layer '" << getLayer() << "': a tile needs at least one row";
  const int64_t padded = static_cast<int64_t>(llvm::alignTo(elementsOf(getResult()), lanes));
  if (elementsOf(getWeight()) != padded * elementsOf(getInput()))
    return emitOpError() << "layer '" << getLayer() << "': packed weight has " << elementsOf(getWeight())
                         << " elements, expected " << padded << " x " << elementsOf(getInput());
  if (getBias() && elementsOf(getBias()) != padded)
    return emitOpError() << "layer '" << getLayer() << "': padded bias has " << elementsOf(getBias())
                         << " elements, expected " << padded;
  return verifyLayer(*this, getLayer(), getInput(), getResult(), getExtras(), getEpilogue());
}

/// Operations of a program, each for one element.
static int64_t flopsOf(Region &program) {
  if (program.empty()) return 0;
  return llvm::count_if(program.front().without_terminator(),
                        [](mlir::Operation &op) { return !op.hasTrait<mlir::OpTrait::ConstantLike>(); });
}

// The sums read the whole input for every panel of features. Bias and extras come after them.
bool ContractionOp::readsBeforeWriting(unsigned index) { return index != getInputMutable().getOperandNumber(); }

int64_t ContractionOp::getFlops() {
  const int64_t outputs = elementsOf(getResult());
  return (2 * elementsOf(getInput()) + (getBias() ? 1 : 0) + flopsOf(getEpilogue())) * outputs;
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

LogicalResult SliceOp::verify() {
  return verifyShapes(
      *this, op::slice, {getInput()}, getResult(),
      words_of(ops::slice_attributes{static_cast<uint32_t>(getAxis()), static_cast<uint32_t>(getStart()),
                                     static_cast<uint32_t>(getLength())}));
}

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
