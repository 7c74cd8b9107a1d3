// SPDX-License-Identifier: Apache-2.0
// Facts about a planned network that the entry point, the header and the manifest need.
#include "Inlay/Codegen/Networks.h"

#include "Stages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
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

/// Names of a scalar program's ops ("addf", "relu"), without its constants. Each counts as one FLOP.
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
        for (mlir::Value input : map.getInputs())
          if (input.getDefiningOp<ConstantOp>()) layer.weightBytes += bytesOf(input);
      })
      .Default([&](mlir::Operation *) { layer.inputs = outputs; });
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

}  // namespace

bool fitsRegister(ContractionOp layer) {
  return !layer.getWindow() && elementsOf(layer.getResult()) <= static_cast<int64_t>(layer.getVectorLength()) &&
         llvm::all_of(layer->getUses(), [](mlir::OpOperand &use) {
           auto reader = llvm::dyn_cast<ContractionOp>(use.getOwner());
           return reader && !reader.getWindow() && use == reader.getInputMutable();
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
  const int64_t lanes = targetOf(network).getLanes();
  // One spare vector at the end, so that the last row may be read in whole vectors.
  int64_t scratch = arena == 0 || staysInRegisters(network, summary) ? 0 : arena * summary.rowBlocks.front() + lanes;
  // The kernel for a single row uses one row of the arena and keeps its lists behind that row.
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

namespace {

/// Mangles the members of `inlay::no_kernels_for_this_graph_run_inlayc_again<hash, inlay::detail::named<...>, P...>`,
/// which runtime/include/inlay/kernel_symbols.hpp declares, by the Itanium ABI.
class KernelsName {
 public:
  explicit KernelsName(const NetworkSummary &summary) {
    text = "_ZN5inlay42no_kernels_for_this_graph_run_inlayc_againILm" + std::to_string(summary.hash) +
           "ENS_6detail5namedIJ";
    // The substitutions so far, in order of appearance: inlay, the template, inlay::detail, named.
    count = 4;
    for (char c : llvm::StringRef(summary.name).take_front(kMostCharacters)) {
      const std::string type = llvm::isAlpha(c)   ? std::string("2") + c + "_"
                               : llvm::isDigit(c) ? std::string("2_") + c
                                                  : "10underscore";
      std::string &known = types[type];
      text += known.empty() ? "NS1_" + type + "E" : known;
      if (known.empty()) known = next();
    }
    text += "EEEJ";
    ++count;  // named<...>
    for (size_t i = 0; i < summary.inputs.size(); ++i) pointer("PKf", 2);
    for (size_t i = 0; i < summary.outputs.size(); ++i) pointer("Pf", 1);
    text += "EE";
  }

  std::string member(const std::string &name) const { return text + std::to_string(name.size()) + name + "E"; }
  /// The parameters of a function that runs a batch: pointers, size_t, void*.
  std::string batch() const { return parameters + "mPv"; }

 private:
  /// The symbol has no more characters of the name than these, as in kernel_symbols.hpp.
  static constexpr size_t kMostCharacters = 40;

  std::string text, parameters;
  unsigned count = 0;
  llvm::StringMap<std::string> types;

  /// The next substitution: S_, S0_, ..., S9_, SA_, ..., SZ_, S10_, ...
  std::string next() {
    const unsigned number = count++;
    return number == 0 ? "S_" : "S" + llvm::toString(llvm::APInt(32, number - 1), 36, /*Signed=*/false) + "_";
  }

  /// A pointer to float. It is written out the first time only. Then each of its parts becomes a substitution; the last
  /// part is the pointer itself.
  void pointer(const std::string &type, unsigned parts) {
    std::string &known = types[type];
    text += known.empty() ? type : known;
    if (known.empty()) {
      count += parts - 1;
      known = next();
    }
    parameters += known;
  }
};

}  // namespace

std::string mangledRun(const NetworkSummary &summary) {
  const KernelsName name(summary);
  return name.member("run") + name.batch();
}

std::string mangledRunParallel(const NetworkSummary &summary) {
  const KernelsName name(summary);
  return name.member("run_parallel_needs_PARALLEL") + name.batch() + "PK18inlay_parallel_for";
}

std::string mangledScratchBytes(const NetworkSummary &summary) {
  return KernelsName(summary).member("scratch_bytes") + "v";
}

}  // namespace inlay::compiler
