// SPDX-License-Identifier: Apache-2.0
// Finds the loops of a network over steps: the ops that lead from a state to its next value.
#include "SeparateFeedback.h"

#include "Inlay/Dialect/InlayDialect.h"
#include "llvm/ADT/BitVector.h"

namespace inlay::compiler {
namespace {

using mlir::Value;

class FeedbackFinder {
 public:
  explicit FeedbackFinder(mlir::func::FuncOp network) : network(network) {
    for (mlir::Operation &op : network.front().without_terminator())
      if (!llvm::isa<ConstantOp>(op)) {
        number[&op] = ops.size();
        ops.push_back(&op);
      }
    next.resize(ops.size());
    loop.assign(ops.size(), kNone);
  }

  bool run(int64_t worthBlocks) {
    for (size_t i = 0; i < ops.size(); ++i)
      for (mlir::Operation *user : ops[i]->getUsers())
        if (auto at = number.find(user); at != number.end()) next[i].push_back(at->second);
    if (!joinStates()) return false;
    findLoops();
    const llvm::SmallVector<size_t> order = inOrder();
    joinSmallParts(order, worthBlocks);
    const bool pays = llvm::any_of(llvm::seq<size_t>(0, ops.size()),
                                   [&](size_t i) { return loop[i] == kNone && isLarge(ops[i], worthBlocks); });
    if (!pays) return false;
    mlir::Operation *terminator = network.front().getTerminator();
    mlir::Builder builder(network.getContext());
    for (size_t i : order) {
      ops[i]->moveBefore(terminator);
      if (loop[i] != kNone) ops[i]->setAttr(kFeedbackAttr, builder.getI64IntegerAttr(static_cast<int64_t>(loop[i])));
    }
    return true;
  }

 private:
  static constexpr size_t kNone = ~size_t{0};

  mlir::func::FuncOp network;
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::DenseMap<mlir::Operation *, size_t> number;
  std::vector<llvm::SmallVector<size_t>> next;  // the ops that must not come before an op of the same step
  std::vector<size_t> loop;                     // by op: the loop that it is in

  static bool isLarge(mlir::Operation *op, int64_t bytes) {
    auto layer = llvm::dyn_cast<ContractionOp>(op);
    return layer && bytesOf(layer.getWeight()) > bytes;
  }

  /// The ops that read a value, directly or through a view of it.
  void readersOf(Value value, llvm::SmallVectorImpl<size_t> &readers) {
    for (mlir::Operation *user : value.getUsers()) {
      auto at = number.find(user);
      if (at == number.end()) continue;
      readers.push_back(at->second);
      auto kernel = llvm::dyn_cast<KernelOp>(user);
      if (kernel && kernel.getViewed() == value) readersOf(user->getResult(0), readers);
    }
  }

  /// Whether the value is a state, or a view of one.
  bool isOldState(Value value) {
    while (mlir::Operation *op = value.getDefiningOp()) {
      auto kernel = llvm::dyn_cast<KernelOp>(op);
      if (!kernel || !kernel.getViewed()) return false;
      value = kernel.getViewed();
    }
    return stateOfArgument(network, llvm::cast<mlir::BlockArgument>(value).getArgNumber()).has_value();
  }

  /// Puts all ops that read a state into one loop with the op that computes its next value. In the next step they read
  /// what that op computes, and in the same step they read what it overwrites. Returns false for a state whose next
  /// value no op computes, and for one that the network returns: the planner copies it behind all ops.
  bool joinStates() {
    mlir::Operation *terminator = network.front().getTerminator();
    for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
      const std::optional<int64_t> place = stateOfResult(network, static_cast<unsigned>(i));
      if (!place && isOldState(value)) return false;
      if (!place) continue;
      Value state = stateAt(network, *place);
      if (value == state) continue;  // it never changes
      auto producer = value.getDefiningOp() ? number.find(value.getDefiningOp()) : number.end();
      if (producer == number.end()) return false;
      llvm::SmallVector<size_t> readers;
      readersOf(state, readers);
      loop[producer->second] = producer->second;
      for (size_t reader : readers) next[reader].push_back(producer->second), next[producer->second].push_back(reader);
    }
    return true;
  }

  /// Numbers the loops: sets of ops that reach each other.
  void findLoops() {
    std::vector<llvm::BitVector> reached(ops.size(), llvm::BitVector(static_cast<unsigned>(ops.size())));
    for (size_t from = 0; from < ops.size(); ++from) {
      llvm::SmallVector<size_t> pending(next[from]);
      while (!pending.empty()) {
        const size_t at = pending.pop_back_val();
        if (reached[from].test(static_cast<unsigned>(at))) continue;
        reached[from].set(static_cast<unsigned>(at));
        pending.append(next[at]);
      }
    }
    for (size_t a = 0; a < ops.size(); ++a)
      for (size_t b = 0; b <= a; ++b)
        if (reached[a].test(static_cast<unsigned>(b)) && reached[b].test(static_cast<unsigned>(a))) {
          loop[a] = loop[b] = b;  // a == b: an op that reads and sets a state
          break;
        }
  }

  /// An order in which the ops of a loop lie side by side, and blocks of steps come as soon as they can.
  llvm::SmallVector<size_t> inOrder() {
    const auto unitOf = [&](size_t op) { return loop[op] == kNone ? op : loop[op]; };
    std::vector<size_t> waiting(ops.size(), 0);  // by unit: the edges from other units that are not in order yet
    for (size_t i = 0; i < ops.size(); ++i)
      for (size_t to : next[i]) waiting[unitOf(to)] += unitOf(i) != unitOf(to);
    llvm::SmallVector<size_t> order;
    std::vector<bool> done(ops.size(), false);
    const auto place = [&](size_t unit) {
      done[unit] = true;
      for (size_t i = 0; i < ops.size(); ++i) {
        if (unitOf(i) != unit) continue;
        order.push_back(i);
        for (size_t to : next[i]) waiting[unitOf(to)] -= unitOf(to) != unit;
      }
    };
    while (order.size() < ops.size()) {
      size_t chosen = kNone;
      for (size_t i = 0; i < ops.size(); ++i) {
        const size_t unit = unitOf(i);
        if (done[unit] || waiting[unit] != 0) continue;
        if (chosen == kNone) chosen = unit;
        if (loop[i] == kNone) {
          chosen = unit;
          break;
        }
      }
      place(chosen);
    }
    return order;
  }

  /// Puts what lies before, between and behind loops into the loops, where it has no large layer. In a block of steps
  /// each sum has the same order as in a single step, which makes a single step of a small layer slower.
  void joinSmallParts(llvm::ArrayRef<size_t> order, int64_t worthBlocks) {
    struct Part {
      size_t begin, end, loop;
      bool large;
    };
    llvm::SmallVector<Part> parts;
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t of = loop[order[i]];
      if (parts.empty() || parts.back().loop != of) parts.push_back({i, i, of, false});
      parts.back().end = i + 1;
      parts.back().large |= isLarge(ops[order[i]], worthBlocks);
    }
    size_t current = kNone;  // the loop that the part before is in
    for (size_t p = 0; p < parts.size(); ++p) {
      Part &part = parts[p];
      if (part.loop == kNone && part.large) {
        current = kNone;
        continue;
      }
      if (current == kNone) {
        // A part without a loop behind it that it could join stays on its own.
        const bool last = part.loop == kNone && p + 1 == parts.size();
        if (last) continue;
        current = part.loop != kNone ? part.loop : parts[p + 1].loop;
      }
      for (size_t i = part.begin; i < part.end; ++i) loop[order[i]] = current;
    }
  }
};

}  // namespace

bool separateFeedback(mlir::func::FuncOp network, int64_t worthBlocks) {
  return FeedbackFinder(network).run(worthBlocks);
}

}  // namespace inlay::compiler
