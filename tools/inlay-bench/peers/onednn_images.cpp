// SPDX-License-Identifier: Apache-2.0
// oneDNN on networks with convolutions: each layer in the memory format that oneDNN prefers, with activations and
// residuals fused into it, and reorders only where formats differ.
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <dnnl.hpp>
#include <optional>
#include <unordered_map>

#include "inlay/operations.hpp"
#include "network_peers.hpp"

namespace inlay::bench {
namespace {

using dnnl::memory;
using dims = memory::dims;

struct eltwise {
  dnnl::algorithm algorithm;
  float alpha = 0, beta = 0;
};

std::optional<eltwise> eltwise_of(const instruction& c) {
  switch (c.function) {
    case activation::relu: return eltwise{dnnl::algorithm::eltwise_relu};
    case activation::relu6: return eltwise{dnnl::algorithm::eltwise_clip, 0, 6};
    case activation::tanh: return eltwise{dnnl::algorithm::eltwise_tanh};
    case activation::sigmoid: return eltwise{dnnl::algorithm::eltwise_logistic};
    default: return std::nullopt;
  }
}

/// What a map of the graph does: f(x), x + y or f(x + y).
struct map_parts {
  bool adds = false;
  std::optional<eltwise> function;
};

std::optional<map_parts> parts_of(const graph_view& graph, const node_record& map) {
  map_parts parts;
  for (const instruction& c : graph.program(map)) {
    if (c.code == scalar_op::operand) continue;
    if (c.code == scalar_op::add && !parts.adds && !parts.function)
      parts.adds = true;
    else if (c.code == scalar_op::apply && !parts.function && eltwise_of(c))
      parts.function = eltwise_of(c);
    else
      return std::nullopt;
  }
  if (map.operands.count != (parts.adds ? 2u : 1u)) return std::nullopt;
  return parts;
}

class executor {
 public:
  executor(const graph_view& graph, const weights& w, int batch) : graph_(graph), weights_(w), batch_(batch) {}

  /// False if a node is not known here.
  bool prepare() {
    readers_.assign(graph_.nodes.size(), 0);
    for (const node_record& node : graph_.nodes)
      for (const std::uint32_t operand : graph_.operands(node))
        if (operand != no_node) ++readers_[operand];
    values_.resize(graph_.nodes.size());
    done_.assign(graph_.nodes.size(), false);
    for (std::uint32_t id = 0; id < graph_.nodes.size(); ++id)
      if (!done_[id] && !add(id)) return false;
    const std::uint32_t result = graph_.outputs[0].node;
    output_ = memory(plain(graph_.nodes[result].dims), engine_, nullptr);
    steps_.push_back(
        {dnnl::reorder(values_[result], output_), {{DNNL_ARG_FROM, values_[result]}, {DNNL_ARG_TO, output_}}});
    stream_.wait();
    return true;
  }

  void run(const float* in, float* out) {
    input_.set_data_handle(const_cast<float*>(in));
    output_.set_data_handle(out);
    for (const step& each : steps_) each.primitive.execute(stream_, each.arguments);
    stream_.wait();
  }

 private:
  struct step {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
  };

  const graph_view graph_;
  const weights weights_;
  const int batch_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<step> steps_;
  std::vector<memory> values_;  // by node
  std::vector<unsigned> readers_;
  std::vector<bool> done_;
  memory input_, output_;

  static dims sizes_of(const shape& s) { return {s.sizes.begin(), s.sizes.begin() + s.rank}; }
  dims batched(const shape& s) const {
    dims all = sizes_of(s);
    all.insert(all.begin(), batch_);
    return all;
  }
  static memory::format_tag tag(std::size_t rank) {
    return rank == 1   ? memory::format_tag::a
           : rank == 2 ? memory::format_tag::ab
           : rank == 3 ? memory::format_tag::abc
           : rank == 4 ? memory::format_tag::abcd
                       : memory::format_tag::abcde;
  }
  static memory::desc plain_of(const dims& d) { return {d, memory::data_type::f32, tag(d.size())}; }
  memory::desc plain(const shape& s) const { return plain_of(batched(s)); }
  static memory::desc any(const dims& d) { return {d, memory::data_type::f32, memory::format_tag::any}; }

  const float* elements_of(std::uint32_t id) const {
    const weight_tensor* tensor = weights_.find(graph_.name_of(graph_.nodes[id]));
    return tensor == nullptr ? nullptr : tensor->values.data();
  }
  memory reordered(const memory& from, const memory::desc& to, bool once) {
    if (from.get_desc() == to) return from;
    memory result(to, engine_);
    if (once)
      dnnl::reorder(from, result).execute(stream_, const_cast<memory&>(from), result);
    else
      steps_.push_back({dnnl::reorder(from, result), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, result}}});
    return result;
  }
  memory weight_as(std::uint32_t id, const dims& d, const memory::desc& to) {
    memory given(plain_of(d), engine_, const_cast<float*>(elements_of(id)));
    return reordered(given, to, true);
  }

  /// A map that only reads `id` and can be fused into it; no_node if there is none.
  std::uint32_t following_map(std::uint32_t id) const {
    if (readers_[id] != 1) return no_node;
    for (std::uint32_t next = id + 1; next < graph_.nodes.size(); ++next) {
      const auto operands = graph_.operands(graph_.nodes[next]);
      if (std::ranges::find(operands, id) == operands.end()) continue;
      if (graph_.nodes[next].kind != op::map || !parts_of(graph_, graph_.nodes[next])) return no_node;
      for (const std::uint32_t operand : operands)
        if (operand != id && !done_[operand]) return no_node;
      return next;
    }
    return no_node;
  }

  /// Post operations for the map after `id`. If it adds a residual, the layer's result is added to what is in its
  /// place: oneDNN's fast convolutions take a residual in no other way.
  dnnl::primitive_attr fused(std::uint32_t map, std::uint32_t id, std::uint32_t& residual) {
    dnnl::primitive_attr attributes;
    if (map == no_node) return attributes;
    const map_parts parts = *parts_of(graph_, graph_.nodes[map]);
    dnnl::post_ops after;
    if (parts.adds) {
      for (const std::uint32_t operand : graph_.operands(graph_.nodes[map]))
        if (operand != id) residual = operand;
      after.append_sum();
    }
    if (parts.function)
      after.append_eltwise(1.0f, parts.function->algorithm, parts.function->alpha, parts.function->beta);
    attributes.set_post_ops(after);
    return attributes;
  }

  /// The residual's memory, if only `map` still reads it, or a copy.
  memory place_of(std::uint32_t residual, std::uint32_t map, const memory::desc& wanted) {
    bool dies = values_[residual].get_desc() == wanted;
    for (std::uint32_t id = 0; id < graph_.nodes.size(); ++id) {
      const auto operands = graph_.operands(graph_.nodes[id]);
      if (id != map && std::ranges::find(operands, residual) != operands.end()) dies = dies && done_[id];
      if (graph_.nodes[id].kind == op::input) dies = dies && id != residual;
    }
    if (dies) return values_[residual];
    memory copy(wanted, engine_);
    steps_.push_back(
        {dnnl::reorder(values_[residual], copy), {{DNNL_ARG_FROM, values_[residual]}, {DNNL_ARG_TO, copy}}});
    return copy;
  }

  void finish(std::uint32_t id, std::uint32_t map, const memory& y) {
    values_[id] = y, done_[id] = true;
    if (map != no_node) values_[map] = y, done_[map] = true;
  }

  bool add(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const auto operands = graph_.operands(node);
    switch (node.kind) {
      case op::input: values_[id] = input_ = memory(plain(node.dims), engine_, nullptr); break;
      case op::parameter: break;
      case op::reshape: {
        // A flattened image keeps its format: oneDNN's inner product takes images.
        if (graph_.nodes[operands[0]].kind == op::input) {
          values_[id] = input_ = memory(plain(node.dims), engine_, nullptr);
          break;
        }
        values_[id] = values_[operands[0]];
        break;
      }
      case op::conv2d: return convolution(id);
      case op::dense: return inner_product(id);
      case op::max_pool:
      case op::avg_pool: return pool(id);
      case op::map: return map(id);
      default: return false;
    }
    done_[id] = true;
    return true;
  }

  bool convolution(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const auto operands = graph_.operands(node);
    const auto a = read_attributes<ops::conv2d_attributes>(graph_.attributes(node));
    dims w = sizes_of(graph_.nodes[operands[1]].dims);
    if (a.groups > 1) {
      w[0] /= a.groups;
      w.insert(w.begin(), a.groups);
    }
    if (operands[2] == no_node) return false;
    const dims bias = {static_cast<std::int64_t>(node.dims.sizes[0])};
    const std::uint32_t map = following_map(id);
    std::uint32_t residual = no_node;
    const dnnl::primitive_attr attributes = fused(map, id, residual);
    const auto& win = a.window;
    const dnnl::convolution_forward::desc description(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
        any(batched(graph_.nodes[operands[0]].dims)), any(w), plain_of(bias), any(batched(node.dims)),
        {win.stride_h, win.stride_w}, {win.dilation_h - 1, win.dilation_w - 1}, {win.padding_top, win.padding_left},
        {win.padding_bottom, win.padding_right});
    const dnnl::convolution_forward::primitive_desc chosen(description, attributes, engine_);
    memory y = residual == no_node ? memory(chosen.dst_desc(), engine_) : place_of(residual, map, chosen.dst_desc());
    step made{dnnl::convolution_forward(chosen),
              {{DNNL_ARG_SRC, reordered(values_[operands[0]], chosen.src_desc(), false)},
               {DNNL_ARG_WEIGHTS, weight_as(operands[1], w, chosen.weights_desc())},
               {DNNL_ARG_BIAS, weight_as(operands[2], bias, plain_of(bias))},
               {DNNL_ARG_DST, y}}};
    steps_.push_back(std::move(made));
    finish(id, map, y);
    return true;
  }

  bool inner_product(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const auto operands = graph_.operands(node);
    if (operands[2] == no_node) return false;
    const dims x = values_[operands[0]].get_desc().dims(), bias = {static_cast<std::int64_t>(node.dims.sizes[0])};
    dims w = x;
    w[0] = bias[0];
    const std::uint32_t map = following_map(id);
    std::uint32_t residual = no_node;
    const dnnl::primitive_attr attributes = fused(map, id, residual);
    if (residual != no_node) return false;
    const dnnl::inner_product_forward::primitive_desc chosen(
        {dnnl::prop_kind::forward_inference, any(x), any(w), plain_of(bias), plain(node.dims)}, attributes, engine_);
    memory y(chosen.dst_desc(), engine_);
    steps_.push_back({dnnl::inner_product_forward(chosen),
                      {{DNNL_ARG_SRC, reordered(values_[operands[0]], chosen.src_desc(), false)},
                       {DNNL_ARG_WEIGHTS, weight_as(operands[1], w, chosen.weights_desc())},
                       {DNNL_ARG_BIAS, weight_as(operands[2], bias, plain_of(bias))},
                       {DNNL_ARG_DST, y}}});
    finish(id, map, y);
    return true;
  }

  bool pool(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const memory x = values_[graph_.operands(node)[0]];
    ops::avg_pool_attributes a;
    auto algorithm = dnnl::algorithm::pooling_max;
    if (node.kind == op::avg_pool) {
      a = read_attributes<ops::avg_pool_attributes>(graph_.attributes(node));
      algorithm = a.count_include_pad != 0 ? dnnl::algorithm::pooling_avg_include_padding
                                           : dnnl::algorithm::pooling_avg_exclude_padding;
    } else {
      const auto m = read_attributes<ops::max_pool_attributes>(graph_.attributes(node));
      a = {m.kernel_h, m.kernel_w, m.window, m.ceil_mode, 1};
    }
    const auto& win = a.window;
    if (a.ceil_mode != 0 || win.dilation_h != 1 || win.dilation_w != 1) return false;
    const dnnl::pooling_forward::primitive_desc chosen({dnnl::prop_kind::forward_inference,
                                                        algorithm,
                                                        x.get_desc(),
                                                        any(batched(node.dims)),
                                                        {win.stride_h, win.stride_w},
                                                        {a.kernel_h, a.kernel_w},
                                                        {win.padding_top, win.padding_left},
                                                        {win.padding_bottom, win.padding_right}},
                                                       engine_);
    memory y(chosen.dst_desc(), engine_);
    steps_.push_back({dnnl::pooling_forward(chosen), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
    finish(id, no_node, y);
    return true;
  }

  /// A map that is not part of a layer.
  bool map(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const auto operands = graph_.operands(node);
    const auto parts = parts_of(graph_, node);
    if (!parts) return false;
    memory x = values_[operands[0]];
    if (parts->adds) {
      const memory other = reordered(values_[operands[1]], x.get_desc(), false);
      dnnl::primitive_attr attributes;
      if (parts->function) {
        dnnl::post_ops after;
        after.append_eltwise(1.0f, parts->function->algorithm, parts->function->alpha, parts->function->beta);
        attributes.set_post_ops(after);
      }
      const dnnl::binary::primitive_desc chosen(
          {dnnl::algorithm::binary_add, x.get_desc(), other.get_desc(), x.get_desc()}, attributes, engine_);
      memory y(chosen.dst_desc(), engine_);
      steps_.push_back({dnnl::binary(chosen), {{DNNL_ARG_SRC_0, x}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, y}}});
      finish(id, no_node, y);
      return true;
    }
    if (!parts->function) return false;
    const dnnl::eltwise_forward::primitive_desc chosen({dnnl::prop_kind::forward_inference, parts->function->algorithm,
                                                        x.get_desc(), parts->function->alpha, parts->function->beta},
                                                       engine_);
    memory y(x.get_desc(), engine_);
    steps_.push_back({dnnl::eltwise_forward(chosen), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
    finish(id, no_node, y);
    return true;
  }
};

}  // namespace

network_run onednn_images(const graph_view& graph, const weights& w, int batch) try {
  if (void* set = dlsym(RTLD_DEFAULT, "omp_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
  const auto is_convolution = [](const node_record& node) { return node.kind == op::conv2d; };
  if (graph.outputs.size() != 1 || std::ranges::none_of(graph.nodes, is_convolution)) return {};
  auto made = std::make_shared<executor>(graph, w, batch);
  if (!made->prepare()) return {};
  return [made](const float* in, float* out) { made->run(in, out); };
} catch (const dnnl::error&) {
  return {};
}

}  // namespace inlay::bench
