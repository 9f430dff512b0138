-- Columns whose values are bound to the key of their row (src/pg/privacy/row_key.c).

-- Availability: 0.1.0
CREATE TYPE sustainml_internal.bound;

CREATE FUNCTION sustainml_internal.bound_in(cstring) RETURNS sustainml_internal.bound
	AS 'MODULE_PATHNAME', 'sustainml_bound_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.bound_in(cstring) IS 'Always an error: such values exist only inside a statement';
CREATE FUNCTION sustainml_internal.bound_out(sustainml_internal.bound) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_bound_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.bound_out(sustainml_internal.bound) IS 'Always an error: such values exist only inside a statement';

CREATE TYPE sustainml_internal.bound (
	INPUT = sustainml_internal.bound_in,
	OUTPUT = sustainml_internal.bound_out,
	INTERNALLENGTH = VARIABLE
);
-- a table with such values could not be dumped
REVOKE USAGE ON TYPE sustainml_internal.bound FROM PUBLIC;
COMMENT ON TYPE sustainml_internal.bound IS 'A sealed value with the key of the row that it is bound to, still sealed';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.with_row(value sustainml.sealed, row_key text) RETURNS sustainml_internal.bound
	AS 'MODULE_PATHNAME', 'sustainml_with_row' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.with_row(sustainml.sealed, text) IS
'Puts the key of its row beside a sealed value that is bound to it, for a model that takes its features one by one; opens nothing.
Where a model is given a whole row, its key column is found by name.
Example: SELECT sustainml.predict(''raise'', sustainml.with_row(salary, id::text), age) FROM people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.seal_cell(value "any", column_no integer, row_key text) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal_cell' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml_internal.seal_cell("any", integer, text) IS 'Seals a value for a column by its number, bound to its row';

-- Availability: 0.1.0
-- Not strict: a row without a key is an error, and not a lost value.
CREATE FUNCTION sustainml_internal.reseal(value sustainml.sealed, row_key text) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_reseal' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 200;
COMMENT ON FUNCTION sustainml_internal.reseal(sustainml.sealed, text) IS 'The same value, bound to the same row, under the active data key; needs the right to rotate';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.row_key_trigger() RETURNS trigger
	AS 'MODULE_PATHNAME', 'sustainml_row_key_trigger' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.row_key_trigger() IS 'Keeps the key of a row from changing under values that are bound to it';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_float8(value sustainml.sealed, row_key text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_open_float8' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_float8(sustainml.sealed, text) IS
'Opens a double precision that is sealed and bound to a row.
Example: SELECT sustainml.open_float8(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_int8(value sustainml.sealed, row_key text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_open_int8' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_int8(sustainml.sealed, text) IS
'Opens an integer that is sealed and bound to a row.
Example: SELECT sustainml.open_int8(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_numeric(value sustainml.sealed, row_key text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'sustainml_open_numeric' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_numeric(sustainml.sealed, text) IS
'Opens a numeric that is sealed and bound to a row.
Example: SELECT sustainml.open_numeric(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_float8_array(value sustainml.sealed, row_key text) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_open_float8_array' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_float8_array(sustainml.sealed, text) IS
'Opens an array of double precision that is sealed and bound to a row.
Example: SELECT sustainml.open_float8_array(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_bytea(value sustainml.sealed, row_key text) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_open_bytea' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_bytea(sustainml.sealed, text) IS
'Opens bytes that are sealed and bound to a row.
Example: SELECT sustainml.open_bytea(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_jsonb(value sustainml.sealed, row_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_open_jsonb' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_jsonb(sustainml.sealed, text) IS
'Opens a jsonb that is sealed and bound to a row.
Example: SELECT sustainml.open_jsonb(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_date(value sustainml.sealed, row_key text) RETURNS date
	AS 'MODULE_PATHNAME', 'sustainml_open_date' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_date(sustainml.sealed, text) IS
'Opens a date that is sealed and bound to a row.
Example: SELECT sustainml.open_date(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_timestamptz(value sustainml.sealed, row_key text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'sustainml_open_timestamptz' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_timestamptz(sustainml.sealed, text) IS
'Opens a timestamp with time zone that is sealed and bound to a row.
Example: SELECT sustainml.open_timestamptz(value, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_boolean(value sustainml.sealed, row_key text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_open_boolean' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_boolean(sustainml.sealed, text) IS
'Opens a boolean that is sealed and bound to a row.
Example: SELECT sustainml.open_boolean(value, row_key => id::text) FROM visits;';
