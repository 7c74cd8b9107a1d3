// SPDX-License-Identifier: Apache-2.0
// Weights that kernels take as an argument: `auto block = pack<digits>("digits.safetensors").value; loaded<digits>
// net(block); net(pixels, scores);`. They can be exchanged while other threads run the network.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "inlay/compiled.hpp"
#include "inlay/graph_training.hpp"
#include "inlay/weights.hpp"

namespace inlay {

namespace detail {

/// The parameters of `graph` as `<network>_pack` reads them (parameter_offset()). Adds everything that is wrong with
/// the weights to `errors`, one line each.
std::vector<float> parameters_for_packing(const graph_view& graph, const weights& w, std::vector<std::string>& errors);

template <const auto& Net, kernels_name Name, class Inputs, class Outputs>
class loaded_base;

/// The symbols that a network's kernels have for a number of inputs and outputs.
template <const auto& Net, kernels_name Name, class Inputs, class Outputs>
struct packed_symbols;
template <const auto& Net, kernels_name Name, std::size_t... In, std::size_t... Out>
struct packed_symbols<Net, Name, std::index_sequence<In...>, std::index_sequence<Out...>> {
  using type = kernels_of<graph_of<Net>, Name, const element_of<nth_input(graph_of<Net>, In).type>*...,
                          repeated<float*, Out>...>;
};
template <const auto& Net>
using inputs_of = std::make_index_sequence<count_inputs(graph_of<Net>)>;
template <const auto& Net>
using outputs_of = std::make_index_sequence<graph_of<Net>.outputs.size()>;
template <const auto& Net, kernels_name Name>
using packed_kernels = typename packed_symbols<Net, Name, inputs_of<Net>, outputs_of<Net>>::type;

}  // namespace detail

/// The weights of a network as its kernels read them. pack() makes it, and nothing changes it afterwards: any number of
/// threads may read it. It is no format for files, because it depends on the CPU.
template <const auto& Net, kernels_name Name = "">
class packed {
 public:
  static_assert(parameter_elements(graph_of<Net>) > 0, "this network has no parameters: use compiled<net>");
  static_assert(!remembers(graph_of<Net>), "a network with state cannot take its weights as an argument yet");

  /// Packs parameters that are row-major and in the order and at the distances of parameter_offset(), all finite.
  INLAY_DETAIL_HIDDEN explicit packed(std::span<const float, parameter_elements(graph_of<Net>)> parameters)
      : block_(detail::allocate_aligned(bytes())) {
    kernels::pack_needs_WEIGHTS_argument(parameters.data(), block_.get());
  }
  packed(const packed&) = delete;
  packed& operator=(const packed&) = delete;

  /// The block that `<network>_run` takes, aligned to a cache line.
  const void* data() const { return block_.get(); }
  INLAY_DETAIL_HIDDEN static std::size_t bytes() { return kernels::packed_bytes_needs_WEIGHTS_argument(); }

 private:
  using kernels = detail::packed_kernels<Net, Name>;
  std::unique_ptr<std::byte[], detail::aligned_delete> block_;
};

/// A block of weights that its users share.
template <const auto& Net, kernels_name Name = "">
using packed_ptr = std::shared_ptr<const packed<Net, Name>>;

/// A block, or everything that is wrong with the weights, one line each.
template <const auto& Net, kernels_name Name = "">
struct packed_load {
  packed_ptr<Net, Name> value;           ///< null if there are errors
  std::vector<std::string> errors = {};  ///< empty on success
  std::vector<std::string> notes = {};   ///< as in weights_load

  explicit operator bool() const { return errors.empty(); }
};

/// Checks weights in memory, such as those of a trainer, and packs them. Names and shapes are those of check_weights().
/// All numbers must be finite, because kernels may leave out the products of inputs that are zero.
template <const auto& Net, kernels_name Name = "">
INLAY_DETAIL_HIDDEN packed_load<Net, Name> pack(const weights& w) {
  packed_load<Net, Name> result;
  const std::vector<float> parameters = detail::parameters_for_packing(graph_of<Net>, w, result.errors);
  constexpr std::size_t count = parameter_elements(graph_of<Net>);
  if (result.errors.empty())
    result.value = std::make_shared<const packed<Net, Name>>(std::span<const float, count>(parameters));
  return result;
}

/// Reads weights files as inlayc does, with all that load_weights() checks and finds, and packs them.
template <const auto& Net, kernels_name Name = "">
INLAY_DETAIL_HIDDEN packed_load<Net, Name> pack(const weights_request& request) {
  weights_load loaded = load_weights(std::span(&graph_of<Net>, 1), request);
  packed_load<Net, Name> result;
  if (loaded)
    result = pack<Net, Name>(loaded.value);
  else
    result.errors = std::move(loaded.errors);
  result.notes = std::move(loaded.notes);
  return result;
}
/// The same for one file.
template <const auto& Net, kernels_name Name = "">
INLAY_DETAIL_HIDDEN packed_load<Net, Name> pack(const std::string& path) {
  return pack<Net, Name>(weights_request{.files = {path}});
}

/// The same for the bytes of a safetensors file in memory, whose tensors have the names of the parameters.
template <const auto& Net, kernels_name Name = "">
INLAY_DETAIL_HIDDEN packed_load<Net, Name> pack(std::span<const std::byte> file) {
  weights_result read = read_safetensors(file);
  packed_load<Net, Name> result;
  if (read)
    result = pack<Net, Name>(read.value);
  else
    result.errors = {std::move(read.error)};
  result.notes = std::move(read.notes);
  return result;
}

/// Weights that are exchanged while other threads run the network. Each thread has a loaded<net> of its own.
template <const auto& Net, kernels_name Name = "">
class reloadable {
 public:
  using block = packed_ptr<Net, Name>;

  explicit reloadable(block first) { kept_.push_back(std::move(first)); }
  reloadable(const reloadable&) = delete;
  reloadable& operator=(const reloadable&) = delete;

  /// Calls that begin afterwards read `next`; those that run now finish with what they began with. Returns the block
  /// before. Frees older blocks that no loaded<net> reads any more: this happens here and in reclaim(), and never in a
  /// call of the network.
  block exchange(block next) {
    block before;
    {
      const std::lock_guard lock(mutex_);
      before = kept_.back();
      kept_.push_back(std::move(next));
      version_.fetch_add(1, std::memory_order_release);
    }
    reclaim();
    return before;
  }

  /// Frees older blocks that nothing reads any more. Returns how many blocks are left, the current one among them.
  std::size_t reclaim() {
    std::vector<block> unread;  // freed without the lock
    const std::lock_guard lock(mutex_);
    const auto in_use = [](const block& each) { return each.use_count() > 1; };
    const auto middle = std::partition(kept_.begin(), kept_.end() - 1, in_use);
    unread.assign(std::make_move_iterator(middle), std::make_move_iterator(kept_.end() - 1));
    kept_.erase(middle, kept_.end() - 1);
    return kept_.size();
  }

  block current() const {
    const std::lock_guard lock(mutex_);
    return kept_.back();
  }

 private:
  template <const auto&, kernels_name, class, class>
  friend class detail::loaded_base;

  /// Takes over the current block. Does not wait: while another thread is in here, `taken` stays as it is.
  void take(block& taken, std::uint64_t& version) const {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    taken = kept_.back();
    version = version_.load(std::memory_order_relaxed);
  }

  mutable std::mutex mutex_{};
  std::vector<block> kept_{};  // the current one is the last
  std::atomic<std::uint64_t> version_{1};
};

namespace detail {

template <const auto& Net, kernels_name Name, std::size_t... In, std::size_t... Out>
class loaded_base<Net, Name, std::index_sequence<In...>, std::index_sequence<Out...>> {
 public:
  static constexpr const graph_view& graph = graph_of<Net>;
  using block = packed_ptr<Net, Name>;
  template <std::size_t Index = 0>
  using input_element = element_of<nth_input(graph, Index).type>;
  /// Elements of one sample of input or output `Index`.
  template <std::size_t Index = 0>
  static constexpr std::size_t input_size = nth_input(graph, Index).dims.size();
  template <std::size_t Index = 0>
  static constexpr std::size_t output_size = graph.nodes[graph.outputs[Index].node].dims.size();

  /// Allocates the scratch memory, here and nowhere else.
  INLAY_DETAIL_HIDDEN explicit loaded_base(block weights)
      : weights_(std::move(weights)), scratch_(allocate_aligned(kernels::scratch_bytes())) {}
  /// Follows `source`, which must outlive this object.
  INLAY_DETAIL_HIDDEN explicit loaded_base(const reloadable<Net, Name>& source) : loaded_base(source.current()) {
    source_ = &source;
  }

  /// The block that the calls read. Null after a failed pack(): calls then return status::null_pointer.
  const block& weights() const { return weights_; }

  /// Runs any batch with the weights. Arguments are the inputs, then the outputs; every span holds the same number of
  /// samples. One object must not run on two threads at once; two objects may, also with the same weights.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs) {
    std::size_t batch = 0;
    if (!hold_samples({inputs.size()..., outputs.size()...}, {input_size<In>..., output_size<Out>...}, batch))
      return status::size_mismatch;
    refresh();
    return static_cast<status>(kernels::run_packed_needs_WEIGHTS_argument(inputs.data()..., outputs.data()..., batch,
                                                                          pointer(), scratch_.get()));
  }

  /// The same on several threads. The program links only if the network was compiled with --parallel.
  INLAY_DETAIL_HIDDEN [[nodiscard]] status operator()(std::span<const input_element<In>>... inputs,
                                                      repeated<std::span<float>, Out>... outputs,
                                                      const inlay_parallel_for& workers) {
    std::size_t batch = 0;
    if (!hold_samples({inputs.size()..., outputs.size()...}, {input_size<In>..., output_size<Out>...}, batch))
      return status::size_mismatch;
    refresh();
    const rounding_mode_keeper keeper;
    return static_cast<status>(kernels::run_packed_parallel_needs_PARALLEL(inputs.data()..., outputs.data()..., batch,
                                                                           pointer(), scratch_.get(), &workers));
  }

 private:
  using kernels = packed_kernels<Net, Name>;

  void refresh() {
    if (source_ != nullptr && source_->version_.load(std::memory_order_acquire) != version_)
      source_->take(weights_, version_);
  }
  const void* pointer() const { return weights_ == nullptr ? nullptr : weights_->data(); }

  block weights_;
  const reloadable<Net, Name>* source_ = nullptr;
  std::uint64_t version_ = 0;  // of weights_; those of the source begin with 1
  std::unique_ptr<std::byte[], aligned_delete> scratch_;
};

}  // namespace detail

/// The kernels of a network that was compiled with WEIGHTS argument, with weights. Calls with a fixed block take no
/// lock and touch no shared counter. Calls that follow a reloadable<net> read one atomic number, and take its lock for
/// a moment, without waiting for it, where the weights have been exchanged.
template <const auto& Net, kernels_name Name = "">
class loaded : public detail::loaded_base<Net, Name, detail::inputs_of<Net>, detail::outputs_of<Net>> {
 public:
  using detail::loaded_base<Net, Name, detail::inputs_of<Net>, detail::outputs_of<Net>>::loaded_base;
};

}  // namespace inlay
