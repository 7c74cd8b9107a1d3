// SPDX-License-Identifier: Apache-2.0
// Vector arithmetic as the activation formulas see it.
#include "Inlay/Codegen/VectorBuilder.h"

#include <cassert>

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace LLVM = mlir::LLVM;
using mlir::Value;
using Predicate = arith::CmpFPredicate;
using Vectors = VectorBuilder::Vectors;

VectorBuilder::VectorBuilder(mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features)
    : builder(builder),
      loc(loc),
      features(features),
      floats(mlir::VectorType::get({features.lanes}, builder.getF32Type())),
      ints(mlir::VectorType::get({features.lanes}, builder.getI32Type())) {}

Value VectorBuilder::splat(mlir::TypedAttr element, mlir::VectorType type) {
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(type, mlir::Attribute(element)));
}

/// One result for each vector of the operands. An operand with one vector, such as a constant, is used for all results.
template <class Emit, class... Operand>
static Vectors each(Emit emit, const Operand &...operand) {
  Vectors results;
  const size_t count = std::max({operand.vectors.size()...});
  for (size_t i = 0; i < count; ++i) results.push_back(emit(operand.vectors[operand.vectors.size() == 1 ? 0 : i]...));
  return results;
}

VectorBuilder::Float VectorBuilder::constant(float number) {
  return {{splat(builder.getF32FloatAttr(number), floats)}};
}
VectorBuilder::Int VectorBuilder::constant_int(int32_t number) {
  return {{splat(builder.getI32IntegerAttr(number), ints)}};
}

template <class Op, class... Operand>
Vectors VectorBuilder::apply(const Operand &...operand) {
  return each([&](auto... v) -> Value { return builder.create<Op>(loc, v...); }, operand...);
}

template <class Op, class... Operand>
Vectors VectorBuilder::applyTo(mlir::Type result, const Operand &...operand) {
  return each([&](auto... v) -> Value { return builder.create<Op>(loc, result, v...); }, operand...);
}

VectorBuilder::Float VectorBuilder::add(Float a, Float b) { return {apply<arith::AddFOp>(a, b)}; }
VectorBuilder::Float VectorBuilder::sub(Float a, Float b) { return {apply<arith::SubFOp>(a, b)}; }
VectorBuilder::Float VectorBuilder::mul(Float a, Float b) { return {apply<arith::MulFOp>(a, b)}; }
VectorBuilder::Float VectorBuilder::div(Float a, Float b) { return {apply<arith::DivFOp>(a, b)}; }
VectorBuilder::Float VectorBuilder::fma(Float a, Float b, Float c) {
  if (features.fma) return {apply<mlir::vector::FMAOp>(a, b, c)};
  // In double the product is exact and the sum is rounded far below f32's last bit: slower, but what the formulas
  // rely on.
  auto doubles = mlir::VectorType::get({features.lanes}, builder.getF64Type());
  auto widen = [&](const Float &x) { return Float{applyTo<arith::ExtFOp>(doubles, x)}; };
  Float product{apply<arith::MulFOp>(widen(a), widen(b))};
  return {applyTo<arith::TruncFOp>(floats, Float{apply<arith::AddFOp>(product, widen(c))})};
}
VectorBuilder::Float VectorBuilder::neg(Float a) { return {apply<arith::NegFOp>(a)}; }
VectorBuilder::Float VectorBuilder::abs(Float a) {
  return bitcast_float(bit_and(bitcast_int(a), constant_int(0x7fffffff)));
}
VectorBuilder::Float VectorBuilder::copysign(Float magnitude, Float sign) {
  return {applyTo<LLVM::CopySignOp>(floats, magnitude, sign)};
}
VectorBuilder::Float VectorBuilder::sqrt(Float a) { return {applyTo<LLVM::SqrtOp>(floats, a)}; }
VectorBuilder::Float VectorBuilder::limited_magnitude(Float x, float limit) {
  return has_avx512() ? smaller_magnitude(x, limit, 2) : min(constant(limit), abs(x));  // 2: no sign
}
VectorBuilder::Float VectorBuilder::limited_below(Float x, float limit) {
  return has_avx512() ? smaller_magnitude(x, limit, 3) : max(constant(-limit), neg(abs(x)));  // 3: the sign set
}
VectorBuilder::Float VectorBuilder::smaller_magnitude(Float x, float limit, int64_t sign) {
  Value control = integer(32, 2 | sign << 2), bound = constant(limit).vectors.front();
  return {each([&](Value v) { return masked("range.ps", {v, bound, control, v}); }, x)};
}
// The comparison and the select become one vminps or vmaxps.
VectorBuilder::Float VectorBuilder::min(Float a, Float b) { return select(lt(a, b), a, b); }
VectorBuilder::Float VectorBuilder::max(Float a, Float b) { return select(gt(a, b), a, b); }

VectorBuilder::Mask VectorBuilder::compare(Predicate predicate, const Float &a, const Float &b) {
  return {each([&](Value x, Value y) -> Value { return builder.create<arith::CmpFOp>(loc, predicate, x, y); }, a, b)};
}
VectorBuilder::Mask VectorBuilder::lt(Float a, Float b) { return compare(Predicate::OLT, a, b); }
VectorBuilder::Mask VectorBuilder::le(Float a, Float b) { return compare(Predicate::OLE, a, b); }
VectorBuilder::Mask VectorBuilder::gt(Float a, Float b) { return compare(Predicate::OGT, a, b); }
VectorBuilder::Mask VectorBuilder::ge(Float a, Float b) { return compare(Predicate::OGE, a, b); }
VectorBuilder::Mask VectorBuilder::is_nan(Float a) { return compare(Predicate::UNO, a, a); }

VectorBuilder::Float VectorBuilder::select(Mask condition, Float yes, Float no) {
  return {apply<arith::SelectOp>(condition, yes, no)};
}

VectorBuilder::Int VectorBuilder::add(Int a, Int b) { return {apply<arith::AddIOp>(a, b)}; }
VectorBuilder::Int VectorBuilder::sub(Int a, Int b) { return {apply<arith::SubIOp>(a, b)}; }
VectorBuilder::Int VectorBuilder::max(Int a, Int b) { return {apply<arith::MaxSIOp>(a, b)}; }
VectorBuilder::Int VectorBuilder::bit_and(Int a, Int b) { return {apply<arith::AndIOp>(a, b)}; }
VectorBuilder::Int VectorBuilder::bit_xor(Int a, Int b) { return {apply<arith::XOrIOp>(a, b)}; }
VectorBuilder::Int VectorBuilder::shl(Int a, int amount) { return {apply<arith::ShLIOp>(a, constant_int(amount))}; }
VectorBuilder::Int VectorBuilder::shr_arithmetic(Int a, int amount) {
  return {apply<arith::ShRSIOp>(a, constant_int(amount))};
}
VectorBuilder::Mask VectorBuilder::eq(Int a, Int b) {
  auto equal = [&](Value x, Value y) -> Value {
    return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, x, y);
  };
  return {each(equal, a, b)};
}

VectorBuilder::Float VectorBuilder::to_float(Int a) { return {applyTo<arith::SIToFPOp>(floats, a)}; }

VectorBuilder::Int VectorBuilder::bitcast_int(Float a) { return {applyTo<arith::BitcastOp>(ints, a)}; }
VectorBuilder::Float VectorBuilder::bitcast_float(Int a) { return {applyTo<arith::BitcastOp>(floats, a)}; }

// AVX2 compares signed integers only. So [first, first + count) is moved to the smallest of them.
constexpr uint32_t kSmallest = 0x80000000;

VectorBuilder::Mask VectorBuilder::outside(Float x, uint32_t first, uint32_t count) {
  Int place = sub(bitcast_int(x), constant_int(static_cast<int32_t>(first + kSmallest)));
  auto beyond = [&](Value v, Value last) -> Value {
    return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sgt, v, last);
  };
  return {each(beyond, place, constant_int(static_cast<int32_t>(count - 1 + kSmallest)))};
}

VectorBuilder::Mask VectorBuilder::any_greater(Int x, int32_t last) {
  Value largest = x.vectors.front();
  for (Value v : llvm::drop_begin(x.vectors)) largest = builder.create<arith::MaxSIOp>(loc, largest, v);
  return {{builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sgt, largest, constant_int(last).vectors.front())}};
}

VectorBuilder::Mask VectorBuilder::any_outside(Float x, uint32_t first, uint32_t count) {
  return any_greater(sub(bitcast_int(x), constant_int(static_cast<int32_t>(first + kSmallest))),
                     static_cast<int32_t>(count - 1 + kSmallest));
}

VectorBuilder::Mask VectorBuilder::any_above(Float magnitude, float limit) {
  // Without a sign, floats have the order of their bits.
  return any_greater(bitcast_int(magnitude), std::bit_cast<int32_t>(limit));
}

VectorBuilder::Mask VectorBuilder::any_far_from_one(Float x) {
  // The two upper bits of the exponent differ for these magnitudes. Adding 3 to the two bits sets the upper one, which
  // is below the sign, unless they differ.
  Int sum = add(bitcast_int(x), constant_int(0x60000000));
  Value all = sum.vectors.front();
  for (Value v : llvm::drop_begin(sum.vectors)) all = builder.create<arith::OrIOp>(loc, all, v);
  Value upper = bit_and(Int{{all}}, constant_int(0x40000000)).vectors.front(), none = constant_int(0).vectors.front();
  return {{builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, upper, none)}};
}

VectorBuilder::Float VectorBuilder::unless_any(Mask unusual, llvm::function_ref<Float()> usual,
                                               llvm::function_ref<Float()> rare) {
  Value lanes = unusual.vectors.front();
  for (Value other : llvm::drop_begin(unusual.vectors)) lanes = builder.create<arith::OrIOp>(loc, lanes, other);
  Value any = builder.create<mlir::vector::ReductionOp>(loc, mlir::vector::CombiningKind::OR, lanes);
  Value unlikely = builder.create<LLVM::ExpectOp>(loc, any, integer(1, 0));
  // The bodies emit through `builder`, so it moves into them.
  mlir::OpBuilder::InsertionGuard guard(builder);
  auto body = [&](llvm::function_ref<Float()> emit) {
    return [this, emit](mlir::OpBuilder &inside, mlir::Location at) {
      builder.setInsertionPoint(inside.getInsertionBlock(), inside.getInsertionPoint());
      Vectors results = emit().vectors;
      builder.create<mlir::scf::YieldOp>(at, mlir::ValueRange(results));
    };
  };
  auto choice = builder.create<mlir::scf::IfOp>(loc, unlikely, body(rare), body(usual));
  return {Vectors(choice.getResults())};
}

VectorBuilder::Float VectorBuilder::coarse_reciprocal(Float x) {
  return {each([&](Value v) { return intrinsic("avx.rcp.ps.256", {v}); }, x)};
}
VectorBuilder::Float VectorBuilder::coarse_rsqrt(Float x) {
  return {each([&](Value v) { return intrinsic("avx.rsqrt.ps.256", {v}); }, x)};
}

Value VectorBuilder::integer(unsigned bits, int64_t number) {
  mlir::IntegerType type = builder.getIntegerType(bits);
  return builder.create<LLVM::ConstantOp>(loc, type, builder.getIntegerAttr(type, number));
}

Value VectorBuilder::intrinsic(llvm::StringRef name, llvm::ArrayRef<Value> operands) {
  auto none = LLVM::FastmathFlagsAttr::get(builder.getContext(), LLVM::FastmathFlags::none);
  return builder
      .create<LLVM::CallIntrinsicOp>(loc, operands.front().getType(), builder.getStringAttr(("llvm.x86." + name).str()),
                                     mlir::ValueRange(operands), none)
      .getResult(0);
}

Value VectorBuilder::vectorOf(llvm::ArrayRef<float> numbers) {
  auto type = mlir::VectorType::get({static_cast<int64_t>(numbers.size())}, builder.getF32Type());
  return builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(type, numbers));
}

Value VectorBuilder::fullMask() { return integer(static_cast<unsigned>(features.lanes), -1); }

Value VectorBuilder::masked(const char *name, llvm::SmallVector<Value> operands) {
  operands.push_back(fullMask());
  constexpr int64_t currentRounding = 4;
  if (features.lanes == 16) operands.push_back(integer(32, currentRounding));
  return intrinsic(("avx512.mask." + llvm::Twine(name) + "." + llvm::Twine(32 * features.lanes)).str(), operands);
}

Value VectorBuilder::estimate(const char *name, Value x) {
  return intrinsic(("avx512." + llvm::Twine(name) + ".ps." + llvm::Twine(32 * features.lanes)).str(),
                   {x, x, fullMask()});
}

VectorBuilder::Float VectorBuilder::scalef(Float x, Float exponent) {
  return {each([&](Value v, Value n) { return masked("scalef.ps", {v, n, v}); }, x, exponent)};
}

VectorBuilder::Float VectorBuilder::lookup(const LaneTable &table, Int index) {
  return has_avx512() ? lookup(table.of16, index) : lookup(table.of8, index);
}

VectorBuilder::Float VectorBuilder::lookup(const float (&table)[8], Int index) {
  Value all = vectorOf(table);
  return {each([&](Value i) { return intrinsic("avx2.permps", {all, i}); }, index)};
}

VectorBuilder::Float VectorBuilder::pick(Int index, llvm::function_ref<Value(Value)> from) {
  if (features.lanes == 16) return {each(from, index)};
  // Eight lanes are the lower half of a register. What the upper half looks up is dropped, so its indices may be
  // anything.
  Value any = builder.create<LLVM::UndefOp>(loc, mlir::VectorType::get({16}, builder.getI32Type()));
  return {each(
      [&](Value i) -> Value {
        Value all = builder.create<mlir::vector::InsertStridedSliceOp>(loc, i, any, 0, 1);
        return builder.create<mlir::vector::ExtractStridedSliceOp>(loc, from(all), 0, features.lanes, 1);
      },
      index)};
}

VectorBuilder::Float VectorBuilder::lookup(const float (&table)[16], Int index) {
  Value all = vectorOf(table);
  return pick(index, [&](Value i) { return intrinsic("avx512.permvar.sf.512", {all, i}); });
}

VectorBuilder::Float VectorBuilder::lookup(const float (&table)[32], Int index) {
  const llvm::ArrayRef<float> all(table);
  Value low = vectorOf(all.take_front(16)), high = vectorOf(all.drop_front(16));
  return pick(index, [&](Value i) { return intrinsic("avx512.vpermi2var.ps.512", {low, i, high}); });
}

VectorBuilder::Float VectorBuilder::fraction(Float x) {
  // Control 1: the integer below, without fraction bits.
  Value control = integer(32, 1);
  return {each([&](Value v) { return masked("reduce.ps", {v, control, v}); }, x)};
}

VectorBuilder::Float VectorBuilder::exponent(Float x) {
  return {each([&](Value v) { return masked("getexp.ps", {v, v}); }, x)};
}

VectorBuilder::Float VectorBuilder::mantissa(Float x) {
  // Interval 0 is [1, 2). Sign control 2 gives NaN for a negative number.
  Value control = integer(32, 2 << 2);
  return {each([&](Value v) { return masked("getmant.ps", {v, control, v}); }, x)};
}

VectorBuilder::Float VectorBuilder::compress(Float x, Mask keep) {
  return {each([&](Value v, Value k) { return intrinsic("avx512.mask.compress", {v, v, k}); }, x, keep)};
}

VectorBuilder::Float VectorBuilder::fixup(Float x, Float y, int32_t table) {
  Value responses = constant_int(table).vectors.front(), none = integer(32, 0);
  auto fix = [&](Value from, Value otherwise) { return masked("fixupimm.ps", {otherwise, from, responses, none}); };
  return {each(fix, x, y)};
}

// The operand classes of vfixupimm. The hexadecimal digit of the table at a class's number tells what the class
// becomes.
enum class FixupClass { quietNan, signallingNan, zero, one, negativeInfinity, positiveInfinity, negative, positive };
enum class FixupResponse { other, operand, quietOperand, plusZero = 8, minusOne, plusOne };
static int32_t fixupTable(std::initializer_list<std::pair<FixupClass, FixupResponse>> entries) {
  uint32_t table = 0;
  for (auto [of, response] : entries) table |= static_cast<uint32_t>(response) << 4 * static_cast<uint32_t>(of);
  return static_cast<int32_t>(table);
}

VectorBuilder::Float VectorBuilder::keep_zero_and_infinity(Float x, Float y) {
  return fixup(
      x, y,
      fixupTable({{FixupClass::zero, FixupResponse::operand}, {FixupClass::positiveInfinity, FixupResponse::operand}}));
}

/// `above` for x > 0, NaN for NaN, else 0.
static int32_t stepTable(FixupResponse above) {
  using enum FixupClass;
  return fixupTable({{quietNan, FixupResponse::quietOperand},
                     {signallingNan, FixupResponse::quietOperand},
                     {zero, FixupResponse::plusZero},
                     {one, above},
                     {negativeInfinity, FixupResponse::plusZero},
                     {positiveInfinity, above},
                     {negative, FixupResponse::plusZero},
                     {positive, above}});
}
VectorBuilder::Float VectorBuilder::unit_step(Float x) { return fixup(x, x, stepTable(FixupResponse::plusOne)); }
VectorBuilder::Float VectorBuilder::negative_step(Float x) {
  if (!has_avx512()) return select(gt(x, constant(0.0f)), constant(-1.0f), constant(0.0f));
  return fixup(x, x, stepTable(FixupResponse::minusOne));
}

// Control 4: the smaller one with its sign, or the number where the other is NaN. Rounding 8: exceptions suppressed.
VectorBuilder::Float VectorBuilder::silent_min(Float x, float limit) {
  assert(features.lanes == 16);
  Value control = integer(32, 4), mask = fullMask(), rounding = integer(32, 8);
  Value bound = constant(limit).vectors.front();
  return {
      each([&](Value v) { return intrinsic("avx512.mask.range.ps.512", {v, bound, control, v, mask, rounding}); }, x)};
}

// 8: rounding to nearest, exceptions suppressed.
VectorBuilder::Float VectorBuilder::silent_mul(Float a, Float b) {
  assert(features.lanes == 16);
  Value mode = integer(32, 8);
  return {each([&](Value x, Value y) { return intrinsic("avx512.mul.ps.512", {x, y, mode}); }, a, b)};
}
VectorBuilder::Float VectorBuilder::silent_fma(Float a, Float b, Float c) {
  assert(features.lanes == 16);
  Value mode = integer(32, 8);
  return {each([&](Value x, Value y, Value z) { return intrinsic("avx512.vfmadd.ps.512", {x, y, z, mode}); }, a, b, c)};
}

VectorBuilder::Float VectorBuilder::rsqrt_estimate(Float x) {
  return {each([&](Value v) { return estimate("rsqrt14", v); }, x)};
}

VectorBuilder::Float VectorBuilder::reciprocal_estimate(Float x) {
  if (!has_avx512()) return div(constant(1.0f), x);
  return {each([&](Value v) { return estimate("rcp14", v); }, x)};
}

}  // namespace inlay::compiler
