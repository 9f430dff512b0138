-- Values at the edges, through a table: stored, opened as text and by type, changed by UPSERT, returned, moved between partitions, renamed; and values of hundreds of megabytes.
SET client_min_messages = warning;
SET datestyle = ISO; SET timezone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = hex;
CREATE ROLE sml_values_role NOLOGIN;
SELECT sustainml.create_key('values_test', role => 'sml_values_role');
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
CREATE TABLE edge (id int, part int, t text, y bytea, f float8, a float8[], n numeric, j jsonb, d date, z timestamptz, o boolean, i bigint, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
CREATE TABLE edge_1 PARTITION OF edge FOR VALUES IN (1);
CREATE TABLE edge_2 (z timestamptz, t text, i bigint, part int NOT NULL, y bytea, f float8, id int NOT NULL, a float8[], n numeric, j jsonb, d date, o boolean);
ALTER TABLE edge ATTACH PARTITION edge_2 FOR VALUES IN (2);
INSERT INTO edge VALUES
	(1, 1, '', '', '-0', '{}', 'NaN', '{}', '-infinity', '-infinity', false, -9223372036854775808),
	(2, 1, E'\x01\t\n\\', '\x00ff80fec328', 'NaN', '{NULL}', '-0.000', '[]', 'infinity', 'infinity', true, 9223372036854775807),
	(3, 2, 'Grüße €𝛼', '\xdeadbeef00', '-Infinity', '{{1,-0},{NaN,NULL}}', 'Infinity', 'null', '4713-01-01 BC', '4713-01-01 00:00:00 BC', NULL, 0),
	(4, 2, ' ', '\x00', 5e-324, '[3:4]={1,2}', 1e-1000, '""', '5874897-12-31', '294276-12-31 23:59:59.999999', NULL, -1),
	(5, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE edge_before AS SELECT * FROM edge;
SELECT bool_and(sustainml.encrypt_column('edge', attname, 'values_test') > 0) FROM pg_attribute WHERE attrelid = 'edge'::regclass AND attnum > 2;
-- as their types: every bit comes back
SELECT count(*), bool_and(sustainml.open(e.t) IS NOT DISTINCT FROM b.t) AS t, bool_and(sustainml.open_bytea(e.y) IS NOT DISTINCT FROM b.y) AS y,
	bool_and(float8send(sustainml.open_float8(e.f)) IS NOT DISTINCT FROM float8send(b.f)) AS f, bool_and(array_send(sustainml.open_float8_array(e.a)) IS NOT DISTINCT FROM array_send(b.a)) AS a,
	bool_and(numeric_send(sustainml.open_numeric(e.n)) IS NOT DISTINCT FROM numeric_send(b.n)) AS n, bool_and(sustainml.open_jsonb(e.j)::text IS NOT DISTINCT FROM b.j::text) AS j,
	bool_and(sustainml.open_date(e.d) IS NOT DISTINCT FROM b.d) AS d, bool_and(sustainml.open_timestamptz(e.z) IS NOT DISTINCT FROM b.z) AS z,
	bool_and(sustainml.open_boolean(e.o) IS NOT DISTINCT FROM b.o) AS o, bool_and(sustainml.open_int8(e.i) IS NOT DISTINCT FROM b.i) AS i
  FROM edge e JOIN edge_before b USING (part, id);
-- and as text, as the type writes it
SELECT bool_and(sustainml.open(e.f) IS NOT DISTINCT FROM b.f::text) AND bool_and(sustainml.open(e.a) IS NOT DISTINCT FROM b.a::text) AND bool_and(sustainml.open(e.n) IS NOT DISTINCT FROM b.n::text)
	AND bool_and(sustainml.open(e.y) IS NOT DISTINCT FROM b.y::text) AND bool_and(sustainml.open(e.z) IS NOT DISTINCT FROM b.z::text) AND bool_and(sustainml.open(e.o) IS NOT DISTINCT FROM CASE WHEN b.o THEN 't' WHEN NOT b.o THEN 'f' END) AS same
  FROM edge e JOIN edge_before b USING (part, id);
-- NULL is not sealed, an empty value is
SELECT id, t IS NULL AS t, y IS NULL AS y, a IS NULL AS a FROM edge ORDER BY id;
-- UPSERT, RETURNING, RETURNING of what was deleted
INSERT INTO edge (part, id, t, f) VALUES (1, 1, sustainml.seal('', 'edge', 't'), sustainml.seal('-0'::float8, 'edge', 'f'))
	ON CONFLICT (part, id) DO UPDATE SET t = excluded.t, f = excluded.f RETURNING id, sustainml.open(t) = '' AS empty, float8send(sustainml.open_float8(f)) = float8send('-0') AS minus_zero;
INSERT INTO edge (part, id, y) VALUES (1, 9, sustainml.seal(''::bytea, 'edge', 'y')) ON CONFLICT (part, id) DO UPDATE SET y = sustainml.seal('\xff'::bytea, 'edge', 'y') RETURNING sustainml.open_bytea(y);
INSERT INTO edge (part, id, y) VALUES (1, 9, sustainml.seal(''::bytea, 'edge', 'y')) ON CONFLICT (part, id) DO UPDATE SET y = sustainml.seal('\xff'::bytea, 'edge', 'y') RETURNING sustainml.open_bytea(y);
INSERT INTO edge (part, id, y) VALUES (1, 9, NULL) ON CONFLICT (part, id) DO NOTHING RETURNING id;
UPDATE edge SET y = NULL WHERE id = 9 RETURNING y IS NULL AS gone;
DELETE FROM edge WHERE id = 9 RETURNING sustainml.open(y);
-- moved to a partition whose columns are in another order, detached, attached
UPDATE edge SET part = 2 WHERE id = 1 RETURNING tableoid::regclass, sustainml.open(i);
ALTER TABLE edge DETACH PARTITION edge_2;
SELECT id, sustainml.open(i) FROM edge_2 ORDER BY id;
ALTER TABLE edge ATTACH PARTITION edge_2 FOR VALUES IN (2);
CALL sustainml.rotate('edge', 'i');
SELECT id, sustainml.open(i) FROM edge ORDER BY id;
-- renamed in every way
ALTER TABLE edge RENAME COLUMN t TO "T t";
ALTER TABLE edge RENAME TO "Edge";
CREATE SCHEMA "sml Values";
ALTER TABLE "Edge" SET SCHEMA "sml Values";
ALTER SCHEMA "sml Values" RENAME TO "sml values 2";
INSERT INTO "sml values 2"."Edge" (part, id, "T t") VALUES (2, 7, sustainml.seal('renamed', '"sml values 2"."Edge"', 'T t')) RETURNING sustainml.open("T t");
SELECT count(sustainml.open("T t")) FROM "sml values 2"."Edge";
SELECT sustainml.decrypt_column('"sml values 2"."Edge"', 'T t');
SELECT array_agg("T t" ORDER BY id) FROM "sml values 2"."Edge" WHERE "T t" <> '';
DROP SCHEMA "sml values 2" CASCADE;
DROP TABLE edge_before;

-- large values: 40 MB there and back, in the server's room of 1 GB; what could not be dumped is refused before it is copied
SELECT length(sustainml.open(sustainml.seal(repeat('x', 40000000), 'values_test')));
SET sustainml.crypto_provider = pgcrypto;
SELECT md5(sustainml.open_bytea(sustainml.seal(decode(repeat('00ff', 5000000), 'hex'), 'values_test'))) = md5(decode(repeat('00ff', 5000000), 'hex')) AS same;
RESET sustainml.crypto_provider;
SELECT pg_temp.refused('SELECT sustainml.seal(repeat(''x'', 805305345), ''values_test'')');
-- it can be stopped, and the session goes on
SET statement_timeout = '50ms';
\set VERBOSITY terse
SELECT count(sustainml.seal(repeat('x', 1000000), 'values_test')) FROM generate_series(1, 1000);
\set VERBOSITY default
RESET statement_timeout;
SELECT sustainml.open(sustainml.seal('still here'::text, 'values_test'));
SELECT sustainml.destroy_key('values_test', 'values_test') > 0;
DROP ROLE sml_values_role;
