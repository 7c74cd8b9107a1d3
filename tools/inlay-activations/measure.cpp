// SPDX-License-Identifier: Apache-2.0
// Measures compiled activations.
#include "measure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

namespace inlay::activations_page {
namespace {

using tools::activation_under_test;
using tools::float_in_order;
using tools::index_in_order;

/// Where a formula changes, all floats this close are tested, and so are those around a certificate's worst argument.
constexpr std::uint32_t neighbours = 200;

/// Buckets on each side of zero, and at each end.
constexpr int outer_buckets = 16;

/// The upper ends of the buckets of positive floats, as places in the order of value.
std::vector<std::uint32_t> upper_ends() {
  std::vector<std::uint32_t> ends;
  const auto divide = [&](float from, float to, int parts) {
    const std::uint64_t first = index_in_order(from), last = index_in_order(to);
    for (int part = 1; part <= parts; ++part)
      ends.push_back(static_cast<std::uint32_t>(first + (last - first) * static_cast<std::uint64_t>(part) /
                                                            static_cast<std::uint64_t>(parts)));
  };
  // Denormals are a bucket of their own. 2^15 is the end of the contracts of sine and cosine.
  divide(0.0f, 0x1p-126f, 1);
  divide(0x1p-126f, std::ldexp(1.0f, least_octave), outer_buckets - 1);
  divide(std::ldexp(1.0f, least_octave), std::ldexp(1.0f, most_octave),
         (most_octave - least_octave) * buckets_per_octave);
  divide(std::ldexp(1.0f, most_octave), 0x1p15f, 2);
  divide(0x1p15f, std::numeric_limits<float>::infinity(), outer_buckets - 2);
  return ends;
}

/// Whether the contract says something about results in the bucket: at its ends or in its middle.
bool is_compared(const activation_row& row, bucket b) {
  for (const std::uint32_t i : {b.first, b.first + (b.last - b.first) / 2, b.last}) {
    const float x = float_in_order(i);
    const double exact =
        row.formula(static_cast<double>(x), static_cast<double>(row.defaults[0]), static_cast<double>(row.defaults[1]));
    if (std::abs(exact) < 0x1p128 && tools::in_domain(row, x)) return true;
  }
  return false;
}

/// Tests samples of each bucket, and the neighbourhood of each of `points`.
void sweep(const activation_row& row, const activation_under_test& subject, const std::vector<float>& points,
           std::uint32_t samples, form_result& form) {
  for (const bucket& b : sweep_buckets()) {
    const std::uint64_t size = std::uint64_t{b.last} - b.first + 1;
    const std::uint64_t stride = std::max<std::uint64_t>(1, size / samples);
    tools::accuracy_report report = subject.test(b.first, (size + stride - 1) / stride, stride);
    for (const float point : points) {
      const std::uint32_t centre = index_in_order(point);
      const std::uint32_t first = std::max(b.first, centre - neighbours), last = std::min(b.last, centre + neighbours);
      if (first <= last) report.merge(subject.test(first, last - first + 1, 1));
    }
    form.total.merge(report);
    form.errors.push_back(is_compared(row, b)
                              ? bucket_error(form.scaled ? report.scaled / approximate_error : report.ulp)
                              : std::nullopt);
  }
}

struct workload {
  alignas(64) float any[timed_elements];
  alignas(64) float positive[timed_elements];
  alignas(64) float y[timed_elements];
};

/// One form that takes part in the contest.
struct entrant {
  form_result* form;
  std::unique_ptr<tools::jit_kernel> kernel;
};

}  // namespace

std::vector<bucket> sweep_buckets() {
  std::vector<bucket> buckets;
  const std::uint32_t zero = index_in_order(0.0f), minus_zero = zero - 1;
  std::uint32_t begin = zero;
  for (const std::uint32_t last : upper_ends()) {
    buckets.push_back({begin, last});
    begin = last + 1;
  }
  const std::size_t half = buckets.size();
  for (std::size_t i = 0; i < half; ++i)
    buckets.push_back({minus_zero - (buckets[i].last - zero), minus_zero - (buckets[i].first - zero)});
  std::ranges::sort(buckets, {}, &bucket::first);
  return buckets;
}

const form_result* activation_result::form(accuracy tier) const {
  for (const form_result& each : forms)
    if (each.tier == tier) return &each;
  return nullptr;
}

bool activation_result::kept() const {
  return std::ranges::all_of(forms, [](const form_result& each) { return each.kept; });
}

std::optional<std::vector<activation_result>> measure(
    const std::vector<const activation_row*>& rows, const std::vector<certificate>& certificates,
    const measure_options& options, const std::function<void(const std::string& what, double part)>& progress,
    std::string& error) {
  std::vector<activation_result> results;
  for (const activation_row* row : rows) {
    activation_result& result = results.emplace_back(activation_result{.row = row, .forms = {}});
    for (const accuracy tier : accuracy_tiers)
      if (row->has(tier)) result.forms.push_back({.tier = tier});
  }
  static workload work;
  std::mt19937 random(1);
  for (float& x : work.any) x = std::uniform_real_distribution<float>(-6, 6)(random);
  for (float& x : work.positive) x = std::uniform_real_distribution<float>(1e-3f, 6)(random);

  std::vector<entrant> entrants;
  std::vector<bench::contestant> contestants;
  for (activation_result& result : results) {
    const activation_row& row = *result.row;
    progress(std::string(row.name),
             static_cast<double>(&result - results.data()) / static_cast<double>(results.size()));
    const auto fail = [&] { return error = std::string(row.name) + ": " + error, std::nullopt; };
    for (form_result& form : result.forms) {
      const auto subject = activation_under_test::compile(row, form.tier, options.cpu, error);
      if (!subject) return fail();
      form.scaled = form.tier == accuracy::approximate;
      form.limit = form.scaled ? 1 : tools::contract_of(row, form.tier, tools::rounding::nearest);
      std::vector<float> points = tools::turning_points(row, row.defaults);
      for (std::size_t i = points.size(); i-- > 0;) points.push_back(-points[i]);
      if (const certificate* found = find(certificates, row.id, form.tier)) {
        form.certified = *found;
        points.push_back(found->at);
      }
      sweep(row, *subject, points, options.samples, form);
      form.kept = tools::keeps_contract(form.total, row, form.tier, tools::rounding::nearest, row.defaults);

      entrant each{&form, tools::jit_kernel::compile(tools::activation_network(row, form.tier, timed_elements).view(),
                                                     {}, {.cpu = options.cpu}, error)};
      if (!each.kernel) return fail();
      const auto run = reinterpret_cast<int (*)(const float*, float*, std::size_t, void*)>(each.kernel->entry());
      const float* const x =
          math::is_nan(row.formula(-1, static_cast<double>(row.defaults[0]), static_cast<double>(row.defaults[1])))
              ? work.positive
              : work.any;
      contestants.emplace_back(std::string(row.name), [run, x] { run(x, work.y, 1, nullptr); });
      entrants.push_back(std::move(each));
    }
  }
  progress("time of " + std::to_string(contestants.size()) + " forms, interleaved", 1);
  const std::vector<bench::timing> times = bench::hold(contestants, options.rounds, 300e-6);
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    const bench::timing& t = times[i];
    entrants[i].form->time = {t.median / timed_elements, t.lower / timed_elements, t.upper / timed_elements};
  }
  return results;
}

}  // namespace inlay::activations_page
