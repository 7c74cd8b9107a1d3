// SPDX-License-Identifier: Apache-2.0
// The DSL: write a network as a C++ expression, and `INLAY_NETWORK(net)` to hand it to inlayc.
#pragma once

#include "inlay/dsl/activations.hpp"
#include "inlay/dsl/embed.hpp"
#include "inlay/dsl/evaluate.hpp"
#include "inlay/dsl/expression.hpp"
#include "inlay/dsl/layers.hpp"
#include "inlay/dsl/misuse.hpp"
#include "inlay/dsl/network.hpp"
#include "inlay/dsl/norms.hpp"
#include "inlay/dsl/rearrange.hpp"
#include "inlay/dsl/recurrent.hpp"
#include "inlay/dsl/reductions.hpp"
#include "inlay/dsl/resample.hpp"
#include "inlay/dsl/state.hpp"
#include "inlay/dsl/windows.hpp"
