// SPDX-License-Identifier: Apache-2.0
// compiled<> of something that is no network.
// expect: this is no network: give it what network(...) returned
// expect: compiled_of_no_network.cpp
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr int model = 1;
compiled<model> net;
