-- Counts of a group for fairness, as a value (src/pg/fairness/state.c, accessors.c; definitions in src/core/fairness/counts.h and figures.h).

-- Availability: 0.1.0
CREATE TYPE sustainml.fairness_state;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_state_in(cstring) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_state_in(cstring) IS 'Reads a fairness state from base64; every length, count and checksum is checked';
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_state_out(sustainml.fairness_state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_fairness_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_state_out(sustainml.fairness_state) IS 'Writes a fairness state as base64';
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_state_recv(internal) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_state_recv(internal) IS 'Reads a fairness state from its binary form';
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_state_send(sustainml.fairness_state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_fairness_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_state_send(sustainml.fairness_state) IS 'Writes a fairness state in binary form';

CREATE TYPE sustainml.fairness_state (
	INPUT = sustainml_internal.fairness_state_in,
	OUTPUT = sustainml_internal.fairness_state_out,
	RECEIVE = sustainml_internal.fairness_state_recv,
	SEND = sustainml_internal.fairness_state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE sustainml.fairness_state IS 'Counts of a group of rows by label and prediction, with scores and weights if there are any: fixed in size, mergeable, never rows';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_step(state sustainml.fairness_state, label boolean, prediction boolean) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_step' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean) IS 'Transition function of sustainml.fairness_counts';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean) FROM PUBLIC;
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_step(state sustainml.fairness_state, label boolean, prediction boolean, score double precision) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_step_score' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean, double precision) IS 'Transition function of sustainml.fairness_counts';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean, double precision) FROM PUBLIC;
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_step(state sustainml.fairness_state, label boolean, prediction boolean, score double precision, weight double precision) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_step_weight' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean, double precision, double precision) IS 'Transition function of sustainml.fairness_counts';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_step(sustainml.fairness_state, boolean, boolean, double precision, double precision) FROM PUBLIC;
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.audit_step(state sustainml.fairness_state, parts integer, label boolean, prediction boolean, score double precision, weight double precision) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_audit_step' LANGUAGE C STABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml_internal.audit_step(sustainml.fairness_state, integer, boolean, boolean, double precision, double precision) IS 'Transition function of sustainml_internal.audit_counts';
REVOKE EXECUTE ON FUNCTION sustainml_internal.audit_step(sustainml.fairness_state, integer, boolean, boolean, double precision, double precision) FROM PUBLIC;
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_merge(a sustainml.fairness_state, b sustainml.fairness_state) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_merge(sustainml.fairness_state, sustainml.fairness_state) IS 'Adds two fairness states inside an aggregate';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_merge(sustainml.fairness_state, sustainml.fairness_state) FROM PUBLIC;
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_final(state sustainml.fairness_state) RETURNS sustainml.fairness_state
	AS 'MODULE_PATHNAME', 'sustainml_fairness_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_final(sustainml.fairness_state) IS 'Final function of the fairness aggregates';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_final(sustainml.fairness_state) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.fairness_counts(label boolean, prediction boolean) (
	SFUNC = sustainml_internal.fairness_step,
	STYPE = sustainml.fairness_state,
	SSPACE = 96,
	FINALFUNC = sustainml_internal.fairness_final,
	COMBINEFUNC = sustainml_internal.fairness_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.fairness_counts(boolean, boolean) IS
'Counts rows by label and prediction, NULLs apart, as a state for the functions fairness_rate, fairness_ci, fairness_compare and fairness_summary.
Example: SELECT sex, sustainml.fairness_rate(sustainml.fairness_counts(income_gt_50k = 1, pred = 1), ''tpr'') FROM adult_scored GROUP BY sex;';
-- Availability: 0.1.0
CREATE AGGREGATE sustainml.fairness_counts(label boolean, prediction boolean, score double precision) (
	SFUNC = sustainml_internal.fairness_step,
	STYPE = sustainml.fairness_state,
	SSPACE = 7184,
	FINALFUNC = sustainml_internal.fairness_final,
	COMBINEFUNC = sustainml_internal.fairness_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.fairness_counts(boolean, boolean, double precision) IS
'The same with a score, the probability of a true label: adds calibration and AUC. Scores that are NaN or outside 0 to 1 are counted and not used.
Example: SELECT sex, sustainml.fairness_summary(sustainml.fairness_counts(income_gt_50k = 1, pred = 1, p)) FROM adult_scored GROUP BY sex;';
-- Availability: 0.1.0
CREATE AGGREGATE sustainml.fairness_counts(label boolean, prediction boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.fairness_step,
	STYPE = sustainml.fairness_state,
	SSPACE = 5424,
	FINALFUNC = sustainml_internal.fairness_final,
	COMBINEFUNC = sustainml_internal.fairness_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.fairness_counts(boolean, boolean, double precision, double precision) IS
'The same with a weight per row: importance, so that intervals rest on the effective number of rows. Weights of 0 or NULL leave a row out.
Example: SELECT sex, sustainml.fairness_summary(sustainml.fairness_counts(income_gt_50k = 1, pred = 1, p, w)) FROM adult_scored GROUP BY sex;';
-- Availability: 0.1.0
CREATE AGGREGATE sustainml.fairness_merge(state sustainml.fairness_state) (
	SFUNC = sustainml_internal.fairness_merge,
	STYPE = sustainml.fairness_state,
	SSPACE = 7184,
	FINALFUNC = sustainml_internal.fairness_final,
	COMBINEFUNC = sustainml_internal.fairness_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.fairness_merge(sustainml.fairness_state) IS
'Adds states of fairness_counts: count the finest groups once, in parallel, and merge them into all crosses.
Example: SELECT sex, race, sustainml.fairness_merge(s) FROM (SELECT sex, race, sustainml.fairness_counts(y, p) AS s FROM t GROUP BY sex, race) f GROUP BY GROUPING SETS ((), (sex), (race), (sex, race));';
-- Availability: 0.1.0
CREATE AGGREGATE sustainml_internal.audit_counts(parts integer, label boolean, prediction boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.audit_step,
	STYPE = sustainml.fairness_state,
	SSPACE = 7184,
	FINALFUNC = sustainml_internal.fairness_final,
	COMBINEFUNC = sustainml_internal.fairness_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml_internal.audit_counts(integer, boolean, boolean, double precision, double precision) IS 'What fairness_audit counts with: as fairness_counts, with a limit on the number of groups';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.third_value(what text, "column" text, value text, favorable text, other text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_third_value' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.third_value(text, text, text, text, text) IS 'Always an error: a label or prediction that is neither of two values';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_rate(state sustainml.fairness_state, metric text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_fairness_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.fairness_rate(sustainml.fairness_state, text) IS
'A figure of a group: selection_rate, base_rate, tpr, fpr, tnr, fnr, ppv, npv, fdr, for, accuracy, error_rate, treatment_equality, and with scores mean_score,
mean_score_positive, mean_score_negative, brier, log_loss, ece, calibration_gap, roc_auc. NULL where it is undefined.
Example: SELECT sustainml.fairness_rate(sustainml.fairness_counts(y, p), ''fpr'') FROM t;';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_ci(state sustainml.fairness_state, metric text, confidence double precision DEFAULT 0.95, favorable boolean DEFAULT true,
	OUT value double precision, OUT numerator double precision, OUT denominator double precision, OUT n bigint,
	OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT effective_n double precision, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_ci' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION sustainml.fairness_ci(sustainml.fairness_state, text, double precision, boolean) IS
'A figure of a group with numerator, denominator, interval and its method, or the reason why it has no value, or no interval. effective_n is what the interval rests on:
rows, with weights (sum w)^2 / sum w^2. favorable false: selection_rate is about predictions that are false.
Example: SELECT g.sex, c.* FROM (SELECT sex, sustainml.fairness_counts(y, p) AS s FROM t GROUP BY sex) g, sustainml.fairness_ci(g.s, ''tpr'') c;';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_compare(a sustainml.fairness_state, b sustainml.fairness_state, metric text, how text DEFAULT 'difference', confidence double precision DEFAULT 0.95,
	favorable boolean DEFAULT true, OUT value double precision, OUT numerator double precision, OUT denominator double precision, OUT n bigint,
	OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT effective_n double precision, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_compare' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION sustainml.fairness_compare(sustainml.fairness_state, sustainml.fairness_state, text, text, double precision, boolean) IS
'Two groups by one figure: difference a - b with Newcombe''s interval (shares) or MOVER (other figures), or ratio a / b with Katz''s (MOVER where a share is 0 or 1). numerator and denominator are the two figures.
favorable false: selection_rate is about predictions that are false.
Example: SELECT * FROM sustainml.fairness_compare((SELECT sustainml.fairness_counts(y, p) FROM t WHERE sex = ''Female''), (SELECT sustainml.fairness_counts(y, p) FROM t WHERE sex = ''Male''), ''selection_rate'', ''ratio'');';
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_share(part bigint, whole bigint, confidence double precision,
	OUT value double precision, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_share' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION sustainml_internal.fairness_share(bigint, bigint, double precision) IS 'A share of rows with Wilson''s interval; NULL of no rows';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_summary(state sustainml.fairness_state) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_fairness_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.fairness_summary(sustainml.fairness_state) IS
'All counts and figures of a group as jsonb; undefined ones are null.
Example: SELECT sex, sustainml.fairness_summary(sustainml.fairness_counts(y, p)) FROM t GROUP BY sex;';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_bins(state sustainml.fairness_state, confidence double precision DEFAULT 0.95,
	OUT bin integer, OUT n bigint, OUT mean_score double precision,
	OUT score_ci_low double precision, OUT score_ci_high double precision, OUT score_ci_method text, OUT observed double precision, OUT ci_low double precision, OUT ci_high double precision,
	OUT ci_method text, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_bins' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION sustainml.fairness_bins(sustainml.fairness_state, double precision) IS
'Calibration of a group in ten bins of equal width: rows, mean score (Hoeffding''s interval, by the width of the bin) and share of positives (Wilson''s). No rows for a state without scores.
Example: SELECT * FROM sustainml.fairness_bins((SELECT sustainml.fairness_counts(y, p, score) FROM t));';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_fisher_p(selected_a bigint, n_a bigint, selected_b bigint, n_b bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_fairness_fisher_p' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.fairness_fisher_p(bigint, bigint, bigint, bigint) IS
'Fisher''s exact test of two shares, two-sided. NULL when a group is empty.
Example: SELECT sustainml.fairness_fisher_p(3, 10, 8, 10);';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_z(selected_a bigint, n_a bigint, selected_b bigint, n_b bigint) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_fairness_z' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.fairness_z(bigint, bigint, bigint, bigint) IS
'Two shares in standard errors of their difference (pooled). NULL when a group is empty or all or none are selected.
Example: SELECT sustainml.fairness_z(3, 10, 8, 10);';
-- Availability: 0.1.0
CREATE FUNCTION sustainml.mantel_haenszel(selected double precision[], n double precision[], reference_selected double precision[], reference_n double precision[],
	confidence double precision DEFAULT 0.95,
	OUT strata_used bigint, OUT odds_ratio double precision, OUT odds_ratio_low double precision, OUT odds_ratio_high double precision,
	OUT difference double precision, OUT difference_low double precision, OUT difference_high double precision,
	OUT cmh double precision, OUT cmh_p double precision, OUT cmh_corrected double precision, OUT cmh_corrected_p double precision, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_mantel_haenszel' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION sustainml.mantel_haenszel(double precision[], double precision[], double precision[], double precision[], double precision) IS
'Two groups over strata, one array element per stratum: Mantel-Haenszel odds ratio and difference, Cochran-Mantel-Haenszel test with and without continuity correction.
Example: SELECT odds_ratio, cmh FROM sustainml.mantel_haenszel(''{512,353}'', ''{825,560}'', ''{89,17}'', ''{108,25}'');';
