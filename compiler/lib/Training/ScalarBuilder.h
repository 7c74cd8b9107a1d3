// SPDX-License-Identifier: Apache-2.0
// Scalar arithmetic for the formulas of gradients, and maps made of it.
#ifndef INLAY_TRAINING_SCALARBUILDER_H
#define INLAY_TRAINING_SCALARBUILDER_H

#include "Inlay/Dialect/InlayDialect.h"

namespace inlay::compiler {

/// Emits f32 arithmetic of a map's program.
class ScalarBuilder {
 public:
  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpFPredicate;

  ScalarBuilder(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  Value number(double value) {
    return builder.create<mlir::arith::ConstantOp>(loc, builder.getF32FloatAttr(static_cast<float>(value)));
  }
  Value add(Value a, Value b) { return builder.create<mlir::arith::AddFOp>(loc, a, b); }
  Value sub(Value a, Value b) { return builder.create<mlir::arith::SubFOp>(loc, a, b); }
  Value mul(Value a, Value b) { return builder.create<mlir::arith::MulFOp>(loc, a, b); }
  Value mul(Value a, double b) { return mul(a, number(b)); }
  Value div(Value a, Value b) { return builder.create<mlir::arith::DivFOp>(loc, a, b); }
  Value neg(Value a) { return mul(a, -1); }
  Value select(Value condition, Value yes, Value no) {
    return builder.create<mlir::arith::SelectOp>(loc, condition, yes, no);
  }
  Value both(Value a, Value b) { return builder.create<mlir::arith::AndIOp>(loc, a, b); }
  Value compare(Predicate predicate, Value a, Value b) {
    return builder.create<mlir::arith::CmpFOp>(loc, predicate, a, b);
  }
  Value greater(Value a, double b) { return compare(Predicate::OGT, a, number(b)); }
  Value less(Value a, double b) { return compare(Predicate::OLT, a, number(b)); }
  /// `function` of the activation table with its default parameters, at the tier of `like` where that is given.
  Value apply(llvm::StringRef function, Value x, ActivationOp like = {}) {
    return builder.create<ActivationOp>(loc, builder.getF32Type(), function, x, llvm::ArrayRef<float>(),
                                        like && like.getFast(), like && like.getApproximate());
  }

 private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

/// A map of `type` over `inputs`, whose program `body` writes.
mlir::Value createMap(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, mlir::ValueRange inputs,
                      llvm::function_ref<mlir::Value(ScalarBuilder &, mlir::ValueRange)> body);

}  // namespace inlay::compiler

#endif  // INLAY_TRAINING_SCALARBUILDER_H
