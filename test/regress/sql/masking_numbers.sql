-- Numerics behind masks: read and made without text, checked against the server's own arithmetic, byte for byte.
SET client_min_messages = warning;
CREATE TABLE amount AS
	SELECT (s * m || 'e' || e)::numeric AS v
	  FROM unnest('{1,-1}'::int[]) s, unnest('{0,1,5,9,10,99,100,1234,9999,10000,10001,123456,99990000,123456789,999999999999,123456789012345,9007199254740991,9007199254740993,12345678901234567890}'::numeric[]) m,
		generate_series(-30, 30) e
	UNION ALL SELECT unnest('{0,0.00,0.5,-0.5,2.50,1e200,-1e-200,NaN,Infinity,-Infinity,1.00000000000000000000000000000000000000000001}'::numeric[]);
-- reading: the server's double gives the same cell
SELECT count(*) AS n, count(*) FILTER (WHERE sustainml_internal.mask_bucket(v, 0.1, 0) IS DISTINCT FROM sustainml_internal.mask_bucket(v::float8, 0.1, 0)) AS other_cells,
	count(*) FILTER (WHERE sustainml_internal.mask_bucket(v, 1e-30, 0) IS DISTINCT FROM sustainml_internal.mask_bucket(v::float8, 1e-30, 0)) AS other_fine_cells
  FROM amount WHERE v IN ('NaN', 'Infinity', '-Infinity', 0) OR abs(v) BETWEEN 1e-300 AND 1e300;
-- making: whole numbers have the bytes that the server gives them
SELECT count(*) AS n, count(*) FILTER (WHERE numeric_send(sustainml_internal.mask_round(v, 1)) <> numeric_send(round(v))) AS other_values,
	count(*) FILTER (WHERE pg_column_size(sustainml_internal.mask_round(v, 1)) <> pg_column_size(trim_scale(round(v)))) AS other_sizes
  FROM amount WHERE abs(v) < 1e13 AND v = v::float8::numeric;
DROP TABLE amount;
