// SPDX-License-Identifier: Apache-2.0
// Transposes samples in registers. From four elements on, blocks of 4 x 4 are transposed in all quarters of 4 lanes at
// once. Fewer elements are picked from whole vectors.
#include "Lanes/Transpose.h"

namespace inlay::compiler {

namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

constexpr int64_t kBlock = 4;

Value shuffle(KernelContext &context, Location loc, Value a, Value b, llvm::ArrayRef<int64_t> lanes) {
  return context.builder.create<vector::ShuffleOp>(loc, a, b, lanes);
}

/// Runs `body` with the first element of each block. The last block may repeat elements of the one before.
void forEachBlock(int64_t elements, llvm::function_ref<void(int64_t)> body) {
  for (int64_t first = 0; first < elements; first += kBlock) body(std::min(first, elements - kBlock));
}

/// Puts lane `from(i) % lanes` of vector `from(i) / lanes` into lane i.
Value pick(KernelContext &context, Location loc, llvm::ArrayRef<Value> vectors, int64_t lanes,
           llvm::function_ref<int64_t(int64_t)> from) {
  Value picked = vectors.front();
  if (vectors.size() == 1) return picked;
  for (int64_t v = 1; v < static_cast<int64_t>(vectors.size()); ++v) {
    llvm::SmallVector<int64_t> order;
    for (int64_t i = 0; i < lanes; ++i) {
      const int64_t vectorOf = from(i) / lanes, lane = from(i) % lanes;
      const bool taken = vectorOf < v && v > 1;  // is in its place already
      order.push_back(vectorOf == v ? lanes + lane : taken ? i : vectorOf < v ? lane : i);
    }
    picked = shuffle(context, loc, picked, vectors[static_cast<size_t>(v)], order);
  }
  return picked;
}

}  // namespace

llvm::SmallVector<Value> transposeQuarters(KernelContext &context, Location loc, llvm::ArrayRef<Value> v,
                                           int64_t lanes) {
  const auto inQuarters = [&](Value a, Value b, llvm::ArrayRef<int64_t> pattern) {
    // From 4 on, a number of the pattern means `b`.
    llvm::SmallVector<int64_t> all;
    for (int64_t quarter = 0; quarter < lanes; quarter += kBlock)
      for (const int64_t lane : pattern)
        all.push_back(lane < kBlock ? quarter + lane : lanes + quarter + lane - kBlock);
    return shuffle(context, loc, a, b, all);
  };
  Value low01 = inQuarters(v[0], v[1], {0, 4, 1, 5}), high01 = inQuarters(v[0], v[1], {2, 6, 3, 7});
  Value low23 = inQuarters(v[2], v[3], {0, 4, 1, 5}), high23 = inQuarters(v[2], v[3], {2, 6, 3, 7});
  return {inQuarters(low01, low23, {0, 1, 4, 5}), inQuarters(low01, low23, {2, 3, 6, 7}),
          inQuarters(high01, high23, {0, 1, 4, 5}), inQuarters(high01, high23, {2, 3, 6, 7})};
}

void loadTransposed(KernelContext &context, Location loc, Value samples, int64_t elements, int64_t lanes,
                    llvm::function_ref<void(int64_t, Value)> take) {
  const auto load = [&](int64_t position, int64_t count) -> Value {
    return context.builder.create<vector::LoadOp>(loc, context.vectorType(count), samples,
                                                  context.index(position, loc));
  };
  if (elements < kBlock) {
    llvm::SmallVector<Value> vectors;
    for (int64_t v = 0; v < elements; ++v) vectors.push_back(load(v * lanes, lanes));
    for (int64_t element = 0; element < elements; ++element)
      take(element, pick(context, loc, vectors, lanes, [&](int64_t sample) { return sample * elements + element; }));
    return;
  }
  forEachBlock(elements, [&](int64_t first) {
    llvm::SmallVector<Value> rows;
    for (int64_t row = 0; row < kBlock; ++row) {
      Value all = lanes == kBlock ? Value() : context.splat(loc, 0, lanes);
      for (int64_t quarter = 0; quarter < lanes; quarter += kBlock) {
        Value block = load((quarter + row) * elements + first, kBlock);
        all = all ? context.builder.create<vector::InsertStridedSliceOp>(loc, block, all, quarter, 1) : block;
      }
      rows.push_back(all);
    }
    for (auto [i, vector] : llvm::enumerate(transposeQuarters(context, loc, rows, lanes)))
      take(first + static_cast<int64_t>(i), vector);
  });
}

void storeTransposed(KernelContext &context, Location loc, Value samples, int64_t elements, int64_t lanes,
                     llvm::function_ref<Value(int64_t)> give) {
  const auto store = [&](Value vector, int64_t position) {
    context.builder.create<vector::StoreOp>(loc, vector, samples, context.index(position, loc));
  };
  if (elements < kBlock) {
    llvm::SmallVector<Value> vectors;
    for (int64_t element = 0; element < elements; ++element) vectors.push_back(give(element));
    for (int64_t v = 0; v < elements; ++v) {
      const auto from = [&](int64_t lane) {
        const int64_t place = v * lanes + lane;
        return place % elements * lanes + place / elements;
      };
      store(pick(context, loc, vectors, lanes, from), v * lanes);
    }
    return;
  }
  forEachBlock(elements, [&](int64_t first) {
    llvm::SmallVector<Value> vectors;
    for (int64_t i = 0; i < kBlock; ++i) vectors.push_back(give(first + i));
    for (auto [row, all] : llvm::enumerate(transposeQuarters(context, loc, vectors, lanes)))
      for (int64_t quarter = 0; quarter < lanes; quarter += kBlock) {
        Value block =
            lanes == kBlock
                ? all
                : context.builder.create<vector::ExtractStridedSliceOp>(loc, all, quarter, kBlock, 1).getResult();
        store(block, (quarter + static_cast<int64_t>(row)) * elements + first);
      }
  });
}

}  // namespace inlay::compiler
