"""Expected values for the resampling tests.  Run with Debian 12's python3 (imbalanced-learn 0.10.0, scikit-learn 1.2.1, numpy 1.24.2)
from this directory; see resample.md.  Files are numeric CSV, so that the unit tests read them with one function."""
import csv
import warnings

import numpy as np
from imblearn.metrics.pairwise import ValueDifferenceMetric
from imblearn.over_sampling import BorderlineSMOTE
from imblearn.under_sampling import EditedNearestNeighbours, NearMiss, TomekLinks

warnings.filterwarnings("ignore")


def write(name, header, rows):
    with open("data/" + name, "w") as out:
        out.write(",".join(header) + "\n")
        for row in rows:
            out.write(",".join(repr(float(v)) if v != int(v) else str(int(v)) for v in row) + "\n")


# ---- mammography: sets of imbalanced-learn on rows without duplicates --------------------------------------------
with open("data/mammography_quarter.csv") as f:
    table = list(csv.reader(f))
names, data = table[0], np.array(table[1:], dtype=float)
features = [i for i, n in enumerate(names) if n not in ("id", "calcification")]
x, y = data[:, features], data[:, names.index("calcification")].astype(int)
_, first = np.unique(x, axis=0, return_index=True)
first.sort()
# all rare rows and every other distinct common row
chosen = [i for n, i in enumerate(first) if y[i] == 1 or n % 2 == 0]
x, y = x[chosen], y[chosen]
columns = {}
for label, sampler in (("tomek", TomekLinks()), ("tomek_all", TomekLinks(sampling_strategy="all")),
                       ("enn", EditedNearestNeighbours()), ("enn_all", EditedNearestNeighbours(sampling_strategy="all")),
                       ("nearmiss1", NearMiss(version=1)), ("nearmiss2", NearMiss(version=2)), ("nearmiss3", NearMiss(version=3))):
    sampler.fit_resample(x, y)
    kept = np.zeros(len(y))
    kept[sampler.sample_indices_] = 1
    columns[label] = kept
smote = BorderlineSMOTE()
smote._validate_estimator()
smote.nn_m_.fit(x)
rare = np.flatnonzero(y == 1)
danger = np.zeros(len(y))
danger[rare] = smote._in_danger_noise(smote.nn_m_, x[rare], 1, y, kind="danger")
columns["danger"] = danger
# other-class rows among the five nearest, by plain numpy
distance = ((x[:, None, :] - x[None, :, :]) ** 2).sum(-1)
np.fill_diagonal(distance, np.inf)
nearest = np.argsort(distance, axis=1, kind="stable")
columns["others"] = (y[nearest[:, :5]] != y[:, None]).sum(1)
write("resample_mammography.csv", ["x%d" % i for i in range(x.shape[1])] + ["class"] + list(columns),
      np.column_stack([x, y] + list(columns.values())))

# ---- german credit: SMOTE-NC and SMOTE-N as in imbalanced-learn 0.12, by numpy ---------------------------------------
with open("data/german_credit.csv") as f:
    table = list(csv.DictReader(f))
numeric = ["duration_months", "credit_amount", "age"]
numeric = [n for n in table[0] if n != "id" and n != "good_credit" and len({r[n] for r in table}) > 20]
texts = [n for n in table[0] if n not in numeric and n not in ("id", "good_credit", "job")]
print("numeric:", numeric, "categories:", texts)
x = np.array([[float(r[n]) for n in numeric] for r in table])
levels = [sorted({r[n] for r in table}, key=lambda t: t.encode()) for n in texts]
codes = np.array([[l.index(r[n]) for n, l in zip(texts, levels)] for r in table])
y = np.array([0 if r["good_credit"] == "1" else 1 for r in table])
jobs = sorted({r["job"] for r in table}, key=lambda t: t.encode())
job = np.array([jobs.index(r["job"]) for r in table])


def nearest_five(distance):
    """Distances of the five nearest others, and whether the fifth is clearly nearer than the sixth."""
    np.fill_diagonal(distance, np.inf)
    order = np.argsort(distance, axis=1, kind="stable")
    d = np.take_along_axis(distance, order, 1)
    return order[:, :5], d[:, :5], d[:, 4] < d[:, 5] * (1 - 1e-9)


# NC: med is the median of the population deviations in the class; med^2 per category that differs
rare = np.flatnonzero(y == 1)
med = np.median(x[rare].std(axis=0))
a, c = x[rare], codes[rare]
distance = ((a[:, None] - a[None]) ** 2).sum(-1) + med ** 2 * (c[:, None] != c[None]).sum(-1)
order, d, clear = nearest_five(distance)
modes = np.zeros((len(rare), len(texts)))
for i in range(len(rare)):
    for j in range(len(texts)):
        values, counts = np.unique(c[order[i], j], return_counts=True)
        modes[i, j] = sum(2 ** int(v) for v in values[counts == counts.max()])
out = np.full((len(y), 6 + len(texts)), -1.0)
out[rare] = np.column_stack([d, clear, modes])
write("resample_german_nc.csv", numeric + ["code_" + n for n in texts] + ["class"] + ["d%d" % i for i in range(1, 6)] + ["clear"] + ["modes_" + n for n in texts],
      np.column_stack([x, codes, y, out]))

# N: imbalanced-learn's own value-difference metric; values are modes of the row and its five nearest, ties to the smallest
for name, target, of in (("resample_german_n.csv", y, 1), ("resample_german_n_jobs.csv", job, 0)):
    metric = ValueDifferenceMetric(n_categories=[len(l) for l in levels]).fit(codes, target)
    rows = np.flatnonzero(target == of)
    order, d, clear = nearest_five(metric.pairwise(codes[rows]))
    voted = np.zeros((len(rows), len(texts)))
    for i in range(len(rows)):
        for j in range(len(texts)):
            values, counts = np.unique(codes[rows][[i] + list(order[i]), j], return_counts=True)
            voted[i, j] = values[counts == counts.max()].min()
    out = np.full((len(target), 6 + len(texts)), -1.0)
    out[rows] = np.column_stack([d, clear, voted])
    write(name, ["code_" + n for n in texts] + ["class"] + ["d%d" % i for i in range(1, 6)] + ["clear"] + ["vote_" + n for n in texts],
          np.column_stack([codes, target, out]))
