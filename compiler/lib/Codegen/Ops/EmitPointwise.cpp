// SPDX-License-Identifier: Apache-2.0
// Kernels of pointwise maps.
#include "Inlay/Codegen/Activations.h"
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

/// Vectors computed side by side, which keep the core busy. Four fit into the 32 registers of AVX-512. In the 16 of
/// AVX2 some are spilled, but a branch on all lanes is paid for only once.
static int64_t waysOf(const VectorFeatures &features) { return features.avx512 || features.avx2 ? 4 : 2; }

namespace {

/// Axes of a map's result that lie side by side, and along which each operand either has all elements or repeats one.
struct AxisGroup {
  int64_t size;
  llvm::SmallVector<int64_t> strides;  // by operand; 0 for one that repeats its element
};

/// The axes of `op` in as few groups as possible; at least one.
llvm::SmallVector<AxisGroup> groupsOf(MapOp op) {
  llvm::ArrayRef<int64_t> sizes = sizesOf(op.getResult());
  llvm::SmallVector<AxisGroup> groups;  // from the last axis on
  llvm::SmallVector<int64_t> inner(op.getInputs().size(), 1);
  for (size_t back = 0; back < sizes.size(); ++back) {
    const int64_t size = sizes[sizes.size() - 1 - back];
    if (size == 1) continue;
    AxisGroup group{size, {}};
    for (auto [operand, stride] : llvm::zip_equal(op.getInputs(), inner)) {
      llvm::ArrayRef<int64_t> own = sizesOf(operand);
      const bool repeats = back >= own.size() || own[own.size() - 1 - back] == 1;
      group.strides.push_back(repeats ? 0 : stride);
      if (!repeats) stride *= size;
    }
    const auto goesWith = [&](const AxisGroup &last) {
      return llvm::all_of(llvm::zip_equal(last.strides, group.strides),
                          [](auto both) { return (std::get<0>(both) == 0) == (std::get<1>(both) == 0); });
    };
    if (!groups.empty() && goesWith(groups.back()))
      groups.back().size *= size;
    else
      groups.push_back(std::move(group));
  }
  if (groups.empty()) groups.push_back({1, llvm::SmallVector<int64_t>(op.getInputs().size(), 1)});
  return llvm::SmallVector<AxisGroup>(llvm::reverse(groups));
}

/// The lanes of a map's vectors. A short value uses the smallest register that has it. Then the load of a value that
/// was just stored is no wider than the store; a wider one would wait until the store has reached the cache. Costly
/// activations need whole registers, or half of one of AVX-512.
int64_t lanesOf(MapOp op, llvm::ArrayRef<AxisGroup> groups, const VectorFeatures &features) {
  const int64_t elements = elementsOf(op.getResult());
  if (groups.size() > 1 || elements == 1) return features.lanes;
  const bool whole = isCostly(op.getBody()) && !(features.avx512 && runsInHalfRegisters(op.getBody()));
  return whole ? features.lanes : smallestRegister(elements, features.lanes);
}

}  // namespace

void emitMap(MapOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  const llvm::SmallVector<AxisGroup> groups = groupsOf(op);
  RowView result = views(op.getResult());
  const int64_t lanes = lanesOf(op, groups, context.features), elements = result.elements;
  if (groups.size() > 1) result.padded = false;  // behind a vector lie other elements
  // The elements of the last group, from column `start` of the result and columns `starts` of the operands on.
  const auto emitRun = [&](Value row, Value start, llvm::ArrayRef<Value> starts) {
    context.forEachVectors(loc, groups.back().size, waysOf(context.features), [&](Value column, int64_t live) {
      llvm::SmallVector<int64_t> columns;
      for (int64_t offset = 0; offset < live; offset += lanes) columns.push_back(offset);
      const auto at = [&](Value first, int64_t offset) {
        return context.plus(loc, context.plus(loc, first, column), offset);
      };
      llvm::SmallVector<VectorBuilder::Vectors> arguments;
      for (auto [operand, first, stride] : llvm::zip_equal(op.getInputs(), starts, groups.back().strides)) {
        RowView view = views(operand);
        VectorBuilder::Vectors &vectors = arguments.emplace_back();
        for (int64_t offset : columns) {
          const int64_t count = std::min(lanes, live - offset);
          vectors.push_back(stride == 0 ? context.loadEverywhere(loc, view, row, first, lanes)
                                        : context.load(loc, view, row, at(first, offset), lanes, count));
        }
      }
      auto results = context.inlineProgram(op.getBody(), arguments, lanes, elements);
      for (auto [offset, vector] : llvm::zip_equal(columns, results))
        context.store(loc, result, row, at(start, offset), vector, std::min(lanes, live - offset));
    });
  };
  context.forEachRow(loc, [&](Value row) {
    const std::function<void(size_t, Value, llvm::ArrayRef<Value>)> along = [&](size_t group, Value start,
                                                                                llvm::ArrayRef<Value> starts) {
      if (group + 1 == groups.size()) return emitRun(row, start, starts);
      int64_t inner = 1;
      for (const AxisGroup &later : llvm::drop_begin(groups, group + 1)) inner *= later.size;
      context.forEach(loc, groups[group].size, 1, [&](Value index) {
        llvm::SmallVector<Value> moved;
        for (auto [first, stride] : llvm::zip_equal(starts, groups[group].strides))
          moved.push_back(context.plusTimes(loc, first, index, stride));
        along(group + 1, context.plusTimes(loc, start, index, inner), moved);
      });
    };
    along(0, context.index(0, loc), llvm::SmallVector<Value>(op.getInputs().size(), context.index(0, loc)));
  });
}

}  // namespace inlay::compiler
