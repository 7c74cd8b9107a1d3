// SPDX-License-Identifier: Apache-2.0
// Packs the weights that kernels take as an argument: loops over tables say which float of the parameters goes where.
#include "Steps/EmitPack.h"

#include "Inlay/Network/PackedWeights.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace inlay::compiler {
namespace {

namespace arith = mlir::arith;
namespace memref = mlir::memref;
namespace scf = mlir::scf;
using mlir::Value;

class PackEmitter {
 public:
  PackEmitter(mlir::func::FuncOp network, const NetworkSummary &summary, mlir::ModuleOp module)
      : summary(summary), module(module), builder(module.getContext()), loc(network.getLoc()) {}

  void run(const PackedWeights &packed) {
    const mlir::MemRefType parameters = mlir::MemRefType::get({std::max<int64_t>(summary.parameters, 1)}, f32());
    const mlir::MemRefType block = mlir::MemRefType::get({packed.elements}, f32());
    builder.setInsertionPointToEnd(module.getBody());
    auto pack = builder.create<mlir::func::FuncOp>(loc, summary.name + "_pack",
                                                   builder.getFunctionType({parameters, block}, {}));
    for (unsigned i = 0; i < 2; ++i)
      pack.setArgAttr(i, mlir::LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    builder.setInsertionPointToStart(pack.addEntryBlock());
    Value from = pack.getArgument(0), to = pack.getArgument(1);

    std::vector<int32_t> words;
    for (const PackLoops &move : packed.moves) {
      words.insert(words.end(), {move.from, move.to});
      for (const auto *each : {&move.counts, &move.fromSteps, &move.toSteps})
        words.insert(words.end(), each->begin(), each->end());
    }
    constexpr int64_t kWords = 2 + 3 * static_cast<int64_t>(kPackLoops);
    forEach(words, kWords, [&](Value table, Value first) {
      loops(table, first, kPackLoops, word(table, first, 0), word(table, first, 1), [&](Value source, Value place) {
        Value each = builder.create<memref::LoadOp>(loc, from, source);
        builder.create<memref::StoreOp>(loc, each, to, place);
      });
    });
    words.clear();
    for (auto [place, number] : packed.numbers)
      words.insert(words.end(), {static_cast<int32_t>(place), llvm::bit_cast<int32_t>(number)});
    forEach(words, 2, [&](Value table, Value first) {
      Value bits = builder.create<memref::LoadOp>(loc, table, plus(first, index(1)));
      builder.create<memref::StoreOp>(loc, builder.create<arith::BitcastOp>(loc, f32(), bits), to,
                                      word(table, first, 0));
    });
    builder.create<mlir::func::ReturnOp>(loc);
  }

 private:
  const NetworkSummary &summary;
  mlir::ModuleOp module;
  mlir::OpBuilder builder;
  mlir::Location loc;

  mlir::Type f32() { return builder.getF32Type(); }
  Value index(int64_t number) { return builder.create<arith::ConstantIndexOp>(loc, number); }
  Value plus(Value a, Value b) { return builder.create<arith::AddIOp>(loc, a, b); }

  /// Word `number` behind `first` of a table.
  Value word(Value table, Value first, size_t number) {
    Value word = builder.create<memref::LoadOp>(loc, table, plus(first, index(static_cast<int64_t>(number))));
    return builder.create<arith::IndexCastOp>(loc, builder.getIndexType(), word);
  }

  void forLoop(Value count, llvm::function_ref<void(Value)> body) {
    auto loop = builder.create<scf::ForOp>(loc, index(0), count, index(1));
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  /// Puts the words into the object and emits a loop over its rows of `width` words: `body(table, first word)`.
  void forEach(llvm::ArrayRef<int32_t> words, int64_t width, llvm::function_ref<void(Value, Value)> body) {
    if (words.empty()) return;
    const auto count = static_cast<int64_t>(words.size());
    auto type = mlir::RankedTensorType::get({count}, builder.getI32Type());
    std::string name = summary.name + ".pack";
    while (mlir::SymbolTable::lookupSymbolIn(module, name)) name += "_";
    mlir::OpBuilder atEnd = mlir::OpBuilder::atBlockEnd(module.getBody());
    auto global = atEnd.create<memref::GlobalOp>(
        loc, name, builder.getStringAttr("private"), mlir::MemRefType::get({count}, builder.getI32Type()),
        mlir::DenseElementsAttr::get(type, words), /*constant=*/true, builder.getI64IntegerAttr(64));
    Value table = builder.create<memref::GetGlobalOp>(loc, global.getType(), global.getName());
    forLoop(index(count / width),
            [&](Value row) { body(table, builder.create<arith::MulIOp>(loc, row, index(width))); });
  }

  /// Emits the loops of a row of the table, the outermost first: `body(source, place)`.
  void loops(Value table, Value first, size_t level, Value source, Value place,
             llvm::function_ref<void(Value, Value)> body) {
    if (level == 0) return body(source, place);
    const size_t loop = 2 + level - 1;
    Value count = word(table, first, loop), fromStep = word(table, first, loop + kPackLoops);
    Value toStep = word(table, first, loop + 2 * kPackLoops);
    forLoop(count, [&](Value i) {
      const auto moved = [&](Value start, Value step) {
        return plus(start, builder.create<arith::MulIOp>(loc, i, step));
      };
      loops(table, first, level - 1, moved(source, fromStep), moved(place, toStep), body);
    });
  }
};

}  // namespace

void emitPack(mlir::func::FuncOp network, const NetworkSummary &summary, mlir::ModuleOp module,
              ConstantMemory &constants) {
  const PackedWeights packed(network);
  PackEmitter(network, summary, module).run(packed);
  for (auto [constant, offset] : packed.offsets) {
    auto type = mlir::MemRefType::get({elementsOf(constant)}, mlir::Float32Type::get(network.getContext()));
    constants.addPacked(constant, offset * static_cast<int64_t>(sizeof(float)), type, summary.weightsPointer());
  }
}

}  // namespace inlay::compiler
