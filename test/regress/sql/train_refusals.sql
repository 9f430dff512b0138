-- Bad input to training: each one clear error.
CREATE SCHEMA train_refusals;
SET search_path = train_refusals;
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
CREATE TABLE things (id bigserial PRIMARY KEY, a float8, b bool, word text, three text, day date, span interval, json jsonb, list float8[], y float8);
INSERT INTO things (a, b, word, three, day, span, list, y)
	SELECT i % 7, i % 5 < 2, 'word' || i % 3, (ARRAY['x', 'y', 'z'])[1 + i % 3], date '2020-01-01' + i, interval '1 day', ARRAY[i % 3], i % 7 + i % 4 + i / 1000.0 FROM generate_series(1, 200) i;
CREATE SEQUENCE counter;
CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN INSERT INTO things (y) VALUES (1); RETURN 1; END';
CREATE FUNCTION row_of_things() RETURNS SETOF things LANGUAGE sql AS 'SELECT * FROM things';

\echo names of things
SELECT answer($$SELECT ref FROM sustainml.train('e', 'thigns', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'yy')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', algorithm => 'lineer')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', algorithm => 'forest')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => '{"l3": 1}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => '{"l2": -1}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => '[1]')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => '{"standardize": 3}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => '{"class_weight": "balanced"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"aa": {"impute": "median"}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"a": {"impute": "medan"}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"a": {"imput": "median"}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"a": 3}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"word": {"reference": "worm"}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => '{"id": {"impute": 0}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{aa}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', exclude => '{aa}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', protected => '{aa}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'aa')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', activate => 'alwys')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', activate => 'sometimes')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', metric => 'rmsee')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', metric => 'roc_auc')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', task => 'regresion')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', task => 'ranking')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"bye": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"by": "idd"}')$$);

\echo values that do not fit together
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', task => 'binary')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'b', task => 'multiclass')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'word', task => 'regression')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'word', algorithm => 'linear')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'three', algorithm => 'logistic')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'b', algorithm => 'linear', task => 'binary')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'three', positive => 'x')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'b', positive => 'yes')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'b', favorable => 'yes')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', favorable => '1')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'json')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'list')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{json}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{y}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{NULL}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => '{*,a}', exclude => '{a}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'word')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'b')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'day')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', holdout => 1)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', holdout => -0.1)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', holdout => 'NaN')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', min_gain => -1)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', min_gain => 'NaN')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"by": 3}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"by": "json"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "word"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"gap": "1 day"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "day", "gap": "-1 day"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "day", "gap": {"days": 1}}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "id", "gap": -1}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "id", "gap": "1 day"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"by": "id", "time": "day"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"column": "day"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"source": "nothing_here"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"source": "SELECT 1 AS x"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '"id"')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', group_by => '{word}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', budget => '{"seconds": 3}')$$);

\echo names of models
SELECT answer($$SELECT ref FROM sustainml.train('e@1', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e@latest', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('a.b.c', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('.e', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('nowhere.e', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('a@b', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('"e"', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('a b', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train(NULL, 'things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', NULL, target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things')$$);
SET search_path = '';
SELECT train_refusals.answer($$SELECT ref FROM sustainml.train('e', 'train_refusals.things', target => 'y')$$);
SELECT train_refusals.answer($$SELECT ref FROM sustainml.train('pg_temp.e', 'train_refusals.things', target => 'y')$$);
SET search_path = pg_temp, train_refusals;
CREATE TEMP TABLE temporary (x int);
SELECT ref FROM sustainml.train('in_temp', 'things', target => 'y', features => '{a}');
SELECT model_schema FROM sustainml.models WHERE model = 'in_temp';
SELECT answer(format($$SELECT ref FROM sustainml.train('%s.e', 'things', target => 'y')$$, nspname)) FROM pg_namespace WHERE oid = pg_my_temp_schema();
SET search_path = train_refusals;

\echo sources that are none, and sources that write
SELECT answer($$SELECT ref FROM sustainml.train('e', 'counter', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things_pkey', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELEC * FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things; DROP TABLE things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things AS t', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things WHERE', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things; SELECT 1', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things) AS q, (SELECT 1', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things /* ', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT $1 AS y', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT 1 AS y, 2 AS y', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT t.*, t.a FROM things t', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'DELETE FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'WITH d AS (DELETE FROM things RETURNING *) SELECT * FROM d', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM (WITH d AS (INSERT INTO things (y) VALUES (1) RETURNING *) SELECT * FROM d) q', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * INTO more FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things FOR UPDATE', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM (SELECT * FROM things FOR SHARE) q', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, nextval(''counter'') FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, writes() FROM things', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'CREATE TABLE x (y int)', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'CALL nothing()', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT * FROM things WHERE a > (SELECT setval(''counter'', 5))', target => 'y')$$);
SELECT count(*), (SELECT is_called FROM counter) FROM things;

\echo rows that do not suffice
CREATE TABLE few (id int PRIMARY KEY, x float8, y float8, c text);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'c', holdout => 0)$$);
INSERT INTO few SELECT i, NULL, NULL, NULL FROM generate_series(1, 100) i;
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'c', holdout => 0)$$);
UPDATE few SET y = id, c = 'only';
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y', features => '{x}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'c', features => '{y}')$$);
UPDATE few SET x = 3;
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y', features => '{x}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'few', target => 'y', features => '{x}', split => '{"by": "x"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT id, CASE WHEN id = 50 THEN ARRAY[1, 2, 3] ELSE ARRAY[id, 2] END AS v, y FROM few', target => 'y', split => '{"by": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT id, ARRAY[ARRAY[1, 2], ARRAY[id, 4]] AS v, y FROM few', target => 'y', split => '{"by": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT id, NULL::int[] AS v, y FROM few', target => 'y', split => '{"by": "id"}', features => '{v}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, -1 AS w FROM few', target => 'y', weight => 'w', split => '{"by": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, ''Infinity''::float8 AS w FROM few', target => 'y', weight => 'w', split => '{"by": "id"}')$$);
-- magnitudes whose squares vanish or overflow, so that standard errors would be 0 or unknown
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, 1e-310::float8 AS w FROM few', target => 'y', weight => 'w', split => '{"by": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, 1e300::float8 AS w FROM few', target => 'y', weight => 'w', split => '{"by": "id"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT i AS id, i::float8 * 1e300 AS y, i % 7 AS x FROM generate_series(1, 50) i', target => 'y', features => '{x}', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT i AS id, i::float8 * 1e-310 AS y, i % 7 AS x FROM generate_series(1, 50) i', target => 'y', features => '{x}', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT i AS id, i AS y, (i % 7)::float8 * 1e-310 AS x FROM generate_series(1, 50) i', target => 'y', features => '{x}', holdout => 0)$$);
SELECT notes FROM sustainml.train('e', 'SELECT i AS id, i AS y, (i % 7)::float8 * 1e300 AS x, i % 5 AS z FROM generate_series(1, 50) i', target => 'y', features => '{x,z}', holdout => 0);
SELECT sustainml.drop_model('e');
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT *, 0 AS w FROM few', target => 'y', weight => 'w', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT x, c, id % 2 AS y FROM few', target => 'y')$$);

\echo a source that differs from pass to pass
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT ''w'' || id % 3 AS g, random() AS a, y FROM few', target => 'y', holdout => 0)$$);

\echo injection: the text stays text
CREATE TABLE victim (id int);
SELECT answer($$SELECT ref FROM sustainml.train('x''; DROP TABLE victim; --', 'things', target => 'y', features => '{a}', metric => 'rmse', activate => 'never')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'x''; DROP TABLE victim; --', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', algorithm => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', task => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'b', positive => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', features => ARRAY['x''; DROP TABLE victim; --'])$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', weight => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', metric => 'x''; DROP TABLE victim; --')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => jsonb_build_object('by', 'x''; DROP TABLE victim; --'))$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => jsonb_build_object('time', 'day', 'gap', 'x''; DROP TABLE victim; --'))$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => jsonb_build_object('source', 'x''; DROP TABLE victim; --'))$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', preprocess => jsonb_build_object('x''; DROP TABLE victim; --', '{}'::jsonb))$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', params => jsonb_build_object('x''; DROP TABLE victim; --', 1))$$);
SELECT count(*) FROM victim;
SELECT sustainml.drop_model('train_refusals.x''; DROP TABLE victim; --');
-- a gap that is not negative and ends after the held-out rows begin; a time of day goes round; money has no gap
SELECT answer($$SELECT ref FROM sustainml.train('e', 'things', target => 'y', split => '{"time": "day", "from": "2021-03-01", "gap": "1 month -30 days"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT y, day, id % 7 AS x, time ''00:00'' + id * interval ''1 minute'' AS t FROM things', target => 'y', features => '{x}', split => '{"time": "t", "from": "01:00", "gap": "2 hours"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('e', 'SELECT y, id % 7 AS x, id::money AS t FROM things', target => 'y', features => '{x}', split => '{"time": "t", "gap": 1}')$$);

DROP SCHEMA train_refusals CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_refusals.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_refusals') AS q;
END $$;
