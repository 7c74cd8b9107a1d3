// SPDX-License-Identifier: Apache-2.0
// What the planner, the reports and the emitters ask an operation, so that none of them knows operations by name.
#ifndef INLAY_KERNEL_OP_TD
#define INLAY_KERNEL_OP_TD

include "mlir/IR/OpBase.td"

def Inlay_KernelOp : OpInterface<"KernelOp"> {
  let description = [{
    An operation whose result a kernel computes or places. The defaults hold for an operation that writes all of its
    result, reads its operands at any time, and assumes rounding to nearest.
  }];
  let cppNamespace = "::inlay::compiler";
  let methods = [
    InterfaceMethod<[{
        Whether the kernel reads each element of operand `index` before it writes the result's element there, and never
        again. If nothing reads the operand afterwards, the result may then take over its storage.
      }], "bool", "readsBeforeWriting", (ins "unsigned":$index), "", "return false;">,
    InterfaceMethod<[{
        Operands that may be computed at their place in the result, each with its offset in elements. The kernel copies
        those that are not there. Empty if the kernel writes the whole result.
      }], "::llvm::SmallVector<std::pair<::mlir::Value, int64_t>>", "getPieces", (ins), "", "return {};">,
    InterfaceMethod<[{
        The distance between the lines of a piece at its place in the result, or 0 if they lie side by side.
      }], "int64_t", "getPieceLine", (ins), "", "return 0;">,
    InterfaceMethod<"Whether the kernel can read operand `index`, an image, if its lines lie apart.",
                    "bool", "readsLines", (ins "unsigned":$index), "", "return false;">,
    InterfaceMethod<"Whether the kernel can write its result, an image, with its lines apart.",
                    "bool", "writesLines", (ins), "", "return false;">,
    InterfaceMethod<[{
        Into how many lines, or groups of lines, the kernel divides its result, if it can compute any range of them.
        Threads then share them.
      }], "int64_t", "getLines", (ins), "", "return 1;">,
    InterfaceMethod<[{
        Elements of scratch memory that the kernel for a single row needs while it runs, for registers of `lanes`
        elements. The memory holds nothing from one operation to the next, except for a list that one stage of a network
        divided among threads leaves to the following one.
      }], "int64_t", "getWorkspace", (ins "int64_t":$lanes), "", "return 0;">,
    InterfaceMethod<"Whether a kernel computes anything.", "bool", "hasKernel", (ins), "", "return true;">,
    InterfaceMethod<"The operand whose storage is the result, if there is no kernel; or null.",
                    "::mlir::Value", "getViewed", (ins), "", "return {};">,
    InterfaceMethod<"Where in that storage the result begins, in elements.",
                    "int64_t", "getViewedOffset", (ins), "", "return 0;">,
    InterfaceMethod<"Whether equal operations on different values may be one function.",
                    "bool", "sharesCode", (ins), "", "return true;">,
    InterfaceMethod<[{
        Floating-point operations per sample. A multiply-add counts 2, an activation 1.
      }], "int64_t", "getFlops", (ins), "", "return 0;">,
    InterfaceMethod<[{
        Whether the kernel reduces an argument or corrects rounding errors, which assumes rounding to nearest. A single
        operation, or a sum, is right in every mode.
      }], "bool", "reliesOnNearest", (ins), "", "return false;">,
  ];
}

def Inlay_EpilogueOp : OpInterface<"EpilogueOp"> {
  let description = [{
    A layer that can run a pointwise program on its result before it stores it. The program's arguments are one element
    of the result and one of each of its operands. The defaults hold for an op with a region `epilogue` and operands
    `extras`.
  }];
  let cppNamespace = "::inlay::compiler";
  let methods = [
    InterfaceMethod<"The program. An empty region stands for none.",
                    "::mlir::Region &", "getProgram", (ins), "", "return $_op.getEpilogue();">,
    InterfaceMethod<"What the program reads besides the result.",
                    "::mlir::MutableOperandRange", "getProgramOperands", (ins), "", "return $_op.getExtrasMutable();">,
  ];
}

#endif // INLAY_KERNEL_OP_TD
