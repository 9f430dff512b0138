-- The chain of hashes checked, old audits removed, and an audit as a page to read
-- (src/pg/fairness/prune.c, report.c).

-- Availability: 0.1.0
CREATE VIEW sustainml_internal.fairness_links WITH (security_barrier) AS
SELECT c.subject, c.position, c.audit_id, c.previous_hash, c.hash,
       encode(sha256(convert_to(c.previous_hash || E'\n' || t.content, 'UTF8')), 'hex') AS computed,
       lag(c.hash, 1, '') OVER w AS hash_before, lag(c.position, 1, 0::bigint) OVER w AS position_before,
       EXISTS (SELECT FROM sustainml.fairness_prune p WHERE p.prune_id = c.audit_id) AS is_prune,
       EXISTS (SELECT FROM sustainml.fairness_prune p JOIN sustainml.fairness_chain x ON x.audit_id = p.prune_id
                WHERE p.subject = c.subject AND x.subject = c.subject AND x.position > c.position AND c.audit_id = ANY (p.audit_ids)) AS is_pruned,
       u.model
  FROM sustainml.fairness_chain c
  LEFT JOIN sustainml_internal.fairness_content t ON t.audit_id = c.audit_id
  LEFT JOIN sustainml_internal.fairness_subject u ON u.subject = c.subject
 WHERE c.subject IN (SELECT a.subject FROM sustainml.fairness_audits a) OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
WINDOW w AS (PARTITION BY c.subject ORDER BY c.position);
COMMENT ON VIEW sustainml_internal.fairness_links IS 'The links of the chains that the caller may see, with the hash worked out anew';
COMMENT ON COLUMN sustainml_internal.fairness_links.subject IS 'What was audited, by the name at its first audit; audits of one subject form a chain';
COMMENT ON COLUMN sustainml_internal.fairness_links.position IS 'Number within the chain of its subject';
COMMENT ON COLUMN sustainml_internal.fairness_links.audit_id IS 'Audit, or removal of audits';
COMMENT ON COLUMN sustainml_internal.fairness_links.previous_hash IS 'Hash before it';
COMMENT ON COLUMN sustainml_internal.fairness_links.hash IS 'Hash of the link and all before it in the chain';
COMMENT ON COLUMN sustainml_internal.fairness_links.computed IS 'Hash worked out anew; NULL: there is no content';
COMMENT ON COLUMN sustainml_internal.fairness_links.hash_before IS 'Hash of the link before';
COMMENT ON COLUMN sustainml_internal.fairness_links.position_before IS 'Position of the link before';
COMMENT ON COLUMN sustainml_internal.fairness_links.is_prune IS 'Whether the link is a removal of audits';
COMMENT ON COLUMN sustainml_internal.fairness_links.is_pruned IS 'Whether a later link of the chain says that the audit was removed for its age';
COMMENT ON COLUMN sustainml_internal.fairness_links.model IS 'Present name of the model, if it exists';
GRANT SELECT ON sustainml_internal.fairness_links TO PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_verify(OUT subject text, OUT audits bigint, OUT is_intact boolean, OUT problem text, OUT head_hash text, OUT pruned bigint, OUT model text)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT l.subject, count(*) FILTER (WHERE NOT l.is_prune AND NOT (l.is_pruned AND l.computed IS NULL)), count(b.problem) = 0,
	       (array_agg(b.problem ORDER BY l.position) FILTER (WHERE b.problem IS NOT NULL))[1], (array_agg(l.hash ORDER BY l.position DESC))[1],
	       count(*) FILTER (WHERE l.is_pruned AND l.computed IS NULL), min(l.model)
	  FROM sustainml_internal.fairness_links l
	 CROSS JOIN LATERAL (SELECT CASE WHEN l.position <> l.position_before + 1 THEN format('audits are missing before audit %s', l.audit_id)
	                                 WHEN l.previous_hash <> l.hash_before THEN format('audit %s does not follow the one before it', l.audit_id)
	                                 WHEN l.computed IS NULL AND NOT l.is_pruned THEN format('audit %s is gone', l.audit_id)
	                                 WHEN l.computed <> l.hash AND l.is_prune THEN format('the record %s of a removal was changed', l.audit_id)
	                                 WHEN l.computed <> l.hash THEN format('audit %s was changed', l.audit_id) END AS problem) b
	 GROUP BY l.subject ORDER BY l.subject
	$$;
COMMENT ON FUNCTION sustainml.fairness_verify() IS
'Checks the chains of hashes: whether an audit was changed or removed since it was made. audits: those that are there; pruned: those that prune_fairness_audits() removed, as a later link of
the chain says; model: the present name. Keep head_hash elsewhere: only that shows that the newest audits are still all there.
Example: SELECT * FROM sustainml.fairness_verify();';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.prune_fairness_audits(before timestamptz, reason text DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_prune_fairness_audits' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.prune_fairness_audits(timestamptz, text) IS
'Removes audits from before a time, and records in the chain which, when and by whom; fairness_verify() goes on working. What is in use stays: the newest audit of each version that exists
(or column of predictions), source and part, audits that policies are judged by, and those of open alerts. Audits younger than the setting sustainml.audit_retention
stay. For the owner of the extension. Returns how many were removed.
Example: SELECT sustainml.prune_fairness_audits(now() - interval ''2 years'', ''retention policy 7'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_report(audit bigint, format text DEFAULT 'text') RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	head sustainml.fairness_audits%ROWTYPE;
BEGIN
	IF format IS NULL OR format NOT IN ('text', 'json', 'html') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown format "%s"', format), HINT = 'Known are text, json and html.';
	END IF;
	SELECT * INTO head FROM sustainml.fairness_audits a WHERE a.audit_id = audit;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('audit %s does not exist, or is not yours to see', audit),
			HINT = 'See sustainml.fairness_audits.';
	END IF;
	IF format = 'json' THEN
		RETURN sustainml_internal.fairness_json(audit)::text;
	END IF;
	IF format = 'html' THEN
		RETURN sustainml_internal.fairness_html(audit);
	END IF;
	RETURN sustainml_internal.fairness_text(audit);
END
$$;
COMMENT ON FUNCTION sustainml.fairness_report(bigint, text) IS
'An audit to read (text, or html: one self-contained page with plots) or to hand on (json), as far as the caller may see it.
Example: SELECT sustainml.fairness_report(1);
Example: SELECT sustainml.fairness_report(1, ''html'');  -- in psql, after \pset tuples_only and \pset format unaligned, with \g audit.html';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_html(audit bigint) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fairness_html' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION sustainml_internal.fairness_html(bigint) IS 'An audit as a page';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_json(audit bigint) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT jsonb_build_object(
	         'audit', to_jsonb(a) - 'is_owner',
	         'figures', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(h) - '{audit_id,audited_at,model_schema,model,version,is_active,source,part,target,favorable,threshold,is_latest,subject,cell}'::text[])
	                                               ORDER BY h.scope, h.attribute, h.group_value, h.metric), '[]')
	                       FROM sustainml.fairness_history h WHERE h.audit_id = a.audit_id),
	         'impact_ratio', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(i) - '{audit_id,audited_at,is_latest,model_schema,model,version,source}'::text[])
	                                                    ORDER BY i.attribute, i.group_value), '[]')
	                            FROM sustainml.impact_ratio i WHERE i.audit_id = a.audit_id))
	  FROM sustainml.fairness_audits a WHERE a.audit_id = audit
	$$;
COMMENT ON FUNCTION sustainml_internal.fairness_json(bigint) IS 'An audit as jsonb';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_number(value double precision, reason text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$ SELECT CASE WHEN value IS NULL THEN coalesce(reason, 'undefined') ELSE to_char(value, 'FM9999990.0000') END $$;
COMMENT ON FUNCTION sustainml_internal.fairness_number(double precision, text) IS 'A figure with four decimals, or why there is none';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_text(audit bigint) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT concat_ws(E'\n',
	  format('Fairness audit %s of %s', a.audit_id, coalesce(a.model || '@' || a.version, 'predictions in ' || coalesce(a.prediction, a.score))),
	  format('Source: %s, %s rows (%s)', a.source, a.rows, a.part),
	  format('Target: %s, positive class: %s, favorable outcome: %s', coalesce(a.target, 'none'), coalesce(a.positive, 'none'), coalesce(a.favorable, 'not named')),
	  format('Rows without label: %s, without prediction: %s, without group: %s, without weight: %s', coalesce(a.rows_without_label::text, 'suppressed'), coalesce(a.rows_without_prediction::text, 'suppressed'),
	         coalesce(a.rows_without_group::text, 'suppressed'), coalesce(a.rows_without_weight::text, 'suppressed')),
	  format('Audited: %s by %s; intervals of %s %%, * marks figures of under %s rows', to_char(a.audited_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), a.role_name,
	         (100 * a.confidence)::numeric::float8, a.min_n),
	  format('Hash: %s', a.hash),
	  (SELECT string_agg('Note: ' || n, E'\n') FROM unnest(a.notes) n),
	  (SELECT string_agg(E'\n' || t.attribute || E'\n' || t.groups || coalesce(E'\n' || t.disparities, ''), E'\n' ORDER BY t.attribute)
	     FROM (SELECT l.attribute, string_agg(l.text, E'\n' ORDER BY l.group_value) FILTER (WHERE l.cell IS NOT NULL) AS groups,
	                  string_agg(l.text, E'\n' ORDER BY l.metric) FILTER (WHERE l.cell IS NULL) AS disparities
	             FROM (SELECT g.attribute, g.cell, g.group_value, NULL AS metric,
	                          format('  %s: n %s, selected %s%s%s, tpr %s, fpr %s, ppv %s', g.group_value, coalesce(g.n::text, 'suppressed'), g.selected,
	                                 coalesce(' [' || g.low || ', ' || g.high || ']', ''), coalesce(', impact ratio ' || g.impact, ''), g.tpr, g.fpr, g.ppv) AS text
	                     FROM (SELECT h.attribute, h.cell, min(h.group_value) AS group_value, max(h.n) FILTER (WHERE h.metric = 'selection_rate') AS n,
	                                  min(h.shown) FILTER (WHERE h.metric = 'selection_rate') AS selected, min(h.low) FILTER (WHERE h.metric = 'selection_rate') AS low,
	                                  min(h.high) FILTER (WHERE h.metric = 'selection_rate') AS high, min(h.shown) FILTER (WHERE h.metric = 'tpr') AS tpr,
	                                  min(h.shown) FILTER (WHERE h.metric = 'fpr') AS fpr, min(h.shown) FILTER (WHERE h.metric = 'ppv') AS ppv,
	                                  min(h.shown) FILTER (WHERE h.metric = 'impact_ratio' AND h.is_given) AS impact
	                             FROM (SELECT x.attribute, x.cell, x.group_value, x.metric, x.n, sustainml_internal.fairness_number(x.value, x.undefined_reason) || CASE WHEN x.is_small AND x.value IS NOT NULL THEN '*' ELSE '' END AS shown, x.value IS NOT NULL AS is_given,
	                                          CASE WHEN x.ci_low IS NOT NULL THEN sustainml_internal.fairness_number(x.ci_low, NULL) END AS low,
	                                          CASE WHEN x.ci_high IS NOT NULL THEN sustainml_internal.fairness_number(x.ci_high, NULL) END AS high
	                                     FROM sustainml.fairness_history x
	                                    WHERE x.audit_id = a.audit_id AND (x.scope = 'group' AND x.metric IN ('selection_rate', 'tpr', 'fpr', 'ppv') OR x.scope = 'ratio' AND x.metric = 'impact_ratio')) h
	                            GROUP BY h.attribute, h.cell) g
	                   UNION ALL
	                   SELECT d.attribute, NULL, NULL, d.metric,
	                          format('  %s: %s%s%s%s', d.metric, sustainml_internal.fairness_number(d.value, d.undefined_reason),
	                                 CASE WHEN d.ci_low IS NOT NULL THEN format(' [%s, %s]', sustainml_internal.fairness_number(d.ci_low, NULL), sustainml_internal.fairness_number(d.ci_high, NULL)) ELSE '' END,
	                                 CASE WHEN d.low_group IS NOT NULL THEN format(', between %s and %s', d.low_group, d.high_group) ELSE '' END, coalesce(': ' || d.verdict, ''))
	                     FROM sustainml.fairness_history d
	                    WHERE d.audit_id = a.audit_id AND d.scope = 'disparity'
	                      AND (d.metric IN ('demographic_parity_difference', 'demographic_parity_ratio', 'equal_opportunity_difference', 'equalized_odds_difference', 'ppv_difference')
	                           OR d.policy_id IS NOT NULL)) l
	            GROUP BY l.attribute) t))
  FROM sustainml.fairness_audits a WHERE a.audit_id = audit
	$$;
COMMENT ON FUNCTION sustainml_internal.fairness_text(bigint) IS 'An audit as text';
