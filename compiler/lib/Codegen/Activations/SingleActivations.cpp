// SPDX-License-Identifier: Apache-2.0
// Activations of a single element, such as the result of a layer with one output. Nothing runs beside it, so its time
// is the longest chain of dependent operations. The chain is short in double, where only the last rounding matters, and
// with a table in memory, which needs only an address.
#include <array>
#include <bit>

#include "Inlay/Codegen/Activations.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Value;
using Predicate = arith::CmpFPredicate;

namespace {

/// 2^(i / 64), within 2^-46, by repeated multiplication. The bit patterns are biased so that adding n 2^46 to pattern
/// n mod 64 gives 2^(n / 64).
struct PowersOfTwo {
  static constexpr int64_t kCount = 64;
  std::array<int64_t, kCount> patterns{};
  constexpr PowersOfTwo() {
    double power = 1;
    for (int64_t i = 0; i < kCount; ++i, power *= 0x1.02c9a3e778061p0)
      patterns[static_cast<size_t>(i)] = std::bit_cast<int64_t>(power) - (i << 46);
  }
};
constexpr PowersOfTwo kPowersOfTwo;

/// Scalar arithmetic in double.
class DoubleBuilder {
 public:
  DoubleBuilder(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  Value constant(double number) {
    return builder.create<arith::ConstantFloatOp>(loc, llvm::APFloat(number), builder.getF64Type());
  }
  Value integer(int64_t number) { return builder.create<arith::ConstantIntOp>(loc, number, 64); }
  template <class Op>
  Value apply(Value a, Value b) {
    return builder.create<Op>(loc, a, b);
  }
  /// a b + c, fused if the hardware can do that.
  Value fma(Value a, Value b, Value c) {
    auto type = mlir::VectorType::get({1}, builder.getF64Type());
    const auto vector = [&](Value x) -> Value { return builder.create<mlir::vector::BroadcastOp>(loc, type, x); };
    Value sum = builder.create<mlir::vector::FMAOp>(loc, vector(a), vector(b), vector(c));
    return builder.create<mlir::vector::ExtractOp>(loc, sum, 0);
  }
  /// x clamped to [-limit, limit]; NaN stays.
  Value clamp(Value x, double limit) {
    const auto pick = [&](Predicate predicate, double bound) {
      Value other = constant(bound), beyond = builder.create<arith::CmpFOp>(loc, predicate, other, x);
      x = builder.create<arith::SelectOp>(loc, beyond, other, x);
    };
    pick(Predicate::OGT, -limit);
    pick(Predicate::OLT, limit);
    return x;
  }
  Value widen(Value x) { return builder.create<arith::ExtFOp>(loc, builder.getF64Type(), x); }
  Value narrow(Value x) { return builder.create<arith::TruncFOp>(loc, builder.getF32Type(), x); }

  /// 2^(n / 64) for t = n + 1.5 * 2^52, whose low bits are n.
  Value powerOfTwo(Value t) {
    Value bits = builder.create<arith::BitcastOp>(loc, builder.getI64Type(), t);
    Value place = builder.create<arith::IndexCastOp>(loc, builder.getIndexType(),
                                                     apply<arith::AndIOp>(bits, integer(PowersOfTwo::kCount - 1)));
    Value pattern = builder.create<mlir::memref::LoadOp>(loc, table(), place);
    Value sum = apply<arith::AddIOp>(pattern, apply<arith::ShLIOp>(bits, integer(46)));
    return builder.create<arith::BitcastOp>(loc, builder.getF64Type(), sum);
  }

 private:
  mlir::OpBuilder &builder;
  mlir::Location loc;

  Value table() {
    constexpr llvm::StringLiteral name = ".powers_of_two";  // no network's constant begins with a dot
    auto module = builder.getInsertionBlock()->getParentOp()->getParentOfType<mlir::ModuleOp>();
    auto type = mlir::MemRefType::get({PowersOfTwo::kCount}, builder.getI64Type());
    if (!module.lookupSymbol(name)) {
      mlir::OpBuilder atEnd = mlir::OpBuilder::atBlockEnd(module.getBody());
      auto tensor = mlir::RankedTensorType::get({PowersOfTwo::kCount}, builder.getI64Type());
      auto values = mlir::DenseElementsAttr::get(tensor, llvm::ArrayRef<int64_t>(kPowersOfTwo.patterns));
      atEnd.create<mlir::memref::GlobalOp>(loc, name, builder.getStringAttr("private"), type, values,
                                           /*constant=*/true, builder.getI64IntegerAttr(64));
    }
    return builder.create<mlir::memref::GetGlobalOp>(loc, type, name);
  }
};

/// 1 / (1 + exp(-x)), -x = n ln2 / 64 + r.
Value sigmoid(DoubleBuilder &b, Value x) {
  Value magic = b.constant(0x1.8p52);
  // Beyond +-110 the result is 0 or 1.
  x = b.clamp(b.widen(x), 110);
  Value t = b.fma(x, b.constant(-0x1.71547652b82fep6), magic), n = b.apply<arith::SubFOp>(t, magic);
  Value r = b.fma(n, b.constant(-0x1.62e42fefa39efp-7), b.apply<arith::SubFOp>(b.constant(-0.0), x));
  // Sollya: fpminimax(exp(x), 2, [|D...|], [-0.0054153;0.0054153], floating, absolute); error 2^-27.
  Value exp = b.fma(r, b.fma(r, b.constant(0x1.0000334001b24p-1), b.constant(0x1.00003d8003455p0)),
                    b.constant(0x1.ffffffffec4dp-1));
  Value one = b.constant(1);
  return b.narrow(b.apply<arith::DivFOp>(one, b.fma(b.powerOfTwo(t), exp, one)));
}

}  // namespace

bool hasSingleForm(ActivationOp op) { return op.getRow().id == activation::sigmoid; }

Value emitSingleActivation(ActivationOp op, Value x, mlir::OpBuilder &builder) {
  DoubleBuilder b(builder, op.getLoc());
  return sigmoid(b, x);
}

}  // namespace inlay::compiler
