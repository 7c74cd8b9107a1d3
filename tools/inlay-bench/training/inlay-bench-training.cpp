// SPDX-License-Identifier: Apache-2.0
// Times training steps with Adam: compiled on one thread and on two, written by hand with Eigen and, where it is
// installed, with libtorch. All begin with the same parameters and must have the same losses and gradients.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>
#include <string>
#include <vector>

#include "machine.hpp"
#include "model.hpp"
#include "training_peer.hpp"

namespace {

using namespace inlay::bench;

constexpr double rate = 1e-3;
constexpr int checked_steps = 3;
constexpr float most_difference = 5e-4f;

/// Multiply-adds of the matrix products count two. The gradient of the input is not needed.
double flops_of_step(const network_plan& plan) {
  double all = 0;
  int channels = plan.channels, side = plan.side;
  for (const layer_plan& each : plan.layers) {
    const double ways = &each == plan.layers.data() ? 4 : 6;
    if (each.kind == layer_plan::max_pool) {
      side /= each.kernel;
      continue;
    }
    int terms = channels * side * side, pixels = 1;
    if (each.kind == layer_plan::convolution) {
      side += 2 * each.padding - each.kernel + 1;
      terms = channels * each.kernel * each.kernel, pixels = side * side;
    } else {
      side = 1;
    }
    all += ways * plan.batch * pixels * terms * each.outputs;
    channels = each.outputs;
  }
  return all;
}

struct participant {
  std::string name;
  std::function<float()> step;
  std::function<parameter_list()> gradients;
  std::vector<double> times;  // in seconds
};

/// The largest difference, as a part of the parameter's largest element.
float difference_of(const parameter_list& a, const parameter_list& b) {
  float all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    float size = 0, difference = 0;
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      size = std::max(size, std::abs(b[i][k]));
      difference = std::max(difference, std::abs(a[i][k] - b[i][k]));
    }
    all = std::max(all, difference / size);
  }
  return all;
}

/// Whether all agree.
template <const auto& Net>
bool run(const network_plan& plan, std::initializer_list<const char*> layers, int rounds) {
  using trainer = inlay::trainer<Net, inlay::loss::cross_entropy>;
  const auto batch = static_cast<std::size_t>(plan.batch);
  inlay::random_numbers random(1);
  std::vector<float> x(batch * trainer::template input_size<0>);
  std::vector<std::int32_t> labels(batch);
  for (float& each : x) each = random.uniform();
  for (std::int32_t& each : labels) each = static_cast<std::int32_t>(random.below(10));

  std::vector<std::string> names;
  for (const char* layer : layers)
    for (const char* parameter : {".weight", ".bias"}) names.push_back(std::string(layer) + parameter);
  const inlay::optimizer how{.how = inlay::method::adam, .rate = rate};
  trainer alone(how, 1, inlay::initial::kaiming_uniform), shared(how, 1, inlay::initial::kaiming_uniform),
      divided(how, 1, inlay::initial::kaiming_uniform);
  const inlay::thread_pool pool(2);
  shared.share(pool, 2);
  divided.parallel(pool);
  const auto list = [&](auto part) {
    parameter_list all;
    for (const std::string& name : names) {
      const std::span<const float> values = part(name);
      all.emplace_back(values.begin(), values.end());
    }
    return all;
  };
  const parameter_list start = list([&](const std::string& name) { return alone.parameter(name); });

  std::vector<participant> all;
  for (const auto& [of, each] : {std::pair{"compiled", &alone}, {"two shares", &shared}, {"two threads", &divided}})
    all.push_back({of,
                   [&x, &labels, each] { return each->step(x, labels); },
                   [&, each] {
                     parameter_list sums = list([&](const std::string& name) { return each->gradient(name); });
                     for (auto& sum : sums)
                       for (float& element : sum) element /= static_cast<float>(batch);
                     return sums;
                   },
                   {}});
  std::vector<std::unique_ptr<training_peer>> peers;
  const auto add = [&](const char* name, std::unique_ptr<training_peer> peer) {
    training_peer* each = peers.emplace_back(std::move(peer)).get();
    all.push_back(
        {name, [&x, &labels, each] { return each->step(x, labels); }, [each] { return each->gradients(); }, {}});
  };
  add("Eigen", make_eigen_training(plan, start, rate));
#ifdef INLAY_BENCH_TORCH
  add("libtorch", make_torch_training(plan, start, rate));
#endif

  float losses = 0, gradients = 0;
  for (int i = 0; i < rounds; ++i) {  // in turn, so that disturbances affect all
    std::vector<float> found(all.size());
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::size_t each = (k + static_cast<std::size_t>(i)) % all.size();
      const auto begin = std::chrono::steady_clock::now();
      found[each] = all[each].step();
      all[each].times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    // Adam's steps do not depend on a gradient's size: where it is nearly 0, its rounding decides on a whole step. So
    // compare the first gradients and the first losses only.
    for (std::size_t k = 1; k < all.size() && i < checked_steps; ++k) {
      losses = std::max(losses, std::abs(found[k] - found[0]) / std::max(1.0f, found[0]));
      if (i == 0) gradients = std::max(gradients, difference_of(all[k].gradients(), all[0].gradients()));
    }
  }

  const double peak_rate = peak_flops / hold({peak()}, 11, 2e-3).front().median;
  std::printf("training step of %s, batch %d, Adam: %.1f MFLOP, %d rounds in turn\n", plan.name, plan.batch,
              flops_of_step(plan) * 1e-6, rounds);
  double first = 0;
  for (participant& each : all) {
    std::ranges::sort(each.times);
    const double median = each.times[each.times.size() / 2];
    if (first == 0) first = median;
    std::printf("  %-12s median %7.3f ms (%.2f)  least %7.3f ms, %5.1f GFLOP/s, %3.0f %% of one core's peak\n",
                each.name.c_str(), median * 1e3, median / first, each.times.front() * 1e3,
                flops_of_step(plan) / each.times.front() * 1e-9,
                100 * flops_of_step(plan) / each.times.front() / peak_rate);
  }
  std::printf("  largest difference of the first losses: %.2g, of the first gradients: %.2g\n",
              static_cast<double>(losses), static_cast<double>(gradients));
  if (losses < most_difference && gradients < most_difference) return true;
  std::puts("  these differ");
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::atoi(argv[1]) < 1)) {
    std::fprintf(stderr, "usage: inlay-bench-training [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc == 2 ? std::atoi(argv[1]) : 101;
  std::printf("%s\n", cpu_name().c_str());
  const bool agree = run<perceptron>(perceptron_plan, {"first", "second", "out"}, rounds);
  return run<lenet>(lenet_plan, {"conv1", "conv2", "fc1", "fc2", "out"}, rounds) && agree ? 0 : 1;
}
