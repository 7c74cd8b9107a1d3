// SPDX-License-Identifier: Apache-2.0
// Runs inlayc on a model and reads its report with another JSON library. Counts and states must agree with a forward
// pass that is written out here.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

using nlohmann::json;

/// Numbers in [low, high) that are the same everywhere.
class numbers {
 public:
  float next(float low, float high) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * static_cast<float>(state_ >> 40) * 0x1p-24f;
  }
  std::vector<float> some(std::size_t count, float low, float high) {
    std::vector<float> all;
    while (all.size() < count) all.push_back(next(low, high));
    return all;
  }

 private:
  std::uint64_t state_ = 3;
};

void write(const std::string& path, const std::vector<weight_tensor>& tensors) {
  const std::vector<std::byte> bytes = write_safetensors({tensors});
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

weight_tensor tensor(const char* name, std::vector<std::uint64_t> shape, std::vector<float> values) {
  return {name, std::move(shape), "F32", std::move(values)};
}

struct case_of_report {
  std::vector<float> conv_weight, conv_bias, fc_weight, fc_bias;
  /// How the test's files begin. ctest may run the tests side by side.
  std::string folder = ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name() + "_";

  explicit case_of_report(numbers& random)
      : conv_weight(random.some(18, -1, 1)),
        conv_bias{-30, 2},  // the first channel is dead for pixels in [0, 3]
        fc_weight(random.some(44, -0.2f, 0.2f)),
        fc_bias{0, 40, -0.5f, 1} {
    write(folder + "w.safetensors",
          {tensor("conv.weight", {2, 1, 3, 3}, conv_weight), tensor("conv.bias", {2}, conv_bias),
           tensor("fc.weight", {4, 11}, fc_weight), tensor("fc.bias", {4}, fc_bias)});
  }

  json report(const std::string& options) const {
    const std::string file = folder + "report.json";
    const std::string command = std::string(INLAYC) + " " + MODEL + " --weights " + folder +
                                "w.safetensors --report-saturation=" + file + " " + options;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream in(file);
    return json::parse(in);
  }

  /// The arguments of relu, [2][4], and of tanh, [4].
  std::pair<std::array<double, 8>, std::array<double, 4>> forward(const float* photo, const float* extra) const {
    std::array<double, 8> a{};
    std::array<double, 4> b{};
    for (int n = 0; n < 2; ++n)
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j) {
          double sum = static_cast<double>(conv_bias[static_cast<std::size_t>(n)]);
          for (int p = 0; p < 3; ++p)
            for (int q = 0; q < 3; ++q)
              sum += static_cast<double>(conv_weight[static_cast<std::size_t>(n * 9 + p * 3 + q)]) *
                     static_cast<double>(photo[(i + p) * 4 + j + q]);
          a[static_cast<std::size_t>(n * 4 + i * 2 + j)] = sum;
        }
    for (std::size_t n = 0; n < 4; ++n) {
      b[n] = static_cast<double>(fc_bias[n]);
      for (std::size_t k = 0; k < 11; ++k)
        b[n] += static_cast<double>(fc_weight[n * 11 + k]) *
                (k < 8 ? std::max(a[k], 0.0) : static_cast<double>(extra[k - 8]));
    }
    return {a, b};
  }
};

/// What every report has, and what must add up in it.
void check_layers(const json& report, const std::string& method) {
  EXPECT_EQ(report.at("written_by"), "inlayc");
  EXPECT_EQ(report.at("report"), "saturation");
  EXPECT_EQ(report.at("threshold"), 1e-3);
  ASSERT_EQ(report.at("networks").size(), 1u);
  const json& network = report["networks"][0];
  EXPECT_EQ(network.at("name"), "judge");
  EXPECT_EQ(network.at("method"), method);
  ASSERT_EQ(network.at("layers").size(), 2u);
  for (const json& layer : network["layers"]) {
    const std::size_t units = layer.at("units");
    ASSERT_EQ(layer.at("per_unit").size(), units);
    std::size_t sum = 0;
    for (const auto& [state, count] : layer.at("counts").items()) {
      const auto has = [&](const json& unit) { return unit.at("state") == state; };
      EXPECT_EQ(std::count_if(layer["per_unit"].begin(), layer["per_unit"].end(), has), count.get<std::ptrdiff_t>());
      EXPECT_DOUBLE_EQ(layer.at("shares").at(state), count.get<double>() / static_cast<double>(units));
      sum += count.get<std::size_t>();
    }
    EXPECT_EQ(sum, units);
    double low = INFINITY, high = -INFINITY;
    for (const json& unit : layer["per_unit"])
      low = std::min(low, unit.at("low").get<double>()), high = std::max(high, unit.at("high").get<double>());
    EXPECT_EQ(layer.at("pre_activation").at("low"), low);
    EXPECT_EQ(layer.at("pre_activation").at("high"), high);
  }
  const json &relu = network["layers"][0], &tanh = network["layers"][1];
  EXPECT_EQ(relu.at("layer"), "conv");
  EXPECT_EQ(relu.at("activation"), "relu");
  EXPECT_EQ(relu.at("units"), 2);
  EXPECT_EQ(relu.at("positions"), 4);
  EXPECT_EQ(tanh.at("layer"), "fc");
  EXPECT_EQ(tanh.at("activation"), "tanh");
  EXPECT_EQ(tanh.at("units"), 4);
  EXPECT_EQ(relu.at("line"), 8);
}

TEST(JsonReport, OfRangesHoldsForAllInputsInThem) {
  numbers random;
  const case_of_report net(random);
  const json report = net.report("--input-range=photo=0:3 --input-range=-1:1");
  check_layers(report, "intervals");
  const json& inputs = report["networks"][0].at("inputs");
  EXPECT_EQ(inputs, json::parse(R"([{"name": "photo", "low": 0.0, "high": 3.0, "default": false},
                                    {"name": "extra", "low": -1.0, "high": 1.0, "default": false}])"));
  const json &relu = report["networks"][0]["layers"][0], &tanh = report["networks"][0]["layers"][1];
  EXPECT_EQ(relu["per_unit"][0]["state"], "dead");
  EXPECT_EQ(tanh["per_unit"][1]["state"], "saturated");
  EXPECT_FALSE(tanh["per_unit"][1].contains("flat_share"));
  // The bounds of a convolution's channel are reached at corners of the range, so they are not coarse.
  double low = static_cast<double>(net.conv_bias[1]), high = low;
  for (std::size_t k = 9; k < 18; ++k)
    (net.conv_weight[k] < 0 ? low : high) += 3 * static_cast<double>(net.conv_weight[k]);
  EXPECT_NEAR(relu["per_unit"][1]["low"].get<double>(), low, 1e-4);
  EXPECT_NEAR(relu["per_unit"][1]["high"].get<double>(), high, 1e-4);
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<float> photo = random.some(16, 0, 3), extra = random.some(3, -1, 1);
    for (float& each : photo)
      if (trial % 3 == 0) each = each < 1.5f ? 0 : 3;
    const auto [a, b] = net.forward(photo.data(), extra.data());
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_GE(a[i], relu["per_unit"][i / 4]["low"].get<double>());
      EXPECT_LE(a[i], relu["per_unit"][i / 4]["high"].get<double>());
    }
    for (std::size_t n = 0; n < 4; ++n) {
      EXPECT_GE(b[n], tanh["per_unit"][n]["low"].get<double>());
      EXPECT_LE(b[n], tanh["per_unit"][n]["high"].get<double>());
    }
  }
}

TEST(JsonReport, OfSamplesCountsThem) {
  numbers random;
  const case_of_report net(random);
  constexpr std::size_t kSamples = 500;
  const std::vector<float> photo = random.some(16 * kSamples, -4, 4), extra = random.some(3 * kSamples, -60, 60);
  const std::string samples = net.folder + "samples.safetensors";
  // Labels are no input, and are ignored.
  write(samples, {tensor("photo", {kSamples, 1, 4, 4}, photo),
                  tensor("labels", {kSamples}, random.some(kSamples, 0, 9)), tensor("extra", {kSamples, 3}, extra)});
  const json report = net.report("--input-samples=" + samples);
  check_layers(report, "samples");
  EXPECT_EQ(report["networks"][0].at("samples"), kSamples);
  EXPECT_EQ(report["networks"][0].at("saturated_above_share"), 0.99);
  std::array<double, 2> off{};
  std::array<double, 4> flat{}, low{}, high{};
  for (std::size_t s = 0; s < kSamples; ++s) {
    const auto [a, b] = net.forward(photo.data() + 16 * s, extra.data() + 3 * s);
    for (std::size_t i = 0; i < 8; ++i) off[i / 4] += a[i] > 0 ? 0 : 1;
    for (std::size_t n = 0; n < 4; ++n) {
      flat[n] += std::pow(std::cosh(b[n]), -2) < 1e-3 ? 1 : 0;  // the derivative of tanh
      low[n] = s == 0 ? b[n] : std::min(low[n], b[n]), high[n] = s == 0 ? b[n] : std::max(high[n], b[n]);
    }
  }
  const json &relu = report["networks"][0]["layers"][0], &tanh = report["networks"][0]["layers"][1];
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_DOUBLE_EQ(relu["per_unit"][c]["flat_share"], off[c] / (4 * kSamples));
    EXPECT_EQ(relu["per_unit"][c]["state"], c == 0 ? "dead" : "active");
  }
  double sum = 0;
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_NEAR(tanh["per_unit"][n]["flat_share"].get<double>(), flat[n] / kSamples, 1e-12) << n;
    EXPECT_NEAR(tanh["per_unit"][n]["low"].get<double>(), low[n], 1e-9) << n;
    EXPECT_NEAR(tanh["per_unit"][n]["high"].get<double>(), high[n], 1e-9) << n;
    EXPECT_EQ(tanh["per_unit"][n]["state"], flat[n] / kSamples > 0.99 ? "saturated" : "active") << n;
    sum += flat[n] / kSamples;
  }
  EXPECT_NEAR(tanh["flat_share"].get<double>(), sum / 4, 1e-12);
  EXPECT_GT(sum, 1);  // the samples show something
}

}  // namespace
}  // namespace inlay
