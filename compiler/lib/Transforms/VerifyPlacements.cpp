// SPDX-License-Identifier: Apache-2.0
// Follows every store of a planned network and refuses one that destroys what is read later.
#include <map>

#include "Inlay/Transforms/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_VERIFYPLACEMENTSPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

/// Elements [begin, end) of every row of one piece of memory.
struct Extent {
  llvm::StringRef root;
  int64_t index, begin, end;

  bool overlaps(const Extent &other) const {
    return root == other.root && index == other.index && begin < other.end && other.begin < end;
  }
  bool operator==(const Extent &other) const {
    return root == other.root && index == other.index && begin == other.begin && end == other.end;
  }
};

class Verifier {
 public:
  explicit Verifier(mlir::func::FuncOp function)
      : function(function), lanes(function->getAttrOfType<mlir::IntegerAttr>(kLanesAttr).getInt()) {}

  mlir::LogicalResult run() {
    int64_t position = 0;
    for (mlir::Operation &op : function.front()) order[&op] = position++;
    for (mlir::Operation &op : function.front().without_terminator()) {
      if (!placeOf(op.getResult(0))) return op.emitOpError() << "has no placement";
      if (mlir::failed(checkRow(op))) return mlir::failure();
      for (const Extent &store : storesOf(op))
        if (mlir::failed(checkStore(op, store))) return mlir::failure();
      live.push_back(op.getResult(0));
    }
    return mlir::success();
  }

 private:
  mlir::func::FuncOp function;
  int64_t lanes;
  llvm::DenseMap<mlir::Operation *, int64_t> order;
  llvm::SmallVector<Value> live;  // computed so far; dead ones are skipped

  static PlacementAttr placeOf(Value value) {
    mlir::Operation *op = value.getDefiningOp();
    return op ? op->getAttrOfType<PlacementAttr>(kPlacementAttr) : PlacementAttr();
  }

  static Extent extentOf(Value value) {
    PlacementAttr place = placeOf(value);
    const int64_t begin = place.getBase() + place.getOffset();
    return {place.getRoot(), place.getIndex(), begin, begin + elementsOf(value)};
  }

  /// A row must hold all that is stored into it, or the store runs into the next row.
  mlir::LogicalResult checkRow(mlir::Operation &op) {
    Value result = op.getResult(0);
    PlacementAttr place = placeOf(result);
    if (place.getRoot() == "constant") return mlir::success();
    const int64_t stored = place.getPadded() ? wholeVectors(result) : elementsOf(result);
    if (place.getOffset() + stored <= place.getStride()) return mlir::success();
    return op.emitOpError() << nameOf(op) << "stores up to element " << place.getOffset() + stored
                            << " of rows that are " << place.getStride() << " apart";
  }

  int64_t wholeVectors(Value value) {
    return static_cast<int64_t>(llvm::alignTo(static_cast<uint64_t>(elementsOf(value)), static_cast<uint64_t>(lanes)));
  }

  /// What an op writes: nothing without a kernel, and of pieces those that are not at their place.
  llvm::SmallVector<Extent> storesOf(mlir::Operation &op) {
    auto kernel = llvm::dyn_cast<KernelOp>(op);
    if (kernel && !kernel.hasKernel()) return {};
    Extent whole = extentOf(op.getResult(0));
    const auto pieces = kernel ? kernel.getPieces() : llvm::SmallVector<std::pair<Value, int64_t>>();
    if (pieces.empty()) {
      if (placeOf(op.getResult(0)).getPadded()) whole.end = whole.begin + wholeVectors(op.getResult(0));
      return {whole};
    }
    llvm::SmallVector<Extent> stores;
    for (auto [piece, offset] : pieces) {
      const int64_t begin = whole.begin + offset;
      const Extent target{whole.root, whole.index, begin, begin + elementsOf(piece)};
      if (!placeOf(piece) || !(extentOf(piece) == target)) stores.push_back(target);
    }
    return stores;
  }

  /// Whether `op` reads each element of `operand` before it writes the result's element there, and never again.
  static bool readsBeforeWriting(mlir::Operation &op, Value operand) {
    auto kernel = llvm::dyn_cast<KernelOp>(op);
    return kernel && llvm::all_of(op.getOpOperands(), [&](mlir::OpOperand &each) {
             return each.get() != operand || kernel.readsBeforeWriting(each.getOperandNumber());
           });
  }

  static bool isReadBy(mlir::Operation &op, Value value) { return llvm::is_contained(op.getOperands(), value); }

  /// Whether something reads `value` after `op`, directly or through a reshape or a concat that shares its memory.
  bool isReadAfter(Value value, mlir::Operation &op) {
    return llvm::any_of(value.getUsers(), [&](mlir::Operation *user) {
      if (order.lookup(user) > order.lookup(&op)) return true;
      auto kernel = llvm::dyn_cast<KernelOp>(user);
      const bool shares = kernel && (kernel.getViewed() || !kernel.getPieces().empty());
      return shares && user != &op && sharesMemory(user->getResult(0), value) && isReadAfter(user->getResult(0), op);
    });
  }
  static bool sharesMemory(Value whole, Value part) {
    return placeOf(whole) && placeOf(part) && extentOf(whole).overlaps(extentOf(part));
  }

  mlir::LogicalResult checkStore(mlir::Operation &op, const Extent &store) {
    for (Value value : live) {
      if (placeOf(value).getRoot() == "constant" || !extentOf(value).overlaps(store)) continue;
      const bool later = isReadAfter(value, op);
      const bool now = isReadBy(op, value);
      if (!later && !now) continue;
      // A padded result may be longer than the operand that it replaces, element by element.
      if (!later && readsBeforeWriting(op, value) && extentOf(value) == extentOf(op.getResult(0))) continue;
      return op.emitOpError() << nameOf(op) << "stores over the result of " << nameOf(*value.getDefiningOp())
                              << "which is still to be read";
    }
    return mlir::success();
  }

  /// "layer 'fc1' " or "inlay.map ".
  static std::string nameOf(mlir::Operation &op) {
    if (auto layer = llvm::dyn_cast<ContractionOp>(op)) return "layer '" + layer.getLayer().str() + "' ";
    return op.getName().getStringRef().str() + " ";
  }
};

struct VerifyPlacementsPass : impl::VerifyPlacementsPassBase<VerifyPlacementsPass> {
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kArenaAttr)) {
      getOperation().emitOpError() << "has no '" << kArenaAttr << "': run inlay-plan-memory first";
      return signalPassFailure();
    }
    if (mlir::failed(Verifier(getOperation()).run())) signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
