// SPDX-License-Identifier: Apache-2.0
// inlay-bench compare: runs two builds of inlay-bench in turn, so that a change of the clock or a busy neighbour
// affects both.
#include "compare.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace inlay::bench {
namespace {

/// The seconds of one run, with names such as "network, batch 1, compiled".
using rows = std::vector<std::pair<std::string, double>>;

/// The arguments of both programs, which may begin with the command. Calls of a stream are not compared one by one, so
/// a single one is timed.
std::vector<std::string> with_command(const std::vector<std::string>& passed) {
  const std::string first = passed.empty() ? "" : passed.front();
  std::vector<std::string> words = {"networks"};
  if (first == "stream") words = {"stream", "--calls", "1"};
  words.insert(words.end(), passed.begin() + (first == "networks" || first == "stream" ? 1 : 0), passed.end());
  return words;
}

/// Runs `program command … --json file` without its output. False if its exit code is not 0.
bool run(const std::string& program, const std::vector<std::string>& passed, const std::string& file) {
  std::vector<std::string> words = with_command(passed);
  words.insert(words.begin(), program);
  words.insert(words.end(), {"--json", file});
  std::vector<char*> arguments;
  for (std::string& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    if (const int null = open("/dev/null", O_WRONLY); null >= 0) dup2(null, STDOUT_FILENO);
    execv(program.c_str(), arguments.data());
    std::perror(program.c_str());
    _exit(127);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The kernels' times in a report of --json. Times of other libraries do not depend on the build.
std::optional<rows> read(const std::string& file) {
  std::ifstream stream(file);
  const nlohmann::json report = nlohmann::json::parse(stream, nullptr, false);
  if (report.is_discarded() || !report.contains("contests")) return std::nullopt;
  rows result;
  for (const auto& contest : report["contests"])
    for (const auto& [name, figures] : contest["contestants"].items()) {
      if (name != "compiled" && name != "bf16 weights" && !name.ends_with(" threads") && !name.ends_with(" streams"))
        continue;
      const auto network = contest["network"].get<std::string>();
      if (contest.contains("steps_per_call")) {
        result.emplace_back(network + ", steps " + std::to_string(contest["steps_per_call"].get<int>()) + ", " + name,
                            figures["seconds_per_step"].get<double>());
        continue;
      }
      const std::string layer = contest.contains("layer") ? ", layer " + contest["layer"].get<std::string>() : "";
      result.emplace_back(network + layer + ", batch " + std::to_string(contest["batch"].get<int>()) + ", " + name,
                          figures["seconds"].get<double>());
    }
  return result;
}

/// A file that its destructor removes.
struct temporary_file {
  std::string path = (std::filesystem::temp_directory_path() / "inlay-bench-XXXXXX").string();
  temporary_file() {
    if (const int file = mkstemp(path.data()); file >= 0) close(file);
  }
  ~temporary_file() { std::remove(path.c_str()); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t n = values.size();
  return (values[n / 2] + values[(n - 1) / 2]) / 2;
}

}  // namespace

int run_compare(const compare_options& options) {
  const temporary_file file;
  std::error_code unreadable;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", unreadable).string();
  std::vector<std::string> order;
  std::map<std::string, std::vector<double>> now, ratios;
  for (int pair = 0; pair < options.pairs; ++pair) {
    std::map<std::string, double> seconds[2];
    // The program that ran second begins the next pair.
    for (const int turn : {pair % 2, 1 - pair % 2}) {
      const std::string& program = turn == 0 ? self : options.other;
      std::optional<rows> found;
      if (run(program, options.passed, file.path)) found = read(file.path);
      if (!found || found->empty()) {
        std::fprintf(stderr, "inlay-bench: error: '%s %s' failed; run it by itself to see why\n", program.c_str(),
                     with_command(options.passed).front().c_str());
        return 2;
      }
      for (const auto& [name, time] : *found) {
        seconds[turn][name] = time;
        if (pair == 0 && turn == 0) order.push_back(name);
      }
    }
    for (const auto& [name, time] : seconds[0])
      if (const auto before = seconds[1].find(name); before != seconds[1].end())
        now[name].push_back(time), ratios[name].push_back(time / before->second);
    std::fprintf(stderr, "\rpair %d of %d", pair + 1, options.pairs);
  }
  std::fprintf(stderr, "\n");

  std::printf(
      "%d pairs of runs in turn. now / before: the median over the pairs; below 1 is faster now.\n\n%-44s %12s %12s"
      " %17s\n",
      options.pairs, "", "now", "now / before", "least to most");
  bool slower = false;
  for (const std::string& name : order) {
    if (ratios[name].empty()) continue;
    const double ratio = median(ratios[name]);
    const bool too_slow = ratio > 1 + options.tolerance / 100.0;
    slower = slower || too_slow;
    const auto [least, most] = std::ranges::minmax(ratios[name]);
    std::printf("%-44s %9.4g us %12.3f %8.3f to %.3f%s\n", name.c_str(), median(now[name]) * 1e6, ratio, least, most,
                too_slow ? "  slower" : "");
  }
  return slower ? 1 : 0;
}

}  // namespace inlay::bench
