-- Sealed columns: encrypt, use, rotate, decrypt; what stands in the way; hostile names and planted objects.
SET client_min_messages = warning;
CREATE ROLE sml_column_role NOLOGIN;
CREATE ROLE sml_table_owner NOLOGIN;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '');
END $$;
SELECT sustainml.create_key('columns_test', role => 'sml_column_role');
SELECT COALESCE(max(run_id), 0) AS last_run FROM sustainml.run_log \gset

-- every type there and back, NULLs kept
CREATE TABLE all_types (id int PRIMARY KEY, t text, v varchar(20), c char(5), f float8, r real, i int, b bigint, s smallint, n numeric(12,3),
	a float8[], y bytea, j jsonb, d date, z timestamptz, o boolean);
INSERT INTO all_types VALUES
	(1, 'text', 'varchar', 'ch', 1.5, 0.1, 7, 8, 9, 10.125, '{1,2}', '\x00ff', '{"a": 1}', '2026-11-26', '2026-11-26 12:00+00', true),
	(2, '', '', '', '-0', 'NaN', -7, -8, -9, 'NaN', '{}', '', 'null', '-infinity', 'infinity', false),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE all_types_before AS SELECT * FROM all_types;
SELECT bool_and(sustainml.encrypt_column('all_types', attname, 'columns_test') > 0)
  FROM pg_attribute WHERE attrelid = 'all_types'::regclass AND attnum > 1;
SELECT attname, atttypid::regtype, attlen, attstorage FROM pg_attribute WHERE attrelid = 'all_types'::regclass AND attnum > 0 ORDER BY attnum LIMIT 3;
SELECT id, sustainml.open(t), sustainml.open(v), sustainml.open(i), sustainml.open(n), sustainml.open(a), sustainml.open(o) FROM all_types ORDER BY id;
SELECT bool_and(sustainml.decrypt_column('all_types', attname) IS NOT NULL)
  FROM pg_attribute WHERE attrelid = 'all_types'::regclass AND attnum > 1;
SELECT after::text = before::text AS same FROM all_types after JOIN all_types_before before ON after.id = before.id ORDER BY after.id;
SELECT a.attname FROM pg_attribute a JOIN pg_attribute b ON a.attname = b.attname
 WHERE a.attrelid = 'all_types'::regclass AND b.attrelid = 'all_types_before'::regclass AND a.attnum > 0 AND (a.atttypid, a.atttypmod) <> (b.atttypid, b.atttypmod);
DROP TABLE all_types, all_types_before;

-- using a sealed column
CREATE TABLE person (id int PRIMARY KEY, name text, salary float8 NOT NULL, note text);
INSERT INTO person SELECT i, 'person ' || i, 1000 + i, 'note ' || i FROM generate_series(1, 100) i;
ANALYZE person;
SELECT count(*) FROM pg_stats WHERE tablename = 'person' AND attname = 'salary' AND histogram_bounds IS NOT NULL;
SELECT sustainml.encrypt_column('person', 'salary', key => 'columns_test') > 0, sustainml.encrypt_column('person', 'note', key => 'columns_test') > 0;
-- the statistics of the column are gone, and ANALYZE makes none of its values
SELECT count(*) FROM pg_stats WHERE tablename = 'person' AND attname = 'salary';
ANALYZE person;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'person' AND attname = 'salary';
INSERT INTO person VALUES (101, 'new', sustainml.seal(5, 'person', 'salary'), sustainml.seal('literal', 'person', 'note')) RETURNING sustainml.open(salary), sustainml.open(note);
INSERT INTO person VALUES (101, 'new', sustainml.seal(6.5, 'person', 'salary')) ON CONFLICT (id) DO UPDATE SET salary = excluded.salary RETURNING sustainml.open_float8(salary);
INSERT INTO person VALUES (101, 'new', sustainml.seal('7', 'person', 'salary')) ON CONFLICT (id) DO UPDATE SET salary = sustainml.seal(sustainml.open_float8(person.salary) + 1, 'person', 'salary') RETURNING sustainml.open_float8(salary);
SELECT pg_temp.refused('UPDATE person SET note = note || ''x''');
SELECT pg_temp.refused('INSERT INTO person VALUES (102, '''', 5)'), pg_temp.refused('INSERT INTO person VALUES (102, '''', ''5'')'), pg_temp.refused('INSERT INTO person VALUES (102, '''', NULL)');
SELECT pg_temp.refused('SELECT sustainml.seal(''five'', ''person'', ''salary'')'), pg_temp.refused('SELECT sustainml.seal(''five''::text, ''person'', ''salary'')');
SELECT pg_temp.refused('SELECT sustainml.seal(9007199254740993, ''person'', ''salary'')');
SELECT pg_temp.refused('SELECT sustainml.seal(5, ''person'', ''name'')'), pg_temp.refused('SELECT sustainml.seal(5, ''person'', ''salry'')');
-- cells stay where they belong: another column, another key, none
SELECT pg_temp.refused('UPDATE person SET note = salary WHERE id = 1'), pg_temp.refused('UPDATE person SET salary = sustainml.seal(1.0::float8, ''columns_test'') WHERE id = 1');
CREATE TABLE twin AS SELECT id, salary, salary AS other FROM person;
SELECT sustainml.open(other) = sustainml.open(salary) FROM twin WHERE id = 1;
-- a copy below SQL's eyes: what the server would see after somebody edited the files
SET allow_system_table_mods = on;
UPDATE pg_attribute SET atttypmod = (SELECT atttypmod FROM pg_attribute WHERE attrelid = 'person'::regclass AND attname = 'note') WHERE attrelid = 'twin'::regclass AND attname = 'other';
RESET allow_system_table_mods;
SELECT pg_temp.refused('SELECT sustainml.open(other) FROM twin WHERE id = 1');
DROP TABLE twin;
-- bound to its row besides
CREATE TABLE diary (id int, entry text);
SELECT sustainml.encrypt_column('diary', 'entry', 'columns_test') > 0;
INSERT INTO diary SELECT i, sustainml.seal_row('entry ' || i, 'diary', 'entry', i::text) FROM generate_series(1, 2) i;
SELECT id, sustainml.open_row(entry, id::text) FROM diary ORDER BY id;
UPDATE diary a SET entry = b.entry FROM diary b WHERE a.id = 1 AND b.id = 2;
SELECT pg_temp.refused('SELECT sustainml.open_row(entry, id::text) FROM diary WHERE id = 1'), pg_temp.refused('SELECT sustainml.open(entry) FROM diary WHERE id = 2');
SELECT pg_temp.refused('SELECT sustainml.seal_row(1, ''diary'', ''entry'', NULL)'), pg_temp.refused('UPDATE diary SET entry = sustainml_internal.reseal(entry)'), pg_temp.refused('SELECT sustainml.decrypt_column(''diary'', ''entry'')');
DROP TABLE diary;
-- what encrypting cost is in the run log
SELECT kind, max(rows), bool_and(seconds > 0) AS took FROM sustainml.run_log WHERE kind IN ('encrypt', 'decrypt') AND run_id > :last_run GROUP BY kind ORDER BY kind;
-- renaming and moving change nothing
ALTER TABLE person RENAME salary TO pay;
ALTER TABLE person RENAME TO people;
CREATE SCHEMA elsewhere;
ALTER TABLE people SET SCHEMA elsewhere;
SELECT sum(sustainml.open_float8(pay)) FROM elsewhere.people;
SELECT table_schema, table_name, column_name, key, column_type, deterministic FROM sustainml.sealed_columns WHERE table_name = 'people' ORDER BY 3;
INSERT INTO elsewhere.people VALUES (102, 'moved', sustainml.seal(1, 'elsewhere.people', 'pay'));
ALTER TABLE elsewhere.people SET SCHEMA public;

-- rotation: by blocks, with commits; again after an interruption; values are the same
CALL sustainml.rotate('people', 'pay', batch_blocks => 1);
SELECT count(*), sum(sustainml.open_float8(pay)), count(DISTINCT sustainml.key_no(pay)) FROM people;
SELECT state, retired_at IS NOT NULL AS retired, count(*) FROM sustainml.keys WHERE key = 'columns_test' AND column_name = 'salary' GROUP BY 1, 2 ORDER BY 1;
SELECT sustainml_internal.rotate_begin('people', 'pay') = sustainml_internal.rotate_begin('people', 'pay') AS goes_on;
SELECT count(DISTINCT sustainml.key_no(pay)) FROM people;
UPDATE people SET pay = sustainml_internal.reseal(pay) WHERE id <= 10;
SELECT count(DISTINCT sustainml.key_no(pay)) AS half_way FROM people;
CALL sustainml.rotate('people', 'pay');
SELECT count(*), sum(sustainml.open_float8(pay)), count(DISTINCT sustainml.key_no(pay)) FROM people;
SELECT state, retired_at IS NOT NULL AS retired, count(*) FROM sustainml.keys WHERE key = 'columns_test' AND column_name = 'salary' GROUP BY 1, 2 ORDER BY 1;
SELECT pg_temp.refused(format('SELECT sustainml.destroy_data_key(%s)', key_no)) LIKE '55000%' AS refused FROM sustainml.keys WHERE key = 'columns_test' AND column_name = 'salary' AND state = 'active';
SELECT count(sustainml.destroy_data_key(key_no)) FROM sustainml.keys WHERE key = 'columns_test' AND column_name = 'salary' AND state = 'open_only';
SELECT sum(sustainml.open_float8(pay)) FROM people;
SELECT pg_temp.refused('CALL sustainml.rotate(''people'', ''name'')'), pg_temp.refused('CALL sustainml.rotate(''people'', ''pay'', batch_blocks => 0)');
DROP TABLE people;

-- partitions: sealed together, moved between, rotated together
CREATE TABLE event (id int, day date, who text) PARTITION BY RANGE (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO event SELECT i, date '2026-01-01' + i, 'who ' || i FROM generate_series(1, 300) i;
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''event_1'', ''who'', ''columns_test'')');
SELECT sustainml.encrypt_column('event', 'who', 'columns_test') > 0;
UPDATE event SET day = '2026-12-31' WHERE id = 1;
SELECT tableoid::regclass, sustainml.open(who) FROM event WHERE id = 1;
CALL sustainml.rotate('event', 'who');
SELECT count(DISTINCT sustainml.key_no(who)), count(*) FILTER (WHERE sustainml.open(who) = 'who ' || id) FROM event;
DROP TABLE event;

-- deterministic: equal bytes for equal values, and what can be built on that
CREATE TABLE insured (id int, ssn text, other text);
INSERT INTO insured VALUES (1, '111', '111'), (2, '222', '222'), (3, '111', '111');
SELECT sustainml.encrypt_column('insured', 'ssn', 'columns_test', deterministic => true) > 0, sustainml.encrypt_column('insured', 'other', 'columns_test', deterministic => true) > 0;
SELECT array_agg(id ORDER BY id) FROM insured GROUP BY sustainml.token(ssn) ORDER BY 1;
SELECT id FROM insured WHERE sustainml.token(ssn) = sustainml.token(sustainml.seal('222', 'insured', 'ssn'));
SELECT count(*) FROM insured WHERE sustainml.token(ssn) = sustainml.token(other) OR substr(sustainml.token(ssn), 8, 16) = substr(sustainml.token(other), 8, 16);
SELECT pg_temp.refused('CREATE UNIQUE INDEX ON insured (sustainml.token(ssn))') LIKE '23505%' AS is_unique;
CREATE INDEX ON insured (sustainml.token(ssn));
SELECT pg_temp.refused('SELECT sustainml.token(sustainml.seal(1, ''columns_test''))');
CREATE TABLE flags (b boolean);
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''flags'', ''b'', ''columns_test'', deterministic => true)');
DROP TABLE insured, flags;

-- what stands in the way is named
CREATE TABLE busy (id int PRIMARY KEY, a text UNIQUE, b text, c text DEFAULT 'x', d text CHECK (d <> ''), e text, f text, g text GENERATED ALWAYS AS (upper(f)) STORED, h text, k serial, l int GENERATED ALWAYS AS IDENTITY, p point);
CREATE INDEX busy_lower ON busy (lower(b));
CREATE VIEW busy_view AS SELECT e FROM busy;
CREATE TABLE other (id int PRIMARY KEY, busy_id int REFERENCES busy);
CREATE STATISTICS busy_stats ON h, id FROM busy;
SELECT attname, replace(pg_temp.refused(format('SELECT sustainml.encrypt_column(''busy'', %L, ''columns_test'')', attname)), 'default value for column g', 'column g') AS refused -- as 14 says it
  FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''busy'', ''ctid'', ''columns_test'')'), pg_temp.refused('SELECT sustainml.encrypt_column(''busy'', ''bb'', ''columns_test'')');
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''busy_view'', ''e'', ''columns_test'')'), pg_temp.refused('SELECT sustainml.encrypt_column(0, ''e'', ''columns_test'')');
SELECT pg_temp.refused('SELECT sustainml.decrypt_column(''busy'', ''f'')'), pg_temp.refused('SELECT sustainml.encrypt_column(''busy'', ''p'', ''no_key'')');
DROP VIEW busy_view; DROP TABLE other, busy;
CREATE DOMAIN checked AS text CHECK (VALUE <> '');
CREATE TABLE domained (v checked);
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''domained'', ''v'', ''columns_test'')');
DROP TABLE domained; DROP DOMAIN checked;
CREATE TABLE once (v text);
SELECT sustainml.encrypt_column('once', 'v', 'columns_test') > 0;
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''once'', ''v'', ''columns_test'')');
DROP TABLE once;
-- only the owner of the table
CREATE TABLE not_yours (v text);
GRANT ALL ON not_yours TO sml_column_role;
SET ROLE sml_column_role;
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''not_yours'', ''v'', ''columns_test'')');
RESET ROLE;
SET ROLE sml_table_owner;
CREATE TEMP TABLE yours (v text);
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''yours'', ''v'', ''columns_test'')');
RESET ROLE;
DROP TABLE not_yours, yours;

-- cancelled, it answers at once, leaves all as it was, and can be used again
CREATE TABLE many AS SELECT i AS id, i::float8 AS v FROM generate_series(1, 300000) i;
SELECT clock_timestamp() AS before \gset
SET statement_timeout = '150ms';
\set VERBOSITY terse
SELECT sustainml.encrypt_column('many', 'v', 'columns_test');
\set VERBOSITY default
RESET statement_timeout;
SELECT clock_timestamp() - :'before'::timestamptz < interval '3 s' AS at_once, atttypid::regtype FROM pg_attribute WHERE attrelid = 'many'::regclass AND attname = 'v';
DELETE FROM many WHERE id > 1000;
SELECT sustainml.encrypt_column('many', 'v', 'columns_test') > 0 AS done;
SELECT sum(sustainml.open_float8(v)) FROM many;
DROP TABLE many;

-- hostile names, run as a superuser: nothing of them is executed
CREATE SCHEMA "a""; DROP TABLE survivor; --";
CREATE TABLE survivor (id int);
CREATE TABLE "a""; DROP TABLE survivor; --"."t""; DROP TABLE survivor; --" ("c""; DROP TABLE survivor; --" text, "sixty_three_bytes_long_name_0123456789_0123456789_0123456789_012" float8, "quote'd" int);
INSERT INTO "a""; DROP TABLE survivor; --"."t""; DROP TABLE survivor; --" VALUES ('one', 1, 1);
SELECT sustainml.encrypt_column(t, c, 'columns_test') > 0
  FROM (SELECT attrelid::regclass AS t, attname AS c FROM pg_attribute WHERE attrelid = '"a""; DROP TABLE survivor; --"."t""; DROP TABLE survivor; --"'::regclass AND attnum > 0) n;
SELECT relid AS hostile FROM pg_stat_user_tables WHERE relname LIKE 't%survivor%' \gset
CALL sustainml.rotate(:hostile::regclass, 'c"; DROP TABLE survivor; --');
CALL sustainml.rotate(:hostile::regclass, 'quote''d');
SELECT sustainml.open("c""; DROP TABLE survivor; --"), sustainml.open("quote'd") FROM "a""; DROP TABLE survivor; --"."t""; DROP TABLE survivor; --";
SELECT sustainml.decrypt_column(:hostile::regclass, attname) IS NOT NULL AS done FROM pg_attribute WHERE attrelid = :hostile AND attnum > 0;
SELECT * FROM "a""; DROP TABLE survivor; --"."t""; DROP TABLE survivor; --";
SELECT count(*) FROM survivor;
DROP SCHEMA "a""; DROP TABLE survivor; --" CASCADE; DROP TABLE survivor;

-- planted look-alikes on the search path, run as a superuser: none is called
CREATE SCHEMA planted;
CREATE TABLE planted.called (what text);
CREATE FUNCTION planted.encrypt_iv(bytea, bytea, bytea, text) RETURNS bytea LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''encrypt_iv''); SELECT $1';
CREATE FUNCTION planted.hmac(bytea, bytea, text) RETURNS bytea LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''hmac''); SELECT $1';
CREATE FUNCTION planted.open_float8(sustainml.sealed) RETURNS float8 LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''open''); SELECT 0::float8';
CREATE FUNCTION planted.eq(text, text) RETURNS boolean LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''=''); SELECT true';
CREATE OPERATOR planted.= (LEFTARG = text, RIGHTARG = text, FUNCTION = planted.eq);
CREATE FUNCTION planted.tid_ge(tid, tid) RETURNS boolean LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''>=''); SELECT true';
CREATE OPERATOR planted.>= (LEFTARG = tid, RIGHTARG = tid, FUNCTION = planted.tid_ge);
CREATE FUNCTION planted.pg_relation_size(regclass) RETURNS bigint LANGUAGE sql AS 'INSERT INTO planted.called VALUES (''size''); SELECT 0::bigint';
CREATE TYPE planted.text AS (x int);
ALTER EXTENSION pgcrypto ADD FUNCTION planted.encrypt_iv(bytea, bytea, bytea, text);
ALTER EXTENSION pgcrypto ADD FUNCTION planted.hmac(bytea, bytea, text);
CREATE TABLE target (id int, v float8);
INSERT INTO target VALUES (1, 42);
\c -
SET client_min_messages = warning;
SET sustainml.crypto_provider = pgcrypto;
SET search_path = planted, pg_catalog, public;
SELECT sustainml.encrypt_column('public.target', 'v', 'columns_test') > 0 AS done;
CALL sustainml.rotate('public.target', 'v');
SELECT sustainml.decrypt_column('public.target', 'v');
SELECT sustainml.create_key('planted_test', 'sml_column_role');
SELECT sustainml.rotate_master();
SELECT count(*) > 0 AS some FROM sustainml.key_check();
SELECT rows > 0 AS rows, first_broken FROM sustainml.key_audit_check('columns_test');
SELECT sustainml.export_keys('planted_test') IS NOT NULL AS done;
RESET search_path;
SELECT * FROM target;
SELECT * FROM planted.called;
ALTER EXTENSION pgcrypto DROP FUNCTION planted.encrypt_iv(bytea, bytea, bytea, text);
ALTER EXTENSION pgcrypto DROP FUNCTION planted.hmac(bytea, bytea, text);
DROP SCHEMA planted CASCADE;
DROP TABLE target;
-- pgcrypto may move
CREATE SCHEMA crypto;
ALTER EXTENSION pgcrypto SET SCHEMA crypto;
SELECT sustainml.open(sustainml.seal('moved', 'columns_test'));
ALTER EXTENSION pgcrypto SET SCHEMA public;
SELECT sustainml.open(sustainml.seal('back', 'columns_test'));
-- a superuser's rotation would run the triggers of the table's owner as the superuser
CREATE TABLE theirs (id int, v float8);
INSERT INTO theirs VALUES (1, 42);
SELECT sustainml.encrypt_column('theirs', 'v', 'columns_test') > 0 AS done;
CREATE FUNCTION own_check(id int) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT id > 0';
ALTER TABLE theirs ADD CONSTRAINT own CHECK (own_check(id));
ALTER TABLE theirs OWNER TO sml_table_owner;
DO $$
DECLARE
	detail text;
	done bigint;
BEGIN
	CALL sustainml.rotate('theirs', 'v', rows => done);
EXCEPTION WHEN insufficient_privilege THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE WARNING '%', SQLERRM USING DETAIL = detail;
END
$$;
DROP TABLE theirs;
DROP FUNCTION own_check;
DROP SCHEMA crypto, elsewhere;
DROP ROLE sml_column_role, sml_table_owner;
