// SPDX-License-Identifier: Apache-2.0
// The option --report-saturation: which units are dead, saturated or linear, proven by intervals or seen in samples.
#ifndef INLAY_TOOLS_INLAYC_SATURATION_H
#define INLAY_TOOLS_INLAYC_SATURATION_H

#include <optional>
#include <string>
#include <vector>

#include "Outputs.h"
#include "inlay/weights.hpp"
#include "saturation.hpp"

namespace inlay::tools {

/// What a report knows of an input: its range, or nothing if there are samples.
struct SaturationInput {
  std::string name;
  saturation::input_range range;
  bool isDefault = false;  ///< no option gives this range
};

struct NetworkSaturation {
  std::string name;
  std::vector<SaturationInput> inputs;
  std::optional<size_t> samples;  ///< how many there are; nothing for intervals
  std::vector<saturation::layer_report> layers;
};

struct SaturationReport {
  double threshold = 0;
  double flatShare = 0;  ///< the share of samples that makes a unit saturated
  std::string samplesFile;
  bool bf16Weights = false;
  std::vector<NetworkSaturation> networks;
};

/// Whether --report-saturation is given.
bool reportsSaturation();
/// Refuses options that contradict each other or have no meaning.
llvm::Error checkSaturationOptions();
/// The file of --input-samples, if it is given.
std::vector<InputFile> saturationInputs();
/// The report's file: JSON if its name ends in .json, else text. `report` is read when it is printed.
OutputFile saturationOutput(const SaturationReport& report);

/// Makes the report of `graphs`. Prints notes about the samples. `bf16` says that weights will be stored as bf16.
llvm::Expected<SaturationReport> analyseSaturation(llvm::ArrayRef<graph_view> graphs, const weights& w, bool bf16);

void writeSaturationText(const SaturationReport& report, llvm::raw_ostream& out);
void writeSaturationJson(const SaturationReport& report, llvm::raw_ostream& out);
/// How the two begin.
inline constexpr llvm::StringLiteral kSaturationTextMark = "saturation report of inlayc\n";
inline constexpr llvm::StringLiteral kSaturationJsonMark =
    "{\n  \"written_by\": \"inlayc\",\n  \"report\": \"saturation\"";

}  // namespace inlay::tools

#endif  // INLAY_TOOLS_INLAYC_SATURATION_H
