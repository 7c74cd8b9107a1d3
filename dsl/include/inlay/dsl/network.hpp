// SPDX-License-Identifier: Apache-2.0
// Networks: named inputs, a function that is traced, named outputs.
#pragma once

#include <tuple>

#include "inlay/dsl/state.hpp"

namespace inlay {

/// A declared input: its name, and the element type and shape of one sample in the type.
template <ElementType T, ShapeType Shape>
struct input_declaration {
  using element_type = T;
  using tensor_type = detail::tensor_of_t<Shape, T>;
  static constexpr shape dims = Shape::dims;
  /// The elements of one sample, row-major.
  using sample = std::array<typename T::element, Shape::elements>;
  const char* name;
  std::source_location at;
};

/// `input<f32, 64>("pixels")`: one sample is f32[64]. `input<i32, 20>("tokens")`: 20 integers, for embedding.
template <class T, std::uint32_t... Sizes>
constexpr auto input(const char* name, std::source_location at = std::source_location::current()) {
  static_assert(detail::is_element_type<T>,
                "the element type of an input is f32, or i32 for indices: input<f32, 64>(\"pixels\")");
  return input_declaration<std::conditional_t<ElementType<T>, T, f32>, sizes<Sizes...>>{name, at};
}
/// A returned value with a name of its own.
template <Value V>
struct named_output {
  const char* name;
  V value;
  std::source_location at;
};

/// `output("std", exp(log_std))`: gives a name to a value, also to weights or an expression of weights alone.
template <Value V>
constexpr auto output(const char* name, V&& value, std::source_location at = std::source_location::current()) {
  if constexpr (std::remove_cvref_t<V>::bound) {
    auto node = detail::committed(std::forward<V>(value));
    return named_output<decltype(node)>{name, node, at};
  } else {
    // Weights alone belong to no network yet. They become a node after the network's function has returned them.
    return named_output<std::remove_cvref_t<V>>{name, std::forward<V>(value), at};
  }
}

/// Several results: `return outputs(output("mean", m), output("variance", v))`. An unnamed result i is called
/// "output<i>".
template <class... T>
constexpr auto outputs(T&&... values) {
  return hana::make_tuple(std::forward<T>(values)...);
}

template <class Function, class... Inputs>
struct network_definition {
  const char* name;
  hana::tuple<Inputs...> inputs;
  Function function;
  std::source_location at;
};

namespace detail {

/// A network's name and its source position.
struct network_name {
  const char* chars;
  std::source_location at;
  constexpr network_name(const char* name, std::source_location where = std::source_location::current())
      : chars(name), at(where) {}
};

template <class T>
inline constexpr bool is_input = false;
template <class T, class Shape>
inline constexpr bool is_input<input_declaration<T, Shape>> = true;

/// What a network's function gets for a declared input or state.
template <class Declaration>
struct argument_of {
  using type = typename Declaration::tensor_type;
};
template <class Shape, class Initial>
struct argument_of<state_declaration<Shape, Initial>> {
  using type = decltype(std::declval<state_declaration<Shape, Initial>>().make(std::declval<graph_builder&>()));
};
template <class Declaration>
using argument_of_t = typename argument_of<Declaration>::type;

template <class T>
inline constexpr bool is_declaration = is_input<T>;
template <class Shape, class Initial>
inline constexpr bool is_declaration<state_declaration<Shape, Initial>> = true;

/// Whether a network's function may return `T`.
template <class T>
inline constexpr bool is_result = Value<T> || std::is_void_v<T>;
template <class V>
inline constexpr bool is_result<named_output<V>> = true;
template <class... T>
inline constexpr bool is_result<hana::tuple<T...>> = (... && (is_result<T> && !std::is_void_v<T>));

/// The argument types of network(), with the last one, the function, in front.
template <class Function, class... Inputs>
struct network_parts {};
template <class Parts, class... Rest>
struct split_arguments;
template <class... Inputs, class Function>
struct split_arguments<network_parts<void, Inputs...>, Function> {
  using type = network_parts<Function, Inputs...>;
};
template <class... Inputs, class Next, class... Rest>
struct split_arguments<network_parts<void, Inputs...>, Next, Rest...>
    : split_arguments<network_parts<void, Inputs..., Next>, Rest...> {};

/// The result of a wrong call of network(), which a static_assert has reported.
struct misused_network {
  const char* name = "misused";
};

/// The network made of `arguments`. Checks its function here, near the place where it is written, rather than where the
/// network is first used.
template <class Function, class... Inputs>
constexpr auto define_network(network_parts<Function, Inputs...>, const network_name& name, const auto&... arguments) {
  if constexpr (!(is_declaration<Inputs> && ...) || is_declaration<Function> || !(is_input<Inputs> || ...)) {
    static_assert(never<Function>,
                  "a network has a name, one input or more, and a function, in this order: "
                  "network(\"name\", input<f32, 4>(\"x\"), [](auto x) { return relu(x); })");
    return misused_network();
  } else if constexpr (!requires(const Function& f, argument_of_t<Inputs>... x) { f(x...); }) {
    static_assert(never<Function>,
                  "the function of a network takes one value for each input, in their order, and its "
                  "parameters are best written as `auto`: [](auto x, auto y) { return x + y; }");
    return misused_network();
  } else if constexpr (!is_result<decltype(std::declval<const Function&>()(
                           std::declval<argument_of_t<Inputs>>()...))>) {
    static_assert(never<Function>,
                  "the function of a network returns a value, output(\"name\", value), or several of "
                  "them as outputs(a, b)");
    return misused_network();
  } else {
    const auto all = std::tie(arguments...);
    return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
      return network_definition<Function, Inputs...>{
          name.chars, {std::get<Index>(all)...}, std::get<sizeof...(Index)>(all), name.at};
    }(std::index_sequence_for<Inputs...>());
  }
}

}  // namespace detail

/// `network("name", input..., function)`. The function gets one value per input and returns a value or `outputs(...)`.
template <class... Arguments>
  requires(sizeof...(Arguments) >= 1)
constexpr auto network(detail::network_name name, const Arguments&... arguments) {
  return detail::define_network(typename detail::split_arguments<detail::network_parts<void>, Arguments...>::type(),
                                name, arguments...);
}
namespace detail {

/// Calls the network's function on new inputs in `b` and returns its result.
template <class Function, class... Inputs>
constexpr auto run_function(const network_definition<Function, Inputs...>& net, graph_builder& b) {
  std::array<std::uint32_t, sizeof...(Inputs)> nodes{};
  std::size_t n = 0;
  hana::for_each(net.inputs, [&](const auto& declared) {
    using Declared = std::remove_cvref_t<decltype(declared)>;
    if constexpr (is_input<Declared>) {
      b.locate(declared.at);
      nodes[n++] = b.input(declared.name, Declared::dims, Declared::element_type::type);
    } else {
      nodes[n++] = declared.make(b).kept;
    }
  });
  // Not hana::unpack, because every call in between adds a line to an error message about the user's function.
  return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return net.function(argument_of_t<Inputs>(b, nodes[Index])...);
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
  if constexpr (Value<V>) {
    b.output(commit_to(b, value), fallback);
  } else {
    b.locate(value.at);
    b.output(commit_to(b, value.value), value.name);
  }
}

/// Traces `net` into `b` and checks it.
template <class Net>
constexpr void trace(const Net& net, graph_builder& b) {
  using Result = result_of_network<Net>;
  b.locate(net.at);
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
  b.locate(net.at);
  b.finish();
}

}  // namespace detail

}  // namespace inlay
