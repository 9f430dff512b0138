-- tune_threshold: against a sweep written in SQL, on rows set aside, stored, and what is refused.
CREATE SCHEMA metric_threshold;
SET search_path = metric_threshold;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) < 1e-12';
CREATE FUNCTION refusal(query text) RETURNS TABLE (code text, message text, detail text, hint text)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	message := 'accepted';
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;

CREATE TABLE made AS
SELECT i AS id, (i * 37 % 101) / 50.0::float8 - 1 AS x, (i * 53 % 89) / 44.0::float8 - 1 AS a, 1 + (i % 5) / 2.0 AS w,
	CASE WHEN (i * 7919 % 1009) / 1009.0 < 0.12 + 0.1 * ((i * 37 % 101) / 50.0 - 1) THEN 'yes' ELSE 'no' END AS answer
FROM generate_series(1, 2000) i;
ALTER TABLE made ADD PRIMARY KEY (id);
SELECT rows_used + rows_held_out AS rows, positive FROM sustainml.train('m', 'made', target => 'answer', features => '{x,a}', holdout => 0.4);
SELECT rows_used + rows_held_out AS rows FROM sustainml.train('weighted', 'made', target => 'answer', features => '{x,a}', holdout => 0.4, weight => 'w');

-- every threshold, in SQL
CREATE VIEW scores AS
SELECT 'm' AS model, sustainml.predict_proba('m', made) AS p, answer = 'yes' AS y, 1::float8 AS w FROM made WHERE sustainml.held_out(0, 0.4, id)
UNION ALL
SELECT 'weighted', sustainml.predict_proba('weighted', made), answer = 'yes', w FROM made WHERE sustainml.held_out(0, 0.4, id);
CREATE TABLE sweep AS
SELECT model, t, 2 * tp / (2 * tp + fp + fn) AS f1, (tp / (tp + fn) + tn / (tn + fp)) / 2 AS balanced_accuracy, tp / (tp + fn) + tn / (tn + fp) - 1 AS youden,
	CASE WHEN tp + fp > 0 AND tn + fn > 0 THEN (tp * tn - fp * fn) / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) END AS mcc,
	-(fp + 8 * fn) / (tp + fp + fn + tn) AS cost, CASE WHEN tp / (tp + fn) >= 0.6 THEN tp / nullif(tp + fp, 0) END AS precision_at_recall,
	CASE WHEN tp / nullif(tp + fp, 0) >= 0.2 THEN tp / (tp + fn) END AS recall_at_precision
FROM (SELECT c.model, c.t, coalesce(sum(w) FILTER (WHERE y AND p >= t), 0) AS tp, coalesce(sum(w) FILTER (WHERE NOT y AND p >= t), 0) AS fp,
		coalesce(sum(w) FILTER (WHERE y AND p < t), 0) AS fn, coalesce(sum(w) FILTER (WHERE NOT y AND p < t), 0) AS tn
	FROM (SELECT DISTINCT model, p AS t FROM scores UNION SELECT model, 2 FROM scores) c JOIN scores s USING (model) GROUP BY 1, 2) q;

CREATE TABLE tuned AS
SELECT model, objective, figure, before, after, n, reason
FROM (VALUES ('m'), ('weighted')) AS m(model),
	(VALUES ('f1', NULL::float8, NULL::float8, NULL::float8), ('balanced_accuracy', NULL, NULL, NULL), ('youden', NULL, NULL, NULL), ('mcc', NULL, NULL, NULL),
		('cost', 1, 8, NULL), ('precision_at_recall', NULL, NULL, 0.6), ('recall_at_precision', NULL, NULL, 0.2)) AS o(objective, fp, fn, least),
	LATERAL sustainml.tune_threshold(model, objective => objective, false_positive_cost => fp, false_negative_cost => fn, at_least => least) t;
SELECT t.model, t.objective, near(CASE t.objective WHEN 'cost' THEN -after ELSE after END, best.value) AS best
FROM tuned t, LATERAL (SELECT max((to_jsonb(s) ->> t.objective)::float8) AS value FROM sweep s WHERE s.model = t.model) AS best
WHERE figure LIKE 'objective:%' ORDER BY 1, 2;
-- the threshold gives these counts
SELECT t.model, t.objective,
	near(sum(w) FILTER (WHERE y AND p >= t.after), (SELECT after FROM tuned f WHERE f.model = t.model AND f.objective = t.objective AND figure = 'true_positives')) AS hits,
	near(sum(w) FILTER (WHERE NOT y AND p < t.after), (SELECT after FROM tuned f WHERE f.model = t.model AND f.objective = t.objective AND figure = 'true_negatives')) AS passes
FROM tuned t JOIN scores s USING (model) WHERE figure = 'threshold' GROUP BY t.model, t.objective, t.after ORDER BY 1, 2;
SELECT figure, before IS NULL AS before_empty, after IS NULL AS after_empty, n = (SELECT count(*) FROM scores WHERE model = 'm') AS rows, reason
  FROM tuned WHERE model = 'm' AND objective = 'f1';

-- set stores it and notes it; the functions that decide follow
SELECT count(*) FROM sustainml.tune_threshold('m', objective => 'f1', set => true);
SELECT m.threshold = t.after AS stored, m.notes[array_upper(m.notes, 1)] LIKE 'Threshold set from 0.5 to 0.%% by tune_threshold for f1, which was %' AS noted
  FROM sustainml.models m, tuned t WHERE m.model = 'm' AND t.model = 'm' AND t.objective = 'f1' AND t.figure = 'threshold';
SELECT near(value, (SELECT after FROM tuned WHERE model = 'm' AND objective = 'f1' AND figure = 'f1')) AS f1 FROM sustainml.evaluate('m') WHERE metric = 'f1';
SELECT before = after AS unchanged FROM sustainml.tune_threshold('m', objective => 'f1') WHERE figure = 'threshold';
SELECT kind, rows, count(*) FROM sustainml.run WHERE kind = 'tune_threshold' AND model = 'm' GROUP BY kind, rows;

-- rows set aside for calibration: tuned there, measured on the others
SELECT rows_held_out > (metrics ->> 'rows')::int AS aside FROM sustainml.train('calibrated', 'made', target => 'answer', features => '{x,a}', holdout => 0.6,
	params => '{"calibration": "platt"}');
SELECT figure, n = (SELECT count(*) FROM made WHERE sustainml.held_out(0, 0.6, id) AND NOT sustainml.held_out(0, 0.3, id)) AS rows, reason
  FROM sustainml.tune_threshold('calibrated', objective => 'youden') WHERE figure = 'threshold';
CREATE TABLE set_now AS SELECT * FROM sustainml.tune_threshold('calibrated', objective => 'balanced_accuracy', set => true);
SELECT near(t.after, e.value) AS same FROM set_now t, sustainml.evaluate('calibrated') e WHERE figure = 'balanced_accuracy' AND metric = 'balanced_accuracy';

-- a source, seen rows, no way to reach a precision
SELECT n, reason FROM sustainml.tune_threshold('weighted', 'made') WHERE figure = 'threshold';
SELECT n, reason FROM sustainml.tune_threshold('weighted', 'SELECT * FROM made WHERE id <= 500') WHERE figure = 'threshold';
SELECT figure, after, reason FROM sustainml.tune_threshold('weighted', objective => 'recall_at_precision', at_least => 1) WHERE figure IN ('threshold', 'recall');

\x on
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'recall_at_precision', at_least => 1, set => true)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'balanced_acuracy')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => NULL)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold(NULL)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'cost')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'cost', false_positive_cost => 1, false_negative_cost => -1)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'cost', false_positive_cost => 0, false_negative_cost => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'f1', false_positive_cost => 1)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'f1', at_least => 0.5)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'precision_at_recall')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', objective => 'precision_at_recall', at_least => 1.5)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', $q$SELECT * FROM made WHERE answer = 'yes'$q$)$$);
SELECT count(*) FROM sustainml.train('all', 'made', target => 'answer', features => '{x,a}', holdout => 0);
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('all')$$);
SELECT count(*) FROM sustainml.train('number', 'made', target => 'x', features => '{a}');
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('number')$$);
BEGIN READ ONLY;
SELECT count(*) FROM sustainml.tune_threshold('weighted');
SELECT * FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', set => true)$$);
ROLLBACK;
\x off

-- read is enough to look, manage is needed to set
CREATE ROLE threshold_user;
GRANT USAGE ON SCHEMA metric_threshold TO threshold_user;
GRANT SELECT ON made TO threshold_user;
GRANT EXECUTE ON FUNCTION refusal(text) TO threshold_user;
SELECT sustainml.grant_model('weighted', 'threshold_user', 'read') IS NOT NULL AS granted;
SET ROLE threshold_user;
SELECT count(*) FROM sustainml.tune_threshold('weighted');
SELECT code, message FROM refusal($$SELECT * FROM sustainml.tune_threshold('weighted', set => true)$$);
RESET ROLE;
DROP SCHEMA metric_threshold CASCADE;
DROP ROLE threshold_user;
