-- Scoring into tables: what is refused, keys of all kinds in batches, batches that stop and go on.
CREATE SCHEMA score_tables;
SET search_path = score_tables;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
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
CREATE TABLE r (id int PRIMARY KEY, a float8, g text, y float8, c text);
INSERT INTO r SELECT i, i % 17, CASE i % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'y' END, 2 * (i % 17) + i % 5, CASE WHEN (i * 37) % 101 < 40 + 2 * (i % 17) THEN 'yes' ELSE 'no' END FROM generate_series(1, 1000) i;
SELECT ref FROM sustainml.train('amount', 'r', target => 'y', features => '{a,g}');
SELECT ref FROM sustainml.train('answer', 'r', target => 'c', features => '{a,g}');
SELECT rows FROM sustainml.score('answer', 'r', 'done');
CREATE TABLE wrong (id int PRIMARY KEY, x int);
CREATE TABLE no_key AS SELECT * FROM done;

\echo refused
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'done')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'SELECT * FROM r WHERE id = 3', 'done', key => '{id}', mode => 'append')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'nothing_here', mode => 'append')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'wrong', mode => 'append')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'wrong', mode => 'replace')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'done', columns => '{a}', mode => 'replace')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'no_key', mode => 'merge')$$);
SELECT answer($$SELECT rows FROM sustainml.score('amount', 'r', 'done', mode => 'merge')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', mode => 'mrege')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'x; DROP TABLE r')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'db.score_tables.more')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'nowhere.more')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', '')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', key => '{}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', key => '{NULL}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', key => '{id,id}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', key => '{idd}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', columns => '{id}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', 'more', columns => '{nothing_here}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'SELECT id AS prediction, a, g FROM r', 'more', key => '{prediction}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'SELECT nullif(id, 5) AS id, a, g FROM r', 'more', key => '{id}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'SELECT a, g FROM r', 'more')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'DELETE FROM r', 'more', key => '{id}')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'SELECT id FROM r', 'more', key => '{id}')$$);
SELECT answer($$SELECT rows FROM sustainml.score(NULL, 'r', 'more')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', NULL, 'more')$$);
SELECT answer($$SELECT rows FROM sustainml.score('answer', 'r', NULL)$$);
SELECT answer($$SELECT rows FROM sustainml.score('anser', 'r', 'more')$$);
-- nothing of it was done
SELECT to_regclass('more'), (SELECT count(*) FROM done), (SELECT count(*) FROM r);
-- odd names are quoted as in SQL
SELECT rows, into_table FROM sustainml.score('answer', 'r', 'score_tables."Odd; DROP TABLE r"');
SELECT count(*) FROM "Odd; DROP TABLE r" JOIN r USING (id);
-- merge by a key of two columns, in any order
CREATE TABLE pairs AS SELECT id / 10 AS tens, id % 10 AS ones, a, g FROM r;
SELECT rows FROM sustainml.score('amount', 'pairs', 'pairs_scored', key => '{tens,ones}');
UPDATE pairs SET a = a + 1 WHERE ones = 3;
SELECT rows FROM sustainml.score('amount', 'pairs', 'pairs_scored', key => '{ones,tens}', mode => 'merge');
SELECT count(*), bool_and(prediction = sustainml.predict('amount', p)) AS all_follow FROM pairs_scored s JOIN pairs p USING (tens, ones);

\echo batches: keys of every kind, each row once
CREATE TABLE by_char (k char(6) PRIMARY KEY, a float8, g text);
INSERT INTO by_char SELECT 'k' || id, a, g FROM r;
CREATE TABLE by_text (k text COLLATE "C" PRIMARY KEY, a float8, g text);
INSERT INTO by_text SELECT CASE WHEN id % 2 = 0 THEN 'K' ELSE 'k' END || id || '''', a, g FROM r;
CREATE TABLE by_uuid (k uuid PRIMARY KEY, a float8, g text);
INSERT INTO by_uuid SELECT md5(id::text)::uuid, a, g FROM r;
CREATE TABLE by_time (k timestamptz PRIMARY KEY, a float8, g text);
INSERT INTO by_time SELECT timestamptz '2020-01-01' + id * id * interval '1.001 second', a, g FROM r;
CREATE TABLE by_float (k float8 PRIMARY KEY, a float8, g text);
INSERT INTO by_float SELECT 1.0 / id, a, g FROM r;
CALL sustainml.score_batches('amount', 'by_char', 'char_scored', batch_rows => 300);
CALL sustainml.score_batches('amount', 'by_text', 'text_scored', batch_rows => 300);
CALL sustainml.score_batches('amount', 'by_uuid', 'uuid_scored', batch_rows => 300);
CALL sustainml.score_batches('amount', 'by_time', 'time_scored', batch_rows => 300);
CALL sustainml.score_batches('amount', 'by_float', 'float_scored', batch_rows => 300);
CALL sustainml.score_batches('amount', 'SELECT k, a, g FROM by_text WHERE a > 3', 'query_scored', key => 'k', batch_rows => 1000);
SELECT (SELECT count(*) FROM char_scored), (SELECT count(*) FROM text_scored), (SELECT count(*) FROM uuid_scored), (SELECT count(*) FROM time_scored), (SELECT count(*) FROM float_scored),
       (SELECT count(*) FROM query_scored) = (SELECT count(*) FROM by_text WHERE a > 3);

\echo what is missing is scored, wherever it is, and nothing else
CALL sustainml.score_batches('amount', 'r', 'batched', columns => '{g}', batch_rows => 300);
DELETE FROM batched WHERE id BETWEEN 100 AND 150 OR id > 900 OR id = 7;
INSERT INTO r SELECT -i, 1, 'x', 1, 'no' FROM generate_series(1, 5) i;
CALL sustainml.score_batches('amount', 'r', 'batched', columns => '{g}', batch_rows => 50);
CALL sustainml.score_batches('amount', 'r', 'batched', columns => '{g}', batch_rows => 50);
SELECT count(*), bool_and(prediction = sustainml.predict('amount', r) AND b.g IS NOT DISTINCT FROM r.g) AS same FROM batched b JOIN r USING (id);
-- a new version scores all rows again
SELECT ref FROM sustainml.train('amount', 'r', target => 'y', features => '{g}');
CALL sustainml.score_batches('amount', 'r', 'batched', columns => '{g}');
SELECT DISTINCT version FROM batched;

\echo keys that are none
CREATE TABLE with_nulls AS SELECT nullif(id % 500, 3) AS k, a, g FROM r WHERE id > 0;
CALL sustainml.score_batches('amount', 'with_nulls', 'more', key => 'k');
CALL sustainml.score_batches('amount', 'with_nulls', 'more');
CALL sustainml.score_batches('amount', 'r', 'more', key => 'idd');
CALL sustainml.score_batches('amount', 'r', 'more', batch_rows => 0);
CALL sustainml.score_batches('amount', 'r', 'more', batch_rows => NULL);
CALL sustainml.score_batches('amount', 'r', 'wrong');
CALL sustainml.score_batches('nobody', 'r', 'more');
SELECT to_regclass('more');
-- one metered run a batch
SELECT sum(rows), count(energy_joules) = count(*) AS metered FROM sustainml.run_log WHERE model_schema = 'score_tables' AND model = 'amount' AND kind = 'score' AND version = 2;

\echo where it cannot commit it says so before any work
BEGIN;
CALL sustainml.score_batches('amount', 'r', 'more');
\echo :SQLSTATE
ROLLBACK;
CALL sustainml.score_batches('amount', 'r', 'more')\; SELECT 1;
DO $$ DECLARE n bigint; BEGIN CALL sustainml.score_batches('amount', 'r', 'more', rows => n); EXCEPTION WHEN division_by_zero THEN NULL; END $$;
CREATE FUNCTION calls() RETURNS void LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN CALL sustainml.score_batches('amount', 'r', 'more', rows => n); END $$;
SELECT calls();
CREATE PROCEDURE pinned() LANGUAGE plpgsql SET search_path = pg_catalog AS $$ DECLARE n bigint; BEGIN CALL sustainml.score_batches('amount', 'score_tables.r', 'score_tables.more', rows => n); END $$;
CALL pinned();
DROP FUNCTION calls();
DROP PROCEDURE pinned();
SELECT to_regclass('more');
-- a DO block or a procedure that can commit may call it
DO $$ DECLARE n bigint; BEGIN CALL sustainml.score_batches('amount', 'r', 'by_block', batch_rows => 400, rows => n); END $$;
SELECT count(*) = (SELECT count(*) FROM r) AS whole FROM by_block;

\echo statistics that say nothing, or the wrong thing, do not lead to a nested loop: 30,000 rows against 30,000 would take minutes
CREATE TABLE many (id int PRIMARY KEY, g text) WITH (autovacuum_enabled = off);
ANALYZE many;
INSERT INTO many SELECT i, 'x' FROM generate_series(1, 30000) i;
CREATE TABLE many_scored (id int PRIMARY KEY, prediction float8, probability float8, model text, version int, scored_at timestamptz) WITH (autovacuum_enabled = off);
VACUUM ANALYZE many_scored;
INSERT INTO many_scored SELECT i, 0, NULL, 'amount', 2, now() FROM generate_series(1, 30000) i WHERE i % 100 <> 0;
SET statement_timeout = '60s';
CALL sustainml.score_batches('amount', 'many', 'many_scored', batch_rows => 7);
RESET statement_timeout;
SELECT count(*), count(*) FILTER (WHERE prediction <> 0) AS scored_now, bool_and(id % 100 = 0) FILTER (WHERE prediction <> 0) AS the_right_ones FROM many_scored;

DROP SCHEMA score_tables CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('score_tables.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'score_tables') AS q;
END $$;
