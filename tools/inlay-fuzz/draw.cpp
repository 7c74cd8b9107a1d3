// SPDX-License-Identifier: Apache-2.0
// Draws random networks: a table says how often each operation is drawn.
#include "drawer.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace inlay::fuzz {
namespace {

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

}  // namespace

drawer::drawer(network& net, random_source& random, const draw_settings& settings)
    : net_(net), random_(random), settings_(settings) {
  const unsigned size = random.pick(100);
  most_weights_ = std::min(settings.most_weights, size < 70 ? 4096u : size < 95 ? 20000u : ~0u);
  remember();
}

bool drawer::depends_on_input(std::uint32_t v) const { return std::ranges::find(values_, v) != values_.end(); }

void drawer::run() {
  const std::uint32_t inputs = random_.chance(75) ? 1 : 2 + random_.pick(2);
  if (settings_.has("embedding") && random_.chance(8))
    embedding();
  else
    for (std::uint32_t i = 0; i < inputs; ++i) input();
  const std::uint32_t nodes = 1 + random_.pick(1 + random_.pick(settings_.most_nodes));
  for (std::uint32_t i = 0; i < nodes; ++i) add();
  for (int tries = 0; has_histories_ && !net_.remembers() && tries < 20; ++tries) history();
  if (has_states_ && !net_.remembers()) state();
  while (!pending_.empty()) update();
  outputs();
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
      {op::embedding, 8, &drawer::embedding},
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

std::uint32_t drawer::input() {
  std::uint32_t elements = width();
  const std::string name = "x" + std::to_string(net_.steps.size());
  return value({.kind = op::input, .dims = random_.chance(75) ? vector(elements) : dims_of(elements), .name = name});
}

std::uint32_t drawer::dense() {
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

std::uint32_t drawer::reshape() {
  const std::uint32_t x = take();
  return value({.kind = op::reshape, .dims = dims_of(elements(x)), .operands = {x}});
}

std::uint32_t drawer::slice() {
  const std::uint32_t x = with_rank(take()), axis = random_.pick(dims(x).rank), size = dims(x).sizes[axis];
  const std::uint32_t start = random_.pick(size), length = 1 + random_.pick(size - start);
  shape cut = dims(x);
  cut.sizes[axis] = length;
  return value({.kind = op::slice, .dims = cut, .operands = {x}, .attributes = {axis, start, length}});
}

std::uint32_t drawer::transpose() {
  const std::uint32_t x = with_rank(take()), rank = dims(x).rank;
  const std::uint32_t first = random_.pick(rank), second = random_.pick(rank);
  shape turned = dims(x);
  std::swap(turned.sizes[first], turned.sizes[second]);
  return value({.kind = op::transpose, .dims = turned, .operands = {x}, .attributes = {first, second}});
}

std::uint32_t drawer::reduce() {
  const std::uint32_t x = random_.chance(40) ? image() : take();
  ops::reduce_attributes a;
  a.kind = static_cast<ops::reduction>(random_.pick(5));
  a.axes = random_.pick(1u << dims(x).rank), a.keepdim = random_.chance(30);
  if (a.axes == 0) a.axes = (1u << dims(x).rank) - 1;
  return windowed({.kind = op::reduce, .dims = {}, .operands = {x}, .attributes = words(a)});
}

std::uint32_t drawer::normalize() {
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

std::uint32_t drawer::embedding() {
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
    if (net_.steps[i].type == dtype::i32) indices.push_back(i);
  const std::uint32_t width = std::min(this->width(), settings_.most_elements);
  const std::uint32_t tokens = 1 + random_.pick(std::min(24u, settings_.most_elements / width));
  const std::string number = std::to_string(net_.steps.size());
  if (indices.empty() || (indices.size() < 3 && random_.chance(60))) {
    const shape of = random_.chance(70) ? vector(tokens) : dims_of(tokens);
    indices = {append({.kind = op::input,
                       .dims = of.rank == max_rank ? vector(tokens) : of,
                       .name = "i" + number,
                       .type = dtype::i32})};
  }
  const std::uint32_t x = indices[random_.pick(indices.size())];
  const std::string name = "emb" + number;
  const std::uint32_t rows = std::max(1u, std::min(random_.chance(80) ? this->width() : 1u, most_weights_ / width));
  return windowed({.kind = op::embedding, .dims = {}, .name = name, .operands = {x, weight_of(name, width, rows)}});
}

std::uint32_t drawer::concat() {
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

std::uint32_t drawer::append(step s) {
  for (std::uint32_t operand : s.operands)
    if (operand != no_node) ++reads_[operand];
  net_.steps.push_back(std::move(s));
  reads_.push_back(0);
  return static_cast<std::uint32_t>(net_.steps.size() - 1);
}

std::uint32_t drawer::value(step s) {
  values_.push_back(append(std::move(s)));
  return values_.back();
}

std::uint32_t drawer::parameter(const std::string& name, const shape& of) {
  return append({.kind = op::parameter, .dims = of, .name = name});
}

std::uint32_t drawer::constant(const shape& of) {
  step s{.kind = op::constant, .dims = of};
  for (std::uint64_t i = 0; i < of.elements(); ++i) s.elements.push_back(number());
  return append(std::move(s));
}

float drawer::number() {
  static constexpr float choices[] = {0.0f, -0.0f, 1, -1, 0.5f, 2, -2, 3, 0.1f, 0.25f, 4, 6, 10, 100};
  static constexpr float corners[] = {1e-30f, 1e30f, 3e38f, -293, 1e6f, 1e-40f, std::numeric_limits<float>::infinity()};
  if (random_.chance(2)) return random_.one_of(corners);
  return random_.chance(40) ? random_.one_of(choices) : static_cast<float>(random_.real(-2, 2));
}

std::uint32_t drawer::width() {
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

shape drawer::dims_of(std::uint32_t count) {
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

std::uint32_t drawer::take() {
  if (next_ != no_node) return std::exchange(next_, no_node);
  const auto n = values_.size();
  return values_[n - 1 - std::min(random_.pick(n), random_.pick(n))];
}

std::uint32_t drawer::flat(std::uint32_t v) {
  return dims(v).rank == 1 ? v : value({.kind = op::reshape, .dims = vector(elements(v)), .operands = {v}});
}

std::uint32_t drawer::normalised(op kind) {
  const std::uint32_t x = with_rank(take());
  return value({.kind = kind, .dims = dims(x), .operands = {x}});
}

std::uint32_t drawer::weight_of(const std::string& name, std::uint32_t inputs, std::uint32_t outputs) {
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

std::uint32_t drawer::joined_with(bool is_parameter) {
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

void drawer::outputs() {
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

network draw_network(random_source& random, const draw_settings& settings, std::string name) {
  network net;
  net.name = std::move(name);
  drawer(net, random, settings).run();
  return net;
}

}  // namespace inlay::fuzz
