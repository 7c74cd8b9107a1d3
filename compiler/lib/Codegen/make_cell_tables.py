#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes CellTables.h to standard output: make_cell_tables.py > CellTables.h (needs python3-mpmath, takes a minute).

A cell is a quarter of an octave from 2^-4 on, but the first begins at 0. Cells stand in the order of the low five bits
of what is left of a float's bits without the last 21, so that a shift makes the index.
"""
import struct
import sys

from mpmath import cos, diff, erf, erfc, exp, lu_solve, matrix, mp, mpf, pi, sqrt, tanh

mp.prec = 200
CELLS, DEGREE = 32, 4


def to_f32(value):
    return struct.unpack("<f", struct.pack("<f", float(value)))[0]


def bits_of(value):
    return struct.unpack("<I", struct.pack("<f", float(value)))[0]


def f32_of(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def centre_near(f, middle):
    """A float near `middle` at which f is within 2^-34 of a float, or the best of the nearest 6001."""
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
    """Coefficients of the given powers that interpolate f in xs."""
    a, r = matrix(len(xs), len(powers)), matrix(len(xs), 1)
    for i, x in enumerate(xs):
        r[i] = f(x)
        for j, power in enumerate(powers):
            a[i, j] = x**power
    return list(lu_solve(a, r))


def first_cell(f, end, odd):
    """Coefficients of f(h) / h; of odd functions in even powers, and without the slope 1 where it is another."""
    n = DEGREE + 1
    if odd:
        xs = [end * cos(pi * (2 * i + 1) / (2 * (n + 1))) for i in range((n + 1) // 2)]
        even = solve(lambda x: f(x) / x, xs, [0, 2, 4])
        return [even[0] - 1 if abs(even[0] - 1) > 1e-6 else 1, 0, even[1], 0, even[2]]
    xs = [end / 2 + end / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    return solve(lambda x: f(x) / x, xs, range(n))


def other_cell(f, low, high):
    """Centre, and coefficients of (f(centre + h) - f(centre)) / h."""
    n, centre = DEGREE + 1, centre_near(f, (low + high) / 2)
    xs = [(low + high) / 2 - centre + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    slope = lambda x: (f(centre + x) - f(centre)) / x if x != 0 else diff(f, centre)
    return centre, solve(slope, xs, range(n))


def table(f, limit, odd):
    """Rows of 32: centres, values there, coefficients; cells beyond the limit are never looked up."""
    rows = [[0.0] * CELLS for _ in range(DEGREE + 3)]
    base = bits_of(2**-4) >> 21
    for k in range(CELLS):
        low, high = mpf(f32_of((base + k) << 21)), min(mpf(limit), mpf(f32_of((base + k + 1) << 21)))
        if low >= limit:
            continue
        if k == 0:
            cell = [0, 0] + first_cell(f, high, odd)
        else:
            centre, coefficients = other_cell(f, low, high)
            cell = [centre, f(centre)] + coefficients
        for row, value in zip(rows, cell):
            row[(base + k) % CELLS] = to_f32(value)
    return rows


def literal(value):
    if value == 0:
        return "0.0f"
    mantissa, exponent = float(value).hex().split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}p{exponent.lstrip('+')}f"


def write(name, what, rows):
    print(f"\n/// {what}\ninline constexpr float {name}[{DEGREE + 3}][{CELLS}] = {{")
    for row in rows:
        print("    {", end="")
        for start in range(0, CELLS, 8):
            print(", ".join(literal(v) for v in row[start : start + 8]), end="},\n" if start == 24 else ",\n     ")
    print("};")


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    print(
        """// SPDX-License-Identifier: Apache-2.0
// Functions by cells, written by make_cell_tables.py, which says what a cell is. Rows: centres c, chosen so that f(c)
// is within 2^-34 of a float; f(c); the coefficients of (f(c + h) - f(c)) / h from h^0 to h^4, by interpolation in
// Chebyshev nodes. In the first cell of the odd functions the slope lacks 1.
#ifndef INLAY_CODEGEN_CELLTABLES_H
#define INLAY_CODEGEN_CELLTABLES_H

namespace inlay::compiler::formulas {
// clang-format off"""
    )
    write("kTanhCells", "tanh(a) up to 9.02.", table(tanh, 9.02, True))
    write("kErfCells", "erf(a) up to 3.95.", table(erf, 3.95, True))
    mills = lambda a: a * exp(a * a / 2) * erfc(a / sqrt(mpf(2))) / 2
    write("kGeluCells", "a exp(a^2 / 2) Phi(-a), Phi the normal distribution, up to 14.5.", table(mills, 14.5, False))
    print("\n// clang-format on\n}  // namespace inlay::compiler::formulas\n\n#endif  // INLAY_CODEGEN_CELLTABLES_H")


if __name__ == "__main__":
    main()
