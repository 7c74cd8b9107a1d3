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

void print_help(const char* name, const char* what, const extra_output* file) {
  std::printf("usage: %s [--svg FILE]%s%s%s\n\n%s\n\n", name, file ? " [" : "", file ? file->name : "", file ? "]" : "",
              what);
  std::puts("  --svg FILE  also draws what it has found into FILE");
  if (file) std::printf("  %-10s  %s\n", file->name, file->what);
  std::puts(
      "  --help      prints this text\n\n"
      "Exit code: 0 if all is well; 1 if a check fails or a file cannot be used; 2 if the arguments are wrong.");
}

/// `file` is null if there is none.
int run_program(int argc, char** argv, const char* name, const char* what, const extra_output* file,
                const std::function<outcome(const std::string&)>& run) try {
  std::string svg, path;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      print_help(name, what, file);
      return 0;
    }
    if (argument == "--svg") {
      if (++i == argc || *argv[i] == '\0') return refuse(name, "--svg needs the name of a file");
      svg = argv[i];
    } else if (file && path.empty() && !argument.empty() && !argument.starts_with('-')) {
      path = argument;
    } else {
      return refuse(name, "unknown argument '" + argument + "'");
    }
  }
  const outcome found = run(path);
  if (!svg.empty()) {
    write_file(svg, found.svg);
    std::printf("\nwrote %s\n", svg.c_str());
  }
  return found.good ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", name, e.what());
  return 1;
}

}  // namespace

int run_example(int argc, char** argv, const char* name, const char* what, const std::function<outcome()>& run) {
  return run_program(argc, argv, name, what, nullptr, [&](const std::string&) { return run(); });
}

int run_example(int argc, char** argv, const char* name, const char* what, const extra_output& file,
                const std::function<outcome(const std::string& path)>& run) {
  return run_program(argc, argv, name, what, &file, run);
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown CPU";
}

}  // namespace picture
