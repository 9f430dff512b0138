-- Thresholds by group (src/pg/fairness/fit_thresholds.c, front.c, decide.c).  criterion is demographic_parity, equal_opportunity
-- or equalized_odds.  Figures before and after are of rows that the thresholds were not fitted on.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fit_thresholds(
	model             text,
	source            text             DEFAULT NULL,
	protected         text[]           DEFAULT NULL,
	criterion         text             DEFAULT 'demographic_parity',
	max_gap           double precision DEFAULT 0.01,
	margin            double precision DEFAULT 1,
	method            text             DEFAULT 'optimal',
	part              text             DEFAULT 'all',
	evaluation_source text             DEFAULT NULL,
	min_rows          integer          DEFAULT 30,
	default_threshold double precision DEFAULT NULL,
	OUT attribute text, OUT group_value text, OUT threshold double precision, OUT note text, OUT rows_fitted bigint, OUT rows_evaluated bigint,
	OUT selection_rate_before double precision, OUT selection_rate_after double precision,
	OUT tpr_before double precision, OUT tpr_after double precision, OUT fpr_before double precision, OUT fpr_after double precision,
	OUT accuracy_before double precision, OUT accuracy_after double precision, OUT gap_before double precision, OUT gap_after double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fit_thresholds' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 5;
COMMENT ON FUNCTION sustainml.fit_thresholds(text, text, text[], text, double precision, double precision, text, text, text, integer, double precision) IS
'Fits one threshold per group to a binary model, the most accurate ones whose gap is at most max_gap, and stores them with the version for decide_by_group; nothing else uses them.
source NULL: the held-out rows. Without evaluation_source half of the rows, drawn by their key, are kept for the figures before and after. protected NULL: the columns named in training.
max_gap is what is to hold on other rows. margin: the gap and so many of its standard errors must stay within it on the fitted rows; where that leaves less than half of max_gap, half is kept and a notice says so.
method: optimal or reject_option.
Rows of groups with fewer than min_rows rows, of unseen groups or of none get default_threshold (NULL: the version''s own).
Cut-offs that differ by group are unlawful for some uses; a notice says so each time.
Example: SELECT * FROM sustainml.fit_thresholds(''income'', protected => ''{sex}'', max_gap => 0.02);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.thresholds_for_scores(
	source            text,
	target            text,
	score             text,
	protected         text[],
	criterion         text             DEFAULT 'demographic_parity',
	max_gap           double precision DEFAULT 0.01,
	margin            double precision DEFAULT 1,
	method            text             DEFAULT 'optimal',
	positive          text             DEFAULT NULL,
	favorable         text             DEFAULT NULL,
	weight            text             DEFAULT NULL,
	evaluation_source text             DEFAULT NULL,
	min_rows          integer          DEFAULT 30,
	default_threshold double precision DEFAULT 0.5,
	OUT attribute text, OUT group_value text, OUT threshold double precision, OUT note text, OUT rows_fitted bigint, OUT rows_evaluated bigint,
	OUT selection_rate_before double precision, OUT selection_rate_after double precision,
	OUT tpr_before double precision, OUT tpr_after double precision, OUT fpr_before double precision, OUT fpr_after double precision,
	OUT accuracy_before double precision, OUT accuracy_after double precision, OUT gap_before double precision, OUT gap_after double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_thresholds_for_scores' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 5;
COMMENT ON FUNCTION sustainml.thresholds_for_scores(text, text, text, text[], text, double precision, double precision, text, text, text, text, text, integer, double precision) IS
'The same for a table, view or query that has scores already, of any model: thresholds and figures as rows, nothing is stored.
score is the probability of the positive label. See fit_thresholds for the other arguments.
Example: SELECT * FROM sustainml.thresholds_for_scores(''scored'', target => ''hired'', score => ''p'', protected => ''{sex}'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.drop_thresholds(model text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_drop_thresholds' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION sustainml.drop_thresholds(text) IS
'Retires the thresholds by group of a model version: decide_by_group no longer works with it. They stay in the view group_thresholds.
Example: SELECT sustainml.drop_thresholds(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.decide_by_group(model text, probability double precision, VARIADIC protected_values text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_decide_by_group' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.decide_by_group(text, double precision, text[]) IS
'The class of a row by the threshold of its group, as fitted by fit_thresholds: the protected values are given here, in the order of its protected columns.
A NULL value and a group without a threshold get the default one. Needs the privilege ''predict'' on the model.
Example: SELECT id, sustainml.decide_by_group(''income'', sustainml.predict_proba(''income'', t), t.sex) FROM adult_test t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_front(
	model             text,
	source            text             DEFAULT NULL,
	protected         text[]           DEFAULT NULL,
	criterion         text             DEFAULT 'demographic_parity',
	points            integer          DEFAULT 20,
	margin            double precision DEFAULT 0,
	part              text             DEFAULT 'all',
	evaluation_source text             DEFAULT NULL,
	min_rows          integer          DEFAULT 30,
	OUT attribute text, OUT way text, OUT max_gap double precision, OUT accuracy double precision, OUT gap double precision,
	OUT fitted_accuracy double precision, OUT fitted_gap double precision, OUT is_pareto boolean, OUT thresholds jsonb)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_front' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 60;
COMMENT ON FUNCTION sustainml.fairness_front(text, text, text[], text, integer, double precision, text, text, integer) IS
'What accuracy each bound on the gap costs: for gaps from 0 to that of one free threshold, one threshold for all, one per group, and reject option, fitted on one part of the rows and shown on the other.
is_pareto: no other row is as accurate with as small a gap. Nothing is stored.
Example: SELECT way, gap, accuracy FROM sustainml.fairness_front(''income'', protected => ''{sex}'') WHERE is_pareto ORDER BY gap;';
