-- Class weights as scikit-learn means them, the prior and its correction, calibration on rows set aside (test/reference/imbalance.md).
CREATE SCHEMA train_probability;
SET search_path = train_probability;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8, tolerance float8 DEFAULT 1e-9) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) <= tolerance * greatest(abs(expected), 1e-300)';
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

CREATE TABLE mammography (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8, f6 float8, calcification int);
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "\copy train_probability.mammography (f1, f2, f3, f4, f5, f6, calcification) FROM '$SML_DATA/mammography_quarter.csv' CSV HEADER"

-- "balanced" and an object: scikit-learn's coefficients and probabilities
SELECT rows_used, notes[2] FROM sustainml.train('balanced', 'mammography', target => 'calcification', params => '{"class_weight": "balanced"}', holdout => 0);
SELECT rows_used FROM sustainml.train('five', 'mammography', target => 'calcification', params => '{"class_weight": {"1": 5}}', holdout => 0);
CREATE TABLE expected (model text, term text, estimate float8);
INSERT INTO expected VALUES
	('balanced', '(intercept)', -1.9606300589039056), ('balanced', 'f1', 0.7577601257775748), ('balanced', 'f2', -1.583126730480095),
	('balanced', 'f3', -1.4641306517170485), ('balanced', 'f4', 1.1349982493755655), ('balanced', 'f5', 0.6832570605001944),
	('balanced', 'f6', 0.011613051657906324),
	('five', '(intercept)', -4.26653703384927), ('five', 'f1', 0.31078971282099155), ('five', 'f2', -1.4277929146014035),
	('five', 'f3', -1.9687958591438044), ('five', 'f4', 1.1175364780804085), ('five', 'f5', 0.6433499275681535), ('five', 'f6', 0.46239902511321745);
SELECT model, e.term, near(c.estimate, e.estimate, 1e-8) AS estimate, c.std_error
  FROM expected e CROSS JOIN LATERAL sustainml.coefficients(e.model) c WHERE c.term = e.term ORDER BY model, e.term;
SELECT near(sum(power(sustainml.predict_proba('balanced', m), 2)), 257.4222252279996, 1e-8) AS balanced,
       near(sum(power(sustainml.predict_proba('five', m), 2)), 66.2358772307594, 1e-8) AS five FROM mammography m;
SELECT figure, reason FROM sustainml.fit_summary('balanced') WHERE reason IS NOT NULL ORDER BY figure;
-- several classes: a class weight is the same weight on every row of the class
CREATE TABLE three AS SELECT id, f2, f4, CASE WHEN calcification = 1 THEN 'ill' WHEN f4 > 0 THEN 'high' ELSE 'low' END AS kind,
	CASE WHEN calcification = 1 THEN 7.0 WHEN f4 > 0 THEN 2.0 ELSE 1.0 END AS w FROM mammography WHERE id % 3 < 2;
ALTER TABLE three ADD PRIMARY KEY (id);
SELECT rows_used FROM sustainml.train('three', 'three', target => 'kind', features => '{f2,f4}', holdout => 0,
	params => '{"l2": 1, "class_weight": {"ill": 7, "high": 2}}');
SELECT rows_used FROM sustainml.train('three_rows', 'three', target => 'kind', features => '{f2,f4}', holdout => 0, weight => 'w', params => '{"l2": 1}');
SELECT count(*), max(abs(a.estimate - b.estimate)) < 1e-8 AS same
  FROM sustainml.coefficients('three') a JOIN sustainml.coefficients('three_rows') b USING (class, term);

-- the shares are stored; row weights count in them
SELECT class, near(training_share, CASE class WHEN '1' THEN 65 ELSE 2731 END / 2796.0) AS trained, near(fitted_share, 0.5) AS fitted, prior_corrected, calibration
  FROM sustainml.probability_basis('balanced');
SELECT class, near(b.training_share, s.share) AS trained, near(b.fitted_share, s.weighted) AS fitted, prior_corrected
  FROM sustainml.probability_basis('three') b
  JOIN (SELECT kind AS class, count(*) / sum(count(*)) OVER () AS share, sum(w)::float8 / sum(sum(w)) OVER ()::float8 AS weighted FROM three GROUP BY kind) s USING (class) ORDER BY class;
SELECT class, near(b.training_share, s.weighted) AS trained, near(b.fitted_share, s.weighted) AS fitted, prior_corrected
  FROM sustainml.probability_basis('three_rows') b
  JOIN (SELECT kind AS class, sum(w)::float8 / sum(sum(w)) OVER ()::float8 AS weighted FROM three GROUP BY kind) s USING (class) ORDER BY class;

-- too little memory for the rows: the same by streaming
SET sustainml.memory_limit = '64kB';
SELECT rows_used FROM sustainml.train('streamed', 'mammography', target => 'calcification', params => '{"class_weight": "balanced"}', holdout => 0);
RESET sustainml.memory_limit;
SELECT class, near(s.training_share, b.training_share) AS trained, near(s.fitted_share, b.fitted_share) AS fitted
  FROM sustainml.probability_basis('streamed') s JOIN sustainml.probability_basis('balanced') b USING (class) ORDER BY class;
SELECT count(std_error) AS std_errors FROM sustainml.coefficients('streamed');

-- correction by Bayes' rule: the same ranks, scikit-learn's probabilities turned back
SELECT notes[2] FROM sustainml.train('corrected', 'mammography', target => 'calcification', holdout => 0,
	params => '{"class_weight": "balanced", "prior_correction": true}');
SELECT near(avg(p), 0.02341961603581234, 1e-8) AS mean, near(sum(p * p), 29.889152393924768, 1e-8) AS squares
  FROM (SELECT sustainml.predict_proba('corrected', m) AS p FROM mammography m) s;
SELECT prior_corrected FROM sustainml.probability_basis('corrected');
-- several classes
SELECT notes[1] FROM sustainml.train('three_corrected', 'three', target => 'kind', features => '{f2,f4}', holdout => 0,
	params => '{"l2": 1, "class_weight": {"ill": 7, "high": 2}, "prior_correction": true}');
SELECT max(abs((c ->> 'ill')::float8 - (p ->> 'ill')::float8 / 7 / ((p ->> 'ill')::float8 / 7 + (p ->> 'high')::float8 / 2 + (p ->> 'low')::float8))) < 1e-12 AS bayes
  FROM (SELECT sustainml.predict_probabilities('three', t) AS p, sustainml.predict_probabilities('three_corrected', t) AS c FROM three t) s;
-- nothing to correct is said
SELECT notes[2] FROM sustainml.train('plain', 'mammography', target => 'calcification', holdout => 0, params => '{"prior_correction": true}');

-- calibration: the report adds up, and the rows set aside are in no metric
CREATE TABLE report AS SELECT * FROM sustainml.train('platt', 'mammography', target => 'calcification', holdout => 0.4,
	params => '{"class_weight": "balanced", "calibration": "platt"}');
SELECT rows_used + rows_skipped + rows_held_out AS rows, (metrics ->> 'rows')::int < rows_held_out AS fewer, notes[2:] FROM report;
SELECT (SELECT count(*) FROM mammography WHERE sustainml.held_out(0, 0.4 * 0.5, id)) = calibration_rows AS aside,
       (SELECT count(*) FROM mammography WHERE sustainml.held_out(0, 0.4, id) AND NOT sustainml.held_out(0, 0.4 * 0.5, id)) = (SELECT (metrics ->> 'rows')::int FROM report) AS measured
  FROM sustainml.probability_basis('platt') LIMIT 1;
SELECT value = (SELECT (metrics ->> 'log_loss')::float8 FROM report) AS same FROM sustainml.evaluate('platt') WHERE metric = 'log_loss';
SELECT part, metric, value = n AS all_of_them, n = (SELECT count(*) FROM mammography WHERE sustainml.held_out(0, 0.4 * 0.5, id)) AS rows
  FROM (VALUES ('calibration')) AS p(part), sustainml.evaluate('platt', part => part) WHERE metric = 'rows_seen_in_training';
SELECT n, n - value = (SELECT (metrics ->> 'rows')::int FROM report) AS unseen FROM sustainml.evaluate('platt', 'mammography') WHERE metric = 'rows_seen_in_training';

-- Platt's map is the logistic regression of the smoothed targets on the log-odds: its score equations hold
SELECT * FROM sustainml.train('raw', 'mammography', target => 'calcification', holdout => 0.4, params => '{"class_weight": "balanced"}') \gset raw_
SELECT near(b.slope, (SELECT slope FROM sustainml.probability_basis('platt') WHERE class = '1')) AS same,
	abs(sum(p - t)) < 1e-8 AS by_intercept, abs(sum((p - t) * x)) < 1e-8 AS by_slope
  FROM sustainml.probability_basis('platt') b, LATERAL (
	SELECT sustainml.predict_proba('platt', m) AS p, ln(q / (1 - q)) AS x, CASE calcification WHEN 1 THEN (n + 1.0) / (n + 2.0) ELSE 1.0 / (rows - n + 2.0) END AS t
	  FROM (SELECT m, calcification, sustainml.predict_proba('raw', m) AS q, sum(calcification) OVER () AS n, count(*) OVER () AS rows
	          FROM mammography m WHERE sustainml.held_out(0, 0.4 * 0.5, id)) s) s
 WHERE class = '1' GROUP BY b.slope;
-- ranks are unchanged, probabilities are not
SELECT sustainml.roc_auc(calcification = 1, sustainml.predict_proba('platt', m)) = sustainml.roc_auc(calcification = 1, sustainml.predict_proba('raw', m)) AS same_auc,
       avg(sustainml.predict_proba('platt', m)) BETWEEN 0.01 AND 0.04 AS calibrated, avg(sustainml.predict_proba('raw', m)) > 0.15 AS raw
  FROM mammography m WHERE sustainml.held_out(0, 0.4, id) AND NOT sustainml.held_out(0, 0.4 * 0.5, id);

-- isotonic: rises with the raw score, meets the observed share on the rows it was fitted on
SELECT notes[2:3] FROM sustainml.train('steps', 'mammography', target => 'calcification', holdout => 0.5,
	params => '{"class_weight": "balanced", "calibration": {"method": "isotonic", "share": 0.6}}');
SELECT rows_used + rows_held_out AS rows FROM sustainml.train('half', 'mammography', target => 'calcification', holdout => 0.5,
	params => '{"class_weight": "balanced"}');
SELECT count(*) FILTER (WHERE p < before) AS falls, count(*) FILTER (WHERE p > before) > 10 AS rises FROM (
	SELECT p, lag(p) OVER (ORDER BY q) AS before
	  FROM (SELECT sustainml.predict_proba('steps', m) AS p, sustainml.predict_proba('half', m) AS q FROM mammography m) s) s;
SELECT near(sum(p), sum(calcification), 0.05) AS mean, min(p) > 0 AND max(p) < 1 AS inside
  FROM (SELECT sustainml.predict_proba('steps', m) AS p, calcification FROM mammography m WHERE sustainml.held_out(0, 0.5 * 0.6, id)) s;

-- explanations add up to the log-odds of the probability, whatever became of it
SELECT model, max(abs(base + added - ln(p / (1 - p)))) < 1e-9 AS adds_up, max(rows) AS rows
  FROM (VALUES ('balanced'), ('corrected'), ('platt'), ('steps')) AS v(model),
       LATERAL (SELECT id, sustainml.predict_proba(model, m) AS p, m FROM mammography m WHERE id % 100 = 7) AS r,
       LATERAL (SELECT min(e.base) AS base, sum(contribution) AS added, count(*) AS rows FROM sustainml.explain(model, m) e) AS e
 GROUP BY model ORDER BY model;
SELECT feature, value, unit FROM sustainml.explain('steps', (SELECT m FROM mammography m WHERE id = 7)) WHERE feature LIKE '(%';

-- every path gives the same calibrated probability
SELECT bool_and(p = (sustainml.predict_probabilities('steps', m) ->> '1')::float8) AS probabilities, bool_and(p = (c).positive_probability) AS classify,
       bool_and(p = sustainml.predict_proba('steps', f1, f2, f3, f4, f5, f6)) AS scalars, bool_and(p = sustainml.predict_proba('steps', to_jsonb(m))) AS json
  FROM (SELECT m, m.*, sustainml.predict_proba('steps', m) AS p, sustainml.classify('steps', m) AS c FROM mammography m) AS m(m, id, f1, f2, f3, f4, f5, f6, calcification, p, c);

-- the other class as the positive one: the same map, turned round
SELECT positive FROM sustainml.train('zero', 'mammography', target => 'calcification', positive => '0', holdout => 0.4,
	params => '{"class_weight": "balanced", "prior_correction": true, "calibration": "platt"}');
SELECT max(abs(sustainml.predict_proba('zero', m) + sustainml.predict_proba('platt', m) - 1)) < 1e-9 AS mirrored FROM mammography m;

-- several classes: every class against the rest, adding up to one
SELECT notes[1] FROM sustainml.train('three_platt', 'three', target => 'kind', features => '{f2,f4}', holdout => 0.6, seed => 3, params => '{"l2": 1, "calibration": "platt"}');
SELECT bool_and(abs((p ->> 'ill')::float8 + (p ->> 'high')::float8 + (p ->> 'low')::float8 - 1) < 1e-12) AS one FROM (SELECT sustainml.predict_probabilities('three_platt', t) AS p FROM three t) s;
SELECT class, calibration, slope > 0 AS rises FROM sustainml.probability_basis('three_platt');

SELECT DISTINCT unit FROM sustainml.explain('three_platt', (SELECT t FROM three t WHERE id = 3));

-- other ways to hold out; refit keeps the calibration
CREATE TABLE dated AS SELECT *, id % 2 = 0 AS is_test FROM mammography;
ALTER TABLE dated ADD PRIMARY KEY (id);
CREATE TABLE second AS SELECT * FROM mammography WHERE id % 2 = 0;
SELECT 'column' AS split, rows_used + rows_skipped + rows_held_out AS rows, rows_held_out - (metrics ->> 'rows')::int BETWEEN 600 AND 800 AS aside
  FROM sustainml.train('by_column', 'dated', target => 'calcification', features => '{f1,f2,f4}', split => '{"column": "is_test"}', params => '{"calibration": "platt"}')
UNION ALL
SELECT 'time', rows_used + rows_skipped + rows_held_out, rows_held_out - (metrics ->> 'rows')::int BETWEEN 600 AND 800
  FROM sustainml.train('by_time', 'dated', target => 'calcification', features => '{f1,f2,f4}', split => '{"time": "id"}', holdout => 0.5, params => '{"calibration": "platt"}')
UNION ALL
SELECT 'source', rows_held_out, rows_held_out - (metrics ->> 'rows')::int BETWEEN 600 AND 800
  FROM sustainml.train('by_source', 'mammography', target => 'calcification', split => '{"source": "second"}', params => '{"calibration": "platt"}');
SELECT n = 1398 AS all_rows, n - value BETWEEN 600 AND 800 AS unseen FROM sustainml.evaluate('by_source', 'second') WHERE metric = 'rows_seen_in_training';
SELECT n BETWEEN 600 AND 800 AS measured, value FROM sustainml.evaluate('by_source') WHERE metric = 'rows_seen_in_training';
SELECT rows_used + rows_held_out AS rows, notes[4] FROM sustainml.train('again', 'mammography', target => 'calcification', holdout => 0.4, refit => true,
	params => '{"class_weight": "balanced", "calibration": "platt"}');
SELECT near(a.slope, b.slope) AS same FROM sustainml.probability_basis('again') a, sustainml.probability_basis('platt') b WHERE a.class = '1' AND b.class = '1';
-- retrain does the same again, and may be compared with a version without calibration
SELECT version, active, activation_reason LIKE '%split by different rules%' AS other_rows FROM sustainml.retrain('raw', params => '{"calibration": "platt"}');
SELECT version, active FROM sustainml.retrain('raw@2', activate => 'never');
SELECT near(a.slope, b.slope) AS same FROM sustainml.probability_basis('raw@2') a, sustainml.probability_basis('raw@3') b WHERE a.class = '1' AND b.class = '1';

-- two versions are compared on rows that neither of them used
SELECT n = (SELECT (metrics ->> 'rows')::int FROM report) AS rows FROM sustainml.compare('raw@1', 'platt') WHERE metric = 'log_loss';

-- what is refused
\x on
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', holdout => 0, params => '{"calibration": "platt"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibration": "plat"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibration": true}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibration": {"methd": "platt"}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibration": {"method": "platt", "share": 1}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibration": {"share": 0.5}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"calibraton": "platt"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"prior_correction": 1}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'f1', params => '{"calibration": "platt"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'f1', params => '{"prior_correction": true}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'SELECT * FROM mammography WHERE id % 5 = 0', target => 'calcification', features => '{f1,f2}', split => '{"by": "id"}', params => '{"calibration": "isotonic"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.evaluate('raw@1', part => 'calibration')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.probability_basis('nobody')$$);
\x off
DROP SCHEMA train_probability CASCADE;
