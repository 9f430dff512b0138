-- What mitigations say when they do not help, and thresholds where data are few, tied, sealed or of another version.
CREATE SCHEMA mitigation_edges;
SET search_path = mitigation_edges, public;
SET client_min_messages = warning;
\pset null '-'

-- in the training part group b has more of x, which is what counts, and z tells the groups apart; in the held-out part x is alike: what
-- every method learns about z makes a gap there instead of closing one
CREATE TABLE turned AS
SELECT i AS id, a + CASE WHEN is_test THEN 0.5 ELSE g END AS x, b + g * 1.2 AS z, CASE WHEN g = 1 THEN 'b' ELSE 'a' END AS grp,
	(noise < 1 / (1 + exp(-(3 * a + CASE WHEN is_test THEN 1.5 ELSE 3 * g END - 1.2))))::int AS hired, is_test
  FROM (SELECT i, (i * 37 % 101) / 50.0::float8 - 1 AS a, (i * 53 % 89) / 44.0::float8 - 1 AS b, (i * 71 % 97 < 40)::int AS g,
	(i * 7919 % 10007) / 10007.0::float8 AS noise, i > 3000 AS is_test FROM generate_series(1, 4000) i) s;
ALTER TABLE turned ADD PRIMARY KEY (id);
CREATE TABLE methods (n int, method text, params jsonb);
INSERT INTO methods VALUES (1, 'reweigh', '{}'), (2, 'penalty', '{}'), (3, 'exponentiated_gradient', '{"max_gap": 0.05}'), (4, 'correlation_remover', '{}'), (5, 'group_smote', '{}');
SELECT m.method, t.notes[cardinality(t.notes)] AS last_note FROM methods m CROSS JOIN LATERAL sustainml.train('turned', 'turned', target => 'hired', features => '{x,z}', protected => '{grp}',
	favorable => '1', split => '{"column": "is_test"}', params => jsonb_build_object('fairness', m.params || jsonb_build_object('method', m.method))) t ORDER BY n;
SELECT method, lowered, gap_after > gap_before AS wider, note = 'The fairness method did not lower the demographic_parity_difference between groups of grp on the held-out rows.' AS told
  FROM sustainml.fairness_mitigations WHERE model_schema = 'mitigation_edges' ORDER BY mitigation_id;

-- labels lean on x and on the group; z is a proxy of the group
CREATE TABLE people AS
SELECT i AS id, a AS x, b + g * 1.2 AS z, CASE WHEN g = 1 THEN 'b' ELSE 'a' END AS grp, (noise < 1 / (1 + exp(-(3 * a + 3 * g - 1.2))))::int AS hired
  FROM (SELECT i, (i * 37 % 101) / 50.0::float8 - 1 AS a, (i * 53 % 89) / 44.0::float8 - 1 AS b, (i * 71 % 97 < 40)::int AS g,
	(i * 7919 % 10007) / 10007.0::float8 AS noise FROM generate_series(1, 4000) i) s;
ALTER TABLE people ADD PRIMARY KEY (id);
CREATE FUNCTION gap_of(ref text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE gap float8;
BEGIN
	EXECUTE format('SELECT max(r) - min(r) FROM (SELECT avg((sustainml.predict_proba(%L, t) >= 0.5)::int) AS r FROM people t WHERE sustainml.held_out(3, 0.2, id) GROUP BY grp) s', ref)
		INTO gap;
	RETURN gap;
END $$;
-- the gaps in the view are those that SQL counts on the held-out rows, with each method and without any
SELECT count(*) FROM (SELECT 0 AS n, 'plain' AS method UNION ALL SELECT n, method FROM methods) m CROSS JOIN LATERAL sustainml.train('counted', 'people', target => 'hired',
	features => '{x,z}', protected => '{grp}', favorable => '1', seed => 3,
	params => CASE WHEN n = 0 THEN '{}' ELSE jsonb_build_object('fairness', jsonb_build_object('method', m.method)) END) t;
SELECT m.version, m.method, abs(m.gap_before - gap_of('counted@1')) < 1e-12 AS before, abs(m.gap_after - gap_of('counted@' || m.version)) < 1e-12 AS after, m.lowered
  FROM sustainml.fairness_mitigations m WHERE m.model = 'counted' AND m.model_schema = 'mitigation_edges' ORDER BY 1;
-- after the remover the linear predictor has no covariance with the group on the training rows, and hardly any on others
SELECT abs(covar_pop(ln(p / (1 - p)), (grp = 'b')::int) FILTER (WHERE NOT held)) < 1e-9 AS fitted, abs(corr(ln(p / (1 - p)), (grp = 'b')::int) FILTER (WHERE held)) < 0.1 AS others,
	abs(corr(ln(q / (1 - q)), (grp = 'b')::int) FILTER (WHERE held)) > 0.2 AS without
  FROM (SELECT sustainml.predict_proba('counted@5', t) AS p, sustainml.predict_proba('counted@1', t) AS q, grp, sustainml.held_out(3, 0.2, id) AS held FROM people t) s;
-- whole numbers are whole
SELECT ref FROM sustainml.train('m', 'people', target => 'hired', protected => '{grp}', params => '{"fairness": {"method": "exponentiated_gradient", "rounds": 2.5}}');
SELECT ref FROM sustainml.train('m', 'people', target => 'hired', protected => '{grp}', params => '{"fairness": {"method": "group_smote", "k": 2.5}}');

SET client_min_messages = notice;
-- rows that cannot be used are counted
CREATE TABLE scored AS SELECT id, grp, hired, sustainml.predict_proba('counted@1', t) AS p FROM people t;
ALTER TABLE scored ADD PRIMARY KEY (id);
SELECT sum(rows_fitted + rows_evaluated) FROM sustainml.thresholds_for_scores('SELECT id, grp, CASE WHEN id % 5 > 0 THEN hired END AS hired, CASE WHEN id % 3 > 0 THEN p END AS p FROM scored',
	'hired', 'p', '{grp}', max_gap => 0.1);
-- one score for all: nothing can be told apart
SELECT group_value, threshold, gap_after, abs(accuracy_after - accuracy_before) < 1e-12 AS same FROM sustainml.thresholds_for_scores(
	'SELECT id, grp, hired, 0.3 AS p FROM scored', 'hired', 'p', '{grp}') ORDER BY 1;
-- few distinct scores: all rows of a score go together, and the bound holds on the fitted rows all the same
SELECT max(fitted_gap) <= 0.1 + 1e-12 AS within FROM (SELECT max(gap_after) AS fitted_gap FROM sustainml.thresholds_for_scores(
	'SELECT grp, hired, round(p::numeric, 1) AS p FROM scored', 'hired', 'p', '{grp}', max_gap => 0.1, margin => 0,
	evaluation_source => 'SELECT grp, hired, round(p::numeric, 1) AS p FROM scored')) s;
-- a bound that so few rows cannot vouch for
SELECT count(*) FROM sustainml.thresholds_for_scores('SELECT * FROM scored WHERE id <= 600', 'hired', 'p', '{grp}', max_gap => 0.04);
-- groups that are too small keep the default threshold, and the gap is given without them too
SELECT group_value, note FROM sustainml.thresholds_for_scores('SELECT id, CASE WHEN id % 100 = 1 THEN ''few'' ELSE grp END AS grp, hired, CASE WHEN id % 100 = 1 THEN 0.9 ELSE p END AS p FROM scored',
	'hired', 'p', '{grp}', max_gap => 0.1, default_threshold => 0.99) ORDER BY 1;
-- alike already
SELECT count(*) FROM sustainml.thresholds_for_scores('SELECT id, CASE WHEN id % 2 = 0 THEN ''a'' ELSE ''b'' END AS grp, hired, p FROM scored', 'hired', 'p', '{grp}', max_gap => 0.2, margin => 0);
-- a group without positives has no true positive rate to be alike
SELECT * FROM sustainml.thresholds_for_scores('SELECT id, grp, CASE WHEN grp = ''a'' THEN 0 ELSE hired END AS hired, p FROM scored', 'hired', 'p', '{grp}', criterion => 'equal_opportunity');
SET client_min_messages = warning;

-- a version that is not active has thresholds of its own
SELECT count(*) FROM sustainml.fit_thresholds('counted@1', 'people', max_gap => 0.1);
SELECT count(*) FROM sustainml.fit_thresholds('counted@2', 'people', max_gap => 0.1, default_threshold => 0.7);
SELECT sustainml.decide_by_group('counted@1', 0.6, 'none') AS one, sustainml.decide_by_group('counted@2', 0.6, 'none') AS two;
SELECT sustainml.decide_by_group('counted', 0.6, 'none') AS active;
SELECT version, count(DISTINCT fit_id) FROM sustainml.group_thresholds WHERE model_schema = 'mitigation_edges' AND is_current GROUP BY version ORDER BY version;

-- the card shows what was done, and what bounds would cost
SELECT card LIKE '%<h2>What was done about gaps</h2>%group_thresholds%' AS listed, xml_is_well_formed_document(substr(card, 16)) AS well_formed,
	(length(card) - length(replace(card, 'aria-label="Accuracy against the gap', ''))) / length('aria-label="Accuracy against the gap') AS fronts
  FROM (SELECT sustainml.model_card('counted@2')) s(card);
SELECT card LIKE '%What was done about gaps%' AS listed FROM (SELECT sustainml.model_card('counted@6')) s(card);
-- or why it does not
SELECT ref FROM sustainml.train('short', 'SELECT * FROM people WHERE id <= 150', target => 'hired', features => '{x,z}', protected => '{grp}', split => '{"by": "id"}',
	params => '{"fairness": {"method": "reweigh"}}');
SELECT substring(card FROM 'there is no front: [^<]*') FROM (SELECT sustainml.model_card('short')) s(card);

-- the front: no bound that is wider is less accurate on the rows it was fitted on
SELECT way, count(*), bool_and(fitted_accuracy >= before - 1e-12) AS monotone
  FROM (SELECT way, fitted_accuracy, lag(fitted_accuracy, 1, 0::float8) OVER (PARTITION BY way ORDER BY max_gap) AS before
          FROM sustainml.fairness_front('counted@1', 'people', criterion => 'equalized_odds', points => 30)) s GROUP BY way ORDER BY way;

SELECT count(*) FROM (SELECT sustainml.drop_model(m) FROM unnest('{turned,counted,short}'::text[]) m) d;
DROP SCHEMA mitigation_edges CASCADE;
