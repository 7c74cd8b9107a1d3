// SPDX-License-Identifier: Apache-2.0
// The names by which the C++ runtime refers to the kernels of a graph.
#include "Inlay/Network/Mangling.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

namespace inlay::compiler {
namespace {

/// Mangles the members of `inlay::no_kernels_for_this_graph_run_inlayc_again<hash, inlay::detail::named<...>, P...>`,
/// which runtime/include/inlay/kernel_symbols.hpp declares, by the Itanium ABI.
class KernelsName {
 public:
  explicit KernelsName(const NetworkSummary &summary) {
    text = "_ZN5inlay42no_kernels_for_this_graph_run_inlayc_againILm" + std::to_string(summary.hash) +
           "ENS_6detail5namedIJ";
    // The substitutions so far, in order of appearance: inlay, the template, inlay::detail, named.
    count = 4;
    for (char c : llvm::StringRef(summary.name).take_front(kMostCharacters)) {
      const std::string type = llvm::isAlpha(c)   ? std::string("2") + c + "_"
                               : llvm::isDigit(c) ? std::string("2_") + c
                                                  : "10underscore";
      std::string &known = types[type];
      text += known.empty() ? "NS1_" + type + "E" : known;
      if (known.empty()) known = next();
    }
    text += "EEEJ";
    ++count;  // named<...>
    for (const PortSummary &input : summary.inputs) pointer(input.type == dtype::i32 ? "PKi" : "PKf", 2);
    for (size_t i = 0; i < summary.outputs.size(); ++i) pointer("Pf", 1);
    text += "EE";
  }

  std::string member(const std::string &name) const { return text + std::to_string(name.size()) + name + "E"; }
  /// The parameters of a function that runs a batch: pointers, size_t, void*.
  std::string batch() const { return parameters + "mPv"; }
  /// The same with a const void* in front of the void*.
  std::string packed() const { return parameters + "mPKvPv"; }
  /// The same as batch() with a second void*, which is a substitution. The class itself is the one before it.
  std::string steps() {
    next();
    return batch() + next();
  }
  /// The same with a second size_t in front of the first void*.
  std::string voices() {
    next();
    return parameters + "mmPv" + next();
  }
  /// The parameters of a function with two void*. The second one is a substitution. The class itself is the one before.
  std::string twoPointers() {
    next();
    return "Pv" + next();
  }

 private:
  /// The symbol has no more characters of the name than these, as in kernel_symbols.hpp.
  static constexpr size_t kMostCharacters = 40;

  std::string text, parameters;
  unsigned count = 0;
  llvm::StringMap<std::string> types;

  /// The next substitution: S_, S0_, ..., S9_, SA_, ..., SZ_, S10_, ...
  std::string next() {
    const unsigned number = count++;
    return number == 0 ? "S_" : "S" + llvm::toString(llvm::APInt(32, number - 1), 36, /*Signed=*/false) + "_";
  }

  /// A pointer to numbers. It is written out the first time only. Then each of its parts becomes a substitution; the
  /// last part is the pointer itself.
  void pointer(const std::string &type, unsigned parts) {
    std::string &known = types[type];
    text += known.empty() ? type : known;
    if (known.empty()) {
      count += parts - 1;
      known = next();
    }
    parameters += known;
  }
};

}  // namespace

std::string mangledRun(const NetworkSummary &summary) {
  KernelsName name(summary);
  if (summary.takesWeights()) return name.member("run_packed_needs_WEIGHTS_argument") + name.packed();
  return summary.hasState() ? name.member("run_steps") + name.steps() : name.member("run") + name.batch();
}

std::string mangledRunVoices(const NetworkSummary &summary) {
  KernelsName name(summary);
  return name.member("run_voices_needs_VOICES") + name.voices();
}

std::string mangledReset(const NetworkSummary &summary) { return KernelsName(summary).member("reset") + "Pv"; }

std::string mangledTraining(const NetworkSummary &summary, const std::string &function) {
  KernelsName name(summary);
  // `begin` has a part and the number of parts, too.
  return name.member(function) + name.twoPointers() + (function == "begin" ? "mm" : "");
}

std::string mangledRunParallel(const NetworkSummary &summary) {
  KernelsName name(summary);
  if (summary.hasState())
    return name.member("run_steps_parallel_needs_PARALLEL") + name.steps() + "PK18inlay_parallel_for";
  if (summary.takesWeights())
    return name.member("run_packed_parallel_needs_PARALLEL") + name.packed() + "PK18inlay_parallel_for";
  return name.member("run_parallel_needs_PARALLEL") + name.batch() + "PK18inlay_parallel_for";
}

std::string mangledScratchBytes(const NetworkSummary &summary) {
  return KernelsName(summary).member("scratch_bytes") + "v";
}

std::string mangledPack(const NetworkSummary &summary) {
  return KernelsName(summary).member("pack_needs_WEIGHTS_argument") + "PKvPv";
}

std::string mangledPackedBytes(const NetworkSummary &summary) {
  return KernelsName(summary).member("packed_bytes_needs_WEIGHTS_argument") + "v";
}

}  // namespace inlay::compiler
