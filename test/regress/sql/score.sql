-- Scoring into tables: modes, keys, batches that go on where they stopped, metering.
CREATE SCHEMA score;
SET search_path = score;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE rows (id int PRIMARY KEY, a float8, g text, y float8, c text);
INSERT INTO rows SELECT i, i % 17, CASE i % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'y' END, 2 * (i % 17) + i % 5, CASE WHEN (i * 37) % 101 < 40 + 2 * (i % 17) THEN 'yes' ELSE 'no' END
  FROM generate_series(1, 1000) i;
SELECT ref FROM sustainml.train('amount', 'rows', target => 'y', features => '{a,g}');
SELECT ref FROM sustainml.train('answer', 'rows', target => 'c', features => '{a,g}');

SELECT model, version, into_table, rows, energy_joules > 0 AS metered FROM sustainml.score('amount', 'rows', 'amounts');
SELECT count(*), bool_and(s.prediction = sustainml.predict('amount', r)) AS same, bool_and(probability IS NULL) AS no_probability
  FROM amounts s JOIN rows r USING (id);
SELECT rows FROM sustainml.score('answer', 'SELECT * FROM rows WHERE id <= 500', 'answers', key => '{id}', columns => '{g}');
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = 'answers'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT count(*), bool_and(s.prediction = sustainml.predict_class('answer', r)) AS same, bool_and(s.probability = sustainml.predict_proba('answer', r)) AS same_probability
  FROM answers s JOIN rows r USING (id);

-- create refuses, append adds, merge updates, replace starts again
SELECT rows FROM sustainml.score('answer', 'rows', 'answers');
SELECT rows FROM sustainml.score('answer', 'SELECT * FROM rows WHERE id BETWEEN 501 AND 600', 'answers', key => '{id}', mode => 'append');
SELECT rows FROM sustainml.score('answer', 'rows', 'answers', mode => 'merge');
SELECT count(*) FROM answers;
SELECT rows FROM sustainml.score('answer', 'SELECT * FROM rows WHERE id <= 10', 'answers', key => '{id}', mode => 'replace');
SELECT count(*) FROM answers;
SELECT rows FROM sustainml.score('answer', 'rows', 'answers', mode => 'mrege');
SELECT rows FROM sustainml.score('answer', 'SELECT * FROM rows', 'other');
SELECT rows FROM sustainml.score('answer', 'rows', 'other', key => '{ID2}');
-- no such key: a key that repeats is found out by the table's primary key
SELECT rows FROM sustainml.score('answer', 'rows', 'other', key => '{g}');

-- batches: restartable, one version throughout
CALL sustainml.score_batches('answer', 'rows', 'batched', batch_rows => 300);
DELETE FROM batched WHERE id > 450;
CALL sustainml.score_batches('answer', 'rows', 'batched', batch_rows => 300);
CALL sustainml.score_batches('answer', 'rows', 'batched', batch_rows => 300);
SELECT count(*), bool_and(b.prediction = sustainml.predict_class('answer', r)) AS same FROM batched b JOIN rows r USING (id);
CALL sustainml.score_batches('answer', 'rows', 'batched', batch_rows => 0);
SELECT kind, sum(rows) FROM sustainml.run_log WHERE model_schema = 'score' AND model = 'answer' AND kind = 'score' GROUP BY kind;

DROP SCHEMA score CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('score.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'score') AS q;
END $$;
