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
COMMENT ON FUNCTION sustainml_internal.batch_key(text, text) IS 'The key column by which a source is scored in batches: unique and never NULL';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.batch_ends(source text, key text, into_table text, model text, after text, batch_rows integer) RETURNS text[]
	AS 'MODULE_PATHNAME', 'sustainml_batch_ends' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.batch_ends(text, text, text, text, text, integer) IS
'The last keys of the next batches of rows that a version has not scored yet, found in one pass; NULL when none is left';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.batch_query(source text, key text, into_table text, model text, after text, last text,
	OUT query text, OUT mode text)
	AS 'MODULE_PATHNAME', 'sustainml_batch_query' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.batch_query(text, text, text, text, text, text) IS
'The query for the rows of one batch, and the mode to store them in: append where the target has no rows between the two keys, else merge';

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
	fixed_ref pg_catalog.text;
	key_name  pg_catalog.text;
	after     pg_catalog.text;
	last      pg_catalog.text;
	ends      pg_catalog.text[];
	query     pg_catalog.text;
	mode      pg_catalog.text;
	batch     bigint;
BEGIN
	IF (batch_rows OPERATOR(pg_catalog.>=) 1) IS NOT TRUE THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'batch_rows must be at least 1';
	END IF;
	PERFORM sustainml_internal.need_commits('score_batches');
	fixed_ref := sustainml_internal.model_ref(model);
	key_name := sustainml_internal.batch_key(source, key);
	rows := 0;
	IF pg_catalog.to_regclass(into_table) IS NULL THEN
		SELECT q.query, q.mode INTO query, mode FROM sustainml_internal.batch_query(source, key_name, into_table, fixed_ref, NULL, NULL) AS q;
		PERFORM sustainml.score(fixed_ref, query, into_table, ARRAY[key_name], columns, mode);
	END IF;
	LOOP
		-- again at the end, for rows that have come meanwhile
		ends := sustainml_internal.batch_ends(source, key_name, into_table, fixed_ref, after, batch_rows);
		EXIT WHEN ends IS NULL;
		FOREACH last IN ARRAY ends LOOP
			SELECT q.query, q.mode INTO query, mode FROM sustainml_internal.batch_query(source, key_name, into_table, fixed_ref, after, last) AS q;
			BEGIN
				SELECT s.rows INTO batch FROM sustainml.score(fixed_ref, query, into_table, ARRAY[key_name], columns, mode) AS s;
			EXCEPTION WHEN unique_violation THEN
				-- another session has stored rows of this batch since
				SELECT q.query INTO query FROM sustainml_internal.batch_query(source, key_name, into_table, fixed_ref, after, last) AS q;
				SELECT s.rows INTO batch FROM sustainml.score(fixed_ref, query, into_table, ARRAY[key_name], columns, 'merge') AS s;
			END;
			rows := rows OPERATOR(pg_catalog.+) batch;
			after := last;
			COMMIT;
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON PROCEDURE sustainml.score_batches(text, text, text, text, text[], integer, bigint) IS
'Scores a large source batch by batch in the order of its key, with a commit after each; called again, it scores the rows that this version has not scored yet.
The key is one column, unique and never NULL.  Returns the number of rows scored by this call.
Example: CALL sustainml.score_batches(''income'', ''adult_test'', ''adult_scored'');';
