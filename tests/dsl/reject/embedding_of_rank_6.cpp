// SPDX-License-Identifier: Apache-2.0
// Indices of so many dimensions that the vectors have no room.
// expect: "indices of rank up to 5"
// expect: a value has at most 6 dimensions
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 1, 1, 1, 1, 1, 2>("tokens"),
                               [](auto tokens) { return embedding<10, 8>("emb", tokens); });
INLAY_NETWORK(model);
