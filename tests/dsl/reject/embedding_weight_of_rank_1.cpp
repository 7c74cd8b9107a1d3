// SPDX-License-Identifier: Apache-2.0
// A weight of embedding that is no table.
// expect: "f32[n,d]"
// expect: "f32[8] of w"
// expect: the weight of embedding must be [num_embeddings, embedding_dim]
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 20>("tokens"),
                               [](auto tokens) { return embedding("emb", tokens, param<f32, 8>("w")); });
INLAY_NETWORK(model);
