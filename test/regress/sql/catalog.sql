-- The catalog as a whole: everything has a comment, tables are closed, views have the columns that tools rely on, nothing is left behind.
SET client_min_messages = warning;

-- objects without a comment
SELECT 'function' AS kind, p.oid::regprocedure::text AS object FROM pg_proc p
 WHERE p.pronamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL
UNION ALL
SELECT 'relation', c.oid::regclass::text FROM pg_class c
 WHERE c.relnamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'S') AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
SELECT 'column', c.oid::regclass || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace) AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL
UNION ALL
SELECT 'type', t.oid::regtype::text FROM pg_type t
 WHERE t.typnamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace) AND t.typtype = 'b' AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL
 ORDER BY 1, 2;

-- user functions and aggregates whose comment has no example
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'sustainml'::regnamespace AND obj_description(p.oid, 'pg_proc') NOT LIKE '%Example: %' ORDER BY 1;

-- help: by name, by a part of it
SELECT function, about LIKE '%Example: %' AS with_example FROM sustainml.help('Train');
SELECT DISTINCT function FROM sustainml.help('_curve') ORDER BY 1;

-- SQL and PL functions that do not pin search_path: procedures that commit cannot
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace) AND l.lanname IN ('sql', 'plpgsql')
   AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') ORDER BY 1;

-- tables that somebody besides the owner may write
SELECT c.oid::regclass, a.privilege_type FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
 WHERE c.relnamespace = 'sustainml'::regnamespace AND c.relkind = 'r' AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT';

-- views: exactly these columns first
SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'sustainml'::regnamespace AND c.relkind = 'v'
   AND c.relname IN ('models', 'model_leaderboard', 'run_log', 'energy_by_model', 'energy_daily', 'energy_method_mix', 'activation_history')
 GROUP BY c.relname ORDER BY c.relname;

-- DROP EXTENSION leaves nothing, and it can come again
CREATE DATABASE sml_scratch;
\c sml_scratch
SET client_min_messages = warning;
CREATE EXTENSION sustainml CASCADE;
CREATE TABLE t AS SELECT i AS id, i % 7 AS x, i % 7 + i % 3 AS y FROM generate_series(1, 100) i;
SELECT ref FROM sustainml.train('m', 't', target => 'y', task => 'regression', split => '{"by": "id"}');
DROP EXTENSION sustainml;
SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'sustainml%';
CREATE EXTENSION sustainml;
SELECT count(*) FROM sustainml.models;
\c postgres
DROP DATABASE sml_scratch;
