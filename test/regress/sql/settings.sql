-- Settings of the session change no meaning: a cut in time, the labels of classes, the keys of batches.
CREATE SCHEMA settings;
SET search_path = settings;
SET client_min_messages = warning;
CREATE TABLE r (id int PRIMARY KEY, day date, moment timestamptz, a float8, y float8);
INSERT INTO r SELECT i, date '2020-01-01' + i, timestamptz '2020-01-01 00:00+00' + i * interval '1 hour 1.001 second', 1.0 / i, i % 7 + 3.0 / (1 + i % 3) FROM generate_series(1, 600) i;

SET datestyle = 'SQL, DMY'; SET extra_float_digits = -15; SET timezone = 'Asia/Tokyo';
SELECT rows_held_out FROM sustainml.train('days', 'r', target => 'y', features => '{a}', split => '{"time": "day"}');
SELECT rows_held_out FROM sustainml.train('moments', 'r', target => 'y', features => '{a}', split => '{"time": "moment"}');
SELECT rows_held_out FROM sustainml.train('amounts', 'r', target => 'y', features => '{id}', split => '{"time": "a"}');
SELECT classes FROM sustainml.train('dates', 'SELECT id, a, date ''2020-02-03'' + id % 3 AS c FROM r', target => 'c', task => 'classification', split => '{"by": "id"}', params => '{"l2": 1}');
SELECT classes FROM sustainml.train('zoned', 'SELECT id, a, timestamptz ''2020-02-03 04:05:06.7+00'' + id % 2 * interval ''1 day'' AS c FROM r', target => 'c', task => 'classification', split => '{"by": "id"}');
SELECT classes FROM sustainml.train('floats', 'SELECT id, a, CASE id % 3 WHEN 0 THEN 0.1 + 0.2 WHEN 1 THEN 0.1 ELSE 0.2 END::float8 AS c FROM (SELECT id, a FROM r) q', target => 'c', task => 'classification', split => '{"by": "id"}', params => '{"l2": 1}');
CALL sustainml.score_batches('days', 'SELECT * FROM r WHERE id > 10', 'by_float', key => 'a', batch_rows => 1);
CALL sustainml.score_batches('days', 'SELECT * FROM r', 'by_time', key => 'moment', batch_rows => 100);
-- the same held-out rows in another session
SET datestyle = 'German'; SET extra_float_digits = 3; SET timezone = 'America/New_York';
SELECT m, e.value = v.rows_held_out AS same_rows
  FROM unnest(ARRAY['days', 'moments', 'amounts']) AS m, LATERAL sustainml.evaluate(m) e, sustainml.models v
 WHERE e.metric = 'rows' AND v.model = m AND v.model_schema = 'settings' ORDER BY m;
SELECT metric, value FROM sustainml.evaluate('dates') WHERE metric = 'rows_unknown_class';
SELECT count(*) FROM by_float;
SELECT count(*) FROM by_time;
-- the source still runs under the session's settings
SELECT rows_used FROM sustainml.train('days', 'SELECT id, y, a, date ''01.02.2020'' + id AS day FROM r', target => 'y', features => '{a}', split => '{"time": "day"}');
SELECT split ->> 'cut' AS cut FROM sustainml.models WHERE ref = 'days@2' AND model_schema = 'settings';

RESET datestyle; RESET extra_float_digits; RESET timezone;
DROP SCHEMA settings CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('settings.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'settings') AS q;
END $$;
