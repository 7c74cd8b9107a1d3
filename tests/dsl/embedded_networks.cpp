// SPDX-License-Identifier: Apache-2.0
// Several networks in one object file, which section_test links at every optimisation level.
#include "sample_networks.hpp"
