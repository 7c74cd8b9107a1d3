// SPDX-License-Identifier: Apache-2.0
// Trains a network from C++: `trainer<net, loss::mse> training; training.step(x, target);`. The step is compiled.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/compiled.hpp"
#include "inlay/graph_faults.hpp"
#include "inlay/graph_training.hpp"
#include "inlay/weights.hpp"

namespace inlay {

/// How a step changes the parameters. The names and the meanings are PyTorch's.
enum class method {
  sgd,   ///< torch.optim.SGD, with momentum
  adam,  ///< torch.optim.Adam: weight_decay is added to the gradient
  adamw  ///< torch.optim.AdamW: weight_decay shrinks the parameters
};

struct optimizer {
  method how = method::adamw;
  double rate = 1e-3;
  double momentum = 0;                                ///< SGD
  bool nesterov = false;                              ///< SGD
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< Adam
  double weight_decay = 0;
  /// The most that the gradient's norm, over all parameters, may be (torch.nn.utils.clip_grad_norm_); 0 for any.
  double most_norm = 0;
};

/// The numbers that the compiled updates read, in their order.
struct optimizer_settings {
  float scale, l2, keep, rate, beta1, beta2, correction, epsilon, nesterov;
  /// Which of the parameters: from `first` on up to `last`, both multiples of 16.
  std::uint32_t first, last;
};

/// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood 2014).
class random_numbers {
 public:
  explicit constexpr random_numbers(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// At least 0 and less than 1, a multiple of 2^-24.
  constexpr float uniform() { return static_cast<float>(bits() >> 40) * 0x1p-24f; }
  /// At least 0 and less than `end`.
  constexpr std::size_t below(std::size_t end) { return std::size_t{bits() % end}; }

 private:
  std::uint64_t state_;
};

/// How the weights of layers begin. A weight of N x K has fan_in K and fan_out N.
enum class initial {
  linear,           ///< uniform within 1 / sqrt(fan_in), biases too, as torch.nn.Linear begins
  kaiming_uniform,  ///< uniform within sqrt(6 / fan_in), for relu; biases are 0
  xavier_uniform    ///< uniform within sqrt(6 / (fan_in + fan_out)), for tanh and sigmoid; biases are 0
};

namespace detail {

/// A training in its memory: what trainer<> has in common for all networks.
struct training_state {
  const graph_view& graph;
  float* memory;
  std::uint64_t steps = 0;
};

/// Fills the parameters: weights and biases of layers, and parameters with as many elements as a layer's weight that is
/// computed from them, as `how` says; "weight_g" with the norms of "weight_v"; other parameters with 1 if their name
/// ends in "weight" or "running_var", and with 0 if not. The elements take their numbers in the graph's order. All else
/// becomes 0.
void begin_training(training_state& training, initial how, std::uint64_t seed);
/// The settings of the next update. Counts the step.
optimizer_settings next_settings(training_state& training, const optimizer& how, std::size_t batch);
/// The parameters by their names; with `resumable` also the optimizer's averages and the number of steps.
weights weights_of(const training_state& training, bool resumable);
/// Takes them over. Without averages in `from` these become 0. Returns what is wrong, one line each.
std::vector<std::string> take_weights(training_state& training, const weights& from);
/// Writes a safetensors file. Returns the error, or nothing.
std::string save_weights(const weights& all, const std::string& path);

/// "train_" and the loss; for sequences also "_64_steps".
template <loss Loss, std::size_t Steps>
inline constexpr auto training_name = [] {
  constexpr text<64> whole = [] {
    text<64> all("train_");
    all.append(loss_names[static_cast<std::size_t>(Loss)]);
    if (Steps > 0) all.append("_").append(std::uint64_t{Steps}).append("_steps");
    return all;
  }();
  char characters[whole.size() + 1]{};
  std::copy_n(whole.chars, whole.size(), characters);
  return kernels_name(characters);
}();

/// `name` and "_" in front of `role`, if there is a name.
template <kernels_name Name, kernels_name Role>
inline constexpr auto role_name = [] {
  if constexpr (Name.view().empty()) {
    return Role;
  } else {
    char text[Name.view().size() + Role.view().size() + 2]{};
    std::copy_n(Name.chars, Name.view().size(), text);
    text[Name.view().size()] = '_';
    std::copy_n(Role.chars, Role.view().size(), text + Name.view().size() + 1);
    return kernels_name(text);
  }
}();

/// The symbols of a training step. The target's pointer follows those of the inputs.
template <std::uint64_t Hash, class Named, loss Loss, class... Inputs>
struct training_symbols {
  using target = std::conditional_t<Loss == loss::cross_entropy, std::int32_t, float>;
  using type = no_kernels_for_this_graph_run_inlayc_again<Hash, Named, Inputs..., const target*>;
};
template <std::uint64_t Hash, class Named, class... Inputs>
struct training_symbols<Hash, Named, loss::output, Inputs...> {
  using type = no_kernels_for_this_graph_run_inlayc_again<Hash, Named, Inputs...>;
};

template <const auto& Net, loss Loss, std::size_t Steps, kernels_name Name, class Inputs>
class trainer_base;

template <const auto& Net, loss Loss, std::size_t Steps, kernels_name Name, std::size_t... In>
class trainer_base<Net, Loss, Steps, Name, std::index_sequence<In...>> {
 public:
  static constexpr const graph_view& graph = graph_of<Net>;
  static_assert(graph.outputs.size() == 1, "a network that is trained has one output");
  static_assert(remembers(graph) || Steps == 0, "this network has no state, so it has no steps: use trainer<net>");
  static_assert(!remembers(graph) || Steps > 0,
                "this network has state, so its samples are sequences: use sequence_trainer<net, steps>");
  /// The steps of a sample, 1 for a network without state. Sizes are those of a sample.
  static constexpr std::size_t steps_of_sample = Steps > 0 ? Steps : 1;
  static constexpr training_layout layout = training_layout_of(graph);
  static constexpr bool has_target = Loss != loss::output;
  template <std::size_t Index = 0>
  using input_element = element_of<nth_input(graph, Index).type>;
  using target_element = std::conditional_t<Loss == loss::cross_entropy, std::int32_t, float>;
  template <std::size_t Index = 0>
  static constexpr std::size_t input_size = steps_of_sample * nth_input(graph, Index).dims.size();
  static constexpr std::size_t output_size = steps_of_sample * graph.nodes[graph.outputs[0].node].dims.size();
  static constexpr std::size_t target_size = Loss == loss::cross_entropy ? steps_of_sample : output_size;

  /// Allocates memory and scratch memory, here and nowhere else, and begins with random parameters.
  INLAY_DETAIL_HIDDEN explicit trainer_base(const optimizer& how = {}, std::uint64_t seed = 0,
                                            initial parameters = initial::linear)
      : how_(how) {
    reset(seed, parameters);
  }

  trainer_base(const trainer_base&) = delete;
  trainer_base& operator=(const trainer_base&) = delete;

  /// Begins anew.
  void reset(std::uint64_t seed, initial parameters = initial::linear) {
    begin_training(state_, parameters, seed);
    packed_ = false, batch_ = 0;
  }

  /// One step for a batch: gradients of the mean loss, then the update. Arguments are the inputs and, except for
  /// loss::output, the targets; every span holds the same number of samples. Returns the mean loss before the update.
  /// If the sizes do not fit, if a share has more samples than MAX_BATCH, or if the object has no code for this
  /// machine's CPU, it returns NaN and changes no parameter.
  template <class... Spans>
  INLAY_DETAIL_HIDDEN float step(const Spans&... spans) {
    const float mean = gradients(spans...);
    update();
    return mean;
  }

  /// The first half of a step: the mean loss, and its gradients, which gradient() reads. It moves the running
  /// statistics of batch norms.
  INLAY_DETAIL_HIDDEN float gradients(std::span<const input_element<In>>... inputs,
                                      std::span<const target_element> target)
    requires has_target
  {
    const std::size_t batch = batch_of({inputs.size()...});
    return differentiate(target.size() == batch * target_size ? batch : 0, port{inputs.data(), input_size<In>}...,
                         port{target.data(), target_size});
  }
  INLAY_DETAIL_HIDDEN float gradients(std::span<const input_element<In>>... inputs)
    requires(!has_target)
  {
    return differentiate(batch_of({inputs.size()...}), port{inputs.data(), input_size<In>}...);
  }

  /// The second half: changes the parameters. Does nothing without gradients, which a call that was refused or ended
  /// with an exception has not made.
  INLAY_DETAIL_HIDDEN void update() {
    if (batch_ == 0) return;
    packed_ = false;
    const optimizer_settings all = next_settings(state_, how_, batch_);
    for_each_part([&](std::size_t part, std::size_t parts) {
      optimizer_settings settings = all;
      settings.first = line(part, parts), settings.last = line(part + 1, parts);
      if (how_.how == method::sgd)
        training::update_sgd(memory(), &settings);
      else
        training::update_adam(memory(), &settings);
    });
  }

  /// Divides the samples of each step into `shares`, which `workers` run: a thread_pool, OpenMP's threads or your own.
  /// Each share has gradients of its own, which are added. This suits convolutions and small networks. The bits depend
  /// on the number of shares, but not on that of threads. Allocates memory for all shares but the first. `workers` must
  /// outlive the trainer.
  INLAY_DETAIL_HIDDEN void share(const inlay_parallel_for& workers, std::size_t shares) {
    static_assert(layout.sums == 0, "a batch_norm needs all samples of a batch at once: use parallel() instead");
    workers_ = &workers, divided_ = nullptr, predict_divided_ = nullptr;
    others_.clear();
    for (std::size_t i = 1; i < shares; ++i)
      others_.push_back(
          {block(allocate_aligned(training_bytes(graph))), block(allocate_aligned(training::scratch_bytes()))});
  }

  /// Divides the work on each layer among `workers`, which meet several times in a step. They share weights and
  /// gradients. This suits wide dense layers. Rounding apart, the results are those of one thread. The program links
  /// only if the network was compiled with PARALLEL. `workers` must outlive the trainer.
  INLAY_DETAIL_HIDDEN void parallel(const inlay_parallel_for& workers) {
    workers_ = &workers;
    others_.clear();
    divided_ = &training::run_steps_parallel_needs_PARALLEL;
    predict_divided_ = &prediction::run_steps_parallel_needs_PARALLEL;
  }

  /// The network's outputs with the parameters of now.
  INLAY_DETAIL_HIDDEN status predict(std::span<const input_element<In>>... inputs, std::span<float> outputs) {
    const std::size_t batch = batch_of({inputs.size()...});
    if (batch == 0 || outputs.size() != batch * output_size) return status::size_mismatch;
    if (!packed_) {
      compute_weights();
      for_each_part(
          [&](std::size_t part, std::size_t parts) { prediction::begin(memory(), predicting_.get(), part, parts); });
    }
    packed_ = true;
    if (predict_divided_)
      return static_cast<status>(
          predict_divided_(inputs.data()..., outputs.data(), batch, memory(), predicting_.get(), workers_));
    return static_cast<status>(
        prediction::run_steps(inputs.data()..., outputs.data(), batch, memory(), predicting_.get()));
  }

  /// The elements of a parameter, row-major; empty if there is none of this name.
  std::span<float> parameter(std::string_view name) {
    packed_ = false;
    return part(name, 0);
  }
  /// The sum of the samples' gradients from the last step.
  std::span<const float> gradient(std::string_view name) { return part(name, layout.gradients()); }
  std::uint64_t steps() const { return state_.steps; }
  optimizer& options() { return how_; }

  /// The parameters, for write_safetensors(); with `resumable` also the optimizer's averages.
  inlay::weights weights(bool resumable = false) const { return weights_of(state_, resumable); }
  /// Writes them to a safetensors file. Returns the error, or an empty text.
  std::string save(const std::string& path, bool resumable = false) const {
    return save_weights(weights(resumable), path);
  }
  /// Goes on from weights. If they are resumable, the next steps have the bits that they would have had. Returns what
  /// is wrong, one line each; the trainer then stays as it was.
  std::vector<std::string> load(const inlay::weights& from) {
    packed_ = false;
    return take_weights(state_, from);
  }

 private:
  using training = typename training_symbols<
      graph.hash, typename name_of_kernels<graph_of<Net>, role_name<Name, training_name<Loss, Steps>>>::type, Loss,
      const input_element<In>*...>::type;
  using prediction =
      kernels_of<graph_of<Net>, role_name<Name, kernels_name("predict")>, const input_element<In>*..., float*>;
  using block = std::unique_ptr<std::byte[], aligned_delete>;
  /// What a share of the samples works in.
  struct share_memory {
    block memory, scratch;
  };

  /// The samples of a call; 0 if the inputs do not fit.
  static std::size_t batch_of(std::initializer_list<std::size_t> elements) {
    constexpr std::size_t sizes[] = {input_size<In>...};
    const std::size_t batch = *elements.begin() / sizes[0];
    for (std::size_t i = 0; i < sizeof...(In); ++i)
      if (elements.begin()[i] != batch * sizes[i]) return 0;
    return batch;
  }
  float* memory() { return state_.memory; }

  std::size_t shares() const { return others_.size() + 1; }
  /// Where part `i` of so many of the parameters begins.
  static std::uint32_t line(std::size_t i, std::size_t parts) {
    return static_cast<std::uint32_t>(layout.parameters / memory_line * i / parts * memory_line);
  }
  /// `body(part, parts)` on each worker, or once without workers.
  template <class Body>
  INLAY_DETAIL_HIDDEN void for_each_part(Body body) {
    if (!divided_ && others_.empty()) return body(std::size_t{0}, std::size_t{1});
    const auto work = [](void* argument, std::size_t part, std::size_t parts) {
      (*static_cast<Body*>(argument))(part, parts);
    };
    workers_->run(workers_->context, work, &body);
  }
  /// `body(share)` for all shares of the samples.
  template <class Body>
  INLAY_DETAIL_HIDDEN void for_each_share(Body body) {
    for_each_part([&](std::size_t part, std::size_t parts) {
      for (std::size_t i = part; i < shares(); i += parts) body(i);
    });
  }

  /// The samples of an input or of the targets.
  template <class Element>
  struct port {
    const Element* samples;
    std::size_t elements;  ///< of a sample
    const Element* from(std::size_t sample) const { return samples + sample * elements; }
  };
  template <class Element>
  port(const Element*, std::size_t) -> port<Element>;

  /// The weights that are computed from parameters, and what their gradients add to those of the parameters. Without
  /// such weights there are no such functions.
  INLAY_DETAIL_HIDDEN void compute_weights() {
    if constexpr (layout.computed > 0) training::compute_weights(memory(), scratch_.get());
  }
  INLAY_DETAIL_HIDDEN void pass_gradients() {
    if constexpr (layout.computed > 0) training::pass_gradients(memory(), scratch_.get());
  }

  /// Makes the gradients and returns the mean loss, or NaN if there are no samples or the kernel refuses them.
  template <class... Ports>
  INLAY_DETAIL_HIDDEN float differentiate(std::size_t batch, const Ports&... ports) {
    constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
    batch_ = 0, packed_ = false;
    if (batch == 0) return nothing;
    compute_weights();
    if (divided_) {
      for_each_part(
          [&](std::size_t part, std::size_t parts) { training::begin(memory(), scratch_.get(), part, parts); });
      if (divided_(ports.from(0)..., batch, memory(), scratch_.get(), workers_) != 0) return nothing;
      pass_gradients();
      batch_ = batch;
      return mean_loss();
    }
    std::atomic<bool> refused = false;
    for_each_share([&](std::size_t i) {
      float* at = memory();
      std::byte* scratch = scratch_.get();
      if (i > 0) {
        at = reinterpret_cast<float*>(others_[i - 1].memory.get()), scratch = others_[i - 1].scratch.get();
        std::copy_n(memory(), layout.parameters, at);
        std::copy_n(memory() + layout.computed_weights(), layout.computed, at + layout.computed_weights());
      }
      training::begin(at, scratch, 0, 1);
      const std::size_t first = batch * i / shares(), last = batch * (i + 1) / shares();
      if (first < last && training::run_steps(ports.from(first)..., last - first, at, scratch) != 0) refused = true;
    });
    if (refused) return nothing;
    if (!others_.empty())
      for_each_part([&](std::size_t part, std::size_t parts) {
        for (const share_memory& other : others_) {
          const float* from = reinterpret_cast<const float*>(other.memory.get()) + layout.gradients();
          float* to = memory() + layout.gradients();
          for (std::size_t k = line(part, parts), end = line(part + 1, parts); k < end; ++k) to[k] += from[k];
          from += layout.computed_gradients() - layout.gradients();
          to += layout.computed_gradients() - layout.gradients();
          for (std::size_t k = layout.computed * part / parts, end = layout.computed * (part + 1) / parts; k < end; ++k)
            to[k] += from[k];
        }
      });
    for (const share_memory& other : others_)
      memory()[layout.loss_sum()] += reinterpret_cast<const float*>(other.memory.get())[layout.loss_sum()];
    pass_gradients();
    batch_ = batch;
    return mean_loss();
  }
  float mean_loss() const { return state_.memory[layout.loss_sum()] / static_cast<float>(batch_); }
  std::span<float> part(std::string_view name, std::uint64_t start) {
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
      if (graph.nodes[i].kind == op::parameter && graph.name_of(graph.nodes[i]) == name)
        return {memory() + start + parameter_offset(graph, i), graph.nodes[i].dims.size()};
    return {};
  }

  optimizer how_;
  block memory_{allocate_aligned(training_bytes(graph))};
  block scratch_{allocate_aligned(training::scratch_bytes())};
  block predicting_{allocate_aligned(prediction::scratch_bytes())};
  training_state state_{graph, reinterpret_cast<float*>(memory_.get())};
  const inlay_parallel_for* workers_ = nullptr;
  /// What parallel() has chosen.
  decltype(&training::run_steps_parallel_needs_PARALLEL) divided_ = nullptr;
  decltype(&prediction::run_steps_parallel_needs_PARALLEL) predict_divided_ = nullptr;
  std::vector<share_memory> others_{};  // all but the first
  std::size_t batch_ = 0;               // samples whose gradients the memory has
  bool packed_ = false;                 // for predictions
};

}  // namespace detail

/// Trains the network object `Net`, which was compiled with TRAIN and the same LOSS.
template <const auto& Net, loss Loss = loss::mse, kernels_name Name = "">
class trainer
    : public detail::trainer_base<Net, Loss, 0, Name, std::make_index_sequence<detail::count_inputs(graph_of<Net>)>> {
 public:
  using detail::trainer_base<Net, Loss, 0, Name,
                             std::make_index_sequence<detail::count_inputs(graph_of<Net>)>>::trainer_base;
};

/// Trains a network with state, which was compiled with the same TRAIN, LOSS and STEPS. A sample is a sequence of
/// `Steps` steps: inputs, outputs and targets are [samples][Steps][...]. Each begins with the states' first values, and
/// gradients go back through all of its steps. The loss is the mean over the steps.
template <const auto& Net, std::size_t Steps, loss Loss = loss::mse, kernels_name Name = "">
class sequence_trainer : public detail::trainer_base<Net, Loss, Steps, Name,
                                                     std::make_index_sequence<detail::count_inputs(graph_of<Net>)>> {
 public:
  using detail::trainer_base<Net, Loss, Steps, Name,
                             std::make_index_sequence<detail::count_inputs(graph_of<Net>)>>::trainer_base;
};

}  // namespace inlay
