// SPDX-License-Identifier: Apache-2.0
// The JSON manifest of a kernel object.
#include "Inlay/Network/Mangling.h"
#include "Inlay/Report/Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

namespace inlay::compiler {
namespace {

llvm::json::Array portsOf(llvm::ArrayRef<PortSummary> ports) {
  llvm::json::Array array;
  for (const PortSummary &port : ports)
    array.push_back(llvm::json::Object{{"name", port.name},
                                       {"type", port.type == dtype::i32 ? "i32" : "f32"},
                                       {"shape", llvm::json::Array(port.shape)}});
  return array;
}

llvm::json::Object layerObject(const LayerSummary &layer) {
  llvm::json::Object object{{"name", layer.name},
                            {"kind", layer.kind},
                            {"inputs", layer.inputs},
                            {"outputs", layer.outputs},
                            {"flops", layer.flops},
                            {"weight_bytes", layer.weightBytes},
                            {"fused", llvm::json::Array(layer.fused)}};
  if (!layer.tile.empty()) object["tile"] = layer.tile;
  return object;
}

}  // namespace

void writeManifest(llvm::ArrayRef<NetworkSummary> networks, llvm::ArrayRef<std::string> targets,
                   llvm::raw_ostream &out) {
  llvm::json::Array array;
  for (const NetworkSummary &network : networks) {
    llvm::json::Array layers;
    for (const LayerSummary &layer : network.layers) layers.push_back(layerObject(layer));
    llvm::json::Array symbols{network.name + "_run", network.name + "_scratch_bytes", mangledRun(network),
                              mangledScratchBytes(network)};
    if (network.takesWeights())
      for (std::string each :
           {network.name + "_pack", network.name + "_packed_bytes", mangledPack(network), mangledPackedBytes(network)})
        symbols.push_back(std::move(each));
    if (network.hasReset()) {
      symbols.push_back(network.name + "_reset");
      symbols.push_back(mangledReset(network));
    }
    if (network.runsVoices) {
      symbols.push_back(network.name + "_run_voices");
      symbols.push_back(mangledRunVoices(network));
    }
    for (const std::string &each : network.trainingFunctions()) {
      symbols.push_back(network.name + "_" + each);
      symbols.push_back(mangledTraining(network, each));
    }
    if (network.isParallel()) {
      symbols.push_back(network.name + "_run_parallel");
      symbols.push_back(mangledRunParallel(network));
    }
    llvm::json::Object object{{"name", network.name},
                              {"graph_hash", llvm::utohexstr(network.hash, /*LowerCase=*/true, 16)},
                              {"symbols", std::move(symbols)},
                              {"inputs", portsOf(network.inputs)},
                              {"outputs", portsOf(network.outputs)},
                              {"scratch_bytes", network.scratchBytes},
                              {"weight_bytes", network.weightBytes},
                              {"flops_per_sample", network.flops},
                              {"row_blocks", llvm::json::Array(network.rowBlocks)},
                              {"layers", std::move(layers)}};
    if (network.takesWeights()) {
      llvm::json::Array parameters;
      for (const ParameterSummary &each : network.parameterList)
        parameters.push_back(
            llvm::json::Object{{"name", each.name}, {"first", each.first}, {"shape", llvm::json::Array(each.shape)}});
      object["packed_bytes"] = network.packedBytes;
      object["parameters"] = std::move(parameters);
    }
    if (network.samplesInLanes > 0) object["samples_in_lanes"] = network.samplesInLanes;
    if (network.runsVoices) object["voices_in_lanes"] = network.voicesInLanes;
    if (network.hasState()) object["memory_bytes"] = network.memoryBytes;
    if (network.maxBatch > 0) object["max_batch"] = network.maxBatch;
    array.push_back(std::move(object));
  }
  // A plain object would be sorted by name, but inlayc recognises its manifests by their first line.
  llvm::json::OStream json(out, 2);
  json.objectBegin();
  json.attribute("written_by", "inlayc");
  json.attribute("networks", llvm::json::Value(std::move(array)));
  json.attribute("target", targets.front());
  if (targets.size() > 1) json.attribute("targets", llvm::json::Array(targets));
  json.objectEnd();
  out << "\n";
}

}  // namespace inlay::compiler
