-- Scoring single rows: the four forms of input, one rule for NULL, everywhere in SQL; what is refused.
CREATE SCHEMA predict_forms;
SET search_path = predict_forms;
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
CREATE TABLE r (id int PRIMARY KEY, a float8, g text, y float8, c text, b bool, k text, n int);
INSERT INTO r SELECT i, i % 17, CASE i % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'y' END, 2 * (i % 17) + i % 5, CASE WHEN (i * 37) % 101 < 40 + 2 * (i % 17) THEN 'yes' ELSE 'no' END,
	i % 3 = 0 AND i * 7 % 17 < 9, (ARRAY['red', 'green', 'blue'])[1 + ((i % 17) + i % 7) / 8 % 3], 10 * ((i % 17) / 6) - 5 FROM generate_series(1, 1000) i;
SELECT ref FROM sustainml.train('amount', 'r', target => 'y', features => '{a,g}');
SELECT ref FROM sustainml.train('answer', 'r', target => 'c', features => '{a,g}');
SELECT ref FROM sustainml.train('color', 'r', target => 'k', features => '{a,g}');
SELECT ref FROM sustainml.train('flag', 'r', target => 'b', features => '{a}');
SELECT ref FROM sustainml.train('word', 'r', target => 'y', features => '{g}');
SELECT ref, classes FROM sustainml.train('number', 'r', target => 'n', features => '{a,y}', task => 'classification', params => '{"l2": 1}');
CREATE TYPE one AS (a float8);
CREATE FUNCTION near(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 1e-12';

\echo the same row in each form
SELECT near(sustainml.predict('amount', t), p) AS row, near(sustainml.predict('amount', '{"a": 5, "g": "y"}'), p) AS untyped, near(sustainml.predict('amount', '{"g": "y", "A": 5, "more": 1}'::jsonb), p) AS jsonb,
       near(sustainml.predict('amount', '{"a": 5, "g": "y"}'::json), p) AS json, near(sustainml.predict('amount', '5', 'y'), p) AS literals, near(sustainml.predict('predict_forms.amount@1', 5::numeric, 'y'::varchar), p) AS version
  FROM (SELECT 5 AS a, 'y'::text AS g) t, sustainml.predict('amount', 5, 'y') AS p;
SELECT near(sustainml.predict_proba('flag', ARRAY[5]), p), near(sustainml.predict_proba('flag', 5), p), near(sustainml.predict_proba('flag', '5'), p), near(sustainml.predict_proba('flag', '{"a": 5}'), p), near(sustainml.predict_proba('flag', ROW(5)::one), p)
  FROM sustainml.predict_proba('flag', 5::float4) AS p;
SELECT near(sustainml.predict('word', 'y'), sustainml.predict('word', 'y'::text)), near(sustainml.predict('word', ' {"g": "y"}'), sustainml.predict('word', 'y'::text));

-- a model of one array: each element is a feature
SELECT ref FROM sustainml.train('list', 'SELECT y, ARRAY[a, CASE WHEN id % 5 > 0 THEN id % 7 END] AS v FROM r', target => 'y', holdout => 0, preprocess => '{"v": {"impute": "median"}}');
SELECT near(sustainml.predict('list', '{1,2}'), p), near(sustainml.predict('list', '{"v": [1, 2]}'), p), near(sustainml.predict('list', q), p), near(sustainml.predict('list', '{1,NULL}'), sustainml.predict('list', '{"v": [1, null]}')),
       sustainml.predict('list', '{NULL,NULL}'), sustainml.predict('list', '{"v": [null, null]}'), sustainml.predict('list', ARRAY[NULL, NULL]::int[]), sustainml.predict('list', '{"v": null}')
  FROM sustainml.predict('list', ARRAY[1, 2]) AS p, (SELECT ARRAY[1.0, 2.0] AS v) q;

\echo an array written as ARRAY[a, y] is taken apart by the planner, and one that is a value is not; both say the same, NULLs included
SELECT ref FROM sustainml.train('pair', 'r', target => 'c', features => '{a,y}');
EXPLAIN (VERBOSE, COSTS OFF) SELECT sustainml.predict_proba('pair', ARRAY[a, y]) FROM r;
SELECT bool_and(near(sustainml.predict_proba('pair', ARRAY[a, nullif(y, 4)]), sustainml.predict_proba('pair', v))), count(*)
  FROM (SELECT a, y, ARRAY[a, nullif(y, 4)] AS v FROM r OFFSET 0) q;
SELECT count(*), count(sustainml.predict_proba('pair', ARRAY[nullif(a, a), nullif(y, y)])) FROM r;
SELECT answer($$SELECT sustainml.predict_proba('pair', ARRAY[a]) FROM r$$);
SELECT answer($$SELECT sustainml.predict_proba('pair', ARRAY[a, y, y]) FROM r$$);
SELECT answer($$SELECT sustainml.predict_proba('pair', ARRAY[ARRAY[a, y]]) FROM r$$);
SELECT answer($$SELECT sustainml.predict_class('answer', ARRAY[a, y]) FROM r$$);
\echo NULL: one is imputed, all give NULL, in each form; so does a NULL name; NaN is a missing value and no NULL
SELECT near(sustainml.predict('amount', NULL, 'y'), sustainml.predict('amount', 'NaN'::float8, 'y')) AS imputed, near(sustainml.predict('amount', NULL, 'y'), sustainml.predict('amount', '{"a": null, "g": "y"}')) AS in_json,
       near(sustainml.predict('amount', 'Infinity', 'y'), sustainml.predict('amount', '{"a": "Infinity", "g": "y"}')) AS infinity, sustainml.predict('amount', 'NaN'::float8, NULL) IS NOT NULL AS nan_is_there;
SELECT sustainml.predict('amount', NULL, NULL), sustainml.predict('amount', NULL::float8, NULL::text), sustainml.predict('amount', NULL), sustainml.predict('amount', '{"a": null, "g": null}'), sustainml.predict('amount', NULL::r),
       sustainml.predict_proba('flag', ARRAY[NULL]::float8[]), sustainml.predict_class('answer', NULL, NULL), sustainml.predict_probabilities('answer', NULL, NULL), sustainml.classify('answer', NULL, NULL), sustainml.predict(NULL, 5, 'y');
SELECT count(*) FROM sustainml.explain('amount', NULL, NULL);

\echo outer joins: a row that is not there has no prediction, rewritten or not, with constant columns and views too
CREATE VIEW v AS SELECT id, 5.0 AS a, 'x'::text AS g FROM r;
SELECT count(*), count(p) FROM (SELECT sustainml.predict('amount', t) AS p FROM generate_series(998, 1003) i LEFT JOIN r t ON t.id = i) q;
SELECT count(*), count(p) FROM (SELECT sustainml.predict('amount', t) AS p FROM generate_series(998, 1003) i LEFT JOIN (SELECT 1 AS one, a, 'x'::text AS g, id FROM r) t ON t.id = i) q;
SELECT count(*), count(p) FROM (SELECT sustainml.predict('amount', v) AS p FROM generate_series(998, 1003) i LEFT JOIN v ON v.id = i) q;
SELECT count(*), count(p) FROM (SELECT sustainml.predict('amount', t) AS p FROM r t FULL JOIN generate_series(998, 1003) i ON t.id = i) q;

\echo everywhere the same sum
CREATE TABLE parts (id int, a float8, g text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (500);
CREATE TABLE parts_2 (g text, gone int, id int, a float8);
ALTER TABLE parts_2 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts_2 DEFAULT;
INSERT INTO parts SELECT id, a, g FROM r;
CREATE VIEW simple AS SELECT g, a, id FROM r;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM r;
CREATE VIEW scored AS SELECT id, sustainml.predict('amount', r) AS p FROM r;
CREATE FUNCTION one_by_one() RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE total float8 := 0; t r;
BEGIN
	FOR t IN SELECT * FROM r LOOP total := total + sustainml.predict('amount', t); END LOOP;
	RETURN total;
END $$;
CREATE FUNCTION all_rows() RETURNS SETOF r LANGUAGE sql STABLE AS 'SELECT * FROM r';
PREPARE by_name(text) AS SELECT sum(sustainml.predict($1, t)) FROM r t;
PREPARE fixed AS SELECT sum(sustainml.predict('amount', t)) FROM r t;
SELECT sum(sustainml.predict('amount', a, g)) AS total FROM r \gset
SELECT count(*) FILTER (WHERE abs(s - :total) < 1e-8) AS same, count(*) AS of FROM (
	          SELECT sum(sustainml.predict('amount', r)) FROM r
	UNION ALL SELECT sum(sustainml.predict('amount', r.*)) FROM r
	UNION ALL SELECT sum(sustainml.predict('amount', p)) FROM parts p
	UNION ALL SELECT sum(sustainml.predict('amount', simple)) FROM simple
	UNION ALL SELECT sum(sustainml.predict('amount', barrier)) FROM barrier
	UNION ALL SELECT sum(p) FROM scored
	UNION ALL SELECT sum(sustainml.predict('amount', q)) FROM (SELECT a, g FROM r OFFSET 0) q
	UNION ALL SELECT sum(p) FROM (WITH x AS MATERIALIZED (SELECT * FROM r) SELECT sustainml.predict('amount', x) AS p FROM x) q
	UNION ALL SELECT sum(p) FROM r t, LATERAL (SELECT sustainml.predict('amount', t) AS p) z
	UNION ALL SELECT sum((SELECT sustainml.predict('amount', t))) FROM r t
	UNION ALL SELECT sum(sustainml.predict('amount', jsonb_build_object('a', a, 'g', g))) FROM r
	UNION ALL SELECT sum(sustainml.predict('amount', j)) FROM (simple JOIN (SELECT id, y FROM r) z USING (id)) AS j
	UNION ALL SELECT sum(sustainml.predict('amount', t)) FROM r AS t(i, j, k, l)
	UNION ALL SELECT sum(sustainml.predict('amount', q)) FROM (SELECT g AS a, a AS g FROM r) AS q(g, a)
	UNION ALL SELECT sum(sustainml.predict('amount', q)) FROM (SELECT a, g FROM r WHERE id <= 500 UNION ALL SELECT a, g FROM r WHERE id > 500) q
	UNION ALL SELECT sum(sustainml.predict('amount', f)) FROM all_rows() f
	UNION ALL SELECT sum(p) FROM (SELECT sustainml.predict('amount', r) AS p FROM r GROUP BY id, r) q
	UNION ALL SELECT max(s) FROM (SELECT sum(sustainml.predict('amount', r)) OVER () AS s FROM r) q
	UNION ALL SELECT one_by_one()
	UNION ALL SELECT sum(sustainml.predict(m, r)) FROM r, (VALUES ('amount')) AS names(m)) AS q(s);
EXECUTE by_name('amount') \gset p_
EXECUTE fixed \gset f_
SELECT abs(:p_sum - :total) < 1e-8 AS by_name, abs(:f_sum - :total) < 1e-8 AS fixed;
-- triggers, RETURNING, ON CONFLICT
CREATE TABLE out (id int PRIMARY KEY, a float8, g text, p float8);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.p := sustainml.predict(''amount'', NEW); RETURN NEW; END';
CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON out FOR EACH ROW EXECUTE FUNCTION fill();
INSERT INTO out AS o (id, a, g) SELECT id, a, g FROM r WHERE id <= 3 RETURNING near(o.p, sustainml.predict('amount', o)), near(o.p, sustainml.predict('amount', a, g));
INSERT INTO out AS o (id, a, g) VALUES (1, 3, 'x') ON CONFLICT (id) DO UPDATE SET a = sustainml.predict('amount', excluded) RETURNING near(a, sustainml.predict('amount', 3, 'x')), near(p, sustainml.predict('amount', o));
UPDATE out AS o SET g = 'y' WHERE id = 2 RETURNING near(p, sustainml.predict('amount', a, 'y'));
DELETE FROM out o USING r WHERE o.id = r.id AND o.id = 3 RETURNING near(sustainml.predict('amount', r), o.p);
-- a new version: prepared statements follow, @previous and @latest name the others
SELECT ref FROM sustainml.train('amount', 'r', target => 'y', features => '{g}');
EXECUTE fixed \gset f_
EXECUTE by_name('amount@previous') \gset p_
SELECT abs(:f_sum - (SELECT sum(sustainml.predict('amount@latest', r)) FROM r)) < 1e-8 AS follows, abs(:f_sum - :total) > 1 AS differs, abs(:p_sum - :total) < 1e-8 AS previous;
SELECT sustainml.rollback('amount');

\echo classes come back as they were given
SELECT DISTINCT sustainml.predict('number', r) = sustainml.predict_class('number', r)::float8 AS numeric_labels FROM r;
SELECT DISTINCT sustainml.predict('flag', r) = (sustainml.predict_class('flag', r) = 'true')::int AS truth_values FROM r;
SELECT bool_and(near(1, (SELECT sum(value::float8) FROM jsonb_each_text(sustainml.predict_probabilities('color', r))))) AS sums_to_one,
       bool_and(sustainml.predict_class('color', r) = (SELECT key FROM jsonb_each_text(sustainml.predict_probabilities('color', r)) ORDER BY value::float8 DESC LIMIT 1)) AS the_likeliest FROM r;
SELECT bool_and((c).class = sustainml.predict_class('answer', r) AND near((c).positive_probability, sustainml.predict_proba('answer', r)) AND (c).threshold = 0.5) AS classify
  FROM (SELECT r, sustainml.classify('answer', r) AS c FROM r) q;
\echo base and contributions are the score on the link scale
SELECT unit, bool_and(near(total, ln(p / (1 - p)))) FROM (SELECT min(unit) AS unit, sum(contribution) + min(base) AS total, min(sustainml.predict_proba('answer', r)) AS p FROM r, sustainml.explain('answer', r) WHERE id <= 50 GROUP BY id) q GROUP BY unit;
SELECT unit, bool_and(near(total, p)) FROM (SELECT min(unit) AS unit, sum(contribution) + min(base) AS total, min(sustainml.predict('amount', r)) AS p FROM r, sustainml.explain('amount', r) WHERE id <= 50 GROUP BY id) q GROUP BY unit;

\echo an unknown category counts as other, with none as the mean of the indicators
SELECT abs(sustainml.predict('word', 'never seen') - (SELECT avg(y) FROM r WHERE NOT sustainml.held_out(0, 0.2, id))) < 1e-10 AS mean;
SELECT value FROM sustainml.evaluate('word', 'SELECT ''new'' || id AS g, y FROM r') WHERE metric = 'other_values';

\echo refused
SELECT answer($$SELECT sustainml.predict('answer', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict('color', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict_proba('color', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict_proba('amount', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict_class('amount', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict_probabilities('amount', r) FROM r$$);
SELECT answer($$SELECT sustainml.classify('amount', r) FROM r$$);
SELECT answer($$SELECT sustainml.predict('amount', 5)$$);
SELECT answer($$SELECT sustainml.predict('amount', 'y', 5)$$);
SELECT answer($$SELECT sustainml.predict('amount', 'y'::text, 5)$$);
SELECT answer($$SELECT sustainml.predict('amount', point(1, 2), 5)$$);
SELECT answer($$SELECT sustainml.predict('amount', '{"a": "5", "g": "y"}')$$);
SELECT answer($$SELECT sustainml.predict('amount', '{"a": 5}')$$);
SELECT answer($$SELECT sustainml.predict('amount', '{"a": 5, "gg": "y"}')$$);
SELECT answer($$SELECT sustainml.predict('amount', '[5]')$$);
SELECT answer($$SELECT sustainml.predict('amount', '5'::jsonb)$$);
SELECT answer($$SELECT sustainml.predict('amount', '{"a": 5, "g": {"x": 1}}')$$);
SELECT answer($$SELECT sustainml.predict('amount', '{"a": [5], "g": "y"}')$$);
SELECT answer($$SELECT sustainml.predict('amount', '{bad')$$);
SELECT answer($$SELECT sustainml.predict('amount', ARRAY[5])$$);
SELECT answer($$SELECT sustainml.predict_proba('flag', ARRAY[5, 6])$$);
SELECT answer($$SELECT sustainml.predict_proba('flag', ARRAY[]::int[])$$);
SELECT answer($$SELECT sustainml.predict_proba('flag', ARRAY[ARRAY[1]])$$);
SELECT answer($$SELECT sustainml.predict_proba('flag', VARIADIC ARRAY[5])$$);
SELECT answer($$SELECT sustainml.predict('amount', ROW(1, 2))$$);
SELECT answer($$SELECT sustainml.predict('amount', ROW(1, 'x'))$$);
SELECT answer($$SELECT sustainml.predict('amount', q) FROM (SELECT 5 AS a) q$$);
SELECT answer($$SELECT sustainml.predict('amount', q) FROM (SELECT 5 AS aa, 'x' AS g) q$$);
SELECT answer($$SELECT sustainml.predict('amount', q) FROM (SELECT 'q'::text AS a, 'zzz' AS g) q$$);
SELECT answer($$SELECT sustainml.predict('amount', q) FROM (SELECT 5 AS a, 6 AS "A", 'x' AS "G") q$$);
SELECT answer($$SELECT sustainml.predict('amount')$$);
SELECT answer($$SELECT sustainml.predict('amonut', 5, 'y')$$);
SELECT answer($$SELECT sustainml.predict('amount@9', 5, 'y')$$);
SELECT answer($$SELECT sustainml.predict('flag@previous', 5)$$);
SELECT answer($$SELECT sustainml.predict('amount@x', 5, 'y')$$);
SELECT answer($$SELECT sustainml.predict('amount@', 5, 'y')$$);
SELECT answer($$SELECT sustainml.predict('', 5, 'y')$$);
SELECT answer($$SELECT sustainml.predict('amount; SELECT 1', 5, 'y')$$);
SELECT answer($$SELECT sustainml.explain('amount', 5)$$);
SELECT answer($$SELECT '{}'::sustainml.state$$);
SELECT answer($$SELECT 'AAAA'::sustainml.state$$);
SELECT answer($$SELECT sustainml_internal.fold(NULL, NULL)$$);

\echo predictions change with the model, so they are not for generated columns or indexes
ALTER TABLE out ADD COLUMN generated float8 GENERATED ALWAYS AS (sustainml.predict('amount', a, g)) STORED;
CREATE INDEX ON out (sustainml.predict('amount', a, g));

\echo damaged bytes
CREATE TABLE kept AS SELECT id, bytes FROM sustainml.model_version;
UPDATE sustainml.model_version SET bytes = set_byte(bytes, 100, get_byte(bytes, 100) # 1) WHERE model_schema = 'predict_forms' AND model = 'flag';
-- a new session, which has not read the model yet
\c -
SET client_min_messages = warning;
SET search_path = predict_forms;
SELECT answer($$SELECT sustainml.predict_proba('flag', 4)$$);
UPDATE sustainml.model_version SET bytes = '\x00' WHERE model_schema = 'predict_forms' AND model = 'flag';
SELECT answer($$SELECT sustainml.predict_proba('flag', 4)$$);
SELECT answer($$SELECT count(*) FROM sustainml.coefficients('flag')$$);
UPDATE sustainml.model_version v SET bytes = k.bytes FROM kept k WHERE k.id = v.id AND v.model_schema = 'predict_forms' AND v.model = 'flag';
SELECT sustainml.predict_proba('flag', 4) IS NOT NULL AS well_again;

DROP SCHEMA predict_forms CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('predict_forms.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'predict_forms') AS q;
END $$;
