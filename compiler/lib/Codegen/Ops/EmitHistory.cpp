// SPDX-License-Identifier: Apache-2.0
// Kernels that add a row to the history of a value and read rows of it.
#include "Inlay/Transforms/Passes.h"
#include "Kernel/KernelContext.h"
#include "inlay/graph_memory.hpp"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;
namespace arith = mlir::arith;

namespace {

/// The most rows that are copied without a loop.
constexpr int64_t kUnrolled = 8;

/// The ring in a network's memory: a line whose first word is the number of the row that is written next, which is the
/// oldest one; then the rows.
class Ring {
 public:
  Ring(HistoryOp op, KernelContext &context)
      : loc(op.getLoc()),
        context(context),
        rows(static_cast<int64_t>((op.getTaps() - 1) * op.getDilation())),
        elements(elementsOf(op.getInput())) {
    head.memory = body.memory = context.memory;
    head.base = static_cast<int64_t>(op.getPlace()), head.elements = 1;
    body.base = head.base + static_cast<int64_t>(inlay::detail::memory_line), body.elements = elements;
  }

  const Location loc;
  KernelContext &context;
  const int64_t rows, elements;

  Value next() {
    Value bits = context.builder.create<arith::BitcastOp>(loc, context.builder.getI32Type(),
                                                          context.loadScalar(loc, head, zero(), zero()));
    return context.builder.create<arith::IndexCastUIOp>(loc, context.builder.getIndexType(), bits);
  }
  void setNext(Value number) {
    Value bits = context.builder.create<arith::IndexCastUIOp>(loc, context.builder.getI32Type(), number);
    Value word = context.builder.create<arith::BitcastOp>(loc, context.builder.getF32Type(), bits);
    context.builder.create<mlir::memref::StoreOp>(loc, word, head.memory, context.address(loc, head, zero(), zero()));
  }
  /// Row `number`.
  RowView row(Value number) {
    RowView view = body;
    view.start = context.times(loc, number, elements);
    return view;
  }
  /// The number of the row that is `distance` rows younger than row `number`, which is less than all rows.
  Value younger(Value number, Value distance) {
    Value sum = context.plus(loc, number, distance);
    Value wraps = context.builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::uge, sum, index(rows));
    return context.builder.create<arith::SelectOp>(loc, wraps, context.plus(loc, sum, -rows), sum);
  }
  Value after(Value next) {
    Value following = context.plus(loc, next, 1);
    Value wraps = context.builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, following, index(rows));
    return context.builder.create<arith::SelectOp>(loc, wraps, zero(), following);
  }

  Value index(int64_t number) { return context.index(number, loc); }
  Value zero() { return index(0); }

 private:
  RowView head, body;
};

}  // namespace

void emitHistory(HistoryOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  Ring ring(op, context);
  const RowView x = views(op.getInput());
  RowView taps = views(op.getResult());
  taps.padded = false;
  const auto count = static_cast<int64_t>(op.getTaps()), dilation = static_cast<int64_t>(op.getDilation());
  // The rows of the ring are no rows of the kernel: its view has the same ones for all of them.
  const auto copy = [&](Value row, const RowView &from, const RowView &to) {
    context.copyRun(loc, row, ring.elements, from, ring.zero(), to, ring.zero());
  };
  const auto tap = [&](Value number) {
    RowView view = taps;
    Value start = context.times(loc, number, ring.elements);
    view.start = view.start ? context.plus(loc, view.start, start) : start;
    view.elements = ring.elements;
    return view;
  };
  llvm::SmallVector<Value> next = {ring.next()};
  const auto step = [&](Value row) {
    // The row that is written next is the oldest one.
    const auto read = [&](Value i) {
      copy(row, ring.row(ring.younger(next[0], context.times(loc, i, dilation))), tap(i));
    };
    if (count <= kUnrolled)
      for (int64_t i = 0; i + 1 < count; ++i) read(ring.index(i));
    else
      context.forEach(loc, count - 1, 1, read);
    copy(row, x, tap(ring.index(count - 1)));
    copy(row, x, ring.row(next[0]));
    next[0] = ring.after(next[0]);
  };
  if (context.capacity == 1)
    step(ring.zero());
  else
    context.forEach(loc, ring.zero(), context.rows, 1, next, step);
  ring.setNext(next[0]);
}

}  // namespace inlay::compiler
