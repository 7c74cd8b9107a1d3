// SPDX-License-Identifier: Apache-2.0
// Reads the networks of an object file.
#include "model_file.hpp"

#include "ReadModel.h"
#include "random_weights.hpp"

namespace inlay::bench {

std::vector<bench_network> read_networks(const std::string& object, const std::string& weights_file,
                                         std::string& error) {
  llvm::Expected<tools::Model> model = tools::readModel(object);
  if (!model) {
    error = llvm::toString(model.takeError());
    return {};
  }
  auto memory = std::make_shared<tools::Model>(std::move(*model));
  weights all;
  if (!weights_file.empty()) {
    // As inlayc does: checkpoints may have prefixes, other types and tensors that no network reads.
    weights_load loaded = load_weights(memory->graphs, {.files = {weights_file}});
    if (!loaded) error = "--weights=" + weights_file;
    for (const std::string& problem : loaded.errors) error += "\n  " + problem;
    if (!loaded) return {};
    all = std::move(loaded.value);
  }
  std::vector<bench_network> networks;
  for (const graph_view& graph : memory->graphs)
    networks.push_back({std::string(graph.name),
                        graph,
                        weights_file.empty() ? random_weights(graph) : weights_of(graph, all),
                        {},
                        memory});
  return networks;
}

}  // namespace inlay::bench
