// SPDX-License-Identifier: Apache-2.0
// The frame of a program that may draw a picture: options, errors and exit codes.
#pragma once

#include <functional>
#include <string>

namespace picture {

/// What an example does: it prints what it finds, and returns the picture of it. Only if all is as the README says is
/// `good` true.
struct outcome {
  bool good;
  std::string svg;
};

/// Runs an example named `name`. `--svg FILE` writes its picture, `--help` prints `what`, a sentence, and the options.
/// Returns the exit code: 0 if all is well, 1 if the outcome is not good or a file cannot be used, 2 if the arguments
/// are wrong.
int run_example(int argc, char** argv, const char* name, const char* what, const std::function<outcome()>& run);

/// A file that an example writes if it is given one, beside its picture.
struct extra_output {
  const char* name;  ///< in the help, as in "WEIGHTS"
  const char* what;  ///< half a sentence: "gets the weights, as safetensors"
};
/// The same for an example whose argument without an option is the path of `file`. `run` gets the path, or an empty
/// text, and writes the file.
int run_example(int argc, char** argv, const char* name, const char* what, const extra_output& file,
                const std::function<outcome(const std::string& path)>& run);

/// The processor's name, from /proc/cpuinfo, or "unknown CPU".
std::string cpu_name();

}  // namespace picture
