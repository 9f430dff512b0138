-- predict inside parallel plans: row and column forms, partitioned tables, views, and a model that is not committed yet.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE plain AS SELECT i AS id, i % 97 AS a, (i * 31 % 53)::numeric AS b, 'k' || i % 4 AS t, 1 + i % 97 - 0.5 * (i * 31 % 53) + i % 4 AS y FROM generate_series(1, 4000) i;
CREATE TABLE parts (b numeric, id int, y numeric, t text, a int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1500);
-- one partition has its columns in another order, and one that was dropped
CREATE TABLE parts_2 (t text, gone int, y numeric, a int, id int, b numeric);
ALTER TABLE parts_2 DROP COLUMN gone;
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (1500) TO (5000);
INSERT INTO parts (id, a, b, t, y) SELECT id, a, b, t, y FROM plain;
CREATE VIEW seen AS SELECT y, t, id, a, b FROM plain;
VACUUM ANALYZE plain, parts;
SELECT rows_used FROM sustainml.train('par', 'plain', target => 'y', features => '{a,b,t}', holdout => 0);
-- y is exact in a, b and t, so that every form must give y
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET parallel_leader_participation = off;
SET enable_parallel_append = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM plain p WHERE sustainml.predict('par', p) > 10;
CREATE FUNCTION in_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text; gathers boolean := false;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		gathers := gathers OR line ~ 'Gather';
		-- predict is computed below the Gather
		IF line ~ 'predict' THEN RETURN gathers; END IF;
	END LOOP;
	RETURN false;
END
$$;
SELECT in_parallel($$SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y) < 1e-8$$) AS parallel, count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;
SELECT in_parallel($$SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', a, b, t) - y) < 1e-8$$) AS parallel, count(*) FROM plain p WHERE abs(sustainml.predict('par', a, b, t) - y) < 1e-8;
SELECT in_parallel($$SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', to_jsonb(p)) - y) < 1e-8$$) AS parallel, count(*) FROM plain p WHERE abs(sustainml.predict('par', to_jsonb(p)) - y) < 1e-8;
SELECT in_parallel($$SELECT count(*) FROM parts p WHERE abs(sustainml.predict('par', p) - y) < 1e-8$$) AS parallel, count(*) FROM parts p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;
SELECT in_parallel($$SELECT count(*) FROM seen p WHERE abs(sustainml.predict('par', p) - y) < 1e-8$$) AS parallel, count(*) FROM seen p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;
-- a name that is not constant: the row form, looked up in each worker
SELECT count(*) FROM plain p, (VALUES ('par'), ('par@1')) AS m(name) WHERE abs(sustainml.predict(m.name, p) - y) < 1e-8;
-- the nullable side of an outer join: no row, no prediction; a row of NULLs neither
SELECT count(*), count(sustainml.predict('par', q)) FROM plain p LEFT JOIN parts q ON q.id = p.id AND q.id % 2 = 0;

-- workers read a model of the open transaction, and forget it with a savepoint
BEGIN;
SELECT ref FROM sustainml.train('par', 'SELECT a, b, t, y + 100 AS y FROM plain', target => 'y', holdout => 0);
SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y - 100) < 1e-8;
SELECT count(*) FROM parts p WHERE abs(sustainml.predict('par', p) - y - 100) < 1e-8;
SAVEPOINT a;
SELECT ref FROM sustainml.train('par', 'SELECT a, b, t, y + 200 AS y FROM plain', target => 'y', holdout => 0);
SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y - 200) < 1e-8;
ROLLBACK TO SAVEPOINT a;
SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y - 100) < 1e-8;
ROLLBACK;
SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;
-- an error in a worker is the error of the statement, and the next statement works
\set SHOW_CONTEXT never
SELECT count(*) FROM plain p WHERE sustainml.predict('par', a, b) > 0;
SELECT count(*) FROM plain p WHERE sustainml.predict('par@9', p) > 0;
SELECT count(*) FROM plain p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;

-- sources: a partitioned table, a view, a materialised view and a foreign table give the model of the plain table
CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;
CREATE EXTENSION postgres_fdw;
DO $$
BEGIN
	EXECUTE format('CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
		split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database());
	EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER itself OPTIONS (user %L)', current_user);
END
$$;
CREATE FOREIGN TABLE far (id int, a int, b numeric, t text, y numeric) SERVER itself OPTIONS (table_name 'plain');
DO $$
DECLARE
	source text; same boolean;
BEGIN
	FOREACH source IN ARRAY ARRAY['parts', 'seen', 'kept', 'far', 'SELECT * FROM far JOIN (SELECT id FROM parts) p USING (id)'] LOOP
		PERFORM sustainml.train('par_other', source, target => 'y', features => '{a,b,t}', holdout => 0);
		SELECT count(*) = 6 AND bool_and(abs(p.estimate - q.estimate) < 1e-9) INTO same
		  FROM sustainml.coefficients('par') p JOIN sustainml.coefficients('par_other') q USING (term);
		RAISE WARNING '%: %', source, same;
	END LOOP;
END
$$;
SELECT count(*) FROM far p WHERE abs(sustainml.predict('par', p) - y) < 1e-8;
SELECT value < 1e-8 AS exact FROM sustainml.evaluate('par', 'far') WHERE metric = 'rmse';
SELECT rows FROM sustainml.score('par', 'far', 'far_scored', key => '{id}');
SELECT count(*), bool_and(abs(s.prediction - p.y) < 1e-8) AS exact FROM far_scored s JOIN plain p USING (id);

SELECT sustainml.drop_model(model) FROM sustainml.models WHERE is_active AND model ~ '^par' ORDER BY model \g /dev/null
DROP FUNCTION in_parallel;
DROP MATERIALIZED VIEW kept;
DROP VIEW seen;
DROP TABLE far_scored, plain, parts;
DROP EXTENSION postgres_fdw CASCADE;
