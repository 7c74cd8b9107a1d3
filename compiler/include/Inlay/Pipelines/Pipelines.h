// SPDX-License-Identifier: Apache-2.0
// The phases of the compiler: named pass pipelines, run one after the other.
#ifndef INLAY_PIPELINES_PIPELINES_H
#define INLAY_PIPELINES_PIPELINES_H

#include <optional>

#include "Inlay/Network/Summary.h"
#include "Inlay/Target/Target.h"
#include "mlir/Pass/PassManager.h"

namespace inlay::compiler {

enum class Phase { import, simplify, fuse, layout, plan, emit, lower, object };

/// All phases in order, for option values and messages.
inline constexpr Phase kPhases[] = {Phase::import, Phase::simplify, Phase::fuse,  Phase::layout,
                                    Phase::plan,   Phase::emit,     Phase::lower, Phase::object};
llvm::StringRef nameOf(Phase phase);
std::optional<Phase> phaseByName(llvm::StringRef name);

/// The target facts that passes take as options.
struct PhaseOptions {
  int64_t vectorLength = 16;
  int64_t registers = 32;
  bool fma = true;
  bool avx2 = false;
  bool avx512 = false;
  bool bf16Weights = false;   ///< store the weights of layers as bf16, compute in f32
  bool parallel = false;      ///< emit kernels that threads divide among them, besides the others
  int64_t maxBatch = 0;       ///< largest batch that a call may have; 0 for any
  bool reproducible = false;  ///< the same bits for every batch, number of threads and processor
  bool voices = false;        ///< networks with state can run several streams in one call
};

/// Appends the passes of one phase; nothing for import and object, which are not pass pipelines.
void addPhase(mlir::OpPassManager &passes, Phase phase, const PhaseOptions &options);

/// Dialects that any phase may produce.
void registerDialects(mlir::DialectRegistry &registry);
/// Makes `--inlay-simplify`, ..., `--inlay-lower` known to inlay-opt.
void registerPhasePipelines();

struct CompileOptions {
  Phase last = Phase::object;
  std::string dumpDirectory;  ///< where each phase's IR goes, large constants elided; empty for none
  bool bf16Weights = false;   ///< store the weights of layers as bf16, compute in f32
  bool parallel = false;      ///< emit `<name>_run_parallel` besides `<name>_run`
  ObjectOptions object;       ///< visibility and identity of the object
  int64_t maxBatch = 0;       ///< refuse larger batches and need scratch memory for no more; 0 for any batch
  /// Give the same bits for every batch, every number of threads and every processor with fused multiply-add.
  bool reproducible = false;
  bool voices = false;    ///< emit `<name>_run_voices` for networks with state
  bool shareAll = false;  ///< divide every layer among threads, and compute it for blocks of steps; for tests
};

/// The networks as they are compiled for one target.
struct CompiledNetworks {
  std::string target;  ///< Target::describe()
  std::vector<NetworkSummary> networks;
};

/// The file in `directory` for the IR after `phase`, which is number `number` of kPhases.
std::string dumpPath(llvm::StringRef directory, size_t number, Phase phase);

struct CompileResult {
  llvm::SmallVector<char, 0> object;      ///< filled where `last` is object
  std::vector<CompiledNetworks> targets;  ///< for each target; filled from the plan phase on

  /// The networks as callers see them: those of the first target, with the most scratch memory that any target needs.
  std::vector<NetworkSummary> networks() const;
};

/// Takes an imported module through the phases up to `options.last`. The phases from layout on run for each target. The
/// targets are in order of preference. `module` is left with the result for the last target.
llvm::Expected<CompileResult> compileModule(mlir::ModuleOp module, llvm::ArrayRef<Target> targets,
                                            const CompileOptions &options);

}  // namespace inlay::compiler

#endif  // INLAY_PIPELINES_PIPELINES_H
