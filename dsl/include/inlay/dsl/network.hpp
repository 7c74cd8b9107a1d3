// SPDX-License-Identifier: Apache-2.0
// Networks: named inputs, a function that is traced, named outputs.
#pragma once

#include <boost/hana/back.hpp>
#include <boost/hana/drop_back.hpp>

#include "inlay/dsl/expression.hpp"

namespace inlay {

/// A declared input: its name, and the shape of one sample in the type.
template <ShapeType Shape>
struct input_declaration {
  using shape_type = Shape;
  static constexpr std::size_t elements = Shape::elements;
  const char* name;
};

/// `input<f32, 64>("pixels")`: one sample is f32[64].
template <class T, std::uint32_t... Sizes>
  requires std::same_as<T, f32>
constexpr auto input(const char* name) {
  return input_declaration<sizes<Sizes...>>{name};
}

/// A returned value with a name of its own.
template <Value V>
struct named_output {
  const char* name;
  V value;
};

template <Value V>
constexpr auto output(const char* name, V&& value) {
  auto node = detail::committed(std::forward<V>(value));
  return named_output<decltype(node)>{name, node};
}

/// Several results: `return outputs(output("mean", m), output("variance", v))`. Without a name of its own, result i is
/// called "output<i>".
template <class... T>
constexpr auto outputs(T&&... values) {
  return hana::make_tuple(std::forward<T>(values)...);
}

template <class Function, class... Inputs>
struct network_definition {
  const char* name;
  hana::tuple<Inputs...> inputs;
  Function function;

  static constexpr std::size_t input_count = sizeof...(Inputs);
};

/// `network("name", input..., function)`. The function gets one value per input and returns a value or `outputs(...)`.
template <class... Arguments>
  requires(sizeof...(Arguments) >= 2)
constexpr auto network(const char* name, Arguments... arguments) {
  auto all = hana::make_tuple(std::move(arguments)...);
  auto function = hana::back(all);
  return hana::unpack(hana::drop_back(all), [&](auto... inputs) {
    return network_definition<decltype(function), decltype(inputs)...>{name, {inputs...}, function};
  });
}

namespace detail {

/// Calls the network's function on fresh inputs of `b`; what it returns.
template <class Function, class... Inputs>
constexpr auto run_function(const network_definition<Function, Inputs...>& net, graph_builder& b) {
  std::array<std::uint32_t, sizeof...(Inputs)> nodes{};
  std::size_t n = 0;
  hana::for_each(net.inputs, [&](const auto& declared) {
    nodes[n++] = b.input(declared.name, std::remove_cvref_t<decltype(declared)>::shape_type::dims);
  });
  // Spelled out rather than unpacked by Hana: every call in between is a line in a diagnosis of the user's function.
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return net.function(tensor_of_t<typename Inputs::shape_type>(b, nodes[I])...);
  }(std::index_sequence_for<Inputs...>());
}

template <class Net>
using result_of_network = decltype(run_function(std::declval<const Net&>(), std::declval<graph_builder&>()));

/// The shape of one returned value, with or without a name.
template <class R>
struct single_output;
template <Value V>
struct single_output<V> {
  using type = shape_type_of<V>;
};
template <Value V>
struct single_output<named_output<V>> {
  using type = shape_type_of<V>;
};

/// The shapes of what a network returns, as a tuple of `sizes`.
template <class R>
struct output_shapes {
  using type = hana::tuple<typename single_output<R>::type>;
};
template <class... R>
struct output_shapes<hana::tuple<R...>> {
  using type = hana::tuple<typename single_output<R>::type...>;
};
template <>
struct output_shapes<void> {
  using type = hana::tuple<>;
};

template <class V>
constexpr void add_output(graph_builder& b, V& value, std::string_view fallback) {
  if constexpr (Value<V>)
    b.output(commit_to(b, value), fallback);
  else
    b.output(commit_to(b, value.value), value.name);
}

/// Traces `net` into `b` and checks it.
template <class Net>
constexpr void trace(const Net& net, graph_builder& b) {
  using Result = result_of_network<Net>;
  if constexpr (std::is_void_v<Result>) {
    run_function(net, b);
  } else if constexpr (Value<Result> || requires(Result r) { r.name; }) {
    auto result = run_function(net, b);
    add_output(b, result, "output");
  } else {
    auto results = run_function(net, b);
    std::uint32_t n = 0;
    hana::for_each(results, [&](auto& result) {
      text<32> fallback("output");
      fallback.append(std::uint64_t{n++});
      add_output(b, result, fallback.view());
    });
  }
  b.finish();
}

}  // namespace detail

}  // namespace inlay
