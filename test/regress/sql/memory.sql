-- Memory: what streams takes the same whatever the rows; what stays in memory keeps to sustainml.memory_limit, and
-- says what it needs when it cannot.  A source whose rows change between two passes is found out.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE FUNCTION failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	what text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, what, regexp_replace(detail, '[1-9]\d* (kB|MB|rows|distinct)', '… \1', 'g'), hint);
END
$$;
-- the most memory that this process has taken so far, without shared buffers: they are touched beforehand
CREATE FUNCTION peak_kb() RETURNS bigint LANGUAGE sql AS $$
	SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+)')::bigint
$$;
CREATE TABLE many AS
SELECT i AS id, (i * 7919 % 10007) / 1000.0::float8 AS a, (i::bigint * 104729 % 9973) / 1000.0::float8 AS b, (i::bigint * 1299709 % 9949) / 1000.0::float8 AS c,
       (i::bigint * 15485863 % 99991) / 1000.0 + (i * 7919 % 10007) / 1000.0 > 60 AS two, i % 3 + i % 2 AS kind
  FROM generate_series(1, 120000) i;
ALTER TABLE many ADD PRIMARY KEY (id);
CREATE VIEW few AS SELECT * FROM many WHERE id <= 12000;
VACUUM ANALYZE many;

-- Ten times the rows, the same memory: each in a session of its own.
CREATE TABLE peaks (what text, rows bigint, kb bigint);
\c -
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET sustainml.memory_limit = '1MB';
SELECT count(*) FROM many;
SELECT ref FROM sustainml.train('memory_warm_up', 'VALUES (1, 1, 1), (2, 3, 1), (3, 4, 2)', target => 'column1', holdout => 0);
SELECT peak_kb() AS start \gset
SELECT rows_used FROM sustainml.train('memory', 'few', target => 'two', holdout => 0, exclude => '{kind,id}');
INSERT INTO peaks SELECT 'logistic', 12000, peak_kb() - :start;
\c -
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET sustainml.memory_limit = '1MB';
SELECT count(*) FROM many;
SELECT ref FROM sustainml.train('memory_warm_up', 'VALUES (1, 1, 1), (2, 3, 1), (3, 4, 2)', target => 'column1', holdout => 0);
SELECT peak_kb() AS start \gset
SELECT rows_used FROM sustainml.train('memory', 'many', target => 'two', holdout => 0, exclude => '{kind}');
INSERT INTO peaks SELECT 'logistic', 120000, peak_kb() - :start;
\c -
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM many;
SELECT ref FROM sustainml.train('memory_warm_up', 'VALUES (1, 1, 1), (2, 3, 1), (3, 4, 2)', target => 'column1', holdout => 0);
SELECT peak_kb() AS start \gset
SELECT rows_used FROM sustainml.train('memory_linear', 'many', target => 'a', features => '{b,c}', holdout => 0);
INSERT INTO peaks SELECT 'linear', 120000, peak_kb() - :start;
\c -
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET sustainml.memory_limit = '1MB';
SELECT count(*) FROM many;
SELECT ref FROM sustainml.train('memory_warm_up', 'VALUES (1, 1, 1), (2, 3, 1), (3, 4, 2)', target => 'column1', holdout => 0);
SELECT peak_kb() AS start \gset
SELECT rows_used FROM sustainml.train('memory_kind', 'many', target => 'kind', task => 'classification', features => '{a,b,c}', holdout => 0, params => '{"l2": 1}');
INSERT INTO peaks SELECT 'multinomial', 120000, peak_kb() - :start;
\c -
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM many;
SELECT ref FROM sustainml.train('memory_warm_up', 'VALUES (1, 1, 1), (2, 3, 1), (3, 4, 2)', target => 'column1', holdout => 0);
SELECT peak_kb() AS start \gset
SELECT rows_used FROM sustainml.train('memory', 'many', target => 'two', holdout => 0, exclude => '{kind}');
INSERT INTO peaks SELECT 'logistic in memory', 120000, peak_kb() - :start;
SELECT what, rows, CASE WHEN what LIKE '%in memory' THEN kb BETWEEN 2800 AND 8000 ELSE kb < 2000 END AS as_said FROM peaks ORDER BY 1, 2;

-- In memory and streaming: the same model (two different starting points, so not to the last digit).
SELECT max(abs(p.estimate - q.estimate) / greatest(1, abs(q.estimate))) < 1e-9 AS same, count(*)
  FROM sustainml.coefficients('memory@2') p JOIN sustainml.coefficients('memory@3') q USING (term);

-- What must stay in memory says what it needs.
\set VERBOSITY terse
SET sustainml.memory_limit = '1MB';
SELECT failure($$SELECT sustainml.evaluate('memory', 'many')$$);
SELECT failure($$SELECT sustainml.roc_auc(two, a) FROM many$$);
SELECT failure($$SELECT sustainml.mcc(id, id) FROM many$$);
RESET sustainml.memory_limit;
SELECT failure($$SELECT sustainml.evaluate('memory', 'many')$$);
-- and a model that would not fit at all is refused before its first row
CREATE TABLE one AS SELECT array_fill(1.0::float8, ARRAY[20000]) AS a, 1.0 AS y UNION ALL SELECT array_fill(2.0::float8, ARRAY[20000]), 2.0;
SELECT failure($$SELECT sustainml.train('memory', 'one', target => 'y', holdout => 0)$$);
-- a failed call leaves the session as it was
SELECT round(sustainml.predict_proba('memory', t)::numeric, 3) BETWEEN 0 AND 1 AS works, current_setting('transaction_read_only') AS read_only FROM many t WHERE id = 1;

-- not even in the list of what is running
DO $$
DECLARE
	running int;
BEGIN
	PERFORM failure('SELECT sustainml.train(''memory'', ''SELECT 1 / (id - 5) AS z, a, two FROM many'', target => ''two'', holdout => 0)');
	PERFORM pg_stat_clear_snapshot();
	SELECT count(*) INTO running FROM sustainml.progress() WHERE pid = pg_backend_pid();
	RAISE WARNING 'running: %', running;
END
$$;

-- Rows that change between two passes.
SET sustainml.memory_limit = '100kB';
SELECT failure($$SELECT sustainml.train('changing', 'SELECT a, b, two FROM many WHERE random() < 0.9', target => 'two', holdout => 0)$$);
SELECT failure($$SELECT sustainml.train('changing', 'SELECT a, a + 1e-6 * b AS b, c + random() AS y FROM many', target => 'y', holdout => 0)$$);
SELECT count(*) FROM sustainml.models WHERE model = 'changing';
RESET sustainml.memory_limit;

SELECT sustainml.drop_model(model) FROM sustainml.models WHERE is_active AND model LIKE 'memory%' ORDER BY model \g /dev/null
DROP VIEW few;
DROP TABLE many, peaks, one;
DROP FUNCTION failure, peak_kb;
