// SPDX-License-Identifier: Apache-2.0
// Vector arithmetic as the activation formulas see it: three value types and one method per machine operation.
#ifndef INLAY_CODEGEN_VECTORBUILDER_H
#define INLAY_CODEGEN_VECTORBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace inlay::compiler {

/// What the target offers beyond the common operations. A formula may use such an operation only where the target has
/// it.
struct VectorFeatures {
  int64_t lanes = 16;
  bool fma = true;      ///< fused multiply-add in hardware
  bool avx2 = false;    ///< at 8 lanes: tables in registers
  bool avx512 = false;  ///< at 16 and 8 lanes: tables in registers, scaling by powers of two, estimates of reciprocals
};

/// Numbers to look up, for registers of 16 lanes and of 8.
struct LaneTable {
  float of16[16], of8[8];
};

/// Emits vector IR for one register width. Every operation keeps the IEEE meaning of its name; nothing is reassociated.
/// A value may be several vectors; every operation is then emitted for each of them. A single chain of dependent
/// operations would leave the core waiting, several side by side keep it busy.
class VectorBuilder {
 public:
  using Vectors = llvm::SmallVector<mlir::Value, 2>;
  struct Float {
    Vectors vectors;
  };
  struct Int {
    Vectors vectors;
  };
  struct Mask {
    Vectors vectors;
  };

  VectorBuilder(mlir::OpBuilder &builder, mlir::Location loc, VectorFeatures features);

  Float constant(float number);
  Int constant_int(int32_t number);

  Float add(Float a, Float b);
  Float sub(Float a, Float b);
  Float mul(Float a, Float b);
  Float div(Float a, Float b);
  Float fma(Float a, Float b, Float c);  ///< a * b + c, rounded once
  Float neg(Float a);
  Float abs(Float a);
  Float copysign(Float magnitude, Float sign);
  Float sqrt(Float a);
  Float negative_step(Float x);                   ///< -1 where x > 0, else 0; for NaN, 0 or NaN
  Float limited_magnitude(Float x, float limit);  ///< min(|x|, limit); for NaN, limit or NaN
  Float limited_below(Float x, float limit);      ///< -min(|x|, limit); for NaN, -limit or NaN
  Float min(Float a, Float b);                    ///< a < b ? a : b, so NaN on either side gives b
  Float max(Float a, Float b);                    ///< a > b ? a : b, so NaN on either side gives b

  Mask lt(Float a, Float b);
  Mask le(Float a, Float b);
  Mask gt(Float a, Float b);
  Mask ge(Float a, Float b);
  Mask is_nan(Float a);
  Float select(Mask condition, Float yes, Float no);

  Int add(Int a, Int b);
  Int sub(Int a, Int b);
  Int max(Int a, Int b);
  Int bit_and(Int a, Int b);
  Int bit_xor(Int a, Int b);
  Int shl(Int a, int amount);
  Int shr_arithmetic(Int a, int amount);
  Mask eq(Int a, Int b);
  Float to_float(Int a);  ///< a, rounded

  Int bitcast_int(Float a);
  Float bitcast_float(Int a);

  // Only where has_tables(). Indices count modulo the size of the table.
  bool has_tables() const { return has_avx512() || (features.avx2 && features.lanes == 8); }
  Float lookup(const LaneTable &table, Int index);
  Float lookup(const float (&table)[8], Int index);   ///< without AVX-512
  Float lookup(const float (&table)[16], Int index);  ///< with AVX-512
  Float lookup(const float (&table)[32], Int index);  ///< with AVX-512

  // Only where has_branches(): a branch on all lanes is cheap there.
  bool has_branches() const { return features.avx2 && features.lanes == 8; }
  /// A set lane where the bits of x, as an unsigned number, are not in [first, first + count).
  Mask outside(Float x, uint32_t first, uint32_t count);
  /// One mask whose lanes say whether that holds in any of the vectors; takes fewer operations.
  Mask any_outside(Float x, uint32_t first, uint32_t count);
  /// The same for numbers without a sign that are above `limit` or NaN; takes even fewer.
  Mask any_above(Float magnitude, float limit);
  /// The same for numbers whose magnitude is not in [2^-63, 2^65), or NaN.
  Mask any_far_from_one(Float x);
  /// `usual()` if no lane is set, which is expected, else `rare()`: a branch for all lanes. Where a lane is not set,
  /// both must give the same bits, because other lanes decide which of them is computed.
  Float unless_any(Mask unusual, llvm::function_ref<Float()> usual, llvm::function_ref<Float()> rare);
  // The estimates of AVX, whose bits depend on the maker of the processor. They raise no exception flags. Denormals
  // count as zeros.
  Float coarse_reciprocal(Float x);  ///< 1 / x with a relative error of at most 1.5 * 2^-12
  Float coarse_rsqrt(Float x);       ///< 1 / sqrt(x), likewise

  // Only where has_avx512(): in registers of 16 and of 8 lanes.
  bool has_avx512() const { return features.avx512 && features.lanes >= 8; }
  Float scalef(Float x, Float exponent);  ///< x * 2^floor(exponent), rounded once
  Float fraction(Float x);                ///< x - floor(x); 0 for infinities
  Float exponent(Float x);                ///< floor(log2 |x|); -inf for 0, inf for inf
  Float mantissa(Float x);                ///< x / 2^k in [1, 2), where k is exponent(x); NaN for x < 0

  Float compress(Float x, Mask keep);              ///< the elements to keep, side by side from lane 0 on
  Float keep_zero_and_infinity(Float x, Float y);  ///< x where it is 0 or inf, else y
  Float unit_step(Float x);                        ///< 1 where x > 0, NaN where x is NaN, else 0

  /// a * b and a * b + c without raising exception flags. These and silent_min() are for 16 lanes only.
  Float silent_mul(Float a, Float b);
  Float silent_fma(Float a, Float b, Float c);
  /// The smaller of `x` and `limit`; `limit` where `x` is NaN.
  Float silent_min(Float x, float limit);

  Float rsqrt_estimate(Float x);  ///< 1 / sqrt(x) with a relative error of at most 2^-14

  /// 1 / x with a relative error of at most 2^-14. Without AVX-512 it is a division.
  Float reciprocal_estimate(Float x);

 private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  VectorFeatures features;
  mlir::VectorType floats, ints;

  template <class Op, class... Operand>
  Vectors apply(const Operand &...operand);
  template <class Op, class... Operand>
  Vectors applyTo(mlir::Type result, const Operand &...operand);
  /// Calls llvm.x86.`name`, which becomes one instruction. The result has the type of the first operand.
  mlir::Value intrinsic(llvm::StringRef name, llvm::ArrayRef<mlir::Value> operands);
  mlir::Value integer(unsigned bits, int64_t number);
  /// The mask of all lanes, which the intrinsics of AVX-512 take.
  mlir::Value fullMask();
  /// Calls llvm.x86.avx512.mask.`name` for registers of this width. `operands` are those before the mask.
  mlir::Value masked(const char *name, llvm::SmallVector<mlir::Value> operands);
  /// Calls llvm.x86.avx512.`name`, an estimate with a relative error of at most 2^-14.
  mlir::Value estimate(const char *name, mlir::Value x);
  /// Looks numbers up in tables of registers of 16 lanes. `from` gets the indices for such a register.
  Float pick(Int index, llvm::function_ref<mlir::Value(mlir::Value)> from);
  /// min(|x|, limit), with the sign that `sign`, a sign control of vrangeps, asks for.
  Float smaller_magnitude(Float x, float limit, int64_t sign);
  Mask compare(mlir::arith::CmpFPredicate predicate, const Float &a, const Float &b);
  /// One mask whose lanes say whether any of the vectors is greater than `last` there.
  Mask any_greater(Int x, int32_t last);
  /// What vfixupimmps makes of x: the digit of `table` for x's class says which response it gives, and 0 gives y.
  Float fixup(Float x, Float y, int32_t table);
  mlir::Value vectorOf(llvm::ArrayRef<float> numbers);
  mlir::Value splat(mlir::TypedAttr element, mlir::VectorType type);
};

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_VECTORBUILDER_H
