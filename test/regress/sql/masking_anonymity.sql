-- Anonymity of rows, against the tables of the papers that define the measures (test/reference/masking.md); and the inventory.
SET client_min_messages = warning;
CREATE ROLE sml_anon_reader NOLOGIN;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;

-- Sweeney 2002, figure 2
CREATE TABLE sweeney (race text, birth int, gender text, zip text, problem text);
INSERT INTO sweeney VALUES
	('Black', 1965, 'm', '0214*', 'short breath'), ('Black', 1965, 'm', '0214*', 'chest pain'), ('Black', 1965, 'f', '0213*', 'hypertension'),
	('Black', 1965, 'f', '0213*', 'hypertension'), ('Black', 1964, 'f', '0213*', 'obesity'), ('Black', 1964, 'f', '0213*', 'chest pain'),
	('White', 1964, 'm', '0213*', 'chest pain'), ('White', 1964, 'm', '0213*', 'obesity'), ('White', 1964, 'm', '0213*', 'short breath'),
	('White', 1967, 'm', '0213*', 'chest pain'), ('White', 1967, 'm', '0213*', 'chest pain');
SELECT measure, round(value::numeric, 6) AS value, reason FROM sustainml.anonymity('sweeney', '{race,birth,gender,zip}');
SELECT * FROM sustainml.class_sizes('sweeney', '{race,birth,gender,zip}');
SELECT measure, value FROM sustainml.anonymity('SELECT * FROM sweeney WHERE race = ''Black''', '{birth}') WHERE measure IN ('rows', 'k', 'classes');

-- Machanavajjhala et al. 2007, figures 2 and 3
CREATE TABLE inpatient (zip text, age text, condition text, zip3 text, age3 text);
INSERT INTO inpatient VALUES
	('130**', '<30', 'Heart Disease', '1305*', '<=40'), ('130**', '<30', 'Heart Disease', '1306*', '<=40'), ('130**', '<30', 'Viral Infection', '1306*', '<=40'),
	('130**', '<30', 'Viral Infection', '1305*', '<=40'), ('1485*', '>=40', 'Cancer', '1485*', '>40'), ('1485*', '>=40', 'Heart Disease', '1485*', '>40'),
	('1485*', '>=40', 'Viral Infection', '1485*', '>40'), ('1485*', '>=40', 'Viral Infection', '1485*', '>40'), ('130**', '3*', 'Cancer', '1305*', '<=40'),
	('130**', '3*', 'Cancer', '1305*', '<=40'), ('130**', '3*', 'Cancer', '1306*', '<=40'), ('130**', '3*', 'Cancer', '1306*', '<=40');
SELECT measure, round(value::numeric, 6) AS value, reason FROM sustainml.anonymity('inpatient', '{zip,age}', 'condition')
 WHERE measure IN ('k', 'distinct_l', 'entropy_l', 'recursive_c', 't_equal');
SELECT measure, abs(value - CASE measure WHEN 'k' THEN 4 WHEN 'distinct_l' THEN 3 WHEN 'entropy_l' THEN 2 * sqrt(2) ELSE 1 END) < 1e-12 AS agrees
  FROM sustainml.anonymity('inpatient', '{zip3,age3}', 'condition') WHERE measure IN ('k', 'distinct_l', 'entropy_l', 'recursive_c');
SELECT measure, value FROM sustainml.anonymity('inpatient', '{zip3,age3}', 'condition', l => 3) WHERE measure = 'recursive_c';

-- Li et al. 2007: 0.375 and 0.167
CREATE TABLE salary (class_4 int, class_5 int, salary int);
INSERT INTO salary VALUES (1, 1, 3), (1, 3, 4), (1, 1, 5), (2, 2, 6), (2, 2, 11), (2, 2, 8), (3, 3, 7), (3, 1, 9), (3, 3, 10);
SELECT abs(a.value - 0.375) < 1e-12, abs(b.value - 1.0 / 6) < 1e-12 FROM sustainml.anonymity('salary', '{class_4}', 'salary') a,
	sustainml.anonymity('salary', '{class_5}', 'salary') b WHERE a.measure = 't_ordered' AND b.measure = 't_ordered';

-- a population: two classes of the sample, 1 of 4 and 2 of 2: journalist 1/2, marketer (1/4 + 2/2) / 3; NULLs meet
CREATE TABLE city (zip text, age int);
INSERT INTO city VALUES ('1', 30), ('1', 30), ('1', 30), ('1', 30), ('2', NULL), ('2', NULL), ('3', 50);
CREATE TABLE sample AS SELECT * FROM (VALUES ('1', 30), ('2', NULL::int), ('2', NULL)) v(zip, age);
SELECT measure, round(value::numeric, 6) AS value, reason FROM sustainml.anonymity('sample', '{zip,age}', population => 'city') WHERE measure IN ('k', 'k_map', 'journalist_risk_max', 'marketer_risk');
SELECT measure, value, reason FROM sustainml.anonymity('city', '{zip,age}', population => 'sample') WHERE measure IN ('k', 'k_map', 'marketer_risk');
-- empty, one value, threshold
SELECT measure, value, reason FROM sustainml.anonymity('SELECT * FROM sample WHERE false', '{zip}', 'age');
SELECT measure, value, reason FROM sustainml.anonymity('SELECT 1 AS a, 2 AS b', '{a}', 'b') WHERE measure LIKE '%l' OR measure LIKE 't%' OR measure LIKE 'rec%';
SELECT abs(value - 3.0 / 7) < 1e-12 FROM sustainml.anonymity('city', '{zip}', risk => 0.3) WHERE measure = 'rows_at_risk_share';
-- parallel gives the same
CREATE TABLE many AS SELECT i % 97 AS a, i % 13 AS b, i % 7 AS s FROM generate_series(1, 50000) i;
SELECT measure, value INTO TEMP serial_answer FROM sustainml.anonymity('many', '{a,b}', 's');
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM sustainml.anonymity('many', '{a,b}', 's') a JOIN serial_answer b USING (measure) WHERE a.value IS NOT DISTINCT FROM b.value;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
SELECT kind, rows FROM sustainml.run_log WHERE kind = 'anonymity' ORDER BY rows DESC LIMIT 1;
-- errors
SELECT pg_temp.refused($$SELECT sustainml.anonymity('many', '{}')$$), pg_temp.refused($$SELECT sustainml.anonymity('many', NULL)$$), pg_temp.refused($$SELECT sustainml.anonymity('many', '{a,a}')$$);
SELECT pg_temp.refused($$SELECT sustainml.anonymity('many', '{aa}')$$), pg_temp.refused($$SELECT sustainml.anonymity('many', '{a}', 'a')$$), pg_temp.refused($$SELECT sustainml.anonymity('mani', '{a}')$$);
SELECT pg_temp.refused($$SELECT sustainml.anonymity('many', '{a}', l => 1)$$), pg_temp.refused($$SELECT sustainml.anonymity('many', '{a}', risk => 2)$$);
SELECT pg_temp.refused($$SELECT sustainml.anonymity('SELECT point(1, 2) AS p', '{p}')$$);
SET sustainml.memory_limit = '64kB';
SELECT pg_temp.refused($$SELECT sustainml.anonymity('SELECT generate_series(1, 5000) AS g', '{g}')$$);
RESET sustainml.memory_limit;
-- a cancel is answered at once, and the session goes on
\set SHOW_CONTEXT never
SET statement_timeout = '300ms';
SELECT clock_timestamp() AS started \gset
SELECT count(*) FROM sustainml.anonymity('SELECT a.i % 1000 AS q, b.i % 10 AS s FROM generate_series(1, 20000) a(i), generate_series(1, 20000) b(i)', '{q}', 's');
\echo :SQLSTATE
RESET statement_timeout;
SELECT clock_timestamp() - :'started'::timestamptz < interval '2 seconds' AS in_time;
SELECT count(*) FROM sustainml.anonymity('many', '{a}');
SET ROLE sml_anon_reader;
SELECT pg_temp.refused($$SELECT sustainml.anonymity('many', '{a}')$$), pg_temp.refused($$SELECT sustainml.class_sizes('many', '{a}')$$);
RESET ROLE;
DROP TABLE sweeney, inpatient, salary, city, sample, many;

-- the inventory: protected columns, and those that look personal by name or by contents
SELECT sustainml.create_key('anon_test', role => 'sml_anon_reader');
CREATE SCHEMA sml_inv;
CREATE TABLE sml_inv.customer (id int, first_name text, email text, c17 text, c18 text, c19 text, pay float8, notes text, product_name text);
INSERT INTO sml_inv.customer SELECT i, 'n' || i, 'x', 'u' || i || '@example.org', '4111 1111 1111 1111', 'GB82 WEST 1234 5698 7654 32', i, 'free text', 'hammer' FROM generate_series(1, 20) i;
SELECT sustainml.encrypt_column('sml_inv.customer', 'pay', 'anon_test') > 0, sustainml.mask('sml_inv.customer', 'email', 'partial_email') > 0, sustainml.mask('sml_inv.customer', 'email', 'null', policy => 'sml_inv_a') > 0,
	sustainml.mask('sml_inv.customer', 'product_name', 'keep') > 0;
SELECT column_name, column_type, protection, key, masks, published_under, looks_like, found_by, status FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv' ORDER BY column_name COLLATE "C";
-- who may not read sees nothing; who may read some columns gets a look at those; row security is not looked through
SET ROLE sml_anon_reader;
SELECT count(*) FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv';
RESET ROLE;
GRANT USAGE ON SCHEMA sml_inv TO sml_anon_reader;
GRANT SELECT (id, c17) ON sml_inv.customer TO sml_anon_reader;
SET ROLE sml_anon_reader;
SELECT column_name, looks_like, found_by FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv' AND status LIKE 'looks%' ORDER BY column_name COLLATE "C";
RESET ROLE;
ALTER TABLE sml_inv.customer ENABLE ROW LEVEL SECURITY;
SET ROLE sml_anon_reader;
SELECT column_name, looks_like, found_by FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv' AND status LIKE 'looks%' ORDER BY column_name COLLATE "C";
RESET ROLE;
ALTER TABLE sml_inv.customer RENAME COLUMN email TO contact;
SELECT column_name, masks, status FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv' AND status LIKE 'rule%';
DROP SCHEMA sml_inv CASCADE;
SELECT count(*) FROM sustainml.privacy_inventory WHERE table_schema = 'sml_inv';
SELECT sustainml.destroy_key('anon_test', 'anon_test') > 0;
DROP OWNED BY sml_anon_reader;
DROP ROLE sml_anon_reader;
