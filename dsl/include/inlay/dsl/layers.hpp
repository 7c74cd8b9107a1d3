// SPDX-License-Identifier: Apache-2.0
// Layers: the functions that make nodes of a graph, and the weights that they take.
#pragma once

#include "inlay/dsl/activations.hpp"
#include "inlay/dsl/expression.hpp"

namespace inlay {

/// Weights of shape `Sizes` by name, in the current scope. Usable as a value and as the weight of a layer.
template <class T, std::uint32_t... Sizes>
constexpr auto param(const char* name) {
  static_assert(std::same_as<T, f32>, "the element type is f32: param<f32, 10, 64>(\"name\")");
  return detail::parameter_leaf<sizes<Sizes...>>(name);
}

/// The same as a value of the network that computes `x`. So reductions and all else that needs a network can read it:
/// `dense("fc", x, v * (param<f32, 64, 1>("fc.weight_g") / sqrt(sum<1>(v * v, keepdim))))`, where v is
/// `param<f32, 64, 10>("fc.weight_v", x)`, is a layer with torch's weight_norm.
template <class T, std::uint32_t... Sizes, Value X>
constexpr auto param(const char* name, const X& x) {
  static_assert(std::same_as<T, f32>, "the element type is f32: param<f32, 10, 64>(\"name\", x)");
  static_assert(X::bound, "this is made of weights alone: give a value that depends on an input");
  return tensor<T, Sizes...>(*x.builder(), x.builder()->parameter(name, shape_of<Sizes...>));
}

namespace detail {

/// The constant with these elements. A static_assert reports too many or too few of them.
template <class T, class Shape, std::size_t Count>
constexpr auto constant_of(const float* elements) {
  static_assert(std::same_as<T, f32>, "the element type of a constant is f32: constant<f32, 1, 2>({1, 1})");
  static_assert(Count == Shape::elements, INLAY_ADVICE_CONSTANT_ELEMENTS);
  std::array<float, Shape::elements> all{};
  for (std::size_t i = 0; i < all.size() && i < Count; ++i) all[i] = elements[i];
  return constant_leaf<Shape>(all);
}

}  // namespace detail

/// Weights in the source, row-major, as many as the shape has elements: `constant<f32, 1, 2>({1, 1})`.
template <class T, std::uint32_t... Sizes, std::size_t Count>
constexpr auto constant(const float (&elements)[Count]) {
  return detail::constant_of<T, sizes<Sizes...>, Count>(elements);
}

/// The same from a std::array, such as a constexpr table.
template <class T, std::uint32_t... Sizes, class Element, std::size_t Count>
constexpr auto constant(const std::array<Element, Count>& elements) {
  static_assert(std::same_as<Element, float>, "a table for a constant has elements of type float");
  if constexpr (std::same_as<Element, float>)
    return detail::constant_of<T, sizes<Sizes...>, Count>(elements.data());
  else
    return detail::constant_leaf<sizes<Sizes...>>({});
}

struct no_bias_t {};
/// `dense<10>("fc", x, no_bias)`, as bias=False in PyTorch.
inline constexpr no_bias_t no_bias;

/// Overrides the compiler's choice for one layer: with `dense<1024>("fc2", h, skip_zeros)` the kernel for a single
/// sample does not read the weights of inputs that are zero, which pays if about a third of the inputs or more are
/// zero; `multiply_zeros` never looks for zeros. By default the compiler skips in a layer that follows relu, relu6 or
/// step, if its weights are finite and exceed the first-level cache. Skipping changes a result only if a weight is
/// infinite or NaN.
inline constexpr zeros skip_zeros = zeros::skip;
inline constexpr zeros multiply_zeros = zeros::multiply;

namespace detail {

template <std::uint32_t Outputs, Value V>
constexpr auto named_dense(const char* name, V&& x, bool with_bias, zeros zero_inputs, const std::source_location& at) {
  const auto input = committed(std::forward<V>(x));
  graph_builder& b = *input.owner;
  b.locate(at);
  b.enter_scope(name);
  // b.dense() reports an input of another rank; the weight then has the size for the flattened input.
  const auto weight = b.parameter("weight", shape_of<Outputs, static_cast<std::uint32_t>(shape_type_of<V>::elements)>);
  const auto bias = with_bias ? b.parameter("bias", shape_of<Outputs>) : no_node;
  b.leave_scope();
  return tensor<f32, Outputs>(b, b.dense(name, input.node, weight, bias, zero_inputs));
}

template <Value X, Value W>
constexpr auto dense_of(const char* name, X&& x, W&& weight, auto bias, zeros zero_inputs,
                        const std::source_location& at) {
  const auto input = committed(std::forward<X>(x));
  graph_builder& b = *input.owner;
  b.locate(at);
  const auto w = commit_to(b, std::forward<W>(weight));
  return tensor<f32, shape_type_of<W>::dims.sizes[0]>(b, b.dense(name, input.node, w, bias(b), zero_inputs));
}

}  // namespace detail

/// y = weight x + bias (torch.nn.Linear): x[K] -> y[Outputs], parameters `<name>.weight` [Outputs, K] and
/// `<name>.bias` [Outputs].
template <std::uint32_t Outputs, Value V>
constexpr auto dense(const char* name, V&& x, zeros zero_inputs = zeros::automatic,
                     std::source_location at = std::source_location::current()) {
  return detail::named_dense<Outputs>(name, std::forward<V>(x), true, zero_inputs, at);
}

/// The same without a bias.
template <std::uint32_t Outputs, Value V>
constexpr auto dense(const char* name, V&& x, no_bias_t, zeros zero_inputs = zeros::automatic,
                     std::source_location at = std::source_location::current()) {
  return detail::named_dense<Outputs>(name, std::forward<V>(x), false, zero_inputs, at);
}

/// y = weight x, with the weight as a value, such as a `constant` or `param` of shape [outputs, inputs].
template <Value X, Value W>
constexpr auto dense(const char* name, X&& x, W&& weight, zeros zero_inputs = zeros::automatic,
                     std::source_location at = std::source_location::current()) {
  return detail::dense_of(
      name, std::forward<X>(x), std::forward<W>(weight), [](graph_builder&) { return no_node; }, zero_inputs, at);
}

/// y = weight x + bias, with weight [outputs, inputs] and bias [outputs] as values.
template <Value X, Value W, Value B>
constexpr auto dense(const char* name, X&& x, W&& weight, B&& bias, zeros zero_inputs = zeros::automatic,
                     std::source_location at = std::source_location::current()) {
  return detail::dense_of(
      name, std::forward<X>(x), std::forward<W>(weight),
      [&bias](graph_builder& b) { return detail::commit_to(b, bias); }, zero_inputs, at);
}

namespace detail {

/// The shape of what embedding makes of indices and a weight of these shapes.
template <ShapeType X, ShapeType Weight>
struct embedding_rule {
  static constexpr const shape* operands[] = {&X::dims, &Weight::dims};
  static constexpr shape dims = ops::infer_embedding(operand_shapes(operands), {}, {}).dims;
  using type = typename sizes_type<dims>::type;
};

/// `weight(b)` makes the weight, of shape `Weight`.
template <ShapeType Weight, Value X>
constexpr auto embedding_of(const char* name, X&& x, const std::source_location& at, auto weight) {
  using Rule = embedding_rule<shape_type_of<X>, Weight>;
  const auto indices = committed(std::forward<X>(x));
  graph_builder& b = *indices.owner;
  b.locate(at);
  const std::uint32_t operands[] = {indices.node, weight(b)};
  return tensor_of_t<typename Rule::type>(b, b.apply(op::embedding, operands, {}, {}, name));
}

}  // namespace detail

/// A vector for each integer (torch.nn.Embedding): x of type i32 and any shape [...] -> y[..., EmbeddingDim], parameter
/// `<name>.weight` [NumEmbeddings, EmbeddingDim], whose row x[...] is the vector. Integers below 0 or from
/// NumEmbeddings on, for which PyTorch raises an error, give vectors of NaN. There is no padding_idx, which matters for
/// training only: a checkpoint has zeros there.
template <std::uint32_t NumEmbeddings, std::uint32_t EmbeddingDim, Value V>
constexpr auto embedding(const char* name, V&& x, std::source_location at = std::source_location::current()) {
  return detail::embedding_of<sizes<NumEmbeddings, EmbeddingDim>>(name, std::forward<V>(x), at, [&](graph_builder& b) {
    b.enter_scope(name);
    const auto weight = b.parameter("weight", shape_of<NumEmbeddings, EmbeddingDim>);
    b.leave_scope();
    return weight;
  });
}

/// The same with the weight [num_embeddings, embedding_dim] as a value, such as that of another layer:
/// `embedding("target", x, param<f32, 512, 64>("source.weight"))`.
template <Value X, Value W>
constexpr auto embedding(const char* name, X&& x, W&& weight,
                         std::source_location at = std::source_location::current()) {
  return detail::embedding_of<shape_type_of<W>>(
      name, std::forward<X>(x), at, [&](graph_builder& b) { return detail::commit_to(b, std::forward<W>(weight)); });
}

struct no_affine_t {};
/// `batch_norm("bn", x, no_affine)`, as affine=False in PyTorch.
inline constexpr no_affine_t no_affine;

namespace detail {

/// Parameter `name` with one element for each channel of a value of shape S, in a shape that is broadcast to it.
template <ShapeType S>
constexpr auto channel_parameter(graph_builder& b, const char* name) {
  using Channels = typename channels_of<S>::type;
  (void)b;
  if constexpr (Channels::dims.rank <= 1)
    return parameter_leaf<Channels>(name);
  else
    return tensor_of_t<Channels>(b, b.reshape(b.parameter(name, shape_of<Channels::dims.sizes[0]>), Channels::dims));
}

/// Adds (x - mean) * (weight * rsqrt(variance + eps)) + bias or, if not `affine`, (x - mean) * rsqrt(variance + eps).
/// Written out for all shapes at once: expressions would be new types for each shape, which takes most of the time of
/// compiling a network with many batch norms.
constexpr std::uint32_t add_batch_norm(graph_builder& b, std::uint32_t x, const shape& dims, bool affine, float eps) {
  shape channels = dims;  // [C, 1, ..., 1] for [C, ...]
  for (std::uint32_t axis = 1; axis < channels.rank; ++axis) channels.sizes[axis] = 1;
  const auto load = [&](const char* name) {
    return dims.rank <= 1 ? b.parameter(name, channels)
                          : b.reshape(b.parameter(name, {1, {channels.sizes[0]}}), channels);
  };
  const std::uint32_t mean = load("running_mean"), weight = affine ? load("weight") : no_node;
  const std::uint32_t variance = load("running_var"), bias = affine ? load("bias") : no_node;
  program p{&b, {}, {}};
  const auto both = [&p](scalar_op code, std::uint32_t left, std::uint32_t right) {
    return p.push({.code = code, .a = left, .b = right});
  };
  const std::uint32_t value = p.load(x), centre = p.load(mean);
  const std::uint32_t centred = both(scalar_op::subtract, value, centre);
  const std::uint32_t scale = affine ? p.load(weight) : no_node, loaded = p.load(variance);
  const std::uint32_t sum = both(scalar_op::add, loaded, p.push({.code = scalar_op::literal, .p0 = eps}));
  std::uint32_t factor = p.push({.code = scalar_op::apply, .function = activation::rsqrt, .a = sum});
  if (affine) factor = both(scalar_op::multiply, scale, factor);
  const std::uint32_t result = both(scalar_op::multiply, centred, factor);
  if (affine) both(scalar_op::add, result, p.load(bias));
  return b.map(p.operands.view(), p.code.view(), dims);
}

template <bool Affine, Value V>
constexpr auto batch_norm_of(const char* name, V&& x, float eps, const std::source_location& at) {
  const auto input = committed(std::forward<V>(x));
  static_assert(shape_type_of<V>::dims.rank >= 1,
                "batch_norm needs features [C] or an image [C, H, W]: reshape<1>() makes a vector");
  graph_builder& b = *input.owner;
  b.locate(at);
  b.enter_scope(name);
  auto result = input;
  result.node = add_batch_norm(b, input.node, shape_type_of<V>::dims, Affine, eps);
  b.leave_scope();
  return result;
}

}  // namespace detail

/// y = (x - running_mean) / sqrt(running_var + eps) * weight + bias (torch.nn.BatchNorm1d and 2d after training): x[C],
/// x[C,L] or x[C,H,W] -> y of the same shape, parameters `<name>.weight`, `.bias`, `.running_mean` and `.running_var`,
/// each [C]. inlayc folds it into the weights of a layer beside it, unless that costs accuracy. A training step
/// normalises by the statistics of the batch instead (docs/training.md).
template <Value V>
constexpr auto batch_norm(const char* name, V&& x, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::batch_norm_of<true>(name, std::forward<V>(x), eps, at);
}

/// The same without `weight` and `bias`: y = (x - running_mean) / sqrt(running_var + eps).
template <Value V>
constexpr auto batch_norm(const char* name, V&& x, no_affine_t, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::batch_norm_of<false>(name, std::forward<V>(x), eps, at);
}

/// Softmax over the last axis: exp(x - max) / sum.
template <Value V>
constexpr auto softmax(V&& x, std::source_location at = std::source_location::current()) {
  auto value = detail::committed(std::forward<V>(x));
  value.owner->locate(at);
  value.node = value.owner->softmax(value.node);
  return value;
}

/// Logarithm of softmax over the last axis. Finite even where softmax rounds to 0.
template <Value V>
constexpr auto log_softmax(V&& x, std::source_location at = std::source_location::current()) {
  auto value = detail::committed(std::forward<V>(x));
  value.owner->locate(at);
  value.node = value.owner->log_softmax(value.node);
  return value;
}

/// The same elements, row-major, in another shape: `reshape<8, 8>(x)`.
template <std::uint32_t... Sizes, Value V>
constexpr auto reshape(V&& x, std::source_location at = std::source_location::current()) {
  const auto value = detail::committed(std::forward<V>(x));
  value.owner->locate(at);
  return tensor<f32, Sizes...>(*value.owner, value.owner->reshape(value.node, shape_of<Sizes...>));
}

/// All elements as one vector.
template <Value V>
constexpr auto flatten(V&& x, std::source_location at = std::source_location::current()) {
  return reshape<static_cast<std::uint32_t>(shape_type_of<V>::elements)>(std::forward<V>(x), at);
}

namespace detail {

/// Stands for an operand that is absent, or whose shape does not decide about the result's.
struct no_shape {};
template <class X>
inline constexpr const shape* pointer_to_shape = &X::dims;
template <>
inline constexpr const shape* pointer_to_shape<no_shape> = nullptr;

/// The result of the shape rule for operands of shapes `X`, as a type.
template <op Kind, auto Attributes, class... X>
struct result_of_rule {
  static constexpr auto words = words_of(Attributes);
  static constexpr const shape* operands[] = {pointer_to_shape<X>...};
  static constexpr shape dims = row_of(Kind).infer(operand_shapes(operands), words, *operands[0]).dims;
  using type = typename sizes_type<dims>::type;
};

/// An operation on one value. The builder reports a broken rule.
template <op Kind, auto Attributes, Value V>
constexpr auto apply(V&& x, const std::source_location& at) {
  using Rule = result_of_rule<Kind, Attributes, shape_type_of<V>>;
  const auto value = committed(std::forward<V>(x));
  value.owner->locate(at);
  const std::uint32_t operands[] = {value.node};
  return tensor_of_t<typename Rule::type>(*value.owner, value.owner->apply(Kind, operands, Rule::words));
}

}  // namespace detail

/// Elements `Start` to `Start + Length - 1` of an axis (torch.narrow): `slice<0, 2, 3>(x)`.
template <std::uint32_t Axis, std::uint32_t Start, std::uint32_t Length, Value V>
constexpr auto slice(V&& x, std::source_location at = std::source_location::current()) {
  return detail::apply<op::slice, ops::slice_attributes{Axis, Start, Length}>(std::forward<V>(x), at);
}

/// The value with two axes exchanged (torch.transpose): `transpose<0, 1>(x)`.
template <std::uint32_t First, std::uint32_t Second, Value V>
constexpr auto transpose(V&& x, std::source_location at = std::source_location::current()) {
  return detail::apply<op::transpose, ops::transpose_attributes{First, Second}>(std::forward<V>(x), at);
}

/// Values joined along an axis (torch.cat): `concat(a, b)`, `concat<1>(a, b, c)`.
template <std::uint32_t Axis = 0, Value First, Value... Rest>
constexpr auto concat(First&& first, Rest&&... rest) {
  detail::require_bound<First, Rest...>();
  graph_builder* owner = first.builder();
  ((owner = owner ? owner : rest.builder()), ...);
  graph_builder& b = *owner;
  const std::array<std::uint32_t, 1 + sizeof...(Rest)> pieces{detail::commit_to(b, std::forward<First>(first)),
                                                              detail::commit_to(b, std::forward<Rest>(rest))...};
  using Rule =
      detail::result_of_rule<op::concat, ops::concat_attributes{Axis}, shape_type_of<First>, shape_type_of<Rest>...>;
  return detail::tensor_of_t<typename Rule::type>(b, b.apply(op::concat, pieces, Rule::words));
}

/// Runs `body(x)` with "name." in front of its layers' names, as in a PyTorch module.
template <Value V, class Body>
constexpr auto scope(const char* name, V&& x, Body&& body) {
  const auto value = detail::committed(std::forward<V>(x));
  value.owner->enter_scope(name);
  auto result = std::forward<Body>(body)(value);
  if constexpr (Value<decltype(result)>) {
    // Commit an expression before its scope is left, because its weights have names of that scope.
    auto node = detail::committed(result);
    value.owner->leave_scope();
    return node;
  } else {
    value.owner->leave_scope();
    return result;
  }
}

/// The same for element `index` of a list of modules: "name.index.".
template <Value V, class Body>
constexpr auto scope(const char* name, std::uint32_t index, V&& x, Body&& body) {
  detail::text<12> number;
  number.append(std::uint64_t{index});
  return scope(name, std::forward<V>(x),
               [&](const auto& value) { return scope(number.chars, value, std::forward<Body>(body)); });
}

}  // namespace inlay
