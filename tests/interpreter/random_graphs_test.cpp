// SPDX-License-Identifier: Apache-2.0
// The two engines against each other on random graphs of many nodes, with the corners of f32 among the inputs.
#include <algorithm>
#include <cmath>
#include <set>

#include "engine_comparison.hpp"

namespace inlay::testing {
namespace {

/// Makes graphs on which double and f32 must agree. Values that were computed before differ by a rounding, so they meet
/// only what keeps a small difference small and a zero or an infinity where it is: instructions that decide, divide or
/// multiply, and activations with a pole or a jump, take the graph's inputs and literals, which both engines have
/// exactly. Nothing is divided by a denormal: the quotient is a number in double and an infinity in f32. (Single
/// instructions and activations meet all of these elsewhere.)
class graph_generator {
 public:
  graph_generator(graph_builder& b, std::mt19937& random) : b_(b), random_(random) {
    for (std::uint32_t i = 0, n = 1 + pick(3); i < n; ++i) {
      values_.push_back(b_.input("x" + std::to_string(i), dims_of(width())));
      exact_.insert(values_.back());
    }
    for (std::uint32_t i = 0, n = 2 + pick(9); i < n; ++i) values_.push_back(any_node());
    // Joined, so that every value reaches an output.
    std::vector<std::uint32_t> all;
    for (std::uint32_t value : values_) all.push_back(flat(value));
    b_.output(values_.back(), "last");
    b_.output(b_.concat(all, 0), "all");
    EXPECT_FALSE(b_.finish()) << advice(b_.first_violation().code);
  }

  std::set<op> kinds;
  std::set<scalar_op> codes;
  std::set<activation> functions;

 private:
  graph_builder& b_;
  std::mt19937& random_;
  std::vector<std::uint32_t> values_;
  std::set<std::uint32_t> exact_;  // inputs, and what only moves their elements

  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  float number() { return std::uniform_real_distribution<float>(-2, 2)(random_); }
  /// 1 .. 67, with the odd ends as likely as the middle.
  std::uint32_t width() {
    static constexpr std::uint32_t corners[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 67};
    return pick(2) == 0 ? corners[pick(std::size(corners))] : 1 + pick(67);
  }
  shape dims_of(std::uint32_t elements) {
    switch (pick(4)) {
      case 0: return {2, {1, elements}};
      case 1: return elements % 3 == 0 ? shape{3, {elements / 3, 1, 3}} : shape{2, {elements, 1}};
      default: return {1, {elements}};
    }
  }
  shape dims(std::uint32_t value) { return b_.view().nodes[value].dims; }
  std::uint32_t elements(std::uint32_t value) { return static_cast<std::uint32_t>(dims(value).elements()); }
  std::uint32_t take() { return values_[pick(static_cast<std::uint32_t>(values_.size()))]; }
  std::uint32_t reshaped(std::uint32_t value, const shape& to) {
    const std::uint32_t result = b_.reshape(value, to);
    if (exact_.contains(value)) exact_.insert(result);
    return result;
  }
  std::uint32_t flat(std::uint32_t value) {
    return dims(value).rank == 1 ? value : reshaped(value, {1, {elements(value)}});
  }

  std::uint32_t any_node() {
    static constexpr op choices[] = {op::dense,   op::map,         op::map,     op::map,
                                     op::softmax, op::log_softmax, op::reshape, op::concat};
    const op kind = choices[pick(std::size(choices))];
    kinds.insert(kind);
    switch (kind) {
      case op::dense: return dense();
      case op::map: return map();
      case op::softmax: return b_.softmax(take());
      case op::log_softmax: return b_.log_softmax(take());
      case op::reshape: {
        const std::uint32_t value = take();
        return reshaped(value, dims_of(elements(value)));
      }
      default: return concat();
    }
  }

  std::uint32_t dense() {
    const std::uint32_t x = flat(take()), inputs = elements(x), outputs = width();
    const std::string name = "fc" + std::to_string(values_.size());
    const auto weight = b_.parameter(name + ".weight", {2, {outputs, inputs}});
    return b_.dense(name, x, weight, pick(3) == 0 ? no_node : b_.parameter(name + ".bias", {1, {outputs}}));
  }

  std::uint32_t concat() {
    std::vector<std::uint32_t> pieces = {take()};
    const shape like = dims(pieces[0]);
    const std::uint32_t axis = pick(like.rank);
    std::uint64_t total = elements(pieces[0]);
    for (std::uint32_t value : values_) {
      shape other = dims(value);
      if (other.rank != like.rank) continue;
      other.sizes[axis] = like.sizes[axis];
      if (!(other == like) || pieces.size() == 4 || total + elements(value) > 300 || pick(2) == 0) continue;
      pieces.push_back(value), total += elements(value);
    }
    const std::uint32_t result = b_.concat(pieces, axis);
    if (std::ranges::all_of(pieces, [&](std::uint32_t p) { return exact_.contains(p); })) exact_.insert(result);
    return result;
  }

  std::uint32_t map() {
    const std::uint32_t x = take();
    std::vector<std::uint32_t> operands = {x};
    for (std::uint32_t value : values_)
      if (value != x && operands.size() < 4 && (dims(value) == dims(x) || elements(value) == 1) && pick(2) == 0)
        operands.push_back(value);
    if (pick(3) == 0) {
      const float one[] = {number()};
      operands.push_back(b_.constant({1, {1}}, one));
      exact_.insert(operands.back());
    }
    if (pick(3) == 0) operands.push_back(b_.parameter("p" + std::to_string(values_.size()), dims(x)));
    return b_.map(operands, program(operands), dims(x));
  }

  std::vector<instruction> program(const std::vector<std::uint32_t>& operands) {
    std::vector<instruction> all;
    std::vector<std::uint32_t> exact, any, divisors = {0};
    const auto add = [&](const instruction& c, bool is_exact) {
      const auto index = static_cast<std::uint32_t>(all.size());
      all.push_back(c), any.push_back(index), codes.insert(c.code);
      if (is_exact) exact.push_back(index);
    };
    add({.code = scalar_op::literal, .p0 = number()}, true);
    for (std::uint32_t i = 0; i < operands.size(); ++i)
      add({.code = scalar_op::operand, .a = i}, exact_.contains(operands[i]));
    const auto of = [&](const std::vector<std::uint32_t>& from) {
      return from[pick(static_cast<std::uint32_t>(from.size()))];
    };
    for (std::uint32_t i = 0, n = 1 + pick(8); i < n; ++i) {
      const auto code = static_cast<scalar_op>(3 + pick(14));
      instruction c{.code = code, .a = of(any), .b = of(any), .c = of(any)};
      bool is_exact = false;
      if (code == scalar_op::multiply) c.a = of(any), c.b = 0;  // the literal
      if (code == scalar_op::divide) c.a = of(exact), c.b = of(divisors);
      if (code >= scalar_op::less && code <= scalar_op::not_equal) {
        c.a = of(exact), c.b = of(exact), is_exact = true;
        divisors.push_back(static_cast<std::uint32_t>(all.size()));  // 0 or 1
      }
      if (code == scalar_op::select) c.a = of(exact);
      if (code == scalar_op::apply) choose_function(c, of(exact), of(any), of(divisors));
      add(c, is_exact);
    }
    // The last one is the result: something that reads all the way back.
    add({.code = scalar_op::maximum, .a = of(any), .b = any.back()}, false);
    return all;
  }

  void choose_function(instruction& c, std::uint32_t exact, std::uint32_t any, std::uint32_t divisor) {
    // Continuous, of slope at most about 1.
    static constexpr activation smooth[] = {activation::relu,      activation::leaky_relu, activation::sigmoid,
                                            activation::tanh,      activation::softplus,   activation::relu6,
                                            activation::elu,       activation::celu,       activation::hard_sigmoid,
                                            activation::hard_tanh, activation::softsign,   activation::log_sigmoid,
                                            activation::erf,       activation::abs,        activation::clamp};
    const bool wild = pick(2) == 0;
    c.function = wild ? activation_table[pick(activation_count)].id : smooth[pick(std::size(smooth))];
    c.a = c.function == activation::reciprocal ? divisor : wild ? exact : any;
    c.p0 = row_of(c.function).defaults[0], c.p1 = row_of(c.function).defaults[1];
    functions.insert(c.function);
  }
};

constexpr std::size_t kBatches[] = {0, 1, 2, 7, 33};
constexpr unsigned kGraphs = 600;

/// Inputs of every size in [-4, 4]. With `edges`, about one sample in three has a few of f32's corners among them.
tensors random_inputs(const graph_view& g, std::size_t batch, std::mt19937& random, bool edges) {
  static constexpr float corners[] = {kNan, kInfinity, -kInfinity, 0.0f, -0.0f, kDenormal, -1e-40f, 1e-40f};
  std::uniform_real_distribution<float> uniform(-4, 4);
  tensors inputs;
  for (const node_record& node : g.nodes) {
    if (node.kind != op::input) continue;
    const auto size = static_cast<std::size_t>(node.dims.elements());
    std::vector<float>& input = inputs.emplace_back(batch * size);
    for (float& f : input) f = uniform(random);
    for (std::size_t sample = 0; edges && sample < batch; ++sample)
      for (unsigned i = 0, n = random() % 3 == 0 ? 1 + static_cast<unsigned>(random() % 3) : 0; i < n; ++i)
        input[sample * size + random() % size] = corners[random() % std::size(corners)];
  }
  return inputs;
}

class RandomGraphs : public ::testing::TestWithParam<bool> {};

TEST_P(RandomGraphs, EnginesAgree) {
  std::size_t finite = 0, nans = 0, infinities = 0;
  for (unsigned seed = 0; seed < kGraphs; ++seed) {
    std::mt19937 random(seed);
    graph_builder b("random_graph");
    graph_generator generate(b, random);
    const graph_view g = b.view();
    const interpreter_result made = interpreter::create(g, random_weights(g, random));
    ASSERT_TRUE(made) << made.errors.front();
    for (std::size_t batch : kBatches) {
      const tensors inputs = random_inputs(g, batch, random, GetParam());
      const tensors expected = run(*made.value, inputs, batch, engine::reference);
      const tensors found = run(*made.value, inputs, batch, engine::baseline);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(difference(found[i], expected[i]), "") << "seed " << seed << ", batch " << batch << ", output " << i;
        for (float f : expected[i]) ++(std::isnan(f) ? nans : std::isinf(f) ? infinities : finite);
      }
    }
  }
  // The comparison is worth its name only if most of what it compares are numbers, and edges get through.
  EXPECT_GT(finite, 3 * (nans + infinities));
  if (GetParam()) {
    EXPECT_GT(nans, 1000u);
    EXPECT_GT(infinities, 1000u);
  }
}

INSTANTIATE_TEST_SUITE_P(Inputs, RandomGraphs, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "WithEdges" : "Ordinary"; });

TEST(RandomGraphsThemselves, HaveEveryOperation) {
  std::set<op> kinds;
  std::set<scalar_op> codes;
  std::set<activation> functions;
  for (unsigned seed = 0; seed < kGraphs; ++seed) {
    std::mt19937 random(seed);
    graph_builder b("random_graph");
    graph_generator generate(b, random);
    kinds.merge(generate.kinds), codes.merge(generate.codes), functions.merge(generate.functions);
  }
  EXPECT_EQ(kinds.size(), 6u);
  EXPECT_EQ(codes.size(), 16u);
  EXPECT_EQ(functions.size(), activation_count);
}

}  // namespace
}  // namespace inlay::testing
