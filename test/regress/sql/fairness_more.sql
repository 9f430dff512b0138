-- The further tables against plain SQL, hand calculation and scipy (test/reference/fairness.md).
CREATE SCHEMA fairness_more;
SET search_path = fairness_more;
\set SHOW_CONTEXT never
CREATE TABLE t AS
SELECT i AS id, (ARRAY['a', 'b', 'c'])[1 + i % 3] AS g, CASE WHEN i % 4 < 3 THEN 'x' ELSE 'y' END AS h, (i * 7 % 10 < 4)::int AS y, (i * 3 % 10 < 3 + i % 3)::int AS p,
       (i * 37 % 101) / 100.0::float8 AS s, (ARRAY['low', 'mid', 'high'])[1 + i * 5 % 7 % 3] AS grade, (ARRAY['low', 'mid', 'high'])[1 + i * 11 % 13 % 3] AS guess,
       (i * 7919 % 97) / 7.0::float8 AS price, (i * 104729 % 89) / 6.0::float8 AS guess_price
FROM generate_series(1, 600) i;

-- calibration: bins by hand
SELECT count(*) AS bins, bool_and(c.n = h.n AND abs(c.mean_score - h.mean_score) < 1e-12 AND abs(c.observed - h.observed) < 1e-12) AS equal
FROM sustainml.fairness_calibration('t', 'y', 's', '{g}', bins => 7) c
JOIN (SELECT coalesce(g, '') AS g, least(floor(s * 7)::int, 6) + 1 AS bin, count(*) AS n, avg(s) AS mean_score, avg(y)::float8 AS observed FROM t GROUP BY GROUPING SETS ((2), (g, 2))) h
  ON coalesce(c.group_value, '') = h.g AND c.bin = h.bin;
SELECT attribute, group_value, min(bin), max(bin), sum(n) FROM sustainml.fairness_calibration('SELECT *, CASE WHEN id % 50 = 0 THEN ''NaN'' WHEN id % 60 = 0 THEN NULL ELSE s END AS q FROM t', 'y', 'q', '{g}') GROUP BY 1, 2 ORDER BY 1, 2;

-- classes: each against the rest, by hand
SELECT m.class, count(*) AS figures, bool_and(abs(m.value - h.value) < 1e-12) AS equal
FROM sustainml.fairness_multiclass('t', 'grade', 'guess', '{g}', draws => 0) m
JOIN (SELECT c.class, t.g, v.metric, v.value FROM (VALUES ('low'), ('mid'), ('high')) c(class), LATERAL (SELECT g, avg((guess = c.class)::int)::float8 AS sr,
             avg((guess = c.class)::int) FILTER (WHERE grade = c.class)::float8 AS tpr, avg((guess = c.class)::int) FILTER (WHERE grade <> c.class)::float8 AS fpr,
             avg((grade = c.class)::int) FILTER (WHERE guess = c.class)::float8 AS ppv FROM t GROUP BY g) t,
      LATERAL (VALUES ('selection_rate', sr), ('tpr', tpr), ('fpr', fpr), ('ppv', ppv)) v(metric, value)) h
  ON m.scope = 'group' AND m.class = h.class AND m.group_value = h.g AND m.metric = h.metric
GROUP BY m.class ORDER BY 1;
SELECT w.metric, w.worst_class = (SELECT m.class FROM sustainml.fairness_multiclass('t', 'grade', 'guess', '{g}', draws => 0) m
                                   WHERE m.scope = 'disparity' AND m.metric = w.metric AND m.class IS NOT NULL ORDER BY m.value DESC, m.class LIMIT 1) AS worst
FROM sustainml.fairness_multiclass('t', 'grade', 'guess', '{g}', draws => 0) w
WHERE w.class IS NULL AND w.metric IN ('demographic_parity_difference', 'equalized_odds_difference') ORDER BY 1;

-- data before training: by hand, logarithms written out
SELECT d.group_value, d.metric, abs(d.value - h.value) < 1e-12 AS equal
FROM sustainml.fairness_data('t', 'y', '{h}', favorable => '1') d
JOIN (SELECT h, v.metric, v.value FROM (SELECT h, count(*)::float8 AS n, 600 - count(*)::float8 AS m, avg(y)::float8 AS p, (SELECT avg(y)::float8 FROM t o WHERE o.h <> t.h) AS q FROM t GROUP BY h) s,
      LATERAL (VALUES ('share', n / 600), ('class_imbalance', (m - n) / 600), ('base_rate', p), ('base_rate_difference', p - q), ('total_variation', abs(p - q)),
                      ('l2_distance', sqrt(2) * abs(p - q)), ('kl_divergence', p * ln(p / q) + (1 - p) * ln((1 - p) / (1 - q))),
                      ('js_divergence', (p * ln(2 * p / (p + q)) + (1 - p) * ln(2 * (1 - p) / (2 - p - q)) + q * ln(2 * q / (p + q)) + (1 - q) * ln(2 * (1 - q) / (2 - p - q))) / 2),
                      ('labels_missing', 0)) v(metric, value)) h ON h.h = d.group_value AND h.metric = d.metric ORDER BY 1, 2;
SELECT metric, value, undefined_reason FROM sustainml.fairness_data('SELECT * FROM (VALUES (''u'', ''p''), (''u'', ''q''), (''v'', ''q''), (''v'', NULL), (NULL, ''q'')) w(g, l)', 'l', '{g}')
WHERE group_value = 'u' AND metric IN ('kl_divergence', 'share') OR metric IN ('rows_without_group', 'labels_missing') ORDER BY group_value, metric;

-- inequality of benefits 1 + prediction - label: by hand over rows, with the part between groups
SELECT i.attribute, i.metric, abs(i.value - h.total) < 1e-12 AS total, abs(coalesce(i.between_groups, 0) - h.between) < 1e-12 AS between_groups
FROM sustainml.fairness_inequality('t', 'y', 'p', '{g}', favorable => '1') i
JOIN (WITH b AS (SELECT g, (1 + p - y)::float8 AS b FROM t), m AS (SELECT avg(b) AS mu FROM b), k AS (SELECT g, count(*) AS n, avg(b) AS mu FROM b GROUP BY g)
      SELECT 'generalized_entropy' AS metric, (SELECT avg((b / mu) ^ 2 - 1) / 2 FROM b, m) AS total, (SELECT sum(k.n * ((k.mu / m.mu) ^ 2 - 1)) / 600 / 2 FROM k, m) AS between
      UNION ALL SELECT 'theil_index', (SELECT avg(CASE WHEN b > 0 THEN b / mu * ln(b / mu) ELSE 0 END) FROM b, m), (SELECT sum(k.n * (k.mu / m.mu) * ln(k.mu / m.mu)) / 600 FROM k, m)
      UNION ALL SELECT 'coefficient_of_variation', (SELECT stddev_pop(b) / avg(b) FROM b), 0) h USING (metric)
WHERE i.attribute = 'g' ORDER BY 2;
SELECT metric, value, undefined_reason FROM sustainml.fairness_inequality('t', 'y', 'p', '{g}', favorable => '1', alpha => 0) WHERE attribute = 'g' AND metric = 'generalized_entropy';

-- regression: by hand, distances by cumulated shares
SELECT r.group_value, r.metric, abs(r.value - h.value) < 1e-9 AS equal, r.n
FROM sustainml.fairness_regression('t', 'price', 'guess_price', '{h}') r
JOIN (SELECT h, v.metric, v.value FROM (SELECT h, avg(price) AS a, avg(guess_price) AS b, avg(guess_price - price) AS e, avg(abs(guess_price - price)) AS f, sqrt(avg((guess_price - price) ^ 2)) AS q,
             1 - avg((guess_price - price) ^ 2) / var_pop(price) AS r2 FROM t GROUP BY h) s,
      LATERAL (VALUES ('mean_actual', a), ('mean_predicted', b), ('mean_error', e), ('mae', f), ('rmse', q), ('r2', r2)) v(metric, value)
      UNION ALL
      SELECT g.h, v.metric, v.value FROM (VALUES ('x'), ('y')) g(h), LATERAL (
        SELECT max(abs(f)) AS ks, sum(abs(f) * coalesce(next - v, 0)) AS w FROM (
          SELECT v, lead(v) OVER (ORDER BY v) AS next, sum(own) OVER (ORDER BY v) / (SELECT count(*) FROM t WHERE t.h = g.h)::float8 - sum(rest) OVER (ORDER BY v) / (SELECT count(*) FROM t WHERE t.h <> g.h)::float8 AS f
          FROM (SELECT guess_price AS v, count(*) FILTER (WHERE h = g.h) AS own, count(*) FILTER (WHERE h <> g.h) AS rest FROM t GROUP BY 1) c) d) e,
      LATERAL (VALUES ('ks_distance', ks), ('wasserstein_distance', w)) v(metric, value)) h ON h.h = r.group_value AND h.metric = r.metric ORDER BY 1, 2;
SELECT metric, value, n, undefined_reason FROM sustainml.fairness_regression('SELECT ''only'' AS g, 5.0 AS y, CASE WHEN i = 1 THEN NULL WHEN i = 2 THEN ''NaN''::float8 ELSE i END AS p FROM generate_series(1, 10) i', 'y', 'p', '{g}')
WHERE metric IN ('rows_skipped', 'r2', 'ks_distance', 'mae_difference') AND attribute = 'g' ORDER BY 1;

-- Local Law 144: scoring rates above the median, ties are not above; a category under 2 % has no ratio and keeps its count; unknown ones apart
CREATE TABLE applicants AS SELECT i, CASE WHEN i <= 5 THEN 'rare' WHEN i <= 10 THEN NULL WHEN i % 2 = 0 THEN 'f' ELSE 'm' END AS sex, (i % 20) AS score, i % 4 = 0 AS chosen FROM generate_series(1, 400) i;
SELECT l.category, l.applicants, l.selected, abs(l.rate - h.rate) < 1e-12 AS rate, round(l.impact_ratio::numeric, 4) AS impact_ratio, l.under_two_percent, l.excluded_reason, l.median_score
FROM sustainml.bias_audit_ll144('applicants', '{sex}', score => 'score') l
JOIN (SELECT coalesce(sex, '(missing)') AS sex, avg((score > m.median)::int)::float8 AS rate FROM applicants, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY score) AS median FROM applicants) m GROUP BY 1) h
  ON h.sex = l.category ORDER BY 1;
SELECT category, applicants, selected, round(impact_ratio::numeric, 4) AS impact_ratio, reference_category FROM sustainml.bias_audit_ll144('applicants', '{sex}', selected => 'chosen') ORDER BY 1;

-- strata: a stratum without one of the groups is not used; missing strata are a stratum
SELECT group_value, strata, strata_used, undefined_reason FROM sustainml.fairness_strata('SELECT *, CASE WHEN id % 10 = 0 THEN NULL WHEN g = ''a'' AND id % 5 = 1 THEN ''only a'' ELSE h END AS k FROM t', 'p', '{g}', '{k}', favorable => '1') ORDER BY 1;
-- one stratum: the Mantel-Haenszel odds ratio is the plain one
SELECT s.group_value, abs(s.odds_ratio - h.odds / r.odds) < 1e-12 AS odds, abs(s.conditional_difference - s.difference) < 1e-12 AS difference
FROM sustainml.fairness_strata('SELECT *, 1 AS k FROM t', 'p', '{g}', '{k}', favorable => '1', reference => 'a') s
JOIN (SELECT g, sum(p)::float8 / sum(1 - p) AS odds FROM t GROUP BY g) h ON h.g = s.group_value
JOIN (SELECT sum(p)::float8 / sum(1 - p) AS odds FROM t WHERE g = 'a') r ON true ORDER BY 1;
-- groups, or a reference, of few rows are marked
SELECT m AS min_n, bool_and(s.is_small = (least(s.n, r.n) < m)) AS as_said
FROM (VALUES (0), (30), (1000000)) v(m), LATERAL sustainml.fairness_strata('SELECT *, 1 AS k FROM t', 'p', '{g}', '{k}', favorable => '1', reference => 'a', min_n => m) s,
     (SELECT count(*) AS n FROM t WHERE g = 'a') r GROUP BY m ORDER BY m;

-- consistency: two clusters by hand (1 - 2/6), and as AIF360 counts
SELECT round(consistency::numeric, 12) AS consistency, n, rows_skipped, k FROM sustainml.fairness_consistency('SELECT * FROM (VALUES (0, 1), (1, 1), (2, 1), (100, 0), (101, 1), (102, 0), (NULL, 1)) v(x, p)', 'p', '{x}', k => 2);
-- each row among its two nearest: rows 0-2: 0; 100: 101 -> |0 - 1/2|; 101: ties of 100 and 102 share -> |1 - 1/2|; 102: |0 - 1/2|: 1 - 1.5/6
SELECT round(consistency::numeric, 12) AS consistency FROM sustainml.fairness_consistency('SELECT * FROM (VALUES (0, 1), (1, 1), (2, 1), (100, 0), (101, 1), (102, 0)) v(x, p)', 'p', '{x}', k => 2, include_self => true);

-- two shares: z by hand, Fisher from scipy
SELECT abs(sustainml.fairness_z(3, 10, 8, 10) - (0.3 - 0.8) / sqrt(0.55 * 0.45 * 0.2)) < 1e-12 AS z, abs(sustainml.fairness_fisher_p(3, 10, 8, 10) - 0.0697785186949274) < 1e-12 AS fisher,
       sustainml.fairness_z(0, 5, 0, 7) IS NULL AS none, sustainml.fairness_fisher_p(0, 0, 1, 2) IS NULL AS empty;
SET client_min_messages = warning;
DROP SCHEMA fairness_more CASCADE;
