// SPDX-License-Identifier: Apache-2.0
// The derivative of each activation as a formula of f32 operations. The activation table has the same derivatives in
// double; the tests compare them. A formula uses the activation's value y where that is exact enough: then only y is
// kept from the forward pass, and the activation stays in the layer's epilogue.
#include "Gradients.h"

namespace inlay::compiler {

using mlir::Value;

namespace {

constexpr double kSeluScale = ::inlay::detail::selu_scale, kSeluAlpha = ::inlay::detail::selu_alpha;
constexpr double kHalfRoot = 0.70710678118654752440;    // sqrt(1/2)
constexpr double kNormalPeak = 0.39894228040143267794;  // 1 / sqrt(2 pi)
constexpr double kErfSlope = 1.1283791670955125739;     // 2 / sqrt(pi)
constexpr double kGeluCubic = 0.044715;

/// exp(min(x, 0) * factor): the slope of an exponential below 0, which must not overflow above.
Value expBelow(Value x, double factor, ActivationOp op, ScalarBuilder &b) {
  Value below = b.select(b.less(x, 0), x, b.number(0));
  return b.apply("exp", b.mul(below, factor), op);
}

}  // namespace

bool readsArgument(ActivationOp op) {
  switch (op.getRow().id) {
    case activation::relu:
    case activation::relu6:
    case activation::sigmoid:
    case activation::tanh:
    case activation::exp:
    case activation::sqrt:
    case activation::rsqrt:
    case activation::reciprocal: return false;
    default: return true;
  }
}

Value gradientOfActivation(ActivationOp op, Value x, Value y, Value dy, ScalarBuilder &b) {
  const auto p0 = static_cast<double>(op.getParameter(0)), p1 = static_cast<double>(op.getParameter(1));
  Value zero = b.number(0), one = b.number(1);
  const auto between = [&](double low, double high, Value at) { return b.both(b.greater(at, low), b.less(at, high)); };
  // A jump has a derivative to train with only if the model asks for one.
  const auto straightThrough = [&](Value fromJump, double asked) -> Value {
    if (asked == 0) return {};
    return b.select(b.compare(ScalarBuilder::Predicate::OLE, b.apply("abs", fromJump), one), dy, zero);
  };
  switch (op.getRow().id) {
    case activation::none: return {};
    case activation::step: return straightThrough(b.sub(x, b.number(p0)), p1);
    case activation::sign: return straightThrough(x, p0);
    case activation::relu: return b.select(b.greater(y, 0), dy, zero);
    case activation::leaky_relu: return b.select(b.greater(x, 0), dy, b.mul(dy, p0));
    case activation::relu6: return b.select(between(0, 6, y), dy, zero);
    case activation::sigmoid: return b.mul(dy, b.mul(y, b.sub(one, y)));
    case activation::tanh: return b.mul(dy, b.sub(one, b.mul(y, y)));
    case activation::softplus: {
      Value scaled = b.mul(x, p0);
      return b.mul(dy, b.select(b.greater(scaled, p1), one, b.apply("sigmoid", scaled, op)));
    }
    case activation::exp: return b.mul(dy, y);
    case activation::elu: return b.mul(dy, b.select(b.greater(x, 0), one, b.mul(expBelow(x, 1, op, b), p0)));
    case activation::selu:
      return b.mul(
          dy, b.select(b.greater(x, 0), b.number(kSeluScale), b.mul(expBelow(x, 1, op, b), kSeluScale * kSeluAlpha)));
    case activation::celu: return b.mul(dy, b.select(b.greater(x, 0), one, expBelow(x, 1 / p0, op, b)));
    case activation::gelu: {
      Value cdf = b.mul(b.add(b.apply("erf", b.mul(x, kHalfRoot), op), one), 0.5);
      Value density = b.mul(b.apply("exp", b.mul(b.mul(x, x), -0.5), op), kNormalPeak);
      return b.mul(dy, b.add(cdf, b.mul(x, density)));
    }
    case activation::gelu_tanh: {
      Value square = b.mul(x, x);
      Value inner = b.mul(x, b.add(one, b.mul(square, kGeluCubic)));
      Value s = b.apply("sigmoid", b.mul(inner, ::inlay::detail::gelu_tanh_factor), op);
      Value slope = b.mul(b.add(one, b.mul(square, 3 * kGeluCubic)), ::inlay::detail::gelu_tanh_factor);
      return b.mul(dy, b.mul(s, b.add(one, b.mul(b.mul(x, b.sub(one, s)), slope))));
    }
    case activation::silu: {
      Value s = b.apply("sigmoid", x, op);
      return b.mul(dy, b.mul(s, b.add(one, b.mul(x, b.sub(one, s)))));
    }
    case activation::mish: {
      Value t = b.apply("tanh", b.apply("softplus", x, op), op), s = b.apply("sigmoid", x, op);
      return b.mul(dy, b.add(t, b.mul(b.mul(x, b.sub(one, b.mul(t, t))), s)));
    }
    case activation::hard_sigmoid: return b.select(between(-3, 3, x), b.mul(dy, 1.0 / 6), zero);
    case activation::hard_swish: {
      Value middle = b.add(b.mul(x, 1.0 / 3), b.number(0.5));
      Value slope = b.select(b.less(x, 3), middle, one);
      return b.mul(dy, b.select(b.greater(x, -3), slope, zero));
    }
    case activation::hard_tanh: return b.select(between(p0, p1, x), dy, zero);
    case activation::clamp: {
      Value above = b.compare(ScalarBuilder::Predicate::OGE, x, b.number(p0));
      Value below = b.compare(ScalarBuilder::Predicate::OLE, x, b.number(p1));
      return b.select(b.both(above, below), dy, zero);
    }
    case activation::threshold: return b.select(b.greater(x, p0), dy, zero);
    case activation::log_sigmoid: return b.mul(dy, b.apply("sigmoid", b.neg(x), op));
    case activation::softsign: {
      Value sum = b.add(one, b.apply("abs", x));
      return b.div(dy, b.mul(sum, sum));
    }
    case activation::log: return b.div(dy, x);
    case activation::sqrt: return b.div(b.mul(dy, 0.5), y);
    case activation::rsqrt: return b.mul(dy, b.mul(b.mul(y, y), b.mul(y, -0.5)));
    case activation::abs: return b.select(b.greater(x, 0), dy, b.select(b.less(x, 0), b.neg(dy), zero));
    case activation::square: return b.mul(dy, b.mul(x, 2));
    case activation::reciprocal: return b.mul(dy, b.neg(b.mul(y, y)));
    case activation::sin: return b.mul(dy, b.apply("cos", x, op));
    case activation::cos: return b.mul(dy, b.neg(b.apply("sin", x, op)));
    case activation::erf: return b.mul(dy, b.mul(b.apply("exp", b.neg(b.mul(x, x)), op), kErfSlope));
  }
  return {};
}

}  // namespace inlay::compiler
