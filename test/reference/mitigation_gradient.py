#!/usr/bin/env python3
"""Exponentiated gradient with its random mixture, for the figures in mitigation.md; shares nothing with src/core.

Usage: mitigation_gradient.py DATA_DIR dp|eo MAX_GAP, where adult_train.csv and adult_test.csv are (demo/data).  A quarter of an hour.

Algorithm 1 of Agarwal, Beygelzimer, Dudik, Langford, Wallach (ICML 2018), with logistic regression (L-BFGS of scipy on one-hot
columns) for the best response.  The mixture is the one of least error within MAX_GAP over all models that were met, a linear
program, so it is at least as good as the average of the rounds.
"""
import csv
import sys

import numpy as np
from scipy.optimize import linprog, minimize

folder, constraint, max_gap = sys.argv[1], sys.argv[2], float(sys.argv[3])
ROUNDS, BOUND, STEP, RIDGE = 30, 1.0, 2.0, 1e-6
NUMBERS = ["age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
NAMES = ["workclass", "education", "marital_status", "occupation", "relationship", "race", "native_country"]


def read(name):
    with open(f"{folder}/{name}") as file:
        return list(csv.DictReader(file))


train, test = read("adult_train.csv"), read("adult_test.csv")
columns = []
for c in NUMBERS:
    values = np.array([float(r[c]) for r in train])
    columns.append((c, None, values.mean(), values.std()))
for c in NAMES:
    columns += [(c, level, 0, 1) for level in sorted({r[c] for r in train})[1:]]


def prepare(rows):
    x = np.ones((len(rows), 1 + len(columns)))
    for j, (c, level, mean, deviation) in enumerate(columns):
        x[:, j + 1] = [(float(r[c]) - mean) / deviation if level is None else r[c] == level for r in rows]
    return x, np.array([r["income_gt_50k"] == "1" for r in rows], float), np.array([r["sex"] == "Male" for r in rows])


x, y, male = prepare(train)
n = len(y)
events = [np.ones(n, bool)] if constraint == "dp" else [y == 0, y == 1]


def fit(label, weight, start):
    def loss(b):
        z = x @ b
        p = 1 / (1 + np.exp(-z))
        return (np.sum(weight * (np.logaddexp(0, z) - label * z)) / n + RIDGE / 2 * b[1:] @ b[1:],
                x.T @ (weight * (p - label)) / n + RIDGE * np.r_[0, b[1:]])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def moments(h):
    differences = [h[e & male].mean() - h[e & ~male].mean() for e in events]
    return np.array([s * d for d in differences for s in (1, -1)])


theta = np.zeros(2 * len(events))
b = fit(y, np.ones(n), np.zeros(x.shape[1]))
models, errors, gaps = [], [], []
for _ in range(ROUNDS):
    multiplier = BOUND * np.exp(theta) / (1 + np.exp(theta).sum())
    cost = (1 - 2 * y) / n                        # of saying 1, less that of saying 0
    for k, e in enumerate(events):
        cost = cost + (multiplier[2 * k] - multiplier[2 * k + 1]) * ((e & male) / (e & male).sum() - (e & ~male) / (e & ~male).sum())
    b = fit((cost < 0).astype(float), np.abs(cost) * n, b)
    h = (x @ b > 0).astype(float)
    models.append(b)
    errors.append(np.mean(h != y))
    gaps.append(moments(h))
    theta = theta + STEP * (gaps[-1] - max_gap)
mixture = linprog(errors, A_ub=np.array(gaps).T, b_ub=np.full(len(theta), max_gap), A_eq=[np.ones(ROUNDS)], b_eq=[1], bounds=(0, 1)).x
for name, rows in (("training", train), ("test", test)):
    x_, y_, male_ = prepare(rows)
    p = sum(share * (x_ @ b > 0) for share, b in zip(mixture, models))
    print(constraint, max_gap, name, f"accuracy {np.mean(p * y_ + (1 - p) * (1 - y_)):.4f}",
          *(f"{what} {p[male_ & e].mean() - p[~male_ & e].mean():+.4f}"
            for what, e in (("selection", np.ones(len(y_), bool)), ("tpr", y_ == 1), ("fpr", y_ == 0))))
