// SPDX-License-Identifier: Apache-2.0
// Training steps on sequences: a GRU, compiled on one thread and on two, by hand with Eigen, and with libtorch.
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>

#include "model.hpp"
#include "training_contest.hpp"

namespace inlay::bench {

bool run_sequences(int rounds) {
  constexpr sequence_plan plan = gru_plan;
  constexpr std::size_t steps = plan.steps, batch = plan.batch;
  using trainer = inlay::sequence_trainer<recurrent, steps>;
  inlay::random_numbers random(1);
  std::vector<float> x(batch * trainer::input_size<0>), target(batch * trainer::output_size);
  for (float& each : x) each = 2 * random.uniform() - 1;
  for (float& each : target) each = 2 * random.uniform() - 1;

  const inlay::optimizer how{.how = inlay::method::adam, .rate = learning_rate};
  trainer alone(how, 1), shared(how, 1);
  const inlay::thread_pool pool(2);
  shared.share(pool, 2);
  const char* const names[] = {"gru.weight_ih_l0", "gru.weight_hh_l0", "gru.bias_ih_l0",
                               "gru.bias_hh_l0",   "out.weight",       "out.bias"};
  parameter_list start;
  for (const char* name : names) {
    const std::span<const float> values = alone.parameter(name);
    start.emplace_back(values.begin(), values.end());
  }
  std::vector<participant> all;
  for (const auto& [of, each] : {std::pair{"compiled", &alone}, {"two shares", &shared}})
    all.push_back({of, [&x, &target, each] { return each->step(x, target); },
                   [&names, each] {
                     parameter_list sums;
                     for (const char* name : names) {
                       std::vector<float>& sum = sums.emplace_back();
                       for (const float element : each->gradient(name))
                         sum.push_back(element / static_cast<float>(batch));
                     }
                     return sums;
                   }});
  std::vector<std::unique_ptr<sequence_peer>> peers;
  const auto add = [&](const char* name, std::unique_ptr<sequence_peer> peer) {
    sequence_peer* each = peers.emplace_back(std::move(peer)).get();
    all.push_back({name, [&x, &target, each] { return each->step(x, target); }, [each] { return each->gradients(); }});
  };
  add("Eigen", make_eigen_sequences(plan, start, learning_rate));
#ifdef INLAY_BENCH_TORCH
  add("libtorch", make_torch_sequences(plan, start, learning_rate));
#endif
  // Multiply-adds of the matrix products count two. The gradient of x is not needed.
  const double gates = 3 * plan.features;
  const double flops =
      2.0 * plan.batch * plan.steps * (2 * gates * plan.inputs + 3 * gates * plan.features + 3.0 * plan.features);
  return run_in_turn(all, rounds, "GRU 32, dense 1, 32 steps, batch 32", flops);
}

}  // namespace inlay::bench
