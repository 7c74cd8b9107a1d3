// RUN: inlay-opt %s --inlay-layout='vector-length=16 registers=32' --inlay-plan --inlay-emit | FileCheck %s

// What is left of a row behind its whole vectors is loaded and stored in smaller registers, and not in a whole one of
// which lanes are chosen. Processors pass a store on to a load that it contains, but not to a wider one, and they do not
// pass on masked stores.

// A copy has halves, quarters and so on.
// CHECK-LABEL: func.func private @copies_rows1(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<7xf32>{{.*}}, %[[Y:[a-z0-9]+]]: memref<24xf32>{{.*}}, %[[Z:[a-z0-9]+]]: memref<31xf32>
// CHECK-NOT: vector.{{load|store|maskedload|maskedstore}}
// CHECK: %[[FOUR:.*]] = vector.load %[[X]]{{.*}} vector<4xf32>
// CHECK: vector.store %[[FOUR]], %[[Z]]{{.*}} vector<4xf32>
// CHECK: %[[TWO:.*]] = vector.load %[[X]]{{.*}} vector<2xf32>
// CHECK: vector.store %[[TWO]], %[[Z]]{{.*}} vector<2xf32>
// CHECK: %[[ONE:.*]] = vector.load %[[X]]{{.*}} vector<1xf32>
// CHECK: vector.store %[[ONE]], %[[Z]]{{.*}} vector<1xf32>
// CHECK: %[[SIXTEEN:.*]] = vector.load %[[Y]]{{.*}} vector<16xf32>
// CHECK: vector.store %[[SIXTEEN]], %[[Z]]{{.*}} vector<16xf32>
// CHECK: %[[EIGHT:.*]] = vector.load %[[Y]]{{.*}} vector<8xf32>
// CHECK: vector.store %[[EIGHT]], %[[Z]]{{.*}} vector<8xf32>
// CHECK-NOT: vector.{{load|store|maskedload|maskedstore}}
// CHECK: return
func.func @copies(%x: tensor<7xf32> {inlay.name = "x"}, %y: tensor<24xf32> {inlay.name = "y"})
    -> (tensor<31xf32> {inlay.name = "z"}) attributes {inlay.hash = 77 : ui64} {
  %0 = inlay.concat(%x, %y) axis 0 : (tensor<7xf32>, tensor<24xf32>) -> tensor<31xf32>
  return %0 : tensor<31xf32>
}

// A logarithm takes whole registers. The elements are loaded into half of one. The other lanes repeat the first.
// CHECK-LABEL: func.func private @repeats_rows1(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8xf32>{{.*}}, %[[Y:[a-z0-9]+]]: memref<8xf32>
// CHECK: %[[EIGHT:.*]] = vector.load %[[X]]{{.*}} vector<8xf32>
// CHECK: vector.shuffle %[[EIGHT]], %[[EIGHT]] [0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0]
// CHECK-NOT: vector.load %[[X]]
// CHECK: vector.store %{{.*}}, %[[Y]]{{.*}} vector<8xf32>
func.func @repeats(%x: tensor<8xf32> {inlay.name = "x"}) -> (tensor<8xf32> {inlay.name = "y"})
    attributes {inlay.hash = 78 : ui64} {
  %0 = inlay.map(%x) : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32):
    %1 = inlay.activation "log"(%a) : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<8xf32>
}

// A row of features is stored in the same way.
// CHECK-LABEL: func.func private @features_rows1(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8xf32>{{.*}}, %[[Y:[a-z0-9]+]]: memref<5xf32>
// CHECK-NOT: vector.maskedstore
// CHECK: vector.store %{{.*}}, %[[Y]]{{.*}} vector<4xf32>
// CHECK: vector.store %{{.*}}, %[[Y]]{{.*}} vector<1xf32>
// CHECK-NOT: vector.maskedstore
// CHECK: return
func.func @features(%x: tensor<8xf32> {inlay.name = "x"}) -> (tensor<5xf32> {inlay.name = "y"})
    attributes {inlay.hash = 79 : ui64} {
  %w = inlay.constant "w" dense<1.5> : tensor<5x8xf32>
  %0 = inlay.dense "fc" %x, %w : (tensor<8xf32>, tensor<5x8xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
