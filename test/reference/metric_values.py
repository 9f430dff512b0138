#!/usr/bin/python3
"""Expected values of test/unit/test_metric*.c, from scikit-learn, numpy and statsmodels.

The rows are made by integer arithmetic that C repeats exactly, with many tied scores.
Nothing here is computed by sustainml.
"""
import numpy as np
from sklearn import metrics as m
from statsmodels.stats.proportion import proportion_confint

N = 400
i = np.arange(N)
score = (i * 7919 % 101) / 128.0 + 1 / 16
label = ((i * i * 31 + 7 * i) % 97 < 20 + 50 * score).astype(int)
weight = 1 + (i % 5) / 2.0


def show(name, value):
    print(f"{name:32s} {value:.17g}")


def delong(y, s, w):
    """The two-sample U-statistic, every pair written out."""
    a, b, wa, wb = s[y == 1], s[y == 0], w[y == 1], w[y == 0]
    kernel = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
    v10 = (kernel * wb).sum(1) / wb.sum()
    v01 = (kernel * wa[:, None]).sum(0) / wa.sum()
    auc = (v10 * wa).sum() / wa.sum()
    variance = ((wa ** 2 * (v10 - auc) ** 2).sum() / wa.sum() ** 2 * len(a) / (len(a) - 1)
                + (wb ** 2 * (v01 - auc) ** 2).sum() / wb.sum() ** 2 * len(b) / (len(b) - 1))
    return auc - 1.959963984540054 * variance ** 0.5, auc + 1.959963984540054 * variance ** 0.5


def mean_interval(x, w):
    mean = (w * x).sum() / w.sum()
    se = ((w ** 2 * (x - mean) ** 2).sum() * len(x) / (len(x) - 1)) ** 0.5 / w.sum()
    return mean, se


def ece(p, true, w):
    bins = np.minimum((p * 10).astype(int), 9)
    return sum(abs((w * (p - true))[bins == b].sum()) for b in range(10)) / w.sum()


for title, w in (("unweighted", np.ones(N)), ("weighted", weight)):
    print(f"# binary, {title}")
    predicted = (score >= 0.5).astype(int)
    for name, function in (("accuracy", m.accuracy_score), ("balanced_accuracy", m.balanced_accuracy_score),
                           ("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score),
                           ("mcc", m.matthews_corrcoef)):
        show(name, function(label, predicted, sample_weight=w))
    show("roc_auc", m.roc_auc_score(label, score, sample_weight=w))
    show("average_precision", m.average_precision_score(label, score, sample_weight=w))
    show("log_loss", m.log_loss(label, score, sample_weight=w))
    show("brier", m.brier_score_loss(label, score, sample_weight=w))
    show("ece", ece(score, label, w))
    low, high = delong(label, score, w)
    show("roc_auc low", low)
    show("roc_auc high", high)
    loss = np.where(label == 1, -np.log(score), -np.log(1 - score))
    mean, se = mean_interval(loss, w)
    show("log_loss low", mean - 1.959963984540054 * se)
    show("log_loss high", mean + 1.959963984540054 * se)
    neff = w.sum() ** 2 / (w ** 2).sum()
    low, high = proportion_confint((w * (label == predicted)).sum() / w.sum() * neff, neff, method="wilson")
    show("accuracy low", low)
    show("accuracy high", high)

print("# multiclass: three probabilities a row")
raw = np.stack([1 + i * 37 % 11, 1 + i * 53 % 13, 1 + i * 71 % 7], axis=1).astype(float)
prob = raw / raw.sum(1, keepdims=True)
actual = np.where(i * 29 % 10 < 5, prob.argmax(1), i * 13 % 3)
predicted = prob.argmax(1)
for title, w in (("unweighted", np.ones(N)), ("weighted", weight)):
    print(f"# multiclass, {title}")
    show("accuracy", m.accuracy_score(actual, predicted, sample_weight=w))
    show("balanced_accuracy", m.balanced_accuracy_score(actual, predicted, sample_weight=w))
    for average in ("macro", "weighted"):
        show("precision_" + average, m.precision_score(actual, predicted, average=average, sample_weight=w))
        show("recall_" + average, m.recall_score(actual, predicted, average=average, sample_weight=w))
        show("f1_" + average, m.f1_score(actual, predicted, average=average, sample_weight=w))
        one = np.array([m.roc_auc_score(actual == k, prob[:, k], sample_weight=w) for k in range(3)])
        ap = np.array([m.average_precision_score(actual == k, prob[:, k], sample_weight=w) for k in range(3)])
        share = np.ones(3) if average == "macro" else np.array([w[actual == k].sum() for k in range(3)])
        show("roc_auc_" + average, (one * share).sum() / share.sum())
        show("average_precision_" + average, (ap * share).sum() / share.sum())
    show("mcc", m.matthews_corrcoef(actual, predicted, sample_weight=w))
    show("log_loss", m.log_loss(actual, prob, sample_weight=w))
    show("brier", (w * ((prob - np.eye(3)[actual]) ** 2).sum(1)).sum() / w.sum())
    show("ece", ece(prob.max(1), actual == predicted, w))

y = i * 17 % 89 + 1.0
hat = y + (i * 41 % 23 - 11) / 4.0
for title, w in (("unweighted", np.ones(N)), ("weighted", weight)):
    print(f"# regression, {title}")
    show("r2", m.r2_score(y, hat, sample_weight=w))
    show("rmse", m.mean_squared_error(y, hat, sample_weight=w, squared=False))
    show("mae", m.mean_absolute_error(y, hat, sample_weight=w))
    show("mape", m.mean_absolute_percentage_error(y, hat, sample_weight=w))
    show("explained_variance", m.explained_variance_score(y, hat, sample_weight=w))
    mean, se = mean_interval(np.abs(y - hat), w)
    show("mae low", mean - 1.959963984540054 * se)
    mean, se = mean_interval((y - hat) ** 2, w)
    show("rmse high", mean ** 0.5 + 1.959963984540054 * se / 2 / mean ** 0.5)

print("# paired log loss of score against 3/4 score + 1/8")
other = 0.75 * score + 0.125
for title, w in (("unweighted", np.ones(N)), ("weighted", weight)):
    loss = lambda p: np.where(label == 1, -np.log(p), -np.log(1 - p))
    mean, se = mean_interval(loss(score) - loss(other), w)
    show("difference " + title, mean)
    show("low", mean - 1.959963984540054 * se)
    show("high", mean + 1.959963984540054 * se)

print("# standardised importance: deviation of each feature's part of the link, from the encoded rows themselves")
x = np.array([1, 2, np.nan, 4, 5, np.nan, 7, 8, 9, 10])
group = np.array(list("aabbccabac"))
columns = np.stack([np.where(np.isnan(x), 3, x), np.isnan(x), group == "b", group == "c"], axis=1).astype(float)
coded = (columns - columns.mean(0)) / columns.std(0)
print("centers", columns.mean(0), "scales", [f"{s:.17g}" for s in columns.std(0)])
beta = np.array([[0.7, -0.4, 0.9, -0.3], [0.1, 0.2, -0.6, 0.5], [-0.2, 0.8, 0.4, 0.3]])
show("one output: x", (coded[:, :2] @ beta[0, :2]).std())
show("one output: group", (coded[:, 2:] @ beta[0, 2:]).std())
beta = beta - beta.mean(0)
show("three outputs: x", np.sqrt((coded[:, :2] @ beta[:, :2].T).var(0).mean()))
show("three outputs: group", np.sqrt((coded[:, 2:] @ beta[:, 2:].T).var(0).mean()))
