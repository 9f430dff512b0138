-- Versions side by side.  Here and not with the other views of the registry because it looks at audits.

-- Availability: 0.1.0
CREATE VIEW sustainml.model_leaderboard WITH (security_barrier) AS
WITH board AS (
	SELECT v.model_schema, v.model, v.version, v.model || '@' || v.version AS ref, v.algorithm, v.task, v.target, v.is_active, v.trained_at,
	       v.evaluation_id, v.rows_held_out, v.metric, v.metric_value, v.metric_ci_low AS ci_low, v.metric_ci_high AS ci_high, v.baseline_value,
	       coalesce(v.metrics ->> 'roc_auc', v.metrics ->> 'roc_auc_macro')::float8 AS roc_auc, (v.metrics ->> 'log_loss')::float8 AS log_loss,
	       (v.metrics ->> 'brier')::float8 AS brier, (v.metrics ->> 'accuracy')::float8 AS accuracy,
	       coalesce(v.metrics ->> 'f1', v.metrics ->> 'f1_macro')::float8 AS f1, (v.metrics ->> 'rmse')::float8 AS rmse,
	       (v.metrics ->> 'mae')::float8 AS mae, (v.metrics ->> 'r2')::float8 AS r2, octet_length(v.bytes) AS model_bytes,
	       r.seconds AS train_seconds, r.energy_joules AS train_joules, 1000 * r.energy_joules / nullif(r.rows, 0) AS joules_per_1000,
	       f.value AS fairness_gap, f.attribute AS fairness_attribute,
	       v.metric IN ('rmse', 'mae', 'mape', 'log_loss', 'brier', 'ece') AS less_is_better
	  FROM sustainml.model_version v
	  LEFT JOIN sustainml.run r ON r.run_id = v.run_id
	  LEFT JOIN LATERAL (SELECT m.value, m.attributes[1] AS attribute
	                       FROM sustainml.fairness_metric m
	                      WHERE m.audit_id = (SELECT max(a.audit_id) FROM sustainml.fairness_audit a WHERE a.version_id = v.id AND a.by_manager AND a.part = 'held_out')
	                        AND m.scope = 'disparity' AND m.metric = 'demographic_parity_difference' AND cardinality(m.attributes) = 1
	                        AND (NOT m.is_suppressed OR sustainml_internal.may(v.owner, NULL, NULL, 'manage'))
	                      ORDER BY m.value DESC NULLS LAST LIMIT 1) f ON true
	 WHERE sustainml_internal.may(v.owner, v.model_schema, v.model, 'read'))
SELECT b.model_schema, b.model, b.version, b.ref, b.algorithm, b.task, b.target, b.is_active, b.trained_at, b.evaluation_id, b.rows_held_out,
       b.metric, b.metric_value, b.ci_low, b.ci_high, b.baseline_value, b.roc_auc, b.log_loss, b.brier, b.accuracy, b.f1, b.rmse, b.mae, b.r2,
       b.model_bytes, b.train_seconds, b.train_joules, b.joules_per_1000, b.fairness_gap, b.fairness_attribute,
       CASE WHEN b.metric_value IS NULL OR b.train_joules IS NULL OR b.evaluation_id IS NULL THEN NULL
            ELSE NOT EXISTS (SELECT FROM board o
                              WHERE o.evaluation_id = b.evaluation_id AND o.metric = b.metric
                                AND CASE WHEN b.less_is_better THEN o.metric_value <= b.metric_value ELSE o.metric_value >= b.metric_value END
                                AND o.train_joules <= b.train_joules AND o.model_bytes <= b.model_bytes
                                AND (o.metric_value <> b.metric_value OR o.train_joules < b.train_joules OR o.model_bytes < b.model_bytes))
       END AS is_pareto
  FROM board b;
COMMENT ON VIEW sustainml.model_leaderboard IS 'Versions with quality, size and energy; equal evaluation_id: same held-out rows; is_pareto: no other version on those rows is as good, as small and as frugal; fairness_gap: the largest demographic parity difference over the protected columns in the newest audit of the held-out rows, and fairness_attribute the column';
COMMENT ON COLUMN sustainml.model_leaderboard.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.model_leaderboard.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.model_leaderboard.version IS 'Version number, from 1';
COMMENT ON COLUMN sustainml.model_leaderboard.ref IS 'Name and version, as functions take it: income@2';
COMMENT ON COLUMN sustainml.model_leaderboard.algorithm IS 'Learner';
COMMENT ON COLUMN sustainml.model_leaderboard.task IS 'regression, binary or multiclass';
COMMENT ON COLUMN sustainml.model_leaderboard.target IS 'Column predicted';
COMMENT ON COLUMN sustainml.model_leaderboard.is_active IS 'Whether the bare name means this version';
COMMENT ON COLUMN sustainml.model_leaderboard.trained_at IS 'When it was trained';
COMMENT ON COLUMN sustainml.model_leaderboard.evaluation_id IS 'Equal for versions evaluated on the same rows';
COMMENT ON COLUMN sustainml.model_leaderboard.rows_held_out IS 'Rows evaluated';
COMMENT ON COLUMN sustainml.model_leaderboard.metric IS 'Metric by which versions are compared';
COMMENT ON COLUMN sustainml.model_leaderboard.metric_value IS 'Its value on the held-out rows';
COMMENT ON COLUMN sustainml.model_leaderboard.ci_low IS 'Lower end of its 95 % interval';
COMMENT ON COLUMN sustainml.model_leaderboard.ci_high IS 'Upper end of its 95 % interval';
COMMENT ON COLUMN sustainml.model_leaderboard.baseline_value IS 'The metric when nothing is known but the training mean or class shares';
COMMENT ON COLUMN sustainml.model_leaderboard.roc_auc IS 'ROC-AUC on the held-out rows; of several classes the macro average';
COMMENT ON COLUMN sustainml.model_leaderboard.log_loss IS 'Log loss on the held-out rows';
COMMENT ON COLUMN sustainml.model_leaderboard.brier IS 'Brier score on the held-out rows';
COMMENT ON COLUMN sustainml.model_leaderboard.accuracy IS 'Share of right predictions on the held-out rows';
COMMENT ON COLUMN sustainml.model_leaderboard.f1 IS 'F1 of the positive class on the held-out rows; of several classes the macro average';
COMMENT ON COLUMN sustainml.model_leaderboard.rmse IS 'Root mean squared error on the held-out rows (regression)';
COMMENT ON COLUMN sustainml.model_leaderboard.mae IS 'Mean absolute error on the held-out rows (regression)';
COMMENT ON COLUMN sustainml.model_leaderboard.r2 IS 'Coefficient of determination on the held-out rows (regression)';
COMMENT ON COLUMN sustainml.model_leaderboard.model_bytes IS 'Size of the model, bytes';
COMMENT ON COLUMN sustainml.model_leaderboard.train_seconds IS 'Elapsed time of the training, seconds';
COMMENT ON COLUMN sustainml.model_leaderboard.train_joules IS 'Energy of the training, joules; NULL: unknown';
COMMENT ON COLUMN sustainml.model_leaderboard.joules_per_1000 IS 'Energy of the training per 1000 training rows, joules';
COMMENT ON COLUMN sustainml.model_leaderboard.fairness_gap IS 'Largest demographic parity difference over the protected columns in the newest audit of the held-out rows; NULL: not audited';
COMMENT ON COLUMN sustainml.model_leaderboard.fairness_attribute IS 'The protected column it is of';
COMMENT ON COLUMN sustainml.model_leaderboard.is_pareto IS 'Whether no other version on the same rows is as good, as small and as frugal at once; NULL: a figure is not known';
GRANT SELECT ON sustainml.model_leaderboard TO PUBLIC;
