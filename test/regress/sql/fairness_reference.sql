-- Figures of groups and disparities on Adult and COMPAS against pandas, numpy and scipy, row by row
-- (test/reference/fairness.md); the published COMPAS and Berkeley figures; weights, parallel plans, SQL by hand.
CREATE SCHEMA fairness_reference;
SET search_path = fairness_reference;
SET client_min_messages = warning;
CREATE TABLE cells (data text, sex text, race text, y int, pred int, score float8, n int);
\set lines `cat "$SML_DATA/fairness_adult_cells.csv"`
INSERT INTO cells SELECT 'adult', c[1], c[2], c[3]::int, c[4]::int, c[5]::float8, c[6]::int
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
\set lines `cat "$SML_DATA/fairness_compas_cells.csv"`
INSERT INTO cells SELECT 'compas', c[1], c[2], c[3]::int, c[4]::int, c[5]::float8, c[6]::int
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
CREATE TABLE expected (data text, scope text, attribute text, group_value text, metric text, value float8);
\set lines `cat "$SML_DATA/fairness_expected.csv"`
INSERT INTO expected SELECT c[1], c[2], nullif(c[3], ''), nullif(c[4], ''), c[5], nullif(c[6], '')::float8
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, k), string_to_array(line, ',') AS c WHERE k > 1 AND line <> '';
CREATE TABLE people AS SELECT data, sex, race, y, pred, score FROM cells, generate_series(1, n);
SELECT data, count(*), sum(y) AS positives, sum(pred) AS predicted FROM people GROUP BY data ORDER BY data;

-- every figure of both, by sex, race and both
CREATE TABLE got AS
SELECT d.data, g.scope, g.attribute, g.group_value, g.metric, g.value, g.undefined_reason
FROM (VALUES ('adult'), ('compas')) d(data),
     sustainml.fairness_groups(format('SELECT * FROM people WHERE data = %L', d.data), 'y', 'pred', '{sex,race}', '1', score => 'score', draws => 0) g
WHERE g.scope IN ('overall', 'group')
UNION ALL
SELECT d.data, 'disparity', g.attribute, NULL, g.metric, g.value, g.undefined_reason
FROM (VALUES ('adult'), ('compas')) d(data),
     sustainml.fairness_disparity(format('SELECT * FROM people WHERE data = %L', d.data), 'y', 'pred', '{sex,race}', '1', score => 'score', draws => 0) g;
SELECT e.data, e.scope, count(*) AS figures, count(g.metric) AS found, count(*) FILTER (WHERE abs(e.value - g.value) < 1e-9) AS equal,
       count(*) FILTER (WHERE e.value IS NULL AND g.value IS NULL AND g.undefined_reason IS NOT NULL) AS both_undefined
FROM expected e LEFT JOIN got g ON g.data = e.data AND g.scope = e.scope AND g.attribute IS NOT DISTINCT FROM e.attribute
     AND g.group_value IS NOT DISTINCT FROM e.group_value AND g.metric = e.metric
GROUP BY e.data, e.scope ORDER BY 1, 2;

-- what ProPublica published: Medium and High count as predicted to reoffend
SELECT group_value, metric, round(value::numeric, 4) AS value FROM got
WHERE data = 'compas' AND attribute = 'race' AND group_value IN ('African-American', 'Caucasian') AND metric IN ('fpr', 'fnr', 'ppv') AND scope = 'group'
ORDER BY metric, group_value;

-- the same rows as weighted cells: one row of weight n
SELECT count(*) AS figures, count(*) FILTER (WHERE abs(e.value - g.value) < 1e-9) AS equal, count(*) FILTER (WHERE e.value IS NULL) AS undefined
FROM expected e JOIN sustainml.fairness_groups('SELECT * FROM cells WHERE data = ''adult''', 'y', 'pred', '{sex,race}', '1', score => 'score', weight => 'n', draws => 0) g
  ON e.data = 'adult' AND g.scope = e.scope AND g.attribute IS NOT DISTINCT FROM e.attribute AND g.group_value IS NOT DISTINCT FROM e.group_value AND g.metric = e.metric;

-- when not having been rearrested is the outcome people want: selection is about that, rates stay about the positive class
SELECT metric, group_value, round(value::numeric, 4) AS value
FROM sustainml.fairness_groups('SELECT * FROM people WHERE data = ''compas''', 'y', 'pred', '{race}', '0', positive => '1', draws => 0)
WHERE scope = 'group' AND group_value IN ('African-American', 'Caucasian') AND metric IN ('selection_rate', 'fpr') ORDER BY 1, 2;

-- by hand in SQL, and by states merged over grouping sets
SELECT bool_and(abs(h.fpr - sustainml.fairness_rate(s.state, 'fpr')) < 1e-12) AS fpr, bool_and(h.n = (sustainml.fairness_summary(s.state) ->> 'n')::bigint) AS n, count(*)
FROM (SELECT sex, race, count(*) AS n, (count(*) FILTER (WHERE y = 0 AND pred = 1))::float8 / nullif(count(*) FILTER (WHERE y = 0), 0) AS fpr
      FROM people WHERE data = 'adult' GROUP BY GROUPING SETS ((), (sex), (race), (sex, race))) h
JOIN (SELECT sex, race, sustainml.fairness_merge(f.state) AS state
      FROM (SELECT sex, race, sustainml.fairness_counts(y = 1, pred = 1) AS state FROM people WHERE data = 'adult' GROUP BY sex, race) f
      GROUP BY GROUPING SETS ((), (sex), (race), (sex, race))) s
  ON h.sex IS NOT DISTINCT FROM s.sex AND h.race IS NOT DISTINCT FROM s.race;

-- a parallel plan gives the same counts to the bit, and sums to 1e-12
ALTER TABLE people SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT bool_or(p ~ 'Partial .*Aggregate') AS partial, bool_or(p ~ 'Gather') AS gather FROM plan_of('SELECT sex, race, sustainml.fairness_counts(y = 1, pred = 1, score) FROM people GROUP BY sex, race') p;
CREATE TABLE parallel_state AS SELECT sex, race, sustainml.fairness_counts(y = 1, pred = 1, score) AS state FROM people WHERE data = 'adult' GROUP BY sex, race;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial_state AS SELECT sex, race, sustainml.fairness_counts(y = 1, pred = 1, score) AS state FROM people WHERE data = 'adult' GROUP BY sex, race;
SELECT count(*) AS groups, bool_and(sustainml.fairness_rate(p.state, 'tpr') IS NOT DISTINCT FROM sustainml.fairness_rate(s.state, 'tpr')) AS tpr,
       bool_and(abs(sustainml.fairness_rate(p.state, 'log_loss') - sustainml.fairness_rate(s.state, 'log_loss')) < 1e-12) AS log_loss,
       bool_and(sustainml.fairness_rate(p.state, 'roc_auc') IS NOT DISTINCT FROM sustainml.fairness_rate(s.state, 'roc_auc')) AS roc_auc
FROM parallel_state p JOIN serial_state s USING (sex, race);

-- Berkeley 1973: the published counts
CREATE TABLE admissions AS
SELECT gender, dept, admitted FROM (VALUES
	('Male', 'A', 512, 313), ('Male', 'B', 353, 207), ('Male', 'C', 120, 205), ('Male', 'D', 138, 279), ('Male', 'E', 53, 138), ('Male', 'F', 22, 351),
	('Female', 'A', 89, 19), ('Female', 'B', 17, 8), ('Female', 'C', 202, 391), ('Female', 'D', 131, 244), ('Female', 'E', 94, 299), ('Female', 'F', 24, 317))
	AS t(gender, dept, yes, no), LATERAL (SELECT true AS admitted FROM generate_series(1, yes) UNION ALL SELECT false FROM generate_series(1, no)) r;
SELECT group_value, n, selected, round(selection_rate::numeric, 3) AS rate, reference_group, round(impact_ratio::numeric, 3) AS impact_ratio, below_four_fifths, verdict
FROM sustainml.adverse_impact('admissions', 'admitted', '{gender}') ORDER BY 1;
SELECT group_value, reference_group, round(odds_ratio::numeric, 3) AS mantel_haenszel, round(cmh::numeric, 3) AS cmh, round(cmh_corrected::numeric, 3) AS corrected, strata_used
FROM sustainml.fairness_strata('admissions', 'admitted', '{gender}', '{dept}', reference => 'Female');
SELECT group_value, round(conditional_disparity::numeric, 3) AS conditional_disparity, round(conditional_difference::numeric, 3) AS conditional_difference
FROM sustainml.fairness_strata('admissions', 'admitted', '{gender}', '{dept}');

-- intervals: bootstrap on cells against the normal interval of a difference of two shares, 0.1766 on Adult by sex
SELECT attribute, abs(ci_low - (value - h)) < 0.001 AS low, abs(ci_high - (value + h)) < 0.001 AS high, abs(corrected - value) < 0.001 AS corrected
FROM sustainml.fairness_disparity('SELECT * FROM people WHERE data = ''adult''', 'y', 'pred', '{sex}', '1', draws => 4000) d,
     LATERAL (SELECT 1.959964 * sqrt(sum(p * (1 - p) / n)) AS h FROM (SELECT avg(pred)::float8 AS p, count(*) AS n FROM people WHERE data = 'adult' GROUP BY sex) s) s
WHERE metric = 'demographic_parity_difference';
DROP SCHEMA fairness_reference CASCADE;
