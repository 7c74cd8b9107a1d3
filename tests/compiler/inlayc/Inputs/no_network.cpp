// SPDX-License-Identifier: Apache-2.0
// An object file without a network.
int main() { return 0; }
