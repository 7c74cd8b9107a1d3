// SPDX-License-Identifier: Apache-2.0
// Error messages about parameters whose tensors are missing or have another shape.
#include "parameter_names.hpp"

#include <algorithm>
#include <cctype>

namespace inlay::detail {
namespace {

/// The least number of insertions, removals and replacements between two names, or limit + 1 if that is less.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = i;
  for (std::size_t j = 0; j < b.size(); ++j) {
    std::size_t diagonal = row[0], least = row[0] = j + 1;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[i + 1];
      row[i + 1] = std::min({replaced, diagonal + 1, row[i] + 1});
      least = std::min(least, row[i + 1]);
    }
    if (least > limit) return limit + 1;
  }
  return std::min(row.back(), limit + 1);
}

}  // namespace

tensor_sizes sizes_of(const node_record& node) {
  const std::span<const std::uint32_t> sizes(node.dims.sizes.data(), node.dims.rank);
  return {sizes.begin(), sizes.end()};
}

std::string shape_text(std::span<const std::uint64_t> sizes, std::string_view type) {
  std::string text;
  for (char c : type) text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  text += "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(sizes[i]);
  return text + "]";
}

bool is_transpose(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  return a.size() == 2 && b.size() == 2 && a[0] == b[1] && a[1] == b[0] && a[0] != a[1];
}

std::unordered_set<std::string_view> parameter_names(std::span<const graph_view> graphs) {
  std::unordered_set<std::string_view> names;
  for (const graph_view& graph : graphs)
    for (const node_record& node : graph.nodes)
      if (node.kind == op::parameter) names.insert(graph.name_of(node));
  return names;
}

bool is_counter(std::string_view name, const std::unordered_set<std::string_view>& parameters) {
  constexpr std::string_view counter = "num_batches_tracked";
  if (!name.ends_with(counter)) return false;
  std::string statistics(name.substr(0, name.size() - counter.size()));
  return parameters.contains(statistics + "running_mean") || parameters.contains(statistics + "running_var");
}

std::string name_suggester::suggest(std::string_view name, std::span<const std::uint64_t> sizes) {
  if (left_ == 0) return {};
  --left_;
  const auto describe = [&](const spare_tensor& tensor) {
    return "'" + std::string(tensor.name) + "' " + shape_text(tensor.shape) +
           (is_transpose(tensor.shape, sizes) ? ", whose shape is the transpose" : "");
  };
  const std::size_t limit = std::max<std::size_t>(2, name.size() / 4);
  // Of equally near names, prefer one with the right shape, then one with the transposed shape.
  const spare_tensor* nearest = nullptr;
  std::size_t least = 4 * limit + 4;
  for (const spare_tensor& tensor : spare_) {
    const std::size_t distance = edit_distance(name, tensor.name, std::min(limit, least / 4));
    if (distance > limit) continue;
    const std::size_t cost = 4 * distance + (std::ranges::equal(tensor.shape, sizes) ? 0
                                             : is_transpose(tensor.shape, sizes)     ? 1
                                                                                     : 2);
    if (cost < least) least = cost, nearest = &tensor;
  }
  if (nearest != nullptr) return "; nearest is " + describe(*nearest);
  for (const bool transposed : {false, true}) {
    const auto fits = [&](const spare_tensor& tensor) {
      return transposed ? is_transpose(tensor.shape, sizes) : std::ranges::equal(tensor.shape, sizes);
    };
    const auto first = std::ranges::find_if(spare_, fits);
    if (first != spare_.end() && std::find_if(first + 1, spare_.end(), fits) == spare_.end())
      return "; the only tensor that has " + std::string(transposed ? "the transposed" : "this") + " shape is " +
             describe(*first);
  }
  return {};
}

std::string misshaped(std::string_view parameter, std::span<const std::uint64_t> expected, std::string_view tensor,
                      std::span<const std::uint64_t> found) {
  const std::string name(parameter);
  std::string line =
      "misshaped parameter '" + name + "': expected " + shape_text(expected) + ", found " + shape_text(found);
  if (tensor != parameter) line += " in '" + std::string(tensor) + "'";
  if (is_transpose(expected, found))
    line += ", which is its transpose; to use it as that, give the tie " + name + "=" + name + "^T";
  const bool is_kernel = expected.size() > 2 && found.size() == expected.size();
  if (is_kernel && expected[0] != expected[1] && expected[0] == found[1] && expected[1] == found[0] &&
      std::ranges::equal(expected.subspan(2), found.subspan(2)))
    line +=
        ", with the first two axes exchanged; conv1d and conv2d read [out, in / groups, ...], conv_transpose1d and "
        "conv_transpose2d [in, out / groups, ...]";
  return line;
}

std::string unreadable(std::string_view parameter, std::string_view type) {
  return "parameter '" + std::string(parameter) + "': its tensor is " + std::string(type) +
         "; expected F32, F16, BF16 or F64, so convert it first";
}

}  // namespace inlay::detail
