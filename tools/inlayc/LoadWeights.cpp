// SPDX-License-Identifier: Apache-2.0
// The command line's weights: the options that name them, and the values that the networks read.
#include "LoadWeights.h"

#include "Inlay/Target/Target.h"

namespace inlay::tools {
namespace {

namespace cl = llvm::cl;
using compiler::failed;

cl::opt<std::string> weightsPath("weights", cl::desc("Weights of the networks' parameters, by PyTorch name"),
                                 cl::value_desc("file.safetensors"), cl::cat(inlaycOptions()));

}  // namespace

cl::OptionCategory& inlaycOptions() {
  static cl::OptionCategory category("inlayc options");
  return category;
}

std::vector<std::string> weightsFiles() {
  if (weightsPath.empty()) return {};
  return {weightsPath};
}

llvm::Expected<weights> loadWeights(llvm::ArrayRef<graph_view> graphs) {
  weights loaded;
  if (!weightsPath.empty()) {
    weights_result result = load_safetensors(weightsPath);
    if (!result) return failed("--weights=" + result.error);
    loaded = std::move(result.value);
  }
  std::vector<std::string> problems = check_weights(std::span(graphs.data(), graphs.size()), loaded);
  if (problems.empty()) return loaded;
  std::string message = weightsPath.empty() ? "the networks have parameters, but there is no --weights:"
                                            : "the weights in '" + weightsPath + "' do not fit the networks:";
  for (const std::string& problem : problems) message += "\n  " + problem;
  return failed(message);
}

}  // namespace inlay::tools
