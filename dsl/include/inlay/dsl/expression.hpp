// SPDX-License-Identifier: Apache-2.0
// Values of a network while it is written: handles of committed nodes, and pointwise expressions that are not nodes
// yet.
#pragma once

#include <array>
#include <boost/hana/fold_left.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>
#include <concepts>
#include <type_traits>
#include <utility>

#include "inlay/graph_builder.hpp"

namespace inlay {

namespace hana = boost::hana;

/// Element types of the DSL.
struct f32 {};

/// A static shape as a type.
template <std::uint32_t... Sizes>
struct sizes {
  static_assert(sizeof...(Sizes) <= max_rank, "a value has at most 6 dimensions");
  static constexpr shape dims = shape_of<Sizes...>;
  static constexpr std::size_t elements = (std::size_t{1} * ... * Sizes);
};

namespace detail {
template <class T>
inline constexpr bool is_sizes = false;
template <std::uint32_t... Sizes>
inline constexpr bool is_sizes<sizes<Sizes...>> = true;
}  // namespace detail

template <class T>
concept ShapeType = detail::is_sizes<T>;

namespace detail {

/// The program of a map under construction: operands once each, instructions in order of evaluation.
struct program {
  graph_builder* builder = nullptr;
  small_vector<std::uint32_t> operands;
  small_vector<instruction> code;

  constexpr std::uint32_t push(const instruction& i) {
    code.push_back(i);
    return static_cast<std::uint32_t>(code.size() - 1);
  }
  /// Index of the instruction that loads `node`.
  constexpr std::uint32_t load(std::uint32_t node) {
    for (std::uint32_t i = 0; i < code.size(); ++i)
      if (code[i].code == scalar_op::operand && operands[code[i].a] == node) return i;
    operands.push_back(node);
    return push({.code = scalar_op::operand, .a = static_cast<std::uint32_t>(operands.size() - 1)});
  }
};

/// Base of all values. `bound` tells whether a value depends on nodes that exist; weights alone belong to no network
/// before they meet such a value.
struct expression_base {};
template <class T>
concept Nested = std::derived_from<std::remove_cvref_t<T>, expression_base>;

/// The node of `value`. A variable remembers it; a temporary or a const value is gone or cannot.
template <Nested V>
constexpr std::uint32_t commit_to(graph_builder& b, V&& value) {
  if constexpr (requires { value.commit(b); }) {
    return value.commit(b);
  } else {
    auto copy = value;
    return copy.commit(b);
  }
}

}  // namespace detail

template <class T, std::uint32_t... Sizes>
struct tensor;

/// A pointwise expression over values of shape `Shape`: an operation and its arguments, nested. Nothing is computed
/// and no node exists until something commits it.
template <ShapeType Shape, class... Arguments>
struct expression : detail::expression_base {
  using shape_type = Shape;
  static constexpr bool bound = (Arguments::bound || ...);

  instruction head;
  hana::tuple<Arguments...> arguments;
  std::source_location at;
  /// The node of this expression once it is one; a named expression is computed once, however often it is used.
  std::uint32_t node = no_node;

  constexpr expression(const instruction& h, const std::source_location& where, Arguments... a)
      : head(h), arguments(std::move(a)...), at(where) {}

  constexpr graph_builder* builder() const {
    return hana::fold_left(arguments, static_cast<graph_builder*>(nullptr),
                           [](graph_builder* found, const auto& a) { return found ? found : a.builder(); });
  }

  constexpr std::uint32_t emit(detail::program& p) const {
    if (node != no_node) return p.load(node);
    instruction i = head;
    std::array<std::uint32_t, sizeof...(Arguments)> results{};
    std::size_t n = 0;
    hana::for_each(arguments, [&](const auto& a) { results[n++] = a.emit(p); });
    if constexpr (sizeof...(Arguments) > 0) i.a = results[0];
    if constexpr (sizeof...(Arguments) > 1) i.b = results[1];
    if constexpr (sizeof...(Arguments) > 2) i.c = results[2];
    return p.push(i);
  }

  /// Makes this one map node, unless it is one already.
  constexpr std::uint32_t commit(graph_builder& b) {
    if (node == no_node) {
      detail::program p{&b, {}, {}};
      emit(p);
      b.locate(at);
      node = b.map(p.operands.view(), p.code.view(), Shape::dims);
    }
    return node;
  }
};

namespace detail {

/// A number: an argument of an expression, never a value by itself.
struct literal {
  static constexpr bool bound = false;
  float number;
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t emit(program& p) const {
    for (std::uint32_t i = 0; i < p.code.size(); ++i)
      if (p.code[i].code == scalar_op::literal &&
          std::bit_cast<std::uint32_t>(p.code[i].p0) == std::bit_cast<std::uint32_t>(number))
        return i;
    return p.push({.code = scalar_op::literal, .p0 = number});
  }
};

/// Weights found by name; becomes a node where it is first used.
template <ShapeType Shape>
struct parameter_leaf : expression_base {
  using shape_type = Shape;
  static constexpr bool bound = false;
  const char* name;
  constexpr explicit parameter_leaf(const char* n) : name(n) {}
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t commit(graph_builder& b) const { return b.parameter(name, Shape::dims); }
  constexpr std::uint32_t emit(program& p) const { return p.load(commit(*p.builder)); }
};

/// Weights written in the source.
template <ShapeType Shape>
struct constant_leaf : expression_base {
  using shape_type = Shape;
  static constexpr bool bound = false;
  std::array<float, Shape::elements> elements;
  constexpr explicit constant_leaf(const std::array<float, Shape::elements>& e) : elements(e) {}
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t commit(graph_builder& b) const { return b.constant(Shape::dims, elements); }
  constexpr std::uint32_t emit(program& p) const { return p.load(commit(*p.builder)); }
};

}  // namespace detail

/// A value of the network: a node of the graph, with its shape in the type. Cheap to copy; assigning an expression of
/// the same shape commits it, so that `h = relu(dense<32>("fc", h) + h)` works in a loop.
template <std::uint32_t... Sizes>
struct tensor<f32, Sizes...> : detail::expression_base {
  using shape_type = sizes<Sizes...>;
  static constexpr bool bound = true;

  graph_builder* owner = nullptr;
  std::uint32_t node = no_node;

  constexpr tensor(graph_builder& b, std::uint32_t n) : owner(&b), node(n) {}
  constexpr tensor(const tensor&) = default;
  constexpr tensor& operator=(const tensor&) = default;

  template <detail::Nested E>
    requires(!std::same_as<std::remove_cvref_t<E>, tensor>)
  constexpr tensor(E&& e)  // NOLINT: the conversion is the point
      : owner(e.builder()), node(detail::commit_to(*owner, std::forward<E>(e))) {
    static_assert(std::remove_cvref_t<E>::bound, "this is made of weights alone: keep it with auto");
    using From = typename std::remove_cvref_t<E>::shape_type;
    if constexpr (!std::same_as<From, shape_type>)
      owner->fail({fault::assigned_shape, violation::text(detail::nearest_name(owner->view(), node)),
                   detail::shape_text(shape_type::dims), detail::shape_text(From::dims)});
  }

  constexpr graph_builder* builder() const { return owner; }
  constexpr std::uint32_t commit(graph_builder&) const { return node; }
  constexpr std::uint32_t emit(detail::program& p) const { return p.load(node); }
};

/// Anything that stands for a value of the network.
template <class T>
concept Value = detail::Nested<T>;

/// A value or a number.
template <class T>
concept Operand = Value<T> || std::is_arithmetic_v<std::remove_cvref_t<T>>;

template <Value V>
using shape_type_of = typename std::remove_cvref_t<V>::shape_type;

namespace detail {

template <class T>
struct tensor_of;
template <std::uint32_t... Sizes>
struct tensor_of<sizes<Sizes...>> {
  using type = tensor<f32, Sizes...>;
};
template <ShapeType S>
using tensor_of_t = typename tensor_of<S>::type;

/// Returns auto, so that compilers look into it, and fail, where it is called rather than where it is evaluated.
template <class... V>
constexpr auto require_bound() {
  static_assert((std::remove_cvref_t<V>::bound || ...),
                "this is made of weights alone: a layer, a scope and a variable need a value that depends on an input");
}

/// `value` as a node of the graph.
template <Value V>
constexpr auto committed(V&& value) {
  require_bound<V>();
  graph_builder* b = value.builder();
  return tensor_of_t<shape_type_of<V>>(*b, commit_to(*b, std::forward<V>(value)));
}

/// What an operator keeps of an argument. A temporary expression nests, and so does one of weights alone. A named one
/// is committed first: it is a value of its own, perhaps used again, and nesting it would let types grow with the
/// network.
template <Operand T>
constexpr auto capture(T&& argument) {
  using Plain = std::remove_cvref_t<T>;
  if constexpr (std::is_arithmetic_v<Plain>)
    return literal{static_cast<float>(argument)};
  else if constexpr (std::is_lvalue_reference_v<T> && requires { argument.arguments; } && Plain::bound)
    return committed(argument);
  else
    return Plain(std::forward<T>(argument));
}

template <class T>
struct operand_shape {  // a number takes any shape
  using type = sizes<>;
};
template <Value T>
struct operand_shape<T> {
  using type = shape_type_of<T>;
};

/// The first shape of more than one element, else the first one. A mismatch is found when the map is built.
template <class First, class... Rest>
struct common_shape {
  using rest = typename common_shape<Rest...>::type;
  using type = std::conditional_t<(First::elements > 1 || (rest::elements == 1 && First::dims.rank >= rest::dims.rank)),
                                  First, rest>;
};
template <class Only>
struct common_shape<Only> {
  using type = Only;
};

template <class... T>
constexpr auto make_expression(const instruction& head, const std::source_location& at, T&&... arguments) {
  using Shape = typename common_shape<typename operand_shape<std::remove_cvref_t<T>>::type...>::type;
  return expression<Shape, decltype(capture(std::forward<T>(arguments)))...>(head, at,
                                                                             capture(std::forward<T>(arguments))...);
}

/// Operators have no room for a source position; they take the one of their first argument that has one.
template <class... T>
constexpr std::source_location position_of(const T&... arguments) {
  std::source_location found;
  auto look = [&found](const auto& a) {
    if constexpr (requires { a.at; })
      if (found.line() == 0) found = a.at;
  };
  (look(arguments), ...);
  return found;
}

template <class A, class B>
concept BinaryOperands = Operand<A> && Operand<B> && (Value<A> || Value<B>);

template <class... T>
constexpr auto apply_operator(scalar_op code, T&&... arguments) {
  return make_expression({.code = code}, position_of(arguments...), std::forward<T>(arguments)...);
}

}  // namespace detail

#define INLAY_BINARY_OPERATOR(symbol, code)                                      \
  template <class A, class B>                                                    \
    requires detail::BinaryOperands<A, B>                                        \
  constexpr auto operator symbol(A&& a, B&& b) {                                 \
    return detail::apply_operator(code, std::forward<A>(a), std::forward<B>(b)); \
  }
INLAY_BINARY_OPERATOR(+, scalar_op::add)
INLAY_BINARY_OPERATOR(-, scalar_op::subtract)
INLAY_BINARY_OPERATOR(*, scalar_op::multiply)
INLAY_BINARY_OPERATOR(/, scalar_op::divide)
INLAY_BINARY_OPERATOR(<, scalar_op::less)
INLAY_BINARY_OPERATOR(<=, scalar_op::less_equal)
INLAY_BINARY_OPERATOR(>, scalar_op::greater)
INLAY_BINARY_OPERATOR(>=, scalar_op::greater_equal)
INLAY_BINARY_OPERATOR(==, scalar_op::equal)
INLAY_BINARY_OPERATOR(!=, scalar_op::not_equal)
#undef INLAY_BINARY_OPERATOR

template <Value A>
constexpr auto operator-(A&& a) {
  return detail::apply_operator(scalar_op::subtract, -0.0f, std::forward<A>(a));  // -0 - x is -x, also for x = 0
}

/// The smaller, NaN if either is NaN (torch.minimum).
template <class A, class B>
  requires detail::BinaryOperands<A, B>
constexpr auto minimum(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::minimum, std::forward<A>(a), std::forward<B>(b));
}

/// The larger, NaN if either is NaN (torch.maximum).
template <class A, class B>
  requires detail::BinaryOperands<A, B>
constexpr auto maximum(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::maximum, std::forward<A>(a), std::forward<B>(b));
}

/// `yes` where `condition` is not 0, `no` elsewhere (torch.where). Comparisons give 0 or 1.
template <Value C, Operand A, Operand B>
constexpr auto where(C&& condition, A&& yes, B&& no) {
  return detail::apply_operator(scalar_op::select, std::forward<C>(condition), std::forward<A>(yes),
                                std::forward<B>(no));
}

}  // namespace inlay
