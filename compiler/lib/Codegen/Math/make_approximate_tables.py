#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ApproximateTables.h to standard output: make_approximate_tables.py > ApproximateTables.h.

A table has a polynomial for each cell of [0, limit]. For a, the cell's index is the low bits of the bits of
`a * scale + start` shifted right: cells are equal parts of octaves of that number, so they are narrow near 0 and wider
behind. Neighbouring polynomials have the same value at their common edge, except for one table. The script chooses the parts of an octave and
the start for which the largest error is least, and prints that error.
"""
import math
import struct
import sys

LIMIT = 2**-13
BELOW_ONE = 1 - 2**-20  # what tanh and erf saturate at, so that rounding does not exceed 1


def to_f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def bits_of(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def sigmoid_less_half(a):
    return 0.5 * math.tanh(a / 2)


# Name, formula in words, function, where it is constant from, and the constant.
FUNCTIONS = [
    ("Tanh", "tanh(a)", math.tanh, 5.2, BELOW_ONE),
    ("Sigmoid", "sigmoid(a) - 1/2", sigmoid_less_half, 10.0, BELOW_ONE / 2),
    ("Erf", "erf(a)", math.erf, 2.9, BELOW_ONE),
    ("Softplus", "log(1 + exp(-a))", lambda a: math.log1p(math.exp(-a)), 10.0, 2**-24),
    ("Silu", "a sigmoid(-a)", lambda a: a / (1 + math.exp(a)), 12.3, 0.0),
    ("Gelu", "a Phi(-a), Phi the normal distribution,", lambda a: a / 2 * math.erfc(a / math.sqrt(2)), 4.2, 0.0),
]


def edges(cells, parts, start, limit):
    """Edges of the cells, the scale and the index of the first cell's octave part."""
    borders = [2.0**octave * (1 + i / parts) for octave in range(8) for i in range(parts)]
    first = max(i for i, border in enumerate(borders) if border <= start)
    if first + cells >= len(borders):
        return None
    # The limit must lie in the last cell, not at the start of the one behind it.
    scale = to_f32((borders[first + cells] * (1 - 2**-20) - start) / limit)
    inner = [(borders[first + i] - start) / scale for i in range(1, cells)]
    return [0.0] + inner + [limit], scale, first


def fit(f, low, high, at_low, at_high, degree):
    """Coefficients of powers of a of a polynomial with these values at the ends, and its largest error. Without values
    at the ends the error is smaller."""
    middle, half = (low + high) / 2, (high - low) / 2
    if at_low is None:
        nodes = [middle + half * math.cos(math.pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
        slopes = [f(x) for x in nodes]  # divided differences
        for order in range(1, degree + 1):
            for i in range(degree, order - 1, -1):
                slopes[i] = (slopes[i] - slopes[i - 1]) / (nodes[i] - nodes[i - order])
        coefficients = [0.0] * (degree + 1)
        for i in range(degree, -1, -1):  # of Newton's form
            coefficients = [0.0] + coefficients[:-1]
            for j in range(degree):
                coefficients[j] -= nodes[i] * coefficients[j + 1]
            coefficients[0] += slopes[i]
        errors = [
            f(low + 2 * half * i / 64) - sum(c * (low + 2 * half * i / 64) ** j for j, c in enumerate(coefficients))
            for i in range(65)
        ]
        coefficients[0] += (max(errors) + min(errors)) / 2
        return coefficients, (max(errors) - min(errors)) / 2
    line = lambda u: (at_low + at_high) / 2 + (at_high - at_low) / 2 * u
    rest = lambda u: f(middle + half * u) - line(u)
    grid = [-1 + 2 * i / 64 for i in range(65)]
    if degree == 2:  # line + c (u^2 - 1); the error is balanced by bisection over c
        inner = [u for u in grid if abs(u) < 0.999]
        spread = lambda c: [rest(u) - c * (u * u - 1) for u in inner]
        c_low, c_high = (op(rest(u) / (u * u - 1) for u in inner) for op in (min, max))
        for _ in range(60):
            c = (c_low + c_high) / 2
            errors = spread(c)
            if max(errors) > -min(errors):
                c_high = c  # less c lowers the difference, because u^2 - 1 is negative
            else:
                c_low = c
        # The slopes at the ends, rise +- 2 c, keep the sign of the rise where the function is monotone.
        rise = abs(at_high - at_low) / 2
        samples = [f(middle + half * u) for u in grid]
        if samples in (sorted(samples), sorted(samples, reverse=True)):
            c = min(max(c, -rise / 2), rise / 2)
        powers = [-c, 0.0, c]
    else:  # line + (u^2 - 1)(c + d u), exact at two inner points
        u1, u2 = 1 - math.sqrt(2), math.sqrt(2) - 1  # these make the product of the four distances least
        v1, v2 = (rest(u) / (u * u - 1) for u in (u1, u2))
        d = (v2 - v1) / (u2 - u1)
        c = v1 - d * u1
        powers = [-c, -d, c, d]
    powers[0] += (at_low + at_high) / 2
    powers[1] += (at_high - at_low) / 2
    error = max(abs(f(middle + half * u) - sum(p * u**i for i, p in enumerate(powers))) for u in grid)
    # From u = (a - middle) / half to a.
    coefficients = [0.0] * (degree + 1)
    for i, p in enumerate(powers):
        for j in range(i + 1):
            coefficients[j] += p * math.comb(i, j) * (-middle) ** (i - j) / half**i
    if low == 0:
        coefficients[0] = f(0)  # exactly
    return coefficients, error


def table(f, limit, last, cells, degree, jumps):
    best = None
    for parts in (1, 2, 4, 8, 16):
        for step in range(32):
            start = 1 + step / 32
            cut = edges(cells, parts, start, limit)
            if cut is None:
                continue
            borders, scale, first = cut
            values = [f(a) for a in borders[:-1]] + [last]
            polynomials = []
            for i in range(cells):
                ends = (None, None) if jumps and 0 < i < cells - 1 else values[i : i + 2]
                polynomials.append(fit(f, borders[i], borders[i + 1], *ends, degree))
            error = max(error for _, error in polynomials)
            if best is None or error < best[0]:
                best = (error, parts, start, scale, first, polynomials)
    return best


def literal(value):
    if value == 0:
        return "0.0f"
    mantissa, exponent = float(value).hex().split("p")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}p{exponent.lstrip('+')}f"


def write(name, what, f, limit, last, cells, degree, jumps=False):
    error, parts, start, scale, first, polynomials = table(f, limit, last, cells, degree, jumps)
    assert error < LIMIT, (name, error)
    rows = [[0.0] * cells for _ in range(degree + 1)]
    shift = 23 - int(math.log2(parts))
    base = (bits_of(1.0) >> shift) + first
    for i, (coefficients, _) in enumerate(polynomials):
        for row, coefficient in zip(rows, coefficients):
            row[(base + i) % cells] = to_f32(coefficient)
    print(f"\n/// {what} within {error:.1e} up to {limit}.")
    print(f"inline constexpr ApproximateCells<{degree + 1}, {cells}> k{name}Of{cells} = {{\n    {{")
    for row in rows:
        lines = [", ".join(literal(v) for v in row[i : i + 8]) for i in range(0, cells, 8)]
        print("        {" + ",\n         ".join(lines) + "},")
    print(f"    }},\n    {literal(to_f32(limit))}, {literal(scale)}, {literal(start)}, {shift}}};")


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    print(
        """// SPDX-License-Identifier: Apache-2.0
// Piecewise polynomials for the tier `approximate`. make_approximate_tables.py writes this file and explains the cells.
#ifndef INLAY_CODEGEN_APPROXIMATETABLES_H
#define INLAY_CODEGEN_APPROXIMATETABLES_H

namespace inlay::compiler::formulas {

/// Row i has the coefficient of a^i for each cell.
template <int Rows, int Count>
struct ApproximateCells {
  float rows[Rows][Count];
  float limit;  ///< of a
  float scale, start;
  int shift;  ///< of the bits of a * scale + start
};

// clang-format off"""
    )
    for name, what, f, limit, last in FUNCTIONS:
        # Quadratic ones with a common value at the edges are not good enough for this function.
        if name == "Silu":
            write(name, what, f, 11.1, 0.8e-4, 16, 2, jumps=True)
        else:
            write(name, what, f, limit, last, 16, 2)
        if name != "Sigmoid":  # a rational function, see ApproximateFormulas.h
            write(name, what, f, limit, last, 8, 3)
    print("\n// clang-format on\n\n}  // namespace inlay::compiler::formulas\n\n#endif  // INLAY_CODEGEN_APPROXIMATETABLES_H")


if __name__ == "__main__":
    main()
