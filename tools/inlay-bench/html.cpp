// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench networks as one self-contained page: a roofline picture and the tables.
#include <cstdio>

#include "networks.hpp"
#include "roofline.hpp"

namespace inlay::bench {
namespace {

constexpr char style[] = R"(
body { font: 15px/1.5 sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: 0.15em 0.8em; text-align: right; }
td:first-child { text-align: left; } tr:nth-child(2) { font-weight: bold; } th { font-weight: normal; color: #555; }
.warning { border-left: 4px solid #c60; padding-left: 0.8em; }
svg { width: 100%; } svg text { font: 12px sans-serif; fill: #222; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
svg .grid { stroke: #ddd; } svg .fine { stroke: #f0f0f0; }
svg line.roof { stroke: #999; stroke-width: 1.5; } svg text.roof { fill: #777; }
svg .leader { stroke: #888; stroke-width: 0.8; } svg .pair { stroke: #bbb; stroke-dasharray: 2 3; }
svg .full { fill: #06c; } svg .hollow { fill: none; stroke: #b50; stroke-width: 2; }
svg .of-full { fill: #049; } svg .of-hollow { fill: #a40; }
)";

std::string table(const network_contest& contest, const networks_report& report) {
  const limits least = limits_of(contest, report);
  std::string html = format(
      "<h2>%s%s%s, batch %d</h2>\n<p>%.4g MFLOP, %.4g KiB of weights: at least %s for the "
      "multiply-adds, %s for reading weights and values from %s.</p>\n",
      escaped(contest.network).c_str(), contest.layer.empty() ? "" : ", layer ", escaped(contest.layer).c_str(),
      contest.batch, contest.flops * 1e-6, contest.weight_bytes / 1024, duration(least.multiply_adds).c_str(),
      duration(least.reading).c_str(), least.level->level);
  html +=
      "<table><tr><th></th><th>median, µs</th><th>spread</th><th>× compiled</th><th>GFLOP/s</th><th>of peak</th>"
      "<th>cold, µs</th><th>largest error</th></tr>\n";
  for (const network_result& each : contest.results) {
    const double speed = contest.flops / each.time.median;
    const std::string of_peak = contest.flops == 0
                                    ? "<td>–</td><td>–</td>"
                                    : format("<td>%.4g</td><td>%.1f %%</td>", speed * 1e-9, 100 * speed / contest.peak);
    html += format(
        "<tr><td>%s</td><td>%.4g</td><td>%.1f %%</td><td>%.2f</td>%s<td>%.4g</td><td>%.1e</td></tr>\n",
        each.contestant.c_str(), each.time.median * 1e6, 100 * (each.time.upper - each.time.lower) / each.time.median,
        each.time.median / contest.results.front().time.median, of_peak.c_str(), each.cold * 1e6, each.max_error);
  }
  return html + "</table>\n";
}

}  // namespace

std::string html_of(const networks_report& report) {
  std::string html = "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>inlay-bench</title>\n<style>";
  html += style;
  html += "</style></head><body>\n<h1>Compiled networks against interpreted ones and other libraries</h1>\n<p>" +
          escaped(report.cpu) + ", one thread.";
  const openblas_facts& blas = report.openblas;
  if (!blas.core.empty())
    html += " OpenBLAS " + escaped(blas.version) + " uses its kernels for " + escaped(blas.core) +
            "; OPENBLAS_CORETYPE is " + (blas.coretype.empty() ? "not set" : escaped(blas.coretype)) + ".";
  html += "</p>\n";
  if (!blas.warning.empty()) html += "<p class='warning'>" + escaped(blas.warning) + ".</p>\n";
  html += roofline(report);
  html +=
      "<p>Median: call after call, everything in the caches. Cold: one call after the caches were filled with other "
      "data, as a program meets it that calls once in a while. Errors are relative to double arithmetic.</p>\n";
  for (const network_contest& contest : report.contests) html += table(contest, report);
  return html + "</body></html>\n";
}

}  // namespace inlay::bench
