-- Views on audits for people and BI tools.  They show the audits of the caller's roles and of models that the caller may read.  To readers who are
-- not the audit's owner, groups with few rows are hidden, and as many others as it takes that they do not follow by subtraction.

-- A model keeps its subject when it is renamed, and a subject that no version is left of has no model any more: then the name may be
-- another's.
-- Availability: 0.1.0
CREATE VIEW sustainml_internal.fairness_subject AS
SELECT DISTINCT ON (s.subject) s.subject, v.id AS version_id, v.model_schema, v.model, v.owner
  FROM (SELECT DISTINCT a.subject, a.version_id FROM sustainml.fairness_audit a WHERE a.version_id IS NOT NULL) s
  JOIN sustainml.model_version v ON v.id = s.version_id
 ORDER BY s.subject, v.is_active DESC, v.version DESC;
COMMENT ON VIEW sustainml_internal.fairness_subject IS 'The models that audits are about, by their present names, and the version that stands for each: the active one, or the newest when the active one was never audited';
COMMENT ON COLUMN sustainml_internal.fairness_subject.subject IS 'What was audited';
COMMENT ON COLUMN sustainml_internal.fairness_subject.version_id IS 'Key of the version that stands for the model';
COMMENT ON COLUMN sustainml_internal.fairness_subject.model_schema IS 'Schema part of its present name';
COMMENT ON COLUMN sustainml_internal.fairness_subject.model IS 'Its present name';
COMMENT ON COLUMN sustainml_internal.fairness_subject.owner IS 'Its owner';
REVOKE ALL ON sustainml_internal.fairness_subject FROM PUBLIC;

-- An audit by somebody who may only read the model, and may see other rows, does not take the place of one by who manages it.
-- Availability: 0.1.0
CREATE VIEW sustainml_internal.fairness_newest AS
SELECT DISTINCT ON (a.version_id, CASE WHEN a.version_id IS NULL THEN a.subject END, a.source, a.part) a.audit_id
  FROM sustainml.fairness_audit a
 ORDER BY a.version_id, CASE WHEN a.version_id IS NULL THEN a.subject END, a.source, a.part, a.by_manager DESC, a.audit_id DESC;
COMMENT ON VIEW sustainml_internal.fairness_newest IS 'The newest audit of each version, or column of predictions, source and part';
COMMENT ON COLUMN sustainml_internal.fairness_newest.audit_id IS 'Audit';
REVOKE ALL ON sustainml_internal.fairness_newest FROM PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_audits WITH (security_barrier) AS
SELECT a.audit_id, a.audited_at, a.role_name, a.subject, coalesce(u.model_schema, a.model_schema) AS model_schema, coalesce(u.model, a.model) AS model, a.version,
       coalesce(v.is_active, false) AS is_active,
       n.audit_id IS NOT NULL AND (a.version_id IS NULL OR a.version_id = coalesce(u.version_id, 0)) AS is_latest, o.is_owner,
       a.source, a.part, a.target, a.prediction, a.score, a.weight, a.positive, a.favorable, a.threshold, a.protected, a.min_n, a.suppress_below, a.confidence,
       a.draws, a.seed, a.rows,
       CASE WHEN o.is_owner OR a.rows_without_label = 0 OR a.rows_without_label >= a.suppress_below THEN a.rows_without_label END AS rows_without_label,
       CASE WHEN o.is_owner OR a.rows_without_prediction = 0 OR a.rows_without_prediction >= a.suppress_below THEN a.rows_without_prediction END AS rows_without_prediction,
       CASE WHEN o.is_owner OR a.rows_without_group = 0 OR a.rows_without_group >= a.suppress_below THEN a.rows_without_group END AS rows_without_group,
       CASE WHEN o.is_owner OR a.rows_without_weight = 0 OR a.rows_without_weight >= a.suppress_below THEN a.rows_without_weight END AS rows_without_weight,
       CASE WHEN o.is_owner OR a.rows_without_score = 0 OR a.rows_without_score >= a.suppress_below THEN a.rows_without_score END AS rows_without_score,
       CASE WHEN o.is_owner OR a.rows_bad_score = 0 OR a.rows_bad_score >= a.suppress_below THEN a.rows_bad_score END AS rows_bad_score,
       -- notes that count rows are for the owner: the counts may be small
       CASE WHEN o.is_owner THEN a.notes ELSE ARRAY(SELECT t FROM unnest(a.notes) t WHERE t !~ '^[0-9]') END AS notes, a.run_id, a.by_manager, c.position, c.hash,
       n.audit_id IS NOT NULL AS is_newest_of_version, a.version_id IS NOT NULL AND u.version_id IS NULL AS is_dropped
  FROM sustainml.fairness_audit a
  LEFT JOIN sustainml.model_version v ON v.id = a.version_id
  LEFT JOIN sustainml_internal.fairness_subject u ON u.subject = a.subject
  LEFT JOIN sustainml_internal.fairness_newest n ON n.audit_id = a.audit_id
  LEFT JOIN sustainml.fairness_chain c ON c.audit_id = a.audit_id
 CROSS JOIN LATERAL (SELECT sustainml_internal.may(a.role_name, NULL, NULL, 'manage') AS is_owner) o
 WHERE o.is_owner OR sustainml_internal.may(u.owner, u.model_schema, u.model, 'read');
COMMENT ON VIEW sustainml.fairness_audits IS 'One row per audit that the caller may see: what was audited, how, and how many rows lacked something';
COMMENT ON COLUMN sustainml.fairness_audits.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_audits.audited_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_audits.role_name IS 'Role that audited or acted, by name';
COMMENT ON COLUMN sustainml.fairness_audits.subject IS 'What was audited, by the name at its first audit; audits of one subject form a chain';
COMMENT ON COLUMN sustainml.fairness_audits.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_audits.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_audits.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_audits.is_active IS 'Whether that version is active now';
COMMENT ON COLUMN sustainml.fairness_audits.is_latest IS 'Whether it is the newest of the version in use (or of the predictions), source and part, and so in fairness_latest';
COMMENT ON COLUMN sustainml.fairness_audits.is_owner IS 'Whether the caller is the audit''s owner, who sees small groups too';
COMMENT ON COLUMN sustainml.fairness_audits.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.fairness_audits.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.fairness_audits.target IS 'Column of labels';
COMMENT ON COLUMN sustainml.fairness_audits.prediction IS 'Column of predictions; NULL: by the model, or by score and threshold';
COMMENT ON COLUMN sustainml.fairness_audits.score IS 'Column of scores';
COMMENT ON COLUMN sustainml.fairness_audits.weight IS 'Column of weights';
COMMENT ON COLUMN sustainml.fairness_audits.positive IS 'Class that tpr, fpr and the others are about';
COMMENT ON COLUMN sustainml.fairness_audits.favorable IS 'Outcome that people want';
COMMENT ON COLUMN sustainml.fairness_audits.threshold IS 'Score at and above which the positive class was predicted';
COMMENT ON COLUMN sustainml.fairness_audits.protected IS 'Protected columns';
COMMENT ON COLUMN sustainml.fairness_audits.min_n IS 'Figures on fewer rows are small, or insufficient evidence';
COMMENT ON COLUMN sustainml.fairness_audits.suppress_below IS 'Groups with fewer rows are hidden from readers who are not the owner';
COMMENT ON COLUMN sustainml.fairness_audits.confidence IS 'Confidence of the intervals';
COMMENT ON COLUMN sustainml.fairness_audits.draws IS 'Bootstrap draws';
COMMENT ON COLUMN sustainml.fairness_audits.seed IS 'Seed of the draws';
COMMENT ON COLUMN sustainml.fairness_audits.rows IS 'Rows seen';
COMMENT ON COLUMN sustainml.fairness_audits.rows_without_label IS 'Rows without label; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.rows_without_prediction IS 'Rows without prediction; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.rows_without_group IS 'Rows that lack a protected value; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.rows_without_weight IS 'Rows of weight 0 or NULL; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.rows_without_score IS 'Rows without score; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.rows_bad_score IS 'Rows whose score is NaN; NULL where the caller must not see so few';
COMMENT ON COLUMN sustainml.fairness_audits.notes IS 'What the reader may not expect';
COMMENT ON COLUMN sustainml.fairness_audits.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.fairness_audits.by_manager IS 'Whether the role could manage the model, so that the audit decides policies';
COMMENT ON COLUMN sustainml.fairness_audits.position IS 'Number within the chain of its subject';
COMMENT ON COLUMN sustainml.fairness_audits.hash IS 'Hash of the audit and all before it in the chain';
COMMENT ON COLUMN sustainml.fairness_audits.is_newest_of_version IS 'Whether it is the newest of its version (or of the predictions), source and part, used or not';
COMMENT ON COLUMN sustainml.fairness_audits.is_dropped IS 'Whether the model exists no more; then the audit is for its owner alone';
GRANT SELECT ON sustainml.fairness_audits TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_history WITH (security_barrier) AS
SELECT a.audit_id, a.audited_at, a.model_schema, a.model, a.version, a.is_active, a.source, a.part, a.target, a.favorable, a.threshold,
       m.scope, nullif(array_to_string(m.attributes, ' & '), '') AS attribute, CASE WHEN h.hidden THEN '(suppressed)' WHEN m.scope <> 'overall' THEN array_to_string(m.group_values, ' & ', '(missing)') END AS group_value,
       m.metric,
       CASE WHEN h.hidden THEN NULL ELSE m.value END AS value, CASE WHEN h.hidden THEN NULL ELSE m.numerator END AS numerator,
       CASE WHEN h.hidden THEN NULL ELSE m.denominator END AS denominator, CASE WHEN h.hidden THEN NULL ELSE m.n END AS n,
       CASE WHEN h.hidden THEN NULL ELSE m.effective_n END AS effective_n, CASE WHEN h.hidden THEN NULL ELSE m.ci_low END AS ci_low, CASE WHEN h.hidden THEN NULL ELSE m.ci_high END AS ci_high, m.ci_method,
       CASE WHEN NOT h.hidden THEN m.reference_group END AS reference_group, m.is_small, h.hidden AS is_suppressed, CASE WHEN h.hidden THEN 'suppressed' ELSE m.undefined_reason END AS undefined_reason,
       p.policy_id, p.bound AS policy_bound, p.verdict,
       CASE WHEN h.hidden THEN NULL ELSE m.corrected END AS corrected, CASE WHEN h.hidden THEN NULL ELSE m.p_value END AS p_value,
       CASE WHEN h.hidden THEN NULL ELSE m.low_group END AS low_group, CASE WHEN h.hidden THEN NULL ELSE m.high_group END AS high_group, m.groups_left_out,
       a.is_latest, a.subject, m.cell, a.is_newest_of_version, a.is_dropped
  FROM sustainml.fairness_audits a
  JOIN sustainml.fairness_metric m ON m.audit_id = a.audit_id
 CROSS JOIN LATERAL (SELECT m.is_suppressed AND NOT a.is_owner AS hidden) h
  LEFT JOIN LATERAL (SELECT x.policy_id, x.bound, x.verdict
                       FROM sustainml.fairness_verdict x
                      WHERE m.scope = 'disparity' AND x.audit_id = m.audit_id AND x.metric = m.metric AND x.attribute = array_to_string(m.attributes, ' & ')
                      ORDER BY x.verdict = 'fail' DESC, x.verdict = 'pass', x.policy_id LIMIT 1) p ON true;
COMMENT ON VIEW sustainml.fairness_history IS 'Every figure of every audit, long form: scope says whether it is about everybody (overall), a group, a group against the reference (difference, ratio) or all groups (disparity)';
COMMENT ON COLUMN sustainml.fairness_history.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_history.audited_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_history.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_history.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_history.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_history.is_active IS 'Whether that version is active now';
COMMENT ON COLUMN sustainml.fairness_history.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.fairness_history.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.fairness_history.target IS 'Column of labels';
COMMENT ON COLUMN sustainml.fairness_history.favorable IS 'Outcome that people want';
COMMENT ON COLUMN sustainml.fairness_history.threshold IS 'Score at and above which the positive class was predicted';
COMMENT ON COLUMN sustainml.fairness_history.scope IS 'overall, group, difference or ratio (to the reference group), disparity (over all groups)';
COMMENT ON COLUMN sustainml.fairness_history.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_history.group_value IS 'Value, or values joined by &; (missing), or (suppressed) where the caller must not see it';
COMMENT ON COLUMN sustainml.fairness_history.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_history.value IS 'Its value; NULL: see undefined_reason';
COMMENT ON COLUMN sustainml.fairness_history.numerator IS 'Numerator; of a comparison the group''s figure';
COMMENT ON COLUMN sustainml.fairness_history.denominator IS 'Denominator; of a comparison the reference''s figure';
COMMENT ON COLUMN sustainml.fairness_history.n IS 'Rows it rests on';
COMMENT ON COLUMN sustainml.fairness_history.effective_n IS 'What the interval rests on: rows, with weights (sum w)^2 / sum w^2; NULL for disparities';
COMMENT ON COLUMN sustainml.fairness_history.ci_low IS 'Lower end of the interval';
COMMENT ON COLUMN sustainml.fairness_history.ci_high IS 'Upper end of the interval';
COMMENT ON COLUMN sustainml.fairness_history.ci_method IS 'How: wilson, newcombe, katz, mover, student_t, bootstrap, …; see docs/fairness.md';
COMMENT ON COLUMN sustainml.fairness_history.reference_group IS 'Group compared with';
COMMENT ON COLUMN sustainml.fairness_history.is_small IS 'Rests on fewer rows than min_n';
COMMENT ON COLUMN sustainml.fairness_history.is_suppressed IS 'Hidden from the caller';
COMMENT ON COLUMN sustainml.fairness_history.undefined_reason IS 'Why there is no value, or no interval: no_positives, one_group, none_selected, suppressed, …';
COMMENT ON COLUMN sustainml.fairness_history.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_history.policy_bound IS 'Bound of the policy';
COMMENT ON COLUMN sustainml.fairness_history.verdict IS 'pass, fail or insufficient evidence; NULL without a policy or value';
COMMENT ON COLUMN sustainml.fairness_history.corrected IS 'Disparities: the value less its upward bias';
COMMENT ON COLUMN sustainml.fairness_history.p_value IS 'Two-sided p-value: that all groups are equal, or that the two are';
COMMENT ON COLUMN sustainml.fairness_history.low_group IS 'Disparities: group with the smallest figure';
COMMENT ON COLUMN sustainml.fairness_history.high_group IS 'Disparities: group with the largest figure';
COMMENT ON COLUMN sustainml.fairness_history.groups_left_out IS 'Disparities: known groups without a value';
COMMENT ON COLUMN sustainml.fairness_history.is_latest IS 'Whether the audit is the newest of the version in use (or of the predictions), source and part';
COMMENT ON COLUMN sustainml.fairness_history.is_newest_of_version IS 'Whether the audit is the newest of its version (or of the predictions), source and part, used or not';
COMMENT ON COLUMN sustainml.fairness_history.is_dropped IS 'Whether the model exists no more';
COMMENT ON COLUMN sustainml.fairness_history.cell IS 'Number of the group within the audit; NULL for disparities';
COMMENT ON COLUMN sustainml.fairness_history.subject IS 'What was audited, by the name at its first audit; audits of one subject form a chain';
GRANT SELECT ON sustainml.fairness_history TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_latest AS
SELECT h.audit_id, h.audited_at, h.model_schema, h.model, h.version, h.is_active, h.source, h.part, h.target, h.favorable, h.threshold, h.scope, h.attribute, h.group_value,
       h.metric, h.value, h.numerator, h.denominator, h.n, h.effective_n, h.ci_low, h.ci_high, h.ci_method, h.reference_group, h.is_small, h.is_suppressed, h.undefined_reason,
       h.policy_id, h.policy_bound, h.verdict, h.corrected, h.p_value, h.low_group, h.high_group, h.groups_left_out
  FROM sustainml.fairness_history h
 WHERE h.is_latest;
COMMENT ON VIEW sustainml.fairness_latest IS 'How each model in use, or column of predictions, treats groups: the newest audit of its active version, of each source and part, long form. A version that was trained and not activated is not in it; where the active version was never audited or none is active, the newest audited version stands there, with is_active false';
COMMENT ON COLUMN sustainml.fairness_latest.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_latest.audited_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_latest.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_latest.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_latest.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_latest.is_active IS 'Whether that version is active now';
COMMENT ON COLUMN sustainml.fairness_latest.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.fairness_latest.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.fairness_latest.target IS 'Column of labels';
COMMENT ON COLUMN sustainml.fairness_latest.favorable IS 'Outcome that people want';
COMMENT ON COLUMN sustainml.fairness_latest.threshold IS 'Score at and above which the positive class was predicted';
COMMENT ON COLUMN sustainml.fairness_latest.scope IS 'overall, group, difference or ratio (to the reference group), disparity (over all groups)';
COMMENT ON COLUMN sustainml.fairness_latest.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_latest.group_value IS 'Value, or values joined by &; (missing), or (suppressed) where the caller must not see it';
COMMENT ON COLUMN sustainml.fairness_latest.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_latest.value IS 'Its value; NULL: see undefined_reason';
COMMENT ON COLUMN sustainml.fairness_latest.numerator IS 'Numerator; of a comparison the group''s figure';
COMMENT ON COLUMN sustainml.fairness_latest.denominator IS 'Denominator; of a comparison the reference''s figure';
COMMENT ON COLUMN sustainml.fairness_latest.n IS 'Rows it rests on';
COMMENT ON COLUMN sustainml.fairness_latest.effective_n IS 'What the interval rests on: rows, with weights (sum w)^2 / sum w^2; NULL for disparities';
COMMENT ON COLUMN sustainml.fairness_latest.ci_low IS 'Lower end of the interval';
COMMENT ON COLUMN sustainml.fairness_latest.ci_high IS 'Upper end of the interval';
COMMENT ON COLUMN sustainml.fairness_latest.ci_method IS 'How: wilson, newcombe, katz, mover, student_t, bootstrap, …; see docs/fairness.md';
COMMENT ON COLUMN sustainml.fairness_latest.reference_group IS 'Group compared with';
COMMENT ON COLUMN sustainml.fairness_latest.is_small IS 'Rests on fewer rows than min_n';
COMMENT ON COLUMN sustainml.fairness_latest.is_suppressed IS 'Hidden from the caller';
COMMENT ON COLUMN sustainml.fairness_latest.undefined_reason IS 'Why there is no value, or no interval: no_positives, one_group, none_selected, suppressed, …';
COMMENT ON COLUMN sustainml.fairness_latest.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_latest.policy_bound IS 'Bound of the policy';
COMMENT ON COLUMN sustainml.fairness_latest.verdict IS 'pass, fail or insufficient evidence; NULL without a policy or value';
COMMENT ON COLUMN sustainml.fairness_latest.corrected IS 'Disparities: the value less its upward bias';
COMMENT ON COLUMN sustainml.fairness_latest.p_value IS 'Two-sided p-value: that all groups are equal, or that the two are';
COMMENT ON COLUMN sustainml.fairness_latest.low_group IS 'Disparities: group with the smallest figure';
COMMENT ON COLUMN sustainml.fairness_latest.high_group IS 'Disparities: group with the largest figure';
COMMENT ON COLUMN sustainml.fairness_latest.groups_left_out IS 'Disparities: known groups without a value';
GRANT SELECT ON sustainml.fairness_latest TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_trend WITH (security_barrier) AS
SELECT h.audit_id, h.audited_at, h.model_schema, h.model, h.version, h.source, h.part, h.attribute, h.metric, h.value, h.ci_low, h.ci_high,
       lag(h.value) OVER w AS previous_value, h.value - lag(h.value) OVER w AS change,
       lag(h.audit_id) OVER w AS previous_audit_id, row_number() OVER w AS audit_number, h.verdict, h.is_active
  FROM sustainml.fairness_history h
 WHERE h.scope = 'disparity'
WINDOW w AS (PARTITION BY h.subject, h.source, h.part, h.attribute, h.metric ORDER BY h.audit_id);
COMMENT ON VIEW sustainml.fairness_trend IS 'Disparities over time, with the change since the audit before of the same model, source and part, whichever version it was of';
COMMENT ON COLUMN sustainml.fairness_trend.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_trend.audited_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_trend.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_trend.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_trend.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_trend.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.fairness_trend.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.fairness_trend.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_trend.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_trend.value IS 'Its value; NULL: see undefined_reason';
COMMENT ON COLUMN sustainml.fairness_trend.ci_low IS 'Lower end of the interval';
COMMENT ON COLUMN sustainml.fairness_trend.ci_high IS 'Upper end of the interval';
COMMENT ON COLUMN sustainml.fairness_trend.previous_value IS 'The same in the audit before';
COMMENT ON COLUMN sustainml.fairness_trend.change IS 'Value less the value before';
COMMENT ON COLUMN sustainml.fairness_trend.previous_audit_id IS 'Audit before';
COMMENT ON COLUMN sustainml.fairness_trend.audit_number IS 'Number of the audit in its series, from 1';
COMMENT ON COLUMN sustainml.fairness_trend.verdict IS 'pass, fail or insufficient evidence; NULL without a policy or value';
COMMENT ON COLUMN sustainml.fairness_trend.is_active IS 'Whether that version is active now';
GRANT SELECT ON sustainml.fairness_trend TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.impact_ratio WITH (security_barrier) AS
SELECT a.audit_id, a.audited_at, a.is_latest, a.model_schema, a.model, a.version, a.source, array_to_string(m.attributes, ' & ') AS attribute,
       CASE WHEN h.hidden THEN '(suppressed)' ELSE array_to_string(m.group_values, ' & ', '(missing)') END AS group_value, a.favorable,
       CASE WHEN h.hidden THEN NULL ELSE r.n END AS n, CASE WHEN h.hidden THEN NULL ELSE s.value END AS share,
       CASE WHEN h.hidden THEN NULL ELSE s.ci_low END AS share_ci_low, CASE WHEN h.hidden THEN NULL ELSE s.ci_high END AS share_ci_high, CASE WHEN NOT h.hidden THEN s.ci_method END AS share_ci_method,
       CASE WHEN h.hidden THEN NULL ELSE r.numerator END AS selected, CASE WHEN h.hidden THEN NULL ELSE r.value END AS selection_rate,
       CASE WHEN h.hidden THEN NULL ELSE r.ci_low END AS rate_ci_low, CASE WHEN h.hidden THEN NULL ELSE r.ci_high END AS rate_ci_high, CASE WHEN NOT h.hidden THEN r.ci_method END AS rate_ci_method,
       CASE WHEN NOT h.hidden THEN m.reference_group END AS reference_group, CASE WHEN h.hidden THEN NULL ELSE m.denominator END AS reference_rate,
       CASE WHEN h.hidden THEN NULL ELSE m.value END AS impact_ratio,
       CASE WHEN h.hidden THEN NULL ELSE m.ci_low END AS ratio_ci_low, CASE WHEN h.hidden THEN NULL ELSE m.ci_high END AS ratio_ci_high, CASE WHEN NOT h.hidden THEN m.ci_method END AS ratio_ci_method,
       CASE WHEN h.hidden THEN NULL ELSE m.statistic END AS z, CASE WHEN h.hidden THEN NULL ELSE m.p_value END AS p_value,
       CASE WHEN h.hidden THEN NULL ELSE m.exact_p END AS fisher_p,
       CASE WHEN h.hidden THEN NULL ELSE m.value < 0.8 END AS below_four_fifths, m.is_small, h.hidden AS is_suppressed,
       CASE WHEN h.hidden THEN 'suppressed' ELSE m.undefined_reason END AS undefined_reason,
       CASE WHEN h.hidden OR m.value IS NULL THEN NULL
            WHEN m.value < 0.8 AND m.exact_p < 0.05 THEN 'fail'
            WHEN m.value < 0.8 OR m.is_small THEN 'insufficient evidence'
            ELSE 'pass' END AS verdict, a.is_active, a.part, m.cell
  FROM sustainml.fairness_audits a
  JOIN sustainml.fairness_metric m ON m.audit_id = a.audit_id AND m.metric = 'impact_ratio'
  JOIN sustainml.fairness_cell c ON c.audit_id = m.audit_id AND c.cell = m.cell
 CROSS JOIN LATERAL sustainml.fairness_ci(c.counts, 'selection_rate', a.confidence, coalesce(a.favorable = a.positive, true)) r
 CROSS JOIN LATERAL sustainml_internal.fairness_share(c.n, a.rows, a.confidence) s
 CROSS JOIN LATERAL (SELECT m.is_suppressed AND NOT a.is_owner AS hidden) h;
COMMENT ON VIEW sustainml.impact_ratio IS 'Selection rate of each group over that of the most selected one (four-fifths rule), with z test, Fisher''s exact test and Katz interval. verdict: fail below 0.8 and significant at 0.05, insufficient evidence below 0.8 and not significant or with few rows';
COMMENT ON COLUMN sustainml.impact_ratio.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.impact_ratio.audited_at IS 'When';
COMMENT ON COLUMN sustainml.impact_ratio.is_latest IS 'Whether the audit is the newest of the version in use (or of the predictions), source and part';
COMMENT ON COLUMN sustainml.impact_ratio.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.impact_ratio.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.impact_ratio.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.impact_ratio.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.impact_ratio.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.impact_ratio.group_value IS 'Value, or values joined by &; (missing), or (suppressed) where the caller must not see it';
COMMENT ON COLUMN sustainml.impact_ratio.favorable IS 'Outcome that people want';
COMMENT ON COLUMN sustainml.impact_ratio.n IS 'Rows it rests on';
COMMENT ON COLUMN sustainml.impact_ratio.share IS 'Share of all rows audited';
COMMENT ON COLUMN sustainml.impact_ratio.share_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.share_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.share_ci_method IS 'How: wilson';
COMMENT ON COLUMN sustainml.impact_ratio.selected IS 'Rows, or weight, predicted the favourable outcome';
COMMENT ON COLUMN sustainml.impact_ratio.selection_rate IS 'Share of them among rows with a prediction';
COMMENT ON COLUMN sustainml.impact_ratio.rate_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.rate_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.rate_ci_method IS 'How: wilson';
COMMENT ON COLUMN sustainml.impact_ratio.reference_group IS 'Group compared with';
COMMENT ON COLUMN sustainml.impact_ratio.reference_rate IS 'Selection rate of the most selected group';
COMMENT ON COLUMN sustainml.impact_ratio.impact_ratio IS 'selection_rate over the reference''s';
COMMENT ON COLUMN sustainml.impact_ratio.ratio_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.ratio_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.impact_ratio.ratio_ci_method IS 'How: katz, mover where a rate is 0 or 1, by_definition for the most selected group itself';
COMMENT ON COLUMN sustainml.impact_ratio.z IS 'z statistic of the two rates';
COMMENT ON COLUMN sustainml.impact_ratio.p_value IS 'Two-sided p-value: that all groups are equal, or that the two are';
COMMENT ON COLUMN sustainml.impact_ratio.fisher_p IS 'Fisher''s exact p-value';
COMMENT ON COLUMN sustainml.impact_ratio.below_four_fifths IS 'Whether the ratio is below 0.8';
COMMENT ON COLUMN sustainml.impact_ratio.is_small IS 'Rests on fewer rows than min_n';
COMMENT ON COLUMN sustainml.impact_ratio.is_suppressed IS 'Hidden from the caller';
COMMENT ON COLUMN sustainml.impact_ratio.undefined_reason IS 'Why there is no value, or no interval: no_positives, one_group, none_selected, suppressed, …';
COMMENT ON COLUMN sustainml.impact_ratio.verdict IS 'By the four-fifths rule, whatever the policies: fail below 0.8 where fisher_p is under 0.05, insufficient evidence where it is not or is_small, else pass; NULL without a ratio';
COMMENT ON COLUMN sustainml.impact_ratio.is_active IS 'Whether that version is active now';
COMMENT ON COLUMN sustainml.impact_ratio.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.impact_ratio.cell IS 'Number of the group within the audit';
GRANT SELECT ON sustainml.impact_ratio TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.ll144 WITH (security_barrier) AS
WITH category AS (
	SELECT a.audit_id, a.audited_at, a.is_latest, a.model_schema, a.model, a.version, a.source, i.attribute, i.group_value, i.n, i.share, i.share_ci_low, i.share_ci_high,
	       i.share_ci_method, i.selected, i.selection_rate, i.rate_ci_low, i.rate_ci_high, i.rate_ci_method, i.is_small, i.is_suppressed, i.share < 0.02 AS under_two_percent,
	       CASE WHEN i.impact_ratio IS NULL THEN i.undefined_reason END AS undefined_reason, a.rows_without_group, a.confidence,
	       coalesce(a.favorable = a.positive, true) AS favorable, c.cell, c.counts, c.is_unknown
	  FROM sustainml.impact_ratio i
	  JOIN sustainml.fairness_audits a USING (audit_id)
	  JOIN sustainml.fairness_cell c ON c.audit_id = i.audit_id AND c.cell = i.cell),
highest AS (
	SELECT DISTINCT ON (c.audit_id, c.attribute) c.audit_id, c.attribute, c.cell, c.counts, c.group_value, c.selection_rate
	  FROM category c
	 WHERE NOT c.under_two_percent AND NOT c.is_unknown AND c.selection_rate IS NOT NULL
	 ORDER BY c.audit_id, c.attribute, c.selection_rate DESC, c.cell)
SELECT c.audit_id, c.audited_at, c.is_latest, c.model_schema, c.model, c.version, c.source, c.attribute, c.group_value AS category, c.n AS applicants, c.share,
       c.share_ci_low, c.share_ci_high, c.share_ci_method, c.selected, c.selection_rate, c.rate_ci_low, c.rate_ci_high, c.rate_ci_method,
       r.value AS impact_ratio, CASE WHEN c.cell = h.cell THEN r.value ELSE r.ci_low END AS ratio_ci_low, CASE WHEN c.cell = h.cell THEN r.value ELSE r.ci_high END AS ratio_ci_high,
       CASE WHEN c.cell = h.cell AND r.value IS NOT NULL THEN 'by_definition' ELSE r.ci_method END AS ratio_ci_method,
       CASE WHEN r.value IS NOT NULL THEN h.group_value END AS reference_category, c.under_two_percent,
       CASE WHEN c.under_two_percent THEN 'under 2 % of those audited'
            WHEN c.undefined_reason IS NOT NULL THEN c.undefined_reason
            WHEN h.selection_rate = 0 THEN 'none_selected' END AS excluded_reason,
       c.is_small, c.is_suppressed, c.rows_without_group AS unknown_category
  FROM category c
  LEFT JOIN highest h USING (audit_id, attribute)
  LEFT JOIN LATERAL sustainml.fairness_compare(c.counts, h.counts, 'selection_rate', 'ratio', c.confidence, c.favorable) r
         ON NOT c.under_two_percent AND c.undefined_reason IS NULL AND NOT c.is_suppressed AND h.selection_rate > 0;
COMMENT ON VIEW sustainml.ll144 IS 'Audits as the table of New York City''s Local Law 144: categories under 2 % are left out of the ratios, their counts and rates stay; for scores see bias_audit_ll144()';
COMMENT ON COLUMN sustainml.ll144.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.ll144.audited_at IS 'When';
COMMENT ON COLUMN sustainml.ll144.is_latest IS 'Whether the audit is the newest of the version in use (or of the predictions), source and part';
COMMENT ON COLUMN sustainml.ll144.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.ll144.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.ll144.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.ll144.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.ll144.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.ll144.category IS 'Category';
COMMENT ON COLUMN sustainml.ll144.applicants IS 'Rows with an outcome';
COMMENT ON COLUMN sustainml.ll144.share IS 'Share of all rows audited';
COMMENT ON COLUMN sustainml.ll144.share_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.ll144.share_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.ll144.share_ci_method IS 'How: wilson';
COMMENT ON COLUMN sustainml.ll144.selected IS 'Rows, or weight, predicted the favourable outcome';
COMMENT ON COLUMN sustainml.ll144.selection_rate IS 'Share of them among rows with a prediction';
COMMENT ON COLUMN sustainml.ll144.rate_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.ll144.rate_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.ll144.rate_ci_method IS 'How: wilson';
COMMENT ON COLUMN sustainml.ll144.impact_ratio IS 'selection_rate over the reference''s';
COMMENT ON COLUMN sustainml.ll144.ratio_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.ll144.ratio_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.ll144.ratio_ci_method IS 'How: katz, mover where a rate is 0 or 1, by_definition for the most selected category itself';
COMMENT ON COLUMN sustainml.ll144.reference_category IS 'Most selected category of those that count';
COMMENT ON COLUMN sustainml.ll144.under_two_percent IS 'Fewer than 2 % of the rows audited: no ratio';
COMMENT ON COLUMN sustainml.ll144.excluded_reason IS 'Why there is no ratio';
COMMENT ON COLUMN sustainml.ll144.is_small IS 'Its impact ratio rests on fewer rows than min_n';
COMMENT ON COLUMN sustainml.ll144.is_suppressed IS 'Hidden from the caller';
COMMENT ON COLUMN sustainml.ll144.unknown_category IS 'Rows of the audit that lack a category';
GRANT SELECT ON sustainml.ll144 TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.calibration WITH (security_barrier) AS
SELECT a.audit_id, a.audited_at, a.is_latest, a.model_schema, a.model, a.version, a.source, coalesce(nullif(array_to_string(c.attributes, ' & '), ''), 'overall') AS attribute,
       CASE WHEN h.hidden AND cardinality(c.attributes) > 0 THEN '(suppressed)' WHEN cardinality(c.attributes) > 0 THEN array_to_string(c.group_values, ' & ', '(missing)') END AS group_value, b.bin,
       CASE WHEN h.hidden THEN NULL ELSE b.n END AS n, CASE WHEN h.hidden THEN NULL ELSE b.mean_score END AS mean_score, CASE WHEN h.hidden THEN NULL ELSE b.score_ci_low END AS score_ci_low,
       CASE WHEN h.hidden THEN NULL ELSE b.score_ci_high END AS score_ci_high, CASE WHEN NOT h.hidden THEN b.score_ci_method END AS score_ci_method,
       CASE WHEN h.hidden THEN NULL ELSE b.observed END AS observed, CASE WHEN h.hidden THEN NULL ELSE b.ci_low END AS ci_low,
       CASE WHEN h.hidden THEN NULL ELSE b.ci_high END AS ci_high, b.ci_method, h.hidden AS is_suppressed,
       CASE WHEN h.hidden THEN 'suppressed' ELSE b.undefined_reason END AS undefined_reason
  FROM sustainml.fairness_audits a
  JOIN sustainml.fairness_cell c ON c.audit_id = a.audit_id
 CROSS JOIN LATERAL sustainml.fairness_bins(c.counts, a.confidence) b
 -- bins are cells too: to others only bins of enough rows of a group that is shown, and of crosses none
 CROSS JOIN LATERAL (SELECT NOT a.is_owner AND (c.is_suppressed OR cardinality(c.attributes) > 0 OR b.n < a.suppress_below) AS hidden) h;
COMMENT ON VIEW sustainml.calibration IS 'Mean score against observed share of positives in ten bins, by group, for audits with scores; to readers who are not the owner for everybody together only';
COMMENT ON COLUMN sustainml.calibration.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.calibration.audited_at IS 'When';
COMMENT ON COLUMN sustainml.calibration.is_latest IS 'Whether the audit is the newest of the version in use (or of the predictions), source and part';
COMMENT ON COLUMN sustainml.calibration.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.calibration.model IS 'Present name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.calibration.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.calibration.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.calibration.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.calibration.group_value IS 'Value, or values joined by &; (missing), or (suppressed) where the caller must not see it';
COMMENT ON COLUMN sustainml.calibration.bin IS 'Number of the bin, from 1';
COMMENT ON COLUMN sustainml.calibration.n IS 'Rows it rests on';
COMMENT ON COLUMN sustainml.calibration.mean_score IS 'Mean score in it';
COMMENT ON COLUMN sustainml.calibration.score_ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.calibration.score_ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.calibration.score_ci_method IS 'How: hoeffding, by the width of the bin';
COMMENT ON COLUMN sustainml.calibration.observed IS 'Share of positives in it';
COMMENT ON COLUMN sustainml.calibration.ci_low IS 'Lower end of the interval of observed';
COMMENT ON COLUMN sustainml.calibration.ci_high IS 'Upper end of the interval of observed';
COMMENT ON COLUMN sustainml.calibration.ci_method IS 'How: wilson';
COMMENT ON COLUMN sustainml.calibration.is_suppressed IS 'Hidden from the caller';
COMMENT ON COLUMN sustainml.calibration.undefined_reason IS 'Why there is no share: no_scored_labels, suppressed';
GRANT SELECT ON sustainml.calibration TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_policies WITH (security_barrier) AS
SELECT p.policy_id, p.model_schema, p.model, p.attribute, p.metric, p.bound, p.at_least, p.judge_by, p.min_n, p.severity, p.clean_audits, p.created_at, p.created_by,
       p.ended_at, p.ended_by
  FROM sustainml.fairness_policy p
 WHERE CASE WHEN p.is_dropped THEN sustainml_internal.may(p.created_by, NULL, NULL, 'manage')
            ELSE sustainml_internal.may((SELECT v.owner FROM sustainml.model_version v WHERE v.model_schema = p.model_schema AND v.model = p.model LIMIT 1), p.model_schema, p.model, 'read') END;
COMMENT ON VIEW sustainml.fairness_policies IS 'Policies of the models that the caller may read; ended_at NULL: in force';
COMMENT ON COLUMN sustainml.fairness_policies.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_policies.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_policies.model IS 'Name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_policies.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_policies.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_policies.bound IS 'Bound';
COMMENT ON COLUMN sustainml.fairness_policies.at_least IS 'Whether the bound is a lower one (ratios) or an upper one (differences)';
COMMENT ON COLUMN sustainml.fairness_policies.judge_by IS 'interval or value';
COMMENT ON COLUMN sustainml.fairness_policies.min_n IS 'Figures on fewer rows are small, or insufficient evidence';
COMMENT ON COLUMN sustainml.fairness_policies.severity IS 'error stops the gate and activation; warning does not';
COMMENT ON COLUMN sustainml.fairness_policies.clean_audits IS 'Audits in a row that must pass before an alert closes, or have passed';
COMMENT ON COLUMN sustainml.fairness_policies.created_at IS 'From when';
COMMENT ON COLUMN sustainml.fairness_policies.created_by IS 'By which role';
COMMENT ON COLUMN sustainml.fairness_policies.ended_at IS 'Until when; NULL: in force';
COMMENT ON COLUMN sustainml.fairness_policies.ended_by IS 'By which role it was ended';
GRANT SELECT ON sustainml.fairness_policies TO PUBLIC;

-- By the subject of the audit that opened it: the name may meanwhile be another model's.
-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_alerts WITH (security_barrier) AS
SELECT x.alert_id, x.policy_id, x.model_schema, x.model, x.attribute, x.metric, x.bound, x.severity, x.opened_at, x.opened_audit_id,
       CASE WHEN h.hidden THEN NULL ELSE x.opened_value END AS opened_value, x.last_audit_id, CASE WHEN h.hidden THEN NULL ELSE x.last_value END AS last_value, x.last_verdict,
       x.failed_audits, x.clean_audits, x.acknowledged_at, x.acknowledged_by, x.acknowledged_reason, x.closed_at, x.closed_reason, l.version
  FROM sustainml.fairness_alert x
  JOIN sustainml.fairness_chain c ON c.audit_id = x.opened_audit_id
  LEFT JOIN sustainml_internal.fairness_subject u ON u.subject = c.subject
  LEFT JOIN sustainml.fairness_audit f ON f.audit_id = x.opened_audit_id
  LEFT JOIN sustainml.fairness_audit l ON l.audit_id = x.last_audit_id
 CROSS JOIN LATERAL (SELECT NOT sustainml_internal.may(u.owner, NULL, NULL, 'manage') AND
                            EXISTS (SELECT FROM sustainml.fairness_metric m
                                     WHERE m.audit_id IN (x.opened_audit_id, x.last_audit_id) AND m.cell IS NULL AND m.metric = x.metric
                                       AND array_to_string(m.attributes, ' & ') = x.attribute AND m.is_suppressed) AS hidden) h
 WHERE sustainml_internal.may(coalesce(u.owner, f.role_name), u.model_schema, u.model, 'read');
COMMENT ON VIEW sustainml.fairness_alerts IS 'Breaches of policies of the models that the caller may read, open and closed';
COMMENT ON COLUMN sustainml.fairness_alerts.alert_id IS 'Alert';
COMMENT ON COLUMN sustainml.fairness_alerts.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_alerts.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_alerts.model IS 'Name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_alerts.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_alerts.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_alerts.bound IS 'Bound';
COMMENT ON COLUMN sustainml.fairness_alerts.severity IS 'error stops the gate and activation; warning does not';
COMMENT ON COLUMN sustainml.fairness_alerts.opened_at IS 'When it opened';
COMMENT ON COLUMN sustainml.fairness_alerts.opened_audit_id IS 'Audit that opened it';
COMMENT ON COLUMN sustainml.fairness_alerts.opened_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.fairness_alerts.last_audit_id IS 'Newest audit that judged it';
COMMENT ON COLUMN sustainml.fairness_alerts.last_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.fairness_alerts.last_verdict IS 'Verdict of that audit';
COMMENT ON COLUMN sustainml.fairness_alerts.failed_audits IS 'Audits that failed since it opened';
COMMENT ON COLUMN sustainml.fairness_alerts.clean_audits IS 'Audits in a row that must pass before an alert closes, or have passed';
COMMENT ON COLUMN sustainml.fairness_alerts.acknowledged_at IS 'When somebody took note';
COMMENT ON COLUMN sustainml.fairness_alerts.acknowledged_by IS 'Who';
COMMENT ON COLUMN sustainml.fairness_alerts.acknowledged_reason IS 'With what explanation';
COMMENT ON COLUMN sustainml.fairness_alerts.closed_at IS 'When it ended; NULL: open';
COMMENT ON COLUMN sustainml.fairness_alerts.closed_reason IS 'Why it ended';
COMMENT ON COLUMN sustainml.fairness_alerts.version IS 'Version that the newest audit was of';
GRANT SELECT ON sustainml.fairness_alerts TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.open_alerts AS
SELECT x.alert_id, x.opened_at, x.model_schema, x.model, x.attribute, x.metric, x.bound, x.opened_value, x.last_value, x.last_verdict, x.failed_audits, x.severity,
       x.policy_id, x.opened_audit_id, x.last_audit_id, x.acknowledged_at IS NOT NULL AS is_acknowledged, x.acknowledged_by, x.acknowledged_reason, x.clean_audits, x.version
  FROM sustainml.fairness_alerts x
 WHERE x.closed_at IS NULL;
COMMENT ON VIEW sustainml.open_alerts IS 'Breaches of fairness policies that have not ended';
COMMENT ON COLUMN sustainml.open_alerts.alert_id IS 'Alert';
COMMENT ON COLUMN sustainml.open_alerts.opened_at IS 'When it opened';
COMMENT ON COLUMN sustainml.open_alerts.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.open_alerts.model IS 'Name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.open_alerts.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.open_alerts.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.open_alerts.bound IS 'Bound';
COMMENT ON COLUMN sustainml.open_alerts.opened_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.open_alerts.last_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.open_alerts.last_verdict IS 'Verdict of that audit';
COMMENT ON COLUMN sustainml.open_alerts.failed_audits IS 'Audits that failed since it opened';
COMMENT ON COLUMN sustainml.open_alerts.severity IS 'error stops the gate and activation; warning does not';
COMMENT ON COLUMN sustainml.open_alerts.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.open_alerts.opened_audit_id IS 'Audit that opened it';
COMMENT ON COLUMN sustainml.open_alerts.last_audit_id IS 'Newest audit that judged it';
COMMENT ON COLUMN sustainml.open_alerts.is_acknowledged IS 'Whether somebody took note';
COMMENT ON COLUMN sustainml.open_alerts.acknowledged_by IS 'Who';
COMMENT ON COLUMN sustainml.open_alerts.acknowledged_reason IS 'With what explanation';
COMMENT ON COLUMN sustainml.open_alerts.clean_audits IS 'Audits in a row that must pass before an alert closes, or have passed';
COMMENT ON COLUMN sustainml.open_alerts.version IS 'Version that the newest audit was of';
GRANT SELECT ON sustainml.open_alerts TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.fairness_mitigations WITH (security_barrier) AS
SELECT m.mitigation_id, m.mitigated_at, m.role_name, coalesce(v.model_schema, m.model_schema) AS model_schema, coalesce(v.model, m.model) AS model, m.version, m.method,
       m.params, CASE WHEN h.hidden THEN NULL ELSE m.thresholds END AS thresholds, m.attribute, m.metric, m.audit_before, m.audit_after,
       CASE WHEN h.hidden THEN NULL ELSE m.gap_before END AS gap_before, CASE WHEN h.hidden THEN NULL ELSE m.gap_after END AS gap_after, m.lowered, m.note
  FROM sustainml.fairness_mitigation m
  LEFT JOIN sustainml.model_version v ON v.id = m.version_id
 CROSS JOIN LATERAL (SELECT NOT (sustainml_internal.may(m.role_name, NULL, NULL, 'manage') OR sustainml_internal.may(v.owner, NULL, NULL, 'manage')) AND
                            EXISTS (SELECT FROM sustainml.fairness_metric f
                                     WHERE f.audit_id IN (m.audit_before, m.audit_after) AND f.cell IS NULL AND f.metric = m.metric
                                       AND array_to_string(f.attributes, ' & ') = m.attribute AND f.is_suppressed) AS hidden) h
 WHERE sustainml_internal.may(m.role_name, v.model_schema, v.model, 'read') OR sustainml_internal.may(v.owner, NULL, NULL, 'read');
COMMENT ON VIEW sustainml.fairness_mitigations IS 'What was done against gaps, with the gap before and after on held-out rows';
COMMENT ON COLUMN sustainml.fairness_mitigations.mitigation_id IS 'Mitigation';
COMMENT ON COLUMN sustainml.fairness_mitigations.mitigated_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_mitigations.role_name IS 'Role that audited or acted, by name';
COMMENT ON COLUMN sustainml.fairness_mitigations.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_mitigations.model IS 'Name of the model; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_mitigations.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_mitigations.method IS 'Method';
COMMENT ON COLUMN sustainml.fairness_mitigations.params IS 'Its options';
COMMENT ON COLUMN sustainml.fairness_mitigations.thresholds IS 'Thresholds by group, if it sets any; NULL where the caller must not see a group';
COMMENT ON COLUMN sustainml.fairness_mitigations.attribute IS 'Protected column, or cross: sex & race';
COMMENT ON COLUMN sustainml.fairness_mitigations.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_mitigations.audit_before IS 'Audit without it';
COMMENT ON COLUMN sustainml.fairness_mitigations.audit_after IS 'Audit with it';
COMMENT ON COLUMN sustainml.fairness_mitigations.gap_before IS 'The disparity without it; NULL where the caller must not see a group';
COMMENT ON COLUMN sustainml.fairness_mitigations.gap_after IS 'The disparity with it; NULL where the caller must not see a group';
COMMENT ON COLUMN sustainml.fairness_mitigations.lowered IS 'Whether the disparity fell; NULL: unknown';
COMMENT ON COLUMN sustainml.fairness_mitigations.note IS 'What the reader should know';
GRANT SELECT ON sustainml.fairness_mitigations TO PUBLIC;
