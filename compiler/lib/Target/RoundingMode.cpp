// SPDX-License-Identifier: Apache-2.0
// Runs entry points in rounding to nearest, whatever mode the caller has set.
#include "RoundingMode.h"
#include "Inlay/Network/Summary.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsAArch64.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/TargetParser/Triple.h"

namespace inlay::compiler {
namespace {

/// The control register that holds the rounding mode.
class ControlRegister {
 public:
  explicit ControlRegister(llvm::IRBuilder<> &b) : b(b) {
    const llvm::Triple triple(b.GetInsertBlock()->getModule()->getTargetTriple());
    isX86 = triple.isX86();
    if (isX86) slot = b.CreateAlloca(b.getInt32Ty());
  }
  /// The bits that hold the mode. They are 0 for rounding to nearest.
  uint64_t modeBits() const { return isX86 ? 3 << 13 : 3 << 22; }
  llvm::Value *read() {
    if (!isX86) return b.CreateIntrinsic(b.getInt64Ty(), llvm::Intrinsic::aarch64_get_fpcr, {});
    b.CreateIntrinsic(b.getVoidTy(), llvm::Intrinsic::x86_sse_stmxcsr, {slot});
    return b.CreateLoad(b.getInt32Ty(), slot);
  }
  void write(llvm::Value *bits) {
    if (!isX86) {
      b.CreateIntrinsic(b.getVoidTy(), llvm::Intrinsic::aarch64_set_fpcr, {bits});
      return;
    }
    b.CreateStore(bits, slot);
    b.CreateIntrinsic(b.getVoidTy(), llvm::Intrinsic::x86_sse_ldmxcsr, {slot});
  }

 private:
  llvm::IRBuilder<> &b;
  bool isX86;
  llvm::Value *slot = nullptr;
};

/// Sets the mode, calls `entry` and puts the mode back. Exception flags that the call raises stay raised.
llvm::Function *callerInNearest(llvm::Function &entry) {
  llvm::Function *caller = llvm::Function::Create(entry.getFunctionType(), llvm::GlobalValue::InternalLinkage,
                                                  entry.getName() + "_in_nearest", entry.getParent());
  caller->copyAttributesFrom(&entry);
  caller->setLinkage(llvm::GlobalValue::InternalLinkage);
  caller->addFnAttr(llvm::Attribute::NoInline);
  caller->addFnAttr(llvm::Attribute::Cold);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(entry.getContext(), "", caller));
  ControlRegister control(b);
  const auto mask = [&](llvm::Value *bits, bool keepMode) {
    return b.CreateAnd(bits,
                       llvm::ConstantInt::get(bits->getType(), keepMode ? control.modeBits() : ~control.modeBits()));
  };
  llvm::Value *before = control.read();
  control.write(mask(before, /*keepMode=*/false));
  llvm::SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : caller->args()) arguments.push_back(&argument);
  llvm::CallInst *call = b.CreateCall(&entry, arguments);
  call->addFnAttr(llvm::Attribute::NoInline);  // inlined, its arithmetic could move to where the mode differs
  control.write(b.CreateOr(control.read(), mask(before, /*keepMode=*/true)));
  if (call->getType()->isVoidTy())
    b.CreateRetVoid();
  else
    b.CreateRet(call);
  return caller;
}

// Arithmetic detects the mode at a tenth of the cost of reading the register.

/// Whether numbers are rounded to nearest. With u = 2^-23, 1 + 3/4 u - 3/4 u is 1 in nearest, 1 + u upward, and 1 - u
/// downward and towards zero. The load is volatile, so that the compiler cannot compute the result.
llvm::Value *findsNearest(llvm::IRBuilder<> &b) {
  auto *global = new llvm::GlobalVariable(*b.GetInsertBlock()->getModule(), b.getFloatTy(), /*isConstant=*/true,
                                          llvm::GlobalValue::PrivateLinkage,
                                          llvm::ConstantFP::get(b.getFloatTy(), 0x1.8p-24), ".three_quarters_of_ulp");
  llvm::Value *most = b.CreateLoad(b.getFloatTy(), global, /*isVolatile=*/true);
  llvm::Value *rounded = b.CreateFSub(b.CreateFAdd(most, llvm::ConstantFP::get(b.getFloatTy(), 1)), most);
  return b.CreateICmpEQ(b.CreateBitCast(rounded, b.getInt32Ty()), b.getInt32(0x3f800000));
}

/// The same in three instructions. As integers, 3/4 and 1/4 are 1 and 0 in nearest, 1 and 1 upward, 0 and 0 downward
/// and towards zero. LLVM does not compute this intrinsic of a constant.
llvm::Value *findsNearestByConversion(llvm::IRBuilder<> &b) {
  llvm::Value *numbers = llvm::ConstantDataVector::get(b.getContext(), llvm::ArrayRef<float>{0.75f, 0.25f, 0, 0});
  llvm::Value *rounded = b.CreateIntrinsic(llvm::Intrinsic::x86_sse2_cvtps2dq, {}, {numbers});
  auto *pairs = llvm::FixedVectorType::get(b.getInt64Ty(), 2);
  return b.CreateICmpEQ(b.CreateExtractElement(b.CreateBitCast(rounded, pairs), uint64_t{0}), b.getInt64(1));
}

void guard(llvm::Function &entry) {
  llvm::Module &module = *entry.getParent();
  llvm::Function *inNearest = callerInNearest(entry);
  llvm::BasicBlock *first = &entry.getEntryBlock();
  llvm::BasicBlock *nearest = first->splitBasicBlock(first->getFirstNonPHIOrDbgOrAlloca());
  llvm::BasicBlock *other = llvm::BasicBlock::Create(entry.getContext(), "", &entry);
  first->getTerminator()->eraseFromParent();

  llvm::IRBuilder<> b(first);
  llvm::Value *isNearest =
      llvm::Triple(module.getTargetTriple()).isX86() ? findsNearestByConversion(b) : findsNearest(b);
  b.CreateCondBr(isNearest, nearest, other, llvm::MDBuilder(entry.getContext()).createBranchWeights(1 << 20, 1));

  b.SetInsertPoint(other);
  llvm::SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : entry.args()) arguments.push_back(&argument);
  llvm::CallInst *call = b.CreateCall(inNearest, arguments);
  if (call->getType()->isVoidTy())
    b.CreateRetVoid();
  else
    b.CreateRet(call);
}

}  // namespace

void guardRoundingMode(llvm::Module &module) {
  llvm::SmallVector<llvm::Function *> entries;
  for (llvm::Function &function : module)
    if (function.hasFnAttribute(kRoundsToNearest)) entries.push_back(&function);
  for (llvm::Function *entry : entries) {
    entry->removeFnAttr(kRoundsToNearest);
    guard(*entry);
  }
}

}  // namespace inlay::compiler
