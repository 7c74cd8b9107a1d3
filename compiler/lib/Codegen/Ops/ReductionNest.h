// SPDX-License-Identifier: Apache-2.0
// Loops over a value's elements, divided into runs that are reduced: for reductions and normalisations.
#ifndef INLAY_CODEGEN_REDUCTIONNEST_H
#define INLAY_CODEGEN_REDUCTIONNEST_H

#include "Kernel/KernelContext.h"

namespace inlay::compiler {

/// An axis of a value, and how far its neighbours lie apart: in the value, whose stride is the first, and in operands
/// that go with it (0 in one that repeats its element).
struct NestAxis {
  int64_t size;
  bool reduced;
  llvm::SmallVector<int64_t, 4> strides;
};

/// The elements of one row of a value as runs: a run has all elements along the reduced axes, for one index of the
/// others. If the last axis is reduced, the lanes of a vector are elements of one run. If it is not, they belong to
/// neighbouring runs, and several vectors of them are reduced together.
class ReductionNest {
 public:
  /// Some runs.
  struct Runs {
    llvm::SmallVector<mlir::Value> starts;  // the first element: in the value and in the operands
    int64_t live;                           // how many elements lie side by side; if the lanes are runs, how many runs
  };
  /// What is known about the elements so far: one vector, or several for one that has more than a number.
  using State = llvm::SmallVector<mlir::Value, 2>;
  /// An element's vector: its place in the value, its number in its run, how many lanes are live, and which of the
  /// runs' vectors it belongs to.
  struct Element {
    mlir::Value place, number;
    int64_t live;
    size_t vector;
  };
  using Step = llvm::function_ref<void(State &state, const Element &element)>;
  using Combine = llvm::function_ref<void(State &into, const State &from)>;

  /// `axes` are in the order of the value's memory. Each has `operands` strides.
  ReductionNest(mlir::Location loc, KernelContext &context, llvm::SmallVector<NestAxis> axes, size_t operands);

  /// Whether the lanes are runs.
  bool isAcross() const { return across; }
  int64_t getLanes() const { return lanes; }
  /// Elements of one run.
  int64_t getLength() const { return length; }
  /// Whether all elements lie side by side and belong to one run.
  bool isOneLine() const { return outer.empty() && !across && inner.size() == 1; }
  /// Whether the results of a row follow each other in one loop over the lanes' axis, or are single elements.
  bool isOneGroup() const { return outer.empty(); }

  /// Runs `body` for the runs of a row, or for some vectors of them where the lanes are runs.
  void forEachRuns(llvm::function_ref<void(const Runs &)> body);
  /// Reduces the elements of `runs`, several chains side by side. Returns a state for each vector of runs, or one with
  /// the same number in all lanes.
  llvm::SmallVector<State> reduce(const Runs &runs, const State &initial, Step step, Combine combine);
  /// Runs `body` for all elements of `runs`: places in the value and in the operands, and how many elements lie there
  /// side by side: at most `ways` vectors of `lanes`.
  void forEachElements(const Runs &runs, int64_t ways, int64_t lanes,
                       llvm::function_ref<void(llvm::ArrayRef<mlir::Value> places, int64_t live)> body);

  /// Whether operand `number` has an element for each lane, rather than one for all.
  bool variesByLane(size_t number) const { return lanesAxis.strides[number] != 0; }

 private:
  mlir::Location loc;
  KernelContext &context;
  llvm::SmallVector<NestAxis> outer;   // not reduced, without the lanes' axis
  llvm::SmallVector<NestAxis> inner;   // reduced; the last one is the lanes' axis unless lanes are runs
  llvm::SmallVector<NestAxis> merged;  // the same in as few axes as the value alone needs
  NestAxis lanesAxis;
  bool across;
  int64_t lanes, length = 1;

  llvm::SmallVector<mlir::Value> moved(llvm::ArrayRef<mlir::Value> starts, const NestAxis &axis, mlir::Value index);
  void overAxes(llvm::ArrayRef<NestAxis> axes, llvm::ArrayRef<mlir::Value> starts,
                llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  void overMerged(llvm::ArrayRef<NestAxis> axes, mlir::Value place, mlir::Value number,
                  llvm::SmallVector<mlir::Value> &carried,
                  llvm::function_ref<void(mlir::Value place, mlir::Value number)> body);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_REDUCTIONNEST_H
