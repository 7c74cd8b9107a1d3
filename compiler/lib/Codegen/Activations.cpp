// SPDX-License-Identifier: Apache-2.0
// Binds each row of the activation table to its vector formula.
#include "Inlay/Codegen/Activations.h"

#include "ActivationFormulas.h"

namespace inlay::compiler {

// The table's constants of selu, rounded once.
static constexpr float kSeluScale = static_cast<float>(inlay::detail::selu_scale);
static constexpr float kSeluScaleAlpha = static_cast<float>(inlay::detail::selu_scale * inlay::detail::selu_alpha);

mlir::Value emitActivation(ActivationOp op, mlir::Value x, mlir::OpBuilder &builder, VectorFeatures features) {
  VectorBuilder b(builder, op.getLoc(), features);
  VectorBuilder::Float v{x};
  const float p0 = op.getParameter(0), p1 = op.getParameter(1);
  const bool fast = op.getFast();  // rows without a `fast` form ignore it
  switch (op.getRow().id) {
    case activation::relu: return formulas::relu(b, v).value;
    case activation::leaky_relu: return formulas::leakyRelu(b, v, p0).value;
    case activation::sigmoid: return (fast ? formulas::fastSigmoid(b, v) : formulas::sigmoid(b, v)).value;
    case activation::tanh: return formulas::tanh(b, v).value;
    case activation::softplus: return formulas::softplus(b, v, p0, p1).value;
    case activation::step: return formulas::step(b, v, p0).value;
    case activation::exp: return formulas::exp(b, v).value;
    case activation::relu6: return formulas::clampTo(b, v, 0, 6).value;
    case activation::elu: return formulas::exponentialLinear(b, v, 1, p0, 1).value;
    case activation::selu: return formulas::exponentialLinear(b, v, 1, kSeluScaleAlpha, kSeluScale).value;
    case activation::celu: return formulas::exponentialLinear(b, v, p0, p0, 1).value;
    case activation::gelu: return formulas::gelu(b, v).value;
    case activation::gelu_tanh: return formulas::geluTanh(b, v).value;
    case activation::silu: return (fast ? formulas::fastSilu(b, v) : formulas::silu(b, v)).value;
    case activation::mish: return formulas::mish(b, v).value;
    case activation::hard_sigmoid: return formulas::hardSigmoid(b, v).value;
    case activation::hard_swish: return formulas::hardSwish(b, v).value;
    case activation::hard_tanh:
    case activation::clamp: return formulas::clampTo(b, v, p0, p1).value;
    case activation::log_sigmoid: return formulas::logSigmoid(b, v).value;
    case activation::softsign: return formulas::softsign(b, v).value;
    case activation::log: return formulas::log(b, v).value;
    case activation::sqrt: return formulas::sqrt(b, v).value;
    case activation::rsqrt: return formulas::rsqrt(b, v).value;
    case activation::abs: return b.abs(v).value;
    case activation::sign: return formulas::sign(b, v).value;
    case activation::square: return b.mul(v, v).value;
    case activation::reciprocal: return b.div(b.constant(1.0f), v).value;
    case activation::sin: return formulas::sin(b, v).value;
    case activation::cos: return formulas::cos(b, v).value;
    case activation::erf: return formulas::erf(b, v).value;
    case activation::threshold: return b.select(b.le(v, b.constant(p0)), b.constant(p1), v).value;
    case activation::none: break;
  }
  llvm_unreachable("the verifier admits rows of the activation table only");
}

mlir::Value emitExp(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features) {
  VectorBuilder b(builder, loc, features);
  return formulas::exp(b, VectorBuilder::Float{x}).value;
}

mlir::Value emitLog(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features) {
  VectorBuilder b(builder, loc, features);
  return formulas::log(b, VectorBuilder::Float{x}).value;
}

}  // namespace inlay::compiler
