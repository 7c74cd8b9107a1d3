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

/// One static_assert per fault, because its advice must be a literal.
template <fault Code, class Problem>
constexpr void report() {
#define INLAY_REPORT(fault_code, advice_text) \
  if constexpr (Code == fault_code) static_assert(Problem::none, advice_text);
  INLAY_REPORT(fault::dense_rank, "dense needs a rank-1 value: apply flatten(x) first")
  INLAY_REPORT(fault::dense_weight, "the weight of dense must be [outputs, inputs], as in PyTorch")
  INLAY_REPORT(fault::dense_bias, "the bias of dense must be [outputs]")
  INLAY_REPORT(fault::pointwise_shapes,
               "pointwise operands must have one shape: give the layers the same width, or reshape one of them")
  INLAY_REPORT(fault::assigned_shape, "a variable keeps the shape of its first value: use a new variable")
  INLAY_REPORT(fault::reshape_elements, "reshape must keep the number of elements")
  INLAY_REPORT(fault::concat_shapes, "the pieces of a concat may differ along its axis only")
  INLAY_REPORT(fault::softmax_rank, "softmax needs at least rank 1")
  INLAY_REPORT(fault::empty_shape, "every size must be at least 1, and their product below 2^31")
  INLAY_REPORT(fault::duplicate_parameter, "one parameter name stands for two shapes: rename a layer or use scope()")
  INLAY_REPORT(fault::duplicate_name, "inputs and outputs need names of their own")
  INLAY_REPORT(fault::missing_name, "inputs, outputs, parameters and networks need names")
  INLAY_REPORT(fault::bad_name, "the network's name becomes a C function: use letters, digits and underscores")
  INLAY_REPORT(fault::unused_input, "an input is not used: use it or remove it")
  INLAY_REPORT(fault::no_output, "the network returns nothing: return a value or outputs(...)")
#undef INLAY_REPORT
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
#define INLAY_NETWORK(net)                                                                                   \
  [[gnu::section(".inlay"), gnu::used]] static constexpr auto INLAY_DETAIL_NAME(inlay_graph_of_, __LINE__) = \
      ::inlay::detail::embedded<net>::image
