// SPDX-License-Identifier: Apache-2.0
// Runs many streams of a network with state in one call: the voices of a synthesizer, the agents of a crowd, the
// sensors of a machine. `voices<synth> choir(64); choir(in, out);`.
#pragma once

#include <vector>

#include "inlay/stream.hpp"

namespace inlay {
namespace detail {

template <const auto& Net, kernels_name Name, class Inputs, class Outputs>
class voices_base;

template <const auto& Net, kernels_name Name, std::size_t... In, std::size_t... Out>
class voices_base<Net, Name, std::index_sequence<In...>, std::index_sequence<Out...>> {
 public:
  static constexpr const graph_view& graph = graph_of<Net>;
  static_assert(remembers(graph), "this network has no state: compiled<net> runs the samples of a batch in one call");
  static constexpr std::size_t input_count = sizeof...(In), output_count = sizeof...(Out);
  /// The type of the elements of input `Index`: float, or std::int32_t for an i32 input.
  template <std::size_t Index = 0>
  using input_element = element_of<nth_input(graph, Index).type>;
  /// Elements of one step of input or output `Index`.
  template <std::size_t Index = 0>
  static constexpr std::size_t input_size = nth_input(graph, Index).dims.size();
  template <std::size_t Index = 0>
  static constexpr std::size_t output_size = graph.nodes[graph.outputs[Index].node].dims.size();
  using memory_type = stream_memory<Net>;

  /// So many streams before their first step. Allocates their memories and the scratch memory, here and nowhere else.
  INLAY_DETAIL_HIDDEN explicit voices_base(std::size_t count) : memories_(count) { reset(); }

  std::size_t size() const { return memories_.size(); }
  /// What stream `voice` remembers. It may be assigned to that of a stream<Net>, and the other way round. Exchanging
  /// two of them keeps the streams that are in use in front.
  memory_type& memory(std::size_t voice) { return memories_[voice]; }
  const memory_type& memory(std::size_t voice) const { return memories_[voice]; }

  /// Goes back to before the first step, with one stream or with all.
  INLAY_DETAIL_HIDDEN void reset(std::size_t voice) { kernels::reset(&memories_[voice]); }
  INLAY_DETAIL_HIDDEN void reset() {
    for (std::size_t voice = 0; voice < size(); ++voice) reset(voice);
  }

  /// Runs the same number of steps in every stream. Arguments are the inputs, then the outputs, as arrays
  /// [voices][steps][elements of a step]. Outputs must not overlap any other span. A stream gets what stream<Net> gives
  /// it, up to rounding. One object must not run on two threads at once; two objects may.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs) {
    std::size_t steps = 0;
    if (!hold_samples({inputs.size()..., outputs.size()...}, {size() * input_size<In>..., size() * output_size<Out>...},
                      steps))
      return status::size_mismatch;
    return static_cast<status>(run(inputs.data()..., outputs.data()..., size(), steps));
  }

  /// The same for the first `count` streams. Calls the entry point, which checks only for null pointers. 0 is success.
  INLAY_DETAIL_HIDDEN int run(const input_element<In>*... inputs, repeated<float*, Out>... outputs, std::size_t count,
                              std::size_t steps) {
    return kernels::run_voices_needs_VOICES(inputs..., outputs..., count, steps, memories_.data(), scratch_.get());
  }

 private:
  using kernels = kernels_of<graph_of<Net>, Name, const input_element<In>*..., repeated<float*, Out>...>;
  std::vector<memory_type> memories_;
  std::unique_ptr<std::byte[], aligned_delete> scratch_{allocate_aligned(kernels::scratch_bytes())};
};

}  // namespace detail

/// The kernels of the network object `Net`, which has state and was compiled with VOICES, and the states of many
/// streams. Many small streams run side by side, one in each lane of a register, which takes less time than one after
/// the other. `Name` is the NAME that the kernels were compiled with.
template <const auto& Net, kernels_name Name = "">
class voices : public detail::voices_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                                          std::make_index_sequence<graph_of<Net>.outputs.size()>> {
 public:
  using detail::voices_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                            std::make_index_sequence<graph_of<Net>.outputs.size()>>::voices_base;
};

}  // namespace inlay
