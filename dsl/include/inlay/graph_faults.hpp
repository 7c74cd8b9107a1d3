// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a graph: the faults, and what a message about one says.
#pragma once

#include "inlay/dsl/containers.hpp"
#include "inlay/graph.hpp"

namespace inlay {

enum class fault : std::uint32_t {
  none = 0,
  dense_rank,           ///< dense on a value that is no vector
  dense_weight,         ///< weight is not [outputs, inputs]
  dense_bias,           ///< bias is not [outputs]
  pointwise_shapes,     ///< operands of a pointwise expression differ in shape
  assigned_shape,       ///< a variable of one shape is given a value of another
  reshape_elements,     ///< reshape changes the number of elements
  concat_shapes,        ///< pieces differ in another axis, or the axis is out of range
  softmax_rank,         ///< softmax on a scalar
  conv_rank,            ///< convolution of a value that is no image
  conv_weight,          ///< weight is not [outputs, channels / groups, height, width]
  transposed_weight,    ///< weight is not [channels, outputs / groups, height, width]
  transposed_padding,   ///< padding that leaves nothing, or more output padding than the image can have
  embedding_weight,     ///< weight is not [num_embeddings, embedding_dim]
  conv_bias,            ///< bias is not [outputs]
  conv_groups,          ///< the groups do not divide the channels and the outputs
  pool_rank,            ///< pool of a value that is no image
  resample_rank,        ///< interpolation, or means of parts, of a value that is no image
  window_size,          ///< a window that does not fit into the padded image, or a padding that exceeds the window
  norm_options,         ///< groups that do not divide the channels, or an eps that is negative or not finite
  state_shape,          ///< a state's first or next value has another shape
  state_updates,        ///< a state that is not assigned exactly once, or an update of what is no state
  state_initial,        ///< a state's first value depends on an input or on another state
  history_steps,        ///< a history without steps, or of too many
  attribute_range,      ///< an axis, a start or a size that does not go with the operand's shape
  integer_operand,      ///< an i32 value where f32 is needed
  float_indices,        ///< indices that are not i32
  integer_output,       ///< an i32 value is returned
  empty_shape,          ///< a size of 0, or more elements than the format allows
  rank_range,           ///< more dimensions than the format has room for
  constant_elements,    ///< a constant has more or fewer elements than its shape
  missing_operand,      ///< an operand or an output that is not an earlier node
  operand_count,        ///< a node has too many or too few operands for its kind
  bad_program,          ///< a pointwise program reads what is not there, or is empty
  scope_balance,        ///< a scope is left that was not entered, or not left
  other_network,        ///< a value of one network is used in another
  duplicate_parameter,  ///< one parameter name with two shapes
  duplicate_name,       ///< two inputs or two outputs of one name
  missing_name,         ///< an input, output, parameter, layer, scope or network without a name
  bad_name,             ///< a network's name is not a C identifier
  unused_input,         ///< an input that no output depends on
  no_output,            ///< a network that returns nothing
  too_large,            ///< tables that do not fit into one image
  misuse,               ///< a wrong call of a DSL function, which a static_assert has reported
  malformed,            ///< a record that no builder writes
};

/// A fault, and what an engineer needs to find it. Texts are short, because compilers cut longer ones.
struct violation {
  using text = detail::text<36>;
  fault code = fault::none;
  text layer{};
  text expected{};
  text found{};
  text at{};  ///< "model.cpp:14", if that is known

  constexpr explicit operator bool() const { return code != fault::none; }
};

// The advice for each fault. These are macros, because both advice() and the static_asserts of dsl/embed.hpp use them,
// and a static_assert takes only a literal.
#define INLAY_ADVICE_DENSE_RANK "dense needs a rank-1 value: apply flatten(x) first"
#define INLAY_ADVICE_DENSE_WEIGHT "the weight of dense must be [outputs, inputs], as in PyTorch"
#define INLAY_ADVICE_DENSE_BIAS "the bias of dense must be [outputs]"
#define INLAY_ADVICE_POINTWISE_SHAPES \
  "sizes must be equal or 1, from the last axis on: give the layers the same width, or reshape one of them"
#define INLAY_ADVICE_ASSIGNED_SHAPE \
  "a variable keeps the shape of its first value, and its element type: use a new variable"
#define INLAY_ADVICE_RESHAPE_ELEMENTS "reshape must keep the number of elements"
#define INLAY_ADVICE_CONCAT_SHAPES "the pieces of a concat may differ along its axis only"
#define INLAY_ADVICE_SOFTMAX_RANK "softmax needs at least rank 1"
#define INLAY_ADVICE_CONV_RANK "conv2d needs an image: reshape<channels, height, width>(x); conv1d takes a signal"
#define INLAY_ADVICE_CONV_WEIGHT \
  "the weight of conv2d must be [outputs, channels / groups, height, width], as in PyTorch"
#define INLAY_ADVICE_TRANSPOSED_WEIGHT \
  "the weight of conv_transpose2d must be [channels, outputs / groups, height, width], as in PyTorch"
#define INLAY_ADVICE_TRANSPOSED_PADDING \
  "padding must leave at least one pixel; output_padding must be smaller than the stride or the dilation"
#define INLAY_ADVICE_EMBEDDING_WEIGHT "the weight of embedding must be [num_embeddings, embedding_dim], as in PyTorch"
#define INLAY_ADVICE_CONV_BIAS "the bias of a convolution must be [outputs]"
#define INLAY_ADVICE_CONV_GROUPS "the groups of a convolution must divide its channels and its outputs"
#define INLAY_ADVICE_POOL_RANK "a pool needs an image [channels, height, width] or a signal [channels, length]"
#define INLAY_ADVICE_RESAMPLE_RANK \
  "upsample, interpolate and adaptive_avg_pool need an image [channels, height, width] or a signal [channels, length]"
#define INLAY_ADVICE_WINDOW_SIZE \
  "the window must fit into the padded image; a pool's padding is at most half of its window; less than 2^31 elements"
#define INLAY_ADVICE_NORM_OPTIONS \
  "the groups of a norm must divide its channels, and eps must be finite and not negative"
#define INLAY_ADVICE_STATE_SHAPE "a state keeps its shape: its first value and the one that it is assigned have it too"
#define INLAY_ADVICE_STATE_UPDATES \
  "a network assigns each of its states once: that is the value that the state has in the next step"
#define INLAY_ADVICE_STATE_INITIAL "a state's first value is made of weights alone"
#define INLAY_ADVICE_HISTORY_STEPS "taps and dilation are at least 1, and what is kept has less than 2^31 elements"
#define INLAY_ADVICE_ATTRIBUTE_RANGE "axes, starts and sizes must lie inside of the operand's shape"
#define INLAY_ADVICE_INTEGER_OPERAND "only embedding reads i32 values: it turns integers into vectors"
#define INLAY_ADVICE_FLOAT_INDICES "the indices of embedding are i32: declare the input as input<i32, ...>"
#define INLAY_ADVICE_INTEGER_OUTPUT "an output is f32: the caller has the i32 values of its inputs already"
#define INLAY_ADVICE_EMPTY_SHAPE "every size must be at least 1, and their product below 2^31"
#define INLAY_ADVICE_RANK_RANGE "a value has at most 6 dimensions: reshape it, or join some of them"
#define INLAY_ADVICE_CONSTANT_ELEMENTS "a constant needs exactly as many elements as its shape has"
#define INLAY_ADVICE_MISSING_OPERAND "operands and outputs are nodes that the same builder made before"
#define INLAY_ADVICE_OPERAND_COUNT "a node of this kind takes another number of operands"
#define INLAY_ADVICE_BAD_PROGRAM "a pointwise program reads its own operands and its earlier results only"
#define INLAY_ADVICE_SCOPE_BALANCE "every enter_scope() needs one leave_scope()"
#define INLAY_ADVICE_OTHER_NETWORK "a value belongs to the network whose function it was given to: do not keep it"
#define INLAY_ADVICE_DUPLICATE_PARAMETER "one parameter name stands for two shapes: rename a layer or use scope()"
#define INLAY_ADVICE_DUPLICATE_NAME "inputs and outputs need names of their own"
#define INLAY_ADVICE_MISSING_NAME "inputs, outputs, parameters, layers, scopes and networks need names"
#define INLAY_ADVICE_BAD_NAME "the network's name becomes a C function: use letters, digits and underscores"
#define INLAY_ADVICE_UNUSED_INPUT "an input is not used: use it or remove it"
#define INLAY_ADVICE_NO_OUTPUT "the network returns nothing: return a value or outputs(...)"
#define INLAY_ADVICE_TOO_LARGE "a graph has room for 4 GiB: put large constants into a weights file, as param(...)"
#define INLAY_ADVICE_MISUSE "the compiler's first message says how the function is called"
#define INLAY_ADVICE_MALFORMED "the record is damaged"

/// What to do about a fault, in one sentence.
constexpr std::string_view advice(fault code) {
  switch (code) {
    case fault::none: return "";
    case fault::dense_rank: return INLAY_ADVICE_DENSE_RANK;
    case fault::dense_weight: return INLAY_ADVICE_DENSE_WEIGHT;
    case fault::dense_bias: return INLAY_ADVICE_DENSE_BIAS;
    case fault::pointwise_shapes: return INLAY_ADVICE_POINTWISE_SHAPES;
    case fault::assigned_shape: return INLAY_ADVICE_ASSIGNED_SHAPE;
    case fault::reshape_elements: return INLAY_ADVICE_RESHAPE_ELEMENTS;
    case fault::concat_shapes: return INLAY_ADVICE_CONCAT_SHAPES;
    case fault::softmax_rank: return INLAY_ADVICE_SOFTMAX_RANK;
    case fault::conv_rank: return INLAY_ADVICE_CONV_RANK;
    case fault::conv_weight: return INLAY_ADVICE_CONV_WEIGHT;
    case fault::transposed_weight: return INLAY_ADVICE_TRANSPOSED_WEIGHT;
    case fault::transposed_padding: return INLAY_ADVICE_TRANSPOSED_PADDING;
    case fault::embedding_weight: return INLAY_ADVICE_EMBEDDING_WEIGHT;
    case fault::conv_bias: return INLAY_ADVICE_CONV_BIAS;
    case fault::conv_groups: return INLAY_ADVICE_CONV_GROUPS;
    case fault::pool_rank: return INLAY_ADVICE_POOL_RANK;
    case fault::resample_rank: return INLAY_ADVICE_RESAMPLE_RANK;
    case fault::window_size: return INLAY_ADVICE_WINDOW_SIZE;
    case fault::norm_options: return INLAY_ADVICE_NORM_OPTIONS;
    case fault::state_shape: return INLAY_ADVICE_STATE_SHAPE;
    case fault::state_updates: return INLAY_ADVICE_STATE_UPDATES;
    case fault::state_initial: return INLAY_ADVICE_STATE_INITIAL;
    case fault::history_steps: return INLAY_ADVICE_HISTORY_STEPS;
    case fault::attribute_range: return INLAY_ADVICE_ATTRIBUTE_RANGE;
    case fault::integer_operand: return INLAY_ADVICE_INTEGER_OPERAND;
    case fault::float_indices: return INLAY_ADVICE_FLOAT_INDICES;
    case fault::integer_output: return INLAY_ADVICE_INTEGER_OUTPUT;
    case fault::empty_shape: return INLAY_ADVICE_EMPTY_SHAPE;
    case fault::rank_range: return INLAY_ADVICE_RANK_RANGE;
    case fault::constant_elements: return INLAY_ADVICE_CONSTANT_ELEMENTS;
    case fault::missing_operand: return INLAY_ADVICE_MISSING_OPERAND;
    case fault::operand_count: return INLAY_ADVICE_OPERAND_COUNT;
    case fault::bad_program: return INLAY_ADVICE_BAD_PROGRAM;
    case fault::scope_balance: return INLAY_ADVICE_SCOPE_BALANCE;
    case fault::other_network: return INLAY_ADVICE_OTHER_NETWORK;
    case fault::duplicate_parameter: return INLAY_ADVICE_DUPLICATE_PARAMETER;
    case fault::duplicate_name: return INLAY_ADVICE_DUPLICATE_NAME;
    case fault::missing_name: return INLAY_ADVICE_MISSING_NAME;
    case fault::bad_name: return INLAY_ADVICE_BAD_NAME;
    case fault::unused_input: return INLAY_ADVICE_UNUSED_INPUT;
    case fault::no_output: return INLAY_ADVICE_NO_OUTPUT;
    case fault::too_large: return INLAY_ADVICE_TOO_LARGE;
    case fault::misuse: return INLAY_ADVICE_MISUSE;
    case fault::malformed: return INLAY_ADVICE_MALFORMED;
  }
  return "";
}

namespace detail {

/// "f32[3,8]".
constexpr violation::text shape_text(const shape& dims, dtype type = dtype::f32) {
  violation::text t(type == dtype::i32 ? "i32[" : "f32[");
  for (std::uint32_t i = 0; i < dims.rank; ++i) {
    if (i != 0) t.append(",");
    t.append(std::uint64_t{dims.sizes[i]});
  }
  return t.append("]");
}

/// "node 7".
constexpr violation::text numbered(std::string_view what, std::uint64_t number) {
  return violation::text(what).append(number);
}

}  // namespace detail

}  // namespace inlay
