// SPDX-License-Identifier: Apache-2.0
// The frame of a program that may draw a picture.
#include "program.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace picture {
namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

int refuse(const char* name, const std::string& why) {
  std::fprintf(stderr, "%s: %s; see --help\n", name, why.c_str());
  return 2;
}

}  // namespace

int run_example(int argc, char** argv, const char* name, const char* what, const std::function<outcome()>& run) try {
  std::string svg;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      std::printf(
          "usage: %s [--svg FILE]\n\n%s\n\n"
          "  --svg FILE  also draws what it has found into FILE\n"
          "  --help      prints this text\n\n"
          "Exit code: 0 if all is well; 1 if a check fails or a file cannot be used; 2 if the arguments are wrong.\n",
          name, what);
      return 0;
    }
    if (argument != "--svg") return refuse(name, "unknown argument '" + argument + "'");
    if (++i == argc || *argv[i] == '\0') return refuse(name, "--svg needs the name of a file");
    svg = argv[i];
  }
  const outcome found = run();
  if (!svg.empty()) {
    write_file(svg, found.svg);
    std::printf("\nwrote %s\n", svg.c_str());
  }
  return found.good ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", name, e.what());
  return 1;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown CPU";
}

}  // namespace picture
