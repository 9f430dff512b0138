-- 1,000,000 rows x 20 float8 with a linear and a logistic truth; the same on every run.
SELECT setseed(0.42);
CREATE TABLE bench AS
SELECT i AS id, x.*, x1 + 0.5 * x2 - 0.25 * x3 + 0.1 * x4 + noise AS y,
       (1 / (1 + exp(-(x1 + 0.5 * x2 - 0.25 * x3 + 0.1 * x4))) > u)::int AS c
  FROM generate_series(1, 1000000) AS i,
       LATERAL (SELECT i + 0 AS same) AS s,
       LATERAL (SELECT random() * 2 - 1 + 0 * same AS x1, random() * 3 - 1 + 0 * same AS x2, random() * 4 - 2 + 0 * same AS x3, random() * 10 + 0 * same AS x4,
                       random() + 0 * same AS x5, random() + 0 * same AS x6, random() + 0 * same AS x7, random() + 0 * same AS x8, random() + 0 * same AS x9,
                       random() + 0 * same AS x10, random() + 0 * same AS x11, random() + 0 * same AS x12, random() + 0 * same AS x13, random() + 0 * same AS x14,
                       random() + 0 * same AS x15, random() + 0 * same AS x16, random() + 0 * same AS x17, random() + 0 * same AS x18, random() + 0 * same AS x19,
                       random() + 0 * same AS x20) AS x,
       LATERAL (SELECT random() - 0.5 + 0 * same AS noise, random() + 0 * same AS u) AS n;
ALTER TABLE bench ADD PRIMARY KEY (id);
VACUUM (ANALYZE, FREEZE) bench;
