-- smote as a set-returning function: counts, types, keys, NULLs, order of rows, lineage, sources of every kind.
CREATE SCHEMA resample_smote;
SET search_path = resample_smote;

-- 1. real data: German credit, 700 good and 300 bad
CREATE TABLE german (id int PRIMARY KEY, checking_status text, duration_months int, credit_history text, purpose text, credit_amount int,
	savings text, employment_since text, installment_rate int, other_debtors text, residence_since int, property text, age int,
	other_installment_plans text, housing text, existing_credits int, job text, dependents int, telephone text, foreign_worker text, sex text,
	marital_status text, good_credit int);
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "\copy resample_smote.german FROM '$SML_DATA/german_credit.csv' CSV HEADER"
CREATE TABLE balanced (LIKE german INCLUDING ALL);
INSERT INTO balanced SELECT * FROM german;
INSERT INTO balanced SELECT * FROM sustainml.smote(NULL::german, target => 'good_credit', k => 5, ratio => 1.0, seed => 42);
SELECT good_credit, count(*), count(*) FILTER (WHERE id > 1000) AS synthetic FROM balanced GROUP BY good_credit ORDER BY 1;
-- inside the bounds of the class, categories seen in it
SELECT bool_and(s.age BETWEEN r.low AND r.high AND s.credit_amount BETWEEN r.low_amount AND r.high_amount) AS inside,
       bool_and(s.purpose IN (SELECT purpose FROM german WHERE good_credit = 0)) AS seen
  FROM balanced s, (SELECT min(age) low, max(age) high, min(credit_amount) low_amount, max(credit_amount) high_amount FROM german WHERE good_credit = 0) r
 WHERE s.id > 1000;

-- every synthetic row lies between its parents, rounded; the neighbour is one of the five nearest
CREATE TABLE numbers AS SELECT id, duration_months, credit_amount, age, good_credit FROM german;
ALTER TABLE numbers ADD PRIMARY KEY (id);
SELECT count(*), bool_and(p.good_credit = 0 AND n.good_credit = 0 AND (l.synthetic).good_credit = 0 AND class = '0') AS one_class,
       bool_and((l.synthetic).age = round((p.age + lambda * (n.age - p.age))::numeric)) AS age,
       bool_and((l.synthetic).credit_amount = round((p.credit_amount + lambda * (n.credit_amount - p.credit_amount))::numeric)) AS amount,
       bool_and((SELECT count(*) FROM numbers o WHERE o.good_credit = 0 AND o.id <> p.id
                  AND power(o.age - p.age, 2) + power(o.credit_amount - p.credit_amount, 2) + power(o.duration_months - p.duration_months, 2)
                    < power(n.age - p.age, 2) + power(n.credit_amount - p.credit_amount, 2) + power(n.duration_months - p.duration_months, 2)) < 5) AS near,
       min(ordinal), max(ordinal), min(lambda) >= 0 AND max(lambda) < 1 AS lambda
  FROM sustainml.smote_lineage(NULL::numbers, 'good_credit', seed => 7) l
  JOIN numbers p ON p.id = (l.parent->>'id')::int JOIN numbers n ON n.id = (l.neighbour->>'id')::int;
-- lineage and smote give the same rows
SELECT count(*) FROM (SELECT duration_months, credit_amount, age FROM sustainml.smote(NULL::numbers, 'good_credit', seed => 7)
                      EXCEPT ALL SELECT (synthetic).duration_months, (synthetic).credit_amount, (synthetic).age FROM sustainml.smote_lineage(NULL::numbers, 'good_credit', seed => 7)) q;

-- in deviations, units do not matter
CREATE TABLE rescaled AS SELECT id, duration_months / 12.0::float8 AS duration_months, credit_amount * 1024::float8 AS credit_amount, age::float8 AS age, good_credit FROM numbers;
ALTER TABLE rescaled ADD PRIMARY KEY (id);
SELECT count(*) AS other_with_standard FROM (SELECT ordinal, parent, neighbour FROM sustainml.smote_lineage(NULL::numbers, 'good_credit', scale => 'standard')
                      EXCEPT SELECT ordinal, parent, neighbour FROM sustainml.smote_lineage(NULL::rescaled, 'good_credit', scale => 'standard')) q;
SELECT count(*) > 50 AS other_without FROM (SELECT ordinal, parent, neighbour FROM sustainml.smote_lineage(NULL::numbers, 'good_credit')
                      EXCEPT SELECT ordinal, parent, neighbour FROM sustainml.smote_lineage(NULL::rescaled, 'good_credit')) q;

-- 2. the same seed, the same rows: in another physical order, with fewer buffers, in a view, through a query; another seed, other rows
CREATE FUNCTION fingerprint(rows text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; BEGIN
	EXECUTE 'SELECT md5(string_agg(q::text, chr(10) ORDER BY q::text)) FROM (' || rows || ') q' INTO result;
	RETURN result;
END $$;
CREATE TABLE shuffled AS SELECT * FROM numbers ORDER BY md5(id::text);
ALTER TABLE shuffled ADD PRIMARY KEY (id);
CREATE VIEW shown AS SELECT * FROM numbers;
SELECT fingerprint($$SELECT duration_months, credit_amount, age FROM sustainml.smote(NULL::numbers, 'good_credit', seed => 7)$$) AS of_numbers \gset
SELECT fingerprint($$SELECT duration_months, credit_amount, age FROM sustainml.smote(NULL::shuffled, 'good_credit', seed => 7)$$) = :'of_numbers' AS shuffled,
       fingerprint($$SELECT duration_months, credit_amount, age FROM sustainml.smote(NULL::numbers, 'good_credit', seed => 8)$$) <> :'of_numbers' AS other_seed,
       fingerprint($$SELECT * FROM sustainml.smote_query('SELECT duration_months, credit_amount, age, good_credit FROM numbers', 'good_credit', seed => 7) AS t(a int, b int, c int, d int)$$)
       = fingerprint($$SELECT * FROM sustainml.smote_query('SELECT duration_months, credit_amount, age, good_credit FROM shuffled', 'good_credit', seed => 7) AS t(a int, b int, c int, d int)$$) AS by_content;
SELECT count(*), count(DISTINCT (duration_months, credit_amount, age)) > 350 AS various FROM sustainml.smote(NULL::shown, 'good_credit', exclude => '{id}');

-- 3. types
CREATE TYPE color AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE types (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int, i2 smallint, i8 bigint, f4 real, n numeric, n2 numeric(8, 2), p percent, d date,
	at timestamp(0), atz timestamptz, flag boolean, c color, v varchar(10), ch char(4), u uuid, note jsonb, list int[],
	twice double precision GENERATED ALWAYS AS (2 * f4) STORED, label text NOT NULL);
ALTER TABLE types DROP COLUMN gone;
INSERT INTO types (i2, i8, f4, n, n2, p, d, at, atz, flag, c, v, ch, u, note, list, label)
SELECT i % 50, i * 1000, i / 8.0, round(i / 7.0, 3), round(i / 7.0, 2), i % 100, '2024-01-01'::date + i, '2024-01-01'::timestamp + i * interval '1 hour',
       '2024-01-01 00:00Z'::timestamptz + i * interval '1 hour', i % 3 = 0, (ARRAY['red', 'green', 'blue'])[1 + i % 3]::color, 'v' || i % 4, 'c' || i % 2,
       md5((i % 5)::text)::uuid, jsonb_build_object('i', i), ARRAY[i, i], CASE WHEN i % 10 = 0 THEN 'rare' ELSE 'common' END
  FROM generate_series(1, 200) i;
INSERT INTO types (i2, i8, f4, n, n2, p, d, at, atz, flag, c, v, ch, u, note, list, label) OVERRIDING USER VALUE
SELECT i2, i8, f4, n, n2, p, d, at, atz, flag, c, v, ch, u, note, list, label FROM sustainml.smote(NULL::types, 'label', seed => 1);
SELECT label, count(*) FROM types GROUP BY label ORDER BY label;
SELECT count(*), bool_and(i2 BETWEEN 0 AND 40) AS i2, bool_and(i8 BETWEEN 10000 AND 200000) AS i8, bool_and(scale(n) <= 3) AS n, bool_and(scale(n2) = 2) AS n2,
       bool_and(d BETWEEN '2024-01-11' AND '2024-07-19') AS d, bool_and(at = date_trunc('second', at)) AS at, count(DISTINCT c) > 1 AS c, bool_and(v IN ('v0', 'v2')) AS v,
       bool_and(ch = 'c0') AS ch, bool_and((note->>'i')::int % 10 = 0) AS copied, bool_and(array_length(list, 1) = 2 AND abs(list[1] - i8 / 1000.0) <= 0.501) AS list, count(twice) AS twice
  FROM types WHERE id > 200;
-- ALWAYS identity and generated columns: the whole row goes in when its columns are named
INSERT INTO types SELECT * FROM sustainml.smote(NULL::types, 'label', filter => 'id <= 200', strategy => '{"rare": 21}');
\echo :SQLSTATE
-- serial keys: values of the sequence, which goes on after them
CREATE TABLE serial (id serial PRIMARY KEY, x float8, label text);
INSERT INTO serial (x, label) SELECT i, CASE WHEN i % 10 = 0 THEN 'rare' ELSE 'common' END FROM generate_series(1, 100) i;
INSERT INTO serial SELECT * FROM sustainml.smote(NULL::serial, 'label');
INSERT INTO serial (x, label) VALUES (0, 'common');
SELECT count(*), max(id), count(DISTINCT id) FROM serial;
-- keys null, parent, of other kinds
SELECT count(*), count(id) FROM sustainml.smote(NULL::serial, 'label', filter => 'id <= 100', keys => 'null');
SELECT count(*), bool_and(id % 10 = 0 AND id <= 100) FROM sustainml.smote(NULL::serial, 'label', filter => 'id <= 100', keys => 'parent');
CREATE TABLE by_uuid (id uuid PRIMARY KEY, x float8, label boolean);
INSERT INTO by_uuid SELECT md5(i::text)::uuid, i, i % 10 = 0 FROM generate_series(1, 100) i;
INSERT INTO by_uuid SELECT * FROM sustainml.smote(NULL::by_uuid, 'label');
SELECT label, count(*) FROM by_uuid GROUP BY label ORDER BY label;
CREATE TABLE by_two (store text, day int, x float8, label text, PRIMARY KEY (store, day));
INSERT INTO by_two SELECT 's' || i % 3, i, i, CASE WHEN i % 10 = 0 THEN 'rare' ELSE 'common' END FROM generate_series(1, 100) i;
INSERT INTO by_two SELECT * FROM sustainml.smote(NULL::by_two, 'label');
SELECT count(*), count(DISTINCT store), min(day) FILTER (WHERE day > 100) FROM by_two;
CREATE TABLE by_text (name text PRIMARY KEY, x float8, label text);
INSERT INTO by_text SELECT 'n' || i, i, CASE WHEN i % 10 = 0 THEN 'rare' ELSE 'common' END FROM generate_series(1, 100) i;
SELECT count(*), count(name), count(x) FROM sustainml.smote(NULL::by_text, 'label');
SELECT count(*), min(parent->>'name'), count(DISTINCT parent) FROM sustainml.smote_lineage(NULL::by_text, 'label', keys => 'parent');

-- 4. missing values: NULL where the parent's is, a category of its own for text; NaN and infinity are never interpolated
CREATE TABLE holes (id int PRIMARY KEY, x float8, y float8, g text, never float8, label text);
INSERT INTO holes SELECT i, CASE WHEN i % 20 <> 0 THEN i END, CASE i WHEN 10 THEN 'NaN'::float8 WHEN 30 THEN 'Infinity' ELSE i END,
       CASE WHEN i % 40 <> 0 THEN 'g' || i % 3 END, NULL, CASE WHEN i % 10 = 0 THEN 'rare' WHEN i = 399 THEN NULL ELSE 'common' END FROM generate_series(1, 400) i;
CREATE TABLE made AS SELECT * FROM sustainml.smote_lineage(NULL::holes, 'label', seed => 3);
SELECT count(*), bool_and(((synthetic).x IS NULL) = (p.x IS NULL)) AS as_parent, count(*) FILTER (WHERE (synthetic).x IS NULL) BETWEEN 150 AND 169 AS half,
       bool_and(CASE WHEN p.y = 'Infinity' THEN (synthetic).y = 'Infinity' WHEN p.y = 'NaN' THEN (synthetic).y = 'NaN' ELSE (synthetic).y < 401 END) AS y,
       count((synthetic).never) AS never
  FROM made JOIN holes p ON p.id = (parent->>'id')::int;
-- arrays of numbers, element by element; NULL elements and NULL arrays
CREATE TABLE arrays AS SELECT i AS id, CASE WHEN i % 50 <> 0 THEN ARRAY[i, 2 * i, CASE WHEN i % 40 <> 0 THEN 3 * i END]::float4[] END AS v, i % 10 = 0 AS label FROM generate_series(1, 200) i;
ALTER TABLE arrays ADD PRIMARY KEY (id);
SELECT count(*), bool_and(((synthetic).v IS NULL) = (p.v IS NULL)) AS arrays, bool_and(((synthetic).v[3] IS NULL) = (p.v[3] IS NULL)) AS elements,
       bool_and(abs((synthetic).v[2] - (p.v[2] + lambda * (coalesce(n.v[2], p.v[2]) - p.v[2]))) < 1e-3) AS between
  FROM sustainml.smote_lineage(NULL::arrays, 'label') l JOIN arrays p ON p.id = (parent->>'id')::int JOIN arrays n ON n.id = (neighbour->>'id')::int;
UPDATE arrays SET v = '{1,2}' WHERE id = 30;
SELECT count(*) FROM sustainml.smote(NULL::arrays, 'label');
\echo :SQLSTATE
-- copies alone
SELECT count(*), count(DISTINCT x), bool_and(x::int % 10 = 0) FROM sustainml.smote(NULL::serial, 'label', kind => 'random', filter => 'id <= 100');
SELECT bool_or(x::numeric % 10 <> 0) AS noisy FROM sustainml.smote(NULL::serial, 'label', kind => 'random', shrinkage => 0.5, filter => 'id <= 100');

-- 5. several classes, strategies, kinds
CREATE TABLE three AS SELECT i AS id, i % 7 + i / 100.0 AS x, i % 11 AS y, CASE WHEN i % 10 = 0 THEN 'a' WHEN i % 10 < 4 THEN 'b' ELSE 'c' END AS label FROM generate_series(1, 400) i;
ALTER TABLE three ADD PRIMARY KEY (id);
SELECT strategy, a, b, c FROM unnest(ARRAY['auto', 'minority', 'not minority', 'not majority', 'all', '{"a": 50, "b": 121}']) strategy,
	LATERAL (SELECT count(*) FILTER (WHERE label = 'a') a, count(*) FILTER (WHERE label = 'b') b, count(*) FILTER (WHERE label = 'c') c
	           FROM sustainml.smote(NULL::three, 'label', strategy => strategy)) q;
SELECT kind, a, b FROM unnest(ARRAY['smote', 'borderline1', 'borderline2', 'adasyn', 'random']) kind,
	LATERAL (SELECT count(*) FILTER (WHERE label = 'a') a, count(*) FILTER (WHERE label = 'b') b FROM sustainml.smote(NULL::three, 'label', kind => kind)) q;
SELECT count(*) FROM sustainml.smote(NULL::three, 'label', scale => 'standard', m => 7, kind => 'borderline1', features => '{x,y}');
-- categories alone
CREATE TABLE words AS SELECT 'a' || CASE WHEN i % 9 = 0 THEN i / 9 % 3 ELSE i % 4 END AS a, 'b' || i % 3 AS b, i % 9 = 0 AS label FROM generate_series(1, 180) i;
SELECT count(*), count(DISTINCT (a, b)) BETWEEN 2 AND 3 AS various, bool_and(b = 'b0') AS b FROM sustainml.smote(NULL::words, 'label');
-- k as there may be
SELECT count(*) FROM sustainml.smote(NULL::three, 'label', k => NULL, filter => 'label <> ''a'' OR id <= 30', strategy => 'minority');

-- 6. partitioned tables; held-out rows never take part
CREATE TABLE parts (id int, x float8, y float8, label int, PRIMARY KEY (id, label)) PARTITION BY LIST (label);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts SELECT i, i, i % 10, (i % 20 = 0)::int FROM generate_series(1, 1000) i;
SELECT count(*), min(id) FROM sustainml.smote(NULL::parts, 'label', ratio => 0.5);
SELECT count(*), bool_or(sustainml.held_out(0, 0.2, (parent->>'id')::int)) AS parent, bool_or(sustainml.held_out(0, 0.2, (neighbour->>'id')::int)) AS neighbour
  FROM sustainml.smote_lineage(NULL::parts, 'label', filter => 'NOT sustainml.held_out(0, 0.2, id)', key => '{id}');

-- and a table with synthetic rows is tested on real ones alone, as docs/resampling.md says
CREATE TABLE training AS
SELECT * FROM numbers WHERE NOT sustainml.held_out(0, 0.2, id)
UNION ALL
SELECT * FROM sustainml.smote(NULL::numbers, 'good_credit', filter => 'NOT sustainml.held_out(0, 0.2, id)');
SELECT rows_used = (SELECT 2 * max(c) FROM (SELECT count(*) c FROM numbers WHERE NOT sustainml.held_out(0, 0.2, id) GROUP BY good_credit) q) AS balanced,
       rows_held_out = (SELECT count(*) FROM numbers WHERE sustainml.held_out(0, 0.2, id)) AS real
  FROM sustainml.train('resample_smote', 'training', target => 'good_credit', exclude => '{id}',
                       split => '{"source": "SELECT * FROM numbers WHERE sustainml.held_out(0, 0.2, id)"}');

-- 7. foreign keys are no quantities: a synthetic row refers to what its class refers to, and can be inserted
CREATE TABLE customer (id int PRIMARY KEY);
INSERT INTO customer SELECT 2 * i FROM generate_series(1, 50) i;
CREATE TABLE branch (region int, number int, PRIMARY KEY (region, number));
INSERT INTO branch SELECT i, 10 * i FROM generate_series(1, 20) i;
CREATE TABLE item (customer int REFERENCES customer, line int, region int, branch int, x float8, label boolean,
	PRIMARY KEY (customer, line), FOREIGN KEY (region, branch) REFERENCES branch);
INSERT INTO item SELECT 2 * (1 + i % 50), i, 1 + i % 20, 10 * (1 + i % 20), i % 97, i % 9 = 0 FROM generate_series(1, 900) i;
INSERT INTO item SELECT * FROM sustainml.smote(NULL::item, 'label');
SELECT label, count(*), max(line), count(DISTINCT customer) FROM item GROUP BY label ORDER BY label;
CREATE TABLE buy (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, x float8, y float8, label boolean);
INSERT INTO buy SELECT i, 2 * (1 + i * 7 % 50), i, i % 97, i % 9 = 0 FROM generate_series(1, 900) i;
INSERT INTO buy SELECT * FROM sustainml.smote(NULL::buy, 'label');
SELECT label, count(*), count(DISTINCT customer) > 20 AS many FROM buy GROUP BY label ORDER BY label;
-- a key that is a foreign key itself has no new values
CREATE TABLE twin (id int PRIMARY KEY REFERENCES buy, x float8, label boolean);
INSERT INTO twin SELECT id, x, label FROM buy WHERE id <= 500;
SELECT count(*), count(id) FROM sustainml.smote(NULL::twin, 'label');

-- 8. strategy as jsonb, json, text, varchar, a literal, an untyped parameter
SELECT (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', strategy => '{"b": 150}')) AS literal,
       (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', strategy => '{"b": 150}'::text)) AS text,
       (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', strategy => '{"b": 150}'::varchar)) AS varchar,
       (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', strategy => jsonb_build_object('b', 150))) AS jsonb,
       (SELECT count(*) FROM sustainml.resample(NULL::three, 'label', strategy => json_build_object('b', 150))) - (SELECT count(*) FROM three) AS json,
       (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', 5, NULL, jsonb_build_object('b', 150))) AS by_position,
       (SELECT count(*) FROM sustainml.smote(NULL::three, 'label', NULL, NULL, NULL, 'smote')) - (SELECT count(*) FROM sustainml.smote(NULL::three, 'label')) AS nothing;
PREPARE untyped AS SELECT count(*) FROM sustainml.smote(NULL::three, 'label', strategy => $1);
EXECUTE untyped('{"b": 150}');
DEALLOCATE untyped;

-- 9. while it runs, progress() shows it; after an error that is caught, it does not
CREATE FUNCTION watched(id int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF id = 1 THEN
		PERFORM pg_stat_clear_snapshot();
		RAISE WARNING '%', (SELECT concat_ws(', ', kind, source, model, phase, role_name = session_user) FROM sustainml.progress() WHERE pid = pg_backend_pid());
	END IF;
	RETURN id / (CASE WHEN id = 3 THEN current_setting('watched.divisor')::int ELSE 1 END) > 0;
END $$;
SET watched.divisor = 1;
SELECT count(*) FROM sustainml.smote(NULL::buy, 'label', filter => 'watched(id) AND id <= 900', strategy => '{"true": 101}');
SET watched.divisor = 0;
DO $$ BEGIN
	PERFORM count(*) FROM sustainml.smote(NULL::buy, 'label', filter => 'watched(id)');
EXCEPTION WHEN division_by_zero THEN
	PERFORM pg_stat_clear_snapshot();
	RAISE WARNING 'running: %', (SELECT count(*) FROM sustainml.progress() WHERE pid = pg_backend_pid());
END $$;

-- 10. each call leaves a run, with the rows read and the rows handed out
SELECT count(*) AS given FROM sustainml.smote(NULL::holes, 'label', filter => 'id > 20') \gset
SELECT kind, rows_in = (SELECT count(*) FROM holes WHERE id > 20) AS rows_in, rows = :given AS rows FROM sustainml.run_log ORDER BY run_id DESC LIMIT 1;
SELECT count(*) AS given FROM sustainml.resample(NULL::german, 'good_credit', kind => 'tomek') \gset
SELECT kind, rows_in, rows = :given AS rows FROM sustainml.run_log ORDER BY run_id DESC LIMIT 1;
SELECT sum(rows) AS given FROM sustainml.class_balance('holes', 'label') \gset
SELECT kind, rows_in = :given AS rows_in, rows FROM sustainml.run_log ORDER BY run_id DESC LIMIT 1;
SELECT kind, count(*) > 3 AS several, min(rows) > 0 AS rows, bool_and(energy_joules > 0) AS joules FROM sustainml.run_log WHERE kind IN ('smote', 'smote_lineage', 'smote_query')
 GROUP BY kind ORDER BY kind;
-- a read-only transaction makes rows and leaves none
BEGIN READ ONLY;
SELECT count(*), min(id) FROM sustainml.smote(NULL::serial, 'label', filter => 'id <= 100');
COMMIT;

SET client_min_messages = warning;
DROP SCHEMA resample_smote CASCADE;
