// SPDX-License-Identifier: Apache-2.0
// The tables of operations and instructions: one row per enumerator of `op` and of `scalar_op`. Tools that must know
// every operation iterate over them.
#pragma once

#include <type_traits>

#include "inlay/ops/conv.hpp"
#include "inlay/ops/dense.hpp"
#include "inlay/ops/embedding.hpp"
#include "inlay/ops/given.hpp"
#include "inlay/ops/map.hpp"
#include "inlay/ops/normalize.hpp"
#include "inlay/ops/pool.hpp"
#include "inlay/ops/reduce.hpp"
#include "inlay/ops/resample.hpp"
#include "inlay/ops/shape.hpp"
#include "inlay/ops/softmax.hpp"
#include "inlay/ops/state.hpp"

namespace inlay {

/// Rows in the order of their ids, starting with 1.
inline constexpr op_row op_table[] = {
    ops::input_row,     ops::parameter_row,        ops::constant_row, ops::dense_row,       ops::map_row,
    ops::softmax_row,   ops::reshape_row,          ops::concat_row,   ops::log_softmax_row, ops::slice_row,
    ops::transpose_row, ops::conv2d_row,           ops::max_pool_row, ops::avg_pool_row,    ops::reduce_row,
    ops::normalize_row, ops::conv_transpose2d_row, ops::pad_row,      ops::upsample_row,    ops::adaptive_avg_pool_row,
    ops::state_row,     ops::update_row,           ops::history_row,  ops::embedding_row,
};
inline constexpr std::size_t op_count = sizeof(op_table) / sizeof(op_table[0]);

/// One row of the table of instructions. `symbol` is the DSL's infix operator, or empty.
struct scalar_op_row {
  scalar_op id;
  std::string_view name;
  std::string_view symbol;
};

/// Rows in the order of their ids, starting with 1.
inline constexpr scalar_op_row scalar_op_table[] = {
    {scalar_op::operand, "operand", {}},    {scalar_op::literal, "literal", {}},
    {scalar_op::add, "add", "+"},           {scalar_op::subtract, "subtract", "-"},
    {scalar_op::multiply, "multiply", "*"}, {scalar_op::divide, "divide", "/"},
    {scalar_op::minimum, "minimum", {}},    {scalar_op::maximum, "maximum", {}},
    {scalar_op::less, "less", "<"},         {scalar_op::less_equal, "less_equal", "<="},
    {scalar_op::greater, "greater", ">"},   {scalar_op::greater_equal, "greater_equal", ">="},
    {scalar_op::equal, "equal", "=="},      {scalar_op::not_equal, "not_equal", "!="},
    {scalar_op::select, "select", {}},      {scalar_op::apply, "apply", {}},
};
inline constexpr std::size_t scalar_op_count = sizeof(scalar_op_table) / sizeof(scalar_op_table[0]);

namespace detail {

/// Whether `id` has a row. The switch has no default, so that the compiler warns about an enumerator without a case.
constexpr bool has_row(op id) {
  switch (id) {
    case op::input:
    case op::parameter:
    case op::constant:
    case op::dense:
    case op::map:
    case op::softmax:
    case op::reshape:
    case op::concat:
    case op::log_softmax:
    case op::slice:
    case op::transpose:
    case op::conv2d:
    case op::max_pool:
    case op::avg_pool:
    case op::reduce:
    case op::normalize:
    case op::conv_transpose2d:
    case op::pad:
    case op::upsample:
    case op::adaptive_avg_pool:
    case op::state:
    case op::update:
    case op::history:
    case op::embedding: return true;
  }
  return false;
}
constexpr bool has_row(scalar_op id) {
  switch (id) {
    case scalar_op::operand:
    case scalar_op::literal:
    case scalar_op::add:
    case scalar_op::subtract:
    case scalar_op::multiply:
    case scalar_op::divide:
    case scalar_op::minimum:
    case scalar_op::maximum:
    case scalar_op::less:
    case scalar_op::less_equal:
    case scalar_op::greater:
    case scalar_op::greater_equal:
    case scalar_op::equal:
    case scalar_op::not_equal:
    case scalar_op::select:
    case scalar_op::apply: return true;
  }
  return false;
}

/// Whether a table's rows are its enumerators 1, 2, ... in order, and the next number is none.
template <class Row, std::size_t Count>
consteval bool is_complete(const Row (&table)[Count]) {
  using id = decltype(table[0].id);
  for (std::size_t i = 0; i < Count; ++i)
    if (static_cast<std::size_t>(table[i].id) != i + 1 || !has_row(table[i].id)) return false;
  return !has_row(static_cast<std::remove_cvref_t<id>>(Count + 1));
}

}  // namespace detail

static_assert(detail::is_complete(op_table), "op_table must list the operations by id");
static_assert(detail::is_complete(scalar_op_table), "scalar_op_table must list the instructions by id");

/// Whether `id` is an enumerator.
constexpr bool is_operation(op id) {
  return static_cast<std::size_t>(id) >= 1 && static_cast<std::size_t>(id) <= op_count;
}

/// Row of `id`, which must be an enumerator.
constexpr const op_row& row_of(op id) { return op_table[static_cast<std::size_t>(id) - 1]; }
constexpr const scalar_op_row& row_of(scalar_op id) { return scalar_op_table[static_cast<std::size_t>(id) - 1]; }

}  // namespace inlay
