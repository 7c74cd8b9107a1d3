// SPDX-License-Identifier: Apache-2.0
// Facts about a planned network that the entry point, the header and the manifest need.
#include "Inlay/Network/Summary.h"

#include "Inlay/Network/PackedWeights.h"
#include "Inlay/Network/Stages.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <utility>

namespace inlay::compiler {
namespace {

PortSummary portOf(mlir::Type type, mlir::DictionaryAttr attributes) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  PortSummary port;
  if (auto name = attributes ? attributes.getAs<mlir::StringAttr>(kNameAttr) : mlir::StringAttr())
    port.name = name.str();
  port.shape = tensor.getShape().vec();
  port.elements = tensor.getNumElements();
  if (tensor.getElementType().isInteger(32)) port.type = dtype::i32;
  return port;
}

/// The DSL's name for an op of the arith dialect.
llvm::StringRef nameOf(llvm::StringRef op) {
  return llvm::StringSwitch<llvm::StringRef>(op)
      .Case("addf", "add")
      .Case("subf", "subtract")
      .Case("mulf", "multiply")
      .Case("divf", "divide")
      .Case("minimumf", "minimum")
      .Case("maximumf", "maximum")
      .Case("cmpf", "compare")
      .Default(op);
}

/// Names of a scalar program's ops ("add", "relu"), without its constants. Each counts as one FLOP.
std::vector<std::string> describe(mlir::Region &program) {
  std::vector<std::string> names;
  if (program.empty()) return names;
  for (mlir::Operation &op : program.front().without_terminator()) {
    if (op.hasTrait<mlir::OpTrait::ConstantLike>()) continue;
    auto activation = llvm::dyn_cast<ActivationOp>(op);
    names.push_back((activation ? activation.getFunction() : nameOf(op.getName().stripDialect())).str());
  }
  return names;
}

PlacementAttr placementOf(mlir::Value value) {
  mlir::Operation *producer = value.getDefiningOp();
  return producer ? producer->getAttrOfType<PlacementAttr>(kPlacementAttr) : PlacementAttr();
}

/// Whether the image is computed inside of the padded one, so that only the border is written.
bool isInPlace(PadOp pad) {
  const PlacementAttr place = placementOf(pad.getInput());
  return place && place.getLine() != 0;
}

/// Whether the pieces are computed at their places in the result, so that nothing is left to do.
bool isInPlace(ConcatOp concat) {
  const PlacementAttr whole = placementOf(concat.getResult());
  int64_t offset = whole ? whole.getOffset() : 0;
  return whole && llvm::all_of(concat.getInputs(), [&](mlir::Value piece) {
           const PlacementAttr place = placementOf(piece);
           const int64_t expected = std::exchange(offset, offset + elementsOf(piece));
           return place && place.getRoot() == whole.getRoot() && place.getIndex() == whole.getIndex() &&
                  place.getBase() == whole.getBase() && place.getOffset() == expected;
         });
}

/// The bytes of the constants among some values.
int64_t bytesOfConstants(mlir::ValueRange values) {
  int64_t bytes = 0;
  for (mlir::Value value : values)
    if (value.getDefiningOp<ConstantOp>()) bytes += bytesOf(value);
  return bytes;
}

LayerSummary summarizeLayer(mlir::Operation &op) {
  LayerSummary layer;
  const int64_t outputs = elementsOf(op.getResult(0));
  layer.kind = op.getName().stripDialect().str();
  if (auto loc = op.getLoc()->findInstanceOf<mlir::NameLoc>()) layer.name = loc.getName().str();
  layer.outputs = outputs;
  llvm::TypeSwitch<mlir::Operation *>(&op)
      .Case([&](ContractionOp contraction) {
        layer.kind = contraction.getWindow() ? "conv2d" : "dense";
        layer.name = contraction.getLayer().str();
        layer.inputs = elementsOf(contraction.getInput());
        layer.fused = describe(contraction.getEpilogue());
        layer.weightBytes = bytesOf(contraction.getWeight());
        if (contraction.getBias()) layer.weightBytes += bytesOf(contraction.getBias());
        layer.skipsZeros = contraction.getSkipZeros();
        layer.tile = std::to_string(contraction.getRows()) + "x" + std::to_string(contraction.getPanel());
      })
      .Case([&](WindowOp window) {
        layer.kind = window.getWeight() ? "conv2d" : window.getReduction() == Reduction::max ? "max_pool" : "avg_pool";
        if (window.getLayer()) layer.name = window.getLayer()->str();
        layer.inputs = elementsOf(window.getInput());
        layer.fused = describe(window.getEpilogue());
        if (window.getWeight()) layer.weightBytes = bytesOf(window.getWeight());
        if (window.getBias()) layer.weightBytes += bytesOf(window.getBias());
      })
      .Case([&](MapOp map) {
        layer.fused = describe(map.getBody());
        layer.inputs = outputs;
        layer.weightBytes = bytesOfConstants(map.getInputs());
      })
      .Case([&](NormalizeOp norm) {
        layer.fused = describe(norm.getEpilogue());
        layer.inputs = outputs;
        layer.weightBytes = bytesOfConstants(norm.getExtras());
      })
      .Case([&](EmbeddingOp embedding) {
        layer.inputs = elementsOf(embedding.getIndices());
        layer.weightBytes = bytesOfConstants(op.getOperands());
      })
      .Default([&](mlir::Operation *) {
        for (mlir::Value operand : op.getOperands()) layer.inputs += elementsOf(operand);
      });
  if (auto pad = llvm::dyn_cast<PadOp>(op); pad && isInPlace(pad)) layer.kind = "border";
  if (auto concat = llvm::dyn_cast<ConcatOp>(op); concat && isInPlace(concat)) layer.kind = "view";
  layer.flops = llvm::cast<KernelOp>(op).getFlops();
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

/// Whether a formula reduces its argument or corrects for rounding errors: both assume rounding to nearest. A row of
/// the table within 0.5 ulp is a single operation, which is right in every mode.
bool reliesOnNearest(mlir::func::FuncOp network) {
  const auto relies = [](mlir::Operation *op) {
    auto activation = llvm::dyn_cast<ActivationOp>(op);
    auto kernel = llvm::dyn_cast<KernelOp>(op);
    return (kernel && kernel.reliesOnNearest()) || (activation && activation.getRow().exact_ulp > 0.5f);
  };
  return network
      .walk(
          [&](mlir::Operation *op) { return relies(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance(); })
      .wasInterrupted();
}

/// A layer of so few features leaves half of the lanes of a single stream empty.
constexpr int64_t kNarrow = 8;

/// The number of streams from which on the kernel with one in each lane is faster. It takes the same time for any
/// number of them. Measured with AVX-512: 7 for a GRU of 8 features, 13 for an LSTM of 16, 9 for a GRU of 64.
int64_t fewestVoices(mlir::func::FuncOp network) {
  const int64_t lanes = targetOf(network).getLanes();
  const bool isNarrow =
      llvm::all_of(network.getOps<ContractionOp>(), [](ContractionOp layer) { return layer.getFeatures() <= kNarrow; });
  return isNarrow ? lanes / 2 : lanes - lanes / 8;
}

}  // namespace

bool fitsRegister(ContractionOp layer) {
  return !layer.getWindow() && elementsOf(layer.getResult()) <= static_cast<int64_t>(layer.getVectorLength()) &&
         llvm::all_of(layer->getUses(), [&](mlir::OpOperand &use) {
           auto reader = llvm::dyn_cast<ContractionOp>(use.getOwner());
           return reader && !reader.getWindow() && use == reader.getInputMutable() && loopOf(reader) == loopOf(layer);
         });
}

int64_t elementsInLanes(mlir::func::FuncOp network) {
  int64_t elements = 0;
  for (mlir::BlockArgument input : network.getArguments()) elements += elementsOf(input);
  for (mlir::Operation &op : network.front().without_terminator())
    if (llvm::cast<KernelOp>(op).hasKernel()) elements += elementsOf(op.getResult(0));
  return elements;
}

bool voicesUseScratch(mlir::func::FuncOp network) { return elementsInLanes(network) > kMostElementsOnStack; }

NetworkSummary summarize(mlir::func::FuncOp network, bool parallel) {
  NetworkSummary summary;
  summary.name = network.getName().str();
  if (auto hash = network->getAttrOfType<mlir::IntegerAttr>(kHashAttr)) summary.hash = hash.getValue().getZExtValue();
  if (auto memory = network->getAttrOfType<mlir::IntegerAttr>(kMemoryAttr)) summary.memoryBytes = memory.getInt();
  for (auto [i, type] : llvm::enumerate(network.getArgumentTypes()))
    if (!stateOfArgument(network, static_cast<unsigned>(i)))
      summary.inputs.push_back(portOf(type, network.getArgAttrDict(static_cast<unsigned>(i))));
  for (auto [i, type] : llvm::enumerate(network.getResultTypes()))
    if (!stateOfResult(network, static_cast<unsigned>(i)))
      summary.outputs.push_back(portOf(type, network.getResultAttrDict(static_cast<unsigned>(i))));
  auto blocks = network->getAttrOfType<mlir::DenseI64ArrayAttr>(kRowBlocksAttr).asArrayRef();
  summary.rowBlocks = blocks.vec();
  if (auto samples = network->getAttrOfType<mlir::IntegerAttr>(kLanesAttr)) summary.samplesInLanes = samples.getInt();
  if (auto voices = network->getAttrOfType<mlir::IntegerAttr>(kVoicesAttr))
    summary.runsVoices = true, summary.voicesInLanes = voices.getInt(), summary.fewestVoices = fewestVoices(network);
  if (auto most = network->getAttrOfType<mlir::IntegerAttr>(kMaxBatchAttr)) summary.maxBatch = most.getInt();
  if (parallel)
    for (int64_t capacity : summary.rowBlocks) {
      std::vector<int64_t> &divided = summary.stages.emplace_back();
      for (const Stage &stage : stagesOf(network, capacity)) divided.push_back(stage.isDivided());
    }
  const int64_t arena = network->getAttrOfType<mlir::IntegerAttr>(kArenaAttr).getInt();
  const int64_t lanes = targetOf(network).getLanes();
  // One spare vector at the end, so that the last row may be read in whole vectors.
  int64_t scratch = arena == 0 || staysInRegisters(network, summary) ? 0 : arena * summary.rowBlocks.front() + lanes;
  // The kernel for a single row uses one row of the arena and has its workspace behind that row.
  if (auto workspace = network->getAttrOfType<mlir::IntegerAttr>(kWorkspaceAttr))
    scratch = std::max(scratch, workspaceBase(network) + workspace.getInt());
  if (summary.voicesInLanes > 0 && voicesUseScratch(network))
    scratch = std::max(scratch, elementsInLanes(network) * summary.voicesInLanes);
  if (auto packed = network->getAttrOfType<mlir::IntegerAttr>(kPackedAttr))
    scratch = packedBase(network) + packed.getInt();
  summary.scratchBytes = scratch * 4;
  summary.role = roleOf(network);
  summary.needsWholeBatch = network->hasAttr(kWholeBatchAttr);
  if (auto parameters = network->getAttrOfType<mlir::IntegerAttr>(kLearnedAttr))
    summary.parameters = parameters.getInt();
  if (const int64_t parameters = argumentParametersOf(network)) summary.parameters = parameters;
  if (auto list = network->getAttrOfType<mlir::ArrayAttr>(kParameterListAttr))
    for (auto each : list.getAsRange<mlir::DictionaryAttr>())
      summary.parameterList.push_back({each.getAs<mlir::StringAttr>("name").str(),
                                       each.getAs<mlir::DenseI64ArrayAttr>("shape").asArrayRef().vec(),
                                       each.getAs<mlir::IntegerAttr>("first").getInt()});
  summary.packedBytes = packedElementsOf(network) * static_cast<int64_t>(sizeof(float));
  for (mlir::Operation &op : network.front().without_terminator()) {
    if (!llvm::cast<KernelOp>(op).hasKernel()) continue;
    summary.layers.push_back(summarizeLayer(op));
    summary.flops += summary.layers.back().flops;
    summary.weightBytes += summary.layers.back().weightBytes;
  }
  summary.roundsToNearest = reliesOnNearest(network);
  if (summary.role != Role::training) return summary;
  for (llvm::StringRef each : kHelpers)
    if (auto helper = network->getParentOfType<mlir::ModuleOp>().lookupSymbol<mlir::func::FuncOp>(
            (network.getName() + "." + each).str())) {
      const NetworkSummary ofHelper = summarize(helper, /*parallel=*/false);
      summary.computesWeights = true;
      summary.scratchBytes = std::max(summary.scratchBytes, ofHelper.scratchBytes);
      summary.roundsToNearest = summary.roundsToNearest || ofHelper.roundsToNearest;
    }
  return summary;
}

int64_t workspaceBase(mlir::func::FuncOp network) {
  return network->getAttrOfType<mlir::IntegerAttr>(kArenaAttr).getInt() + targetOf(network).getLanes();
}

int64_t packedBase(mlir::func::FuncOp network) {
  constexpr int64_t kCacheLine = 16;  // elements
  const int64_t rows = network->getAttrOfType<mlir::DenseI64ArrayAttr>(kRowBlocksAttr).asArrayRef().front();
  int64_t end = network->getAttrOfType<mlir::IntegerAttr>(kArenaAttr).getInt() * rows + targetOf(network).getLanes();
  if (auto workspace = network->getAttrOfType<mlir::IntegerAttr>(kWorkspaceAttr))
    end = std::max(end, workspaceBase(network) + workspace.getInt());
  return static_cast<int64_t>(llvm::alignTo(end, kCacheLine));
}

mlir::Attribute entryAttribute(const NetworkSummary &summary, mlir::MLIRContext *context) {
  mlir::Builder builder(context);
  auto elements = [&](const std::vector<PortSummary> &ports) {
    llvm::SmallVector<int64_t> counts;
    for (const PortSummary &port : ports) counts.push_back(port.elements);
    return builder.getDenseI64ArrayAttr(counts);
  };
  llvm::SmallVector<int64_t> types;
  for (const PortSummary &input : summary.inputs) types.push_back(static_cast<int64_t>(input.type));
  llvm::SmallVector<mlir::Attribute> stages;
  for (const std::vector<int64_t> &ofBlock : summary.stages) stages.push_back(builder.getDenseI64ArrayAttr(ofBlock));
  llvm::SmallVector<int64_t> voices;
  if (summary.runsVoices) voices = {summary.voicesInLanes, summary.fewestVoices};
  llvm::SmallVector<mlir::NamedAttribute> entry({
      builder.getNamedAttr("name", builder.getStringAttr(summary.name)),
      builder.getNamedAttr("hash",
                           builder.getIntegerAttr(builder.getIntegerType(64, false), llvm::APInt(64, summary.hash))),
      builder.getNamedAttr("inputs", elements(summary.inputs)),
      builder.getNamedAttr("input_types", builder.getDenseI64ArrayAttr(types)),
      builder.getNamedAttr("outputs", elements(summary.outputs)),
      builder.getNamedAttr("row_blocks", builder.getDenseI64ArrayAttr(summary.rowBlocks)),
      builder.getNamedAttr("samples_in_lanes", builder.getI64IntegerAttr(summary.samplesInLanes)),
      builder.getNamedAttr("max_batch", builder.getI64IntegerAttr(summary.maxBatch)),
      builder.getNamedAttr("scratch_bytes", builder.getI64IntegerAttr(summary.scratchBytes)),
      builder.getNamedAttr("memory_bytes", builder.getI64IntegerAttr(summary.memoryBytes)),
      builder.getNamedAttr("flops", builder.getI64IntegerAttr(summary.flops)),
      builder.getNamedAttr("rounds_to_nearest", builder.getBoolAttr(summary.roundsToNearest)),
      builder.getNamedAttr("stages", builder.getArrayAttr(stages)),
      builder.getNamedAttr("voices", builder.getDenseI64ArrayAttr(voices)),
  });
  if (summary.role != Role::inference)
    entry.push_back(builder.getNamedAttr("role", builder.getI64IntegerAttr(static_cast<int64_t>(summary.role))));
  if (summary.computesWeights) entry.push_back(builder.getNamedAttr("computes_weights", builder.getUnitAttr()));
  if (summary.takesWeights())
    entry.push_back(builder.getNamedAttr("packed_bytes", builder.getI64IntegerAttr(summary.packedBytes)));
  return builder.getDictionaryAttr(entry);
}

NetworkSummary entryFromAttribute(mlir::Attribute attribute) {
  auto entry = llvm::cast<mlir::DictionaryAttr>(attribute);
  NetworkSummary summary;
  summary.name = entry.getAs<mlir::StringAttr>("name").str();
  summary.hash = entry.getAs<mlir::IntegerAttr>("hash").getValue().getZExtValue();
  auto ports = [&](llvm::StringRef key, std::vector<PortSummary> &into) {
    for (int64_t elements : entry.getAs<mlir::DenseI64ArrayAttr>(key).asArrayRef())
      into.push_back({"", {elements}, elements, dtype::f32});
  };
  ports("inputs", summary.inputs);
  for (auto [input, type] :
       llvm::zip_equal(summary.inputs, entry.getAs<mlir::DenseI64ArrayAttr>("input_types").asArrayRef()))
    input.type = static_cast<dtype>(type);
  ports("outputs", summary.outputs);
  summary.rowBlocks = entry.getAs<mlir::DenseI64ArrayAttr>("row_blocks").asArrayRef().vec();
  summary.samplesInLanes = entry.getAs<mlir::IntegerAttr>("samples_in_lanes").getInt();
  const auto voices = entry.getAs<mlir::DenseI64ArrayAttr>("voices").asArrayRef();
  if (!voices.empty()) summary.runsVoices = true, summary.voicesInLanes = voices[0], summary.fewestVoices = voices[1];
  summary.maxBatch = entry.getAs<mlir::IntegerAttr>("max_batch").getInt();
  summary.scratchBytes = entry.getAs<mlir::IntegerAttr>("scratch_bytes").getInt();
  summary.memoryBytes = entry.getAs<mlir::IntegerAttr>("memory_bytes").getInt();
  if (auto packed = entry.getAs<mlir::IntegerAttr>("packed_bytes")) summary.packedBytes = packed.getInt();
  summary.flops = entry.getAs<mlir::IntegerAttr>("flops").getInt();
  summary.roundsToNearest = entry.getAs<mlir::BoolAttr>("rounds_to_nearest").getValue();
  if (auto role = entry.getAs<mlir::IntegerAttr>("role")) summary.role = static_cast<Role>(role.getInt());
  summary.computesWeights = entry.contains("computes_weights");
  for (mlir::Attribute ofBlock : entry.getAs<mlir::ArrayAttr>("stages"))
    summary.stages.push_back(llvm::cast<mlir::DenseI64ArrayAttr>(ofBlock).asArrayRef().vec());
  return summary;
}

}  // namespace inlay::compiler
