-- Which version an audit speaks for: a retrain that is refused hides nothing and raises no alarm; renaming, dropping and the same name again;
-- what old audits leave behind when they are removed.
CREATE SCHEMA fairness_versions;
SET search_path = fairness_versions;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE versions_reader;
CREATE ROLE versions_heir;
GRANT USAGE, CREATE ON SCHEMA fairness_versions TO versions_reader, versions_heir;
RESET client_min_messages;
-- the label leans towards one group; "proxy" tells the group and "skill" does not
CREATE TABLE people AS
SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'f' ELSE 'm' END AS sex, (ARRAY['x', 'y'])[1 + i / 2 % 2] AS area,
       (i * 7919 % 1000) / 1000.0 AS skill, (i * 7919 % 1000) / 1000.0 + CASE WHEN i % 2 = 0 THEN 0 ELSE 0.4 END AS proxy,
       ((i * 7919 % 1000) / 1000.0 + CASE WHEN i % 2 = 0 THEN 0 ELSE 0.4 END + (i * 31 % 97) / 970.0 > 0.75)::int AS hired
FROM generate_series(1, 4000) i;
ALTER TABLE people ADD PRIMARY KEY (id);
GRANT SELECT ON people TO versions_reader, versions_heir;
CREATE FUNCTION standing() RETURNS TABLE (ref text, active boolean, alerts bigint) LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT h.model || '@' || h.version, ' '), bool_and(h.is_active), (SELECT count(*) FROM sustainml.open_alerts a WHERE a.model = 'promo')
	  FROM sustainml.fairness_latest h WHERE h.model = 'promo' AND h.part = 'held_out' $$;

-- a fair version is in use
SELECT ref, active FROM sustainml.train('promo', 'people', target => 'hired', features => '{skill}', protected => '{sex,area}', favorable => '1');
SELECT sustainml.set_fairness_policy('promo', 'demographic_parity_difference', 0.25, attribute => 'sex') > 0 AS policy;
SELECT sustainml.fairness_gate('promo');
-- a retrain is better and unfair: refused, and what stands on the dashboard stays
SELECT ref, active, activation_reason ~ 'not activated, because of a fairness policy' AS because FROM sustainml.train('promo', 'people', target => 'hired', features => '{proxy,skill}', protected => '{sex,area}', favorable => '1', activate => 'if_better');
SELECT * FROM standing();
SELECT DISTINCT version, is_latest, is_active FROM sustainml.impact_ratio WHERE model = 'promo' AND attribute = 'sex' ORDER BY 1;
SELECT version, is_latest, is_newest_of_version, is_active FROM sustainml.fairness_audits WHERE model = 'promo' ORDER BY audit_id;
SELECT version, verdict FROM sustainml.fairness_history WHERE model = 'promo' AND verdict IS NOT NULL ORDER BY 1, 2;
-- the gate is about the version that is asked for, and without one about the active one
SELECT sustainml.fairness_gate('promo');
DO $$ BEGIN PERFORM sustainml.fairness_gate('promo@2'); EXCEPTION WHEN check_violation THEN RAISE NOTICE '%', SQLERRM; END $$;
DO $$ BEGIN PERFORM sustainml.fairness_gate('promo@latest'); EXCEPTION WHEN check_violation THEN RAISE NOTICE '%', SQLERRM; END $$;
-- a card is about its version
SELECT sustainml.model_card('promo@1') LIKE '%>fail<%' AS one_fails, sustainml.model_card('promo@2') LIKE '%>fail<%' AS two_fails;
-- somebody activates it all the same: the alert opens; the way back closes it
SELECT sustainml.activate('promo@2');
SELECT * FROM standing();
SELECT version, failed_audits, last_verdict FROM sustainml.open_alerts WHERE model = 'promo';
SELECT sustainml.rollback('promo');
SELECT * FROM standing();
SELECT closed_reason, version FROM sustainml.fairness_alerts WHERE model = 'promo';
-- once more and audited while active, then a version that was not activated passes: the alert stays
SELECT sustainml.activate('promo@2');
SELECT sustainml.fairness_audit(model => 'promo') > 0 AS audited;
SELECT sustainml.fairness_audit(model => 'promo@1') > 0 AS audited;
SELECT failed_audits, last_verdict, version FROM sustainml.open_alerts WHERE model = 'promo';
SELECT sustainml.rollback('promo');
SELECT * FROM standing();

-- an audit that looks at less does not take the judgement away
SELECT sustainml.fairness_audit(model => 'promo', protected => '{area}') > 0 AS audited;
SELECT sustainml.fairness_gate('promo', strict => true);
-- what another threshold would do is no judgement of what the version does
SELECT sustainml.fairness_audit(model => 'promo', threshold => 0.99) > 0 AS audited;
SELECT count(*) AS verdicts FROM sustainml.fairness_verdict WHERE audit_id = (SELECT max(audit_id) FROM sustainml.fairness_audits WHERE model = 'promo');
SELECT sustainml.fairness_gate('promo', strict => true);
SELECT sustainml.set_threshold('promo', 0.6);
DO $$
DECLARE
	d text;
BEGIN
	PERFORM sustainml.fairness_gate('promo');
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '%: %', SQLERRM, d;
END $$;
SELECT sustainml.fairness_audit(model => 'promo') > 0 AS audited;
SELECT sustainml.fairness_gate('promo');

-- a reader's audit of other rows stands beside, and takes no place
SELECT sustainml.grant_model('promo', 'versions_reader', 'read');
SET ROLE versions_reader;
SELECT sustainml.fairness_audit(model => 'promo', protected => '{area}') > 0 AS audited;
RESET ROLE;
SELECT DISTINCT role_name = 'versions_reader' AS by_reader, a.attribute FROM sustainml.fairness_latest a JOIN sustainml.fairness_audits USING (audit_id) WHERE a.model = 'promo' AND a.scope = 'disparity' ORDER BY 2;

-- renaming: one name in all views, one chain, which goes on
SELECT sustainml.record_mitigation('promo@2', 'by hand', 'sex', 'demographic_parity_difference', min(audit_id), max(audit_id) FILTER (WHERE version = 2)) > 0 AS recorded FROM sustainml.fairness_audits WHERE model = 'promo';
SELECT sustainml.rename_model('promo', 'promoting');
SELECT sustainml.fairness_audit(model => 'promoting') > 0 AS audited;
SELECT (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_audits WHERE subject LIKE '%fairness_versions.promo%') AS audits, (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_latest WHERE model LIKE 'promo%') AS latest,
       (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_trend WHERE model LIKE 'promo%') AS trend, (SELECT array_agg(DISTINCT model) FROM sustainml.impact_ratio WHERE model LIKE 'promo%') AS ratios,
       (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_alerts WHERE model LIKE 'promo%') AS alerts, (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_mitigations WHERE model LIKE 'promo%') AS mitigations,
       (SELECT array_agg(DISTINCT model) FROM sustainml.fairness_policies WHERE model LIKE 'promo%') AS policies;
SELECT count(*) AS latest FROM (SELECT DISTINCT audit_id, source, part FROM sustainml.fairness_latest WHERE model = 'promoting') x;
SELECT subject, is_intact, audits, model FROM sustainml.fairness_verify() WHERE subject LIKE '%fairness_versions%';
SELECT previous_audit_id IS NOT NULL AS trend_goes_on FROM sustainml.fairness_trend WHERE model = 'promoting' AND attribute = 'sex' AND metric = 'demographic_parity_difference' ORDER BY audit_id DESC LIMIT 1;
SELECT sustainml.fairness_gate('promoting');
-- the former name is free for another model, with a chain of its own
SET ROLE versions_heir;
SELECT ref FROM sustainml.train('promo', 'people', target => 'hired', features => '{skill}', protected => '{sex}', favorable => '1');
SELECT subject ~ '^model fairness_versions.promo from version id \d+$' AS own_subject, is_intact, audits, model FROM sustainml.fairness_verify() WHERE model = 'promo';
RESET ROLE;
SELECT sustainml.fairness_audit(model => 'promoting') > 0 AS audited;
SELECT bool_and(is_intact) AS intact, count(*) AS chains FROM sustainml.fairness_verify() WHERE subject LIKE '%fairness_versions%';

-- dropping: audits stay, for their owner; whoever takes the name gets nothing
SELECT sustainml.drop_model('promoting');
SELECT count(*) > 0 AS policies_stay, bool_and(ended_at IS NOT NULL) AS ended FROM sustainml.fairness_policies WHERE model = 'promoting';
SELECT count(*) > 0 AS stay, bool_and(is_dropped) AS dropped, bool_or(is_latest) AS latest FROM sustainml.fairness_audits WHERE subject = 'model fairness_versions.promo';
SELECT count(*) AS in_latest FROM sustainml.fairness_latest WHERE model IN ('promoting', 'promo') AND NOT is_active;
SET ROLE versions_heir;
SELECT ref FROM sustainml.train('promoting', 'people', target => 'hired', features => '{skill}', protected => '{sex}', favorable => '1');
SELECT sustainml.grant_model('promoting', 'versions_heir', 'read'), sustainml.grant_model('promo', 'versions_heir', 'read');
SELECT model, count(*) AS audits, bool_or(is_dropped) AS dropped FROM sustainml.fairness_audits WHERE subject LIKE '%fairness_versions%' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS alerts FROM sustainml.fairness_alerts WHERE model IN ('promo', 'promoting');
SELECT count(*) AS mitigations FROM sustainml.fairness_mitigations;
SELECT count(*) AS policies FROM sustainml.fairness_policies;
SET ROLE versions_reader;
SELECT count(*) AS audits_of_others FROM sustainml.fairness_audits WHERE subject LIKE '%fairness_versions%' AND role_name <> 'versions_reader';
RESET ROLE;
SELECT bool_and(is_intact) AS intact FROM sustainml.fairness_verify() WHERE subject LIKE '%fairness_versions%';

-- a query of any length can be audited
SELECT sustainml.fairness_audit(format('SELECT *, hired = 1 AS p, %L AS said FROM fairness_versions.people', string_agg(md5(i::text), '')), 'hired', 'p', '{sex}', '1') > 0 AS audited FROM generate_series(1, 300) i;
SELECT length(subject) < 450 AS short, length(source) > 9000 AS whole FROM sustainml.fairness_audits WHERE source LIKE '%AS said FROM fairness_versions%';

-- removal: for the owner of the extension, and not of what is young
SET ROLE versions_heir;
SELECT sustainml.prune_fairness_audits('2020-01-01');
RESET ROLE;
SELECT sustainml.prune_fairness_audits('2020-01-01') AS none;
SELECT sustainml.prune_fairness_audits(NULL);
DO $$
DECLARE
	d text;
BEGIN
	PERFORM sustainml.prune_fairness_audits(now());
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '% %: %', SQLSTATE, regexp_replace(SQLERRM, 'after .* cannot', 'after … cannot'), d;
END $$;
-- here nothing is old, so the age is set aside; what is in use stays, what was dropped goes
SET ROLE versions_heir;
SET sustainml.audit_retention = 0;
RESET ROLE;
BEGIN;
SET LOCAL sustainml.audit_retention = 0;
SET ROLE versions_heir;
SELECT sustainml.fairness_audit(model => 'promo') > 0 AS audited, sustainml.fairness_audit(model => 'promo') > 0 AS again;
RESET ROLE;
SELECT count(*) AS before FROM sustainml.fairness_audits WHERE subject LIKE 'model fairness_versions.promo%';
SELECT sustainml.prune_fairness_audits(clock_timestamp(), 'the rule of the house') > 0 AS pruned;
SELECT count(*) AS after, count(*) FILTER (WHERE is_dropped) AS dropped FROM sustainml.fairness_audits WHERE subject LIKE 'model fairness_versions.promo%';
SELECT (SELECT count(*) FROM sustainml.fairness_cell c WHERE NOT EXISTS (SELECT FROM sustainml.fairness_audit a WHERE a.audit_id = c.audit_id))
     + (SELECT count(*) FROM sustainml.fairness_metric c WHERE NOT EXISTS (SELECT FROM sustainml.fairness_audit a WHERE a.audit_id = c.audit_id))
     + (SELECT count(*) FROM sustainml.fairness_verdict c WHERE NOT EXISTS (SELECT FROM sustainml.fairness_audit a WHERE a.audit_id = c.audit_id)) AS left_over;
SELECT regexp_replace(subject, '\d+', 'n') AS subject, is_intact, audits, pruned, problem FROM sustainml.fairness_verify() WHERE subject LIKE 'model fairness_versions%' ORDER BY 1, 3;
SELECT sustainml.fairness_gate('promo');
-- the chain goes on after it
SELECT sustainml.fairness_audit(model => 'promo') > 0 AS audited;
SELECT bool_and(is_intact) AS intact FROM sustainml.fairness_verify() WHERE subject LIKE 'model fairness_versions%';
-- the record of a removal cannot be changed, lost, or stretched to other audits without being seen
DELETE FROM sustainml.fairness_prune;
ROLLBACK;
CREATE FUNCTION prune_and(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	PERFORM sustainml.prune_fairness_audits(clock_timestamp());
	EXECUTE what;
	SELECT regexp_replace(v.problem, '\d+', 'n') INTO said FROM sustainml.fairness_verify() v WHERE v.subject = 'model fairness_versions.promo';
	RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = coalesce(said, 'intact');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
	RETURN SQLERRM;
END $$;
SET sustainml.audit_retention = 0;
SELECT prune_and('SELECT 1');
SET session_replication_role = replica;
SELECT prune_and($$UPDATE sustainml.fairness_prune SET role_name = 'nobody' WHERE subject = 'model fairness_versions.promo'$$);
SELECT prune_and($$UPDATE sustainml.fairness_prune SET audit_ids = audit_ids[2:] WHERE subject = 'model fairness_versions.promo'$$);
SELECT prune_and($$DELETE FROM sustainml.fairness_prune WHERE subject = 'model fairness_versions.promo'$$);
SELECT prune_and($$DELETE FROM sustainml.fairness_chain WHERE subject = 'model fairness_versions.promo' AND audit_id IN (SELECT prune_id FROM sustainml.fairness_prune)$$);
RESET session_replication_role;
RESET sustainml.audit_retention;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sustainml.prune_fairness_audits('2020-01-01');
ROLLBACK;
SET client_min_messages = warning;
SELECT sustainml.drop_model(m) FROM (VALUES ('promo'), ('promoting')) v(m);
DROP SCHEMA fairness_versions CASCADE;
DROP ROLE versions_reader;
DROP ROLE versions_heir;
