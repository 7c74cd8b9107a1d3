// RUN: inlay-opt %s --inlay-layout='vector-length=16 registers=32' --inlay-plan --inlay-emit | FileCheck %s

// The rest of a row that fills half or a quarter of a register is loaded and stored as that, and not as a whole vector
// of which lanes are chosen. Processors pass a store on to a load that it contains, but not to a wider one.

// A copy has the vectors of the elements that it moves.
// CHECK-LABEL: func.func private @copies_rows1(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8xf32>{{.*}}, %[[Y:[a-z0-9]+]]: memref<20xf32>{{.*}}, %[[Z:[a-z0-9]+]]: memref<28xf32>
// CHECK-NOT: vector.{{load|store|maskedload|maskedstore}}
// CHECK: %[[EIGHT:.*]] = vector.load %[[X]]{{.*}} vector<8xf32>
// CHECK: vector.store %[[EIGHT]], %[[Z]]{{.*}} vector<8xf32>
// CHECK: %[[SIXTEEN:.*]] = vector.load %[[Y]]{{.*}} vector<16xf32>
// CHECK: vector.store %[[SIXTEEN]], %[[Z]]{{.*}} vector<16xf32>
// CHECK: %[[FOUR:.*]] = vector.load %[[Y]]{{.*}} vector<4xf32>
// CHECK: vector.store %[[FOUR]], %[[Z]]{{.*}} vector<4xf32>
// CHECK-NOT: vector.{{load|store|maskedload|maskedstore}}
// CHECK: return
func.func @copies(%x: tensor<8xf32> {inlay.name = "x"}, %y: tensor<20xf32> {inlay.name = "y"})
    -> (tensor<28xf32> {inlay.name = "z"}) attributes {inlay.hash = 77 : ui64} {
  %0 = inlay.concat(%x, %y) axis 0 : (tensor<8xf32>, tensor<20xf32>) -> tensor<28xf32>
  return %0 : tensor<28xf32>
}

// An activation takes whole registers, in which these elements are repeated.
// CHECK-LABEL: func.func private @repeats_rows1(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8xf32>{{.*}}, %[[Y:[a-z0-9]+]]: memref<8xf32>
// CHECK: %[[EIGHT:.*]] = vector.load %[[X]]{{.*}} vector<8xf32>
// CHECK: vector.shuffle %[[EIGHT]], %[[EIGHT]] [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
// CHECK-NOT: vector.load %[[X]]
// CHECK: vector.store %{{.*}}, %[[Y]]{{.*}} vector<8xf32>
func.func @repeats(%x: tensor<8xf32> {inlay.name = "x"}) -> (tensor<8xf32> {inlay.name = "y"})
    attributes {inlay.hash = 78 : ui64} {
  %0 = inlay.map(%x) : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32):
    %1 = inlay.activation "tanh"(%a) : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<8xf32>
}
