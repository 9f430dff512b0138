-- Models made from sealed columns (src/pg/privacy/learn.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.release_model(model text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_release_model' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.release_model(text) IS
'Stores a model that was trained on sealed columns in clear, so that it can be used without a right on their keys.  For a manager of the model who owns
all of those keys: coefficients, means and dictionaries then lie open to all who may read the model.
Example: SELECT sustainml.release_model(''raise@2'');';
