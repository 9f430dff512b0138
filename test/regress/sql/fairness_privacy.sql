-- Who sees what: the caller's rights on data, owners and readers of audits, hidden cells that do not follow by subtraction, row-level security.
CREATE SCHEMA fairness_privacy;
SET search_path = fairness_privacy;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE fair_owner;
CREATE ROLE fair_reader;
CREATE ROLE fair_other;
GRANT USAGE, CREATE ON SCHEMA fairness_privacy TO fair_owner;
GRANT USAGE ON SCHEMA fairness_privacy TO fair_reader, fair_other;
RESET client_min_messages;
-- rows by sex and religion: one cell of 4
CREATE TABLE staff AS
SELECT row_number() OVER () AS id, sex, religion, (row_number() OVER () % 2)::int AS y, (row_number() OVER () % 3 = 0)::int AS p, (row_number() OVER () % 10) / 10.0::float8 AS x
FROM (VALUES ('f', 'a', 500), ('f', 'b', 40), ('f', 'c', 4), ('m', 'a', 400), ('m', 'b', 30), ('m', 'c', 25)) v(sex, religion, n), generate_series(1, n);
ALTER TABLE staff ADD PRIMARY KEY (id);

-- no SELECT, no audit; with it on the needed columns alone, an audit
SET ROLE fair_owner;
SELECT count(*) FROM sustainml.fairness_groups('staff', 'y', 'p', '{sex}', '1');
RESET ROLE;
GRANT SELECT (sex, religion, y, p) ON staff TO fair_owner;
SET ROLE fair_owner;
SELECT count(*) > 0 AS allowed FROM sustainml.fairness_groups('staff', 'y', 'p', '{sex}', '1');
SELECT count(*) FROM sustainml.fairness_groups('staff', 'y', 'p', '{sex}', '1', score => 'x');
RESET ROLE;
GRANT SELECT ON staff TO fair_owner;

-- the owner of a model and of its audit
SET ROLE fair_owner;
SELECT active FROM sustainml.train('staffing', 'staff', target => 'y', features => '{x}');
SELECT sustainml.fairness_audit('staff', model => 'staffing', protected => '{sex,religion}', favorable => '1') > 0 AS audited;
SELECT attribute, group_value, n, is_suppressed FROM sustainml.fairness_latest WHERE model = 'staffing' AND metric = 'selection_rate' AND scope = 'group' ORDER BY 1, 2;
-- nobody else sees it
SET ROLE fair_other;
SELECT (SELECT count(*) FROM sustainml.fairness_latest WHERE model = 'staffing') + (SELECT count(*) FROM sustainml.fairness_audits WHERE model = 'staffing')
     + (SELECT count(*) FROM sustainml.impact_ratio WHERE model = 'staffing') + (SELECT count(*) FROM sustainml.calibration WHERE model = 'staffing')
     + (SELECT count(*) FROM sustainml.fairness_verify() WHERE subject LIKE '%staffing') AS nothing;
SELECT count(*) FROM sustainml.fairness_cell;
SELECT count(*) FROM sustainml.fairness_metric;
DELETE FROM sustainml.fairness_audit;
INSERT INTO sustainml.fairness_chain VALUES (1, 'x', 1, '', 'x');
SELECT sustainml_internal.fairness_chain_on(1, 'x', 'x');
SELECT sustainml_internal.fairness_judge(1);
SELECT sustainml.fairness_gate('staffing');
SELECT sustainml.set_fairness_policy('staffing', 'tpr_difference', 0.1);
SELECT sustainml.fairness_audit('staff', model => 'staffing', protected => '{sex}');

-- a reader sees it without the small cell, and without what would give it away
RESET ROLE;
SET ROLE fair_owner;
SELECT sustainml.grant_model('staffing', 'fair_reader', 'read');
SELECT sustainml.set_fairness_policy('staffing', 'demographic_parity_difference', 0.2) > 0 AS made;
SET ROLE fair_reader;
SELECT attribute, group_value, n, value IS NULL AS no_value, numerator IS NULL AS no_numerator, is_suppressed, undefined_reason
FROM sustainml.fairness_latest WHERE model = 'staffing' AND metric = 'selection_rate' AND scope = 'group' ORDER BY 1, 2, 3;
SELECT attribute, bool_or(value IS NOT NULL OR low_group IS NOT NULL OR high_group IS NOT NULL) AS shown FROM sustainml.fairness_latest
WHERE model = 'staffing' AND is_suppressed GROUP BY attribute ORDER BY 1;
SELECT attribute, group_value, n, selected, impact_ratio IS NULL AS no_ratio FROM sustainml.impact_ratio WHERE model = 'staffing' AND attribute = 'sex & religion' AND is_suppressed ORDER BY 2;
SELECT attribute, bool_and(is_suppressed) AS suppressed, count(n) AS shown FROM sustainml.calibration WHERE model = 'staffing' GROUP BY attribute ORDER BY 1;
SELECT count(*) > 0 AS intact FROM sustainml.fairness_verify() WHERE subject LIKE '%staffing' AND is_intact;
SELECT sustainml.fairness_report(max(audit_id)) ~ 'suppressed' AS report_too FROM sustainml.fairness_audits WHERE model = 'staffing';
SELECT sustainml.fairness_report(max(audit_id), 'json') ~ '"n": 4[,}]' AS leaks FROM sustainml.fairness_audits WHERE model = 'staffing';
SELECT sustainml.set_fairness_policy('staffing', 'tpr_difference', 0.1);
-- the gate tells a reader no figure of a hidden group
RESET ROLE;
SET ROLE fair_owner;
SELECT sustainml.set_fairness_policy('staffing', 'equal_opportunity_ratio', 1, attribute => 'sex & religion', judge_by => 'value', min_n => 0) > 0 AS made;
SET ROLE fair_reader;
SELECT sustainml.fairness_gate('staffing');
-- nor does a mitigation
RESET ROLE;
SET ROLE fair_owner;
SELECT sustainml.record_mitigation('staffing', 'by hand', a, 'demographic_parity_difference', min(audit_id), min(audit_id), thresholds => '{"f & c": 0.4}') > 0 AS recorded
  FROM sustainml.fairness_audits, unnest('{sex,sex & religion}'::text[]) a WHERE model = 'staffing' GROUP BY a ORDER BY a;
SELECT attribute, gap_before IS NOT NULL AS gap, thresholds IS NOT NULL AS thresholds FROM sustainml.fairness_mitigations WHERE model = 'staffing' ORDER BY 1;
SET ROLE fair_reader;
SELECT attribute, gap_before IS NOT NULL AS gap, thresholds IS NOT NULL AS thresholds FROM sustainml.fairness_mitigations WHERE model = 'staffing' ORDER BY 1;
-- and the hash of an audit cannot be worked out from what may be seen: there is salt in it
SELECT salt FROM sustainml.fairness_audit;
RESET ROLE;
SELECT count(DISTINCT salt) = count(*) AS each_its_own, min(length(salt)) FROM sustainml.fairness_audit;
-- every view, by somebody who may only read: no figure of the small group, nor one that it follows from
SET ROLE fair_reader;
SELECT v.view, (SELECT bool_or(r::text ~ v.hidden) FROM (SELECT x::text AS r FROM sustainml.fairness_history x WHERE model = 'staffing') q WHERE v.view = 'fairness_history'),
       (SELECT bool_or(r::text ~ v.hidden) FROM (SELECT x::text AS r FROM sustainml.impact_ratio x WHERE model = 'staffing') q WHERE v.view = 'impact_ratio'),
       (SELECT bool_or(r::text ~ v.hidden) FROM (SELECT x::text AS r FROM sustainml.ll144 x WHERE model = 'staffing') q WHERE v.view = 'll144'),
       (SELECT bool_or(r::text ~ v.hidden) FROM (SELECT x::text AS r FROM sustainml.calibration x WHERE model = 'staffing') q WHERE v.view = 'calibration'),
       (SELECT bool_or(r::text ~ v.hidden) FROM (SELECT x::text AS r FROM sustainml.fairness_latest x WHERE model = 'staffing') q WHERE v.view = 'fairness_latest')
  FROM unnest('{fairness_history,impact_ratio,ll144,calibration,fairness_latest}'::text[], array_fill('f & c'::text, ARRAY[5])) v(view, hidden) ORDER BY 1;
SELECT attribute, bool_or(value IS NOT NULL) AS trend_shows FROM sustainml.fairness_trend WHERE model = 'staffing' AND metric = 'demographic_parity_difference' GROUP BY 1 ORDER BY 1;
SELECT attribute, opened_value IS NOT NULL AS shows, last_value IS NOT NULL AS last FROM sustainml.open_alerts WHERE model = 'staffing' ORDER BY 1;
-- how many rows lack a group is the size of that group
RESET ROLE;
CREATE TABLE teams AS SELECT *, CASE WHEN id <= 3 THEN NULL WHEN id % 2 = 0 THEN 'u' ELSE 'v' END AS team FROM staff;
GRANT SELECT ON teams TO fair_owner;
SET ROLE fair_owner;
SELECT sustainml.fairness_audit('teams', model => 'staffing', protected => '{team}', favorable => '1') > 0 AS audited;
SELECT rows, rows_without_group, rows_without_label, notes FROM sustainml.fairness_audits WHERE source = 'teams';
SET ROLE fair_reader;
SELECT rows, rows_without_group, rows_without_label, notes FROM sustainml.fairness_audits WHERE source = 'teams';
SELECT group_value, n FROM sustainml.fairness_latest WHERE source = 'teams' AND scope = 'group' AND metric = 'base_rate' ORDER BY 1;
SELECT sustainml.fairness_report(max(audit_id)) ~ '\m3\M' AS leaks FROM sustainml.fairness_audits WHERE source = 'teams';
-- a function in a condition sees no hidden rows
CREATE FUNCTION pg_temp.peek(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SELECT count(*) FROM sustainml.impact_ratio WHERE pg_temp.peek(n) AND attribute = 'sex & religion' AND is_suppressed;
DROP FUNCTION pg_temp.peek(bigint);
-- a reader's audit is kept as the reader's, and decides nothing
RESET ROLE;
GRANT SELECT ON staff TO fair_reader;
SET ROLE fair_reader;
SELECT sustainml.fairness_audit('SELECT * FROM fairness_privacy.staff WHERE religion = ''a''', model => 'staffing', protected => '{sex}', favorable => '1') > 0 AS audited;
SELECT by_manager FROM sustainml.fairness_audits WHERE model = 'staffing' AND role_name = 'fair_reader';
RESET ROLE;
SELECT count(*) FROM sustainml.fairness_verdict v JOIN sustainml.fairness_audit a USING (audit_id) WHERE a.model = 'staffing' AND a.role_name = 'fair_reader';

-- row-level security: an audit covers the rows its role may see, and shows no value of others
ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON staff TO fair_reader USING (religion <> 'c');
CREATE POLICY own ON staff TO fair_owner USING (true);
SET ROLE fair_reader;
SELECT group_value, n FROM sustainml.fairness_groups('staff', 'y', 'p', '{religion}', '1') WHERE metric = 'selection_rate' AND scope = 'group' ORDER BY 1;
SELECT sustainml.fairness_audit('staff', 'y', 'p', '{religion}', '1') > 0 AS audited;
SELECT count(*) FROM sustainml.fairness_latest WHERE source = 'staff' AND model IS NULL AND group_value ~ 'c';
RESET ROLE;
-- a query cannot write, whoever asks
SET ROLE fair_owner;
CREATE TABLE mine (a int);
CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO fairness_privacy.mine VALUES (1) RETURNING 1';
SELECT count(*) FROM sustainml.fairness_groups('SELECT *, sneak() FROM staff', 'y', 'p', '{sex}', '1');
SELECT count(*) FROM mine;
SELECT sustainml.drop_model('staffing');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA fairness_privacy CASCADE;
DROP ROLE fair_owner;
DROP ROLE fair_reader;
DROP ROLE fair_other;
