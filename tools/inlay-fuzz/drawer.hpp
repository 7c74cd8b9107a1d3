// SPDX-License-Identifier: Apache-2.0
// Draws the steps of a network: one function for each operation, and what they share.
#pragma once

#include <string>
#include <vector>

#include "draw.hpp"

namespace inlay::fuzz {

class drawer {
 public:
  drawer(network& net, random_source& random, const draw_settings& settings);

  void run();

  // One function for each operation draws a step, perhaps with others that it needs, and returns it.

  std::uint32_t input();
  std::uint32_t dense();
  std::uint32_t map();
  std::uint32_t softmax() { return normalised(op::softmax); }
  std::uint32_t log_softmax() { return normalised(op::log_softmax); }
  std::uint32_t reshape();
  std::uint32_t slice();
  std::uint32_t transpose();
  std::uint32_t conv2d();
  std::uint32_t conv_transpose2d();
  std::uint32_t max_pool();
  std::uint32_t avg_pool();
  std::uint32_t reduce();
  std::uint32_t normalize();
  std::uint32_t pad();
  std::uint32_t upsample();
  std::uint32_t adaptive_avg_pool();
  std::uint32_t concat();
  /// Usually with indices of its own; else those of another layer.
  std::uint32_t embedding();

  std::uint32_t state();
  std::uint32_t update();
  std::uint32_t history();

  /// Weights as values: concatenated with another value or added to it.
  std::uint32_t parameter_value() { return joined_with(true); }
  std::uint32_t constant_value() { return joined_with(false); }

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

  std::uint32_t append(step s);
  std::uint32_t value(step s);
  std::uint32_t parameter(const std::string& name, const shape& of);
  std::uint32_t constant(const shape& of);

  float number();

  /// A width, often one at which tails of vectors, panels or tiles begin or end.
  std::uint32_t width();

  /// A shape with `count` elements: rank 1 to 6, or also 0 for one element.
  shape dims_of(std::uint32_t count);

  /// A random value that depends on an input; recent ones are more likely.
  std::uint32_t take();
  std::uint32_t flat(std::uint32_t v);
  std::uint32_t with_rank(std::uint32_t v) { return dims(v).rank == 0 ? flat(v) : v; }

  std::uint32_t normalised(op kind);

  /// A layer's weight: usually its own; else that of another layer, a constant, or computed from weights.
  std::uint32_t weight_of(const std::string& name, std::uint32_t inputs, std::uint32_t outputs);

  template <class Attributes>
  static std::vector<std::uint32_t> words(const Attributes& a) {
    const auto all = words_of(a);
    return {all.begin(), all.end()};
  }

  /// A value of rank 3: one that is, or one in another shape.
  std::uint32_t image();

  /// A window that fits into `image`. Makes the kernel smaller if it has to. The padding of a pool is at most half of
  /// the kernel.
  ops::window_attributes window(const shape& image, std::uint32_t& kernel_h, std::uint32_t& kernel_w, bool wide);

  /// A step whose shape the operation's rule says. If the rule is broken or the result too large, its first operand.
  std::uint32_t windowed(step s);

  /// A value with weights that are added to it, multiplied with it or the like.
  std::uint32_t joined_with(bool is_parameter);

  /// A random operation, and what often follows it.
  void add();
  /// Returns what no step reads, and sometimes more.
  void outputs();

  // What the network remembers.

  /// Decides whether it has states and histories.
  void remember();
  std::uint32_t state_of(shape of, std::uint32_t initial = no_node);
  std::uint32_t initial_of(const shape& of);
  std::uint32_t next_of(std::uint32_t state);
  std::uint32_t blend(std::uint32_t state);
  std::uint32_t layer_of(std::uint32_t state);
  std::uint32_t shifted(std::uint32_t state);
  void squash(std::uint32_t result);
  bool depends_on_input(std::uint32_t v) const;

  // The map that is being drawn.

  std::uint32_t push(const instruction& c);
  std::uint32_t load(std::uint32_t v);
  std::uint32_t literal() { return literal(number()); }
  std::uint32_t literal(float f);

  /// A shape that is broadcast to `whole`: some axes have size 1, and the first ones may be missing.
  shape part_of(const shape& whole);

  /// An operand: usually with the map's shape, sometimes with one element, sometimes weights.
  std::uint32_t leaf();

  instruction function_of(std::uint32_t argument);

  /// Applies an activation. One that is NaN for negative numbers usually gets the absolute value.
  std::uint32_t applied(std::uint32_t argument);

  /// A random expression tree, appended in the DSL's order. If `may_be_literal`, it may be a single number.
  std::uint32_t tree(std::uint32_t depth, bool may_be_literal);

  /// y * weight + bias, as a norm's affine part: one weight for each channel, or for each element of a run.
  std::uint32_t scaled(std::uint32_t y, const ops::normalize_attributes& a);
  std::uint32_t finish_map();
  void start_map(std::uint32_t subject) { operands_.clear(), program_.clear(), subject_ = subject; }

  std::uint32_t activated(std::uint32_t x);

  /// x * a + b or (x + b) * a: what normalises inputs, and what batch_norm computes.
  std::uint32_t affine(std::uint32_t x);
  bool affine_is_possible() const;
  /// A layer on a normalised value.
  std::uint32_t normalised_layer();

  /// where(x > 0, x, w * x), as prelu() of the DSL writes it.
  std::uint32_t prelu();
};

}  // namespace inlay::fuzz
