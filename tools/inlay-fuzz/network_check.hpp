// SPDX-License-Identifier: Apache-2.0
// Calls the kernel of one network of a trial in guarded memory and compares its results with the bounds.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "bounds.hpp"
#include "guarded_buffer.hpp"
#include "jit_kernel.hpp"
#include "trial.hpp"

namespace inlay::fuzz {

/// A NaN that no arithmetic makes. An output that still holds it was not written.
inline constexpr std::uint32_t kUnwritten = 0x7fe5a5a5u;

/// What a kernel returns if the batch exceeds its limit.
inline constexpr int kTooLargeBatch = 4;

class network_check {
 public:
  network_check(const trial& t, std::size_t index, const graph_view& graph, const weights& w);

  /// How many samples the calls have.
  std::size_t samples() const { return samples_; }
  verdict compare_interpreter() const;
  /// One call of the kernel of a network without state.
  verdict run(const tools::jit_kernel& kernel, const call_plan& call, random_source random, statistics& counts);
  /// All steps of a network with state, several times, divided into calls in several ways. All must give the same bits.
  verdict run_steps(const tools::jit_kernel& kernel, random_source random, statistics& counts) const;
  /// One call of several streams, each of which has taken another number of steps before.
  verdict run_voices(const tools::jit_kernel& kernel, random_source random, statistics& counts) const;

 private:
  const trial& t_;
  const network& net_;
  const graph_view& graph_;
  const weights& weights_;
  std::size_t samples_ = 0;
  std::vector<std::vector<float>> inputs_;
  expectation expected_;
  std::vector<std::vector<std::optional<float>>> seen_;  // by output and element: what calls have given so far

  /// The buffers of one call, each between guard pages.
  struct call_buffers {
    std::vector<std::unique_ptr<guarded_buffer>> all;
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    float* scratch = nullptr;

    guarded_buffer& add(std::size_t count, random_source& random);
  };
  call_buffers buffers_for(const tools::jit_kernel& kernel, const call_plan& call, random_source& random) const {
    return buffers_for(kernel, std::span(&call, 1), random);
  }
  /// The samples of several streams, one behind the other.
  call_buffers buffers_for(const tools::jit_kernel& kernel, std::span<const call_plan> streams,
                           random_source& random) const;

  /// Runs `call`, which returns the kernel's status, and finds what it may not do: return another status, change the
  /// control word, raise flags, leave outputs unwritten, or write them although it refuses.
  verdict observe(const call_plan& call, const call_buffers& buffers, const std::function<int()>& kernel) const {
    return observe(std::span(&call, 1), where(call), buffers, kernel);
  }
  verdict observe(std::span<const call_plan> streams, const std::string& where, const call_buffers& buffers,
                  const std::function<int()>& kernel) const;
  /// Compares the outputs of a call with the bounds.
  verdict judge(const call_plan& call, std::span<float* const> outputs, statistics& counts) const;

  /// Compares them with the bits that other calls gave to the same samples.
  verdict compare_calls(const call_plan& call, std::span<float* const> outputs);

  bool is_refused(const call_plan& call) const { return t_.max_batch > 0 && call.batch > t_.max_batch; }

  std::size_t size_of(const output_record& o) const {
    return static_cast<std::size_t>(graph_.nodes[o.node].dims.elements());
  }
  std::string where(const call_plan& call) const;
  /// The message for a wrong element `at` of output `o`, counted from sample 0.
  std::string difference(std::size_t o, std::size_t at, float found) const;

  /// What all steps leave behind: the outputs, the words of the memory, and the first floating-point flags that no step
  /// should raise.
  struct steps_result {
    std::vector<std::vector<float>> outputs;
    std::vector<float> memory;
    verdict flags;
  };
  /// Runs the steps on one memory, `lengths` of them at a time. Before call `copied` it goes on from a copy.
  verdict play(const tools::jit_kernel& kernel, const std::vector<std::size_t>& lengths,
               std::optional<std::size_t> copied, random_source& random, steps_result& into) const;
  /// A call that the kernel must refuse, so that the memory stays as it is.
  verdict refuse_steps(const tools::jit_kernel& kernel, random_source& random) const;
  std::string unlike(const steps_result& one, const steps_result& other, const std::string& how) const;
};

}  // namespace inlay::fuzz
