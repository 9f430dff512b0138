-- NIST StRD, Wampler 3 to 5: polynomials of degree 5 under noise of growing size (test/reference/train.md and wampler_values.py).
CREATE SCHEMA train_wampler;
SET search_path = train_wampler;
SET client_min_messages = warning;

CREATE TABLE wampler (number int PRIMARY KEY, y float8[]);
INSERT INTO wampler VALUES
	(3, ARRAY[760, -2042, 2111, -1684, 3888, 1858, 11379, 17560, 39287, 64382, 113159, 175108, 273291, 400186, 581243, 811568, 1121004, 1506550, 2002767, 2611612, 3369180]),
	(4, ARRAY[75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249, -138370, 315911, -27644, 455253, 197434, 783995, 608816, 1370781, 1303798, 2205519, 2408860, 3444321]),
	(5, ARRAY[7590001, -20479994, 20480063, -20479636, 25231365, -20476094, 20489331, -20460392, 18417449, -20413570, 20591111, -20302844, 18651453, -20077766, 21059195, -19666384, 26348481, -18971402, 22480719, -17866340, 10958421]);
CREATE TABLE certified (number int, term text, std_error float8);
INSERT INTO certified VALUES
	(3, '(intercept)', 2152.32624678170), (3, 'x', 2363.55173469681), (3, 'x2', 779.343524331583), (3, 'x3', 101.475507550350), (3, 'x4', 5.64566512170752), (3, 'x5', 0.112324854679312),
	(4, '(intercept)', 215232.624678170), (4, 'x', 236355.173469681), (4, 'x2', 77934.3524331583), (4, 'x3', 10147.5507550350), (4, 'x4', 564.566512170752), (4, 'x5', 11.2324854679312),
	(5, '(intercept)', 21523262.4678170), (5, 'x', 23635517.3469681), (5, 'x2', 7793435.24331583), (5, 'x3', 1014755.07550350), (5, 'x4', 56456.6512170752), (5, 'x5', 1123.24854679312);
CREATE TABLE figures (number int, sigma float8, r2 float8);
INSERT INTO figures VALUES (3, 2360.14502379268, 0.999995559025820), (4, 236014.502379268, 0.957478440825662), (5, 23601450.2379268, 0.224668921574940E-02);

CREATE FUNCTION digits(value float8, expected float8) RETURNS int
	LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN abs(value / expected - 1) < 1e-15 THEN 15 ELSE floor(-log(abs(value / expected - 1)::numeric))::int END';
CREATE FUNCTION fitted(number int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT ref FROM sustainml.train('wampler' || number, format(
		'SELECT i::float8 AS x, i::float8 ^ 2 AS x2, i::float8 ^ 3 AS x3, i::float8 ^ 4 AS x4, i::float8 ^ 5 AS x5, w.y[i + 1] AS y
		   FROM wampler w, generate_series(0, 20) AS i WHERE w.number = %s', number), target => 'y', holdout => 0));
END $$;
SELECT number, fitted(number) FROM wampler ORDER BY number;

-- all coefficients are 1; as many digits must be right as a QR factorisation in double precision keeps
SELECT f.number, min(digits(c.estimate, 1)) >= 15 - 2 * f.number AS estimates, min(digits(c.std_error, e.std_error)) >= 10 AS std_errors, count(*) AS terms
  FROM figures f, sustainml.coefficients('wampler' || f.number) c JOIN certified e USING (term) WHERE e.number = f.number GROUP BY f.number ORDER BY 1;
SELECT f.number, s.figure, digits(s.value, CASE s.figure WHEN 'sigma' THEN f.sigma ELSE f.r2 END) >= 12 AS right
  FROM figures f, sustainml.fit_summary('wampler' || f.number) s WHERE s.figure IN ('sigma', 'r2') ORDER BY 1, 2;

-- NIST StRD Filip, certified: a polynomial of degree 10 whose columns, scaled, have a condition number of 4e9
\set lines `cat "$SML_DATA/filip.csv"`
CREATE TABLE filip AS SELECT split_part(line, ',', 1)::float8 AS y, split_part(line, ',', 2)::float8 AS x
  FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, n) WHERE n > 1 AND line <> '';
CREATE TABLE filip_certified (term text, estimate float8, std_error float8);
INSERT INTO filip_certified VALUES
	('(intercept)', -1467.48961422980, 298.084530995537), ('x', -2772.17959193342, 559.779865474950), ('x2', -2316.37108160893, 466.477572127796),
	('x3', -1127.97394098372, 227.204274477751), ('x4', -354.478233703349, 71.6478660875927), ('x5', -75.1242017393757, 15.2897178747400),
	('x6', -10.8753180355343, 2.23691159816033), ('x7', -1.06221498588947, 0.221624321934227), ('x8', -0.670191154593408E-01, 0.142363763154724E-01),
	('x9', -0.246781078275479E-02, 0.535617408889821E-03), ('x10', -0.402962525080404E-04, 0.896632837373868E-05);
SELECT ref, rows_used, notes FROM sustainml.train('filip', 'SELECT y, x, x ^ 2 AS x2, x ^ 3 AS x3, x ^ 4 AS x4, x ^ 5 AS x5, x ^ 6 AS x6, x ^ 7 AS x7, x ^ 8 AS x8, x ^ 9 AS x9, x ^ 10 AS x10 FROM filip',
	target => 'y', holdout => 0);
-- rounding the powers to doubles alone moves the estimates by 2e-8
SELECT min(digits(c.estimate, e.estimate)) >= 7 AS estimates, min(digits(c.std_error, e.std_error)) >= 7 AS std_errors, count(*) AS terms
  FROM sustainml.coefficients('filip') c JOIN filip_certified e USING (term);
SELECT figure, digits(value, CASE figure WHEN 'sigma' THEN 0.334801051324544E-02 ELSE 0.996727416185620 END) >= 8 AS right
  FROM sustainml.fit_summary('filip') WHERE figure IN ('sigma', 'r2') ORDER BY 1;

DROP SCHEMA train_wampler CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_wampler.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_wampler') AS q;
END $$;
