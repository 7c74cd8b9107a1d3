// SPDX-License-Identifier: Apache-2.0
// The table of inlayc --explain.

#include "Inlay/Report/Report.h"
#include "Inlay/Report/Table.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace inlay::compiler {
namespace {

// Sizes that common cores have at least. They decide which cache the weights are said to be read from.
constexpr int64_t kFirstLevelCache = 32 << 10, kSecondLevelCache = 1 << 20;

std::string bytes(int64_t count) {
  if (count < 1024) return llvm::formatv("{0} B", count);
  if (count < 1 << 20) return llvm::formatv("{0:f1} KiB", static_cast<double>(count) / 1024);
  return llvm::formatv("{0:f1} MiB", static_cast<double>(count) / (1 << 20));
}

/// What a layer waits for in a single sample. A dense layer waits for its weights, because each is read for only one
/// multiply-add. Convolutions without a tile have one filter for each channel, and little to compute for each value.
std::string limitOfOneSample(const LayerSummary &layer, int64_t weightBytes) {
  if (layer.kind == "dense") {
    if (weightBytes <= kFirstLevelCache) return "reading weights in L1";
    if (weightBytes <= kSecondLevelCache) return "reading weights in L2";
    return "reading weights beyond L2";
  }
  if (layer.kind == "view") return "nothing";
  if (layer.flops == 0) return layer.kind == "border" ? "writing the border" : "moving values";
  if (!layer.tile.empty()) return "multiply-adds";
  const bool readsMuch = llvm::is_contained({"conv2d", "max_pool", "avg_pool", "reduce"}, layer.kind);
  return readsMuch ? "reading values" : "arithmetic";
}

}  // namespace

void writeExplanation(llvm::ArrayRef<NetworkSummary> networks, llvm::StringRef target, llvm::raw_ostream &out) {
  out << "target " << target << "\n";
  for (const NetworkSummary &network : networks) {
    const int64_t rows = network.rowBlocks.front();
    out << llvm::formatv("\nnetwork {0}: {1} FLOP per sample, {2} of weights, {3} of scratch, ", network.name,
                         network.flops, bytes(network.weightBytes), bytes(network.scratchBytes));
    if (network.samplesInLanes > 0)
      out << llvm::formatv("{0} samples at a time, one in each lane; of fewer, ", network.samplesInLanes);
    out << (rows > 1 ? llvm::formatv("up to {0} samples at a time", rows).str() : "one sample at a time");
    if (network.runsVoices)
      out << (network.voicesInLanes > 0
                  ? llvm::formatv("; of several streams {0} at a time, one in each lane", network.voicesInLanes).str()
                  : std::string("; several streams one after the other"));
    out << "\n";
    constexpr bool isNumber[] = {false, false, false, false, true, true, false, false};
    Table table(isNumber);
    table.add({"layer", "kind", "shape", "tile", "FLOP", "weights", "one sample waits for", "fused into it"});
    std::string last = "inputs";
    for (const LayerSummary &layer : network.layers) {
      // Pools and other functions have no name.
      table.add({layer.name.empty() ? "after " + last : layer.name, layer.kind,
                 llvm::formatv("{0} -> {1}", layer.inputs, layer.outputs).str(), layer.tile,
                 std::to_string(layer.flops), bytes(layer.weightBytes), limitOfOneSample(layer, network.weightBytes),
                 (layer.fused.empty() ? "-" : llvm::join(layer.fused, ", ")) +
                     (layer.skipsZeros ? "; skips zero inputs" : "")});
      if (!layer.name.empty()) last = layer.name;
    }
    table.print(out);
    if (rows > 1)
      out << llvm::formatv(
          "  In a batch each weight that is read serves {0} samples: a dense layer then waits for its "
          "multiply-adds.\n",
          rows);
  }
}

}  // namespace inlay::compiler
