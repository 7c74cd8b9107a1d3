// SPDX-License-Identifier: Apache-2.0
// Runs several streams of a network with state in one call. Every stream is at another place of the same signal, so
// that each has a past of its own, and what is right is known for all of them.
#include <algorithm>

#include "network_check.hpp"

namespace inlay::fuzz {

/// Two registers of streams and a rest, and a few steps: more of them show nothing else.
constexpr unsigned kMostVoices = 35, kMostSteps = 9;

verdict network_check::run_voices(const tools::jit_kernel& kernel, random_source random, statistics& counts) const {
  if (samples_ == 0) return {};
  const std::size_t most = t_.max_batch > 0 ? std::min(t_.max_batch, samples_) : samples_;
  const std::size_t voices = 1 + random.pick(kMostVoices),
                    steps = 1 + random.pick(std::min<std::size_t>(most, kMostSteps));
  call_buffers memories;
  const std::size_t words = kernel.memory_bytes() / sizeof(float);
  guarded_buffer& memory = memories.add(voices * words, random);
  const auto run_alone = [&](std::size_t voice, call_plan call, bool judged) -> verdict {
    const call_buffers buffers = buffers_for(kernel, call, random);
    const verdict seen = observe(call, buffers, [&] {
      return kernel.run_steps(buffers.inputs, buffers.outputs, call.batch, memory.data() + voice * words,
                              buffers.scratch);
    });
    if (seen.what != finding::none && seen.what != finding::flags) return seen;
    return judged ? judge(call, buffers.outputs, counts) : verdict();
  };

  std::vector<call_plan> streams;
  for (std::size_t voice = 0; voice < voices; ++voice) {
    kernel.reset(memory.data() + voice * words);
    // Some streams are at the same place.
    const std::size_t before = random.chance(20) ? 0 : random.pick(samples_ - steps + 1);
    for (std::size_t done = 0; done < before; done += most)
      if (const verdict v = run_alone(voice, {.first = done, .batch = std::min(most, before - done)}, false);
          v.what != finding::none)
        return v;
    streams.push_back({.first = before, .batch = steps});
  }
  const std::string name =
      "network '" + net_.name + "', " + std::to_string(voices) + " streams, " + std::to_string(steps) + " steps: ";
  const call_buffers buffers = buffers_for(kernel, streams, random);
  const verdict seen = observe(streams, name, buffers, [&] {
    return kernel.run_voices(buffers.inputs, buffers.outputs, voices, steps, memory.data(), buffers.scratch);
  });
  if (seen.what != finding::none && seen.what != finding::flags) return seen;
  for (std::size_t voice = 0; voice < voices; ++voice) {
    std::vector<float*> outputs;
    for (std::size_t o = 0; o < buffers.outputs.size(); ++o)
      outputs.push_back(buffers.outputs[o] + voice * steps * size_of(graph_.outputs[o]));
    if (verdict v = judge(streams[voice], outputs, counts); v.what != finding::none) {
      v.text = name + "stream " + std::to_string(voice) + ", " + v.text;
      return v;
    }
    // What the stream remembers shows in its next steps.
    const std::size_t next = streams[voice].first + steps;
    if (next == samples_) continue;
    if (verdict v = run_alone(voice, {.first = next, .batch = std::min(most, samples_ - next)}, true);
        v.what != finding::none) {
      v.text = "after " + name + "stream " + std::to_string(voice) + ", " + v.text;
      return v;
    }
  }
  return seen;
}

}  // namespace inlay::fuzz
