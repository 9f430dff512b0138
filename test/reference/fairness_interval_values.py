#!/usr/bin/python3
"""Expected intervals of fairness figures from numpy, scipy and statsmodels, on single rows; nothing here is computed by sustainml.

Writes data/fairness_intervals_expected.csv (Adult and COMPAS by sex, race and both, for fairness_intervals.sql) and prints what
test/unit/test_fairness_intervals.c has as constants.  How often these methods cover is another question: fairness_coverage.py.
"""
import os

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
Z = stats.norm.ppf(0.975)


def t_quantile(q, df):
    """by a root finder: scipy 1.10's stats.t.ppf is off by up to 4e-9"""
    return optimize.brentq(lambda x: stats.t.sf(x, df) - (1 - q), 0, 100, xtol=1e-14, rtol=1e-15)


def mean_interval(x, w, least, most):
    """Student's t on Kish's number of rows; Hoeffding's where x does not vary or there is one row"""
    m = np.average(x, weights=w)
    n = w.sum() ** 2 / (w ** 2).sum()
    variance = np.average((x - m) ** 2, weights=w)
    if n >= 2 and variance > 1e-12:
        half = t_quantile(0.975, n - 1) * np.sqrt(variance / (n - 1))
    elif np.isinf(most):
        return np.nan, np.nan
    else:
        half = (most - least) * np.sqrt(np.log(2 / 0.05) / 2 / n)
    return max(least, m - half), min(most, m + half)


def norm_bound(sd):
    """Cornish-Fisher for the sum of |N(0, sd^2)|: cumulants of a half-normal from scipy"""
    mean, variance, skewness = (float(v) for v in stats.halfnorm.stats(moments="mvs"))
    third = skewness * variance ** 1.5
    q = stats.norm.ppf(0.95)
    total = variance * (sd ** 2).sum()
    return mean * sd.sum() + np.sqrt(total) * (q + third * (sd ** 3).sum() / total ** 1.5 * (q * q - 1) / 6)


def ece_interval(y, s, w):
    n = w.sum() ** 2 / (w ** 2).sum()
    b = np.minimum((s * 10).astype(int), 9)
    part = np.bincount(b, w, 10) / w.sum()
    positive = np.bincount(b, w * y, 10) / w.sum()
    value = abs(np.bincount(b, w * (s - y), 10)).sum() / w.sum()
    p = (positive * n + 1) / (part * n + 2)
    q = norm_bound(np.sqrt(part * p * (1 - p) / n))
    return max(0, value - q), min(1, value + q)


def auc_interval(y, s, w):
    """every pair of a positive and a negative; ends by a root finder"""
    x1, x0, w1, w0 = s[y == 1], s[y == 0], w[y == 1], w[y == 0]
    if len(x1) == 0 or len(x0) == 0:
        return np.nan, np.nan
    n1, n0 = w1.sum() ** 2 / (w1 ** 2).sum(), w0.sum() ** 2 / (w0 ** 2).sum()
    psi = (x1[:, None] > x0) + 0.5 * (x1[:, None] == x0)
    v1, v0 = psi @ w0 / w0.sum(), w1 @ psi / w1.sum()
    a = np.average(v1, weights=w1)

    def hanley(t):
        return t * (1 - t) / n1 / n0 * (1 + ((n1 + n0) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t)))
    factor = 1
    if n1 > 1 and n0 > 1 and hanley(a) > 0:
        delong = np.average((v1 - a) ** 2, weights=w1) / (n1 - 1) + np.average((v0 - a) ** 2, weights=w0) / (n0 - 1)
        factor = max(1, delong / hanley(a))
    gap = lambda t: (a - t) ** 2 - Z * Z * factor * hanley(t)
    # at an area of 0 or 1 the gap has a second root there
    low = 0 if a == 0 else optimize.brentq(gap, 1e-15, min(a, 1 - 1e-9), xtol=1e-15) if gap(1e-15) > 0 else 0
    high = 1 if a == 1 else optimize.brentq(gap, max(a, 1e-9), 1 - 1e-15, xtol=1e-15) if gap(1 - 1e-15) > 0 else 1
    return max(0, low), min(1, high)


def odds_interval(y, p, w):
    fn, fp = (y == 1) & (p == 0), (y == 0) & (p == 1)
    if w[fp].sum() == 0:
        return np.nan, np.nan
    wrong = w[fn | fp]
    n = wrong.sum() ** 2 / (wrong ** 2).sum()
    low, high = proportion_confint(w[fn].sum() / wrong.sum() * n, n, method="wilson")
    return low / (1 - low), high / (1 - high)


def figures(y, p, s, w):
    loss = -np.log(np.where(y == 1, np.clip(s, 2.0 ** -52, 1 - 2.0 ** -52), np.clip(1 - s, 2.0 ** -52, 1 - 2.0 ** -52)))
    out = {"mean_score": mean_interval(s, w, 0, 1), "brier": mean_interval((s - y) ** 2, w, 0, 1), "log_loss": mean_interval(loss, w, 0, np.inf),
           "calibration_gap": mean_interval(s - y, w, -1, 1), "ece": ece_interval(y, s, w), "roc_auc": auc_interval(y, s, w),
           "treatment_equality": odds_interval(y, p, w)}
    for name, label in (("positive", 1), ("negative", 0)):
        out["mean_score_" + name] = mean_interval(s[y == label], w[y == label], 0, 1) if (y == label).any() else (np.nan, np.nan)
    return out


def table(data, weighted):
    cells = pd.read_csv(os.path.join(DATA, "fairness_%s_cells.csv" % data))
    rows = cells if weighted else cells.loc[cells.index.repeat(cells.n)].reset_index(drop=True)
    out = []
    for attributes in ([], ["sex"], ["race"], ["sex", "race"]):
        for value, g in rows.groupby(attributes if len(attributes) > 1 else attributes[0]) if attributes else [("", rows)]:
            name = " & ".join(value) if isinstance(value, tuple) else value
            w = g.n.to_numpy(float) if weighted else np.ones(len(g))
            for metric, (low, high) in figures(g.y.to_numpy(), g.pred.to_numpy(), g.score.to_numpy(), w).items():
                out.append((data, weighted, " & ".join(attributes), name, metric, low, high))
    return out


def mover_ratio(x1, n1, x2, n2):
    """theta at the ends: 0 is an end of MOVER's interval of a - theta b"""
    a, b = x1 / n1, x2 / n2
    (la, ha), (lb, hb) = proportion_confint(x1, n1, method="wilson"), proportion_confint(x2, n2, method="wilson")
    low = 0 if x1 == 0 else optimize.brentq(lambda t: a - t * b - np.hypot(a - la, t * (hb - b)), 0, a / b, xtol=1e-15)
    high = optimize.brentq(lambda t: t * b - a - np.hypot(ha - a, t * (b - lb)), a / b, 1e4, xtol=1e-13)
    return low, high


def divergence(name, own, rest):
    """delta method with numerical derivatives"""
    n, m = own.sum(), rest.sum()
    p, q = own / n, rest / m
    k = len(p)

    def f(x):
        a, b = x[:k], x[k:]
        if name == "kl":
            return (a * np.log(a / b)).sum()
        mid = (a + b) / 2
        return ((a * np.log(a / mid)).sum() + (b * np.log(b / mid)).sum()) / 2
    x = np.concatenate([p, q])
    cov = np.zeros((2 * k, 2 * k))
    cov[:k, :k] = (np.diag(p) - np.outer(p, p)) / n
    cov[k:, k:] = (np.diag(q) - np.outer(q, q)) / m
    e = np.eye(2 * k)
    h = 1e-6
    gradient = np.array([(f(x + h * d) - f(x - h * d)) / 2 / h for d in e])
    h = 1e-4
    second = np.array([(f(x + h * d) - 2 * f(x) + f(x - h * d)) / h / h for d in e])
    # Hessians of these divergences have mixed terms of p_i with q_i only, and p and q are independent
    within = cov.diagonal()
    bias = (second * within).sum() / 2
    first = gradient @ cov @ gradient
    error = Z * np.sqrt(first + 2 * bias ** 2 / (k - 1))
    return f(x), max(0, f(x) - error - bias), f(x) + error + Z * Z * first / 4 / f(x)


def main():
    rows = [r for data in ("adult", "compas") for weighted in (False, True) for r in table(data, weighted)]
    pd.DataFrame(rows, columns=["data", "weighted", "attribute", "group_value", "metric", "ci_low", "ci_high"]).to_csv(
        os.path.join(DATA, "fairness_intervals_expected.csv"), index=False, lineterminator="\n", float_format="%.17g")

    print("mover ratio", ["%.12g %.12g" % mover_ratio(*t) for t in ((0, 12, 7, 20), (5, 5, 30, 40), (6, 9, 8, 8), (1, 30, 2, 3))])
    print("newcombe, statsmodels", "%.12g %.12g" % confint_proportions_2indep(56, 70, 48, 80, compare="diff", method="newcomb"))
    print("t", ["%.14g" % t_quantile(0.975, d) for d in (1, 2, 4.5, 29, 1e5)], "%.14g" % t_quantile(0.95, 3))
    rng = np.random.default_rng(1)
    for sd in (np.array([2.0]), np.ones(10), np.array([1, 0.5, 0.1, 0.1])):
        print("norm bound, exact by 20 million draws", sd, "%.4f" % np.quantile(abs(rng.normal(size=(20000000 // len(sd), len(sd))) * sd).sum(1), 0.95),
              "here %.6f" % norm_bound(sd))
    print("studentized range", ["%.6f" % stats.studentized_range.ppf(0.95, k, np.inf) for k in (3, 5, 20)])
    own, rest = np.array([20, 30, 50.0]), np.array([80, 80, 40.0])
    print("kl", "%.8g %.8g %.8g" % divergence("kl", own, rest), "js", "%.8g %.8g %.8g" % divergence("js", own, rest))

    # to_overall of three groups and a fourth of unknown rows: rows drawn again
    sizes, rates = np.array([400, 200, 100, 50]), np.array([0.3, 0.5, 0.2, 0.9])
    group, y = np.repeat(np.arange(4), sizes), np.concatenate([np.arange(n) < r * n for n, r in zip(sizes, rates)])
    own = rates[:3] - y.mean()
    noise = []
    for _ in range(20000):
        i = rng.integers(0, len(y), len(y))
        again = np.bincount(group[i], y[i], 4) / np.bincount(group[i], minlength=4)
        noise.append(abs(again[:3] - y[i].mean() - own).max())
    print("to_overall", abs(own).max(), "noise by rows %.5f" % np.quantile(noise, 0.95))

    # generalized entropy of two groups: rows drawn again
    for alpha in (2, 1):
        benefit = np.concatenate([np.repeat([0, 1, 2], [10, 60, 30]), np.repeat([0, 1, 2], [60, 120, 20])]).astype(float)
        group = np.repeat([0, 1], [100, 200])

        def entropy(b, g):
            f = (lambda x: np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0)) if alpha == 1 else (lambda x: (x ** 2 - 1) / 2)
            means = np.array([b[g == k].mean() for k in (0, 1)])
            return f(b / b.mean()).mean(), f(means[g] / b.mean()).mean()
        value = entropy(benefit, group)
        draws = np.array([entropy(benefit[i], group[i]) for i in (rng.integers(0, 300, 300) for _ in range(20000))])
        for part, name in enumerate(("total", "between")):
            bias, sd = draws[:, part].mean() - value[part], draws[:, part].std()
            print("entropy %d %s %.10g: %.6f to %.6f" % (alpha, name, value[part], value[part] - bias - Z * sd, value[part] - bias + Z * sd))

    # two samples: integrals on a grid of all values
    a = np.sort([((k * 7919) % 97) / 7.0 for k in range(40)])
    b = np.sort([((k * 104729) % 89) / 6.0 for k in range(55)])
    both = np.sort(np.concatenate([a, b]))
    f, g, step = np.searchsorted(a, both, "right") / 40, np.searchsorted(b, both, "right") / 55, np.append(np.diff(both), 0)
    bound = np.sqrt(2 / np.pi) * (np.sqrt(f * (1 - f) / 40 + g * (1 - g) / 55) * step).sum() + stats.norm.ppf(0.95) * np.sqrt(a.var() / 39 + b.var() / 54)
    print("wasserstein bound %.12g dkw %.12g" % (bound, np.sqrt(np.log(80) / 80) + np.sqrt(np.log(80) / 110)))

    # regression
    i = np.arange(60)
    y = 1000 + i * 37 % 101 / 10.0
    d = (i * 53 % 97 - 48) / 40.0
    n, t = 60, t_quantile(0.975, 59)
    mse, v = (d ** 2).mean(), y.var()
    influence = mse / v * (((y - y.mean()) ** 2) - v) / v - (d ** 2 - mse) / v
    se = (d ** 2).std(ddof=1) / np.sqrt(n)
    print("rmse %.12g: %.12g %.12g" % (np.sqrt(mse), np.sqrt(mse) * np.exp(-t * se / mse / 2), np.sqrt(mse) * np.exp(t * se / mse / 2)))
    print("r2 %.12g: +- %.12g" % (1 - mse / v, t * influence.std(ddof=1) / np.sqrt(n)))
    print("mean_error %.12g +- %.12g" % (d.mean(), t * d.std(ddof=1) / np.sqrt(n)), "mae +- %.12g" % (t * abs(d).std(ddof=1) / np.sqrt(n)))

    # conditional disparity
    s, r, x, o = np.array([100, 20, 8.0]), np.array([60, 30, 2.0]), np.array([30, 5, 0.0]), np.array([24, 12, 1.0])
    w = (s + r) / (s + r).sum()
    pl, ph = proportion_confint(x, s, method="wilson")
    ql, qh = proportion_confint(o, r, method="wilson")
    pl = np.where(x == 0, 0, pl)
    value = (w * (o / r - x / s)).sum()
    print("cdd %.12g: %.12g %.12g" % (value, value - np.sqrt((w ** 2 * ((o / r - ql) ** 2 + (ph - x / s) ** 2)).sum()),
                                      value + np.sqrt((w ** 2 * ((qh - o / r) ** 2 + (x / s - pl) ** 2)).sum())))

    # a group of 40 rows, without and with weights
    i = np.arange(40)
    y, p, s = (i * 7 % 10 < 4).astype(int), (i * 3 % 7 < 3).astype(int), i * 37 % 101 / 100.0
    for name, w in (("plain", np.ones(40)), ("weighted", 1.0 + i % 3)):
        for metric, (low, high) in figures(y, p, s, w).items():
            print("%s %s {%.12g, %.12g}" % (name, metric, low, high))
    print("kish", "%.12g" % ((1.0 + i % 3).sum() ** 2 / ((1.0 + i % 3) ** 2).sum()))


if __name__ == "__main__":
    main()
