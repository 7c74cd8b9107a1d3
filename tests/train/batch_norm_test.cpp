// SPDX-License-Identifier: Apache-2.0
// Batch norms in a training step: losses, gradients and running statistics against the definition, which is written
// here in double over whole batches, and central differences of it. Vectors and images, with and without affine, one
// after the other, on inputs and behind layers; batches of 1 to 300; on one thread and in parts; every instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>

#include "gradient_check.hpp"
#include "guarded_memory.hpp"
#include "inlay/dsl.hpp"

namespace inlay::testing {
namespace {

using rows = std::vector<std::vector<double>>;
using values = std::map<std::string, std::vector<double>>;

rows dense_of(const rows& x, const values& p, const std::string& name) {
  const std::vector<double>&w = p.at(name + ".weight"), &b = p.at(name + ".bias");
  rows y;
  for (const auto& row : x) {
    auto& out = y.emplace_back(b);
    for (std::size_t n = 0; n < b.size(); ++n)
      for (std::size_t k = 0; k < row.size(); ++k) out[n] += w[n * row.size() + k] * row[k];
  }
  return y;
}

rows tanh_of(rows x) {
  for (auto& row : x)
    for (double& each : row) each = std::tanh(each);
  return x;
}

/// Normalises each channel over batch and pixels. `statistics` gets its mean and its variance without bias.
rows batch_norm_of(rows x, const values& p, const std::string& name, double eps, values& statistics) {
  const std::size_t channels = p.at(name + ".running_mean").size(), pixels = x[0].size() / channels;
  auto &means = statistics[name + ".running_mean"], &variances = statistics[name + ".running_var"];
  means.clear(), variances.clear();
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    const double count = static_cast<double>(x.size() * pixels);
    const auto for_all = [&](auto body) {
      for (auto& row : x)
        for (std::size_t i = 0; i < pixels; ++i) body(row[c * pixels + i]);
    };
    for_all([&](double each) { mean += each / count; });
    for_all([&](double each) { squares += (each - mean) * (each - mean); });
    const bool affine = p.contains(name + ".weight");
    for_all([&](double& each) {
      each = (each - mean) / std::sqrt(squares / count + eps);
      if (affine) each = each * p.at(name + ".weight")[c] + p.at(name + ".bias")[c];
    });
    means.push_back(mean), variances.push_back(squares / std::max(count - 1, 1.0));
  }
  return x;
}

using definition = std::function<rows(const rows&, const values&, values&)>;

constexpr auto vectors = network("vectors", input<f32, 4>("x"),
                                 [](auto x) { return dense<3>("b", tanh(batch_norm("bn", dense<17>("a", x)))); });
rows define_vectors(const rows& x, const values& p, values& s) {
  return dense_of(tanh_of(batch_norm_of(dense_of(x, p, "a"), p, "bn", 1e-5, s)), p, "b");
}

constexpr auto images = network("images", input<f32, 3, 4, 5>("x"), [](auto x) {
  auto h = batch_norm("bn", x * param<f32, 3, 4, 5>("p"), 1e-2f);
  return dense<2>("out", flatten(tanh(h)));
});
rows define_images(const rows& x, const values& p, values& s) {
  rows scaled = x;
  for (auto& row : scaled)
    for (std::size_t i = 0; i < row.size(); ++i) row[i] *= p.at("p")[i];
  return dense_of(tanh_of(batch_norm_of(scaled, p, "bn", 1e-2, s)), p, "out");
}

constexpr auto inputs =
    network("inputs", input<f32, 7>("x"), [](auto x) { return dense<2>("out", batch_norm("bn", x, no_affine)); });
rows define_inputs(const rows& x, const values& p, values& s) {
  return dense_of(batch_norm_of(x, p, "bn", 1e-5, s), p, "out");
}

constexpr auto several = network("several", input<f32, 5>("x"), [](auto x) {
  auto h = batch_norm("bn1", dense<33>("a", x));
  auto g = batch_norm("bn2", dense<33>("b", tanh(h)), no_affine);
  return dense<1>("out", tanh(g + h));
});
rows define_several(const rows& x, const values& p, values& s) {
  const rows h = batch_norm_of(dense_of(x, p, "a"), p, "bn1", 1e-5, s);
  rows g = batch_norm_of(dense_of(tanh_of(h), p, "b"), p, "bn2", 1e-5, s);
  for (std::size_t i = 0; i < g.size(); ++i)
    for (std::size_t k = 0; k < g[i].size(); ++k) g[i][k] += h[i][k];
  return dense_of(tanh_of(g), p, "out");
}

/// The formula, in another order than batch_norm writes it.
constexpr auto written = network("written", input<f32, 5>("x"), [](auto x) {
  auto h = dense<6>("fc", x);
  auto y = param<f32, 6>("bn.weight") * (h - param<f32, 6>("bn.running_mean")) *
               rsqrt(1e-5f + param<f32, 6>("bn.running_var")) +
           param<f32, 6>("bn.bias");
  return dense<2>("out", tanh(y));
});
rows define_written(const rows& x, const values& p, values& s) {
  return dense_of(tanh_of(batch_norm_of(dense_of(x, p, "fc"), p, "bn", 1e-5, s)), p, "out");
}

/// A residual, which is not what is normalised.
constexpr auto residual = network("residual", input<f32, 4>("x"), [](auto x) {
  auto h = dense<4>("fc", x);
  return x + (h - param<f32, 4>("bn.running_mean")) * rsqrt(param<f32, 4>("bn.running_var") + 1e-5f);
});
rows define_residual(const rows& x, const values& p, values& s) {
  rows y = batch_norm_of(dense_of(x, p, "fc"), p, "bn", 1e-5, s);
  for (std::size_t i = 0; i < y.size(); ++i)
    for (std::size_t k = 0; k < y[i].size(); ++k) y[i][k] += x[i][k];
  return y;
}

class Subject {
 public:
  Subject(const graph_builder& b, definition defined, const std::string& cpu, std::size_t most = 70)
      : b_(b), defined_(std::move(defined)) {
    std::mt19937 random(5);
    weights w;
    for (const node_record& node : graph_.nodes) {
      if (node.kind != op::parameter) continue;
      const std::string name(graph_.name_of(node));
      auto& all = p_[name];
      all.resize(node.dims.size());
      for (double& each : all) each = number(random) + (name.ends_with("running_var") ? 2 : 0);
      w.tensors.push_back(
          {name, {node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank}, "F32", {all.begin(), all.end()}});
    }
    tools::jit_target target;
    target.cpu = cpu, target.train = loss::mse, target.max_batch = most, target.parallel = target.share_all = true;
    std::string error;
    kernels_ = tools::jit_kernel::compile_all({&graph_, 1}, {&w, 1}, target, error);
    EXPECT_EQ(kernels_.size(), 2u) << error;
  }

  /// With 0 parts it runs on one thread.
  void check(std::size_t batch, std::size_t parts) {
    draw(batch);
    check(parts);
  }

 private:
  double loss_of(const values& p, values& statistics) const {
    rows x, y;
    const std::size_t width = x_.size() / batch_;
    for (std::size_t i = 0; i < batch_; ++i)
      x.emplace_back(x_.begin() + static_cast<std::ptrdiff_t>(i * width),
                     x_.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
    y = defined_(x, p, statistics);
    double sum = 0;
    std::size_t at = 0;
    for (const auto& row : y)
      for (double each : row)
        sum += std::pow(each - static_cast<double>(t_[at++]), 2) / static_cast<double>(row.size());
    return sum;
  }

  void check(std::size_t parts) {
    ASSERT_EQ(kernels_.size(), 2u);
    const tools::jit_kernel& step = *kernels_[1];
    guarded_floats memory(step.memory_bytes() / 4);
    std::ranges::fill(memory.span(), std::nanf(""));
    for_each_parameter(
        [&](const std::string& name, std::uint64_t place) { std::ranges::copy(p_.at(name), memory.data() + place); });
    const float* const given[] = {x_.data(), t_.data()};
    ASSERT_EQ(run_step(step, given, batch_, memory.span(), parts), 0);
    values statistics;
    const double expected = loss_of(p_, statistics);
    const training_layout layout = training_layout_of(graph_);
    EXPECT_NEAR(static_cast<double>(memory[layout.loss_sum()]), expected, 2e-5 * std::max(1.0, expected));
    for_each_parameter([&](const std::string& name, std::uint64_t place) {
      if (statistics.contains(name))
        check_statistic(name, statistics.at(name), memory.data() + place);
      else
        check_gradient(name, memory.data() + layout.gradients() + place);
    });
  }

  graph_builder b_;
  graph_view graph_ = b_.view();
  definition defined_;
  std::size_t batch_ = 0;
  values p_;
  std::vector<float> x_, t_;
  std::vector<std::unique_ptr<tools::jit_kernel>> kernels_;

  static double number(std::mt19937& random) {
    return static_cast<double>(static_cast<float>(std::uniform_real_distribution<double>(-1, 1)(random)));
  }

  void draw(std::size_t batch) {
    std::mt19937 random(static_cast<unsigned>(batch));
    batch_ = batch;
    x_.resize(batch * graph_.nodes[0].dims.size());
    t_.resize(batch * graph_.nodes[graph_.outputs[0].node].dims.size());
    for (float& each : x_) each = static_cast<float>(2 * number(random) + 0.5);
    for (float& each : t_) each = static_cast<float>(number(random));
  }

  template <class Body>
  void for_each_parameter(Body body) {
    for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i)
      if (graph_.nodes[i].kind == op::parameter)
        body(std::string(graph_.name_of(graph_.nodes[i])), parameter_offset(graph_, i));
  }

  void check_statistic(const std::string& name, const std::vector<double>& now, const float* found) {
    for (std::size_t i = 0; i < now.size(); ++i)
      EXPECT_NEAR(static_cast<double>(found[i]), 0.9 * p_.at(name)[i] + 0.1 * now[i], 3e-6)
          << graph_.name << ", " << name << "[" << i << "], batch " << batch_;
  }

  void check_gradient(const std::string& name, const float* found) {
    constexpr std::size_t most = 25;  // elements of each parameter
    const std::size_t count = p_.at(name).size();
    for (std::size_t i = 0; i < count; i += 1 + count / most) {
      values near = p_, unused;
      constexpr double distance = 1e-5;
      near[name][i] += distance;
      const double high = loss_of(near, unused);
      near[name][i] -= 2 * distance;
      const double slope = (high - loss_of(near, unused)) / (2 * distance);
      EXPECT_NEAR(static_cast<double>(found[i]), slope, 2e-4 * std::max(1.0, std::abs(slope)))
          << graph_.name << ", " << name << "[" << i << "], batch " << batch_;
    }
  }
};

TEST(BatchNorm, NormalisesByTheBatch) {
  Subject all[] = {{traced(vectors), define_vectors, "native"},
                   {traced(inputs), define_inputs, "native"},
                   {traced(several), define_several, "native"}};
  for (Subject& each : all)
    for (std::size_t batch : {2u, 3u, 17u, 70u})
      for (std::size_t parts : {0u, 3u}) {
        SCOPED_TRACE(parts);
        each.check(batch, parts);
      }
  // With one sample the variance is 0. What is left of the gradient is that of the bias.
  all[0].check(1, 0);
}

TEST(BatchNorm, NormalisesImages) {
  Subject subject(traced(images), define_images, "native");
  for (std::size_t batch : {1u, 2u, 5u, 33u}) subject.check(batch, batch % 3);
}

TEST(BatchNorm, IsTheSameOnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus()) {
    Subject(traced(vectors), define_vectors, cpu).check(9, 0);
    Subject(traced(images), define_images, cpu).check(3, 0);
  }
}

TEST(BatchNorm, IsRecognisedHoweverItIsWritten) {
  Subject(traced(written), define_written, "native").check(7, 2);
  Subject(traced(residual), define_residual, "native").check(7, 0);
}

TEST(BatchNorm, HasAsManySamplesAsTheyMayBe) {
  Subject(traced(vectors), define_vectors, "native", 9).check(9, 0);
  Subject(traced(vectors), define_vectors, "native", 300).check(300, 0);
}

TEST(BatchNorm, IsRefusedWithAReason) {
  const auto message_of = [](const auto& net) {
    ::testing::internal::CaptureStderr();
    std::string error = refusal_of(traced(net), loss::mse);
    return ::testing::internal::GetCapturedStderr() + error;
  };
  EXPECT_NE(
      message_of(vectors).find("--train: network 'vectors_train_mse' has a batch_norm, which needs all samples of "
                               "a batch at once; say how many there may be with --max-batch"),
      std::string::npos)
      << message_of(vectors);
  const auto twice = network("twice", input<f32, 3>("x"),
                             [](auto x) { return batch_norm("bn", dense<3>("fc", batch_norm("bn", x))); });
  EXPECT_NE(
      message_of(twice).find("'bn.running_mean' is a statistic of batches, which one batch_norm computes for itself"),
      std::string::npos)
      << message_of(twice);
  const auto expect_refusal = [&](const auto& net, const char* statistic) {
    const std::string message = message_of(net);
    EXPECT_NE(message.find("'" + std::string(statistic) + "' is a statistic of batches"), std::string::npos) << message;
  };
  const auto normal = [](auto x, auto mean, auto variance) { return (x - mean) * rsqrt(variance + 1e-5f); };
  expect_refusal(network("own", input<f32, 3>("x"), [](auto x) { return x * param<f32, 3>("a.running_var"); }),
                 "a.running_var");
  expect_refusal(network("turned", input<f32, 3>("x"),
                         [&](auto x) {
                           return (param<f32, 3>("a.running_mean") - x) * rsqrt(param<f32, 3>("a.running_var") + 1e-5f);
                         }),
                 "a.running_var");
  expect_refusal(network("of_parameter", input<f32, 3>("x"),
                         [&](auto x) {
                           return x * normal(param<f32, 3>("w"), param<f32, 3>("a.running_mean"),
                                             param<f32, 3>("a.running_var"));
                         }),
                 "a.running_var");
  expect_refusal(
      network("last_axis", input<f32, 3, 3>("x"),
              [&](auto x) { return normal(x, param<f32, 3>("a.running_mean"), param<f32, 3>("a.running_var")); }),
      "a.running_var");
  expect_refusal(network("one_variance", input<f32, 3>("x"),
                         [&](auto x) {
                           tensor<f32, 3> y = normal(x, param<f32, 3>("a.running_mean"), param<f32, 3>("running_var"));
                           return normal(dense<3>("fc", y), param<f32, 3>("b.running_mean"),
                                         param<f32, 3>("running_var"));
                         }),
                 "b.running_mean");
}

}  // namespace
}  // namespace inlay::testing
