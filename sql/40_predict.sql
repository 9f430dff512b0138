-- Scoring (src/pg/model/predict.c).  All functions take a row, a jsonb object, a numeric array or the features one by one.

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_predict_support' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.predict_support(internal) IS 'Planner support: rewrites predict(model, row) into a call on the columns that the model needs';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict(model text, VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict' LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT sustainml_internal.predict_support;
COMMENT ON FUNCTION sustainml.predict(text, "any") IS
'The predicted value; for classes with numeric labels the label.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict(''price'', t) FROM houses t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_columns(model text, names text[], VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_proba(model text, VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_proba' LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT sustainml_internal.predict_support;
COMMENT ON FUNCTION sustainml.predict_proba(text, "any") IS
'The probability of the positive class of a binary model.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT id, sustainml.predict_proba(''income'', t) FROM adult_test t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_proba_columns(model text, names text[], VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_proba_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_proba_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_proba(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_class(model text, VARIADIC input "any") RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_predict_class' LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT sustainml_internal.predict_support;
COMMENT ON FUNCTION sustainml.predict_class(text, "any") IS
'The predicted class, as its label was given in training.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict_class(''iris'', t) FROM iris t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_class_columns(model text, names text[], VARIADIC input "any") RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_predict_class_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_class_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_class(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_probabilities(model text, VARIADIC input "any") RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_predict_probabilities' LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT sustainml_internal.predict_support;
COMMENT ON FUNCTION sustainml.predict_probabilities(text, "any") IS
'The probability of every class.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict_probabilities(''iris'', t) FROM iris t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_probabilities_columns(model text, names text[], VARIADIC input "any") RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_predict_probabilities_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_probabilities_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_probabilities(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.classify(model text, VARIADIC input "any", OUT class text, OUT class_probability double precision, OUT positive_probability double precision, OUT threshold double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_classify' LANGUAGE C STABLE PARALLEL SAFE COST 10 SUPPORT sustainml_internal.predict_support;
COMMENT ON FUNCTION sustainml.classify(text, "any") IS
'The predicted class with its probability, the probability of the positive class and the threshold.
Example: SELECT (sustainml.classify(''income'', t)).* FROM adult_test t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.classify_columns(model text, names text[], VARIADIC input "any", OUT class text, OUT class_probability double precision, OUT positive_probability double precision, OUT threshold double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_classify_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.classify_columns(text, text[], "any") IS 'What the planner makes of sustainml.classify(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.explain(model text, VARIADIC input "any",
	OUT feature text, OUT value text, OUT contribution double precision, OUT base double precision, OUT unit text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_explain' LANGUAGE C STABLE PARALLEL SAFE COST 100 ROWS 20;
COMMENT ON FUNCTION sustainml.explain(text, "any") IS
'What each feature adds to one prediction: base + contributions is the score in the unit given (log odds for two classes).
For two classes that is the log odds of predict_proba, prior correction and calibration included; an isotonic calibration has a row (calibration) of its own.
Association, not cause.
Example: SELECT * FROM adult_test t, sustainml.explain(''income'', t) WHERE t.id = 1;';
