// SPDX-License-Identifier: Apache-2.0
// States: variables whose values come from the step before.
#pragma once

#include "inlay/dsl/expression.hpp"

namespace inlay {

namespace detail {

/// The initial value of a state that begins with zeros.
struct zero_state {};

/// The node of a state's first value, or no_node.
template <class Initial>
constexpr std::uint32_t commit_to_state(graph_builder& b, const Initial& initial) {
  if constexpr (std::same_as<Initial, zero_state>)
    return no_node;
  else
    return commit_to(b, initial);
}

}  // namespace detail

/// A state in its network: a variable whose value comes from the step before. Assigning a value gives it to the next
/// step, and the variable stands for that value from then on.
template <std::uint32_t... Sizes>
struct state_variable : tensor<f32, Sizes...> {
  using base = tensor<f32, Sizes...>;
  std::uint32_t kept = no_node;  // the node of the state

  constexpr state_variable(graph_builder& b, std::uint32_t state) : base(b, state), kept(state) {}
  constexpr state_variable(const state_variable&) = default;
  constexpr state_variable& operator=(const state_variable& value) {
    return assign(value.commit(*base::owner));  // NOLINT(misc-unconventional-assign-operator): returns *this
  }

  template <Value V>
    requires(!std::same_as<std::remove_cvref_t<V>, state_variable>)
  constexpr state_variable& operator=(V&& value) {
    return assign(detail::commit_to(*base::owner, std::forward<V>(value)));
  }

 private:
  constexpr state_variable& assign(std::uint32_t value) {
    base::node = base::owner->update(kept, value);
    return *this;
  }
};

namespace detail {
template <class S>
struct state_variable_of;
template <std::uint32_t... Sizes>
struct state_variable_of<sizes<Sizes...>> {
  using type = state_variable<Sizes...>;
};
template <ShapeType S>
using state_variable_of_t = typename state_variable_of<S>::type;
}  // namespace detail

/// A state that is declared: its name and its first value. It is an argument of network(), beside the inputs, or
/// becomes a variable with in(x).
template <ShapeType Shape, class Initial = detail::zero_state>
struct state_declaration;
template <std::uint32_t... Sizes, class Initial>
struct state_declaration<sizes<Sizes...>, Initial> {
  using shape_type = sizes<Sizes...>;
  const char* name;
  Initial initial;
  std::source_location at;

  constexpr auto make(graph_builder& b) const {
    b.locate(at);
    return state_variable<Sizes...>(b, b.state(name, shape_type::dims, detail::commit_to_state(b, initial)));
  }

  /// The state in the network that `x`, any value, belongs to. Its name begins with the current scope.
  template <Value V>
  constexpr auto in(const V& x) const {
    detail::require_bound<V>();
    return make(*x.builder());
  }
};

/// `state<f32, 16>("h")`: 16 numbers that the network remembers. They are 0 before the first step. Each step
/// finds what the step before it has assigned:
///
///     network("smooth", input<f32, 1>("x"), state<f32, 1>("y"),
///             [](auto x, auto y) { return y = 0.9f * y + 0.1f * x; })
///
/// A network assigns each state once.
template <class T, std::uint32_t... Sizes>
constexpr auto state(const char* name, std::source_location at = std::source_location::current()) {
  static_assert(std::same_as<T, f32>, "the element type of a state is f32: state<f32, 16>(\"h\")");
  return state_declaration<sizes<Sizes...>>{name, {}, at};
}

/// The same with a first value, which is made of weights alone: `state<f32, 16>("h", param<f32, 16>("h0"))`.
template <class T, std::uint32_t... Sizes, Value Initial>
constexpr auto state(const char* name, const Initial& initial,
                     std::source_location at = std::source_location::current()) {
  static_assert(std::same_as<T, f32>, "the element type of a state is f32: state<f32, 16>(\"h\")");
  static_assert(!Initial::bound, INLAY_ADVICE_STATE_INITIAL);
  if constexpr (Initial::bound)
    return state_declaration<sizes<Sizes...>>{name, {}, at};
  else
    return state_declaration<sizes<Sizes...>, Initial>{name, initial, at};
}

}  // namespace inlay
