"""Synthetic rows stored in a table: INSERT … SELECT from sustainml.smote against the same job by exporting the rows to imbalanced-learn and
copying the new ones back.  Rounds are interleaved; the goal is the ratio export / database.  The export takes its fastest route: binary COPY decoded by
numpy where all columns are numbers, CSV and pandas where some are text."""
import io
import os
import statistics
import time
import warnings

# A machine may pin OpenBLAS to a kernel or cache size that is slow for numpy: the peer runs as its packages would by themselves.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np
import pandas as pd
import psycopg2
import imblearn
from imblearn.over_sampling import SMOTE, SMOTENC

warnings.filterwarnings("ignore")
ROUNDS = 5
HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
connection = psycopg2.connect(host=os.environ["PGHOST"], port=os.environ["PGPORT"], user="postgres", dbname="bench")
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("SET max_parallel_workers_per_gather = 0; SET jit = off; SET client_min_messages = warning")


def normal(shift):
    return "random() + random() + random() + random() - 2 + %s * c" % shift


def setup(name, numbers, texts, share):
    """100,000 rows of numbers, shifted in the rare class, and of texts with ten levels; the same on every run."""
    cursor.execute("SELECT to_regclass(%s)", (name,))
    if cursor.fetchone()[0]:
        return
    columns = ["%s AS x%d" % (normal(0.3 if i % 3 == 0 else 0), i) for i in range(1, numbers + 1)]
    columns += ["'level ' || floor(10 * power(random(), 1 + c))::int AS g%d" % i for i in range(1, texts + 1)]
    cursor.execute("SELECT setseed(0.42)")
    cursor.execute("CREATE TABLE %s AS SELECT %s, c FROM (SELECT (random() < %s)::int AS c FROM generate_series(1, 100000)) AS r" % (
        name, ", ".join(columns), share))
    cursor.execute("VACUUM (ANALYZE, FREEZE) %s" % name)


def fetch_numbers(name, columns):
    """One binary COPY: 11 bytes of signature, 8 of header, then per row a count and (length, value) per column."""
    buffer = io.BytesIO()
    cursor.copy_expert("COPY %s TO STDOUT (FORMAT binary)" % name, buffer)
    row = np.dtype([("n", ">i2")] + [f for i in range(columns) for f in (("l%d" % i, ">i4"), ("v%d" % i, ">f8"))] + [("lc", ">i4"), ("c", ">i4")])
    raw = np.frombuffer(buffer.getbuffer(), dtype=row, count=(buffer.getbuffer().nbytes - 21) // row.itemsize, offset=19)
    return np.column_stack([raw["v%d" % i] for i in range(columns)]).astype("f8"), raw["c"].astype("i4"), row


def export_numbers(name, columns):
    x, y, row = fetch_numbers(name, columns)
    made, labels = SMOTE(random_state=0).fit_resample(x, y)
    made, labels = made[len(x):], labels[len(x):]
    out = np.empty(len(made), dtype=row)
    out["n"], out["lc"], out["c"] = columns + 1, 4, labels
    for i in range(columns):
        out["l%d" % i], out["v%d" % i] = 8, made[:, i]
    cursor.copy_expert("COPY made FROM STDIN (FORMAT binary)", io.BytesIO(HEADER + out.tobytes() + b"\xff\xff"))


def export_mixed(name, columns):
    buffer = io.StringIO()
    cursor.copy_expert("COPY %s TO STDOUT (FORMAT csv, HEADER)" % name, buffer)
    buffer.seek(0)
    frame = pd.read_csv(buffer)
    texts = [i for i, kind in enumerate(frame.dtypes[:-1]) if kind == object]
    made, labels = SMOTENC(categorical_features=texts, random_state=0).fit_resample(frame.iloc[:, :-1], frame["c"])
    made = made.iloc[len(frame):].assign(c=labels[len(frame):])
    buffer = io.StringIO()
    made.to_csv(buffer, index=False, header=False)
    buffer.seek(0)
    cursor.copy_expert("COPY made FROM STDIN (FORMAT csv)", buffer)


def in_database(name, _):
    cursor.execute("INSERT INTO made SELECT * FROM sustainml.smote(NULL::%s, 'c')" % name)


def seconds(job, name, columns):
    cursor.execute("DROP TABLE IF EXISTS made; CREATE TABLE made (LIKE %s)" % name)
    start = time.perf_counter()
    job(name, columns)
    taken = time.perf_counter() - start
    cursor.execute("SELECT count(*), count(DISTINCT c) FROM made")
    return taken, cursor.fetchone()


print("synthetic rows of 100,000, stored; imbalanced-learn %s by export / database, medians of %d interleaved rounds" % (imblearn.__version__, ROUNDS))
for name, numbers, texts, share, goal, job in (("smote_10", 10, 0, 0.02, 2, export_numbers), ("smote_20", 20, 0, 0.2, 5, export_numbers),
                                               ("smote_mixed", 6, 4, 0.05, 10, export_mixed)):
    setup(name, numbers, texts, share)
    times = {job: [], in_database: []}
    rows = {}
    for _ in range(ROUNDS):
        for one in times:
            taken, rows[one] = seconds(one, name, numbers)
            times[one].append(taken)
    assert rows[job] == rows[in_database], rows
    ratios = sorted(e / d for e, d in zip(times[job], times[in_database]))
    print("%d numbers, %d texts, %g %% rare, %d new rows: export %.2f s, database %.2f s, ratio %.1f (least %.1f)   goal %d  %s" % (
        numbers, texts, 100 * share, rows[job][0], statistics.median(times[job]), statistics.median(times[in_database]),
        statistics.median(ratios), ratios[0], goal, "met" if statistics.median(ratios) >= goal else "NOT MET"))
