// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench networks as one self-contained page: a roofline picture and the tables.
#include <algorithm>
#include <cstdio>

#include "networks.hpp"
#include "roofline.hpp"
#include "text.hpp"

namespace inlay::bench {
namespace {

constexpr char style[] = R"(
body { font: 15px/1.5 sans-serif; max-width: 66em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: 0.15em 0.8em; text-align: right; white-space: nowrap; }
td:first-child { text-align: left; } tr:nth-child(2) { font-weight: bold; } th { font-weight: normal; color: #555; }
table.plain tr:nth-child(2) { font-weight: normal; } td.bar { text-align: left; }
td.bar span { display: inline-block; height: 0.8em; background: #06c; }
.warning { border-left: 4px solid #c60; padding-left: 0.8em; }
svg { width: 100%; margin-top: 1em; } svg text { font: 12px sans-serif; fill: #222; paint-order: stroke; stroke: #fff; stroke-width: 3px; }
svg .grid { stroke: #ddd; } svg .fine { stroke: #f0f0f0; }
svg line.roof { stroke: #999; stroke-width: 1.5; } svg text.roof { fill: #777; }
svg .leader { stroke: #888; stroke-width: 0.8; } svg .pair { stroke: #bbb; stroke-dasharray: 2 3; }
svg .full { fill: #06c; } svg .hollow { fill: none; stroke: #b50; stroke-width: 2; }
svg .of-full { fill: #049; } svg .of-hollow { fill: #a40; }
)";

std::string time_of(double seconds) {
  std::string text = duration(seconds);
  if (const std::size_t micro = text.find("us"); micro != std::string::npos) text.replace(micro, 1, "µ");
  return text;
}

std::string of_peak(const network_contest& contest, const network_result& result) {
  return contest.flops == 0 ? "–" : format("%.1f %%", 100 * contest.flops / result.time.median / contest.peak);
}

/// One row for each network and batch, one column for each contestant.
std::string overview(const networks_report& report) {
  std::vector<std::string> names;
  for (const network_contest& contest : report.contests)
    for (const network_result& each : contest.results)
      if (contest.layer.empty() && each.contestant != "compiled" && std::ranges::count(names, each.contestant) == 0)
        names.push_back(each.contestant);
  std::string html =
      "<h2>At a glance</h2>\n<p>The time of the compiled network, and what part of the peak of multiply-adds it "
      "reaches. "
      "Other contestants: their time as a multiple of it; above 1, the compiled network is faster.</p>\n"
      "<table class='plain'><tr><th></th><th>batch</th><th>compiled</th><th>of peak</th>";
  for (const std::string& name : names) html += "<th>" + escaped(name) + "</th>";
  html += "</tr>\n";
  for (const network_contest& contest : report.contests) {
    if (!contest.layer.empty()) continue;
    const network_result& ours = contest.results.front();
    html += format("<tr><td>%s</td><td>%d</td><td>%s</td><td>%s</td>", escaped(contest.network).c_str(), contest.batch,
                   time_of(ours.time.median).c_str(), of_peak(contest, ours).c_str());
    for (const std::string& name : names) {
      const auto found = std::ranges::find(contest.results, name, &network_result::contestant);
      html +=
          found == contest.results.end() ? "<td></td>" : format("<td>%.2f</td>", found->time.median / ours.time.median);
    }
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string table(const network_contest& contest, const networks_report& report) {
  const limits least = limits_of(contest, report);
  std::string html =
      format("<h2>%s%s%s, batch %d</h2>\n<p>%s, %s of weights: at least ", escaped(contest.network).c_str(),
             contest.layer.empty() ? "" : ", layer ", escaped(contest.layer).c_str(), contest.batch,
             flop_count(contest.flops).c_str(), byte_count(contest.weight_bytes).c_str());
  if (contest.flops > 0) html += time_of(least.multiply_adds) + " for the multiply-adds, ";
  html += time_of(least.reading) + " for reading weights and values from " + least.level->level + ".</p>\n";
  html +=
      "<table><tr><th></th><th>median</th><th>spread</th><th>× compiled</th><th>GFLOP/s</th><th>of peak</th>"
      "<th>cold</th><th>largest error</th></tr>\n";
  for (const network_result& each : contest.results) {
    const std::string speed = contest.flops == 0 ? "–" : format("%.4g", contest.flops / each.time.median * 1e-9);
    html += format(
        "<tr><td>%s</td><td>%s</td><td>%.1f %%</td><td>%.2f</td><td>%s</td><td>%s</td><td>%s</td>"
        "<td>%.1e</td></tr>\n",
        escaped(each.contestant).c_str(), time_of(each.time.median).c_str(),
        100 * (each.time.upper - each.time.lower) / each.time.median,
        each.time.median / contest.results.front().time.median, speed.c_str(), of_peak(contest, each).c_str(),
        time_of(each.cold).c_str(), each.max_error);
  }
  return html + "</table>\n";
}

/// Where the time of a network goes, with a bar for each layer.
std::string layers_table(const network_contest& whole, const networks_report& report) {
  const layer_times times = layers_in(report, whole);
  if (times.layers.empty()) return "";
  std::string html = format(
      "<h3>%s, batch %d, layer by layer</h3>\n<p>The layers one by one, compiled: together %s, the network as a whole "
      "%s. A layer on its own reads and writes the caller's memory: images with channels first. Best peer: the time of "
      "the fastest other library as a multiple of ours.</p>\n<table "
      "class='plain'><tr><th></th><th>median</th><th>share</th><th></th><th>MFLOP</th>"
      "<th>GFLOP/s</th><th>of peak</th><th>best peer</th></tr>\n",
      escaped(whole.network).c_str(), whole.batch, time_of(times.seconds).c_str(),
      time_of(whole.results.front().time.median).c_str());
  for (const network_contest* each : times.layers) {
    const double seconds = each->results.front().time.median, share = times.share(*each);
    html +=
        format("<tr><td>%s</td><td>%s</td><td>%.1f %%</td><td class='bar'><span style='width:%.1fem'></span></td>",
               escaped(each->layer).c_str(), time_of(seconds).c_str(), 100 * share, 10 * share / times.largest_share());
    html += each->flops == 0 ? "<td>–</td><td>–</td>"
                             : format("<td>%.4g</td><td>%.4g</td>", each->flops * 1e-6, each->flops / seconds * 1e-9);
    html += "<td>" + of_peak(*each, each->results.front()) + "</td>";
    const network_result* peer = best_peer(*each);
    html += peer == nullptr
                ? "<td>–</td></tr>\n"
                : format("<td>%.2f %s</td></tr>\n", peer->time.median / seconds, escaped(peer->contestant).c_str());
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
  html += overview(report) + roofline(report);
  html +=
      "<p>Median: call after call, everything in the caches. Cold: one call after the caches were filled with other "
      "data, as a program meets it that calls once in a while. Errors are relative to double arithmetic.</p>\n";
  for (const network_contest& contest : report.contests)
    if (contest.layer.empty()) {
      html += table(contest, report) + layers_table(contest, report);
      const layer_times times = layers_in(report, contest);
      if (times.layers.empty()) continue;
      html += "<details><summary>All contestants on each layer</summary>\n";
      for (const network_contest* layer : times.layers) html += table(*layer, report);
      html += "</details>\n";
    }
  return html + "</body></html>\n";
}

}  // namespace inlay::bench
