-- The statistical defaults of training, each where it can be seen.
CREATE SCHEMA train_defaults;
SET search_path = train_defaults;
SET client_min_messages = warning;
CREATE FUNCTION answer(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text; code text; message text; detail text; hint text;
BEGIN
	EXECUTE format('SELECT string_agg(q::text, '', '') FROM (%s) AS q', sql) INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', format('%s: %s', code, message), nullif(detail, ''), nullif(hint, ''));
END $$;
\pset format unaligned
\pset tuples_only on

\echo the report adds up under every split, with rows that lack a target or a weight
CREATE TABLE b (id int PRIMARY KEY, a float8, g text, y float8, c text, w float8, d date, is_test bool, t text, k int, secret float8);
INSERT INTO b SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 17 END, 'g' || i % 4, CASE WHEN i % 23 = 0 THEN NULL ELSE i % 17 + i % 5 END,
	CASE WHEN i % 29 = 0 THEN NULL WHEN (i * 37) % 101 < 50 THEN 'y' ELSE 'n' END, CASE WHEN i % 31 = 0 THEN NULL WHEN i % 37 = 0 THEN 0 ELSE 1 + i % 3 END,
	CASE WHEN i % 41 = 0 THEN NULL ELSE date '2020-01-01' + i % 200 END, CASE WHEN i % 43 = 0 THEN NULL ELSE i % 5 = 0 END,
	CASE WHEN i % 47 = 0 THEN NULL WHEN i % 5 = 0 THEN 'Test' ELSE 'train' END, i % 3, i FROM generate_series(1, 2000) i;
SELECT s AS split, w AS weight,
       bool_and((SELECT rows_used + rows_skipped + rows_held_out = 2000 AND rows_held_out > 0 FROM sustainml.train('adds', 'b', target => y, features => '{a,g}', split => s::jsonb, weight => w))) AS adds_up
  FROM unnest(ARRAY['{}', '{"by": ["id", "k"]}', '{"time": "d"}', '{"time": "d", "gap": "10 days"}', '{"time": "id", "gap": 100}', '{"column": "is_test"}', '{"column": "t"}', '{"column": "k"}']) WITH ORDINALITY AS s(s, n),
       unnest(ARRAY[NULL, 'w']) AS w, unnest(ARRAY['y', 'c']) AS y GROUP BY n, s, w ORDER BY n, w NULLS FIRST;
-- by content, where no key is known; all rows; a second source; after a refit
SELECT rows_used + rows_skipped + rows_held_out, rows_held_out > 0 FROM sustainml.train('adds', 'SELECT a, g, y, secret FROM b', target => 'y', features => '{a,g}');
SELECT rows_used, rows_skipped, rows_held_out, metrics FROM sustainml.train('adds', 'b', target => 'y', features => '{a,g}', holdout => 0);
SELECT rows_used + rows_skipped + rows_held_out FROM sustainml.train('adds', 'SELECT * FROM b WHERE k > 0', target => 'y', features => '{a,g}', split => '{"source": "SELECT * FROM b WHERE k = 0"}');
SELECT rows_used + rows_skipped + rows_held_out, notes FROM sustainml.train('adds', 'b', target => 'y', features => '{a,g}', refit => true);
-- refit and holdout => 0 describe the same rows
SELECT 1 FROM sustainml.train('all_rows', 'b', target => 'y', features => '{a,g}', holdout => 0);
SELECT bool_and(abs(a.estimate - b.estimate) < 1e-10) FROM sustainml.coefficients('adds@latest') a, sustainml.coefficients('all_rows') b WHERE a.term = b.term;
-- the cut in time: all held-out rows are later than all others, with the gap between; the rule is stored
SELECT 1 FROM sustainml.train('cut', 'b', target => 'c', features => '{a,g}', split => '{"time": "d", "gap": "10 days"}');
SELECT rows_used = (SELECT count(*) FROM b WHERE d < cut - 10 AND c IS NOT NULL) AS used, rows_held_out = (SELECT count(*) FROM b WHERE d >= cut AND c IS NOT NULL) AS held_out,
       (SELECT count(*) FROM b WHERE d >= cut) / (SELECT count(d) FROM b)::float8 BETWEEN 0.19 AND 0.21 AS share
  FROM sustainml.models m, (SELECT (split ->> 'cut')::date AS cut FROM sustainml.models WHERE model = 'cut') q WHERE m.model = 'cut';
\echo a row without its key is a row like others
SELECT rows_used + rows_skipped + rows_held_out FROM sustainml.train('adds', 'SELECT *, nullif(id, 7) AS id2 FROM b', target => 'y', features => '{a}', split => '{"by": "id2"}');

-- any seed
SELECT rows_held_out = (SELECT count(*) FROM b WHERE y IS NOT NULL AND sustainml.held_out(-9223372036854775808, 0.2, id))
  FROM sustainml.train('adds', 'b', target => 'y', features => '{a}', seed => -9223372036854775808);

\echo which columns are features
SELECT 1 FROM sustainml.train('f', 'b', target => 'c', protected => '{g}', exclude => '{secret,d}', split => '{"column": "is_test"}', weight => 'w');
SELECT string_agg(feature, ' ' ORDER BY ordinal) FROM sustainml.features('f');
SELECT 1 FROM sustainml.train('f', 'b', target => 'c', protected => '{g}', features => '{*,g}');
SELECT string_agg(feature, ' ' ORDER BY ordinal) FROM sustainml.features('f');
SELECT 1 FROM sustainml.train('f', 'b', target => 'c', features => '{G,A,a,id}');
SELECT string_agg(feature, ' ' ORDER BY ordinal) FROM sustainml.features('f');
SELECT notes FROM sustainml.train('f', 'SELECT id, ''name '' || id AS name, a, NULL::float8 AS empty, 5 AS same, y FROM b', target => 'y', split => '{"by": "id"}');

\echo the task by the type of the target; labels as they are; the positive class
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
SELECT what, (t).algorithm, (t).task, (t).classes, (t).positive, (t).notes
  FROM (VALUES ('boolean', 'id % 2 = 0'), ('text', '(ARRAY[''b'', ''a''])[1 + id % 2]'), ('enum', '(ARRAY[''ok'', ''happy'']::mood[])[1 + id % 2]'), ('three', '(ARRAY[''sad'', ''ok'', ''happy'']::mood[])[1 + id % 3]'),
               ('0 and 1', 'id % 2'), ('numeric 0 and 1', '(id % 2)::numeric'), ('float 0 and 1', '(id % 2)::float8'), ('few integers', 'id % 3'), ('many integers', 'id % 50'), ('float', 'id % 3 / 2.0'), ('char', '(ARRAY[''b'', ''a'']::char(3)[])[1 + id % 2]'),
               ('date', 'd')) AS v(what, expression),
       LATERAL (SELECT sustainml.train('task', format('SELECT id, a, %s AS t FROM b', expression), target => 't', exclude => '{id}', holdout => 0) AS t OFFSET 0) q;
-- all rows decide, not the first that are looked at
CREATE TABLE late AS SELECT id, id % 13 AS a, CASE WHEN id <= 3000 THEN id % 2 ELSE id % 40 END AS y, CASE WHEN id <= 3000 THEN 0 ELSE 5 END AS z FROM generate_series(1, 4000) id;
SELECT algorithm, task, rows_used, notes FROM sustainml.train('late', 'late', target => 'y', features => '{a}', holdout => 0);
SELECT algorithm, task, rows_used FROM sustainml.train('late', 'late', target => 'z', features => '{a}', holdout => 0);
SELECT algorithm, task, rows_used FROM sustainml.train('late', 'SELECT * FROM late WHERE id <= 3000', target => 'y', features => '{a}', holdout => 0);
SELECT classes, positive FROM sustainml.train('task', 'SELECT id, a, g, CASE id % 4 WHEN 0 THEN 1.5 WHEN 1 THEN 1.50 ELSE 10 END AS t FROM b', target => 't', exclude => '{id}', task => 'classification', holdout => 0);
SELECT positive FROM sustainml.train('task', 'b', target => 'c', features => '{a,g}', positive => 'n', favorable => 'y');

\echo missing values
SELECT term, abs(estimate) < 1e6 AS there FROM sustainml.coefficients('adds@1') ORDER BY 1;
SELECT feature, encoding, abs(impute_value - (SELECT avg(a) FROM b WHERE NOT sustainml.held_out(0, 0.2, id) AND y IS NOT NULL)) < 1e-12 AS mean_of_training FROM sustainml.features('adds@1') WHERE feature = 'a';
SELECT 1 FROM sustainml.train('m', 'b', target => 'y', features => '{a}', holdout => 0, preprocess => '{"a": {"impute": "median"}}');
SELECT encoding, impute_value = (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM b WHERE y IS NOT NULL) FROM sustainml.features('m');
SELECT 1 FROM sustainml.train('m', 'b', target => 'y', features => '{a}', holdout => 0, preprocess => '{"a": {"impute": -1}}');
SELECT encoding, impute_value FROM sustainml.features('m');

\echo at most 100 levels, the rest is (other); NULL is (missing); the reference
CREATE TABLE levels AS SELECT id, CASE WHEN id % 50 <> 0 THEN 'v' || lpad((id * id % 151)::text, 3, '0') END AS g, CASE WHEN id % 7 <> 0 THEN 'h' || id % 3 END AS h, id % 13 AS y FROM generate_series(1, 5000) id;
SELECT notes FROM sustainml.train('levels', 'levels', target => 'y', exclude => '{id}', task => 'regression', holdout => 0);
SELECT feature, array_length(levels, 1), levels[array_upper(levels, 1) - 1:], reference FROM sustainml.features('levels');
CREATE TABLE two_hundred AS SELECT id, 'v' || lpad((id % 200 * (id % 200 + id % 3) / 202)::text, 3, '0') AS g, id % 13 AS y FROM generate_series(1, 10000) id;
SELECT notes FROM sustainml.train('levels', 'two_hundred', target => 'y', exclude => '{id}', task => 'regression', holdout => 0);
SELECT array_length(levels, 1), levels[array_upper(levels, 1):] FROM sustainml.features('levels@latest');
SELECT 1 FROM sustainml.train('levels', 'levels', target => 'y', features => '{h}', task => 'regression', holdout => 0, preprocess => '{"h": {"reference": "h2", "max_levels": 3}}');
SELECT levels, reference FROM sustainml.features('levels');

\echo a penalty, class weights and separation take the inference away, with the reason
CREATE TABLE quasi AS SELECT id, CASE WHEN id % 5 = 0 THEN 'sure' ELSE 'other' || id % 2 END AS g, (id * 7919) % 13 AS a, (CASE WHEN id % 5 = 0 THEN true ELSE (id * 31) % 97 < 40 END) AS y FROM generate_series(1, 1000) id;
SELECT notes FROM sustainml.train('quasi', 'quasi', target => 'y', exclude => '{id}', holdout => 0);
SELECT term, std_error IS NULL AS no_error, p_value IS NULL AS no_p FROM sustainml.coefficients('quasi') ORDER BY 1;
SELECT notes FROM sustainml.train('complete', 'SELECT id, id > 500 AS y, id AS a, id % 7 AS b FROM quasi', target => 'y', exclude => '{id}', holdout => 0);
SELECT count(*), count(std_error) FROM sustainml.coefficients('complete');
SELECT 1 FROM sustainml.train('pen', 'quasi', target => 'y', exclude => '{id}', holdout => 0, params => '{"l2": 1}');
SELECT count(*), count(std_error), min(reason) FROM sustainml.coefficients('pen'), sustainml.fit_summary('pen') WHERE figure = 'sigma';
SELECT 1 FROM sustainml.train('bal', 'quasi', target => 'y', exclude => '{id}', features => '{a}', holdout => 0, params => '{"class_weight": "balanced"}');
SELECT count(*), count(std_error), min(reason) FROM sustainml.coefficients('bal'), sustainml.fit_summary('bal') WHERE figure = 'sigma';

\echo features that know the outcome: by value, by level, by being there; not the honest ones
CREATE TABLE leaky AS SELECT id, id % 2 AS y, CASE WHEN id % 2 = 1 THEN id % 7 END AS known_after, CASE WHEN id % 2 = 0 THEN 'closed' END AS reason, id % 2 * 100 - id % 50 AS nearly, (id * 7919) % 101 + id % 2 * 20 AS honest FROM generate_series(1, 1000) id;
SELECT unnest(notes) FROM sustainml.train('leaky', 'leaky', target => 'y', exclude => '{id}', params => '{"l2": 1}', split => '{"by": "id"}');
SELECT unnest(notes) FROM sustainml.train('leaky', 'leaky', target => 'y', exclude => '{id}', params => '{"l2": 1}', holdout => 0);
SELECT notes FROM sustainml.train('leaky', 'leaky', target => 'y', features => '{honest}', params => '{"l2": 1}', split => '{"by": "id"}');

\echo few held-out rows of a class
SELECT notes FROM sustainml.train('few', 'SELECT id, id % 20 = 0 AS y, a FROM quasi', target => 'y', features => '{a}', split => '{"by": "id"}');

\echo activation
SELECT version, active, activation_reason FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', activate => 'never');
SELECT version, active, activation_reason FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', activate => 'if_better');
SELECT version, active, split_part(activation_reason, ':', 1) FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest,nearly}', params => '{"l2": 1}', split => '{"by": "id"}', activate => 'if_better');
SELECT version, active, split_part(activation_reason, ':', 1) FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', activate => 'if_better', metric => 'roc_auc');
SELECT version, active, split_part(activation_reason, ':', 1) FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest,nearly,known_after}', params => '{"l2": 1}', split => '{"by": "id"}', activate => 'if_better', metric => 'accuracy', min_gain => 0.5);
SELECT version, active, activation_reason FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest,nearly}', holdout => 0, params => '{"l2": 1}', activate => 'if_better');
SELECT version, active, activation_reason FROM sustainml.train('act', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', positive => '0');
SELECT answer($$SELECT sustainml.activate('act@7')$$);
SELECT sustainml.activate('act@7', reason => 'agreed', force => true);
SELECT sustainml.rollback('act');
SELECT version, active_to IS NULL AS still, split_part(reason, ':', 1) FROM sustainml.activation_history WHERE model = 'act' ORDER BY active_from;
\echo retrain: what was stored, with overrides
SELECT 1 FROM sustainml.train('again', 'leaky', target => 'y', features => '{honest}', params => '{"l2": 2}', holdout => 0.3, seed => 7, split => '{"by": "id"}');
SELECT rows_held_out = (SELECT count(*) FROM leaky WHERE sustainml.held_out(7, 0.3, id)), active, split_part(activation_reason, ':', 1) FROM sustainml.retrain('again');
SELECT rows_used + rows_skipped + rows_held_out, rows_held_out = (SELECT count(*) FROM leaky WHERE id <= 500 AND sustainml.held_out(3, 0.1, id)), active, activation_reason
  FROM sustainml.retrain('again', source => 'SELECT * FROM leaky WHERE id <= 500', holdout => 0.1, seed => 3, params => '{"l2": 0}', activate => 'always', metric => 'brier');
SELECT version, params, source, metric FROM sustainml.models WHERE model_schema = 'train_defaults' AND model = 'again' ORDER BY version;
-- two rules: the rows that both held out
SELECT 1 FROM sustainml.train('rules', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', seed => 1);
SELECT substring(activation_reason FROM 'on the same (\d+) held-out')::int = (SELECT count(*) FROM leaky WHERE sustainml.held_out(1, 0.2, id) AND sustainml.held_out(2, 0.3, id)) AS rows, substring(activation_reason FROM ';.*')
  FROM sustainml.retrain('rules', seed => 2, holdout => 0.3);
SELECT 1 FROM sustainml.train('rules', 'leaky', target => 'y', features => '{honest}', holdout => 0);
SELECT substring(activation_reason FROM ';.*') FROM sustainml.retrain('rules', holdout => 0.2);
SELECT 1 FROM sustainml.train('rules', 'leaky', target => 'y', features => '{honest}', split => '{"by": "id"}', refit => true);
SELECT substring(activation_reason FROM ';.*') FROM sustainml.retrain('rules');
SELECT 1 FROM sustainml.train('rules', 'SELECT *, id > 500 AS late, id <= 500 AS early FROM leaky', target => 'y', features => '{honest}', split => '{"column": "late"}');
SELECT activation_reason FROM sustainml.train('rules', 'SELECT *, id > 500 AS late, id <= 500 AS early FROM leaky', target => 'y', features => '{honest}', split => '{"column": "early"}', activate => 'if_better');
ALTER TABLE leaky RENAME COLUMN honest TO honesty;
SELECT answer($$SELECT ref FROM sustainml.retrain('again@1')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('again', params => '{"l3": 1}')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('agian')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain(NULL)$$);

DROP SCHEMA train_defaults CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_defaults.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_defaults') AS q;
END $$;
