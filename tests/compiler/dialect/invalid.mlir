// The verifiers' messages: the layer, what was expected, what was found.
// RUN: inlay-opt %s -split-input-file -verify-diagnostics

func.func @weight_of_another_depth(%x: tensor<5xf32>, %w: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{layer 'fc1': expected f32[3,5], found f32[3,4]; the weight of dense must be}}
  %0 = inlay.dense "fc1" %x, %w : (tensor<5xf32>, tensor<3x4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @bias_of_another_width(%x: tensor<5xf32>, %w: tensor<3x5xf32>, %b: tensor<4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{layer 'fc1': expected f32[3], found f32[4]; the bias of dense must be}}
  %0 = inlay.dense "fc1" %x, %w bias(%b) : (tensor<5xf32>, tensor<3x5xf32>, tensor<4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @dense_on_a_matrix(%x: tensor<2x5xf32>, %w: tensor<3x10xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{layer 'fc1': expected f32[n], found f32[2,5]; dense needs a rank-1 value}}
  %0 = inlay.dense "fc1" %x, %w : (tensor<2x5xf32>, tensor<3x10xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @epilogue_without_a_scalar_for_its_operand(%x: tensor<5xf32>, %w: tensor<5x5xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{epilogue takes 1 scalars, expected 2}}
  %0 = inlay.dense "fc1" %x, %w with(%x) : (tensor<5xf32>, tensor<5x5xf32>, tensor<5xf32>) -> tensor<5xf32> {
  ^bb0(%a: f32):
    inlay.yield %a : f32
  }
  return %0 : tensor<5xf32>
}

// -----

func.func @map_of_two_shapes(%x: tensor<5xf32>, %y: tensor<6xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{expected f32[5], found f32[6]; sizes must be equal or 1}}
  %0 = inlay.map(%x, %y) : (tensor<5xf32>, tensor<6xf32>) -> tensor<5xf32> {
  ^bb0(%a: f32, %b: f32):
    inlay.yield %a : f32
  }
  return %0 : tensor<5xf32>
}

// -----

func.func @unknown_activation(%x: tensor<5xf32>) -> tensor<5xf32> {
  %0 = inlay.map(%x) : (tensor<5xf32>) -> tensor<5xf32> {
  ^bb0(%a: f32):
    // expected-error @+1 {{unknown activation 'swoosh'}}
    %1 = inlay.activation "swoosh"(%a) : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<5xf32>
}

// -----

func.func @activation_with_too_many_parameters(%x: tensor<5xf32>) -> tensor<5xf32> {
  %0 = inlay.map(%x) : (tensor<5xf32>) -> tensor<5xf32> {
  ^bb0(%a: f32):
    // expected-error @+1 {{'relu' takes 0 parameters, found 1}}
    %1 = inlay.activation "relu"(%a) with [0.5] : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<5xf32>
}

// -----

func.func @reshape_of_another_count(%x: tensor<6xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{expected f32[2,4], found f32[6]; reshape must keep the number of elements}}
  %0 = inlay.reshape %x : (tensor<6xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @concat_of_another_sum(%x: tensor<6xf32>) -> tensor<13xf32> {
  // expected-error @+1 {{result is 'tensor<13xf32>', expected f32[12]}}
  %0 = inlay.concat(%x, %x) axis 0 : (tensor<6xf32>, tensor<6xf32>) -> tensor<13xf32>
  return %0 : tensor<13xf32>
}

// -----

func.func @panel_that_is_no_multiple(%x: tensor<5xf32>, %w: tensor<80xf32>) -> tensor<16xf32> {
  // expected-error @+1 {{layer 'fc1': a panel of 24 features is not a multiple of 16 lanes}}
  %0 = inlay.contraction "fc1" %x, %w tile(14 x 24) lanes(16) : (tensor<5xf32>, tensor<80xf32>) -> tensor<16xf32>
  return %0 : tensor<16xf32>
}

// -----

func.func @unknown_treatment_of_zeros(%x: tensor<5xf32>, %w: tensor<3x5xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{layer 'fc1': zeros must be "skip" or "multiply", found "drop"}}
  %0 = inlay.dense "fc1" %x, %w {zeros = "drop"} : (tensor<5xf32>, tensor<3x5xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @slice_behind_the_end(%x: tensor<6xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{expected size 7 or more along axis 0, found f32[6]; axes, starts and sizes must lie inside}}
  %0 = inlay.slice %x axis 0 from 4 length 3 : (tensor<6xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @reduction_of_a_missing_axis(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{expected rank above 2, found f32[2,3]; axes, starts and sizes must lie inside}}
  %0 = inlay.reduce %x {kind = 0 : i64, axes = 4 : i64, keepdim = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @reduction_to_another_shape(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{result is 'tensor<3xf32>', expected f32[2]}}
  %0 = inlay.reduce %x {kind = 0 : i64, axes = 2 : i64, keepdim = 0 : i64} : (tensor<2x3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @unknown_reduction(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{kind must be 0 to 4, found 5}}
  %0 = inlay.reduce %x {kind = 5 : i64, axes = 2 : i64, keepdim = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @norm_of_a_missing_axis(%x: tensor<6xf32>) -> tensor<6xf32> {
  // expected-error @+1 {{expected rank above 1, found f32[6]; axes, starts and sizes must lie inside}}
  %0 = inlay.normalize %x {axis = 1 : i64, groups = 1 : i64, eps = 925353388 : i64, centred = 1 : i64} : (tensor<6xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

func.func @norm_of_other_groups(%x: tensor<2x3x6xf32>) -> tensor<2x3x6xf32> {
  // expected-error @+1 {{expected a divisor of 6, found groups 4; the groups of a norm must divide its channels}}
  %0 = inlay.normalize %x {axis = 0 : i64, groups = 4 : i64, eps = 925353388 : i64, centred = 1 : i64, channels_last} : (tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  return %0 : tensor<2x3x6xf32>
}

// -----

func.func @norm_with_a_negative_eps(%x: tensor<6xf32>) -> tensor<6xf32> {
  // expected-error @+1 {{expected a finite eps from 0 on, found another eps}}
  %0 = inlay.normalize %x {axis = 0 : i64, groups = 1 : i64, eps = 3072836972 : i64, centred = 1 : i64} : (tensor<6xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

func.func @norm_of_another_shape(%x: tensor<6xf32>) -> tensor<2x3xf32> {
  // expected-error @+1 {{result is 'tensor<2x3xf32>', expected 'tensor<6xf32>'}}
  %0 = inlay.normalize %x {axis = 0 : i64, groups = 1 : i64, eps = 925353388 : i64, centred = 1 : i64} : (tensor<6xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @norm_with_a_longer_weight(%x: tensor<6xf32>, %w: tensor<7xf32>) -> tensor<6xf32> {
  // expected-error @+1 {{epilogue operand is 'tensor<7xf32>', which cannot be broadcast to the result's 'tensor<6xf32>'}}
  %0 = inlay.normalize %x with(%w) {axis = 0 : i64, groups = 1 : i64, eps = 925353388 : i64, centred = 1 : i64} : (tensor<6xf32>, tensor<7xf32>) -> tensor<6xf32> {
  ^bb0(%a: f32, %b: f32):
    inlay.yield %a : f32
  }
  return %0 : tensor<6xf32>
}

// -----

func.func @convolution_of_a_vector(%x: tensor<6xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<2x1x1xf32> {
  // expected-error @+1 {{layer 'c1': expected f32[channels,height,width], found f32[6]; conv2d needs an image}}
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64} : (tensor<6xf32>, tensor<2x3x3x3xf32>) -> tensor<2x1x1xf32>
  return %0 : tensor<2x1x1xf32>
}

// -----

func.func @transposed_weight_of_other_channels(%x: tensor<6x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<2x6x6xf32> {
  // expected-error @+1 {{layer 'up': expected f32[6,2,3,3], found f32[3,2,3,3]; the weight of conv_transpose2d must be}}
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64} : (tensor<6x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<2x6x6xf32>
  return %0 : tensor<2x6x6xf32>
}

// -----

func.func @transposed_outputs_in_no_groups(%x: tensor<6x4x4xf32>, %w: tensor<3x3x3x3xf32>) -> tensor<3x6x6xf32> {
  // expected-error @+1 {{layer 'up': the weight's 3 outputs are not divisible by the groups}}
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 2 : i64} : (tensor<6x4x4xf32>, tensor<3x3x3x3xf32>) -> tensor<3x6x6xf32>
  return %0 : tensor<3x6x6xf32>
}

// -----

func.func @window_without_weights(%x: tensor<6x6x3xf32>) -> tensor<5x5x3xf32> {
  // expected-error @+1 {{has a weight if, and only if, it is weighted}}
  %0 = inlay.window weighted %x <kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1> : (tensor<6x6x3xf32>) -> tensor<5x5x3xf32>
  return %0 : tensor<5x5x3xf32>
}

// -----

func.func @window_of_another_result(%x: tensor<6x6x3xf32>) -> tensor<6x5x3xf32> {
  // expected-error @+1 {{result is 'tensor<6x5x3xf32>', expected 5x5x3}}
  %0 = inlay.window max %x <kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1> : (tensor<6x6x3xf32>) -> tensor<6x5x3xf32>
  return %0 : tensor<6x5x3xf32>
}

// -----

func.func @window_of_nothing(%x: tensor<6x6x3xf32>) -> tensor<5x5x3xf32> {
  // expected-error @+1 {{the sizes of a window must be at least 1}}
  %0 = inlay.window max %x <kernel = 2 by 2, stride = 0 by 1, dilation = 1 by 1> : (tensor<6x6x3xf32>) -> tensor<5x5x3xf32>
  return %0 : tensor<5x5x3xf32>
}

// -----

func.func @nhwc_weight_of_other_channels(%x: tensor<6x6x3xf32>, %w: tensor<2x4x3x3xf32>) -> tensor<4x4x2xf32> {
  // expected-error @+1 {{layer 'c1': weight is 'tensor<2x4x3x3xf32>', expected 'tensor<2x3x3x3xf32>'}}
  %0 = inlay.conv2d_nhwc "c1" %x, %w <kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1> : (tensor<6x6x3xf32>, tensor<2x4x3x3xf32>) -> tensor<4x4x2xf32>
  return %0 : tensor<4x4x2xf32>
}

// -----

func.func @no_permutation(%x: tensor<6x3xf32>) -> tensor<3x6xf32> {
  // expected-error @+1 {{axes must be a permutation of the 2 axes of the operand}}
  %0 = inlay.permute %x [1, 1] : (tensor<6x3xf32>) -> tensor<3x6xf32>
  return %0 : tensor<3x6xf32>
}

// -----

func.func @pad_of_another_size(%x: tensor<6x3xf32>) -> tensor<8x3xf32> {
  // expected-error @+1 {{result is 'tensor<8x3xf32>', expected the operand's size plus low and high}}
  %0 = inlay.pad %x low [1, 0] high [0, 0] value 0.0 : (tensor<6x3xf32>) -> tensor<8x3xf32>
  return %0 : tensor<8x3xf32>
}

// -----

func.func @tile_of_broken_columns(%x: tensor<6x2x3xf32>, %w: tensor<12xf32>) -> tensor<6x2x4xf32> {
  // expected-error @+1 {{layer 'c4': a tile of a window must consist of whole columns}}
  %0 = inlay.contraction "c4" %x, %w tile(4 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64} : (tensor<6x2x3xf32>, tensor<12xf32>) -> tensor<6x2x4xf32>
  return %0 : tensor<6x2x4xf32>
}

// -----

func.func @resample_of_another_shape(%x: tensor<6x3xf32>) -> tensor<5x2xf32> {
  // expected-error @+1 {{result is 'tensor<5x2xf32>', expected 'tensor<6x3xf32>' with another size along axis 1}}
  %0 = inlay.resample %x axis 1 from [0, 1] : (tensor<6x3xf32>) -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}

// -----

func.func @resample_from_too_few_sources(%x: tensor<6x3xf32>) -> tensor<6x2xf32> {
  // expected-error @+1 {{has 3 sources, expected the same number for each of 2 indices}}
  %0 = inlay.resample %x axis 1 from [0, 1, 2] : (tensor<6x3xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @resample_without_weight(%x: tensor<6x3xf32>) -> tensor<6x2xf32> {
  // expected-error @+1 {{needs a weight for several sources of an index}}
  %0 = inlay.resample %x axis 1 from [0, 1, 1, 2] : (tensor<6x3xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @resample_from_outside(%x: tensor<6x3xf32>) -> tensor<6x2xf32> {
  // expected-error @+1 {{source 3 lies outside of axis 1 of 3 elements}}
  %0 = inlay.resample %x axis 1 from [0, 3] : (tensor<6x3xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @resample_of_no_axis(%x: tensor<6x3xf32>) -> tensor<6x2xf32> {
  // expected-error @+1 {{has no axis 2 in 'tensor<6x3xf32>'}}
  %0 = inlay.resample %x axis 2 from [0, 1] : (tensor<6x3xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @resample_with_other_weights(%x: tensor<6x3xf32>, %w: tensor<3xf32>) -> tensor<6x2xf32> {
  // expected-error @+1 {{weight has 3 elements, expected 2}}
  %0 = inlay.resample %x weight(%w) axis 1 from [0, 1] : (tensor<6x3xf32>, tensor<3xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}

// -----

func.func @embedding_of_other_width(%x: tensor<3xi32>, %w: tensor<10x4xf32>) -> tensor<3x5xf32> {
  // expected-error @+1 {{result is 'tensor<3x5xf32>', expected f32[3,4]}}
  %0 = inlay.embedding %x, %w : (tensor<3xi32>, tensor<10x4xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// -----

func.func @embedding_weight_of_rank_1(%x: tensor<3xi32>, %w: tensor<10xf32>) -> tensor<3x10xf32> {
  // expected-error @+1 {{expected f32[n,d], found f32[10]; the weight of embedding must be [num_embeddings, embedding_dim], as in PyTorch}}
  %0 = inlay.embedding %x, %w : (tensor<3xi32>, tensor<10xf32>) -> tensor<3x10xf32>
  return %0 : tensor<3x10xf32>
}

// -----

func.func @embedding_of_floats(%x: tensor<3xf32>, %w: tensor<10x4xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of 32-bit signless integer values, but got 'tensor<3xf32>'}}
  %0 = inlay.embedding %x, %w : (tensor<3xf32>, tensor<10x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

func.func @softmax_of_integers(%x: tensor<3xi32>) -> tensor<3xi32> {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of 32-bit float values, but got 'tensor<3xi32>'}}
  %0 = inlay.softmax %x : tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

func.func @history_of_one_tap(%x: tensor<4xf32>) -> tensor<1x4xf32> {
  // expected-error @+1 {{'inlay.history' op keeps nothing with one tap: inlay.reshape gives that row}}
  %0 = inlay.history %x taps 1 dilation 1 place 0 : (tensor<4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// -----

func.func @adds_more_than_the_sum_has(%sum: tensor<2x3xf32>, %left: tensor<2xf32>, %right: tensor<4xf32>) -> tensor<2x3xf32> {
  // expected-error@+1 {{adds 8 elements to a sum of 6}}
  %0 = inlay.accumulate %sum, %left by %right : (tensor<2x3xf32>, tensor<2xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @packs_too_few_elements(%weight: tensor<5x3xf32>) -> tensor<15xf32> {
  // expected-error@+1 {{result must have 24 elements}}
  %0 = inlay.pack %weight lanes(8) panel(8) : (tensor<5x3xf32>) -> tensor<15xf32>
  return %0 : tensor<15xf32>
}
