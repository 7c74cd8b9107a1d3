// SPDX-License-Identifier: Apache-2.0
// inlay-certify: runs each compiled activation over all 2^32 floats against its formula in double and writes a table.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "accuracy.hpp"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "parameter_sets.hpp"

namespace cl = llvm::cl;
using namespace inlay;
using namespace inlay::tools;

namespace {

cl::OptionCategory category("inlay-certify options");
cl::list<std::string> names("function", cl::desc("Certify this activation only; may be repeated"),
                            cl::value_desc("name"), cl::cat(category));
cl::opt<accuracy> tier("tier", cl::desc("Accuracy tier:"),
                       cl::values(clEnumValN(accuracy::exact, "exact", "the default of every call"),
                                  clEnumValN(accuracy::fast, "fast", "what `mish(x, fast)` asks for"),
                                  clEnumValN(accuracy::approximate, "approximate",
                                             "what `tanh(x, approximate)` asks for; the contract is the error divided "
                                             "by max(1, |result|)")),
                       cl::init(accuracy::exact), cl::cat(category));
cl::opt<std::string> cpu("cpu", cl::desc("CPU to compile for; this machine must be able to run its code"),
                         cl::value_desc("name"), cl::init("native"), cl::cat(category));
cl::opt<unsigned> jobs("jobs", cl::desc("Threads (default: one for each processor)"), cl::value_desc("n"), cl::init(0),
                       cl::cat(category));
cl::opt<unsigned> stride("stride", cl::desc("Test every n-th float only (default 1: all)"), cl::value_desc("n"),
                         cl::init(1), cl::cat(category));
cl::opt<rounding> mode("rounding", cl::desc("Rounding mode to call the kernels in:"),
                       cl::values(clEnumValN(rounding::nearest, "nearest", "the usual one, FE_TONEAREST"),
                                  clEnumValN(rounding::up, "up", "FE_UPWARD"),
                                  clEnumValN(rounding::down, "down", "FE_DOWNWARD"),
                                  clEnumValN(rounding::zero, "zero", "FE_TOWARDZERO")),
                       cl::init(rounding::nearest), cl::cat(category));
cl::opt<bool> parameters("parameters", cl::desc("Certify at the parameter sets besides the defaults"),
                         cl::cat(category));
cl::opt<bool> single("single", cl::desc("Certify the forms for layers of one element"), cl::cat(category));
cl::opt<std::string> output("o", cl::desc("Also write the table to a file, row by row"), cl::value_desc("file.md"),
                            cl::cat(category));

/// The rows that --function names, or all rows. Empty after an error, which it prints.
std::vector<const activation_row*> chosen_rows() {
  std::vector<const activation_row*> rows;
  if (names.empty())
    for (const activation_row& row : activation_table) rows.push_back(&row);
  for (const std::string& name : names) {
    const activation_row* found = nullptr;
    for (const activation_row& row : activation_table)
      if (row.name == name) found = &row;
    if (!found) {
      std::fprintf(stderr, "inlay-certify: error: --function=%s: there is no activation of this name; there are",
                   name.c_str());
      for (const activation_row& row : activation_table) std::fprintf(stderr, " %s", std::string(row.name).c_str());
      std::fprintf(stderr, "\n");
      return {};
    }
    rows.push_back(found);
  }
  return rows;
}

/// Writes one line to standard output and to the file of -o.
void put(std::FILE* file, const std::string& line) {
  for (std::FILE* each : {stdout, file}) {
    if (!each) continue;
    std::fprintf(each, "%s\n", line.c_str());
    std::fflush(each);
  }
}

template <class... Numbers>
std::string format(const char* pattern, Numbers... numbers) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, numbers...);
  return text;
}

/// Whether the contract of `row` is approximate_error.
bool is_scaled(const activation_row& row) { return tier == accuracy::approximate && row.has_approximate; }

/// Certifies one row; false if it breaks its contract or does not compile.
bool certify(const activation_row& row, const std::array<float, 2>& values, unsigned workers, std::FILE* file) {
  std::string name(row.name);
  if (values != row.defaults)
    for (std::uint32_t p = 0; p < row.parameters; ++p)
      name += format(p == 0 ? "(%g" : ", %g", static_cast<double>(values[p])) + (p + 1 == row.parameters ? ")" : "");
  std::string error;
  const auto subject =
      activation_under_test::compile(row, tier, cpu, error, single ? 1 : activation_under_test::usual_width, values);
  if (!subject) {
    std::fprintf(stderr, "inlay-certify: error: %s: %s\n", name.c_str(), error.c_str());
    return false;
  }
  subject->call_in(mode);
  const bool interactive = isatty(STDERR_FILENO);
  const auto start = std::chrono::steady_clock::now();
  int shown = -1;
  const accuracy_report report = subject->test_all(stride, workers, [&](double part) {
    const int percent = static_cast<int>(part * 100);
    if (percent / 10 == shown / 10 && !interactive) return;
    if (percent == shown) return;
    shown = percent;
    std::fprintf(stderr, interactive ? "\r%-13s %3d %%" : "%-13s %3d %%\n", name.c_str(), percent);
  });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::fprintf(stderr, "%s%-13s done in %.0f s\n", interactive ? "\r" : "", name.c_str(), seconds);

  const double contract = contract_of(row, tier, mode, values);
  const bool kept = keeps_contract(report, row, tier, mode, values), scaled = is_scaled(row);
  put(file, format("| %s | %.3f | %g | %.9g | %.3g | %llu | %llu | %s |", name.c_str(),
                   scaled ? report.scaled * 0x1p13 : report.ulp, scaled ? 1.0 : contract,
                   static_cast<double>(scaled ? report.scaled_at : report.ulp_at), report.absolute,
                   static_cast<unsigned long long>(report.against), static_cast<unsigned long long>(report.wrong),
                   kept ? "kept" : "**broken**"));
  if (report.wrong > 0)
    std::fprintf(stderr, "inlay-certify: %s: NaN, infinity or the sign of zero is wrong at %llu floats, one is %.9g\n",
                 name.c_str(), static_cast<unsigned long long>(report.wrong), static_cast<double>(report.wrong_at));
  if (report.against > 0)
    std::fprintf(stderr, "inlay-certify: %s: not monotone where the function is, at %llu floats, one is %.9g\n",
                 name.c_str(), static_cast<unsigned long long>(report.against), static_cast<double>(report.against_at));
  return kept;
}

}  // namespace

int main(int argc, char** argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "Certifies the compiled activations over all 2^32 floats against their formulas in "
                              "double\n\nThe exit code is 1 if an activation breaks its contract.\n\n"
                              "Example: inlay-certify --function sigmoid --function tanh\n");
  const std::vector<const activation_row*> rows = chosen_rows();
  if (rows.empty()) return 2;
  if (stride == 0) {
    std::fprintf(stderr, "inlay-certify: error: --stride=0: give 1 for all floats, or more\n");
    return 2;
  }
  std::FILE* file = nullptr;
  if (!output.empty() && !(file = std::fopen(output.c_str(), "w"))) {
    std::fprintf(stderr, "inlay-certify: error: cannot write '%s'\n", output.c_str());
    return 2;
  }
  const unsigned workers = jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
  put(file,
      tier == accuracy::approximate
          ? "| activation | max error / 2^-13 | contract | at x = | max abs. error | against the function | wrong NaN, "
            "inf, -0 | |"
          : "| activation | max ulp | contract | at x = | max abs. error | against the function | wrong NaN, inf, -0 | "
            "|");
  put(file, "|---|---|---|---|---|---|---|---|");
  bool kept = true;
  for (const activation_row* row : rows) {
    if (!parameters) kept = certify(*row, row->defaults, workers, file) && kept;
    for (const parameter_set& set : parameter_sets)
      if (parameters && set.id == row->id) kept = certify(*row, set.values, workers, file) && kept;
  }
  if (file) std::fclose(file);
  return kept ? 0 : 1;
}
