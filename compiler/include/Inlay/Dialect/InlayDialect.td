// SPDX-License-Identifier: Apache-2.0
// The inlay dialect and its attributes.
#ifndef INLAY_DIALECT_TD
#define INLAY_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Inlay_Dialect : Dialect {
  let name = "inlay";
  let cppNamespace = "::inlay::compiler";
  let summary = "neural networks, one sample at a time";
  let description = [{
    A network is a `func.func` over ranked tensors of `f32` with static shapes. The batch is implicit: shapes are
    those of one sample, and the emit phase adds the row dimension. Ops carry their layer's name; locations point at
    the line of the model's source.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
}

def Inlay_PlacementAttr : AttrDef<Inlay_Dialect, "Placement"> {
  let mnemonic = "placement";
  let summary = "where the plan phase put a value";
  let description = [{
    `root` is `input`, `output`, `state`, `arena`, `constant` or `packed`; `index` counts inputs and outputs, and is the
    position of a state in the network's memory, and that of packed weights in their part of the scratch memory. `offset` is the position of
    the value inside a row and `stride` the distance between rows, both in elements. An arena buffer starts at
    `base` elements times the number of rows of the kernel. In a `padded` value the rest of the last vector of each
    row belongs to the value as well, so kernels may write it without a mask. The lines of an image may lie `line`
    elements apart, if it is the inside of a padded image; 0 means that they lie side by side.

    ```mlir
    #inlay.placement<"arena" 0, base = 64, offset = 0, stride = 32, padded = true>
    ```
  }];
  let parameters = (ins StringRefParameter<"buffer kind">:$root, "int64_t":$index, "int64_t":$base,
                        "int64_t":$offset, "int64_t":$stride, "bool":$padded, DefaultValuedParameter<"int64_t", "0">:$line);
  let assemblyFormat = [{
    `<` $root $index `,` `base` `=` $base `,` `offset` `=` $offset `,` `stride` `=` $stride `,`
        `padded` `=` $padded (`,` `line` `=` $line^)? `>`
  }];
}

def Inlay_WindowAttr : AttrDef<Inlay_Dialect, "Window"> {
  let mnemonic = "window";
  let summary = "how a window slides over an image that is already padded";
  let description = [{
    Tap (p, q) of window (i, j) is the pixel (i stride + p dilation, j stride + q dilation).

    ```mlir
    #inlay.window<kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>
    ```
  }];
  let parameters = (ins "int64_t":$kernelH, "int64_t":$kernelW, "int64_t":$strideH, "int64_t":$strideW,
                        "int64_t":$dilationH, "int64_t":$dilationW);
  let assemblyFormat = [{
    `<` `kernel` `=` $kernelH `by` $kernelW `,` `stride` `=` $strideH `by` $strideW `,`
        `dilation` `=` $dilationH `by` $dilationW `>`
  }];
  let extraClassDeclaration = [{
    /// Windows along an axis of `size` elements.
    static int64_t count(int64_t size, int64_t kernel, int64_t stride, int64_t dilation) {
      return (size - covered(1, kernel, stride, dilation)) / stride + 1;
    }
    /// Elements along an axis from the first of `windows` windows, at least 1, to the end of the last one.
    static int64_t covered(int64_t windows, int64_t kernel, int64_t stride, int64_t dilation) {
      return (windows - 1) * stride + (kernel - 1) * dilation + 1;
    }
    int64_t getTaps() const { return getKernelH() * getKernelW(); }
  }];
}

def Inlay_TargetAttr : AttrDef<Inlay_Dialect, "Target"> {
  let mnemonic = "target";
  let summary = "what the phases must know of the machine that runs the kernels";
  let description = [{
    `lanes` are the f32 elements of a vector register, of which there are `registers`. `fma` is a multiply-add that
    rounds once. `avx2` and `avx512` are instructions without a portable form, by the sets that have them: the formulas
    of the activations use each set as a whole.

    ```mlir
    #inlay.target<lanes = 16, registers = 32, fma = true, avx2 = true, avx512 = true>
    ```
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$registers, DefaultValuedParameter<"bool", "true">:$fma,
                        DefaultValuedParameter<"bool", "false">:$avx2, DefaultValuedParameter<"bool", "false">:$avx512);
  let assemblyFormat = [{
    `<` `lanes` `=` $lanes `,` `registers` `=` $registers (`,` `fma` `=` $fma^)? (`,` `avx2` `=` $avx2^)?
        (`,` `avx512` `=` $avx512^)? `>`
  }];
}

#endif // INLAY_DIALECT_TD
