// SPDX-License-Identifier: Apache-2.0
// Weights and inputs of a drawn network.
#include "values.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "inlay/operations.hpp"

namespace inlay::fuzz {
namespace {

constexpr float kCorners[] = {std::numeric_limits<float>::quiet_NaN(),
                              std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity(),
                              0.0f,
                              -0.0f,
                              std::numeric_limits<float>::denorm_min(),
                              -1e-40f,
                              std::numeric_limits<float>::min(),
                              std::numeric_limits<float>::max(),
                              -std::numeric_limits<float>::max(),
                              3.4e38f,
                              1e-25f,
                              88.9f,
                              -104.0f,
                              -1e30f,
                              65536.0f};

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t h = text.size();
  for (char c : text) h = mixed(h ^ static_cast<unsigned char>(c));
  return h;
}

float number(random_source& random, regime kind, double limit) {
  switch (kind) {
    case regime::ordinary: return static_cast<float>(random.real(-limit, limit));
    case regime::unit: return static_cast<float>(random.real(-1, 1));
    case regime::sparse: return random.chance(70) ? 0.0f : static_cast<float>(random.real(-1, 1));
    case regime::integers: return static_cast<float>(static_cast<int>(random.pick(7)) - 3);
    case regime::wide: return static_cast<float>((random.chance(50) ? 1 : -1) * std::pow(10.0, random.real(-6, 6)));
    case regime::large: return static_cast<float>(random.real(-100, 100));
    case regime::tiny: return static_cast<float>(random.real(-1e-37, 1e-37));
    case regime::corners: return random.chance(15) ? random.one_of(kCorners) : static_cast<float>(random.real(-2, 2));
  }
  return 0;
}

template <std::size_t N>
regime weighted(random_source& random, const unsigned (&percent)[N]) {
  static_assert(N == regime_count);
  unsigned left = random.pick(100);
  for (unsigned i = 0; i < N; ++i) {
    if (left < percent[i]) return static_cast<regime>(i);
    left -= percent[i];
  }
  return regime::ordinary;
}

}  // namespace

data_plan draw_data(random_source& random) {
  //                                   ordinary unit sparse integers wide large tiny corners
  static constexpr unsigned for_weights[] = {55, 14, 7, 8, 6, 3, 3, 4};
  static constexpr unsigned for_inputs[] = {50, 5, 12, 9, 8, 7, 4, 5};
  data_plan plan;
  plan.seed = random.word();
  plan.weights = weighted(random, for_weights), plan.inputs = weighted(random, for_inputs);
  plan.edges = random.chance(25);
  return plan;
}

inlay::weights make_weights(const graph_view& graph, const data_plan& plan) {
  inlay::weights w;
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::parameter) continue;
    random_source random(plan.seed, hash_of(graph.name_of(node)));
    weight_tensor tensor{std::string(graph.name_of(node)), {}, "F32", {}};
    tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    const double limit = node.dims.rank == 2 ? 1.7 / std::sqrt(static_cast<double>(node.dims.sizes[1])) : 1;
    for (std::uint64_t i = 0; i < node.dims.elements(); ++i)
      tensor.values.push_back(number(random, plan.weights, limit));
    w.tensors.push_back(std::move(tensor));
  }
  std::ranges::sort(w.tensors, {}, &weight_tensor::name);
  return w;
}

namespace {

/// An index into each of the tables that have `rows` rows or more. One of `percent` out of 100 lies outside.
std::int32_t draw_index(random_source& random, std::uint32_t rows, unsigned percent) {
  if (!random.chance(percent)) return static_cast<std::int32_t>(random.pick(rows));
  const auto size = static_cast<std::int32_t>(rows);
  const std::int32_t outside[] = {-1,
                                  size,
                                  -size,
                                  std::numeric_limits<std::int32_t>::min(),
                                  std::numeric_limits<std::int32_t>::max(),
                                  static_cast<std::int32_t>(random.word())};
  return random.one_of(outside);
}

}  // namespace

std::vector<float> make_input(const graph_view& graph, const node_record& node, std::size_t batch,
                              const data_plan& plan) {
  const std::uint32_t rows = node.type == dtype::i32 ? ops::rows_of_smallest_table(graph, node) : 0;
  const auto elements = static_cast<std::size_t>(node.dims.elements());
  std::vector<float> values;
  values.reserve(batch * elements);
  for (std::size_t sample = 0; sample < batch; ++sample) {
    random_source random(plan.seed ^ mixed(sample + 1), hash_of(graph.name_of(node)));
    const bool has_edges = plan.edges && random.chance(25);
    // One corner spoils every value after a dense layer, so only some samples have corners.
    const bool ordinary = plan.inputs == regime::corners && random.chance(40);
    for (std::size_t i = 0; i < elements; ++i) {
      if (node.type == dtype::i32) {
        values.push_back(std::bit_cast<float>(draw_index(random, rows, has_edges ? 15 : 0)));
        continue;
      }
      float x = number(random, ordinary ? regime::ordinary : plan.inputs, 3);
      if (has_edges && random.pick(elements + 1) < 2) x = random.one_of(kCorners);
      values.push_back(x);
    }
  }
  return values;
}

}  // namespace inlay::fuzz
