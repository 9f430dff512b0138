-- The bars of mitigation on UCI Adult by sex: trained and fitted on the training part, counted here, in SQL, on the test part.
CREATE SCHEMA mitigation_adult;
SET search_path = mitigation_adult;
SET client_min_messages = warning;
CREATE TABLE adult_train (
	id integer PRIMARY KEY, age integer, workclass text, fnlwgt integer, education text, education_num integer, marital_status text,
	occupation text, relationship text, race text, sex text, capital_gain integer, capital_loss integer, hours_per_week integer,
	native_country text, income_gt_50k integer);
CREATE TABLE adult_test (LIKE adult_train INCLUDING ALL);
\copy adult_train FROM PROGRAM 'cat "$SML_DATA"/../../../demo/data/adult_train.csv' WITH (FORMAT csv, HEADER true)
\copy adult_test FROM PROGRAM 'cat "$SML_DATA"/../../../demo/data/adult_test.csv' WITH (FORMAT csv, HEADER true)
SELECT (SELECT count(*) FROM adult_train) AS train, (SELECT count(*) FROM adult_test) AS test;

-- accuracy and gaps of decisions, by sex
CREATE FUNCTION judge(decisions text, OUT accuracy float8, OUT dp_gap float8, OUT eo_gap float8) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('WITH d AS (SELECT sex, income_gt_50k = 1 AS y, %s AS yes FROM adult_test t),
		g AS (SELECT avg(yes::int) AS sr, avg(yes::int) FILTER (WHERE y) AS tpr, avg(yes::int) FILTER (WHERE NOT y) AS fpr FROM d GROUP BY sex)
		SELECT (SELECT avg((y = yes)::int) FROM d), max(sr) - min(sr), greatest(max(tpr) - min(tpr), max(fpr) - min(fpr)) FROM g', decisions)
		INTO accuracy, dp_gap, eo_gap;
END $$;

SELECT ref, active FROM sustainml.train('plain', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0);
-- what there is to mitigate
SELECT accuracy > 0.85 AS accuracy, dp_gap BETWEEN 0.15 AND 0.18 AS gap FROM judge('sustainml.predict_proba(''plain'', t) >= 0.5');

-- demographic parity by thresholds: accuracy at least 0.831 at a gap of at most 0.005
-- (with all defaults; how settings are chosen without the test part, and how far these figures are luck: docs/mitigation.md)
CREATE TABLE fitted AS SELECT * FROM sustainml.fit_thresholds('plain', 'adult_train', evaluation_source => 'adult_test');
SELECT accuracy >= 0.831 AS accuracy, dp_gap <= 0.005 AS gap FROM judge($$sustainml.decide_by_group('plain', sustainml.predict_proba('plain', t), t.sex) = '1'$$);
-- the figures that were returned are those
SELECT group_value, abs(f.accuracy_after - j.accuracy) < 1e-12 AS accuracy, abs(f.gap_after - j.dp_gap) < 1e-12 AS gap, rows_fitted, rows_evaluated
  FROM fitted f, judge($$sustainml.decide_by_group('plain', sustainml.predict_proba('plain', t), t.sex) = '1'$$) j ORDER BY group_value;
SELECT group_value, abs(f.gap_before - j.dp_gap) < 1e-12 AS gap
  FROM fitted f, judge('sustainml.predict_proba(''plain'', t) >= 0.5') j ORDER BY group_value;
-- reject option gets there too
SELECT count(*) FROM sustainml.fit_thresholds('plain', 'adult_train', max_gap => 0.005, method => 'reject_option', evaluation_source => 'adult_test');
SELECT accuracy >= 0.831 AS accuracy, dp_gap <= 0.005 AS gap FROM judge($$sustainml.decide_by_group('plain', sustainml.predict_proba('plain', t), t.sex) = '1'$$);
-- equalized odds by thresholds: 0.840 at 0.025, which is what is asked for
SELECT count(*) FROM sustainml.fit_thresholds('plain', 'adult_train', criterion => 'equalized_odds', max_gap => 0.025, evaluation_source => 'adult_test');
SELECT accuracy >= 0.840 AS accuracy, eo_gap <= 0.025 AS gap FROM judge($$sustainml.decide_by_group('plain', sustainml.predict_proba('plain', t), t.sex) = '1'$$);

-- in training: 0.833 at 0.015, scored without the group.  With 0.02; the bound itself, 0.015, holds but lacks 0.001 of accuracy on these rows
SELECT ref FROM sustainml.train('parity', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "max_gap": 0.02}}');
SELECT accuracy >= 0.833 AS accuracy, dp_gap <= 0.015 AS gap FROM judge('sustainml.predict_proba(''parity'', t) >= 0.5');
SELECT count(*) FILTER (WHERE feature = 'sex') AS sex FROM sustainml.features('parity');
SELECT ref FROM sustainml.train('parity', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "max_gap": 0.015}}');
SELECT accuracy >= 0.831 AS accuracy, dp_gap <= 0.015 AS gap FROM judge('sustainml.predict_proba(''parity'', t) >= 0.5');
-- equalized odds in training
SELECT ref FROM sustainml.train('odds', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "constraint": "equalized_odds", "max_gap": 0.025}}');
SELECT accuracy >= 0.840 AS accuracy, eo_gap <= 0.025 AS gap FROM judge('sustainml.predict_proba(''odds'', t) >= 0.5');
-- on the training part, without a margin, it is as good as the mixture that numpy finds (test/reference/mitigation.md), or nearly so for two rates
CREATE FUNCTION judge_train(model text, OUT accuracy float8, OUT dp_gap float8, OUT eo_gap float8) LANGUAGE sql AS $$
	WITH d AS (SELECT sex, income_gt_50k = 1 AS y, sustainml.predict_proba(model, t) >= 0.5 AS yes FROM adult_train t),
		g AS (SELECT avg(yes::int) AS sr, avg(yes::int) FILTER (WHERE y) AS tpr, avg(yes::int) FILTER (WHERE NOT y) AS fpr FROM d GROUP BY sex)
	SELECT (SELECT avg((y = yes)::int) FROM d), max(sr) - min(sr), greatest(max(tpr) - min(tpr), max(fpr) - min(fpr)) FROM g $$;
SELECT ref FROM sustainml.train('mixture', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "max_gap": 0.01, "margin": 0}}');
SELECT accuracy > 0.8352 - 0.001 AS accuracy, dp_gap <= 0.01 + 1e-9 AS gap FROM judge_train('mixture');
SELECT ref FROM sustainml.train('mixture', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "constraint": "equalized_odds", "max_gap": 0.02, "margin": 0}}');
SELECT accuracy > 0.8446 - 0.0035 AS accuracy, eo_gap <= 0.02 + 1e-9 AS gap FROM judge_train('mixture');
-- rows on which a warm start of the refits fails: the search goes on from a cold one (0.80 when it did not)
CREATE TABLE adult AS SELECT * FROM adult_train;
UPDATE adult_test SET id = id + 32561;
INSERT INTO adult SELECT * FROM adult_test;
SELECT ref FROM sustainml.train('cold', 'SELECT * FROM adult WHERE NOT sustainml.held_out(10, 1/3.0, id)', target => 'income_gt_50k', protected => '{sex}', favorable => '1',
	exclude => '{id}', holdout => 0, params => '{"fairness": {"method": "exponentiated_gradient", "constraint": "equalized_odds", "max_gap": 0.025}}');
SELECT avg((income_gt_50k = (sustainml.predict_proba('cold', t) >= 0.5)::int)::int) > 0.83 AS accuracy FROM adult t WHERE sustainml.held_out(10, 1/3.0, id);
-- reweighing: 0.845 at 0.09
SELECT ref FROM sustainml.train('reweighed', 'adult_train', target => 'income_gt_50k', protected => '{sex,race}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "reweigh", "attribute": "sex"}}');
SELECT accuracy >= 0.845 AS accuracy, dp_gap <= 0.09 AS gap FROM judge('sustainml.predict_proba(''reweighed'', t) >= 0.5');
-- the others lower the gap to less than half
SELECT ref FROM sustainml.train('penalised', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "penalty"}}');
SELECT accuracy > 0.83 AS accuracy, dp_gap < 0.08 AS gap FROM judge('sustainml.predict_proba(''penalised'', t) >= 0.5');
SELECT ref FROM sustainml.train('removed', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "correlation_remover"}}');
SELECT accuracy > 0.83 AS accuracy, dp_gap < 0.08 AS gap FROM judge('sustainml.predict_proba(''removed'', t) >= 0.5');
SELECT ref FROM sustainml.train('grown', 'adult_train', target => 'income_gt_50k', protected => '{sex,race}', favorable => '1', holdout => 0,
	params => '{"fairness": {"method": "group_smote", "attribute": "sex"}}');
SELECT accuracy >= 0.84 AS accuracy, dp_gap <= 0.1 AS gap FROM judge('sustainml.predict_proba(''grown'', t) >= 0.5');
-- a cancel answers at once, in training and in the search for thresholds, and the session goes on
\set SHOW_CONTEXT never
SELECT clock_timestamp() AS started \gset
SET statement_timeout = 200;
SELECT ref FROM sustainml.train('cancelled', 'adult_train', target => 'income_gt_50k', protected => '{sex,race}', holdout => 0,
	params => '{"fairness": {"method": "exponentiated_gradient", "attribute": ["sex", "race"], "constraint": "equalized_odds", "rounds": 43, "min_rows": 1}}');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.fairness_front('plain', 'adult_train', protected => '{sex,race}', criterion => 'equalized_odds', evaluation_source => 'adult_test', points => 200);
\echo :SQLSTATE
RESET statement_timeout;
SELECT clock_timestamp() - :'started'::timestamptz < interval '900 ms' AS answered;

-- the audits before and after say the same as the count, on held-out rows
SELECT ref FROM sustainml.train('audited', 'adult_train', target => 'income_gt_50k', protected => '{sex,race}', favorable => '1',
	split => '{"source": "adult_test"}', params => '{"fairness": {"method": "reweigh", "attribute": "sex"}}');
SELECT m.method, m.attribute, m.metric, m.lowered, m.note, abs(m.gap_after - j.dp_gap) < 1e-12 AS after, abs(m.gap_before - p.dp_gap) < 0.005 AS before
  FROM sustainml.fairness_mitigation m, judge('sustainml.predict_proba(''audited'', t) >= 0.5') j,
       judge('sustainml.predict_proba(''plain'', t) >= 0.5') p
 WHERE m.model = 'audited';
SELECT a.audit_id = m.audit_after AS is_after, a.model, a.version, a.part, abs(f.value - CASE WHEN a.audit_id = m.audit_after THEN m.gap_after ELSE m.gap_before END) < 1e-12 AS same
  FROM sustainml.fairness_mitigation m
  JOIN sustainml.fairness_audit a ON a.audit_id IN (m.audit_before, m.audit_after)
  JOIN sustainml.fairness_metric f ON f.audit_id = a.audit_id AND f.metric = m.metric AND f.scope = 'disparity' AND f.attributes = '{sex}'
 WHERE m.model = 'audited' ORDER BY 1;

-- the front: accuracy falls with the bound, groups' thresholds are never below one threshold on the fitted rows
CREATE TABLE front AS SELECT * FROM sustainml.fairness_front('plain', 'adult_train', evaluation_source => 'adult_test', points => 6);
SELECT way, count(*), bool_and(fitted_gap <= max_gap + 1e-12) FILTER (WHERE max_gap > 0) AS within, max(gap) < 0.2 AS sensible FROM front GROUP BY way ORDER BY way;
SELECT bool_and(g.fitted_accuracy >= o.fitted_accuracy - 1e-12) AS group_thresholds, bool_and(g.fitted_accuracy >= r.fitted_accuracy - 1e-12) AS over_reject_option
  FROM front g JOIN front o ON o.way = 'one_threshold' AND o.max_gap = g.max_gap
  JOIN front r ON r.way = 'reject_option' AND r.max_gap = g.max_gap
 WHERE g.way = 'group_thresholds' AND g.max_gap > 0;
SELECT count(*) FROM front a JOIN front b ON a.is_pareto AND b.accuracy >= a.accuracy AND b.gap <= a.gap AND (b.accuracy > a.accuracy OR b.gap < a.gap);

-- the runs are in the log
SELECT kind, count(*) > 0 AS logged, bool_and(rows > 0) AS rows FROM sustainml.run_log WHERE kind IN ('fit_thresholds', 'fairness_front') GROUP BY kind ORDER BY kind;
SELECT count(*) FROM (SELECT sustainml.drop_model(m) FROM unnest('{plain,parity,odds,mixture,cold,reweighed,penalised,removed,grown,audited}'::text[]) m) d;
DROP SCHEMA mitigation_adult CASCADE;
