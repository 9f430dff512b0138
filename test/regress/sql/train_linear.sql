-- Least squares: certified and independent values (test/reference/train.md), wherever the rows come from.
CREATE SCHEMA train_linear;
SET search_path = train_linear;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8, tolerance float8 DEFAULT 1e-9) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) <= tolerance * greatest(abs(expected), 1e-300)';

-- NIST StRD Longley, certified
CREATE TABLE longley (id int PRIMARY KEY, y float8, x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, x6 float8);
COPY longley FROM stdin WITH (FORMAT csv);
1,60323,83,234289,2356,1590,107608,1947
2,61122,88.5,259426,2325,1456,108632,1948
3,60171,88.2,258054,3682,1616,109773,1949
4,61187,89.5,284599,3351,1650,110929,1950
5,63221,96.2,328975,2099,3099,112075,1951
6,63639,98.1,346999,1932,3594,113270,1952
7,64989,99,365385,1870,3547,115094,1953
8,63761,100,363112,3578,3350,116219,1954
9,66019,101.2,397469,2904,3048,117388,1955
10,67857,104.6,419180,2822,2857,118734,1956
11,68169,108.4,442769,2936,2798,120445,1957
12,66513,110.8,444546,4681,2637,121950,1958
13,68655,112.6,482704,3813,2552,123366,1959
14,69564,114.2,502601,3931,2514,125368,1960
15,69331,115.7,518173,4806,2572,127852,1961
16,70551,116.9,554894,4007,2827,130081,1962
\.
CREATE TABLE longley_certified (term text, estimate float8, std_error float8);
INSERT INTO longley_certified VALUES
	('(intercept)', -3482258.63459582, 890420.383607373),
	('x1', 15.0618722713733, 84.9149257747669),
	('x2', -0.358191792925910E-01, 0.334910077722432E-01),
	('x3', -2.02022980381683, 0.488399681651699),
	('x4', -1.03322686717359, 0.214274163161675),
	('x5', -0.511041056535807E-01, 0.226073200069370),
	('x6', 1829.15146461355, 455.478499142212);
SELECT model, version, ref, algorithm, task, positive, classes, rows_used, rows_skipped, rows_held_out, metrics, fairness, energy_joules > 0 AS metered,
       active, activation_reason, notes
  FROM sustainml.train('longley', 'longley', target => 'y', holdout => 0);
SELECT term, near(c.estimate, e.estimate, 1e-9) AS estimate, near(c.std_error, e.std_error, 1e-9) AS std_error
  FROM sustainml.coefficients('longley') c JOIN longley_certified e USING (term) ORDER BY term;
SELECT figure, CASE figure WHEN 'r2' THEN near(value, 0.995479004577296, 1e-12) WHEN 'sigma' THEN near(value, 304.854073561965, 1e-10) END AS certified
  FROM sustainml.fit_summary('longley') WHERE figure IN ('r2', 'sigma');

-- NIST StRD Wampler1: a polynomial of degree 5 that fits exactly, all coefficients 1
CREATE VIEW wampler1 AS
SELECT x, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5, 1 + x + x^2 + x^3 + x^4 + x^5 AS y FROM generate_series(0, 20) AS g(i), LATERAL (SELECT i::float8 AS x) s;
SELECT rows_used FROM sustainml.train('wampler1', 'wampler1', target => 'y', holdout => 0);
SELECT term, near(estimate, 1, 1e-8) AS estimate FROM sustainml.coefficients('wampler1') ORDER BY term;
-- Wampler2: coefficients 1, 0.1, 0.01, …
CREATE VIEW wampler2 AS
SELECT x, x^2 AS x2, x^3 AS x3, x^4 AS x4, x^5 AS x5,
       1 + 0.1 * x + 0.01 * x^2 + 0.001 * x^3 + 0.0001 * x^4 + 0.00001 * x^5 AS y FROM generate_series(0, 20) AS g(i), LATERAL (SELECT i::float8 AS x) s;
SELECT rows_used FROM sustainml.train('wampler2', 'wampler2', target => 'y', holdout => 0);
SELECT term, near(estimate, CASE term WHEN '(intercept)' THEN 1 WHEN 'x' THEN 0.1 WHEN 'x2' THEN 0.01 WHEN 'x3' THEN 0.001 WHEN 'x4' THEN 0.0001 ELSE 0.00001 END, 1e-8) AS estimate
  FROM sustainml.coefficients('wampler2') ORDER BY term;

-- columns with an offset of 1e9 and a scale of 1e12 keep eight digits: the same fit as on plain columns
CREATE TABLE plain (id int PRIMARY KEY, a float8, b float8, y float8);
INSERT INTO plain SELECT i, (i * 37 % 101) / 64.0, (i * 53 % 89) / 32.0, (i * 71 % 97) / 16.0 + (i * 37 % 101) / 64.0 FROM generate_series(1, 2000) i;
CREATE VIEW shifted AS SELECT id, a + 1e9 AS a, b * 1e12 AS b, y FROM plain;
SELECT rows_used FROM sustainml.train('plain', 'plain', target => 'y', holdout => 0);
SELECT rows_used FROM sustainml.train('shifted', 'shifted', target => 'y', features => '{a,b}', holdout => 0);
SELECT p.term, near(s.estimate * CASE p.term WHEN 'b' THEN 1e12 ELSE 1 END, p.estimate, 1e-8) AS estimate,
       near(s.std_error * CASE p.term WHEN 'b' THEN 1e12 ELSE 1 END, p.std_error, 1e-8) AS std_error
  FROM sustainml.coefficients('plain') p JOIN sustainml.coefficients('shifted') s USING (term) WHERE p.term <> '(intercept)' ORDER BY 1;

-- any physical order, any plan, any kind of source: the same coefficients
CREATE TABLE backwards AS SELECT * FROM plain ORDER BY id DESC;
CREATE MATERIALIZED VIEW frozen AS SELECT * FROM plain;
CREATE TABLE parts (LIKE plain) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (500);
CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT * FROM plain;
CREATE FUNCTION differs(source text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sustainml.train('other', source, target => 'y', features => '{a,b}', holdout => 0);
	RETURN (SELECT max(abs(o.estimate - p.estimate)) FROM sustainml.coefficients('other') o JOIN sustainml.coefficients('plain') p USING (term));
END $$;
SELECT source, differs(source) < 1e-10 AS same
  FROM unnest(ARRAY['backwards', 'frozen', 'parts', 'SELECT * FROM plain', 'WITH p AS (SELECT * FROM plain) SELECT * FROM p', 'TABLE plain']) AS source;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT differs('plain') < 1e-10 AS same_in_parallel;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- missing values: the mean and an indicator; R: lm(y ~ ifelse(is.na(x), mean(x, na.rm = TRUE), x) + is.na(x))
CREATE TABLE gaps (id int PRIMARY KEY, x float8, y float8);
INSERT INTO gaps VALUES (1, 1, 2.1), (2, 2, 3.9), (3, NULL, 5), (4, 4, 8.2), (5, 5, 9.8), (6, NULL, 7), (7, 'NaN', 6.5), (8, 8, 16.1);
SELECT rows_used, notes FROM sustainml.train('gaps', 'gaps', target => 'y', holdout => 0);
SELECT term, near(estimate, CASE term WHEN '(intercept)' THEN 0.0066666666666627171 WHEN 'x' THEN 2.0033333333333339 ELSE -1.8533333333333333 END, 1e-10) AS estimate,
       near(std_error, CASE term WHEN '(intercept)' THEN 0.57755423025798081 WHEN 'x' THEN 0.12313497562521468 ELSE 0.49253990250085872 END, 1e-10) AS std_error
  FROM sustainml.coefficients('gaps') ORDER BY term;
SELECT sustainml.predict('gaps', NULL::float8) IS NULL AS all_null_is_null;

-- collinear, constant, empty, nearly distinct, key and odd columns are said
CREATE TABLE odd (id int PRIMARY KEY, a float8, twice float8, same int, nothing text, name text, place point, y float8);
INSERT INTO odd SELECT i, i % 17, 2 * (i % 17), 7, NULL, 'name ' || i, point(0, 0), i % 17 + i % 5 FROM generate_series(1, 200) i;
SELECT unnest(notes) AS note FROM sustainml.train('odd', 'odd', target => 'y', holdout => 0);
SELECT term, estimate IS NULL AS left_out FROM sustainml.coefficients('odd') ORDER BY term;

-- ridge equals scikit-learn's Ridge(alpha = 10) on the raw columns (test/reference/train.md)
SELECT rows_used FROM sustainml.train('ridge', 'longley', target => 'y', params => '{"l2": 10, "standardize": false}', holdout => 0);
SELECT term, near(estimate, CASE term WHEN '(intercept)' THEN -66483.4614331095 WHEN 'x1' THEN -26.13572980276827 WHEN 'x2' THEN 0.06333029474793078 WHEN 'x3' THEN -0.5207629979457836 WHEN 'x4' THEN -0.5935976979258146 WHEN 'x5' THEN -0.3565496156667666 WHEN 'x6' THEN 79.29531007883047 END, 1e-8) AS estimate, std_error FROM sustainml.coefficients('ridge') ORDER BY term;

-- weights: importance weights with HC1 errors, frequency weights as repeated rows
CREATE TABLE weighted (id int PRIMARY KEY, x float8, y float8, w int);
INSERT INTO weighted SELECT i, (i * 37 % 101) / 50.0, (i * 37 % 101) / 25.0 + (i * 53 % 89) / 30.0, i % 4 FROM generate_series(1, 300) i;
SELECT rows_used, rows_skipped FROM sustainml.train('frequency', 'weighted', target => 'y', weight => 'w', params => '{"weight_type": "frequency"}', holdout => 0);
SELECT rows_used FROM sustainml.train('repeated', 'SELECT x, y FROM weighted, generate_series(1, w)', target => 'y', holdout => 0);
SELECT f.term, near(f.estimate, r.estimate, 1e-10) AS estimate, near(f.std_error, r.std_error, 1e-10) AS std_error
  FROM sustainml.coefficients('frequency') f JOIN sustainml.coefficients('repeated') r USING (term) ORDER BY 1;
SELECT rows_used FROM sustainml.train('importance', 'weighted', target => 'y', weight => 'w', holdout => 0);
SELECT term, near(estimate, CASE term WHEN 'x' THEN 1.8657067348740883 ELSE 1.5968900109438826 END, 1e-10) AS estimate,
       near(std_error, CASE term WHEN 'x' THEN 0.10511561790915126 ELSE 0.11912574346506125 END, 1e-9) AS std_error
  FROM sustainml.coefficients('importance') ORDER BY term;

-- more coefficients than rows: columns are left out, the rest fits, no inference
SELECT rows_used, notes[1] FROM sustainml.train('few', 'SELECT * FROM longley WHERE id <= 3', target => 'y', features => '{x1,x2,x3,x4}', holdout => 0);
SELECT term, estimate IS NOT NULL AS kept, std_error FROM sustainml.coefficients('few') ORDER BY term;

DROP SCHEMA train_linear CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_linear.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_linear') AS q;
END $$;
