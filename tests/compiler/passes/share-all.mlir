// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit='parallel=true' | FileCheck %s

// Without the attribute, threads do not share a convolution as small as this; see stages.mlir.
// CHECK: name = "small", {{[^[]*}} stages = [array<i64: 0, 1, 0>]
module attributes {inlay.share_all} {
  func.func @small(%x: tensor<4x9x9xf32>) -> tensor<8x7x7xf32> {
    %w = inlay.constant "w" dense<1.5> : tensor<8x4x3x3xf32>
    %0 = inlay.conv2d "conv1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64} : (tensor<4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<8x7x7xf32>
    return %0 : tensor<8x7x7xf32>
  }
}
