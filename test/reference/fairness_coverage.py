#!/usr/bin/python3
"""How often the intervals of fairness figures cover the truth, by simulation with numpy and scipy.

Each method is written here from its paper, on single rows or on cells, and not taken from src/core; the truth of each case is known or
worked out from a sample of millions.  Prints a line per case: nominal 0.95, share of intervals that cover, mean width, rounds.

  fairness_coverage.py [rounds]          2000 by default: one standard error is 0.005
"""
import sys

import numpy as np
from scipy import stats

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
DRAWS = 400
GRID = np.linspace(1e-5, 1 - 1e-5, 4001)
Z = stats.norm.ppf(0.975)
Q = stats.norm.ppf(0.95)
rng = np.random.default_rng(20260101)


def report(name, truth, low, high):
    low, high = np.asarray(low), np.asarray(high)
    ok = ~np.isnan(low)
    print("%-58s %.3f  width %.4f  of %d" % (name, ((low <= truth) & (truth <= high))[ok].mean(), (high - low)[ok].mean(), ok.sum()))


def wilson(x, n):
    p = x / n
    c = (p + Z * Z / 2 / n) / (1 + Z * Z / n)
    h = Z / (1 + Z * Z / n) * np.sqrt(p * (1 - p) / n + Z * Z / 4 / n / n)
    return c - h, c + h


def to_overall(rates, sizes, name):
    rates, sizes = np.array(rates), np.array(sizes)
    shares = sizes / sizes.sum()
    truth = abs(rates - (rates * shares).sum()).max()
    cells = np.concatenate([shares * rates, shares * (1 - rates)])
    lows, highs = [], []
    k = len(rates)
    for _ in range(ROUNDS):
        own = rng.multinomial(sizes.sum(), cells)
        def deviations(c):
            hit, miss = c[..., :k], c[..., k:]
            return hit / (hit + miss) - hit.sum(-1, keepdims=True) / c.sum(-1, keepdims=True)
        d = deviations(own)
        noise = abs(deviations(rng.multinomial(own.sum(), own / own.sum(), DRAWS)) - d).max(1)
        q = np.quantile(noise, 0.95)
        lows.append(abs(d).max() - q)
        highs.append(abs(d).max() + q)
    report("to_overall, bootstrap: " + name, truth, lows, highs)


def ece(n, shift, name):
    """scores beta(2, 3); labels with probability score + shift (cut)"""
    big = rng.beta(2, 3, 4000000)
    p = np.clip(big + shift, 0, 1)
    bins = np.minimum((big * 10).astype(int), 9)
    truth = abs(np.bincount(bins, big - p, 10)).sum() / len(big)
    lows, highs = [], []
    for _ in range(ROUNDS):
        s = rng.beta(2, 3, n)
        y = rng.random(n) < np.clip(s + shift, 0, 1)
        b = np.minimum((s * 10).astype(int), 9)
        gap = np.bincount(b, s - y, 10) / n
        rows = np.bincount(b, minlength=10)
        share = (np.bincount(b, y, 10) + 1) / (rows + 2)
        sd = np.sqrt(rows * share * (1 - share)) / n
        m, v, t = np.sqrt(2 / np.pi), 1 - 2 / np.pi, np.sqrt(2 / np.pi) * (4 / np.pi - 1)
        skew = t * (sd ** 3).sum() / (v * (sd ** 2).sum()) ** 1.5
        q = m * sd.sum() + np.sqrt(v * (sd ** 2).sum()) * (Q + skew * (Q * Q - 1) / 6)
        lows.append(abs(gap).sum() - q)
        highs.append(abs(gap).sum() + q)
    report("ece, norm_bound: " + name, truth, lows, highs)


def delong(n1, n0, d):
    truth = stats.norm.cdf(d / np.sqrt(2))
    lows, highs = [], []
    for _ in range(ROUNDS):
        x, y = rng.normal(d, 1, n1), rng.normal(0, 1, n0)
        psi = (x[:, None] > y) + 0.5 * (x[:, None] == y)
        a = psi.mean()
        variance = psi.mean(1).var(ddof=1) / n1 + psi.mean(0).var(ddof=1) / n0
        def hanley(t):
            return t * (1 - t) / n1 / n0 * (1 + ((n1 + n0) / 2 - 1) * ((1 - t) / (2 - t) + t / (1 + t)))
        factor = max(1, variance / hanley(a)) if 0 < a < 1 else 1
        inside = GRID[(a - GRID) ** 2 <= Z * Z * factor * hanley(GRID)]
        low, high = inside.min(), 1 if a == 1 else inside.max()
        lows.append(low)
        highs.append(high)
    report("roc_auc, newcombe_delong: %.3f, %d and %d" % (truth, n1, n0), truth, lows, highs)


def odds(n, fn, fp):
    x = rng.multinomial(n, [fn, fp, 1 - fn - fp], ROUNDS)
    use = x[:, 1] > 0
    low, high = wilson(x[use, 0], x[use, 0] + x[use, 1])
    report("treatment_equality, wilson_odds: n %d, %g and %g" % (n, fn, fp), fn / fp, low / (1 - low), high / (1 - high))


def student(n, draw, truth, name):
    x = draw((ROUNDS, n))
    half = stats.t.ppf(0.975, n - 1) * x.std(1, ddof=1) / np.sqrt(n)
    report("mean, student_t: " + name, truth, x.mean(1) - half, x.mean(1) + half)


def range_of_means(sizes, means, name):
    """beta-like scores with these means"""
    truth = max(means) - min(means)
    lows, highs = [], []
    for _ in range(ROUNDS):
        xs = [rng.beta(3 * m, 3 * (1 - m), n) for m, n in zip(means, sizes)]
        v = np.array([x.mean() for x in xs])
        half = np.array([stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)) for x in xs])
        if len(v) == 2:
            d, h = v.max() - v.min(), np.hypot(*half)
            lows.append(max(0, d - h))
            highs.append(max(d + h, h - d))
            continue
        e = rng.normal(size=(DRAWS, len(v))) * half / Z
        q = np.quantile(e.max(1) - e.min(1), 0.95)
        lows.append(max(0, v.max() - v.min() - q))
        highs.append(v.max() - v.min() + q)
    report("difference of means, mover / parametric_bootstrap: " + name, truth, lows, highs)


def divergences(p, q, n, m, name):
    p, q = np.array(p), np.array(q)
    k = len(p)
    a, b = rng.multinomial(n, p, ROUNDS) / n, rng.multinomial(m, q, ROUNDS) / m
    with np.errstate(divide="ignore", invalid="ignore"):
        use = ~((a > 0) & (b == 0)).any(1)
        term = np.where(a > 0, np.log(a / b), 0)
        kl = (a * term).sum(1)
        var = ((a * term ** 2).sum(1) - kl ** 2) / n + (np.where(b > 0, a * a / b, 0).sum(1) - 1) / m
        bias = np.where(a > 0, (1 - a) / 2 / n + a * (1 - b) / 2 / b / m, 0).sum(1)
        var = np.maximum(var, 0)
        err = Z * np.sqrt(var + 2 * bias ** 2 / (k - 1))
        report("kl_divergence, delta: " + name, max(0, (p * np.log(p / q)).sum()), (kl - bias - err).clip(0)[use],
               (kl + err + np.where(kl > 1e-12, Z * Z * var / 4 / kl, 0))[use])
        mid = (a + b) / 2
        la, lb = np.where(a > 0, np.log(a / mid) / 2, 0), np.where(b > 0, np.log(b / mid) / 2, 0)
        js = (a * la + b * lb).sum(1)
        var = np.maximum(0, ((a * la ** 2).sum(1) - (a * la).sum(1) ** 2) / n + ((b * lb ** 2).sum(1) - (b * lb).sum(1) ** 2) / m)
        bias = (np.where(a > 0, b * (1 - a) / n, 0) + np.where(b > 0, a * (1 - b) / m, 0)).__truediv__(np.where(a + b > 0, 4 * (a + b), 1)).sum(1)
        err = Z * np.sqrt(var + 2 * bias ** 2 / (k - 1))
        half = (p + q) / 2
        truth = ((p * np.log(p / half)).sum() + (q * np.log(q / half)).sum()) / 2
        report("js_divergence, delta: " + name, max(0, truth), (js - bias - err).clip(0), js + err + np.where(js > 1e-12, Z * Z * var / 4 / js, 0))
    lows, highs, low2, high2 = [], [], [], []
    for i in range(min(ROUNDS, 1000)):
        e = rng.multinomial(n, a[i] / a[i].sum(), DRAWS) / n - rng.multinomial(m, b[i] / b[i].sum(), DRAWS) / m - (a[i] - b[i])
        tv, l2 = abs(a[i] - b[i]).sum() / 2, np.sqrt(((a[i] - b[i]) ** 2).sum())
        q1, q2 = np.quantile(abs(e).sum(1) / 2, 0.95), np.quantile(np.sqrt((e ** 2).sum(1)), 0.95)
        lows.append(tv - q1), highs.append(tv + q1), low2.append(l2 - q2), high2.append(l2 + q2)
    report("total_variation, bootstrap: " + name, abs(p - q).sum() / 2, lows, highs)
    report("l2_distance, bootstrap: " + name, np.sqrt(((p - q) ** 2).sum()), low2, high2)


def entropy(c, alpha):
    """c[..., group, benefit]: total, between"""
    b = np.arange(3)
    n = c.sum((-1, -2))
    own = c.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        group_mean = np.where(own > 0, (c * b).sum(-1) / own, 0)
        mean = (c * b).sum((-1, -2)) / n
        r, g = b / mean[..., None], group_mean / mean[..., None]
        f = (lambda x: np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0)) if alpha == 1 else (lambda x: (x ** alpha - 1) / alpha / (alpha - 1))
        return (c.sum(-2) * f(r)).sum(-1) / n, (own * f(g)).sum(-1) / n


def inequality(cells, n, alpha, name):
    cells = np.array(cells, float)
    cells /= cells.sum()
    truth = [round(x, 12) for x in entropy(cells, alpha)]
    ends = [[], []], [[], []]
    for _ in range(min(ROUNDS, 1000)):
        own = rng.multinomial(n, cells.ravel())
        value = entropy(own.reshape(cells.shape), alpha)
        drawn = entropy(rng.multinomial(n, own / n, DRAWS).reshape((DRAWS,) + cells.shape), alpha)
        for part in range(2):
            bias, sd = (drawn[part] - value[part]).mean(), drawn[part].std()
            ends[part][0].append(max(0, min(value[part], value[part] - bias - Z * sd)))
            ends[part][1].append(max(value[part], value[part] - bias + Z * sd))
    report("generalized entropy %g, bootstrap_normal: total, %s" % (alpha, name), truth[0], *ends[0])
    report("generalized entropy %g, bootstrap_normal: between, %s" % (alpha, name), truth[1], *ends[1])


def two_samples(n, m, shift, name):
    """normal(0, 1) against normal(shift, 1): Wasserstein |shift|, Kolmogorov-Smirnov 2 Phi(shift / 2) - 1"""
    ks, w = ([], []), ([], [])
    eps = np.sqrt(np.log(4 / 0.05) / 2 / n) + np.sqrt(np.log(4 / 0.05) / 2 / m)
    for _ in range(ROUNDS):
        a, b = np.sort(rng.normal(0, 1, n)), np.sort(rng.normal(shift, 1, m))
        both = np.sort(np.concatenate([a, b]))
        f, g = np.searchsorted(a, both, "right") / n, np.searchsorted(b, both, "right") / m
        step = np.diff(both)
        d, area = abs(f - g).max(), (abs(f - g)[:-1] * step).sum()
        q = np.sqrt(2 / np.pi) * (np.sqrt(f * (1 - f) / n + g * (1 - g) / m)[:-1] * step).sum() + Q * np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / m)
        ks[0].append(d - eps), ks[1].append(d + eps), w[0].append(area - q), w[1].append(area + q)
    report("ks_distance, dkw: " + name, 2 * stats.norm.cdf(abs(shift) / 2) - 1, *ks)
    report("wasserstein_distance, norm_bound: " + name, abs(shift), *w)


def regression(n, draw, variance, name):
    """target normal(10, 3), error independent with mean 0"""
    y = rng.normal(10, 3, (ROUNDS, n))
    d = draw((ROUNDS, n))
    t = stats.t.ppf(0.975, n - 1)
    half = t * (d ** 2).std(1, ddof=1) / np.sqrt(n)
    mse = (d ** 2).mean(1)
    report("rmse, log_t: " + name, np.sqrt(variance), np.sqrt(mse) * np.exp(-half / mse / 2), np.sqrt(mse) * np.exp(half / mse / 2))
    v = y.var(1)
    c = (y - y.mean(1, keepdims=True)) ** 2
    r = mse / v
    half = t * ((r[:, None] * (c - v[:, None]) - (d ** 2 - mse[:, None])) / v[:, None]).std(1, ddof=1) / np.sqrt(n)
    report("r2, delta: " + name, 1 - variance / 9, 1 - r - half, 1 - r + half)


def conditional_disparity(selected, rejected, p, q, name):
    s, r = np.array(selected), np.array(rejected)
    w = (s + r) / (s + r).sum()
    x, y = rng.binomial(s, p, (ROUNDS, len(s))), rng.binomial(r, q, (ROUNDS, len(r)))
    (pl, ph), (ql, qh) = wilson(x, s), wilson(y, r)
    d = (w * (y / r - x / s)).sum(1)
    report("conditional_disparity, mover: " + name, (w * (np.array(q) - np.array(p))).sum(),
           d - np.sqrt((w * w * ((y / r - ql) ** 2 + (ph - x / s) ** 2)).sum(1)), d + np.sqrt((w * w * ((qh - y / r) ** 2 + (x / s - pl) ** 2)).sum(1)))


def ratio_at_the_edge(n, m, p, q):
    """only rounds where Katz's error would be 0 or there is none: MOVER"""
    x, y = rng.binomial(n, p, 20 * ROUNDS), rng.binomial(m, q, 20 * ROUNDS)
    a, b = x / n, y / m
    (la, ha), (lb, hb) = wilson(x, n), wilson(y, m)
    la, ha, hb = np.where(x == 0, 0, la), np.where(x == n, 1, ha), np.where(y == m, 1, hb)
    with np.errstate(divide="ignore", invalid="ignore"):
        edge = (x == 0) | (x == n) | (y == m)
        low = (a * b - np.sqrt(np.maximum(0, (a * b) ** 2 - la * (2 * a - la) * hb * (2 * b - hb)))) / (hb * (2 * b - hb))
        high = (a * b + np.sqrt(np.maximum(0, (a * b) ** 2 - ha * (2 * a - ha) * lb * (2 * b - lb)))) / (lb * (2 * b - lb))
        katz = np.exp(Z * np.sqrt((1 - a) / x + (1 - b) / y))
        low, high = np.where(edge, low, a / b / katz), np.where(edge, high, a / b * katz)
    use = y > 0
    report("ratio, katz and mover: %d and %d, %g and %g" % (n, m, p, q), p / q, low[use], high[use])


def consistency(n, k):
    """one feature, outcome with a probability that rises with it; the truth is the expectation at this n"""
    def estimate(x, y, keep):
        x, y = x[keep], y[keep]
        d = abs(x[:, None] - x)
        np.fill_diagonal(d, np.inf)
        return 1 - abs(y - y[np.argpartition(d, k, axis=1)[:, :k]].mean(1)).mean()
    values, lows, highs = [], [], []
    t = stats.t.ppf(0.975, 19)
    for _ in range(min(ROUNDS, 400)):
        x = rng.normal(size=n)
        y = (rng.random(n) < 1 / (1 + np.exp(-2 * x))).astype(float)
        part = np.arange(n) % 20
        theta = np.array([estimate(x, y, part != j) for j in range(20)])
        value = estimate(x, y, part >= 0)
        half = t * np.sqrt(19 / 20 * ((theta - theta.mean()) ** 2).sum())
        values.append(value), lows.append(value - half), highs.append(value + half)
    report("consistency, jackknife: n %d, k %d" % (n, k), np.mean(values), lows, highs)


to_overall([0.3] * 5, [400] * 5, "5 equal groups of 400")
to_overall([0.3, 0.2], [3000, 500], "0.3 and 0.2, 3000 and 500")
to_overall([0.3, 0.2, 0.25, 0.6], [3000, 500, 100, 40], "4 unequal groups")
ece(100, 0, "calibrated, 100 rows")
ece(2000, 0, "calibrated, 2000 rows")
ece(100, 0.1, "off by 0.1, 100 rows")
ece(2000, 0.1, "off by 0.1, 2000 rows")
ece(20, 0.1, "off by 0.1, 20 rows")
for n1, n0, d in ((200, 300, 0.8), (15, 40, 0.8), (15, 40, 2.5), (5, 5, 1), (30, 1000, 3), (3, 60, 1)):
    delong(n1, n0, d)
odds(1000, 0.1, 0.05)
odds(60, 0.1, 0.1)
student(30, lambda size: rng.beta(2, 3, size), 0.4, "beta(2, 3), 30 rows")
student(10, lambda size: rng.beta(0.5, 4, size), 0.5 / 4.5, "beta(0.5, 4), 10 rows")
student(200, lambda size: -np.log(rng.beta(4, 1, size)), 0.25, "log loss, 200 rows")
range_of_means([200, 80], [0.4, 0.4], "2 equal groups")
range_of_means([200, 80], [0.4, 0.6], "2 unequal groups")
range_of_means([100] * 5, [0.4] * 5, "5 equal groups")
range_of_means([300, 40, 40, 20, 20], [0.4, 0.45, 0.5, 0.35, 0.6], "5 unequal groups")
range_of_means([50] * 20, [0.4] * 20, "20 equal groups")
divergences([0.3, 0.7], [0.3, 0.7], 200, 500, "2 equal, 200 and 500")
divergences([0.3, 0.7], [0.45, 0.55], 200, 500, "2 unequal, 200 and 500")
divergences([0.9, 0.1], [0.7, 0.3], 40, 60, "2 unequal, 40 and 60")
divergences([0.1] * 10, [0.1] * 10, 500, 800, "10 equal, 500 and 800")
divergences([0.2] * 4 + [0.2 / 6] * 6, [0.1] * 10, 500, 800, "10 unequal, 500 and 800")
for alpha in (2, 1):
    inequality([[10, 60, 30]] * 2, 500, alpha, "2 equal groups, 500")
    inequality([[10, 60, 30], [30, 60, 10]], 500, alpha, "2 unequal groups, 500")
    inequality([[10, 60, 30]] * 20, 2000, alpha, "20 equal groups, 2000")
    inequality([[10 + i, 60, 30 - i] for i in range(20)], 2000, alpha, "20 unequal groups, 2000")
two_samples(100, 300, 0, "equal, 100 and 300")
two_samples(100, 300, 0.5, "0.5 apart, 100 and 300")
two_samples(1000, 1000, 0.5, "0.5 apart, 1000 and 1000")
regression(50, lambda size: rng.normal(0, 2, size), 4, "normal errors, 50 rows")
regression(500, lambda size: rng.normal(0, 2, size), 4, "normal errors, 500 rows")
regression(500, lambda size: rng.laplace(0, 1, size), 2, "Laplace errors, 500 rows")
conditional_disparity([100, 50, 20, 10], [60, 80, 30, 40], [0.3, 0.2, 0.4, 0.1], [0.4, 0.2, 0.5, 0.2], "4 strata")
conditional_disparity([10, 8], [12, 9], [0.05, 0.05], [0.05, 0.1], "2 small strata")
ratio_at_the_edge(20, 400, 0.05, 0.3)
ratio_at_the_edge(20, 400, 0.95, 0.97)
ratio_at_the_edge(8, 8, 0.9, 0.9)
consistency(200, 5)
