// SPDX-License-Identifier: Apache-2.0
// Random graphs: every kind of node, values read once or several times, several inputs and outputs. What the fusion and
// the memory plan must get right whatever the shape of the graph.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class graph_generator {
 public:
  graph_generator(graph_builder& b, std::mt19937& random) : b_(b), random_(random) {}

  void run() {
    const std::uint32_t inputs = 1 + pick(2);
    for (std::uint32_t i = 0; i < inputs; ++i) values_.push_back(b_.input("x" + std::to_string(i), {1, {width()}}));
    const std::uint32_t nodes = 2 + pick(9);
    for (std::uint32_t i = 0; i < nodes; ++i) add();
    // Every value that nothing reads must still reach an output; they are joined, so that three outputs suffice.
    std::vector<std::uint32_t> unread;
    for (std::uint32_t value : values_)
      if (!read_[value]) unread.push_back(flat(value));
    if (unread.size() > 1 && pick(2) == 0) {
      b_.output(unread.back(), "last");
      unread.pop_back();
    }
    b_.output(unread.size() == 1 ? unread[0] : b_.concat(unread, 0), "y");
    if (pick(3) == 0) b_.output(values_[pick(static_cast<std::uint32_t>(values_.size()))], "tap");
    b_.finish();
  }

 private:
  graph_builder& b_;
  std::mt19937& random_;
  std::vector<std::uint32_t> values_;
  std::map<std::uint32_t, bool> read_;

  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::uint32_t width() { return 1 + pick(pick(2) == 0 ? 9 : 40); }
  const shape& dims(std::uint32_t v) { return b_.view().nodes[v].dims; }
  std::uint32_t elements(std::uint32_t v) { return static_cast<std::uint32_t>(dims(v).elements()); }

  /// A value, sooner a recent one.
  std::uint32_t take() {
    const auto n = static_cast<std::uint32_t>(values_.size());
    const std::uint32_t v = values_[n - 1 - std::min(pick(n), pick(n))];
    read_[v] = true;
    return v;
  }
  std::uint32_t flat(std::uint32_t v) { return dims(v).rank == 1 ? v : b_.reshape(v, {1, {elements(v)}}); }

  void add() {
    switch (pick(6)) {
      case 0:
      case 1: values_.push_back(dense()); break;
      case 2: values_.push_back(map()); break;
      case 3: values_.push_back(b_.softmax(take())); break;
      case 4: {
        const std::uint32_t x = flat(take());
        values_.push_back(
            b_.reshape(x, elements(x) % 2 == 0 ? shape{2, {2, elements(x) / 2}} : shape{2, {elements(x), 1}}));
        break;
      }
      case 5: values_.push_back(concat()); break;
    }
  }

  std::uint32_t dense() {
    const std::uint32_t x = flat(take()), outputs = pick(2) == 0 ? elements(x) : width();
    const std::string name = "fc" + std::to_string(values_.size());
    const auto w = b_.parameter(name + ".weight", {2, {outputs, elements(x)}});
    return b_.dense(name, x, w, pick(3) == 0 ? no_node : b_.parameter(name + ".bias", {1, {outputs}}));
  }

  std::uint32_t map() {
    const std::uint32_t x = take();
    std::vector<std::uint32_t> operands = {x};
    for (std::uint32_t v : values_)
      if (v != x && dims(v) == dims(x) && pick(2) == 0) operands.push_back(v), read_[v] = true;
    if (pick(4) == 0) {
      const float number[] = {0.75f};
      operands.push_back(b_.constant({1, {1}}, number));  // broadcast
    }
    std::vector<instruction> program;
    for (std::uint32_t i = 0; i < operands.size(); ++i) program.push_back({.code = scalar_op::operand, .a = i});
    program.push_back({.code = scalar_op::literal, .p0 = 0.5f});
    static constexpr scalar_op codes[] = {scalar_op::add,     scalar_op::subtract, scalar_op::multiply,
                                          scalar_op::minimum, scalar_op::maximum,  scalar_op::select,
                                          scalar_op::apply,   scalar_op::greater};
    for (std::uint32_t i = 0, n = 1 + pick(5); i < n; ++i) {
      const auto size = static_cast<std::uint32_t>(program.size());
      instruction c{
          .code = codes[pick(std::size(codes))], .a = i == 0 ? 0 : size - 1, .b = pick(size), .c = pick(size)};
      if (c.code == scalar_op::apply) {
        // Those that are continuous and do not grow: a tiny difference must stay tiny through the graph.
        static constexpr activation functions[] = {activation::relu, activation::sigmoid, activation::tanh,
                                                   activation::softplus, activation::leaky_relu};
        c.function = functions[pick(std::size(functions))];
        c.p0 = row_of(c.function).defaults[0], c.p1 = row_of(c.function).defaults[1];
      }
      program.push_back(c);
    }
    return b_.map(operands, program, dims(x));
  }

  std::uint32_t concat() {
    std::vector<std::uint32_t> pieces = {take()};
    const std::uint32_t rank = dims(pieces[0]).rank, axis = pick(rank);
    for (std::uint32_t v : values_) {
      shape a = dims(v), b = dims(pieces[0]);
      if (a.rank != rank || pieces.size() > 3) continue;
      a.sizes[axis] = b.sizes[axis] = 1;
      if (a == b && pick(2) == 0) pieces.push_back(v), read_[v] = true;
    }
    if (pick(4) == 0) pieces.push_back(pieces[0]);
    return b_.concat(pieces, axis);
  }
};

class RandomGraph : public ::testing::TestWithParam<std::string> {};

TEST_P(RandomGraph, AgreesWithTheInterpreter) {
  constexpr std::size_t batches[] = {1, 6, 16};
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    graph_builder b("random_graph");
    graph_generator(b, random).run();
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 2e-4}), "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, RandomGraph, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
