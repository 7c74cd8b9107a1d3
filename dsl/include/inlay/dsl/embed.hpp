// SPDX-License-Identifier: Apache-2.0
// From a network object to its image in the object file, with the compiler's diagnosis of what is wrong with it.
#pragma once

#include "inlay/dsl/network.hpp"

namespace inlay {

namespace detail {

/// A text of exactly its own length: as a template argument, compilers print it as a string.
template <std::size_t N>
struct exact_text {
  char chars[N]{};
  constexpr explicit exact_text(std::string_view s) {
    for (std::size_t i = 0; i + 1 < N; ++i) chars[i] = s[i];
    chars[N - 1] = '\0';  // clang prints numbers, not a string, where the end is not written
  }
};

// Shown by the compiler around the texts of a violation.
template <std::size_t N>
struct layer : exact_text<N> {
  using exact_text<N>::exact_text;
};
template <std::size_t N>
struct expected : exact_text<N> {
  using exact_text<N>::exact_text;
};
template <std::size_t N>
struct found : exact_text<N> {
  using exact_text<N>::exact_text;
};

}  // namespace detail

/// Its name and arguments are what a compiler prints about a network that breaks a rule.
template <detail::layer Layer, detail::expected Expected, detail::found Found>
struct ill_formed_network {
  static constexpr bool none = false;
};

namespace detail {

struct trace_summary {
  graph_sizes sizes;
  violation problem;
};

template <class Net>
constexpr trace_summary summarize(const Net& net) {
  graph_builder b(net.name);
  trace(net, b);
  return {b.sizes(), b.first_violation()};
}

template <graph_sizes Sizes, class Net>
constexpr auto build_image(const Net& net) {
  graph_builder b(net.name);
  trace(net, b);
  return b.template image<Sizes>();
}

/// One static_assert per fault, because its advice must be a literal; the texts are those of advice(). Written out
/// rather than made by a macro, whose expansion would fill the first lines of the compiler's output.
template <fault Code, class Problem>
constexpr void report() {
  if constexpr (Code == fault::dense_rank)
    static_assert(Problem::none, "dense needs a rank-1 value: apply flatten(x) first");
  else if constexpr (Code == fault::dense_weight)
    static_assert(Problem::none, "the weight of dense must be [outputs, inputs], as in PyTorch");
  else if constexpr (Code == fault::dense_bias)
    static_assert(Problem::none, "the bias of dense must be [outputs]");
  else if constexpr (Code == fault::pointwise_shapes)
    static_assert(Problem::none,
                  "pointwise operands must have one shape: give the layers the same width, or reshape one of them");
  else if constexpr (Code == fault::assigned_shape)
    static_assert(Problem::none, "a variable keeps the shape of its first value: use a new variable");
  else if constexpr (Code == fault::reshape_elements)
    static_assert(Problem::none, "reshape must keep the number of elements");
  else if constexpr (Code == fault::concat_shapes)
    static_assert(Problem::none, "the pieces of a concat may differ along its axis only");
  else if constexpr (Code == fault::softmax_rank)
    static_assert(Problem::none, "softmax needs at least rank 1");
  else if constexpr (Code == fault::empty_shape)
    static_assert(Problem::none, "every size must be at least 1, and their product below 2^31");
  else if constexpr (Code == fault::duplicate_parameter)
    static_assert(Problem::none, "one parameter name stands for two shapes: rename a layer or use scope()");
  else if constexpr (Code == fault::duplicate_name)
    static_assert(Problem::none, "inputs and outputs need names of their own");
  else if constexpr (Code == fault::missing_name)
    static_assert(Problem::none, "inputs, outputs, parameters and networks need names");
  else if constexpr (Code == fault::bad_name)
    static_assert(Problem::none, "the network's name becomes a C function: use letters, digits and underscores");
  else if constexpr (Code == fault::unused_input)
    static_assert(Problem::none, "an input is not used: use it or remove it");
  else if constexpr (Code == fault::no_output)
    static_assert(Problem::none, "the network returns nothing: return a value or outputs(...)");
  else
    static_assert(Problem::none, "the record is damaged");
}

template <const auto& Net>
struct embedded {
  static constexpr trace_summary summary = summarize(Net);
  static constexpr auto make() {
    constexpr violation v = summary.problem;
    if constexpr (v.code != fault::none) {
      report<v.code, ill_formed_network<layer<v.layer.size() + 1>(v.layer.view()),
                                        expected<v.expected.size() + 1>(v.expected.view()),
                                        found<v.found.size() + 1>(v.found.view())>>();
      return graph_image<0, 0, 0, 0, 0, 0>();
    } else {
      return build_image<summary.sizes>(Net);
    }
  }
  static constexpr auto image = make();
};

}  // namespace detail

/// The graph of a network object with static storage duration, checked.
template <const auto& Net>
inline constexpr graph_view graph_of = detail::embedded<Net>::image.view();

}  // namespace inlay

#define INLAY_DETAIL_CONCAT(a, b) a##b
#define INLAY_DETAIL_NAME(a, b) INLAY_DETAIL_CONCAT(a, b)

/// Checks `net`, a constexpr network object at namespace scope, and puts its graph into the object file, where inlayc
/// finds it.
#define INLAY_NETWORK(net)                                                                                      \
  [[gnu::section(".inlay"), gnu::used]] static constexpr auto INLAY_DETAIL_NAME(inlay_graph_of_, __COUNTER__) = \
      ::inlay::detail::embedded<net>::image
