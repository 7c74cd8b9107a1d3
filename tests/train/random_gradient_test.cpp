// SPDX-License-Identifier: Apache-2.0
// Gradients of the fuzzer's random networks against central differences. A network that cannot be trained must be
// refused with a reason.
#include <gtest/gtest.h>

#include <cstdio>

#include "draw.hpp"
#include "gradient_check.hpp"

namespace inlay::testing {
namespace {

/// Whether the compiler's message is one of those that refuse training.
bool is_refusal(const std::string& message) {
  for (const char* reason : {"cannot be trained", "has no compiled gradient", "is a statistic of batches",
                             "has too many axes to be trained"})
    if (message.find(reason) != std::string::npos) return true;
  return false;
}

/// Compares the gradients of so many networks. Those with state, if they are drawn, are trained on sequences.
void compare(std::uint64_t seed, std::uint64_t count, int state) {
  std::size_t compared = 0, trained = 0, refused = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    fuzz::random_source random(seed, index);
    fuzz::draw_settings settings;
    settings.most_nodes = 8, settings.most_elements = 300, settings.most_weights = 4000, settings.state = state;
    settings.without = {"step", "sign", "argmax", "input_output", "parameter_output"};
    fuzz::network net = fuzz::draw_network(random, settings);
    net.outputs.resize(1);
    const graph_builder b = fuzz::build(net);
    if (b.first_violation()) continue;
    const bool has_state = remembers(b.view());
    ::testing::internal::CaptureStderr();
    const std::string result = check_gradients(b,
                                               {.batch = 2,
                                                .steps = has_state ? 3u : 0u,
                                                .seed = static_cast<unsigned>(index),
                                                .low = -0.5,
                                                .high = 0.5,
                                                .tolerance = 0.02,
                                                .most_elements = 5,
                                                .optimised = !has_state,
                                                .rough = true},
                                               &compared);
    const std::string message = ::testing::internal::GetCapturedStderr();
    if (result.starts_with("does not compile")) {
      EXPECT_TRUE(is_refusal(message)) << "network " << index << ": " << message << fuzz::dsl_source(net);
      ++refused;
      continue;
    }
    ++trained;
    EXPECT_EQ(result, "") << "network " << index << ": " << fuzz::dsl_source(net);
  }
  std::printf("%zu networks were trained, %zu refused, %zu elements compared\n", trained, refused, compared);
  EXPECT_GT(trained, count / 4) << refused << " were refused";
  EXPECT_GT(compared, count);
}

TEST(RandomGradient, AgreesWithDifferences) { compare(11, 150, 0); }

TEST(RandomGradient, AgreesWithDifferencesThroughTime) { compare(12, 60, 1); }

}  // namespace
}  // namespace inlay::testing
