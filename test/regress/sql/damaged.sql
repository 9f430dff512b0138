-- Bytes that were not made by us, or were changed afterwards: one clear error each, never a crash, never a wrong answer.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE TABLE data AS SELECT i AS id, i % 17 AS a, (i * 31 % 13)::numeric AS b, 'k' || i % 3 AS t, i % 17 + i * 7 % 5 > 9 AS two, 'c' || i % 4 AS four FROM generate_series(1, 400) i;
SELECT rows_used FROM sustainml.train('dam', 'data', target => 'two', features => '{a,b,t}', holdout => 0);
SELECT rows_used FROM sustainml.train('dam_four', 'data', target => 'four', features => '{a,t}', holdout => 0, params => '{"l2": 1}');
SELECT rows_used FROM sustainml.train('dam_line', 'data', target => 'a', features => '{b,t}', holdout => 0);
CREATE TABLE whole AS SELECT * FROM sustainml.model_version WHERE model LIKE 'dam%';

-- Put bytes into the version of a model, as a superuser or a disk can; what reading it says.  The checksum is part of
-- the cache's key, so that a new one is read.
CREATE FUNCTION with_bytes(name text, damaged bytea, n bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	what text; detail text;
BEGIN
	UPDATE sustainml.model_version SET bytes = damaged, checksum = n WHERE model = name;
	PERFORM sustainml.predict_class(name, d) FROM data d WHERE id = 1;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, what);
END
$$;
-- every byte flipped in turn, and every length
SELECT model, octet_length(bytes) > 300 AS some, (SELECT array_agg(DISTINCT with_bytes(model, set_byte(bytes, i, get_byte(bytes, i) # 1), i)) FROM generate_series(0, octet_length(bytes) - 1) i) AS flipped
  FROM whole WHERE model <> 'dam_line' ORDER BY model;
SELECT model, (SELECT array_agg(DISTINCT with_bytes(model, set_byte(bytes, i, 255 - get_byte(bytes, i)), 10000 + i)) FROM generate_series(0, octet_length(bytes) - 1, 7) i) AS inverted,
       (SELECT array_agg(DISTINCT with_bytes(model, substr(bytes, 1, i), 20000 + i)) FROM generate_series(0, octet_length(bytes) - 1, 5) i) AS cut,
       with_bytes(model, bytes || '\x00', 30000) AS longer, with_bytes(model, '', 30001) AS empty, with_bytes(model, bytes, 30002) AS other_checksum,
       with_bytes(model, bytes, checksum) AS whole
  FROM whole WHERE model <> 'dam_line' ORDER BY model;
-- bytes of another model, whole in themselves, are not those that were stored
SELECT with_bytes('dam_four', (SELECT bytes FROM whole WHERE model = 'dam'), 30003);
\c -
SET client_min_messages = warning;
\set VERBOSITY terse
UPDATE sustainml.model_version SET bytes = (SELECT bytes FROM whole WHERE model = 'dam_four') WHERE model = 'dam';
SELECT sustainml.predict_class('dam', d) FROM data d;
UPDATE sustainml.model_version v SET bytes = w.bytes, checksum = w.checksum FROM whole w WHERE w.id = v.id;
SELECT count(sustainml.predict_class('dam', d)) FROM data d;
-- the other ways in say the same
UPDATE sustainml.model_version SET bytes = set_byte(bytes, 100, get_byte(bytes, 100) # 255), checksum = 30005 WHERE model = 'dam_line';
SELECT sustainml.predict('dam_line', d) FROM data d;
SELECT sustainml.predict('dam_line', 1, 'k1');
SELECT * FROM sustainml.coefficients('dam_line');
SELECT * FROM sustainml.features('dam_line');
\set SHOW_CONTEXT never
SELECT * FROM sustainml.evaluate('dam_line', 'data');
SELECT * FROM sustainml.score('dam_line', 'data', 'never', key => '{id}');
SELECT * FROM sustainml.compare('dam_line', 'dam_line', 'data');
-- a damaged version does not stand in the way of a better one, nor of being dropped
SELECT ref, active FROM sustainml.train('dam_line', 'data', target => 'a', features => '{b,t}', holdout => 0, activate => 'never');
SELECT sustainml.activate('dam_line@2');
SELECT count(sustainml.predict('dam_line', d)) FROM data d;
SELECT sustainml.drop_model('dam_line@1');
UPDATE sustainml.model_version SET bytes = 'x', checksum = 1 WHERE model = 'dam_line';
SELECT ref, active, activation_reason FROM sustainml.train('dam_line', 'data', target => 'a', features => '{b,t}', holdout => 0);

-- Training states typed by hand.
CREATE FUNCTION as_state(typed text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM typed::sustainml.state;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, sqlerrm, detail);
END
$$;
SELECT typed, as_state(typed) FROM (VALUES (''), ('x'), ('hello'), ('AAAA'), ('not base64!')) v(typed);
-- mark, version and lengths: workers, plan and pass of a size that is not there, or that overflows
SELECT what, as_state(encode(head || decode(lengths, 'hex'), 'base64')) FROM
	(VALUES ('\x534c4d5301000000'::bytea)) h(head),
	(VALUES ('no lengths', ''), ('nothing', '00000000' || '00000000000000000000000000000000'),
	        ('too many workers', 'ffffffff' || '00000000000000000000000000000000'),
	        ('plan too long', '00000000' || 'ffffffffffffff7f0000000000000000'),
	        ('pass too long', '00000000' || '0000000000000000ffffffffffffffff'),
	        ('sum overflows', '00000000' || 'ffffffffffffffff0100000000000000'),
	        ('a plan of zeroes', '00000000' || '10000000000000000000000000000000' || '00000000000000000000000000000000')) v(what, lengths);
SELECT DISTINCT left(as_state(encode(decode(md5(i::text) || md5((-i)::text) || repeat('00', i % 40), 'hex'), 'base64')), 5) FROM generate_series(1, 500) i;
SELECT DISTINCT left(as_state(encode('\x534c4d5301000000'::bytea || decode(md5(i::text) || md5((-i)::text), 'hex'), 'base64')), 5) FROM generate_series(1, 500) i;
-- cells have no form that can be typed, plans no meaning by hand, and the functions of the fold are not for users
-- plans of one number and of three, as sml_plan_write writes them; cells and states of another plan are not taken for those of this one
\set one '\\x534d4c31504c414e010000003000000000000000de961bf10afc06bb0000000100000000000000010000007810000000646f75626c6520707265636973696f6e000000000000000000000100'
\set three '\\x534d4c31504c414e010000007600000000000000638cac2e09a68b9c0000000300000000000000010000006110000000646f75626c6520707265636973696f6e000000000000000000010000006210000000646f75626c6520707265636973696f6e000000000000000000010000006310000000646f75626c6520707265636973696f6e0000000000000000000001000000'
SELECT length(sustainml_internal.fold(:'three', sustainml_internal.cells(:'three', sustainml_internal.cells(:'three', i::float8), 2.0::float8, 3.0::float8))::text) > 100 AS works FROM generate_series(1, 3) AS i;
SELECT sustainml_internal.cells(:'three', CASE WHEN i = 1 THEN sustainml_internal.cells(:'three', i::float8) ELSE sustainml_internal.cells(:'three', i::float8, 2.0::float8, 3.0::float8) END, 2.0::float8, 3.0::float8) IS NULL
  FROM generate_series(1, 3) AS i;
SELECT length(sustainml_internal.fold(CASE WHEN i % 2 = 0 THEN :'one'::bytea ELSE :'three' END, sustainml_internal.cells(:'one', i::float8))::text) > 0 FROM generate_series(1, 4) AS i GROUP BY i % 2;
SELECT length(sustainml_internal.fold(CASE WHEN i % 2 = 1 THEN :'one'::bytea ELSE :'three' END, sustainml_internal.cells(:'one', i::float8))::text) > 0 FROM generate_series(1, 4) AS i GROUP BY i % 2;
SELECT '1'::sustainml_internal.cells;
SELECT sustainml_internal.cells('\x00'::bytea, 1.0);
SELECT sustainml_internal.cells(NULL::bytea, 1.0);
SELECT sustainml_internal.cells(decode(md5(a::text), 'hex'), a) FROM data LIMIT 1;
SELECT sustainml_internal.fold('\x00'::bytea, NULL::sustainml_internal.cells);
SELECT sustainml_internal.fold_merge(NULL, NULL);

DROP FUNCTION with_bytes, as_state;
SELECT sustainml.drop_model(model) FROM (VALUES ('dam'), ('dam_four'), ('dam_line')) v(model);
DROP TABLE data, whole;
