// SPDX-License-Identifier: Apache-2.0
// Vector arithmetic as the activation formulas see it.
#include "Inlay/Codegen/VectorBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace LLVM = mlir::LLVM;
using mlir::Value;
using Predicate = arith::CmpFPredicate;

VectorBuilder::VectorBuilder(mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features)
    : builder(builder),
      loc(loc),
      features(features),
      floats(mlir::VectorType::get({features.lanes}, builder.getF32Type())),
      ints(mlir::VectorType::get({features.lanes}, builder.getI32Type())) {}

Value VectorBuilder::splat(mlir::TypedAttr element, mlir::VectorType type) {
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(type, mlir::Attribute(element)));
}

VectorBuilder::Float VectorBuilder::constant(float number) { return {splat(builder.getF32FloatAttr(number), floats)}; }
VectorBuilder::Int VectorBuilder::constant_int(int32_t number) {
  return {splat(builder.getI32IntegerAttr(number), ints)};
}

VectorBuilder::Float VectorBuilder::add(Float a, Float b) {
  return {builder.create<arith::AddFOp>(loc, a.value, b.value)};
}
VectorBuilder::Float VectorBuilder::sub(Float a, Float b) {
  return {builder.create<arith::SubFOp>(loc, a.value, b.value)};
}
VectorBuilder::Float VectorBuilder::mul(Float a, Float b) {
  return {builder.create<arith::MulFOp>(loc, a.value, b.value)};
}
VectorBuilder::Float VectorBuilder::div(Float a, Float b) {
  return {builder.create<arith::DivFOp>(loc, a.value, b.value)};
}
VectorBuilder::Float VectorBuilder::fma(Float a, Float b, Float c) {
  if (features.fma) return {builder.create<mlir::vector::FMAOp>(loc, a.value, b.value, c.value)};
  // In double the product is exact and the sum is rounded far below f32's last bit: slower, but what the formulas
  // rely on.
  auto doubles = mlir::VectorType::get({features.lanes}, builder.getF64Type());
  auto widen = [&](Float x) -> Value { return builder.create<arith::ExtFOp>(loc, doubles, x.value); };
  Value product = builder.create<arith::MulFOp>(loc, widen(a), widen(b));
  Value sum = builder.create<arith::AddFOp>(loc, product, widen(c));
  return {builder.create<arith::TruncFOp>(loc, floats, sum)};
}
VectorBuilder::Float VectorBuilder::neg(Float a) { return {builder.create<arith::NegFOp>(loc, a.value)}; }
VectorBuilder::Float VectorBuilder::abs(Float a) {
  return bitcast_float(bit_and(bitcast_int(a), constant_int(0x7fffffff)));
}
VectorBuilder::Float VectorBuilder::copysign(Float magnitude, Float sign) {
  Int bit = bit_and(bitcast_int(sign), constant_int(std::numeric_limits<int32_t>::min()));
  return bitcast_float(bit_or(bitcast_int(abs(magnitude)), bit));
}
VectorBuilder::Float VectorBuilder::sqrt(Float a) { return {builder.create<LLVM::SqrtOp>(loc, floats, a.value)}; }
// The comparison and the select become one vminps or vmaxps.
VectorBuilder::Float VectorBuilder::min(Float a, Float b) { return select(lt(a, b), a, b); }
VectorBuilder::Float VectorBuilder::max(Float a, Float b) { return select(gt(a, b), a, b); }

Value VectorBuilder::compare(Predicate predicate, Value a, Value b) {
  return builder.create<arith::CmpFOp>(loc, predicate, a, b);
}
VectorBuilder::Mask VectorBuilder::lt(Float a, Float b) { return {compare(Predicate::OLT, a.value, b.value)}; }
VectorBuilder::Mask VectorBuilder::le(Float a, Float b) { return {compare(Predicate::OLE, a.value, b.value)}; }
VectorBuilder::Mask VectorBuilder::gt(Float a, Float b) { return {compare(Predicate::OGT, a.value, b.value)}; }
VectorBuilder::Mask VectorBuilder::eq(Float a, Float b) { return {compare(Predicate::OEQ, a.value, b.value)}; }
VectorBuilder::Mask VectorBuilder::is_nan(Float a) { return {compare(Predicate::UNO, a.value, a.value)}; }

VectorBuilder::Float VectorBuilder::select(Mask condition, Float yes, Float no) {
  return {builder.create<arith::SelectOp>(loc, condition.value, yes.value, no.value)};
}

VectorBuilder::Int VectorBuilder::add(Int a, Int b) { return {builder.create<arith::AddIOp>(loc, a.value, b.value)}; }
VectorBuilder::Int VectorBuilder::sub(Int a, Int b) { return {builder.create<arith::SubIOp>(loc, a.value, b.value)}; }
VectorBuilder::Int VectorBuilder::bit_and(Int a, Int b) {
  return {builder.create<arith::AndIOp>(loc, a.value, b.value)};
}
VectorBuilder::Int VectorBuilder::bit_or(Int a, Int b) { return {builder.create<arith::OrIOp>(loc, a.value, b.value)}; }
VectorBuilder::Int VectorBuilder::bit_xor(Int a, Int b) {
  return {builder.create<arith::XOrIOp>(loc, a.value, b.value)};
}
VectorBuilder::Int VectorBuilder::shl(Int a, int amount) {
  return {builder.create<arith::ShLIOp>(loc, a.value, constant_int(amount).value)};
}
VectorBuilder::Int VectorBuilder::shr_arithmetic(Int a, int amount) {
  return {builder.create<arith::ShRSIOp>(loc, a.value, constant_int(amount).value)};
}
VectorBuilder::Mask VectorBuilder::eq(Int a, Int b) {
  return {builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a.value, b.value)};
}

VectorBuilder::Int VectorBuilder::bitcast_int(Float a) {
  return {builder.create<arith::BitcastOp>(loc, ints, a.value)};
}
VectorBuilder::Float VectorBuilder::bitcast_float(Int a) {
  return {builder.create<arith::BitcastOp>(loc, floats, a.value)};
}

Value VectorBuilder::integer(unsigned bits, int64_t number) {
  mlir::IntegerType type = builder.getIntegerType(bits);
  return builder.create<LLVM::ConstantOp>(loc, type, builder.getIntegerAttr(type, number));
}

VectorBuilder::Float VectorBuilder::intrinsic(llvm::StringRef name, llvm::ArrayRef<Value> operands) {
  auto none = LLVM::FastmathFlagsAttr::get(builder.getContext(), LLVM::FastmathFlags::none);
  return {builder
              .create<LLVM::CallIntrinsicOp>(loc, floats, builder.getStringAttr(("llvm.x86.avx512." + name).str()),
                                             mlir::ValueRange(operands), none)
              .getResult(0)};
}

// The masked intrinsics take a pass-through vector, a mask, here full, and most a rounding mode: 4, the current one.
static constexpr int64_t kFullMask = -1, kCurrentRounding = 4;

VectorBuilder::Float VectorBuilder::scalef(Float x, Float exponent) {
  return intrinsic("mask.scalef.ps.512",
                   {x.value, exponent.value, x.value, integer(16, kFullMask), integer(32, kCurrentRounding)});
}

Value VectorBuilder::vectorOf(llvm::ArrayRef<float> numbers) {
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(floats, numbers));
}

VectorBuilder::Float VectorBuilder::lookup(const float (&table)[16], Int index) {
  return intrinsic("permvar.sf.512", {vectorOf(table), index.value});
}

VectorBuilder::Float VectorBuilder::lookup(const float (&table)[32], Int index) {
  const llvm::ArrayRef<float> all(table);
  return intrinsic("vpermi2var.ps.512", {vectorOf(all.take_front(16)), index.value, vectorOf(all.drop_front(16))});
}

VectorBuilder::Float VectorBuilder::exponent(Float x) {
  return intrinsic("mask.getexp.ps.512", {x.value, x.value, integer(16, kFullMask), integer(32, kCurrentRounding)});
}

VectorBuilder::Float VectorBuilder::mantissa(Float x) {
  // Interval [3/4, 3/2) is number 3; sign control 2 makes negative numbers NaN.
  return intrinsic("mask.getmant.ps.512",
                   {x.value, integer(32, 3 | 2 << 2), x.value, integer(16, kFullMask), integer(32, kCurrentRounding)});
}

VectorBuilder::Float VectorBuilder::rsqrt_estimate(Float x) {
  return intrinsic("rsqrt14.ps.512", {x.value, x.value, integer(16, kFullMask)});
}

VectorBuilder::Float VectorBuilder::reciprocal_estimate(Float x) {
  if (!has_avx512()) return div(constant(1.0f), x);
  return intrinsic("rcp14.ps.512", {x.value, x.value, integer(16, kFullMask)});
}

}  // namespace inlay::compiler
