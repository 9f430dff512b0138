-- Every edge case of an audit: what is undefined is NULL with a reason, what is missing is counted and shown.
CREATE SCHEMA fairness_edges;
SET search_path = fairness_edges;
\set SHOW_CONTEXT never
CREATE TABLE t (id int, g text, y int, p int, s float8, w float8);

-- no rows at all
SELECT scope, metric, value, n, undefined_reason FROM sustainml.fairness_groups('t', 'y', 'p', '{g}', '1') WHERE metric IN ('selection_rate', 'tpr', 'impact_ratio');
SELECT metric, value, undefined_reason FROM sustainml.fairness_disparity('t', 'y', 'p', '{g}', '1') WHERE metric LIKE 'demographic%' OR metric LIKE 'equalized%';

-- one group: nothing to compare
INSERT INTO t SELECT i, 'a', i % 2, i % 3 % 2, (i % 10) / 10.0, 1 FROM generate_series(1, 60) i;
SELECT metric, value, undefined_reason FROM sustainml.fairness_disparity('t', 'y', 'p', '{g}', '1') WHERE metric LIKE 'demographic%' OR metric LIKE 'equalized%';

-- a group without positives: its tpr is NULL and left out, not 0; the gap is that of the others
INSERT INTO t SELECT 100 + i, 'b', 0, i % 2, 0.5, 1 FROM generate_series(1, 40) i;
INSERT INTO t SELECT 200 + i, 'c', i % 2, (i % 8 = 1)::int, 0.5, 1 FROM generate_series(1, 80) i;
SELECT group_value, value, numerator, denominator, undefined_reason FROM sustainml.fairness_groups('t', 'y', 'p', '{g}', '1') WHERE scope = 'group' AND metric = 'tpr' ORDER BY 1;
SELECT metric, round(value::numeric, 6) AS value, low_group, high_group, groups_left_out FROM sustainml.fairness_disparity('t', 'y', 'p', '{g}', '1')
WHERE metric IN ('equal_opportunity_difference', 'equalized_odds_difference');

-- nobody selected: ratios are undefined, and so is the verdict
SELECT group_value, selection_rate, impact_ratio, undefined_reason, verdict FROM sustainml.adverse_impact('SELECT g, 0 AS p FROM t', 'p', '{g}', favorable => '1') ORDER BY 1;
SELECT metric, value, undefined_reason FROM sustainml.fairness_disparity('SELECT g, y, 0 AS p FROM t', 'y', 'p', '{g}', '1') WHERE metric LIKE 'demographic%';
-- selected in one group only: 0 over something is 0, something over 0 is undefined
SELECT group_value, scope, value, undefined_reason FROM sustainml.fairness_groups('SELECT g, y, (g = ''a'')::int AS p FROM t', 'y', 'p', '{g}', '1', reference => 'b')
WHERE metric = 'selection_rate' AND scope = 'ratio' ORDER BY 1;

-- NULLs: prediction, label and group, each counted; a missing prediction is not "not selected"
CREATE TABLE holes AS SELECT * FROM t;
UPDATE holes SET p = NULL WHERE id % 10 = 3;
UPDATE holes SET y = NULL WHERE id % 10 = 4;
UPDATE holes SET g = NULL WHERE id % 10 = 5;
SELECT group_value, metric, n, numerator, denominator FROM sustainml.fairness_groups('holes', 'y', 'p', '{g}', '1')
WHERE scope = 'group' AND metric IN ('selection_rate', 'base_rate', 'accuracy') ORDER BY 2, 1;
SELECT coalesce(g, '(missing)') AS g, count(p) AS predicted, count(y) AS labelled, count(p + y) AS both FROM holes GROUP BY g ORDER BY 1;
SELECT metric, low_group, high_group FROM sustainml.fairness_disparity('holes', 'y', 'p', '{g}', '1') WHERE metric = 'demographic_parity_difference';

-- scores: NaN is counted and not selected, though SQL sorts it above every number
CREATE TABLE scored AS SELECT id, g, y, CASE WHEN id % 7 = 0 THEN 'NaN' ELSE s END AS s FROM t;
SELECT metric, n, numerator FROM sustainml.fairness_groups('scored', 'y', protected => '{g}', favorable => '1', score => 's', threshold => 0.5)
WHERE scope = 'overall' AND metric IN ('selection_rate', 'mean_score') ORDER BY 1;
SELECT count(*) FILTER (WHERE s = 'NaN') AS nan, count(*) FILTER (WHERE s >= 0.5 AND s <> 'NaN') AS selected, count(*) FROM scored;
-- a score at the threshold counts as positive; scores at 0 and 1 have bins
SELECT metric, value FROM sustainml.fairness_groups('SELECT * FROM (VALUES (''a'', 1, 0.5), (''a'', 0, 0.0), (''b'', 1, 1.0), (''b'', 0, 0.4999)) v(g, y, s)', 'y', protected => '{g}', favorable => '1', score => 's')
WHERE scope = 'overall' AND metric IN ('selection_rate', 'accuracy', 'ece', 'roc_auc') ORDER BY 1;

-- ties: equal extremes name the first group, equal sizes the first reference
SELECT metric, value, low_group, high_group FROM sustainml.fairness_disparity('SELECT * FROM (VALUES (''x'', 1, 1), (''x'', 0, 0), (''y'', 1, 0), (''y'', 0, 1), (''z'', 1, 1), (''z'', 0, 0)) v(g, y, p)', 'y', 'p', '{g}', '1')
WHERE metric IN ('demographic_parity_difference', 'equal_opportunity_difference') ORDER BY 1;

-- weights: zero and NULL leave a row out and are counted; multiples of one weight change nothing
SELECT metric, round(value::numeric, 6) AS value, n FROM sustainml.fairness_groups('SELECT g, y, p, CASE WHEN id % 2 = 0 THEN 0 WHEN id % 3 = 0 THEN NULL ELSE 2.5 END AS w FROM t', 'y', 'p', '{g}', '1', weight => 'w')
WHERE scope = 'overall' AND metric IN ('selection_rate', 'base_rate') ORDER BY 1;
SELECT round(avg(p), 6) AS selection_rate, round(avg(y), 6) AS base_rate, count(*) FROM t WHERE id % 2 <> 0 AND id % 3 <> 0;
SELECT bool_and(a.ci_low = b.ci_low AND a.value = b.value) AS same
FROM sustainml.fairness_groups('SELECT *, 4 AS v FROM t', 'y', 'p', '{g}', '1', weight => 'v') a
JOIN sustainml.fairness_groups('t', 'y', 'p', '{g}', '1') b USING (scope, attribute, group_value, metric) WHERE a.scope = 'group' AND a.value IS NOT NULL AND a.ci_low IS NOT NULL;

-- tiny groups are shown and marked; their intervals are wide
INSERT INTO t VALUES (900, 'tiny', 1, 1, 0.9, 1);
SELECT group_value, n, value, round(ci_low::numeric, 3) AS ci_low, ci_high, is_small FROM sustainml.fairness_groups('t', 'y', 'p', '{g}', '1')
WHERE scope = 'group' AND metric = 'selection_rate' AND group_value = 'tiny';
SELECT metric, high_group, is_small FROM sustainml.fairness_disparity('t', 'y', 'p', '{g}', '1') WHERE metric = 'demographic_parity_difference';

-- odd names of columns and values, quoting and injection
CREATE TABLE "odd ""names"" & more" ("select" text, "y;--" boolean, "p'" boolean, "ünï" text);
INSERT INTO "odd ""names"" & more" SELECT (ARRAY['O''Neil', 'a & b', '"x"', '', E'tab\there'])[1 + i % 5], i % 2 = 0, i % 3 = 0, 'é' || i % 2 FROM generate_series(1, 300) i;
SELECT attribute, group_value, n, value FROM sustainml.fairness_groups('"odd ""names"" & more"', 'y;--', 'p''', '{select,ünï}', intersections => 1)
WHERE scope = 'group' AND metric = 'base_rate' ORDER BY attribute COLLATE "C", group_value COLLATE "C";

-- types: boolean labels with numeric predictions, enums, names in the wrong case
CREATE TYPE answer AS ENUM ('no', 'yes');
CREATE TABLE typed AS SELECT (i % 2 = 0) AS y, (ARRAY['no', 'yes'])[1 + (i % 3 = 0)::int]::answer AS p, i % 4 AS g, ('no', 'yes')::text IS NULL AS f FROM generate_series(1, 120) i;
SELECT metric, value FROM sustainml.fairness_groups('typed', prediction => 'p', protected => '{G}', favorable => 'yes') WHERE scope = 'overall' AND metric = 'selection_rate';
SELECT metric, value FROM sustainml.fairness_groups('SELECT y, (p = ''yes'')::int AS p, g FROM typed', 'y', 'p', '{g}', '1') WHERE scope = 'overall' AND metric IN ('tpr', 'fpr');

-- 5,000 groups: memory by groups, fewer draws, and it says so
CREATE TABLE many AS SELECT 'group ' || i % 5000 AS g, i % 2 AS y, (i % 7 = 0)::int AS p FROM generate_series(1, 50000) i;
SELECT count(DISTINCT group_value), sum(n) FROM sustainml.fairness_groups('many', 'y', 'p', '{g}', '1') WHERE scope = 'group' AND metric = 'selection_rate';
SELECT metric, value IS NOT NULL AS value, ci_low IS NOT NULL AS ci FROM sustainml.fairness_disparity('many', 'y', 'p', '{g}', '1') WHERE metric = 'demographic_parity_difference';
SET sustainml.memory_limit = '256kB';
SELECT count(*) FROM sustainml.fairness_groups('many', 'y', 'p', '{g}', '1');
RESET sustainml.memory_limit;

-- views, partitions and row-level security are read as the caller reads them
CREATE VIEW v AS SELECT * FROM t WHERE g <> 'tiny';
CREATE TABLE parts (g text, y int, p int) PARTITION BY LIST (g);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT g, y, p FROM v;
SELECT bool_and(a.value IS NOT DISTINCT FROM b.value) AS same, count(*) FROM sustainml.fairness_groups('v', 'y', 'p', '{g}', '1', draws => 0) a
JOIN sustainml.fairness_groups('parts', 'y', 'p', '{g}', '1', draws => 0) b USING (scope, attribute, group_value, metric) WHERE a.scope = 'group';

-- states as values: NULL rows, windows, merging of different parts, text form
SELECT sustainml.fairness_counts(y = 1, p = 1) IS NULL AS nothing FROM t WHERE false;
SELECT id, (sustainml.fairness_summary(sustainml.fairness_counts(y = 1, p = 1) OVER (ORDER BY id)) ->> 'n')::int AS n FROM t ORDER BY id LIMIT 3;
SELECT sustainml.fairness_summary(sustainml.fairness_merge(s)) ->> 'n' AS n, sustainml.fairness_summary(sustainml.fairness_merge(s)) ->> 'without_score' AS without_score
FROM (SELECT sustainml.fairness_counts(y = 1, p = 1) AS s FROM t WHERE id < 100 UNION ALL SELECT sustainml.fairness_counts(y = 1, p = 1, s, w) FROM t WHERE id >= 100) q;
SELECT sustainml.fairness_summary(s::text::sustainml.fairness_state) = sustainml.fairness_summary(s) AS round_trip, pg_column_size(s) < 130 AS small
FROM (SELECT sustainml.fairness_counts(y = 1, p = 1) AS s FROM t) q;
SELECT value, undefined_reason FROM sustainml.fairness_ci((SELECT sustainml.fairness_counts(y = 1, p = 1) FROM t WHERE y = 0), 'tpr');
SET client_min_messages = warning;
DROP SCHEMA fairness_edges CASCADE;
