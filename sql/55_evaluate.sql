-- Evaluation of models on rows (src/pg/metric/asked.c, report.c, importance.c, compare.c).
--
-- source NULL: the rows that the version held out in training.  part: 'all', 'held_out',
-- 'training' or 'calibration' rows of the source by the rule of the version's split.  Each call needs the
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
the number of rows it rests on, and the reason when it has no value. rows_seen_in_training tells how many of the rows the model was trained on,
other_values how many values of categories have no level of their own in the model and counted as (other).
On sealed columns, who may train but not open them gets no figure that rests on fewer than 20 rows, or fewer of a class of a sealed target.
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
Both are about the model, not about causes. The first needs the right open on the keys of a model of sealed columns. Example: SELECT * FROM sustainml.feature_importance(''income'') ORDER BY importance DESC;';

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
