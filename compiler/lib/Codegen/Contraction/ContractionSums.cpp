// SPDX-License-Identifier: Apache-2.0
// How a tile of a contraction sums over the depth: one multiply-add after the other, in chains side by side.
#include "Contraction/ContractionEmitter.h"
#include "Contraction/RotatedWeights.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// Steps between the prefetch and the use. At most the lanes of the shortest vector, because the list of nonzeros
/// ends with a vector of zeros.
constexpr int64_t kStepsAhead = 4;

}  // namespace

Value ContractionEmitter::weightPosition(const FeatureVector &v, Value weightStart, Value k) {
  return plus(context.plusTimes(loc, weightStart, k, v.weightStride), weight.base + v.weightOffset);
}

Value ContractionEmitter::loadVector(const RowView &view, Value position, int64_t count) {
  mlir::VectorType type = context.vectorType(count);
  mlir::Type stored = llvm::cast<mlir::MemRefType>(view.memory.getType()).getElementType();
  Value loaded = builder.create<vector::LoadOp>(loc, type.clone(stored), view.memory, position);
  if (stored == type.getElementType()) return loaded;
  // The bits of bf16 are the upper half of those of f32.
  auto words = type.clone(builder.getI32Type());
  Value half = builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(words, int32_t{16}));
  Value bits = builder.create<arith::ShLIOp>(loc, builder.create<arith::ExtUIOp>(loc, words, loaded), half);
  return builder.create<arith::BitcastOp>(loc, type, bits);
}

llvm::SmallVector<Value> ContractionEmitter::inputs(Value row, int64_t rows, Value k) {
  llvm::SmallVector<Value> elements;
  for (int64_t r = 0; r < rows; ++r) {
    const Place at = placeOf(row, r);
    elements.push_back(context.loadScalar(loc, input, at.row, inFirstLine(input, at, k)));
  }
  return elements;
}

void ContractionEmitter::step(llvm::MutableArrayRef<Value> accumulators, llvm::ArrayRef<Value> elements,
                              Value weightStart, Value k, llvm::ArrayRef<FeatureVector> vectors) {
  llvm::SmallVector<Value> weights;
  for (const FeatureVector &v : vectors) weights.push_back(loadVector(weight, weightPosition(v, weightStart, k)));
  for (size_t r = 0; r < elements.size(); ++r) {
    Value x = context.broadcast(loc, elements[r], lanes);
    // The element may be a lane of a vector whose other lanes are dead, and LLVM makes four lanes of two.
    if (lanes == 2) x = context.withAllLanes(loc, x);
    for (size_t v = 0; v < vectors.size(); ++v) {
      Value &accumulator = accumulators[r * vectors.size() + v];
      accumulator = builder.create<vector::FMAOp>(loc, x, weights[v], accumulator);
    }
  }
}

bool ContractionEmitter::isDotProduct() {
  return width == 1 && input.inRegister && !context.reproducible &&
         llvm::cast<mlir::VectorType>(input.inRegister.getType()).getDimSize(0) == depth;
}

Value ContractionEmitter::dotProduct(Value start, Value weightStart) {
  const int64_t piece = std::min<int64_t>(4, depth);
  Value sums = builder.create<vector::InsertOp>(loc, start, context.splat(loc, 0.0f, piece), 0);
  for (int64_t k = 0; k < depth; k += piece) {
    Value elements = builder.create<vector::ExtractStridedSliceOp>(loc, input.inRegister, k, piece, 1);
    sums = builder.create<vector::FMAOp>(loc, elements, loadVector(weight, plus(weightStart, k), piece), sums);
  }
  sums = context.acrossLanes(loc, sums,
                             [&](Value a, Value b) -> Value { return builder.create<arith::AddFOp>(loc, a, b); });
  return builder.create<vector::ExtractOp>(loc, sums, 0);
}

llvm::SmallVector<Value> ContractionEmitter::dotProducts(Value row, int64_t rows) {
  const int64_t all = context.features.lanes, tile = rows * width, whole = depth / all * all;
  const int64_t chains = std::clamp<int64_t>(kChains / tile, 1, std::max<int64_t>(1, depth / all / 2));
  llvm::SmallVector<Value> sums(static_cast<size_t>(chains * tile), context.splat(loc, 0, all));
  for (int64_t i = 0; bias && i < tile; ++i) {
    Value first = context.loadScalar(loc, *bias, context.index(0, loc), context.index(i % width, loc));
    Value &sum = sums[static_cast<size_t>(i)];
    sum = builder.create<vector::InsertOp>(loc, first, sum, 0);
  }
  const auto step = [&](Value k, int64_t live, int64_t chain) {
    llvm::SmallVector<Value> weights;
    for (int64_t n = 0; n < width; ++n)
      weights.push_back(loadVector(weight, plus(k, weight.base + n * op.getFeatureStride()), all));
    for (int64_t r = 0; r < rows; ++r) {
      Value x = context.fillDead(loc, context.load(loc, input, plus(row, r), k, all, live), live, 0);
      for (int64_t n = 0; n < width; ++n) {
        Value &sum = sums[static_cast<size_t>(chain * tile + r * width + n)];
        sum = builder.create<vector::FMAOp>(loc, x, weights[static_cast<size_t>(n)], sum);
      }
    }
  };
  const int64_t ofIteration = chains * all, looped = whole / ofIteration * ofIteration;
  context.forEach(loc, looped, ofIteration, sums, [&](Value k) {
    for (int64_t chain = 0; chain < chains; ++chain) step(plus(k, chain * all), all, chain);
  });
  for (int64_t k = looped; k < depth; k += all)
    step(context.index(k, loc), std::min(all, depth - k), (k - looped) / all % chains);
  joinChains(sums, chains);
  llvm::SmallVector<Value> features;
  for (int64_t r = 0; r < rows; ++r) {
    Value vector;
    for (int64_t n = 0; n < width; ++n) {
      Value total = context.acrossLanes(loc, sums[static_cast<size_t>(r * width + n)], [&](Value a, Value b) -> Value {
        return builder.create<arith::AddFOp>(loc, a, b);
      });
      Value each = builder.create<vector::ExtractOp>(loc, total, 0);
      // Lanes without a feature repeat the first one.
      vector = vector ? builder.create<vector::InsertOp>(loc, each, vector, n) : context.broadcast(loc, each, lanes);
    }
    features.push_back(vector);
  }
  return features;
}

Value ContractionEmitter::rotate(Value vector, int64_t k) {
  if (k == 0) return vector;
  const auto from =
      llvm::map_to_vector(llvm::seq<int64_t>(0, lanes), [&](int64_t lane) { return rotatedLane(lane, k, lanes); });
  Value rotated = builder.create<vector::ShuffleOp>(loc, vector, vector, from);
  // LLVM would merge a shuffle of groups and a later one within them into one that needs a register of lane numbers.
  return k % kLanesOfGroup == 0 ? context.withAllLanes(loc, rotated) : rotated;
}

void ContractionEmitter::rotateSums(llvm::MutableArrayRef<Value> accumulators) {
  for (auto [k, sum] : llvm::enumerate(accumulators)) sum = rotate(sum, static_cast<int64_t>(k));
}

Value ContractionEmitter::rotatedWeights() {
  return input.inRegister && !context.reproducible ? context.rotated.lookup(op) : Value();
}

void ContractionEmitter::accumulate(llvm::SmallVector<Value> &accumulators, Value row, int64_t rows, int64_t chains,
                                    Value weightStart, llvm::ArrayRef<FeatureVector> vectors, const Slab &slab) {
  const size_t tile = accumulators.size() / static_cast<size_t>(chains);
  const auto chain = [&](llvm::SmallVector<Value> &all, int64_t number) {
    return llvm::MutableArrayRef(all).slice(static_cast<size_t>(number) * tile, tile);
  };
  if (op.getWindow()) return accumulateWindow(accumulators, row, rows, chains, weightStart, vectors);
  if (isDotProduct()) {
    Value start = builder.create<vector::ExtractOp>(loc, accumulators.front(), 0);
    accumulators.front() = context.broadcast(loc, dotProduct(start, weightStart), lanes);
    return;
  }
  if (Value rotated = rotatedWeights()) {
    RowView diagonals = weight;
    diagonals.memory = rotated;
    Value groups;  // the register with its groups of four rotated
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t within = k % kLanesOfGroup;
      if (within == 0) groups = rotate(input.inRegister, k);
      Value x = rotatesSums(op) ? groups : rotate(groups, within);
      llvm::MutableArrayRef<Value> sums = chain(accumulators, k % chains);
      for (auto [sum, v] : llvm::zip_equal(sums, vectors)) {
        Value weights = loadVector(diagonals, weightPosition(v, weightStart, context.index(k, loc)));
        const bool begins = k > 0 && k < chains;  // the first chain begins with the bias, the others with nothing
        sum = begins ? builder.create<arith::MulFOp>(loc, x, weights).getResult()
                     : builder.create<vector::FMAOp>(loc, x, weights, sum).getResult();
      }
    }
    return;
  }
  if (input.inRegister) {  // elements in a register have no address that a loop could compute
    for (int64_t k = 0; k < depth; ++k) {
      Value at = context.index(k, loc);
      step(chain(accumulators, k % chains), inputs(row, rows, at), weightStart, at, vectors);
    }
    return;
  }
  Value fetched, fetchedPerIteration;
  if (slab.next) {
    // All row tiles together prefetch the next panel into the second-level cache. Otherwise the first tile of that
    // panel would wait for memory at every k.
    Value ofRows = builder.create<arith::MulIOp>(loc, row, slab.perRow);
    fetched = builder.create<arith::AddIOp>(loc, slab.next, ofRows);
    fetchedPerIteration =
        plus(builder.create<arith::DivUIOp>(loc, context.index(chains * rows * panel, loc), rowsOfKernel()), 1);
  }
  const auto loop = [&](Value from, Value to, int64_t ofIteration, bool fetches) {
    llvm::SmallVector<Value> state(accumulators);
    if (fetches) state.push_back(fetched);
    context.forEach(loc, from, to, ofIteration, state, [&](Value first) {
      if (fetches) {
        prefetch(weight, state.back(), Level::second);
        state.back() = builder.create<arith::AddIOp>(loc, state.back(), fetchedPerIteration);
      }
      for (int64_t i = 0; i < ofIteration; ++i) {
        Value k = plus(first, i);
        step(chain(state, i % chains), inputs(row, rows, k), weightStart, k, vectors);
      }
    });
    llvm::copy(llvm::ArrayRef(state).take_front(accumulators.size()), accumulators.begin());
  };
  // Every slab except the last has a depth that is a multiple of `chains`.
  if (depth % chains == 0) return loop(slab.begin, slab.end, chains, slab.next != nullptr);
  Value length = builder.createOrFold<arith::SubIOp>(loc, slab.end, slab.begin);
  Value rest = builder.createOrFold<arith::RemUIOp>(loc, length, context.index(chains, loc));
  Value whole = builder.createOrFold<arith::SubIOp>(loc, slab.end, rest);
  loop(slab.begin, whole, chains, slab.next != nullptr);
  loop(whole, slab.end, 1, /*fetches=*/false);
}

void ContractionEmitter::accumulateNonzeros(llvm::SmallVector<Value> &accumulators, Value weightStart,
                                            llvm::ArrayRef<FeatureVector> vectors) {
  context.forEach(loc, context.index(0, loc), nonzeros->count, 1, accumulators, [&](Value i) {
    Value ahead = nonzeros->place(plus(i, kStepsAhead));
    for (const FeatureVector &v : vectors) prefetch(weight, weightPosition(v, weightStart, ahead), Level::first);
    step(accumulators, nonzeros->value(i), weightStart, nonzeros->place(i), vectors);
  });
}

void ContractionEmitter::joinChains(llvm::SmallVector<Value> &accumulators, int64_t chains, int64_t left) {
  const size_t tile = accumulators.size() / static_cast<size_t>(chains);
  for (size_t live = static_cast<size_t>(chains); live > static_cast<size_t>(left); live = (live + 1) / 2)
    for (size_t chain = 0; chain + (live + 1) / 2 < live; ++chain)
      for (size_t i = 0; i < tile; ++i) {
        Value &sum = accumulators[chain * tile + i];
        sum = builder.create<arith::AddFOp>(loc, sum, accumulators[(chain + (live + 1) / 2) * tile + i]);
      }
  accumulators.resize(tile * static_cast<size_t>(left));
}

}  // namespace inlay::compiler
