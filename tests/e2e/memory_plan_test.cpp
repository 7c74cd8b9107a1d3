// SPDX-License-Identifier: Apache-2.0
// The scratch memory of large networks against a bound that follows from their graphs alone: the largest sum of values
// that exist at the same time.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilenet_v2/model.hpp"
#include "resnet18/model.hpp"

namespace inlay {
namespace {

/// Follows the graph in its order, one operation after the other. Inputs and outputs are the caller's, weights are
/// constants, a reshape is another name of its operand, and a pointwise operation may overwrite an operand of the same
/// shape that nothing reads later.
class liveness {
 public:
  explicit liveness(const graph_view& graph) : graph_(graph), last_reader_(graph.nodes.size(), 0) {
    for (std::uint32_t id = 0; id < graph.nodes.size(); ++id) {
      stored_.push_back(id);
      depends_on_input_.push_back(graph.nodes[id].kind == op::input);
      for (const std::uint32_t operand : graph.operands(graph.nodes[id])) {
        if (operand == no_node) continue;
        if (depends_on_input_[operand]) depends_on_input_[id] = true;
        last_reader_[stored_[operand]] = id;
        if (graph.nodes[id].kind == op::reshape) stored_[id] = stored_[operand];
      }
    }
    is_output_.resize(graph.nodes.size());
    for (const output_record& each : graph.outputs) is_output_[stored_[each.node]] = true;
  }

  std::uint64_t peak_bytes() const {
    std::uint64_t peak = 0;
    std::vector<std::uint32_t> live;
    for (std::uint32_t id = 0; id < graph_.nodes.size(); ++id) {
      if (!has_place(id)) continue;
      const auto dies = [&](std::uint32_t value) { return last_reader_[value] <= id; };
      const auto overwritten = std::ranges::find_if(live, [&](std::uint32_t value) {
        return graph_.nodes[id].kind == op::map && dies(value) && graph_.nodes[value].dims == graph_.nodes[id].dims;
      });
      if (overwritten != live.end()) live.erase(overwritten);
      live.push_back(id);
      std::uint64_t sum = 0;
      for (const std::uint32_t value : live) sum += sizeof(float) * graph_.nodes[value].dims.elements();
      peak = std::max(peak, sum);
      std::erase_if(live, dies);
    }
    return peak;
  }

 private:
  const graph_view& graph_;
  std::vector<std::uint32_t> stored_;       ///< by node: the node whose memory holds it
  std::vector<std::uint32_t> last_reader_;  ///< by node that is stored
  std::vector<bool> depends_on_input_, is_output_;

  bool has_place(std::uint32_t id) const {
    return depends_on_input_[id] && stored_[id] == id && !is_output_[id] && graph_.nodes[id].kind != op::input;
  }
};

struct planned {
  std::uint64_t scratch_bytes, samples_at_a_time;
};

planned manifest_of(const std::string& name) {
  std::ifstream file(std::string(EXAMPLES_FOLDER "/") + name + "/" + name + "_kernels/model_kernels.json");
  const nlohmann::json network = nlohmann::json::parse(file).at("networks").at(0);
  EXPECT_EQ(network.at("name"), name);
  return {network.at("scratch_bytes"), network.at("row_blocks").at(0)};
}

/// `bytes` is the bound, worked out by hand.
void expect_small_scratch(const graph_view& graph, std::uint64_t bytes) {
  EXPECT_EQ(liveness(graph).peak_bytes(), bytes);
  const planned plan = manifest_of(std::string(graph.name));
  EXPECT_LE(static_cast<double>(plan.scratch_bytes), 1.1 * static_cast<double>(plan.samples_at_a_time * bytes));
  EXPECT_GT(plan.scratch_bytes, 0u);
}

TEST(MemoryPlan, ResNet18NeedsLittleMoreThanItsLargestLiveValues) {
  // The first convolution's image and the pool's.
  expect_small_scratch(graph_of<resnet18_example::resnet18>, 4 * (64 * 112 * 112 + 64 * 56 * 56));
}

TEST(MemoryPlan, MobileNetV2NeedsLittleMoreThanItsLargestLiveValues) {
  // features.2: 96 channels before and after the depthwise convolution with stride 2.
  expect_small_scratch(graph_of<mobilenet_v2_example::mobilenet_v2>, 4 * (96 * 112 * 112 + 96 * 56 * 56));
}

}  // namespace
}  // namespace inlay
