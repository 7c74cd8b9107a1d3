// SPDX-License-Identifier: Apache-2.0
// The table of inlayc --explain.

#include "Inlay/Report/Report.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
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
/// multiply-add.
std::string limitOfOneSample(const LayerSummary &layer, int64_t weightBytes) {
  if (layer.kind != "dense") return "arithmetic";
  if (weightBytes <= kFirstLevelCache) return "reading weights in L1";
  if (weightBytes <= kSecondLevelCache) return "reading weights in L2";
  return "reading weights beyond L2";
}

}  // namespace

void writeExplanation(llvm::ArrayRef<NetworkSummary> networks, llvm::StringRef target, llvm::raw_ostream &out) {
  out << "target " << target << "\n";
  for (const NetworkSummary &network : networks) {
    const int64_t rows = network.rowBlocks.front();
    out << llvm::formatv("\nnetwork {0}: {1} FLOP per sample, {2} of weights, {3} of scratch, ", network.name,
                         network.flops, bytes(network.weightBytes), bytes(network.scratchBytes));
    out << (rows > 1 ? llvm::formatv("up to {0} samples at a time", rows).str() : "one sample at a time");
    unsigned width = 5;
    for (const LayerSummary &layer : network.layers) width = std::max(width, static_cast<unsigned>(layer.name.size()));
    out << "\n";
    const auto line = [&](llvm::StringRef name, llvm::StringRef kind, llvm::StringRef shape, llvm::StringRef tile,
                          llvm::StringRef flops, llvm::StringRef weights, llvm::StringRef limit,
                          llvm::StringRef fused) {
      out << "  " << llvm::left_justify(name, width) << "  " << llvm::left_justify(kind, 7) << "  "
          << llvm::left_justify(shape, 14) << "  " << llvm::left_justify(tile, 6) << "  "
          << llvm::right_justify(flops, 10) << "  " << llvm::right_justify(weights, 10) << "  "
          << llvm::left_justify(limit, 25) << "  " << fused << "\n";
    };
    line("layer", "kind", "shape", "tile", "FLOP", "weights", "one sample waits for", "fused into it");
    for (const LayerSummary &layer : network.layers)
      line(layer.name, layer.kind, llvm::formatv("{0} -> {1}", layer.inputs, layer.outputs).str(), layer.tile,
           std::to_string(layer.flops), bytes(layer.weightBytes), limitOfOneSample(layer, network.weightBytes),
           (layer.fused.empty() ? "-" : llvm::join(layer.fused, ", ")) +
               (layer.skipsZeros ? "; skips zero inputs" : ""));
    if (rows > 1)
      out << llvm::formatv(
          "  In a batch each weight that is read serves {0} samples: a dense layer then waits for its "
          "multiply-adds.\n",
          rows);
  }
}

}  // namespace inlay::compiler
