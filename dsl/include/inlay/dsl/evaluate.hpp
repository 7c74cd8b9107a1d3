// SPDX-License-Identifier: Apache-2.0
// Runs a network on the compiler itself: `static_assert(evaluate(net, {1, 0})[0] == 1)`.
#pragma once

#include <boost/hana/front.hpp>
#include <boost/hana/size.hpp>

#include "inlay/dsl/embed.hpp"
#include "inlay/reference.hpp"

namespace inlay {

namespace detail {

// Not constexpr: a call of one of these ends a constant evaluation, and the function's name is the error message.
inline void network_is_ill_formed_INLAY_NETWORK_says_why() {}
inline void a_parameter_has_no_value_in_the_source() {}  // evaluation_of<net>(...) names the parameter

template <class Tuple>
struct result_arrays;
template <class... Shapes>
struct result_arrays<hana::tuple<Shapes...>> {
  using type = hana::tuple<std::array<float, Shapes::elements>...>;
};

/// The first parameter whose value is not in the source; empty if there is none.
constexpr violation::text external_parameter(const graph_view& g) {
  for (const node_record& n : g.nodes)
    if (n.kind == op::parameter) return violation::text(g.name_of(n));
  return {};
}

/// The only result, or the tuple of all results.
template <class Results>
constexpr auto first_or_all(const Results& results) {
  if constexpr (decltype(hana::size(results))::value == 1)
    return hana::front(results);
  else
    return results;
}

/// The results of `Net` for one sample, computed from its graph `g`, which has no parameters. Zeros for an empty graph,
/// which stands for a network whose misuse a static_assert has reported.
template <class Net, class... T, std::size_t... Elements>
constexpr auto evaluate_graph(const graph_view& g, const std::array<T, Elements>&... samples) {
  using Shapes = typename output_shapes<result_of_network<Net>>::type;
  typename result_arrays<Shapes>::type results{};
  if (g.outputs.empty()) return first_or_all(results);
  const reference::values inputs[] = {reference::widen(std::span<const T>(samples))...};
  small_vector<small_vector<double>> values;
  for (std::size_t i = 0; i < g.outputs.size(); ++i) values.push_back({});
  reference::evaluate(
      g, [&](std::size_t i) { return inputs[i]; }, [](const node_record&) { return std::span<const float>(); },
      [&](std::uint32_t node, std::span<const double> elements) {
        for (std::size_t i = 0; i < g.outputs.size(); ++i)
          if (g.outputs[i].node == node) values[i].append(elements);
      });
  std::size_t n = 0;
  hana::for_each(results, [&](auto& result) {
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<float>(values[n][i]);
    ++n;
  });
  return first_or_all(results);
}

template <std::size_t N>
struct parameter : exact_text<N> {
  using exact_text<N>::exact_text;
};

}  // namespace detail

/// The compiler prints this type's name and argument for a network that cannot be evaluated without a weights file.
template <detail::parameter Parameter>
struct weights_outside_of_the_source {
  static constexpr bool none = Parameter.chars[0] == '\0';
};

/// Evaluates a network whose weights are all in the source, for one sample. The arguments are the elements of each
/// input, row-major. Returns the elements of the output, or a hana::tuple of arrays for several outputs. Computes in
/// double and rounds the results to f32.
template <class Function, class... Inputs>
constexpr auto evaluate(const network_definition<Function, Inputs...>& net, const typename Inputs::sample&... samples) {
  using Net = network_definition<Function, Inputs...>;
  graph_builder builder(net.name);
  detail::trace(net, builder);
  const fault code = builder.first_violation().code;
  if (code != fault::none && code != fault::misuse) detail::network_is_ill_formed_INLAY_NETWORK_says_why();
  if (code == fault::none && detail::external_parameter(builder.view()).size() != 0)
    detail::a_parameter_has_no_value_in_the_source();
  return detail::evaluate_graph<Net>(code == fault::misuse ? graph_view() : builder.view(), samples...);
}

namespace detail {

template <const auto& Net, class Definition = std::remove_cvref_t<decltype(Net)>>
struct evaluation;
template <const auto& Net, class Function, class... Inputs>
struct evaluation<Net, network_definition<Function, Inputs...>> {
  constexpr auto operator()(const typename Inputs::sample&... samples) const {
    constexpr violation::text external = external_parameter(graph_of<Net>);
    static_assert(weights_outside_of_the_source<parameter<external.size() + 1>(external.view())>::none,
                  "only weights in the source can be evaluated here: use constant(...), or compile the network");
    if constexpr (external.size() == 0)
      return evaluate_graph<network_definition<Function, Inputs...>>(graph_of<Net>, samples...);
    else
      return std::array<float, 1>{};
  }
};

}  // namespace detail

/// evaluate() for a network object with static storage duration: `evaluation_of<net>({1, 0})`. The graph is traced once
/// for all samples. If the network cannot be evaluated, the error says why.
template <const auto& Net>
inline constexpr detail::evaluation<Net> evaluation_of;

}  // namespace inlay
