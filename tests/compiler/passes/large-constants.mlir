// A number that is broadcast to 2^30 elements takes the memory of one number, and products of weights that would take
// minutes are not computed.
// RUN: %python %inputs/limit_memory.py 2000 inlay-opt %s --pass-pipeline='builtin.module(canonicalize,func.func(inlay-fold-constants,inlay-fold-linear,inlay-fold-scalars),canonicalize)' 2>&1 | FileCheck %s

// CHECK: remark: {{.*}} inlayc keeps both, because multiplying their weights would take too long

// CHECK-LABEL: func.func @broadcast
// CHECK: inlay.map(%arg0) : (tensor<1073741824xf32>)
// CHECK: arith.constant 1.200000e+01
// CHECK: arith.mulf
func.func @broadcast(%x: tensor<1073741824xf32>) -> tensor<1073741824xf32> {
  %scale = inlay.constant "scale" dense<3.0> : tensor<1xf32>
  %all = inlay.constant "all" dense<2.0> : tensor<1073741824xf32>
  %t = inlay.map(%all) : (tensor<1073741824xf32>) -> tensor<1073741824xf32> {
  ^bb0(%a: f32):
    %0 = arith.mulf %a, %a : f32
    inlay.yield %0 : f32
  }
  %y = inlay.map(%x, %t, %scale)
         : (tensor<1073741824xf32>, tensor<1073741824xf32>, tensor<1xf32>) -> tensor<1073741824xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %b, %c : f32
    %1 = arith.mulf %a, %0 : f32
    inlay.yield %1 : f32
  }
  return %y : tensor<1073741824xf32>
}

// CHECK-LABEL: func.func @huge_pair
// CHECK-COUNT-2: inlay.dense
func.func @huge_pair(%x: tensor<8192xf32>) -> tensor<8192xf32> {
  %w1 = inlay.constant "w1" dense<0.5> : tensor<8192x8192xf32>
  %w2 = inlay.constant "w2" dense<0.25> : tensor<8192x8192xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<8192xf32>, tensor<8192x8192xf32>) -> tensor<8192xf32>
  %y = inlay.dense "b" %h, %w2 : (tensor<8192xf32>, tensor<8192x8192xf32>) -> tensor<8192xf32>
  return %y : tensor<8192xf32>
}
