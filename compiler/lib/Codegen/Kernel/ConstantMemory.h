// SPDX-License-Identifier: Apache-2.0
// Where the constants of a network are: in the object, or in the block of weights that its kernels take as an argument.
#ifndef INLAY_CODEGEN_CONSTANTMEMORY_H
#define INLAY_CODEGEN_CONSTANTMEMORY_H

#include "llvm/ADT/MapVector.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace inlay::compiler {

class ConstantMemory {
 public:
  /// The constant is a global of the object.
  void addGlobal(mlir::Value constant, mlir::memref::GlobalOp global) {
    places[constant] = {global, 0, global.getType()};
  }
  /// The constant lies `bytes` behind the beginning of the block, which is argument `weights` of each kernel.
  void addPacked(mlir::Value constant, int64_t bytes, mlir::MemRefType type, size_t weights) {
    places[constant] = {{}, bytes, type};
    argument = static_cast<unsigned>(weights);
  }
  bool contains(mlir::Value constant) const { return places.contains(constant); }
  mlir::MemRefType typeOf(mlir::Value constant) const { return places.find(constant)->second.type; }
  /// Emits the memory of each constant in `kernel`.
  llvm::DenseMap<mlir::Value, mlir::Value> emitIn(mlir::func::FuncOp kernel, mlir::OpBuilder &builder) const {
    llvm::DenseMap<mlir::Value, mlir::Value> memory;
    for (auto &[constant, place] : places) {
      mlir::Location loc = constant.getLoc();
      if (mlir::memref::GlobalOp global = place.global) {
        memory[constant] = builder.create<mlir::memref::GetGlobalOp>(loc, place.type, global.getName());
        continue;
      }
      mlir::Value start = builder.create<mlir::arith::ConstantIndexOp>(loc, place.bytes);
      memory[constant] = builder.create<mlir::memref::ViewOp>(loc, place.type, kernel.getArgument(argument), start,
                                                              mlir::ValueRange());
    }
    return memory;
  }

 private:
  struct Place {
    mlir::memref::GlobalOp global;  // null for a constant in the block
    int64_t bytes = 0;
    mlir::MemRefType type;
  };
  llvm::MapVector<mlir::Value, Place> places;  // in the network's order, so that objects are reproducible
  unsigned argument = 0;
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_CONSTANTMEMORY_H
