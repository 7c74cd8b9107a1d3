// SPDX-License-Identifier: Apache-2.0
// A variable that is no network, given to inlayc.
// expect: this is no network: give it what network(...) returned
// expect: inlay_network_of_no_network.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr int model = 3;
INLAY_NETWORK(model);
