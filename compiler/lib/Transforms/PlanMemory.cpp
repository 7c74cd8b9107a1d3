// SPDX-License-Identifier: Apache-2.0
// Places every value: in an output, inside another value, or in the arena.
#include "Inlay/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_PLANMEMORYPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::Value;

/// A row of storage that one or more values share, each at its own offset.
struct Buffer {
  llvm::StringRef root = "arena";
  int64_t index = 0;
  int64_t width = 0;  // elements of a row that carry values
  int64_t row = 0;    // distance between rows: in the arena with room for the last vector of a padded value
  int64_t base = 0;   // elements per row before this buffer; arena only
  llvm::SmallVector<Value> values;
};

class Planner {
 public:
  explicit Planner(mlir::func::FuncOp function) : function(function), lanes(targetOf(function).getLanes()) {}

  void run();

 private:
  mlir::func::FuncOp function;
  int64_t lanes;
  std::vector<std::unique_ptr<Buffer>> buffers;
  llvm::MapVector<Value, std::pair<Buffer *, int64_t>> places;  // buffer and offset in its row
  llvm::DenseMap<mlir::Operation *, int64_t> order;
  llvm::DenseMap<int64_t, std::pair<int64_t, int64_t>> loops;  // by number: the places of its first and last op
  llvm::DenseMap<Value, int64_t> lines;  // of images inside of others: the distance between their lines

  Buffer *add(Value value, llvm::StringRef root, int64_t index);
  void merge(Buffer *from, Buffer *into, int64_t offset);
  Buffer *bufferOf(Value value) { return places.find(value)->second.first; }
  int64_t offsetOf(Value value) { return places.find(value)->second.second; }

  int64_t firstUse(const Buffer &buffer);
  int64_t lastUse(const Buffer &buffer);
  bool diesAt(Buffer *buffer, mlir::Operation *op) {
    return buffer->root == "arena" && lastUse(*buffer) <= order.lookup(op);
  }

  /// Whether kernels may store the whole last vector of a value. This holds for values at the end of a buffer in the
  /// arena, where sizeRows() leaves the room. Behind any other value lies a neighbour or the caller's memory.
  bool isPadded(Value value) {
    const auto &[buffer, offset] = places.find(value)->second;
    return buffer->root == "arena" && offset + elementsOf(value) == buffer->width && !lines.contains(value);
  }
  /// The end of a value's last vector, as a position in the row. The first vector begins at the value's first element.
  int64_t endOfVectors(Value value) {
    return offsetOf(value) + static_cast<int64_t>(llvm::alignTo(elementsOf(value), lanes));
  }
  void sizeRows();

  /// Rows at a distance of a large power of two share few sets of the first-level cache, which then cannot hold a tile.
  static bool clashing(int64_t stride) { return stride % kClashingStride == 0; }
  static constexpr int64_t kClashingStride = 512;  // elements
  static constexpr int64_t kCacheLine = 16;        // elements

  Value copyOf(Value value, mlir::OpBuilder &builder);
  void numberOps();
  void takeInitials();
  void claimStates();
  bool replacesState(Value next, Value state);
  void spreadInputs();
  void claimOutputs();
  void reuseInPlace(KernelOp op);
  void computeInside(KernelOp op);
  bool mayLieApart(const Buffer &buffer, KernelOp whole);
  int64_t assignOffsets();
};

Buffer *Planner::add(Value value, llvm::StringRef root, int64_t index) {
  buffers.push_back(std::make_unique<Buffer>());
  Buffer *buffer = buffers.back().get();
  buffer->root = root, buffer->index = index, buffer->width = elementsOf(value);
  buffer->values = {value};
  places[value] = {buffer, 0};
  return buffer;
}

void Planner::merge(Buffer *from, Buffer *into, int64_t offset) {
  for (Value value : from->values) {
    auto &place = places.find(value)->second;
    place = {into, place.second + offset};
    into->values.push_back(value);
  }
  from->values.clear();
}

// A loop over steps writes the rows of a value that is read behind it one after the other, and reads those of a value
// from before it likewise. Such a value is in use from the loop's first op to its last one.

int64_t Planner::firstUse(const Buffer &buffer) {
  int64_t first = std::numeric_limits<int64_t>::max();
  for (Value value : buffer.values) {
    mlir::Operation *producer = value.getDefiningOp();
    const std::optional<int64_t> loop = loopOf(producer);
    first = std::min(first, loop && leavesLoop(value) ? loops.lookup(*loop).first : order.lookup(producer));
  }
  return first;
}

int64_t Planner::lastUse(const Buffer &buffer) {
  int64_t last = 0;
  for (Value value : buffer.values) {
    mlir::Operation *producer = value.getDefiningOp();
    last = std::max(last, order.lookup(producer));
    for (mlir::Operation *user : value.getUsers()) {
      const std::optional<int64_t> loop = loopOf(user);
      const bool entersLoop = loop && loop != loopOf(producer);
      last = std::max(last, entersLoop ? loops.lookup(*loop).second : order.lookup(user));
    }
  }
  return last;
}

/// Copies inputs with clashing rows into the arena, if kernels read them in tiles of rows.
void Planner::spreadInputs() {
  auto blocks = function->getAttrOfType<mlir::DenseI64ArrayAttr>(kRowBlocksAttr);
  if (!blocks || blocks.asArrayRef().front() == 1) return;
  for (mlir::BlockArgument argument : function.getArguments()) {
    if (!clashing(elementsOf(argument))) continue;
    llvm::SmallVector<ContractionOp> readers;
    for (mlir::Operation *user : argument.getUsers())
      if (auto layer = llvm::dyn_cast<ContractionOp>(user); layer && !layer.getWindow() && layer.getInput() == argument)
        readers.push_back(layer);
    if (readers.empty()) continue;
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&function.front());
    Value copy = copyOf(argument, builder);
    for (ContractionOp reader : readers) reader.getInputMutable().assign(copy);
  }
}

/// A map that yields its operand.
Value Planner::copyOf(Value value, mlir::OpBuilder &builder) {
  auto copy = builder.create<MapOp>(value.getLoc(), value.getType(), value);
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::Block *body = builder.createBlock(&copy.getBody());
  body->addArgument(builder.getF32Type(), copy.getLoc());
  builder.create<YieldOp>(copy.getLoc(), body->getArgument(0));
  return copy;
}

/// A returned value is computed in the caller's output. An input, a constant, a part of a value and a value that is
/// returned twice are copied there.
void Planner::claimOutputs() {
  auto terminator = llvm::cast<mlir::func::ReturnOp>(function.front().getTerminator());
  for (auto [i, operand] : llvm::enumerate(terminator->getOpOperands())) {
    if (stateOfResult(function, static_cast<unsigned>(i))) continue;
    Buffer *buffer = bufferOf(operand.get());
    if (buffer->root == "arena" && buffer->width == elementsOf(operand.get())) {
      buffer->root = "output", buffer->index = static_cast<int64_t>(i);
      continue;
    }
    mlir::OpBuilder builder(terminator);
    Value copy = copyOf(operand.get(), builder);
    operand.set(copy);
    add(copy, "output", static_cast<int64_t>(i));
  }
}

/// Finds the order of the ops. Copies that are added change it.
void Planner::numberOps() {
  int64_t position = 0;
  loops.clear();
  for (mlir::Operation &op : function.front()) {
    if (const std::optional<int64_t> loop = loopOf(&op))
      loops.try_emplace(*loop, position, position).first->second.second = position;
    order[&op] = position++;
  }
}

/// The first values of states are no results of the kernels. They become attributes of the states.
void Planner::takeInitials() {
  auto terminator = llvm::cast<mlir::func::ReturnOp>(function.front().getTerminator());
  for (unsigned i = function.getNumResults(); i-- > 0;) {
    auto place = function.getResultAttrOfType<mlir::IntegerAttr>(i, kInitialAttr);
    if (!place) continue;
    auto constant = terminator.getOperand(i).getDefiningOp<ConstantOp>();
    function.setArgAttr(stateAt(function, place.getInt()).getArgNumber(), kInitialAttr, constant.getValue());
    terminator->eraseOperand(i);
    function.eraseResult(i);
    if (constant->use_empty()) constant->erase();
  }
}

/// Whether `next` may be computed in the memory of `state`, because no op reads the state afterwards.
bool Planner::replacesState(Value next, Value state) {
  auto producer = next.getDefiningOp<KernelOp>();
  if (!producer || !producer.hasKernel() || bufferOf(next)->root != "arena" || bufferOf(next)->values.size() != 1)
    return false;
  if (leavesLoop(next)) return false;  // its rows are kept
  return llvm::all_of(bufferOf(state)->values, [&](Value each) {
    return llvm::all_of(each.getUses(), [&](mlir::OpOperand &use) {
      if (use.getOwner() == producer) return each == state && producer.readsBeforeWriting(use.getOperandNumber());
      return order.lookup(use.getOwner()) < order.lookup(producer);
    });
  });
}

/// The next value of a state is computed in the state's memory, or copied there when all ops have read the state.
void Planner::claimStates() {
  auto terminator = llvm::cast<mlir::func::ReturnOp>(function.front().getTerminator());
  numberOps();
  llvm::SmallVector<std::pair<mlir::OpOperand *, int64_t>> copied;
  for (auto [i, operand] : llvm::enumerate(terminator->getOpOperands())) {
    const std::optional<int64_t> place = stateOfResult(function, static_cast<unsigned>(i));
    if (!place) continue;
    Value state = stateAt(function, *place);
    if (operand.get() == state) continue;                       // it stays as it is
    if (operand.get().getDefiningOp<AccumulateOp>()) continue;  // adds to the state where that lies
    if (replacesState(operand.get(), state))
      bufferOf(operand.get())->root = "state", bufferOf(operand.get())->index = *place;
    else
      copied.emplace_back(&operand, *place);
  }
  // The copies belong to every step, so they are in the loop that computes the value.
  const auto copyAtEnd = [&](Value value) {
    mlir::Operation *last = terminator->getPrevNode();
    const std::optional<int64_t> loop = loopOf(value.getDefiningOp());
    while (loop && loopOf(last) != loop) last = last->getPrevNode();
    mlir::OpBuilder builder(function.getContext());
    builder.setInsertionPointAfter(last);
    Value copy = copyOf(value, builder);
    if (loop) copy.getDefiningOp()->setAttr(kFeedbackAttr, builder.getI64IntegerAttr(*loop));
    return copy;
  };
  // A value that lies in the memory of a state is saved before the copies overwrite that.
  for (auto [operand, place] : copied)
    if (bufferOf(operand->get())->root == "state") {
      Value saved = copyAtEnd(operand->get());
      add(saved, "arena", 0);
      operand->set(saved);
    }
  for (auto [operand, place] : copied) {
    Value copy = copyAtEnd(operand->get());
    operand->set(copy);
    add(copy, "state", place);
  }
}

/// A result takes over the storage of an operand that nothing reads afterwards, if the kernel allows that.
void Planner::reuseInPlace(KernelOp op) {
  Value result = op->getResult(0);
  if (bufferOf(result)->root == "state") return;  // until this op has run, it holds the state's old value
  for (mlir::OpOperand &candidate : op->getOpOperands()) {
    if (!op.readsBeforeWriting(candidate.getOperandNumber())) continue;
    Value operand = candidate.get();
    Buffer *mine = bufferOf(result), *theirs = bufferOf(operand);
    if (mine == theirs || !diesAt(theirs, op)) continue;
    if (elementsOf(operand) != elementsOf(result) || theirs->width != mine->width) continue;
    const bool readLater = llvm::any_of(op->getOpOperands(), [&](mlir::OpOperand &other) {
      return !op.readsBeforeWriting(other.getOperandNumber()) && bufferOf(other.get()) == theirs;
    });
    if (readLater) continue;
    // Another operand at a different offset of the same buffer would be overwritten before it is read.
    bool shifted = llvm::any_of(op->getOperands(), [&](Value other) {
      return bufferOf(other) == theirs &&
             (offsetOf(other) != offsetOf(operand) || elementsOf(other) != elementsOf(result));
    });
    if (shifted) continue;
    if (mine->root == "output")
      merge(theirs, mine, 0);
    else
      merge(mine, theirs, offsetOf(operand));
    return;
  }
}

/// Pieces of a result that only `op` still reads are computed at their place in it. The kernel copies the others.
void Planner::computeInside(KernelOp op) {
  Value whole = op->getResult(0);
  if (bufferOf(whole)->root == "state") return;
  const int64_t start = offsetOf(whole);
  for (auto [piece, offset] : op.getPieces()) {
    Buffer *mine = bufferOf(whole), *theirs = bufferOf(piece);
    if (mine == theirs || theirs->width != elementsOf(piece)) continue;
    if (const int64_t line = op.getPieceLine()) {
      if (!mayLieApart(*theirs, op)) continue;
      for (Value value : theirs->values) lines[value] = line;
    } else if (!diesAt(theirs, op)) {
      continue;
    }
    merge(theirs, mine, start + offset);
  }
}

/// Whether the images in `buffer` can be the inside of `whole`'s result, so that their lines lie apart. Kernels must be
/// able to read and write them like that. Other ops may go on to read them, because `whole` does not change its inside;
/// but none may be written while the result of `whole` is read.
bool Planner::mayLieApart(const Buffer &buffer, KernelOp whole) {
  if (buffer.root != "arena" || bufferOf(whole->getResult(0))->values.size() != 1) return false;
  const int64_t made = order.lookup(whole), last = lastUse(*bufferOf(whole->getResult(0)));
  return llvm::all_of(buffer.values, [&](Value value) {
    auto producer = value.getDefiningOp<KernelOp>();
    if (!producer || !producer.writesLines() || loopOf(producer) != loopOf(whole)) return false;
    const int64_t written = order.lookup(producer);
    if (written > made && written <= last) return false;
    return llvm::all_of(value.getUses(), [&](mlir::OpOperand &use) {
      auto reader = llvm::dyn_cast<KernelOp>(use.getOwner());
      return reader && (reader == whole || reader.readsLines(use.getOperandNumber()));
    });
  });
}

/// Sets the distance between each buffer's rows. The caller's rows have no gaps. Rows in the arena begin at a multiple
/// of the vector length and have room for the last vector of every padded value.
void Planner::sizeRows() {
  for (auto &buffer : buffers) {
    buffer->row = buffer->width;
    if (buffer->root != "arena") continue;
    for (Value value : buffer->values)
      if (isPadded(value)) buffer->row = std::max(buffer->row, endOfVectors(value));
    buffer->row = static_cast<int64_t>(llvm::alignTo(buffer->row, lanes));
    if (clashing(buffer->row)) buffer->row += lanes;
  }
}

/// First fit over live ranges, widest buffers first. Returns the arena's elements per row.
int64_t Planner::assignOffsets() {
  llvm::SmallVector<Buffer *> pending, placed;
  for (auto &buffer : buffers)
    if (buffer->root == "arena" && !buffer->values.empty()) pending.push_back(buffer.get());
  llvm::sort(pending,
             [&](Buffer *a, Buffer *b) { return a->row != b->row ? a->row > b->row : firstUse(*a) < firstUse(*b); });
  int64_t size = 0;
  for (Buffer *buffer : pending) {
    llvm::SmallVector<Buffer *> neighbours;
    for (Buffer *other : placed)
      if (firstUse(*other) <= lastUse(*buffer) && firstUse(*buffer) <= lastUse(*other)) neighbours.push_back(other);
    llvm::sort(neighbours, [](Buffer *a, Buffer *b) { return a->base < b->base; });
    int64_t base = 0;
    for (Buffer *other : neighbours) {
      if (base + buffer->row <= other->base) break;
      base = std::max(base, other->base + other->row);
    }
    buffer->base = base;
    size = std::max(size, base + buffer->row);
    placed.push_back(buffer);
  }
  return size;
}

void Planner::run() {
  takeInitials();
  spreadInputs();
  for (mlir::BlockArgument argument : function.getArguments()) {
    const std::optional<int64_t> state = stateOfArgument(function, argument.getArgNumber());
    add(argument, state ? "state" : "input", state.value_or(argument.getArgNumber()));
  }
  int64_t packed = 0;
  for (mlir::Operation &op : function.front().without_terminator()) {
    if (auto pack = llvm::dyn_cast<PackOp>(op)) {
      add(pack, "packed", packed);
      packed += static_cast<int64_t>(llvm::alignTo(elementsOf(pack), kCacheLine));
    } else {
      add(op.getResult(0), llvm::isa<ConstantOp>(op) ? "constant" : "arena", 0);
    }
  }
  for (KernelOp op : function.getOps<KernelOp>())
    if (Value viewed = op.getViewed())
      merge(bufferOf(op->getResult(0)), bufferOf(viewed), offsetOf(viewed) + op.getViewedOffset());
  claimOutputs();
  claimStates();
  numberOps();
  for (KernelOp op : function.getOps<KernelOp>()) reuseInPlace(op);
  for (KernelOp op : function.getOps<KernelOp>()) computeInside(op);
  sizeRows();
  const int64_t arena = assignOffsets();

  mlir::MLIRContext *context = function.getContext();
  for (auto &[value, place] : places) {
    mlir::Operation *op = value.getDefiningOp();
    if (!op) continue;
    auto &[buffer, offset] = place;
    const int64_t stride = buffer->root == "constant" || buffer->root == "packed" ? 0 : buffer->row;
    op->setAttr(kPlacementAttr, PlacementAttr::get(context, buffer->root, buffer->index, buffer->base, offset, stride,
                                                   isPadded(value), lines.lookup(value)));
  }
  mlir::Builder builder(context);
  function->setAttr(kArenaAttr, builder.getI64IntegerAttr(arena));
  int64_t workspace = 0;  // ops use it one after the other
  for (KernelOp op : function.getOps<KernelOp>()) workspace = std::max(workspace, op.getWorkspace(lanes));
  if (workspace > 0) function->setAttr(kWorkspaceAttr, builder.getI64IntegerAttr(workspace));
  if (packed > 0) function->setAttr(kPackedAttr, builder.getI64IntegerAttr(packed));
}

struct PlanMemoryPass : impl::PlanMemoryPassBase<PlanMemoryPass> {
  void runOnOperation() override {
    if (!targetOf(getOperation())) {
      getOperation().emitOpError() << "has no '" << kTargetAttr << "': run inlay-set-target first";
      return signalPassFailure();
    }
    auto terminator = llvm::cast<mlir::func::ReturnOp>(getOperation().front().getTerminator());
    for (auto [i, value] : llvm::enumerate(terminator.getOperands()))
      if (getOperation().getResultAttr(static_cast<unsigned>(i), kInitialAttr) && !value.getDefiningOp<ConstantOp>()) {
        mlir::emitError(value.getLoc()) << "the first value of a state must be known when the network is compiled";
        return signalPassFailure();
      }
    Planner(getOperation()).run();
  }
};

}  // namespace
}  // namespace inlay::compiler
