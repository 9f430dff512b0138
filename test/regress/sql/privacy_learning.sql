-- Training, evaluation and prediction on sealed columns give what plain columns give, for those who may, and keep values inside.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '');
END $$;
CREATE ROLE sml_learn_open NOLOGIN;
CREATE ROLE sml_learn_train NOLOGIN;
CREATE ROLE sml_learn_nobody NOLOGIN;
SELECT sustainml.create_key('learn_test', role => 'sml_learn_open');
SELECT sustainml.grant_key('learn_test', 'sml_learn_train', 'train');
GRANT CREATE ON SCHEMA public TO sml_learn_train, sml_learn_nobody;

CREATE TABLE plain_rows (id int PRIMARY KEY, x float8, k int, b boolean, city text, d date, v float8[], y float8, won boolean);
INSERT INTO plain_rows
SELECT i, CASE WHEN i % 17 = 0 THEN NULL ELSE sin(i) * 10 END, i % 7, i % 3 = 0, (ARRAY['Berlin', 'Köln', 'Ulm'])[1 + i % 3], date '2026-01-01' + i % 100,
       ARRAY[cos(i), i % 5], 3 * sin(i) + 0.5 * (i % 7) + CASE WHEN i % 3 = 1 THEN 2 ELSE 0 END + cos(7 * i), (i * 7919) % 11 + (i % 7) > 8
  FROM generate_series(1, 600) i;
CREATE TABLE sealed_rows (LIKE plain_rows INCLUDING ALL);
INSERT INTO sealed_rows SELECT * FROM plain_rows;
SELECT bool_and(sustainml.encrypt_column('sealed_rows', c, 'learn_test') > 0) FROM unnest(ARRAY['x', 'k', 'b', 'city', 'd', 'v', 'y', 'won']::name[]) c;
GRANT SELECT ON plain_rows, sealed_rows TO PUBLIC;

-- least squares in one streaming pass, numbers only; and with categories
SET ROLE sml_learn_train;
SELECT rows_used, rows_held_out FROM sustainml.train('plain_linear', 'plain_rows', target => 'y', features => '{x,k,b,d,v}');
SELECT rows_used, rows_held_out, notes FROM sustainml.train('sealed_linear', 'sealed_rows', target => 'y', features => '{x,k,b,d,v}');
RESET ROLE;
SELECT count(*), bool_and(abs(p.estimate - s.estimate) <= 1e-9 * (1 + abs(p.estimate))) AS same
  FROM sustainml.coefficients('plain_linear') p JOIN sustainml.coefficients('sealed_linear') s USING (term);
SET ROLE sml_learn_train;
SELECT rows_used FROM sustainml.train('plain_city', 'plain_rows', target => 'y', features => '{x,city}');
SELECT rows_used FROM sustainml.train('sealed_city', 'sealed_rows', target => 'y', features => '{x,city}');
RESET ROLE;
SELECT p.term, abs(p.estimate - s.estimate) <= 1e-9 * (1 + abs(p.estimate)) AS same
  FROM sustainml.coefficients('plain_city') p JOIN sustainml.coefficients('sealed_city') s USING (term) ORDER BY 1;
SET ROLE sml_learn_train;
-- classes, with the rows kept in memory
SELECT classes, rows_used FROM sustainml.train('plain_won', 'plain_rows', target => 'won', features => '{x,k,city}');
SELECT classes, rows_used FROM sustainml.train('sealed_won', 'sealed_rows', target => 'won', features => '{x,k,city}');
RESET ROLE;
SELECT count(*), bool_and(abs(p.estimate - s.estimate) <= 1e-9 * (1 + abs(p.estimate))) AS same
  FROM sustainml.coefficients('plain_won') p JOIN sustainml.coefficients('sealed_won') s USING (term);
SET ROLE sml_learn_train;
-- metrics on the held-out rows, and on another source
SELECT count(*) > 5 AS some, bool_and(abs(p.value - s.value) <= 1e-9 * (1 + abs(p.value))) AS same
  FROM sustainml.evaluate('plain_won') p JOIN sustainml.evaluate('sealed_won') s USING (metric);
SELECT count(*) > 5 AS some, bool_and(abs(p.value - s.value) <= 1e-9 * (1 + abs(p.value))) AS same
  FROM sustainml.evaluate('plain_linear', 'plain_rows') p JOIN sustainml.evaluate('sealed_linear', 'sealed_rows') s USING (metric);
-- predictions: rows, columns; a model of plain rows on sealed ones
SELECT count(*), bool_and(abs(sustainml.predict('plain_linear', p) - sustainml.predict('sealed_linear', s)) < 1e-9) AS same FROM plain_rows p JOIN sealed_rows s USING (id);
SELECT count(*), bool_and(abs(sustainml.predict('plain_city', p) - sustainml.predict('plain_city', s.x, s.city)) < 1e-9) AS same FROM plain_rows p JOIN sealed_rows s USING (id);
SELECT count(*), bool_and(sustainml.predict_class('plain_won', p) = sustainml.predict_class('sealed_won', s)) AS same FROM plain_rows p JOIN sealed_rows s USING (id);
-- but it cannot see a value, nor what such a model is made of
SELECT pg_temp.refused('SELECT sustainml.open(x) FROM sealed_rows');
SELECT pg_temp.refused('SELECT * FROM sustainml.features(''sealed_city'')'), pg_temp.refused('SELECT * FROM sustainml.coefficients(''sealed_city'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.explain(''sealed_city'', ''{"x": 1, "city": "Ulm"}''::jsonb)');
SELECT pg_temp.refused('SELECT sustainml.model_card(''sealed_won'')');
SELECT pg_temp.refused('SELECT e.* FROM sealed_rows s, sustainml.explain(''plain_city'', s) e');
-- other readers of rows do not open
SELECT pg_temp.refused('SELECT sustainml.accuracy(city, city) FROM sealed_rows'), pg_temp.refused('SELECT sustainml.rmse(y, y) FROM sealed_rows');
-- the other ways to use a model
SELECT version, rows_used FROM sustainml.retrain('sealed_linear', activate => 'never');
SELECT count(*) > 5 AS compared FROM sustainml.compare('sealed_linear@1', 'sealed_linear@2', 'sealed_rows');
SELECT rows FROM sustainml.score('sealed_linear', 'sealed_rows', 'public.sealed_scored');
SELECT count(*), bool_and(abs(prediction - sustainml.predict('plain_linear', p)) < 1e-9) AS same FROM sealed_scored s JOIN plain_rows p USING (id);
DROP TABLE sealed_scored;
-- all columns by default
SELECT rows_used > 0 AS trained FROM sustainml.train('sealed_all', 'sealed_rows', target => 'y');
RESET ROLE;

-- without the right: sealed columns are left out and named, or refused when asked for; the model cannot be used
SET ROLE sml_learn_nobody;
SELECT notes FROM sustainml.train('nobody', 'SELECT id, id % 7 AS f, sin(id) AS target, x, city FROM sealed_rows', target => 'target', task => 'regression', split => '{"by": "id"}');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''nobody'', ''sealed_rows'', target => ''y'', features => ''{id,x}'')');
RESET ROLE;
SELECT sustainml.grant_model('sealed_linear', 'sml_learn_nobody', 'read');
SET ROLE sml_learn_nobody;
SELECT pg_temp.refused('SELECT sustainml.predict(''sealed_linear'', s) FROM sealed_rows s'), pg_temp.refused('SELECT sustainml.predict(''sealed_linear'', p) FROM plain_rows p');
SELECT pg_temp.refused('SELECT * FROM sustainml.coefficients(''sealed_linear'')'), pg_temp.refused('SELECT * FROM sustainml.features(''sealed_linear'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.evaluate(''sealed_linear'')');
SELECT pg_temp.refused('SELECT sustainml.release_model(''sealed_linear'')');
RESET ROLE;
-- neither is the model in the catalog in clear
SELECT bool_and((get_byte(bytes, 0) = 1) = (model LIKE 'sealed%')) AS sealed, bool_or(position('Berlin'::bytea IN bytes) > 0) FILTER (WHERE model = 'plain_city') AS plain_shows,
       bool_or(position('Berlin'::bytea IN bytes) > 0) FILTER (WHERE model LIKE 'sealed%') AS sealed_shows
  FROM sustainml.model_version WHERE model LIKE 'sealed%' OR model LIKE 'plain%';
-- a right that is taken away is gone for decoded models too
SET ROLE sml_learn_train;
SELECT sustainml.predict('sealed_linear', s) IS NOT NULL AS predicted FROM sealed_rows s WHERE id = 1;
RESET ROLE;
SELECT sustainml.revoke_key('learn_test', 'sml_learn_train');
SET ROLE sml_learn_train;
SELECT pg_temp.refused('SELECT sustainml.predict(''sealed_linear'', p) FROM plain_rows p');
RESET ROLE;
SELECT sustainml.grant_key('learn_test', 'sml_learn_train', 'train');
-- the keys' owner may release a model
SET ROLE sml_learn_train;
SELECT pg_temp.refused('SELECT sustainml.release_model(''sealed_linear'')');
RESET ROLE;
SELECT sustainml.release_model('sealed_linear');
SELECT pg_temp.refused('SELECT sustainml.release_model(''sealed_linear'')');
SET ROLE sml_learn_nobody;
SELECT count(sustainml.predict('sealed_linear', p)) FROM plain_rows p;
SELECT pg_temp.refused('SELECT sustainml.predict(''sealed_linear'', s) FROM sealed_rows s');
RESET ROLE;

-- a source that opens for itself: the model says that it is not sealed
SELECT notes FROM sustainml.train('opened_by_source', 'SELECT id, sustainml.open_float8(x) AS x, sustainml.open_float8(y) AS y FROM sealed_rows', target => 'y', features => '{x}', split => '{"by": "id"}');
SELECT get_byte(bytes, 0) = 1 AS sealed FROM sustainml.model_version WHERE model = 'opened_by_source';
SELECT sustainml.drop_model('opened_by_source');
-- what cannot be done with sealed columns says so
SET ROLE sml_learn_train;
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''few'', ''SELECT * FROM sealed_rows WHERE id <= 15'', target => ''y'', features => ''{x}'', holdout => 0)');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''one'', ''SELECT * FROM sealed_rows WHERE id = 1'', target => ''y'', features => ''{x}'', holdout => 0)');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''s'', ''sealed_rows'', target => ''y'', split => ''{"by": "x"}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''s'', ''sealed_rows'', target => ''y'', split => ''{"time": "d"}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''s'', ''sealed_rows'', target => ''y'', split => ''{"column": "b"}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''s'', ''sealed_rows'', target => ''d'', task => ''classification'', features => ''{x}'')');
SELECT pg_temp.refused('SELECT sustainml.held_out(1, 0.5, x) FROM sealed_rows');
-- the pieces of a training do not work by hand: a plan to profile one number x, as sml_plan_write writes it
\set plan '\\x534d4c31504c414e010000003000000000000000de961bf10afc06bb0000000100000000000000010000007810000000646f75626c6520707265636973696f6e000000000000000000000100'
SELECT length(sustainml_internal.fold(:'plan', sustainml_internal.cells(:'plan', x))::text) > 100 AS plain_works FROM plain_rows;
SELECT pg_temp.refused(format('SELECT sustainml_internal.fold(%L, sustainml_internal.cells(%L, x)) FROM sealed_rows', :'plan', :'plan'));
-- and not from inside a source either, where cells may be opened: such a state does not come out
SELECT pg_temp.refused(format('SELECT * FROM sustainml.train(''leak'', %L, target => ''y'', features => ''{x,leak}'', split => ''{"by": "id"}'')',
	format('SELECT s.*, (SELECT length(sustainml_internal.fold(%L, sustainml_internal.cells(%L, r.x))::text) FROM sealed_rows r WHERE r.id = s.id) AS leak FROM sealed_rows s', :'plan', :'plan')));
SELECT pg_temp.refused(format('SELECT * FROM sustainml.train(''leak'', %L, target => ''y'', features => ''{x,leak}'', split => ''{"by": "id"}'')',
	format('SELECT s.*, (SELECT sustainml_internal.state_send(sustainml_internal.fold(%L, sustainml_internal.cells(%L, r.x)))::text FROM sealed_rows r WHERE r.id = s.id) AS leak FROM sealed_rows s', :'plan', :'plan')));
RESET ROLE;
-- a cell of another column under the same key is found out while training
CREATE TABLE mixed (LIKE sealed_rows);
INSERT INTO mixed SELECT * FROM sealed_rows;
SET allow_system_table_mods = on;
UPDATE pg_attribute SET atttypmod = (SELECT atttypmod FROM pg_attribute WHERE attrelid = 'sealed_rows'::regclass AND attname = 'y') WHERE attrelid = 'mixed'::regclass AND attname = 'x';
RESET allow_system_table_mods;
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''mixed'', ''mixed'', target => ''y'', features => ''{x}'', split => ''{"by": "id"}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''mixed'', ''mixed'', target => ''won'', features => ''{x}'', split => ''{"by": "id"}'')');
SELECT pg_temp.refused('SELECT sustainml.predict(''plain_city'', m) FROM mixed m'), pg_temp.refused('SELECT sustainml.predict(''plain_city'', x, city) FROM mixed'), pg_temp.refused('SELECT sustainml.predict(''plain_city'', m) FROM (SELECT * FROM mixed OFFSET 0) m');
-- destroying the key destroys its models
SELECT sustainml.destroy_key('learn_test', confirm => 'learn_test') > 0 AS destroyed;
SELECT regexp_replace(pg_temp.refused('SELECT sustainml.predict(''sealed_city'', p) FROM plain_rows p'), 'Data key [0-9]+', 'Data key N');

SELECT count(sustainml.drop_model(model)) FROM (SELECT DISTINCT model FROM sustainml.model_version WHERE model ~ '^(plain|sealed)_(linear|city|won|all)$' OR model = 'nobody') m;
DROP TABLE plain_rows, sealed_rows, mixed;
REVOKE CREATE ON SCHEMA public FROM sml_learn_train, sml_learn_nobody;
DROP ROLE sml_learn_open, sml_learn_train, sml_learn_nobody;
