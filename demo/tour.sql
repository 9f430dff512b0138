\set QUIET on
\pset footer off
\pset null ''
\pset format wrapped
\pset columns 150
\set QUIET off
\echo
\echo '== sustainml: a tour ======================================================='
\echo 'You are an ordinary role (analyst) in a database with two tables of the 1994 US census,'
\echo 'adult_train (32,561 rows) and adult_test (16,281 rows). Who earns more than 50,000 dollars a year?'
\echo
\echo '-- 1. Train. One function call, in FROM. Every fifth row is held out for evaluation by a hash of its key.'
\echo 'SELECT * FROM sustainml.train(''income'', ''adult_train'', target => ''income_gt_50k'','
\echo '                              protected => ''{sex,race}'', favorable => ''1'');'
\x on
SELECT ref, algorithm, task, positive, rows_used, rows_skipped, rows_held_out, model_bytes, round(seconds::numeric, 3) AS seconds,
       round(energy_joules::numeric, 3) AS energy_joules, energy_method, co2e_grams, active, activation_reason
  FROM sustainml.train('income', 'adult_train', target => 'income_gt_50k', protected => '{sex,race}', favorable => '1');
\x off
\echo 'Grams of CO2e are unknown until you say where the server stands (SET sustainml.zone = ''DE''): unknown is NULL, never 0.'
\echo
\echo '-- 2. What the training wants you to know: columns left out, values treated specially.'
\echo 'SELECT unnest(notes) FROM sustainml.models WHERE ref = ''income@1'';'
SELECT unnest(notes) AS note FROM sustainml.models WHERE ref = 'income@1';
\echo
\echo '-- 3. Score new rows, in any query. Columns are matched by name.'
\echo 'SELECT id, age, education, sustainml.predict_proba(''income'', t) FROM adult_test t ORDER BY 4 DESC LIMIT 5;'
SELECT id, age, education, round(sustainml.predict_proba('income', t)::numeric, 4) AS p_above_50k
  FROM adult_test t ORDER BY sustainml.predict_proba('income', t) DESC, id LIMIT 5;
\echo
\echo '-- 4. How good is it on rows that it has never seen? 95 % intervals where there is one.'
\echo 'SELECT * FROM sustainml.evaluate(''income'', ''adult_test'');'
SELECT metric, round(value::numeric, 4) AS value, round(ci_low::numeric, 4) AS ci_low, round(ci_high::numeric, 4) AS ci_high, n, reason
  FROM sustainml.evaluate('income', 'adult_test');
\echo
\echo '-- 5. What drives it? Coefficients on the original scale, with standard errors.'
\echo 'SELECT * FROM sustainml.coefficients(''income'') …'
SELECT term, round(estimate::numeric, 5) AS estimate, round(std_error::numeric, 5) AS std_error, round(statistic::numeric, 1) AS z,
       to_char(p_value, '9.9EEEE') AS p_value
  FROM sustainml.coefficients('income') WHERE p_value IS NOT NULL AND term <> '(intercept)' ORDER BY abs(statistic) DESC LIMIT 8;
\echo
\echo '-- 6. Why this person? Base and contributions add up to the log odds.'
\echo 'SELECT * FROM adult_test t, sustainml.explain(''income'', t) WHERE t.id = 1;'
SELECT feature, value, round(contribution::numeric, 3) AS contribution, unit
  FROM adult_test t, sustainml.explain('income', t) WHERE t.id = 1 ORDER BY abs(contribution) DESC LIMIT 5;
\echo
\echo '-- 7. A second version, with a penalty. It becomes active only if it is better on the held-out rows.'
\echo 'SELECT version, active, activation_reason FROM sustainml.retrain(''income'', params => ''{"l2": 10}'');'
SELECT version, active, activation_reason FROM sustainml.retrain('income', params => '{"l2": 10}');
\echo
\echo '-- 8. The leaderboard: quality, size and energy side by side.'
\echo 'SELECT … FROM sustainml.model_leaderboard;'
SELECT ref, is_active AS active, metric, round(metric_value::numeric, 5) AS value, round(baseline_value::numeric, 4) AS baseline,
       round(roc_auc::numeric, 4) AS roc_auc, model_bytes, round(train_joules::numeric, 3) AS train_joules, is_pareto
  FROM sustainml.model_leaderboard ORDER BY model, version;
\echo
\echo '-- 9. The energy log: what all this cost, how that is known, and how sure it is.'
\echo 'SELECT … FROM sustainml.energy_by_model;'
SELECT model, version, kind, runs, rows, round(cpu_seconds::numeric, 3) AS cpu_seconds, round(energy_joules::numeric, 4) AS joules,
       round(energy_low_joules::numeric, 4) AS low, round(energy_high_joules::numeric, 4) AS high
  FROM sustainml.energy_by_model ORDER BY 1, 2, 3;
SELECT energy_method, runs, round(energy_joules::numeric, 4) AS joules, round(share::numeric, 2) AS share FROM sustainml.energy_method_mix;
\echo
\echo '-- 10. Who is selected? The training audited its held-out rows by itself; NULL has a reason, small groups are marked, and every rate has an interval.'
\echo 'SELECT … FROM sustainml.impact_ratio WHERE model = ''income'' AND attribute IN (''sex'', ''race'') AND is_latest;'
SELECT attribute, group_value, n, round(selection_rate::numeric, 3) AS selection_rate, round(impact_ratio::numeric, 3) AS impact_ratio,
       round(ratio_ci_low::numeric, 2) AS ci_low, round(ratio_ci_high::numeric, 2) AS ci_high, below_four_fifths, is_small
  FROM sustainml.impact_ratio WHERE model = 'income' AND attribute IN ('sex', 'race') AND is_latest ORDER BY attribute DESC, group_value;
\echo
\echo '-- 11. Train for an equal share of predictions above 50,000 dollars; the figures before and after are kept.'
\echo 'SELECT … FROM sustainml.train(''income_fair'', …, params => ''{"fairness": {"method": "exponentiated_gradient", "attribute": "sex"}}'');'
SELECT ref, round((metrics ->> 'accuracy')::numeric, 4) AS accuracy
  FROM sustainml.train('income_fair', 'adult_train', target => 'income_gt_50k', protected => '{sex}', favorable => '1',
                       params => '{"fairness": {"method": "exponentiated_gradient", "attribute": "sex", "constraint": "demographic_parity", "max_gap": 0.02}}');
\echo 'SELECT … FROM sustainml.fairness_latest WHERE metric = ''demographic_parity_difference'' AND attribute = ''sex'';'
SELECT model, version, round(value::numeric, 4) AS gap, round(ci_low::numeric, 4) AS ci_low, round(ci_high::numeric, 4) AS ci_high
  FROM sustainml.fairness_latest WHERE model LIKE 'income%' AND metric = 'demographic_parity_difference' AND attribute = 'sex' ORDER BY model;
\echo
\echo '-- 12. A rare class: 260 calcifications among 11,183 images. Synthetic rows, of the table''s own type, ready for INSERT … SELECT.'
\echo 'SELECT * FROM sustainml.class_balance(''mammography'', ''calcification'');'
SELECT class, rows, round(share::numeric, 4) AS share, round(imbalance_ratio::numeric, 1) AS imbalance_ratio, largest_k, advice
  FROM sustainml.class_balance('mammography', 'calcification');
\echo 'SELECT * FROM sustainml.smote(NULL::mammography, target => ''calcification'', k => 5, ratio => 1.0, seed => 42) LIMIT 3;'
SELECT id, round(f1::numeric, 4) AS f1, round(f2::numeric, 4) AS f2, round(f3::numeric, 4) AS f3, calcification
  FROM sustainml.smote(NULL::mammography, target => 'calcification', k => 5, ratio => 1.0, seed => 42) LIMIT 3;
\echo 'Often the better answer is the threshold (docs/imbalance.md):'
\echo 'SELECT … FROM sustainml.tune_threshold(''calcification'', objective => ''balanced_accuracy'', set => true);'
SELECT ref, round((metrics ->> 'balanced_accuracy')::numeric, 3) AS balanced_accuracy_at_half
  FROM sustainml.train('calcification', 'mammography', target => 'calcification', holdout => 0.4);
SELECT figure, round(before::numeric, 3) AS before, round(after::numeric, 3) AS after
  FROM sustainml.tune_threshold('calcification', objective => 'balanced_accuracy', set => true)
 WHERE figure IN ('threshold', 'balanced_accuracy', 'recall', 'precision');
\echo
\echo '-- 13. A column that only its key opens, and a model of it. (The private cluster has a master key of its own.)'
\echo 'SELECT sustainml.create_key(''payroll'', role => ''analyst''); SELECT sustainml.encrypt_column(''staff'', ''salary'', key => ''payroll'');'
\set QUIET on
DROP TABLE IF EXISTS staff;
CREATE TABLE staff AS
SELECT id, age, hours_per_week, (18000 + 320 * age + 410 * hours_per_week + 1100 * education_num + (id * 7919 % 6000))::numeric(10,2) AS salary,
       (100 + 5 * age - hours_per_week + (id * 104729 % 50))::float8 AS raise
  FROM adult_train WHERE id <= 5000;
ALTER TABLE staff ADD PRIMARY KEY (id);
SELECT sustainml.create_key('payroll', role => 'analyst') \g /dev/null
SELECT sustainml.encrypt_column('staff', 'salary', key => 'payroll') \g /dev/null
\set QUIET off
\echo 'SELECT id, left(salary::text, 40) AS stored, sustainml.open(salary)::numeric AS opened FROM staff ORDER BY id LIMIT 2;'
SELECT id, left(salary::text, 40) || '…' AS stored, sustainml.open(salary)::numeric AS opened FROM staff ORDER BY id LIMIT 2;
\echo 'SELECT … FROM sustainml.train(''raise'', ''staff'', target => ''raise'', features => ''{salary,age,hours_per_week}'');'
SELECT ref, rows_used, round((metrics ->> 'r2')::numeric, 3) AS r2 FROM sustainml.train('raise', 'staff', target => 'raise', features => '{salary,age,hours_per_week}');
