-- A split shared with train: held-out rows are neither parents nor neighbours, and no synthetic row is held out.
CREATE SCHEMA resample_split;
SET search_path = resample_split;
SET client_min_messages = warning;

CREATE TABLE orders (id serial PRIMARY KEY, customer integer, day date, is_test boolean, amount double precision, items integer, kind text, late boolean);
INSERT INTO orders (customer, day, is_test, amount, items, kind, late)
	SELECT i % 300, date '2024-01-01' + i / 10, i % 7 = 0, round(sin(i)::numeric, 3), (i * 7) % 101, chr(97 + i % 3), i % 11 = 0
	FROM generate_series(1, 3000) AS i;
CREATE TABLE balanced (LIKE orders INCLUDING ALL);
INSERT INTO balanced SELECT * FROM orders;

-- by the primary key: values of the sequence that would be held out are passed over
INSERT INTO balanced SELECT * FROM sustainml.smote(NULL::orders, 'late', split => '{"holdout": 0.2, "seed": 3}');
SELECT count(*) FILTER (WHERE id > 3000) > 1500 AS made, count(*) FILTER (WHERE id > 3000 AND sustainml.held_out(3, 0.2, id)) AS held_out FROM balanced;
-- so training on all rows holds out the original ones that the same rule holds out, and no other
SELECT rows_held_out = (SELECT count(*) FROM orders WHERE sustainml.held_out(3, 0.2, id)) AS only_real,
       rows_used + rows_held_out = (SELECT count(*) FROM balanced) AS all_rows
  FROM sustainml.train('late', 'balanced', target => 'late', exclude => '{customer}', split => '{"holdout": 0.2, "seed": 3}');
-- train takes share and seed from the split as from its arguments
SELECT rows_held_out = (SELECT count(*) FROM orders WHERE sustainml.held_out(3, 0.2, id)) AS same
  FROM sustainml.train('late', 'balanced', target => 'late', exclude => '{customer}', holdout => 0.2, seed => 3);
-- a filter cannot see new keys, and says so; with the parents' keys there is nothing to say
SELECT count(*) FILTER (WHERE sustainml.held_out(3, 0.2, id)) > 300 AS would_be_held_out FROM sustainml.smote(NULL::orders, 'late', filter => 'amount > -2 AND NOT sustainml.held_out(3, 0.2, id)');
SELECT count(*) FILTER (WHERE sustainml.held_out(3, 0.2, id)) AS held_out FROM sustainml.smote(NULL::orders, 'late', filter => 'NOT sustainml.held_out(3, 0.2, id)', keys => 'parent');
-- the rows are those that the filter gives
SELECT count(*) AS differ FROM (
	SELECT amount, items, kind FROM sustainml.smote(NULL::orders, 'late', keys => 'null', filter => 'NOT sustainml.held_out(3, 0.2, id)')
	EXCEPT SELECT amount, items, kind FROM sustainml.smote(NULL::orders, 'late', split => '{"holdout": 0.2, "seed": 3}')) AS d;
SELECT count(*) AS held_out_parents FROM sustainml.smote_lineage(NULL::orders, 'late', split => '{"holdout": 0.5}')
 WHERE sustainml.held_out(0, 0.5, (parent->>'id')::integer) OR sustainml.held_out(0, 0.5, (neighbour->>'id')::integer) OR sustainml.held_out(0, 0.5, (synthetic).id);

-- by another column, by time and by a mark: the parent's value
SELECT count(*) > 1000 AS made, count(*) FILTER (WHERE sustainml.held_out(7, 0.3, customer)) AS held_out
  FROM sustainml.smote(NULL::orders, 'late', split => '{"by": "customer", "holdout": 0.3, "seed": 7}');
SELECT count(*) > 1000 AS made, max(day) < '2024-08-25' AS before_the_gap
  FROM sustainml.smote(NULL::orders, 'late', split => '{"time": "day", "from": "2024-09-01", "gap": "7 days"}');
SELECT count(*) > 1000 AS made, count(*) FILTER (WHERE is_test) AS held_out FROM sustainml.smote(NULL::orders, 'late', split => '{"column": "is_test"}');
-- nothing is held out
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, id)) > 300 AS as_chance_has_it FROM sustainml.smote(NULL::orders, 'late', split => '{"holdout": 0}', kind => 'random');

-- "from" holds in train: the same rows, however many were added before
CREATE TABLE by_day AS SELECT * FROM orders UNION ALL
	SELECT * FROM sustainml.smote(NULL::orders, 'late', split => '{"time": "day", "from": "2024-09-01"}');
SELECT rows_held_out = (SELECT count(*) FROM orders WHERE day >= '2024-09-01') AS only_real
  FROM sustainml.train('by_day', 'by_day', target => 'late', exclude => '{id,customer}', split => '{"time": "day", "from": "2024-09-01"}');
SELECT version, split->>'cut' AS cut FROM sustainml.models WHERE model = 'by_day';
INSERT INTO by_day SELECT * FROM by_day WHERE day < '2024-02-01';
SELECT rows_held_out = (SELECT count(*) FROM orders WHERE day >= '2024-09-01') AS still FROM sustainml.retrain('by_day');

-- other keys: the largest value on, uuid, no right on the sequence
CREATE TABLE counted (k bigint PRIMARY KEY, x double precision, y boolean);
INSERT INTO counted SELECT i, i % 17, i % 9 = 0 FROM generate_series(1, 500) AS i;
SELECT count(*), count(DISTINCT k), min(k) > 500 AS after, count(*) FILTER (WHERE sustainml.held_out(0, 0.9, k)) AS held_out
  FROM sustainml.smote(NULL::counted, 'y', k => 1, split => '{"holdout": 0.9}');
CREATE TABLE named (k uuid PRIMARY KEY, x double precision, y boolean);
INSERT INTO named SELECT gen_random_uuid(), i % 17, i % 9 = 0 FROM generate_series(1, 500) AS i;
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.5, k)) AS held_out FROM sustainml.smote(NULL::named, 'y', split => '{"holdout": 0.5}') HAVING count(*) > 100;
-- a key of two columns, one of them new
CREATE TABLE lines (orders integer REFERENCES orders, line integer, x double precision, y boolean, PRIMARY KEY (orders, line));
INSERT INTO lines SELECT 1 + i % 50, i, i % 17, i % 9 = 0 FROM generate_series(1, 500) AS i;
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.5, orders, line)) AS held_out FROM sustainml.smote(NULL::lines, 'y', split => '{"holdout": 0.5}') HAVING count(*) > 100;
-- resample: the training rows after resampling
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, k)) AS held_out, count(*) FILTER (WHERE y) = count(*) FILTER (WHERE NOT y) AS even
  FROM sustainml.resample(NULL::counted, 'y', split => '{}');
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, k)) AS held_out FROM sustainml.resample(NULL::counted, 'y', kind => 'tomek', split => '{}') HAVING count(*) > 300;
-- a query names its key
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, k)) AS held_out
  FROM sustainml.smote_query('SELECT k, x, y FROM counted', 'y', split => '{"by": "k"}') AS t(k bigint, x double precision, y boolean) HAVING count(*) > 200;

-- a GENERATED ALWAYS key holds when it is stored
CREATE TABLE always (k integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x double precision, y boolean);
INSERT INTO always (x, y) SELECT i % 17, i % 9 = 0 FROM generate_series(1, 500) AS i;
SET client_min_messages = notice;
INSERT INTO always OVERRIDING SYSTEM VALUE SELECT * FROM sustainml.smote(NULL::always, 'y', split => '{}');
SELECT count(*) FILTER (WHERE k > 500) > 200 AS made, count(*) FILTER (WHERE k > 500 AND sustainml.held_out(0, 0.2, k)) AS held_out FROM always;

-- what cannot keep its promise is refused
CREATE FUNCTION refused(split jsonb, keys text DEFAULT 'new') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
	hint text;
BEGIN
	PERFORM * FROM sustainml.smote(NULL::resample_split.orders, 'late', keys => keys, split => split);
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS told = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || told || ' / ' || hint;
END $$;
SELECT refused('{}', 'null');
SELECT refused('{"time": "day"}');
SELECT refused('{"time": "id", "from": 2000}');
SELECT refused('{"from": "2024-01-01"}');
SELECT refused('{"time": "day", "from": null}');
SELECT refused('{"bye": "id"}');
SELECT refused('{"seed": 1.5}');
SELECT refused('{"holdout": 1}');
SELECT refused('{}', 'parent');
SELECT * FROM sustainml.smote(NULL::orders, 'late', features => '{customer}', split => '{"by": "customer"}');
SELECT * FROM sustainml.smote_query('SELECT k, x, y FROM counted', 'y', split => '{}') AS t(k bigint, x double precision, y boolean);
CREATE TABLE texts (k text PRIMARY KEY, x double precision, y boolean);
INSERT INTO texts SELECT 'k' || i, i % 17, i % 9 = 0 FROM generate_series(1, 500) AS i;
SELECT count(*) FROM sustainml.smote(NULL::texts, 'y', split => '{}');
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, k)) AS held_out FROM sustainml.smote(NULL::texts, 'y', split => '{}', keys => 'parent');

SET client_min_messages = warning;
DROP SCHEMA resample_split CASCADE;
