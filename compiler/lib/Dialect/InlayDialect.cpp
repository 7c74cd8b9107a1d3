// SPDX-License-Identifier: Apache-2.0
// Registration of the inlay dialect and its attributes.
#include "Inlay/Dialect/InlayDialect.h"

#include "inlay/graph_training.hpp"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/DialectImplementation.h"

#include "Inlay/Dialect/InlayDialect.cpp.inc"

#include "Inlay/Dialect/InlayEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "Inlay/Dialect/InlayAttributes.cpp.inc"

namespace inlay::compiler {

void InlayDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Inlay/Dialect/InlayAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Inlay/Dialect/InlayOps.cpp.inc"
      >();
}

mlir::Operation *InlayDialect::materializeConstant(mlir::OpBuilder &builder, mlir::Attribute value, mlir::Type type,
                                                   mlir::Location loc) {
  if (auto number = llvm::dyn_cast<mlir::FloatAttr>(value))
    return builder.create<mlir::arith::ConstantOp>(loc, type, number);
  if (auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value))
    return builder.create<ConstantOp>(loc, type, mlir::StringAttr(), elements);
  return nullptr;
}

std::optional<int64_t> stateOfArgument(mlir::func::FuncOp network, unsigned index) {
  auto place = network.getArgAttrOfType<mlir::IntegerAttr>(index, kStateAttr);
  return place ? std::optional<int64_t>(place.getInt()) : std::nullopt;
}
std::optional<int64_t> stateOfResult(mlir::func::FuncOp network, unsigned index) {
  auto place = network.getResultAttrOfType<mlir::IntegerAttr>(index, kStateAttr);
  return place ? std::optional<int64_t>(place.getInt()) : std::nullopt;
}

mlir::BlockArgument stateAt(mlir::func::FuncOp network, int64_t place) {
  return *llvm::find_if(network.getArguments(), [&](mlir::BlockArgument argument) {
    return stateOfArgument(network, argument.getArgNumber()) == place;
  });
}

bool dependsOnArgument(mlir::Value value, llvm::function_ref<bool(mlir::BlockArgument)> which) {
  llvm::SmallPtrSet<mlir::Operation *, 16> seen;
  llvm::SmallVector<mlir::Value> pending = {value};
  while (!pending.empty()) {
    mlir::Value at = pending.pop_back_val();
    if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(at)) {
      if (which(argument)) return true;
    } else if (seen.insert(at.getDefiningOp()).second) {
      llvm::append_range(pending, at.getDefiningOp()->getOperands());
    }
  }
  return false;
}

std::optional<int64_t> loopOf(mlir::Operation *op) {
  auto loop = op ? op->getAttrOfType<mlir::IntegerAttr>(kFeedbackAttr) : mlir::IntegerAttr();
  return loop ? std::optional<int64_t>(loop.getInt()) : std::nullopt;
}

bool leavesLoop(mlir::Value value) {
  return llvm::any_of(value.getUsers(), [&](mlir::Operation *user) {
    return !user->hasTrait<mlir::OpTrait::IsTerminator>() && loopOf(user) != loopOf(value.getDefiningOp());
  });
}

Role roleOf(mlir::Operation *network) {
  auto role = network->getAttrOfType<mlir::IntegerAttr>(kRoleAttr);
  return role ? static_cast<Role>(role.getInt()) : Role::inference;
}

bool isLearned(mlir::Value value) {
  auto argument = llvm::dyn_cast_if_present<mlir::BlockArgument>(value);
  auto network = argument ? llvm::dyn_cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp()) : nullptr;
  return network && network.getArgAttr(argument.getArgNumber(), kLearnedAttr);
}

llvm::StringRef nameOf(mlir::BlockArgument argument) {
  auto network = llvm::cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
  auto name = network.getArgAttrOfType<mlir::StringAttr>(argument.getArgNumber(), kNameAttr);
  return name ? name.getValue() : llvm::StringRef();
}

bool isBatchStatistic(mlir::Value value) {
  return isLearned(value) && is_batch_statistic(nameOf(llvm::cast<mlir::BlockArgument>(value)));
}

const activation_row *findActivation(llvm::StringRef name) {
  for (const activation_row &row : activation_table)
    if (llvm::StringRef(row.name.data(), row.name.size()) == name) return &row;
  return nullptr;
}

std::string layerPrefix(mlir::Operation *op) {
  auto layer = op->getAttrOfType<mlir::StringAttr>("layer");
  return layer ? ("layer '" + layer.getValue() + "': ").str() : "";
}

static void forEachPlaceFrom(int64_t first, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides,
                             llvm::function_ref<void(size_t)> body) {
  if (sizes.empty()) return body(static_cast<size_t>(first));
  for (int64_t i = 0; i < sizes.front(); ++i)
    forEachPlaceFrom(first + i * strides.front(), sizes.drop_front(), strides.drop_front(), body);
}

void forEachPlace(llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides,
                  llvm::function_ref<void(size_t)> body) {
  forEachPlaceFrom(0, sizes, strides, body);
}

}  // namespace inlay::compiler
