-- What the resampling functions refuse, and with which SQLSTATE; rights, row security, limits, cancel.
CREATE SCHEMA resample_errors;
SET search_path = resample_errors;
CREATE TABLE t (id int PRIMARY KEY, x float8, y float8, note text, label text);
INSERT INTO t SELECT i, i, i % 7, 'n' || i % 3, CASE WHEN i % 25 = 0 THEN 'rare' ELSE 'common' END FROM generate_series(1, 100) i;

-- the target
SELECT * FROM sustainml.smote(NULL::t, 'lable');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, NULL);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'label = ''rare''');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'false');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', features => '{x,label}');
\echo :SQLSTATE
SELECT * FROM sustainml.class_balance('SELECT i AS c FROM generate_series(1, 20000) i', 'c');
\echo :SQLSTATE
SELECT * FROM sustainml.smote_query('SELECT id, NULL::text AS label FROM t', 'label') AS q(id int, label text);
\echo :SQLSTATE
-- small classes
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 5);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 5, filter => 'label = ''common'' OR id = 25');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote(NULL::t, 'label', k => 3);
-- sizes
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, ratio => 0.02);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, ratio => 1.2);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => 'majority');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => 'minorty');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => '{"rare": 2}');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => '{"raer": 20}');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => '{"rare": 20.5}');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, strategy => '{"rare"');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, ratio => 0.5, strategy => 'all');
\echo :SQLSTATE
-- classes are named by their text, which psql shows otherwise; a key type may have no more values
CREATE TABLE near_end AS SELECT (32000 + i)::smallint AS id, i AS x, i % 10 = 0 AS label FROM generate_series(1, 700) i;
ALTER TABLE near_end ADD PRIMARY KEY (id);
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label', strategy => '{"t": 100}');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label', strategy => '{"true": 137}');
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label', strategy => '{"true": 138}');
\echo :SQLSTATE
ALTER TABLE near_end ALTER id TYPE bigint, ALTER x TYPE bigint;
UPDATE near_end SET id = 9223372036854775807 WHERE id = 32700;
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label', strategy => '"minority"'::jsonb, keys => 'null');
SELECT count(*) FROM sustainml.smote(NULL::near_end, 'label', strategy => '[100]'::jsonb);
\echo :SQLSTATE
-- options
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 0);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', kind => 'smoet');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', kind => 'tomek');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', keys => 'old');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', scale => 'robust');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', shrinkage => 1);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, m => 5);
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', exclude => '{z}');
\echo :SQLSTATE
SELECT * FROM sustainml.resample(NULL::t, 'label', kind => 'tomek', ratio => 0.5);
\echo :SQLSTATE
SELECT * FROM sustainml.smote_lineage(NULL::t, 'label', k => 3, key => '{z}');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', k => 3, exclude => '{x,y,note}');
\echo :SQLSTATE
-- no border, nobody of another class near
CREATE TABLE apart AS SELECT i AS id, i + CASE WHEN i <= 30 THEN 1000 ELSE 0 END AS x, i <= 30 AS label FROM generate_series(1, 100) i;
SELECT * FROM sustainml.smote(NULL::apart, 'label', kind => 'borderline1');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::apart, 'label', kind => 'adasyn', exclude => '{id}');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote(NULL::apart, 'label', exclude => '{id}');
-- the row type
SELECT * FROM sustainml.smote(NULL::int, 'label');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::record, 'label') AS q(a int);
\echo :SQLSTATE
CREATE TYPE pair AS (x int, label text);
SELECT * FROM sustainml.smote(NULL::pair, 'label');
\echo :SQLSTATE
-- the column definition list
SELECT * FROM sustainml.smote_query('t', 'label', k => 3) AS q(id int, x int, y float8, note text, label text);
\echo :SQLSTATE
SELECT * FROM sustainml.smote_query('t', 'label', k => 3) AS q(id int, label text);
\echo :SQLSTATE
SELECT * FROM sustainml.smote_query('no_such', 'label') AS q(id int);
\echo :SQLSTATE
-- the filter is one expression, with the rights of the caller
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'true; DROP TABLE t');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'true) UNION SELECT * FROM t WHERE (true');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'true), (false');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'true) ORDER BY (x');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'x');
\echo :SQLSTATE
SELECT * FROM sustainml.smote(NULL::t, 'label', filter => 'no_column > 3');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote(NULL::t, 'label', k => 3, filter => 'x > 0 -- all of them');
-- a source that changes between two scans
SELECT setseed(0.5) IS NOT NULL AS seeded;
SELECT count(*) FROM sustainml.smote_query('SELECT random() AS x, CASE WHEN random() < 0.2 THEN 1 ELSE 0 END AS c FROM generate_series(1, 5000)', 'c') AS q(x float8, c int);
\echo :SQLSTATE
-- a source that would write
CREATE FUNCTION wrong(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO resample_errors.t VALUES (1000 + $1); RETURN $1; END $$;
SELECT count(*) FROM sustainml.smote(NULL::t, 'label', filter => 'wrong(id) > 0');
\echo :SQLSTATE

-- memory
SET sustainml.memory_limit = '64kB';
CREATE TABLE large AS SELECT i AS id, random() AS a, random() AS b, random() AS c, i % 3 = 0 AS label FROM generate_series(1, 30000) i;
-- (the sizes are left out: they follow the arrays of the search)
CREATE FUNCTION refused() RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; BEGIN
	PERFORM count(*) FROM sustainml.smote(NULL::large, 'label', exclude => '{id}');
	RETURN 'not refused';
EXCEPTION WHEN program_limit_exceeded THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN message || ': ' || regexp_replace(detail, '[0-9]+ kB', 'N kB', 'g');
END $$;
SELECT refused();
-- the rows fit, the search does not
SET sustainml.memory_limit = '600kB';
SELECT refused();
SET sustainml.memory_limit = '16MB';
SELECT refused();
RESET sustainml.memory_limit;

-- cancel answers at once: a search of half a minute is stopped within the second, and the session goes on
CREATE TABLE slow AS SELECT i AS id, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f, random() AS g, random() AS h,
	random() AS j, random() AS k, random() AS l, random() AS m, i % 5 < 2 AS label FROM generate_series(1, 400000) i;
SET statement_timeout = '1500ms';
SELECT clock_timestamp() AS before \gset
SELECT count(*) FROM sustainml.smote(NULL::slow, 'label', exclude => '{id}');
\echo :SQLSTATE
RESET statement_timeout;
SELECT clock_timestamp() - :'before'::timestamptz < interval '2500ms' AS in_time;
SELECT count(*) FROM sustainml.smote(NULL::t, 'label', k => 3);

-- rights: of the caller, column by column; row security holds
CREATE ROLE resample_reader;
GRANT USAGE ON SCHEMA resample_errors TO resample_reader;
SET ROLE resample_reader;
SELECT count(*) FROM sustainml.smote(NULL::t, 'label', k => 3);
\echo :SQLSTATE
RESET ROLE;
GRANT SELECT (x, label) ON t TO resample_reader;
SET ROLE resample_reader;
SELECT count(*) FROM sustainml.resample(NULL::t, 'label', kind => 'tomek', features => '{x}');
\echo :SQLSTATE
SELECT count(*) FROM sustainml.smote_query('SELECT x, label FROM t', 'label', k => 3) AS q(x float8, label text);
RESET ROLE;
REVOKE SELECT (x, label) ON t FROM resample_reader;
GRANT SELECT ON t TO resample_reader;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON t TO resample_reader USING (id <= 50 OR label = 'rare');
SET ROLE resample_reader;
SELECT count(*), min(id) FROM sustainml.smote(NULL::t, 'label', k => 3);
SELECT class, rows FROM sustainml.class_balance('t', 'label');
RESET ROLE;
-- a sequence without rights is not drawn from
CREATE TABLE drawn (id serial PRIMARY KEY, x float8, label boolean);
INSERT INTO drawn (x, label) SELECT i, i % 10 = 0 FROM generate_series(1, 100) i;
GRANT SELECT ON drawn TO resample_reader;
SET ROLE resample_reader;
SELECT count(*), min(id) FROM sustainml.smote(NULL::drawn, 'label');
RESET ROLE;
SELECT last_value FROM drawn_id_seq;
-- class_balance
SELECT * FROM sustainml.class_balance('t', 'lable');
\echo :SQLSTATE
SELECT * FROM sustainml.class_balance('t', NULL);
\echo :SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA resample_errors CASCADE;
DROP ROLE resample_reader;
