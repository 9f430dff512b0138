-- Evaluation of trained models: figures against the plain aggregates over the same model's predictions, which are checked
-- against scikit-learn in metric_aggregates; parts of the source; what is counted; reports and curves that add up.
CREATE SCHEMA evaluate_models;
SET search_path = evaluate_models;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) < 1e-12';

-- a number, an array, a text with NULLs; a text class, a 0/1 class, three classes, a number to predict; a weight
CREATE TABLE made (
	id int PRIMARY KEY, x float8, v float8[], g text, answer text, flag int, kind text, y float8, w float8);
INSERT INTO made
SELECT i, x, ARRAY[a, CASE WHEN i % 50 <> 0 THEN b END], CASE WHEN i % 60 <> 0 THEN substr('abc', i % 3 + 1, 1) END,
	CASE WHEN noise < 0.5 + 0.3 * x THEN 'yes' ELSE 'no' END, (noise < 0.5 + 0.2 * x + 0.2 * a)::int,
	CASE WHEN noise < 0.3 + 0.2 * x THEN 'low' WHEN noise < 0.7 + 0.2 * a THEN 'middle' ELSE 'high' END,
	10 + 3 * x - 2 * a + noise, 1 + (i % 5) / 2.0
FROM (SELECT i, (i * 37 % 101) / 50.0::float8 - 1 AS x, (i * 53 % 89) / 44.0::float8 - 1 AS a, (i * 71 % 97) / 48.0::float8 - 1 AS b,
	(i * 7919 % 1009) / 1009.0::float8 AS noise FROM generate_series(1, 3000) i) AS s;

CREATE TABLE report AS SELECT * FROM sustainml.train('yes', 'made', target => 'answer', features => '{x,v,g}', seed => 7);
SELECT model, task, positive, rows_used + rows_skipped + rows_held_out AS rows FROM report;
SELECT model, task, positive FROM sustainml.train('flag', 'made', target => 'flag', features => '{x,v}', holdout => 0);
SELECT model, task, classes FROM sustainml.train('kind', 'made', target => 'kind', features => '{x,v,g}', seed => 7);
SELECT model, task FROM sustainml.train('number', 'made', target => 'y', features => '{x,v,g}', weight => 'w', seed => 7);

-- the list of figures of each task
SELECT string_agg(metric, ' ' ORDER BY ordinality) FROM sustainml.evaluate('yes') WITH ORDINALITY;
SELECT string_agg(metric, ' ' ORDER BY ordinality) FROM sustainml.evaluate('kind') WITH ORDINALITY;
SELECT string_agg(metric, ' ' ORDER BY ordinality) FROM sustainml.evaluate('number') WITH ORDINALITY;

-- binary: the same from the aggregates
SELECT e.metric, near(e.value, a.value) AS equal, e.n, e.ci_low < e.value AND e.value < e.ci_high AS inside, e.reason
FROM sustainml.evaluate('yes', 'made') AS e
JOIN (SELECT sustainml.roc_auc(answer = 'yes', p) AS roc_auc, sustainml.average_precision(answer = 'yes', p) AS average_precision,
		sustainml.log_loss(answer = 'yes', p) AS log_loss, sustainml.brier_score(answer = 'yes', p) AS brier,
		sustainml.accuracy(answer, c) AS accuracy, sustainml.balanced_accuracy(answer, c) AS balanced_accuracy,
		sustainml.precision_score(answer = 'yes', c = 'yes') AS "precision", sustainml.recall_score(answer = 'yes', c = 'yes') AS recall,
		sustainml.f1_score(answer = 'yes', c = 'yes') AS f1, sustainml.mcc(answer, c) AS mcc
	FROM (SELECT answer, sustainml.predict_proba('yes', m) AS p, sustainml.predict_class('yes', m) AS c FROM made m) AS scored) AS s
	CROSS JOIN LATERAL (SELECT key, value::float8 FROM jsonb_each_text(to_jsonb(s))) AS a(key, value) ON a.key = e.metric
ORDER BY e.metric;

-- the held-out rows: those of the rule, without a source, with it, and as in the training report
SELECT near(e.value, a.value) AS without_source, near(f.value, a.value) AS with_part, near((r.metrics ->> 'log_loss')::float8, a.value) AS report
FROM sustainml.evaluate('yes') AS e, sustainml.evaluate('yes', 'made', 'held_out') AS f, report AS r,
	(SELECT sustainml.log_loss(answer = 'yes', sustainml.predict_proba('yes', t)) FROM made t WHERE sustainml.held_out(7, 0.2, id)) AS a(value)
WHERE e.metric = 'log_loss' AND f.metric = 'log_loss';

-- rows that were training rows: none, all, some, who knows
SELECT 'held out' AS part, value = 0 AS expected, reason FROM sustainml.evaluate('yes') WHERE metric = 'rows_seen_in_training'
UNION ALL
SELECT 'training', value = n AND n > 2000, reason FROM sustainml.evaluate('yes', 'made', 'training') WHERE metric = 'rows_seen_in_training'
UNION ALL
SELECT 'all', value = (SELECT count(*) FROM made WHERE NOT sustainml.held_out(7, 0.2, id)), reason
	FROM sustainml.evaluate('yes', 'made') WHERE metric = 'rows_seen_in_training'
UNION ALL
SELECT 'another source', value IS NULL, reason FROM sustainml.evaluate('yes', 'SELECT * FROM made WHERE id < 50') WHERE metric = 'rows_seen_in_training'
UNION ALL
SELECT 'no holdout', value = 3000, reason FROM sustainml.evaluate('flag', 'evaluate_models.made') WHERE metric = 'rows_seen_in_training';

-- what cannot be used is counted
SELECT metric, value, n FROM sustainml.evaluate('yes', $$
	SELECT x, v, g, CASE WHEN id <= 10 THEN NULL WHEN id <= 30 THEN 'perhaps' ELSE answer END AS answer FROM made WHERE id <= 100 $$)
WHERE metric ~ '^rows' ORDER BY metric;
SELECT metric, value, n, reason FROM sustainml.evaluate('yes', 'SELECT * FROM made WHERE false') WHERE metric IN ('rows', 'roc_auc', 'log_loss');
-- one class only
SELECT metric, value, reason FROM sustainml.evaluate('yes', $$ SELECT * FROM made WHERE answer = 'no' $$) WHERE metric IN ('roc_auc', 'recall', 'mcc');
-- columns are found by name whatever the case and order, NaN counts as missing
SELECT value > 0 AS found FROM sustainml.evaluate('yes', 'SELECT answer AS "ANSWER", g AS "G", v, CASE WHEN id = 1 THEN ''NaN'' ELSE x END AS "X" FROM made')
WHERE metric = 'accuracy';

-- the report, the matrix and the aggregates agree
SELECT r.class, near(r."precision", a.p) AS "precision", near(r.recall, a.r) AS recall, near(r.f1, a.f) AS f1, r.support = a.n AS support
FROM sustainml.classification_report('kind', 'made') AS r
JOIN (SELECT k, sustainml.precision_score(kind = k, c = k) AS p, sustainml.recall_score(kind = k, c = k) AS r, sustainml.f1_score(kind = k, c = k) AS f,
		count(*) FILTER (WHERE kind = k) AS n
	FROM (SELECT kind, sustainml.predict_class('kind', m) AS c FROM made m) AS scored, unnest('{high,low,middle}'::text[]) AS k GROUP BY k) AS a ON a.k = r.class
ORDER BY 1;
SELECT class, support, "precision" IS NULL AS no_precision FROM sustainml.classification_report('kind', 'made') WITH ORDINALITY ORDER BY ordinality;
SELECT m.actual, m.predicted, m.n = count(s.*) AS equal
FROM sustainml.confusion_matrix('kind', 'made') AS m
LEFT JOIN (SELECT kind, sustainml.predict_class('kind', t) AS c FROM made t) AS s ON s.kind = m.actual AND s.c = m.predicted
GROUP BY m.actual, m.predicted, m.n ORDER BY 1, 2;
SELECT e.metric, near(e.value, a.value) AS equal
FROM sustainml.evaluate('kind', 'made') AS e
JOIN (SELECT 'accuracy', sustainml.accuracy(kind, c) FROM (SELECT kind, sustainml.predict_class('kind', t) AS c FROM made t) AS s
	UNION ALL
	SELECT 'mcc', sustainml.mcc(kind, c) FROM (SELECT kind, sustainml.predict_class('kind', t) AS c FROM made t) AS s
	UNION ALL
	SELECT 'log_loss', avg(-ln((sustainml.predict_probabilities('kind', t) ->> kind)::float8)) FROM made t
	UNION ALL
	SELECT 'roc_auc_macro', avg(area) FROM (SELECT sustainml.roc_auc(kind = k, (sustainml.predict_probabilities('kind', t) ->> k)::float8) AS area
		FROM made t, unnest('{high,low,middle}'::text[]) AS k GROUP BY k) AS each) AS a(metric, value) USING (metric)
ORDER BY 1;

-- regression, weighted by the stored weight
SELECT e.metric, near(e.value, a.value) AS equal
FROM sustainml.evaluate('number', 'made') AS e
JOIN (SELECT sustainml.r2(y, p, w) AS r2, sustainml.rmse(y, p, w) AS rmse, sustainml.mae(y, p, w) AS mae, sustainml.mape(y, p, w) AS mape,
		sustainml.explained_variance(y, p, w) AS explained_variance
	FROM (SELECT y, w, sustainml.predict('number', m) AS p FROM made m) AS scored) AS s
	CROSS JOIN LATERAL (SELECT key, value::float8 FROM jsonb_each_text(to_jsonb(s))) AS a(key, value) ON a.key = e.metric
ORDER BY 1;

-- the curve lies where counting puts it, from end to end
SELECT count(*) BETWEEN 100 AND 1000 AS thinned, min(fpr) = 0 AND max(fpr) = 1 AND min(tpr) = 0 AND max(tpr) = 1 AS ends,
	max(threshold) = 'Infinity' AS starts_at_infinity FROM sustainml.roc_curve('yes', 'made');
SELECT bool_and(near(c.tpr, s.tpr) AND near(c.fpr, s.fpr)) AS on_the_curve
FROM (SELECT * FROM sustainml.roc_curve('yes', 'made') WHERE threshold < 'Infinity' ORDER BY fpr, tpr LIMIT 20 OFFSET 300) AS c
CROSS JOIN LATERAL (SELECT sum((answer = 'yes' AND p >= c.threshold - 1e-14)::int)::float8 / sum((answer = 'yes')::int) AS tpr,
		sum((answer = 'no' AND p >= c.threshold - 1e-14)::int)::float8 / sum((answer = 'no')::int) AS fpr
	FROM (SELECT answer, sustainml.predict_proba('yes', t) AS p FROM made t) AS scored) AS s;

-- calibration: bins add up
SELECT count(*) AS bins, sum(n) AS rows, min(bin), max(bin), bool_and(n = 0 OR mean_predicted BETWEEN (bin - 1) / 20.0 AND bin / 20.0) AS inside
FROM sustainml.calibration_curve('yes', 'made', bins => 20);
SELECT near(sum(n * abs(mean_predicted - observed)) / sum(n), (SELECT value FROM sustainml.evaluate('yes', 'made') WHERE metric = 'ece')) AS ece
FROM sustainml.calibration_curve('yes', 'made');

-- importance: x decides, g does not; both methods, twice the same
SELECT feature, method FROM sustainml.feature_importance('yes') ORDER BY importance DESC LIMIT 1;
SELECT feature, method FROM sustainml.feature_importance('yes', 'made', 'permutation') ORDER BY importance DESC LIMIT 1;
SELECT count(*) AS features, bool_and(a.importance = b.importance) AS repeatable
FROM sustainml.feature_importance('number', method => 'permutation') a JOIN sustainml.feature_importance('number', method => 'permutation') b USING (feature);

-- two versions: the second knows more
SELECT version FROM sustainml.train('flag2', 'made', target => 'flag', features => '{x}', seed => 3);
SELECT version FROM sustainml.train('flag2', 'made', target => 'flag', features => '{x,v}', seed => 3);
SELECT metric, n = (SELECT count(*) FROM made WHERE sustainml.held_out(3, 0.2, id)) AS held_out, difference < 0 AS less, ci_high < 0 AS surely, better
FROM sustainml.compare('flag2@1', 'flag2@2') WHERE metric = 'log_loss';
SELECT metric, near(difference, b - a) AS difference, ci_low IS NULL AS no_interval, better
FROM sustainml.compare('flag2@1', 'flag2@2', 'made') WHERE metric IN ('accuracy', 'roc_auc', 'rows') ORDER BY metric;
SELECT metric, better, ci_low = 0 AND ci_high = 0 AS zero FROM sustainml.compare('number', 'number') WHERE metric IN ('mse', 'rmse') ORDER BY metric;
-- the mean paired difference and its interval, worked out in SQL
SELECT near(c.difference, s.mean) AS difference, abs(c.ci_low - (s.mean - 1.959963984540054 * s.error)) < 1e-12 AS low,
	abs(c.ci_high - (s.mean + 1.959963984540054 * s.error)) < 1e-12 AS high
FROM sustainml.compare('flag2@1', 'flag2@2', 'made') AS c,
	(SELECT avg(d) AS mean, stddev_samp(d) / sqrt(count(*)) AS error
	FROM (SELECT CASE flag WHEN 1 THEN ln(a / b) ELSE ln((1 - a) / (1 - b)) END AS d
		FROM (SELECT flag, sustainml.predict_proba('flag2@1', t) AS a, sustainml.predict_proba('flag2@2', t) AS b FROM made t) AS p) AS losses) AS s
WHERE c.metric = 'log_loss';

-- a version fitted again on everything says so
SELECT version FROM sustainml.train('again', 'made', target => 'answer', features => '{x}', refit => true, seed => 7);
SELECT value = n AS all_seen, reason FROM sustainml.evaluate('again') WHERE metric = 'rows_seen_in_training';

-- a stored source is found by the search path of its training
SET search_path = pg_catalog;
SELECT value > 0 AS found FROM sustainml.evaluate('evaluate_models.yes') WHERE metric = 'accuracy';
SET search_path = evaluate_models;

-- each call leaves a run; a read-only transaction evaluates without one
SELECT count(*) > 20 AS logged, bool_and(rows IS NOT NULL) AS rows FROM sustainml.run_log WHERE kind = 'evaluate' AND model_schema = 'evaluate_models';
BEGIN READ ONLY;
SELECT value > 0 AS works FROM sustainml.evaluate('yes') WHERE metric = 'accuracy';
COMMIT;

-- what is refused
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
\x on
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('flag')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('flag', 'made', 'held_out')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'made', 'some')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate(NULL)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'SELECT x, v, answer FROM made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'SELECT x, v, g FROM made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'SELECT x, g AS v, g, answer FROM made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'SELECT x, v || 1::float8 AS v, g, answer FROM made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'SELECT 1; SELECT 2')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.roc_curve('kind', 'made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.roc_curve('yes', 'SELECT * FROM made WHERE false')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.confusion_matrix('number', 'made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.calibration_curve('yes', 'made', bins => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.feature_importance('yes', method => 'guess')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.feature_importance('yes', 'SELECT * FROM made WHERE false', 'permutation')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.compare('yes', 'kind')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.compare('yes', 'flag')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('number', 'SELECT *, -1 AS w FROM (SELECT x, v, g, y FROM made) AS m')$$);
SET sustainml.memory_limit = '64kB';
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'made')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.feature_importance('yes', 'made', 'permutation')$$);
RESET sustainml.memory_limit;
\x off

-- only with the privilege to read, and only rows one may see
CREATE ROLE evaluate_user;
GRANT USAGE ON SCHEMA evaluate_models TO evaluate_user;
GRANT SELECT ON made TO evaluate_user;
SET ROLE evaluate_user;
SELECT code, message FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'made')$$);
RESET ROLE;
SELECT sustainml.grant_model('yes', 'evaluate_user', 'read') IS NOT NULL AS granted;
SET ROLE evaluate_user;
SELECT value > 0 AS works FROM sustainml.evaluate('yes', 'made') WHERE metric = 'accuracy';
RESET ROLE;
REVOKE SELECT ON made FROM evaluate_user;
SET ROLE evaluate_user;
SELECT code, message FROM refusal($$SELECT * FROM sustainml.evaluate('yes', 'made')$$);
RESET ROLE;
GRANT SELECT ON made TO evaluate_user;
ALTER TABLE made ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON made TO evaluate_user USING (id <= 500);
SET ROLE evaluate_user;
SELECT value FROM sustainml.evaluate('yes', 'made') WHERE metric = 'rows';
RESET ROLE;

-- a stored query is the owner's code: another role, superuser or not, must name it
GRANT CREATE ON SCHEMA evaluate_models TO evaluate_user;
SET ROLE evaluate_user;
SELECT version FROM sustainml.train('theirs', 'SELECT * FROM made', target => 'answer', features => '{x}', split => '{"by": "id"}');
SELECT value > 0 AS own FROM sustainml.evaluate('theirs') WHERE metric = 'accuracy';
RESET ROLE;
\x on
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('theirs')$$);
\x off
SELECT value > 0 AS named FROM sustainml.evaluate('theirs', 'SELECT * FROM made') WHERE metric = 'accuracy';
SELECT sustainml.drop_model('theirs') IS NOT NULL AS dropped;

SELECT sustainml.drop_model(name) IS NOT NULL AS dropped FROM unnest('{yes,flag,kind,number,flag2,again}'::text[]) AS name;
DROP SCHEMA evaluate_models CASCADE;
DROP ROLE evaluate_user;
