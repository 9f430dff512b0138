#!/usr/bin/python3
"""Expected values for test_calibrate.c and test_threshold.c.

Isotonic curves: scikit-learn's IsotonicRegression.  Platt's map: the gradient of Platt's loss (with the
targets of Lin, Lin and Weng 2007) brought to zero by MINPACK's hybrid method (scipy.optimize.root), which shares
nothing with our Newton iteration; scikit-learn's own _sigmoid_calibration, which stops early, is
printed for comparison.  Thresholds: every candidate tried with scikit-learn's metrics.
Run from the root of the project; writes test/reference/data/calibration_*.csv and threshold_expected.csv.
"""
import numpy as np
from scipy.optimize import root
from scipy.special import expit
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef, precision_score, recall_score

DATA = "test/reference/data/"


def rows():
    """300 scores with ties, labels that do not rise evenly with them, weights of mean near 1.6."""
    random = np.random.default_rng(7)
    score = np.round(random.normal(0, 1.6, 300), 1)
    chance = expit(1.3 * score - 1 + 0.8 * np.sin(3 * score))
    label = (random.random(300) < chance).astype(int)
    weight = random.choice([0.5, 1, 2, 3], 300)
    return score, label, weight


def platt(score, label, weight):
    weight = weight * len(weight) / weight.sum()
    positive, negative = weight[label == 1].sum(), weight[label == 0].sum()
    target = np.where(label == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def gradient(at):
        residual = weight * (expit(at[0] * score + at[1]) - target)
        return [residual @ score, residual.sum()]

    found = root(gradient, [1.0, 0.0], method="hybr", options={"xtol": 1e-15})
    a, b = _sigmoid_calibration(score, label, weight)
    print("platt", found.x, np.abs(gradient(found.x)).max(), "scikit-learn", -a, -b)
    return found.x


def isotonic(score, label, weight, at):
    model = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(score, label, sample_weight=weight)
    return model.predict(at)


def thresholds(probability, label, weight):
    """Best value of each objective of threshold.h, in its order."""
    candidates = np.append(np.unique(probability), 2.0)
    best = np.full(7, -np.inf)
    for t in candidates:
        called = (probability >= t).astype(int)
        recall = recall_score(label, called, sample_weight=weight, zero_division=0)
        balanced = balanced_accuracy_score(label, called, sample_weight=weight)
        false_positive = weight[(called == 1) & (label == 0)].sum()
        false_negative = weight[(called == 0) & (label == 1)].sum()
        values = [f1_score(label, called, sample_weight=weight, zero_division=0), balanced, 2 * balanced - 1,
                  matthews_corrcoef(label, called, sample_weight=weight),
                  -(1.0 * false_positive + 5.0 * false_negative) / weight.sum()]
        precision = precision_score(label, called, sample_weight=weight, zero_division=0)
        values.append(precision if recall >= 0.7 and called.any() else -np.inf)
        values.append(recall if called.any() and precision >= 0.7 else -np.inf)
        best = np.maximum(best, values)
    best[4] = -best[4]
    return best


def main():
    score, label, weight = rows()
    ones = np.ones(len(score))
    np.savetxt(DATA + "calibration_rows.csv", np.column_stack([score, label, weight]), delimiter=",", fmt="%.17g",
               header="score,label,weight", comments="")
    at = np.append(np.arange(-6, 6.01, 0.17), np.unique(score))
    columns = [at, isotonic(score, label, ones, at), isotonic(score, label, weight, at)]
    for w in (ones, weight):
        slope, intercept = platt(score, label, w)
        columns.append(expit(slope * at + intercept))
    np.savetxt(DATA + "calibration_expected.csv", np.column_stack(columns), delimiter=",", fmt="%.17g",
               header="at,isotonic,isotonic_weighted,platt,platt_weighted", comments="")
    probability = expit(score)
    np.savetxt(DATA + "threshold_expected.csv",
               np.column_stack([thresholds(probability, label, ones), thresholds(probability, label, weight)]),
               delimiter=",", fmt="%.17g", header="plain,weighted", comments="")


main()
