-- A table of 1,600 columns, and 1,000 features in an array: cells nest beyond 98 columns, and the coefficients are those
-- that the data was made with.
\set VERBOSITY terse
SET client_min_messages = warning;
DO $$
BEGIN
	-- column k of row i: a fixed pseudo-random number; y = 5 + 3 x1 - 2 x98 + x99 + 0.5 x1599, and a little noise
	EXECUTE 'CREATE TABLE wide AS SELECT ' || (SELECT string_agg('x' || k, ', ' ORDER BY k) FROM generate_series(1, 1599) k) || ', 5 + 3 * x1::float8 - 2 * x98::float8 + x99::float8 + 0.5 * x1599::float8 + hashint8(-i) % 1000 / 100000.0 AS y FROM (SELECT i, ' ||
		(SELECT string_agg(format('(hashint8(i::bigint * 1600 + %s) %% 1000 / 1000.0)::float4 AS x%s', k, k), ', ' ORDER BY k) FROM generate_series(1, 1599) k) ||
		' FROM generate_series(1::bigint, 1800) i) s';
END
$$;
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0;
-- (a small penalty, so that the seconds of a 1,600 x 1,600 inverse for standard errors are saved)
SELECT rows_used FROM sustainml.train('wide', 'wide', target => 'y', holdout => 0, params => '{"l2": 1e-6}');
SELECT count(*), bool_and(abs(estimate - CASE term WHEN '(intercept)' THEN 5 WHEN 'x1' THEN 3 WHEN 'x98' THEN -2 WHEN 'x99' THEN 1 WHEN 'x1599' THEN 0.5 ELSE 0 END) < 0.01) AS right
  FROM sustainml.coefficients('wide');
-- a row of 1,600 columns is more than a function takes: the row form serves
SELECT count(*), max(abs(sustainml.predict('wide', t) - y)) < 0.05 AS right FROM wide t WHERE ctid < '(20,1)';
-- a few of them: only those are read
SELECT rows_used FROM sustainml.train('wide_few', 'wide', target => 'y', features => '{x1,x98,x99,x1599}', holdout => 0);
SELECT max(abs(sustainml.predict('wide_few', t) - y)) < 0.02 AS right FROM wide t;
-- as many columns as one call takes, one less and one more: the same predictions by row and by
-- columns, and as jsonb up to the digits of a float4 in text
DO $$
DECLARE
	n int; names text; same bool;
BEGIN
	FOREACH n IN ARRAY ARRAY[97, 98, 99, 196] LOOP
		SELECT string_agg('x' || k, ',' ORDER BY k) INTO names FROM generate_series(1, n) k;
		PERFORM sustainml.train('wide_n', 'wide', target => 'y', features => ('{' || names || '}')::text[], holdout => 0);
		EXECUTE format('SELECT bool_and(abs(sustainml.predict(%L, t) - sustainml.predict(%L, to_jsonb(t))) < 1e-5%s) FROM wide t WHERE ctid < %L', 'wide_n', 'wide_n',
			CASE WHEN n < 99 THEN format(' AND abs(sustainml.predict(%L, t) - sustainml.predict(%L, %s)) < 1e-10', 'wide_n', 'wide_n', names) ELSE '' END, '(5,1)') INTO same;
		RAISE WARNING '% columns: %', n, same;
	END LOOP;
END
$$;

-- 1,000 features in one column
CREATE TABLE long AS
SELECT i AS id, (SELECT array_agg((hashint8(i::bigint * 1000 + k) % 1000)::float4 / 1000 ORDER BY k) FROM generate_series(1, 1000) k) AS a
  FROM generate_series(1, 1200) i;
ALTER TABLE long ADD y float8, ADD two boolean;
UPDATE long SET y = 1 + 2 * a[1]::float8 - 4 * a[1000]::float8 + hashint4(-id) % 1000 / 100000.0, two = a[1] + a[500] > a[1000];
SELECT rows_used FROM sustainml.train('long', 'long', target => 'y', features => '{a}', holdout => 0, params => '{"l2": 1e-6}');
SELECT count(*), bool_and(abs(estimate - CASE term WHEN '(intercept)' THEN 1 WHEN 'a[1]' THEN 2 WHEN 'a[1000]' THEN -4 ELSE 0 END) < 0.02) AS right
  FROM sustainml.coefficients('long');
SELECT max(abs(sustainml.predict('long', t) - y)) < 0.05 AS by_row, max(abs(sustainml.predict('long', a) - y)) < 0.05 AS by_array FROM long t;
SELECT rows_used FROM sustainml.train('long_two', 'long', target => 'two', features => '{a}', holdout => 0, params => '{"l2": 1, "max_iter": 4}');
SELECT sustainml.roc_auc(two, sustainml.predict_proba('long_two', t)) > 0.99 AS right FROM long t;

SELECT sustainml.drop_model(model) FROM sustainml.models WHERE is_active AND model ~ '^(wide|long)' ORDER BY model \g /dev/null
DROP TABLE wide, long;
