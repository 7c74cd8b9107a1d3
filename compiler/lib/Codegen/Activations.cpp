// SPDX-License-Identifier: Apache-2.0
// Binds each row of the activation table to its vector formula.
#include "Inlay/Codegen/Activations.h"

#include "ActivationFormulas.h"

namespace inlay::compiler {

mlir::Value emitActivation(ActivationOp op, mlir::Value x, mlir::OpBuilder &builder, VectorFeatures features) {
  VectorBuilder b(builder, op.getLoc(), features);
  VectorBuilder::Float v{x};
  const float p0 = op.getParameter(0), p1 = op.getParameter(1);
  switch (op.getRow().id) {
    case activation::relu: return formulas::relu(b, v).value;
    case activation::leaky_relu: return formulas::leakyRelu(b, v, p0).value;
    case activation::sigmoid: return formulas::sigmoid(b, v).value;
    case activation::tanh: return formulas::tanh(b, v).value;
    case activation::softplus: return formulas::softplus(b, v, p0, p1).value;
    case activation::step: return formulas::step(b, v, p0).value;
    case activation::exp: return formulas::exp(b, v).value;
    case activation::none: break;
  }
  llvm_unreachable("the verifier admits rows of the activation table only");
}

mlir::Value emitExp(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features) {
  VectorBuilder b(builder, loc, features);
  return formulas::exp(b, VectorBuilder::Float{x}).value;
}

}  // namespace inlay::compiler
