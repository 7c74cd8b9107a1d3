// SPDX-License-Identifier: Apache-2.0
// The changes that make a trial smaller.
#include "shrink.hpp"

#include <algorithm>
#include <set>

namespace inlay::fuzz {
namespace {

constexpr std::size_t kMostPorts = 12;  // inputs and outputs that a shrunk network may have

/// Removes steps that no output depends on, nor a state.
void remove_dead(network& net) {
  std::vector<bool> live(net.steps.size(), false);
  for (const output_step& o : net.outputs) live[o.value] = true;
  for (std::size_t i = 0; i < net.steps.size(); ++i) live[i] = live[i] || net.steps[i].kind == op::update;
  for (std::size_t i = net.steps.size(); i-- > 0;)
    if (live[i])
      for (std::uint32_t operand : net.steps[i].operands)
        if (operand != no_node) live[operand] = true;
  std::vector<std::uint32_t> moved(net.steps.size(), no_node);
  std::vector<step> kept;
  for (std::size_t i = 0; i < net.steps.size(); ++i) {
    if (!live[i]) continue;
    moved[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(net.steps[i]));
    for (std::uint32_t& operand : kept.back().operands)
      if (operand != no_node) operand = moved[operand];
  }
  net.steps = std::move(kept);
  for (output_step& o : net.outputs) o.value = moved[o.value];
}

/// Removes a map's instructions and operands that its last instruction does not need.
void remove_dead(step& map) {
  std::vector<bool> live(map.program.size(), false);
  live.back() = true;
  const auto arguments = [](instruction& c) {
    std::vector<std::uint32_t*> all = {&c.a, &c.b, &c.c};
    all.resize(scalar_arity(c.code));
    return all;
  };
  for (std::size_t i = map.program.size(); i-- > 0;)
    if (live[i])
      for (std::uint32_t* argument : arguments(map.program[i])) live[*argument] = true;
  std::vector<std::uint32_t> moved(map.program.size()), place(map.operands.size(), no_node), operands;
  std::vector<instruction> program;
  for (std::size_t i = 0; i < map.program.size(); ++i) {
    if (!live[i]) continue;
    moved[i] = static_cast<std::uint32_t>(program.size());
    instruction c = map.program[i];
    for (std::uint32_t* argument : arguments(c)) *argument = moved[*argument];
    if (c.code == scalar_op::operand) {
      if (place[c.a] == no_node) {
        place[c.a] = static_cast<std::uint32_t>(operands.size());
        operands.push_back(map.operands[c.a]);
      }
      c.a = place[c.a];
    }
    program.push_back(c);
  }
  map.program = std::move(program), map.operands = std::move(operands);
}

/// Recomputes the shapes of computed values, and of the weights that depend on these shapes.
void infer_shapes(network& net, const std::vector<shape>& old) {
  const std::vector<bool> bound = net.bound();
  const auto resize = [&](std::uint32_t weight, const shape& dims) {
    step& s = net.steps[weight];
    if (s.kind == op::map && !bound[weight])  // computed from weights
      for (std::uint32_t operand : s.operands)
        if (net.steps[operand].kind == op::parameter && net.steps[operand].dims == s.dims)
          net.steps[operand].dims = dims;
    if (s.kind != op::parameter && s.kind != op::constant && (s.kind != op::map || bound[weight])) return;
    s.dims = dims;
    if (s.kind == op::constant) s.elements.resize(static_cast<std::size_t>(dims.elements()), 0.5f);
  };
  for (std::size_t i = 0; i < net.steps.size(); ++i) {
    step& s = net.steps[i];
    const auto dims = [&](std::size_t operand) -> const shape& { return net.steps[s.operands[operand]].dims; };
    switch (s.kind) {
      case op::input:
      case op::parameter: break;
      case op::constant: s.elements.resize(static_cast<std::size_t>(s.dims.elements()), 0.5f); break;
      case op::dense:
        if (dims(0).rank != 1) return;
        resize(s.operands[1], {2, {s.dims.sizes[0], dims(0).sizes[0]}});
        if (s.operands[2] != no_node) resize(s.operands[2], s.dims);
        break;
      case op::conv2d: {
        const auto a = read_attributes<ops::conv2d_attributes>(s.attributes);
        shape weight = dims(1);
        if (dims(0).rank == 3 && a.groups != 0) weight.sizes[1] = dims(0).sizes[0] / a.groups;
        resize(s.operands[1], weight);
        s.dims = net.infer(s).dims;
        break;
      }
      case op::conv_transpose2d: {
        shape weight = dims(1);
        if (dims(0).rank == 3) weight.sizes[0] = dims(0).sizes[0];
        resize(s.operands[1], weight);
        s.dims = net.infer(s).dims;
        break;
      }
      case op::map: {
        const shape before = old[i];
        const shape* after = nullptr;
        for (std::size_t o = 0; o < s.operands.size(); ++o) {
          const op kind = net.steps[s.operands[o]].kind;
          if (old[s.operands[o]] == before && (!bound[i] || (kind != op::parameter && kind != op::constant)))
            after = &dims(o);
        }
        if (!after) return;
        s.dims = *after;
        for (std::uint32_t operand : s.operands)
          if (old[operand] == before) resize(operand, s.dims);
        break;
      }
      case op::state:
        if (s.operands[0] != no_node) resize(s.operands[0], s.dims);
        break;
      case op::reshape:
        if (s.dims.elements() != dims(0).elements() && s.dims.rank == 1)
          s.dims.sizes[0] = static_cast<std::uint32_t>(dims(0).elements());
        break;
      default: s.dims = net.infer(s).dims; break;
    }
  }
}

std::vector<shape> shapes_of(const network& net) {
  std::vector<shape> all;
  for (const step& s : net.steps) all.push_back(s.dims);
  return all;
}

void redirect(network& net, std::uint32_t from, std::uint32_t to) {
  for (std::size_t i = from + 1; i < net.steps.size(); ++i)
    for (std::uint32_t& operand : net.steps[i].operands)
      if (operand == from) operand = to;
  for (output_step& o : net.outputs)
    if (o.value == from) o.value = to;
}

/// A name for an input in place of value `v`.
std::string input_name(const network& net, std::uint32_t v) {
  std::string name = "x" + std::to_string(v);
  for (const step& s : net.steps)
    if (s.kind == op::input && s.name == name) name += "_";
  return name;
}

/// Completes what removing a state or its update began: an update of another value than a state goes, and a state
/// without an update becomes an input.
void drop_halves(network& net) {
  std::vector<bool> updated(net.steps.size(), false);
  for (std::uint32_t v = 0; v < net.steps.size(); ++v) {
    step& s = net.steps[v];
    if (s.kind != op::update) continue;
    if (net.steps[s.operands[0]].kind == op::state) {
      updated[s.operands[0]] = true;
      continue;
    }
    redirect(net, v, s.operands[1]);
    // Nothing reads it now, so that remove_dead() removes it.
    s = {.kind = op::reshape, .dims = s.dims, .operands = {s.operands[1]}};
  }
  for (std::uint32_t v = 0; v < net.steps.size(); ++v)
    if (net.steps[v].kind == op::state && !updated[v])
      net.steps[v] = {.kind = op::input, .dims = net.steps[v].dims, .name = input_name(net, v)};
}

/// Offers simpler forms of one network.
class network_shrinker {
 public:
  network_shrinker(const network& net, const std::function<void(network)>& offer) : net_(net), offer_(offer) {}

  void run() {
    if (net_.outputs.size() > 1) {
      for (std::size_t i = 0; i < net_.outputs.size(); ++i) {
        network small = net_;
        small.outputs = {net_.outputs[i]};
        give(small);
      }
      for (std::size_t i = 0; i < net_.outputs.size(); ++i) {
        network small = net_;
        small.outputs.erase(small.outputs.begin() + static_cast<std::ptrdiff_t>(i));
        give(small);
      }
    }
    const auto count = static_cast<std::uint32_t>(net_.steps.size());
    const std::vector<bool> bound = net_.bound();
    for (std::uint32_t v = count; v-- > 0;) {
      const step& s = net_.steps[v];
      if (s.kind == op::input || !bound[v]) continue;
      output_instead(v);
      cut(v);
      if (s.kind == op::update && !is_read(v)) continue;
      for (std::uint32_t operand : s.operands) {
        if (operand == no_node || (!bound[operand] && !(net_.steps[operand].dims == s.dims))) continue;
        network small = net_;
        redirect(small, v, operand);
        infer_shapes(small, shapes_of(net_));
        give(small);
      }
    }
    for (std::uint32_t v = count; v-- > 0;) inside(v);
    sizes();
  }

 private:
  const network& net_;
  const std::function<void(network)>& offer_;

  void give(network small) {
    drop_halves(small);
    remove_dead(small);
    std::size_t ports = small.outputs.size();
    for (const step& s : small.steps) ports += s.kind == op::input ? 1 : 0;
    if (ports > kMostPorts || ports == small.outputs.size()) return;
    if (build(small).first_violation()) return;
    offer_(std::move(small));
  }

  bool is_read(std::uint32_t v) const {
    return std::ranges::any_of(net_.outputs, [&](const output_step& o) { return o.value == v; }) ||
           std::ranges::any_of(net_.steps, [&](const step& s) { return std::ranges::count(s.operands, v) > 0; });
  }

  /// Makes value `v` the only output.
  void output_instead(std::uint32_t v) {
    // Earlier values are simpler. A later one, which only a state depends on, is not.
    if (net_.outputs.size() == 1 && net_.outputs[0].value <= v) return;
    network small = net_;
    small.outputs = {{v, "y"}};
    give(small);
  }

  /// Replaces the computation of value `v` by an input.
  void cut(std::uint32_t v) {
    network small = net_;
    small.steps[v] = {.kind = op::input, .dims = net_.steps[v].dims, .name = input_name(net_, v)};
    give(small);
  }

  void inside(std::uint32_t v) {
    const step& s = net_.steps[v];
    const bool convolution = s.kind == op::conv2d || s.kind == op::conv_transpose2d;
    if ((s.kind == op::dense || convolution) && s.operands[2] != no_node)
      change(v, [](step& c) { c.operands[2] = no_node; });
    if (s.kind == op::dense) {
      if (s.attributes[0] != 0) change(v, [](step& c) { c.attributes[0] = 0; });
      if (net_.steps[s.operands[1]].kind != op::parameter) own_weight(v);
    }
    if (s.kind == op::state && s.operands[0] != no_node) change(v, [](step& c) { c.operands[0] = no_node; });
    if (convolution || s.kind == op::max_pool || s.kind == op::avg_pool || s.kind == op::history) {
      for (std::size_t i = 0; i < s.attributes.size(); ++i)
        for (std::uint32_t simpler : {0u, 1u, s.attributes[i] / 2})
          if (simpler < s.attributes[i]) {
            network small = net_;
            small.steps[v].attributes[i] = simpler;
            infer_shapes(small, shapes_of(net_));
            give(small);
          }
    }
    if (s.kind == op::concat && s.operands.size() > 1)
      for (std::size_t i = 0; i < s.operands.size(); ++i) {
        network small = net_;
        auto& pieces = small.steps[v].operands;
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i));
        infer_shapes(small, shapes_of(net_));
        give(small);
      }
    if (s.kind != op::map) return;
    for (std::uint32_t i = static_cast<std::uint32_t>(s.program.size()); i-- > 0;) {
      const instruction& c = s.program[i];
      const std::uint32_t arguments[] = {c.a, c.b, c.c};
      for (std::uint32_t a = 0; a < scalar_arity(c.code); ++a) replace(v, i, arguments[a]);
      if (c.code == scalar_op::apply && c.tier != accuracy::exact)
        change(v, [i](step& map) { map.program[i].tier = accuracy::exact; });
      if (c.code == scalar_op::literal && c.p0 != 1 && c.p0 != 0) change(v, [i](step& map) { map.program[i].p0 = 1; });
    }
  }

  template <class Change>
  void change(std::uint32_t v, Change how) {
    network small = net_;
    how(small.steps[v]);
    give(small);
  }

  /// In map `v`, replaces the result of instruction `i` by that of `by`.
  void replace(std::uint32_t v, std::uint32_t i, std::uint32_t by) {
    network small = net_;
    step& map = small.steps[v];
    for (std::size_t later = i + 1; later < map.program.size(); ++later)
      for (std::uint32_t* argument : {&map.program[later].a, &map.program[later].b, &map.program[later].c})
        if (scalar_arity(map.program[later].code) > 0 && *argument == i) *argument = by;
    if (i + 1 == map.program.size()) map.program.resize(by + 1);
    remove_dead(map);
    // The DSL has no statement that only loads an operand or a number.
    const auto is_full = [&](std::uint32_t operand) { return net_.steps[operand].dims == map.dims; };
    if (map.program.back().code == scalar_op::literal || std::ranges::none_of(map.operands, is_full)) return;
    if (map.program.back().code == scalar_op::operand) redirect(small, v, map.operands[map.program.back().a]);
    give(small);
  }

  void own_weight(std::uint32_t v) {
    network small = net_;
    step& weight = small.steps[net_.steps[v].operands[1]];
    weight = {.kind = op::parameter, .dims = weight.dims, .name = net_.steps[v].name + ".weight"};
    give(small);
  }

  /// Makes a size smaller, in all shapes or in only one layer or input.
  void sizes() {
    std::set<std::uint32_t> all;
    for (const step& s : net_.steps)
      for (std::uint32_t d = 0; d < s.dims.rank; ++d) all.insert(s.dims.sizes[d]);
    const std::vector<shape> old = shapes_of(net_);
    for (auto from = all.rbegin(); from != all.rend(); ++from)
      for (std::uint32_t to : smaller_than(*from)) {
        network small = net_;
        for (step& s : small.steps)
          for (std::uint32_t d = 0; d < s.dims.rank; ++d)
            if (s.dims.sizes[d] == *from) s.dims.sizes[d] = to;
        infer_shapes(small, old);
        give(small);
      }
    for (std::uint32_t v = 0; v < net_.steps.size(); ++v) {
      const step& s = net_.steps[v];
      if (s.kind != op::input && s.kind != op::dense) continue;
      for (std::uint32_t d = 0; d < s.dims.rank; ++d)
        for (std::uint32_t to : smaller_than(s.dims.sizes[d])) {
          network small = net_;
          small.steps[v].dims.sizes[d] = to;
          infer_shapes(small, old);
          give(small);
        }
    }
  }

  static std::vector<std::uint32_t> smaller_than(std::uint32_t size) {
    std::vector<std::uint32_t> result;
    for (std::uint32_t to : {1u, 2u, 3u, size / 2, size - 1})
      if (to > 0 && to < size && std::ranges::find(result, to) == result.end()) result.push_back(to);
    return result;
  }
};

}  // namespace

std::vector<trial> simpler(const trial& t) {
  std::vector<trial> all;
  const auto change = [&](const auto& how) {
    trial small = t;
    how(small);
    all.push_back(std::move(small));
  };
  if (t.networks.size() > 1)
    for (std::size_t i = 0; i < t.networks.size(); ++i) change([&](trial& s) { s.networks = {t.networks[i]}; });
  if (t.networks.size() > 2)
    for (std::size_t i = 0; i < t.networks.size(); ++i)
      change([&](trial& s) { s.networks.erase(s.networks.begin() + static_cast<std::ptrdiff_t>(i)); });
  if (t.calls.size() > 1)
    for (const call_plan& call : t.calls) change([&](trial& s) { s.calls = {call}; });
  for (std::size_t n = 0; n < t.networks.size(); ++n) {
    const std::function<void(network)> offer = [&](network small) {
      change([&](trial& s) { s.networks[n] = std::move(small); });
    };
    network_shrinker(t.networks[n], offer).run();
  }
  for (std::size_t i = 0; i < t.calls.size(); ++i) {
    const call_plan& call = t.calls[i];
    if (call.parts > 0) change([&](trial& s) { s.calls[i].parts = 0; });
    if (call.first > 0) change([&](trial& s) { s.calls[i].first = 0; });
    for (std::size_t batch : {std::size_t{1}, std::size_t{2}, call.batch / 2, call.batch - 1})
      if (batch > 0 && batch < call.batch) change([&](trial& s) { s.calls[i].batch = batch; });
  }
  const bool uses_parts = std::ranges::any_of(t.calls, [](const call_plan& call) { return call.parts > 0; });
  if (t.parallel && !uses_parts) change([](trial& s) { s.parallel = s.share_all = false; });
  if (t.share_all) change([](trial& s) { s.share_all = false; });
  if (t.voices) change([](trial& s) { s.voices = false; });
  if (t.max_batch > 0) change([](trial& s) { s.max_batch = 0; });
  if (t.reproducible) change([](trial& s) { s.reproducible = false; });
  if (t.bf16) change([](trial& s) { s.bf16 = false; });
  if (t.optimised) change([](trial& s) { s.optimised = false; });
  if (t.data.edges) change([](trial& s) { s.data.edges = false; });
  if (t.data.weights != regime::ordinary) change([](trial& s) { s.data.weights = regime::ordinary; });
  if (t.data.inputs != regime::ordinary) change([](trial& s) { s.data.inputs = regime::ordinary; });
  return all;
}

shrunk shrink(const trial& t, const std::function<bool(const trial&)>& fails, std::size_t most_tries) {
  shrunk result{t, {}, 0};
  bool found = true;
  while (found) {
    found = false;
    const std::vector<trial> candidates = simpler(result.smallest);
    for (std::size_t i = 0; i < candidates.size() && !found; ++i) {
      if (++result.tries > most_tries) return result;
      if (!fails(candidates[i])) continue;
      result.smallest = candidates[i];
      result.steps.push_back(i);
      found = true;
    }
  }
  return result;
}

trial replay(const trial& t, const std::vector<std::size_t>& steps) {
  trial result = t;
  for (std::size_t step : steps) {
    std::vector<trial> candidates = simpler(result);
    if (step < candidates.size()) result = std::move(candidates[step]);
  }
  return result;
}

}  // namespace inlay::fuzz
