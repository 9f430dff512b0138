-- The decision threshold (src/pg/metric/tune.c) and what probabilities refer to (src/pg/model/basis.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.tune_threshold(
	model               text,
	source              text             DEFAULT NULL,
	objective           text             DEFAULT 'f1',
	false_positive_cost double precision DEFAULT NULL,
	false_negative_cost double precision DEFAULT NULL,
	at_least            double precision DEFAULT NULL,
	set                 boolean          DEFAULT false,
	OUT figure text, OUT before double precision, OUT after double precision, OUT n bigint, OUT reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_tune_threshold' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 13;
COMMENT ON FUNCTION sustainml.tune_threshold(text, text, text, double precision, double precision, double precision, boolean) IS
'The probability from which on the positive class should be predicted, by what the decision is for: f1, balanced_accuracy, youden, mcc, cost (mean cost of a
row, with false_positive_cost and false_negative_cost), precision_at_recall or recall_at_precision (with at_least). Every threshold that makes a difference is
tried. The first row is the threshold, the second the objective, then other figures, before and after, on n rows; reason says which rows. Without a
source: the held-out rows; a version with calibration is tuned on those set aside for it and measured on the others. set => true stores the threshold and notes it.
Example: SELECT * FROM sustainml.tune_threshold(''churn'', objective => ''cost'', false_positive_cost => 1, false_negative_cost => 20);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.probability_basis(model text,
	OUT class text, OUT training_share double precision, OUT fitted_share double precision, OUT prior_corrected text,
	OUT calibration text, OUT calibration_rows bigint, OUT slope double precision, OUT intercept double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_probability_basis' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION sustainml.probability_basis(text) IS
'What the probabilities of a classifier refer to: the share of each class in the training rows and in the fit (after class weights or resampling), whether
probabilities are turned back to the first (yes, no, not needed), and the calibration with the held-out rows it rests on and Platt''s slope and intercept.
Of a model of sealed columns it needs the right open on their keys.
Example: SELECT * FROM sustainml.probability_basis(''churn'');';
