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

/// Elements [begin, end) of every row of one piece of memory. With `line`, only runs of `run` elements that begin
/// `line` apart.
struct Extent {
  llvm::StringRef root;
  int64_t index, begin, end;
  int64_t line = 0, run = 0;

  bool overlaps(const Extent &other) const {
    if (root != other.root || index != other.index) return false;
    for (int64_t first = begin; first < end; first += line == 0 ? end - begin : line)
      if (other.meets(first, line == 0 ? end : first + run)) return true;
    return false;
  }
  bool operator==(const Extent &other) const {
    return root == other.root && index == other.index && begin == other.begin && end == other.end && line == other.line;
  }

 private:
  bool meets(int64_t from, int64_t to) const {
    if (from >= end || begin >= to) return false;
    if (line == 0) return true;
    // The first run that ends behind `from`.
    const int64_t skipped = from < begin + run ? 0 : (from - begin - run) / line + 1;
    return begin + skipped * line < to && begin + skipped * line < end;
  }
};

class Verifier {
 public:
  explicit Verifier(mlir::func::FuncOp function) : function(function), lanes(targetOf(function).getLanes()) {}

  mlir::LogicalResult run() {
    int64_t position = 0;
    for (mlir::Operation &op : function.front()) order[&op] = position++;
    // Stores change no inputs, but they do change states.
    for (mlir::BlockArgument argument : function.getArguments())
      if (stateOfArgument(function, argument.getArgNumber())) live.push_back(argument);
    for (mlir::Operation &op : function.front().without_terminator()) {
      if (!placeOf(op.getResult(0))) return op.emitOpError() << "has no placement";
      if (mlir::failed(checkRow(op))) return mlir::failure();
      for (const Extent &store : storesOf(op))
        if (mlir::failed(checkStore(op, store)) || mlir::failed(checkRowsBefore(op, store))) return mlir::failure();
      live.push_back(op.getResult(0));
    }
    return checkNextValues();
  }

 private:
  mlir::func::FuncOp function;
  int64_t lanes;
  llvm::DenseMap<mlir::Operation *, int64_t> order;
  llvm::SmallVector<Value> live;  // computed so far; dead ones are skipped

  static PlacementAttr placeOf(Value value) {
    if (mlir::Operation *op = value.getDefiningOp()) return op->getAttrOfType<PlacementAttr>(kPlacementAttr);
    auto argument = llvm::cast<mlir::BlockArgument>(value);
    auto network = llvm::cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp());
    const std::optional<int64_t> state = stateOfArgument(network, argument.getArgNumber());
    if (!state) return {};
    return PlacementAttr::get(value.getContext(), "state", *state, /*base=*/0, /*offset=*/0,
                              /*stride=*/elementsOf(value), /*padded=*/false, /*line=*/0);
  }

  /// What `value` takes if it begins at `begin`. With `line`, it is an image whose lines begin that far apart.
  static Extent extentAt(llvm::StringRef root, int64_t index, int64_t begin, Value value, int64_t line) {
    if (line == 0) return {root, index, begin, begin + elementsOf(value)};
    llvm::ArrayRef<int64_t> sizes = sizesOf(value);
    const int64_t run = sizes[1] * sizes[2];
    return {root, index, begin, begin + (sizes[0] - 1) * line + run, line, run};
  }

  static Extent extentOf(Value value) {
    PlacementAttr place = placeOf(value);
    return extentAt(place.getRoot(), place.getIndex(), place.getBase() + place.getOffset(), value, place.getLine());
  }

  /// A row must hold all that is stored into it, or the store runs into the next row.
  mlir::LogicalResult checkRow(mlir::Operation &op) {
    Value result = op.getResult(0);
    PlacementAttr place = placeOf(result);
    if (place.getRoot() == "constant" || place.getRoot() == "packed") return mlir::success();
    const Extent extent = extentOf(result);
    const int64_t stored = place.getPadded() ? wholeVectors(result) : extent.end - extent.begin;
    if (place.getOffset() + stored <= place.getStride()) return mlir::success();
    return op.emitOpError() << nameOf(op) << "stores up to element " << place.getOffset() + stored
                            << " of rows that are " << place.getStride() << " apart";
  }

  /// The next value of a state must lie where the next step reads the state.
  mlir::LogicalResult checkNextValues() {
    mlir::Operation *terminator = function.front().getTerminator();
    for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
      const std::optional<int64_t> state = stateOfResult(function, static_cast<unsigned>(i));
      const PlacementAttr place = placeOf(value);
      if (state && (!place || place.getRoot() != "state" || place.getIndex() != *state || place.getOffset() != 0))
        return terminator->emitOpError() << "result " << i << " is not in the memory of its state";
    }
    return mlir::success();
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
    if (kernel.getPieceLine() != 0) return storesAround(pieces.front(), kernel.getPieceLine(), whole);
    llvm::SmallVector<Extent> stores;
    for (auto [piece, offset] : pieces) {
      const Extent target = extentAt(whole.root, whole.index, whole.begin + offset, piece, /*line=*/0);
      if (!placeOf(piece) || !(extentOf(piece) == target)) stores.push_back(target);
    }
    return stores;
  }

  /// What is written around an image inside of `whole`, or all of it if the image is not there.
  static llvm::SmallVector<Extent> storesAround(std::pair<Value, int64_t> piece, int64_t line, const Extent &whole) {
    const Extent inside = extentAt(whole.root, whole.index, whole.begin + piece.second, piece.first, line);
    if (!placeOf(piece.first) || !(extentOf(piece.first) == inside)) return {whole};
    Extent before = whole, behind = whole;
    before.end = inside.begin, behind.begin = inside.end;
    llvm::SmallVector<Extent> stores = {before, behind};
    if (inside.run < line)  // from the end of each line to the next one
      stores.push_back(
          {whole.root, whole.index, inside.begin + inside.run, inside.end - inside.run, line, line - inside.run});
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
      // A loop over steps goes on to read the next row of a value from outside of it.
      if (user != &op && loopOf(&op) && loopOf(user) == loopOf(&op) && loopOf(value.getDefiningOp()) != loopOf(&op) &&
          !isState(value) && !haveEqualRows(value, op.getResult(0)))
        return true;
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
      return op.emitOpError() << nameOf(op) << "stores over "
                              << (value.getDefiningOp() ? "the result of " + nameOf(*value.getDefiningOp())
                                                        : std::string("a state "))
                              << "which is still to be read";
    }
    return mlir::success();
  }

  /// A loop over steps must not store over rows that it has computed before and that are read behind it.
  mlir::LogicalResult checkRowsBefore(mlir::Operation &op, const Extent &store) {
    if (!loopOf(&op)) return mlir::success();
    for (mlir::Operation *later = op.getNextNode(); loopOf(later) == loopOf(&op); later = later->getNextNode()) {
      Value value = later->getResult(0);
      const PlacementAttr place = placeOf(value);
      if (!place || place.getRoot() == "constant" || !leavesLoop(value) || !extentOf(value).overlaps(store)) continue;
      if (haveEqualRows(value, op.getResult(0))) continue;
      return op.emitOpError() << nameOf(op) << "stores over rows of " << nameOf(*later)
                              << "that are read behind the loop over steps";
    }
    return mlir::success();
  }

  /// Whether row r of one value can meet only row r of the other.
  static bool haveEqualRows(Value a, Value b) {
    const PlacementAttr first = placeOf(a), second = placeOf(b);
    return first && second && first.getBase() == second.getBase() && first.getStride() == second.getStride();
  }

  bool isState(Value value) {
    auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
    return argument && stateOfArgument(function, argument.getArgNumber());
  }

  /// "layer 'fc1' " or "inlay.map ".
  static std::string nameOf(mlir::Operation &op) {
    if (auto layer = op.getAttrOfType<mlir::StringAttr>("layer")) return "layer '" + layer.str() + "' ";
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
