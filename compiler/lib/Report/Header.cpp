// SPDX-License-Identifier: Apache-2.0
// The C header of a kernel object.
#include "CNames.h"
#include "Inlay/Report/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace inlay::compiler {
namespace {

std::string shapeText(const PortSummary &port, llvm::StringRef samples) {
  std::string text = ("[" + samples + "]").str();
  for (int64_t size : port.shape) text += "[" + std::to_string(size) + "]";
  return text;
}

/// A line of the comment: a parameter, its shape, and its name in the network if that differs.
void describePort(const PortSummary &port, llvm::StringRef name, llvm::StringRef direction, llvm::StringRef samples,
                  llvm::raw_ostream &out) {
  out << " *   " << name << shapeText(port, samples) << " " << direction;
  const bool printable = llvm::all_of(port.name, llvm::isPrint) && !llvm::StringRef(port.name).contains('/');
  if (name != port.name && printable) out << ", named \"" << port.name << "\"";
  out << "\n";
}

/// The same as in the runtime's inlay/parallel_for.h, which a C program need not have.
constexpr llvm::StringLiteral kParallelFor = R"(#ifndef INLAY_PARALLEL_FOR
#define INLAY_PARALLEL_FOR
/* Several threads. `run` calls work(argument, part, parts) once for each part from 0 up to parts, at the same time as
 * far as it can, always the same part on the same thread if it can, and returns when all of them have returned. */
typedef struct inlay_parallel_for {
  void (*run)(void *context, void (*work)(void *argument, size_t part, size_t parts), void *argument);
  void *context;
} inlay_parallel_for;
#endif

)";

/// How to call the functions of a network whose weights are in the caller's memory.
void writeLearning(const NetworkSummary &network, llvm::StringRef samples, llvm::raw_ostream &out) {
  const std::string &name = network.name;
  out << " * `memory` has " << macroName(name, "MEMORY_BYTES")
      << " bytes, best aligned to 64, and is the caller's. Its parts have " << network.parameters
      << " floats each:\n"
         " * parameters, gradients, first and second moments; then come the sum of the losses and sums of batch norms. "
      << name << "_begin(memory, scratch, 0, 1)\n"
      << " * packs the weights into `scratch`"
      << (network.role == Role::training ? " and sets gradients and loss to 0" : "")
      << "; threads that call it with 0 to n - 1, and n, share\n * the work. " << name
      << "_run() then reads them there";
  if (network.role == Role::training)
    out << " and adds to gradients and loss,\n * for `" << samples << "` samples, "
        << (network.needsWholeBatch ? "once: batch norms need all samples of a batch" : "any number of times") << ". "
        << name
        << "_update_sgd(memory, settings) or _update_adam() then changes the\n"
           " * parameters. `settings` are the floats of inlay::optimizer_settings (inlay/trainer.hpp)";
  out << ".\n";
  if (network.computesWeights)
    out << " * Weights of layers are computed from parameters. " << name
        << "_compute_weights(memory, scratch) does that, before\n"
           " * this _begin() and that of the prediction. Once after all samples, "
        << name << "_pass_gradients(memory, scratch)\n * adds to the gradients of these parameters.\n";
}

/// How to make the block of weights of a network that takes them as an argument.
void writePacking(const NetworkSummary &network, llvm::raw_ostream &out) {
  const std::string &name = network.name;
  out << " * `weights` is a block of " << macroName(name, "PACKED_BYTES") << " bytes, aligned to 64, which " << name
      << "_pack(parameters, weights)\n"
         " * makes. Any number of calls may read it at the same time. `parameters` are "
      << macroName(name, "PARAMETERS")
      << " finite floats,\n"
         " * which are not needed afterwards: row-major, with any numbers between them,\n";
  for (const ParameterSummary &parameter : network.parameterList) {
    const bool printable =
        llvm::all_of(parameter.name, llvm::isPrint) && !llvm::StringRef(parameter.name).contains('/');
    out << " *   from " << parameter.first << " on " << (printable ? parameter.name : "a parameter") << " [";
    llvm::interleave(parameter.shape, out, ", ");
    out << "]\n";
  }
}

void writeNetwork(const NetworkSummary &network, bool choosesCpu, llvm::raw_ostream &out) {
  const auto macro = [&](llvm::StringRef what) { return macroName(network.name, what); };
  ParameterNames names;
  std::string parameters;
  const llvm::StringRef samples = network.hasState() && network.role == Role::inference ? "steps" : "batch";
  out << "/* Network '" << network.name << "', graph " << llvm::formatv("{0:x-16}", network.hash) << ".\n";
  out << " * Returns 0, or 1 if a pointer is null";
  if (network.maxBatch > 0) out << ", or 4 if " << samples << " exceeds " << macro("MAX_BATCH");
  if (choosesCpu) out << ", or 5 if the object has no code for this machine's CPU";
  out << ".\n * ";
  if (network.scratchBytes == 0)
    out << "It needs no scratch memory: `scratch` may be null. Calls may run at the same time.\n"
           " * Buffers must not overlap.\n";
  else
    out << "`scratch` has " << macro("SCRATCH_BYTES")
        << " bytes, best aligned to 64; calls with different\n"
           " * scratch may run at the same time. Buffers must not overlap.\n";
  if (network.role != Role::inference)
    writeLearning(network, samples, out);
  else if (network.hasState())
    out << " * It runs `steps` steps, one after the other. `memory` has " << macro("MEMORY_BYTES")
        << " bytes, best aligned to 64, and is\n"
           " * the caller's: "
        << network.name
        << "_reset(memory) sets it to what it is before the first step. Each stream has its\n"
           " * own. Copying it saves the state of a stream.\n";
  if (network.takesWeights()) writePacking(network, out);
  for (const PortSummary &port : network.inputs) {
    std::string name = names.add(port.name);
    describePort(port, name, "in", samples, out);
    parameters += (port.type == dtype::i32 ? "const int32_t *" : "const float *") + name + ", ";
  }
  for (const PortSummary &port : network.outputs) {
    std::string name = names.add(port.name);
    describePort(port, name, "out", samples, out);
    parameters += "float *" + name + ", ";
  }
  out << " */\n";
  out << "#define " << macro("SCRATCH_BYTES") << " " << network.scratchBytes << "\n";
  out << "/* The size of an array for it: at least 1, since C has no empty arrays. */\n"
      << "#define " << macro("SCRATCH_ARRAY_BYTES") << " " << std::max<int64_t>(network.scratchBytes, 1) << "\n";
  if (network.hasState()) out << "#define " << macro("MEMORY_BYTES") << " " << network.memoryBytes << "\n";
  if (network.takesWeights())
    out << "#define " << macro("PACKED_BYTES") << " " << network.packedBytes << "\n#define " << macro("PARAMETERS")
        << " " << network.parameters << "\n";
  if (network.maxBatch > 0) out << "#define " << macro("MAX_BATCH") << " " << network.maxBatch << "\n";
  out << "#define " << macro("GRAPH_HASH") << " 0x" << llvm::utohexstr(network.hash, /*LowerCase=*/true) << "ull\n";
  out << "int " << network.name << "_run(" << parameters << "size_t " << samples
      << (network.hasState() ? ", void *memory" : "") << (network.takesWeights() ? ", const void *weights" : "")
      << ", void *scratch);\n";
  if (network.takesWeights()) out << "void " << network.name << "_pack(const float *parameters, void *weights);\n";
  if (network.hasReset()) out << "void " << network.name << "_reset(void *memory);\n";
  for (const std::string &each : network.trainingFunctions())
    out << "void " << network.name << "_" << each << "(void *memory, void *"
        << (each == "begin"                      ? "scratch, size_t part, size_t parts"
            : llvm::is_contained(kHelpers, each) ? "scratch"
                                                 : "settings")
        << ");\n";
  if (network.runsVoices)
    out << "/* The same for several streams, in arrays [voices][steps][...]. `memories` has as many blocks of "
        << macro("MEMORY_BYTES")
        << "\n * bytes, one behind the other. A stream gets what _run() gives it, up to "
           "rounding. */\n"
        << "int " << network.name << "_run_voices(" << parameters
        << "size_t voices, size_t steps, void *memories, void *scratch);\n";
  if (network.isParallel())
    out << "/* The same on several threads; on the calling one alone where `workers` is null. */\n"
        << "int " << network.name << "_run_parallel(" << parameters << "size_t batch, "
        << (network.hasState() ? "void *memory, " : "") << (network.takesWeights() ? "const void *weights, " : "")
        << "void *scratch, const inlay_parallel_for *workers);\n";
  if (network.takesWeights()) out << "size_t " << network.name << "_packed_bytes(void);\n";
  out << "size_t " << network.name << "_scratch_bytes(void);\n\n";
}

}  // namespace

void writeHeader(llvm::ArrayRef<NetworkSummary> networks, bool choosesCpu, llvm::raw_ostream &out) {
  const bool hasIntegers = llvm::any_of(networks, [](const NetworkSummary &network) {
    return llvm::any_of(network.inputs, [](const PortSummary &port) { return port.type == dtype::i32; });
  });
  out << "/* Written by inlayc; do not edit. */\n#pragma once\n\n#include <stddef.h>\n"
      << (hasIntegers ? "#include <stdint.h>\n\n" : "\n") << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  if (llvm::any_of(networks, [](const NetworkSummary &network) { return network.isParallel(); })) out << kParallelFor;
  for (const NetworkSummary &network : networks) writeNetwork(network, choosesCpu, out);
  out << "#ifdef __cplusplus\n}\n#endif\n";
}

}  // namespace inlay::compiler
