// SPDX-License-Identifier: Apache-2.0
// Writes the page.
#include "page.hpp"

#include <algorithm>

#include "plot.hpp"
#include "text.hpp"

namespace inlay::activations_page {
namespace {

using bench::escaped;
using bench::format;

constexpr char style[] = R"(
:root { color-scheme: light dark; --sheet: #fff; --text: #1c1e21; --soft: #5f6670; --rule: #d9dde3; --fine: #edf0f3;
  --panel: #f7f8fa; --flat: #f3ecd9; --exact: #0b57d0; --fast: #c2410c; --approximate: #15803d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --sheet: #14161a; --text: #e3e5e8; --soft: #9aa3ad; --rule: #3a4048;
  --fine: #262b31; --panel: #1b1e23; --flat: #35301f; --exact: #8ab4f8; --fast: #f6a66a; --approximate: #7bd88f;
  --bad: #ff8a80; } }
body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; background: var(--sheet);
  color: var(--text); }
a { color: inherit; } h1 { font-size: 1.6em; } h2 { margin: 0; font-size: 1.25em; } .soft, figcaption, th { color: var(--soft); }
table { border-collapse: collapse; } td, th { padding: 0.15em 0.6em; text-align: right; white-space: nowrap; }
th { font-weight: normal; vertical-align: bottom; } td:first-child, .words { text-align: left; }
td.words { white-space: normal; } tbody tr { border-top: 1px solid var(--fine); }
.wide { overflow-x: auto; } .index { font-size: 0.87em; } .index svg { width: 64px; height: 40px; display: block; }
.exact { --tier: var(--exact); } .fast { --tier: var(--fast); } .approximate { --tier: var(--approximate); }
th.exact, th.fast, th.approximate, td.exact, td.fast, td.approximate { color: var(--tier); }
.card { border: 1px solid var(--rule); border-radius: 8px; padding: 1em 1.2em; margin: 1.4em 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28em, 100%), 1fr)); gap: 0.6em 1.5em; }
figure { margin: 0.4em 0; } figcaption { font-size: 0.87em; } figure svg { width: 100%; height: auto; }
.broken { border-color: var(--bad); } .alarm { color: var(--bad); font-weight: bold; }
svg text { font: 11px sans-serif; fill: var(--text); } svg text.mark { fill: var(--soft); } svg path { fill: none; }
svg .grid { stroke: var(--fine); } svg .axis { stroke: var(--soft); stroke-width: 0.8; }
svg .curve { stroke: var(--exact); stroke-width: 2; }
svg .slope { stroke: var(--fast); stroke-width: 1.5; stroke-dasharray: 5 3; }
svg .flat { fill: var(--flat); } svg .hole { fill: var(--panel); stroke: var(--rule); stroke-width: 0.5; }
svg .area { fill: var(--tier); fill-opacity: 0.35; stroke: var(--tier); stroke-width: 0.8; }
svg .steps { stroke: var(--tier); stroke-width: 1.2; } svg .limit { stroke: var(--tier); stroke-dasharray: 7 4; }
svg .ring { fill: none; stroke: var(--tier); stroke-width: 1.6; } svg .key { fill: var(--tier); fill-opacity: 0.75; }
)";

/// The form that a call at `tier` gets.
const form_result* meant_by(const activation_result& result, accuracy tier) {
  if (const form_result* own = result.form(tier)) return own;
  return tier == accuracy::approximate && result.form(accuracy::fast) ? result.form(accuracy::fast)
                                                                      : result.form(accuracy::exact);
}

std::string name_with_parameters(const activation_row& row) {
  std::string name = std::string(row.name) + "(x";
  for (std::uint32_t p = 0; p < row.parameters; ++p)
    name += ", " + std::string(row.parameter_names[p]) + " = " + number(static_cast<double>(row.defaults[p]));
  return name + ")";
}

std::string unit_of(const form_result& form) { return form.scaled ? " · 2⁻¹³" : " ulp"; }

std::string limit_of(const form_result& form) { return form.scaled ? "2⁻¹³" : number(form.limit) + " ulp"; }

/// The argument with an error of `worst`. If there is no error, no argument has it.
std::string argument(double worst, float at) { return worst > 0 ? number(static_cast<double>(at), 6) : "–"; }

std::string nanoseconds(double seconds) { return format("%.3f", seconds * 1e9); }

std::string index_of(const std::vector<activation_result>& results, const page_facts& facts) {
  std::string html =
      "<h2>Index</h2>\n<div class=\"wide\"><table class=\"index\"><thead>\n<tr><th rowspan=\"2\"></th><th "
      "class=\"words\" rowspan=\"2\">activation</th><th class=\"words\" rowspan=\"2\">what it computes</th><th "
      "rowspan=\"2\">values</th><th "
      "colspan=\"3\">worst error, of its limit</th><th colspan=\"3\">ns per element, " +
      escaped(facts.processor) + "</th></tr>\n<tr>";
  for (int group = 0; group < 2; ++group)
    for (const accuracy tier : accuracy_tiers)
      html += format("<th class=\"%s\">%s</th>", name_of(tier).data(), name_of(tier).data());
  html += "</tr></thead><tbody>\n";
  for (const activation_result& result : results) {
    const activation_row& row = *result.row;
    const shape s = shape_of(row);
    const std::string name(row.name);
    html += "<tr data-index=\"" + name + "\"><td>" + curve_thumbnail(row, s) + "</td><td class=\"words\"><a href=\"#" +
            name + "\">" + name + "</a></td><td class=\"words\">" + escaped(std::string(row.domain)) + "</td><td>" +
            number(s.values.low) + " … " + number(s.values.high) + "</td>";
    for (const accuracy tier : accuracy_tiers) {
      const form_result* form = result.form(tier);
      html += form ? format("<td class=\"%s\">%.2f of %s</td>", form->kept ? name_of(tier).data() : "alarm",
                            form->worst(), limit_of(*form).c_str())
                   : "<td class=\"soft\">as " + std::string(name_of(meant_by(result, tier)->tier)) + "</td>";
    }
    for (const accuracy tier : accuracy_tiers) {
      const form_result* form = result.form(tier);
      html += form ? "<td>" + nanoseconds(form->time.median) + "</td>" : "<td class=\"soft\">–</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string flatness(const shape& s) {
  std::string html = "<p>";
  if (s.flat.empty()) {
    html += "<b>No flat end</b>: |derivative| does not stay below 10⁻⁴ towards either side.";
  } else if (s.flat.front().is_everything()) {
    html += "<b>Flat everywhere</b>: the derivative is 0, so that nothing in front of it learns by gradients.";
  } else {
    html += "<b>Flat</b> (|derivative| &lt; 10⁻⁴) ";
    for (std::size_t i = 0; i < s.flat.size(); ++i) html += (i > 0 ? " and " : "") + words_of(s.flat[i]);
    html += ".";
  }
  if (!s.constants.empty()) html += " Rounded to f32, the exact result is ";
  for (std::size_t i = 0; i < s.constants.size(); ++i)
    html += (i > 0 ? ", and " : "") + number(s.constants[i].value, 6) + " " + words_of(s.constants[i].where);
  return html + (s.constants.empty() ? "" : ".") + "</p>\n";
}

/// The numbers of a card, one line for each form.
std::string forms_table(const activation_result& result) {
  std::string html =
      "<div class=\"wide\"><table><thead><tr><th></th><th>limit</th><th>worst error measured</th><th>at x =</th>"
      "<th>certificate, all floats</th><th>at x =</th><th>ns per element</th><th>quartiles</th></tr></thead><tbody>\n";
  for (const form_result& form : result.forms) {
    const char* const tier = name_of(form.tier).data();
    html += format("<tr data-form=\"%s\" data-unit=\"%s\" data-worst=\"%.6g\" data-limit=\"%.6g\" data-ns=\"%.6g\">",
                   tier, form.scaled ? "2^-13" : "ulp", form.worst(), form.limit, form.time.median * 1e9);
    html += format("<td class=\"%s\">%s</td>", tier, tier) + "<td>" + limit_of(form) + "</td>" +
            format("<td%s>%.3f%s</td>", form.kept ? "" : " class=\"alarm\"", form.worst(), unit_of(form).c_str()) +
            "<td>" + argument(form.worst(), form.worst_at()) + "</td>";
    html += form.certified
                ? format("<td%s data-certified=\"%.6g\">%.3f%s</td>", form.certified->kept ? "" : " class=\"alarm\"",
                         form.certified->worst, form.certified->worst, unit_of(form).c_str()) +
                      "<td>" + argument(form.certified->worst, form.certified->at) + "</td>"
                : "<td class=\"soft\">none</td><td></td>";
    html += "<td>" + nanoseconds(form.time.median) + "</td><td class=\"soft\">" + nanoseconds(form.time.lower) + " … " +
            nanoseconds(form.time.upper) + "</td></tr>\n";
  }
  html += "</tbody></table></div>\n";
  for (const form_result& form : result.forms)
    if (!form.kept)
      html += "<p class=\"alarm\">" + std::string(name_of(form.tier)) + " breaks its contract" +
              (form.total.wrong > 0 ? ": NaN, an infinity or the sign of zero is wrong, for example at x = " +
                                          number(static_cast<double>(form.total.wrong_at), 9)
                                    : "") +
              ".</p>\n";
  return html;
}

std::string figure(const std::string& svg, const std::string& caption) {
  return "<figure>" + svg + "\n<figcaption>" + caption + "</figcaption></figure>\n";
}

std::string card(const activation_result& result, double longest) {
  const activation_row& row = *result.row;
  const shape s = shape_of(row);
  std::vector<const form_result*> in_ulp, scaled;
  for (const form_result& form : result.forms) (form.scaled ? scaled : in_ulp).push_back(&form);
  std::string html = "<section class=\"card" + std::string(result.kept() ? "" : " broken") + "\" id=\"" +
                     std::string(row.name) + "\">\n<h2>" + escaped(name_with_parameters(row)) +
                     "</h2>\n<p class=\"soft\">" + escaped(std::string(row.domain)) +
                     "</p>\n<div class=\"plots\"><div>\n";
  html += figure(curve_plot(row, s), "Curve and derivative, from the table's formulas.");
  // Where there is one error picture, the time is below it, else beside the second one.
  const std::string time = figure(time_plot(result, longest), "Time per element; all cards have the same scale.");
  html += (scaled.empty() ? "" : time) + "</div><div>\n";
  html += figure(error_plot(in_ulp), "Largest error in ulp in each part of the range.");
  if (!scaled.empty())
    html += figure(error_plot(scaled),
                   "Largest error of the approximate form in units of 2⁻¹³ = 1.2·10⁻⁴; relative "
                   "where the result is greater than 1.");
  else
    html += time;
  return html + "</div></div>\n" + flatness(s) + forms_table(result) + "</section>\n";
}

std::string introduction(const page_facts& facts) {
  const measure_options& o = facts.options;
  return "<p>Each activation that Inlay compiles: its curve, the error of the compiled code, and its time. Curves and "
         "limits come from the table <code>inlay/activations.hpp</code>. Errors and times were measured on this "
         "machine: <b>" +
         escaped(facts.processor) + "</b>, compiled for <b>" + escaped(facts.target) +
         "</b>. Certificates were read from <code>" + escaped(facts.certificates) +
         "</code>, where <code>inlay-certify</code> has tested every float.</p>\n<h2>How to read it</h2>\n<ul>\n"
         "<li><b>Tiers.</b> Each call chooses one: <code>tanh(x)</code> is exact, <code>tanh(x, fast)</code> and "
         "<code>tanh(x, approximate)</code> are faster. Where a tier has no form of its own, it is the next more exact "
         "one.</li>\n"
         "<li><b>Errors.</b> One ulp (unit in the last place) is the distance between two neighbouring f32 numbers at "
         "the exact result. Perfect rounding is 0.5 ulp. The limit of approximate forms is 2⁻¹³ instead: absolute "
         "where "
         "the result is at most 1, else relative.</li>\n"
         "<li><b>Error pictures.</b> The horizontal axis holds every float from −∞ to ∞. Between 2⁻²⁰ and 2¹⁰ each "
         "octave has " +
         std::to_string(buckets_per_octave) +
         " steps; the steps at the ends and around 0 are wider. A step is as high as the largest error found in it. "
         "The dashed line is the limit, and the ring is the worst case of all floats in the certificate. In grey parts "
         "there is nothing to compare: the exact result is NaN or infinite, which was checked, or the limit does not "
         "cover them.</li>\n"
         "<li><b>Flat.</b> On a shaded end |derivative| is below 10⁻⁴: there a neuron is saturated or dead and learns "
         "next "
         "to nothing.</li>\n"
         "<li><b>Times.</b> " +
         std::to_string(timed_elements) +
         " floats in the first-level cache on one thread, uniform in [−6, 6], or positive up to 6 where the "
         "function is NaN below 0. All forms took turns; medians of " +
         std::to_string(o.rounds) + " rounds.</li>\n<li><b>Sample.</b> Errors are from up to " +
         std::to_string(o.samples) +
         " floats in each step, and every float around points where formulas change. The certificates are from all "
         "2³² floats, possibly on another processor.</li>\n</ul>\n";
}

}  // namespace

std::string words_of(interval end) {
  if (end.is_everything()) return "everywhere";
  return std::isinf(end.low) ? "up to x = " + number(end.high) : "from x = " + number(end.low) + " on";
}

std::string page_of(const std::vector<activation_result>& results, const page_facts& facts) {
  double longest = 0;
  std::string broken;
  for (const activation_result& result : results) {
    for (const form_result& form : result.forms) longest = std::max(longest, form.time.median);
    if (!result.kept()) broken += (broken.empty() ? "" : ", ") + std::string(result.row->name);
  }
  std::string html =
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head><meta "
      "charset=\"utf-8\"/>\n<meta "
      "name=\"viewport\" content=\"width=device-width\"/><title>Inlay's activations</title>\n<style>";
  html += style;
  html += "</style></head><body>\n<h1>Inlay's activations</h1>\n";
  if (!broken.empty()) html += "<p class=\"alarm\">Broken contracts: " + broken + ".</p>\n";
  html += introduction(facts) + index_of(results, facts);
  for (const activation_result& result : results) html += card(result, longest);
  return html + "</body></html>\n";
}

}  // namespace inlay::activations_page
