// SPDX-License-Identifier: Apache-2.0
// Loops over a value's elements, divided into runs that are reduced.
#include "Ops/ReductionNest.h"

#include "llvm/Support/MathExtras.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

namespace {

/// Vectors that are reduced side by side. They hide the latency of an addition. The order of a sum depends on their
/// number, so it is the same on every processor.
constexpr int64_t kChainsOfSums = 4;
/// Lanes in which a reproducible network sums, whatever the processor's vector length is.
constexpr int64_t kReproducibleLanes = 16;

/// Vectors that may stay in registers between two passes.
int64_t registers(const VectorFeatures &features) { return features.avx512 ? 16 : 8; }

/// A number that LLVM does not know, by an empty piece of assembly. It then cannot unroll the loops of two passes over
/// one run, whose loads it would share: what does not fit into registers would be spilled.
Value hidden(Location loc, mlir::OpBuilder &builder, Value number) {
  mlir::Type word = builder.getI64Type();
  Value from = builder.create<mlir::arith::IndexCastOp>(loc, word, number);
  Value same = builder
                   .create<mlir::LLVM::InlineAsmOp>(loc, word, from, /*asm_string=*/"", /*constraints=*/"=r,0",
                                                    /*has_side_effects=*/false, /*is_align_stack=*/false,
                                                    /*asm_dialect=*/mlir::LLVM::AsmDialectAttr(),
                                                    /*operand_attrs=*/mlir::ArrayAttr())
                   .getResult(0);
  return builder.create<mlir::arith::IndexCastOp>(loc, builder.getIndexType(), same);
}

/// Whether `inner` continues `outer` in operand `number`.
bool continues(const NestAxis &outer, const NestAxis &inner, size_t number) {
  return outer.strides[number] == inner.strides[number] * inner.size;
}

/// The axes, where possible several as one. Only the first `operands` strides count. The last axis has elements side by
/// side; it has one element if those of the value lie apart.
llvm::SmallVector<NestAxis> mergedAxes(llvm::ArrayRef<NestAxis> axes, size_t operands) {
  llvm::SmallVector<NestAxis> result;
  for (const NestAxis &axis : axes) {
    if (axis.size == 1) continue;
    const bool joins = !result.empty() && result.back().reduced == axis.reduced &&
                       llvm::all_of(llvm::seq<size_t>(0, operands),
                                    [&](size_t number) { return continues(result.back(), axis, number); });
    if (joins) {
      const int64_t size = result.back().size * axis.size;
      result.back() = axis;
      result.back().size = size;
    } else {
      result.push_back(axis);
    }
  }
  const auto isApart = [](int64_t stride) { return stride > 1; };
  if (!result.empty() && llvm::any_of(llvm::ArrayRef(result.back().strides).take_front(operands), isApart))
    result.push_back({1, result.back().reduced, llvm::SmallVector<int64_t, 4>(result.back().strides.size(), 1)});
  return result;
}

}  // namespace

ReductionNest::ReductionNest(Location loc, KernelContext &context, llvm::SmallVector<NestAxis> axes, size_t operands)
    : loc(loc), context(context) {
  const NestAxis single{1, true, llvm::SmallVector<int64_t, 4>(operands, 1)};
  axes = mergedAxes(axes, operands);
  across = !axes.empty() && !axes.back().reduced;
  for (const NestAxis &axis : axes) (axis.reduced ? inner : outer).push_back(axis);
  if (across) lanesAxis = outer.pop_back_val();
  if (inner.empty()) inner.push_back(single);
  if (!across) lanesAxis = inner.back();
  merged = mergedAxes(inner, 1);
  if (merged.empty()) merged.push_back(single);
  for (const NestAxis &axis : inner) length *= axis.size;
  // No more lanes than there are elements; but not two, of which LLVM makes four and divides by whatever the new ones
  // hold.
  const int64_t neighbours = across ? lanesAxis.size : merged.back().size;
  const auto enough = static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(neighbours)));
  lanes = context.reproducible ? kReproducibleLanes : std::min(context.features.lanes, enough == 2 ? 4 : enough);
}

llvm::SmallVector<Value> ReductionNest::moved(llvm::ArrayRef<Value> starts, const NestAxis &axis, Value index) {
  llvm::SmallVector<Value> places;
  for (auto [start, stride] : llvm::zip_equal(starts, axis.strides))
    places.push_back(context.plusTimes(loc, start, index, stride));
  return places;
}

void ReductionNest::overAxes(llvm::ArrayRef<NestAxis> axes, llvm::ArrayRef<Value> starts,
                             llvm::function_ref<void(llvm::ArrayRef<Value>)> body) {
  if (axes.empty()) return body(starts);
  context.forEach(loc, axes.front().size, 1,
                  [&](Value index) { overAxes(axes.drop_front(), moved(starts, axes.front(), index), body); });
}

void ReductionNest::overMerged(llvm::ArrayRef<NestAxis> axes, Value place, Value number,
                               llvm::SmallVector<Value> &carried, llvm::function_ref<void(Value, Value)> body) {
  if (axes.empty()) return body(place, number);
  const NestAxis &axis = axes.front();
  context.forEach(loc, axis.size, 1, carried, [&](Value index) {
    Value inside = context.plus(loc, context.times(loc, number, axis.size), index);
    overMerged(axes.drop_front(), context.plusTimes(loc, place, index, axis.strides[0]), inside, carried, body);
  });
}

void ReductionNest::forEachRuns(llvm::function_ref<void(const Runs &)> body) {
  const llvm::SmallVector<Value> zeros(lanesAxis.strides.size(), context.index(0, loc));
  overAxes(outer, zeros, [&](llvm::ArrayRef<Value> starts) {
    if (!across) return body({llvm::SmallVector<Value>(starts), length});
    const int64_t group = kChainsOfSums * lanes, grouped = lanesAxis.size / group * group;
    const auto run = [&](Value first, int64_t live) { body({moved(starts, lanesAxis, first), live}); };
    context.forEach(loc, grouped, group, [&](Value first) { run(first, group); });
    if (grouped < lanesAxis.size) run(context.index(grouped, loc), lanesAxis.size - grouped);
  });
}

llvm::SmallVector<ReductionNest::State> ReductionNest::reduce(const Runs &runs, const State &initial, Step step,
                                                              Combine combine) {
  // Chains: several elements of each vector of runs, or of the only run.
  const int64_t vectors = across ? static_cast<int64_t>(llvm::divideCeil(runs.live, lanes)) : 1;
  const int64_t steps = across ? merged.back().size : static_cast<int64_t>(llvm::divideCeil(merged.back().size, lanes));
  const auto most = static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(steps)));
  const int64_t together = std::max<int64_t>(1, std::min(kChainsOfSums / vectors, most));
  llvm::SmallVector<Value> carried;
  for (int64_t chain = 0; chain < vectors * together; ++chain) llvm::append_range(carried, initial);
  const auto advance = [&](int64_t chain, const Element &element) {
    const llvm::MutableArrayRef<Value> mine =
        llvm::MutableArrayRef(carried).slice(static_cast<size_t>(chain) * initial.size(), initial.size());
    State state(mine.begin(), mine.end());
    step(state, element);
    llvm::copy(state, mine.begin());
  };
  const NestAxis &last = merged.back();
  overMerged(llvm::ArrayRef(merged).drop_back(), runs.starts.front(), context.index(0, loc), carried,
             [&](Value place, Value number) {
               Value first = context.times(loc, number, last.size);
               // A step is a vector of one run, or an element of each vector of runs.
               const int64_t width = across ? 1 : lanes, group = together * width, grouped = last.size / group * group;
               const auto advanceAll = [&](Value begin, int64_t count) {
                 for (int64_t chain = 0; chain * width < count; ++chain) {
                   Value index = context.plus(loc, begin, chain * width);
                   for (int64_t vector = 0; vector < vectors; ++vector) {
                     Value at = context.plusTimes(loc, place, index, last.strides[0]);
                     const int64_t live = across ? runs.live - vector * lanes : count - chain * width;
                     advance(chain * vectors + vector,
                             {context.plus(loc, at, vector * lanes), context.plus(loc, first, index),
                              std::min(lanes, live), static_cast<size_t>(vector)});
                   }
                 }
               };
               const auto whole = [&](Value begin) { advanceAll(begin, group); };
               const int64_t elements = across ? last.size * vectors * lanes : last.size;
               if (grouped > group && elements > registers(context.features) * context.features.lanes)
                 context.forEach(loc, context.index(0, loc), hidden(loc, context.builder, context.index(grouped, loc)),
                                 group, carried, whole);
               else
                 context.forEach(loc, grouped, group, carried, whole);
               if (grouped < last.size) advanceAll(context.index(grouped, loc), last.size - grouped);
             });
  llvm::SmallVector<State> states;
  for (size_t chain = 0; chain * initial.size() < carried.size(); ++chain) {
    const llvm::ArrayRef<Value> mine = llvm::ArrayRef(carried).slice(chain * initial.size(), initial.size());
    states.emplace_back(mine.begin(), mine.end());
  }
  // In pairs, which is more exact than one after the other.
  for (size_t count = states.size(); count > static_cast<size_t>(vectors); count /= 2)
    for (size_t i = 0; i < count / 2; ++i) combine(states[i], states[i + count / 2]);
  states.resize(static_cast<size_t>(vectors));
  if (across) return states;
  State &only = states.front();
  for (int64_t distance = lanes / 2; distance > 0; distance /= 2) {
    llvm::SmallVector<int64_t> partners;
    for (int64_t lane = 0; lane < lanes; ++lane) partners.push_back(lane ^ distance);
    State other;
    for (Value each : only) other.push_back(context.builder.create<mlir::vector::ShuffleOp>(loc, each, each, partners));
    combine(only, other);
  }
  return states;
}

void ReductionNest::forEachElements(const Runs &runs, int64_t ways, int64_t vector,
                                    llvm::function_ref<void(llvm::ArrayRef<Value>, int64_t)> body) {
  if (across) return overAxes(inner, runs.starts, [&](llvm::ArrayRef<Value> places) { body(places, runs.live); });
  overAxes(llvm::ArrayRef(inner).drop_back(), runs.starts, [&](llvm::ArrayRef<Value> starts) {
    const int64_t size = inner.back().size, group = ways * vector, grouped = size / group * group;
    const auto part = [&](Value first, int64_t live) { body(moved(starts, inner.back(), first), live); };
    context.forEach(loc, grouped, group, [&](Value first) { part(first, group); });
    if (grouped < size) part(context.index(grouped, loc), size - grouped);
  });
}

}  // namespace inlay::compiler
