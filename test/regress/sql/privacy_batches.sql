-- Encrypting in batches: interrupted, resumed and abandoned; written to meanwhile; what stands in the way; and the runs of rotation.
SET client_min_messages = warning;
CREATE ROLE sml_batch_role NOLOGIN;
CREATE ROLE sml_batch_owner NOLOGIN;
CREATE ROLE sml_batch_writer NOLOGIN;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '');
END $$;
SELECT sustainml.create_key('batch_test', role => 'sml_batch_role'), sustainml.create_key('batch_other', role => 'sml_batch_role');

CREATE TABLE big (id int PRIMARY KEY, v text, f float8, day date NOT NULL DEFAULT '2026-11-26');
-- the marker is made, so that no plan or log holds it
INSERT INTO big (id, v, f) SELECT i, CASE WHEN i % 10 > 0 THEN repeat('Zqx', 4) || i END, i / 8.0 FROM generate_series(1, 3000) i;
CREATE TABLE wanted AS SELECT * FROM big;
GRANT SELECT, INSERT, UPDATE ON big TO sml_batch_writer;
CREATE FUNCTION pg_temp.in_files(relation regclass) RETURNS boolean LANGUAGE sql AS
	$$ SELECT position(convert_to(repeat('Zqx', 4), 'UTF8') IN pg_read_binary_file(pg_relation_filepath(relation))) > 0 $$;
CHECKPOINT;
SELECT pg_temp.in_files('big') AS in_clear;

-- begun and one step done, as an interruption after it would leave it
SELECT sustainml_internal.sealing_begin('big', 'v', 'batch_test', false) > 0 AS begun;
SELECT sustainml_internal.sealing_step('big', 'v', 0, 5) BETWEEN 100 AND 2000 AS some;
SELECT table_schema, table_name, column_name, key FROM sustainml.encryptions;
SELECT sealing_column AS sealing FROM sustainml.encryptions \gset
SELECT count(:sealing) BETWEEN 100 AND 2000 AS some, count(v) FROM big;
-- the values are there, and nobody without the right sees the sealed ones
SELECT bool_and(sustainml.open(:sealing) = v) FROM big WHERE :sealing IS NOT NULL;
-- a step again finds nothing to do
SELECT sustainml_internal.sealing_step('big', 'v', 0, 5);
-- writes meanwhile: new rows, changed values (of rows before and behind the step), NULL, other columns, the key
INSERT INTO big VALUES (4001, 'new', 1), (4002, NULL, 2);
UPDATE big SET v = 'changed' WHERE id IN (1, 2999);
UPDATE big SET v = NULL WHERE id IN (2, 2998);
UPDATE big SET f = -1 WHERE id IN (3, 2997);
UPDATE big SET id = 5000 + id WHERE id IN (4, 2996);
-- a writer that sends all columns back, also the sealed one, and one that would put another's value there
UPDATE big SET v = 'back', :sealing = :sealing WHERE id = 5;
UPDATE big a SET :sealing = b.:sealing FROM big b WHERE a.id = 6 AND b.id = 7;
INSERT INTO big VALUES (4001, 'upsert', 1) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
DELETE FROM big WHERE id = 8;
INSERT INTO wanted VALUES (4001, 'upsert', 1), (4002, NULL, 2);
UPDATE wanted SET v = 'changed' WHERE id IN (1, 2999);
UPDATE wanted SET v = NULL WHERE id IN (2, 2998);
UPDATE wanted SET f = -1 WHERE id IN (3, 2997);
UPDATE wanted SET id = 5000 + id WHERE id IN (4, 2996);
UPDATE wanted SET v = 'back' WHERE id = 5;
DELETE FROM wanted WHERE id = 8;
SELECT id, sustainml.open(:sealing) = v AS same FROM big WHERE id IN (1, 2, 5, 6, 2999, 4001, 4002, 5004) ORDER BY id;
-- without the right to seal: other columns can be written, this one cannot
SET ROLE sml_batch_writer;
SELECT pg_temp.refused('UPDATE big SET f = -2 WHERE id IN (9, 2995)'), pg_temp.refused('UPDATE big SET v = ''x'' WHERE id = 9');
SELECT pg_temp.refused('INSERT INTO big VALUES (4003, ''x'', 1)'), pg_temp.refused('INSERT INTO big VALUES (4003, NULL, 1)');
RESET ROLE;
UPDATE wanted SET f = -2 WHERE id IN (9, 2995);
INSERT INTO wanted VALUES (4003, NULL, 1);
-- replicated rows are seen as well
SET session_replication_role = replica;
UPDATE big SET v = 'replicated' WHERE id = 11;
RESET session_replication_role;
UPDATE wanted SET v = 'replicated' WHERE id = 11;
-- what does not go on
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''big'', ''v'', ''batch_test'')'), pg_temp.refused('SELECT sustainml_internal.sealing_begin(''big'', ''v'', ''batch_other'', false)'),
	pg_temp.refused('SELECT sustainml_internal.sealing_begin(''big'', ''v'', ''batch_test'', true)');
ALTER TABLE big RENAME v TO w;
SELECT pg_temp.refused('UPDATE big SET w = ''x'' WHERE id = 12') LIKE '42703: column "v" of table "big" was being encrypted, and it%' AS refused;
ALTER TABLE big RENAME w TO v;
CREATE INDEX big_v ON big (v);
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_end(''big'', ''v'')');
DROP INDEX big_v;
-- to the end
CALL sustainml.encrypt_column_batches('big', 'v', key => 'batch_test', batch_blocks => 7);
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'big'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'big'::regclass;
SELECT count(*) AS under_way FROM sustainml.encryptions;
SELECT count(*), count(*) FILTER (WHERE sustainml.open(b.v) IS DISTINCT FROM w.v OR b.f IS DISTINCT FROM w.f) AS differ FROM big b FULL JOIN wanted w USING (id);
CHECKPOINT;
SELECT pg_temp.in_files('big') AS in_clear, most_common_vals, histogram_bounds FROM (SELECT) one LEFT JOIN pg_stats ON tablename = 'big' AND attname = 'v';
SELECT kind, count(*) > 2 AS batches FROM sustainml.run_log WHERE kind = 'encrypt' GROUP BY kind;
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''big'', ''v'', ''batch_test'', false)'), pg_temp.refused('SELECT sustainml_internal.sealing_end(''big'', ''v'')'),
	pg_temp.refused('SELECT sustainml_internal.sealing_step(''big'', ''v'', 0, 1)'), pg_temp.refused('SELECT sustainml.encrypt_column_abandon(''big'', ''v'')');
SELECT sustainml.decrypt_column('big', 'v');
SELECT count(*) AS differ FROM big b FULL JOIN wanted w USING (id) WHERE b.v IS DISTINCT FROM w.v;

-- rotation: a row for each batch that changed something, with its rows
SELECT sustainml.encrypt_column('big', 'v', 'batch_test') > 0;
CALL sustainml.rotate('big', 'v', batch_blocks => 20);
SELECT count(*) > 1 AS batches, sum(rows) = (SELECT count(v) FROM big) AS all_rows, bool_and(seconds > 0) AS took FROM sustainml.run_log WHERE kind = 'rotate';
SELECT pg_temp.refused('CALL sustainml.rotate(NULL, ''v'')');

-- given up: in clear, as before, and it can be begun again
SELECT sustainml_internal.sealing_begin('big', 'f', 'batch_test', true) > 0, sustainml_internal.sealing_step('big', 'f', 0, 5) > 0;
SELECT sustainml.encrypt_column_abandon('big', 'f');
SELECT count(*) AS triggers, (SELECT count(*) FROM sustainml.encryptions) AS under_way FROM pg_trigger WHERE tgrelid = 'big'::regclass;
SELECT count(*) AS differ FROM big b FULL JOIN wanted w USING (id) WHERE b.f IS DISTINCT FROM w.f;
-- a trigger that was disabled may have missed changes
SELECT sustainml_internal.sealing_begin('big', 'f', 'batch_test', true) > 0;
ALTER TABLE big DISABLE TRIGGER USER;
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_end(''big'', ''f'')'), pg_temp.refused('SELECT sustainml_internal.sealing_step(''big'', ''f'', 0, 5)');
SELECT sustainml.encrypt_column_abandon('big', 'f');
CALL sustainml.encrypt_column_batches('big', 'f', 'batch_test', deterministic => true);
SELECT count(*), count(DISTINCT sustainml.token(f)) = count(DISTINCT sustainml.open(f)) AS deterministic FROM big;
DROP TABLE big, wanted;

-- partitions; and plain inheritance, which is refused
CREATE TABLE event (id int, day date, who text) PARTITION BY RANGE (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE event_2 (who text, dropped int, day date, id int);
ALTER TABLE event_2 DROP dropped;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
INSERT INTO event SELECT i, date '2026-01-01' + i, 'who ' || i FROM generate_series(1, 300) i;
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''event_1'', ''who'', ''batch_test'', false)');
SELECT sustainml_internal.sealing_begin('event', 'who', 'batch_test', false) > 0, sustainml_internal.sealing_step('event_2', 'who', 0, 1) > 0;
UPDATE event SET day = '2026-12-31' WHERE id IN (1, 2);
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
INSERT INTO event VALUES (301, '2027-01-01', 'who 301');
CALL sustainml.encrypt_column_batches('event', 'who', 'batch_test');
SELECT count(*), count(*) FILTER (WHERE sustainml.open(who) = 'who ' || id) AS right FROM event;
SELECT count(*) FROM pg_attribute WHERE attname LIKE 'sustainml_sealing_%';
DROP TABLE event;
CREATE TABLE parent (v text);
CREATE TABLE child () INHERITS (parent);
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''parent'', ''v'', ''batch_test'', false)');
DROP TABLE parent, child;

-- hostile names
CREATE TABLE "t""; DROP TABLE survivor; --" ("c'""; DROP TABLE survivor; --" text);
CREATE TABLE survivor ();
INSERT INTO "t""; DROP TABLE survivor; --" VALUES ('one');
CALL sustainml.encrypt_column_batches('"t""; DROP TABLE survivor; --"', 'c''"; DROP TABLE survivor; --', 'batch_test');
SELECT sustainml.open("c'""; DROP TABLE survivor; --") FROM "t""; DROP TABLE survivor; --";
DROP TABLE "t""; DROP TABLE survivor; --", survivor;

-- who may; and a superuser does not run what the owner of the table has put there
CREATE TABLE theirs (id int, v float8, s float8, note text);
INSERT INTO theirs VALUES (1, 42, 43, 'n');
SELECT sustainml.encrypt_column('theirs', 's', 'batch_test') > 0;
ALTER TABLE theirs OWNER TO sml_batch_owner;
SET ROLE sml_batch_owner;
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''theirs'', ''v'', ''batch_test'', false)');
RESET ROLE;
SET ROLE sml_batch_role;
SELECT pg_temp.refused('SELECT sustainml_internal.sealing_begin(''theirs'', ''v'', ''batch_test'', false)'), pg_temp.refused('SELECT sustainml.encrypt_column_abandon(''theirs'', ''v'')');
RESET ROLE;
CREATE TABLE called (what text);
GRANT INSERT ON called TO PUBLIC;
CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO called VALUES (current_user); RETURN NEW; END $$;
CREATE FUNCTION spy(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO called VALUES (current_user); RETURN true; END $$;
ALTER FUNCTION spy() OWNER TO sml_batch_owner;
ALTER FUNCTION spy(text) OWNER TO sml_batch_owner;
CREATE TRIGGER "~sustainml_sealing_16" BEFORE UPDATE ON theirs FOR EACH ROW EXECUTE FUNCTION spy();
\set VERBOSITY terse
CALL sustainml.rotate('theirs', 's');
CALL sustainml.encrypt_column_batches('theirs', 'v', 'batch_test');
DROP TRIGGER "~sustainml_sealing_16" ON theirs;
ALTER TABLE theirs ADD CONSTRAINT spying CHECK (spy(note)) NOT VALID;
CALL sustainml.rotate('theirs', 's');
ALTER TABLE theirs DROP CONSTRAINT spying;
-- the server's own functions can be as bad
ALTER TABLE theirs ADD CONSTRAINT spying CHECK (query_to_xml('SELECT 1', true, true, note) IS NOT NULL) NOT VALID;
CALL sustainml.rotate('theirs', 's');
ALTER TABLE theirs DROP CONSTRAINT spying;
CREATE FUNCTION spy_index(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
ALTER FUNCTION spy_index(text) OWNER TO sml_batch_owner;
CREATE INDEX spying ON theirs (id) WHERE spy_index(note);
CALL sustainml.rotate('theirs', 's');
DROP INDEX spying;
-- an immutable function of the server is no danger
CREATE INDEX ON theirs (id) WHERE note > '';
SELECT count(*) AS called FROM called;
CALL sustainml.rotate('theirs', 's');
CALL sustainml.encrypt_column_batches('theirs', 'v', 'batch_test');
\set VERBOSITY default
SELECT sustainml.open(v), sustainml.open(s) FROM theirs;
DROP TABLE theirs, called;
DROP FUNCTION spy_index;
DROP FUNCTION spy(), spy(text);
-- not in a transaction that has begun
CREATE TABLE blocked (id int, v text);
SELECT pg_temp.refused('CALL sustainml.encrypt_column_batches(''blocked'', ''v'', ''batch_test'')');
SELECT sustainml.encrypt_column('blocked', 'v', 'batch_test') > 0 AS sealed;
SELECT pg_temp.refused('CALL sustainml.rotate(''blocked'', ''v'')');
DROP TABLE blocked;
-- not with nonsense
SELECT pg_temp.refused('CALL sustainml.encrypt_column_batches(NULL, ''v'', ''batch_test'')'), pg_temp.refused('SELECT sustainml_internal.sealing_trigger()');
-- a mistyped literal is not repeated
CREATE TABLE typed (f float8, j jsonb, d date);
SELECT bool_and(sustainml.encrypt_column('typed', c, 'batch_test') > 0) FROM unnest('{f,j,d}'::name[]) c;
SELECT pg_temp.refused('SELECT sustainml.seal(''secret'', ''typed'', ''f'')'), pg_temp.refused('SELECT sustainml.seal(''{secret'', ''typed'', ''j'')'),
	pg_temp.refused('SELECT sustainml.seal(''secret'', ''typed'', ''d'')'), pg_temp.refused('SELECT sustainml.seal(''1e999'', ''typed'', ''f'')');
-- what cannot be done for want of an argument is an error, not NULL
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''typed'', ''f'', NULL)'), pg_temp.refused('SELECT sustainml.decrypt_column(''typed'', NULL)'),
	pg_temp.refused('SELECT sustainml.seal(1, NULL::text)'), pg_temp.refused('SELECT sustainml.seal(1, ''typed'', NULL)');
SELECT pg_temp.refused('SELECT sustainml.grant_key(''batch_test'', NULL)'), pg_temp.refused('SELECT sustainml.destroy_key(''batch_test'', NULL)'),
	pg_temp.refused('SELECT sustainml.export_keys(NULL)'), pg_temp.refused('SELECT sustainml.blind_index(1, NULL)'), sustainml.seal(NULL::text, 'batch_test') IS NULL AS null_stays;
-- a bound parameter has its type
PREPARE typed AS INSERT INTO typed (f) VALUES (sustainml.seal($1::float8, 'typed', 'f')) RETURNING sustainml.open(f);
EXECUTE typed(5);
DROP TABLE typed;
-- a model says through which masks it was trained: by the view's name, in a query of a reader, and through a view over it; and none for the table
CREATE TABLE seen (id int PRIMARY KEY, x float8, y float8, z float8);
INSERT INTO seen SELECT i, i, 2 * i + i % 3, i FROM generate_series(1, 100) i;
SELECT count(sustainml.mask('seen', c, 'keep')) FROM unnest('{id,y}'::name[]) c;
SELECT sustainml.mask('seen', 'x', 'round', step => 5) > 0, sustainml.mask('seen', 'z', 'noise', ratio => 0.1, key => 'batch_test') > 0;
SELECT count(*) FROM sustainml.publish('seen', policy => 'sml_seen', grant_to => '{sml_batch_writer}');
SELECT notes FROM sustainml.train('masked', 'sml_seen.seen', target => 'y', holdout => 0);
CREATE VIEW over_seen AS SELECT a.*, b.y AS other FROM sml_seen.seen a JOIN sml_seen.seen b USING (id);
SELECT notes FROM sustainml.train('masked', 'SELECT x, y FROM over_seen', target => 'y', holdout => 0);
SELECT notes FROM sustainml.train('masked', 'seen', target => 'y', holdout => 0);
GRANT CREATE ON SCHEMA public TO sml_batch_writer;
SET ROLE sml_batch_writer;
SELECT notes FROM sustainml.train('masked_reader', 'SELECT x, y FROM sml_seen.seen', target => 'y', holdout => 0);
SELECT sustainml.drop_model('masked_reader') IS NOT NULL AS dropped;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM sml_batch_writer;
SELECT sustainml.drop_model('masked') IS NOT NULL AS dropped;
DROP VIEW over_seen;
SELECT sustainml.unpublish('seen', policy => 'sml_seen') IS NOT NULL AS done;
SELECT sustainml.drop_policy('sml_seen') IS NOT NULL AS done;
DROP TABLE seen;
DROP ROLE sml_batch_role, sml_batch_owner, sml_batch_writer;
