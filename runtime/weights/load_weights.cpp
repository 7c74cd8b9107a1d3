// SPDX-License-Identifier: Apache-2.0
// Finds the parameters of graphs in checkpoints, and reads only their tensors.
#include <algorithm>
#include <map>
#include <optional>

#include "inlay/weights.hpp"
#include "notes.hpp"
#include "parameter_names.hpp"
#include "tensor_file.hpp"
#include "weight_norm.hpp"

namespace inlay {
namespace {

using namespace detail;

/// A file, the prefix of its names, and which of its tensors networks read.
struct checkpoint {
  tensor_file file;
  std::string prefix = {};
  std::vector<char> is_read = {};  // by entry
  f64_totals f64 = {};

  void mark(const tensor_entry& e) { is_read[static_cast<std::size_t>(&e - file.entries.data())] = 1; }
};

/// Where a parameter's values are: in one tensor or, with weight_norm, in a direction and a length.
struct source {
  checkpoint* from = nullptr;
  const tensor_entry* values = nullptr;
  const tensor_entry* length = nullptr;  // null without weight_norm
};

std::optional<source> find_in(checkpoint& from, const std::string& prefix, std::string_view name) {
  const std::string full = prefix + std::string(name);
  if (const tensor_entry* e = from.file.find(full)) return source{&from, e, nullptr};
  const weight_norm_names parts = weight_norm_names_of(full);
  for (const auto& [length, direction] : {parts.hook, parts.parametrization}) {
    const tensor_entry *g = from.file.find(length), *v = from.file.find(direction);
    if (g != nullptr && v != nullptr) return source{&from, v, g};
  }
  return std::nullopt;
}

/// The parts of a tie such as "dec.weight=enc.weight^T"; the parameter is the key of ties_.
struct tie {
  std::string tensor;
  bool transposed = false, used = false;
};

class loader {
 public:
  loader(std::span<const graph_view> graphs, const weights_request& request)
      : graphs_(graphs), request_(request), known_(parameter_names(graphs)) {}

  weights_load run() {
    parse_ties();
    open_files();
    if (result_.errors.empty()) choose_prefixes();
    if (result_.errors.empty()) read_parameters();
    if (result_.errors.empty()) report_unread();
    if (!result_.errors.empty()) result_.value = {};
    return std::move(result_);
  }

 private:
  void error(std::string line) {
    if (said_.insert(line).second) result_.errors.push_back(std::move(line));
  }

  void parse_ties() {
    for (const std::string& text : request_.ties) {
      const std::size_t equals = text.find('=');
      tie parsed;
      if (equals != std::string::npos) parsed.tensor = text.substr(equals + 1);
      if (parsed.tensor.ends_with("^T")) {
        parsed.transposed = true;
        parsed.tensor.resize(parsed.tensor.size() - 2);
      }
      if (equals == 0 || parsed.tensor.empty())
        error("tie '" + text + "': expected parameter=tensor or parameter=tensor^T, as in dec.weight=enc.weight^T");
      else if (!ties_.emplace(text.substr(0, equals), parsed).second)
        error("tie '" + text + "': '" + text.substr(0, equals) + "' is tied already");
    }
  }

  void open_files() {
    for (const std::string& path : request_.files) {
      tensor_file file;
      if (std::string problem = open_tensor_file(path, file); !problem.empty()) {
        error(std::move(problem));
        continue;
      }
      const std::size_t count = file.entries.size();
      checkpoints_.push_back({std::move(file), request_.prefix, std::vector<char>(count)});
    }
  }

  /// How many parameters `from` holds under `prefix`. A tied parameter counts if its tensor is there.
  std::size_t found_under(checkpoint& from, const std::string& prefix) const {
    return static_cast<std::size_t>(std::ranges::count_if(known_, [&](std::string_view name) {
      const auto tied = ties_.find(std::string(name));
      return find_in(from, prefix, tied == ties_.end() ? name : tied->second.tensor).has_value();
    }));
  }

  void choose_prefixes() {
    if (request_.prefix.empty()) {
      for (checkpoint& each : checkpoints_) find_prefix(each);
      return;
    }
    // "module" means "module." if every name that begins with it goes on with a dot.
    bool begins = false, dotted = true;
    for (const checkpoint& each : checkpoints_)
      for (const tensor_entry& e : each.file.entries)
        if (e.name.starts_with(request_.prefix)) {
          begins = true;
          dotted &= e.name.size() > request_.prefix.size() && e.name[request_.prefix.size()] == '.';
        }
    if (!begins && !checkpoints_.empty())
      error("prefix '" + request_.prefix + "': no tensor's name begins with it" + first_name());
    if (begins && dotted)
      for (checkpoint& each : checkpoints_) each.prefix += ".";
  }

  std::string first_name() const {
    for (const checkpoint& each : checkpoints_)
      if (!each.file.entries.empty())
        return "; '" + each.file.path + "' begins with '" + each.file.entries.front().name + "'";
    return {};
  }

  /// Tries every prefix that ends in a dot and that the names of all float tensors share. Takes the one under which
  /// most parameters are found, if these are more than without a prefix.
  void find_prefix(checkpoint& from) {
    std::string_view common;
    bool first = true;
    for (const tensor_entry& e : from.file.entries) {
      if (!is_readable(e.type)) continue;  // a wrapper's counter is an integer without the prefix
      if (first) common = e.name;
      first = false;
      const auto differs = std::ranges::mismatch(common, e.name).in1;
      common = common.substr(0, static_cast<std::size_t>(differs - common.begin()));
    }
    std::size_t most = found_under(from, "");
    for (std::size_t dot = common.find('.'); dot != std::string_view::npos; dot = common.find('.', dot + 1)) {
      const std::string prefix(common.substr(0, dot + 1));
      if (const std::size_t count = found_under(from, prefix); count > most) most = count, from.prefix = prefix;
    }
    if (!from.prefix.empty())
      result_.notes.push_back(from.file.label() + "all names begin with '" + from.prefix + "', which is left out");
  }

  /// The place of `name`. An error if two files have it.
  std::optional<source> find(std::string_view name) {
    std::optional<source> found;
    for (checkpoint& each : checkpoints_) {
      const std::optional<source> here = find_in(each, each.prefix, name);
      if (here && found)
        error("parameter '" + std::string(name) + "' is in both '" + found->from->file.path + "' and '" +
              each.file.path + "': give one of them, or files without it");
      if (here) found = here;
    }
    return found;
  }

  struct wanted {
    std::string name;
    tensor_sizes sizes;
    source from;
    bool transposed = false;
  };

  void read_parameters() {
    std::vector<wanted> all;
    std::vector<std::pair<std::string, tensor_sizes>> missing;
    std::map<std::string_view, tensor_sizes> seen;
    for (const graph_view& graph : graphs_)
      for (const node_record& node : graph.nodes) {
        if (node.kind != op::parameter) continue;
        const std::string_view name = graph.name_of(node);
        const tensor_sizes sizes = sizes_of(node);
        const auto [at, fresh] = seen.emplace(name, sizes);
        if (!fresh && at->second == sizes) continue;
        locate(std::string(name), sizes, fresh, all, missing);
      }
    for (const auto& [name, tied] : ties_)
      if (!tied.used) error("tie '" + name + "=" + tied.tensor + "': no network has a parameter '" + name + "'");
    say_missing(missing);
    if (!result_.errors.empty()) return;
    for (const wanted& each : all) read(each);
    std::ranges::sort(result_.value.tensors, {}, &weight_tensor::name);
    for (const checkpoint& each : checkpoints_)
      if (const std::string line = each.f64.remark(); !line.empty()) result_.notes.push_back(each.file.label() + line);
  }

  /// Finds a parameter and checks its type and shape. If it is not `fresh`, it has another shape as well: only checks.
  void locate(const std::string& name, const tensor_sizes& sizes, bool fresh, std::vector<wanted>& all,
              std::vector<std::pair<std::string, tensor_sizes>>& missing) {
    std::optional<source> found;
    bool transposed = false;
    tensor_sizes expected = sizes;
    if (const auto tied = ties_.find(name); tied != ties_.end()) {
      tied->second.used = true;
      const std::string& tensor = tied->second.tensor;
      const std::string who = "tie '" + name + "=" + tensor + (tied->second.transposed ? "^T'" : "'") + ": ";
      if (tensor != name && find(name)) return error(who + "there is a tensor '" + name + "' too; use one of them");
      found = find(tensor);
      if (!found) return error(who + "there is no tensor '" + tensor + "'");
      transposed = tied->second.transposed;
      if (transposed && sizes.size() != 2)
        return error(who + "expected a matrix, the parameter is " + shape_text(sizes));
      if (transposed) std::swap(expected[0], expected[1]);
      if (found->values->shape != expected)
        return error(who + "expected " + shape_text(expected) + ", found " + shape_text(found->values->shape));
    } else {
      found = find(name);
    }
    if (!found) return missing.emplace_back(name, sizes), void();
    for (const tensor_entry* part : {found->values, found->length}) {
      if (part == nullptr) continue;
      found->from->mark(*part);
      if (!is_readable(part->type)) return error(unreadable(name, part->type));
    }
    if (found->values->shape != expected) {
      const bool direct = found->values->name == found->from->prefix + name;
      return error(misshaped(name, expected, direct ? name : found->values->name, found->values->shape));
    }
    if (found->length != nullptr)
      if (std::string problem = check_weight_norm(*found->length, *found->values); !problem.empty())
        return error("parameter '" + name + "': " + problem);
    if (fresh) all.push_back({name, sizes, *found, transposed});
  }

  void say_missing(const std::vector<std::pair<std::string, tensor_sizes>>& missing) {
    if (missing.empty()) return;
    std::vector<spare_tensor> spare;
    for (const checkpoint& each : checkpoints_)
      for (std::size_t i = 0; i < each.file.entries.size(); ++i)
        if (!each.is_read[i]) spare.push_back({each.file.entries[i].name, each.file.entries[i].shape});
    name_suggester suggester(std::move(spare));
    for (const auto& [name, sizes] : missing) {
      const std::string looked_for = checkpoints_.empty() ? name : checkpoints_.front().prefix + name;
      error("missing parameter '" + name + "': expected " + shape_text(sizes) + suggester.suggest(looked_for, sizes));
    }
    suggest_prefixes(missing);
  }

  /// Suggests prefixes under which one file has all missing parameters.
  void suggest_prefixes(const std::vector<std::pair<std::string, tensor_sizes>>& missing) {
    if (!request_.prefix.empty()) return;
    constexpr std::size_t kMost = 4;
    std::string prefixes;
    std::size_t count = 0;
    for (checkpoint& each : checkpoints_)
      for (const tensor_entry& e : each.file.entries) {
        const std::string ending = "." + missing.front().first;
        if (!e.name.ends_with(ending) || count == kMost) continue;
        const std::string prefix = e.name.substr(0, e.name.size() - ending.size() + 1);
        if (!std::ranges::all_of(missing, [&](const auto& m) { return find_in(each, prefix, m.first).has_value(); }))
          continue;
        prefixes += (count++ == 0 ? "'" : " or '") + prefix + "'";
      }
    if (count != 0) error("what is missing is there with the prefix " + prefixes + ": give it as the prefix");
  }

  void read(const wanted& each) {
    checkpoint& from = *each.from.from;
    const tensor_entry& e = *each.from.values;
    weight_tensor tensor{each.name, each.sizes, e.type, {}};
    rounding_counts counts;
    std::string problem;
    if (each.from.length != nullptr) {
      problem = read_weight_norm(from.file, *each.from.length, e, tensor.values, counts);
      result_.notes.push_back(from.file.label() + "'" + each.name + "' is computed from '" + each.from.length->name +
                              "' and '" + e.name + "' (weight_norm)");
    } else {
      problem = read_floats(from.file, e, tensor.values, counts);
      if (e.type == "F64") from.f64.add(tensor.values.size(), counts);
    }
    if (!problem.empty()) return error(from.file.label() + problem);
    if (each.transposed) transpose(each.sizes[0], each.sizes[1], tensor.values);
    if (const std::string line = remark_on(each.name, tensor.values, counts); !line.empty())
      result_.notes.push_back(from.file.label() + line);
    result_.value.tensors.push_back(std::move(tensor));
  }

  /// Transposes row-major values from [columns, rows] to [rows, columns].
  static void transpose(std::uint64_t rows, std::uint64_t columns, std::vector<float>& values) {
    std::vector<float> turned(values.size());
    for (std::uint64_t r = 0; r < rows; ++r)
      for (std::uint64_t c = 0; c < columns; ++c) turned[r * columns + c] = values[c * rows + r];
    values = std::move(turned);
  }

  void report_unread() {
    for (checkpoint& each : checkpoints_) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < each.file.entries.size(); ++i) {
        if (each.is_read[i]) continue;
        tensor_entry& e = each.file.entries[i];
        const bool counts =
            e.name.starts_with(each.prefix) && is_counter(std::string_view(e.name).substr(each.prefix.size()), known_);
        if (request_.strict && !counts)
          error("'" + each.file.path + "': extra tensor '" + e.name + "' " + shape_text(e.shape, e.type) +
                ": no network reads it");
        else
          names.push_back(e.name);
        result_.value.unread.push_back({std::move(e.name), std::move(e.shape), std::move(e.type)});
      }
      if (!names.empty()) result_.notes.push_back(each.file.label() + "no network reads " + listed(names, kMostNamed));
    }
  }

  std::span<const graph_view> graphs_;
  const weights_request& request_;
  const std::unordered_set<std::string_view> known_;
  std::map<std::string, tie> ties_;
  std::vector<checkpoint> checkpoints_;
  std::unordered_set<std::string> said_;
  weights_load result_;
};

}  // namespace

weights_load load_weights(std::span<const graph_view> graphs, const weights_request& request) {
  try {
    return loader(graphs, request).run();
  } catch (const std::bad_alloc&) {
    return {{}, {"not enough memory for the weights"}, {}};
  }
}

}  // namespace inlay
