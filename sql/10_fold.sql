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
-- a table with such values could not be dumped
REVOKE USAGE ON TYPE sustainml_internal.cells FROM PUBLIC;
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
