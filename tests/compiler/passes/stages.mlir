// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit='parallel=true' | FileCheck %s

// For a single row, features come in groups of four panels, here 32. Fewer than two groups cannot be divided.
// CHECK: name = "narrow", {{.*}} row_blocks = array<i64: 6, 1>, {{.*}} stages = [array<i64: 1, 1>, array<i64: 0>]
// CHECK-SAME: name = "wide", {{.*}} row_blocks = array<i64: 6, 1>, {{.*}} stages = [array<i64: 1, 1>, array<i64: 0, 1>]
func.func @narrow(%x: tensor<1024xf32>) -> tensor<63xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<63x1024xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1024xf32>, tensor<63x1024xf32>) -> tensor<63xf32>
  return %0 : tensor<63xf32>
}
func.func @wide(%x: tensor<1024xf32>) -> tensor<64xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<64x1024xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1024xf32>, tensor<64x1024xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

// A single image: the lines of a convolution are divided among threads if its weights are smaller than its input, the
// panels if they are larger. A small convolution is not worth a meeting.
// CHECK-SAME: name = "by_lines", {{[^[]*}} stages = [array<i64: 0, 1, 0>]
// CHECK-SAME: name = "by_panels", {{[^[]*}} stages = [array<i64: 0, 1, 0>]
// CHECK-SAME: name = "small", {{[^[]*}} stages = [array<i64: 0>]
func.func @by_lines(%x: tensor<16x32x32xf32>) -> tensor<16x30x30xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<16x16x3x3xf32>
  %0 = inlay.conv2d "conv1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64} : (tensor<16x32x32xf32>, tensor<16x16x3x3xf32>) -> tensor<16x30x30xf32>
  return %0 : tensor<16x30x30xf32>
}
func.func @by_panels(%x: tensor<64x9x9xf32>) -> tensor<128x7x7xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<128x64x3x3xf32>
  %0 = inlay.conv2d "conv1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64} : (tensor<64x9x9xf32>, tensor<128x64x3x3xf32>) -> tensor<128x7x7xf32>
  return %0 : tensor<128x7x7xf32>
}
func.func @small(%x: tensor<4x9x9xf32>) -> tensor<8x7x7xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<8x4x3x3xf32>
  %0 = inlay.conv2d "conv1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64} : (tensor<4x9x9xf32>, tensor<8x4x3x3xf32>) -> tensor<8x7x7xf32>
  return %0 : tensor<8x7x7xf32>
}
