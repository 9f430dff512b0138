-- Columns whose values are bound to the key of their row: sealed, opened, trained on, predicted with, rotated, decrypted; what cannot be the key; and values that were moved.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
CREATE ROLE sml_rows_open NOLOGIN;
CREATE ROLE sml_rows_train NOLOGIN;
SELECT sustainml.create_key('rows_test', role => 'sml_rows_open');
SELECT sustainml.grant_key('rows_test', 'sml_rows_train', 'train');
GRANT CREATE ON SCHEMA public TO sml_rows_train;

-- what can be the key
CREATE TABLE k (a int, b int NOT NULL, c float8 NOT NULL UNIQUE, d int NOT NULL, e text NOT NULL UNIQUE, v text, PRIMARY KEY (a, b));
CREATE UNIQUE INDEX ON k (d) WHERE d > 0;
SELECT pg_temp.refused(format('SELECT sustainml.encrypt_column(''k'', ''v'', ''rows_test'', row_key => %L)', key)) FROM unnest('{nothing,a,b,c,d,v,ctid,e}'::text[]) WITH ORDINALITY n(key, i) ORDER BY i;
ALTER TABLE k ADD w text;
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''k'', ''w'', ''rows_test'', deterministic => true, row_key => ''e'')');
DROP TABLE k;

-- every type goes there and back, in a few rows more than one by a key of each kind
CREATE TABLE all_types (i int2 NOT NULL UNIQUE, l int8 NOT NULL UNIQUE, t text NOT NULL UNIQUE, c varchar(10) NOT NULL UNIQUE, u uuid NOT NULL UNIQUE,
	v_text text, v_float8 float8, v_int8 int8, v_numeric numeric(20, 3), v_array float8[], v_bytea bytea, v_jsonb jsonb, v_date date, v_time timestamptz, v_bool bool, v_char char(4), v_real real);
INSERT INTO all_types SELECT i, i * 10000000000, 'key ''"' || i, 'c ' || i, md5(i::text)::uuid, CASE WHEN i > 1 THEN repeat('x', i) END, CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' ELSE i / 3.0 END, -i, i / 7.0, ARRAY[i, NULL, 1 / i],
	'\x00ff', '{"a": [1, null]}', date '2026-01-01' + i, '2026-01-01 00:00:00.123456+00', i = 2, 'ab', i / 3.0 FROM generate_series(1, 3) i;
CREATE TABLE wanted AS SELECT * FROM all_types;
SELECT count(sustainml.encrypt_column('all_types', v, 'rows_test', row_key => k)) FROM (VALUES ('v_text', 'i'), ('v_float8', 'l'), ('v_int8', 't'), ('v_numeric', 'c'), ('v_array', 'u'), ('v_bytea', 'i'),
	('v_jsonb', 'l'), ('v_date', 't'), ('v_time', 'c'), ('v_bool', 'u'), ('v_char', 't'), ('v_real', 'u')) c(v, k);
SELECT column_name, row_key FROM sustainml.sealed_columns WHERE table_name = 'all_types' ORDER BY 1 LIMIT 3;
SELECT bool_and(sustainml.open_float8(a.v_float8, a.l::text)::text = w.v_float8::text AND sustainml.open_int8(a.v_int8, a.t) = w.v_int8 AND sustainml.open_numeric(a.v_numeric, a.c) = w.v_numeric
	AND sustainml.open_float8_array(a.v_array, a.u::text) = w.v_array AND sustainml.open_bytea(a.v_bytea, a.i::text) = w.v_bytea AND sustainml.open_jsonb(a.v_jsonb, a.l::text) = w.v_jsonb
	AND sustainml.open_date(a.v_date, a.t) = w.v_date AND sustainml.open_timestamptz(a.v_time, a.c) = w.v_time AND sustainml.open_boolean(a.v_bool, a.u::text) = w.v_bool
	AND sustainml.open_row(a.v_text, a.i::text) IS NOT DISTINCT FROM w.v_text) AS opened FROM all_types a JOIN wanted w USING (i);
-- not with another row's key, and not without
SELECT pg_temp.refused('SELECT sustainml.open_int8(v_int8, ''1'') FROM all_types WHERE i = 2') ~ ': cannot open sealed value' AS other, pg_temp.refused('SELECT sustainml.open_int8(v_int8) FROM all_types WHERE i = 2') ~ ': cannot open sealed value' AS without;
SELECT count(sustainml.decrypt_column('all_types', column_name::name)) FROM sustainml.sealed_columns WHERE table_name = 'all_types';
SELECT count(*) AS differ FROM all_types a FULL JOIN wanted w USING (i) WHERE a::text IS DISTINCT FROM w::text;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'all_types'::regclass;
DROP TABLE all_types, wanted;

-- a table to learn from
CREATE TABLE plain_r (id int PRIMARY KEY, city text, x float8, v float8[], y float8, won boolean, kind text);
INSERT INTO plain_r SELECT i, (ARRAY['Berlin', 'Ulm'])[1 + i % 2], sin(i) * 10, ARRAY[cos(i), i % 5], 3 * sin(i) + i % 2 + cos(7 * i), (i * 7919) % 11 > 5, (ARRAY['a', 'b', 'c'])[1 + i % 3] FROM generate_series(1, 600) i;
CREATE TABLE bound_r (LIKE plain_r INCLUDING ALL);
INSERT INTO bound_r SELECT * FROM plain_r;
SELECT bool_and(sustainml.encrypt_column('bound_r', c, 'rows_test', row_key => 'id') > 0) FROM unnest('{city,x,v,y,won,kind}'::name[]) c;
GRANT SELECT ON plain_r, bound_r TO PUBLIC;
SET ROLE sml_rows_train;
-- a streaming pass; categories; rows kept in memory; a query; all by default
SELECT t.name, rows_used, rows_held_out FROM (VALUES ('r_num', 'y', '{x,v}'), ('r_city', 'y', '{x,city}'), ('r_won', 'won', '{x,city,v}'), ('r_kind', 'kind', '{x,city}')) t(name, target, features),
	sustainml.train(t.name, 'bound_r', target => t.target, features => t.features::text[]);
SELECT t.name, rows_used, rows_held_out FROM (VALUES ('q_num', 'y', '{x,v}'), ('q_city', 'y', '{x,city}'), ('q_won', 'won', '{x,city,v}'), ('q_kind', 'kind', '{x,city}')) t(name, target, features),
	sustainml.train(t.name, 'plain_r', target => t.target, features => t.features::text[]);
SELECT rows_used FROM sustainml.train('r_query', 'SELECT y, id, x FROM bound_r', target => 'y', split => '{"by": "id"}');
SELECT rows_used > 0 AS trained FROM sustainml.train('r_all', 'bound_r', target => 'y');
SELECT m, count(*), bool_and(abs(sustainml.predict('r_' || m, b) - sustainml.predict('q_' || m, p)) < 1e-9) AS same FROM unnest('{num,city}'::text[]) m, bound_r b JOIN plain_r p USING (id) GROUP BY m ORDER BY m;
SELECT m, count(*), bool_and(sustainml.predict_class('r_' || m, b) = sustainml.predict_class('q_' || m, p)) AS same FROM unnest('{won,kind}'::text[]) m, bound_r b JOIN plain_r p USING (id) GROUP BY m ORDER BY m;
SELECT m, count(*) > 4 AS some, bool_and(abs(p.value - b.value) <= 1e-9 * (1 + abs(p.value))) AS same FROM unnest('{num,city,won,kind}'::text[]) m, sustainml.evaluate('r_' || m) b JOIN sustainml.evaluate('q_' || m) p USING (metric) GROUP BY m ORDER BY m;
-- a constant name, where the planner takes rows apart; a view; one by one; and tables of results
SELECT bool_and(abs(sustainml.predict('r_city', b) - sustainml.predict('q_city', p)) < 1e-9) AS same FROM bound_r b JOIN plain_r p USING (id);
SELECT bool_and(abs(sustainml.predict('r_city', b) - sustainml.predict('q_city', p)) < 1e-9) AS same FROM (SELECT city, id, x FROM bound_r) b JOIN plain_r p USING (id);
SELECT bool_and(abs(sustainml.predict('r_city', sustainml.with_row(b.x, b.id::text), sustainml.with_row(b.city, b.id::text)) - sustainml.predict('q_city', p)) < 1e-9) AS same FROM bound_r b JOIN plain_r p USING (id);
SELECT rows FROM sustainml.score('r_city', 'bound_r', 'public.bound_scored');
SELECT bool_and(abs(prediction - sustainml.predict('q_city', p)) < 1e-9) AS same FROM bound_scored s JOIN plain_r p USING (id);
DROP TABLE bound_scored;
SELECT version, rows_used FROM sustainml.retrain('r_city', activate => 'never');
-- the key must be there
SELECT pg_temp.refused('SELECT sustainml.predict(''r_city'', b) FROM (SELECT city, x FROM bound_r) b'), pg_temp.refused('SELECT sustainml.predict(''r_city'', x, city) FROM bound_r');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''SELECT x, y, 1 AS other FROM bound_r'', target => ''y'', features => ''{x}'', holdout => 0)');
SELECT rows_used, notes FROM sustainml.train('r_left', 'SELECT p.y, p.id AS number, p.won AS flag, b.x FROM bound_r b JOIN plain_r p USING (id)', target => 'y', split => '{"by": "number"}');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''SELECT id + 1 AS id, x, y FROM bound_r'', target => ''y'', features => ''{x}'', split => ''{"by": "id"}'')');
-- it opens nothing, and is no value to keep
SELECT pg_temp.refused('SELECT sustainml.with_row(x, id::text)::text FROM bound_r LIMIT 1'), pg_temp.refused('SELECT sustainml.open_float8(x, id::text) FROM bound_r'), pg_temp.refused('SELECT sustainml.explain(''q_city'', b) FROM bound_r b');
RESET ROLE;
-- coefficients
SELECT m, count(*) > 2 AS some, bool_and(abs(p.estimate - b.estimate) <= 1e-9 * (1 + abs(p.estimate))) AS same FROM unnest('{num,city,won,kind}'::text[]) m, sustainml.coefficients('r_' || m) b JOIN sustainml.coefficients('q_' || m) p USING (term)
 WHERE p.class IS NOT DISTINCT FROM b.class GROUP BY m ORDER BY m;

-- values that were moved to another row are found out, by all who open them
UPDATE bound_r a SET x = b.x FROM bound_r b WHERE a.id = 5 AND b.id = 6;
SELECT pg_temp.refused('SELECT sustainml.open_float8(x, id::text) FROM bound_r WHERE id = 5') ~ 'cannot open sealed value' AS opened, pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''bound_r'', target => ''y'', features => ''{x}'', holdout => 0)') ~ 'cannot open sealed value' AS trained,
	pg_temp.refused('SELECT sustainml.predict(''r_city'', b) FROM bound_r b WHERE id = 5') ~ 'cannot open sealed value' AS predicted, pg_temp.refused('SELECT sustainml_internal.reseal(x, id::text) FROM bound_r') ~ 'cannot open sealed value' AS rotated,
	pg_temp.refused('SELECT sustainml.decrypt_column(''bound_r'', ''x'')') ~ 'cannot open sealed value' AS decrypted;
UPDATE bound_r SET x = sustainml.seal_row(sin(5) * 10, 'bound_r', 'x', id::text) WHERE id = 5;
-- new values are bound, and keys do not change under them
SELECT pg_temp.refused('UPDATE bound_r SET x = sustainml.seal(1::float8, ''bound_r'', ''x'') WHERE id = 5'), pg_temp.refused('UPDATE bound_r SET x = sustainml_internal.reseal(x) WHERE id = 5');
SELECT regexp_replace(split_part(pg_temp.refused('UPDATE bound_r SET id = 1005 WHERE id = 5'), ' | ', 1), 'column "[a-z]+" is bound', 'column "…" is bound');
UPDATE bound_r SET id = id WHERE id = 5;
INSERT INTO bound_r (id, x) VALUES (1006, NULL);
UPDATE bound_r SET id = 1007 WHERE id = 1006;
UPDATE bound_r SET id = 1008, x = sustainml.seal_row(8::float8, 'bound_r', 'x', '1008') WHERE id = 1007;
SELECT sustainml.open_float8(x, id::text) FROM bound_r WHERE id = 1008;
DELETE FROM bound_r WHERE id = 1008;
-- rotation
CALL sustainml.rotate('bound_r', 'x');
SELECT count(*), count(DISTINCT sustainml.key_no(b.x)) AS keys, bool_and(sustainml.open_float8(b.x, id::text) = p.x) AS same FROM bound_r b JOIN plain_r p USING (id);
-- names change: the primary key is found, and the column that was sealed
ALTER TABLE bound_r RENAME id TO number;
ALTER TABLE bound_r RENAME x TO renamed;
SELECT regexp_replace(split_part(pg_temp.refused('UPDATE bound_r SET number = 1005 WHERE number = 5'), ' | ', 1), 'column "[a-z]+" is bound', 'column "…" is bound');
CALL sustainml.rotate('bound_r', 'renamed');
SELECT rows_used FROM sustainml.train('r_renamed', 'bound_r', target => 'y', features => '{renamed,city}');
SELECT bool_and(abs(sustainml.predict('r_renamed', b) - sustainml.predict('q_city', p)) < 1e-9) AS same FROM bound_r b JOIN plain_r p ON id = number;
SELECT count(sustainml.decrypt_column('bound_r', c)) FROM unnest('{city,renamed,v,y,won,kind}'::name[]) c;
SELECT count(*) AS differ FROM bound_r b FULL JOIN plain_r p ON id = number WHERE b::text IS DISTINCT FROM p::text;

-- in batches; a key that changes meanwhile takes its value along; and a superuser may rotate what has nothing but our triggers
CREATE TABLE big_r (id int PRIMARY KEY, v text);
INSERT INTO big_r SELECT i, 'value ' || i FROM generate_series(1, 2000) i;
CREATE ROLE sml_rows_owner NOLOGIN;
SELECT sustainml_internal.sealing_begin('big_r', 'v', 'rows_test', false, 'id') > 0 AS begun, sustainml_internal.sealing_step('big_r', 'v', 0, 3) > 0 AS some;
UPDATE big_r SET id = 5000 + id WHERE id IN (1, 1999);
UPDATE big_r SET v = 'changed' WHERE id IN (2, 1998);
UPDATE big_r SET id = 5000 + id, v = 'both' WHERE id IN (3, 1997);
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''big_r'', ''v'', ''rows_test'', false)');
CALL sustainml.encrypt_column_batches('big_r', 'v', 'rows_test', row_key => 'id', batch_blocks => 2);
SELECT count(*), count(*) FILTER (WHERE sustainml.open_row(v, id::text) = CASE WHEN id IN (2, 1998) THEN 'changed' WHEN id IN (5003, 6997) THEN 'both' ELSE 'value ' || id % 5000 END) AS right FROM big_r;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'big_r'::regclass;
ALTER TABLE big_r OWNER TO sml_rows_owner;
CALL sustainml.rotate('big_r', 'v');
SELECT count(DISTINCT sustainml.key_no(v)), count(sustainml.open_row(v, id::text)) FROM big_r;
DROP TABLE big_r;

-- partitions, of which one has its columns in another order
CREATE TABLE parts (id int PRIMARY KEY, v float8, y float8) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 (y float8, gone int, id int NOT NULL, v float8);
ALTER TABLE parts_2 DROP gone;
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (100) TO (1000);
INSERT INTO parts SELECT i, i / 8.0, 2 * i FROM generate_series(1, 200) i;
SELECT sustainml.encrypt_column('parts', 'v', 'rows_test', row_key => 'id') > 0 AS sealed;
SELECT pg_temp.refused('UPDATE parts SET id = 500 WHERE id = 1'), pg_temp.refused('UPDATE parts SET id = 50 WHERE id = 150');
UPDATE parts SET id = 500, v = sustainml.seal_row(0.125::float8, 'parts', 'v', '500') WHERE id = 1;
CALL sustainml.rotate('parts', 'v');
SELECT rows_used FROM sustainml.train('r_parts', 'parts', target => 'y', features => '{v}', holdout => 0);
SELECT count(*), sum(sustainml.open_float8(v, id::text)), count(sustainml.predict('r_parts', parts)) FROM parts;
SELECT count(sustainml.predict('r_parts', p)) FROM parts_2 p;
SELECT sustainml.decrypt_column('parts', 'v');
SELECT sum(v), (SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('parts'::regclass, 'parts_1'::regclass, 'parts_2'::regclass)) AS triggers FROM parts;
DROP TABLE parts;

-- export and import keep the key's name
CREATE TABLE moved (id int PRIMARY KEY, v float8);
INSERT INTO moved VALUES (1, 42);
SELECT sustainml.create_key('rows_moved', role => 'sml_rows_open');
SELECT sustainml.encrypt_column('moved', 'v', 'rows_moved', row_key => 'id') > 0;
SELECT sustainml.export_keys('rows_moved') AS exported \gset
DELETE FROM sustainml.key WHERE key = 'rows_moved'; DELETE FROM sustainml.data_key WHERE key = 'rows_moved'; DELETE FROM sustainml.protected_column WHERE key = 'rows_moved';
SELECT sustainml.import_keys(:'exported');
SELECT sustainml.open_float8(v, id::text), row_key FROM moved, sustainml.sealed_columns WHERE table_name = 'moved';
SELECT sustainml.decrypt_column('moved', 'v');
SELECT * FROM moved;
DROP TABLE moved;
-- not by hand
SELECT pg_temp.refused('SELECT sustainml_internal.row_key_trigger()');

SELECT sustainml.destroy_key(k, confirm => k) > 0 AS destroyed FROM unnest('{rows_test,rows_moved}'::text[]) k;
SELECT count(sustainml.drop_model(model)) FROM (SELECT DISTINCT model FROM sustainml.model_version WHERE model ~ '^[rq]_') m;
DROP TABLE plain_r, bound_r;
REVOKE CREATE ON SCHEMA public FROM sml_rows_train;
DROP ROLE sml_rows_open, sml_rows_train, sml_rows_owner;
