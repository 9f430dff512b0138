-- Where rows may come from, and every type that a feature may have.
CREATE SCHEMA "Odd Schema";
SET search_path = "Odd Schema";
SET client_min_messages = warning;
CREATE FUNCTION adds_up(source text, target text, options text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT format(''%%s rows: %%s'', rows_used + rows_skipped + rows_held_out, rows_held_out > 0)
	                  FROM sustainml.train(''m'', %L, target => %L%s)', source, target, options) INTO result;
	RETURN result;
END $$;

-- dropped columns, names that need quotes, a generated column, a key of two columns
CREATE TABLE "My Table" (id int, junk text, part int, "A b" float8, "c""q" numeric, "Ünï" int, e text, "select" bool, y float8,
	twice float8 GENERATED ALWAYS AS ("A b" * "A b") STORED, PRIMARY KEY (part, id));
ALTER TABLE "My Table" DROP COLUMN junk;
INSERT INTO "My Table" (id, part, "A b", "c""q", "Ünï", e, "select", y)
	SELECT i, i % 3, i % 7, i % 5, i % 11, 'l' || i % 4, i % 13 < 6, i % 7 + 2 * (i % 5) + i % 3 FROM generate_series(1, 300) i;
CREATE VIEW a_view AS SELECT * FROM "My Table";
CREATE MATERIALIZED VIEW frozen AS SELECT * FROM "My Table";
CREATE TEMP TABLE fleeting AS SELECT * FROM "My Table";
CREATE TABLE parts (LIKE "My Table") PARTITION BY LIST (part);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT id, part, "A b", "c""q", "Ünï", e, "select", y FROM "My Table";
CREATE TABLE copy AS SELECT * FROM "My Table";
SELECT source, adds_up(source, 'y')
  FROM unnest(ARRAY['"My Table"', '"Odd Schema"."My Table"', 'a_view', 'frozen', 'fleeting', 'pg_temp.fleeting', 'parts', 'copy',
                    'SELECT * FROM "My Table"', 'SELECT * FROM "My Table";', 'TABLE "My Table"', '(SELECT * FROM "My Table") -- all of it',
                    '/* first */ WITH t AS (SELECT * FROM "My Table") SELECT * FROM t', 'SELECT id, "A b", y FROM "My Table" ORDER BY id LIMIT 200']) AS source;
SELECT adds_up('VALUES (1, 1.5, 2), (2, 2.5, 3.1), (3, 3.5, 4), (4, 4.5, 5.2)', 'column3', ', holdout => 0');
SELECT ordinal, feature, type, encoding, reference FROM sustainml.features('m@1') ORDER BY 1;
SELECT bool_and(abs(sustainml.predict('m@1', t) - sustainml.predict('m@1', to_jsonb(t))) < 1e-12) AS row_is_jsonb,
       bool_and(abs(sustainml.predict('m@1', t) - sustainml.predict('m@1', "A b", "c""q", "Ünï", e, "select", twice)) < 1e-12) AS row_is_scalars
  FROM "My Table" t;
-- the name means what the search path says now, and what it said then to retrain
SET search_path = public;
SELECT ref, rows_used + rows_skipped + rows_held_out AS rows FROM sustainml.retrain('Odd Schema.m@3');
SET search_path = "Odd Schema";

-- a foreign table
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
\set data `echo "$SML_DATA"`
\set iris :data '/iris.csv'
CREATE FOREIGN TABLE iris (id int, sepal_length float8, sepal_width float8, petal_length float8, petal_width float8, species text)
	SERVER files OPTIONS (filename :'iris', format 'csv', header 'true');
SELECT algorithm, classes, rows_used FROM sustainml.train('iris', 'iris', target => 'species', exclude => '{id}', holdout => 0, params => '{"l2": 1}');
SELECT count(*) FILTER (WHERE sustainml.predict_class('iris', i) = species) > 140 AS mostly_right FROM iris i;
DROP EXTENSION file_fdw CASCADE;

-- every type of feature; NaN and infinities count as missing
CREATE DOMAIN positive AS int CHECK (VALUE >= 0);
CREATE DOMAIN label AS text;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE types (id bigserial PRIMARY KEY, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, b bool, tx text, vc varchar(10), ch char(8), na name,
	en mood, d date, ts timestamp, tz timestamptz, a4 float4[], a8 float8[], ai int[], an numeric[], dom positive, dl label, u uuid, money money, span interval, js jsonb, y float8);
INSERT INTO types (i2, i4, i8, f4, f8, n, b, tx, vc, ch, na, en, d, ts, tz, a4, a8, ai, an, dom, dl, u, money, span, js, y)
SELECT i % 7, i % 11, i % 13, i % 5, CASE WHEN i % 50 = 0 THEN 'NaN'::float8 WHEN i % 51 = 0 THEN 'Infinity' ELSE i % 17 END,
       CASE WHEN i % 40 = 0 THEN 'NaN'::numeric WHEN i % 41 = 0 THEN 1e300 ELSE i % 19 END, CASE WHEN i % 30 = 0 THEN NULL ELSE i % 9 < 4 END,
       't' || i % 3, 'v' || i % 4, 'c' || i % 5, ('n' || i % 6)::name, (ARRAY['sad', 'ok', 'happy']::mood[])[1 + i * 7 % 31 % 3],
       CASE WHEN i % 33 = 0 THEN 'infinity' ELSE date '2020-01-01' + i % 100 END, timestamp '2020-01-01' + i % 90 * interval '1 hour',
       timestamptz '2020-01-01 00:00 UTC' + i % 80 * interval '1 hour', ARRAY[i % 3, i % 23], ARRAY[i % 29, CASE WHEN i % 4 = 0 THEN NULL ELSE i % 31 END],
       ARRAY[i % 37], ARRAY[i % 53], i % 43, 'd' || i * 5 % 59 % 3, ('00000000-0000-0000-0000-00000000000' || i % 47 % 4)::uuid, i, i * interval '1 s', '{}',
       i % 7 + i % 11 + i * 7919 % 13 FROM generate_series(1, 2000) i;
UPDATE types SET n = 'Infinity' WHERE n = 1e300;
SELECT rows_used + rows_skipped + rows_held_out AS rows FROM sustainml.train('types', 'types', target => 'y');
SELECT unnest(notes) AS note FROM sustainml.models WHERE model = 'types';
SELECT ordinal, feature, type, encoding, round(missing_share::numeric, 2) AS missing, levels FROM sustainml.features('types') ORDER BY 1;
-- dates are days since 2000-01-01, also in timestamps
SELECT bool_and(impute_value BETWEEN date '2020-01-01' - date '2000-01-01' AND date '2020-04-10' - date '2000-01-01') AS days
  FROM sustainml.features('types') WHERE feature IN ('d', 'ts', 'tz');
-- one row in its four forms; to_jsonb writes NaN and infinities as strings
SELECT bool_and(abs(p - sustainml.predict('types', to_jsonb(t))) < 1e-9) AS jsonb,
       bool_and(abs(p - sustainml.predict('types', i2, i4, i8, f4, f8, n, b, tx, vc, ch, na, en, d, ts, tz, a4, a8, ai, an, dom, dl, u)) < 1e-9) AS scalars,
       bool_and(abs(p - sustainml.predict('types', t.whole)) < 1e-9) AS row_that_is_not_rewritten, count(p)
  FROM (SELECT *, types AS whole, sustainml.predict('types', types) AS p FROM types OFFSET 0) t;
-- constants without a type are read as the model's types
SELECT abs(sustainml.predict('types', '1', '2', '3', '4', '5', '6', 'true', 't1', 'v1', 'c1', 'n1', 'ok', '2020-02-03', '2020-02-03 04:00', '2020-02-03 04:00+00',
                             '{1,2}', '{3,NULL}', '{5}', '{6}', '7', 'd1', '00000000-0000-0000-0000-000000000001')
         - sustainml.predict('types', 1, 2, 3, 4, 5, 6, true, 't1'::text, 'v1'::varchar, 'c1'::char(4), 'n1'::name, 'ok'::mood, date '2020-02-03', timestamp '2020-02-03 04:00',
                             timestamptz '2020-02-03 04:00+00', ARRAY[1, 2], ARRAY[3, NULL], ARRAY[5], ARRAY[6], 7, 'd1'::label,
                             uuid '00000000-0000-0000-0000-000000000001')) < 1e-12 AS same;
-- explain shows values as their columns do, and adds up
SET timezone = 'UTC';
SELECT e.feature, e.value FROM types t, sustainml.explain('types', t) e WHERE t.id = 1 AND e.feature IN ('b', 'd', 'ts', 'tz', 'tx', 'en', 'i4') ORDER BY 1;
SELECT bool_and(abs(total - p) < 1e-9) AS adds_up
  FROM (SELECT t.id, sum(contribution) + min(base) AS total, min(sustainml.predict('types', t)) AS p FROM types t, sustainml.explain('types', t) e WHERE t.id <= 60 GROUP BY t.id) s;

-- columns that cannot be features, when asked for
\set VERBOSITY terse
SELECT ref FROM sustainml.train('types', 'types', target => 'y', features => '{money}');
SELECT ref FROM sustainml.train('types', 'types', target => 'js');

DROP SCHEMA "Odd Schema" CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('Odd Schema.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'Odd Schema') AS q;
END $$;
