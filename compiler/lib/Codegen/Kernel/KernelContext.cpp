// SPDX-License-Identifier: Apache-2.0
// Vector access to the rows of a kernel's values.
#include "Kernel/KernelContext.h"

#include <limits>

#include "Inlay/Network/Summary.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

Value KernelContext::index(int64_t number, Location loc) { return builder.create<arith::ConstantIndexOp>(loc, number); }

Value KernelContext::plus(Location loc, Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }

Value KernelContext::times(Location loc, Value a, int64_t b) {
  return builder.createOrFold<arith::MulIOp>(loc, a, index(b, loc));
}

Value KernelContext::shareStart(Location loc, Value count, Value part, Value parts) {
  return builder.create<arith::DivUIOp>(loc, builder.create<arith::MulIOp>(loc, part, count), parts);
}

std::pair<Value, Value> KernelContext::shareOfLines(Location loc, int64_t count) {
  Value all = index(count, loc);
  if (!share) return {index(0, loc), all};
  return {shareStart(loc, all, share, shares), shareStart(loc, all, plus(loc, share, 1), shares)};
}

void KernelContext::forEach(Location loc, Value begin, Value end, int64_t step, llvm::function_ref<void(Value)> body) {
  const auto first = mlir::getConstantIntValue(begin), last = mlir::getConstantIntValue(end);
  if (first && last && *first >= *last) return;
  if (first && last && *last - *first <= step) return body(begin);
  llvm::SmallVector<Value> carried;
  forEach(loc, begin, end, step, carried, body);
}

void KernelContext::forEachLine(Location loc, int64_t count, llvm::function_ref<void(Value)> body) {
  const auto [begin, end] = shareOfLines(loc, count);
  forEach(loc, begin, end, 1, body);
}

void KernelContext::forEachPanel(Location loc, int64_t elements, int64_t width,
                                 llvm::function_ref<void(Value, int64_t)> body) {
  if (!part) return forEachGroup(loc, elements, width, body);
  const int64_t whole = elements / width * width;
  Value next = plus(loc, part, 1);
  const auto start = [&](Value ofPart) {
    return times(loc, shareStart(loc, index(whole / width, loc), ofPart, parts), width);
  };
  if (whole > 0) forEach(loc, start(part), start(next), width, [&](Value first) { body(first, width); });
  if (whole < elements) ifEqual(loc, next, parts, [&] { body(index(whole, loc), elements - whole); });
}

void KernelContext::forEach(Location loc, int64_t end, int64_t step, llvm::function_ref<void(Value)> body) {
  forEach(loc, index(0, loc), index(end, loc), step, body);
}

void KernelContext::forEach(Location loc, int64_t end, int64_t step, llvm::SmallVector<Value> &carried,
                            llvm::function_ref<void(Value)> body) {
  if (end <= 0) return;
  if (end <= step) return body(index(0, loc));
  forEach(loc, index(0, loc), index(end, loc), step, carried, body);
}

void KernelContext::forEach(Location loc, Value begin, Value end, int64_t step, llvm::SmallVector<Value> &carried,
                            llvm::function_ref<void(Value)> body) {
  auto loop = builder.create<scf::ForOp>(loc, begin, end, index(step, loc), carried);
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  carried.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  body(loop.getInductionVar());
  if (!carried.empty()) builder.create<scf::YieldOp>(loc, carried);  // or the loop has a terminator already
  carried.assign(loop.getResults().begin(), loop.getResults().end());
}

void KernelContext::forEachRowTile(Location loc, llvm::ArrayRef<int64_t> sizes,
                                   llvm::function_ref<void(Value, int64_t)> body) {
  Value next = firstRow ? firstRow : index(0, loc);
  if (capacity == 1) return body(next, 1);
  int64_t before = std::numeric_limits<int64_t>::max();  // fewer rows than this are left
  for (int64_t size : sizes) {
    if (size > capacity) continue;
    Value step = index(size, loc), end = rows;
    if (size > 1) {
      Value left = builder.create<arith::SubIOp>(loc, rows, next);
      if (before <= 2 * size) {  // one tile at most
        Value fits = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::uge, left, step);
        end = builder.create<arith::SelectOp>(loc, fits, builder.create<arith::AddIOp>(loc, next, step), next);
      } else {
        end = builder.create<arith::SubIOp>(loc, rows, builder.create<arith::RemUIOp>(loc, left, step));
      }
    }
    before = size;
    auto loop = builder.create<scf::ForOp>(loc, next, end, step);
    {
      mlir::OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      body(loop.getInductionVar(), size);
    }
    next = end;
  }
}

void KernelContext::forEachGroup(Location loc, int64_t elements, int64_t width,
                                 llvm::function_ref<void(Value, int64_t)> body) {
  const int64_t whole = elements / width * width;
  forEach(loc, whole, width, [&](Value first) { body(first, width); });
  if (whole < elements) body(index(whole, loc), elements - whole);
}

void KernelContext::forEachVectors(Location loc, int64_t elements, int64_t ways,
                                   llvm::function_ref<void(Value, int64_t)> body) {
  forEachGroup(loc, elements, ways * features.lanes, body);
}

llvm::SmallVector<Value> KernelContext::choose(Location loc, Value condition, mlir::TypeRange types, Yielded taken,
                                               Yielded other) {
  auto choice = builder.create<scf::IfOp>(loc, types, condition, /*addThenBlock=*/true, /*addElseBlock=*/true);
  const auto fill = [&](mlir::Block *block, Yielded body) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(block);
    const llvm::SmallVector<Value> yielded = body();
    builder.create<scf::YieldOp>(loc, yielded);
  };
  fill(choice.thenBlock(), taken);
  fill(choice.elseBlock(), other);
  return llvm::SmallVector<Value>(choice.getResults());
}

llvm::SmallVector<Value> KernelContext::chooseIfEqual(Location loc, Value a, Value b, mlir::TypeRange types,
                                                      Yielded taken, Yielded other) {
  Value equal = builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a, b);
  return mlir::matchPattern(equal, mlir::m_One()) ? taken() : choose(loc, equal, types, taken, other);
}

void KernelContext::ifEqual(Location loc, Value a, Value b, llvm::function_ref<void()> taken,
                            llvm::function_ref<void()> other) {
  const auto none = [](llvm::function_ref<void()> body) { return body(), llvm::SmallVector<Value>(); };
  chooseIfEqual(loc, a, b, {}, [&] { return none(taken); }, [&] { return none(other); });
}

Value KernelContext::address(Location loc, const RowView &view, Value row, Value column) {
  Value position = view.base == 0 ? column : plus(loc, index(view.base, loc), column);
  if (view.start) position = plus(loc, view.start, position);
  if (view.stride == 0) return position;
  return plus(loc, times(loc, row, view.stride), position);
}

RowView KernelContext::pixelsOf(Location loc, const RowView &view, Value sample, llvm::ArrayRef<int64_t> sizes,
                                int64_t lineStep, int64_t step) {
  RowView pixels = view;
  pixels.stride = sizes[1] == 1 ? 0 : step * sizes[2];
  pixels.line = sizes[0] == 1 ? 0 : lineStep * (view.line != 0 ? view.line : sizes[1] * sizes[2]);
  pixels.pixels = true;
  pixels.elements = sizes[2];
  pixels.padded = false;  // behind a pixel lies the next one
  if (view.stride == 0 || capacity == 1) return pixels;
  Value start = times(loc, sample, view.stride);
  pixels.start = view.start ? plus(loc, view.start, start) : start;
  return pixels;
}

RowView KernelContext::pixelsOf(Location loc, const RowView &view, Value sample, Value operand, Value image) {
  llvm::SmallVector<int64_t> sizes(3, 1);  // the last axes of the operand are those of the image
  llvm::ArrayRef<int64_t> own = sizesOf(operand).take_back(3);
  llvm::copy(own, llvm::MutableArrayRef(sizes).take_back(own.size()).begin());
  RowView pixels = pixelsOf(loc, view, sample, sizes);
  pixels.broadcast = sizes[2] == 1 && sizesOf(image).back() != 1;
  return pixels;
}

RowView KernelContext::fromLine(Location loc, const RowView &pixels, Value line) {
  if (pixels.line == 0) return pixels;
  RowView moved = pixels;
  Value start = times(loc, line, pixels.line);
  moved.start = pixels.start ? plus(loc, pixels.start, start) : start;
  return moved;
}

Value KernelContext::prefixMask(Location loc, int64_t live, int64_t lanes) {
  llvm::SmallVector<bool> bits(static_cast<size_t>(lanes), false);
  std::fill_n(bits.begin(), live, true);
  auto type = mlir::VectorType::get({lanes}, builder.getI1Type());
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(type, llvm::ArrayRef<bool>(bits)));
}

Value KernelContext::splat(Location loc, float number, int64_t lanes) {
  auto type = vectorType(lanes);
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(type, number));
}

Value KernelContext::broadcast(Location loc, Value scalar, int64_t lanes) {
  return builder.create<vector::BroadcastOp>(loc, vectorType(lanes), scalar);
}

Value KernelContext::acrossLanes(Location loc, Value all, llvm::function_ref<Value(Value, Value)> combine) {
  const int64_t lanes = llvm::cast<mlir::VectorType>(all.getType()).getDimSize(0);
  for (int64_t distance = lanes / 2; distance > 0; distance /= 2) {
    llvm::SmallVector<int64_t> partners;
    for (int64_t lane = 0; lane < lanes; ++lane) partners.push_back(lane ^ distance);
    all = combine(all, builder.create<vector::ShuffleOp>(loc, all, all, partners));
  }
  return all;
}

Value KernelContext::fenced(Location loc, Value vector) {
  auto none = mlir::LLVM::FastmathFlagsAttr::get(builder.getContext(), mlir::LLVM::FastmathFlags::none);
  auto fence = builder.getStringAttr("llvm.arithmetic.fence");
  return builder.create<mlir::LLVM::CallIntrinsicOp>(loc, vector.getType(), fence, mlir::ValueRange(vector), none)
      .getResult(0);
}

Value KernelContext::withAllLanes(Location loc, Value vector) {
  const int64_t lanes = llvm::cast<mlir::VectorType>(vector.getType()).getDimSize(0);
  if (lanes < 2) return vector;
  // The sums of a reproducible network have more lanes than a register.
  if (lanes > features.lanes) {
    Value whole = vector;
    for (int64_t first = 0; first < lanes; first += features.lanes) {
      Value part = builder.create<vector::ExtractStridedSliceOp>(loc, vector, first, features.lanes, 1);
      whole = builder.create<vector::InsertStridedSliceOp>(loc, withAllLanes(loc, part), whole, first, 1);
    }
    return whole;
  }
  // LLVM makes four lanes of two. The new ones repeat the two.
  if (lanes == 2) {
    Value four = builder.create<vector::ShuffleOp>(loc, vector, vector, llvm::ArrayRef<int64_t>{0, 1, 0, 1});
    return builder.create<vector::ExtractStridedSliceOp>(loc, withAllLanes(loc, four), 0, lanes, 1);
  }
  return fenced(loc, vector);
}

Value KernelContext::fillDead(Location loc, Value vector, int64_t live, float fill) {
  const int64_t lanes = llvm::cast<mlir::VectorType>(vector.getType()).getDimSize(0);
  if (live >= lanes) return vector;
  return builder.create<arith::SelectOp>(loc, prefixMask(loc, live, lanes), withAllLanes(loc, vector),
                                         splat(loc, fill, lanes));
}

/// Whether nothing was computed for `vector`.
static bool isCopy(Value vector) {
  mlir::Operation *op = vector.getDefiningOp();
  return op && llvm::isa<arith::ConstantOp, vector::LoadOp, vector::MaskedLoadOp>(op);
}

int64_t smallestRegister(int64_t elements, int64_t lanes) {
  return std::min(lanes,
                  std::max<int64_t>(4, static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(elements)))));
}

/// `live` elements as a vector of `lanes`, or as halves, quarters and so on of one: where each starts, and its lanes.
static llvm::SmallVector<std::pair<int64_t, int64_t>> pieces(int64_t live, int64_t lanes) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> result;
  int64_t start = 0;
  for (int64_t width = lanes; width > 0; width /= 2)
    if (live - start >= width) {
      result.emplace_back(start, width);
      start += width;
    }
  return result;
}

/// Whether the next layer reads a value at once: it is one row of features, of up to four vectors. Processors pass a
/// store on to loads of its elements, but not a masked store. Of images the next layer reads other pixels first. For
/// them a masked store is faster, because it is one store.
static bool isSoonRead(const RowView &view, int64_t lanes) { return !view.pixels && view.elements <= 4 * lanes; }

Value KernelContext::load(Location loc, const RowView &view, Value row, Value column, int64_t lanes, int64_t live,
                          DeadLanes dead) {
  if (view.broadcast) return loadEverywhere(loc, view, row, index(0, loc), lanes);
  Value position = address(loc, view, row, column);
  auto type = vectorType(lanes);
  const auto whole = [&] { return builder.create<vector::LoadOp>(loc, type, view.memory, position).getResult(); };
  // Memory behind a row may be read up to a vector of the processor.
  const bool readable = view.readable && lanes <= features.lanes;
  if (live >= lanes) return whole();
  if (live == 1) return loadEverywhere(loc, view, row, column, lanes);
  // No wider than a store of these elements alone: a wider load would wait until such a store has reached the cache.
  if (const int64_t few = smallestRegister(live, lanes); few < lanes) {
    Value part = load(loc, view, row, column, few, live, dead);
    llvm::SmallVector<int64_t> widened;
    for (int64_t lane = 0; lane < lanes; ++lane) widened.push_back(lane < few ? lane : 0);
    return withAllLanes(loc, builder.create<vector::ShuffleOp>(loc, part, part, widened));
  }
  if (readable && dead == DeadLanes::unspecified) return whole();
  Value mask = prefixMask(loc, live, lanes);
  if (dead == DeadLanes::unspecified)
    return builder.create<vector::MaskedLoadOp>(loc, type, view.memory, position, mask, splat(loc, 0.0f, lanes));
  Value first = loadEverywhere(loc, view, row, column, lanes);
  if (readable) return builder.create<arith::SelectOp>(loc, mask, whole(), first);
  return builder.create<vector::MaskedLoadOp>(loc, type, view.memory, position, mask, first);
}

Value KernelContext::loadEverywhere(Location loc, const RowView &view, Value row, Value column, int64_t lanes) {
  // To LLVM no splat: it computes the first lane of two splats, and leaves anything in the others.
  return withAllLanes(loc, broadcast(loc, loadScalar(loc, view, row, column), lanes));
}

bool KernelContext::staysInRegister(ContractionOp op) { return capacity == 1 && !staged && fitsRegister(op); }

Value KernelContext::loadScalar(Location loc, const RowView &view, Value row, Value column) {
  if (view.inRegister)
    return builder.create<vector::ExtractOp>(loc, view.inRegister, mlir::getConstantIntValue(column).value());
  return builder.create<mlir::memref::LoadOp>(loc, view.memory, address(loc, view, row, column));
}

void KernelContext::store(Location loc, const RowView &view, Value row, Value column, Value vector, int64_t live) {
  Value position = address(loc, view, row, column);
  const int64_t lanes = llvm::cast<mlir::VectorType>(vector.getType()).getDimSize(0);
  // LLVM forwards a store to the loads of single elements, and then computes these alone. The others would be divided
  // by the zeros that it leaves of a constant.
  if (!isCopy(vector)) vector = fenced(loc, vector);
  if (live >= lanes || (view.padded && lanes <= features.lanes)) {
    builder.create<vector::StoreOp>(loc, vector, view.memory, position);
  } else if (smallestRegister(live, lanes) == live || isSoonRead(view, features.lanes)) {
    for (auto [start, width] : pieces(live, lanes)) {
      auto piece = llvm::to_vector(llvm::seq<int64_t>(start, start + width));
      builder.create<vector::StoreOp>(loc, builder.create<vector::ShuffleOp>(loc, vector, vector, piece), view.memory,
                                      plus(loc, position, start));
    }
  } else {
    builder.create<vector::MaskedStoreOp>(loc, view.memory, position, prefixMask(loc, live, lanes), vector);
  }
}

void KernelContext::copyRun(Location loc, Value row, int64_t length, const RowView &from, Value source,
                            const RowView &to, Value target) {
  // Nothing behind the rest is touched: not only the memory gets a vector, LLVM forwards it to what reads the copy, and
  // may compute with all its lanes.
  forEachVector(loc, length, [&](Value column, int64_t live) {
    for (auto [start, width] : pieces(live, features.lanes)) {
      Value at = plus(loc, column, start);
      Value vector = load(loc, from, row, plus(loc, source, at), width, width);
      store(loc, to, row, plus(loc, target, at), vector, width);
    }
  });
}

/// Whether lanes of zeros raise no exception flag: the program is one activation that is finite at 0. In other programs
/// a dead lane repeats a live one, because a constant may make anything of a zero.
static bool isFiniteAtZero(mlir::Region &program) {
  auto only = llvm::dyn_cast<ActivationOp>(program.front().front());
  return only && llvm::isa<YieldOp>(only->getNextNode()) && std::isfinite(only.evaluate(0));
}

/// The fewest lanes for a program. The short forms of the activations need whole registers, or half of one. LLVM makes
/// four lanes of two, and whatever the two new ones hold goes through tables, integers and divisions.
static int64_t leastLanes(mlir::Region &program, int64_t lanes, const VectorFeatures &features) {
  const bool costly = isCostly(program);
  if (features.avx512 && costly) return runsInHalfRegisters(program) ? std::max<int64_t>(lanes, 8) : features.lanes;
  return lanes == 2 && (costly || !program.getOps<arith::DivFOp>().empty()) ? 4 : lanes;
}

/// Whether `value` selects a constant. LLVM moves arithmetic into such a select, as in 1 / (x > 0 ? x : 2), and then
/// divides by the x that was not selected.
static bool hasConstantArm(Value value) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  return select && (mlir::matchPattern(select.getTrueValue(), mlir::m_Constant()) ||
                    mlir::matchPattern(select.getFalseValue(), mlir::m_Constant()));
}

/// Whether the program computes nothing with the result of `op`.
static bool onlyYielded(mlir::Operation &op) { return op.hasOneUse() && llvm::isa<YieldOp>(*op.user_begin()); }

VectorBuilder::Vectors KernelContext::inlineProgram(mlir::Region &program,
                                                    llvm::ArrayRef<VectorBuilder::Vectors> arguments, int64_t lanes,
                                                    int64_t elements) {
  using Vectors = VectorBuilder::Vectors;
  if (const int64_t least = leastLanes(program, lanes, features); lanes < least) {
    Location loc = program.getLoc();
    const bool zeros = isFiniteAtZero(program);
    llvm::SmallVector<int64_t> repeated;
    for (int64_t lane = 0; lane < least; ++lane) repeated.push_back(lane % lanes);
    const auto widen = [&](Value each) -> Value {
      // Without the fence, LLVM computes on the narrow vectors and repeats the result.
      if (!zeros) return withAllLanes(loc, builder.create<vector::ShuffleOp>(loc, each, each, repeated));
      return builder.create<vector::InsertStridedSliceOp>(loc, each, splat(loc, 0.0f, least), 0, 1);
    };
    const auto narrow = [&](Value each) -> Value {
      each = withAllLanes(loc, each);
      return builder.create<vector::ExtractStridedSliceOp>(loc, each, 0, lanes, 1);
    };
    const auto onAll = [](Vectors vectors, auto change) {
      for (Value &each : vectors) each = change(each);
      return vectors;
    };
    llvm::SmallVector<Vectors> widened;
    for (const Vectors &argument : arguments) widened.push_back(onAll(argument, widen));
    return onAll(inlineProgram(program, widened, least, elements), narrow);
  }
  // A result that nothing computes with needs no other lanes.
  const auto spread = [&](mlir::Operation &from, Value element) -> Value {
    if (!onlyYielded(from)) return withAllLanes(from.getLoc(), broadcast(from.getLoc(), element, lanes));
    Value any = builder.create<mlir::LLVM::UndefOp>(from.getLoc(), vectorType(lanes));
    return builder.create<vector::InsertOp>(from.getLoc(), element, any, 0);
  };
  // What the program goes on to compute with. A single lane needs the fence as well, though it has no others.
  const auto kept = [&](mlir::Operation &from, Value result) -> Value {
    if (!hasConstantArm(result)) return result;
    return lanes == 1 ? fenced(from.getLoc(), result) : withAllLanes(from.getLoc(), result);
  };
  llvm::DenseMap<Value, Vectors> values;
  for (auto [argument, vectors] : llvm::zip_equal(program.getArguments(), arguments)) values[argument] = vectors;
  const size_t ways = arguments.front().size();
  VectorFeatures width = features;
  width.lanes = lanes;
  for (mlir::Operation &op : program.front().without_terminator()) {
    auto activation = llvm::dyn_cast<ActivationOp>(op);
    if (activation && elements == 1 && hasSingleForm(activation)) {
      Value x = builder.create<vector::ExtractOp>(op.getLoc(), values.at(activation.getInput()).front(), 0);
      values[activation.getResult()] = {spread(op, emitSingleActivation(activation, x, builder))};
    } else if (activation) {
      Vectors results = emitActivation(activation, values.at(activation.getInput()), builder, width);
      if (!onlyYielded(op))
        for (Value &each : results) each = kept(op, each);
      values[activation.getResult()] = std::move(results);
    } else if (auto constant = llvm::dyn_cast<arith::ConstantOp>(op)) {
      auto type = mlir::VectorType::get({lanes}, constant.getType());
      auto all = mlir::DenseElementsAttr::get(type, constant.getValue());
      values[constant.getResult()] = Vectors(ways, builder.create<arith::ConstantOp>(op.getLoc(), all));
    } else {
      // Everything else is arith, which means the same on vectors, element by element.
      Vectors results;
      for (size_t way = 0; way < ways; ++way) {
        mlir::OperationState state(op.getLoc(), op.getName());
        for (Value operand : op.getOperands()) state.addOperands(values.at(operand)[way]);
        for (mlir::Type type : op.getResultTypes()) state.addTypes(mlir::VectorType::get({lanes}, type));
        state.addAttributes(op.getAttrs());
        results.push_back(kept(op, builder.create(state)->getResult(0)));
      }
      values[op.getResult(0)] = std::move(results);
    }
  }
  return values.at(llvm::cast<YieldOp>(program.front().back()).getValue());
}

}  // namespace inlay::compiler
