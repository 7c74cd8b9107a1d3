// SPDX-License-Identifier: Apache-2.0
// inlay-bench: compiled code against its peers, in one interleaved run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#include "activations.hpp"
#include "batches.hpp"
#include "compare.hpp"
#include "networks.hpp"
#include "stream.hpp"

namespace {

constexpr char usage[] = R"(usage: inlay-bench activations [options]
       inlay-bench networks [model.o] [options]
       inlay-bench batches [model.o] [options]
       inlay-bench stream [options]
       inlay-bench compare OTHER [options] [-- [networks | stream] options of that]

Times compiled code against its peers in one interleaved run, after checking that every contestant computes the same.

  activations         the activations against libmvec, SLEEF (if it was there at build time) and Eigen
  networks            networks on one thread: those of an object file that the C++ compiler made of a model, or else
                      the built-in suite. In per cent of the machine's peak, which is measured in the same run.
                      The suite has dense layers in a row: tiny (2-8-1), control (64-128-128-10), mnist
                      (784-512-256-10), wide (1024-4096-1024); and convolutions: lenet (LeNet-5, 28x28), vgg (a small
                      VGG, 32x32), separable (depthwise and pointwise, 56x56x64), resnet18 and mobilenet_v2 (224x224).
                      Peers are the interpreter (f32, Eigen); for dense layers in a row Eigen and, if they were there
                      at build time, OpenBLAS, oneDNN, ONNX Runtime and RTNeural; for convolutions oneDNN. Batch norms
                      are folded into the layers before them for peers, too. tools/inlay-bench/CMakeLists.txt says
                      where the build looks for the libraries.
  batches             the time of a sample in each batch from 1 to 40, beside the least time that the machine needs, and
                      the batches that are slower than those around them. The networks of an object file, or square
                      (1000-1000 relu), odd (129-257-65-7 gelu) and mnist (784-512-256-10).
  stream              networks that get one step after the other, on one thread: the time of a step, step by step and
                      in blocks of 64, and the slowest of many calls that are each timed on their own. The networks:
                      gru8 (GRU 8 and dense 1), lstm16 (LSTM 16 and dense 1), dense (1-8-8-8-1 tanh, without state),
                      tcn (five dilated causal convolutions), wavenet (that of examples/amp) and vad (that of
                      examples/vad, 512 samples a step). Peers are the interpreter and, if they were there at build
                      time, RTNeural and for vad ONNX Runtime. `16 streams` are as many in one call of a network with
                      state; its times are for a step of one of them.
  compare             the kernels of this build against those of another build's inlay-bench, OTHER: runs `networks`
                      or `stream` of both in turn and compares them row by row

options:
  --rounds N          interleaved rounds; medians are taken over them (default 31)
  --json FILE         also write the figures to a file
  --help
options of activations:
  --function NAME     this activation only; may be repeated
options of networks:
  --weights FILE      safetensors with the model's weights; without it they are drawn, the same in every run
  --network NAME      this network only; may be repeated
  --batch N           samples per call; may be repeated (default: the suite's own, or 1 and 64)
  --layers            time each layer on its own, too, with the pointwise operations that follow it
  --bf16              also with the weights stored as bf16
  --weights-argument  also with the weights as an argument
  --threads N         also compiled for N threads; per cent of the peak stay those of one
  --html FILE         also write a page with a roofline picture
options of batches:
  --weights FILE, --network NAME   as for networks
  --most N            the largest batch (default 40)
  --svg FILE          also draw a picture
options of stream:
  --network NAME      this network only; may be repeated
  --calls N           calls of each contestant that are timed on their own, for 30 seconds at most (default 1000000)
  --level N           the signal is noise whose root mean square is N hundredths (default 20, as music)
options of compare:
  --pairs N           runs of each program (default 11)
  --tolerance N       per cent that a row may be slower (default 2)

exit code: 0; 1 if a contestant computes something else or a row of compare is slower; 2 for wrong options.
)";

int fail(const char* what, std::string_view argument) {
  std::fprintf(stderr, "inlay-bench: error: %s '%.*s'; see --help\n", what, static_cast<int>(argument.size()),
               argument.data());
  return 2;
}

/// An option that takes a value. `set` stores it and returns whether it is right.
struct option {
  std::string_view name;
  std::function<bool(const char*)> set;
  const char* wrong = "";  ///< the message for a wrong value
};

option text(std::string_view name, std::string& into) {
  return {name, [&into](const char* value) { return into = value, true; }};
}

option texts(std::string_view name, std::vector<std::string>& into) {
  return {name, [&into](const char* value) { return into.emplace_back(value), true; }};
}

bool parse(const char* value, int& number, long largest = 100000) {
  char* end = nullptr;
  const long parsed = std::strtol(value, &end, 10);
  number = static_cast<int>(parsed);
  return end != value && *end == 0 && parsed >= 1 && parsed <= largest;
}

option rounds(int& into) {
  return {"--rounds", [&into](const char* value) { return parse(value, into); },
          "--rounds needs a number from 1 to 100000, found"};
}

/// Reads the arguments after the command. Returns 0 to go on, else 1 + the exit code.
int read(int argc, char** argv, const std::vector<option>& options,
         const std::vector<std::pair<std::string_view, bool*>>& flags, std::string* file) {
  for (int i = 2; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") return std::fputs(usage, stdout), 1;
    bool is_flag = false;
    for (const auto& [name, set] : flags)
      if (argument == name) is_flag = *set = true;
    if (is_flag) continue;
    if (file && file->empty() && !argument.starts_with("-")) {
      *file = argument;
      continue;
    }
    const option* found = nullptr;
    for (const option& each : options)
      if (each.name == argument) found = &each;
    if (!found) return 1 + fail(argument.starts_with("-") ? "unknown option" : "unexpected argument", argument);
    if (++i == argc) return 1 + fail("no value after", argument);
    if (!found->set(argv[i])) return 1 + fail(found->wrong, argv[i]);
  }
  return 0;
}

int activations(int argc, char** argv) {
  inlay::bench::activations_options options;
  const std::vector<option> known = {texts("--function", options.names), text("--json", options.json),
                                     rounds(options.rounds)};
  if (const int stop = read(argc, argv, known, {}, nullptr)) return stop - 1;
  return inlay::bench::run_activations(options);
}

int networks(int argc, char** argv) {
  inlay::bench::networks_options options;
  const auto batch = [&](const char* value) { return parse(value, options.batches.emplace_back()); };
  const auto threads = [&](const char* value) { return parse(value, options.threads) && options.threads <= 1024; };
  const std::vector<option> known = {texts("--network", options.names),
                                     text("--weights", options.weights_file),
                                     text("--json", options.json),
                                     text("--html", options.html),
                                     rounds(options.rounds),
                                     {"--threads", threads, "--threads needs a number from 1 to 1024, found"},
                                     {"--batch", batch, "--batch needs a number from 1 to 100000, found"}};
  if (const int stop = read(
          argc, argv, known,
          {{"--layers", &options.layers}, {"--bf16", &options.bf16}, {"--weights-argument", &options.weights_argument}},
          &options.model))
    return stop - 1;
  if (options.model.empty() && !options.weights_file.empty())
    return fail("--weights needs a model.o; the built-in suite has its own, not", options.weights_file);
  return inlay::bench::run_networks(options);
}

int batches(int argc, char** argv) {
  inlay::bench::batches_options options;
  const auto most = [&](const char* value) { return parse(value, options.most, 1000) && options.most > 1; };
  const std::vector<option> known = {texts("--network", options.names),
                                     text("--weights", options.weights_file),
                                     text("--json", options.json),
                                     text("--svg", options.svg),
                                     rounds(options.rounds),
                                     {"--most", most, "--most needs a number from 2 to 1000, found"}};
  if (const int stop = read(argc, argv, known, {}, &options.model)) return stop - 1;
  if (options.model.empty() && !options.weights_file.empty())
    return fail("--weights needs a model.o; the built-in networks have their own, not", options.weights_file);
  return inlay::bench::run_batches(options);
}

int stream(int argc, char** argv) {
  inlay::bench::stream_options options;
  const auto level = [&](const char* value) { return parse(value, options.level); };
  const auto calls = [&](const char* value) { return parse(value, options.calls, 10000000); };
  const std::vector<option> known = {texts("--network", options.names),
                                     text("--json", options.json),
                                     rounds(options.rounds),
                                     {"--calls", calls, "--calls needs a number from 1 to 10000000, found"},
                                     {"--level", level, "--level needs a number from 1 to 100000, found"}};
  if (const int stop = read(argc, argv, known, {}, nullptr)) return stop - 1;
  return inlay::bench::run_stream(options);
}

int compare(int argc, char** argv) {
  inlay::bench::compare_options options;
  int own = argc;  // arguments up to "--"
  for (int i = argc; i-- > 2;)
    if (argv[i] == std::string_view("--")) own = i;
  options.passed.assign(argv + std::min(own + 1, argc), argv + argc);
  const std::vector<option> known = {{"--pairs", [&](const char* value) { return parse(value, options.pairs); },
                                      "--pairs needs a number from 1 to 100000, found"},
                                     {"--tolerance", [&](const char* value) { return parse(value, options.tolerance); },
                                      "--tolerance needs a number from 1 to 100000, found"}};
  if (const int stop = read(own, argv, known, {}, &options.other)) return stop - 1;
  if (options.other.empty()) return fail("compare needs the inlay-bench of another build; found", "");
  return inlay::bench::run_compare(options);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc < 2 ? "" : argv[1];
  if (command == "activations") return activations(argc, argv);
  if (command == "networks") return networks(argc, argv);
  if (command == "batches") return batches(argc, argv);
  if (command == "stream") return stream(argc, argv);
  if (command == "compare") return compare(argc, argv);
  if (command == "--help" || argc < 2) {
    std::fputs(usage, argc < 2 ? stderr : stdout);
    return argc < 2 ? 2 : 0;
  }
  return fail("unknown command", command);
}
