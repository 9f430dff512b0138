-- Metric aggregates for any pair of columns (src/pg/metric/aggregates.c, ranked.c, labels.c).
--
-- Rows with a NULL in any argument are skipped, as aggregates do; no rows, or a
-- figure that has no value, give NULL.  An optional last argument is a weight.
-- All are safe in parallel plans.  States are float8[] where a few sums are enough;
-- roc_auc and average_precision keep every score, balanced_accuracy and mcc a
-- dictionary of the labels, both under sustainml.memory_limit in each process.
-- Definitions are in src/core/metric/metric.h.

---- means of a loss: log_loss, brier_score ---------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label boolean, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label boolean, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label double precision, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label double precision, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label boolean, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label boolean, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label double precision, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label double precision, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.accuracy_step(state double precision[], actual anycompatible, predicted anycompatible) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_accuracy_step' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible) IS 'Transition function of sustainml.accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.accuracy_step(state double precision[], actual anycompatible, predicted anycompatible, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_accuracy_step' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible, double precision) IS 'Transition function of sustainml.accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_mean_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) IS 'Combine function of log_loss and brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mean_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mean_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mean_final(double precision[]) IS 'Final function of log_loss and brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mean_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label boolean, probability double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1. Example: SELECT sustainml.log_loss(label, probability) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted. Example: SELECT sustainml.log_loss(label, probability, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1. Example: SELECT sustainml.log_loss(label, probability) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted. Example: SELECT sustainml.log_loss(label, probability, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label. Example: SELECT sustainml.brier_score(label, probability) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted. Example: SELECT sustainml.brier_score(label, probability, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label. Example: SELECT sustainml.brier_score(label, probability) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted. Example: SELECT sustainml.brier_score(label, probability, weight) FROM scored;';

---- two classes: precision_score, recall_score, f1_score; accuracy --------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual boolean, predicted boolean) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual boolean, predicted boolean, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual double precision, predicted double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual double precision, predicted double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) IS 'Combine function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.precision_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_precision_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.precision_final(double precision[]) IS 'Final function of sustainml.precision_score and accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.precision_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.recall_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_recall_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.recall_final(double precision[]) IS 'Final function of sustainml.recall_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.recall_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.f1_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_f1_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.f1_final(double precision[]) IS 'Final function of sustainml.f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.f1_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted. Example: SELECT sustainml.precision_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted. Example: SELECT sustainml.precision_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted. Example: SELECT sustainml.precision_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted. Example: SELECT sustainml.precision_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none. Example: SELECT sustainml.recall_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted. Example: SELECT sustainml.recall_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none. Example: SELECT sustainml.recall_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted. Example: SELECT sustainml.recall_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean) IS 'Harmonic mean of precision and recall of the positive class (1 or true). Example: SELECT sustainml.f1_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted. Example: SELECT sustainml.f1_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true). Example: SELECT sustainml.f1_score(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted. Example: SELECT sustainml.f1_score(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible) IS 'Share of rows whose two labels of any type are equal. Example: SELECT sustainml.accuracy(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible, double precision) IS 'Share of rows whose two labels of any type are equal, weighted. Example: SELECT sustainml.accuracy(actual, predicted, weight) FROM scored;';

---- labels of any type: balanced_accuracy, mcc -------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_step(state internal, actual anycompatible, predicted anycompatible) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_step' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible) IS 'Transition function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_step(state internal, actual anycompatible, predicted anycompatible, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_step' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible, double precision) IS 'Transition function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_merge(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_merge(internal, internal) IS 'Combine function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_merge(internal, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_write(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_labels_write' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_write(internal) IS 'Serial function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_write(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_read(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_read' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_read(bytea, internal) IS 'Deserial function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_read(bytea, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.balanced_accuracy_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_balanced_accuracy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.balanced_accuracy_final(internal) IS 'Final function of sustainml.balanced_accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.balanced_accuracy_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mcc_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mcc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mcc_final(internal) IS 'Final function of sustainml.mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mcc_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.balanced_accuracy(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.balanced_accuracy_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible) IS 'Mean recall over the labels that occur as actual. Example: SELECT sustainml.balanced_accuracy(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.balanced_accuracy(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.balanced_accuracy_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible, double precision) IS 'Mean recall over the labels that occur as actual, weighted. Example: SELECT sustainml.balanced_accuracy(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mcc(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.mcc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant. Example: SELECT sustainml.mcc(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mcc(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.mcc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible, double precision) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant, weighted. Example: SELECT sustainml.mcc(actual, predicted, weight) FROM scored;';

---- ranks: roc_auc, average_precision ----------------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label boolean, score double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_boolean' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label boolean, score double precision, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_boolean' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label double precision, score double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label double precision, score double precision, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_merge(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_merge(internal, internal) IS 'Combine function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_merge(internal, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_write(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_ranked_write' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_write(internal) IS 'Serial function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_write(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_read(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_read' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_read(bytea, internal) IS 'Deserial function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_read(bytea, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.roc_auc_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_roc_auc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.roc_auc_final(internal) IS 'Final function of sustainml.roc_auc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.roc_auc_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.average_precision_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_average_precision_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.average_precision_final(internal) IS 'Final function of sustainml.average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.average_precision_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label boolean, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights). Example: SELECT sustainml.roc_auc(label, score) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted. Example: SELECT sustainml.roc_auc(label, score, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label double precision, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights). Example: SELECT sustainml.roc_auc(label, score) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label double precision, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted. Example: SELECT sustainml.roc_auc(label, score, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label boolean, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights). Example: SELECT sustainml.average_precision(label, score) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted. Example: SELECT sustainml.average_precision(label, score, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label double precision, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights). Example: SELECT sustainml.average_precision(label, score) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label double precision, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted. Example: SELECT sustainml.average_precision(label, score, weight) FROM scored;';

---- regression: r2, rmse, mae, mape, explained_variance ----------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_step(state double precision[], actual double precision, predicted double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision) IS 'Transition function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_step(state double precision[], actual double precision, predicted double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision, double precision) IS 'Transition function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) IS 'Combine function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.r2_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_r2_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.r2_final(double precision[]) IS 'Final function of sustainml.r2';
REVOKE EXECUTE ON FUNCTION sustainml_internal.r2_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.rmse_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_rmse_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.rmse_final(double precision[]) IS 'Final function of sustainml.rmse';
REVOKE EXECUTE ON FUNCTION sustainml_internal.rmse_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mae_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mae_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mae_final(double precision[]) IS 'Final function of sustainml.mae';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mae_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mape_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mape_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mape_final(double precision[]) IS 'Final function of sustainml.mape';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mape_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.explained_variance_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_explained_variance_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.explained_variance_final(double precision[]) IS 'Final function of sustainml.explained_variance';
REVOKE EXECUTE ON FUNCTION sustainml_internal.explained_variance_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.r2(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value. Example: SELECT sustainml.r2(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.r2(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value, weighted. Example: SELECT sustainml.r2(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision) IS 'Root of the mean squared error. Example: SELECT sustainml.rmse(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision, double precision) IS 'Root of the mean squared error, weighted. Example: SELECT sustainml.rmse(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision) IS 'Mean absolute error. Example: SELECT sustainml.mae(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision, double precision) IS 'Mean absolute error, weighted. Example: SELECT sustainml.mae(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0. Example: SELECT sustainml.mape(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0, weighted. Example: SELECT sustainml.mape(actual, predicted, weight) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision) IS '1 - variance of the error / variance of the actual value. Example: SELECT sustainml.explained_variance(actual, predicted) FROM scored;';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision, double precision) IS '1 - variance of the error / variance of the actual value, weighted. Example: SELECT sustainml.explained_variance(actual, predicted, weight) FROM scored;';
