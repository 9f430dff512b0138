-- Sealed values: what goes in comes out, and nothing else does.
SET client_min_messages = warning;
CREATE ROLE sml_sealed_role NOLOGIN;
SELECT sustainml.create_key('sealed_test', role => 'sml_sealed_role');
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '');
END $$;
CREATE FUNCTION pg_temp.bytes(value sustainml.sealed) RETURNS bytea LANGUAGE sql AS
$$ SELECT decode(translate(substr(value::text, 6), '-_', '+/'), 'base64') $$;
CREATE FUNCTION pg_temp.of_bytes(b bytea) RETURNS sustainml.sealed LANGUAGE sql AS
$$ SELECT ('sml1:' || translate(replace(encode(b, 'base64'), E'\n', ''), '+/', '-_'))::sustainml.sealed $$;

-- every type, by open as text and by its own function
SELECT sustainml.open(sustainml.seal('hello'::text, 'sealed_test')), sustainml.open(sustainml.seal('literal', 'sealed_test')),
       sustainml.open(sustainml.seal(''::text, 'sealed_test')) = '' AS empty;
SELECT sustainml.open(sustainml.seal('Grüße €'::varchar(20), 'sealed_test')), sustainml.open(sustainml.seal('ab  '::char(4), 'sealed_test')) = 'ab  ' AS padded;
SELECT bool_and(float8send(sustainml.open_float8(sustainml.seal(x, 'sealed_test'))) = float8send(x))
  FROM unnest(ARRAY[0, '-0', 1.5, 'NaN', 'Infinity', '-Infinity', 1e-320, 1.7976931348623157e308, 0.1]::float8[]) x;
SELECT sustainml.open_int8(sustainml.seal(9223372036854775807, 'sealed_test')), sustainml.open_int8(sustainml.seal(-5::smallint, 'sealed_test'));
SELECT sustainml.open_numeric(sustainml.seal(12345678901234567890.0123456789, 'sealed_test')), sustainml.open_numeric(sustainml.seal('NaN'::numeric, 'sealed_test'));
SELECT sustainml.open_float8_array(sustainml.seal(ARRAY[1, NULL, 'NaN', 2.5]::float8[], 'sealed_test')), sustainml.open_float8_array(sustainml.seal('{}'::float8[], 'sealed_test'));
SELECT sustainml.open_bytea(sustainml.seal('\x00ff80fe'::bytea, 'sealed_test')), sustainml.open_bytea(sustainml.seal(''::bytea, 'sealed_test')) = '' AS empty;
SELECT sustainml.open_jsonb(sustainml.seal('{"a": [1, null, "ü"]}'::jsonb, 'sealed_test'));
SET datestyle = ISO; SET timezone = 'UTC';
SELECT sustainml.open_date(sustainml.seal(date '1969-12-31', 'sealed_test')), sustainml.open_date(sustainml.seal('infinity'::date, 'sealed_test'));
SELECT sustainml.open_timestamptz(sustainml.seal(timestamptz '2026-11-26 18:00:00.123456+01', 'sealed_test'));
SELECT sustainml.open_boolean(sustainml.seal(true, 'sealed_test')), sustainml.open(sustainml.seal(false, 'sealed_test'));
SELECT sustainml.seal(NULL::text, 'sealed_test') IS NULL, sustainml.open(NULL) IS NULL, pg_temp.refused('SELECT sustainml.seal(''x'', NULL)');
SELECT bool_and(sustainml.open(sustainml.seal(repeat('x', n), 'sealed_test')) = repeat('x', n)) FROM generate_series(0, 64) n;
SELECT length(sustainml.open(sustainml.seal(repeat('x', 10000000), 'sealed_test')));
-- the same value is never sealed to the same bytes; 16 bytes take 87
SELECT sustainml.seal(1, 'sealed_test')::text = sustainml.seal(1, 'sealed_test')::text AS same, length(pg_temp.bytes(sustainml.seal(repeat('x', 16), 'sealed_test')));
-- the payload lies open nowhere
SELECT position('marker'::bytea IN pg_temp.bytes(sustainml.seal('a marker in a text'::text, 'sealed_test')));

-- two providers, the same bytes
CREATE TABLE provided (v text);
INSERT INTO provided SELECT repeat('x', n) FROM generate_series(0, 40) n;
SELECT sustainml.encrypt_column('provided', 'v', 'sealed_test', deterministic => true) > 0 AS done;
SET sustainml.crypto_provider = pgcrypto;
SELECT count(*), bool_and(sustainml.token(v) = sustainml.token(sustainml.seal(repeat('x', length(sustainml.open(v))), 'provided', 'v'))) AS same FROM provided;
SET sustainml.crypto_provider = libcrypto;
SELECT count(*), bool_and(sustainml.token(v) = sustainml.token(sustainml.seal(repeat('x', length(sustainml.open(v))), 'provided', 'v'))) AS same FROM provided;
RESET sustainml.crypto_provider;
SET ROLE sml_sealed_role;
SELECT pg_temp.refused('SET sustainml.crypto_provider = pgcrypto') LIKE '42501%' AS refused;
RESET ROLE;
DROP TABLE provided;

-- the wrong type
SELECT pg_temp.refused('SELECT sustainml.open_float8(sustainml.seal(''secret text''::text, ''sealed_test''))');
SELECT pg_temp.refused('SELECT sustainml.seal(point(1,2), ''sealed_test'')');
SELECT pg_temp.refused('SELECT sustainml.seal(1, ''sealed_tset'')');
-- no way around the type
SELECT pg_temp.refused('SELECT ''hello''::sustainml.sealed');
SELECT pg_temp.refused('SELECT ''hello''::text::sustainml.sealed'), pg_temp.refused('SELECT sustainml.seal(1, ''sealed_test'') = sustainml.seal(1, ''sealed_test'')');
SELECT pg_temp.refused('SELECT ''\x01''::bytea::sustainml.sealed');
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod FROM pg_cast
 WHERE castsource = 'sustainml.sealed'::regtype OR casttarget = 'sustainml.sealed'::regtype;
-- nothing that would store plaintext can be built on open
CREATE TABLE sealed_values (id int, v sustainml.sealed);
INSERT INTO sealed_values SELECT i, sustainml.seal('value ' || i, 'sealed_test') FROM generate_series(1, 3) i;
SELECT pg_temp.refused('CREATE INDEX ON sealed_values (sustainml.open(v))');
SELECT pg_temp.refused('ALTER TABLE sealed_values ADD COLUMN clear text GENERATED ALWAYS AS (sustainml.open(v)) STORED');
-- (statistics and materialized views need not be immutable, so opening is refused while they are made)
CREATE STATISTICS sealed_stats ON (sustainml.open(v)), id FROM sealed_values;
SELECT pg_temp.refused('ANALYZE sealed_values');
DROP STATISTICS sealed_stats;
SELECT pg_temp.refused('CREATE MATERIALIZED VIEW sealed_clear AS SELECT sustainml.open(v) FROM sealed_values');
SELECT pg_temp.refused('CREATE INDEX ON sealed_values (v)'), pg_temp.refused('SELECT DISTINCT v FROM sealed_values');

-- every byte of a value counts, and every failure says the same
WITH sealed AS (SELECT pg_temp.bytes(sustainml.seal('sixteen bytes ..'::text, 'sealed_test')) AS b),
     flipped AS (SELECT set_byte(b, i, get_byte(b, i) # bit) AS b, i FROM sealed, generate_series(0, length(b) - 1) i, unnest(ARRAY[1, 128]) bit)
SELECT CASE WHEN i IN (0, 1) OR answer LIKE '22P02%' THEN 'head' ELSE 'body' END AS part, answer, count(*) > 0 AS some
  FROM (SELECT i, pg_temp.refused(format('SELECT sustainml.open(pg_temp.of_bytes(%L))', b)) AS answer FROM flipped) a GROUP BY 1, 2 ORDER BY 1, 2;
WITH sealed AS (SELECT pg_temp.bytes(sustainml.seal('sixteen bytes ..'::text, 'sealed_test')) AS b)
SELECT pg_temp.refused(format('SELECT sustainml.open(pg_temp.of_bytes(%L))', substr(b, 1, n))) AS answer, count(*)
  FROM sealed, generate_series(0, length(b) - 1) n GROUP BY 1 ORDER BY 1;
-- text that is not canonical
WITH sealed AS (SELECT sustainml.seal('x', 'sealed_test')::text AS t)
SELECT bool_and(pg_temp.refused(format('SELECT %L::sustainml.sealed', bad)) LIKE '22P02%')
  FROM sealed, unnest(ARRAY[t || '=', t || E'\n', ' ' || t, upper(t), replace(t, 'sml1:', 'sml2:'), left(t, -1), translate(t, '=', '') || ' ']) bad;
-- bound to a row: the value opens with its row's key and no other
CREATE TABLE bound (id int, v sustainml.sealed);
INSERT INTO bound SELECT i, sustainml.seal_row('value ' || i, 'sealed_test', i::text) FROM generate_series(1, 3) i;
SELECT id, sustainml.open_row(v, id::text) FROM bound ORDER BY id;
UPDATE bound a SET v = b.v FROM bound b WHERE a.id = 1 AND b.id = 2;
SELECT pg_temp.refused('SELECT sustainml.open_row(v, id::text) FROM bound WHERE id = 1');
SELECT pg_temp.refused('SELECT sustainml.open(v) FROM bound WHERE id = 3');
SELECT pg_temp.refused('SELECT sustainml.open_row(v, ''1'') FROM sealed_values');
SELECT pg_temp.refused('SELECT sustainml.seal_row(1, ''sealed_test'', NULL)');

-- blind indexes: equal values, equal hashes, in one domain of one key
SELECT sustainml.blind_index('a'::text, 'sealed_test') = sustainml.blind_index('a'::varchar, 'sealed_test') AS same_value,
       sustainml.blind_index('a'::text, 'sealed_test') = sustainml.blind_index('b'::text, 'sealed_test') AS other_value,
       sustainml.blind_index('a'::text, 'sealed_test') = sustainml.blind_index('a'::text, 'sealed_test', domain => 'd') AS other_domain,
       sustainml.blind_index(1, 'sealed_test') = sustainml.blind_index(1::bigint, 'sealed_test') AS same_integer,
       length(sustainml.blind_index(1, 'sealed_test')), length(sustainml.blind_index(1, 'sealed_test', bits => 32));
SELECT pg_temp.refused('SELECT sustainml.blind_index(true, ''sealed_test'')'), pg_temp.refused('SELECT sustainml.blind_index(1, ''sealed_test'', bits => 12)');
CREATE TABLE found (ssn sustainml.sealed, ssn_index bytea UNIQUE);
INSERT INTO found SELECT sustainml.seal(s, 'sealed_test'), sustainml.blind_index(s, 'sealed_test', 'ssn') FROM (VALUES ('123'::text), ('456')) v(s);
SELECT sustainml.open(ssn) FROM found WHERE ssn_index = sustainml.blind_index('456'::text, 'sealed_test', 'ssn');
SELECT pg_temp.refused('INSERT INTO found VALUES (NULL, sustainml.blind_index(''123''::text, ''sealed_test'', ''ssn''))') LIKE '23505%' AS is_unique;

DROP TABLE sealed_values, bound, found;
DROP ROLE sml_sealed_role;
