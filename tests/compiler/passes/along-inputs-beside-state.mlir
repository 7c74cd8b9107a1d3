// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' | FileCheck %s

// A network with state fixes the order of its sums. That of a network behind it stays free.
// CHECK-LABEL: func.func @stream
// CHECK-NOT: along_inputs
// CHECK-LABEL: func.func @net
// CHECK: along_inputs
func.func @stream(%x: tensor<17xf32>, %h: tensor<2xf32> {inlay.state = 0 : i64})
    -> (tensor<2xf32>, tensor<2xf32> {inlay.state = 0 : i64}) attributes {inlay.memory = 64 : i64} {
  %w = inlay.constant "w" dense<1.5> : tensor<2x17xf32>
  %y = inlay.dense "fc" %x, %w : (tensor<17xf32>, tensor<2x17xf32>) -> tensor<2xf32>
  return %h, %y : tensor<2xf32>, tensor<2xf32>
}
func.func @net(%x: tensor<17xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<2x17xf32>
  %y = inlay.dense "fc" %x, %w : (tensor<17xf32>, tensor<2x17xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
