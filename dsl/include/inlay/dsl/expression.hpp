// SPDX-License-Identifier: Apache-2.0
// The values of a network in its function: handles to committed nodes, and pointwise expressions that are not nodes
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

/// Element types of the DSL. `element` is the type of C++ that the caller's memory has.
struct f32 {
  using element = float;
  static constexpr dtype type = dtype::f32;
};
/// Integers: indices, which only embedding reads.
struct i32 {
  using element = std::int32_t;
  static constexpr dtype type = dtype::i32;
};
namespace detail {
template <class T>
inline constexpr bool is_element_type = std::is_same_v<T, f32> || std::is_same_v<T, i32>;
}  // namespace detail
template <class T>
concept ElementType = detail::is_element_type<T>;

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

/// The program of a map under construction: each operand once, instructions in evaluation order.
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

/// Always false, but depends on template arguments: for a static_assert that fails only when its template is used.
template <class... T>
inline constexpr bool never = sizeof...(T) + 1 == 0;

/// Base of all values. A value is `bound` if it depends on an existing node. Weights alone are not: they belong to no
/// network until an operation joins them with a bound value.
struct expression_base {
  using element_type = f32;  // tensors may have another one

  /// Values have no elements while the graph is made, so `if`, `&&`, `||` and `!` cannot test them.
  template <std::same_as<bool> Flag>
  constexpr explicit operator Flag() const {
    static_assert(never<Flag>,
                  "a value is not known while the network is written: instead of if, ?:, && and || use "
                  "where(condition, yes, no), minimum and maximum");
    return false;
  }
};
template <class T>
concept Nested = std::derived_from<std::remove_cvref_t<T>, expression_base>;

/// Tag for the result of a wrong call that has no value among its arguments.
struct of_no_network {};

/// Reports a value that does not belong to `b` and returns a node in its place. Either the value was kept after its
/// network's function had returned, or it is the result of a wrong call and has no owner.
constexpr std::uint32_t node_of_another(graph_builder& b, const graph_builder* owner, std::uint32_t node) {
  if (owner == nullptr)
    b.fail({fault::misuse, {}, {}, {}, {}});
  else
    b.fail({fault::other_network,
            violation::text(b.view().name),
            violation::text("a value of this network"),
            numbered("node ", node).append(" of another"),
            {}});
  return b.parameter("misused", shape_of<1>);
}

/// Records that the value `node` of shape `found` was assigned to a variable of shape `kept`.
constexpr void report_assigned_shape(graph_builder& b, std::uint32_t node, const shape& kept, const shape& found,
                                     dtype type_kept = dtype::f32, dtype type_found = dtype::f32) {
  b.fail({fault::assigned_shape,
          violation::text(nearest_name(b.view(), node)),
          shape_text(kept, type_kept),
          shape_text(found, type_found),
          {}});
}

/// The node of `value`. A variable remembers its node; a const value cannot, so a copy is committed.
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

namespace detail {

/// Rejects an assignment to a variable made of weights alone. Returns auto, so that compilers instantiate it, and
/// report the error, at the call.
template <class... V>
constexpr auto refuse_assignment_to_weights() {
  static_assert(never<V...>, "a variable made of weights alone keeps its value: use a new variable");
}

}  // namespace detail

/// A pointwise expression over values of shape `Shape`: an operation and its arguments, nested. It becomes a node only
/// when something commits it. A named expression is a variable like any other. Assigning a value of the same shape to
/// it commits the value, so that `auto h = relu(dense<32>("stem", x)); for (...) h = h + tanh(h);` works.
template <ShapeType Shape, class... Arguments>
struct expression : detail::expression_base {
  using shape_type = Shape;
  static constexpr bool bound = (Arguments::bound || ...);

  instruction head;
  hana::tuple<Arguments...> arguments;
  std::source_location at;
  /// This expression's node, once committed. So a named expression is computed once, however often it is used.
  std::uint32_t node = no_node;

  constexpr expression(const instruction& h, const std::source_location& where, Arguments... a)
      : head(h), arguments(std::move(a)...), at(where) {}

  constexpr expression(const expression&) = default;
  constexpr expression& operator=(const expression&) = default;

  /// Makes this variable stand for the node of `value`. Its own operation and arguments are no longer used.
  template <detail::Nested V>
    requires(!std::same_as<std::remove_cvref_t<V>, expression>)
  constexpr expression& operator=(V&& value) {
    if constexpr (!bound) {
      detail::refuse_assignment_to_weights<V>();
    } else {
      graph_builder& b = *builder();
      node = detail::commit_to(b, std::forward<V>(value));
      using From = typename std::remove_cvref_t<V>::shape_type;
      if constexpr (!std::same_as<From, Shape>) detail::report_assigned_shape(b, node, Shape::dims, From::dims);
    }
    return *this;
  }

  constexpr graph_builder* builder() const {
    return hana::fold_left(arguments, static_cast<graph_builder*>(nullptr),
                           [](graph_builder* found, const auto& a) { return found ? found : a.builder(); });
  }

  constexpr std::uint32_t append_to(detail::program& p) const {
    if (node != no_node) return p.load(node);
    instruction i = head;
    std::array<std::uint32_t, sizeof...(Arguments)> results{};
    std::size_t n = 0;
    hana::for_each(arguments, [&](const auto& a) { results[n++] = a.append_to(p); });
    if constexpr (sizeof...(Arguments) > 0) i.a = results[0];
    if constexpr (sizeof...(Arguments) > 1) i.b = results[1];
    if constexpr (sizeof...(Arguments) > 2) i.c = results[2];
    return p.push(i);
  }

  /// Turns this expression into one map node, unless it has a node.
  constexpr std::uint32_t commit(graph_builder& b) {
    if (node == no_node) {
      detail::program p{&b, {}, {}};
      append_to(p);
      b.locate(at);
      node = b.map(p.operands.view(), p.code.view(), Shape::dims);
    }
    return node;
  }
};

namespace detail {

/// A number as an argument of an expression. It is not a value.
struct literal {
  static constexpr bool bound = false;
  float number;
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t append_to(program& p) const {
    for (std::uint32_t i = 0; i < p.code.size(); ++i)
      if (p.code[i].code == scalar_op::literal &&
          std::bit_cast<std::uint32_t>(p.code[i].p0) == std::bit_cast<std::uint32_t>(number))
        return i;
    return p.push({.code = scalar_op::literal, .p0 = number});
  }
};

/// Weights by name. They become a node where they are first used.
template <ShapeType Shape>
struct parameter_leaf : expression_base {
  using shape_type = Shape;
  static constexpr bool bound = false;
  const char* name;
  constexpr explicit parameter_leaf(const char* n) : name(n) {}
  constexpr parameter_leaf(const parameter_leaf&) = default;
  constexpr parameter_leaf& operator=(const parameter_leaf&) = default;
  template <Nested V>
    requires(!std::same_as<std::remove_cvref_t<V>, parameter_leaf>)
  constexpr auto& operator=(V&&) {
    refuse_assignment_to_weights<V>();
    return *this;
  }
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t commit(graph_builder& b) const { return b.parameter(name, Shape::dims); }
  constexpr std::uint32_t append_to(program& p) const { return p.load(commit(*p.builder)); }
};

/// Weights written in the source.
template <ShapeType Shape>
struct constant_leaf : expression_base {
  using shape_type = Shape;
  static constexpr bool bound = false;
  std::array<float, Shape::elements> elements;
  constexpr explicit constant_leaf(const std::array<float, Shape::elements>& e) : elements(e) {}
  constexpr constant_leaf(const constant_leaf&) = default;
  constexpr constant_leaf& operator=(const constant_leaf&) = default;
  template <Nested V>
    requires(!std::same_as<std::remove_cvref_t<V>, constant_leaf>)
  constexpr auto& operator=(V&&) {
    refuse_assignment_to_weights<V>();
    return *this;
  }
  constexpr graph_builder* builder() const { return nullptr; }
  constexpr std::uint32_t commit(graph_builder& b) const { return b.constant(Shape::dims, elements); }
  constexpr std::uint32_t append_to(program& p) const { return p.load(commit(*p.builder)); }
};

}  // namespace detail

/// A value of the network: a node of the graph, with its element type and shape in the type. Cheap to copy. Assigning
/// an expression of the same shape commits the expression, so that `h = relu(dense<32>("fc", h) + h)` works in a loop.
template <ElementType T, std::uint32_t... Sizes>
struct tensor<T, Sizes...> : detail::expression_base {
  using element_type = T;
  using shape_type = sizes<Sizes...>;
  static constexpr bool bound = true;

  graph_builder* owner = nullptr;
  std::uint32_t node = no_node;

  constexpr explicit tensor(detail::of_no_network) {}
  constexpr tensor(graph_builder& b, std::uint32_t n) : owner(&b), node(n) {}
  constexpr tensor(const tensor&) = default;
  constexpr tensor& operator=(const tensor&) = default;

  template <detail::Nested E>
    requires(!std::same_as<std::remove_cvref_t<E>, tensor>)
  constexpr tensor(E&& e)  // NOLINT: the conversion is the point
      : owner(e.builder()), node(detail::commit_to(*owner, std::forward<E>(e))) {
    static_assert(std::remove_cvref_t<E>::bound, "this is made of weights alone: keep it with auto");
    using From = typename std::remove_cvref_t<E>::shape_type;
    using Elements = typename std::remove_cvref_t<E>::element_type;
    if constexpr (!std::same_as<From, shape_type> || !std::same_as<Elements, T>)
      detail::report_assigned_shape(*owner, node, shape_type::dims, From::dims, T::type, Elements::type);
  }

  constexpr graph_builder* builder() const { return owner; }
  constexpr std::uint32_t commit(graph_builder& b) const {
    return &b == owner ? node : detail::node_of_another(b, owner, node);
  }
  constexpr std::uint32_t append_to(detail::program& p) const { return p.load(commit(*p.builder)); }
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

template <class S, class T>
struct tensor_of;
template <std::uint32_t... Sizes, class T>
struct tensor_of<sizes<Sizes...>, T> {
  using type = tensor<T, Sizes...>;
};
template <ShapeType S, ElementType T = f32>
using tensor_of_t = typename tensor_of<S, T>::type;

/// Returns auto, so that compilers instantiate it, and report the error, at the call.
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
  using Elements = typename std::remove_cvref_t<V>::element_type;
  return tensor_of_t<shape_type_of<V>, Elements>(*b, commit_to(*b, std::forward<V>(value)));
}

/// The form in which an operator keeps an argument. Temporary expressions and expressions of weights alone are nested.
/// Other named expressions are committed first: they may be used again, and nesting them would let types grow with the
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

template <shape Dims, std::size_t... Index>
auto sizes_of(std::index_sequence<Index...>) -> sizes<Dims.sizes[Index]...>;
/// A shape as a type. (With an alias instead, g++ 12 crashes.)
template <shape Dims>
struct sizes_type {
  static constexpr shape dims = Dims;
  using type = decltype(sizes_of<dims>(std::make_index_sequence<dims.rank>()));
};

/// The shape of a pointwise operation on values of two shapes.
template <class First, class Second>
struct broadcast_type {
  static constexpr shape dims = ops::broadcast_shape(First::dims, Second::dims);
  using type = typename sizes_type<dims>::type;
};
template <class Same>
struct broadcast_type<Same, Same> {
  using type = Same;
};

/// The shape of a pointwise operation on values of these shapes. A mismatch is found when the map is built.
template <class First, class... Rest>
struct common_shape {
  using type = typename broadcast_type<First, typename common_shape<Rest...>::type>::type;
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

/// The source position of an operator, which cannot take one as a default argument: that of its first temporary
/// argument that has one. A named variable was written elsewhere.
template <class... T>
constexpr std::source_location position_of(T&&... arguments) {
  std::source_location found;
  auto look = [&found]<class A>(A&& a) {
    if constexpr (!std::is_lvalue_reference_v<A> && requires { a.at; })
      if (found.line() == 0) found = a.at;
  };
  (look(std::forward<T>(arguments)), ...);
  return found;
}

/// At least one argument is a value. apply_operator() checks the others.
template <class... T>
concept Operands = (Value<T> || ...);

/// Accepts any argument of a wrong call, and keeps the network of a value.
struct anything {
  graph_builder* owner = nullptr;

  constexpr anything() = default;
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, anything>)
  constexpr anything(T&& value) {  // NOLINT: the conversion is the point
    if constexpr (Nested<T>) owner = value.builder();
  }
};

/// The result of a wrong call, whose static_assert has said what is wrong: a value that fits almost everywhere and
/// keeps the graph from being checked, so that one mistake gives one message.
constexpr tensor<f32, 1> misused(const anything& a, const anything& b = {}, const anything& c = {},
                                 const anything& d = {}) {
  graph_builder* owner = a.owner != nullptr ? a.owner : b.owner != nullptr ? b.owner : c.owner;
  if (owner == nullptr) owner = d.owner;
  return owner == nullptr ? tensor<f32, 1>(of_no_network())
                          : tensor<f32, 1>(*owner, node_of_another(*owner, nullptr, no_node));
}

template <class... T>
constexpr auto apply_operator(scalar_op code, T&&... arguments) {
  if constexpr ((Operand<T> && ...)) {
    return make_expression({.code = code}, position_of(std::forward<T>(arguments)...), std::forward<T>(arguments)...);
  } else {
    static_assert(never<T...>, "the operands of a pointwise expression are values and numbers");
    return misused(arguments...);
  }
}

}  // namespace detail

// Written out, because the expansion of a macro would fill the compiler's output about a wrong operand.
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator+(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::add, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator-(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::subtract, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator*(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::multiply, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator/(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::divide, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator<(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::less, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator<=(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::less_equal, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator>(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::greater, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator>=(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::greater_equal, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator==(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::equal, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto operator!=(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::not_equal, std::forward<A>(a), std::forward<B>(b));
}

#define INLAY_ASSIGNMENT(symbol)                          \
  template <Value A, class B>                             \
  constexpr A& operator symbol##=(A & variable, B && b) { \
    return variable = variable symbol std::forward<B>(b); \
  }
INLAY_ASSIGNMENT(+)
INLAY_ASSIGNMENT(-)
INLAY_ASSIGNMENT(*)
INLAY_ASSIGNMENT(/)
#undef INLAY_ASSIGNMENT

template <Value A>
constexpr auto operator-(A&& a) {
  return detail::apply_operator(scalar_op::subtract, -0.0f, std::forward<A>(a));  // -0 - x is -x, also for x = 0
}

/// The smaller, NaN if either is NaN (torch.minimum).
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto minimum(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::minimum, std::forward<A>(a), std::forward<B>(b));
}

/// The larger, NaN if either is NaN (torch.maximum).
template <class A, class B>
  requires detail::Operands<A, B>
constexpr auto maximum(A&& a, B&& b) {
  return detail::apply_operator(scalar_op::maximum, std::forward<A>(a), std::forward<B>(b));
}

/// `yes` where `condition` is not 0, `no` elsewhere (torch.where). Comparisons give 0 or 1.
template <class C, class A, class B>
  requires detail::Operands<C, A, B>
constexpr auto where(C&& condition, A&& yes, B&& no) {
  return detail::apply_operator(scalar_op::select, std::forward<C>(condition), std::forward<A>(yes),
                                std::forward<B>(no));
}

}  // namespace inlay
