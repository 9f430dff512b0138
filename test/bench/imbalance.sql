-- Nine ways to deal with a rare class, on mammography (2.3 % positives), by the extension's own functions: the figures of
-- docs/imbalance.md.  For each seed the rows are split by the hash of their key: one half trains, a quarter calibrates and
-- tunes thresholds, a quarter is measured; all rows are real.  Run by test/bench/imbalance.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS imbalance CASCADE;
CREATE SCHEMA imbalance;
SET search_path = imbalance;

CREATE TABLE mammography (id int PRIMARY KEY, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8, f6 float8, calcification int);
\copy mammography FROM 'demo/data/mammography.csv' CSV HEADER

CREATE TABLE way (n int PRIMARY KEY, way text, params jsonb, objective text);
INSERT INTO way VALUES
	(1, 'plain', '{}', NULL),
	(2, 'class weights', '{"class_weight": "balanced"}', NULL),
	(3, 'class weights, prior corrected', '{"class_weight": "balanced", "prior_correction": true}', NULL),
	(4, 'SMOTE', '{"resample": "smote"}', NULL),
	(5, 'SMOTE, prior corrected', '{"resample": "smote", "prior_correction": true}', NULL),
	(6, 'SMOTE, calibrated (platt)', '{"resample": "smote", "calibration": "platt"}', NULL),
	(7, 'SMOTE, calibrated (isotonic)', '{"resample": "smote", "calibration": "isotonic"}', NULL),
	(8, 'plain, threshold tuned for balanced accuracy', '{}', 'balanced_accuracy'),
	(9, 'plain, threshold tuned for F1', '{}', 'f1');
CREATE TABLE figure (seed int, n int, metric text, value float8);

CREATE PROCEDURE measure(p_seed int) LANGUAGE plpgsql AS $$
DECLARE
	w way;
	measured text := format('SELECT * FROM imbalance.mammography WHERE sustainml.held_out(%s, 0.5, id) AND NOT sustainml.held_out(%s, 0.25, id)', p_seed, p_seed);
	aside text := format('SELECT * FROM imbalance.mammography WHERE sustainml.held_out(%s, 0.25, id)', p_seed);
	reference text;
BEGIN
	FOR w IN SELECT * FROM way ORDER BY n LOOP
		SELECT ref INTO reference FROM sustainml.train('imbalance_' || w.n, 'imbalance.mammography', target => 'calcification', params => w.params, holdout => 0.5, seed => p_seed);
		IF w.objective IS NOT NULL THEN
			PERFORM sustainml.tune_threshold(reference, aside, objective => w.objective, set => true);
		END IF;
		INSERT INTO figure SELECT p_seed, w.n, metric, value FROM sustainml.evaluate(reference, measured)
		 WHERE metric IN ('roc_auc', 'average_precision', 'log_loss', 'ece', 'balanced_accuracy', 'f1');
	END LOOP;
END $$;
SELECT format('CALL imbalance.measure(%s)', seed) FROM generate_series(1, :seeds) AS seed \gexec

\echo
\echo Means over :seeds splits (and, for the difference from plain, its standard error over the splits):
SELECT way AS "way",
	round(avg(value) FILTER (WHERE metric = 'roc_auc')::numeric, 3) AS "AUC",
	round(avg(value) FILTER (WHERE metric = 'average_precision')::numeric, 3) AS "average precision",
	round(avg(value) FILTER (WHERE metric = 'log_loss')::numeric, 4) AS "log loss",
	round(avg(value) FILTER (WHERE metric = 'ece')::numeric, 4) AS "ECE",
	round(avg(value) FILTER (WHERE metric = 'balanced_accuracy')::numeric, 3) AS "balanced accuracy",
	round(avg(value) FILTER (WHERE metric = 'f1')::numeric, 3) AS "F1"
  FROM figure JOIN way USING (n) GROUP BY n, way ORDER BY n;
SELECT way AS "way",
	string_agg(format('%s %s ± %s', f.metric, round(d::numeric, 4), round(s::numeric, 4)), ', ' ORDER BY f.metric) AS "difference from plain"
  FROM (SELECT f.n, f.metric, avg(f.value - p.value) AS d, stddev_samp(f.value - p.value) / sqrt(count(*)) AS s
          FROM figure f JOIN figure p ON p.seed = f.seed AND p.metric = f.metric AND p.n = 1
         WHERE f.n > 1 AND f.metric IN ('roc_auc', 'average_precision', 'log_loss') GROUP BY 1, 2) AS f
  JOIN way USING (n) GROUP BY n, way ORDER BY n;
SELECT sustainml.drop_model('imbalance_' || n) FROM way \g /dev/null
DROP SCHEMA imbalance CASCADE;
