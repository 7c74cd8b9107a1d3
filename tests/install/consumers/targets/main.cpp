// SPDX-License-Identifier: Apache-2.0
// Includes the model's header, as users of a library with a network do, and checks the result.
#include "model.hpp"

float call();

int main() { return call() == EXPECTED && FACTOR == EXPECTED ? 0 : 1; }
