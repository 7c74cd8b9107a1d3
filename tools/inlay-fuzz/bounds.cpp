// SPDX-License-Identifier: Apache-2.0
// A running error analysis: each operation adds its own rounding error to the errors of its operands. The analysis is
// of first order, with a safety factor at the end.
#include "bounds.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bounds_of_scalars.hpp"
#include "bounds_of_steps.hpp"
#include "inlay/graph_memory.hpp"
#include "possible_folds.hpp"

namespace inlay::fuzz {
namespace {

/// The relative rounding error of bf16, which has 8 significant bits.
constexpr double kBf16Unit = 0x1p-8;
constexpr double kBf16Denormal = 0x1p-133;

using values = std::vector<bounded>;

class evaluator {
 public:
  evaluator(const graph_view& g, const weights& w, const bound_options& options)
      : g_(g), options_(options), folds_(g), all_(g.nodes.size()) {
    for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
      const node_record& n = g.nodes[i];
      if (n.kind == op::parameter) {
        const weight_tensor* tensor = w.find(g.name_of(n));
        for (float f : tensor->values) all_[i].push_back({static_cast<double>(f), 0});
      } else if (n.kind == op::constant) {
        for (float f : g.elements(n)) all_[i].push_back({static_cast<double>(f), 0});
      } else if (folds_.is_fixed(i)) {
        compute(i);
      }
    }
    fixed_are_calm_ = calm_, fixed_overflow_ = overflows_;
  }

  expectation run(std::span<const std::vector<float>> inputs, std::size_t batch) {
    expectation result;
    result.outputs.resize(g_.outputs.size());
    memory_ = step_memory(g_.nodes.size());
    for (std::size_t sample = 0; sample < batch; ++sample) {
      calm_ = fixed_are_calm_;
      if (sample == 0 || !remembers(g_)) overflows_ = fixed_overflow_;  // steps go on from what has overflowed
      std::size_t input = 0;
      for (std::uint32_t i = 0; i < g_.nodes.size(); ++i) {
        if (folds_.is_fixed(i)) {
          // Weights that are not finite reach the kernels even if no output depends on them.
          if (g_.nodes[i].kind == op::parameter || g_.nodes[i].kind == op::constant) look(all_[i]);
          continue;
        }
        if (g_.nodes[i].kind == op::input) {
          const auto size = static_cast<std::size_t>(g_.nodes[i].dims.elements());
          all_[i].clear();
          for (float f : std::span(inputs[input]).subspan(sample * size, size))
            all_[i].push_back({g_.nodes[i].type == dtype::i32 ? static_cast<double>(std::bit_cast<std::int32_t>(f))
                                                              : static_cast<double>(f),
                               0});
          ++input;
          look(all_[i]);
        } else {
          compute(i);
        }
      }
      for (std::size_t o = 0; o < g_.outputs.size(); ++o) {
        const values& from = all_[g_.outputs[o].node];
        result.outputs[o].insert(result.outputs[o].end(), from.begin(), from.end());
      }
      result.calm.push_back(calm_);
      result.overflows.push_back(overflows_);
    }
    return result;
  }

 private:
  const graph_view& g_;
  bound_options options_;
  possible_folds folds_;
  std::vector<values> all_;  // by node
  step_memory memory_;
  bool calm_ = true, fixed_are_calm_ = true, overflows_ = false, fixed_overflow_ = false;

  /// 1e37, far below the largest float, leaves room for partial sums, whose order the compiler chooses.
  void look(const bounded& x) { calm_ = calm_ && x.is_known() && x.size() + x.error < 1e37; }
  void look(const values& all) {
    for (const bounded& x : all) look(x);
  }

  /// Whether infinities on the way to `x` may give NaN unfolded but infinity folded, or the other way around. A NaN at
  /// the start stays NaN in both.
  bool differs_by_folding(std::uint32_t x) const {
    const std::uint32_t start = folds_.chain_at(x).start;
    if (!folds_.chain_at(x).folds()) return false;
    const auto any = [this](std::uint32_t node, auto is) {
      return std::ranges::any_of(all_[node], [&](const bounded& each) { return is(each.value); });
    };
    if (any(start, [](double value) { return std::isnan(value); })) return false;
    const auto not_finite = [](double value) { return !std::isfinite(value); };
    return any(start, not_finite) || any(x, not_finite);
  }

  void compute(std::uint32_t index) {
    const node_record& n = g_.nodes[index];
    const auto operands = g_.operands(n);
    values& y = all_[index];
    switch (n.kind) {
      case op::input:
      case op::parameter:
      case op::constant: return;
      case op::dense: y = dense(n); break;
      case op::map: y = map(n); break;
      case op::softmax: y = softmax(all_[operands[0]], n.dims.sizes[n.dims.rank - 1], false); break;
      case op::log_softmax: y = softmax(all_[operands[0]], n.dims.sizes[n.dims.rank - 1], true); break;
      case op::reshape: y = all_[operands[0]]; break;
      case op::concat: y = concat(n); break;
      case op::conv2d: y = conv2d(n); break;
      case op::conv_transpose2d: y = conv_transpose2d(n); break;
      case op::avg_pool: y = avg_pool(n); break;
      case op::max_pool: y = max_pool(n); break;
      case op::reduce: y = reduce(n); break;
      case op::normalize: y = normalize(n); break;
      case op::pad: y = padded(n); break;
      case op::upsample: y = upsample(n); break;
      case op::adaptive_avg_pool: y = adaptive_avg_pool(n); break;
      case op::state:
        y = memory_.state(index, n.dims, operands[0] == no_node ? std::span<const bounded>() : all_[operands[0]]);
        break;
      case op::update: memory_.update(operands[0], y = all_[operands[1]]); break;
      case op::history:
        y = memory_.history(index, read_attributes<ops::history_attributes>(g_.attributes(n)), all_[operands[0]]);
        break;
      case op::embedding: y = embedding(n); break;
      default: y = moved(n); break;
    }
    if (folds_.is_moved(n)) {
      const auto sizes = evaluate(n, [](std::uint32_t, const bounded& x) { return x.terms; });
      for (std::size_t i = 0; i < y.size(); ++i) y[i].terms = sizes[i];
    }
    look(y);
  }

  /// Beside an infinite term, the others must be smaller than this. A fold may scale them, and if one of them overflows
  /// to the other infinity, the sum is NaN.
  static constexpr double kRoom = 0x1p60;

  /// A fold may make 0 of weights that are smaller than this, and NaN of an infinity times them: those that are nothing
  /// beside the others of their output, or all of an output that has faded away.
  static double least_kept(std::span<const bounded> weights_of_output) {
    double largest = 0, size = 0;
    for (const bounded& w : weights_of_output)
      if (std::isfinite(w.value)) largest = std::max(largest, std::abs(w.value)), size += std::abs(w.value);
    return largest > 0 && largest < 0x1p-100 ? kInfinity : 0x1p-22 * size;
  }

  /// The bound of a sum of K products and a bias, in any order, with or without fused multiply-adds. The layer may be
  /// folded with the chain of layers and maps before it. Then the sum's terms are those of the chain. Stored weights
  /// are rounded relative to the last map's result, because the compiler shifts by what they are after rounding. Only
  /// the maps before the last one may add to that.
  values dense(const node_record& n) {
    const auto operands = g_.operands(n);
    const values &x = all_[operands[0]], &w = all_[operands[1]];
    const values* bias = operands[2] == no_node ? nullptr : &all_[operands[2]];
    const std::size_t inputs = x.size(), outputs = w.size() / inputs;
    const chain before = folds_.chain_before(operands[0]);
    const double roundings = std::max(static_cast<double>(inputs), before.depth) + 2;
    const double weight_error = options_.bf16_weights ? kBf16Unit : 0;
    const bool excused = before.folds() && differs_by_folding(operands[0]);
    values y;
    for (std::size_t o = 0; o < outputs; ++o) {
      double sum = 0, magnitude = 0, error = 0;
      bool known = true;
      const double kept = least_kept(std::span(w).subspan(o * inputs, inputs));
      const auto add = [&](double product, double product_error, double size) {
        sum += product, error += product_error;
        if (std::isfinite(size)) magnitude += size;
      };
      if (bias) known = (*bias)[o].is_known(), add((*bias)[o].value, (*bias)[o].error, (*bias)[o].size());
      for (std::size_t k = 0; k < inputs && known; ++k) {
        const bounded& a = x[k];
        bounded b = w[o * inputs + k];
        // As bf16 a tiny weight may become 0, which makes NaN of an infinity.
        if (std::isfinite(b.value) && b.is_known())
          b.error += weight_error * std::abs(b.value) + (options_.bf16_weights && b.value != 0 ? kBf16Denormal : 0);
        if (std::isfinite(a.value) && std::isfinite(b.value) && a.is_known() && b.is_known()) {
          const double size = before.folds() ? a.size() : std::abs(a.value);
          const double rounded = (before.maps > 1 ? size : std::abs(a.value)) + a.error;
          add(a.value * b.value, std::abs(b.value) * a.error + rounded * b.error, size * std::abs(b.value));
          continue;
        }
        // A layer may skip the weights of zeros, even infinite ones.
        if (!std::isfinite(b.value) && std::abs(a.value) <= a.error) known = false;
        if (std::isinf(a.value) && b.value != 0 && std::abs(b.value) < kept) known = false;
        const bounded product = multiplied(a, b);
        known = known && product.is_known();
        add(product.value, product.error, std::abs(product.value));
      }
      if (kept == kInfinity) error += magnitude;  // a fold may lose the whole row
      if (!known || excused || (!std::isnan(sum) && !(magnitude + error < (std::isinf(sum) ? kRoom : kGreatest / 4))))
        y.push_back(kUnknown);
      else
        y.push_back(settled(sum, error + roundings * (kUnit * (magnitude + error) + kDenormal)));
      y.back().terms = magnitude;
    }
    return y;
  }

  /// The compiler may fold scaling and shifting into the layers before it and behind it.
  values map(const node_record& n) {
    const auto operands = g_.operands(n);
    const auto program = g_.program(n);
    values y, results(program.size()), inputs(operands.size());
    std::vector<ops::broadcast_index> places;
    for (std::uint32_t operand : operands) places.emplace_back(g_.nodes[operand].dims, n.dims);
    const std::vector<std::uint32_t> parts = folds_.affine_parts(n);
    std::vector<bool> excused;
    for (std::uint32_t operand : operands)
      excused.push_back(folds_.chain_at(operand).convolves || differs_by_folding(operand));
    for (std::size_t i = 0, size = static_cast<std::size_t>(n.dims.elements()); i < size; ++i) {
      for (std::size_t o = 0; o < operands.size(); ++o) inputs[o] = all_[operands[o]][places[o][i]];
      for (std::size_t c = 0; c < program.size(); ++c) {
        results[c] = of_instruction(program[c], std::span(results).first(c), inputs, options_.activation_ulp);
        if (const std::uint32_t part = parts[c]; part < possible_folds::kConstant)
          fold(results[c], program[c], results, parts, folds_.chain_at(operands[part]), excused[part]);
        else
          results[c].terms = 0;
        look(results[c]);
        if (program[c].code == scalar_op::apply && std::isinf(results[c].value))
          overflows_ = overflows_ || std::isfinite(results[program[c].a].value);
      }
      y.push_back(results.back());
    }
    return y;
  }

  /// Widens `y`, the bound of an instruction that scales or shifts the result of `before`, by what folding it into a
  /// layer of `before` may cost. A sum of K products that begins with the shift loses K * 2^-24 of the shift, too.
  static void fold(bounded& y, const instruction& c, std::span<const bounded> results,
                   std::span<const std::uint32_t> parts, const chain& before, bool excused) {
    if (c.code != scalar_op::operand) {
      const bounded &a = results[c.a], &b = results[c.b];
      const bool sums = c.code == scalar_op::add || c.code == scalar_op::subtract;
      y.terms = sums ? a.size() + b.size() : c.code == scalar_op::divide ? a.size() / b.size() : a.size() * b.size();
      if (sums && before.depth > 0)
        for (std::uint32_t each : {c.a, c.b})
          if (parts[each] == possible_folds::kConstant) y.error += (before.depth + 2) * kUnit * results[each].size();
    }
    if (!std::isfinite(y.terms)) y.terms = 0;
    const bool overflows = std::isfinite(y.value) && !(y.terms + y.error < kGreatest / 4);
    if (before.depth > 0 && (overflows || (excused && !std::isfinite(y.value)))) y = kUnknown;
  }

  /// Bounds for each run of `length` elements. Derivatives: p_i (d_ij - p_j) for softmax, d_ij - p_j for its logarithm.
  static values softmax(const values& x, std::size_t length, bool logarithm) {
    values y;
    for (std::size_t start = 0; start < x.size(); start += length) {
      const auto run = std::span(x).subspan(start, length);
      bool known = true, nan = false;
      double highest = -kInfinity, most_error = 0;
      for (const bounded& each : run) {
        known = known && each.is_known(), nan = nan || std::isnan(each.value);
        highest = std::max(highest, each.value), most_error = std::max(most_error, each.error);
      }
      double sum = 0;
      for (const bounded& each : run) sum += std::exp(each.value - highest);
      const double units = static_cast<double>(length) + 8;
      for (const bounded& each : run) {
        const double below = each.value - highest;
        if (!known)
          y.push_back(kUnknown);
        else if (nan || std::isnan(below) || std::isnan(sum))
          y.push_back({kNan, 0});
        else if (logarithm)
          y.push_back(settled(below - std::log(sum),
                              each.error + most_error + kUnit * (units + 2 * std::abs(below) + 2 * std::log(sum))));
        else {
          // An exponent, relative to the others, is off by at most its own error plus the largest error of the run.
          const double p = std::exp(below) / sum, shift = each.error + most_error;
          const double highest_p = std::exp(std::min(0.0, below - std::log(sum) + shift));
          const double moved = std::max(highest_p - p, p * -std::expm1(-shift));
          const double own = kUnit * (units + 2 * std::min(std::abs(below), 200.0));
          // Results below the normal numbers may be flushed to zero.
          y.push_back(settled(p, std::min(1.0, moved + highest_p * own) + 0x1p-126));
        }
      }
    }
    return y;
  }

  /// The reference meaning of `n` on other numbers: `of(operand, element)` for each element of each operand.
  template <class Of>
  std::vector<double> evaluate(const node_record& n, Of of) const {
    return evaluate(n, of, g_.attributes(n));
  }
  template <class Of>
  std::vector<double> evaluate(const node_record& n, Of of, std::span<const std::uint32_t> attributes) const {
    std::vector<std::vector<double>> parts;
    std::vector<reference_tensor> operands;
    parts.reserve(g_.operands(n).size());
    for (std::uint32_t i = 0; std::uint32_t operand : g_.operands(n)) {
      parts.emplace_back();
      if (operand != no_node)
        for (const bounded& each : all_[operand]) parts.back().push_back(of(i, each));
      operands.push_back({operand == no_node ? shape{} : g_.nodes[operand].dims, parts.back()});
      ++i;
    }
    const reference_values y = row_of(n.kind).evaluate({operands, attributes, {}, n.dims});
    return {y.begin(), y.end()};
  }

  /// The weights of a convolution, those of its first output first. A transposed one has them by channel.
  values weights_by_output(const node_record& n) const {
    const std::uint32_t node = g_.operands(n)[1];
    const values& all = all_[node];
    if (n.kind != op::conv_transpose2d) return all;
    const shape& dims = g_.nodes[node].dims;
    const std::size_t outputs = dims.sizes[1], taps = std::size_t{dims.sizes[2]} * dims.sizes[3];
    const std::size_t channels = dims.sizes[0] / (n.dims.sizes[0] / outputs);  // of one group
    values sorted;
    for (std::size_t output = 0; output < n.dims.sizes[0]; ++output)
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t first = ((output / outputs * channels + c) * outputs + output % outputs) * taps;
        sorted.insert(sorted.end(), all.begin() + static_cast<std::ptrdiff_t>(first),
                      all.begin() + static_cast<std::ptrdiff_t>(first + taps));
      }
    return sorted;
  }

  /// Sums of products, like those of a dense layer. The sums of errors and of magnitudes are
  /// convolutions, too.
  values conv2d(const node_record& n) {
    const auto finite = [](double value) { return std::isfinite(value) ? value : 0.0; };
    const double weight_error = options_.bf16_weights ? kBf16Unit : 0,
                 faded = options_.bf16_weights ? kBf16Denormal : 0;
    const auto of_weight = [&](const bounded& w) {
      return w.error + weight_error * std::abs(finite(w.value)) + (w.value != 0 ? faded : 0);
    };
    const auto sums = evaluate(n, [&](std::uint32_t, const bounded& x) { return x.value; });
    // How many terms of each sum are unknown, and how many are NaN.
    const auto unknown =
        evaluate(n, [&](std::uint32_t i, const bounded& x) { return i == 1 || !x.is_known() ? 1.0 : 0.0; });
    const auto nans =
        evaluate(n, [&](std::uint32_t i, const bounded& x) { return i == 1 || std::isnan(x.value) ? 1.0 : 0.0; });
    // How many terms are an infinite weight times what may be zero.
    const auto doubtful = evaluate(n, [&](std::uint32_t i, const bounded& x) {
      return (i == 1 ? !std::isfinite(x.value) : i == 0 && x.error > 0 && std::abs(x.value) <= x.error) ? 1.0 : 0.0;
    });
    const values weights_of = weights_by_output(n);
    const bool weights_known = std::ranges::all_of(weights_of, [](const bounded& x) { return x.is_known(); });
    const std::size_t of_output = weights_of.size() / n.dims.sizes[0];
    bool signs_known = true;
    std::vector<bool> faded_away;
    for (std::size_t first = 0; first < weights_of.size(); first += of_output) {
      const auto row = std::span(weights_of).subspan(first, of_output);
      const double kept = least_kept(row);
      faded_away.push_back(kept == kInfinity);
      for (const bounded& x : row)
        signs_known = signs_known && is_exact(x) &&
                      (x.value == 0 || (std::abs(x.value) > of_weight(x) && std::abs(x.value) >= kept));
    }
    const auto magnitudes = evaluate(n, [&](std::uint32_t, const bounded& x) { return std::abs(finite(x.value)); });
    const auto errors_of_x = evaluate(n, [&](std::uint32_t i, const bounded& x) {
      return i == 1 ? std::abs(finite(x.value)) : x.is_known() ? x.error : 0;
    });
    const auto errors_of_weight = evaluate(n, [&](std::uint32_t i, const bounded& x) {
      return i == 1 ? of_weight(x) : i == 2 ? 0 : std::abs(finite(x.value)) + (x.is_known() ? x.error : 0);
    });
    const double roundings = static_cast<double>(folds_.products(n)) + 2;
    values y;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      double error = errors_of_x[i] + errors_of_weight[i];
      if (faded_away[i / (sums.size() / faded_away.size())]) error += magnitudes[i];  // a fold may lose all of it
      if (!weights_known || unknown[i] > 0 || doubtful[i] > 0)
        y.push_back(kUnknown);
      else if (nans[i] > 0)
        y.push_back({kNan, 0});
      else if (!(magnitudes[i] + error < (std::isinf(sums[i]) ? kRoom : kGreatest / 4)))
        y.push_back(kUnknown);
      else if (!std::isfinite(sums[i]))  // what is infinite is so for certain
        y.push_back(signs_known ? bounded{sums[i], 0} : kUnknown);
      else
        y.push_back(settled(sums[i], error + roundings * (kUnit * (magnitudes[i] + error) + kDenormal)));
      y.back().terms = magnitudes[i];
    }
    return y;
  }

  /// The compiler adds zero times a pixel where no tap of the kernel joins the two, and weights times zeros around the
  /// image. So an infinity may make NaN of outputs near those that it belongs to.
  values conv_transpose2d(const node_record& n) {
    const auto a = read_attributes<ops::conv_transpose2d_attributes>(g_.attributes(n));
    const ops::window_attributes& window = a.window;
    const std::uint32_t image = g_.operands(n)[0], weight = g_.operands(n)[1];
    const shape &x = g_.nodes[image].dims, &w = g_.nodes[weight].dims;
    values y = conv2d(n);
    const auto is_finite = [](const bounded& each) { return each.is_known() && std::isfinite(each.value); };
    const bool finite_weights = std::ranges::all_of(all_[weight], is_finite);
    // By group and pixel of the result.
    const std::size_t height = n.dims.sizes[1], width = n.dims.sizes[2], pixels = height * width;
    std::vector<bool> near(a.groups * pixels, !finite_weights);
    const auto mark = [](std::size_t at, std::uint32_t kernel, std::uint32_t stride, std::uint32_t dilation,
                         std::uint32_t before, std::size_t size, auto each) {
      const auto reach = static_cast<std::int64_t>(std::max(stride, dilation)) - 1;
      const auto first = static_cast<std::int64_t>(at * stride) - before;
      const std::int64_t last = first + static_cast<std::int64_t>(dilation) * (kernel - 1);
      for (std::int64_t i = std::max<std::int64_t>(first - reach, 0); i <= last + reach; ++i)
        if (i < static_cast<std::int64_t>(size)) each(static_cast<std::size_t>(i));
    };
    for (std::size_t i = 0; i < all_[image].size(); ++i) {
      if (is_finite(all_[image][i])) continue;
      const std::size_t column = i % x.sizes[2], row = i / x.sizes[2] % x.sizes[1];
      const std::size_t group = i / (x.sizes[1] * x.sizes[2]) / (x.sizes[0] / a.groups);
      mark(row, w.sizes[2], window.stride_h, window.dilation_h, window.padding_top, height, [&](std::size_t p) {
        mark(column, w.sizes[3], window.stride_w, window.dilation_w, window.padding_left, width,
             [&](std::size_t q) { near[group * pixels + p * width + q] = true; });
      });
    }
    for (std::size_t i = 0; i < y.size(); ++i)
      if (near[i / (n.dims.elements() / a.groups) * pixels + i % pixels] && !std::isnan(y[i].value)) y[i] = kUnknown;
    return y;
  }

  values avg_pool(const node_record& n) {
    const auto a = read_attributes<ops::avg_pool_attributes>(g_.attributes(n));
    const double taps = static_cast<double>(a.kernel_h) * static_cast<double>(a.kernel_w);
    return means(n, taps, taps + 2);
  }

  /// The rounded weights of each axis add to the roundings.
  values adaptive_avg_pool(const node_record& n) {
    const shape& x = g_.nodes[g_.operands(n)[0]].dims;
    const auto longest = [&](std::uint32_t axis) { return x.sizes[axis] / n.dims.sizes[axis] + 2.0; };
    const double taps = longest(1) * longest(2);
    return means(n, taps, taps + 6);
  }

  /// Each axis has two products with rounded weights and a sum.
  values upsample(const node_record& n) {
    const auto a = read_attributes<ops::upsample_attributes>(g_.attributes(n));
    if (a.mode == interpolation::linear) return means(n, 4, 8);
    return moved_alike(n);
  }

  /// Means of up to `taps` elements each. What is infinite is so for certain, because no weight rounds to 0.
  values means(const node_record& n, double taps, double roundings) {
    const auto sums = evaluate(n, [](std::uint32_t, const bounded& x) { return x.value; });
    // Zero times an unknown number is unknown.
    const auto unknown = evaluate(n, [](std::uint32_t, const bounded& x) { return x.is_known() ? 0.0 : kInfinity; });
    const auto magnitudes =
        evaluate(n, [](std::uint32_t, const bounded& x) { return std::isfinite(x.value) ? std::abs(x.value) : 0; });
    const auto errors = evaluate(n, [](std::uint32_t, const bounded& x) { return x.is_known() ? x.error : 0; });
    values y;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const bool overflows = !(taps * (magnitudes[i] + errors[i]) < kGreatest / 4);
      if (unknown[i] != 0 || (!std::isnan(sums[i]) && overflows))
        y.push_back(kUnknown);
      else
        y.push_back(settled(sums[i], errors[i] + roundings * (kUnit * (magnitudes[i] + errors[i]) + kDenormal)));
    }
    return y;
  }

  /// The largest pixel is off by no more than the largest error.
  values max_pool(const node_record& n) {
    const auto largest = evaluate(n, [](std::uint32_t, const bounded& x) { return x.value; });
    const auto errors = evaluate(n, [](std::uint32_t, const bounded& x) { return x.is_known() ? x.error : kInfinity; });
    values y;
    for (std::size_t i = 0; i < largest.size(); ++i)
      y.push_back(errors[i] < kInfinity ? settled(largest[i], std::isfinite(largest[i]) ? errors[i] : 0) : kUnknown);
    return y;
  }

  values reduce(const node_record& n) {
    const auto a = read_attributes<ops::reduce_attributes>(g_.attributes(n));
    const std::uint32_t x = g_.operands(n)[0];
    const shape& dims = g_.nodes[x].dims;
    std::vector<values> runs(static_cast<std::size_t>(n.dims.elements()));
    for (std::size_t i = 0; i < all_[x].size(); ++i) {
      std::size_t run = 0, stride = 1, rest = i;
      for (std::uint32_t axis = dims.rank; axis-- > 0; rest /= dims.sizes[axis])
        if ((a.axes >> axis & 1) == 0) run += rest % dims.sizes[axis] * stride, stride *= dims.sizes[axis];
      runs[run].push_back(all_[x][i]);
    }
    values y;
    for (const values& run : runs) y.push_back(reduced(a.kind, run));
    return y;
  }

  values normalize(const node_record& n) {
    const auto a = read_attributes<ops::normalize_attributes>(g_.attributes(n));
    std::size_t runs = a.groups;
    for (std::uint32_t axis = 0; axis < a.axis; ++axis) runs *= n.dims.sizes[axis];
    const values& x = all_[g_.operands(n)[0]];
    const std::size_t length = x.size() / runs;
    values y;
    for (std::size_t start = 0; start < x.size(); start += length) {
      const normalised run =
          normalised_run(std::span(x).subspan(start, length), a.centred != 0, static_cast<double>(a.eps));
      look(run.largest);
      y.insert(y.end(), run.results.begin(), run.results.end());
    }
    return y;
  }

  /// The number that is put around a value has no error.
  values padded(const node_record& n) {
    const auto numbers = evaluate(n, [](std::uint32_t, const bounded& x) { return x.value; });
    auto a = read_attributes<ops::pad_attributes>(g_.attributes(n));
    a.value = 0;
    const auto errors = evaluate(n, [](std::uint32_t, const bounded& x) { return x.error; }, words_of(a));
    values y;
    for (std::size_t i = 0; i < numbers.size(); ++i) y.push_back({numbers[i], errors[i]});
    return y;
  }

  /// Rows of a table, with their errors. A row that does not exist is NaN.
  values embedding(const node_record& n) {
    const values& weight = all_[g_.operands(n)[1]];
    const std::size_t width = n.dims.sizes[n.dims.rank - 1];
    const auto rows = static_cast<double>(weight.size() / width);
    values y;
    for (const bounded& x : all_[g_.operands(n)[0]])
      for (std::size_t i = 0; i < width; ++i)
        y.push_back(x.value >= 0 && x.value < rows ? weight[static_cast<std::size_t>(x.value) * width + i]
                                                   : bounded{kNan, 0});
    return y;
  }

  /// What moves elements moves their errors along.
  values moved(const node_record& n) {
    const op_row& row = row_of(n.kind);
    if (!row.moves) throw std::logic_error("no bound for '" + std::string(row.name) + "'");
    return moved_alike(n);
  }
  values moved_alike(const node_record& n) {
    const auto values_moved = evaluate(n, [](std::uint32_t, const bounded& x) { return x.value; });
    const auto errors_moved = evaluate(n, [](std::uint32_t, const bounded& x) { return x.error; });
    values y;
    for (std::size_t i = 0; i < values_moved.size(); ++i) y.push_back({values_moved[i], errors_moved[i]});
    return y;
  }

  values concat(const node_record& n) {
    std::size_t repeats = 1;
    for (std::uint32_t i = 0; i < read_attributes<ops::concat_attributes>(g_.attributes(n)).axis; ++i)
      repeats *= n.dims.sizes[i];
    values y;
    for (std::size_t r = 0; r < repeats; ++r)
      for (std::uint32_t piece : g_.operands(n)) {
        const values& from = all_[piece];
        const std::size_t run = from.size() / repeats;
        y.insert(y.end(), from.begin() + static_cast<std::ptrdiff_t>(r * run),
                 from.begin() + static_cast<std::ptrdiff_t>((r + 1) * run));
      }
    return y;
  }
};

}  // namespace

expectation evaluate_with_bounds(const graph_view& graph, const weights& w, std::span<const std::vector<float>> inputs,
                                 std::size_t batch, const bound_options& options) {
  return evaluator(graph, w, options).run(inputs, batch);
}

bool allows(const bounded& expected, float found) {
  if (!expected.is_known()) return true;
  const auto value = static_cast<double>(found);
  if (std::isnan(expected.value) || std::isnan(value)) return std::isnan(expected.value) && std::isnan(value);
  if (std::isinf(expected.value) || std::isinf(value)) return expected.value == value;
  // Even with error 0 the value may be no float; then the kernel stores the nearest one.
  return std::abs(value - expected.value) <= 1.5 * expected.error + kUnit * std::abs(expected.value);
}

}  // namespace inlay::fuzz
