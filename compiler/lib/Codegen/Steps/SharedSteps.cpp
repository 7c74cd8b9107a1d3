// SPDX-License-Identifier: Apache-2.0
// Ops of one kernel that need the same code.
#include "Steps/SharedSteps.h"

namespace inlay::compiler {
namespace {

using mlir::Value;

PlacementAttr placeOf(Value value) {
  mlir::Operation *op = value.getDefiningOp();
  return op ? op->getAttrOfType<PlacementAttr>(kPlacementAttr) : PlacementAttr();
}

/// Whether one code can reach both values when it is told where they start.
bool lieAlike(Value a, Value b) {
  if (a.getType() != b.getType()) return false;
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(a), other = llvm::dyn_cast<mlir::BlockArgument>(b);
  if (argument || other) return argument && other && argument.getArgNumber() == other.getArgNumber();
  PlacementAttr place = placeOf(a), otherPlace = placeOf(b);
  return place.getRoot() == otherPlace.getRoot() && place.getIndex() == otherPlace.getIndex() &&
         place.getStride() == otherPlace.getStride() && place.getPadded() == otherPlace.getPadded() &&
         place.getLine() == otherPlace.getLine();
}

/// The attributes that decide about the code: all but names and places.
mlir::DictionaryAttr codeAttributes(mlir::Operation &op) {
  mlir::NamedAttrList attributes(op.getAttrDictionary());
  attributes.erase(kPlacementAttr);
  attributes.erase("layer");
  return attributes.getDictionary(op.getContext());
}

bool needSameCode(mlir::Operation &a, mlir::Operation &b) {
  if (a.getName() != b.getName() || a.getNumOperands() != b.getNumOperands() || codeAttributes(a) != codeAttributes(b))
    return false;
  if (!lieAlike(a.getResult(0), b.getResult(0))) return false;
  for (auto [mine, other] : llvm::zip_equal(a.getOperands(), b.getOperands()))
    if (!lieAlike(mine, other)) return false;
  for (auto [mine, other] : llvm::zip_equal(a.getRegions(), b.getRegions()))
    if (!mlir::OperationEquivalence::isRegionEquivalentTo(&mine, &other, mlir::OperationEquivalence::IgnoreLocations))
      return false;
  return true;
}

}  // namespace

SharedSteps::SharedSteps(llvm::ArrayRef<mlir::Operation *> ops, llvm::function_ref<bool(mlir::Operation &)> mayShare) {
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> groups;
  for (mlir::Operation *op : ops) {
    if (!llvm::cast<KernelOp>(op).sharesCode() || !mayShare(*op)) continue;
    auto group = llvm::find_if(groups, [&](auto &each) { return needSameCode(*each.front(), *op); });
    if (group == groups.end())
      groups.push_back({op});
    else
      group->push_back(op);
  }
  for (auto &group : groups)
    if (group.size() > 1)
      for (mlir::Operation *op : group) representatives[op] = group.front();
}

StepArgument stepArgumentOf(Value value) {
  if (llvm::isa<mlir::BlockArgument>(value) || placeOf(value).getRoot() == "packed") return StepArgument::none;
  return placeOf(value).getRoot() == "constant" ? StepArgument::memory : StepArgument::start;
}

}  // namespace inlay::compiler
