// SPDX-License-Identifier: Apache-2.0
// Verifiers and folders of the inlay operations.
#include "Inlay/Dialect/InlayDialect.h"

#include "llvm/Support/MathExtras.h"

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

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult DenseOp::verify() {
  if (getZeros() && *getZeros() != "skip" && *getZeros() != "multiply")
    return emitOpError() << "layer '" << getLayer() << "': zeros must be \"skip\" or \"multiply\", found \""
                         << *getZeros() << "\"";
  RankedTensorType weight = tensorType(getWeight());
  const int64_t inputs = elementsOf(getInput()), outputs = elementsOf(getResult());
  if (weight.getRank() != 2 || weight.getDimSize(0) != outputs || weight.getDimSize(1) != inputs)
    return emitOpError() << "layer '" << getLayer() << "': weight is " << weight << ", expected tensor<" << outputs
                         << "x" << inputs << "xf32>";
  if (getBias() && (tensorType(getBias()).getRank() != 1 || elementsOf(getBias()) != outputs))
    return emitOpError() << "layer '" << getLayer() << "': bias is " << getBias().getType() << ", expected tensor<"
                         << outputs << "xf32>";
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

LogicalResult MapOp::verify() {
  for (Value input : getInputs())
    if (input.getType() != getResult().getType() && elementsOf(input) != 1)
      return emitOpError() << "operand is " << input.getType() << ", expected the result's " << getResult().getType()
                           << " or one element";
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

LogicalResult SoftmaxOp::verify() {
  if (tensorType(getInput()).getRank() == 0) return emitOpError("needs at least rank 1");
  return success();
}

LogicalResult ReshapeOp::verify() {
  if (elementsOf(getInput()) != elementsOf(getResult()))
    return emitOpError() << "cannot make " << getResult().getType() << " of " << getInput().getType();
  return success();
}

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

LogicalResult ConcatOp::verify() {
  RankedTensorType type = tensorType(getResult());
  const int64_t axis = getAxis();
  if (getInputs().empty()) return emitOpError("needs at least one operand");
  if (axis < 0 || axis >= type.getRank()) return emitOpError() << "axis " << axis << " is outside of " << type;
  int64_t joined = 0;
  for (Value input : getInputs()) {
    RankedTensorType piece = tensorType(input);
    if (piece.getRank() != type.getRank()) return emitOpError() << "operand is " << piece << ", result is " << type;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (i != axis && piece.getDimSize(i) != type.getDimSize(i))
        return emitOpError() << "operand " << piece << " differs from result " << type << " in dimension " << i;
    joined += piece.getDimSize(axis);
  }
  if (joined != type.getDimSize(axis))
    return emitOpError() << "operands have " << joined << " along axis " << axis << ", result is " << type;
  return success();
}

}  // namespace inlay::compiler
