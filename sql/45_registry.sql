-- The registry: versions and what is active (src/pg/model/registry.c), what a model is made of
-- (src/pg/model/describe.c), and the views on them.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.activate(model text, reason text DEFAULT NULL, force boolean DEFAULT false) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_activate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.activate(text, text, boolean) IS
'Makes a version the one that the bare name means; returns it.  A version that predicts something else needs force.
Example: SELECT sustainml.activate(''churn@3'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.rollback(model text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_rollback' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.rollback(text) IS
'Activates the version that was active before the present one; returns it.
Example: SELECT sustainml.rollback(''churn'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.rename_model(model text, new_name text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_rename_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.rename_model(text, text) IS
'Renames a model with all its versions, grants, runs and history.
Example: SELECT sustainml.rename_model(''churn'', ''churn_2026'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.drop_model(model text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_drop_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.drop_model(text) IS
'Drops a model with all versions, or one version (not the active one).  Runs and history stay.
Example: SELECT sustainml.drop_model(''churn@2'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.set_threshold(model text, threshold double precision) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_set_threshold' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.set_threshold(text, double precision) IS
'Sets the probability at and above which the positive class is predicted.
Example: SELECT sustainml.set_threshold(''churn'', 0.35);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.grant_model(model text, role text, privilege text DEFAULT 'predict') RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_grant_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.grant_model(text, text, text) IS
'Lets a role use a model: predict, read (coefficients, metrics, runs) or manage (train, activate, drop, grant).
Example: SELECT sustainml.grant_model(''churn'', ''reporting'', ''predict'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.revoke_model(model text, role text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_revoke_model' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.revoke_model(text, text) IS
'Takes a role''s grant on a model away.
Example: SELECT sustainml.revoke_model(''churn'', ''reporting'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.features(model text, OUT ordinal integer, OUT feature text, OUT type text, OUT encoding text,
	OUT impute_value double precision, OUT missing_share double precision, OUT levels text[], OUT reference text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_features' LANGUAGE C STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION sustainml.features(text) IS
'The features of a model, in the order in which predict takes them, and how each is encoded.
Example: SELECT * FROM sustainml.features(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.coefficients(model text, OUT class text, OUT term text, OUT estimate double precision, OUT std_error double precision,
	OUT statistic double precision, OUT p_value double precision, OUT ci_low double precision, OUT ci_high double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_coefficients' LANGUAGE C STABLE PARALLEL SAFE ROWS 50;
COMMENT ON FUNCTION sustainml.coefficients(text) IS
'Coefficients on the original scale of the columns, with standard errors, t or z statistics, p-values and 95 % intervals.
Example: SELECT * FROM sustainml.coefficients(''income'') ORDER BY p_value;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fit_summary(model text, OUT figure text, OUT value double precision, OUT reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fit_summary' LANGUAGE C STABLE PARALLEL SAFE ROWS 11;
COMMENT ON FUNCTION sustainml.fit_summary(text) IS
'How the fit went on the training rows: loss, R², condition number, iterations.
Example: SELECT * FROM sustainml.fit_summary(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.algorithms(OUT algorithm text, OUT tasks text[], OUT about text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_algorithms' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION sustainml.algorithms() IS
'The algorithms that train knows.
Example: SELECT * FROM sustainml.algorithms();';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.options(algorithm text, OUT option text, OUT type text, OUT initial text, OUT allowed text, OUT about text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_options' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION sustainml.options(text) IS
'What an algorithm takes in params, with defaults and ranges.
Example: SELECT * FROM sustainml.options(''logistic'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.help(topic text DEFAULT NULL, OUT function text, OUT arguments text, OUT about text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT p.proname::text, pg_get_function_arguments(p.oid),
	       CASE WHEN topic IS NULL THEN split_part(obj_description(p.oid, 'pg_proc'), E'\n', 1)
	            ELSE obj_description(p.oid, 'pg_proc') END
	  FROM pg_proc p
	 WHERE p.pronamespace = 'sustainml'::regnamespace
	   AND (topic IS NULL OR p.proname = lower(topic)
	        -- no function of this name: those that have the word in their name
	        OR (p.proname LIKE '%' || lower(topic) || '%'
	            AND NOT EXISTS (SELECT FROM pg_proc q WHERE q.pronamespace = p.pronamespace AND q.proname = lower(topic))))
	 ORDER BY 1, 2
	$$;
COMMENT ON FUNCTION sustainml.help(text) IS
'What the functions of sustainml do: all of them in a line each, or one with its arguments and an example; a part of a name finds all that have it.
Example: SELECT * FROM sustainml.help(''train'');';

-- Availability: 0.1.0
CREATE VIEW sustainml.models WITH (security_barrier) AS
SELECT v.model_schema, v.model, v.version, v.model || '@' || v.version AS ref, v.owner, v.algorithm, v.task, v.source, v.target,
       v.positive, v.favorable, v.threshold, v.feature_count, v.rows_used, v.rows_skipped, v.rows_held_out, v.split, v.metric, v.metric_value,
       v.metric_ci_low, v.metric_ci_high, octet_length(v.bytes) AS model_bytes, v.is_active, a.active_from, a.active_to,
       v.trained_at, v.trained_by, r.seconds, r.energy_joules, r.energy_method, r.co2e_grams, v.run_id, v.params, v.metrics, v.notes
  FROM sustainml.model_version v
  LEFT JOIN sustainml.run r ON r.run_id = v.run_id
  LEFT JOIN LATERAL (SELECT h.active_from, h.active_to
                       FROM sustainml.activation h
                      WHERE h.model_schema = v.model_schema AND h.model = v.model AND h.version = v.version
                      ORDER BY h.active_from DESC LIMIT 1) a ON true
 WHERE sustainml_internal.may(v.owner, v.model_schema, v.model, 'read');
COMMENT ON VIEW sustainml.models IS 'All versions of the models that the caller may read';
COMMENT ON COLUMN sustainml.models.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.models.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.models.version IS 'Version number, from 1';
COMMENT ON COLUMN sustainml.models.ref IS 'Name and version, as functions take it: income@2';
COMMENT ON COLUMN sustainml.models.owner IS 'Role that owns the model, by name';
COMMENT ON COLUMN sustainml.models.algorithm IS 'Learner';
COMMENT ON COLUMN sustainml.models.task IS 'regression, binary or multiclass';
COMMENT ON COLUMN sustainml.models.source IS 'Table, view or query it was trained on';
COMMENT ON COLUMN sustainml.models.target IS 'Column predicted';
COMMENT ON COLUMN sustainml.models.positive IS 'Class that the probability is about (binary models)';
COMMENT ON COLUMN sustainml.models.favorable IS 'Outcome that people want, for fairness audits';
COMMENT ON COLUMN sustainml.models.threshold IS 'Probability at and above which the positive class is predicted (binary models)';
COMMENT ON COLUMN sustainml.models.feature_count IS 'Number of features, array elements counted';
COMMENT ON COLUMN sustainml.models.rows_used IS 'Training rows';
COMMENT ON COLUMN sustainml.models.rows_skipped IS 'Rows without target or weight, or outside both parts of the split';
COMMENT ON COLUMN sustainml.models.rows_held_out IS 'Rows evaluated';
COMMENT ON COLUMN sustainml.models.split IS 'Rule by which rows were held out';
COMMENT ON COLUMN sustainml.models.metric IS 'Metric by which versions are compared';
COMMENT ON COLUMN sustainml.models.metric_value IS 'Its value on the held-out rows';
COMMENT ON COLUMN sustainml.models.metric_ci_low IS 'Lower end of its 95 % interval';
COMMENT ON COLUMN sustainml.models.metric_ci_high IS 'Upper end of its 95 % interval';
COMMENT ON COLUMN sustainml.models.model_bytes IS 'Size of the model, bytes';
COMMENT ON COLUMN sustainml.models.is_active IS 'Whether the bare name means this version';
COMMENT ON COLUMN sustainml.models.active_from IS 'When the version became active last; NULL: never';
COMMENT ON COLUMN sustainml.models.active_to IS 'When it ceased to be; NULL: it is active, or never was';
COMMENT ON COLUMN sustainml.models.trained_at IS 'When it was trained';
COMMENT ON COLUMN sustainml.models.trained_by IS 'Role that trained it, by name';
COMMENT ON COLUMN sustainml.models.seconds IS 'Elapsed time of the training, seconds';
COMMENT ON COLUMN sustainml.models.energy_joules IS 'Energy of the training, joules; NULL: unknown';
COMMENT ON COLUMN sustainml.models.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_tdp, estimated_default';
COMMENT ON COLUMN sustainml.models.co2e_grams IS 'Carbon of the training, grams of CO2 equivalent; NULL: unknown';
COMMENT ON COLUMN sustainml.models.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.models.params IS 'Learner options as given';
COMMENT ON COLUMN sustainml.models.metrics IS 'All metrics on the held-out rows';
COMMENT ON COLUMN sustainml.models.notes IS 'What the training did that the user may not expect';
GRANT SELECT ON sustainml.models TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.activation_history WITH (security_barrier) AS
SELECT a.model_schema, a.model, a.version, a.active_from, a.active_to, a.activated_by, a.reason
  FROM sustainml.activation a
 WHERE sustainml_internal.may(a.owner, a.model_schema, a.model, 'read');
COMMENT ON VIEW sustainml.activation_history IS 'Which version of a model was active when, by whom and why';
COMMENT ON COLUMN sustainml.activation_history.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.activation_history.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.activation_history.version IS 'Version';
COMMENT ON COLUMN sustainml.activation_history.active_from IS 'From when';
COMMENT ON COLUMN sustainml.activation_history.active_to IS 'Until when; NULL: still';
COMMENT ON COLUMN sustainml.activation_history.activated_by IS 'By which role';
COMMENT ON COLUMN sustainml.activation_history.reason IS 'Why';
GRANT SELECT ON sustainml.activation_history TO PUBLIC;
