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

DROP SCHEMA train_wampler CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_wampler.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_wampler') AS q;
END $$;
