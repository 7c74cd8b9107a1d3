#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes CellTables.h to standard output: make_cell_tables.py > CellTables.h (needs python3-mpmath, takes some seconds).

A cell is an interval with a polynomial of its own: a part of an octave, except that the first cell begins at 0. A
cell's index is the low bits of `(bits + offset) >> shift`, where `bits` are those of the float.
"""
import struct
import sys

from mpmath import cos, diff, erf, erfc, exp, lu_solve, matrix, mp, mpf, pi, sqrt, tanh

mp.prec = 200


# Coefficients of tanh(x) / x - 1 up to 0.8137. Interpolated ones, rounded one by one, would be off by half an ulp.
# Sollya: fpminimax(tanh(x)/x-1, [|1,...,8|], [|SG...|], [2^-30;0.813751], floating, absolute); error 2^-27.
TANH_FIRST = [0.0] + [
    float.fromhex(c)
    for c in (
        "0x1.08fba8p-20 -0x1.55603cp-2 0x1.3aa1dap-11 0x1.087564p-3 0x1.0be70cp-6 -0x1.750cfcp-4 0x1.89f668p-5 "
        "-0x1.0a08fp-7"
    ).split()
]


def to_f32(value):
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def bits_of(value):
    return struct.unpack("<I", struct.pack("<f", float(value)))[0]


def f32_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


class Quarters:
    """32 quarters of octaves, the first up to 1.25 * 2^-4. `degree` is that of (f(c + h) - f(c)) / h. With `of_tanh`
    its first coefficient is not stored: it is the derivative at c, 1 - f(c)^2."""

    cells, shift, degree = 32, 21, 4

    def __init__(self, limit, of_tanh=False):
        self.limit, self.offset, self.of_tanh = limit, 0, of_tanh
        self.base = bits_of(2**-4) >> self.shift

    def border(self, k):
        return mpf(0 if k == 0 else f32_of((self.base + k) << self.shift))


class Halves:
    """8 half octaves, the last of which ends at the limit. `first` may give the coefficients of the first cell."""

    cells, shift, of_tanh = 8, 22, False

    def __init__(self, limit, degree, first=None):
        self.limit, self.degree, self.first = limit, degree, first
        end = bits_of(limit) + 1
        self.offset = -end % (1 << self.shift)
        self.base = ((end + self.offset) >> self.shift) - self.cells

    def border(self, k):
        return mpf(0 if k == 0 else f32_of(((self.base + k) << self.shift) - self.offset))


def centre_near(f, middle):
    """A float near `middle` where f is within a relative 2^-34 of a float, else the best of 6001 candidates."""
    best = None
    for step in range(-3000, 3001):
        candidate = f32_of(bits_of(middle) + step)
        value = f(mpf(candidate))
        error = abs(value - mpf(to_f32(value))) / value
        if best is None or error < best[0]:
            best = (error, candidate)
        if error < 2**-34:
            break
    return mpf(best[1])


def solve(f, xs, powers):
    """Coefficients of the given powers of x that interpolate f at xs."""
    a, r = matrix(len(xs), len(powers)), matrix(len(xs), 1)
    for i, x in enumerate(xs):
        r[i] = f(x)
        for j, power in enumerate(powers):
            a[i, j] = x**power
    return list(lu_solve(a, r))


def nodes(low, high, n):
    """Chebyshev nodes."""
    return [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def first_cell(f, end, cut, odd):
    """Coefficients of f(h) / h, where f(0) = 0, and whether the first of them is stored less 1."""
    if not odd:
        return solve(lambda x: f(x) / x, nodes(mpf(0), end, cut.degree + 1), range(cut.degree + 1)), False
    slope = diff(f, 0)
    if isinstance(cut, Halves):
        if cut.first:
            return cut.first, True
        # The slope at 0 is taken as it is. The rest, which counts more the larger h is, is interpolated.
        rest = solve(lambda x: (f(x) / x - slope) / x, nodes(mpf(0), end, cut.degree), range(cut.degree))
        return [slope - 1] + rest, True
    xs = [end * cos(pi * (2 * i + 1) / (2 * (cut.degree + 2))) for i in range((cut.degree + 2) // 2)]
    even = solve(lambda x: f(x) / x, xs, [0, 2, 4])
    lacks = abs(slope - 1) > 1e-6
    return [even[0] - 1 if lacks else 1, 0, even[1], 0, even[2]], lacks


def nodes_beside(low, high, n):
    """For a polynomial of degree n + 1 that has f's value and slope in the middle: n more nodes, an even number. With
    the double zero in the middle, f's error is the Chebyshev polynomial of degree n / 2 + 1 in the squared distance."""
    last = cos(pi / (n + 2))
    below = (1 - last) / (1 + last)  # that polynomial lives on [-below, 1], so that its smallest zero is 0
    squares = [(1 - below + (1 + below) * cos(pi * (2 * i + 1) / (n + 2))) / 2 for i in range(n // 2)]
    return [(low + high) / 2 + side * (high - low) / 2 * sqrt(square) for square in squares for side in (-1, 1)]


def other_cell(f, low, high, cut):
    """Centre, and coefficients of (f(centre + h) - f(centre)) / h."""
    centre = centre_near(f, (low + high) / 2)
    if cut.of_tanh:  # of what remains without the first coefficient, which is computed from the rounded f(centre)
        first = 1 - mpf(to_f32(f(centre))) ** 2
        rest = lambda x: ((f(centre + x) - f(centre)) / x - first) / x
        xs = [x - centre for x in nodes_beside(low, high, cut.degree)]
        return centre, [first] + solve(rest, xs, range(cut.degree))
    xs = [x - centre for x in nodes(low, high, cut.degree + 1)]
    slope = lambda x: (f(centre + x) - f(centre)) / x if x != 0 else diff(f, centre)
    return centre, solve(slope, xs, range(cut.degree + 1))


def table(f, cut, odd=False):
    """Rows: centres, f there, coefficients. Cells beyond the limit stay 0: they are never looked up."""
    rows, lacks = [[0.0] * cut.cells for _ in range(cut.degree + 3)], False
    for k in range(cut.cells):
        low, high = cut.border(k), min(mpf(cut.limit), cut.border(k + 1))
        if low >= cut.limit:
            continue
        if k == 0 and f(mpf(0)) == 0:
            coefficients, lacks = first_cell(f, high, cut, odd)
            cell = [0, 0] + coefficients
        else:
            centre, coefficients = other_cell(f, low, high, cut)
            cell = [centre, f(centre)] + coefficients
        for row, value in zip(rows, cell):
            row[(cut.base + k) % cut.cells] = to_f32(value)
    if cut.of_tanh:
        del rows[2]
    return rows, lacks


def literal(value):
    if value == 0:
        return "0.0f"
    mantissa, exponent = float(value).hex().split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}p{exponent.lstrip('+')}f"


def write(name, what, f, cut, odd=False):
    rows, lacks = table(f, cut, odd)
    print(f"\n/// {what} up to {cut.limit}.\ninline constexpr Cells<{len(rows)}, {cut.cells}> {name} = {{\n    {{")
    for row in rows:
        lines = [", ".join(literal(v) for v in row[i : i + 8]) for i in range(0, cut.cells, 8)]
        print("        {" + ",\n         ".join(lines) + "},")
    end, base = literal(to_f32(cut.border(1))), cut.base << cut.shift
    flags = ", ".join(str(each).lower() for each in (lacks, cut.of_tanh))
    print(f"    }},\n    {cut.shift}, {cut.offset:#x}, {base:#x}, {end}, {flags}}};")


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    print(
        """// SPDX-License-Identifier: Apache-2.0
// Piecewise polynomials. make_cell_tables.py writes this file and defines a cell. Centres c are chosen so that f(c) is
// within 2^-34 of a float. Coefficients interpolate the function in Chebyshev nodes, or beside a given slope in nodes
// for that.
#ifndef INLAY_CODEGEN_CELLTABLES_H
#define INLAY_CODEGEN_CELLTABLES_H

#include "Math/Cells.h"

namespace inlay::compiler::formulas {
// clang-format off"""
    )
    write("kTanhQuarters", "tanh(a)", tanh, Quarters(9.02, of_tanh=True), odd=True)
    write("kTanhHalves", "tanh(a)", tanh, Halves(9.02, 8, TANH_FIRST), odd=True)
    write("kErfQuarters", "erf(a)", erf, Quarters(3.95), odd=True)
    write("kErfHalves", "erf(a)", erf, Halves(3.95, 7), odd=True)
    # The quarters tabulate a mills(a), which is nearly constant for large a. The halves tabulate mills(a): near 0, in
    # their wide first cell, the relative error of the product would grow.
    mills = lambda a: exp(a * a / 2) * erfc(a / sqrt(mpf(2))) / 2
    normal = "Phi(-a), Phi the normal distribution,"
    write("kGeluQuarters", f"a exp(a^2 / 2) {normal}", lambda a: a * mills(a), Quarters(14.5))
    write("kMillsHalves", f"exp(a^2 / 2) {normal}", mills, Halves(14.5, 8))
    print("\n// clang-format on\n}  // namespace inlay::compiler::formulas\n\n#endif  // INLAY_CODEGEN_CELLTABLES_H")


if __name__ == "__main__":
    main()
