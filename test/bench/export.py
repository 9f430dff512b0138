"""The same job by exporting: COPY out, parse, scikit-learn, COPY the predictions back; against training and scoring
in the database, in turn, in one run.  The export uses its fastest route: binary COPY decoded by numpy."""
import io
import warnings
import os
import statistics
import time

import numpy as np
import psycopg2
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression

warnings.filterwarnings("ignore", category=FutureWarning)
ROUNDS = 3
sklearn_new = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 4)
COLUMNS = ["x%d" % i for i in range(1, 21)]
connection = psycopg2.connect(host=os.environ["PGHOST"], port=os.environ["PGPORT"], user="postgres", dbname="bench")
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("SET max_parallel_workers_per_gather = 0; SET jit = off")


def fetch(target):
    """One binary COPY: 11 bytes of signature, 8 of header, then per row a count and (length, float8) per column."""
    buffer = io.BytesIO()
    cursor.copy_expert("COPY (SELECT id::float8, %s, %s::float8 FROM bench) TO STDOUT (FORMAT binary)" % (", ".join(COLUMNS), target), buffer)
    fields = 22
    row = np.dtype([("n", ">i2")] + [(name, kind) for i in range(fields) for name, kind in (("l%d" % i, ">i4"), ("v%d" % i, ">f8"))])
    raw = np.frombuffer(buffer.getbuffer(), dtype=row, count=(buffer.getbuffer().nbytes - 21) // row.itemsize, offset=19)
    return (raw["v0"].astype("i8"), np.column_stack([raw["v%d" % i] for i in range(1, 21)]).astype("f8"), raw["v21"].astype("f8"))


def write_back(ids, values):
    row = np.dtype([("n", ">i2"), ("l0", ">i4"), ("id", ">i4"), ("l1", ">i4"), ("p", ">f8")])
    out = np.empty(len(ids), dtype=row)
    out["n"], out["l0"], out["id"], out["l1"], out["p"] = 2, 4, ids, 8, values
    data = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8 + out.tobytes() + b"\xff\xff"
    cursor.execute("DROP TABLE IF EXISTS exported; CREATE TABLE exported (id int, p float8)")
    cursor.copy_expert("COPY exported FROM STDIN (FORMAT binary)", io.BytesIO(data))


def by_export(kind):
    ids, x, y = fetch("y" if kind == "linear" else "c")
    if kind == "linear":
        write_back(ids, LinearRegression().fit(x, y).predict(x))
    else:
        write_back(ids, LogisticRegression(penalty=None if sklearn_new else "none", solver="newton-cholesky", tol=1e-9).fit(x, y).predict_proba(x)[:, 1])


def in_database(kind):
    target, other = ("y", "c") if kind == "linear" else ("c", "y")
    cursor.execute("SELECT ref FROM sustainml.train(%s, 'bench', target => %s, exclude => ARRAY[%s], holdout => 0)", (kind, target, other))
    cursor.execute("DROP TABLE IF EXISTS scored")
    cursor.execute("CREATE TABLE scored AS SELECT id, sustainml.%s('%s', b) AS p FROM bench b" % ("predict" if kind == "linear" else "predict_proba", kind))


def agree():
    cursor.execute("SELECT max(abs(e.p - s.p)) FROM exported e JOIN scored s USING (id)")
    return cursor.fetchone()[0]


print("train on 1,000,000 x 20 and store a prediction for every row; export / database, medians of %d interleaved rounds" % ROUNDS)
for kind in ("linear", "logistic"):
    times = {"export": [], "database": []}
    for _ in range(ROUNDS):
        for name, job in (("export", by_export), ("database", in_database)):
            start = time.perf_counter()
            job(kind)
            times[name].append(time.perf_counter() - start)
    ratio = statistics.median(e / d for e, d in zip(times["export"], times["database"]))
    print("%-9s export %.2f s, database %.2f s, ratio %.1f (largest difference of a prediction %.1e)" % (
        kind, statistics.median(times["export"]), statistics.median(times["database"]), ratio, agree()))
