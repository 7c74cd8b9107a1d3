// SPDX-License-Identifier: Apache-2.0
// The saturation report as text and as JSON.
#include "Inlay/Report/Table.h"
#include "Saturation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace inlay::tools {
namespace {

using saturation::layer_report;
using saturation::unit_state;

constexpr unit_state kStates[] = {unit_state::active, unit_state::saturated, unit_state::always_on, unit_state::dead,
                                  unit_state::unknown};

llvm::StringRef nameOf(unit_state state) { return saturation::unit_state_names[static_cast<size_t>(state)]; }

/// The state's name with spaces: "always on".
std::string textOf(unit_state state) {
  std::string text = nameOf(state).str();
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

/// Digits of a number that was given, and of one that was computed with a margin. JSON has all digits.
constexpr int kGivenDigits = 7, kComputedDigits = 4;

std::string textOf(double number, int digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, number);
  return text;
}

std::string textOf(const saturation::interval& range, int digits) {
  return range.is_known() ? "[" + textOf(range.low, digits) + ", " + textOf(range.high, digits) + "]" : "unknown";
}

/// "leaky_relu(0.2)": the activation, with parameters that are not the defaults.
std::string textOf(const saturation::applied_function& f) {
  const activation_row& row = row_of(f.function);
  const double parameters[] = {f.p0, f.p1};
  std::string values;
  bool differs = false;
  for (uint32_t i = 0; i < row.parameters; ++i) {
    differs |= !math::is_equal(parameters[i], static_cast<double>(row.defaults[i]));
    values += (i > 0 ? ", " : "") + textOf(parameters[i], kGivenDigits);
  }
  return std::string(row.name) + (differs ? "(" + values + ")" : "");
}

/// "9.4 %".
std::string percentText(double share) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g", 100 * share);
  return text + " %";
}

/// "3 (9.4 %)".
std::string shareText(size_t count, size_t all) {
  if (count == 0) return "0";
  return std::to_string(count) + " (" + percentText(static_cast<double>(count) / static_cast<double>(all)) + ")";
}

/// The share of all samples of all units that are flat.
double flatShare(const layer_report& layer) {
  double sum = 0;
  for (const saturation::unit_report& unit : layer.units) sum += unit.flat_share;
  return sum / static_cast<double>(layer.units.size());
}

/// The first units of a state.
std::string unitsText(const layer_report& layer, unit_state state) {
  constexpr size_t kMost = 12;  // as many numbers as fit on a line behind the layer's name
  const size_t count = layer.count(state);
  if (count == layer.units.size() && count > 1) return "all";
  std::vector<std::string> numbers;
  for (size_t u = 0; u < layer.units.size() && numbers.size() < kMost; ++u)
    if (layer.units[u].state == state) numbers.push_back(std::to_string(u));
  std::string text = llvm::join(numbers, ", ");
  if (count > numbers.size()) text += llvm::formatv(" and {0} more", count - numbers.size()).str();
  return text;
}

std::string assumptionText(const SaturationReport& report, const NetworkSaturation& network) {
  if (network.samples)
    return llvm::formatv("{0} samples of '{1}': seen in these samples, not proven for others", *network.samples,
                         report.samplesFile)
               .str() +
           (report.bf16Weights ? "; weights are not rounded to bf16" : "");
  std::string text;
  for (const SaturationInput& input : network.inputs)
    text += (text.empty() ? "" : ", ") + input.name + " in " +
            textOf(saturation::interval{input.range.low, input.range.high}, kGivenDigits) +
            (input.isDefault ? " (default)" : "");
  return text + ": proven by intervals; what they cannot prove is active";
}

/// A number, or null, which JSON has in place of NaN and infinity.
llvm::json::Value jsonOf(double number) { return std::isfinite(number) ? llvm::json::Value(number) : nullptr; }

void writeLayer(const NetworkSaturation& network, const layer_report& layer, llvm::json::OStream& json) {
  const activation_row& row = row_of(layer.function.function);
  const double parameters[] = {layer.function.p0, layer.function.p1};
  json.attribute("layer", layer.name);
  json.attribute("activation", llvm::StringRef(row.name));
  json.attributeObject("parameters", [&] {
    for (uint32_t i = 0; i < row.parameters; ++i) json.attribute(row.parameter_names[i], jsonOf(parameters[i]));
  });
  json.attribute("line", layer.line);
  json.attribute("units", layer.units.size());
  json.attribute("positions", layer.positions);
  json.attributeObject("counts", [&] {
    for (unit_state state : kStates) json.attribute(nameOf(state), layer.count(state));
  });
  json.attributeObject("shares", [&] {
    for (unit_state state : kStates)
      json.attribute(nameOf(state), static_cast<double>(layer.count(state)) / static_cast<double>(layer.units.size()));
  });
  const saturation::interval all = layer.argument();
  json.attributeObject("pre_activation", [&] {
    json.attribute("low", jsonOf(all.low));
    json.attribute("high", jsonOf(all.high));
  });
  if (network.samples) json.attribute("flat_share", flatShare(layer));
  if (!layer.unknown_because.empty()) json.attribute("unknown_because", layer.unknown_because);
  json.attributeArray("per_unit", [&] {
    for (const saturation::unit_report& unit : layer.units)
      json.object([&] {
        json.attribute("state", nameOf(unit.state));
        json.attribute("low", jsonOf(unit.argument.low));
        json.attribute("high", jsonOf(unit.argument.high));
        if (network.samples) json.attribute("flat_share", unit.flat_share);
      });
  });
}

}  // namespace

void writeSaturationText(const SaturationReport& report, llvm::raw_ostream& out) {
  out << kSaturationTextMark;
  for (const NetworkSaturation& network : report.networks) {
    out << "\nnetwork " << network.name << ", " << assumptionText(report, network) << "\n";
    if (network.layers.empty()) {
      out << "  no activation depends on an input\n";
      continue;
    }
    // With samples there is one more column, behind the states.
    constexpr bool isNumber[] = {false, false, true, true, true, true, true, true, false, false};
    constexpr bool isNumberOfSamples[] = {false, false, true, true, true, true, true, true, true, false};
    compiler::Table table(network.samples ? llvm::ArrayRef(isNumberOfSamples) : llvm::ArrayRef(isNumber).drop_back());
    std::vector<std::string> header{"layer", "activation", "units"};
    for (unit_state state : kStates) header.push_back(textOf(state));
    if (network.samples) header.push_back("flat");
    header.push_back("pre-activation");
    table.add(std::move(header));
    std::string details;
    for (const layer_report& layer : network.layers) {
      std::vector<std::string> cells{layer.name, textOf(layer.function), std::to_string(layer.units.size())};
      for (unit_state state : kStates) {
        const size_t count = layer.count(state);
        cells.push_back(shareText(count, layer.units.size()));
        if (state == unit_state::active || count == 0) continue;
        details += "  " + layer.name + ", " + textOf(layer.function) + ", " + textOf(state) + ": " +
                   unitsText(layer, state) +
                   (state == unit_state::unknown ? ", because " + layer.unknown_because : "") + "\n";
      }
      if (network.samples) cells.push_back(percentText(flatShare(layer)));
      cells.push_back(textOf(layer.argument(), kComputedDigits));
      table.add(std::move(cells));
    }
    table.print(out);
    out << details;
  }
}

void writeSaturationJson(const SaturationReport& report, llvm::raw_ostream& out) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    json.attribute("written_by", "inlayc");
    json.attribute("report", "saturation");
    json.attribute("threshold", report.threshold);
    json.attributeArray("networks", [&] {
      for (const NetworkSaturation& network : report.networks)
        json.object([&] {
          json.attribute("name", network.name);
          json.attribute("method", network.samples ? "samples" : "intervals");
          if (network.samples) {
            json.attribute("samples", *network.samples);
            json.attribute("samples_file", report.samplesFile);
            json.attribute("saturated_above_share", report.flatShare);
          } else {
            json.attributeArray("inputs", [&] {
              for (const SaturationInput& input : network.inputs)
                json.object([&] {
                  json.attribute("name", input.name);
                  json.attribute("low", input.range.low);
                  json.attribute("high", input.range.high);
                  json.attribute("default", input.isDefault);
                });
            });
          }
          json.attributeArray("layers", [&] {
            for (const layer_report& layer : network.layers) json.object([&] { writeLayer(network, layer, json); });
          });
        });
    });
  });
  out << "\n";
}

}  // namespace inlay::tools
