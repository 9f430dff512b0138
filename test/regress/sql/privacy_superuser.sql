-- A superuser works on tables of a role that has planted functions wherever a table takes them: none runs with the superuser's rights.
-- A spy says HIJACK when it is not run as the role that planted it.
SET client_min_messages = warning;
CREATE ROLE sml_mallory NOLOGIN;
GRANT CREATE ON SCHEMA public TO sml_mallory;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '');
END $$;
SET ROLE sml_mallory;
CREATE FUNCTION spy(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF CURRENT_USER <> 'sml_mallory' THEN RAISE WARNING 'HIJACK %', what; END IF; RETURN true; END $$;
CREATE FUNCTION spy(what text, v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF CURRENT_USER <> 'sml_mallory' THEN RAISE WARNING 'HIJACK %', what; END IF; RETURN v; END $$;
CREATE FUNCTION spy_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.spy('trigger'); RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END $$;
CREATE FUNCTION spy_text(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spy('function'); RETURN $1; END $$;
CREATE DOMAIN spied AS text CHECK (spy('domain'));
CREATE TABLE trap_check (id int PRIMARY KEY, a text, m text CHECK (spy('check')));
CREATE TABLE trap_generated (id int PRIMARY KEY, a text, m text, g int GENERATED ALWAYS AS (spy('generated', id)) STORED);
CREATE TABLE trap_default (id int PRIMARY KEY, a text, m text, b int DEFAULT spy('default', 1));
CREATE TABLE trap_domain (id int PRIMARY KEY, a text, m spied);
CREATE TABLE trap_trigger (id int PRIMARY KEY, a text, m text);
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON trap_trigger FOR EACH ROW EXECUTE FUNCTION spy_trigger();
CREATE TABLE trap_when (id int PRIMARY KEY, a text, m text);
CREATE TRIGGER t BEFORE UPDATE ON trap_when FOR EACH ROW WHEN (spy('condition of a trigger', NEW.id) > 0) EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TABLE trap_index (id int PRIMARY KEY, a text, m text);
CREATE INDEX ON trap_index (spy_text(m));
CREATE TABLE trap_partial (id int PRIMARY KEY, a text, m text);
CREATE INDEX ON trap_partial (id) WHERE spy('condition of an index');
CREATE TABLE trap_statistics (id int PRIMARY KEY, a text, m text);
CREATE STATISTICS spied_statistics ON (spy('statistics', id)), m FROM trap_statistics;
CREATE TABLE trap_policy (id int PRIMARY KEY, a text, m text);
CREATE POLICY p ON trap_policy USING (spy('row security', id) > 0);
ALTER TABLE trap_policy ENABLE ROW LEVEL SECURITY;
CREATE TABLE trap_parts (id int, a text, m text) PARTITION BY RANGE (id);
CREATE TABLE trap_part PARTITION OF trap_parts FOR VALUES FROM (0) TO (1000);
CREATE INDEX ON trap_part (id) WHERE spy('condition of a partition''s index');
-- what is not the table's own, or runs when only a part of it is constant
CREATE TABLE trap_rule (id int PRIMARY KEY, a text, m text);
CREATE RULE r AS ON UPDATE TO trap_rule DO ALSO SELECT public.spy('rule');
CREATE TABLE trap_constant (id int PRIMARY KEY, a text, m text);
CREATE STATISTICS spied_constant ON (spy('constant of statistics', 1) + id), m FROM trap_constant;
CREATE TABLE trap_keyed (id int, a text, m text) PARTITION BY RANGE (spy('partition key', id));
CREATE TABLE trap_keyed_part PARTITION OF trap_keyed FOR VALUES FROM (0) TO (1000);
CREATE FUNCTION spy_difference(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.spy('difference of ranges'); RETURN $1 - $2; END $$;
CREATE TYPE spied_range AS RANGE (subtype = float8, subtype_diff = spy_difference);
CREATE TABLE trap_range (id int PRIMARY KEY, a text, m text, r spied_range DEFAULT spied_range(1, 2));
CREATE INDEX ON trap_range USING gist (r);
CREATE TABLE honest (id int PRIMARY KEY, a text, m text CHECK (length(m) < 100), n text DEFAULT upper('n'));
CREATE INDEX ON honest (lower(m)) WHERE id > 0;
DO $$
DECLARE t regclass;
BEGIN
	FOR t IN SELECT oid::regclass FROM pg_class WHERE relname ~ '^(trap|honest)' AND relname <> 'trap_part' AND relkind IN ('r', 'p') LOOP
		EXECUTE format('INSERT INTO %s (id, a, m) SELECT i, ''a'' || i, ''person'' || i || ''@mail.example'' FROM generate_series(1, 30) i', t);
	END LOOP;
END $$;
RESET ROLE;
-- a new session: nothing of the tables is cached
\c -
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
-- the inventory reads tables that nobody named
SELECT count(*), bool_and(found_by = 'contents') FROM sustainml.privacy_inventory WHERE table_name ~ '^(trap|honest)' AND column_name = 'm';
SELECT sustainml.create_key('superuser_test', role => CURRENT_USER);
-- sealed by a rewrite, or refused where planning it would run something
SELECT t, pg_temp.refused(format('SELECT sustainml.encrypt_column(%L, ''a'', ''superuser_test'')', t)) FROM unnest('{trap_check,trap_generated,trap_default,trap_domain,trap_trigger,trap_when,trap_index,trap_partial,trap_statistics,trap_policy,trap_parts,honest}'::text[]) t;
SELECT t, pg_temp.refused(format('SELECT sustainml_internal.rotate_begin(%L, ''a'')', t)) FROM unnest('{trap_check,trap_generated,trap_default,trap_trigger,trap_when,trap_statistics,honest}'::text[]) t;
SELECT t, pg_temp.refused(format('SELECT sustainml.decrypt_column(%L, ''a'')', t)) FROM unnest('{trap_check,trap_generated,trap_default,trap_domain,trap_trigger,trap_when,trap_statistics,trap_policy,honest}'::text[]) t;
SELECT t, pg_temp.refused(format('SELECT sustainml_internal.sealing_begin(%L, ''a'', ''superuser_test'', false)', t))
  FROM unnest('{trap_check,trap_generated,trap_trigger,trap_when,trap_index,trap_partial,trap_parts,honest}'::text[]) t;
SELECT sustainml.encrypt_column_abandon('honest', 'a');
SELECT t, pg_temp.refused(format('SELECT sustainml_internal.sealing_begin(%L, ''a'', ''superuser_test'', false)', t)) FROM unnest('{trap_constant,trap_keyed,trap_keyed_part}'::text[]) t;
-- a rule and ranges have a say in an update alone
SELECT t, pg_temp.refused(format('SELECT sustainml_internal.sealing_begin(%L, ''a'', ''superuser_test'', false)', t)) FROM unnest('{trap_rule,trap_range}'::text[]) t;
-- masked in place as the owner
SELECT count(sustainml.mask(t::regclass, 'm', 'partial', prefix => 2)) FROM unnest('{trap_check,trap_generated,trap_default,trap_domain,trap_trigger,trap_when,trap_index,trap_partial,trap_statistics,honest}'::text[]) t;
CALL sustainml.mask_in_place('trap_check', 'trap_check');
CALL sustainml.mask_in_place('trap_generated', 'trap_generated');
CALL sustainml.mask_in_place('trap_domain', 'trap_domain');
CALL sustainml.mask_in_place('trap_trigger', 'trap_trigger');
CALL sustainml.mask_in_place('trap_when', 'trap_when');
CALL sustainml.mask_in_place('trap_index', 'trap_index');
CALL sustainml.mask_in_place('trap_partial', 'trap_partial');
CALL sustainml.mask_in_place('trap_statistics', 'trap_statistics');
SELECT count(*) FROM sustainml.publish('trap_partial', 'sml_trap_policy');
SELECT sustainml.unpublish('trap_partial');
SELECT sustainml.drop_policy('sml_trap_policy');
-- scored into: refused where rows would run something
CREATE TABLE measured AS SELECT i AS id, i % 7 AS x, i % 3 + (i % 7) AS y FROM generate_series(1, 60) i;
SELECT version FROM sustainml.train('trap_model', 'measured', 'y', features => '{x}', split => '{"by": "id"}');
SELECT rows FROM sustainml.score('trap_model', 'measured', 'trap_scored', key => '{id}');
ALTER TABLE trap_scored OWNER TO sml_mallory;
SELECT rows FROM sustainml.score('trap_model', 'measured', 'trap_scored', mode => 'merge', key => '{id}');
CREATE FUNCTION pg_temp.planted(ddl text, away text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	SET LOCAL ROLE sml_mallory; EXECUTE ddl; RESET ROLE;
	SELECT string_agg(DISTINCT pg_temp.refused(format('SELECT sustainml.score(''trap_model'', ''measured'', ''trap_scored'', mode => %L, key => ''{id}'')', m)), ' / ') INTO answer
	  FROM unnest('{append,merge,replace}'::text[]) m;
	SET LOCAL ROLE sml_mallory; EXECUTE away; RESET ROLE;
	RETURN answer;
END $$;
SELECT pg_temp.planted('CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON trap_scored FOR EACH ROW EXECUTE FUNCTION spy_trigger()', 'DROP TRIGGER t ON trap_scored');
SELECT pg_temp.planted('ALTER TABLE trap_scored ADD CONSTRAINT c CHECK (spy(''check''))', 'ALTER TABLE trap_scored DROP CONSTRAINT c');
SELECT pg_temp.planted('ALTER TABLE trap_scored ADD COLUMN extra int; ALTER TABLE trap_scored ALTER extra SET DEFAULT spy(''default'', 1)', 'ALTER TABLE trap_scored DROP COLUMN extra');
SELECT pg_temp.planted($$ALTER TABLE trap_scored ADD COLUMN extra xml; ALTER TABLE trap_scored ALTER extra SET DEFAULT table_to_xml('pg_authid', true, true, '')$$, 'ALTER TABLE trap_scored DROP COLUMN extra');
SELECT pg_temp.planted('ALTER TABLE trap_scored ADD COLUMN extra int GENERATED ALWAYS AS (spy(''generated'', id)) STORED', 'ALTER TABLE trap_scored DROP COLUMN extra');
SELECT pg_temp.planted('ALTER TABLE trap_scored ALTER model TYPE spied', 'ALTER TABLE trap_scored ALTER model TYPE text');
SELECT pg_temp.planted('CREATE INDEX trap_i ON trap_scored (spy(''index'', id))', 'DROP INDEX trap_i');
SELECT pg_temp.planted('CREATE RULE r AS ON INSERT TO trap_scored DO ALSO SELECT spy(''rule'')', 'DROP RULE r ON trap_scored');
SELECT pg_temp.planted('CREATE TABLE trap_child (id int REFERENCES trap_scored ON DELETE CASCADE); INSERT INTO trap_child SELECT id FROM trap_scored; CREATE TRIGGER t AFTER DELETE ON trap_child FOR EACH ROW EXECUTE FUNCTION spy_trigger()',
                       'DROP TABLE trap_child');
SELECT pg_temp.planted('ALTER TABLE trap_scored ADD CONSTRAINT c CHECK (prediction < 1000)', 'ALTER TABLE trap_scored DROP CONSTRAINT c');
-- the owner scores, with code of their own
SELECT sustainml.grant_model('trap_model', 'sml_mallory');
GRANT SELECT ON measured TO sml_mallory;
SET ROLE sml_mallory;
CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON trap_scored FOR EACH ROW EXECUTE FUNCTION spy_trigger();
SELECT rows FROM sustainml.score('trap_model', 'measured', 'trap_scored', mode => 'merge', key => '{id}');
RESET ROLE;
-- the spies do tell
UPDATE trap_trigger SET a = a WHERE id = 1;
SELECT id FROM trap_partial WHERE id = 1;
SELECT sustainml.drop_model('trap_model');
SELECT sustainml.destroy_key('superuser_test', 'superuser_test') > 0;
DROP TABLE measured;
DROP OWNED BY sml_mallory CASCADE;
DROP ROLE sml_mallory;
