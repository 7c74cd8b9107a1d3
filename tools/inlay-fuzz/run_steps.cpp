// SPDX-License-Identifier: Apache-2.0
// Runs the steps of a network with state in several ways, which must agree in every bit.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "network_check.hpp"

namespace inlay::fuzz {
namespace {

/// Two NaN are alike: which operand's NaN an instruction keeps is nobody's promise.
bool alike(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// The lengths of calls that make `steps` steps together; `next` gives the length of the next one.
template <class Next>
std::vector<std::size_t> divided(std::size_t steps, Next next) {
  std::vector<std::size_t> lengths;
  for (std::size_t done = 0; done < steps; done += lengths.back()) lengths.push_back(std::min(next(), steps - done));
  return lengths;
}

std::string text_of(const std::vector<std::size_t>& lengths) {
  std::string text;
  for (std::size_t i = 0; i < lengths.size() && i < 12; ++i) text += (i == 0 ? "" : ", ") + std::to_string(lengths[i]);
  return text + (lengths.size() > 12 ? ", ..." : "");
}

std::string word_text(float word) {
  char text[64];
  std::snprintf(text, sizeof text, "%.9g (0x%08x)", static_cast<double>(word), std::bit_cast<std::uint32_t>(word));
  return text;
}

}  // namespace

verdict network_check::play(const tools::jit_kernel& kernel, const std::vector<std::size_t>& lengths,
                            std::optional<std::size_t> copied, random_source& random, steps_result& into) const {
  static constexpr std::uint32_t poisons[] = {0x7fc0beefu, 0x00000001u, 0xffffffffu, 0x3f800000u};
  call_buffers memories;
  const std::size_t words = kernel.memory_bytes() / sizeof(float);
  guarded_buffer* memory = &memories.add(words, random);
  memory->fill(random.one_of(poisons));
  kernel.reset(memory->data());
  into.outputs.assign(graph_.outputs.size(), {});
  call_plan call{.first = 0, .batch = 0};
  for (std::size_t i = 0; i < lengths.size(); ++i, call.first += call.batch) {
    call.batch = lengths[i];
    if (i == copied) {
      guarded_buffer& copy = memories.add(words, random);
      std::ranges::copy(memory->span(), copy.data());
      memory->fill(random.one_of(poisons));
      memory = &copy;
    }
    const call_buffers buffers = buffers_for(kernel, call, random);
    const verdict seen = observe(call, buffers, [&] {
      return kernel.run_steps(buffers.inputs, buffers.outputs, call.batch, memory->data(), buffers.scratch);
    });
    if (seen.what != finding::none && seen.what != finding::flags) return seen;
    if (into.flags.what == finding::none) into.flags = seen;
    for (std::size_t o = 0; o < buffers.outputs.size(); ++o)
      into.outputs[o].insert(into.outputs[o].end(), buffers.outputs[o],
                             buffers.outputs[o] + call.batch * size_of(graph_.outputs[o]));
  }
  into.memory.assign(memory->span().begin(), memory->span().end());
  return {};
}

std::string network_check::unlike(const steps_result& one, const steps_result& other, const std::string& how) const {
  const std::string start = "network '" + net_.name + "', " + std::to_string(samples_) + " steps in calls of " + how;
  for (std::size_t o = 0; o < one.outputs.size(); ++o)
    for (std::size_t i = 0; i < one.outputs[o].size(); ++i)
      if (!alike(one.outputs[o][i], other.outputs[o][i])) {
        const std::size_t size = size_of(graph_.outputs[o]);
        return start + ": output '" + net_.outputs[o].name + "', step " + std::to_string(i / size) + ", element " +
               std::to_string(i % size) + " is " + word_text(other.outputs[o][i]) + ", but in one call " +
               word_text(one.outputs[o][i]);
      }
  for (std::size_t i = 0; i < one.memory.size(); ++i)
    if (!alike(one.memory[i], other.memory[i]))
      return start + ": word " + std::to_string(i) + " of the memory is " + word_text(other.memory[i]) +
             ", but after one call " + word_text(one.memory[i]);
  return {};
}

verdict network_check::refuse_steps(const tools::jit_kernel& kernel, random_source& random) const {
  call_buffers memories;
  guarded_buffer& memory = memories.add(kernel.memory_bytes() / sizeof(float), random);
  kernel.reset(memory.data());
  const std::vector<float> before(memory.span().begin(), memory.span().end());
  // A call of no steps succeeds.
  for (const std::size_t steps : {std::size_t{0}, t_.max_batch + 1}) {
    const call_plan call{.first = 0, .batch = steps};
    if (steps > samples_ || (steps > 0 && !is_refused(call))) continue;
    const call_buffers buffers = buffers_for(kernel, call, random);
    const verdict seen = observe(call, buffers, [&] {
      return kernel.run_steps(buffers.inputs, buffers.outputs, steps, memory.data(), buffers.scratch);
    });
    if (seen.what != finding::none) return seen;
    if (std::memcmp(before.data(), memory.data(), before.size() * sizeof(float)) != 0)
      return {finding::bad_status, where(call) + "no step was taken, but the memory has changed", {}};
  }
  return {};
}

verdict network_check::run_steps(const tools::jit_kernel& kernel, random_source random, statistics& counts) const {
  if (const verdict v = refuse_steps(kernel, random); v.what != finding::none) return v;
  const std::size_t most = t_.max_batch > 0 ? t_.max_batch : std::max<std::size_t>(samples_, 1);
  steps_result whole;
  if (const verdict v = play(kernel, divided(samples_, [&] { return most; }), {}, random, whole);
      v.what != finding::none)
    return v;
  std::vector<float*> outputs;
  for (std::vector<float>& each : whole.outputs) outputs.push_back(each.data());
  if (const verdict v = judge({.first = 0, .batch = samples_}, outputs, counts); v.what != finding::none) return v;

  // Step by step; as the trial's calls say; and at random places, often near those of row blocks.
  std::size_t next = 0;
  const auto planned = [&] {
    const std::size_t length = t_.calls[next++ % t_.calls.size()].batch;
    return std::clamp<std::size_t>(length, 1, most);
  };
  static constexpr std::size_t lengths[] = {1, 2, 3, 4, 6, 7, 8, 13, 14, 15, 28, 29, 56, 57};
  const auto drawn = [&] {
    return std::min<std::size_t>(random.chance(50) ? random.one_of(lengths) : 1 + random.pick(samples_), most);
  };
  const std::vector<std::size_t> ways[] = {divided(samples_, [] { return std::size_t{1}; }), divided(samples_, planned),
                                           divided(samples_, drawn)};
  for (const std::vector<std::size_t>& way : ways) {
    steps_result other;
    const auto copied = way.empty() ? std::optional<std::size_t>() : random.pick(way.size());
    if (const verdict v = play(kernel, way, copied, random, other); v.what != finding::none) return v;
    if (const std::string text = unlike(whole, other, text_of(way)); !text.empty()) return {finding::steps, text, {}};
    if (whole.flags.what == finding::none) whole.flags = other.flags;
  }
  return whole.flags;
}

}  // namespace inlay::fuzz
