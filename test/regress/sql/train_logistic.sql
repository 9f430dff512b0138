-- Logistic regression on real data against R's glm (test/reference/train.md), splits that add up, versions and activation.
CREATE SCHEMA train_logistic;
SET search_path = train_logistic;
SET client_min_messages = warning;

CREATE FUNCTION near(value float8, expected float8, tolerance float8 DEFAULT 1e-9) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) <= tolerance * greatest(abs(expected), 1e-300)';

CREATE TABLE german (id int PRIMARY KEY, checking_status text, duration_months int, credit_history text, purpose text, credit_amount int,
	savings text, employment_since text, installment_rate int, other_debtors text, residence_since int, property text, age int,
	other_installment_plans text, housing text, existing_credits int, job text, dependents int, telephone text, foreign_worker text, sex text,
	marital_status text, good_credit int);
\setenv PGDATABASE :DBNAME
\! psql -X -q -c "\copy train_logistic.german FROM '$SML_DATA/german_credit.csv' CSV HEADER"
SELECT count(*), sum(good_credit) FROM german;

SELECT algorithm, task, positive, classes, rows_used FROM sustainml.train('credit', 'german', target => 'good_credit',
	features => '{duration_months,credit_amount,age,housing}', holdout => 0);
CREATE TABLE glm (term text, estimate float8, std_error float8, p_value float8);
INSERT INTO glm VALUES
	('(intercept)', 5.9735823302449675e-01, 4.0949235677570800e-01, 1.4462635963263018e-01),
	('duration_months', -3.3589802453516407e-02, 7.4699467375133489e-03, 6.9029596720592068e-06),
	('credit_amount', -1.8871255316590508e-05, 3.1281326357906202e-05, 5.4632548148838866e-01),
	('age', 1.8751035624481622e-02, 7.0754648798048480e-03, 8.0456297931679466e-03),
	('housing=own', 5.6902201299163135e-01, 2.3510460514786535e-01, 1.5508008979925235e-02),
	('housing=rent', -3.8489185865011235e-03, 2.7975435516087338e-01, 9.8902288461919730e-01);
SELECT term, near(c.estimate, g.estimate, 1e-8) AS estimate, near(c.std_error, g.std_error, 1e-8) AS std_error, near(c.p_value, g.p_value, 1e-7) AS p_value
  FROM sustainml.coefficients('credit') c FULL JOIN glm g USING (term) ORDER BY term;
SELECT near(value, -577.23412880423132, 1e-12) AS log_likelihood FROM sustainml.fit_summary('credit') WHERE figure = 'log_likelihood';

-- the probability is the logistic function of the linear predictor
SELECT count(*) AS rows, max(abs(p - 1 / (1 + exp(-(eta))))) < 1e-12 AS agrees
  FROM (SELECT sustainml.predict_proba('credit', g) AS p,
               5.9735823302449675e-01 - 3.3589802453516407e-02 * duration_months - 1.8871255316590508e-05 * credit_amount + 1.8751035624481622e-02 * age
               + CASE housing WHEN 'own' THEN 5.6902201299163135e-01 WHEN 'rent' THEN -3.8489185865011235e-03 ELSE 0 END AS eta
          FROM german g) AS s;

-- columns with an offset of 1e9 and a scale of 1e12 keep eight digits, with two classes and with three
CREATE VIEW moved AS SELECT id, good_credit, housing, age + 1e9 AS age, credit_amount * 1e12 AS credit_amount FROM german;
SELECT 1 FROM sustainml.train('plain', 'german', target => 'good_credit', features => '{age,credit_amount}', holdout => 0);
SELECT 1 FROM sustainml.train('moved', 'moved', target => 'good_credit', features => '{age,credit_amount}', holdout => 0);
SELECT 1 FROM sustainml.train('plain3', 'german', target => 'housing', features => '{age,credit_amount}', holdout => 0);
SELECT 1 FROM sustainml.train('moved3', 'moved', target => 'housing', features => '{age,credit_amount}', holdout => 0);
SELECT p.class, p.term, near(m.estimate * scale, p.estimate, 1e-8) AS estimate, near(m.std_error * scale, p.std_error, 1e-8) AS std_error
  FROM (SELECT * FROM sustainml.coefficients('plain') UNION ALL SELECT * FROM sustainml.coefficients('plain3')) p
  JOIN (SELECT * FROM sustainml.coefficients('moved') UNION ALL SELECT * FROM sustainml.coefficients('moved3')) m ON m.term = p.term AND m.class IS NOT DISTINCT FROM p.class,
       LATERAL (SELECT CASE p.term WHEN 'credit_amount' THEN 1e12 ELSE 1 END AS scale) s
 WHERE p.term <> '(intercept)' ORDER BY 1 NULLS FIRST, 2;

-- too little memory for the rows: the same fit, by streaming
SET sustainml.memory_limit = '64kB';
SELECT rows_used FROM sustainml.train('streamed', 'german', target => 'good_credit', features => '{duration_months,credit_amount,age,housing}', holdout => 0);
RESET sustainml.memory_limit;
SELECT max(abs(s.estimate / c.estimate - 1)) < 1e-9 AS same_estimate, max(abs(s.std_error / c.std_error - 1)) < 1e-9 AS same_error
  FROM sustainml.coefficients('streamed') s JOIN sustainml.coefficients('credit') c USING (term);

-- the report adds up, whatever the split
CREATE TABLE spoiled AS SELECT *, CASE WHEN id % 10 = 0 THEN NULL WHEN good_credit = 1 THEN 'good' ELSE 'bad' END AS verdict, id % 7 = 0 AS is_test,
	date '2020-01-01' + id AS day, CASE WHEN id % 50 = 0 THEN NULL WHEN id % 60 = 0 THEN 0 ELSE 1 END AS w FROM german;
SELECT 'key' AS split, rows_used, rows_skipped, rows_held_out, rows_used + rows_skipped + rows_held_out AS rows, positive
  FROM sustainml.train('adds', 'spoiled', target => 'verdict', features => '{age,housing}', split => '{"by": "id"}')
UNION ALL
SELECT 'weight', rows_used, rows_skipped, rows_held_out, rows_used + rows_skipped + rows_held_out, positive
  FROM sustainml.train('adds', 'spoiled', target => 'verdict', features => '{age,housing}', split => '{"by": ["id"]}', weight => 'w', positive => 'bad')
UNION ALL
SELECT 'column', rows_used, rows_skipped, rows_held_out, rows_used + rows_skipped + rows_held_out, positive
  FROM sustainml.train('adds', 'spoiled', target => 'verdict', features => '{age,housing}', split => '{"column": "is_test"}')
UNION ALL
SELECT 'time', rows_used, rows_skipped, rows_held_out, rows_used + rows_skipped + rows_held_out, positive
  FROM sustainml.train('adds', 'spoiled', target => 'verdict', features => '{age,housing}', split => '{"time": "day", "gap": "30 days"}')
UNION ALL
SELECT 'source', rows_used, rows_skipped, rows_held_out, rows_used + rows_skipped, positive
  FROM sustainml.train('adds', 'SELECT * FROM spoiled WHERE id <= 800', target => 'verdict', features => '{age,housing}', split => '{"source": "SELECT * FROM spoiled WHERE id > 800"}');

-- the split is a predicate that anybody can write
SELECT rows_held_out = (SELECT count(*) FROM german WHERE sustainml.held_out(7, 0.3, id)) AS same_rows
  FROM sustainml.train('split', 'german', target => 'good_credit', features => '{age,housing}', holdout => 0.3, seed => 7);
SELECT count(*) FILTER (WHERE sustainml.held_out(0, 0.2, id)) BETWEEN 170 AND 230 AS about_a_fifth,
       bool_and(sustainml.held_out(0, 0.2, id) = sustainml.held_out(0, 0.2, id::bigint)) AS any_integer_type,
       bool_and(sustainml.held_out(0, 0.2, id) = sustainml.held_out(0, 0.2, id::numeric)) AS numeric_too
  FROM german;

-- classes keep their labels; versions, activation, rollback
SELECT version, active, activation_reason FROM sustainml.train('credit', 'german', target => 'good_credit', features => '{age,housing}');
SELECT version, active, split_part(activation_reason, ':', 1) AS why
  FROM sustainml.train('credit', 'german', target => 'good_credit', activate => 'if_better');
SELECT version, active, split_part(activation_reason, ':', 1) AS why
  FROM sustainml.train('credit', 'german', target => 'good_credit', features => '{dependents}', activate => 'if_better');
SELECT version, active, activation_reason FROM sustainml.train('credit', 'german', target => 'age', features => '{job}', task => 'regression');
SELECT version, is_active FROM sustainml.models WHERE model = 'credit' ORDER BY version;
SELECT sustainml.rollback('credit');
SELECT sustainml.activate('credit@1', reason => 'test');
SELECT version, active_to IS NULL AS still, split_part(reason, ':', 1) AS reason FROM sustainml.activation_history WHERE model = 'credit' ORDER BY active_from;
SELECT version, active FROM sustainml.retrain('credit');
SELECT sustainml.drop_model('credit@2');
SELECT sustainml.rename_model('credit', 'kredit');
SELECT count(*) FROM sustainml.models WHERE model = 'kredit';
SELECT count(DISTINCT version) AS versions, count(*) FILTER (WHERE energy_joules > 0) = count(*) AS metered FROM sustainml.run_log WHERE model = 'kredit';
SELECT sustainml.predict_class('adds', 30, 'own') IN ('good', 'bad') AS label_as_given;
SELECT class, class_probability >= 0.5 AS likelier, threshold FROM sustainml.classify('adds', '{"age": 30, "housing": "own"}');
SELECT sustainml.set_threshold('adds', 0.999999);
SELECT class, class_probability < 0.5 AS by_threshold, threshold FROM sustainml.classify('adds', '{"age": 30, "housing": "own"}');

DROP SCHEMA train_logistic CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('train_logistic.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'train_logistic') AS q;
END $$;
