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
