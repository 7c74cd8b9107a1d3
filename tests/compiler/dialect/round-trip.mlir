// Every op is printed as it was parsed.
// RUN: inlay-opt %s | inlay-opt | FileCheck %s

// CHECK: inlay.constant "w" dense<1.000000e+00> : tensor<3x4xf32>
// CHECK: inlay.constant dense<2.000000e+00> : tensor<3xf32>
// CHECK: inlay.dense "fc1" %arg0, %{{.*}} bias(%{{.*}}) with(%arg1) : (tensor<4xf32>, tensor<3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
// CHECK: inlay.activation "leaky_relu"(%{{.*}}) with [{{.*}}] fast : f32
// CHECK: inlay.yield
// CHECK: inlay.map(%{{.*}}, %arg1)
// CHECK: inlay.softmax %{{.*}} : tensor<3xf32>
// CHECK: inlay.concat(%{{.*}}, %arg0) axis 0 : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
// CHECK: inlay.reshape %{{.*}} : (tensor<7xf32>) -> tensor<7x1xf32>
func.func @every_op(%x: tensor<4xf32>, %r: tensor<3xf32>) -> tensor<7x1xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<3x4xf32>
  %b = inlay.constant dense<2.0> : tensor<3xf32>
  %0 = inlay.dense "fc1" %x, %w bias(%b) with(%r)
         : (tensor<4xf32>, tensor<3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%sum: f32, %residual: f32):
    %5 = arith.addf %sum, %residual : f32
    %6 = inlay.activation "leaky_relu"(%5) with [0.25] fast : f32
    inlay.yield %6 : f32
  }
  %1 = inlay.map(%0, %r) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: f32, %c: f32):
    %5 = inlay.activation "sigmoid"(%a) : f32
    %6 = arith.mulf %5, %c : f32
    inlay.yield %6 : f32
  }
  %2 = inlay.softmax %1 : tensor<3xf32>
  %3 = inlay.concat(%2, %x) axis 0 : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
  %4 = inlay.reshape %3 : (tensor<7xf32>) -> tensor<7x1xf32>
  return %4 : tensor<7x1xf32>
}
