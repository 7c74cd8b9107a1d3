// SPDX-License-Identifier: Apache-2.0
// Times training steps with Adam: compiled on one thread and on two, written by hand with Eigen and, where it is
// installed, with libtorch. All begin with the same parameters and must have the same losses and gradients.
#include <cstdio>
#include <cstdlib>
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>
#include <string>
#include <vector>

#include "machine.hpp"
#include "model.hpp"
#include "training_contest.hpp"
#include "training_peer.hpp"

namespace {

using namespace inlay::bench;

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
  const inlay::optimizer how{.how = inlay::method::adam, .rate = learning_rate};
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
  add("Eigen", make_eigen_training(plan, start, learning_rate));
#ifdef INLAY_BENCH_TORCH
  add("libtorch", make_torch_training(plan, start, learning_rate));
#endif

  return run_in_turn(all, rounds, std::string(plan.name) + ", batch " + std::to_string(plan.batch),
                     flops_of_step(plan));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::atoi(argv[1]) < 1)) {
    std::fprintf(stderr, "usage: inlay-bench-training [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc == 2 ? std::atoi(argv[1]) : 101;
  std::printf("%s\n", cpu_name().c_str());
  bool agree = run<perceptron>(perceptron_plan, {"first", "second", "out"}, rounds);
  agree = run<lenet>(lenet_plan, {"conv1", "conv2", "fc1", "fc2", "out"}, rounds) && agree;
  return run_sequences(rounds) && agree ? 0 : 1;
}
