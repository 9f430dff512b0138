-- Every figure has an interval and the name of its method, or the reason why it has none; against intervals worked out on single rows by
-- numpy, scipy and statsmodels (test/reference/fairness_interval_values.py), and in the edge cases.
CREATE SCHEMA fairness_intervals;
SET search_path = fairness_intervals;
SET client_min_messages = warning;
CREATE TABLE cells (data text, sex text, race text, y int, pred int, score float8, n int);
\set lines `cat "$SML_DATA/fairness_adult_cells.csv"`
INSERT INTO cells SELECT 'adult', c[1], c[2], c[3]::int, c[4]::int, c[5]::float8, c[6]::int
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
\set lines `cat "$SML_DATA/fairness_compas_cells.csv"`
INSERT INTO cells SELECT 'compas', c[1], c[2], c[3]::int, c[4]::int, c[5]::float8, c[6]::int
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
CREATE TABLE expected (data text, weighted bool, attribute text, group_value text, metric text, low float8, high float8);
\set lines `cat "$SML_DATA/fairness_intervals_expected.csv"`
INSERT INTO expected SELECT c[1], c[2]::bool, nullif(c[3], ''), nullif(c[4], ''), c[5], nullif(c[6], '')::float8, nullif(c[7], '')::float8
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
CREATE TABLE people AS SELECT row_number() OVER (ORDER BY data, sex, race, y, pred, score, k) AS id, data, sex, race, y, pred, score FROM cells, generate_series(1, n) k;

-- intervals of groups on Adult and COMPAS by sex, race and both; the cells as rows of weight n rest on Kish's number of them
CREATE TABLE got AS
SELECT d.data, w.weighted, g.* FROM (VALUES ('adult'), ('compas')) d(data), (VALUES (false), (true)) w(weighted),
     LATERAL sustainml.fairness_groups(format('SELECT * FROM %s WHERE data = %L', CASE WHEN w.weighted THEN 'cells' ELSE 'people' END, d.data), 'y', 'pred', '{sex,race}', '1',
                                       score => 'score', weight => CASE WHEN w.weighted THEN 'n' END) g;
SELECT e.data, e.weighted, e.metric, count(*) AS intervals, count(*) FILTER (WHERE abs(e.low - g.ci_low) < 1e-9 AND abs(e.high - g.ci_high) < 1e-9) AS equal,
       count(*) FILTER (WHERE e.low IS NULL AND g.ci_low IS NULL AND g.undefined_reason IS NOT NULL) AS none_for_a_reason
FROM expected e LEFT JOIN got g ON g.scope IN ('overall', 'group') AND g.data = e.data AND g.weighted = e.weighted AND g.metric = e.metric
     AND g.attribute IS NOT DISTINCT FROM e.attribute AND g.group_value IS NOT DISTINCT FROM e.group_value
GROUP BY e.data, e.weighted, e.metric ORDER BY 1, 2, 3;
SELECT weighted, bool_and(abs(g.effective_n - h.kish) < 1e-9 * h.kish) AS kish, count(*) FROM got g
JOIN (SELECT data, race, sum(n)::float8 ^ 2 / sum(n::float8 ^ 2) AS kish FROM cells GROUP BY data, race) h ON h.data = g.data AND g.attribute = 'race' AND g.group_value = h.race
WHERE g.weighted AND g.scope = 'group' AND g.metric IN ('mean_score', 'brier', 'selection_rate') GROUP BY weighted;

-- what an interval must be, of any function: around the value, with a method, or with a reason
CREATE TABLE everything AS SELECT 'groups' AS what, metric, value, ci_low, ci_high, ci_method, undefined_reason FROM got;
INSERT INTO everything SELECT 'disparity', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_disparity(format('SELECT * FROM people WHERE data = %L', data), 'y', 'pred', '{sex,race}', '1', score => 'score');
INSERT INTO everything SELECT 'weighted disparity', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_disparity(format('SELECT *, n / 7.0 AS w FROM cells WHERE data = %L', data), 'y', 'pred', '{sex,race}', '1', score => 'score', weight => 'w');
INSERT INTO everything SELECT 'multiclass', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM
  sustainml.fairness_multiclass('SELECT *, (score * 3)::int AS grade, (score * 2.6 + y * 0.4)::int AS guess FROM people WHERE data = ''compas''', 'grade', 'guess', '{sex,race}', 2, draws => 200);
INSERT INTO everything SELECT 'calibration', v.* FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_calibration(format('SELECT * FROM people WHERE data = %L', data), 'y', 'score', '{sex,race}', intersections => 2) c,
  LATERAL (VALUES ('mean_score', mean_score, score_ci_low, score_ci_high, score_ci_method, NULL), ('observed', observed, ci_low, ci_high, ci_method, undefined_reason)) v;
INSERT INTO everything SELECT 'data', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_data(format('SELECT * FROM people WHERE data = %L', data), 'y', '{sex,race}', '1', 2);
INSERT INTO everything SELECT 'inequality', v.* FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_inequality(format('SELECT * FROM people WHERE data = %L', data), 'y', 'pred', '{sex,race}', '1', intersections => 2) i,
  LATERAL (VALUES (metric, value, ci_low, ci_high, ci_method, undefined_reason), ('between', between_groups, between_ci_low, between_ci_high, ci_method, undefined_reason),
                  ('within', within_groups, within_ci_low, within_ci_high, ci_method, undefined_reason)) v WHERE v.column1 NOT IN ('between', 'within') OR i.metric <> 'coefficient_of_variation';
INSERT INTO everything SELECT 'regression', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM (VALUES ('adult'), ('compas')) d(data),
  sustainml.fairness_regression(format('SELECT *, 50 * y + id %% 13 AS cost, 40 * score AS guess FROM people WHERE data = %L', data), 'cost', 'guess', '{sex,race}', 2);
INSERT INTO everything SELECT 'adverse_impact', v.* FROM (VALUES ('adult'), ('compas')) d(data), sustainml.adverse_impact(format('SELECT * FROM people WHERE data = %L', data), 'pred', '{sex,race}', '1') a,
  LATERAL (VALUES ('share', share, share_ci_low, share_ci_high, share_ci_method, NULL), ('rate', selection_rate, rate_ci_low, rate_ci_high, rate_ci_method, undefined_reason), ('ratio', impact_ratio, ratio_ci_low, ratio_ci_high, ratio_ci_method, undefined_reason)) v;
INSERT INTO everything SELECT 'll144', v.* FROM (VALUES ('adult'), ('compas')) d(data), sustainml.bias_audit_ll144(format('SELECT * FROM people WHERE data = %L', data), '{sex,race}', score => 'score') a,
  LATERAL (VALUES ('share', share, share_ci_low, share_ci_high, share_ci_method, NULL), ('rate', rate, rate_ci_low, rate_ci_high, rate_ci_method, excluded_reason), ('ratio', impact_ratio, ratio_ci_low, ratio_ci_high, ratio_ci_method, excluded_reason)) v;
INSERT INTO everything SELECT 'strata', v.* FROM (VALUES ('adult'), ('compas')) d(data), sustainml.fairness_strata(format('SELECT * FROM people WHERE data = %L', data), 'pred', '{sex}', '{race}', '1') s,
  LATERAL (VALUES ('selection_rate', selection_rate, rate_ci_low, rate_ci_high, rate_ci_method, undefined_reason),
                  ('reference_rate', reference_rate, reference_ci_low, reference_ci_high, reference_ci_method, undefined_reason),
                  ('difference', difference, difference_ci_low, difference_ci_high, 'newcombe', undefined_reason),
                  ('conditional_difference', conditional_difference, conditional_difference_ci_low, conditional_difference_ci_high, 'sato', undefined_reason),
                  ('odds_ratio', odds_ratio, odds_ratio_ci_low, odds_ratio_ci_high, 'robins', undefined_reason),
                  ('conditional_disparity', conditional_disparity, conditional_disparity_ci_low, conditional_disparity_ci_high, 'mover', undefined_reason)) v;
INSERT INTO everything SELECT 'consistency', 'consistency', consistency, ci_low, ci_high, ci_method, undefined_reason FROM
  sustainml.fairness_consistency('SELECT * FROM people WHERE data = ''compas'' AND id % 20 = 0', 'y', '{score,id}');
INSERT INTO everything SELECT 'bins', v.* FROM
  sustainml.fairness_bins((SELECT sustainml.fairness_counts(y = 1, pred = 1, score, n / 3.0) FROM cells WHERE data = 'adult')) b,
  LATERAL (VALUES ('mean_score', mean_score, score_ci_low, score_ci_high, score_ci_method, undefined_reason), ('observed', observed, ci_low, ci_high, ci_method, undefined_reason)) v;
-- and of the views on what is stored
CREATE TABLE stored AS SELECT data, sustainml.fairness_audit(format('SELECT * FROM fairness_intervals.people WHERE data = %L', data), 'y', 'pred', '{sex,race}', '1', score => 'score', draws => 200) AS audit_id
FROM (VALUES ('adult'), ('compas')) d(data);
INSERT INTO everything SELECT 'view fairness_history', metric, value, ci_low, ci_high, ci_method, undefined_reason FROM sustainml.fairness_history JOIN stored USING (audit_id);
INSERT INTO everything SELECT 'view impact_ratio', v.* FROM sustainml.impact_ratio JOIN stored USING (audit_id),
  LATERAL (VALUES ('share', share, share_ci_low, share_ci_high, share_ci_method, NULL), ('rate', selection_rate, rate_ci_low, rate_ci_high, rate_ci_method, NULL), ('ratio', impact_ratio, ratio_ci_low, ratio_ci_high, ratio_ci_method, undefined_reason)) v;
INSERT INTO everything SELECT 'view ll144', v.* FROM sustainml.ll144 JOIN stored USING (audit_id),
  LATERAL (VALUES ('share', share, share_ci_low, share_ci_high, share_ci_method, NULL), ('rate', selection_rate, rate_ci_low, rate_ci_high, rate_ci_method, NULL), ('ratio', impact_ratio, ratio_ci_low, ratio_ci_high, ratio_ci_method, excluded_reason)) v;
INSERT INTO everything SELECT 'view calibration', v.* FROM sustainml.calibration JOIN stored USING (audit_id),
  LATERAL (VALUES ('mean_score', mean_score, score_ci_low, score_ci_high, score_ci_method, undefined_reason), ('observed', observed, ci_low, ci_high, ci_method, undefined_reason)) v;
SELECT what, count(*) > 0 AS some, count(*) FILTER (WHERE value IS NULL AND undefined_reason IS NULL) AS null_without_reason,
       count(*) FILTER (WHERE value IS NOT NULL AND ci_low IS NULL AND undefined_reason IS NULL) AS no_interval_without_reason,
       count(*) FILTER (WHERE (ci_low IS NULL) <> (ci_high IS NULL) OR ci_low IS NOT NULL AND ci_method IS NULL) AS half,
       count(*) FILTER (WHERE NOT (ci_low <= value + 1e-12 AND value - 1e-12 <= ci_high)) AS not_around_the_value,
       count(*) FILTER (WHERE ci_low = ci_high AND ci_method <> 'by_definition' AND NOT (metric = 'between' AND value = 0)) AS points,
       string_agg(DISTINCT undefined_reason, ', ') FILTER (WHERE value IS NOT NULL AND ci_low IS NULL) AS no_interval
FROM everything GROUP BY what ORDER BY what;

-- the view on an audit says of Local Law 144 what the function says; shares by Wilson's formula
SELECT count(*) > 10 AS categories, bool_and((v.selection_rate, v.rate_ci_low, v.rate_ci_high, v.impact_ratio, v.ratio_ci_low, v.ratio_ci_high, v.ratio_ci_method, v.under_two_percent)
         IS NOT DISTINCT FROM (f.rate, f.rate_ci_low, f.rate_ci_high, f.impact_ratio, f.ratio_ci_low, f.ratio_ci_high, f.ratio_ci_method, f.under_two_percent)) AS alike,
       bool_and(v.reference_category = f.reference_category) AS references,
       bool_and(abs(v.share_ci_low - h.low) < 1e-12 AND abs(v.share_ci_high - h.high) < 1e-12 AND abs(f.share_ci_low - h.low) < 1e-12) AS shares
FROM stored JOIN sustainml.ll144 v USING (audit_id)
JOIN (SELECT d.data, l.* FROM (VALUES ('adult'), ('compas')) d(data), sustainml.bias_audit_ll144(format('SELECT * FROM people WHERE data = %L', data), '{sex,race}', 'pred', '1') l) f
  ON f.data = stored.data AND f.attribute = v.attribute AND f.category = v.category,
LATERAL (SELECT (p + z2 / 2 / n - r) / (1 + z2 / n) AS low, (p + z2 / 2 / n + r) / (1 + z2 / n) AS high
         FROM (SELECT p, n, z2, sqrt(z2) * sqrt(p * (1 - p) / n + z2 / 4 / n / n) AS r FROM (SELECT v.share AS p, (SELECT count(*) FROM people WHERE data = stored.data)::float8 AS n, 1.959963984540054 ^ 2 AS z2) a) b) h;
SELECT bool_and(h.effective_n IS NOT DISTINCT FROM g.effective_n) AS effective, count(h.effective_n) > 100 AS some
FROM stored JOIN sustainml.fairness_history h USING (audit_id) JOIN got g ON g.data = stored.data AND NOT g.weighted AND g.scope = h.scope AND g.metric = h.metric
  AND g.attribute IS NOT DISTINCT FROM h.attribute AND g.group_value IS NOT DISTINCT FROM h.group_value WHERE h.scope <> 'disparity';

-- a difference of two groups' means is nearly Welch's; by hand
SELECT d.metric, abs(d.value - abs(h.m1 - h.m2)) < 1e-12 AS value, abs(d.ci_high - (d.value + 1.96 * sqrt(h.v1 / h.n1 + h.v2 / h.n2))) < 1e-4 AS welch
FROM sustainml.fairness_disparity('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{sex}', '1', score => 'score') d,
     (SELECT avg(score) FILTER (WHERE sex = 'Male') AS m1, avg(score) FILTER (WHERE sex = 'Female') AS m2, var_samp(score) FILTER (WHERE sex = 'Male') AS v1,
             var_samp(score) FILTER (WHERE sex = 'Female') AS v2, count(*) FILTER (WHERE sex = 'Male') AS n1, count(*) FILTER (WHERE sex = 'Female') AS n2 FROM people WHERE data = 'compas') h
WHERE d.metric = 'mean_score_difference';

-- the same seed, the same interval; another, another; a target far from 0 loses no digits
SELECT bool_and(a.ci_high = b.ci_high) AS repeats, bool_or(a.ci_high <> c.ci_high) AS differs
FROM sustainml.fairness_disparity('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{race}', '1', score => 'score') a
JOIN sustainml.fairness_disparity('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{race}', '1', score => 'score') b USING (metric)
JOIN sustainml.fairness_disparity('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{race}', '1', score => 'score', seed => 5) c USING (metric) WHERE a.ci_high IS NOT NULL;
SELECT count(*) AS figures, bool_and(abs(a.ci_low - b.ci_low) < 1e-6 AND abs(a.ci_high - b.ci_high) < 1e-6) AS same
FROM sustainml.fairness_regression('SELECT *, 50 * y + id % 13 AS cost, 40 * score AS guess FROM people WHERE data = ''compas''', 'cost', 'guess', '{sex}') a
JOIN sustainml.fairness_regression('SELECT *, 1e6 + 50 * y + id % 13 AS cost, 1e6 + 40 * score AS guess FROM people WHERE data = ''compas''', 'cost', 'guess', '{sex}') b USING (attribute, group_value, metric)
WHERE a.metric IN ('r2', 'rmse', 'mae', 'mean_error') AND a.attribute <> 'overall';

-- edge cases: one group, no positives, NULLs, NaN scores, one row, odd names, ties, zero weights, 5,000 groups, nobody
CREATE TABLE t ("odd ""g""" text, y int, p int, s float8, w float8, x float8);
CREATE FUNCTION unexplained(query text) RETURNS TABLE (what text, figures bigint, unexplained bigint, points bigint, outside bigint) LANGUAGE plpgsql AS $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY[
		'fairness_groups(%L, ''y'', ''p'', ''{"odd \"g\""}'', ''1'', score => ''s'', weight => ''w'', draws => 0)', 'fairness_disparity(%L, ''y'', ''p'', ''{"odd \"g\""}'', ''1'', score => ''s'', weight => ''w'', draws => 100)',
		'fairness_data(%L, ''y'', ''{"odd \"g\""}'', draws => 100)', 'fairness_regression(%L, ''x'', ''s'', ''{"odd \"g\""}'', draws => 100)', 'fairness_inequality(%L, ''y'', ''p'', ''{"odd \"g\""}'', ''1'', draws => 100)'] LOOP
		RETURN QUERY EXECUTE format('SELECT %L, count(*), count(*) FILTER (WHERE (value IS NULL OR ci_low IS NULL OR ci_high IS NULL) AND undefined_reason IS NULL),
			count(*) FILTER (WHERE ci_low = ci_high AND metric <> ''impact_ratio''), count(*) FILTER (WHERE NOT (ci_low <= value + 1e-12 AND value - 1e-12 <= ci_high)) FROM sustainml.', split_part(f, '(', 1)) || format(f, query);
	END LOOP;
END $$;
SELECT * FROM unexplained('t') WHERE what <> 'fairness_inequality';
INSERT INTO t SELECT 'only', i % 2, i % 3 % 2, i % 10 / 10.0, 1, i FROM generate_series(1, 50) i;
SELECT * FROM unexplained('t');
INSERT INTO t SELECT E'a''b & c', 0, i % 2, 0.5, 0.25, i % 4 FROM generate_series(1, 40) i;           -- no positives, all scores tied
INSERT INTO t SELECT 'holes', CASE WHEN i % 3 > 0 THEN i % 2 END, CASE WHEN i % 5 > 0 THEN i % 2 END, CASE WHEN i % 7 = 0 THEN 'NaN' WHEN i % 4 > 0 THEN i / 30.0 END,
       CASE WHEN i % 6 = 0 THEN 0 WHEN i % 11 > 0 THEN i END, CASE WHEN i % 9 > 0 THEN i END FROM generate_series(1, 30) i;
INSERT INTO t VALUES ('one', 1, 1, 0.9, 1, 3), (NULL, 1, 0, 0.4, 1, 2), ('', 0, 0, 0, 2, 1), ('two', 1, 0, 1, 1, 5), ('two', 0, 1, 0, 1, 6);
SELECT * FROM unexplained('t');
-- one row and rows that are alike: what the range of scores leaves open, not a point
SELECT group_value, metric, value, round(ci_low::numeric, 3) AS ci_low, round(ci_high::numeric, 3) AS ci_high, ci_method, undefined_reason
FROM sustainml.fairness_groups('t', 'y', 'p', '{"odd \"g\""}', '1', score => 's')
WHERE scope = 'group' AND group_value IN ('one', E'a''b & c') AND metric IN ('mean_score', 'log_loss', 'ece', 'roc_auc', 'tpr') ORDER BY group_value COLLATE "C", metric;
-- a group without an interval takes it from the difference, for a reason
SELECT metric, round(value::numeric, 3) AS value, ci_low, undefined_reason FROM sustainml.fairness_disparity('t', 'y', 'p', '{"odd \"g\""}', '1', score => 's') WHERE metric = 'log_loss_difference';
-- no draws: what needs them says so, what does not has an interval
SELECT undefined_reason, count(*) > 0 AS some FROM sustainml.fairness_disparity('t', 'y', 'p', '{"odd \"g\""}', '1', draws => 0) WHERE value IS NOT NULL GROUP BY 1;
SELECT metric, undefined_reason FROM sustainml.fairness_inequality('t', 'y', 'p', '{"odd \"g\""}', '1', draws => 0) WHERE attribute <> 'overall' ORDER BY 1;
CREATE TABLE many AS SELECT 'group ' || i % 5000 AS "odd ""g""", i % 2 AS y, (i % 7 = 0)::int AS p, i % 11 / 10.0 AS s, 1 AS w, i % 17 AS x FROM generate_series(1, 50000) i;
SELECT * FROM unexplained('many');
-- weights that are multiples of one number change nothing; fractional ones rest on fewer rows than there are
SELECT bool_and(abs(a.ci_low - b.ci_low) < 1e-12 AND abs(a.ci_high - b.ci_high) < 1e-12) AS same, count(*) > 20 AS some
FROM sustainml.fairness_groups('SELECT *, 0.125 AS v FROM t', 'y', 'p', '{"odd \"g\""}', '1', score => 's', weight => 'v') a
JOIN sustainml.fairness_groups('t', 'y', 'p', '{"odd \"g\""}', '1', score => 's') b USING (scope, attribute, group_value, metric) WHERE a.ci_low IS NOT NULL AND b.ci_low IS NOT NULL;
SELECT bool_and(effective_n < n) AS fewer FROM sustainml.fairness_groups('t', 'y', 'p', '{"odd \"g\""}', '1', score => 's', weight => 'w') WHERE group_value = 'holes' AND metric = 'mean_score' AND scope = 'group';
-- consistency: few rows, rows all alike, the order of rows
SELECT consistency, ci_low, undefined_reason FROM sustainml.fairness_consistency('SELECT i AS x, (i % 2) AS p FROM generate_series(1, 30) i', 'p', '{x}');
SELECT consistency, ci_low, undefined_reason FROM sustainml.fairness_consistency('SELECT i AS x, 1 AS p FROM generate_series(1, 60) i', 'p', '{x}', favorable => '1');
SELECT abs(a.ci_low - b.ci_low) < 1e-12 AS same, a.ci_low < a.consistency AND a.consistency < a.ci_high AS around
FROM sustainml.fairness_consistency('SELECT id, score, y FROM people WHERE data = ''adult'' AND id % 50 = 0 ORDER BY id', 'y', '{score}') a,
     sustainml.fairness_consistency('SELECT id, score, y FROM people WHERE data = ''adult'' AND id % 50 = 0 ORDER BY score DESC, id DESC', 'y', '{score}') b;

-- kept audits say it too, and a policy on a figure that had none can be judged
CREATE TABLE kept AS SELECT sustainml.fairness_audit('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{race}', '1', score => 'score') AS id;
SELECT count(*) FILTER (WHERE (value IS NULL OR ci_low IS NULL) AND undefined_reason IS NULL) AS unexplained, count(*) > 100 AS some FROM sustainml.fairness_history h, kept WHERE h.audit_id = kept.id;
SET client_min_messages = warning;
DROP SCHEMA fairness_intervals CASCADE;
