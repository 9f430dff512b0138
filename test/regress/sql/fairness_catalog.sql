-- What audits leave behind: training audits by itself, policies and alerts, the gate, the chain, rows that never change.
CREATE SCHEMA fairness_catalog;
SET search_path = fairness_catalog;
\set SHOW_CONTEXT never
-- 4,000 applicants; the label leans towards one group, and so will a model that sees a proxy
CREATE TABLE people AS
SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'f' ELSE 'm' END AS sex, (ARRAY['x', 'y'])[1 + i % 2] AS area,
       (i * 7919 % 1000) / 1000.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.5 END AS proxy, (i * 104729 % 997) / 997.0 AS noise,
       ((i * 7919 % 1000) / 1000.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.4 END + (i * 31 % 97) / 97.0 > 1.2)::int AS hired
FROM generate_series(1, 4000) i;
ALTER TABLE people ADD PRIMARY KEY (id);

-- train audits the held-out rows, and says what it found
SELECT ref, active, (fairness ->> 'rows')::int = rows_held_out AS held_out, fairness ? 'audit_id' AS audit_id, fairness -> 'sex' ? 'demographic_parity_difference' AS by_sex,
       fairness ? 'sex & area' AS crossed, (fairness -> 'sex' ->> 'demographic_parity_ratio')::float8 < 0.8 AS unfair, notes
FROM sustainml.train('hire', 'people', target => 'hired', features => '{proxy,noise}', protected => '{sex,area}', favorable => '1');
-- the same as auditing the model afterwards, and as auditing its predictions
SELECT sustainml.fairness_audit(model => 'hire') IS NOT NULL AS audited;
CREATE VIEW held AS SELECT *, sustainml.predict_proba('hire', p) AS s FROM people p WHERE sustainml.held_out(0, 0.2, id);
SELECT count(*) AS figures, bool_and(abs(a.value - b.value) < 1e-12 OR (a.value IS NULL AND b.value IS NULL)) AS equal
FROM sustainml.fairness_latest a
JOIN sustainml.fairness_groups('held', 'hired', protected => '{sex,area}', favorable => '1', score => 's', draws => 0) b
  ON b.scope = a.scope AND b.attribute IS NOT DISTINCT FROM a.attribute AND b.group_value IS NOT DISTINCT FROM a.group_value AND b.metric = a.metric
WHERE a.model = 'hire' AND a.part = 'held_out' AND a.scope IN ('overall', 'group');
SELECT kind, count(*) FROM sustainml.run_log WHERE model = 'hire' GROUP BY kind ORDER BY kind;
SELECT ref, fairness_gap > 0.1 AS gap, fairness_attribute FROM sustainml.model_leaderboard WHERE model = 'hire';

-- policies: three outcomes
SELECT sustainml.set_fairness_policy('hire', 'impact_ratio', 0.8, attribute => 'sex') IS NOT NULL AS made;
SELECT sustainml.set_fairness_policy('hire', 'demographic_parity_difference', 0.9, attribute => 'sex', severity => 'warning') IS NOT NULL AS made;
SELECT sustainml.set_fairness_policy('hire', 'equal_opportunity_difference', 0.03, attribute => 'area', min_n => 1) IS NOT NULL AS made;
SELECT sustainml.set_fairness_policy('hire', 'ppv_difference', 0.5, attribute => 'age', severity => 'warning') IS NOT NULL AS made;
-- judged at once, by the audit of the training: an alert where it fails
SELECT a.metric, a.attribute, a.last_verdict, a.failed_audits, f.part FROM sustainml.open_alerts a JOIN sustainml.fairness_audits f ON f.audit_id = a.opened_audit_id WHERE a.model = 'hire';
SELECT metric, attribute, bound, at_least, judge_by, severity FROM sustainml.fairness_policies WHERE model = 'hire' AND ended_at IS NULL ORDER BY policy_id;
SELECT sustainml.fairness_audit(model => 'hire') IS NOT NULL AS audited;
SELECT v.metric, v.attribute, v.verdict, v.reason FROM sustainml.fairness_verdict v
WHERE v.audit_id = (SELECT max(audit_id) FROM sustainml.fairness_audits WHERE model = 'hire') ORDER BY v.policy_id;
SELECT metric, attribute, verdict, policy_bound FROM sustainml.fairness_latest WHERE model = 'hire' AND verdict IS NOT NULL ORDER BY metric;
SELECT metric, attribute, last_verdict, failed_audits, severity, is_acknowledged FROM sustainml.open_alerts WHERE model = 'hire';
-- again: the same alert, not another
SELECT sustainml.fairness_audit(model => 'hire') IS NOT NULL AS audited;
SELECT metric, failed_audits FROM sustainml.open_alerts WHERE model = 'hire';
SELECT sustainml.acknowledge_fairness_alert(alert_id, 'new data is being collected') FROM sustainml.open_alerts WHERE model = 'hire';
SELECT is_acknowledged, acknowledged_by = current_user AS by_me, acknowledged_reason FROM sustainml.open_alerts WHERE model = 'hire';

-- the gate
DO $$ BEGIN PERFORM sustainml.fairness_gate('hire'); EXCEPTION WHEN check_violation THEN RAISE NOTICE '% %', SQLSTATE, regexp_replace(SQLERRM, '\d\.\d+', 'n'); END $$;
-- training that asks for better is held back, whatever the metric says
SELECT active, activation_reason LIKE 'not activated, because of a fairness policy: sex: demographic_parity_ratio is %' AS by_policy
FROM sustainml.train('hire', 'people', target => 'hired', features => '{proxy,noise}', params => '{"l2": 5}', protected => '{sex,area}', favorable => '1',
                     activate => 'if_better', metric => 'accuracy', min_gain => 0, holdout => 0.2, seed => 0)
WHERE activation_reason NOT LIKE 'not better%' OR active;
-- better for sure: the first version had nothing to go by
SELECT active FROM sustainml.train('gated', 'people', target => 'hired', features => '{noise}', protected => '{sex}', favorable => '1');
SELECT sustainml.set_fairness_policy('gated', 'demographic_parity_ratio', 0.8) IS NOT NULL AS made;
SELECT active, activation_reason LIKE 'not activated, because of a fairness policy: sex: demographic_parity_ratio is %: fail (the whole interval lies beyond the bound); better: %' AS by_policy
FROM sustainml.train('gated', 'people', target => 'hired', features => '{proxy}', protected => '{sex}', favorable => '1', activate => 'if_better');
-- without an audit nothing passes by absence
SELECT active, split_part(activation_reason, ';', 1) AS reason
FROM sustainml.train('gated', 'people', target => 'hired', features => '{proxy}', activate => 'if_better');
-- a policy that is a warning holds nothing back
SELECT sustainml.set_fairness_policy('gated', 'demographic_parity_ratio', 0.8, severity => 'warning') IS NOT NULL AS made;
SELECT active FROM sustainml.train('gated', 'people', target => 'hired', features => '{proxy}', protected => '{sex}', favorable => '1', activate => 'if_better');
SELECT sustainml.fairness_gate('gated');

-- a policy by value, kept: the alert closes after as many clean audits as asked
SELECT sustainml.set_fairness_policy('gated', 'demographic_parity_difference', 0.1, judge_by => 'value', clean_audits => 2, min_n => 10) IS NOT NULL AS made;
SELECT sustainml.fairness_audit(model => 'gated', protected => '{sex}') IS NOT NULL AS audited;
SELECT metric, last_verdict, clean_audits FROM sustainml.open_alerts WHERE model = 'gated' AND metric = 'demographic_parity_difference';
CREATE TABLE balanced AS SELECT id, (ARRAY['f', 'm'])[1 + i] AS sex, hired, proxy, noise FROM people, generate_series(0, 1) i;
SELECT sustainml.fairness_audit('balanced', model => 'gated', protected => '{sex}') IS NOT NULL AS audited;
SELECT metric, last_verdict, clean_audits FROM sustainml.open_alerts WHERE model = 'gated' AND metric = 'demographic_parity_difference';
SELECT sustainml.fairness_audit('balanced', model => 'gated', protected => '{sex}') IS NOT NULL AS audited;
SELECT count(*) FROM sustainml.open_alerts WHERE model = 'gated' AND metric = 'demographic_parity_difference';
SELECT closed_reason, failed_audits FROM sustainml.fairness_alerts WHERE model = 'gated' AND metric = 'demographic_parity_difference';

-- mitigations: gaps from the audits before and after
SELECT (array_agg(audit_id ORDER BY value DESC))[1] AS first, max(audit_id) AS last FROM sustainml.fairness_history WHERE model = 'gated' AND metric = 'demographic_parity_difference' AND attribute = 'sex' \gset
SELECT sustainml.record_mitigation('gated', 'both sexes alike in the data', 'sex', 'demographic_parity_difference', :first, :last, params => '{"copies": 2}') IS NOT NULL AS recorded;
SELECT sustainml.record_mitigation('gated', 'back again', 'sex', 'impact_ratio', :last, :last) IS NOT NULL AS recorded;
SELECT method, params, metric, gap_after < gap_before AS smaller, lowered, note FROM sustainml.fairness_mitigations WHERE model = 'gated' ORDER BY mitigation_id;
SELECT sustainml.record_mitigation('gated', 'x', 'sex', 'demographic_parity_difference', -1, -2);

-- trend and history
SELECT metric, count(*) AS audits, count(change) AS changes, bool_and(change IS NULL OR abs(change - (value - previous_value)) < 1e-15) AS right
FROM sustainml.fairness_trend WHERE model = 'hire' AND part = 'held_out' AND attribute = 'sex' AND metric = 'demographic_parity_ratio' GROUP BY metric;
SELECT count(DISTINCT audit_id) > count(DISTINCT audit_id) FILTER (WHERE is_latest) AS history FROM sustainml.fairness_history WHERE model = 'hire';
SELECT attribute, group_value, impact_ratio < 0.8 AS low, verdict FROM sustainml.impact_ratio WHERE model = 'hire' AND is_latest AND attribute = 'sex' ORDER BY group_value;
SELECT attribute, category, under_two_percent, impact_ratio < 0.8 AS low, excluded_reason FROM sustainml.ll144 WHERE model = 'gated' AND is_latest AND source = 'balanced' ORDER BY 2;
SELECT attribute, count(DISTINCT bin) AS bins, sum(n) > 0 AS rows FROM sustainml.calibration WHERE model = 'hire' AND is_latest AND group_value IS NULL GROUP BY attribute;
SELECT split_part(sustainml.fairness_report(max(audit_id)), E'\n', 3) FROM sustainml.fairness_audits WHERE model = 'hire';
SELECT bool_and(sustainml.fairness_report(h.audit_id) LIKE format('%%%s: n %s, selected %s [%%', h.group_value, h.n, to_char(h.value, 'FM0.0000'))) AS groups, count(*)
FROM sustainml.fairness_latest h WHERE model = 'gated' AND source = 'balanced' AND scope = 'group' AND metric = 'selection_rate';
SELECT bool_and(sustainml.fairness_report(h.audit_id) LIKE format('%%%s: %s [%s, %s], between %s and %s%%', h.metric, to_char(h.value, 'FM0.0000'), to_char(h.ci_low, 'FM0.0000'), to_char(h.ci_high, 'FM0.0000'), h.low_group, h.high_group)) AS disparities, count(*)
FROM sustainml.fairness_latest h WHERE model = 'hire' AND part = 'held_out' AND metric = 'demographic_parity_ratio';
SELECT jsonb_typeof(sustainml.fairness_report(max(audit_id), 'json')::jsonb -> 'figures') FROM sustainml.fairness_audits WHERE model = 'hire';

-- without favorable there is no impact ratio, and it says why
SELECT fairness IS NOT NULL AS audited, notes FROM sustainml.train('plain', 'people', target => 'hired', features => '{proxy}', protected => '{sex}');
SELECT DISTINCT impact_ratio, undefined_reason, verdict FROM sustainml.impact_ratio WHERE model = 'plain';
-- what cannot be audited says so
SELECT fairness, notes FROM sustainml.train('plain', 'people', target => 'hired', features => '{proxy}', protected => '{sex}', holdout => 0);
SELECT fairness, notes FROM sustainml.train('plain_number', 'people', target => 'noise', features => '{proxy}', protected => '{sex}');
-- more than two classes: the favourable one against the others
CREATE TABLE classes AS SELECT id, sex, proxy, (ARRAY['low', 'middle', 'high'])[1 + least(2, floor(proxy * 2)::int)] AS grade FROM people;
SELECT fairness -> 'sex' ? 'equalized_odds_difference' AS audited FROM sustainml.train('graded', 'classes', target => 'grade', features => '{proxy}', protected => '{sex}', favorable => 'high');
SELECT positive, favorable, threshold FROM sustainml.fairness_audits WHERE model = 'graded';

-- renaming keeps policies and audits; dropping ends policies and keeps audits
SELECT sustainml.rename_model('hire', 'hiring');
SELECT count(*) > 0 AS audits, count(DISTINCT model) AS models, min(model) AS model FROM sustainml.fairness_audits WHERE subject LIKE 'model fairness_catalog.hire%';
SELECT count(*) FROM sustainml.fairness_policies WHERE model = 'hiring' AND ended_at IS NULL;
DO $$ BEGIN PERFORM sustainml.fairness_gate('hiring@1'); EXCEPTION WHEN check_violation THEN RAISE NOTICE '%', SQLERRM; END $$;
SELECT sustainml.end_fairness_policy(policy_id) FROM sustainml.fairness_policies WHERE model = 'hiring' AND metric = 'demographic_parity_ratio' AND ended_at IS NULL;
SELECT sustainml.drop_model('hiring');
SELECT count(*) FROM sustainml.fairness_policy WHERE model = 'hiring' AND ended_at IS NULL;
SELECT count(*) FROM sustainml.fairness_alert WHERE model = 'hiring' AND closed_at IS NULL;
SELECT count(*) > 0 AS audits_stay FROM sustainml.fairness_audits WHERE subject LIKE 'model fairness_catalog.hire%';

-- rows never change, not even by a superuser
DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY '{fairness_audit,fairness_cell,fairness_metric,fairness_chain,fairness_verdict,fairness_mitigation,fairness_prune}'::text[] LOOP
		BEGIN EXECUTE format('DELETE FROM sustainml.%I', t); RAISE NOTICE '% lost rows', t; EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE NOTICE '%', SQLERRM; END;
		BEGIN EXECUTE format('TRUNCATE sustainml.%I', t); RAISE NOTICE '% lost rows', t; EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END;
	END LOOP;
	BEGIN UPDATE sustainml.fairness_metric SET value = 0; RAISE NOTICE 'changed'; EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE NOTICE '% %', SQLSTATE, SQLERRM; END;
END $$;
-- and whoever gets around the triggers is seen
SELECT count(*) > 0 AS chains, bool_and(is_intact) AS intact FROM sustainml.fairness_verify() WHERE subject LIKE '%fairness_catalog%';
SET extra_float_digits = 0;
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'SQL, DMY';
SELECT bool_and(is_intact) AS no_setting_matters FROM sustainml.fairness_verify() WHERE subject LIKE '%fairness_catalog%';
RESET extra_float_digits;
RESET TimeZone;
RESET DateStyle;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE sustainml.fairness_metric SET value = value / 2 WHERE line = 40 AND audit_id = (SELECT min(audit_id) FROM sustainml.fairness_audits WHERE subject = 'model fairness_catalog.hire');
SELECT is_intact, regexp_replace(problem, '\d+', 'n') AS problem FROM sustainml.fairness_verify() WHERE subject = 'model fairness_catalog.hire';
ROLLBACK;
-- every column counts, also those that follow from others
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE sustainml.fairness_cell SET true_positives = true_positives + 1 WHERE cell = 1 AND audit_id = (SELECT min(audit_id) FROM sustainml.fairness_audits WHERE subject = 'model fairness_catalog.hire');
SELECT is_intact, regexp_replace(problem, '\d+', 'n') AS problem FROM sustainml.fairness_verify() WHERE subject = 'model fairness_catalog.hire';
ROLLBACK;
-- the text of a row by hand: 1.5 is 0x3ff8000000000000, 2000-01-01 is microsecond 0, what is NULL at the end is left out
SELECT sustainml_internal.fairness_line(v) AS line FROM (VALUES (true, -7, 9007199254740993, 1.5::float8, '2000-01-01 00:00:01+00'::timestamptz, 'a|"b', ARRAY['x', NULL, 'y'], NULL, 0::bigint, NULL::text, NULL::int)) v;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM sustainml.fairness_chain WHERE subject = 'model fairness_catalog.hire' AND position = 2;
SELECT is_intact, regexp_replace(problem, '\d+', 'n') AS problem FROM sustainml.fairness_verify() WHERE subject = 'model fairness_catalog.hire';
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM sustainml.fairness_audit WHERE audit_id = (SELECT audit_id FROM sustainml.fairness_chain WHERE subject = 'model fairness_catalog.hire' AND position = 2);
SELECT is_intact, regexp_replace(problem, '\d+', 'n') AS problem FROM sustainml.fairness_verify() WHERE subject = 'model fairness_catalog.hire';
ROLLBACK;
-- views: exactly these columns first, every one explained
SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns, count(*) FILTER (WHERE col_description(c.oid, a.attnum) IS NULL) AS unexplained
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'sustainml'::regnamespace AND c.relkind = 'v' AND c.relname IN ('fairness_latest', 'fairness_history', 'fairness_trend', 'impact_ratio', 'll144', 'calibration', 'open_alerts')
GROUP BY c.relname ORDER BY c.relname;
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM sustainml.fairness_audit WHERE subject = 'model fairness_catalog.hire';
SELECT is_intact, regexp_replace(problem, '\d+', 'n') AS problem FROM sustainml.fairness_verify() WHERE subject = 'model fairness_catalog.hire';
ROLLBACK;
-- policies: bad input
\set VERBOSITY terse
SELECT sustainml.set_fairness_policy('gated', 'demografic_parity_difference', 0.1);
SELECT sustainml.set_fairness_policy('gated@1', 'tpr_difference', 0.1);
SELECT sustainml.set_fairness_policy('gated', 'tpr_difference', -0.1);
SELECT sustainml.set_fairness_policy('gated', 'impact_ratio', 1.25);
SELECT sustainml.set_fairness_policy('gated', 'tpr_difference', 0.1, judge_by => 'feeling');
SELECT sustainml.set_fairness_policy('gated', 'tpr_difference', 0.1, severity => 'grave');
SELECT sustainml.set_fairness_policy('nobody', 'tpr_difference', 0.1);
SELECT sustainml.end_fairness_policy(-1);
SELECT sustainml.acknowledge_fairness_alert(-1, 'x');
SET client_min_messages = warning;
SELECT sustainml.drop_model(m) FROM (VALUES ('gated'), ('plain'), ('plain_number'), ('graded')) v(m);
DROP SCHEMA fairness_catalog CASCADE;
