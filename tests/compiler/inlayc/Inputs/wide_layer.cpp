// SPDX-License-Identifier: Apache-2.0
// A network whose object has several megabytes, so that writing it takes time.
#include "inlay/dsl.hpp"

constexpr auto wide =
    inlay::network("wide", inlay::input<inlay::f32, 1000>("x"), [](auto x) { return inlay::dense<300>("fc", x); });
INLAY_NETWORK(wide);
