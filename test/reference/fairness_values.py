#!/usr/bin/python3
"""Expected values of test/regress/sql/fairness_reference.sql and test/unit/test_fairness.c, from pandas, numpy and scipy.

Every figure is worked out from single rows with boolean masks and the textbook formula; nothing here is computed by
sustainml.  With the path of compas_two_years.csv as an argument the COMPAS cells are counted anew (the rows are not
shipped, counts are facts); without it the shipped cells are used.

  fairness_values.py [compas_two_years.csv]        writes data/fairness_*.csv, prints the values for C
"""
import os
import sys

import numpy as np
import pandas as pd
from scipy import stats

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")


def adult():
    rows = pd.read_csv(os.path.join(HERE, "../../demo/data/adult_test.csv"))
    x = (-7.5 + 0.33 * rows.education_num + 0.035 * rows.age + 0.02 * rows.hours_per_week
         + 1.5 * (rows.capital_gain > 5000) - 0.8 * (rows.marital_status == "Never-married"))
    rows["score"] = (1 / (1 + np.exp(-x))).round(2)
    rows["pred"] = (rows.score >= 0.5).astype(int)
    rows["y"] = rows.income_gt_50k
    return rows.groupby(["sex", "race", "y", "pred", "score"]).size().reset_index(name="n")


def compas():
    path = os.path.join(DATA, "fairness_compas_cells.csv")
    if len(sys.argv) < 2:
        return pd.read_csv(path)
    rows = pd.read_csv(sys.argv[1])
    rows["y"] = rows.two_year_recid
    rows["pred"] = (rows.score_text != "Low").astype(int)
    rows["score"] = rows.decile_score / 10
    return rows.groupby(["sex", "race", "y", "pred", "score"]).size().reset_index(name="n")


def auc(y, s):
    if y.sum() == 0 or y.sum() == len(y):
        return np.nan
    return stats.mannwhitneyu(s[y == 1], s[y == 0], alternative="two-sided").statistic / (y.sum() * (len(y) - y.sum()))


def ece(y, s):
    bin_of = np.minimum((s * 10).astype(int), 9)
    return sum(abs(s[bin_of == b].mean() - y[bin_of == b].mean()) * (bin_of == b).mean() for b in range(10) if (bin_of == b).any())


def share(mask, among):
    return np.nan if among.sum() == 0 else float(mask[among].mean())


SHARES = ["selection_rate", "base_rate", "tpr", "fpr", "tnr", "fnr", "ppv", "npv", "fdr", "for", "accuracy", "error_rate"]


def figures(g):
    y, p, s = g.y.to_numpy(), g.pred.to_numpy(), g.score.to_numpy()
    everybody = np.ones(len(g), bool)
    clipped = np.clip(s, 2.0 ** -52, 1 - 2.0 ** -52)
    return {
        "selection_rate": share(p == 1, everybody), "base_rate": share(y == 1, everybody),
        "tpr": share(p == 1, y == 1), "fnr": share(p == 0, y == 1), "fpr": share(p == 1, y == 0), "tnr": share(p == 0, y == 0),
        "ppv": share(y == 1, p == 1), "fdr": share(y == 0, p == 1), "npv": share(y == 0, p == 0), "for": share(y == 1, p == 0),
        "accuracy": share(y == p, everybody), "error_rate": share(y != p, everybody),
        "treatment_equality": np.nan if not ((p == 1) & (y == 0)).any() else ((p == 0) & (y == 1)).sum() / ((p == 1) & (y == 0)).sum(),
        "mean_score": s.mean(), "mean_score_positive": s[y == 1].mean() if (y == 1).any() else np.nan,
        "mean_score_negative": s[y == 0].mean() if (y == 0).any() else np.nan,
        "brier": ((s - y) ** 2).mean(), "log_loss": -(y * np.log(clipped) + (1 - y) * np.log1p(-clipped)).mean(),
        "ece": ece(y, s), "calibration_gap": s.mean() - y.mean(), "roc_auc": auc(y, s),
    }


def names(metric):
    return {"selection_rate": "demographic_parity", "tpr": "equal_opportunity"}.get(metric, metric)


def disparities(values, overall):
    """values: one dict of figures per group"""
    out, spread = {}, {}
    for m in SHARES:
        v = np.array([g[m] for g in values])
        v = v[~np.isnan(v)]
        if len(v) < 2:
            spread[m] = (np.nan, np.nan)
            out[names(m) + "_difference"] = out[names(m) + "_ratio"] = out[names(m) + "_to_overall"] = np.nan
            continue
        spread[m] = (v.max() - v.min(), v.min() / v.max() if v.max() > 0 else np.nan)
        out[names(m) + "_difference"], out[names(m) + "_ratio"] = spread[m]
        out[names(m) + "_to_overall"] = abs(v - overall[m]).max()
    out["equalized_odds_difference"] = np.maximum(spread["tpr"][0], spread["fpr"][0])
    out["equalized_odds_ratio"] = np.minimum(spread["tpr"][1], spread["fpr"][1])
    out["average_odds_difference"] = (spread["tpr"][0] + spread["fpr"][0]) / 2
    return out


def expected(name, cells):
    rows = cells.loc[cells.index.repeat(cells.n)].reset_index(drop=True)
    overall = figures(rows)
    table = [(name, "overall", "", "", m, v) for m, v in overall.items()]
    for attributes in (["sex"], ["race"], ["sex", "race"]):
        label = " & ".join(attributes)
        groups = [(" & ".join(k) if isinstance(k, tuple) else k, figures(g))
                  for k, g in rows.groupby(attributes if len(attributes) > 1 else attributes[0])]
        for value, f in groups:
            table += [(name, "group", label, value, m, v) for m, v in f.items()]
        table += [(name, "disparity", label, "", m, v) for m, v in disparities([f for _, f in groups], overall).items()]
    return table


def main():
    a, c = adult(), compas()
    a.to_csv(os.path.join(DATA, "fairness_adult_cells.csv"), index=False, lineterminator="\n")
    c.to_csv(os.path.join(DATA, "fairness_compas_cells.csv"), index=False, lineterminator="\n")
    table = pd.DataFrame(expected("adult", a) + expected("compas", c), columns=["data", "scope", "attribute", "group_value", "metric", "value"])
    table.to_csv(os.path.join(DATA, "fairness_expected.csv"), index=False, lineterminator="\n", float_format="%.17g")

    print("fisher")
    for t in ((3, 10, 8, 10), (8, 159, 112, 480), (0, 5, 0, 7), (557, 1835, 1198, 2691), (1, 1000, 30, 1000), (50000, 100000, 50500, 100000)):
        print(t, "%.15g" % stats.fisher_exact([[t[0], t[1] - t[0]], [t[2], t[3] - t[2]]])[1])
    print("chi2.sf")
    for x, df in ((0.5, 1), (3.2, 2), (25.0, 7), (1e-3, 4), (200.0, 150), (900, 4)):
        print(x, df, "%.15g" % stats.chi2.sf(x, df))
    print("homogeneity", "%.15g %.15g" % stats.chi2_contingency([[10, 20, 30], [40, 35, 70]], correction=False)[:2])
    rng = [((k * 7919) % 97) / 7.0 for k in range(40)]
    other = [((k * 104729) % 89) / 6.0 for k in range(55)]
    print("two samples %.15g %.15g" % (stats.ks_2samp(rng, other).statistic, stats.wasserstein_distance(rng, other)))
    b = np.array([0.0] * 7 + [1.0] * 80 + [2.0] * 13)
    mu = b.mean()
    ge = lambda al, v, m: np.mean([(x / m) ** al - 1 for x in v]) / (al * (al - 1))
    print("ge2 %.15g ge3 %.15g theil %.15g" % (ge(2, b, mu), ge(3, b, mu), np.mean([x / mu * np.log(x / mu) if x > 0 else 0 for x in b])))
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    m = (p + q) / 2
    print("kl %.15g js %.15g tv %.15g l2 %.15g" % (stats.entropy(p, q), (stats.entropy(p, m) + stats.entropy(q, m)) / 2, abs(p - q).sum() / 2,
                                                  np.linalg.norm(p - q)))


if __name__ == "__main__":
    main()
