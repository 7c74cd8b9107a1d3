// SPDX-License-Identifier: Apache-2.0
// Tests the parts of inlay-bench that decide what is measured and whether it is right: random weights, layers as
// networks, the relative error, the limits.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <vector>

#include "batch_norms.hpp"
#include "inlay/interpreter.hpp"
#include "labels.hpp"
#include "layers.hpp"
#include "models.hpp"
#include "networks.hpp"
#include "random_weights.hpp"
#include "relative_error.hpp"
#include "single_calls.hpp"

namespace inlay::bench {
namespace {

bench_network network_of(const graph_view& graph) {
  return {
      .name = std::string(graph.name), .graph = graph, .values = random_weights(graph), .batches = {}, .memory = {}};
}

/// The reference interpreter's outputs for one sample.
std::vector<std::vector<float>> evaluate(const bench_network& network, const std::vector<std::vector<float>>& inputs) {
  interpreter_result made = interpreter::create(network.graph, network.values);
  EXPECT_TRUE(made) << network.name << ": " << (made.errors.empty() ? "" : made.errors.front());
  std::vector<std::vector<float>> outputs;
  for (const output_record& each : network.graph.outputs)
    outputs.emplace_back(network.graph.nodes[each.node].dims.elements());
  if (!made) return outputs;
  std::vector<const float*> in;
  std::vector<float*> out;
  for (const auto& each : inputs) in.push_back(each.data());
  for (auto& each : outputs) out.push_back(each.data());
  made.value->run(in, out, 1, engine::reference);
  return outputs;
}

std::vector<std::vector<float>> some_inputs(const graph_view& graph) {
  std::vector<std::vector<float>> inputs;
  for (const node_record& node : graph.nodes)
    if (node.kind == op::input) {
      auto& each = inputs.emplace_back(node.dims.elements());
      for (std::size_t i = 0; i < each.size(); ++i) each[i] = std::sin(static_cast<float>(3 * i + inputs.size()));
    }
  return inputs;
}

TEST(RandomWeights, VariancesArePositive) {
  for (const graph_view& graph : {graph_of<zoo>, graph_of<chain>}) {
    const weights w = random_weights(graph);
    std::size_t variances = 0;
    for (const weight_tensor& tensor : w.tensors)
      if (tensor.name.ends_with("running_var") || tensor.name == "scale") {
        ++variances;
        for (const float each : tensor.values) EXPECT_GE(each, 0.5f) << tensor.name;
      }
    EXPECT_EQ(variances, graph.name == "zoo" ? 1u : 2u);
    EXPECT_TRUE(check_weights(graph, w).empty());
    for (const auto& output : evaluate(network_of(graph), some_inputs(graph)))
      for (const float each : output) EXPECT_TRUE(std::isfinite(each));
  }
}

TEST(RandomWeights, AreTheSameInEveryRunAndNearOneWhereTheyScale) {
  const weights a = random_weights(graph_of<zoo>), b = random_weights(graph_of<zoo>);
  EXPECT_EQ(a.find("fc1.weight")->values, b.find("fc1.weight")->values);
  double sum = 0;
  for (const float each : a.find("bn1.weight")->values) sum += static_cast<double>(each);
  EXPECT_NEAR(sum / 96, 1, 0.1);
}

TEST(FoldedBatchNorms, TheNetworkComputesTheSame) {
  for (const graph_view& graph : {graph_of<normed>, graph_of<zoo>, graph_of<chain>}) {
    const bench_network network = network_of(graph), folded = with_folded_batch_norms(network);
    EXPECT_TRUE(check_weights(folded.graph, folded.values).empty());
    const auto inputs = some_inputs(graph), expected = evaluate(network, inputs), found = evaluate(folded, inputs);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_LE(relative_error(found[i], expected[i]), 1e-6) << graph.name << ", output " << i;
  }
}

TEST(FoldedBatchNorms, OnlyNormsOfLayersWithOneReaderAreFolded) {
  const bench_network folded = with_folded_batch_norms(network_of(graph_of<normed>));
  std::set<std::string_view> names;
  std::size_t maps = 0;
  for (const node_record& node : folded.graph.nodes) {
    if (node.kind == op::parameter) names.insert(folded.graph.name_of(node));
    maps += node.kind == op::map;
  }
  EXPECT_EQ(maps, 5u) << "relu, relu6, tanh, bn4 and the sum";
  EXPECT_EQ(names, (std::set<std::string_view>{"c1.weight", "c1.folded_bias", "c2.weight", "c2.folded_bias",
                                               "fc1.weight", "fc1.folded_bias", "fc2.weight", "fc2.bias", "bn4.weight",
                                               "bn4.bias", "bn4.running_mean", "bn4.running_var"}));
}

TEST(WeightsOf, LeavesOutWhatOtherNetworksNeed) {
  const weights all = random_weights(graph_of<zoo>);
  EXPECT_TRUE(weights_of(graph_of<chain>, all).tensors.empty());
  EXPECT_EQ(weights_of(graph_of<zoo>, all).tensors.size(), all.tensors.size());
}

TEST(LayersOf, OneAfterTheOtherTheyComputeTheNetwork) {
  const bench_network whole = network_of(graph_of<chain>);
  const std::vector<bench_network> layers = layers_of(whole);
  std::vector<std::string> names;
  std::vector<std::vector<float>> values = some_inputs(whole.graph);
  const auto expected = evaluate(whole, values);
  for (const bench_network& layer : layers) {
    names.push_back(layer.name);
    EXPECT_EQ(some_inputs(layer.graph).size(), 1u) << layer.name;
    values = evaluate(layer, values);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"map after x", "c1", "c2", "log_softmax after c2"}));
  ASSERT_EQ(values.front().size(), expected.front().size());
  for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(values[0][i], expected[0][i], 1e-5);
}

TEST(LayersOf, EveryKindOfLayerIsTakenOutOnceAndRuns) {
  const std::vector<bench_network> layers = layers_of(network_of(graph_of<zoo>));
  std::multiset<std::string> names;
  for (const bench_network& layer : layers) {
    names.insert(layer.name);
    EXPECT_FALSE(check_graph(layer.graph)) << layer.name;
    for (std::uint32_t id = 0; id < layer.graph.nodes.size(); ++id)
      EXPECT_FALSE(check_node(layer.graph, id)) << layer.name;
    for (const auto& output : evaluate(layer, some_inputs(layer.graph)))
      for (const float each : output) EXPECT_TRUE(std::isfinite(each)) << layer.name;
  }
  for (const char* name : {"fc1", "fc2", "value", "policy", "softmax after policy"})
    EXPECT_EQ(names.count(name), 1u) << name;
  const auto fc1 = std::ranges::find(layers, "fc1", &bench_network::name);
  EXPECT_EQ(std::ranges::count(fc1->graph.nodes, op::dense, &node_record::kind), 1);
  EXPECT_GE(std::ranges::count(fc1->graph.nodes, op::map, &node_record::kind), 1) << "batch norm and relu come along";
}

TEST(RelativeError, IsRelativeWhateverTheSize) {
  for (const float size : {1e-20f, 1e-6f, 1.0f, 1e6f, 1e20f}) {
    const std::vector<float> exact = {size, -size, size / 2}, found = {size, -size * 1.01f, size / 2};
    EXPECT_EQ(relative_error(exact, exact), 0);
    EXPECT_NEAR(relative_error(found, exact), 0.01, 1e-5) << size;
  }
  // The error of a sum that cancels is relative to the size of the other values.
  EXPECT_NEAR(relative_error(std::vector{1.0f, 1e-7f}, std::vector{1.0f, 0.0f}), 1e-7 * std::sqrt(2.0), 1e-9);
}

TEST(RelativeError, KnowsInfinitiesNansAndWhatWasNotWritten) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(relative_error(std::vector{inf, -inf, nan, 2.0f}, std::vector{inf, -inf, nan, 2.0f}), 0);
  for (const auto& [found, exact] :
       {std::pair{inf, -inf}, {1.0f, nan}, {nan, 1.0f}, {inf, 1.0f}, {1.0f, inf}, {unwritten(), nan}, {unwritten(), 1}})
    EXPECT_FALSE(relative_error(std::vector{found, 1.0f}, std::vector{exact, 1.0f}) < 1e30) << found << " " << exact;
  EXPECT_FALSE(relative_error(std::vector{1e-30f}, std::vector{0.0f}) < 1e30) << "nothing is exactly zero";
}

TEST(Limits, ReadFromTheSmallestLevelThatHoldsWeightsAndValues) {
  networks_report report;
  report.bandwidths = {{{"L1", 0, 1000, 100}, {"L2", 0, 10000, 50}, {"L3", 0, 100000, 10}, {"memory", 0, ~0ul, 1}}};
  network_contest contest{
      .network = "n", .layer = "", .flops = 3e9, .weight_bytes = 900, .value_bytes = 50, .results = {}};
  contest.peak = 1e9;
  EXPECT_STREQ(limits_of(contest, report).level->level, "L1");
  EXPECT_DOUBLE_EQ(limits_of(contest, report).multiply_adds, 3);
  contest.value_bytes = 150;
  EXPECT_STREQ(limits_of(contest, report).level->level, "L2");
  EXPECT_DOUBLE_EQ(limits_of(contest, report).reading, 1050 / 50e9);
  contest.weight_bytes = 1e9;
  EXPECT_STREQ(limits_of(contest, report).level->level, "memory");
}

/// The first fault of the labels: one covers another, a point or an area to keep clear, or leaves the picture.
std::string fault_of(const std::vector<label>& labels, const std::vector<named_point>& points, const box& area,
                     const std::vector<box>& clear) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& name = points[i].name;
    if (!area.contains(labels[i].place)) return name + " leaves the picture";
    for (std::size_t j = 0; j < labels.size(); ++j) {
      if (j != i && labels[i].place.meets(labels[j].place)) return name + " covers " + points[j].name;
      if (labels[i].place.meets({points[j].x - 5, points[j].y - 5, points[j].x + 5, points[j].y + 5}))
        return name + " covers the point of " + points[j].name;
      if (j != i && labels[j].leader.meets(labels[i].place))
        return "the line of " + points[j].name + " crosses " + name;
    }
    for (const box& each : clear)
      if (labels[i].place.meets(each)) return name + " covers other text";
    const double x = std::clamp(points[i].x, labels[i].place.x0, labels[i].place.x1);
    const double y = std::clamp(points[i].y, labels[i].place.y0, labels[i].place.y1);
    if (std::abs(x - labels[i].leader.x1) > 3 || std::abs(y - labels[i].leader.y1) > 3)
      return "the line of " + name + " ends elsewhere";
  }
  return "";
}

TEST(Labels, FourteenPointsThatCrowd) {
  const box area{60, 20, 940, 560}, other{300, 200, 460, 216};
  for (const double spread : {300.0, 120.0, 60.0}) {
    std::vector<named_point> points;
    for (int i = 0; i < 14; ++i)
      points.push_back({500 + spread * std::sin(2.4 * i) * std::sqrt(i / 14.0),
                        300 + spread * std::cos(2.4 * i) * std::sqrt(i / 14.0), "network x" + std::to_string(i)});
    label_placer placer(area);
    placer.keep_clear(other);
    EXPECT_EQ(fault_of(placer.place(points), points, area, {other}), "") << spread;
  }
}

TEST(Labels, PointsAtTheEdges) {
  const box area{0, 0, 400, 300};
  const std::vector<named_point> points = {{1, 1, "top left"},
                                           {399, 1, "top right"},
                                           {1, 299, "bottom left"},
                                           {399, 299, "bottom right"},
                                           {399, 290, "a second one"}};
  EXPECT_EQ(fault_of(label_placer(area).place(points), points, area, {}), "");
}

/// A report such as the built-in suite gives on a server.
networks_report a_report() {
  networks_report report;
  report.cpu = "A processor <of the test>";
  report.openblas = {.version = "0.3.21", .core = "Prescott", .coretype = "", .warning = "it looks slower than it is"};
  report.bandwidths = {{{"L1", 16 << 10, 32 << 10, 205},
                        {"L2", 512 << 10, 1 << 20, 118},
                        {"L3", 8 << 20, 32 << 20, 99},
                        {"memory", 256 << 20, ~0ul, 20}}};
  const struct {
    const char* name;
    int batch;
    double flops, weights, values, compiled, ratio;
  } rows[] = {{"tiny", 1, 48, 132, 12, 11.7e-9, 172},
              {"control", 1, 51712, 104488, 296, 693e-9, 2.9},
              {"mnist", 1, 1070080, 2143272, 3176, 20.1e-6, 1.69},
              {"mnist", 32, 34242560, 2143272, 101632, 293e-6, 1.62},
              {"mnist", 256, 273940480, 2143272, 813056, 2.37e-3, 1.39},
              {"wide", 1, 16777216, 33574912, 8192, 662e-6, 2.4},
              {"wide", 128, 2147483648, 33574912, 1048576, 19.8e-3, 2.2}};
  for (const auto& row : rows) {
    network_contest contest{.network = row.name, .layer = "", .results = {}};
    contest.batch = row.batch, contest.flops = row.flops, contest.weight_bytes = row.weights;
    contest.value_bytes = row.values, contest.peak = 118e9;
    const double slow = row.compiled * row.ratio;
    contest.results = {
        {.contestant = "compiled", .time = {row.compiled, row.compiled, row.compiled}, .cold = 4 * row.compiled},
        {.contestant = "interpreted", .time = {slow, slow, slow}, .cold = 2 * slow}};
    report.contests.push_back(contest);
  }
  return report;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Page, NamesEveryPointAndSaysWhatTheMarksMean) {
  const std::string page = html_of(a_report());
  std::ofstream(::testing::TempDir() + "inlay_bench_page.html") << page;  // to look at
  EXPECT_EQ(occurrences(page, "class='full'"), 7u + 1);                   // and one in the legend
  EXPECT_EQ(occurrences(page, "class='hollow'"), 7u + 1);
  EXPECT_EQ(occurrences(page, ">mnist x32</text>"), 2u);
  EXPECT_EQ(occurrences(page, "class='leader'"), 14u);
  EXPECT_EQ(occurrences(page, ">interpreted</text>"), 1u);
  EXPECT_EQ(occurrences(page, "<th>cold"), 7u);
  EXPECT_NE(page.find("A processor &lt;of the test&gt;"), std::string::npos);
  EXPECT_NE(page.find("Prescott"), std::string::npos);
}

TEST(Page, SaysWhereTheTimeGoesLayerByLayer) {
  networks_report report = a_report();
  const auto add_layer = [&](const char* name, double flops, double seconds, double peer) {
    network_contest layer{.network = "control", .layer = name, .results = {}};
    layer.batch = 1, layer.flops = flops, layer.peak = 100e9;
    layer.results = {{.contestant = "compiled", .time = {seconds, seconds, seconds}},
                     {.contestant = "interpreted", .time = {peer / 4, peer / 4, peer / 4}},
                     {.contestant = "2 threads", .time = {peer / 4, peer / 4, peer / 4}},
                     {.contestant = "Eigen", .time = {2 * peer, 2 * peer, 2 * peer}},
                     {.contestant = "oneDNN", .time = {peer, peer, peer}}};
    if (flops == 0) layer.results.resize(2);
    report.contests.push_back(layer);
  };
  add_layer("fc<1>", 30000, 600e-9, 900e-9);
  add_layer("pool", 0, 300e-9, 800e-9);
  add_layer("fc2", 5000, 100e-9, 50e-9);

  const layer_times times = layers_in(report, report.contests[1]);
  ASSERT_EQ(times.layers.size(), 3u);
  EXPECT_DOUBLE_EQ(times.seconds, 1000e-9);
  EXPECT_DOUBLE_EQ(times.share(*times.layers[1]), 0.3);
  EXPECT_EQ(best_peer(*times.layers[0])->contestant, "oneDNN");
  EXPECT_EQ(best_peer(*times.layers[1]), nullptr);
  EXPECT_TRUE(layers_in(report, report.contests[0]).layers.empty());

  const std::string page = html_of(report);
  EXPECT_EQ(occurrences(page, "layer by layer"), 1u);
  EXPECT_NE(page.find("<td>fc&lt;1&gt;</td><td>600 ns</td><td>60.0 %</td>"), std::string::npos);
  EXPECT_NE(page.find("<td>0.03</td><td>50</td><td>50.0 %</td><td>1.50 oneDNN</td>"), std::string::npos);
  EXPECT_NE(page.find("<td>pool</td><td>300 ns</td><td>30.0 %</td>"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("inf"), std::string::npos);
}

TEST(Page, BeginsWithOneRowForEachNetwork) {
  const std::string page = html_of(a_report());
  EXPECT_NE(page.find("<td>mnist</td><td>32</td><td>293 µs</td><td>99.0 %</td><td>1.62</td>"), std::string::npos);
  EXPECT_LT(page.find("At a glance"), page.find("<svg"));
}

TEST(Amounts, HaveTheUnitThatKeepsThemShort) {
  EXPECT_EQ(flop_count(48), "48 FLOP");
  EXPECT_EQ(flop_count(51712), "51.71 kFLOP");
  EXPECT_EQ(flop_count(3.635e9), "3.635 GFLOP");
  EXPECT_EQ(byte_count(132), "132 B");
  EXPECT_EQ(byte_count(1536), "1.5 KiB");
  EXPECT_EQ(byte_count(47710208), "45.5 MiB");
}

TEST(Page, NetworksThatDoNotMultiplyHaveNoPoint) {
  networks_report report = a_report();
  for (network_contest& contest : report.contests) contest.flops = 0;
  const std::string page = html_of(report);
  EXPECT_EQ(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(SingleCalls, OneSlowCallInAThousandIsSeen) {
  // A call in a thousand takes 1 ms. The others take next to nothing.
  const auto rarely_slow = each_on_its_own([call = 0]() mutable {
    if (++call % 1000 != 0) return;
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(1)) {
    }
  });
  const timed_calls all[] = {rarely_slow, each_on_its_own([] {})};
  const std::vector<single_calls> times = time_single_calls(all, 20000);
  ASSERT_EQ(times.size(), 2u);
  for (const single_calls& each : times) {
    EXPECT_GT(each.median, 0);
    EXPECT_LE(each.median, each.slow);
    EXPECT_LE(each.slow, each.largest);
  }
  EXPECT_LT(times[0].median, 1e-3);
  EXPECT_GT(times[0].slow, 0.9e-3) << "the 99.99th percentile is the third slowest of 20000";
}

TEST(SingleCalls, LongCallsAreFewer) {
  const auto wait = [](std::chrono::microseconds time) {
    return each_on_its_own([time] {
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < time) {
      }
    });
  };
  const timed_calls all[] = {wait(std::chrono::microseconds(1000)), each_on_its_own([] {})};
  const std::vector<single_calls> times = time_single_calls(all, 1000, /*most_seconds=*/0.2);
  EXPECT_GE(times[0].calls, 100u) << "each of a hundred turns has a call or more";
  EXPECT_LE(times[0].calls, 200u) << "two calls in each of a hundred turns take 0.2 s";
  EXPECT_GE(times[0].median, 0.9e-3);
  EXPECT_EQ(times[1].calls, 1000u);
}

TEST(SingleCalls, OneCallIsEnough) {
  const timed_calls all[] = {each_on_its_own([] {})};
  const single_calls time = time_single_calls(all, 1).front();
  EXPECT_EQ(time.median, time.largest);
  EXPECT_EQ(time.slow, time.largest);
  EXPECT_EQ(time.calls, 1u);
}

}  // namespace
}  // namespace inlay::bench
