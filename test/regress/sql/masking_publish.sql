-- Published views: default deny, grants, republishing, ALTER and DROP, row security, and attempts to get around them.
SET client_min_messages = warning;
CREATE ROLE sml_pub_owner NOLOGIN;
CREATE ROLE sml_pub_reader NOLOGIN;
CREATE ROLE sml_pub_hr NOLOGIN;
CREATE ROLE sml_pub_evil NOLOGIN;
GRANT CREATE ON SCHEMA public TO sml_pub_owner, sml_pub_evil;
CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
SELECT sustainml.create_key('pub_test', role => 'sml_pub_owner');

SET ROLE sml_pub_owner;
CREATE TABLE staff (id int PRIMARY KEY, name text, salary int, zip text, secret text);
INSERT INTO staff SELECT i, 'name ' || i, 1000 * i, '10' || (100 + i), 'MARKER' || i FROM generate_series(1, 50) i;
INSERT INTO staff VALUES (99, 'chief', 1234567, '99999', 'MARKERchief');
SELECT sustainml.mask('staff', 'id', 'keep') > 0, sustainml.mask('staff', 'name', 'pseudonym', key => 'pub_test', unmask => 'sml_pub_hr') > 0,
	sustainml.mask('staff', 'salary', 'round', step => 100000) > 0, sustainml.mask('staff', 'zip', 'partial', prefix => 2, unmask => 'sml_pub_hr') > 0;
-- a policy needs a role: an administrator makes it for those who cannot
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts')$$);
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'Drop; Table')$$), public.refused($$SELECT * FROM sustainml.publish('staff', 'public')$$), public.refused($$SELECT * FROM sustainml.publish('staff', 'pg_x')$$);
RESET ROLE;
SELECT sustainml.create_policy('sml_analysts', owner => 'sml_pub_owner');
SELECT public.refused($$SELECT sustainml.create_policy('sml_analysts')$$), public.refused($$SELECT sustainml.create_policy('sml_other', owner => 'sml_nobody')$$);
SELECT rolcanlogin, rolsuper, rolinherit, rolbypassrls FROM pg_roles WHERE rolname = 'sustainml_view_sml_analysts';
CREATE ROLE sustainml_view_sml_planted LOGIN;
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_planted')$$);
DROP ROLE sustainml_view_sml_planted;
CREATE SCHEMA sml_taken AUTHORIZATION sml_pub_evil;
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_taken')$$);
DROP SCHEMA sml_taken;

SET ROLE sml_pub_owner;
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts', others => 'show')$$), public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts', grant_to => '{sml_nobody}')$$);
SELECT * FROM sustainml.publish('staff', 'sml_analysts', grant_to => '{sml_pub_reader,sml_pub_hr,sml_pub_evil}');
SELECT policy, owner, role_name, table_name, view_schema, view_name, view_exists FROM sustainml.published_tables;
RESET ROLE;
SELECT relowner::regrole, reloptions, relkind FROM pg_class WHERE oid = 'sml_analysts.staff'::regclass;
SELECT attname, has_column_privilege('sustainml_view_sml_analysts', 'staff', attname, 'SELECT') FROM pg_attribute WHERE attrelid = 'staff'::regclass AND attnum > 0 ORDER BY attnum;

-- the matrix: what a reader can and cannot do
SET ROLE sml_pub_reader;
SELECT count(*), count(DISTINCT name), bool_and(name LIKE 'p\_%'), max(salary), count(DISTINCT zip), min(zip) FROM sml_analysts.staff;
COPY (SELECT salary, zip FROM sml_analysts.staff WHERE id = 7) TO STDOUT;
BEGIN; DECLARE c CURSOR FOR SELECT salary, zip FROM sml_analysts.staff WHERE id = 99; FETCH c; COMMIT;
SELECT public.refused('SELECT secret FROM sml_analysts.staff'), public.refused('SELECT * FROM staff'), public.refused('SELECT id FROM staff');
SELECT public.refused('COPY staff TO STDOUT'), public.refused('COPY sml_analysts.staff TO STDOUT'), public.refused('TABLE staff');
SELECT public.refused('UPDATE sml_analysts.staff SET id = 1'), public.refused('DELETE FROM sml_analysts.staff'), public.refused('INSERT INTO sml_analysts.staff (id) VALUES (1)');
SELECT public.refused('LOCK staff'), public.refused('CREATE TEMP TABLE heir () INHERITS (staff)'), public.refused('CREATE TABLE sml_analysts.mine (x int)');
SELECT count(*) FROM pg_stats WHERE tablename = 'staff';
SELECT pg_has_role('sustainml_view_sml_analysts', 'MEMBER'), public.refused('ALTER VIEW sml_analysts.staff SET (security_barrier = false)'), public.refused('DROP VIEW sml_analysts.staff');
SELECT public.refused($$SELECT sustainml.drop_policy('sml_analysts')$$), public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts')$$);
-- a view over the view, and a function of the reader's over it, are masked as well
CREATE TEMP VIEW over_view AS SELECT * FROM sml_analysts.staff;
SELECT count(*) FROM over_view WHERE name LIKE 'p\_%';
RESET ROLE;
-- the plan is made as one role and run as another: the question is asked at run time
PREPARE who AS SELECT name LIKE 'p\_%' AS masked, zip FROM sml_analysts.staff WHERE id = 1;
SET ROLE sml_pub_hr;
EXECUTE who;
SET ROLE sml_pub_reader;
EXECUTE who;
RESET ROLE;
GRANT sml_pub_hr TO sml_pub_reader;
SET ROLE sml_pub_reader;
EXECUTE who;
RESET ROLE;
REVOKE sml_pub_hr FROM sml_pub_reader;
SET ROLE sml_pub_reader;
EXECUTE who;
RESET ROLE;

-- a leaky function, cheap so that the planner runs it first, sees what the reader sees
SET ROLE sml_pub_evil;
CREATE TABLE loot (what text);
CREATE FUNCTION public.leak(x text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO public.loot VALUES (x); RETURN true; END $$;
CREATE FUNCTION public.leak_eq(x text, y text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO public.loot VALUES (x); RETURN true; END $$;
CREATE OPERATOR public.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = public.leak_eq, RESTRICT = eqsel);
SELECT count(*) FROM sml_analysts.staff WHERE public.leak(name) AND public.leak(zip) AND zip OPERATOR(public.<<<<) 'x' AND public.leak(salary::text);
SELECT count(*) AS looted, count(*) FILTER (WHERE what LIKE 'name %' OR what LIKE 'MARKER%' OR what ~ '^10[0-9]{3}$' OR what IN ('chief', '1234567')) AS raw FROM loot;
-- a whole row, a system column, an error with a value in it
SELECT public.refused('SELECT s::text::int FROM sml_analysts.staff s WHERE id = 99') LIKE '%chief%' AS leaked, public.refused('SELECT zip::int FROM sml_analysts.staff WHERE id = 99');
SELECT public.refused('SELECT ctid FROM sml_analysts.staff');
-- keyed masks answer nobody outside the view: no dictionary of pseudonyms
SELECT (SELECT regexp_replace(pg_get_viewdef('sml_analysts.staff'::regclass), '.*mask_pseudonym\((?:t\.)?name, (\d+)\).*', '\1')) AS rule_no \gset
SELECT public.refused(format('SELECT sustainml_internal.mask_pseudonym(''chief''::text, %s)', :rule_no));
CREATE TABLE guess (name text); INSERT INTO guess VALUES ('chief');
SELECT public.refused(format('SELECT sustainml_internal.mask_pseudonym(name, %s) FROM guess', :rule_no));
SELECT public.refused(format('SELECT sustainml_internal.mask_pseudonym(g.name, %s) FROM guess g, sml_analysts.staff s', :rule_no));
SELECT public.refused(format('SELECT sustainml_internal.mask_pseudonym(s.name, %s) FROM sml_analysts.staff s', :rule_no));
SELECT public.refused(format('SELECT (SELECT sustainml_internal.mask_pseudonym(g.name, %s)) FROM guess g LEFT JOIN sml_analysts.staff s ON true', :rule_no));
CREATE VIEW guess_view WITH (security_barrier) AS SELECT sustainml_internal.mask_pseudonym(name, 1) FROM guess;
SELECT public.refused('SELECT * FROM guess_view');
DROP VIEW guess_view; DROP TABLE guess;
CREATE FUNCTION public.fake_cast(x int) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
SELECT public.refused(format('CREATE CAST (text AS int) WITH FUNCTION sustainml_internal.mask_pseudonym(anyelement, integer)'));
RESET ROLE;
DROP OPERATOR public.<<<< (text, text); DROP FUNCTION public.leak, public.leak_eq, public.fake_cast; DROP TABLE loot;

-- default deny: a new column is not shown until there is a rule and the view is made anew; readers keep their right
SET ROLE sml_pub_owner;
ALTER TABLE staff ADD COLUMN iban text DEFAULT 'GB82 WEST 1234 5698 7654 32';
SELECT attname FROM pg_attribute WHERE attrelid = 'sml_analysts.staff'::regclass AND attnum > 0 ORDER BY attnum;
SELECT column_name, note FROM sustainml.publish('staff', 'sml_analysts') WHERE note IS NOT NULL ORDER BY 1;
SET client_min_messages = notice;
SELECT sustainml.mask('staff', 'iban', 'partial', suffix => 2) > 0;
SET client_min_messages = warning;
SET ROLE sml_pub_reader;
CREATE TEMP VIEW uses_it AS SELECT id, name FROM sml_analysts.staff;
SET ROLE sml_pub_owner;
SELECT count(*) FROM sustainml.publish('staff', 'sml_analysts') WHERE note IS NULL;
SET ROLE sml_pub_reader;
SELECT id, iban FROM sml_analysts.staff WHERE id = 99;
SELECT count(*) FROM uses_it;
DROP VIEW over_view, uses_it;
SET ROLE sml_pub_owner;
-- a column that goes from the view: the view is another one, and grants are kept
SELECT sustainml.unmask_rule('staff', 'zip');
SELECT column_name, note FROM sustainml.publish('staff', 'sml_analysts') WHERE note IS NOT NULL ORDER BY 1;
SET ROLE sml_pub_reader;
SELECT count(*), public.refused('SELECT zip FROM sml_analysts.staff') FROM sml_analysts.staff;
SET ROLE sml_pub_owner;
SELECT has_column_privilege('sustainml_view_sml_analysts', 'staff', 'zip', 'SELECT') AS zip_still_granted;
-- others => 'null' shows the rest as NULL
SELECT column_name, note FROM sustainml.publish('staff', 'sml_analysts', others => 'null') WHERE note IS NOT NULL ORDER BY 1;
SET ROLE sml_pub_reader;
SELECT count(secret), count(zip), count(*) FROM sml_analysts.staff;
SET ROLE sml_pub_owner;
SELECT count(*) FROM sustainml.publish('staff', 'sml_analysts');

-- ALTER and DROP of what is published say what is in the way
SELECT public.refused('ALTER TABLE staff DROP COLUMN salary'), public.refused('ALTER TABLE staff ALTER COLUMN salary TYPE bigint'), public.refused('DROP TABLE staff');
ALTER TABLE staff DROP COLUMN secret;
SELECT sustainml.unpublish('staff');
ALTER TABLE staff ALTER COLUMN salary TYPE text;
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts')$$);
ALTER TABLE staff ALTER COLUMN salary TYPE bigint USING salary::bigint;
ALTER TABLE staff RENAME COLUMN iban TO account;
SELECT column_name, mask, note FROM sustainml.publish('staff', 'sml_analysts', grant_to => '{sml_pub_reader}') WHERE note IS NOT NULL ORDER BY 1;
SELECT sustainml.unpublish('staff');
RESET ROLE;
SELECT count(*) FROM information_schema.role_column_grants WHERE grantee = 'sustainml_view_sml_analysts' AND table_name = 'staff';
SET ROLE sml_pub_owner;
SET client_min_messages = notice;
ALTER TABLE staff DROP COLUMN salary;
SELECT sustainml.unpublish('staff', 'sml_analysts');
DROP TABLE staff;
-- a table of the same name later has no rules
CREATE TABLE staff (id int, name text);
SELECT public.refused($$SELECT * FROM sustainml.publish('staff', 'sml_analysts')$$);
SELECT sustainml.mask('staff', 'id', 'keep') > 0;
SELECT count(*) FROM sustainml.publish('staff', 'sml_analysts');
DROP TABLE staff CASCADE;
SELECT count(*) FROM sustainml.published_tables;
SET client_min_messages = warning;

-- row level security: the rows of the view are those that policies give to its role, none without one
CREATE TABLE visit (id int, owner_name text DEFAULT CURRENT_USER, note text);
INSERT INTO visit VALUES (1, 'sml_pub_reader', 'a'), (2, 'sml_pub_hr', 'b'), (3, 'sml_pub_reader', 'c');
ALTER TABLE visit ENABLE ROW LEVEL SECURITY;
SELECT sustainml.mask('visit', 'id', 'keep') > 0, sustainml.mask('visit', 'note', 'hash', key => 'pub_test') > 0, sustainml.mask('visit', 'owner_name', 'keep') > 0;
SET client_min_messages = notice;
SELECT count(*) FROM sustainml.publish('visit', 'sml_analysts', grant_to => '{sml_pub_reader}');
SET client_min_messages = warning;
SET ROLE sml_pub_reader;
SELECT count(*) FROM sml_analysts.visit;
SET ROLE sml_pub_owner;
CREATE POLICY own_rows ON visit FOR SELECT TO sustainml_view_sml_analysts USING (owner_name = CURRENT_USER);
SET ROLE sml_pub_reader;
SELECT id, length(note) FROM sml_analysts.visit ORDER BY id;
SET ROLE sml_pub_owner;
SELECT sustainml.unpublish('visit');
DROP TABLE visit;

-- partitions, and two tables of one name
CREATE TABLE log (day date, who text) PARTITION BY RANGE (day);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
INSERT INTO log VALUES ('2026-02-03', 'jane');
RESET ROLE;
CREATE SCHEMA sml_twin AUTHORIZATION sml_pub_owner;
SET ROLE sml_pub_owner;
CREATE TABLE sml_twin.log (who text);
SELECT sustainml.mask('log', 'who', 'hash', key => 'pub_test') > 0, sustainml.mask('log', 'day', 'bucket_date', unit => 'year') > 0, sustainml.mask('sml_twin.log', 'who', 'null') > 0;
SELECT count(*) FROM sustainml.publish('log', 'sml_analysts', grant_to => '{sml_pub_owner}');
SELECT length(who), day = '2026-01-01' FROM sml_analysts.log;
SELECT public.refused($$SELECT * FROM sustainml.publish('sml_twin.log', 'sml_analysts')$$);
SELECT count(*) FROM sustainml.publish('sml_twin.log', 'sml_analysts', grant_to => '{sml_pub_owner}', view_name => 'twin_log');
SELECT count(*) FROM sml_analysts.twin_log;
SELECT table_schema, table_name, view_name FROM sustainml.published_tables ORDER BY 1;
RESET ROLE;
SELECT public.refused($$SELECT sustainml.drop_policy('sml_analysts')$$);
SET ROLE sml_pub_owner;
SELECT sustainml.unpublish('log'), sustainml.unpublish('sml_twin.log');
-- what another role has made stands in the way, and is left alone
CREATE VIEW sml_analysts.log AS SELECT 1 AS x;
SELECT public.refused($$SELECT * FROM sustainml.publish('log', 'sml_analysts')$$);
DROP VIEW sml_analysts.log;
DROP TABLE log, sml_twin.log;

-- hostile names and planted objects, run as a superuser: nothing of them is executed
RESET ROLE;
CREATE TABLE survivor (id int);
SET ROLE sml_pub_evil;
CREATE TABLE public.stolen (what text);
GRANT INSERT ON public.stolen TO PUBLIC;
CREATE FUNCTION public.grab(x text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stolen VALUES (CURRENT_USER); RETURN true; END $$;
CREATE FUNCTION public.grab_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stolen VALUES (CURRENT_USER); RETURN true; END $$;
CREATE FUNCTION public.grab_name(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stolen VALUES (CURRENT_USER); RETURN true; END $$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.grab_text);
CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.grab_name);
CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.grab_text);
CREATE FUNCTION public.mask_partial(text, int, text, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stolen VALUES (CURRENT_USER); RETURN 'x'; END $$;
CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.stolen VALUES (CURRENT_USER); RETURN 'x'; END $$;
CREATE DOMAIN public.trap AS text CHECK (public.grab(VALUE));
CREATE TYPE public.text AS (x int);
CREATE TABLE public."a""; DROP TABLE survivor; --" (id int, "b'); DROP TABLE survivor; --" pg_catalog.text, "c""\x'" public.trap, "d%s$1" public.trap, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" pg_catalog.text);
INSERT INTO public."a""; DROP TABLE survivor; --" VALUES (1, 'b', 'c', 'd', 'a');
TRUNCATE public.stolen;
SELECT sustainml.mask('public."a""; DROP TABLE survivor; --"', 'id', 'keep') > 0;
RESET ROLE;
SET search_path = public, pg_catalog;
SELECT sustainml.mask('public."a""; DROP TABLE survivor; --"', $$b'); DROP TABLE survivor; --$$, 'partial', prefix => 1, fill => $$'); DROP TABLE survivor; --$$) OPERATOR(pg_catalog.>) 0,
	sustainml.mask('public."a""; DROP TABLE survivor; --"', $$c"\x'$$, 'null') OPERATOR(pg_catalog.>) 0,
	sustainml.mask('public."a""; DROP TABLE survivor; --"', $$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$$, 'constant', value => $$\'; DROP TABLE survivor; --$$) OPERATOR(pg_catalog.>) 0;
SELECT column_name, mask, note FROM sustainml.publish('public."a""; DROP TABLE survivor; --"', 'sml_hostile', others => 'null');
SELECT * FROM sml_hostile."a""; DROP TABLE survivor; --";
SELECT pg_catalog.count(*) FROM sustainml.anonymity('public."a""; DROP TABLE survivor; --"', ARRAY[$$b'); DROP TABLE survivor; --$$]);
SELECT pg_catalog.count(*) FROM sustainml.privacy_inventory;
SELECT pg_catalog.count(*) FROM sustainml.masked_dump_sql('sml_hostile');
SELECT pg_catalog.count(*) FROM sustainml.masking_rules;
SELECT pg_catalog.count(*) FROM sustainml.published_tables;
SELECT sustainml.publish('public."a""; DROP TABLE survivor; --"', 'sml_hostile') IS NULL AS x LIMIT 1;
SELECT sustainml.unpublish('public."a""; DROP TABLE survivor; --"');
SELECT pg_catalog.count(*) AS stolen FROM public.stolen;
SELECT pg_catalog.count(*) FROM survivor;
RESET search_path;
DROP OWNED BY sml_pub_evil CASCADE;
DROP TABLE survivor;
SELECT sustainml.drop_policy('sml_analysts'), sustainml.drop_policy('sml_hostile');
DROP SCHEMA sml_twin;
DROP FUNCTION public.refused;
SELECT sustainml.destroy_key('pub_test', 'pub_test') > 0;
DROP OWNED BY sml_pub_owner, sml_pub_reader, sml_pub_hr;
DROP ROLE sml_pub_owner, sml_pub_reader, sml_pub_hr, sml_pub_evil;
