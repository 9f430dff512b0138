-- Static masking in place, masked dumps, and sealed columns under masks.
SET client_min_messages = warning;
CREATE ROLE sml_static_owner NOLOGIN;
CREATE ROLE sml_static_reader NOLOGIN;
GRANT CREATE ON SCHEMA public TO sml_static_owner;
CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
SELECT sustainml.create_key('static_test', role => 'sml_static_owner');
SET ROLE sml_static_owner;
CREATE TABLE client (region text, n int, name text NOT NULL, mail text UNIQUE, code varchar(8), pay numeric(10,2), born date, city text, PRIMARY KEY (region, n));
INSERT INTO client SELECT 'r' || i % 3, i, 'MARKER name ' || i, 'MARKER' || i || '@x.org', 'c' || i, 1000 + i, date '1980-01-01' + i, 'city ' || i FROM generate_series(1, 500) i;
CREATE TABLE client_before AS SELECT * FROM client;
ANALYZE client;
-- what stands in the way
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$);
SELECT sustainml.mask('client', 'name', 'null') > 0;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$);
SELECT sustainml.mask('client', 'name', 'fake', kind => 'full_name', key => 'static_test') > 0, sustainml.mask('client', 'mail', 'partial_email') > 0;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$);
SELECT sustainml.mask('client', 'mail', 'hash', key => 'static_test') > 0, sustainml.mask('client', 'pay', 'bucket', width => 100) > 0;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$);
SELECT sustainml.mask('client', 'pay', 'round', step => 100) > 0, sustainml.mask('client', 'born', 'bucket_date', unit => 'year') > 0, sustainml.mask('client', 'city', 'shuffle') > 0,
	sustainml.mask('client', 'code', 'keep') > 0;
CREATE TABLE bill (id int, client_region text, client_n int, FOREIGN KEY (client_region, client_n) REFERENCES client);
SELECT sustainml.mask('bill', 'client_n', 'pseudonym', key => 'static_test') > 0;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('bill', 'bill', '')$$);
DROP TABLE bill;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'clients', '')$$);
SELECT public.refused($$SELECT * FROM sustainml.publish('client', 'sml_static')$$);
SET ROLE sml_static_reader;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$), public.refused('SELECT * FROM sustainml.masking_job');
RESET ROLE;
SET ROLE sml_static_owner;
CALL sustainml.mask_in_place('client', confirm => 'no', batch_rows => 10);
\echo :SQLSTATE
CALL sustainml.mask_in_place('client', confirm => 'client', batch_rows => 0);
\echo :SQLSTATE
BEGIN;
CALL sustainml.mask_in_place('client', confirm => 'client');
\echo :SQLSTATE
ROLLBACK;
SELECT count(*) FROM client JOIN client_before USING (region, n) WHERE client.* IS DISTINCT FROM client_before.*;

-- by hand, interrupted in the middle: what was masked stays, and the rest is masked once
SELECT sustainml_internal.mask_static_begin('client', 'client', '') AS job \gset
SELECT sustainml_internal.mask_static_step('client', :job, '', 120);
SELECT sustainml_internal.mask_static_begin('client', 'client', '') = :job AS goes_on;
SELECT count(*) FROM client JOIN client_before b USING (region, n) WHERE client.mail <> b.mail;
CREATE TABLE client_half AS SELECT * FROM client;
SELECT sustainml.mask('client', 'pay', 'round', step => 10) > 0;
SELECT sustainml.mask('client', 'born', 'bucket_date', unit => 'month') > 0;
SELECT sustainml.mask('client', 'code', 'partial') > 0;
SELECT public.refused($$SELECT sustainml_internal.mask_static_begin('client', 'client', '')$$) LIKE '55000: rules of table "client" have changed%' AS refused;
SELECT sustainml.mask('client', 'pay', 'round', step => 100) > 0, sustainml.mask('client', 'born', 'bucket_date', unit => 'year') > 0, sustainml.mask('client', 'code', 'keep') > 0;
SET client_min_messages = notice;
CALL sustainml.mask_in_place('client', confirm => 'client', batch_rows => 100);
SET client_min_messages = warning;
SELECT count(*) FROM client JOIN client_half h USING (region, n) JOIN client_before b USING (region, n) WHERE h.mail <> b.mail AND client.mail <> h.mail;
SELECT count(*), count(DISTINCT mail), count(*) FILTER (WHERE mail ~ '^[0-9a-f]{32}$') AS hashed, count(*) FILTER (WHERE pay % 100 = 0) AS rounded, count(*) FILTER (WHERE born = date_trunc('year', born)) AS years,
	count(*) FILTER (WHERE name LIKE '%MARKER%') AS raw FROM client;
-- shuffled: the same values, most of them elsewhere; what has no rule stays
SELECT count(*) = 0 AS same_values FROM (SELECT city FROM client EXCEPT ALL SELECT city FROM client_before) d;
SELECT count(*) FILTER (WHERE client.city = b.city) < 20 AS dealt, bool_and(client.code = b.code) AS kept FROM client JOIN client_before b USING (region, n);
SELECT count(*) FROM pg_stats WHERE tablename = 'client' AND (most_common_vals::text LIKE '%MARKER%' OR histogram_bounds::text LIKE '%MARKER%');
SELECT table_name, columns, rows, started_by, finished_at IS NOT NULL AS done FROM sustainml.masking_jobs;
SELECT count(*) > 2 AS runs, sum(rows) FROM sustainml.run_log WHERE kind = 'mask';
-- without a primary key: one step
CREATE TABLE heap (v text, w int);
INSERT INTO heap SELECT 'MARKER' || i, i FROM generate_series(1, 100) i;
SELECT sustainml.mask('heap', 'v', 'partial', prefix => 1) > 0, sustainml.mask('heap', 'w', 'pseudonym', key => 'static_test') > 0;
CALL sustainml.mask_in_place('heap', 'heap');
SELECT min(v), max(v), count(DISTINCT w), count(*) FILTER (WHERE w BETWEEN 1 AND 100) < 5 AS moved FROM heap;
RESET ROLE;
-- run by a superuser, triggers and index expressions of the owner run as the owner
SET ROLE sml_static_owner;
CREATE TABLE ran (who text);
CREATE FUNCTION public.note_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (CURRENT_USER); RETURN NEW; END $$;
CREATE TABLE trapped (id int PRIMARY KEY, v text);
INSERT INTO trapped VALUES (1, 'a'), (2, 'b');
CREATE TRIGGER note_user BEFORE UPDATE ON trapped FOR EACH ROW EXECUTE FUNCTION public.note_user();
SELECT sustainml.mask('trapped', 'v', 'constant', value => 'x') > 0;
RESET ROLE;
CALL sustainml.mask_in_place('trapped', 'trapped');
SELECT who, count(*) FROM ran GROUP BY who;
SELECT * FROM trapped ORDER BY id;
-- rows that row security would hide are not left as they are: an error
SET ROLE sml_static_owner;
ALTER TABLE trapped ENABLE ROW LEVEL SECURITY;
ALTER TABLE trapped FORCE ROW LEVEL SECURITY;
SELECT sustainml_internal.mask_static_begin('trapped', 'trapped', '') AS job \gset
SELECT public.refused(format($$SELECT sustainml_internal.mask_static_step('trapped', %s, '', 10)$$, :job));
DROP TABLE trapped, ran, heap, client_half;

-- a masked dump, as a script for psql and as tables here
RESET ROLE;
CREATE TABLE "it's" (id int, "a\b" text);
INSERT INTO "it's" VALUES (1, E'tab\there'), (2, NULL);
SELECT sustainml.mask('"it''s"', 'id', 'keep') > 0;
SELECT count(*) FROM sustainml.publish('"it''s"', 'sml_static');
SELECT public.refused($$SELECT sustainml.masked_dump_sql('sml_static')$$), public.refused($$SELECT sustainml.masked_dump_sql('sml_none')$$);
SELECT sustainml.masked_dump_sql('sml_static', strict => false);
SELECT sustainml.mask('"it''s"', 'a\b', 'partial', prefix => 5) > 0;
SELECT count(*) FROM sustainml.publish('"it''s"', 'sml_static');
SELECT sustainml.masked_dump_sql('sml_static');
SELECT sustainml.masked_dump_sql('sml_static', into_schema => 'sml_copy');
CREATE SCHEMA sml_copy;
SELECT sustainml.masked_dump_sql('sml_static', into_schema => 'sml_copy') \gexec
SELECT * FROM sml_copy."it's" ORDER BY id;
DROP SCHEMA sml_copy CASCADE;
SELECT sustainml.unpublish('"it''s"');
DROP TABLE "it's";
SELECT sustainml.drop_policy('sml_static');

-- sealed columns: kept sealed, or NULL, and open for those who may open them
CREATE TABLE wage (id int PRIMARY KEY, pay float8, memo text);
INSERT INTO wage VALUES (1, 1500, 'MARKER');
SELECT sustainml.encrypt_column('wage', 'pay', 'static_test') > 0, sustainml.encrypt_column('wage', 'memo', 'static_test') > 0;
SELECT public.refused($$SELECT sustainml.mask('wage', 'pay', 'round', step => 100)$$);
SELECT sustainml.mask('wage', 'id', 'keep') > 0, sustainml.mask('wage', 'pay', 'null') > 0, sustainml.mask('wage', 'memo', 'constant', value => 'hidden', unmask => 'sml_static_reader') > 0;
SELECT column_name, mask, key, unmask FROM sustainml.publish('wage', 'sml_sealed', grant_to => '{sml_static_reader,sml_static_owner}');
SET ROLE sml_static_reader;
SELECT * FROM sml_sealed.wage;
SET ROLE sml_static_owner;
SELECT * FROM sml_sealed.wage;
RESET ROLE;
SELECT sustainml.unpublish('wage');
DROP TABLE wage;
SELECT sustainml.drop_policy('sml_sealed');
DROP FUNCTION public.refused;
SELECT sustainml.destroy_key('static_test', 'static_test') > 0;
DROP OWNED BY sml_static_owner, sml_static_reader;
DROP ROLE sml_static_owner, sml_static_reader;
