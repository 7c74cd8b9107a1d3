// SPDX-License-Identifier: Apache-2.0
// Binds each row of the activation table to its vector formula.
#include "Inlay/Codegen/Activations.h"

#include "Activations/ActivationFormulas.h"

namespace inlay::compiler {

// The table's constants of selu, rounded once.
static constexpr float kSeluScale = static_cast<float>(inlay::detail::selu_scale);
static constexpr float kSeluScaleAlpha = static_cast<float>(inlay::detail::selu_scale * inlay::detail::selu_alpha);

/// The form of the tier `approximate`, if the row has one and the target has tables.
static std::optional<VectorBuilder::Float> approximate(ActivationOp op, VectorBuilder &b,
                                                       const VectorBuilder::Float &x) {
  if (!op.getApproximate() || !b.has_tables()) return std::nullopt;
  switch (op.getRow().id) {
    case activation::sigmoid: return formulas::approximateSigmoid(b, x);
    case activation::tanh: return formulas::approximateTanh(b, x);
    case activation::exp: return formulas::approximateExp(b, x);
    case activation::gelu: return formulas::approximateGelu(b, x);
    case activation::silu: return formulas::approximateSilu(b, x);
    case activation::erf: return formulas::approximateErf(b, x);
    case activation::softplus:
      // Beyond the table the result is x; below a smaller threshold it is not.
      if (op.getParameter(0) == 1.0f && op.getParameter(1) >= formulas::kSoftplusOf16.limit)
        return formulas::approximateSoftplus(b, x);
      return std::nullopt;
    default: return std::nullopt;
  }
}

VectorBuilder::Vectors emitActivation(ActivationOp op, VectorBuilder::Vectors x, mlir::OpBuilder &builder,
                                      VectorFeatures features) {
  VectorBuilder b(builder, op.getLoc(), features);
  VectorBuilder::Float v{std::move(x)};
  const float p0 = op.getParameter(0), p1 = op.getParameter(1);
  if (auto result = approximate(op, b, v)) return result->vectors;
  const bool fast = op.getFast() || op.getApproximate();  // rows without a `fast` form ignore it
  switch (op.getRow().id) {
    case activation::relu: return formulas::relu(b, v).vectors;
    case activation::leaky_relu: return formulas::leakyRelu(b, v, p0).vectors;
    case activation::sigmoid: return formulas::sigmoid(b, v).vectors;
    case activation::tanh: return formulas::tanh(b, v).vectors;
    case activation::softplus: return formulas::softplus(b, v, p0, p1, fast).vectors;
    case activation::step: return formulas::step(b, v, p0).vectors;
    case activation::exp: return formulas::exp(b, v).vectors;
    case activation::relu6: return formulas::clampTo(b, v, 0, 6).vectors;
    case activation::elu: return formulas::exponentialLinear(b, v, 1, p0, 1).vectors;
    case activation::selu: return formulas::exponentialLinear(b, v, 1, kSeluScaleAlpha, kSeluScale).vectors;
    case activation::celu: return formulas::exponentialLinear(b, v, p0, p0, 1).vectors;
    case activation::gelu: return (fast ? formulas::fastGelu(b, v) : formulas::gelu(b, v)).vectors;
    case activation::gelu_tanh: return formulas::geluTanh(b, v).vectors;
    case activation::silu: return formulas::silu(b, v).vectors;
    case activation::mish: return (fast ? formulas::fastMish(b, v) : formulas::mish(b, v)).vectors;
    case activation::hard_sigmoid: return formulas::hardSigmoid(b, v).vectors;
    case activation::hard_swish: return formulas::hardSwish(b, v).vectors;
    case activation::hard_tanh:
    case activation::clamp: return formulas::clampTo(b, v, p0, p1).vectors;
    case activation::log_sigmoid: return formulas::logSigmoid(b, v, fast).vectors;
    case activation::softsign: return formulas::softsign(b, v).vectors;
    case activation::log: return formulas::log(b, v).vectors;
    case activation::sqrt: return (fast ? formulas::fastSqrt(b, v) : formulas::sqrt(b, v)).vectors;
    case activation::rsqrt: return (fast ? formulas::fastRsqrt(b, v) : formulas::rsqrt(b, v)).vectors;
    case activation::abs: return b.abs(v).vectors;
    case activation::sign: return formulas::sign(b, v).vectors;
    case activation::square: return b.mul(v, v).vectors;
    case activation::reciprocal: return (fast ? formulas::fastReciprocal(b, v) : formulas::reciprocal(b, v)).vectors;
    case activation::sin: return formulas::sin(b, v).vectors;
    case activation::cos: return formulas::cos(b, v).vectors;
    case activation::erf: return formulas::erf(b, v).vectors;
    case activation::threshold: return b.select(b.le(v, b.constant(p0)), b.constant(p1), v).vectors;
    case activation::none: break;
  }
  llvm_unreachable("the verifier admits rows of the activation table only");
}

static bool isCostly(ActivationOp op) {
  switch (op.getRow().id) {
    case activation::relu:
    case activation::leaky_relu:
    case activation::step:
    case activation::relu6:
    case activation::hard_tanh:
    case activation::clamp:
    case activation::abs:
    case activation::sign:
    case activation::square:
    case activation::threshold: return false;
    default: return true;
  }
}

bool isCostly(mlir::Region &program) {
  return llvm::any_of(program.getOps<ActivationOp>(), [](ActivationOp op) { return isCostly(op); });
}

bool runsInHalfRegisters(mlir::Region &program) {
  return llvm::all_of(program.getOps<ActivationOp>(), [](ActivationOp op) {
    const auto id = op.getRow().id;
    return !isCostly(op) ||
           (!op.getApproximate() && (id == activation::tanh || id == activation::erf || id == activation::sigmoid));
  });
}

mlir::Value emitExp(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features) {
  VectorBuilder b(builder, loc, features);
  return formulas::expOfAny(b, VectorBuilder::Float{{x}}).vectors.front();
}

mlir::Value emitLog(mlir::Value x, mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features) {
  VectorBuilder b(builder, loc, features);
  return formulas::log(b, VectorBuilder::Float{{x}}).vectors.front();
}

}  // namespace inlay::compiler
