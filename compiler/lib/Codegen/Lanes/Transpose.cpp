// SPDX-License-Identifier: Apache-2.0
// Transposes samples in registers. From four elements on, blocks of 4 x 4 are transposed in all quarters of 4 lanes at
// once. Fewer elements are picked from whole vectors.
#include "Lanes/Transpose.h"

namespace inlay::compiler {

namespace memref = mlir::memref;
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

/// Element (i, j) of the block in each quarter becomes element (j, i).
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

/// Where `element` of the sample in a lane is.
using Place = llvm::function_ref<Value(int64_t lane, int64_t element)>;

void loadBlocks(KernelContext &context, Location loc, Value memory, Place place, int64_t elements, int64_t lanes,
                llvm::function_ref<void(int64_t, Value)> take) {
  forEachBlock(elements, [&](int64_t first) {
    llvm::SmallVector<Value> rows;
    for (int64_t row = 0; row < kBlock; ++row) {
      Value all = lanes == kBlock ? Value() : context.splat(loc, 0, lanes);
      for (int64_t quarter = 0; quarter < lanes; quarter += kBlock) {
        Value block = context.builder.create<vector::LoadOp>(loc, context.vectorType(kBlock), memory,
                                                             place(quarter + row, first));
        all = all ? context.builder.create<vector::InsertStridedSliceOp>(loc, block, all, quarter, 1) : block;
      }
      rows.push_back(all);
    }
    for (auto [i, vector] : llvm::enumerate(transposeQuarters(context, loc, rows, lanes)))
      take(first + static_cast<int64_t>(i), vector);
  });
}

void storeBlocks(KernelContext &context, Location loc, Value memory, Place place, int64_t elements, int64_t lanes,
                 llvm::function_ref<Value(int64_t)> give) {
  forEachBlock(elements, [&](int64_t first) {
    llvm::SmallVector<Value> vectors;
    for (int64_t i = 0; i < kBlock; ++i) vectors.push_back(give(first + i));
    for (auto [row, all] : llvm::enumerate(transposeQuarters(context, loc, vectors, lanes)))
      for (int64_t quarter = 0; quarter < lanes; quarter += kBlock) {
        Value block =
            lanes == kBlock
                ? all
                : context.builder.create<vector::ExtractStridedSliceOp>(loc, all, quarter, kBlock, 1).getResult();
        context.builder.create<vector::StoreOp>(loc, block, memory, place(quarter + static_cast<int64_t>(row), first));
      }
  });
}

}  // namespace

void loadTransposed(KernelContext &context, Location loc, Value samples, int64_t elements, int64_t lanes,
                    llvm::function_ref<void(int64_t, Value)> take) {
  if (elements >= kBlock) {
    const auto place = [&](int64_t lane, int64_t element) { return context.index(lane * elements + element, loc); };
    return loadBlocks(context, loc, samples, place, elements, lanes, take);
  }
  llvm::SmallVector<Value> vectors;
  for (int64_t v = 0; v < elements; ++v)
    vectors.push_back(
        context.builder.create<vector::LoadOp>(loc, context.vectorType(lanes), samples, context.index(v * lanes, loc)));
  for (int64_t element = 0; element < elements; ++element)
    take(element, pick(context, loc, vectors, lanes, [&](int64_t sample) { return sample * elements + element; }));
}

void storeTransposed(KernelContext &context, Location loc, Value samples, int64_t elements, int64_t lanes,
                     llvm::function_ref<Value(int64_t)> give) {
  if (elements >= kBlock) {
    const auto place = [&](int64_t lane, int64_t element) { return context.index(lane * elements + element, loc); };
    return storeBlocks(context, loc, samples, place, elements, lanes, give);
  }
  llvm::SmallVector<Value> vectors;
  for (int64_t element = 0; element < elements; ++element) vectors.push_back(give(element));
  for (int64_t v = 0; v < elements; ++v) {
    const auto from = [&](int64_t lane) {
      const int64_t place = v * lanes + lane;
      return place % elements * lanes + place / elements;
    };
    context.builder.create<vector::StoreOp>(loc, pick(context, loc, vectors, lanes, from), samples,
                                            context.index(v * lanes, loc));
  }
}

void gatherTransposed(KernelContext &context, Location loc, SpreadSamples samples, int64_t elements,
                      llvm::function_ref<void(int64_t, Value)> take) {
  const auto lanes = static_cast<int64_t>(samples.starts.size());
  const auto place = [&](int64_t lane, int64_t element) { return samples.place(context, loc, lane, element); };
  if (elements >= kBlock) return loadBlocks(context, loc, samples.memory, place, elements, lanes, take);
  for (int64_t element = 0; element < elements; ++element) {
    Value all = context.splat(loc, 0, lanes);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value each = context.builder.create<memref::LoadOp>(loc, samples.memory, place(lane, element));
      all = context.builder.create<vector::InsertOp>(loc, each, all, lane);
    }
    take(element, all);
  }
}

void scatterTransposed(KernelContext &context, Location loc, SpreadSamples samples, int64_t elements,
                       llvm::function_ref<Value(int64_t)> give) {
  const auto lanes = static_cast<int64_t>(samples.starts.size());
  const auto place = [&](int64_t lane, int64_t element) { return samples.place(context, loc, lane, element); };
  if (elements >= kBlock) return storeBlocks(context, loc, samples.memory, place, elements, lanes, give);
  for (int64_t element = 0; element < elements; ++element) {
    Value all = give(element);
    for (int64_t lane = 0; lane < lanes; ++lane)
      context.builder.create<memref::StoreOp>(loc, context.builder.create<vector::ExtractOp>(loc, all, lane),
                                              samples.memory, place(lane, element));
  }
}

}  // namespace inlay::compiler
