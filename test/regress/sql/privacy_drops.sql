-- Dropping what is protected: it goes through, says so, leaves no rule behind, and keeps the keys until their owner ends them.
SET client_min_messages = warning;
CREATE ROLE sml_drop_owner NOLOGIN;
CREATE ROLE sml_drop_key NOLOGIN;
GRANT CREATE ON SCHEMA public TO sml_drop_owner;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || regexp_replace(SQLERRM, '\d{5,}', 'N') || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
-- by somebody who is no superuser, and who does not own the key
SELECT sustainml.create_key('drops_test', role => 'sml_drop_key');
GRANT sml_drop_key TO sml_drop_owner;
CREATE FUNCTION pg_temp.seal_table(name text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, pay float8, note text)', name);
	EXECUTE format('INSERT INTO %I SELECT i, i * 1.5, %L || i FROM generate_series(1, 20) i', name, 'note ');
	RETURN sustainml.encrypt_column(name::regclass, 'pay', 'drops_test') > 0 AND sustainml.encrypt_column(name::regclass, 'note', 'drops_test') > 0;
END $$;
SET ROLE sml_drop_owner;
SELECT pg_temp.seal_table('drop_people');
CREATE TABLE drop_copy AS SELECT * FROM drop_people;
CREATE TEMP TABLE drop_passing AS SELECT * FROM drop_people;
SET client_min_messages = notice;
-- a copy has the columns still: nothing is said
DROP TABLE drop_people;
SELECT DISTINCT column_exists FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people';
ALTER TABLE drop_copy RENAME TO drop_people;
SELECT sum(sustainml.open_float8(pay)) FROM drop_people;
INSERT INTO drop_people VALUES (21, sustainml.seal(1, 'drop_people', 'pay'), NULL);
ALTER TABLE drop_people DROP COLUMN note;
DROP TABLE drop_people;
-- a temporary copy is one, but counts for the keys
SELECT column_name, column_exists FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' ORDER BY 1;
SELECT pg_temp.refused(format('SELECT sustainml.destroy_data_key(%s)', key_no)) FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' AND column_name = 'pay';
RESET ROLE;
SELECT pg_temp.refused(format('SELECT sustainml.destroy_data_key(%s)', key_no)) FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' AND column_name = 'pay';
SET ROLE sml_drop_owner;
DROP TABLE drop_passing;
SELECT column_name, column_exists FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' ORDER BY 1;
SELECT count(*) FROM sustainml.sealed_columns WHERE table_name LIKE 'drop%';
SELECT count(*) FROM sustainml.privacy_inventory WHERE table_name LIKE 'drop%';
-- back from a dump: the column's number is in its type, and the keys are there
RESET ROLE;
SELECT column_no AS number FROM sustainml.protected_column WHERE table_name = 'drop_people' AND column_name = 'pay' \gset
SET ROLE sml_drop_owner;
CREATE TABLE drop_people (id int, pay sustainml.sealed(:number));
INSERT INTO drop_people VALUES (1, sustainml.seal(12.5, 'drop_people', 'pay'));
SELECT sustainml.open_float8(pay) FROM drop_people;
SELECT column_name, column_exists FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' ORDER BY 1;
DROP TABLE drop_people;
-- rolled back, nothing happened
SELECT pg_temp.seal_table('drop_people');
BEGIN;
DROP TABLE drop_people;
ROLLBACK;
SELECT count(sustainml.open(pay)) FROM drop_people;
RESET ROLE;
SELECT count(*) FROM sustainml.protected_column WHERE table_name = 'drop_people' AND dropped_at IS NULL;
-- the owner of the key ends the keys of what is gone, and no others
SELECT count(sustainml.destroy_data_key(key_no)) FROM sustainml.keys WHERE key = 'drops_test' AND column_exists = false;
SELECT pg_temp.refused(format('SELECT sustainml.destroy_data_key(%s)', key_no)) FROM sustainml.keys WHERE key = 'drops_test' AND column_exists = false ORDER BY key_no LIMIT 1;
SELECT state, column_exists, count(*) FROM sustainml.keys WHERE key = 'drops_test' AND table_name = 'drop_people' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(sustainml.open(pay)) FROM drop_people;
DROP TABLE drop_people;

-- partitions, inheritance, other schemas, hostile names, columns that go by CASCADE, domains over a sealed type
CREATE SCHEMA "sml drop";
CREATE TABLE "sml drop".parts (a int, b text) PARTITION BY LIST (a);
CREATE TABLE "sml drop".part_1 PARTITION OF "sml drop".parts FOR VALUES IN (1);
CREATE TABLE "sml drop"."o""'; DROP TABLE %s $$" (a int, "%I'""\" text);
SELECT sustainml.encrypt_column('"sml drop".parts', 'b', 'drops_test') > 0;
SELECT sustainml.encrypt_column($x$"sml drop"."o""'; DROP TABLE %s $$"$x$, $x$%I'"\$x$, 'drops_test') > 0;
SELECT sustainml.mask($x$"sml drop"."o""'; DROP TABLE %s $$"$x$, 'a', 'keep') > 0;
DROP TABLE "sml drop".part_1;
ALTER TABLE "sml drop".parts RENAME b TO c;
ALTER TABLE "sml drop".parts RENAME TO renamed;
DROP SCHEMA "sml drop" CASCADE;
SELECT count(*) FROM sustainml.masking_rules WHERE table_schema = 'sml drop';
SELECT pg_temp.seal_table('drop_people');
DO $$ DECLARE number text;
BEGIN
	SELECT column_no INTO number FROM sustainml.sealed_columns WHERE table_name = 'drop_people' AND column_name = 'pay';
	EXECUTE format('CREATE DOMAIN drop_domain AS sustainml.sealed(%s)', number);
END $$;
CREATE TABLE drop_domains (v drop_domain);
ALTER TABLE drop_people DROP COLUMN pay;
DROP DOMAIN drop_domain CASCADE;
DROP TABLE drop_people, drop_domains;
-- decrypted, or given up: nothing to say
SELECT pg_temp.seal_table('drop_people');
SET client_min_messages = warning;
SELECT sustainml.decrypt_column('drop_people', 'pay'), sustainml.decrypt_column('drop_people', 'note');
SELECT sustainml_internal.sealing_begin('drop_people', 'pay', 'drops_test', false) > 0;
SET client_min_messages = notice;
SELECT sustainml.encrypt_column_abandon('drop_people', 'pay');
DROP TABLE drop_people;
-- with triggers of users switched off, as in a session that replicates
CREATE TABLE drop_people (id int, mail text);
SELECT sustainml.mask('drop_people', 'mail', 'partial_email') > 0;
SET session_replication_role = replica;
DROP TABLE drop_people;
RESET session_replication_role;
SELECT count(*) FROM sustainml.masking_rules WHERE table_name = 'drop_people';
-- a foreign table's column, too
CREATE FOREIGN DATA WRAPPER sml_drop_wrapper;
CREATE SERVER sml_drop_server FOREIGN DATA WRAPPER sml_drop_wrapper;
CREATE FOREIGN TABLE drop_foreign (id int, mail text) SERVER sml_drop_server;
SELECT sustainml.mask('drop_foreign', 'mail', 'partial_email') > 0;
ALTER FOREIGN TABLE drop_foreign DROP COLUMN mail;
SELECT count(*) FROM sustainml.masking_rules WHERE table_name = 'drop_foreign';
DROP FOREIGN DATA WRAPPER sml_drop_wrapper CASCADE;
-- a published table: the server names the view; CASCADE takes all of it
CREATE TABLE drop_people (id int, mail text);
SELECT sustainml.mask('drop_people', 'mail', 'partial_email') > 0;
SELECT count(*) FROM sustainml.publish('drop_people', 'sml_drop_policy');
SELECT pg_temp.refused('DROP TABLE drop_people');
DROP TABLE drop_people CASCADE;
SELECT (SELECT count(*) FROM sustainml.published_tables WHERE policy = 'sml_drop_policy') AS published, (SELECT count(*) FROM sustainml.masking_rules WHERE table_name = 'drop_people') AS rules;
SELECT sustainml.drop_policy('sml_drop_policy');
-- what goes wrong in the trigger does not stop DDL
SET client_min_messages = warning;
CREATE TABLE drop_people (id int, mail text);
SELECT sustainml.mask('drop_people', 'mail', 'partial_email') > 0;
BEGIN;
ALTER TABLE sustainml.masking_rule RENAME TO masking_rule_away;
DROP TABLE drop_people;
SELECT to_regclass('drop_people');
ROLLBACK;
DROP TABLE drop_people;
-- the extension is not dropped under sealed columns
SELECT pg_temp.seal_table('drop_people');
SELECT pg_temp.refused('DROP EXTENSION sustainml');
-- DROP OWNED of a table's owner
SET client_min_messages = notice;
ALTER TABLE drop_people OWNER TO sml_drop_owner;
DROP OWNED BY sml_drop_owner;
SET client_min_messages = warning;
SELECT sustainml.destroy_key('drops_test', 'drops_test') > 0;
DROP ROLE sml_drop_owner, sml_drop_key;
