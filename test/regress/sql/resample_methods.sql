-- resample and class_balance: originals and synthetic rows together, sets of under-sampling against imbalanced-learn's (test/reference/resample.md).
CREATE SCHEMA resample_methods;
SET search_path = resample_methods;
CREATE TABLE rare (x0 float8, x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, class int, tomek int, tomek_all int, enn int, enn_all int,
	nearmiss1 int, nearmiss2 int, nearmiss3 int, danger int, others int);
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "\copy resample_methods.rare FROM '$SML_DATA/resample_mammography.csv' CSV HEADER"
CREATE TABLE mammography AS SELECT row_number() OVER () AS id, * FROM rare;
ALTER TABLE mammography ADD PRIMARY KEY (id);
SELECT class, rows, round(share::numeric, 4) AS share, round(imbalance_ratio::numeric, 2) AS imbalance_ratio, largest_k, advice FROM sustainml.class_balance('mammography', 'class');
SELECT class, rows, round(imbalance_ratio::numeric, 2) AS imbalance_ratio, largest_k FROM sustainml.class_balance('mammography', 'class', filter => 'id <= 200');
SELECT class, rows, advice FROM sustainml.class_balance($$SELECT CASE WHEN i < 990 THEN 'many' WHEN i < 1000 THEN 'few' WHEN i = 1000 THEN 'one' END AS c FROM generate_series(1, 1010) i$$, 'c');
SELECT count(*) FROM sustainml.class_balance($$SELECT 1 AS c WHERE false$$, 'c');

-- the rows that stay are those that imbalanced-learn keeps
CREATE FUNCTION wrong(kind text, kept_by text, strategy text DEFAULT 'auto') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint; BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT id FROM sustainml.resample(NULL::mammography, ''class'', kind => %L, strategy => %L, features => ''{x0,x1,x2,x3,x4,x5}'')) s
	                FULL JOIN (SELECT id FROM mammography WHERE %I = 1) e USING (id) WHERE s.id IS NULL OR e.id IS NULL', kind, strategy, kept_by) INTO result;
	RETURN result;
END $$;
SELECT wrong('tomek', 'tomek') AS tomek, wrong('tomek', 'tomek_all', 'all') AS tomek_all, wrong('enn', 'enn') AS enn, wrong('enn', 'enn_all', 'all') AS enn_all,
       wrong('nearmiss1', 'nearmiss1') AS nearmiss1, wrong('nearmiss2', 'nearmiss2') AS nearmiss2, wrong('nearmiss3', 'nearmiss3') AS nearmiss3;
-- and they stay as they are, in all their columns
SELECT count(*) < 1019 AS fewer, count(*) = count(m.id) AS same FROM sustainml.resample(NULL::mammography, 'class', kind => 'enn', features => '{x0,x1,x2,x3,x4,x5}') r LEFT JOIN mammography m ON m = r;

-- counts of the others; originals first, unchanged
SELECT kind, zero, one, originals FROM unnest(ARRAY['smote', 'borderline1', 'borderline2', 'adasyn', 'random_over', 'random_under', 'random']) kind,
	LATERAL (SELECT count(*) FILTER (WHERE r.class = 0) zero, count(*) FILTER (WHERE r.class = 1) one, count(m.id) originals
	           FROM sustainml.resample(NULL::mammography, 'class', kind => kind, features => '{x0,x1,x2,x3,x4,x5}') r LEFT JOIN mammography m ON m = r) q;
SELECT zero, one FROM (SELECT count(*) FILTER (WHERE class = 0) zero, count(*) FILTER (WHERE class = 1) one
                         FROM sustainml.resample(NULL::mammography, 'class', kind => 'random_under', ratio => 0.5)) q;
-- borderline1 builds on the rows in danger
SELECT bool_and(m.danger = 1), count(DISTINCT m.id) = (SELECT count(*) FROM mammography WHERE danger = 1) AS all_of_them
  FROM sustainml.smote_lineage(NULL::mammography, 'class', kind => 'borderline1', features => '{x0,x1,x2,x3,x4,x5}') l JOIN mammography m ON m.id = (l.parent->>'id')::int;
-- adasyn: shares by the number of neighbours of another class, each rounded up or down
SELECT bool_and(abs(coalesce(n, 0) - others * total / weights) < 1)
  FROM mammography m LEFT JOIN (SELECT (parent->>'id')::int AS id, count(*) AS n FROM sustainml.smote_lineage(NULL::mammography, 'class', kind => 'adasyn', features => '{x0,x1,x2,x3,x4,x5}') GROUP BY 1) s USING (id),
       (SELECT sum(others)::float8 AS weights FROM mammography WHERE class = 1) w, (SELECT sum(1 - 2 * class)::float8 AS total FROM mammography) t
 WHERE class = 1;

-- the combined kinds leave neither Tomek links nor rows that their neighbours contradict
CREATE TABLE cleaned AS SELECT x0, x1, x2, x3, x4, x5, class FROM sustainml.resample(NULL::mammography, 'class', kind => 'smote_enn', features => '{x0,x1,x2,x3,x4,x5}', seed => 5);
SELECT count(*) FILTER (WHERE class = 0) < 1000 AS fewer, count(*) FILTER (WHERE class = 1) > 500 AS more FROM cleaned;
SELECT count(*) BETWEEN 1200 AND 3000 AS most FROM sustainml.resample(NULL::mammography, 'class', kind => 'smote_tomek', features => '{x0,x1,x2,x3,x4,x5}', seed => 5);

-- NULL targets are left out and counted; keys of original rows stay, synthetic ones get new ones
INSERT INTO mammography (id, class) VALUES (100000, NULL);
SELECT count(*), count(DISTINCT id), max(id) > 100000 AS new_keys FROM sustainml.resample(NULL::mammography, 'class', features => '{x0,x1}');
SELECT kind, rows FROM sustainml.run_log WHERE kind = 'resample' ORDER BY run_id DESC LIMIT 1;
SET client_min_messages = warning;
DROP SCHEMA resample_methods CASCADE;
