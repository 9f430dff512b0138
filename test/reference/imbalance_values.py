#!/usr/bin/python3
"""Expected values for train_probability.sql: class weights as scikit-learn means them.

LogisticRegression(class_weight=...) without a penalty on data/mammography_quarter.csv; prints coefficients for
the SQL file.  Run from the root of the project.
"""
import numpy as np
from sklearn.linear_model import LogisticRegression

cells = np.loadtxt("test/reference/data/mammography_quarter.csv", delimiter=",", skiprows=1)
x, y = cells[:, :-1], cells[:, -1].astype(int)
for weight in ("balanced", {1: 5}):
    model = LogisticRegression(penalty=None, class_weight=weight, solver="newton-cholesky", tol=1e-13, max_iter=200).fit(x, y)
    print(weight, repr(model.intercept_[0]), [repr(c) for c in model.coef_[0]])
    p = model.predict_proba(x)[:, 1]
    print("  mean", repr(p.mean()), "sum of squares", repr((p ** 2).sum()))
    # the prior turned back by Bayes' rule
    factor = {1: 5.0} if weight != "balanced" else {k: len(y) / (2 * (y == k).sum()) for k in (0, 1)}
    a, b = p / factor.get(1, 1.0), (1 - p) / factor.get(0, 1.0)
    q = a / (a + b)
    print("  corrected mean", repr(q.mean()), "sum of squares", repr((q ** 2).sum()))
