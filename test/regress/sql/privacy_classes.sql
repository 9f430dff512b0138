-- Sealed targets with classes; what the catalog, errors and figures tell of a model of sealed columns, to whom; and a column that is on its way.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
CREATE ROLE sml_class_open NOLOGIN;
CREATE ROLE sml_class_train NOLOGIN;
SELECT sustainml.create_key('class_test', role => 'sml_class_open');
SELECT sustainml.grant_key('class_test', 'sml_class_train', 'train');
GRANT CREATE ON SCHEMA public TO sml_class_train;

-- levels "Zqx…" are looked for afterwards in all that is stored and said
CREATE TABLE plain_c (id int PRIMARY KEY, town text, kind text, grade int8, outcome text, won boolean, x float8, w float8, sex text);
INSERT INTO plain_c
SELECT i, (ARRAY['ZqxBerlin', 'ZqxKoeln', 'ZqxUlm'])[1 + i * 7 % 3], (ARRAY['Zqxhut', 'Zqxbarn', 'Zqxlodge'])[1 + (i % 8 + (sin(i) > 0)::int) % 3], 1 + i % 4,
       CASE WHEN (i * 13) % 10 < 3 THEN 'Zqxgrant' ELSE 'Zqxdeny' END, i % 5 < 2, cos(i) * 10 + i % 8, 1 + i % 3, CASE WHEN i % 2 = 0 THEN 'f' ELSE 'm' END
  FROM generate_series(1, 600) i;
CREATE TABLE sealed_c (LIKE plain_c INCLUDING ALL);
INSERT INTO sealed_c SELECT * FROM plain_c;
ALTER TABLE sealed_c ADD protected text;
UPDATE sealed_c SET protected = sex;
SELECT bool_and(sustainml.encrypt_column('sealed_c', c, 'class_test') > 0) FROM unnest('{town,kind,grade,outcome,won,x,w,protected}'::name[]) c;
GRANT SELECT ON plain_c, sealed_c TO PUBLIC;

SET ROLE sml_class_train;
-- two classes of text, more of them, and whole numbers: as with plain columns; the classes go to who may train, and to no table
SELECT classes, positive FROM sustainml.train('c_outcome', 'sealed_c', target => 'outcome', features => '{town,x}');
SELECT classes, positive FROM sustainml.train('p_outcome', 'plain_c', target => 'outcome', features => '{town,x}');
SELECT classes, task FROM sustainml.train('c_kind', 'sealed_c', target => 'kind', features => '{town,x,id}');
SELECT classes, task FROM sustainml.train('p_kind', 'plain_c', target => 'kind', features => '{town,x,id}');
SELECT classes, task FROM sustainml.train('c_grade', 'sealed_c', target => 'grade', task => 'classification', features => '{town,x}');
SELECT classes, task FROM sustainml.train('p_grade', 'plain_c', target => 'grade', task => 'classification', features => '{town,x}');
SELECT m, count(*), bool_and(sustainml.predict_class('c_' || m, s) = sustainml.predict_class('p_' || m, p)) AS same
  FROM unnest('{outcome,kind,grade}'::text[]) m, sealed_c s JOIN plain_c p USING (id) GROUP BY m ORDER BY m;
SELECT m, count(*) > 10 AS some, bool_and(abs(p.value - s.value) <= 1e-9 * (1 + abs(p.value))) AS same
  FROM unnest('{outcome,kind,grade}'::text[]) m, sustainml.evaluate('p_' || m) p JOIN sustainml.evaluate('c_' || m) s USING (metric) WHERE s.value IS NOT NULL GROUP BY m ORDER BY m;
-- the classes in which the rare cells would be
SELECT actual, sum(s.n) = sum(p.n) AS same, bool_or(s.n IS NULL) AS withheld FROM sustainml.confusion_matrix('c_kind', 'sealed_c') s JOIN sustainml.confusion_matrix('p_kind', 'plain_c') p USING (actual, predicted)
 GROUP BY actual ORDER BY actual;
-- what the caller wrote stays as written
SELECT pg_temp.refused($$SELECT sustainml.predict('c_outcome', s) FROM sealed_c s LIMIT 1$$);
SELECT pg_temp.refused($$SELECT sustainml.predict('p_outcome', s) FROM plain_c s WHERE id = 1$$);
SELECT pg_temp.refused($$SELECT sustainml.fairness_audit(source => 'plain_c', model => 'c_outcome', protected => '{sex}', favorable => 'Zqxgrnt')$$);
SELECT pg_temp.refused($$SELECT sustainml.fairness_audit(source => 'plain_c', model => 'p_outcome', protected => '{sex}', favorable => 'Zqxgrnt')$$);
SELECT positive FROM sustainml.train('c_named', 'sealed_c', target => 'outcome', features => '{x}', positive => 'Zqxdeny', favorable => 'Zqxgrant');
SELECT version, positive FROM sustainml.retrain('c_named', activate => 'never');
-- resampling, class weights, weights, calibration: the same as plain, and no class in a note
SELECT t.m, t.notes FROM (VALUES ('{"resample": "smote"}', 'smote'), ('{"class_weight": "balanced"}', 'balanced'), ('{"calibration": "platt"}', 'calibrated')) v(params, m),
	LATERAL (SELECT v.m, notes FROM sustainml.train('c_' || v.m, 'sealed_c', target => 'outcome', features => '{town,x}', params => v.params::jsonb)) t;
SELECT count(*) FROM (VALUES ('{"resample": "smote"}', 'smote'), ('{"class_weight": "balanced"}', 'balanced'), ('{"calibration": "platt"}', 'calibrated')) v(params, m),
	LATERAL sustainml.train('p_' || v.m, 'plain_c', target => 'outcome', features => '{town,x}', params => v.params::jsonb) t;
SELECT m, bool_and(abs(sustainml.predict_proba('c_' || m, s) - sustainml.predict_proba('p_' || m, p)) < 1e-9) AS same
  FROM unnest('{smote,balanced,calibrated}'::text[]) m, sealed_c s JOIN plain_c p USING (id) GROUP BY m ORDER BY m;
RESET ROLE;
-- who may open the columns is told more, and not what the classes are
SELECT notes FROM sustainml.train('c_smote', 'sealed_c', target => 'outcome', features => '{town,x}', params => '{"resample": "smote"}');

-- what the catalog has
SELECT model, version, positive, favorable, classes, notes FROM sustainml.model_version WHERE model IN ('c_outcome', 'c_kind', 'c_named', 'c_smote') ORDER BY model, version;
SELECT count(*) FROM sustainml.model_version v WHERE model LIKE 'c\_%' AND position('Zqx' IN (to_jsonb(v) - 'positive' - 'favorable')::text) > 0;
SELECT count(*) FROM sustainml.run_log r WHERE position('Zqx' IN r::text) > 0;
SELECT bool_or(position(convert_to('Zqx', 'UTF8') IN bytes) > 0) AS model_shows, bool_and(get_byte(bytes, 0) = 1) AS sealed FROM sustainml.model_version WHERE model LIKE 'c\_%';

SET ROLE sml_class_train;
-- errors name no class and no level
SELECT pg_temp.refused(format('SELECT * FROM sustainml.train(''e'', ''sealed_c'', target => ''outcome'', features => ''{town,x}'', %s)', more))
  FROM unnest(ARRAY['positive => ''Zqxgran''', 'favorable => ''Zqxgran''', 'params => ''{"class_weight": {"Zqxgran": 2}}''', 'params => ''{"resample": {"kind": "smote", "strategy": {"Zqxgran": 500}}}''',
	'preprocess => ''{"town": {"reference": "ZqxBerli"}}''', 'params => ''{"calibration": {"method": "platt", "share": 0.02}}''']) WITH ORDINALITY m(more, n) ORDER BY n;
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''SELECT s.* FROM sealed_c s JOIN plain_c p USING (id) WHERE p.outcome = ''''Zqxdeny'''''', target => ''outcome'', features => ''{x}'', split => ''{"by": "id"}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''SELECT * FROM sealed_c WHERE id < 50'', target => ''kind'', features => ''{x}'', split => ''{"by": "id"}'', holdout => 0)');
-- an audit counts groups: it needs the right open; groups cannot be sealed
SELECT notes FROM sustainml.train('c_audited', 'sealed_c', target => 'won', features => '{x}', protected => '{sex}');
SELECT pg_temp.refused('SELECT sustainml.fairness_audit(''sealed_c'', model => ''c_audited'', protected => ''{sex}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.fit_thresholds(''c_audited'', ''sealed_c'', protected => ''{sex}'', criterion => ''equal_opportunity'')');
RESET ROLE;
SELECT sustainml.fairness_audit('sealed_c', model => 'c_audited', protected => '{sex}') > 0 AS audited;
SELECT pg_temp.refused('SELECT sustainml.fairness_audit(''sealed_c'', model => ''c_audited'', protected => ''{protected}'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''sealed_c'', target => ''won'', features => ''{x}'', protected => ''{protected}'')');

-- figures of few rows: not for who may only train
SET ROLE sml_class_train;
SELECT rows_used FROM sustainml.train('c_x', 'sealed_c', target => 'x', features => '{id,town}');
SELECT pg_temp.refused(format('SELECT * FROM sustainml.evaluate(''c_x'', ''SELECT * FROM sealed_c WHERE %s'')', filter)) FROM unnest(ARRAY['id = 7', 'id <= 19', 'id <= 20', 'false']) WITH ORDINALITY f(filter, n) ORDER BY n;
SELECT pg_temp.refused(format('SELECT count(*) FROM sustainml.%s', call)) FROM unnest(ARRAY['confusion_matrix(''c_won'', ''SELECT * FROM sealed_c WHERE id = 7'')', 'classification_report(''c_won'', ''SELECT * FROM sealed_c WHERE id = 7'')',
	'roc_curve(''c_won'', ''SELECT * FROM sealed_c WHERE id < 10'')', 'calibration_curve(''c_won'', ''SELECT * FROM sealed_c WHERE id < 10'')', 'tune_threshold(''c_won'', ''SELECT * FROM sealed_c WHERE id < 10'')',
	'compare(''c_won'', ''c_won'', ''SELECT * FROM sealed_c WHERE id = 7'')', 'feature_importance(''c_won'', ''SELECT * FROM sealed_c WHERE id = 7'', ''permutation'')']) WITH ORDINALITY c(call, n),
	(SELECT rows_used FROM sustainml.train('c_won', 'sealed_c', target => 'won', features => '{x}')) t ORDER BY n;
-- nor where the query hides which column it is
SELECT pg_temp.refused('SELECT * FROM sustainml.evaluate(''c_x'', ''SELECT id, town, x FROM sealed_c WHERE id = 7 UNION ALL SELECT id, town, w FROM sealed_c WHERE false'')') AS union_of_two,
	pg_temp.refused('SELECT * FROM sustainml.evaluate(''c_x'', ''SELECT id, town, sustainml.with_row(x, id::text) AS x FROM sealed_c WHERE id = 7'')') AS with_row;
SELECT pg_temp.refused('SELECT sustainml.fairness_audit(''SELECT id, x, sex, won FROM sealed_c UNION ALL SELECT id, x, sex, protected FROM sealed_c WHERE false'', model => ''c_won'', protected => ''{sex}'')') AS audit;
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''SELECT id, x FROM sealed_c UNION ALL SELECT id, w FROM sealed_c WHERE false'', target => ''x'', split => ''{"by": "id"}'')') AS train;
-- what a second source gives goes into the model only where it is sealed under its keys
SELECT pg_temp.refused('SELECT * FROM sustainml.train(''e'', ''plain_c'', target => ''won'', features => ''{x}'', split => ''{"source": "sealed_c"}'', params => ''{"calibration": "platt"}'')') AS calibrated;
SELECT notes FROM sustainml.train('c_second', 'plain_c', target => 'won', features => '{x}', split => '{"source": "SELECT * FROM sealed_c WHERE id <= 70"}');
-- weights do not single one row out
SELECT rows_used FROM sustainml.train('c_heavy', 'SELECT *, CASE WHEN id = 7 THEN 1 ELSE 1e-9 END AS heavy FROM sealed_c', target => 'x', features => '{id}', weight => 'heavy', split => '{"by": "id"}', holdout => 0);
SELECT pg_temp.refused('SELECT * FROM sustainml.evaluate(''c_heavy'', ''SELECT *, CASE WHEN id = 7 THEN 1 ELSE 1e-9 END AS heavy FROM sealed_c'')');
-- nor does a class of few rows among many: its rows follow from an AUC and the predictions; a class without rows is no matter
SELECT pg_temp.refused('SELECT * FROM sustainml.evaluate(''c_won'', ''SELECT s.* FROM sealed_c s JOIN plain_c p USING (id) WHERE NOT p.won OR p.id = 6'')'),
	pg_temp.refused('SELECT * FROM sustainml.confusion_matrix(''c_won'', ''SELECT s.* FROM sealed_c s JOIN plain_c p USING (id) WHERE p.won OR p.id BETWEEN 1 AND 30'')');
SELECT pg_temp.refused('SELECT * FROM sustainml.evaluate(''c_won'', ''SELECT s.* FROM sealed_c s JOIN plain_c p USING (id) WHERE NOT p.won'')');
-- nor few predictions of a class
SELECT sustainml.set_threshold('c_won', (SELECT p FROM (SELECT sustainml.predict_proba('c_won', s) AS p FROM sealed_c s) q ORDER BY p DESC OFFSET 9 LIMIT 1));
SELECT metric, value, n, reason FROM sustainml.evaluate('c_won', 'sealed_c') WHERE metric IN ('precision', 'rows') ORDER BY metric;
SELECT actual, predicted, n IS NULL AS withheld FROM sustainml.confusion_matrix('c_won', 'sealed_c') ORDER BY 1, 2;
RESET ROLE;
SELECT metric, n FROM sustainml.evaluate('c_won', 'sealed_c') WHERE metric IN ('precision', 'rows') ORDER BY metric;
SET ROLE sml_class_train;
SELECT sustainml.set_threshold('c_won', 0.5);
SELECT count(*) <= 31 AS coarse FROM sustainml.roc_curve('c_won', 'sealed_c');
-- a training with few held-out rows has no metrics, and compares nothing
SELECT rows_held_out < 20 AS few, metrics, notes[1] FROM sustainml.train('c_few', 'SELECT * FROM sealed_c WHERE id <= 70', target => 'x', features => '{id}', split => '{"by": "id"}');
SELECT metrics, activation_reason FROM sustainml.train('c_few', 'SELECT * FROM sealed_c WHERE id <= 70', target => 'x', features => '{id}', split => '{"by": "id"}', activate => 'if_better', metric => 'mae');
-- coefficients by other names
SELECT pg_temp.refused('SELECT * FROM sustainml.feature_importance(''c_x'')'), pg_temp.refused('SELECT * FROM sustainml.probability_basis(''c_calibrated'')'), pg_temp.refused('SELECT * FROM sustainml.fit_summary(''c_x'')');
RESET ROLE;
-- who may open the values may see all
SELECT count(*) FROM sustainml.evaluate('c_x', 'SELECT * FROM sealed_c WHERE id = 7') WHERE value IS NOT NULL AND metric = 'mae';
SELECT count(*) FROM sustainml.feature_importance('c_x');

-- while a column is being encrypted in batches: its helper is no feature; the column itself is still in clear, and the model says so
CREATE TABLE moving (id int PRIMARY KEY, x float8, y float8);
INSERT INTO moving SELECT i, i % 9, 3 * (i % 9) + i % 2 FROM generate_series(1, 200) i;
SELECT sustainml_internal.sealing_begin('moving', 'x', 'class_test', false) > 0 AS begun, sustainml_internal.sealing_step('moving', 'x', 0, 1);
SELECT notes FROM (SELECT unnest(notes) AS notes FROM sustainml.train('c_moving', 'moving', target => 'y', holdout => 0)) n, sustainml.encryptions e
 WHERE notes <> format('Column "%s" was left out: it holds the values of a column that is being encrypted.', e.sealing_column);
SELECT features FROM sustainml.model_version WHERE model = 'c_moving';
SELECT regexp_replace(pg_temp.refused(format('SELECT * FROM sustainml.train(''e'', ''moving'', target => ''y'', features => ''{%s}'')', sealing_column)), 'sealing_[0-9]+', 'sealing_N') FROM sustainml.encryptions;
SELECT regexp_replace(pg_temp.refused(format('SELECT * FROM sustainml.train(''e'', ''moving'', target => ''%s'')', sealing_column)), 'sealing_[0-9]+', 'sealing_N') FROM sustainml.encryptions;
CALL sustainml.encrypt_column_batches('moving', 'x', 'class_test');
SELECT notes FROM sustainml.retrain('c_moving');
SELECT get_byte(bytes, 0) = 1 AS sealed FROM sustainml.model_version WHERE model = 'c_moving' ORDER BY version;
DROP TABLE moving;

SELECT sustainml.destroy_key('class_test', confirm => 'class_test') > 0 AS destroyed;
SELECT count(sustainml.drop_model(model)) FROM (SELECT DISTINCT model FROM sustainml.model_version WHERE model ~ '^[cp]_') m;
DROP TABLE plain_c, sealed_c;
REVOKE CREATE ON SCHEMA public FROM sml_class_train;
DROP ROLE sml_class_open, sml_class_train;
