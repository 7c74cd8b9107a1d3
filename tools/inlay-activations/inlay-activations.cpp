// SPDX-License-Identifier: Apache-2.0
// inlay-activations: measures every compiled activation and writes a page with curves, errors and times.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "Inlay/Target/Target.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include "machine.hpp"
#include "measure.hpp"
#include "page.hpp"
#include "plot.hpp"

namespace cl = llvm::cl;
using namespace inlay;
using namespace inlay::activations_page;

namespace {

cl::OptionCategory category("inlay-activations options");
cl::opt<std::string> output("output", cl::desc("The page (default: activations.html)"), cl::value_desc("file.html"),
                            cl::init("activations.html"), cl::cat(category));
cl::alias short_output("o", cl::desc("Same as --output"), cl::aliasopt(output), cl::cat(category));
cl::opt<std::string> picture("picture", cl::desc("Also write all curves as one SVG picture"),
                             cl::value_desc("file.svg"), cl::cat(category));
cl::list<std::string> names("function", cl::desc("This activation only; may be repeated"), cl::value_desc("name"),
                            cl::cat(category));
cl::list<std::string> certificate_files(
    "certificate",
    cl::desc("Markdown with tables of inlay-certify; may be repeated (default: docs/activations.md of the source)"),
    cl::value_desc("file.md"), cl::cat(category));
cl::opt<std::string> cpu("cpu", cl::desc("CPU to compile for; this machine must be able to run its code"),
                         cl::value_desc("name"), cl::init("native"), cl::cat(category));
cl::opt<bool> quick("quick", cl::desc("A rough page: few floats, and each time measured once"), cl::cat(category));

int fail(int code, const std::string& message) {
  std::fprintf(stderr, "inlay-activations: error: %s\n", message.c_str());
  return code;
}

/// The rows that --function names, or all. If a name is unknown, returns none, with the reason in `error`.
std::vector<const activation_row*> chosen_rows(std::string& error) {
  std::vector<const activation_row*> rows;
  for (const activation_row& row : activation_table)
    if (names.empty() || std::ranges::find(names, row.name) != names.end()) rows.push_back(&row);
  for (const std::string& name : names)
    if (std::ranges::find(rows, name, [](const activation_row* row) { return row->name; }) == rows.end()) {
      error = "--function=" + name + ": there is no activation of this name; there are";
      for (const activation_row& row : activation_table) error += " " + std::string(row.name);
      return {};
    }
  return rows;
}

/// Reads every certificate file. False after an error, which is in `error`.
bool read_all(const std::vector<std::string>& files, std::vector<certificate>& certificates, std::string& error) {
  for (const std::string& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file)
      return error = "cannot read '" + path + "': give --certificate a file that inlay-certify -o wrote", false;
    const auto found = read_certificates(text, error);
    if (!found) return error = "'" + path + "', " + error, false;
    if (found->empty())
      return error = "'" + path + "': expected a table of inlay-certify, found none; write one with inlay-certify -o",
             false;
    certificates.insert(certificates.end(), found->begin(), found->end());
  }
  return true;
}

/// Whether a file can be written or made there, without making it.
bool may_write(const std::string& path) {
  const std::filesystem::path file(path), folder = file.has_parent_path() ? file.parent_path() : ".";
  const bool exists = access(path.c_str(), F_OK) == 0;
  return !std::filesystem::is_directory(file) && access(exists ? path.c_str() : folder.c_str(), W_OK) == 0;
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file.good();
}

/// A line that is overwritten on a terminal, and lines elsewhere.
void show(const std::string& what, double part) {
  std::fprintf(stderr, isatty(STDERR_FILENO) ? "\r%3.0f %%  %-50s" : "%3.0f %%  %s\n", part * 100, what.c_str());
  std::fflush(stderr);
}

}  // namespace

int main(int argc, char** argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Compiles every activation, measures its error over the whole range of floats and its time, and writes one\n"
          "self-contained page with curve, derivative, errors, times and certificates\n\n"
          "Exit code: 0; 1 if an activation breaks its contract (the page shows which); 2 if the page cannot be "
          "made.\n\n"
          "Example: inlay-activations --output activations.html\n",
          &llvm::errs()))
    return 2;
  std::string error;
  const std::vector<const activation_row*> rows = chosen_rows(error);
  if (rows.empty()) return fail(2, error);

  std::vector<std::string> files(certificate_files.begin(), certificate_files.end());
  if (files.empty()) files.push_back(INLAY_CERTIFICATES);
  std::vector<certificate> certificates;
  if (!read_all(files, certificates, error)) return fail(2, error);

  page_facts facts{.processor = bench::cpu_name(), .target = "", .certificates = "", .options = {.cpu = cpu}};
  for (const std::string& path : files)
    facts.certificates += (facts.certificates.empty() ? "" : ", ") + path.substr(path.rfind('/') + 1);
  auto target = compiler::resolveTarget("", cpu);
  if (!target) return fail(2, "--cpu=" + cpu + ": " + llvm::toString(target.takeError()));
  facts.target = target->describe();
  if (quick) facts.options.samples = 64, facts.options.rounds = 1;

  // Minutes of measuring should not end at a folder that does not exist.
  for (const std::string& path : {output.getValue(), picture.getValue()})
    if (!path.empty() && !may_write(path))
      return fail(2, "cannot write '" + path + "': choose a folder that exists and may be written to");

  const auto results = measure(rows, certificates, facts.options, show, error);
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\n");
  if (!results) return fail(2, error);
  if (!write(output, page_of(*results, facts))) return fail(2, "cannot write '" + output + "': is the disk full?");
  if (!picture.empty() && !write(picture, overview_picture(rows)))
    return fail(2, "cannot write '" + picture + "': is the disk full?");
  std::fprintf(stderr, "wrote %s\n", output.c_str());

  int code = 0;
  for (const activation_result& result : *results)
    for (const form_result& form : result.forms) {
      const std::string name = std::string(result.row->name) + " (" + std::string(name_of(form.tier)) + ")";
      if (!form.kept) {
        char numbers[96];
        std::snprintf(numbers, sizeof numbers, "%.3f at x = %.9g, limit %g, %llu special results wrong", form.worst(),
                      static_cast<double>(form.worst_at()), form.limit,
                      static_cast<unsigned long long>(form.total.wrong));
        code = fail(1, name + " breaks its contract: " + numbers + "; look closer with inlay-certify");
      }
      if (form.certified && !form.certified->kept)
        code = fail(1, name + " breaks its contract in its certificate; certify it again with inlay-certify");
      if (!form.certified)
        std::fprintf(stderr,
                     "inlay-activations: warning: there is no certificate of %s; make one with inlay-certify -o\n",
                     name.c_str());
    }
  return code;
}
