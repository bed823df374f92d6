"""
What the special functions of src/kernels/special/ rest on. Needs PyTorch 2.6 and mpmath.

    record_special.py                  writes special.json.gz beside this file: PyTorch's float64 values on grids
    record_special.py coefficients     prints src/kernels/special/coefficients.ts
    record_special.py coefficients erf prints the coefficients that stand in src/kernels/special/erf.ts

A recorded function has its arguments, one list each, and PyTorch's values. Where PyTorch is off by more than 1e-13 of the true value, `exact` has
that value under the index of the argument, computed by mpmath from the definition; for erf and erfc where PyTorch is off at all.
"""
import gzip
import json
import math
import random
import sys
from pathlib import Path

from mpmath import (airyai, airybi, besseli, besselj, besseljzero, besselk, bessely, cos, digamma, erf, erfc, exp, gamma, isfinite, log, log1p, loggamma,
                    lu_solve, matrix, mp, mpf, nstr, pi, psi, sin, sqrt, zeta)

mp.dps = 90

TINY = mpf(10) ** -28  # stands for 0 where a formula would divide 0 by 0; the functions are smooth there


def interpolate(f, a, b, m, n):
    """The coefficients p of degree m and q of degree n, q[0] = 1, such that p/q equals f at m + n + 1 Chebyshev nodes of [a, b]."""
    size = m + n + 1
    equations, values = matrix(size, size), matrix(size, 1)
    for i in range(size):
        x = (a + b) / 2 + (b - a) / 2 * cos(pi * (2 * i + 1) / (2 * size))
        values[i] = f(x)
        for j in range(m + 1):
            equations[i, j] = x**j
        for j in range(1, n + 1):
            equations[i, m + j] = -values[i] * x**j
    solution = lu_solve(equations, values)
    return list(solution[: m + 1]), [mpf(1)] + list(solution[m + 1 :])


def evaluate(coefficients, x):
    result = mpf(0)
    for c in reversed(coefficients):
        result = result * x + c
    return result


def reciprocal_erfcx_excess(x):
    return 1 / (exp(x * x) * erfc(x)) - sqrt(pi) * x


def erf_tail(t):
    x = 1 / sqrt(max(t, TINY))
    return reciprocal_erfcx_excess(x) * x if t > mpf("1e-20") else sqrt(pi) / 2


def lgamma_quotient(z):
    return loggamma(1 + z) / (z * (z - 1))


def bessel_amplitudes(order, which):
    """P or x Q of J = sqrt(2/(pi x)) (P cos c - Q sin c), Y = sqrt(2/(pi x)) (P sin c + Q cos c), c = x - (2 order + 1) pi/4, as functions of 1/x^2."""

    def f(t):
        x = 1 / sqrt(t)
        c = x - (2 * order + 1) * pi / 4
        j, y = besselj(order, x), bessely(order, x)
        return sqrt(pi * x / 2) * (j * cos(c) + y * sin(c) if which == "P" else x * (y * cos(c) - j * sin(c)))

    return f


def bessel_j_reduced(order):
    """J_0 or J_1(x)/x without its first two positive zeros, as a function of x^2."""
    zeros = [besseljzero(order, k) ** 2 for k in (1, 2)]

    def f(t):
        x = sqrt(t)
        return besselj(order, x) / (x**order * (t - zeros[0]) * (t - zeros[1]))

    return f


def bessel_y_regular(order):
    """Y_0 - 2/pi log(x) J_0, or (Y_1 - 2/pi (log(x) J_1 - 1/x)) / x, as a function of x^2."""

    def f(t):
        x = sqrt(max(t, TINY))
        return (bessely(order, x) - 2 / pi * (log(x) * besselj(order, x) - order / x)) / x**order

    return f


def bessel_i_small(order):
    return lambda t: besseli(order, sqrt(t)) / sqrt(t) ** order


def bessel_i_large(order):
    return lambda u: sqrt(1 / u) * exp(-1 / u) * besseli(order, 1 / u)


def bessel_k_regular(order):
    """K_0 + log(x/2) I_0, or (K_1 - log(x/2) I_1 - 1/x) / x, as a function of x^2."""

    def f(t):
        x = sqrt(max(t, TINY))
        return (besselk(order, x) + (-1) ** order * log(x / 2) * besseli(order, x) - order / x) / x**order

    return f


def bessel_k_large(order):
    return lambda u: sqrt(1 / u) * exp(1 / u) * besselk(order, 1 / u)


def airy_decaying(u):
    """Ai(x) 2 sqrt(pi) x^(1/4) exp(z) as a function of 1/z, z = 2/3 x^(3/2)."""
    x = (mpf(3) / 2 / u) ** (mpf(2) / 3)
    return airyai(x) * 2 * sqrt(pi) * sqrt(sqrt(x)) * exp(1 / u)


def airy_amplitudes(which):
    """P or z Q of Ai(-x) = (P cos c + Q sin c) / (sqrt(pi) x^(1/4)), c = z - pi/4, as functions of 1/z^2."""

    def f(t):
        z = 1 / sqrt(t)
        x = (3 * z / 2) ** (mpf(2) / 3)
        a, b = sqrt(pi) * sqrt(sqrt(x)) * airyai(-x), sqrt(pi) * sqrt(sqrt(x)) * airybi(-x)
        c = z - pi / 4
        return a * cos(c) - b * sin(c) if which == "P" else z * (a * sin(c) + b * cos(c))

    return f


AIRY_EDGE = {x: mpf(2) / 3 * mpf(x) ** mpf("1.5") for x in (2, 4)}

# name: function, interval, degrees of numerator and denominator
TABLES = {
    "ERF_EXCESS": (lambda t: erf(sqrt(t)) / sqrt(t) - 1, 0, mpf("0.5"), 4, 4),
    "ERF_TAIL_TO_4": (reciprocal_erfcx_excess, mpf("0.7"), 4, 7, 8),
    "ERF_TAIL": (erf_tail, 0, mpf(1) / 16, 5, 5),
    "LGAMMA": (lgamma_quotient, 0, 1, 7, 7),
    "J0": (bessel_j_reduced(0), 0, 25, 12, 0),
    "J1": (bessel_j_reduced(1), 0, 25, 12, 0),
    "Y0": (bessel_y_regular(0), 0, 25, 6, 6),
    "Y1": (bessel_y_regular(1), 0, 25, 6, 6),
    "P0": (bessel_amplitudes(0, "P"), 0, mpf(1) / 25, 7, 7),
    "Q0": (bessel_amplitudes(0, "Q"), 0, mpf(1) / 25, 7, 7),
    "P1": (bessel_amplitudes(1, "P"), 0, mpf(1) / 25, 7, 7),
    "Q1": (bessel_amplitudes(1, "Q"), 0, mpf(1) / 25, 7, 7),
    "I0_SMALL": (bessel_i_small(0), 0, 256, 24, 0),
    "I1_SMALL": (bessel_i_small(1), 0, 256, 24, 0),
    "I0_LARGE": (bessel_i_large(0), 0, mpf(1) / 16, 12, 0),
    "I1_LARGE": (bessel_i_large(1), 0, mpf(1) / 16, 12, 0),
    "K0_SMALL": (bessel_k_regular(0), 0, 4, 9, 0),
    "K1_SMALL": (bessel_k_regular(1), 0, 4, 9, 0),
    "K0_LARGE": (bessel_k_large(0), 0, mpf(1) / 2, 8, 8),
    "K1_LARGE": (bessel_k_large(1), 0, mpf(1) / 2, 8, 8),
    "AIRY": (airy_decaying, 0, 1 / AIRY_EDGE[2], 8, 8),
    "AIRY_P": (airy_amplitudes("P"), 0, 1 / AIRY_EDGE[4] ** 2, 7, 7),
    "AIRY_Q": (airy_amplitudes("Q"), 0, 1 / AIRY_EDGE[4] ** 2, 7, 7),
}


def numbers(values):
    return "[" + ", ".join(repr(float(x)).replace(".0,", ",") for x in values) + "]"


def high_and_low(x):
    return [float(x), float(x - float(x))]


def print_coefficients(erf_only):
    if not erf_only:
        print("// deno-fmt-ignore-file: tables\n")
        print("/**\n * Coefficients of the approximations, lowest power first, with the greatest error relative to the greatest value:")
        print(" * interpolants at Chebyshev nodes, computed by `tests/pytorch/record_special.py coefficients`.\n */")
        print('import type { Rational } from "./polynomial.ts";\n')
        for order in (0, 1):
            print(f"/** The first two positive zeros of J{'₀₁'[order]}, each as the nearest double and the rest. */")
            pairs = ", ".join(numbers(high_and_low(besseljzero(order, k))) for k in (1, 2))
            print(f"export const J{order}_ZEROS: readonly (readonly [number, number])[] = [{pairs}];\n")
    for name, (f, a, b, m, n) in TABLES.items():
        if name.startswith("ERF") != erf_only:
            continue
        a, b = mpf(a), mpf(b)
        p, q = interpolate(f, a, b, m, n)
        points = [a + (b - a) * (k + mpf("0.5")) / 100 for k in range(100)]
        error = max(abs(evaluate(p, x) / evaluate(q, x) - f(x)) for x in points) / max(abs(f(x)) for x in points)
        print(f"/** Error {nstr(error, 2)}. */")
        if n == 0:
            print(f"export const {name}: readonly number[] = {numbers(p)};\n")
        else:
            print(f"export const {name}: Rational = {{\n  p: {numbers(p)},\n  q: {numbers(q)},\n}};\n")


def record():
    import torch

    special = torch.special
    rng = random.Random(0)

    def tensor(values):
        return torch.tensor(values, dtype=torch.float64)

    def uniform(a, b, n):
        return [rng.uniform(a, b) for _ in range(n)]

    def logarithmic(a, b, n):
        """Numbers between 10^a and 10^b of both signs."""
        return [rng.choice((-1, 1)) * 10 ** rng.uniform(a, b) for _ in range(n)]

    edges = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -0.5, 1e-300, -1e-300]
    integers = [float(k) for k in range(-12, 13)]
    line = edges + integers + uniform(-2, 2, 20) + uniform(-12, 12, 60) + logarithmic(-20, 3, 40)
    unit = edges + uniform(0, 1, 60) + uniform(-1, 1, 40) + [10.0**-k for k in (3, 6, 10, 20, 50, 100, 200, 300, 320)] + [1 - 10.0**-k for k in (3, 6, 10, 14)]
    unit += [-v for v in unit[-4:]] + [1 - 2**-53, -1 + 2**-53, 0.25, 0.75, 5e-324]
    wide = line + [float(k) + d for k in (20, 50, 100, 170, 700) for d in (-0.5, 0, 0.3, 0.5)] + [1e4, 1e10, 1e15, 1e300, -20.5, -100.25, -170.7, -1e4 - 0.5]
    bessel = line + uniform(0, 5, 30) + uniform(5, 40, 40) + uniform(-40, 700, 30) + [1e4, 1e5, 1e10, 1e300]
    degrees = [-1.0, -0.5, 0.0, 0.5, 1.9, math.nan] + [float(k) for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 51, 100)]

    def inverse(f, derivative, target, start):
        """Newton's method from PyTorch's value, to all digits."""
        y = mpf(start)
        for _ in range(8):
            y -= (f(y) - target) / derivative(y)
        return y

    def exact_erfinv(x, value):
        return inverse(erf, lambda y: 2 / sqrt(pi) * exp(-y * y), x, value)

    def exact_ndtri(x, value):
        return inverse(lambda y: log(erfc(-y / sqrt(2)) / 2), lambda y: exp(-y * y / 2) / sqrt(2 * pi) / (erfc(-y / sqrt(2)) / 2), log(x), value)

    def lower_gamma(a, x):
        term, total, k = mpf(1), mpf(1), 0
        while term > mpf(10) ** -mp.dps * total:
            k += 1
            term *= x / (a + k)
            total += term
        return exp(a * log(x) - x - loggamma(a + 1)) * total

    def hurwitz(x, q):
        return (-1) ** int(x) / gamma(x) * psi(int(x) - 1, q) if x == int(x) else zeta(x, q)

    def recurrence(first, following):
        def f(x, n):
            n = int(n) if n == n else -1
            if n < 1:
                return mpf(n == 0)
            previous, current = mpf(1), first(x)
            for k in range(1, n):
                previous, current = current, following(k, x, current, previous)
            return current

        return f

    def chebyshev(first):
        return recurrence(first, lambda k, x, c, p: 2 * x * c - p)

    def shifted(f):
        return lambda x, n: f(2 * x - 1, n)

    first_kind, second_kind, third_kind, fourth_kind = (chebyshev(f) for f in (lambda x: x, lambda x: 2 * x, lambda x: 2 * x - 1, lambda x: 2 * x + 1))

    # name: PyTorch's function, its arguments, the true value (or None where PyTorch's own steps define it)
    functions = {
        "erf": (special.erf, line, erf),
        "erfc": (special.erfc, line + uniform(12, 27, 20), erfc),
        "erfinv": (special.erfinv, unit, lambda x: exact_erfinv),
        "erfcx": (special.erfcx, wide + uniform(-26, 0, 20), lambda x: exp(x * x) * erfc(x)),
        "ndtr": (special.ndtr, line + uniform(-38, -5, 10), lambda x: erfc(-x / sqrt(2)) / 2),
        "log_ndtr": (special.log_ndtr, wide + uniform(-40, 0, 20), lambda x: log(erfc(-x / sqrt(2)) / 2) if x < 5 else log1p(-erfc(x / sqrt(2)) / 2)),
        "ndtri": (special.ndtri, unit, lambda x: exact_ndtri),
        "lgamma": (torch.lgamma, wide, lambda x: loggamma(x).real),
        "digamma": (torch.digamma, wide, digamma),
        "i0": (special.i0, bessel, lambda x: besseli(0, x)),
        "i0e": (special.i0e, bessel, lambda x: exp(-abs(x)) * besseli(0, x)),
        "i1": (special.i1, bessel, lambda x: besseli(1, x)),
        "i1e": (special.i1e, bessel, lambda x: exp(-abs(x)) * besseli(1, x)),
        "bessel_j0": (special.bessel_j0, bessel, lambda x: besselj(0, x)),
        "bessel_j1": (special.bessel_j1, bessel, lambda x: besselj(1, x)),
        "bessel_y0": (special.bessel_y0, bessel, lambda x: bessely(0, x)),
        "bessel_y1": (special.bessel_y1, bessel, lambda x: bessely(1, x)),
        "modified_bessel_i0": (special.modified_bessel_i0, bessel, lambda x: besseli(0, x)),
        "modified_bessel_i1": (special.modified_bessel_i1, bessel, lambda x: besseli(1, x)),
        "modified_bessel_k0": (special.modified_bessel_k0, bessel, lambda x: besselk(0, x)),
        "modified_bessel_k1": (special.modified_bessel_k1, bessel, lambda x: besselk(1, x)),
        "scaled_modified_bessel_k0": (special.scaled_modified_bessel_k0, bessel, lambda x: exp(x) * besselk(0, x)),
        "scaled_modified_bessel_k1": (special.scaled_modified_bessel_k1, bessel, lambda x: exp(x) * besselk(1, x)),
        "spherical_bessel_j0": (special.spherical_bessel_j0, bessel, lambda x: sin(x) / x if x else mpf(1)),
        "airy_ai": (special.airy_ai, line + uniform(-30, 0, 40) + uniform(0, 103, 30) + [103.8, 104.0, 1e4, -1e3, -1e5], airyai),
        "entr": (special.entr, line + unit, lambda x: -x * log(x) if x else mpf(0)),
        "sinc": (torch.sinc, wide, None),
        "expit": (special.expit, wide, lambda x: 1 / (1 + exp(-x))),
        "logit": (special.logit, unit + uniform(0.45, 0.55, 20), lambda x: log(x / (1 - x))),
        "log1p": (special.log1p, wide, log1p),
        "expm1": (special.expm1, wide, lambda x: mp.expm1(x)),
        "roundHalfEven": (torch.round, wide + [2.5, -1.5, 0.49999999999999994, 4503599627370497.5, 4503599627370495.5, -4503599627370495.5, 9007199254740991.0], None),
    }
    positive_pairs = [(a, a * r) for a in (1e-300, 1e-6, 0.01, 0.3, 1.0, 2.5, 9.0, 11.0, 19.0, 21.0, 50.0, 150.0, 199.0, 201.0, 1000.0, 1e4)
                      for r in (1e-6, 0.01, 0.3, 0.69, 0.71, 0.9, 0.99, 1.0, 1.001, 1.05, 1.2, 1.29, 1.31, 2.0, 5.0, 30.0)]
    positive_pairs += [(a, x) for a in (1e-300, 1e-10, 0.001, 0.3, 1.0, 1.5) for x in (1e-300, 1e-5, 0.2, 0.49, 0.51, 0.9, 1.05, 1.15, 3.0, 50.0)]
    gamma_edges = [(a, x) for a in (-1.0, 0.0, -0.0, 0.5, 1.0, math.inf, math.nan) for x in (-1.0, -0.0, 0.0, 1.0, math.inf, math.nan)]
    zeta_pairs = [(x, q) for x in (1.0, 1.01, 1.5, 2.0, 3.0, 4.5, 7.0, 30.0, 60.0) for q in (1e-5, 0.3, 0.5, 1.0, 2.7, 9.5, 40.0, 1e4, -0.4, -2.5, -7.7, -30.5)]
    zeta_pairs += [(x, q) for x in (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf, math.nan) for q in (0.0, -0.0, -1.0, -2.5, 0.5, 1.0, 3.0, math.inf, math.nan)]
    points = edges[:5] + [1.0, -1.0] + uniform(-1, 1, 8) + [1 - 2**-53, -1 + 2**-53, 1e-20] + uniform(-3, 3, 6)
    polynomial_pairs = [(x, n) for x in points for n in degrees] + [(math.inf, 1.0), (0.3, 1e4), (-0.7, 1e4), (0.3, -math.inf), (2.0, 1e3)]
    shifted_pairs = [((x + 1) / 2, n) for x, n in polynomial_pairs]
    log_pairs = [(x, y) for x in (0.0, -0.0, 1.0, -2.0, 1e-300, 2.5, math.inf, math.nan) for y in (0.0, -0.0, -1.0, -2.0, -0.5, 1e-20, 1.0, 3.7, 1e300, math.inf, math.nan)]
    logit_pairs = [(x, e) for x in (-0.5, 0.0, 1e-9, 0.1, 0.5, 0.75, 1.0, 1.5, math.nan) for e in (-1.0, 0.0, 1e-3, 0.3, 0.6, 1.0)]
    neighbours = [(x, y) for x in (0.0, -0.0, 1.0, -1.0, 1.5, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.1)
                  for y in (0.0, -0.0, 1.0, 2.0, -3.0, math.inf, -math.inf, math.nan)]
    pairs = {
        "igamma": (special.gammainc, positive_pairs + gamma_edges, lower_gamma),
        "igammac": (special.gammaincc, positive_pairs + gamma_edges, lambda a, x: 1 - lower_gamma(a, x)),
        "zeta": (special.zeta, zeta_pairs, hurwitz),
        "xlogy": (special.xlogy, log_pairs, None),
        "xlog1py": (special.xlog1py, log_pairs, None),
        "logitWithEps": (lambda x, e: torch.stack([special.logit(v, eps=w.item()) for v, w in zip(x, e)]), logit_pairs, None),
        "multigammaln": (lambda a, p: torch.stack([special.multigammaln(v, int(w)) for v, w in zip(a, p)]), [(a, float(p)) for a in (2.1, 3.0, 7.7, 50.5) for p in (1, 2, 4)],
                         None),
        "nextafter": (torch.nextafter, neighbours, None),
        "hermite_polynomial_h": (special.hermite_polynomial_h, polynomial_pairs, recurrence(lambda x: 2 * x, lambda k, x, c, p: 2 * x * c - 2 * k * p)),
        "hermite_polynomial_he": (special.hermite_polynomial_he, polynomial_pairs, recurrence(lambda x: x, lambda k, x, c, p: x * c - k * p)),
        "laguerre_polynomial_l": (special.laguerre_polynomial_l, polynomial_pairs,
                                  recurrence(lambda x: 1 - x, lambda k, x, c, p: ((2 * k + 1 - x) * c - k * p) / (k + 1))),
        "legendre_polynomial_p": (special.legendre_polynomial_p, polynomial_pairs, recurrence(lambda x: x, lambda k, x, c, p: ((2 * k + 1) * x * c - k * p) / (k + 1))),
        "chebyshev_polynomial_t": (special.chebyshev_polynomial_t, polynomial_pairs, first_kind),
        "chebyshev_polynomial_u": (special.chebyshev_polynomial_u, polynomial_pairs, second_kind),
        "chebyshev_polynomial_v": (special.chebyshev_polynomial_v, polynomial_pairs, third_kind),
        "chebyshev_polynomial_w": (special.chebyshev_polynomial_w, polynomial_pairs, fourth_kind),
        "shifted_chebyshev_polynomial_t": (special.shifted_chebyshev_polynomial_t, shifted_pairs, shifted(first_kind)),
        "shifted_chebyshev_polynomial_u": (special.shifted_chebyshev_polynomial_u, shifted_pairs, shifted(second_kind)),
        "shifted_chebyshev_polynomial_v": (special.shifted_chebyshev_polynomial_v, shifted_pairs, shifted(third_kind)),
        "shifted_chebyshev_polynomial_w": (special.shifted_chebyshev_polynomial_w, shifted_pairs, shifted(fourth_kind)),
        "polygamma": (lambda n, x: torch.stack([torch.polygamma(int(k), v) for k, v in zip(n, x)]),
                      [(float(n), x) for n in (0, 1, 2, 3, 4, 10, 50) for x in edges + integers[:14] + uniform(-5, 5, 12) + [9.9, 10.0, 30.5, 1e4, 1e10, -20.5]],
                      lambda n, x: psi(int(n), x)),
    }

    def number(x):
        return float(x) if math.isfinite(x) else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"

    def true_value(f, arguments, value):
        """The true value as a double, or None where it is not asked for or PyTorch has none."""
        if f is None or not all(map(math.isfinite, [*arguments, value])):
            return None
        mp.dps = 30 + (450 if f is pairs["igammac"][2] else 60)
        try:
            truth = f(*map(mpf, arguments))
            if callable(truth):
                truth = truth(mpf(arguments[0]), value)
            return float(truth) if isfinite(truth) and mp.im(truth) == 0 else None
        except (ValueError, ZeroDivisionError, OverflowError):  # a pole, or beyond what mpmath can do
            return None

    result = {}
    every = {name: (f, [[x for x in arguments]], truth) for name, (f, arguments, truth) in functions.items()}
    every |= {name: (f, [list(column) for column in zip(*arguments)], truth) for name, (f, arguments, truth) in pairs.items()}
    for name, (f, columns, truth) in every.items():
        # One by one, for the vectorised code differs near 0 from the scalar one.
        values = [f(*(tensor([x]) for x in arguments)).item() for arguments in zip(*columns)]
        exact = {}
        for i, (arguments, value) in enumerate(zip(zip(*columns), values)):
            true = true_value(truth, arguments, value)
            if true is not None and abs(true - value) > (0 if name in ("erf", "erfc") else 1e-13 * abs(true)):
                exact[i] = number(true)
        result[name] = {"arguments": [[number(x) for x in column] for column in columns], "values": [number(x) for x in values], "exact": exact}
        print(f"{name}: {len(values)} values, {len(exact)} of them not exact", file=sys.stderr, flush=True)

    single = [x for x in wide if not abs(x) > 3e38]
    for name, f in (("sincFloat32", torch.sinc), ("trigammaFloat32", lambda x: torch.polygamma(1, x))):
        x = torch.tensor(single, dtype=torch.float32)
        result[name] = {"arguments": [[number(v) for v in x.tolist()]], "values": [number(f(v).item()) for v in x], "exact": {}}
    x, y = (torch.tensor(column, dtype=torch.float32) for column in zip(*neighbours))
    result["nextafterFloat32"] = {"arguments": [[number(v) for v in x.tolist()], [number(v) for v in y.tolist()]],
                                  "values": [number(v) for v in torch.nextafter(x, y).tolist()], "exact": {}}
    x = wide + [5e-324, 1e-310, -3.0, 1.7976931348623157e308]
    mantissa, exponent = torch.frexp(tensor(x))
    result["frexp"] = {"arguments": [[number(v) for v in x]], "values": [number(v) for v in mantissa.tolist()], "exponents": exponent.tolist(), "exact": {}}

    integers = {}
    for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        info = torch.iinfo(dtype)
        some = [info.min, info.max, info.max - 1, 0, 1, 6, 18, 100] + ([-4, -6, -90] if info.min < 0 else [90])
        # The smallest with the greatest is left out: their divisor is -1, and PyTorch divides the smallest by it and dies.
        a, b = (torch.tensor(column, dtype=dtype) for column in zip(*((p, q) for p in some for q in some if {p, q} != {info.min, info.max})))
        integers[str(dtype).removeprefix("torch.")] = [[str(v) for v in t.tolist()] for t in (a, b, torch.gcd(a, b), torch.lcm(a, b))]

    path = Path(__file__).with_name("special.json.gz")
    data = json.dumps({"functions": result, "integers": integers}, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    if sys.argv[1:2] == ["coefficients"]:
        print_coefficients(sys.argv[2:] == ["erf"])
    else:
        record()
