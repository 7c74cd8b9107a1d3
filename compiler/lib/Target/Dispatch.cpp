// SPDX-License-Identifier: Apache-2.0
// One object for several CPUs: what each must have, and the functions that choose. These functions run on any x86-64,
// without libc and without writable memory.
#include "Dispatch.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/MC/MCSubtargetInfo.h"

namespace inlay::compiler {
namespace {

struct FeatureRow {
  llvm::StringLiteral name;  // LLVM's
  CpuWord word;
  unsigned bit;
};

/// Intel's Software Developer's Manual, volume 2, CPUID; AMD's Architecture Programmer's Manual, volume 3, appendix E.
constexpr FeatureRow kFeatures[] = {
    {"sse3", kLeaf1Ecx, 0},
    {"pclmul", kLeaf1Ecx, 1},
    {"ssse3", kLeaf1Ecx, 9},
    {"fma", kLeaf1Ecx, 12},
    {"cx16", kLeaf1Ecx, 13},
    {"sse4.1", kLeaf1Ecx, 19},
    {"sse4.2", kLeaf1Ecx, 20},
    {"crc32", kLeaf1Ecx, 20},
    {"movbe", kLeaf1Ecx, 22},
    {"popcnt", kLeaf1Ecx, 23},
    {"xsave", kLeaf1Ecx, 26},
    {"avx", kLeaf1Ecx, 28},
    {"f16c", kLeaf1Ecx, 29},
    {"bmi", kLeaf7Ebx, 3},
    {"avx2", kLeaf7Ebx, 5},
    {"bmi2", kLeaf7Ebx, 8},
    {"avx512f", kLeaf7Ebx, 16},
    {"avx512dq", kLeaf7Ebx, 17},
    {"adx", kLeaf7Ebx, 19},
    {"avx512ifma", kLeaf7Ebx, 21},
    {"avx512cd", kLeaf7Ebx, 28},
    {"avx512bw", kLeaf7Ebx, 30},
    {"avx512vl", kLeaf7Ebx, 31},
    {"avx512vbmi", kLeaf7Ecx, 1},
    {"avx512vbmi2", kLeaf7Ecx, 6},
    {"gfni", kLeaf7Ecx, 8},
    {"avx512vnni", kLeaf7Ecx, 11},
    {"avx512bitalg", kLeaf7Ecx, 12},
    {"avx512vpopcntdq", kLeaf7Ecx, 14},
    {"avx512vp2intersect", kLeaf7Edx, 8},
    {"avx512fp16", kLeaf7Edx, 23},
    {"avxvnni", kLeaf7Sub1Eax, 4},
    {"avx512bf16", kLeaf7Sub1Eax, 5},
    {"sahf", kExtendedEcx, 0},
    {"lzcnt", kExtendedEcx, 5},
    {"sse4a", kExtendedEcx, 6},
    {"prfchw", kExtendedEcx, 8},
    {"xop", kExtendedEcx, 11},
    {"fma4", kExtendedEcx, 16},
    {"tbm", kExtendedEcx, 21},
};

/// OSXSAVE: the operating system has said which registers it saves, so that xgetbv may be asked.
constexpr unsigned kOsXsave = 27;
/// Bits of XCR0: the system saves the registers of SSE and AVX, and those of AVX-512 with its masks.
constexpr uint32_t kAvxState = 0x6, kAvx512State = 0xe0;

/// Features that every x86-64 has, and LLVM's names for how fast a processor does something.
bool needsNoCheck(llvm::StringRef feature) {
  static constexpr llvm::StringLiteral kAlways[] = {"64bit", "64bit-mode", "cmov", "cx8", "fxsr",   "mmx",
                                                    "nopl",  "sse",        "sse2", "x87", "evex512"};
  static constexpr llvm::StringLiteral kSpeed[] = {
      "allow-light-",  "branchfusion", "ermsb",      "false-deps-", "fast-",   "faster-", "fsrm",
      "idiv",          "macrofusion",  "no-bypass-", "pad-short-",  "prefer-", "sbb-dep", "slow-",
      "sse-unaligned", "tuning-",      "use-",       "vzeroupper",  "lea-"};
  return llvm::is_contained(kAlways, feature) ||
         llvm::any_of(kSpeed, [&](llvm::StringRef start) { return feature.starts_with(start); });
}

/// Builds the functions that choose. Unlike the rest of the module, they are compiled for any x86-64.
class DispatchBuilder {
 public:
  explicit DispatchBuilder(llvm::Module &module)
      : module(module), builder(module.getContext()), i32(builder.getInt32Ty()), pointer(builder.getPtrTy()) {}

  /// `int inlay_best_cpu(void)`: the first of `needed` that this machine has, or -1.
  llvm::Function *addChoice(llvm::ArrayRef<CpuBits> needed) {
    llvm::Function *choice =
        function("inlay_best_cpu", llvm::FunctionType::get(i32, false), llvm::GlobalValue::InternalLinkage);
    const std::array<llvm::Value *, kCpuWords> words = emitWords(choice);
    llvm::Value *best = builder.getInt32(~0u);
    for (size_t i = needed.size(); i-- > 0;) {
      llvm::Value *lacking = builder.getInt32(0);
      for (unsigned word = 0; word < kCpuWords; ++word)
        if (const uint32_t bits = needed[i][word])
          lacking =
              builder.CreateOr(lacking, builder.CreateAnd(builder.CreateNot(words[word]), builder.getInt32(bits)));
      best = builder.CreateSelect(builder.CreateIsNull(lacking), builder.getInt32(static_cast<uint32_t>(i)), best);
    }
    builder.CreateRet(best);
    return choice;
  }

  /// The public function `name`, which jumps to the candidate that `choice` returns the index of.
  void addEntry(const std::string &name, llvm::Function *choice, llvm::ArrayRef<llvm::Function *> candidates) {
    llvm::FunctionType *type = candidates.front()->getFunctionType();
    llvm::Function *unsupported = function(name + ".unsupported_cpu", type, llvm::GlobalValue::InternalLinkage);
    if (type->getReturnType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(builder.getInt32(kUnsupportedCpu));

    llvm::Function *resolver =
        function(name + ".resolver", llvm::FunctionType::get(pointer, false), llvm::GlobalValue::InternalLinkage);
    llvm::Value *best = builder.CreateCall(choice), *chosen = unsupported;
    for (auto [i, candidate] : llvm::enumerate(candidates))
      chosen = builder.CreateSelect(builder.CreateICmpEQ(best, builder.getInt32(static_cast<uint32_t>(i))), candidate,
                                    chosen);
    builder.CreateRet(chosen);
    auto *chosenOnce =
        llvm::GlobalIFunc::create(type, 0, llvm::GlobalValue::InternalLinkage, name + ".chosen", resolver, &module);

    // The entry is not an ifunc itself, so that its address is the same everywhere, with every linker and kind of
    // program.
    llvm::Function *entry = function(name, type, llvm::GlobalValue::ExternalLinkage);
    llvm::SmallVector<llvm::Value *> arguments;
    for (llvm::Argument &argument : entry->args()) arguments.push_back(&argument);
    llvm::CallInst *call = builder.CreateCall(type, chosenOnce, arguments);
    call->setTailCallKind(llvm::CallInst::TCK_MustTail);
    if (type->getReturnType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(call);
  }

  void addConstant(const std::string &name, int64_t value) {
    function(name, llvm::FunctionType::get(builder.getInt64Ty(), false), llvm::GlobalValue::ExternalLinkage);
    builder.CreateRet(builder.getInt64(static_cast<uint64_t>(value)));
  }

 private:
  llvm::Module &module;
  llvm::IRBuilder<> builder;
  llvm::Type *i32, *pointer;

  /// A function for any x86-64, with the builder at its start.
  llvm::Function *function(const std::string &name, llvm::FunctionType *type, llvm::GlobalValue::LinkageTypes linkage) {
    llvm::Function *created = llvm::Function::Create(type, linkage, name, module);
    created->addFnAttr("target-cpu", "x86-64");
    created->addFnAttr("target-features", "+sse2");  // an absent string would mean those of the first target
    created->setUWTableKind(llvm::UWTableKind::Async);
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", created));
    return created;
  }

  llvm::Value *bit(llvm::Value *word, unsigned number) {
    return builder.CreateTrunc(builder.CreateLShr(word, number), builder.getInt1Ty());
  }

  /// Emits code that asks for the words. It ends in a new block, with the builder at the block's end.
  std::array<llvm::Value *, kCpuWords> emitWords(llvm::Function *choice) {
    auto *registers = llvm::StructType::get(i32, i32, i32, i32);
    auto *ask = llvm::InlineAsm::get(llvm::FunctionType::get(registers, {i32, i32}, false), "cpuid",
                                     "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", true);
    enum { kEax, kEbx, kEcx, kEdx };
    const auto cpuid = [&](uint32_t leaf, uint32_t subleaf) {
      return builder.CreateCall(ask, {builder.getInt32(leaf), builder.getInt32(subleaf)});
    };
    // For a leaf above the highest, cpuid may return anything.
    const auto ifAtLeast = [&](llvm::Value *highest, uint32_t least, llvm::Value *word) {
      return builder.CreateSelect(builder.CreateICmpUGE(highest, builder.getInt32(least)), word, builder.getInt32(0));
    };
    const auto word = [&](llvm::Value *answer, unsigned which) { return builder.CreateExtractValue(answer, which); };
    std::array<llvm::Value *, kCpuWords> words;
    llvm::Value *highest = word(cpuid(0, 0), kEax), *extended = word(cpuid(0x80000000u, 0), kEax);
    words[kLeaf1Ecx] = word(cpuid(1, 0), kEcx);
    llvm::Value *leaf7 = cpuid(7, 0);
    words[kLeaf7Ebx] = ifAtLeast(highest, 7, word(leaf7, kEbx));
    words[kLeaf7Ecx] = ifAtLeast(highest, 7, word(leaf7, kEcx));
    words[kLeaf7Edx] = ifAtLeast(highest, 7, word(leaf7, kEdx));
    words[kLeaf7Sub1Eax] = ifAtLeast(ifAtLeast(highest, 7, word(leaf7, kEax)), 1, word(cpuid(7, 1), kEax));
    words[kExtendedEcx] = ifAtLeast(extended, 0x80000001u, word(cpuid(0x80000001u, 0), kEcx));

    // xgetbv does not exist before the operating system has set OSXSAVE.
    llvm::BasicBlock *before = builder.GetInsertBlock();
    auto *askState = llvm::BasicBlock::Create(module.getContext(), "", choice);
    auto *after = llvm::BasicBlock::Create(module.getContext(), "", choice);
    builder.CreateCondBr(bit(words[kLeaf1Ecx], kOsXsave), askState, after);
    builder.SetInsertPoint(askState);
    auto *xgetbv = llvm::InlineAsm::get(llvm::FunctionType::get(llvm::StructType::get(i32, i32), {i32}, false),
                                        "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", true);
    llvm::Value *state = word(builder.CreateCall(xgetbv, {builder.getInt32(0)}), kEax);
    builder.CreateBr(after);
    builder.SetInsertPoint(after);
    llvm::PHINode *saved = builder.CreatePHI(i32, 2);
    saved->addIncoming(builder.getInt32(0), before);
    saved->addIncoming(state, askState);
    words[kXcr0] = saved;
    return words;
  }
};

}  // namespace

CpuBits neededBits(const llvm::TargetMachine &machine) {
  const llvm::MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  CpuBits bits{};
  for (const FeatureRow &row : kFeatures)
    if (subtarget.checkFeatures("+" + row.name.str())) bits[row.word] |= 1u << row.bit;
  if (subtarget.checkFeatures("+avx")) bits[kXcr0] |= kAvxState, bits[kLeaf1Ecx] |= 1u << kOsXsave;
  if (subtarget.checkFeatures("+avx512f")) bits[kXcr0] |= kAvx512State;
  return bits;
}

std::string withoutUncheckedFeatures(const llvm::TargetMachine &machine) {
  const llvm::MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  std::string features = machine.getTargetFeatureString().str();
  for (const llvm::SubtargetFeatureKV &feature : subtarget.getAllProcessorFeatures()) {
    const llvm::StringRef name = feature.Key;
    const bool checked = llvm::any_of(kFeatures, [&](const FeatureRow &row) { return row.name == name; });
    if (checked || needsNoCheck(name) || !subtarget.getFeatureBits().test(feature.Value)) continue;
    features += (features.empty() ? "-" : ",-") + name.str();
  }
  return features;
}

std::string suffixOf(const Target &target) { return "." + target.cpu; }

void addDispatch(llvm::Module &module, llvm::ArrayRef<NetworkSummary> networks,
                 llvm::ArrayRef<const Target *> targets) {
  DispatchBuilder builder(module);
  llvm::SmallVector<CpuBits> needed;
  for (const Target *target : targets) needed.push_back(neededBits(*target->machine));
  llvm::Function *choice = builder.addChoice(needed);
  for (const NetworkSummary &network : networks) {
    const auto add = [&](const std::string &name) {
      llvm::SmallVector<llvm::Function *> candidates;
      for (const Target *target : targets) {
        llvm::Function *candidate = module.getFunction(name + suffixOf(*target));
        candidate->setLinkage(llvm::GlobalValue::InternalLinkage);
        candidates.push_back(candidate);
      }
      builder.addEntry(name, choice, candidates);
    };
    add(network.name + "_run");
    if (network.hasReset()) add(network.name + "_reset");
    for (const std::string &each : network.trainingFunctions()) add(network.name + "_" + each);
    if (network.runsVoices) add(network.name + "_run_voices");
    if (network.isParallel()) add(network.name + "_run_parallel");
    if (network.takesWeights()) {
      add(network.name + "_pack");
      builder.addConstant(network.name + "_packed_bytes", network.packedBytes);
    }
    builder.addConstant(network.name + "_scratch_bytes", network.scratchBytes);
  }
}

}  // namespace inlay::compiler
