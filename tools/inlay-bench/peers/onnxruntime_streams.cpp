// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime: the voice activity detector as an ONNX model, with all graph optimisations, on one thread. One call of
// the library runs one step. Its state goes in and out as tensors, which two sets of memory take in turn.
#include <algorithm>
#include <array>
#include <cstdio>

#include "onnxruntime_graph.hpp"
#include "stream_peers.hpp"

namespace inlay::bench {
namespace {

using namespace onnxruntime;

constexpr std::int64_t chunk = 512, context = 64, joined = chunk + context, hidden = 128;

/// PyTorch's gates i, f, g, o in the order of ONNX: i, o, f, g.
std::vector<float> in_onnx_order(const std::vector<float>& gates) {
  const auto quarter = static_cast<std::ptrdiff_t>(gates.size() / 4);
  std::vector<float> result;
  for (const int gate : {0, 3, 1, 2})
    result.insert(result.end(), gates.begin() + gate * quarter, gates.begin() + (gate + 1) * quarter);
  return result;
}

class detector {
 public:
  explicit detector(const weights& w) : weights_(w) {
    const std::string frames = graph_.node("Unsqueeze", {padded("samples"), graph_.list({1})});
    const std::string parts = convolution(frames, "stft", 258, 1, 256, {graph_maker::attribute("strides", {128})});
    const std::vector<std::string> both =
        graph_.node("Split", {parts, graph_.list({129, 129})}, {graph_maker::attribute("axis", 1)}, 2);
    std::string x = graph_.node(
        "Sqrt", {graph_.node("Add", {graph_.node("Mul", {both[0], both[0]}), graph_.node("Mul", {both[1], both[1]})})});
    x = encoder(x, "encoder.0", 128, 129, 1);
    x = encoder(x, "encoder.1", 64, 128, 2);
    x = encoder(x, "encoder.2", 64, 64, 2);
    x = encoder(x, "encoder.3", 128, 64, 1);
    const std::string features = graph_.node("Reshape", {x, graph_.list({1, 1, hidden})});  // steps, samples, features
    const std::vector<std::string> states =
        graph_.node("LSTM",
                    {features, gates("weight_ih_l0", {1, 4 * hidden, hidden}),
                     gates("weight_hh_l0", {1, 4 * hidden, hidden}), biases(), "", "h", "c"},
                    {graph_maker::attribute("hidden_size", hidden)}, 3);
    const std::string rows = graph_.node("Reshape", {graph_.node("Relu", {states[1]}), graph_.list({1, hidden})});
    const std::string sum =
        graph_.node("Gemm", {rows, weight("decoder.output.weight", {1, hidden}), weight("decoder.output.bias", {1})},
                    {graph_maker::attribute("transB", 1)});
    output_names_ = {graph_.node("Sigmoid", {sum}), states[1], states[2]};
    session_ = graph_.finish(
        {{"samples", {1, joined}}, {"h", {1, 1, hidden}}, {"c", {1, 1, hidden}}},
        {{output_names_[0], {1, 1}}, {output_names_[1], {1, 1, hidden}}, {output_names_[2], {1, 1, hidden}}});
    samples_value_ = tensor(samples_.data(), {1, joined});
    probability_value_ = tensor(&probability_, {1, 1});
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t k = 0; k < 2; ++k) state_values_[i][k] = tensor(states_[i][k].data(), {1, 1, hidden});
  }
  detector(const detector&) = delete;
  detector& operator=(const detector&) = delete;
  ~detector() {
    api().ReleaseValue(samples_value_);
    api().ReleaseValue(probability_value_);
    for (const auto& each : state_values_)
      for (OrtValue* const value : each) api().ReleaseValue(value);
    api().ReleaseSession(session_);
  }

  void reset() {
    samples_ = {};
    states_ = {};
  }

  float step(const float* chunk_of_samples) {
    std::copy_n(samples_.end() - context, context, samples_.begin());
    std::copy_n(chunk_of_samples, chunk, samples_.begin() + context);
    const std::size_t next = 1 - now_;
    const std::array<const char*, 3> inputs = {"samples", "h", "c"};
    const std::array<const char*, 3> outputs = {output_names_[0].c_str(), output_names_[1].c_str(),
                                                output_names_[2].c_str()};
    const std::array<const OrtValue*, 3> from = {samples_value_, state_values_[now_][0], state_values_[now_][1]};
    std::array<OrtValue*, 3> to = {probability_value_, state_values_[next][0], state_values_[next][1]};
    check(api().Run(session_, nullptr, inputs.data(), from.data(), 3, outputs.data(), 3, to.data()));
    now_ = next;
    return probability_;
  }

 private:
  const weights& weights_;
  graph_maker graph_;
  std::vector<std::vector<float>> reordered_;  ///< weights that the session reads
  std::array<std::string, 3> output_names_;
  OrtSession* session_ = nullptr;
  std::array<float, joined> samples_ = {};
  float probability_ = 0;
  std::array<std::array<std::array<float, hidden>, 2>, 2> states_ = {};  ///< now and next, h and c
  OrtValue *samples_value_ = nullptr, *probability_value_ = nullptr;
  std::array<std::array<OrtValue*, 2>, 2> state_values_ = {};
  std::size_t now_ = 0;

  std::string padded(const std::string& x) {
    return graph_.node("Pad", {x, graph_.list({0, 0, 0, context})}, {graph_maker::attribute("mode", "reflect")});
  }
  std::string weight(const std::string& name, sizes dims) {
    return graph_.initializer(name, weights_.find(name)->values.data(), dims);
  }
  std::string convolution(const std::string& x, const std::string& name, std::int64_t channels, std::int64_t inputs,
                          std::int64_t taps, std::vector<OrtOpAttr*> attributes, bool bias = false) {
    std::vector<std::string> operands = {x, weight(name + ".weight", {channels, inputs, taps})};
    if (bias) operands.push_back(weight(name + ".bias", {channels}));
    return graph_.node("Conv", operands, std::move(attributes));
  }
  std::string encoder(const std::string& x, const std::string& name, std::int64_t channels, std::int64_t inputs,
                      std::int64_t stride) {
    return graph_.node(
        "Relu", {convolution(x, name, channels, inputs, 3,
                             {graph_maker::attribute("strides", {stride}), graph_maker::attribute("pads", {1, 1})},
                             /*bias=*/true)});
  }
  std::string gates(const std::string& name, sizes dims) {
    reordered_.push_back(in_onnx_order(weights_.find("decoder.rnn." + name)->values));
    return graph_.initializer(name, reordered_.back().data(), dims);
  }
  std::string biases() {
    reordered_.push_back(in_onnx_order(weights_.find("decoder.rnn.bias_ih_l0")->values));
    const std::vector<float> second = in_onnx_order(weights_.find("decoder.rnn.bias_hh_l0")->values);
    reordered_.back().insert(reordered_.back().end(), second.begin(), second.end());
    return graph_.initializer("biases", reordered_.back().data(), {1, 8 * hidden});
  }
};

}  // namespace

stream_peer onnxruntime_stream(std::string_view network, const weights& w) {
  stream_peer peer{.name = "ONNX Runtime",
                   .how = std::string("version ") + OrtGetApiBase()->GetVersionString() + ", all optimisations",
                   .model = {}};
  if (network != "vad") return peer;
  try {
    peer.model = std::make_shared<detector>(w);
    peer.run = [](void* model, const float* x, float* y, std::size_t steps) {
      for (std::size_t i = 0; i < steps; ++i) y[i] = static_cast<detector*>(model)->step(x + i * chunk);
    };
    peer.reset = [](void* model) { static_cast<detector*>(model)->reset(); };
    peer.run(peer.model.get(), std::vector<float>(chunk).data(), std::vector<float>(1).data(), 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "inlay-bench: ONNX Runtime takes no part: %s\n", error.what());
    peer.model = {};
  }
  return peer;
}

}  // namespace inlay::bench
