// SPDX-License-Identifier: Apache-2.0
// The list of a row's elements that are not zero, for layers that skip the others.
#include "Contraction/EmitNonzeros.h"

#include "Inlay/Network/Summary.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace LLVM = mlir::LLVM;
namespace scf = mlir::scf;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

NonzeroList::NonzeroList(KernelContext &context, ContractionOp layer, const RowView &row)
    : context(context),
      loc(layer.getLoc()),
      scratch(context.scratch),
      row(row),
      values(context.workspace),
      places(values + layer.getListLength(context.features.lanes)),
      kept(places + layer.getListLength(context.features.lanes)) {}

void NonzeroList::keepCount() {
  mlir::OpBuilder &builder = context.builder;
  Value number = builder.create<arith::IndexCastUIOp>(loc, builder.getI32Type(), count);
  Value bits = builder.create<arith::BitcastOp>(loc, builder.getF32Type(), number);
  builder.create<mlir::memref::StoreOp>(loc, bits, scratch, context.index(kept, loc));
}

void NonzeroList::recall() {
  mlir::OpBuilder &builder = context.builder;
  Value bits = builder.create<mlir::memref::LoadOp>(loc, scratch, context.index(kept, loc));
  Value number = builder.create<arith::BitcastOp>(loc, builder.getI32Type(), bits);
  count = builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), number);
}

void NonzeroList::make() {
  mlir::OpBuilder &builder = context.builder;
  const int64_t lanes = context.features.lanes, whole = row.elements / lanes * lanes;
  auto placeType = mlir::VectorType::get({lanes}, builder.getI32Type());
  llvm::SmallVector<int32_t> first;
  for (int64_t lane = 0; lane < lanes; ++lane) first.push_back(static_cast<int32_t>(lane));
  Value start = builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(placeType, llvm::ArrayRef(first)));
  Value zero = context.splat(loc, 0.0f, lanes), origin = context.index(0, loc);

  // Appends the vector at `column`; returns the count after it.
  const auto append = [&](Value column, int64_t live, Value found) -> Value {
    Value x =
        context.fillDead(loc, context.load(loc, row, origin, column, lanes, live, DeadLanes::unspecified), live, 0.0f);
    // NaN is not zero.
    Value keep = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNE, x, zero);
    Value place = builder.create<arith::IndexCastUIOp>(loc, builder.getI32Type(), column);
    Value all = builder.create<arith::AddIOp>(loc, builder.create<vector::BroadcastOp>(loc, placeType, place), start);
    // The scratch memory holds floats, so an index is stored as a float with the same bits.
    Value bits = builder.create<arith::BitcastOp>(loc, context.vectorType(lanes), all);
    appendKept(keep, x, at(values, found));
    appendKept(keep, bits, at(places, found));
    mlir::Type word = builder.getIntegerType(static_cast<unsigned>(lanes));
    Value mask = builder.create<vector::BitCastOp>(loc, mlir::VectorType::get({1}, word), keep);
    Value ones = builder.create<LLVM::CtPopOp>(loc, word, builder.create<vector::ExtractOp>(loc, mask, 0));
    return builder.create<arith::AddIOp>(loc, found,
                                         builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), ones));
  };
  count = origin;
  if (whole > 0) {
    auto loop = builder.create<scf::ForOp>(loc, origin, context.index(whole, loc), context.index(lanes, loc), count);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value next = append(loop.getInductionVar(), lanes, loop.getRegionIterArg(0));
    builder.create<scf::YieldOp>(loc, next);
    count = loop.getResult(0);
  }
  if (whole < row.elements) count = append(context.index(whole, loc), row.elements - whole, count);
  // The prefetch reads indices behind the end of the list. They are 0.
  builder.create<vector::StoreOp>(loc, zero, scratch, at(places, count));
}

void NonzeroList::appendKept(Value keep, Value all, Value position) {
  mlir::OpBuilder &builder = context.builder;
  if (!context.features.avx512) {
    builder.create<vector::CompressStoreOp>(loc, scratch, position, keep, all);
    return;
  }
  // Compress in a register and store the whole register. Compressing into memory takes ten times as long.
  VectorBuilder b(builder, loc, context.features);
  Value kept = b.compress({{all}}, {{keep}}).vectors.front();
  builder.create<vector::StoreOp>(loc, kept, scratch, position);
}

Value NonzeroList::at(int64_t base, Value index) { return context.plus(loc, index, base); }

Value NonzeroList::value(Value index) {
  return context.builder.create<mlir::memref::LoadOp>(loc, scratch, at(values, index));
}

Value NonzeroList::place(Value index) {
  mlir::OpBuilder &builder = context.builder;
  Value bits = builder.create<mlir::memref::LoadOp>(loc, scratch, at(places, index));
  Value number = builder.create<arith::BitcastOp>(loc, builder.getI32Type(), bits);
  return builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), number);
}

}  // namespace inlay::compiler
