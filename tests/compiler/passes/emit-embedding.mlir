// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit | FileCheck %s

// Indices are integers in memory. One that is too large, or below 0, loads the first row instead and stores NaN. The
// last vector of a row has a mask, because the next row lies behind it.
// CHECK: module attributes {inlay.entries = [{{.*}}input_types = array<i64: 2>, inputs = array<i64: 3>
// CHECK: memref.global "private" constant @net.w : memref<70xf32>
// CHECK: func.func private @net_rows1(%[[X:[a-z0-9]+]]: memref<3xi32> {llvm.noalias}, %[[Y:[a-z0-9]+]]: memref<21xf32> {llvm.noalias}
// CHECK-DAG: %[[W:.*]] = memref.get_global @net.w
// CHECK-DAG: %[[NAN:.*]] = arith.constant dense<0x7FC00000> : vector<4xf32>
// CHECK-DAG: %[[ROWS:.*]] = arith.constant 10 : i32
// CHECK: scf.for
// CHECK: %[[INDEX:.*]] = memref.load %[[X]]
// CHECK: %[[EXISTS:.*]] = arith.cmpi ult, %[[INDEX]], %[[ROWS]] : i32
// CHECK: %[[SAFE:.*]] = arith.select %[[EXISTS]], %[[INDEX]], %{{.*}} : i32
// CHECK: arith.index_castui %[[SAFE]] : i32 to index
// CHECK: %[[FIRST:.*]] = vector.load %[[W]]
// CHECK: arith.select %[[EXISTS]], %[[FIRST]], %{{.*}} : vector<4xf32>
// CHECK: vector.store %{{.*}}, %[[Y]]
// CHECK: %[[LAST:.*]] = vector.maskedload %[[W]]{{.*}} into vector<4xf32>
// CHECK: vector.maskedstore %[[Y]]
func.func @net(%x: tensor<3xi32> {inlay.name = "x"}) -> (tensor<3x7xf32> {inlay.name = "y"})
    attributes {inlay.hash = 77 : ui64} {
  %w = inlay.constant "w" dense<1.5> : tensor<10x7xf32>
  %0 = inlay.embedding %x, %w : (tensor<3xi32>, tensor<10x7xf32>) -> tensor<3x7xf32>
  return %0 : tensor<3x7xf32>
}
