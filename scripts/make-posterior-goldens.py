"""Writes test/fixtures/posterior-labels.json: mean and standard deviation of the label over a beta posterior.

    label(p) = ln(1 + p (e^eta - 1)) / eta,  p ~ Beta(correct + a, wrong + b)

Integrated over p with mpmath's tanh-sinh quadrature at 30 digits, split where the label bends; nothing is shared with
src/data/posterior-label.ts, which sums over log-odds.

Run: python scripts/make-posterior-goldens.py    (needs mpmath)
"""

import json
import pathlib

from mpmath import beta, expm1, exp, log1p, mp, mpf, quad, sqrt

OUT = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "posterior-labels.json"

mp.dps = 30

PRIORS = [(0.5, 0.5), (0.08, 0.05), (3, 0.2)]
COUNTS = [(1, 0), (1, 1), (4, 0), (8, 1), (8, 8), (16, 5), (64, 2), (256, 255), (5000, 1700)]
ETAS = [-20, -2, -0.001, 0.5, 1, 2, 5, 10, 50]


def moments(correct, wrong, a, b, eta):
    alpha, gamma, eta = mpf(correct) + mpf(a), mpf(wrong) + mpf(b), mpf(eta)
    slope = expm1(eta)
    center, width = alpha / (alpha + gamma), sqrt(alpha * gamma / (alpha + gamma + 1)) / (alpha + gamma)
    inner = [center + k * width for k in (-24, -16, -12, -8, -6, -4, -2, 0, 2, 4, 6, 8, 12, 16, 24)] + [exp(-abs(eta)), 1 - exp(-abs(eta))]
    inner += [mpf(10) ** -k for k in (1, 2, 4, 8, 16)] + [1 - mpf(10) ** -k for k in (1, 2, 4, 8, 16)]
    points = [mpf(0)] + sorted(p for p in set(inner) if 0 < p < 1) + [mpf(1)]

    # With p = x^(1/c), c = min(alpha, 1), near 0 and likewise near 1 the density is finite at both ends.
    # quad compares errors with 1, so the density has to be normalised within.
    scale = 1 / beta(alpha, gamma)
    middle, c, d = points[len(points) // 2], min(alpha, mpf(1)), min(gamma, mpf(1))

    def expectation(value):
        def low(x):
            p = x ** (1 / c)
            return scale * p ** (alpha - c) * (1 - p) ** (gamma - 1) * value(p) / c

        def high(y):
            q = y ** (1 / d)
            return scale * q ** (gamma - d) * (1 - q) ** (alpha - 1) * value(1 - q) / d

        lower = sorted({p**c for p in points if p <= middle})
        upper = sorted({(1 - p) ** d for p in points if p >= middle})
        return quad(low, lower) + quad(high, upper)

    def label(p):
        return log1p(p * slope) / eta

    # Mean and deviation are written with 17 digits.
    one = expectation(lambda p: mpf(1))
    assert abs(one - 1) < mpf(10) ** -18, (correct, wrong, a, b, eta, one)
    mean = expectation(label)
    return mean, sqrt(expectation(lambda p: (label(p) - mean) ** 2))


rows = []
for a, b in PRIORS:
    for number, correct in COUNTS:
        for eta in ETAS:
            mean, deviation = moments(correct, number - correct, a, b, eta)
            rows.append([number, correct, a, b, eta, float(mean), float(deviation)])
OUT.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(f"{len(rows)} moments in {OUT.name}")
