-- Mitigation from SQL: what can be asked, what is refused, thresholds by group and who may use them.
CREATE SCHEMA mitigation;
SET search_path = mitigation;
SET client_min_messages = warning;
\pset null '-'

-- labels lean on x and on the group; z is a proxy of the group; every seventh group is missing
CREATE TABLE people AS
SELECT i AS id, a AS x, b + g * 1.2 AS z, CASE WHEN i % 7 = 0 THEN NULL WHEN g = 1 THEN 'b' ELSE 'a' END AS grp,
	CASE WHEN i % 2 = 0 THEN 'young' ELSE 'old' END AS age, (noise < 1 / (1 + exp(-(3 * a + 3 * g - 1.2))))::int AS hired, 1 + i % 3 AS w
FROM (SELECT i, (i * 37 % 101) / 50.0::float8 - 1 AS a, (i * 53 % 89) / 44.0::float8 - 1 AS b, (i * 71 % 97 < 40)::int AS g,
	(i * 7919 % 10007) / 10007.0::float8 AS noise FROM generate_series(1, 4000) i) s;
ALTER TABLE people ADD PRIMARY KEY (id);

CREATE FUNCTION refused(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; hint text; detail text;
BEGIN
	EXECUTE query;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN SQLSTATE || ' ' || message || coalesce(' / ' || nullif(detail, ''), '') || coalesce(' / ' || nullif(hint, ''), '');
END $$;
CREATE FUNCTION refused_params(params text, more text DEFAULT 'protected => ''{grp,age}''') RETURNS text LANGUAGE sql AS
$$ SELECT refused(format('SELECT ref FROM sustainml.train(''m'', ''people'', target => ''hired'', params => %L, %s)', params, more)) $$;

-- what is refused in training
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp"}}', 'holdout => 0.2');
SELECT refused_params('{"fairness": {"attribute": "grp"}}');
SELECT refused_params('{"fairness": "reweigh"}');
SELECT refused_params('{"fairness": {"method": "rewiegh", "attribute": "grp"}}');
SELECT refused_params('{"fairness": {"method": "reweigh"}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "group"}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "x"}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": ["grp", "grp"]}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp", "strenght": 1}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp", "strength": 2}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp", "max_gap": 0.1}}');
SELECT refused_params('{"fairness": {"method": "exponentiated_gradient", "attribute": "grp", "strength": 1}}');
SELECT refused_params('{"fairness": {"method": "exponentiated_gradient", "attribute": "grp", "max_gap": -0.1}}');
SELECT refused_params('{"fairness": {"method": "exponentiated_gradient", "attribute": "grp", "rounds": 44}}');
SELECT refused_params('{"fairness": {"method": "group_smote", "attribute": "grp", "strength": 1}}');
SELECT refused_params('{"fairness": {"method": "group_smote", "attribute": "grp", "k": 1000}}');
SELECT refused_params('{"fairness": {"method": "penalty", "attribute": "grp", "constraint": "parity"}}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp"}, "resample": "smote"}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp"}, "calibration": "platt"}');
SELECT refused_params('{"fairness": {"method": "reweigh", "attribute": "grp"}, "class_weight": "balanced", "prior_correction": true}');
SELECT refused_params('{"fairness": {"method": "reweigh"}}', 'protected => ''{id}''');
SELECT refused_params('{"fairness": {"method": "reweigh"}}', 'protected => ''{grp}'', task => ''regression''');
SELECT refused('SELECT ref FROM sustainml.train(''m'', ''SELECT id, x, z, ''''a'''' AS grp, hired FROM people'', target => ''hired'', protected => ''{grp}'', split => ''{"by": "id"}'', params => ''{"fairness": {"method": "reweigh"}}'')');
SELECT refused('SELECT ref FROM sustainml.train(''m'', ''SELECT id, x, z, grp, id % 3 AS kind FROM people'', target => ''kind'', task => ''multiclass'', protected => ''{grp}'', split => ''{"by": "id"}'', params => ''{"fairness": {"method": "penalty"}}'')');
SELECT count(*) FROM sustainml.models WHERE model = 'm' AND model_schema = 'mitigation';

-- every method lowers the gap on held-out rows and says so; rows of no group are counted
SELECT version FROM (VALUES (1, 'reweigh'), (2, 'penalty'), (3, 'exponentiated_gradient'), (4, 'correlation_remover'), (5, 'group_smote')) v(n, method)
 CROSS JOIN LATERAL sustainml.train('all', 'people', target => 'hired', features => '{x,z}', protected => '{grp,age}', favorable => '1', seed => 3,
		params => jsonb_build_object('fairness', jsonb_build_object('method', v.method, 'attribute', 'grp'))) t ORDER BY n;
SELECT method, lowered, note FROM sustainml.fairness_mitigation WHERE model_schema = 'mitigation' ORDER BY mitigation_id;
SELECT method, gap_after < 0.6 * gap_before AS lower FROM sustainml.fairness_mitigation WHERE model_schema = 'mitigation' ORDER BY mitigation_id;
SELECT version, array_to_string(notes, ' ') LIKE '%training rows have no value of grp%' AS counted FROM sustainml.models
 WHERE model = 'all' AND model_schema = 'mitigation' ORDER BY version;
-- one that does nothing says that
SELECT array_to_string(notes, ' ') LIKE '%The fairness method did not lower the demographic_parity_difference between groups of grp%' AS told
  FROM sustainml.train('none', 'people', target => 'hired', features => '{x,z}', protected => '{grp}', seed => 3,
		params => '{"fairness": {"method": "reweigh", "strength": 0}}');
SELECT lowered, note FROM sustainml.fairness_mitigation WHERE model = 'none' AND model_schema = 'mitigation';
-- crosses, weights, more than two classes, retraining with what is stored
SELECT task, array_to_string(notes, ' ') LIKE '%reweigh for grp & age%' AS crossed FROM sustainml.train('crossed', 'people', target => 'hired', features => '{x,z}',
	protected => '{grp,age}', weight => 'w', seed => 3, params => '{"fairness": {"method": "reweigh", "attribute": ["age", "grp"]}}');
SELECT version, array_to_string(notes, ' ') LIKE '%reweigh for grp & age%' AS crossed FROM sustainml.retrain('crossed', activate => 'never');
SELECT task FROM sustainml.train('three', 'SELECT id, x, z, grp, CASE WHEN hired = 1 THEN 1 + id % 2 ELSE 0 END AS kind FROM people', target => 'kind', task => 'multiclass',
	protected => '{grp}', split => '{"by": "id"}', params => '{"fairness": {"method": "reweigh"}}');
-- the loss that is stated is that of the rows
SELECT f.value > p.value AS more_than_plain, abs(f.value - l.loss) < 1e-9 AS of_the_rows
  FROM sustainml.fit_summary('all@3') f, sustainml.fit_summary('none') p,
       (SELECT sustainml.log_loss(hired, sustainml.predict_proba('all@3', t)) AS loss FROM people t WHERE NOT sustainml.held_out(3, 0.2, id)) l
 WHERE f.figure = 'log_loss' AND p.figure = 'log_loss';
-- coefficients of a constrained fit have no standard errors
SELECT count(std_error) FROM sustainml.coefficients('all@3');
SELECT count(std_error) FROM sustainml.coefficients('all@1');
-- memory: the rows themselves, what the method takes beside them, and scores
CREATE VIEW many AS SELECT p.id + 20000 * n AS id, x, z, grp, hired FROM people p, generate_series(0, 9) n;
CREATE FUNCTION refused_limit(memory text, query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('sustainml.memory_limit', memory, true);
	RETURN regexp_replace(refused(query), '[0-9]+ (kB|MB|rows)', 'N \1', 'g');
END $$;
SELECT refused_limit('1MB', 'SELECT ref FROM sustainml.train(''m'', ''many'', target => ''hired'', protected => ''{grp}'', split => ''{"by": "id"}'', params => ''{"fairness": {"method": "reweigh"}}'')');
SELECT refused_limit('1MB', 'SELECT ref FROM sustainml.train(''m'', ''SELECT *, x + 1 AS x1, x + 2 AS x2, x + 3 AS x3 FROM many'', target => ''hired'', protected => ''{grp}'', split => ''{"by": "id"}'', params => ''{"fairness": {"method": "reweigh"}}'')');
SELECT refused_limit('1MB', 'SELECT * FROM sustainml.fit_thresholds(''all@1'', ''SELECT * FROM many'', ''{grp}'', evaluation_source => ''many'')');
SET sustainml.memory_limit TO DEFAULT;

-- thresholds by group, with the notice
SELECT ref FROM sustainml.train('plain', 'people', target => 'hired', features => '{x,z}', protected => '{grp}', favorable => '1', seed => 3);
SET client_min_messages = notice;
SELECT attribute, group_value, threshold BETWEEN 0 AND 1 AS threshold, note, rows_fitted + rows_evaluated AS rows, gap_after < 0.5 * gap_before AS lower
  FROM sustainml.fit_thresholds('plain', 'people', max_gap => 0.05);
SET client_min_messages = warning;
SELECT ref, is_current, method, criterion, attribute, group_value, is_default, gap_after < gap_before AS lower, fitted_by
  FROM sustainml.group_thresholds WHERE model = 'plain' AND model_schema = 'mitigation' ORDER BY fit_id, group_value;
-- a group decides by its own threshold, others and NULL by the default
SELECT g.group_value, sustainml.decide_by_group('plain', g.threshold, g.group_value) AS at_it,
	sustainml.decide_by_group('plain', greatest(g.threshold - 1e-9, 0), g.group_value) AS below
  FROM sustainml.group_thresholds g WHERE g.model = 'plain' AND g.is_current ORDER BY 1;
SELECT sustainml.decide_by_group('plain', 0.5, 'c') AS unknown, sustainml.decide_by_group('plain', 0.4999, NULL::text) AS missing,
	sustainml.decide_by_group('plain', NULL, 'a') AS no_probability, sustainml.decide_by_group(NULL, 0.5, 'a') AS no_model;
SELECT count(*), count(*) FILTER (WHERE (d = '1') = (p >= coalesce(g.threshold, 0.5))) AS agree
  FROM (SELECT grp, sustainml.predict_proba('plain', t) AS p, sustainml.decide_by_group('plain', sustainml.predict_proba('plain', t), t.grp) AS d FROM people t) s
  LEFT JOIN sustainml.group_thresholds g ON g.group_value = s.grp AND g.model = 'plain' AND g.is_current;
-- in parallel workers too
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM people t WHERE sustainml.decide_by_group('plain', 0.5, t.grp) IN ('0', '1');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- fitting again replaces them within a session that has decided already
SELECT count(*) FROM sustainml.fit_thresholds('plain', 'people', criterion => 'equal_opportunity', method => 'reject_option', max_gap => 0.1, default_threshold => 0.6);
SELECT method, criterion, is_current, count(*) FROM sustainml.group_thresholds WHERE model = 'plain' AND model_schema = 'mitigation' GROUP BY 1, 2, 3 ORDER BY 3, 1;
SELECT sustainml.decide_by_group('plain', 0.55, 'c') AS unknown;
-- a group with too few rows has the default
INSERT INTO people SELECT 10000 + i, 0, 0, 'few', 'old', i % 2, 1 FROM generate_series(1, 20) i;
SELECT group_value, threshold = 0.5 AS is_default, note FROM sustainml.fit_thresholds('plain', 'people', max_gap => 0.05) ORDER BY 1;
SELECT abs(sum(thresholds_differ)) AS same FROM (
	SELECT (sustainml.decide_by_group('plain', p, 'few') <> CASE WHEN p >= 0.5 THEN '1' ELSE '0' END)::int AS thresholds_differ FROM generate_series(0, 1, 0.125) p) s;
-- the default part of a model is its held-out rows
SELECT sum(rows_fitted + rows_evaluated) < 900 AS held_out FROM sustainml.fit_thresholds('plain', max_gap => 0.1);
-- the same in any physical order
CREATE TABLE shuffled AS SELECT * FROM people ORDER BY id * 7919 % 10007;
ALTER TABLE shuffled ADD PRIMARY KEY (id);
SELECT count(*) AS same FROM sustainml.fit_thresholds('plain', 'people', max_gap => 0.05) a
  JOIN sustainml.fit_thresholds('plain', 'shuffled', max_gap => 0.05) b USING (group_value, threshold, rows_fitted);

-- scores of any model
CREATE TABLE scored AS SELECT id, grp, CASE WHEN hired = 1 THEN 'yes' ELSE 'no' END AS label, sustainml.predict_proba('plain', t) AS p, w FROM people t WHERE grp <> 'few';
ALTER TABLE scored ADD PRIMARY KEY (id);
SELECT group_value, threshold BETWEEN 0 AND 1 AS threshold, gap_after < gap_before AS lower FROM sustainml.thresholds_for_scores('scored', 'label', 'p', '{grp}', max_gap => 0.05);
SELECT group_value, threshold BETWEEN 0 AND 1 AS threshold FROM sustainml.thresholds_for_scores('scored', 'label', 'p', '{grp}', criterion => 'equal_opportunity',
	positive => 'yes', favorable => 'no', weight => 'w', max_gap => 0.05);
-- 10 comes after 9, as in train: the score is about it
SELECT group_value, gap_after < gap_before AS lower, accuracy_after > 0.6 AS right_way FROM sustainml.thresholds_for_scores(
	'SELECT id, grp, CASE WHEN label = ''yes'' THEN 10 ELSE 9 END AS label, p FROM scored', 'label', 'p', '{grp}', max_gap => 0.05, evaluation_source => 'SELECT grp, CASE WHEN label = ''yes'' THEN 10 ELSE 9 END AS label, p FROM scored') ORDER BY 1;
-- a margin that cannot be kept is said
SET client_min_messages = notice;
SELECT group_value, threshold BETWEEN 0 AND 1 AS threshold FROM sustainml.thresholds_for_scores('scored', 'label', 'p', '{grp}', max_gap => 0.0001, margin => 10) ORDER BY 1;
SET client_min_messages = warning;
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''p'', NULL)');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''p'', ''{group}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''p'', ''{id}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''w'', ''{grp}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''label'', ''{grp}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''w'', ''p'', ''{grp}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''p'', ''{grp}'', positive => ''maybe'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''scored'', ''label'', ''p'', ''{grp}'', favorable => ''yes'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''SELECT * FROM scored WHERE false'', ''label'', ''p'', ''{grp}'')');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''SELECT * FROM scored WHERE grp = ''''a'''''', ''label'', ''p'', ''{grp}'', evaluation_source => ''scored'', min_rows => 100000)');
SELECT refused('SELECT * FROM sustainml.thresholds_for_scores(''SELECT id, label, grp, ''''NaN''''::float8 AS p FROM scored'', ''label'', ''p'', ''{grp}'', evaluation_source => ''scored'')');
-- what is refused for models
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', max_gap => 2)');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', margin => ''NaN'')');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', criterion => ''odds'')');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', method => ''best'')');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', min_rows => 0)');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'', default_threshold => 1.5)');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''three'', ''people'')');
SELECT refused('SELECT * FROM sustainml.fit_thresholds(NULL)');
SELECT refused('SELECT * FROM sustainml.fairness_front(''plain'', points => 1)');
SELECT refused('SELECT sustainml.decide_by_group(''plain'', 1.5, ''a'')');
SELECT refused('SELECT sustainml.decide_by_group(''plain'', 0.5, ''a'', ''old'')');
SELECT refused('SELECT sustainml.decide_by_group(''none'', 0.5, ''a'')');
SELECT refused('SELECT sustainml.decide_by_group(''three'', 0.5, ''a'')');

-- who may: predict decides, read sees, manage fits
CREATE ROLE mitigation_user;
GRANT USAGE ON SCHEMA mitigation TO mitigation_user;
GRANT SELECT ON people TO mitigation_user;
SET ROLE mitigation_user;
SELECT refused('SELECT sustainml.decide_by_group(''plain'', 0.5, ''a'')');
SELECT count(*) FROM sustainml.group_thresholds WHERE model_schema = 'mitigation';
SELECT refused('SELECT count(*) FROM sustainml.threshold_fit');
RESET ROLE;
SELECT sustainml.grant_model('plain', 'mitigation_user', 'predict');
SET ROLE mitigation_user;
SELECT sustainml.decide_by_group('plain', 0.5, 'c');
SELECT count(*) FROM sustainml.group_thresholds WHERE model_schema = 'mitigation';
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'')');
SELECT refused('SELECT sustainml.drop_thresholds(''plain'')');
SELECT refused('SELECT * FROM sustainml.fairness_front(''plain'', ''people'')');
RESET ROLE;
SELECT sustainml.grant_model('plain', 'mitigation_user', 'read');
SET ROLE mitigation_user;
SELECT count(*) > 0 AS seen FROM sustainml.group_thresholds WHERE model_schema = 'mitigation';
SELECT count(*) > 0 AS front FROM sustainml.fairness_front('plain', 'people', points => 2);
RESET ROLE;

-- renaming takes them along; rates of a handful of rows are for those who manage the model
SELECT sustainml.rename_model('plain', 'renamed');
SELECT sustainml.decide_by_group('renamed', 0.5, 'c') IS NOT NULL AS decides;
SELECT count(*) > 0 AS renamed FROM sustainml.group_thresholds WHERE model = 'renamed' AND is_current;
SELECT sustainml.rename_model('renamed', 'plain');
DELETE FROM people WHERE grp = 'few' AND id > 10010;
SELECT group_value, note IS NOT NULL AS small FROM sustainml.fit_thresholds('plain', 'people', max_gap => 0.05) ORDER BY 1;
SELECT group_value, rows_evaluated < 10 AS few, selection_rate IS NULL AS hidden FROM sustainml.group_thresholds WHERE model = 'plain' AND is_current ORDER BY 1;
SET ROLE mitigation_user;
SELECT group_value, rows_evaluated < 10 AS few, selection_rate IS NULL AS hidden FROM sustainml.group_thresholds WHERE model = 'plain' AND is_current ORDER BY 1;
RESET ROLE;

-- and an end of it
SELECT sustainml.drop_thresholds('plain');
SELECT refused('SELECT sustainml.decide_by_group(''plain'', 0.5, ''a'')');
SELECT refused('SELECT sustainml.drop_thresholds(''plain'')');
SELECT count(*) FILTER (WHERE is_current) AS now, count(*) > 0 AS kept, bool_and(retired_at IS NOT NULL) AS retired FROM sustainml.group_thresholds WHERE model_schema = 'mitigation';
-- read-only transactions fit nothing, but look
BEGIN READ ONLY;
SELECT refused('SELECT * FROM sustainml.fit_thresholds(''plain'', ''people'')');
SELECT count(*) FROM sustainml.thresholds_for_scores('scored', 'label', 'p', '{grp}');
COMMIT;
SELECT count(*) FROM (SELECT sustainml.drop_model(m) FROM unnest('{all,none,crossed,three,plain}'::text[]) m) d;
DROP SCHEMA mitigation CASCADE;
DROP ROLE mitigation_user;
