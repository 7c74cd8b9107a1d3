// SPDX-License-Identifier: Apache-2.0
// inlayc: compiles the networks of a C++ object file and their weights to an object file with machine code.
#include <csignal>

#include "Inlay/Import/ImportGraph.h"
#include "Inlay/Pipelines/Pipelines.h"
#include "Inlay/Report/Report.h"
#include "Inlay/Training/Training.h"
#include "LoadWeights.h"
#include "Outputs.h"
#include "ReadModel.h"
#include "Saturation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

namespace cl = llvm::cl;
using namespace inlay;
using namespace inlay::compiler;

namespace {

cl::OptionCategory& category = tools::inlaycOptions();
cl::opt<std::string> modelPath(cl::Positional, cl::desc("<model.o>"), cl::Required, cl::cat(category));
cl::opt<std::string> outputPath("o",
                                cl::desc("Output: the kernel object, or IR with --compile-to; - is standard output"),
                                cl::value_desc("kernels.o"), cl::cat(category));
cl::opt<std::string> headerPath("header", cl::desc("C header (default: the output with .h)"), cl::value_desc("file"),
                                cl::cat(category));
cl::opt<std::string> manifestPath("manifest", cl::desc("JSON manifest (default: the output with .json)"),
                                  cl::value_desc("file"), cl::cat(category));
cl::list<std::string> networkNames("network", cl::desc("Compile this network only; may be repeated"),
                                   cl::value_desc("name"), cl::cat(category));
cl::list<std::string> trained("train",
                              cl::desc("Compile the training step of this network, and the network with weights in "
                                       "the caller's memory; may be repeated"),
                              cl::value_desc("network"), cl::cat(category));
cl::opt<std::string> lossName("loss",
                              cl::desc("What training minimises: mse (default), cross_entropy, bce, huber, hinge, or "
                                       "output, the network's own output"),
                              cl::value_desc("name"), cl::init("mse"), cl::cat(category));
cl::opt<unsigned> steps("steps",
                        cl::desc("With --train, for a network with state: the steps of a sample; gradients go back "
                                 "through all of them"),
                        cl::value_desc("number"), cl::init(0), cl::cat(category));
cl::opt<std::string> lastPhase("compile-to",
                               cl::desc("Stop after a phase and write its IR: import, simplify, fuse, layout, plan, "
                                        "emit, lower; or object (default)"),
                               cl::value_desc("phase"), cl::init("object"), cl::cat(category));
cl::opt<std::string> dumpDirectory("dump-phases", cl::desc("Write the IR of each phase into a folder"),
                                   cl::value_desc("folder"), cl::cat(category));
cl::opt<bool> explain("explain", cl::desc("Print each layer's shape, tile, FLOPs, weights, limit and what was fused"),
                      cl::cat(category));
cl::opt<std::string> weightsType("weights-type",
                                 cl::desc("How weights of layers are stored: f32 (default), or bf16, which halves them "
                                          "and rounds each by up to 1/256 of itself; arithmetic is f32 in any case"),
                                 cl::value_desc("type"), cl::init("f32"), cl::cat(category));
cl::opt<bool> noNotes("no-notes",
                      cl::desc("Print no notes, such as those on linear layers that follow each other; "
                               "warnings and errors stay"),
                      cl::cat(category));
cl::opt<bool> parallel("parallel",
                       cl::desc("Add <network>_run_parallel(), which divides large layers among the caller's threads"),
                       cl::cat(category));
cl::opt<int64_t> maxBatch(
    "max-batch", cl::desc("Largest batch of a call (default: any): needs less scratch memory, and refuses more"),
    cl::value_desc("samples"), cl::init(0), cl::cat(category));
cl::opt<bool> reproducible("reproducible",
                           cl::desc("Give the same bits for every batch, every number of threads and every CPU with "
                                    "fused multiply-add, which takes longer"),
                           cl::cat(category));
cl::opt<bool> voices("voices",
                     cl::desc("Add <network>_run_voices(), which runs several streams of a network with state in one "
                              "call, side by side where that is faster"),
                     cl::cat(category));
cl::opt<std::string> kernelsName("name",
                                 cl::desc("Name these kernels: <network>_<name>_run() and compiled<network, \"name\">, "
                                          "so that one network with several weights files fits into one program"),
                                 cl::value_desc("name"), cl::cat(category));
cl::opt<bool> exported("export",
                       cl::desc("Let other shared libraries and programs call the kernels (default: they are hidden)"),
                       cl::cat(category));
cl::opt<std::string> anchor(
    "anchor",
    cl::desc("End the name of the symbol inlay_anchor_<digits> with these 16 hexadecimal digits; "
             "a linker that is told -u of it takes the object out of its archive"),
    cl::value_desc("digits"), cl::cat(category));
cl::opt<std::string> targetTriple("target", cl::desc("Target triple (default: this machine)"), cl::value_desc("triple"),
                                  cl::cat(category));
cl::list<std::string> targetCpus(
    "cpu",
    cl::desc("CPU to compile for, as in clang's -mcpu. Given several times, the object has "
             "code for each and chooses when it is loaded. Default: this machine's CPU, for "
             "programs that run on this machine only"),
    cl::value_desc("name"), cl::cat(category));

/// The graphs that --network names; all graphs without it.
llvm::Expected<std::vector<graph_view>> chooseNetworks(const std::vector<graph_view>& graphs) {
  std::vector<graph_view> chosen;
  if (networkNames.empty()) chosen = graphs;
  for (const std::string& name : networkNames) {
    auto found = llvm::find_if(graphs, [&](const graph_view& graph) { return graph.name == name; });
    if (found == graphs.end()) {
      std::string known;
      for (const graph_view& graph : graphs) known += " " + std::string(graph.name);
      return failed("--network=" + name + ": '" + modelPath + "' has no network of this name; it has" + known);
    }
    chosen.push_back(*found);
  }
  for (size_t i = 0; i < chosen.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (chosen[i].name == chosen[j].name)
        return failed("'" + modelPath + "' has two networks named '" + std::string(chosen[i].name) +
                      "'; their C functions would clash, so rename one");
  return chosen;
}

/// Whether --train names the network.
bool isTrained(const graph_view& graph) {
  return llvm::any_of(trained, [&](const std::string& name) { return graph.name == name; });
}

/// The loss that --loss names. Refuses options that training does not have.
llvm::Expected<loss> chooseLoss(const std::vector<graph_view>& graphs) {
  auto found = llvm::find(loss_names, std::string_view(lossName));
  if (found == std::end(loss_names)) {
    std::string known;
    for (std::string_view name : loss_names) known += " " + std::string(name);
    return failed("--loss=" + lossName + ": no such loss; there are" + known);
  }
  for (const std::string& name : trained)
    if (llvm::none_of(graphs, [&](const graph_view& graph) { return graph.name == name; }))
      return failed("--train=" + name + ": '" + modelPath + "' has no network of this name among those to compile");
  if (!trained.empty() && tools::weightsAreArgument())
    return failed(
        "--weights=argument: the weights of a network that is trained are in the trainer's memory; leave one of "
        "--train and --weights=argument out, and call inlayc once for each");
  if (trained.empty() && steps.getNumOccurrences() > 0)
    return failed("--steps counts the steps of a sample of a network that is trained; name it with --train");
  if (steps.getNumOccurrences() > 0 && steps == 0) return failed("--steps=0: a sample has at least one step");
  if (!trained.empty() && weightsType == "bf16")
    return failed("--train: the training step has weights in f32; leave out --weights-type=bf16");
  return static_cast<loss>(found - std::begin(loss_names));
}

/// The path of a file that the command line does not name: beside the object.
std::string besideObject(llvm::StringRef extension) {
  llvm::SmallString<128> path(outputPath);
  llvm::sys::path::replace_extension(path, extension);
  return std::string(path);
}

/// What the outputs print, filled in after planOutputs().
struct Compiled {
  CompileResult result;
  mlir::ModuleOp module;
};

/// The files that this call writes: IR, or the object with its header and manifest.
std::vector<tools::OutputFile> planOutputs(Phase last, const Compiled& compiled) {
  if (last != Phase::object)
    return {{outputPath, "the IR (-o)", {}, [&compiled](llvm::raw_ostream& out) {
               // A file gets all weights, a terminal only a short form of large ones.
               mlir::OpPrintingFlags flags;
               if (tools::isTerminal(outputPath)) flags.elideLargeElementsAttrs(16);
               mlir::ModuleOp(compiled.module).print(out, flags);
             }}};
  std::vector<tools::OutputFile> outputs;
  // If the object goes to a device or a pipe, write the other files only if their options are given.
  const bool beside = !tools::isStream(outputPath);
  if (beside || !headerPath.empty())
    outputs.push_back({headerPath.empty() ? besideObject(".h") : headerPath,
                       "the C header (--header)",
                       {kHeaderMark.str()},
                       [&compiled](llvm::raw_ostream& out) {
                         writeHeader(compiled.result.networks(), compiled.result.targets.size() > 1, out);
                       }});
  if (beside || !manifestPath.empty())
    outputs.push_back({manifestPath.empty() ? besideObject(".json") : manifestPath,
                       "the manifest (--manifest)",
                       {kManifestMark.str(), kUnmarkedManifest.str()},
                       [&compiled](llvm::raw_ostream& out) {
                         std::vector<std::string> targets;
                         for (const CompiledNetworks& each : compiled.result.targets) targets.push_back(each.target);
                         writeManifest(compiled.result.networks(), targets, out);
                       }});
  // The object comes last, so that an interrupted build never leaves a new object beside an old header.
  outputs.push_back({outputPath, "the kernel object (-o)", {}, [&compiled](llvm::raw_ostream& out) {
                       out.write(compiled.result.object.data(), compiled.result.object.size());
                     }});
  return outputs;
}

/// Refuses outputs that would destroy an input, another output or a foreign file.
llvm::Error checkFiles(llvm::ArrayRef<tools::OutputFile> outputs) {
  std::vector<tools::InputFile> inputs{{modelPath, "the model"}};
  for (const std::string& file : tools::weightsFiles()) inputs.push_back({file, "the weights (--weights)"});
  for (const tools::InputFile& file : tools::saturationInputs()) inputs.push_back(file);
  std::vector<tools::OutputFile> all(outputs);
  if (!dumpDirectory.empty() && llvm::sys::fs::is_directory(dumpDirectory))
    for (auto [number, phase] : llvm::enumerate(kPhases))
      if (phase != Phase::object)
        all.push_back({dumpPath(dumpDirectory, number, phase), "the IR of a phase (--dump-phases)", {}, {}});
  return tools::checkOutputs(all, inputs);
}

/// Reports a failure to write standard output, which would otherwise end the program with a crash message.
llvm::Error finishStandardOutput() {
  llvm::outs().flush();
  const std::error_code error = llvm::outs().error();
  llvm::outs().clear_error();
  return error ? failed("cannot write standard output: " + error.message()) : llvm::Error::success();
}

llvm::Error run() {
  std::optional<Phase> last = phaseByName(lastPhase);
  if (!last) {
    std::string known;
    for (Phase phase : kPhases) known += " " + nameOf(phase).str();
    return failed("--compile-to=" + lastPhase + ": no such phase; there are" + known);
  }
  if (weightsType != "f32" && weightsType != "bf16")
    return failed("--weights-type=" + weightsType + ": no such type; there are f32 and bf16");
  if (!llvm::all_of(kernelsName, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return failed("--name=" + kernelsName + ": becomes part of C functions; use letters, digits and underscores");
  if (!anchor.empty() && (anchor.size() != 16 || anchor.find_first_not_of("0123456789abcdef") != std::string::npos))
    return failed("--anchor=" + anchor + ": give 16 hexadecimal digits in lower case");
  if (maxBatch.getNumOccurrences() > 0 && maxBatch < 1)
    return failed("--max-batch=" + llvm::Twine(maxBatch) + ": give 1 or more samples");
  if (llvm::Error error = tools::checkSaturationOptions()) return error;
  if (llvm::Error error = tools::checkWeightsOptions()) return error;
  const bool argument = tools::weightsAreArgument();
  if (argument && tools::reportsSaturation())
    return failed("--report-saturation: needs the weights, which are not known with --weights=argument; give a file");
  // A report needs no kernels.
  const bool reportOnly = tools::reportsSaturation() && outputPath.empty() && *last == Phase::object && !explain &&
                          dumpDirectory.empty() && headerPath.empty() && manifestPath.empty();
  if (outputPath.empty() && !reportOnly) {
    if (*last == Phase::object) return failed("no output: give -o kernels.o");
    outputPath = "-";
  }
  if (*last != Phase::object && !(headerPath.empty() && manifestPath.empty()))
    return failed("--compile-to=" + lastPhase + " writes IR only; leave out --header and --manifest");
  Compiled compiled;
  tools::SaturationReport saturation;
  std::vector<tools::OutputFile> outputs;
  if (tools::reportsSaturation()) outputs.push_back(tools::saturationOutput(saturation));
  if (!reportOnly) llvm::append_range(outputs, planOutputs(*last, compiled));
  if (llvm::Error error = checkFiles(outputs)) return error;

  llvm::Expected<tools::Model> model = tools::readModel(modelPath);
  if (!model) return model.takeError();
  llvm::Expected<std::vector<graph_view>> graphs = chooseNetworks(model->graphs);
  if (!graphs) return graphs.takeError();
  llvm::Expected<loss> chosenLoss = chooseLoss(*graphs);
  if (!chosenLoss) return chosenLoss.takeError();
  std::vector<graph_view> withWeights;
  llvm::copy_if(*graphs, std::back_inserter(withWeights),
                [&](const graph_view& graph) { return !argument && !isTrained(graph); });
  if (llvm::Error error = tools::checkWeightBytes(withWeights, weightsType == "bf16")) return error;
  llvm::Expected<weights> loaded = tools::loadWeights(withWeights);
  if (!loaded) return loaded.takeError();
  if (tools::reportsSaturation()) {
    llvm::Expected<tools::SaturationReport> report = tools::analyseSaturation(*graphs, *loaded, weightsType == "bf16");
    if (!report) return report.takeError();
    saturation = std::move(*report);
    if (reportOnly) return tools::writeOutputs(outputs);
  }
  llvm::Expected<std::vector<Target>> targets = resolveTargets(targetTriple, targetCpus);
  if (!targets) return targets.takeError();
  if (targets->size() > 1 && *last != Phase::object)
    return failed("--compile-to=" + lastPhase + ": give one --cpu, for the IR of one");

  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  // Print the passes' remarks and warnings for the user. MLIR prints errors.
  llvm::StringSet<> told;  // with several CPUs, passes repeat what they say
  mlir::ScopedDiagnosticHandler handler(&context, [&told](mlir::Diagnostic& diagnostic) {
    const bool isNote = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark;
    if (!isNote && diagnostic.getSeverity() != mlir::DiagnosticSeverity::Warning) return mlir::failure();
    if (isNote && noNotes) return mlir::success();
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (auto at = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>())
      stream << at.getFilename().getValue() << ":" << at.getLine() << ":" << at.getColumn() << ": ";
    stream << (isNote ? "note: " : "warning: ") << diagnostic << "\n";
    if (told.insert(text).second) llvm::errs() << text;
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  auto lookup = [&](llvm::StringRef name) -> llvm::ArrayRef<float> {
    const weight_tensor* tensor = loaded->find(std::string_view(name.data(), name.size()));
    return tensor ? llvm::ArrayRef<float>(tensor->values) : llvm::ArrayRef<float>();
  };
  for (graph_view graph : *graphs) {
    const std::string named = std::string(graph.name) + "_" + kernelsName;
    const bool trains = isTrained(graph);
    if (!kernelsName.empty()) graph.name = named;
    const Weights kind = trains ? Weights::learned : argument ? Weights::argument : Weights::constants;
    auto network = importGraph(graph, lookup, *module, kind);
    if (mlir::failed(network) || (trains && mlir::failed(buildTraining(*network, *chosenLoss, steps))))
      return failed("the import phase failed; see the errors above");
  }
  loaded->tensors = {};  // the module has a copy
  if (mlir::failed(mlir::verify(*module))) return failed("the imported network is not valid; see the errors above");

  CompileOptions options;
  options.last = *last;
  options.dumpDirectory = dumpDirectory;
  options.bf16Weights = weightsType == "bf16";
  options.parallel = parallel;
  options.maxBatch = maxBatch;
  options.reproducible = reproducible;
  options.voices = voices;
  options.object.exported = exported;
  options.object.anchor = anchor;
  llvm::Expected<CompileResult> result = compileModule(*module, *targets, options);
  if (!result) return result.takeError();
  if (llvm::Error error = tools::checkObjectBytes(result->object.size())) return error;
  compiled = {std::move(*result), *module};
  if (explain) {
    const bool taken = llvm::any_of(outputs, [](const tools::OutputFile& output) { return output.path == "-"; });
    for (const CompiledNetworks& each : compiled.result.targets)
      writeExplanation(each.networks, each.target, taken ? llvm::errs() : llvm::outs());
    if (llvm::Error error = finishStandardOutput()) return error;
  }
  return tools::writeOutputs(outputs);
}

}  // namespace

int main(int argc, char** argv) {
  llvm::InitLLVM init(argc, argv);
  // With this, a file that exceeds the size limit (ulimit -f) gives a write error rather than ending the program.
  std::signal(SIGXFSZ, SIG_IGN);
  llvm::setBugReportMsg("inlayc crashed; please report it with the model and this trace\n");
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream& out) { out << "inlayc " << INLAY_VERSION << ", LLVM " << LLVM_VERSION_STRING << "\n"; });
  cl::ParseCommandLineOptions(argc, argv,
                              "Inlay's ahead-of-time compiler: networks of a C++ object file, with their weights, to "
                              "one object file\n\nExample: inlayc model.o --weights model.safetensors -o kernels.o\n");
  if (llvm::Error error = run()) {
    llvm::WithColor::error(llvm::errs(), "inlayc") << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
