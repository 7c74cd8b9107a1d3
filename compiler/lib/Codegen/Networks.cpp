// SPDX-License-Identifier: Apache-2.0
// Facts about a planned network that the entry point, the header and the manifest need.
#include "Inlay/Codegen/Networks.h"

#include "Stages.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {
namespace {

PortSummary portOf(mlir::Type type, mlir::DictionaryAttr attributes) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  PortSummary port;
  if (auto name = attributes ? attributes.getAs<mlir::StringAttr>(kNameAttr) : mlir::StringAttr())
    port.name = name.str();
  port.shape = tensor.getShape().vec();
  port.elements = tensor.getNumElements();
  return port;
}

/// Names of what a scalar program does ("add", "relu"), without its constants; counts one FLOP for each.
std::vector<std::string> describe(mlir::Region &program) {
  std::vector<std::string> names;
  if (program.empty()) return names;
  for (mlir::Operation &op : program.front().without_terminator()) {
    if (op.hasTrait<mlir::OpTrait::ConstantLike>()) continue;
    auto activation = llvm::dyn_cast<ActivationOp>(op);
    names.push_back(activation ? activation.getFunction().str() : op.getName().stripDialect().str());
  }
  return names;
}

LayerSummary summarizeLayer(mlir::Operation &op) {
  LayerSummary layer;
  const int64_t outputs = elementsOf(op.getResult(0));
  layer.kind = op.getName().stripDialect().str();
  if (auto loc = op.getLoc()->findInstanceOf<mlir::NameLoc>()) layer.name = loc.getName().str();
  layer.outputs = outputs;
  llvm::TypeSwitch<mlir::Operation *>(&op)
      .Case([&](ContractionOp contraction) {
        layer.kind = "dense";
        layer.name = contraction.getLayer().str();
        layer.inputs = elementsOf(contraction.getInput());
        layer.fused = describe(contraction.getEpilogue());
        layer.flops = 2 * layer.inputs * outputs + (contraction.getBias() ? outputs : 0);
        layer.weightBytes = bytesOf(contraction.getWeight());
        if (contraction.getBias()) layer.weightBytes += bytesOf(contraction.getBias());
        layer.skipsZeros = contraction.getSkipZeros();
        layer.tile = std::to_string(contraction.getRows()) + "x" + std::to_string(contraction.getPanel());
      })
      .Case([&](MapOp map) {
        layer.fused = describe(map.getBody());
        layer.inputs = outputs;
        for (mlir::Value input : map.getInputs())
          if (input.getDefiningOp<ConstantOp>()) layer.weightBytes += bytesOf(input);
      })
      .Case([&](SoftmaxOp) { layer.inputs = outputs, layer.flops = 5 * outputs; })
      .Default([&](mlir::Operation *) { layer.inputs = outputs; });
  layer.flops += static_cast<int64_t>(layer.fused.size()) * outputs;
  return layer;
}

/// Whether no kernel has anything in the arena.
bool staysInRegisters(mlir::func::FuncOp network, const NetworkSummary &summary) {
  if (summary.rowBlocks.front() > 1 || summary.isParallel()) return false;
  return llvm::all_of(network.front().without_terminator(), [](mlir::Operation &op) {
    auto place = op.getAttrOfType<PlacementAttr>(kPlacementAttr);
    auto layer = llvm::dyn_cast<ContractionOp>(op);
    return !place || place.getRoot() != "arena" || (layer && fitsRegister(layer));
  });
}

/// Whether a formula reduces its argument or keeps rounding errors, both of which assume rounding to nearest. Rows
/// within half a unit are a single operation, which is right in every mode.
bool reliesOnNearest(mlir::func::FuncOp network) {
  const auto relies = [](mlir::Operation *op) {
    auto activation = llvm::dyn_cast<ActivationOp>(op);
    return llvm::isa<SoftmaxOp>(op) || (activation && activation.getRow().exact_ulp > 0.5f);
  };
  return network
      .walk(
          [&](mlir::Operation *op) { return relies(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance(); })
      .wasInterrupted();
}

}  // namespace

bool fitsRegister(ContractionOp layer) {
  return elementsOf(layer.getResult()) <= static_cast<int64_t>(layer.getVectorLength()) &&
         llvm::all_of(layer->getUses(), [](mlir::OpOperand &use) {
           auto reader = llvm::dyn_cast<ContractionOp>(use.getOwner());
           return reader && use == reader.getInputMutable();
         });
}

NetworkSummary summarize(mlir::func::FuncOp network, bool parallel) {
  NetworkSummary summary;
  summary.name = network.getName().str();
  if (auto hash = network->getAttrOfType<mlir::IntegerAttr>(kHashAttr)) summary.hash = hash.getValue().getZExtValue();
  for (auto [i, type] : llvm::enumerate(network.getArgumentTypes()))
    summary.inputs.push_back(portOf(type, network.getArgAttrDict(static_cast<unsigned>(i))));
  for (auto [i, type] : llvm::enumerate(network.getResultTypes()))
    summary.outputs.push_back(portOf(type, network.getResultAttrDict(static_cast<unsigned>(i))));
  auto blocks = network->getAttrOfType<mlir::DenseI64ArrayAttr>(kRowBlocksAttr).asArrayRef();
  summary.rowBlocks = blocks.vec();
  if (auto most = network->getAttrOfType<mlir::IntegerAttr>(kMaxBatchAttr)) summary.maxBatch = most.getInt();
  if (parallel)
    for (int64_t capacity : summary.rowBlocks) {
      std::vector<int64_t> &divided = summary.stages.emplace_back();
      for (const Stage &stage : stagesOf(network, capacity)) divided.push_back(stage.isDivided());
    }
  const int64_t arena = network->getAttrOfType<mlir::IntegerAttr>(kArenaAttr).getInt();
  const int64_t lanes = network->getAttrOfType<mlir::IntegerAttr>(kLanesAttr).getInt();
  // One spare vector at the end, so that the last row may be read in whole vectors.
  int64_t scratch = arena == 0 || staysInRegisters(network, summary) ? 0 : arena * summary.rowBlocks.front() + lanes;
  // The kernel of a single row, which uses one row of the arena, keeps its lists behind it.
  for (ContractionOp layer : network.getOps<ContractionOp>())
    if (layer.getSkipZeros())
      scratch = std::max(scratch, nonzeroListBase(arena, lanes) + 2 * nonzeroListPart(layer, lanes) + 1);
  summary.scratchBytes = scratch * 4;
  for (mlir::Operation &op : network.front().without_terminator()) {
    if (llvm::isa<ConstantOp, ReshapeOp>(op)) continue;
    summary.layers.push_back(summarizeLayer(op));
    summary.flops += summary.layers.back().flops;
    summary.weightBytes += summary.layers.back().weightBytes;
  }
  summary.roundsToNearest = reliesOnNearest(network);
  return summary;
}

int64_t nonzeroListBase(int64_t arena, int64_t lanes) { return arena + lanes; }

int64_t nonzeroListPart(ContractionOp layer, int64_t lanes) {
  return static_cast<int64_t>(llvm::alignTo(elementsOf(layer.getInput()), lanes)) + lanes;
}

mlir::Attribute entryAttribute(const NetworkSummary &summary, mlir::MLIRContext *context) {
  mlir::Builder builder(context);
  auto elements = [&](const std::vector<PortSummary> &ports) {
    llvm::SmallVector<int64_t> counts;
    for (const PortSummary &port : ports) counts.push_back(port.elements);
    return builder.getDenseI64ArrayAttr(counts);
  };
  llvm::SmallVector<mlir::Attribute> stages;
  for (const std::vector<int64_t> &ofBlock : summary.stages) stages.push_back(builder.getDenseI64ArrayAttr(ofBlock));
  return builder.getDictionaryAttr({
      builder.getNamedAttr("name", builder.getStringAttr(summary.name)),
      builder.getNamedAttr("hash",
                           builder.getIntegerAttr(builder.getIntegerType(64, false), llvm::APInt(64, summary.hash))),
      builder.getNamedAttr("inputs", elements(summary.inputs)),
      builder.getNamedAttr("outputs", elements(summary.outputs)),
      builder.getNamedAttr("row_blocks", builder.getDenseI64ArrayAttr(summary.rowBlocks)),
      builder.getNamedAttr("max_batch", builder.getI64IntegerAttr(summary.maxBatch)),
      builder.getNamedAttr("scratch_bytes", builder.getI64IntegerAttr(summary.scratchBytes)),
      builder.getNamedAttr("flops", builder.getI64IntegerAttr(summary.flops)),
      builder.getNamedAttr("rounds_to_nearest", builder.getBoolAttr(summary.roundsToNearest)),
      builder.getNamedAttr("stages", builder.getArrayAttr(stages)),
  });
}

NetworkSummary entryFromAttribute(mlir::Attribute attribute) {
  auto entry = llvm::cast<mlir::DictionaryAttr>(attribute);
  NetworkSummary summary;
  summary.name = entry.getAs<mlir::StringAttr>("name").str();
  summary.hash = entry.getAs<mlir::IntegerAttr>("hash").getValue().getZExtValue();
  auto ports = [&](llvm::StringRef key, std::vector<PortSummary> &into) {
    for (int64_t elements : entry.getAs<mlir::DenseI64ArrayAttr>(key).asArrayRef())
      into.push_back({"", {elements}, elements});
  };
  ports("inputs", summary.inputs);
  ports("outputs", summary.outputs);
  summary.rowBlocks = entry.getAs<mlir::DenseI64ArrayAttr>("row_blocks").asArrayRef().vec();
  summary.maxBatch = entry.getAs<mlir::IntegerAttr>("max_batch").getInt();
  summary.scratchBytes = entry.getAs<mlir::IntegerAttr>("scratch_bytes").getInt();
  summary.flops = entry.getAs<mlir::IntegerAttr>("flops").getInt();
  summary.roundsToNearest = entry.getAs<mlir::BoolAttr>("rounds_to_nearest").getValue();
  for (mlir::Attribute ofBlock : entry.getAs<mlir::ArrayAttr>("stages"))
    summary.stages.push_back(llvm::cast<mlir::DenseI64ArrayAttr>(ofBlock).asArrayRef().vec());
  return summary;
}

/// template <uint64_t, class... P> int inlay::<function>(P..., size_t, void*, <rest>). Substitutions in order of
/// appearance: S_ inlay, S0_ the function, S1_ float const, S2_ float const*, S3_ float*.
static std::string mangled(llvm::StringRef function, const NetworkSummary &summary, llvm::StringRef rest) {
  std::string name = "_ZN5inlay" + std::to_string(function.size()) + function.str() + "ILm";
  name += std::to_string(summary.hash) + "EJ";
  for (size_t i = 0; i < summary.inputs.size(); ++i) name += i == 0 ? "PKf" : "S2_";
  for (size_t i = 0; i < summary.outputs.size(); ++i) name += i == 0 ? "Pf" : "S3_";
  return name + "EEEiDpT0_mPv" + rest.str();
}

std::string mangledRun(const NetworkSummary &summary) { return mangled("kernel_run", summary, ""); }

std::string mangledRunParallel(const NetworkSummary &summary) {
  return mangled("kernel_run_parallel", summary, "PK18inlay_parallel_for");
}

std::string mangledScratchBytes(const NetworkSummary &summary) {
  return "_ZN5inlay20kernel_scratch_bytesILm" + std::to_string(summary.hash) + "EEEmv";
}

}  // namespace inlay::compiler
