// SPDX-License-Identifier: Apache-2.0
// Draws maps: activations, scaling and shifting, and random programs.
#include "drawer.hpp"

#include <algorithm>
#include <limits>

namespace inlay::fuzz {

std::uint32_t drawer::push(const instruction& c) {
  program_.push_back(c);
  return static_cast<std::uint32_t>(program_.size() - 1);
}

std::uint32_t drawer::load(std::uint32_t v) {
  for (std::uint32_t i = 0; i < program_.size(); ++i)
    if (program_[i].code == scalar_op::operand && operands_[program_[i].a] == v) return i;
  operands_.push_back(v);
  return push({.code = scalar_op::operand, .a = static_cast<std::uint32_t>(operands_.size() - 1)});
}

std::uint32_t drawer::literal(float f) {
  for (std::uint32_t i = 0; i < program_.size(); ++i)
    if (program_[i].code == scalar_op::literal &&
        std::bit_cast<std::uint32_t>(program_[i].p0) == std::bit_cast<std::uint32_t>(f))
      return i;
  return push({.code = scalar_op::literal, .p0 = f});
}

shape drawer::part_of(const shape& whole) {
  shape part = whole;
  for (std::uint32_t axis = 0; axis < part.rank; ++axis)
    if (random_.chance(50)) part.sizes[axis] = 1;
  while (part.rank > 1 && random_.chance(30)) {
    for (std::uint32_t axis = 1; axis < part.rank; ++axis) part.sizes[axis - 1] = part.sizes[axis];
    part.sizes[--part.rank] = 0;
  }
  return part;
}

std::uint32_t drawer::leaf() {
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
      if (v != no_node && net_.steps[v].type == dtype::f32 && (depends_on_input(v) || net_.steps[v].operands.empty()) &&
          dims(v).rank <= dims(subject_).rank && ops::broadcasts(dims(v), dims(subject_)))
        return load(v);
  for (int tries = 0; tries < 4; ++tries) {
    const std::uint32_t v = values_[random_.pick(values_.size())];
    if (dims(v).rank <= dims(subject_).rank && ops::broadcasts(dims(v), dims(subject_))) return load(v);
  }
  return load(subject_);
}

instruction drawer::function_of(std::uint32_t argument) {
  const activation_row* row = &activation_table[random_.pick(activation_count)];
  while (!settings_.has(row->name)) row = &activation_table[random_.pick(activation_count)];
  instruction c{
      .code = scalar_op::apply, .function = row->id, .a = argument, .p0 = row->defaults[0], .p1 = row->defaults[1]};
  if (random_.chance(30)) c.tier = random_.chance(50) ? accuracy::fast : accuracy::approximate;
  if (row->parameters > 0 && random_.chance(50)) {
    static constexpr float usual[] = {0.01f, 0.1f, 0.25f, 0.5f, 1, 1.5f, 2, 3, 20};
    static constexpr float unusual[] = {-0.5f, -1, -3, 0, 1e-30f, 1e30f, std::numeric_limits<float>::infinity()};
    for (float* p : {&c.p0, &c.p1}) *p = random_.chance(10) ? random_.one_of(unusual) : random_.one_of(usual);
    if (row->parameters < 2) c.p1 = 0;
  }
  return c;
}

std::uint32_t drawer::applied(std::uint32_t argument) {
  instruction c = function_of(argument);
  const bool positive =
      c.function == activation::log || c.function == activation::sqrt || c.function == activation::rsqrt;
  if (positive && settings_.has("abs") && random_.chance(80))
    c.a = push({.code = scalar_op::apply, .function = activation::abs, .a = argument});
  return push(c);
}

std::uint32_t drawer::tree(std::uint32_t depth, bool may_be_literal) {
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

std::uint32_t drawer::scaled(std::uint32_t y, const ops::normalize_attributes& a) {
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

std::uint32_t drawer::finish_map() {
  return value({.kind = op::map, .dims = dims(subject_), .operands = operands_, .program = program_});
}

std::uint32_t drawer::activated(std::uint32_t x) {
  start_map(x);
  if (settings_.has("apply"))
    applied(load(x));
  else
    push({.code = scalar_op::add, .a = load(x), .b = literal()});
  return finish_map();
}

std::uint32_t drawer::prelu() {
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

}  // namespace inlay::fuzz
