// SPDX-License-Identifier: Apache-2.0
// Calls a network's kernels from C++: typed, for any batch, without allocation per call.
#pragma once

#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "inlay/dsl/embed.hpp"
#include "inlay/graph_memory.hpp"
#include "inlay/kernel_symbols.hpp"
#include "inlay/parallel_for.h"

namespace inlay {

/// The result of a call.
enum class status : int {
  ok = 0,
  null_pointer = 1,       ///< an input, an output or the scratch memory is null
  size_mismatch = 2,      ///< a span does not hold whole samples, or the batches differ
  scratch_too_small = 3,  ///< borrowed scratch memory has less than scratch_bytes()
  batch_too_large = 4,    ///< more samples than the MAX_BATCH that the kernels were compiled for
  unsupported_cpu = 5     ///< the kernels were compiled for several CPUs, and this machine is none of them
};

namespace detail {

/// Kernels may set the rounding mode, and restore it when they return. They do not return if an exception leaves the
/// caller's own threads; then this restores it.
class rounding_mode_keeper {
 public:
  rounding_mode_keeper() : mode_(std::fegetround()) {}
  ~rounding_mode_keeper() {
    if (std::fegetround() != mode_) std::fesetround(mode_);
  }
  rounding_mode_keeper(const rounding_mode_keeper&) = delete;
  rounding_mode_keeper& operator=(const rounding_mode_keeper&) = delete;

 private:
  int mode_;
};

template <class T, std::size_t>
using repeated = T;

constexpr std::size_t count_inputs(const graph_view& g) {
  std::size_t n = 0;
  for (const node_record& node : g.nodes) n += node.kind == op::input ? 1 : 0;
  return n;
}

constexpr const node_record& nth_input(const graph_view& g, std::size_t index) {
  std::size_t i = 0;
  while (g.nodes[i].kind != op::input || index-- != 0) ++i;
  return g.nodes[i];
}

struct aligned_delete {
  void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
/// Memory that begins at a cache line; null for no bytes.
inline std::byte* allocate_aligned(std::size_t bytes) {
  return bytes == 0 ? nullptr : static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64}));
}

/// The type of C++ for elements of type `Type`.
template <dtype Type>
using element_of = std::conditional_t<Type == dtype::i32, std::int32_t, float>;

/// Sets `samples` to the number of samples in every span, if all hold the same number. The spans have `elements`, and a
/// sample of each has `sizes` of them.
template <std::size_t N>
constexpr bool hold_samples(const std::size_t (&elements)[N], const std::size_t (&sizes)[N], std::size_t& samples) {
  samples = sizes[0] == 0 ? 0 : elements[0] / sizes[0];
  for (std::size_t i = 0; i < N; ++i)
    if (elements[i] != samples * sizes[i]) return false;
  return true;
}

// Hidden, because each shared library's copy of a wrapper calls that library's own kernels: the loader must not replace
// it by another library's copy.
#define INLAY_DETAIL_HIDDEN [[gnu::visibility("hidden")]]

template <const auto& Net, kernels_name Name, class Inputs, class Outputs>
class compiled_base;

template <const auto& Net, kernels_name Name, std::size_t... In, std::size_t... Out>
class compiled_base<Net, Name, std::index_sequence<In...>, std::index_sequence<Out...>> {
 public:
  /// The graph; its hash names the kernel.
  static constexpr const graph_view& graph = graph_of<Net>;
  static_assert(!remembers(graph), "this network has state: stream<net> of inlay/stream.hpp runs it step by step");
  static constexpr std::size_t input_count = sizeof...(In), output_count = sizeof...(Out);
  /// The type of the elements of input `Index`: float, or std::int32_t for an i32 input.
  template <std::size_t Index = 0>
  using input_element = element_of<nth_input(graph, Index).type>;
  /// Elements of one sample of input or output `Index`.
  template <std::size_t Index = 0>
  static constexpr std::size_t input_size = nth_input(graph, Index).dims.size();
  template <std::size_t Index = 0>
  static constexpr std::size_t output_size = graph.nodes[graph.outputs[Index].node].dims.size();

  /// Allocates the scratch memory, here and nowhere else.
  INLAY_DETAIL_HIDDEN compiled_base() : bytes_(scratch_bytes()), scratch_(allocate_aligned(bytes_)), owned_(scratch_) {}

  /// Uses `scratch`, which must outlive this object and have scratch_bytes() bytes, best aligned to 64.
  explicit compiled_base(std::span<std::byte> scratch) : bytes_(scratch.size()), scratch_(scratch.data()) {}

  /// The object moved from has no scratch memory: its calls return scratch_too_small if the kernel needs any.
  compiled_base(compiled_base&& other) noexcept
      : bytes_(std::exchange(other.bytes_, 0)),
        scratch_(std::exchange(other.scratch_, nullptr)),
        owned_(std::move(other.owned_)) {}
  compiled_base& operator=(compiled_base&& other) noexcept {
    bytes_ = std::exchange(other.bytes_, 0);
    scratch_ = std::exchange(other.scratch_, nullptr);
    owned_ = std::move(other.owned_);
    return *this;
  }

  INLAY_DETAIL_HIDDEN static std::size_t scratch_bytes() { return kernels::scratch_bytes(); }

  /// Runs any batch. Arguments are the inputs, then the outputs; every span holds the same number of samples. Outputs
  /// must not overlap any other span. One object must not run on two threads at once; two objects may.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs) {
    std::size_t batch = 0;
    const status checked = check_sizes({inputs.size()..., outputs.size()...}, batch);
    return checked != status::ok ? checked : static_cast<status>(run(inputs.data()..., outputs.data()..., batch));
  }

  /// The same on several threads, which share the work of large layers: those of a thread_pool, of openmp_workers() or
  /// your own. The program links only if the network was compiled with --parallel.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs,
                                                      const inlay_parallel_for& workers) {
    std::size_t batch = 0;
    const status checked = check_sizes({inputs.size()..., outputs.size()...}, batch);
    if (checked != status::ok) return checked;
    const rounding_mode_keeper keeper;
    return static_cast<status>(
        kernels::run_parallel_needs_PARALLEL(inputs.data()..., outputs.data()..., batch, scratch_, &workers));
  }

  /// Calls the entry point, which checks only for null pointers. 0 is success.
  INLAY_DETAIL_HIDDEN int run(const input_element<In>*... inputs, repeated<float*, Out>... outputs, std::size_t batch) {
    return kernels::run(inputs..., outputs..., batch, scratch_);
  }

 private:
  using kernels = kernels_of<graph_of<Net>, Name, const input_element<In>*..., repeated<float*, Out>...>;

  INLAY_DETAIL_HIDDEN status check_sizes(const std::size_t (&elements)[input_count + output_count],
                                         std::size_t& batch) const {
    if (!hold_samples(elements, {input_size<In>..., output_size<Out>...}, batch)) return status::size_mismatch;
    return !owned_ && bytes_ < scratch_bytes() ? status::scratch_too_small : status::ok;
  }

  std::size_t bytes_;
  std::byte* scratch_;
  std::unique_ptr<std::byte[], aligned_delete> owned_;
};

}  // namespace detail

/// The kernels of the constexpr network object `Net`: `compiled<digits> net; net(pixels, scores);`. `Name` is the NAME
/// that the kernels were compiled with: `compiled<digits, "a">` and `compiled<digits, "b">` have different weights.
template <const auto& Net, kernels_name Name = "">
class compiled : public detail::compiled_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                                              std::make_index_sequence<graph_of<Net>.outputs.size()>> {
 public:
  using detail::compiled_base<Net, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>,
                              std::make_index_sequence<graph_of<Net>.outputs.size()>>::compiled_base;
};

}  // namespace inlay
