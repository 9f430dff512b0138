-- A training whose held-out rows do not fit into memory is measured on a sample of them, and says so.
CREATE SCHEMA train_memory;
SET search_path = train_memory;
SET client_min_messages = warning;
CREATE FUNCTION answer(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text; message text; detail text; hint text;
BEGIN
	EXECUTE sql;
	RETURN 'yes';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', code || ' ' || message, NULLIF(detail, ''), NULLIF(hint, ''));
END $$;
CREATE TABLE many AS
	SELECT i AS id, (i::bigint * 7919 % 10007) / 10007.0 AS x, (i::bigint * 104729 % 1009) / 1009.0 AS z, (i::bigint * 7919 % 10007 + i::bigint * 31 % 8000) > 9000 AS y,
		(ARRAY['a','b','c'])[1 + (i::bigint * 7919 % 10007 + i::bigint * 37 % 9001) / 6400] AS k, i > 30000 AS is_test, date '2024-01-01' + i / 100 AS day
	  FROM generate_series(1, 60000) i;
ALTER TABLE many ADD PRIMARY KEY (id);

-- the same training with and without room: the same model, the same rows in each part, figures that agree within their intervals
SELECT rows_used, rows_held_out, metrics, notes FROM sustainml.train('room', 'many', target => 'y', features => '{x,z}', holdout => 0.5) \gset room_
SET sustainml.memory_limit = '128kB';
SELECT rows_used = :room_rows_used AND rows_held_out = :room_rows_held_out AND rows_skipped = 0 AS same_rows, (metrics ->> 'rows')::int BETWEEN 3000 AND 5461 AS measured,
	abs((metrics ->> 'roc_auc')::float8 - (:'room_metrics'::jsonb ->> 'roc_auc')::float8) < 0.02 AS near, notes[1] = format('The metrics rest on a sample of %s of %s held-out rows: the predictions of more do not fit into sustainml.memory_limit.',
	metrics ->> 'rows', rows_held_out) AS said, :'room_notes' AS said_before
  FROM sustainml.train('little', 'many', target => 'y', features => '{x,z}', holdout => 0.5);
SELECT bool_and(abs(a.estimate - b.estimate) < 1e-12) AS same_model FROM sustainml.coefficients('room') a JOIN sustainml.coefficients('little') b USING (term);
-- the sample is one of keys, not of places
CREATE TABLE turned AS SELECT * FROM many ORDER BY x, id DESC;
ALTER TABLE turned ADD PRIMARY KEY (id);
SELECT a.metrics ->> 'rows' = b.metrics ->> 'rows' AS same_rows, abs((a.metrics ->> 'log_loss')::float8 - (b.metrics ->> 'log_loss')::float8) < 1e-9 AS same_figures
  FROM sustainml.train('turned', 'turned', target => 'y', features => '{x,z}', holdout => 0.5) a, sustainml.model_version b WHERE b.model = 'little';
-- amounts, several classes, calibration, other ways to hold out
SELECT 'number' AS kind, rows_used + rows_held_out AS rows, (metrics ->> 'rows')::int < 5000 AS sampled, (SELECT count(*) FROM unnest(notes) n WHERE n LIKE '%sample%') AS notes
  FROM sustainml.train('number', 'many', target => 'z', features => '{x}', holdout => 0.5)
UNION ALL
SELECT 'classes', rows_used + rows_held_out, (metrics ->> 'rows')::int < 5000, (SELECT count(*) FROM unnest(notes) n WHERE n LIKE '%sample%')
  FROM sustainml.train('classes', 'many', target => 'k', features => '{x,z}', holdout => 0.5)
UNION ALL
SELECT 'column', rows_used + rows_held_out, (metrics ->> 'rows')::int < 6000, (SELECT count(*) FROM unnest(notes) n WHERE n LIKE '%sample%')
  FROM sustainml.train('column', 'many', target => 'y', features => '{x,z}', split => '{"column": "is_test"}')
UNION ALL
SELECT 'calibrated', rows_used + rows_held_out, (metrics ->> 'rows')::int < 6000, (SELECT count(*) FROM unnest(notes) n WHERE n LIKE '%sample%')
  FROM sustainml.train('calibrated', 'many', target => 'y', features => '{x,z}', holdout => 0.5, params => '{"calibration": "platt"}');
-- versions are compared on the sample; an evaluation on demand is about all rows, and says what it would need
SELECT version, active FROM sustainml.retrain('little', params => '{"l2": 1}', activate => 'if_better');
SELECT answer('SELECT * FROM sustainml.evaluate(''little'')');
RESET sustainml.memory_limit;
SELECT n = :room_rows_held_out AS all_rows FROM sustainml.evaluate('little@1') WHERE metric = 'rows';

-- rows held out by time: the first of them calibrate, the last are measured (by hand: the cut is the day of row 45000, rows 45000 to 51099 are set aside)
SELECT rows_used, rows_held_out, rows_skipped, (metrics ->> 'rows')::bigint AS measured
  FROM sustainml.train('dated', 'many', target => 'y', features => '{x,z}', holdout => 0.25, split => '{"time": "day", "gap": "7 days"}', params => '{"calibration": {"method": "platt", "share": 0.4}}') \gset dated_
SELECT (split ->> 'cut')::date AS cut, (split ->> 'aside_until')::date AS until FROM sustainml.model_version WHERE model = 'dated' \gset
SELECT (SELECT count(*) FROM many WHERE day < date :'cut' - 7) = :dated_rows_used AS trained, (SELECT count(*) FROM many WHERE day >= date :'cut' - 7 AND day < :'cut') = :dated_rows_skipped AS gap,
	(SELECT count(*) FROM many WHERE day > :'until') = :dated_measured AS measured, (SELECT count(*) FROM many WHERE day BETWEEN :'cut' AND :'until') AS set_aside;
SELECT part, n = CASE part WHEN 'calibration' THEN (SELECT count(*) FROM many WHERE day BETWEEN :'cut' AND :'until') ELSE :dated_measured END AS right_rows
  FROM unnest('{calibration,held_out}'::text[]) part, sustainml.evaluate('dated', part => part) WHERE metric = 'rows' ORDER BY 1;
SELECT n, value = 60000 - :dated_measured - :dated_rows_skipped AS seen FROM sustainml.evaluate('dated', 'many') WHERE metric = 'rows_seen_in_training';
CREATE TABLE two_days AS SELECT *, date '2024-01-01' + (id > 44000)::int AS of FROM many;
SELECT answer($$SELECT * FROM sustainml.train('two', 'two_days', target => 'y', features => '{x,z}', holdout => 0.25, split => '{"time": "of"}', params => '{"calibration": "platt"}')$$);

-- a second source is the one that holds rows out, whichever way they are asked for
CREATE TABLE later AS SELECT * FROM many WHERE id <= 1000;
SELECT rows_held_out FROM sustainml.train('source', 'many', target => 'y', features => '{x,z}', split => '{"source": "later"}');
SELECT answer('SELECT * FROM sustainml.evaluate(''source'', ''many'', part => ''held_out'')');
SELECT answer('SELECT * FROM sustainml.evaluate(''source'', ''many'', part => ''calibration'')');
SELECT n FROM sustainml.evaluate('source', part => 'held_out') WHERE metric = 'rows' UNION ALL
SELECT n FROM sustainml.evaluate('source', 'later', part => 'held_out') WHERE metric = 'rows' UNION ALL
SELECT n FROM sustainml.evaluate('source', 'many', part => 'training') WHERE metric = 'rows';
DO $$ BEGIN
	PERFORM sustainml.drop_model('train_memory.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_memory') AS q;
END $$;
DROP SCHEMA train_memory CASCADE;
