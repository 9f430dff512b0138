cho Use "CREATE EXTENSION sustainml CASCADE" to load this file. \quit
-- The two schemas.  Users call sustainml; sustainml_internal holds what they do
-- not call by hand, so that \df sustainml.* reads well.  They are created here and
-- not by the control file, so that DROP EXTENSION removes them.

-- Availability: 0.1.0
CREATE SCHEMA sustainml;
COMMENT ON SCHEMA sustainml IS 'Sustainable machine learning in the database: train, score, evaluate, with the energy of every run';
GRANT USAGE ON SCHEMA sustainml TO PUBLIC;

-- Availability: 0.1.0
CREATE SCHEMA sustainml_internal;
COMMENT ON SCHEMA sustainml_internal IS 'Helpers of the extension sustainml; not for calls by hand';
GRANT USAGE ON SCHEMA sustainml_internal TO PUBLIC;
-- The fold: training as an aggregate over rows (src/pg/state.c, src/pg/cells.c).

-- Availability: 0.1.0
CREATE TYPE sustainml.state;

CREATE FUNCTION sustainml_internal.state_in(cstring) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_in(cstring) IS 'Reads a training state from base64; every length and checksum is checked';
CREATE FUNCTION sustainml_internal.state_out(sustainml.state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_out(sustainml.state) IS 'Writes a training state as base64';
CREATE FUNCTION sustainml_internal.state_recv(internal) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_recv(internal) IS 'Reads a training state from its binary form';
CREATE FUNCTION sustainml_internal.state_send(sustainml.state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_send(sustainml.state) IS 'Writes a training state in binary form';

CREATE TYPE sustainml.state (
	INPUT = sustainml_internal.state_in,
	OUTPUT = sustainml_internal.state_out,
	RECEIVE = sustainml_internal.state_recv,
	SEND = sustainml_internal.state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE sustainml.state IS 'The state of a training pass: mergeable sums, never rows';

-- Availability: 0.1.0
CREATE TYPE sustainml_internal.cells;

CREATE FUNCTION sustainml_internal.cells_in(cstring) RETURNS sustainml_internal.cells
	AS 'MODULE_PATHNAME', 'sustainml_cells_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.cells_in(cstring) IS 'Always an error: cells exist only inside a training pass';
CREATE FUNCTION sustainml_internal.cells_out(sustainml_internal.cells) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_cells_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.cells_out(sustainml_internal.cells) IS 'Always an error: cells exist only inside a training pass';

CREATE TYPE sustainml_internal.cells (
	INPUT = sustainml_internal.cells_in,
	OUTPUT = sustainml_internal.cells_out,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = plain
);
COMMENT ON TYPE sustainml_internal.cells IS 'The columns of one row, converted under a training plan';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.cells(plan bytea, VARIADIC columns "any") RETURNS sustainml_internal.cells
	AS 'MODULE_PATHNAME', 'sustainml_cells' LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION sustainml_internal.cells(bytea, "any") IS 'Packs the columns of a row for a training pass; the plan must be a constant';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fold_step(state sustainml.state, plan bytea, cells sustainml_internal.cells) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_fold_step' LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION sustainml_internal.fold_step(sustainml.state, bytea, sustainml_internal.cells) IS 'Transition function of sustainml_internal.fold';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fold_step(sustainml.state, bytea, sustainml_internal.cells) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fold_merge(a sustainml.state, b sustainml.state) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_fold_merge' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml_internal.fold_merge(sustainml.state, sustainml.state) IS 'Combine function of sustainml_internal.fold';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fold_merge(sustainml.state, sustainml.state) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml_internal.fold(plan bytea, cells sustainml_internal.cells) (
	SFUNC = sustainml_internal.fold_step,
	STYPE = sustainml.state,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.fold_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml_internal.fold(bytea, sustainml_internal.cells) IS 'One pass of training over rows, as a state that merges';
-- Training (src/pg/train).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.train(
	model      text,
	source     text,
	target     text             DEFAULT NULL,
	algorithm  text             DEFAULT 'auto',
	task       text             DEFAULT 'auto',
	positive   text             DEFAULT NULL,
	favorable  text             DEFAULT NULL,
	features   text[]           DEFAULT NULL,
	exclude    text[]           DEFAULT NULL,
	params     jsonb            DEFAULT '{}',
	preprocess jsonb            DEFAULT '{}',
	holdout    double precision DEFAULT 0.2,
	split      jsonb            DEFAULT '{}',
	protected  text[]           DEFAULT NULL,
	weight     text             DEFAULT NULL,
	seed       bigint           DEFAULT 0,
	refit      boolean          DEFAULT false,
	group_by   text[]           DEFAULT NULL,
	budget     jsonb            DEFAULT NULL,
	activate   text             DEFAULT 'always',
	metric     text             DEFAULT NULL,
	min_gain   double precision DEFAULT NULL,
	OUT model text, OUT version integer, OUT ref text, OUT algorithm text, OUT task text, OUT positive text, OUT classes text[],
	OUT rows_used bigint, OUT rows_skipped bigint, OUT rows_held_out bigint, OUT metrics jsonb, OUT fairness jsonb,
	OUT model_bytes bigint, OUT seconds double precision, OUT cpu_seconds double precision,
	OUT energy_joules double precision, OUT energy_method text, OUT co2e_grams double precision,
	OUT active boolean, OUT activation_reason text, OUT notes text[])
	RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_train' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.train(text, text, text, text, text, text, text, text[], text[], jsonb, jsonb, double precision, jsonb, text[], text, bigint, boolean, text[], jsonb, text, text, double precision) IS
'Trains the next version of a model on a table, view or query, evaluates it on held-out rows and logs its energy.
Call it in FROM: (train(…)).* would train once per column.
Example: SELECT * FROM sustainml.train(''income'', ''adult_train'', target => ''income_gt_50k'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.retrain(
	model    text,
	source   text             DEFAULT NULL,
	params   jsonb            DEFAULT NULL,
	holdout  double precision DEFAULT NULL,
	seed     bigint           DEFAULT NULL,
	activate text             DEFAULT 'if_better',
	metric   text             DEFAULT NULL,
	min_gain double precision DEFAULT NULL,
	refit    boolean          DEFAULT NULL,
	OUT model text, OUT version integer, OUT ref text, OUT algorithm text, OUT task text, OUT positive text, OUT classes text[],
	OUT rows_used bigint, OUT rows_skipped bigint, OUT rows_held_out bigint, OUT metrics jsonb, OUT fairness jsonb,
	OUT model_bytes bigint, OUT seconds double precision, OUT cpu_seconds double precision,
	OUT energy_joules double precision, OUT energy_method text, OUT co2e_grams double precision,
	OUT active boolean, OUT activation_reason text, OUT notes text[])
	RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_retrain' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.retrain(text, text, jsonb, double precision, bigint, text, text, double precision, boolean) IS
'Trains a model again as it was trained before: the stored source, search path, features and params, overrides by name.
The new version becomes active only when it is better on held-out rows, unless activate says otherwise.
Example: SELECT version, active, activation_reason FROM sustainml.retrain(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.held_out(seed bigint, share double precision, VARIADIC key "any") RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_held_out' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml.held_out(bigint, double precision, "any") IS
'Whether the row with this key is held out: the rule by which train splits, the same on every server.
Example: SELECT * FROM adult_train WHERE NOT sustainml.held_out(0, 0.2, id);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.row_hash(VARIADIC columns "any") RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_row_hash' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml_internal.row_hash("any") IS 'The canonical 64-bit hash of a row''s columns';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.progress(OUT pid integer, OUT role_name text, OUT model text, OUT phase text, OUT running interval)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT a.pid, a.usename::text,
	       substring(a.query FROM '^sustainml train (.*?): '),
	       substring(a.query FROM '^sustainml train .*?: (.*)$'),
	       clock_timestamp() - a.xact_start
	  FROM pg_stat_activity a
	 WHERE a.query LIKE 'sustainml train %' AND a.state = 'active'
	$$;
COMMENT ON FUNCTION sustainml.progress() IS
'Trainings that run now in this server, with their phase, iteration and loss, as far as the caller may see other sessions.
Example: SELECT * FROM sustainml.progress();';
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
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted';

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
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean) IS 'Harmonic mean of precision and recall of the positive class (1 or true)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible) IS 'Share of rows whose two labels of any type are equal';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible, double precision) IS 'Share of rows whose two labels of any type are equal, weighted';

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
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible) IS 'Mean recall over the labels that occur as actual';

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
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible, double precision) IS 'Mean recall over the labels that occur as actual, weighted';

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
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant';

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
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible, double precision) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant, weighted';

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
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights)';

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
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted';

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
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights)';

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
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted';

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
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights)';

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
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted';

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
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights)';

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
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted';

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
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.r2(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision) IS 'Root of the mean squared error';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision, double precision) IS 'Root of the mean squared error, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision) IS 'Mean absolute error';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision, double precision) IS 'Mean absolute error, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision) IS '1 - variance of the error / variance of the actual value';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision, double precision) IS '1 - variance of the error / variance of the actual value, weighted';
-- Evaluation of models on rows (src/pg/metric/asked.c, report.c, importance.c, compare.c).
--
-- source NULL: the rows that the version held out in training.  part: 'all', 'held_out' or
-- 'training' rows of the source by the rule of the version's split.  Each call needs the
-- privilege 'read' on the model and SELECT on the source, and logs a run of kind 'evaluate'.
-- Definitions and intervals (95 %) are in src/core/metric/metric.h.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.evaluate(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT metric text, OUT value double precision, OUT ci_low double precision, OUT ci_high double precision,
	OUT n bigint, OUT reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_evaluate' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.evaluate(text, text, text) IS
'How good a model is on the rows of a source, or on its held-out rows when none is named: one row per metric with a 95 % interval where there is one,
the number of rows it rests on, and the reason when it has no value. rows_seen_in_training tells how many of the rows the model was trained on.
Example: SELECT * FROM sustainml.evaluate(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.classification_report(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT class text, OUT "precision" double precision, OUT recall double precision, OUT f1 double precision, OUT support bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_classification_report' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 5;
COMMENT ON FUNCTION sustainml.classification_report(text, text, text) IS
'Precision, recall, F1 and number of rows of each class, then accuracy (in column f1), macro avg and weighted avg, as in scikit-learn.
Example: SELECT * FROM sustainml.classification_report(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.confusion_matrix(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT actual text, OUT predicted text, OUT n bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_confusion_matrix' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 4;
COMMENT ON FUNCTION sustainml.confusion_matrix(text, text, text) IS
'Number of rows for each pair of actual and predicted class, zeros included.
Example: SELECT * FROM sustainml.confusion_matrix(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.roc_curve(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT threshold double precision, OUT fpr double precision, OUT tpr double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_roc_curve' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION sustainml.roc_curve(text, text, text) IS
'The ROC curve of a binary model, from (Infinity, 0, 0) to (…, 1, 1): every point lies on the exact curve, at most 1,000 of them.
Example: SELECT * FROM sustainml.roc_curve(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.calibration_curve(
	model  text,
	source text    DEFAULT NULL,
	part   text    DEFAULT 'all',
	bins   integer DEFAULT 10,
	OUT bin integer, OUT mean_predicted double precision, OUT observed double precision, OUT n bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_calibration_curve' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION sustainml.calibration_curve(text, text, text, integer) IS
'Predicted against observed share in bins of equal width over [0, 1]: of the positive class, or with several classes of the predicted class being right.
Example: SELECT * FROM sustainml.calibration_curve(''income'', ''adult_test'', bins => 20);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.feature_importance(
	model  text,
	source text DEFAULT NULL,
	method text DEFAULT 'standardised',
	OUT feature text, OUT importance double precision, OUT method text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_feature_importance' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.feature_importance(text, text, text) IS
'How much each feature matters. standardised: deviation over the training rows of what the feature adds to the link, |coefficient| x deviation for a
number; needs no rows. permutation: how much the loss grows on the rows of the source when the feature is shuffled, mean of 5 fixed shuffles.
Both are about the model, not about causes. Example: SELECT * FROM sustainml.feature_importance(''income'') ORDER BY importance DESC;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.compare(
	model_a text,
	model_b text,
	source  text DEFAULT NULL,
	OUT metric text, OUT a double precision, OUT b double precision, OUT difference double precision,
	OUT ci_low double precision, OUT ci_high double precision, OUT n bigint, OUT better text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_compare' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.compare(text, text, text) IS
'Two models on the same rows: of the source, or those that both held out when none is named. difference is b - a; log_loss (mse in a regression) has a
paired 95 % interval. better is a, b or neither: by the interval where there is one (neither when it covers 0), else by the values alone.
Example: SELECT * FROM sustainml.compare(''churn@3'', ''churn@4'');';
