// SPDX-License-Identifier: Apache-2.0
// Says which machine a network is compiled for.
#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_SETTARGETPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

struct SetTargetPass : impl::SetTargetPassBase<SetTargetPass> {
  using SetTargetPassBase::SetTargetPassBase;

  void runOnOperation() override {
    getOperation()->setAttr(kTargetAttr, TargetAttr::get(&getContext(), vectorLength, registers, fma, avx2, avx512));
  }
};

}  // namespace
}  // namespace inlay::compiler
