#!/usr/bin/python3
"""The rows "plain", "class weights" and "SMOTE" of docs/imbalance.md by scikit-learn and imbalanced-learn, on the splits that
the extension makes.  Needs python3-sklearn, python3-imblearn and python3-psycopg2, and the database that test/bench/imbalance leaves behind.
    eval "$(scripts/cluster env)"; PGDATABASE=imbalance test/bench/imbalance.py [splits]
"""
import sys
import numpy as np
import psycopg2
from imblearn.over_sampling import SMOTE
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

splits = int(sys.argv[1]) if len(sys.argv) > 1 else 20
cells = np.loadtxt("demo/data/mammography.csv", delimiter=",", skiprows=1)
x, y = cells[:, 1:-1], cells[:, -1].astype(int)
cursor = psycopg2.connect("").cursor()
figures = {"plain": [], "class weights": [], "SMOTE": []}
for seed in range(1, splits + 1):
    cursor.execute("SELECT CASE WHEN NOT sustainml.held_out(%s, 0.5, id) THEN 0 WHEN sustainml.held_out(%s, 0.25, id) THEN 1 ELSE 2 END"
                   " FROM generate_series(1, %s) AS id ORDER BY id", (seed, seed, len(y)))
    part = np.array([row[0] for row in cursor.fetchall()])
    scaler = StandardScaler().fit(x[part == 0])
    train, test = scaler.transform(x[part == 0]), scaler.transform(x[part == 2])
    truth = y[part == 2]
    for way in figures:
        rows, labels = train, y[part == 0]
        if way == "SMOTE":
            rows, labels = SMOTE(random_state=seed).fit_resample(rows, labels)
        model = LogisticRegression(penalty=None, class_weight="balanced" if way == "class weights" else None, tol=1e-8, max_iter=5000)
        p = model.fit(rows, labels).predict_proba(test)[:, 1]
        figures[way].append([roc_auc_score(truth, p), average_precision_score(truth, p), log_loss(truth, p),
                             balanced_accuracy_score(truth, p >= 0.5), f1_score(truth, p >= 0.5)])
print("AUC, average precision, log loss, balanced accuracy, F1")
for way, rows in figures.items():
    print(f"{way:14}", *(f"{mean:.4f}" for mean in np.mean(rows, axis=0)))
