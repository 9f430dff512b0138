-- ROC-AUC and average precision on real columns with many ties: a quarter of the mammography data, values from
-- scikit-learn 1.2.1 (test/reference/metric.md).
CREATE SCHEMA metric_data;
SET search_path = metric_data;
CREATE TABLE mammography (f1 float8, f2 float8, f3 float8, f4 float8, f5 float8, f6 float8, calcification int);
-- read by psql, since the server's user may not see the file
\set lines `cat "$SML_DATA/mammography_quarter.csv"`
INSERT INTO mammography
SELECT c[1]::float8, c[2]::float8, c[3]::float8, c[4]::float8, c[5]::float8, c[6]::float8, c[7]::int
FROM regexp_split_to_table(:'lines', E'\n') WITH ORDINALITY AS l(line, n), string_to_array(line, ',') AS c WHERE n > 1;
SELECT count(*) AS rows, sum(calcification) AS positive FROM mammography;

SELECT f.feature, abs(f.roc_auc - e.roc_auc) < 1e-12 AS roc_auc, abs(f.average_precision - e.average_precision) < 1e-12 AS average_precision,
	abs(f.weighted_auc - e.weighted_auc) < 1e-12 AS weighted_auc, abs(f.weighted_precision - e.weighted_precision) < 1e-12 AS weighted_precision
FROM (SELECT feature, sustainml.roc_auc(calcification, score) AS roc_auc, sustainml.average_precision(calcification, score) AS average_precision,
		sustainml.roc_auc(calcification, score, 1 + abs(f2)) AS weighted_auc,
		sustainml.average_precision(calcification, score, 1 + abs(f2)) AS weighted_precision
	FROM mammography CROSS JOIN LATERAL (VALUES ('f1', f1), ('f2', f2), ('f3', f3), ('f4', f4), ('f5', f5), ('f6', f6)) AS v(feature, score)
	GROUP BY feature) AS f
JOIN (VALUES
	('f1', 0.7647607244458214::float8, 0.05963343053713126::float8, 0.6955322238650118::float8, 0.040491556764573826::float8),
	('f2', 0.6081908571106668, 0.02701738181672273, 0.5406345458624182, 0.0198187807073256),
	('f3', 0.42762301777314604, 0.01971746640890383, 0.4209933538141983, 0.016514772933921007),
	('f4', 0.8673098048052278, 0.19740134764265904, 0.8477953843332567, 0.16158925949967048),
	('f5', 0.8568290003661664, 0.45934826957857244, 0.8527031559317367, 0.4452502044626128),
	('f6', 0.8406247359378081, 0.14272058896757886, 0.8407064259001906, 0.13157046389147597))
	AS e(feature, roc_auc, average_precision, weighted_auc, weighted_precision) USING (feature)
ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA metric_data CASCADE;
