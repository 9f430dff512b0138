#!/usr/bin/python3
"""Expected values of test_encoder.c, by numpy: the columns are encoded directly, as arrays."""
import numpy as np

nan = np.nan
x = np.array([1, 2, nan, 4, np.inf, 6, 7, 8, nan, 10.0])
z = 1e9 + np.array([1, 3, 2, 5, 4, 8, 7, 6, 9, 10.0])
city = ["a", "b", "b", None, "c", "a", "b", "d", "b", "a"]
y = np.array([3.5, 1, 4, 1, 5, 9, 2, 6, 5, 3])


def scaled(column):
    return (column - column.mean()) / column.std()


def encode(impute):
    gone = ~np.isfinite(x)
    filled = np.where(gone, impute(x[~gone]), x)
    level = ["(missing)" if c is None else c if c in "ab" else "(other)" for c in city]
    columns = [scaled(filled), scaled(gone.astype(float)), scaled(z)]
    columns += [scaled(np.array([float(v == name) for v in level])) for name in ("b", "(missing)", "(other)")]
    return np.array(columns).T


for name, impute in (("mean", np.mean), ("median", np.median), ("constant -3", lambda v: -3.0)):
    print(name)
    for row in encode(impute):
        print("\t\t{" + ", ".join("%.17g" % v for v in row) + "},")
print("target %.17g %.17g" % (y.mean(), y.std()))
