-- Keys: who may do what, how rights come and go, canaries, export and import, destruction, and the record of uses.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
CREATE ROLE sml_owner NOLOGIN CREATEROLE;
CREATE ROLE sml_opener NOLOGIN;
CREATE ROLE sml_sealer NOLOGIN;
CREATE ROLE sml_trainer NOLOGIN;
CREATE ROLE sml_rotator NOLOGIN;
CREATE ROLE sml_nobody NOLOGIN;
GRANT CREATE ON SCHEMA public TO sml_owner;

-- making keys: names, and the role that goes with a key
SET ROLE sml_owner;
SELECT sustainml.create_key('wages');
SELECT pg_temp.refused('SELECT sustainml.create_key(''wages'')'), pg_temp.refused('SELECT sustainml.create_key(NULL)');
SELECT pg_temp.refused(format('SELECT sustainml.create_key(%L)', n)) AS answer, count(*)
  FROM unnest(ARRAY['', '1a', 'a b', 'a"b', 'a''b', E'a\nb', 'a;b', repeat('x', 59)]) n GROUP BY 1;
CREATE ROLE taken_key NOLOGIN;
SELECT pg_temp.refused('SELECT sustainml.create_key(''taken'')'), pg_temp.refused('SELECT sustainml.create_key(''other'', role => ''no_such_role'')');
RESET ROLE;
SET ROLE sml_nobody;
SELECT pg_temp.refused('SELECT sustainml.create_key(''mine'')');
SELECT sustainml.create_key('mine', role => 'sml_nobody');
RESET ROLE;
SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'wages_key';

-- the tables are closed, to owners of keys too
SET ROLE sml_owner;
SELECT relation, pg_temp.refused(format('SELECT * FROM sustainml.%I', relation)), pg_temp.refused(format('DELETE FROM sustainml.%I', relation))
  FROM unnest(ARRAY['key', 'key_grant', 'data_key', 'protected_column', 'key_event']) relation;
SELECT sustainml.grant_key('wages', 'sml_sealer', 'seal'), sustainml.grant_key('wages', 'sml_trainer', 'train'), sustainml.grant_key('wages', 'sml_rotator', 'rotate');
SELECT pg_temp.refused('SELECT sustainml.grant_key(''wages'', ''sml_opener'', ''all'')'), pg_temp.refused('SELECT sustainml.grant_key(''wages'', ''no_such_role'', ''open'')');
GRANT wages_key TO sml_opener;

-- the matrix: role by deed
RESET ROLE;
CREATE TABLE wage (id int PRIMARY KEY, amount float8);
ALTER TABLE wage OWNER TO sml_owner;
INSERT INTO wage SELECT i, 1000 + i FROM generate_series(1, 5) i;
SET ROLE sml_owner;
SELECT sustainml.encrypt_column('wage', 'amount', key => 'wages') > 0;
GRANT SELECT, UPDATE, INSERT ON wage TO sml_opener, sml_sealer, sml_trainer, sml_rotator, sml_nobody;
CREATE VIEW wage_clear AS SELECT id, sustainml.open(amount) AS amount FROM wage;
CREATE VIEW wage_clear_2 AS SELECT * FROM wage_clear;
CREATE FUNCTION wage_by_owner() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'SELECT sustainml.open(amount) FROM wage WHERE id = 1';
CREATE FUNCTION wage_by_caller() RETURNS text LANGUAGE sql AS 'SELECT sustainml.open(amount) FROM wage WHERE id = 1';
GRANT SELECT ON wage_clear, wage_clear_2 TO PUBLIC;
RESET ROLE;
CREATE FUNCTION pg_temp.as_role(role_name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role_name);
	answer := pg_temp.refused(statement);
	EXECUTE 'RESET ROLE';
	RETURN CASE WHEN answer = 'accepted' THEN 'yes' WHEN answer LIKE '42501: permission denied for key%' THEN 'no' ELSE answer END;
END $$;
CREATE TEMP TABLE deed (n int, name text, statement text);
INSERT INTO deed VALUES
	(1, 'select', 'SELECT sustainml.open(amount) FROM wage'),
	(2, 'aggregate', 'SELECT sum(sustainml.open_float8(amount)) FROM wage'),
	(4, 'cursor', 'DO $d$ DECLARE c CURSOR FOR SELECT sustainml.open(amount) FROM wage; t text; BEGIN OPEN c; FETCH c INTO t; CLOSE c; END $d$'),
	(5, 'explain analyze', 'EXPLAIN ANALYZE SELECT sustainml.open(amount) FROM wage'),
	(6, 'qual', 'SELECT id FROM wage WHERE sustainml.open_float8(amount) > 1002'),
	(7, 'view', 'SELECT amount FROM wage_clear'),
	(8, 'view over view', 'SELECT amount FROM wage_clear_2'),
	(9, 'function, caller', 'SELECT wage_by_caller()'),
	(10, 'insert', 'INSERT INTO wage VALUES (100 + (random() * 1e6)::int, sustainml.seal(1, ''wage'', ''amount''))'),
	(11, 'blind index', 'SELECT sustainml.blind_index(1, ''wages'')'),
	(12, 'reseal', 'UPDATE wage SET amount = sustainml_internal.reseal(amount) WHERE id = 1'),
	(13, 'grant', 'SELECT sustainml.grant_key(''wages'', ''sml_nobody'', ''open'')'),
	(14, 'export', 'SELECT sustainml.export_keys(''wages'')'),
	(15, 'destroy', 'SELECT sustainml.destroy_key(''wages'', confirm => ''no'')'),
	(16, 'audit check', 'SELECT * FROM sustainml.key_audit_check(''wages'')');
SELECT d.name, max(answer) FILTER (WHERE r = 'sml_opener') AS opener, max(answer) FILTER (WHERE r = 'sml_sealer') AS sealer,
       max(answer) FILTER (WHERE r = 'sml_trainer') AS trainer, max(answer) FILTER (WHERE r = 'sml_rotator') AS rotator,
       max(answer) FILTER (WHERE r = 'sml_nobody') AS nobody
  FROM deed d, unnest(ARRAY['sml_opener', 'sml_sealer', 'sml_trainer', 'sml_rotator', 'sml_nobody']) r, LATERAL (SELECT pg_temp.as_role(r, d.statement) AS answer OFFSET 0) a
 GROUP BY d.n, d.name ORDER BY d.n;
-- a definer's function opens with the definer's rights: that is a decision of the key's owner
SET ROLE sml_nobody;
SELECT wage_by_owner();
-- ciphertext is what SELECT on the table gives
SELECT count(*) FROM wage WHERE amount::text LIKE 'sml1:%';
SELECT tablename, attname, most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'wage' AND attname = 'amount' AND (most_common_vals IS NOT NULL OR histogram_bounds IS NOT NULL);
RESET ROLE;

-- a plan prepared by one role is checked for the role that runs it
SET ROLE sml_opener;
PREPARE show_wage AS SELECT sustainml.open(amount) FROM wage WHERE id = 2;
EXECUTE show_wage;
SET ROLE sml_nobody;
EXECUTE show_wage;
SET ROLE sml_opener;
EXECUTE show_wage;
RESET ROLE;
-- rights are gone at once, inside the same transaction too
BEGIN;
SET LOCAL ROLE sml_opener;
EXECUTE show_wage;
SET LOCAL ROLE sml_owner;
REVOKE wages_key FROM sml_opener;
RESET ROLE;
SELECT pg_temp.as_role('sml_opener', 'EXECUTE show_wage');
ROLLBACK;
SELECT pg_temp.as_role('sml_opener', 'EXECUTE show_wage');
SELECT sustainml.revoke_key('wages', 'sml_sealer'), pg_temp.as_role('sml_sealer', 'SELECT sustainml.seal(1, ''wage'', ''amount'')');
SELECT sustainml.revoke_key('wages', 'sml_sealer'), sustainml.revoke_key('wages', 'sml_trainer', 'open');
-- what each sees of the keys
SELECT pg_temp.as_role('sml_trainer', 'SELECT 1/0 FROM sustainml.keys WHERE key <> ''wages'''), pg_temp.as_role('sml_nobody', 'SELECT 1/0 FROM sustainml.keys WHERE key = ''wages''');
SET ROLE sml_trainer;
SELECT DISTINCT key, my_rights FROM sustainml.keys;
SELECT DISTINCT key, status FROM sustainml.key_check();
SELECT count(*) FROM sustainml.key_events;
RESET ROLE;

-- rotating what belongs to no column: former values open, blind indexes change
SET ROLE sml_owner;
CREATE TEMP TABLE loose AS SELECT sustainml.seal('before', 'wages') AS v, sustainml.blind_index(1, 'wages') AS i;
SELECT sustainml.rotate_key('wages') > 0 AS done, sustainml.rotate_key('wages', 'index') > 0 AS done;
SELECT sustainml.open(v), sustainml.key_no(v) = sustainml.key_no(sustainml.seal('after', 'wages')) AS same_key, i = sustainml.blind_index(1, 'wages') AS same_index FROM loose;
SELECT pg_temp.refused('SELECT sustainml.rotate_key(''wages'', ''audit'')'), pg_temp.refused('SELECT sustainml.rotate_key(''wgaes'')');
DROP TABLE loose;
RESET ROLE;
SELECT pg_temp.as_role('sml_trainer', 'SELECT sustainml.rotate_key(''wages'')');

-- a canary: opening it is refused and noted
SELECT sustainml.create_key('trap', role => 'sml_opener', canary => true);
CREATE TABLE bait (v sustainml.sealed);
INSERT INTO bait VALUES (sustainml.seal('do not open', 'trap'));
SELECT pg_temp.as_role('sml_opener', 'SELECT sustainml.open(v) FROM bait') AS opened;
GRANT SELECT ON bait TO sml_opener;
SELECT pg_temp.as_role('sml_opener', 'SELECT sustainml.open(v) FROM bait') AS opened;

-- audit: uses without values; the chain finds changes, gaps and additions
SET ROLE sml_owner;
SELECT purpose, count(*) > 0 AS some FROM sustainml.key_events WHERE key = 'wages' GROUP BY 1 ORDER BY 1;
SELECT rows > 10 AS rows, first_broken FROM sustainml.key_audit_check('wages');
RESET ROLE;
SELECT pg_temp.refused('SELECT * FROM sustainml.key_audit_check(''wagse'')');
BEGIN;
UPDATE sustainml.key_event SET role_name = 'somebody' WHERE key = 'wages' AND event_no = 3;
SELECT first_broken FROM sustainml.key_audit_check('wages');
ROLLBACK;
BEGIN;
DELETE FROM sustainml.key_event WHERE key = 'wages' AND event_no = 5;
SELECT first_broken FROM sustainml.key_audit_check('wages');
ROLLBACK;
SELECT first_broken FROM sustainml.key_audit_check('wages');
-- a use that is rolled back to a savepoint with its key does not stand in the way of the commit
BEGIN;
SAVEPOINT s;
SELECT sustainml.create_key('fleeting', role => 'sml_opener');
ROLLBACK TO s;
COMMIT;
-- one row per statement, data key and use
SELECT count(*) AS before FROM sustainml.key_event WHERE key = 'wages' AND purpose = 'open' \gset
SELECT count(sustainml.open(amount)) FROM wage, generate_series(1, 10);
SELECT count(*) - :before AS added FROM sustainml.key_event WHERE key = 'wages' AND purpose = 'open';
-- read-only transactions may open, and leave the row to the server log
BEGIN READ ONLY;
SELECT sustainml.open(amount) FROM wage WHERE id = 1;
COMMIT;

-- becoming read-only after the use does not get around the row
SELECT count(*) AS before FROM sustainml.key_event WHERE key = 'wages' AND purpose = 'open' \gset
BEGIN;
SELECT sustainml.open(amount) FROM wage WHERE id = 1;
SET TRANSACTION READ ONLY;
COMMIT;
SELECT count(*) - :before AS added FROM sustainml.key_event WHERE key = 'wages' AND purpose = 'open';

-- export and import: bound to owner and master key
SELECT sustainml.export_keys('wages') AS exported \gset
SELECT pg_temp.refused(format('SELECT sustainml.import_keys(%L)', :'exported'));
SELECT jsonb_typeof(:'exported'::jsonb -> 'data_keys'), jsonb_array_length(:'exported'::jsonb -> 'columns'), :'exported'::jsonb ->> 'owner';
BEGIN;
DELETE FROM sustainml.key WHERE key = 'wages'; DELETE FROM sustainml.data_key WHERE key = 'wages'; DELETE FROM sustainml.protected_column WHERE key = 'wages';
SELECT pg_temp.as_role('sml_nobody', format('SELECT sustainml.import_keys(%L)', :'exported'));
SELECT pg_temp.refused(format('SELECT sustainml.import_keys(%L)', jsonb_set(:'exported', '{owner}', '"sml_nobody"')));
SELECT pg_temp.refused(format('SELECT sustainml.import_keys(%L)', jsonb_set(:'exported', '{data_keys,0,purpose}', CASE :'exported'::jsonb #>> '{data_keys,0,purpose}' WHEN 'model' THEN '"data"'::jsonb ELSE '"model"' END))) ~ 'cannot import' AS refused;
SELECT pg_temp.refused(format('SELECT sustainml.import_keys(%L)', jsonb_set(:'exported', '{data_keys,0,key_no}', '77'))) ~ 'cannot import' AS refused;
SELECT pg_temp.refused(format('SELECT sustainml.import_keys(%L)', jsonb_set(:'exported', '{key}', '"a b"')));
SELECT pg_temp.refused('SELECT sustainml.import_keys(''{}'')'), pg_temp.refused('SELECT sustainml.import_keys(''[1]'')');
SELECT sustainml.import_keys(:'exported');
SELECT sustainml.open(amount) FROM wage WHERE id = 1;
-- a type in an import is a type and nothing else
SELECT pg_temp.refused(format('SELECT sustainml.decrypt_column(''wage'', ''amount'')')) ~ '^2BP01: cannot decrypt column "amount"' AS view_in_the_way;
DROP VIEW wage_clear CASCADE;
UPDATE sustainml.protected_column SET column_type = 'float8 USING 1); DROP TABLE wage; --' WHERE key = 'wages';
SELECT sustainml.revoke_key('wages', 'sml_nobody'); -- sessions read the tables again
SELECT pg_temp.refused('SELECT sustainml.decrypt_column(''wage'', ''amount'')');
UPDATE sustainml.protected_column SET column_type = 'text' WHERE key = 'wages';
SELECT sustainml.revoke_key('wages', 'sml_nobody');
SELECT pg_temp.refused('SELECT sustainml.decrypt_column(''wage'', ''amount'')');
ROLLBACK;

-- destroying: nothing opens any more, and the record stays
SELECT pg_temp.refused('SELECT sustainml.destroy_key(''wages'', confirm => ''wage'')'), pg_temp.refused('SELECT sustainml.destroy_key(''wages'')');
SELECT sustainml.destroy_key('wages', confirm => 'wages');
SELECT pg_temp.refused('SELECT sustainml.open(amount) FROM wage'), pg_temp.refused('SELECT sustainml.seal(1, ''wage'', ''amount'')'), pg_temp.refused('SELECT sustainml.rotate_key(''wages'')');
CREATE TABLE late (v text);
SELECT pg_temp.refused('SELECT sustainml.encrypt_column(''late'', ''v'', ''wages'')'), pg_temp.refused('CALL sustainml.rotate(''wage'', ''amount'')');
DROP TABLE late;
SELECT purpose, state, count(*), count(wrapped) FROM sustainml.data_key WHERE key = 'wages' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT first_broken FROM sustainml.key_audit_check('wages');
SELECT DISTINCT status FROM sustainml.key_check() WHERE key = 'wages' ORDER BY 1;

DROP TABLE wage CASCADE; DROP TABLE bait;
DROP FUNCTION wage_by_owner(), wage_by_caller();
REVOKE CREATE ON SCHEMA public FROM sml_owner;
DROP ROLE sml_owner, sml_opener, sml_sealer, sml_trainer, sml_rotator, sml_nobody, wages_key, taken_key;
