#!/usr/bin/env python3
"""Reference values of fairness penalties and constraints for test/unit/test_mitigation.c; see mitigation.md.

Usage: mitigation_values.py DATA_DIR, where german_credit_numeric.csv is.  Writes mitigation_*_expected.csv there.
"""
import csv
import sys

import numpy as np
from scipy.optimize import minimize

folder = sys.argv[1]
with open(f"{folder}/german_credit_numeric.csv") as file:
    rows = list(csv.reader(file))
names, cells = rows[0], np.array(rows[1:], dtype=float)
age = names.index("age")
group = (cells[:, age] > 25).astype(int)          # the usual protected attribute of this data
ages = cells[:, age]
y = cells[:, -1]
x = np.delete(cells[:, :-1], age, axis=1)
x = (x - x.mean(0)) / x.std(0)
design = np.c_[np.ones(len(x)), x]
n, l2 = len(y), 1.0


def score(b):
    return 1 / (1 + np.exp(-design @ b))


def base(b):
    p = score(b)
    link = design @ b
    value = np.sum(np.logaddexp(0, link) - y * link) + l2 / 2 * b[1:] @ b[1:]
    gradient = design.T @ (p - y) + l2 * np.r_[0, b[1:]]
    return value, gradient


def covariances(b, events):
    """cov(1[group = g], p | event) and its gradient, for every event and group."""
    p = score(b)
    for event in events:
        m = event.sum()
        for g in (0, 1):
            z = (group == g)[event] - (group == g)[event].mean()
            c = z @ p[event] / m
            gradient = design[event].T @ (z * (p * (1 - p))[event]) / m
            yield c, gradient


def penalised(b, strength, events):
    value, gradient = base(b)
    for c, slope in covariances(b, events):
        value += strength / 2 * n * c * c
        gradient = gradient + strength * n * c * slope
    return value, gradient


def solve(function, start, *args):
    """BFGS, then Newton steps on the gradient with a Hessian by central differences, to the last digits."""
    b = minimize(function, start, args=args, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 5000}).x
    for _ in range(6):
        gradient = function(b, *args)[1]
        hessian = np.empty((len(b), len(b)))
        for j in range(len(b)):
            h = np.zeros(len(b))
            h[j] = 1e-5
            hessian[:, j] = (function(b + h, *args)[1] - function(b - h, *args)[1]) / 2e-5
        b = b - np.linalg.solve((hessian + hessian.T) / 2, gradient)
    return b


def write(name, b):
    with open(f"{folder}/{name}", "w") as file:
        file.write("coded\n")
        file.writelines(f"{v:.17g}\n" for v in b)


everybody = [np.ones(n, bool)]
labels = [y == 0, y == 1]
plain = solve(lambda b: base(b), np.zeros(design.shape[1]))
write("mitigation_penalty_dp_expected.csv", solve(penalised, plain, 50.0, everybody))
write("mitigation_penalty_eo_expected.csv", solve(penalised, plain, 20.0, labels))

# The most accurate coefficients with no covariance between group and linear predictor: within the null space of
# the difference of means, the same l2 on what is left after the map (I - qq').
q = x[group == 1].mean(0) - x[group == 0].mean(0)
q /= np.linalg.norm(q)
projected = x - np.outer(x @ q, q)
full, design = design, np.c_[np.ones(n), projected]
w = solve(lambda b: base(b), np.zeros(design.shape[1]))
w[1:] -= q * (q @ w[1:])
design = full
write("mitigation_remover_expected.csv", w)
# Four groups, a part of it only: each column less "share" of what least squares finds of it in the centred columns of the
# groups, as a map that is the same for all rows: along the space that the fitted slopes span.
share = 0.6
level = np.digitize(ages, [25, 35, 50], right=True)
sensitive = np.eye(4)[level][:, 1:]
sensitive = sensitive - sensitive.mean(0)
slopes = np.linalg.lstsq(sensitive, x, rcond=None)[0]         # of every column on the groups
span = np.linalg.svd(slopes, full_matrices=False)[2]
mapped = x - share * (x @ span.T) @ span
assert np.allclose(np.linalg.lstsq(sensitive, mapped, rcond=None)[0], (1 - share) * slopes)
left = np.c_[np.ones(n), mapped]
v = np.zeros(left.shape[1])
ridge = np.diag(np.r_[0, np.full(x.shape[1], l2)])
for _ in range(50):                                          # Newton, with the Hessian in full
    p = 1 / (1 + np.exp(-left @ v))
    v = v - np.linalg.solve(left.T @ (left * (p * (1 - p))[:, None]) + ridge, left.T @ (p - y) + ridge @ v)
v[1:] -= share * span.T @ (span @ v[1:])
write("mitigation_remover_levels_expected.csv", v)
for name, b in (("plain", plain), ("remover", w)):
    p = score(b)
    print(name, "gap of selection", abs((p[group == 0] > .5).mean() - (p[group == 1] > .5).mean()), "covariance of link",
          np.cov(group, design @ b)[0, 1])
