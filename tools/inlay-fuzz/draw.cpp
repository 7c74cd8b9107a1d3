// SPDX-License-Identifier: Apache-2.0
// Draws random networks: one function per operation, listed in one table.
#include "draw.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace inlay::fuzz {
namespace {

class drawer;

/// How an operation is drawn, and how often relative to the others.
struct draw_row {
  op kind;
  unsigned weight;
  std::uint32_t (drawer::*draw)();
};

template <std::size_t Count>
consteval bool are_complete(const draw_row (&rows)[Count]) {
  for (std::size_t i = 0; i < Count; ++i)
    if (rows[i].kind != op_table[i].id || rows[i].weight == 0) return false;
  return Count == op_count;
}

class drawer {
 public:
  drawer(network& net, random_source& random, const draw_settings& settings)
      : net_(net), random_(random), settings_(settings) {
    const unsigned size = random.pick(100);
    most_weights_ = std::min(settings.most_weights, size < 70 ? 4096u : size < 95 ? 20000u : ~0u);
    remember();
  }

  void run() {
    const std::uint32_t inputs = random_.chance(75) ? 1 : 2 + random_.pick(2);
    for (std::uint32_t i = 0; i < inputs; ++i) input();
    const std::uint32_t nodes = 1 + random_.pick(1 + random_.pick(settings_.most_nodes));
    for (std::uint32_t i = 0; i < nodes; ++i) add();
    for (int tries = 0; has_histories_ && !net_.remembers() && tries < 20; ++tries) history();
    if (has_states_ && !net_.remembers()) state();
    while (!pending_.empty()) update();
    outputs();
  }

  std::uint32_t input() {
    std::uint32_t elements = width();
    const std::string name = "x" + std::to_string(net_.steps.size());
    return value({.kind = op::input, .dims = random_.chance(75) ? vector(elements) : dims_of(elements), .name = name});
  }

  std::uint32_t dense() {
    const std::uint32_t x = flat(take()), inputs = elements(x);
    std::uint32_t outputs = random_.chance(35) ? inputs : width();
    outputs = std::max(1u, std::min(outputs, most_weights_ / inputs));
    const std::string name = "fc" + std::to_string(net_.steps.size());
    const std::uint32_t weight = weight_of(name, inputs, outputs);
    outputs = dims(weight).sizes[0];
    const std::uint32_t bias = random_.chance(30)  ? no_node
                               : random_.chance(6) ? constant(vector(outputs))
                                                   : parameter(name + ".bias", vector(outputs));
    static constexpr zeros choices[] = {zeros::automatic, zeros::automatic, zeros::automatic, zeros::automatic,
                                        zeros::skip,      zeros::skip,      zeros::multiply};
    return value({.kind = op::dense,
                  .dims = vector(outputs),
                  .name = name,
                  .operands = {x, weight, bias},
                  .attributes = {static_cast<std::uint32_t>(random_.one_of(choices))}});
  }

  std::uint32_t map();
  /// x * a + b or (x + b) * a: what normalises inputs, and what batch_norm computes.
  std::uint32_t affine(std::uint32_t x);
  bool affine_is_possible() const;
  /// A layer on a normalised value.
  std::uint32_t normalised_layer();

  std::uint32_t softmax() { return normalised(op::softmax); }
  std::uint32_t log_softmax() { return normalised(op::log_softmax); }

  std::uint32_t reshape() {
    const std::uint32_t x = take();
    return value({.kind = op::reshape, .dims = dims_of(elements(x)), .operands = {x}});
  }

  std::uint32_t slice() {
    const std::uint32_t x = with_rank(take()), axis = random_.pick(dims(x).rank), size = dims(x).sizes[axis];
    const std::uint32_t start = random_.pick(size), length = 1 + random_.pick(size - start);
    shape cut = dims(x);
    cut.sizes[axis] = length;
    return value({.kind = op::slice, .dims = cut, .operands = {x}, .attributes = {axis, start, length}});
  }

  std::uint32_t transpose() {
    const std::uint32_t x = with_rank(take()), rank = dims(x).rank;
    const std::uint32_t first = random_.pick(rank), second = random_.pick(rank);
    shape turned = dims(x);
    std::swap(turned.sizes[first], turned.sizes[second]);
    return value({.kind = op::transpose, .dims = turned, .operands = {x}, .attributes = {first, second}});
  }

  std::uint32_t conv2d() {
    const std::uint32_t x = image();
    const std::uint32_t channels = dims(x).sizes[0];
    ops::conv2d_attributes a;
    std::uint32_t kernel_h = 1 + random_.pick(5), kernel_w = 1 + random_.pick(5);
    a.window = window(dims(x), kernel_h, kernel_w, true);
    std::uint32_t outputs = random_.chance(40) ? 1 + random_.pick(20) : width() % 40 + 1;
    if (const unsigned kind = random_.pick(100); kind < 20)
      a.groups = outputs = channels;
    else if (kind < 35)
      for (std::uint32_t divisor = 2; divisor <= channels && divisor < 6; ++divisor)
        if (channels % divisor == 0) a.groups = divisor;
    const std::uint32_t depth = channels / a.groups * kernel_h * kernel_w;
    if (a.groups != channels || outputs != channels) {
      outputs = std::max(1u, std::min(outputs, most_weights_ / depth));
      outputs = std::max(1u, outputs / a.groups) * a.groups;
    }
    const std::string name = "conv" + std::to_string(net_.steps.size());
    const shape wanted{4, {outputs, channels / a.groups, kernel_h, kernel_w}};
    const std::uint32_t weight =
        random_.chance(4) && wanted.elements() <= 64 ? constant(wanted) : parameter(name + ".weight", wanted);
    const std::uint32_t bias = random_.chance(30) ? no_node : parameter(name + ".bias", vector(outputs));
    return windowed(
        {.kind = op::conv2d, .dims = {}, .name = name, .operands = {x, weight, bias}, .attributes = words(a)});
  }

  std::uint32_t conv_transpose2d() {
    const std::uint32_t x = image(), channels = dims(x).sizes[0];
    ops::conv_transpose2d_attributes a;
    std::uint32_t groups = 1;
    if (const unsigned kind = random_.pick(100); kind < 10)
      groups = channels;
    else if (kind < 25)
      for (std::uint32_t divisor = 2; divisor <= channels && divisor < 6; ++divisor)
        if (channels % divisor == 0) groups = divisor;
    a.groups = groups;
    std::uint32_t kernel_h = 1 + random_.pick(5), kernel_w = 1 + random_.pick(5);
    const auto axis = [&](std::uint32_t kernel, std::uint32_t& stride, std::uint32_t& dilation, std::uint32_t& before,
                          std::uint32_t& after, std::uint32_t& output_padding) {
      stride = random_.chance(30) ? 1 : random_.chance(60) ? 2 : 1 + random_.pick(5);
      dilation = random_.chance(80) ? 1 : 1 + random_.pick(3);
      const std::uint32_t most = dilation * (kernel - 1) + (random_.chance(10) ? 3 : 0);
      if (random_.chance(60))
        before = random_.pick(most + 1), after = random_.chance(70) ? before : random_.pick(most + 1);
      if (random_.chance(30)) output_padding = random_.pick(std::max(stride, dilation));
    };
    ops::window_attributes& w = a.window;
    axis(kernel_h, w.stride_h, w.dilation_h, w.padding_top, w.padding_bottom, a.output_padding_h);
    axis(kernel_w, w.stride_w, w.dilation_w, w.padding_left, w.padding_right, a.output_padding_w);
    // As an ordinary convolution the layer has more weights.
    const std::uint32_t most = most_weights_ / (channels * kernel_h * kernel_w * w.stride_h * w.stride_w);
    std::uint32_t outputs = random_.chance(40) ? 1 + random_.pick(20) : width() % 40 + 1;
    if (groups == channels && random_.chance(60)) outputs = channels;
    outputs = std::max(1u, std::min(outputs, most) / groups);
    const std::string name = "up" + std::to_string(net_.steps.size());
    const shape wanted{4, {channels, outputs, kernel_h, kernel_w}};
    const std::uint32_t weight =
        random_.chance(4) && wanted.elements() <= 64 ? constant(wanted) : parameter(name + ".weight", wanted);
    const std::uint32_t bias = random_.chance(30) ? no_node : parameter(name + ".bias", vector(outputs * groups));
    return windowed({.kind = op::conv_transpose2d,
                     .dims = {},
                     .name = name,
                     .operands = {x, weight, bias},
                     .attributes = words(a)});
  }

  std::uint32_t max_pool() {
    const std::uint32_t x = image();
    ops::max_pool_attributes a;
    a.kernel_h = 1 + random_.pick(4), a.kernel_w = 1 + random_.pick(4);
    a.window = window(dims(x), a.kernel_h, a.kernel_w, false);
    a.ceil_mode = random_.chance(30);
    return windowed({.kind = op::max_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t avg_pool() {
    const std::uint32_t x = image();
    ops::avg_pool_attributes a;
    a.kernel_h = 1 + random_.pick(random_.chance(20) ? 9 : 4),
    a.kernel_w = 1 + random_.pick(random_.chance(20) ? 9 : 4);
    a.window = window(dims(x), a.kernel_h, a.kernel_w, false);
    a.window.dilation_h = a.window.dilation_w = 1;
    a.ceil_mode = random_.chance(30), a.count_include_pad = random_.chance(50);
    return windowed({.kind = op::avg_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t reduce() {
    const std::uint32_t x = random_.chance(40) ? image() : take();
    ops::reduce_attributes a;
    a.kind = static_cast<ops::reduction>(random_.pick(5));
    a.axes = random_.pick(1u << dims(x).rank), a.keepdim = random_.chance(30);
    if (a.axes == 0) a.axes = (1u << dims(x).rank) - 1;
    return windowed({.kind = op::reduce, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t normalize() {
    const std::uint32_t x = random_.chance(40) ? image() : with_rank(take()), rank = dims(x).rank;
    static constexpr float eps[] = {1e-5f, 1e-5f, 1e-5f, 1e-6f, 0x1p-23f, 1e-3f, 0, 10, 1e-30f};
    ops::normalize_attributes a{random_.pick(rank), 1, random_.one_of(eps), random_.chance(70)};
    if (a.centred != 0 && a.axis == 0)
      for (std::uint32_t divisor = 2; divisor <= dims(x).sizes[0]; ++divisor)
        if (dims(x).sizes[0] % divisor == 0 && random_.chance(40)) a.groups = divisor;
    const std::string name = "norm" + std::to_string(net_.steps.size());
    const std::uint32_t y =
        value({.kind = op::normalize, .dims = dims(x), .name = name, .operands = {x}, .attributes = words(a)});
    return random_.chance(60) && settings_.has("map") ? scaled(y, a) : y;
  }

  std::uint32_t pad() {
    const std::uint32_t x = random_.chance(50) ? image() : with_rank(take());
    ops::pad_attributes a{.mode = random_.chance(40) ? pad_mode::constant : static_cast<pad_mode>(1 + random_.pick(3))};
    if (a.mode == pad_mode::constant && random_.chance(60)) a.value = std::bit_cast<std::uint32_t>(number());
    for (std::uint32_t axis = 0; axis < dims(x).rank; ++axis) {
      if (random_.chance(40)) continue;
      const std::uint32_t size = dims(x).sizes[axis];
      const std::uint32_t most = a.mode == pad_mode::reflect ? size - 1 : a.mode == pad_mode::circular ? size : 5;
      a.low[axis] = random_.pick(std::min(most, 5u) + 1), a.high[axis] = random_.pick(std::min(most, 5u) + 1);
    }
    return windowed({.kind = op::pad, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t upsample() {
    const std::uint32_t x = image();
    ops::upsample_attributes a{.mode = static_cast<interpolation>(random_.pick(2))};
    a.align_corners = a.mode == interpolation::linear && random_.chance(50);
    const auto axis = [&](std::uint32_t size, std::uint32_t& resized, std::uint32_t& step) {
      const double factor = random_.one_of(upsampling_factors);
      const bool by_factor = random_.chance(60) && static_cast<double>(size) * factor >= 1;
      resized = by_factor ? static_cast<std::uint32_t>(static_cast<double>(size) * factor) : 1 + random_.pick(2 * size);
      step = by_factor && a.align_corners == 0 ? std::bit_cast<std::uint32_t>(static_cast<float>(1 / factor))
                                               : ops::step_between(size, resized, a.align_corners != 0);
      return by_factor;
    };
    // The DSL has factors or sizes for both axes.
    const auto both = [&] {
      return axis(dims(x).sizes[1], a.height, a.step_h) == axis(dims(x).sizes[2], a.width, a.step_w);
    };
    while (!both()) continue;
    return windowed({.kind = op::upsample, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t adaptive_avg_pool() {
    const std::uint32_t x = image();
    const auto size = [&](std::uint32_t of) { return 1 + random_.pick(of + (random_.chance(20) ? 3 : 0)); };
    const ops::adaptive_avg_pool_attributes a{size(dims(x).sizes[1]), size(dims(x).sizes[2])};
    return windowed({.kind = op::adaptive_avg_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
  }

  std::uint32_t concat() {
    const bool flattened = random_.chance(60);
    const std::uint32_t first = flattened ? flat(take()) : with_rank(take());
    const shape like = dims(first);
    const std::uint32_t axis = random_.pick(like.rank), most = 1 + random_.pick(4);
    std::vector<std::uint32_t> pieces = {first};
    shape joined = like;
    const auto join = [&](std::uint32_t piece) {
      shape other = dims(piece);
      if (other.rank != like.rank) return;
      joined.sizes[axis] += other.sizes[axis];
      other.sizes[axis] = like.sizes[axis];
      if (other == like && joined.elements() <= settings_.most_elements)
        pieces.push_back(piece), ++reads_[piece];
      else
        joined.sizes[axis] -= dims(piece).sizes[axis];
    };
    for (std::uint32_t tries = 0; tries < 3 * most && pieces.size() <= most; ++tries) {
      if (random_.chance(6)) {
        shape weights = like;
        weights.sizes[axis] = 1 + random_.pick(9);
        if (weights.elements() <= 64)
          join(random_.chance(50) ? parameter("p" + std::to_string(net_.steps.size()), weights) : constant(weights));
      } else {
        const std::uint32_t piece = random_.chance(15) ? first : values_[random_.pick(values_.size())];
        join(flattened ? flat(piece) : piece);
      }
    }
    if (random_.chance(30)) std::reverse(pieces.begin(), pieces.end());
    return value({.kind = op::concat, .dims = joined, .operands = pieces, .attributes = {axis}});
  }

  /// Weights as values: concatenated with another value or added to it.
  std::uint32_t parameter_value() { return joined_with(true); }
  std::uint32_t constant_value() { return joined_with(false); }

  // What the network remembers from one step to the next; the definitions are at the end.
  std::uint32_t state();
  std::uint32_t update();
  std::uint32_t history();

 private:
  network& net_;
  random_source& random_;
  const draw_settings& settings_;
  std::uint32_t most_weights_;
  std::vector<std::uint32_t> values_;  // the steps that depend on an input
  std::vector<std::uint32_t> reads_;   // by step: how often later steps read it
  // The map that is being drawn:
  std::vector<std::uint32_t> operands_;
  std::vector<instruction> program_;
  std::uint32_t subject_ = 0;
  std::uint32_t next_ = no_node;  // what take() returns next, if any
  bool has_states_ = false, has_histories_ = false;
  std::vector<std::uint32_t> pending_;  // the states without an update
  std::vector<std::uint32_t> kept_;     // the values that updates keep

  const shape& dims(std::uint32_t v) const { return net_.steps[v].dims; }
  std::uint32_t elements(std::uint32_t v) const { return static_cast<std::uint32_t>(dims(v).elements()); }
  static shape vector(std::uint32_t size) { return {1, {size}}; }

  std::uint32_t append(step s) {
    for (std::uint32_t operand : s.operands)
      if (operand != no_node) ++reads_[operand];
    net_.steps.push_back(std::move(s));
    reads_.push_back(0);
    return static_cast<std::uint32_t>(net_.steps.size() - 1);
  }
  std::uint32_t value(step s) {
    values_.push_back(append(std::move(s)));
    return values_.back();
  }
  std::uint32_t parameter(const std::string& name, const shape& of) {
    return append({.kind = op::parameter, .dims = of, .name = name});
  }
  std::uint32_t constant(const shape& of) {
    step s{.kind = op::constant, .dims = of};
    for (std::uint64_t i = 0; i < of.elements(); ++i) s.elements.push_back(number());
    return append(std::move(s));
  }

  float number() {
    static constexpr float choices[] = {0.0f, -0.0f, 1, -1, 0.5f, 2, -2, 3, 0.1f, 0.25f, 4, 6, 10, 100};
    static constexpr float corners[] = {
        1e-30f, 1e30f, 3e38f, -293, 1e6f, 1e-40f, std::numeric_limits<float>::infinity()};
    if (random_.chance(2)) return random_.one_of(corners);
    return random_.chance(40) ? random_.one_of(choices) : static_cast<float>(random_.real(-2, 2));
  }

  /// A width, often one at which tails of vectors, panels or tiles begin or end.
  std::uint32_t width() {
    const unsigned kind = random_.pick(100);
    if (kind < 35) return 1 + random_.pick(20);
    if (kind < 60) return 1 + random_.pick(70);
    if (kind < 90) {
      static constexpr std::uint32_t units[] = {4, 8, 16, 32};
      return random_.one_of(units) * (1 + random_.pick(5)) - 1 + random_.pick(3);
    }
    if (kind < 97) return 70 + random_.pick(230);
    return 1022 + random_.pick(5);
  }

  /// A shape with `count` elements: rank 1 to 6, or also 0 for one element.
  shape dims_of(std::uint32_t count) {
    if (count == 1 && random_.chance(30)) return {0, {}};
    shape s{1, {count}};
    const std::uint32_t rank = random_.chance(90) ? 1 + random_.pick(3) : 4 + random_.pick(3);
    for (std::uint32_t i = 1; i < rank; ++i) {
      // Split a divisor off the last size.
      const std::uint32_t last = s.sizes[s.rank - 1];
      std::vector<std::uint32_t> divisors = {1, last};
      for (std::uint32_t d = 2; d < last && d < 40; ++d)
        if (last % d == 0) divisors.push_back(d);
      const std::uint32_t divisor = divisors[random_.pick(divisors.size())];
      s.sizes[s.rank - 1] = divisor;
      s.sizes[s.rank++] = last / divisor;
    }
    return s;
  }

  /// A random value that depends on an input; recent ones are more likely.
  std::uint32_t take() {
    if (next_ != no_node) return std::exchange(next_, no_node);
    const auto n = values_.size();
    return values_[n - 1 - std::min(random_.pick(n), random_.pick(n))];
  }
  std::uint32_t flat(std::uint32_t v) {
    return dims(v).rank == 1 ? v : value({.kind = op::reshape, .dims = vector(elements(v)), .operands = {v}});
  }
  std::uint32_t with_rank(std::uint32_t v) { return dims(v).rank == 0 ? flat(v) : v; }

  std::uint32_t normalised(op kind) {
    const std::uint32_t x = with_rank(take());
    return value({.kind = kind, .dims = dims(x), .operands = {x}});
  }

  /// A layer's weight: usually its own; else that of another layer, a constant, or computed from weights.
  std::uint32_t weight_of(const std::string& name, std::uint32_t inputs, std::uint32_t outputs) {
    const shape wanted{2, {outputs, inputs}};
    if (random_.chance(10))
      for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
        if (net_.steps[i].kind == op::parameter && dims(i).rank == 2 && dims(i).sizes[1] == inputs) return i;
    if (random_.chance(5) && wanted.elements() <= 64) return constant(wanted);
    const std::uint32_t own = parameter(name + ".weight", wanted);
    if (!random_.chance(3)) return own;
    static constexpr activation functions[] = {activation::relu, activation::square, activation::tanh};
    const activation function = random_.one_of(functions);
    if (!settings_.has(row_of(function).name)) return own;
    return append({.kind = op::map,
                   .dims = wanted,
                   .operands = {own},
                   .program = {{.code = scalar_op::operand}, {.code = scalar_op::apply, .function = function}}});
  }

  template <class Attributes>
  static std::vector<std::uint32_t> words(const Attributes& a) {
    const auto all = words_of(a);
    return {all.begin(), all.end()};
  }

  /// A value of rank 3: one that is, or one in another shape.
  std::uint32_t image() {
    for (int tries = 0; tries < 3; ++tries)
      if (const std::uint32_t v = take(); dims(v).rank == 3) return v;
    const std::uint32_t x = take();
    shape s{3, {1, 1, elements(x)}};
    for (std::uint32_t axis = 2; axis > 0; --axis)
      for (std::uint32_t tries = 0; tries < 2; ++tries) {
        const std::uint32_t divisor = 1 + random_.pick(12);
        if (s.sizes[axis] % divisor == 0) s.sizes[axis] /= divisor, s.sizes[axis - 1] *= divisor;
      }
    return value({.kind = op::reshape, .dims = s, .operands = {x}});
  }

  /// A window that fits into `image`. Makes the kernel smaller if it has to. The padding of a pool is at most half of
  /// the kernel.
  ops::window_attributes window(const shape& image, std::uint32_t& kernel_h, std::uint32_t& kernel_w, bool wide) {
    ops::window_attributes a;
    const auto axis = [&](std::uint32_t size, std::uint32_t& kernel, std::uint32_t& stride, std::uint32_t& dilation,
                          std::uint32_t& before, std::uint32_t& after) {
      stride = random_.chance(50) ? 1 : 1 + random_.pick(3);
      dilation = random_.chance(80) ? 1 : 1 + random_.pick(3);
      const std::uint32_t most = wide ? kernel : kernel / 2;
      if (random_.chance(50))
        before = random_.pick(most + 1), after = random_.chance(70) ? before : random_.pick(most + 1);
      while (kernel > 1 && dilation * (kernel - 1) + 1 > size + before + after) {
        --kernel;
        if (!wide) before = std::min(before, kernel / 2), after = std::min(after, kernel / 2);
      }
    };
    axis(image.sizes[1], kernel_h, a.stride_h, a.dilation_h, a.padding_top, a.padding_bottom);
    axis(image.sizes[2], kernel_w, a.stride_w, a.dilation_w, a.padding_left, a.padding_right);
    return a;
  }

  /// A step whose shape the operation's rule says. If the rule is broken or the result too large, its first operand.
  std::uint32_t windowed(step s) {
    const inferred rule = net_.infer(s);
    if (rule.code != fault::none || rule.dims.elements() > settings_.most_elements) return s.operands[0];
    s.dims = rule.dims;
    return value(std::move(s));
  }

  std::uint32_t joined_with(bool is_parameter) {
    const std::uint32_t x = take();
    const auto weights = [&](const shape& of) {
      return is_parameter ? parameter("p" + std::to_string(net_.steps.size()), of) : constant(of);
    };
    const bool small = is_parameter || elements(x) <= 64;
    const std::uint32_t w = weights(small && random_.chance(70) ? dims(x) : dims(x).rank == 0 ? dims(x) : vector(1));
    static constexpr scalar_op codes[] = {scalar_op::add,     scalar_op::subtract, scalar_op::multiply,
                                          scalar_op::maximum, scalar_op::divide,   scalar_op::less};
    instruction last{.code = random_.one_of(codes), .a = 0, .b = 1};
    if (!settings_.has(row_of(last.code).name)) last.code = scalar_op::add;
    const bool swapped = random_.chance(30);
    return value({.kind = op::map,
                  .dims = dims(x),
                  .operands = swapped ? std::vector{w, x} : std::vector{x, w},
                  .program = {{.code = scalar_op::operand, .a = 0}, {.code = scalar_op::operand, .a = 1}, last}});
  }

  void add();

  void remember();
  std::uint32_t state_of(shape of, std::uint32_t initial = no_node);
  std::uint32_t initial_of(const shape& of);
  std::uint32_t next_of(std::uint32_t state);
  std::uint32_t blend(std::uint32_t state);
  std::uint32_t layer_of(std::uint32_t state);
  std::uint32_t shifted(std::uint32_t state);
  void squash(std::uint32_t result);
  bool depends_on_input(std::uint32_t v) const { return std::ranges::find(values_, v) != values_.end(); }

  void outputs() {
    std::vector<std::uint32_t> unread;
    for (std::uint32_t v : values_)
      if (reads_[v] == 0) unread.push_back(v);
    if (unread.empty()) unread.push_back(values_.back());
    const bool join = settings_.has("concat") && unread.size() > (random_.chance(50) ? 1u : 4u);
    if (join) {
      shape joined = vector(0);
      for (std::uint32_t& v : unread) v = flat(v), joined.sizes[0] += elements(v);
      unread = {value({.kind = op::concat, .dims = joined, .operands = unread, .attributes = {0}})};
    }
    if (random_.chance(12)) {
      const std::uint32_t tap = take();
      if (settings_.has("input_output") || net_.steps[tap].kind != op::input) unread.push_back(tap);
    }
    if (random_.chance(4)) unread.push_back(unread[0]);
    if (random_.chance(5) && settings_.has("parameter_output")) {
      std::vector<std::uint32_t> weights;
      for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
        if (net_.steps[i].kind == op::parameter || net_.steps[i].kind == op::constant) weights.push_back(i);
      unread.push_back(weights.empty() || random_.chance(30) ? parameter("q", vector(width()))
                                                             : weights[random_.pick(weights.size())]);
    }
    for (std::uint32_t v : unread) net_.outputs.push_back({v, "y" + std::to_string(net_.outputs.size())});
    if (random_.chance(20)) std::reverse(net_.outputs.begin(), net_.outputs.end());
  }

  // ---- programs ----

  std::uint32_t push(const instruction& c) {
    program_.push_back(c);
    return static_cast<std::uint32_t>(program_.size() - 1);
  }
  std::uint32_t load(std::uint32_t v) {
    for (std::uint32_t i = 0; i < program_.size(); ++i)
      if (program_[i].code == scalar_op::operand && operands_[program_[i].a] == v) return i;
    operands_.push_back(v);
    return push({.code = scalar_op::operand, .a = static_cast<std::uint32_t>(operands_.size() - 1)});
  }
  std::uint32_t literal() { return literal(number()); }
  std::uint32_t literal(float f) {
    for (std::uint32_t i = 0; i < program_.size(); ++i)
      if (program_[i].code == scalar_op::literal &&
          std::bit_cast<std::uint32_t>(program_[i].p0) == std::bit_cast<std::uint32_t>(f))
        return i;
    return push({.code = scalar_op::literal, .p0 = f});
  }

  /// A shape that is broadcast to `whole`: some axes have size 1, and the first ones may be missing.
  shape part_of(const shape& whole) {
    shape part = whole;
    for (std::uint32_t axis = 0; axis < part.rank; ++axis)
      if (random_.chance(50)) part.sizes[axis] = 1;
    while (part.rank > 1 && random_.chance(30)) {
      for (std::uint32_t axis = 1; axis < part.rank; ++axis) part.sizes[axis - 1] = part.sizes[axis];
      part.sizes[--part.rank] = 0;
    }
    return part;
  }

  /// An operand: usually with the map's shape, sometimes with one element, sometimes weights.
  std::uint32_t leaf() {
    if (random_.chance(45)) return load(subject_);
    if (random_.chance(20)) {
      const bool one = random_.chance(40) || (elements(subject_) > 64 && random_.chance(50));
      const shape of = one && dims(subject_).rank > 0 ? vector(1)
                       : random_.chance(50)           ? part_of(dims(subject_))
                                                      : dims(subject_);
      const bool small = of.elements() <= 64;
      return load(small && random_.chance(40) ? constant(of) : parameter("p" + std::to_string(net_.steps.size()), of));
    }
    if (random_.chance(20))  // what the subject was made from, as in a residual
      for (std::uint32_t v : net_.steps[subject_].operands)
        if (v != no_node && (depends_on_input(v) || net_.steps[v].operands.empty()) &&
            dims(v).rank <= dims(subject_).rank && ops::broadcasts(dims(v), dims(subject_)))
          return load(v);
    for (int tries = 0; tries < 4; ++tries) {
      const std::uint32_t v = values_[random_.pick(values_.size())];
      if (dims(v).rank <= dims(subject_).rank && ops::broadcasts(dims(v), dims(subject_))) return load(v);
    }
    return load(subject_);
  }

  instruction function_of(std::uint32_t argument) {
    const activation_row* row = &activation_table[random_.pick(activation_count)];
    while (!settings_.has(row->name)) row = &activation_table[random_.pick(activation_count)];
    instruction c{
        .code = scalar_op::apply, .function = row->id, .a = argument, .p0 = row->defaults[0], .p1 = row->defaults[1]};
    if (random_.chance(20)) c.tier = accuracy::fast;
    if (row->parameters > 0 && random_.chance(50)) {
      static constexpr float usual[] = {0.01f, 0.1f, 0.25f, 0.5f, 1, 1.5f, 2, 3, 20};
      static constexpr float unusual[] = {-0.5f, -1, -3, 0, 1e-30f, 1e30f, std::numeric_limits<float>::infinity()};
      for (float* p : {&c.p0, &c.p1}) *p = random_.chance(10) ? random_.one_of(unusual) : random_.one_of(usual);
      if (row->parameters < 2) c.p1 = 0;
    }
    return c;
  }

  /// Applies an activation. One that is NaN for negative numbers usually gets the absolute value.
  std::uint32_t applied(std::uint32_t argument) {
    instruction c = function_of(argument);
    const bool positive =
        c.function == activation::log || c.function == activation::sqrt || c.function == activation::rsqrt;
    if (positive && settings_.has("abs") && random_.chance(80))
      c.a = push({.code = scalar_op::apply, .function = activation::abs, .a = argument});
    return push(c);
  }

  /// A random expression tree, appended in the DSL's order. If `may_be_literal`, it may be a single number.
  std::uint32_t tree(std::uint32_t depth, bool may_be_literal) {
    if (may_be_literal && random_.chance(20) && settings_.has("literal")) return literal();
    if (depth == 0 || random_.chance(20)) return leaf();
    const scalar_op_row* row = &scalar_op_table[random_.pick(scalar_op_count)];
    if (!settings_.has(row->name)) return leaf();
    switch (row->id) {
      case scalar_op::operand: return leaf();
      case scalar_op::literal: return tree(depth - 1, may_be_literal);
      case scalar_op::apply: return applied(tree(depth - 1, false));
      case scalar_op::select: {
        instruction c{.code = row->id};
        c.a = tree(depth - 1, false), c.b = tree(depth - 1, true), c.c = tree(depth - 1, true);
        return push(c);
      }
      default: {
        instruction c{.code = row->id};
        const bool literal_first = random_.chance(50);
        c.a = tree(depth - 1, literal_first);
        const bool has_value = program_[c.a].code != scalar_op::literal;
        c.b = tree(depth - 1, has_value);
        return push(c);
      }
    }
  }

  /// y * weight + bias, as a norm's affine part: one weight for each channel, or for each element of a run.
  std::uint32_t scaled(std::uint32_t y, const ops::normalize_attributes& a) {
    shape weights = dims(y);
    const bool by_channel = a.axis < 2 && random_.chance(60);
    for (std::uint32_t axis = 0; axis < weights.rank; ++axis)
      if (by_channel ? axis > 0 : axis < a.axis) weights.sizes[axis] = 1;
    if (!settings_.has("multiply") || !settings_.has("add") || !settings_.has("parameter")) return y;
    const std::string name = "p" + std::to_string(net_.steps.size());
    start_map(y);
    const std::uint32_t normalised = load(y);
    std::uint32_t result =
        push({.code = scalar_op::multiply, .a = normalised, .b = load(parameter(name + ".weight", weights))});
    if (random_.chance(70)) {
      const std::uint32_t bias = load(parameter(name + ".bias", weights));
      result = push({.code = scalar_op::add, .a = result, .b = bias});
    }
    if (random_.chance(40) && settings_.has("apply")) applied(result);
    return finish_map();
  }

  std::uint32_t finish_map() {
    return value({.kind = op::map, .dims = dims(subject_), .operands = operands_, .program = program_});
  }
  void start_map(std::uint32_t subject) { operands_.clear(), program_.clear(), subject_ = subject; }

  std::uint32_t activated(std::uint32_t x) {
    start_map(x);
    if (settings_.has("apply"))
      applied(load(x));
    else
      push({.code = scalar_op::add, .a = load(x), .b = literal()});
    return finish_map();
  }

  /// where(x > 0, x, w * x), as prelu() of the DSL writes it.
  std::uint32_t prelu() {
    const std::uint32_t x = take();
    start_map(x);
    const std::uint32_t at = load(x), zero = push({.code = scalar_op::literal, .p0 = 0});
    const std::uint32_t above = push({.code = scalar_op::greater, .a = at, .b = zero});
    const bool one = random_.chance(50) && dims(x).rank > 0;
    const std::uint32_t w = load(parameter("p" + std::to_string(net_.steps.size()), one ? vector(1) : dims(x)));
    const std::uint32_t scaled = push({.code = scalar_op::multiply, .a = w, .b = at});
    push({.code = scalar_op::select, .a = above, .b = at, .c = scaled});
    return finish_map();
  }
};

bool drawer::affine_is_possible() const {
  for (const char* needed : {"add", "subtract", "multiply", "parameter", "map"})
    if (!settings_.has(needed)) return false;
  return true;
}

std::uint32_t drawer::affine(std::uint32_t x) {
  start_map(x);
  const auto coefficient = [&] {
    if (random_.chance(25) && settings_.has("literal")) return literal();
    shape of = dims(x).rank == 0 || random_.chance(60) ? dims(x) : vector(1);
    if (of.rank == 3) of.sizes[1] = of.sizes[2] = 1;  // one for each channel
    const bool is_constant = of.elements() <= 64 && settings_.has("constant") && random_.chance(30);
    return load(is_constant ? constant(of) : parameter("p" + std::to_string(net_.steps.size()), of));
  };
  const bool scales_first = random_.chance(50);
  const scalar_op shift = random_.chance(50) ? scalar_op::add : scalar_op::subtract;
  std::uint32_t root = load(x);
  for (const bool scales : {scales_first, !scales_first}) {
    const std::uint32_t by = coefficient();
    root = push({.code = scales ? scalar_op::multiply : shift, .a = root, .b = by});
  }
  return finish_map();
}

std::uint32_t drawer::normalised_layer() {
  const std::uint32_t x = affine(take());
  const bool convolves = dims(x).rank == 3 && random_.chance(60);
  if (!settings_.has(convolves ? "conv2d" : "dense")) return x;
  next_ = x;
  return convolves ? conv2d() : dense();
}

std::uint32_t drawer::map() {
  const unsigned kind = random_.pick(100);
  const bool prelu_is_possible =
      settings_.has("select") && settings_.has("greater") && settings_.has("multiply") && settings_.has("parameter");
  if (kind < 40 && settings_.has("apply")) return activated(take());
  if (kind < 45 && prelu_is_possible) return prelu();
  if (kind < 55 && affine_is_possible()) return normalised_layer();
  start_map(take());
  // The program must compute something, and from the subject.
  const std::uint32_t root = tree(1 + random_.pick(4), false);
  const bool reads_subject = std::ranges::find(operands_, subject_) != operands_.end();
  if (!reads_subject || program_[root].code == scalar_op::operand) {
    const std::uint32_t subject = load(subject_);
    instruction last{.code = random_.chance(50) ? scalar_op::add : scalar_op::multiply, .a = root, .b = subject};
    if (root == subject) last.b = literal();
    push(last);
  }
  return finish_map();
}

void drawer::add() {
  // One row per operation of op_table, in its order.
  static constexpr draw_row rows[] = {
      {op::input, 2, &drawer::input},
      {op::parameter, 4, &drawer::parameter_value},
      {op::constant, 3, &drawer::constant_value},
      {op::dense, 30, &drawer::dense},
      {op::map, 30, &drawer::map},
      {op::softmax, 5, &drawer::softmax},
      {op::reshape, 6, &drawer::reshape},
      {op::concat, 15, &drawer::concat},
      {op::log_softmax, 4, &drawer::log_softmax},
      {op::slice, 8, &drawer::slice},
      {op::transpose, 4, &drawer::transpose},
      {op::conv2d, 16, &drawer::conv2d},
      {op::max_pool, 6, &drawer::max_pool},
      {op::avg_pool, 6, &drawer::avg_pool},
      {op::reduce, 12, &drawer::reduce},
      {op::normalize, 14, &drawer::normalize},
      {op::conv_transpose2d, 10, &drawer::conv_transpose2d},
      {op::pad, 6, &drawer::pad},
      {op::upsample, 6, &drawer::upsample},
      {op::adaptive_avg_pool, 4, &drawer::adaptive_avg_pool},
      {op::state, 25, &drawer::state},
      {op::update, 15, &drawer::update},
      {op::history, 40, &drawer::history},
  };
  static_assert(are_complete(rows), "every operation needs a row that draws it");
  unsigned total = 0;
  const draw_row* chosen = nullptr;
  for (const draw_row& row : rows) {
    if (!settings_.has(row_of(row.kind).name)) continue;
    if (row.kind == op::history && !has_histories_) continue;
    if ((row.kind == op::state || row.kind == op::update) && !has_states_) continue;
    total += row.weight;
    if (random_.pick(total) < row.weight) chosen = &row;
  }
  (this->*chosen->draw)();
  // Batch norm or an activation often follows a layer.
  const bool layer = chosen->kind == op::dense || chosen->kind == op::conv2d || chosen->kind == op::conv_transpose2d;
  if (layer && affine_is_possible() && random_.chance(12)) affine(values_.back());
  if (layer && settings_.has("map") && random_.chance(40)) activated(values_.back());
}

void drawer::remember() {
  const bool drawn = random_.chance(30);
  if (settings_.state < 0 ? !drawn : settings_.state == 0) return;
  // A kernel computes blocks of steps only without states.
  const unsigned kind = random_.pick(100);
  const bool both = settings_.has("history") && settings_.has("state") && settings_.has("update");
  has_histories_ = settings_.has("history") && (!both || kind < 75);
  has_states_ = settings_.has("state") && settings_.has("update") && (!both || kind >= 35);
}

std::uint32_t drawer::state() {
  const unsigned kind = random_.pick(100);
  if (random_.chance(8))  // it begins with weights that a layer, a map or another state has
    for (std::uint32_t i = static_cast<std::uint32_t>(net_.steps.size()); i-- > 0;)
      if (net_.steps[i].kind == op::parameter && elements(i) <= settings_.most_elements) return state_of(dims(i), i);
  if (kind < 45) return state_of(dims(values_[random_.pick(values_.size())]));
  if (kind < 60) return state_of(random_.chance(50) ? shape{} : vector(1));
  return state_of(kind < 80 ? vector(width()) : dims_of(width()));
}

std::uint32_t drawer::state_of(shape of, std::uint32_t initial) {
  if (initial == no_node && random_.chance(50)) initial = initial_of(of);
  const std::string name = "s" + std::to_string(net_.steps.size());
  pending_.push_back(value({.kind = op::state, .dims = of, .name = name, .operands = {initial}}));
  return pending_.back();
}

/// Weights, or a value that is computed from weights.
std::uint32_t drawer::initial_of(const shape& of) {
  const unsigned kind = random_.pick(100);
  const std::string name = "h" + std::to_string(net_.steps.size());
  if (kind < 30 && of.elements() <= 64) return constant(of);
  if (kind < 70 || !settings_.has("relu") || !settings_.has("map")) return parameter(name, of);
  if (kind < 80)
    return append({.kind = op::reshape,
                   .dims = of,
                   .operands = {parameter(name, vector(static_cast<std::uint32_t>(of.elements())))}});
  const instruction relu{.code = scalar_op::apply, .function = activation::relu};
  return append({.kind = op::map,
                 .dims = of,
                 .operands = {parameter(name, of)},
                 .program = {{.code = scalar_op::operand}, relu}});
}

/// Gives one of the states its next value, or a new state.
std::uint32_t drawer::update() {
  if (pending_.empty()) state();
  const std::uint32_t place = random_.pick(pending_.size()), of = pending_[place];
  pending_.erase(pending_.begin() + place);
  kept_.push_back(next_of(of));
  const std::uint32_t updated = value({.kind = op::update, .dims = dims(of), .operands = {of, kept_.back()}});
  if (random_.chance(60)) ++reads_[updated];  // it need not be an output
  return updated;
}

/// The next value of a state: usually one that stays bounded over many steps.
std::uint32_t drawer::next_of(std::uint32_t state) {
  const unsigned kind = random_.pick(100);
  const shape of = dims(state);
  const auto like = [&](const std::vector<std::uint32_t>& all) {
    for (int tries = 0; tries < 8 && !all.empty(); ++tries)
      if (const std::uint32_t v = all[random_.pick(all.size())]; dims(v) == of) return v;
    return no_node;
  };
  if (kind < 20)  // an input, a state as it was before this step, even this one, or what another update keeps
    if (const std::uint32_t v = like(values_); v != no_node) return v;
  if (kind < 28)
    if (const std::uint32_t v = like(kept_); v != no_node) return v;
  if (kind < 34) return state_of(of);  // a line of states
  if (kind < 37) return parameter("p" + std::to_string(net_.steps.size()), of);
  if (kind < 43) return shifted(state);
  if (kind < 60 && settings_.has("dense")) return layer_of(state);
  if (kind < 85 || !settings_.has("map")) return blend(state);
  start_map(state);
  const std::uint32_t root = tree(1 + random_.pick(3), false);
  if (random_.chance(60) || program_[root].code == scalar_op::operand) squash(root);
  // The program must read the state, which has its shape.
  const bool has_shape = std::ranges::any_of(operands_, [&](std::uint32_t v) { return dims(v) == of; });
  if (!has_shape)
    push({.code = scalar_op::add, .a = static_cast<std::uint32_t>(program_.size() - 1), .b = load(state)});
  return finish_map();
}

/// Applies a function with bounded results, or adds a number.
void drawer::squash(std::uint32_t result) {
  static constexpr activation functions[] = {activation::tanh, activation::tanh, activation::sigmoid,
                                             activation::softsign, activation::clamp};
  const activation function = random_.one_of(functions);
  if (!settings_.has(row_of(function).name) || !settings_.has("apply")) {
    const std::uint32_t by = literal(0.5f);
    push({.code = scalar_op::multiply, .a = result, .b = by});
    return;
  }
  instruction c{.code = scalar_op::apply, .function = function, .a = result};
  c.p0 = row_of(function).defaults[0], c.p1 = row_of(function).defaults[1];
  if (function == activation::clamp) c.p0 = -2, c.p1 = 2;
  if (random_.chance(20)) c.tier = accuracy::fast;
  push(c);
}

/// a * state + b * x.
std::uint32_t drawer::blend(std::uint32_t state) {
  static constexpr float factors[] = {0.9f, 0.5f, -0.5f, 0.99f, 1, -1, 0, 2};
  start_map(state);
  const std::uint32_t old = load(state), by = literal(random_.one_of(factors));
  const std::uint32_t first = push({.code = scalar_op::multiply, .a = old, .b = by});
  std::uint32_t x = leaf();
  if (random_.chance(60)) {
    const std::uint32_t factor = literal(0.25f);
    x = push({.code = scalar_op::multiply, .a = x, .b = factor});
  }
  const std::uint32_t sum = push({.code = scalar_op::add, .a = first, .b = x});
  if (random_.chance(40)) squash(sum);
  return finish_map();
}

/// A dense layer on any value in the shape of the state. A map mostly follows, which may read the state again.
std::uint32_t drawer::layer_of(std::uint32_t state) {
  const std::uint32_t x = flat(random_.chance(40) ? state : take()), outputs = elements(state);
  if (std::uint64_t{elements(x)} * outputs > most_weights_) return blend(state);
  const std::string name = "fc" + std::to_string(net_.steps.size());
  const std::uint32_t weight = parameter(name + ".weight", {2, {outputs, elements(x)}});
  const std::uint32_t bias = random_.chance(50) ? no_node : parameter(name + ".bias", vector(outputs));
  std::uint32_t y = value({.kind = op::dense,
                           .dims = vector(outputs),
                           .name = name,
                           .operands = {x, weight, bias},
                           .attributes = {static_cast<std::uint32_t>(zeros::automatic)}});
  const bool maps = settings_.has("map") && random_.chance(85), maps_first = random_.chance(50);
  const auto reshaped = [&] {
    if (!(dims(y) == dims(state))) y = value({.kind = op::reshape, .dims = dims(state), .operands = {y}});
  };
  if (!maps_first) reshaped();
  if (maps) {
    start_map(y);
    std::uint32_t sum = load(y);
    if (dims(y) == dims(state) && random_.chance(50)) {
      const std::uint32_t old = load(state);
      sum = push({.code = random_.chance(60) ? scalar_op::add : scalar_op::multiply, .a = sum, .b = old});
    }
    squash(sum);
    y = finish_map();
  }
  reshaped();
  return y;
}

/// The state without its first element, and another value's element behind it.
std::uint32_t drawer::shifted(std::uint32_t state) {
  const std::uint32_t n = elements(state);
  if (n < 2 || !settings_.has("slice") || !settings_.has("concat")) return blend(state);
  const std::uint32_t old = flat(state), x = flat(take());
  const std::uint32_t rest =
      value({.kind = op::slice, .dims = vector(n - 1), .operands = {old}, .attributes = {0, 1, n - 1}});
  const std::uint32_t start = random_.pick(elements(x));
  const std::uint32_t next =
      value({.kind = op::slice, .dims = vector(1), .operands = {x}, .attributes = {0, start, 1}});
  const std::uint32_t y = value({.kind = op::concat, .dims = vector(n), .operands = {rest, next}, .attributes = {0}});
  return dims(state) == vector(n) ? y : value({.kind = op::reshape, .dims = dims(state), .operands = {y}});
}

/// The history of a value, often of one that has another one. What reads the oldest row is a delay.
std::uint32_t drawer::history() {
  std::uint32_t x = random_.chance(20) && !pending_.empty() ? pending_[random_.pick(pending_.size())] : take();
  if (random_.chance(15))
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
      if (net_.steps[i].kind == op::history) x = net_.steps[i].operands[0];
  ops::history_attributes a{1 + random_.pick(5), random_.chance(50) ? 1 : 1 + random_.pick(9)};
  if (random_.chance(15)) a.taps = 2;
  const std::uint32_t rows = windowed({.kind = op::history, .dims = {}, .operands = {x}, .attributes = words(a)});
  if (rows == x) return x;
  const unsigned kind = random_.pick(100);
  if (kind < 25 && settings_.has("slice") && settings_.has("reshape")) {
    shape oldest = dims(rows);
    oldest.sizes[0] = 1;
    const std::uint32_t row =
        value({.kind = op::slice, .dims = oldest, .operands = {rows}, .attributes = {0, random_.pick(a.taps), 1}});
    return value({.kind = op::reshape, .dims = dims(x), .operands = {row}});
  }
  if (kind < 50 && settings_.has("dense")) {
    next_ = rows;
    return dense();
  }
  return rows;
}

}  // namespace

network draw_network(random_source& random, const draw_settings& settings, std::string name) {
  network net;
  net.name = std::move(name);
  drawer(net, random, settings).run();
  return net;
}

}  // namespace inlay::fuzz
