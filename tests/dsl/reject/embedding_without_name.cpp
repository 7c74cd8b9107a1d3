// SPDX-License-Identifier: Apache-2.0
// An embedding without its name.
// expect: embedding is called as embedding<num_embeddings, embedding_dim>("name", x) with x of type i32
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 20>("tokens"), [](auto tokens) { return embedding<10, 8>(tokens); });
INLAY_NETWORK(model);
