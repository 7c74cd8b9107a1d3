// SPDX-License-Identifier: Apache-2.0
// Runs a network on the compiler itself: `static_assert(evaluate(net, {1, 0})[0] == 1)`.
#pragma once

#include <boost/hana/front.hpp>
#include <boost/hana/size.hpp>

#include "inlay/dsl/network.hpp"
#include "inlay/reference.hpp"

namespace inlay {

namespace detail {

// Not constexpr: calling one of these ends a constant evaluation, and its name is the message.
inline void network_is_ill_formed_INLAY_NETWORK_says_why() {}
inline void a_parameter_has_no_value_in_the_source(std::string_view /*name*/) {}

template <class Tuple>
struct result_arrays;
template <class... Shapes>
struct result_arrays<hana::tuple<Shapes...>> {
  using type = hana::tuple<std::array<float, Shapes::elements>...>;
};

}  // namespace detail

/// Evaluates a network whose weights are all in the source, for one sample: elements of each input row-major. Returns
/// the elements of the output, or a hana::tuple of arrays where there are several. Arithmetic is double, results f32.
template <class Function, class... Inputs>
constexpr auto evaluate(const network_definition<Function, Inputs...>& net,
                        const std::array<float, Inputs::elements>&... samples) {
  using Net = network_definition<Function, Inputs...>;
  using Shapes = typename detail::output_shapes<detail::result_of_network<Net>>::type;
  typename detail::result_arrays<Shapes>::type results{};

  graph_builder builder(net.name);
  detail::trace(net, builder);
  if (builder.first_violation()) {
    detail::network_is_ill_formed_INLAY_NETWORK_says_why();
  } else {
    const graph_view g = builder.view();
    const std::array<std::span<const float>, sizeof...(Inputs)> inputs{std::span<const float>(samples)...};
    detail::small_vector<detail::small_vector<double>> values;
    for (std::size_t i = 0; i < g.outputs.size(); ++i) values.push_back({});
    reference::evaluate(
        g, [&](std::size_t i) { return inputs[i]; },
        [&](const node_record& n) {
          detail::a_parameter_has_no_value_in_the_source(g.name_of(n));
          return std::span<const float>();
        },
        [&](std::uint32_t node, std::span<const double> elements) {
          for (std::size_t i = 0; i < g.outputs.size(); ++i)
            if (g.outputs[i].node == node) values[i].append(elements);
        });
    std::size_t n = 0;
    hana::for_each(results, [&](auto& result) {
      for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<float>(values[n][i]);
      ++n;
    });
  }
  if constexpr (decltype(hana::size(results))::value == 1)
    return hana::front(results);
  else
    return results;
}

}  // namespace inlay
