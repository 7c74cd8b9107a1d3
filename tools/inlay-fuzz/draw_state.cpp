// SPDX-License-Identifier: Apache-2.0
// Draws what a network remembers from one step to the next: states with their updates, and histories.
#include <algorithm>

#include "drawer.hpp"

namespace inlay::fuzz {

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
  if (random_.chance(30)) c.tier = random_.chance(50) ? accuracy::fast : accuracy::approximate;
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

}  // namespace inlay::fuzz
