-- The same answer whatever the plan and the physical order of the rows: coefficients, standard errors and metrics
-- agree to 1e-10, serial and parallel, in any order, in memory and streaming.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE mixed AS
SELECT i AS id, (i * 7919 % 10007) / 1000.0::float8 AS a, CASE WHEN i % 11 > 0 THEN 1e6 + (i * 104729 % 9973) END::numeric AS b,
       'level ' || (i * 31 % 7) AS t, 1 + i % 5 AS w
  FROM generate_series(1, 6000) i;
ALTER TABLE mixed ADD PRIMARY KEY (id), ADD num float8, ADD two boolean, ADD three text;
UPDATE mixed SET num = 3 + 2 * a - coalesce(b, 0) / 1e5 + length(t) + (id::bigint * 15485863 % 1009) / 500.0,
	two = a + (id::bigint * 15485863 % 1009) / 100.0 > 9,
	three = CASE WHEN a + (id::bigint * 15485863 % 1009) / 100.0 > 13 THEN 'high' WHEN (id * 7 % 13) < 4 THEN 'low' ELSE 'middle' END;
CREATE TABLE shuffled (LIKE mixed INCLUDING ALL);
INSERT INTO shuffled SELECT * FROM mixed ORDER BY md5(id::text);
CREATE TABLE sorted (LIKE mixed INCLUDING ALL);
INSERT INTO sorted SELECT * FROM mixed ORDER BY num DESC;
VACUUM ANALYZE mixed, shuffled, sorted;

-- one model of each kind from a table, under a prefix
CREATE FUNCTION train_all(prefix text, source text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sustainml.train(prefix || '_numbers', source, target => 'num', features => '{a,b}');
	PERFORM sustainml.train(prefix || '_mixed', source, target => 'num', features => '{a,b,t}');
	PERFORM sustainml.train(prefix || '_weighted', source, target => 'num', features => '{a,b,t}', weight => 'w');
	PERFORM sustainml.train(prefix || '_ridge', source, target => 'num', features => '{a,b,t}', params => '{"l2": 3}');
	PERFORM sustainml.train(prefix || '_two', source, target => 'two', features => '{a,b,t}');
	PERFORM sustainml.train(prefix || '_two_weighted', source, target => 'two', features => '{a,b,t}', weight => 'w');
	PERFORM sustainml.train(prefix || '_three', source, target => 'three', features => '{a,b,t}');
	PERFORM sustainml.train(prefix || '_median', source, target => 'two', features => '{a,b,t}', preprocess => '{"b": {"impute": "median"}}');
	PERFORM sustainml.train(prefix || '_near', format('SELECT id, a, a + id * 1e-7 AS c, num FROM %s', source), target => 'num', split => '{"by": "id"}', exclude => '{id}');
END
$$;
-- The largest relative difference over coefficients, their errors, and held-out metrics.
CREATE FUNCTION differences(one text, other text, OUT kind text, OUT same boolean) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT k, (SELECT count(*) > 0 AND bool_and(p.class IS NOT DISTINCT FROM q.class AND p.term = q.term
	                  AND abs(p.estimate - q.estimate) <= 1e-10 * greatest(1, abs(q.estimate))
	                  AND (p.std_error IS NULL AND q.std_error IS NULL OR abs(p.std_error - q.std_error) <= 1e-10 * greatest(1, abs(q.std_error))))
	             FROM (SELECT row_number() OVER () AS n, * FROM sustainml.coefficients(one || '_' || k)) p
	             FULL JOIN (SELECT row_number() OVER () AS n, * FROM sustainml.coefficients(other || '_' || k)) q USING (n))
	      AND (SELECT count(*) > 0 AND bool_and(abs(p.value::float8 - q.value::float8) <= 1e-10 * greatest(1, abs(q.value::float8)))
	             FROM (SELECT e.* FROM sustainml.models m, jsonb_each_text(m.metrics) e WHERE m.model = one || '_' || k) p
	             FULL JOIN (SELECT e.* FROM sustainml.models m, jsonb_each_text(m.metrics) e WHERE m.model = other || '_' || k) q USING (key)
	            WHERE p.value IS NOT NULL OR q.value IS NOT NULL)
	  FROM unnest('{numbers,mixed,weighted,ridge,two,two_weighted,three,median,near}'::text[]) k
$$;

SET max_parallel_workers_per_gather = 0;
SELECT train_all('serial', 'mixed');
SELECT train_all('shuffled', 'shuffled');
SELECT train_all('sorted', 'sorted');
SELECT * FROM differences('serial', 'shuffled');
SELECT * FROM differences('serial', 'sorted');
-- streaming: the rows do not fit
SET sustainml.memory_limit = '300kB';
SELECT train_all('streamed', 'mixed');
SELECT * FROM differences('serial', 'streamed');
-- parallel, by workers alone and together with the leader
SET max_parallel_workers_per_gather = 3;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET parallel_leader_participation = off;
SELECT train_all('workers', 'mixed');
SELECT * FROM differences('serial', 'workers');
SET parallel_leader_participation = on;
SELECT train_all('parallel', 'shuffled');
SELECT * FROM differences('serial', 'parallel');
RESET sustainml.memory_limit;

-- The workers do take part: a source that says in which process it is read.  Only the leader's rows would be NULL.
CREATE FUNCTION process() RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN pg_backend_pid(); END';
SET parallel_leader_participation = off;
SELECT notes FROM sustainml.train('who', format('SELECT a, CASE WHEN process() <> %s THEN a * a END AS in_worker, num FROM mixed', pg_backend_pid()),
	target => 'num', holdout => 0);
SELECT feature, missing_share FROM sustainml.features('who');
SET max_parallel_workers_per_gather = 0;
SELECT notes FROM sustainml.train('who', format('SELECT a, CASE WHEN process() <> %s THEN a * a END AS in_worker, num FROM mixed', pg_backend_pid()),
	target => 'num', holdout => 0);

-- Plain aggregates: parallel and serial agree.
CREATE FUNCTION figures() RETURNS float8[] LANGUAGE sql AS $$
	SELECT ARRAY[sustainml.roc_auc(two, a), sustainml.roc_auc(two, a, w::float8), sustainml.average_precision(two, a), sustainml.log_loss(two, a / 11),
	             sustainml.brier_score(two, a / 11, w::float8), sustainml.mcc(three, CASE WHEN a > 6 THEN 'high' ELSE 'middle' END),
	             sustainml.rmse(num, a), sustainml.r2(num, 3 * a), sustainml.accuracy(two, a > 5)]
	  FROM mixed
$$;
CREATE TEMP TABLE serial_figures AS SELECT figures() AS f;
SET max_parallel_workers_per_gather = 3;
EXPLAIN (COSTS OFF) SELECT sustainml.roc_auc(two, a), sustainml.mcc(three, t), sustainml.rmse(num, a) FROM mixed;
SELECT bool_and(abs(p - q) <= 1e-12 * greatest(1, abs(q))) AS same, count(*) FROM serial_figures, unnest(f, figures()) AS u(p, q);

SELECT sustainml.drop_model(model) FROM sustainml.models WHERE is_active AND model ~ '^(serial|shuffled|sorted|streamed|workers|parallel|who)' ORDER BY model \g /dev/null
DROP FUNCTION train_all, differences, process, figures;
DROP TABLE mixed, shuffled, sorted;
