-- Scoring into tables (src/pg/model/score.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.score(
	model      text,
	source     text,
	into_table text,
	key        text[] DEFAULT NULL,
	columns    text[] DEFAULT NULL,
	mode       text   DEFAULT 'create',
	OUT model text, OUT version integer, OUT into_table text, OUT rows bigint, OUT seconds double precision,
	OUT energy_joules double precision, OUT energy_method text, OUT co2e_grams double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_score' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.score(text, text, text, text[], text[], text) IS
'Scores the rows of a table, view or query into a table: key, asked columns, prediction, probability, model, version, scored_at; metered.
mode is create, append, replace (delete and insert) or merge (update rows of the same key).
Example: SELECT * FROM sustainml.score(''income'', ''adult_test'', ''adult_scored'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.model_ref(model text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_model_ref' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.model_ref(text) IS 'schema.name@version of the version that a model name means now';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.batch_key(source text, key text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_batch_key' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.batch_key(text, text) IS 'The key column by which a source is scored in batches';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.batch_query(source text, key text, after text, batch_rows integer) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_batch_query' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.batch_query(text, text, text, integer) IS 'The query for the next batch of a source';

-- Availability: 0.1.0
-- Procedures that commit cannot pin search_path: every name and operator here is qualified instead.
CREATE PROCEDURE sustainml.score_batches(
	model      text,
	source     text,
	into_table text,
	key        text    DEFAULT NULL,
	columns    text[]  DEFAULT NULL,
	batch_rows integer DEFAULT 50000,
	INOUT rows bigint  DEFAULT 0)
	LANGUAGE plpgsql
	AS $$
#variable_conflict use_variable
DECLARE
	fixed_ref text := sustainml_internal.model_ref(model);
	key_name  text := sustainml_internal.batch_key(source, key);
	last_key  text;
	batch     bigint;
BEGIN
	IF batch_rows OPERATOR(pg_catalog.<) 1 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'batch_rows must be at least 1';
	END IF;
	rows := 0;
	IF pg_catalog.to_regclass(into_table) IS NULL THEN
		PERFORM sustainml.score(fixed_ref, sustainml_internal.batch_query(source, key_name, NULL, 0), into_table, ARRAY[key_name], columns, 'create');
	ELSE
		-- go on after the last row that this version has scored
		EXECUTE pg_catalog.format('SELECT pg_catalog.max(t.%I)::text FROM %s AS t WHERE t.model OPERATOR(pg_catalog.||) ''@'' OPERATOR(pg_catalog.||) t.version::text OPERATOR(pg_catalog.=) $1',
		                          key_name, pg_catalog.to_regclass(into_table))
			INTO last_key
			USING pg_catalog.substr(fixed_ref, pg_catalog.strpos(fixed_ref, '.') OPERATOR(pg_catalog.+) 1);
	END IF;
	LOOP
		SELECT s.rows INTO batch
		  FROM sustainml.score(fixed_ref, sustainml_internal.batch_query(source, key_name, last_key, batch_rows), into_table,
		                       ARRAY[key_name], columns, 'merge') AS s;
		EXIT WHEN batch OPERATOR(pg_catalog.=) 0;
		rows := rows OPERATOR(pg_catalog.+) batch;
		EXECUTE pg_catalog.format('SELECT pg_catalog.max(t.%I)::text FROM %s AS t WHERE t.model OPERATOR(pg_catalog.||) ''@'' OPERATOR(pg_catalog.||) t.version::text OPERATOR(pg_catalog.=) $1',
		                          key_name, pg_catalog.to_regclass(into_table))
			INTO last_key
			USING pg_catalog.substr(fixed_ref, pg_catalog.strpos(fixed_ref, '.') OPERATOR(pg_catalog.+) 1);
		COMMIT;
	END LOOP;
END
$$;
COMMENT ON PROCEDURE sustainml.score_batches(text, text, text, text, text[], integer, bigint) IS
'Scores a large source batch by batch in the order of its key, with a commit after each; called again, it goes on where it stopped.
Returns the number of rows scored by this call.
Example: CALL sustainml.score_batches(''income'', ''adult_test'', ''adult_scored'');';
