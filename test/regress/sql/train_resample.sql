-- "resample" in params: counts that add up, training rows only, the same in any order, equal to class weights where both mean the same,
-- several classes and categories, what is refused (test/reference/imbalance.md).
CREATE SCHEMA train_resample;
SET search_path = train_resample;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8, tolerance float8 DEFAULT 1e-8) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) <= tolerance * greatest(abs(expected), 1e-300)';
CREATE FUNCTION refusal(query text) RETURNS TABLE (code text, message text, detail text, hint text)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	message := 'accepted';
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;
-- the largest relative difference between the coefficients of two models
CREATE FUNCTION difference(a text, b text) RETURNS float8 LANGUAGE sql AS
	'SELECT max(abs(x.estimate - y.estimate) / greatest(abs(y.estimate), 1e-3)) FROM sustainml.coefficients(a) x FULL JOIN sustainml.coefficients(b) y
	  ON x.term = y.term AND x.class IS NOT DISTINCT FROM y.class';

CREATE TABLE mammography (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8, f6 float8, calcification int);
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "\copy train_resample.mammography (f1, f2, f3, f4, f5, f6, calcification) FROM '$SML_DATA/mammography_quarter.csv' CSV HEADER"

-- counts: the class of 65 rows is filled up to 2731, real rows are counted, held-out rows are real
SELECT rows_used, rows_skipped, notes[2:] FROM sustainml.train('smote', 'mammography', target => 'calcification', params => '{"resample": "smote"}', holdout => 0);
SELECT class, near(training_share, CASE class WHEN '1' THEN 65 ELSE 2731 END / 2796.0) AS trained, fitted_share, prior_corrected FROM sustainml.probability_basis('smote');
SELECT count(std_error) AS std_errors, count(p_value) AS p_values, count(estimate) AS estimates FROM sustainml.coefficients('smote');
SELECT figure, value, reason FROM sustainml.fit_summary('smote') WHERE figure IN ('rows', 'sigma');
SELECT rows_used + rows_skipped + rows_held_out AS rows, (metrics ->> 'rows')::int = rows_held_out AS measured,
       rows_held_out = (SELECT count(*) FROM mammography WHERE sustainml.held_out(0, 0.4, id)) AS real
  FROM sustainml.train('part', 'mammography', target => 'calcification', params => '{"resample": {"kind": "smote"}}', holdout => 0.4);
-- only the training rows: the same fit without the others in the table
SELECT rows_used FROM sustainml.train('only', 'SELECT * FROM mammography WHERE NOT sustainml.held_out(0, 0.4, id)', target => 'calcification', exclude => '{id}',
	params => '{"resample": "smote"}', holdout => 0);
SELECT difference('part', 'only') < 1e-8 AS same;

-- the same in any order of the rows, other with another seed
CREATE TABLE shuffled AS SELECT * FROM mammography ORDER BY sustainml_internal.row_hash(id);
SELECT rows_used FROM sustainml.train('shuffled', 'shuffled', target => 'calcification', exclude => '{id}', params => '{"resample": "smote"}', holdout => 0);
SELECT rows_used FROM sustainml.train('seed', 'mammography', target => 'calcification', params => '{"resample": "smote"}', holdout => 0, seed => 1);
SELECT difference('smote', 'shuffled') < 1e-7 AS same, difference('smote', 'seed') BETWEEN 0.001 AND 1 AS other;

-- ten copies of each row of a class are the weight ten
SELECT rows_used, notes[2:3] FROM sustainml.train('copies', 'mammography', target => 'calcification', holdout => 0,
	params => '{"resample": {"kind": "random_over", "strategy": {"1": 650}}}');
SELECT rows_used FROM sustainml.train('weights', 'mammography', target => 'calcification', holdout => 0, params => '{"class_weight": {"1": 10}}');
SELECT difference('copies', 'weights') < 1e-8 AS same;
SELECT near(c.fitted_share, w.fitted_share) AS fitted, near(c.training_share, w.training_share) AS trained
  FROM sustainml.probability_basis('copies') c JOIN sustainml.probability_basis('weights') w USING (class) ORDER BY class;
-- and so is what the correction of the prior makes of both
SELECT count(*) FROM sustainml.train('copies_corrected', 'mammography', target => 'calcification', holdout => 0,
	params => '{"prior_correction": true, "resample": {"kind": "random_over", "strategy": {"1": 650}}}');
SELECT max(abs(sustainml.predict_proba('copies_corrected', m) - p / 10 / (p / 10 + 1 - p))) < 1e-9 AS bayes
  FROM (SELECT m, sustainml.predict_proba('weights', m) AS p FROM mammography m) AS s;

-- rows that are left out count as skipped
SELECT rows_used, rows_skipped, rows_held_out, notes[2:3] FROM sustainml.train('under', 'mammography', target => 'calcification', holdout => 0,
	params => '{"resample": {"kind": "random_under", "ratio": 0.5}}');
-- every kind trains, and ranks better than chance
CREATE TABLE kinds AS SELECT kind, n, rows_used + rows_skipped AS rows
  FROM unnest('{smote,borderline1,borderline2,adasyn,random_over,random_under,tomek,enn,nearmiss1,nearmiss3,smote_tomek,smote_enn}'::text[]) WITH ORDINALITY AS k(kind, n),
       LATERAL sustainml.train('kind_' || kind, 'mammography', target => 'calcification', holdout => 0, params => jsonb_build_object('resample', kind)) AS t;
SELECT kind, rows, (SELECT sustainml.roc_auc(calcification = 1, sustainml.predict_proba('kind_' || kind, m)) FROM mammography m) > 0.5 AS ranks FROM kinds ORDER BY n;

-- categories, and more than two classes
CREATE TABLE german (id int PRIMARY KEY, checking_status text, duration_months int, credit_history text, purpose text, credit_amount int,
	savings text, employment_since text, installment_rate int, other_debtors text, residence_since int, property text, age int,
	other_installment_plans text, housing text, existing_credits int, job text, dependents int, telephone text, foreign_worker text, sex text,
	marital_status text, good_credit int);
\! psql -X -q -c "\copy train_resample.german FROM '$SML_DATA/german_credit.csv' CSV HEADER"
SELECT rows_used, notes FROM sustainml.train('mixed', 'german', target => 'good_credit', features => '{age,housing,credit_amount,savings}', holdout => 0,
	params => '{"resample": "smote"}');
SELECT string_agg(term, ',' ORDER BY term) FROM sustainml.coefficients('mixed') WHERE term LIKE 'housing%';
SELECT rows_used, notes[1] FROM sustainml.train('labels', 'german', target => 'good_credit', features => '{housing,savings,purpose}', holdout => 0,
	params => '{"resample": {"kind": "smote", "k": 3, "ratio": 0.9}}');
SELECT algorithm, rows_used, notes[1:3] FROM sustainml.train('three', 'german', target => 'housing', features => '{age,credit_amount,dependents}', holdout => 0,
	params => '{"l2": 1, "prior_correction": true, "resample": {"kind": "smote", "strategy": {"for free": 150, "rent": 200}}}');
SELECT class, near(fitted_share, CASE class WHEN 'for free' THEN 150 WHEN 'own' THEN 713 ELSE 200 END / 1063.0) AS fitted, prior_corrected FROM sustainml.probability_basis('three');

-- a class smaller than the usual k + 1
SELECT rows_used, notes[1:3] FROM sustainml.train('small', 'SELECT f1, f2, f4, calcification FROM mammography WHERE calcification = 0 OR id > 2793', target => 'calcification', holdout => 0,
	params => '{"l2": 1, "resample": {"kind": "smote", "ratio": 0.1}}');

-- with calibration, refit and retrain
SELECT rows_used + rows_skipped + rows_held_out AS rows, notes[4] LIKE 'Probabilities are calibrated (platt) on % held-out rows%' AS calibrated
  FROM sustainml.train('both', 'mammography', target => 'calcification', holdout => 0.4, refit => true, params => '{"resample": "smote", "calibration": "platt"}');
SELECT version FROM sustainml.retrain('smote', activate => 'never');
SELECT difference('smote@1', 'smote@2') < 1e-9 AS same;

-- what is refused
\x on
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": "smoot"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": 5}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"knd": "smote"}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"kind": "smote", "k": 0.5}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"kind": "smote", "k": 65}}', holdout => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"ratio": 0.02}}', holdout => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"ratio": 2}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"ratio": 0.5, "strategy": "minority"}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"strategy": "minorty"}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"strategy": {"yes": 500}}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"strategy": {"1": 5}}}', holdout => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"shrinkage": 1}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": {"kind": "adasyn", "m": 5}}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": "smote", "class_weight": "balanced"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'SELECT *, 1 + f1 * f1 AS w FROM mammography', target => 'calcification', weight => 'w', params => '{"resample": "smote"}', holdout => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'f1', params => '{"resample": "smote"}')$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'SELECT * FROM mammography WHERE calcification = 0', target => 'calcification', params => '{"resample": "smote"}', holdout => 0)$$);
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'SELECT * FROM mammography WHERE calcification = 0 OR id = 2796', target => 'calcification', params => '{"resample": "smote"}', holdout => 0)$$);
SET sustainml.memory_limit = '64kB';
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": "smote"}', holdout => 0)$$);
SET sustainml.memory_limit = '300kB';
SELECT * FROM refusal($$SELECT * FROM sustainml.train('no', 'mammography', target => 'calcification', params => '{"resample": "adasyn"}', holdout => 0)$$);
RESET sustainml.memory_limit;
\x off

-- a cancel answers in the middle of it, and leaves things as they were
CREATE FUNCTION draw(i int, j int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT mod(sustainml_internal.row_hash(i, j), 1000003) / 1000003.0::float8';
CREATE TABLE large AS SELECT i AS id, draw(i, 1) AS a, draw(i, 2) AS b, draw(i, 3) AS c, draw(i, 4) AS d, draw(i, 5) AS e, draw(i, 6) AS f, draw(i, 7) AS g,
	draw(i, 8) AS h, (i % 5 = 0)::int AS y FROM generate_series(1, 60000) i;
CREATE FUNCTION cancelled(query text) RETURNS TABLE (code text, at_once boolean) LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE query;
	code := 'done';
	RETURN NEXT;
EXCEPTION WHEN query_canceled THEN
	code := SQLSTATE;
	-- 500 ms after the start; the promise is 100 ms, a busy machine gets more
	at_once := clock_timestamp() - start < interval '1000 ms';
	RETURN NEXT;
END $$;
SET statement_timeout = '500ms';
SELECT * FROM cancelled($$SELECT * FROM sustainml.train('large', 'large', target => 'y', exclude => '{id}', holdout => 0, params => '{"resample": "nearmiss2"}')$$);
RESET statement_timeout;
SELECT count(*) FROM sustainml.models WHERE model = 'large';
SELECT rows_used FROM sustainml.train('large', 'SELECT * FROM large WHERE id <= 500', target => 'y', exclude => '{id}', holdout => 0, params => '{"resample": "smote"}');

SELECT option, type, initial, allowed FROM sustainml.options('logistic') WHERE option IN ('resample', 'calibration', 'prior_correction') ORDER BY option;
DROP SCHEMA train_resample CASCADE;
