// SPDX-License-Identifier: Apache-2.0
// Runs a network with state from C++, step by step: `stream<amp> channel; channel(in, out);`.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <vector>

#include "inlay/compiled.hpp"
#include "inlay/graph_memory.hpp"

namespace inlay {

/// What a network remembers from one step to the next, as plain bytes: copy it, save it, compare it. Two memories are
/// equal if all their bits are. It is filled by stream::reset(), and belongs to the kernels of one graph.
template <const auto& Net>
struct alignas(64) stream_memory {
  static constexpr std::size_t size = memory_bytes(graph_of<Net>);
  std::byte bytes[size];

  friend bool operator==(const stream_memory& a, const stream_memory& b) {
    return std::memcmp(a.bytes, b.bytes, size) == 0;
  }
};

namespace detail {

template <const auto& Net, kernels_name Name, class Inputs, class Outputs>
class stream_base;

template <const auto& Net, kernels_name Name, std::size_t... In, std::size_t... Out>
class stream_base<Net, Name, std::index_sequence<In...>, std::index_sequence<Out...>> {
 public:
  static constexpr const graph_view& graph = graph_of<Net>;
  static_assert(remembers(graph), "this network has no state: compiled<net> runs it");
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

  /// A stream before its first step. Allocates its memory and the scratch memory, here and nowhere else.
  INLAY_DETAIL_HIDDEN stream_base() : owned_(std::make_unique<memory_type>()), memory_(owned_.get()) { reset(); }

  /// A stream that goes on from `memory`, which must outlive it and has been filled by reset() or by other steps.
  INLAY_DETAIL_HIDDEN explicit stream_base(memory_type& memory) : memory_(&memory) {}

  /// A copy has a memory of its own, which goes on from the same step.
  INLAY_DETAIL_HIDDEN stream_base(const stream_base& other)
      : owned_(std::make_unique<memory_type>(*other.memory_)), memory_(owned_.get()) {}
  INLAY_DETAIL_HIDDEN stream_base& operator=(const stream_base& other) {
    *memory_ = *other.memory_;
    return *this;
  }
  /// The object moved from has no memory: its calls return null_pointer.
  stream_base(stream_base&& other) noexcept
      : owned_(std::move(other.owned_)),
        memory_(std::exchange(other.memory_, nullptr)),
        scratch_(std::move(other.scratch_)) {}
  stream_base& operator=(stream_base&& other) noexcept {
    owned_ = std::move(other.owned_);
    memory_ = std::exchange(other.memory_, nullptr);
    scratch_ = std::move(other.scratch_);
    return *this;
  }
  ~stream_base() = default;

  /// Goes back to before the first step. It also cures a memory that has met NaN or infinity.
  INLAY_DETAIL_HIDDEN void reset() { kernels::reset(memory_); }

  const memory_type& memory() const { return *memory_; }
  memory_type& memory() { return *memory_; }
  friend bool operator==(const stream_base& a, const stream_base& b) { return *a.memory_ == *b.memory_; }

  INLAY_DETAIL_HIDDEN static std::size_t scratch_bytes() { return kernels::scratch_bytes(); }

  /// Runs any number of steps. n steps in one call give the bits that n calls give. Arguments are the inputs, then the
  /// outputs; every span holds the same number of steps. Outputs must not overlap any other span.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs) {
    std::size_t steps = 0;
    if (!hold_samples({inputs.size()..., outputs.size()...}, {input_size<In>..., output_size<Out>...}, steps))
      return status::size_mismatch;
    return static_cast<status>(run(inputs.data()..., outputs.data()..., steps));
  }

  /// The same for signals in PyTorch's layout [channels, time]: a span holds its first element of all steps, then the
  /// second one of all steps, and so on. The results have the bits that the steps give one by one. For recordings:
  /// unlike other calls it allocates memory, for blocks of steps in the kernels' layout.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status sequence(std::span<const input_element<In>>... inputs,
                                                    repeated<std::span<float>, Out>... outputs) {
    std::size_t steps = 0;
    if (!hold_samples({inputs.size()..., outputs.size()...}, {input_size<In>..., output_size<Out>...}, steps))
      return status::size_mismatch;
    std::tuple<std::vector<input_element<In>>...> in(input_size<In> * steps_of_block...);
    std::array<std::vector<float>, output_count> out = {std::vector<float>(output_size<Out> * steps_of_block)...};
    for (std::size_t first = 0; first < steps; first += steps_of_block) {
      const std::size_t count = (std::min)(steps_of_block, steps - first);
      (transpose(inputs.data() + first, steps, std::get<In>(in).data(), input_size<In>, count, input_size<In>), ...);
      const int result = run(std::get<In>(in).data()..., out[Out].data()..., count);
      if (result != 0) return static_cast<status>(result);
      (transpose(out[Out].data(), output_size<Out>, outputs.data() + first, steps, output_size<Out>, count), ...);
    }
    return status::ok;
  }

  /// Calls the entry point, which checks only for null pointers. 0 is success.
  INLAY_DETAIL_HIDDEN int run(const input_element<In>*... inputs, repeated<float*, Out>... outputs, std::size_t steps) {
    return kernels::run_steps(inputs..., outputs..., steps, memory_, scratch_.get());
  }

 private:
  using kernels = kernels_of<graph_of<Net>, Name, const input_element<In>*..., repeated<float*, Out>...>;
  /// Steps that sequence() runs in one call: more than a kernel's block of rows.
  static constexpr std::size_t steps_of_block = 256;

  /// Writes rows of `to` from columns of `from`; the rows of both are so far apart.
  template <class Element>
  static void transpose(const Element* from, std::size_t from_stride, Element* to, std::size_t to_stride,
                        std::size_t rows, std::size_t columns) {
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t column = 0; column < columns; ++column)
        to[row * to_stride + column] = from[column * from_stride + row];
  }

  static std::unique_ptr<std::byte[], aligned_delete> allocate_scratch() {
    return std::unique_ptr<std::byte[], aligned_delete>(allocate_aligned(scratch_bytes()));
  }

  std::unique_ptr<memory_type> owned_;
  memory_type* memory_;
  std::unique_ptr<std::byte[], aligned_delete> scratch_ = allocate_scratch();
};

}  // namespace detail

/// The kernels of the network object `Net`, which has state, and the state of one stream: a voice, a channel, a sensor.
/// Streams are independent: each may run on a thread of its own. `Name` is the NAME that the kernels were compiled
/// with.
template <const auto& Net, kernels_name Name = "">
class stream : public detail::stream_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                                          std::make_index_sequence<graph_of<Net>.outputs.size()>> {
 public:
  using detail::stream_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                            std::make_index_sequence<graph_of<Net>.outputs.size()>>::stream_base;
};

}  // namespace inlay
