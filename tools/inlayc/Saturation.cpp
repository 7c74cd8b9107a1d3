// SPDX-License-Identifier: Apache-2.0
// The option --report-saturation and those that go with it: ranges of inputs and samples.
#include "Saturation.h"

#include <cfloat>
#include <cmath>

#include "Inlay/Target/Target.h"
#include "LoadWeights.h"
#include "inlay/operations.hpp"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/WithColor.h"

namespace inlay::tools {
namespace {

namespace cl = llvm::cl;
using compiler::failed;
using saturation::input_range;

cl::opt<std::string> reportPath(
    "report-saturation",
    cl::desc("Report for each activation which units are saturated, dead or always on, as JSON if the file's name ends "
             "in .json, else as text; - is standard output. Without -o nothing is compiled"),
    cl::value_desc("file"), cl::cat(inlaycOptions()));
cl::list<std::string> rangeTexts(
    "input-range",
    cl::desc("What --report-saturation may assume about the elements of an input, or without a name of all inputs "
             "(default: -1:1, and for integers the rows of the tables that they choose from); may be repeated"),
    cl::value_desc("name=low:high"), cl::cat(inlaycOptions()));
cl::opt<std::string> samplesPath(
    "input-samples",
    cl::desc("Let --report-saturation observe samples instead of intervals: tensors [count, ...shape] with the names "
             "of the inputs; for a network with state they are steps"),
    cl::value_desc("file.safetensors"), cl::cat(inlaycOptions()));
cl::opt<double> threshold(
    "saturation-threshold",
    cl::desc("A slope counts as flat below this share of the activation's steepest slope (default: 0.001)"),
    cl::value_desc("share"), cl::init(saturation::report_options{}.threshold), cl::cat(inlaycOptions()));

/// Rounding a weight to bf16 changes it by up to this share of itself.
constexpr double kBf16Error = 0x1p-8;

struct GivenRange {
  std::string text;
  std::string name;  ///< empty for all inputs
  input_range range;
};

llvm::Expected<std::vector<GivenRange>> givenRanges() {
  std::vector<GivenRange> given;
  for (const std::string& text : rangeTexts) {
    const llvm::StringRef whole(text);
    const bool named = whole.contains('=');
    const auto [name, range] = named ? whole.rsplit('=') : std::pair<llvm::StringRef, llvm::StringRef>("", whole);
    const auto [low, high] = range.split(':');
    GivenRange parsed{text, name.str(), {}};
    const bool numbers = !low.getAsDouble(parsed.range.low) && !high.getAsDouble(parsed.range.high);
    // Also false for NaN.
    if (!numbers || (named && name.empty()) || !(parsed.range.low <= parsed.range.high) ||
        !(parsed.range.low >= -FLT_MAX) || !(parsed.range.high <= FLT_MAX))
      return failed("--input-range=" + text +
                    ": give NAME=LOW:HIGH, or LOW:HIGH for all inputs, with numbers LOW <= HIGH, as in pixels=0:255");
    for (const GivenRange& other : given)
      if (other.name == parsed.name)
        return failed("--input-range=" + text + ": " +
                      (name.empty() ? "all inputs have" : "the input '" + name.str() + "' has") + " a range already, " +
                      other.text + "; leave one of them out");
    // The caller's floats may be the ends rounded.
    parsed.range.low = std::min(parsed.range.low, static_cast<double>(static_cast<float>(parsed.range.low)));
    parsed.range.high = std::max(parsed.range.high, static_cast<double>(static_cast<float>(parsed.range.high)));
    given.push_back(std::move(parsed));
  }
  return given;
}

std::string inputsOf(llvm::ArrayRef<graph_view> graphs) {
  llvm::SmallVector<std::string> names;
  for (const graph_view& graph : graphs)
    for (const node_record& node : graph.nodes)
      if (node.kind == op::input && !llvm::is_contained(names, graph.name_of(node)))
        names.push_back(std::string(graph.name_of(node)));
  return llvm::join(names, " ");
}

SaturationInput inputOf(const graph_view& graph, const node_record& node, llvm::ArrayRef<GivenRange> given) {
  SaturationInput input{std::string(graph.name_of(node)), {}, true};
  if (node.type == dtype::i32) input.range = {0, static_cast<double>(ops::rows_of_smallest_table(graph, node)) - 1};
  for (llvm::StringRef name : {llvm::StringRef(), llvm::StringRef(input.name)})
    for (const GivenRange& each : given)
      if (each.name == name) input.range = each.range, input.isDefault = false;
  return input;
}

std::string shapeText(llvm::ArrayRef<uint64_t> sizes) {
  std::string text = "[";
  for (uint64_t size : sizes) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

/// The samples of one network, in the order of its inputs. Floats and integers have the same size.
struct Samples {
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<int32_t>> integers;
  std::vector<const void*> pointers;
  size_t count = 0;
};

llvm::Error samplesFailed(const std::string& what) { return failed("the samples in '" + samplesPath + "' " + what); }

llvm::Expected<Samples> samplesOf(const graph_view& graph, const weights& file) {
  Samples samples;
  std::string first;  // input, whose samples have been counted
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::input) continue;
    const std::string name(graph.name_of(node)), quoted = "'" + name + "'";
    const weight_tensor* tensor = file.find(name);
    for (const unread_tensor& other : file.unread)
      if (other.name == name)
        return samplesFailed("have type " + other.stored_type + " for the input " + quoted +
                             "; give F32, F16, BF16 or F64, for integers, too");
    if (tensor == nullptr)
      return samplesFailed("do not have the input " + quoted + " of the network '" + std::string(graph.name) +
                           "'; give each input a tensor of its name");
    std::vector<uint64_t> wanted(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    const llvm::ArrayRef<uint64_t> found(tensor->shape);
    if (found.empty() || found.drop_front() != llvm::ArrayRef<uint64_t>(wanted) || found.front() == 0) {
      std::string expected = shapeText(wanted);
      expected.insert(1, wanted.empty() ? "count" : "count, ");
      return samplesFailed("have shape " + shapeText(found) + " for the input " + quoted + "; expected " + expected +
                           " with a count of 1 or more");
    }
    if (!first.empty() && found.front() != samples.count)
      return samplesFailed("are " + std::to_string(samples.count) + " for the input '" + first + "' and " +
                           std::to_string(found.front()) + " for " + quoted + "; give as many for each");
    if (first.empty()) first = name;
    samples.count = found.front();
    if (node.type == dtype::f32) {
      samples.floats.push_back(tensor->values);
      samples.pointers.push_back(samples.floats.back().data());
      continue;
    }
    samples.integers.emplace_back();
    for (float value : tensor->values) {
      // Below 2^24 every whole number is a float.
      if (!(std::abs(value) < 0x1p24f) || std::floor(value) < value)
        return samplesFailed("have " + std::to_string(value) + " for the input " + quoted +
                             ", which takes integers; give whole numbers below 2^24");
      samples.integers.back().push_back(static_cast<int32_t>(value));
    }
    samples.pointers.push_back(samples.integers.back().data());
  }
  return samples;
}

}  // namespace

bool reportsSaturation() { return reportPath.getNumOccurrences() > 0; }

llvm::Error checkSaturationOptions() {
  if (!reportsSaturation()) {
    for (const auto& [given, name] : {std::pair(rangeTexts.getNumOccurrences() > 0, "--input-range"),
                                      std::pair(samplesPath.getNumOccurrences() > 0, "--input-samples"),
                                      std::pair(threshold.getNumOccurrences() > 0, "--saturation-threshold")})
      if (given)
        return failed(llvm::Twine(name) + " says what --report-saturation looks at; give --report-saturation=-, too");
    return llvm::Error::success();
  }
  if (!rangeTexts.empty() && samplesPath.getNumOccurrences() > 0)
    return failed(
        "--input-range and --input-samples: a report is about ranges or about samples; leave one of them out");
  if (!(threshold > 0 && threshold < 1))
    return failed(llvm::formatv("--saturation-threshold={0}", threshold.getValue()).str() +
                  ": give a share of the steepest slope, above 0 and below 1");
  llvm::Expected<std::vector<GivenRange>> given = givenRanges();
  return given ? llvm::Error::success() : given.takeError();
}

std::vector<InputFile> saturationInputs() {
  if (samplesPath.getNumOccurrences() == 0) return {};
  return {{samplesPath, "the samples (--input-samples)"}};
}

OutputFile saturationOutput(const SaturationReport& report) {
  const bool isJson = llvm::StringRef(reportPath).ends_with(".json");
  return {reportPath,
          "the saturation report (--report-saturation)",
          {isJson ? kSaturationJsonMark.str() : kSaturationTextMark.str()},
          [&report, isJson](llvm::raw_ostream& out) {
            isJson ? writeSaturationJson(report, out) : writeSaturationText(report, out);
          }};
}

llvm::Expected<SaturationReport> analyseSaturation(llvm::ArrayRef<graph_view> graphs, const weights& w, bool bf16) {
  const saturation::report_options options{.threshold = threshold};
  SaturationReport report{options.threshold, options.flat_share, samplesPath, bf16, {}};
  llvm::Expected<std::vector<GivenRange>> given = givenRanges();
  if (!given) return given.takeError();
  for (const GivenRange& each : *given) {
    const auto has = [&](const graph_view& graph) {
      return llvm::any_of(graph.nodes, [&](const node_record& node) {
        return node.kind == op::input && (each.name.empty() || graph.name_of(node) == each.name);
      });
    };
    if (!llvm::any_of(graphs, has))
      return failed("--input-range=" + each.text + ": no network has an input '" + each.name + "'; there are " +
                    inputsOf(graphs));
  }
  weights_result file;
  if (samplesPath.getNumOccurrences() > 0) {
    file = load_safetensors(samplesPath);
    for (const std::string& note : file.notes) llvm::WithColor::note(llvm::errs(), "inlayc") << note << "\n";
    if (!file) return failed(file.error);
  }
  for (const graph_view& graph : graphs) {
    NetworkSaturation network{std::string(graph.name), {}, {}, {}};
    std::vector<input_range> ranges;
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::input) continue;
      network.inputs.push_back(inputOf(graph, node, *given));
      ranges.push_back(network.inputs.back().range);
    }
    if (samplesPath.getNumOccurrences() == 0) {
      network.layers = report_of_ranges(graph, w, {ranges, bf16 ? kBf16Error : 0}, options);
    } else {
      llvm::Expected<Samples> samples = samplesOf(graph, file.value);
      if (!samples) return samples.takeError();
      const interpreter_result made = interpreter::create(graph, w);
      if (!made) return failed("cannot run '" + network.name + "': " + llvm::join(made.errors, "; "));
      network.samples = samples->count;
      network.layers = report_of_samples(*made.value, samples->pointers, samples->count, options);
    }
    report.networks.push_back(std::move(network));
  }
  return report;
}

}  // namespace inlay::tools
