// SPDX-License-Identifier: Apache-2.0
// The command-line options for weights, and reading the weights that networks need.
#include "LoadWeights.h"

#include <new>
#include <set>

#include "Inlay/Target/Target.h"
#include "llvm/Support/WithColor.h"

namespace inlay::tools {
namespace {

namespace cl = llvm::cl;
using compiler::failed;

cl::list<std::string> weightsPaths("weights",
                                   cl::desc("Weights of the networks' parameters, by PyTorch name; may be repeated. "
                                            "The word argument in place of a file: the kernels take their weights as "
                                            "an argument, a block that <network>_pack() makes"),
                                   cl::value_desc("file.safetensors"), cl::cat(inlaycOptions()));
cl::opt<std::string> prefix(
    "prefix",
    cl::desc("What the tensors' names have in front of the parameters' (default: what all names "
             "of a file share, such as module., if that is needed)"),
    cl::value_desc("text"), cl::cat(inlaycOptions()));
cl::list<std::string> ties("tie",
                           cl::desc("Give a parameter the values of another tensor, or with ^T of its transpose, as in "
                                    "dec.weight=enc.weight^T; may be repeated"),
                           cl::value_desc("parameter=tensor"), cl::cat(inlaycOptions()));
cl::opt<bool> strict("strict", cl::desc("Make a tensor that no network reads an error instead of a note"),
                     cl::cat(inlaycOptions()));

/// The most bytes that signed 32-bit offsets can reach.
constexpr uint64_t kMostBytes = uint64_t{1} << 31;

llvm::Error tooLarge(const std::string& what, uint64_t bytes) {
  return failed(what + " " + std::to_string(bytes >> 20) +
                " MiB; a program's code reaches its data by 32-bit offsets, so an object must have less than 2048 MiB: "
                "make the network smaller or store its weights in bf16 (--weights-type=bf16)");
}

}  // namespace

cl::OptionCategory& inlaycOptions() {
  static cl::OptionCategory category("inlayc options");
  return category;
}

std::vector<std::string> weightsFiles() {
  if (weightsAreArgument()) return {};
  return {weightsPaths.begin(), weightsPaths.end()};
}

bool weightsAreArgument() { return llvm::is_contained(weightsPaths, "argument"); }

llvm::Error checkWeightsOptions() {
  if (!weightsAreArgument()) return llvm::Error::success();
  if (weightsPaths.size() > 1)
    return failed(
        "--weights=argument: the kernels take all weights as an argument; leave out the other --weights, or "
        "write ./argument for a file of this name");
  const bool reads = prefix.getNumOccurrences() > 0 || !ties.empty() || strict;
  if (reads)
    return failed(
        "--weights=argument: inlayc reads no weights then; leave out --prefix, --tie and --strict, and give "
        "them to inlay::pack() at run time");
  return llvm::Error::success();
}

llvm::Error checkWeightBytes(llvm::ArrayRef<graph_view> graphs, bool bf16) {
  uint64_t bytes = 0;
  std::set<std::string_view> known;
  for (const graph_view& graph : graphs) {
    std::vector<bool> isMatrix(graph.nodes.size());
    for (const node_record& node : graph.nodes)
      if (node.kind == op::dense && graph.operands(node)[1] != no_node) isMatrix[graph.operands(node)[1]] = true;
    for (auto [node, matrix] : llvm::zip(graph.nodes, isMatrix)) {
      const bool isParameter = node.kind == op::parameter && known.insert(graph.name_of(node)).second;
      if (isParameter || node.kind == op::constant) bytes += node.dims.elements() * (bf16 && matrix ? 2 : 4);
    }
  }
  return bytes < kMostBytes ? llvm::Error::success() : tooLarge("the networks' weights take", bytes);
}

llvm::Error checkObjectBytes(uint64_t bytes) {
  return bytes < kMostBytes ? llvm::Error::success() : tooLarge("the object with its packed weights would have", bytes);
}

llvm::Expected<weights> loadWeights(llvm::ArrayRef<graph_view> graphs) {
  const weights_request request{weightsFiles(), prefix, {ties.begin(), ties.end()}, strict};
  // LLVM's handler would end the program when memory runs out. Without it the reader names the tensor that needed the
  // memory.
  const std::new_handler crash = std::set_new_handler(nullptr);
  weights_load loaded = load_weights(std::span(graphs.data(), graphs.size()), request);
  std::set_new_handler(crash);
  for (const std::string& note : loaded.notes) llvm::WithColor::note(llvm::errs(), "inlayc") << note << "\n";
  if (loaded) return std::move(loaded.value);
  std::string message = "the weights do not fit the networks:";
  if (request.files.size() == 1) message = "the weights in '" + request.files[0] + "' do not fit the networks:";
  if (request.files.empty()) message = "the networks have parameters, but there is no --weights:";
  for (const std::string& error : loaded.errors) message += "\n  " + error;
  return failed(message);
}

}  // namespace inlay::tools
