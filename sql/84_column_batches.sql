-- Long work on columns in committed batches: encrypting a big table, and rotation (src/pg/privacy/column_batches.c).
-- Procedures that commit cannot pin search_path: every name and operator in them is qualified instead.

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.leaf_tables(table_name regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$
	WITH RECURSIVE tree(relid) AS (
		SELECT table_name::oid
		UNION
		SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relid)
	SELECT t.relid::regclass FROM tree t JOIN pg_class c ON c.oid = t.relid WHERE c.relkind = 'r' ORDER BY t.relid;
$$;
COMMENT ON FUNCTION sustainml_internal.leaf_tables(regclass) IS 'A table and those that inherit from it, as far as they have rows of their own';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.block_count(table_name regclass) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$ SELECT pg_relation_size(table_name) / current_setting('block_size')::bigint $$;
COMMENT ON FUNCTION sustainml_internal.block_count(regclass) IS 'Blocks of a table';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.rotate_begin(table_name regclass, column_name name) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_rotate_begin' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.rotate_begin(regclass, name) IS 'A new active data key for a sealed column, unless a rotation is under way; returns its number';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.rotate_step(part regclass, column_name name, first bigint, blocks integer, fresh integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_rotate_step' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.rotate_step(regclass, name, bigint, integer, integer) IS 'Seals the values of some blocks anew; returns how many';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.rotate_end(table_name regclass, column_name name) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_rotate_end' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.rotate_end(regclass, name) IS 'Marks the former data keys of a column as retired';

-- Availability: 0.1.0
CREATE PROCEDURE sustainml.rotate(table_name regclass, column_name name, batch_blocks integer DEFAULT 2048, INOUT rows bigint DEFAULT 0)
	LANGUAGE plpgsql
	AS $$
#variable_conflict use_variable
DECLARE
	fresh integer;
	parts pg_catalog.regclass[];
	part  pg_catalog.regclass;
	first bigint;
	last  bigint;
	found bigint;
	done  bigint;
BEGIN
	IF table_name IS NULL OR column_name IS NULL OR batch_blocks IS NULL OR batch_blocks OPERATOR(pg_catalog.<) 1 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'rotate needs a table, a column and batch_blocks of at least 1';
	END IF;
	fresh := sustainml_internal.rotate_begin(table_name, column_name);
	rows := 0;
	PERFORM sustainml_internal.need_commits('rotate');
	COMMIT;
	LOOP
		found := 0;
		SELECT pg_catalog.array_agg(l) INTO parts FROM sustainml_internal.leaf_tables(table_name) l;
		FOREACH part IN ARRAY COALESCE(parts, '{}'::pg_catalog.regclass[]) LOOP
			first := 0;
			last := sustainml_internal.block_count(part);
			WHILE first OPERATOR(pg_catalog.<) last LOOP
				done := sustainml_internal.rotate_step(part, column_name, first, batch_blocks, fresh);
				found := found OPERATOR(pg_catalog.+) done;
				rows := rows OPERATOR(pg_catalog.+) done;
				first := first OPERATOR(pg_catalog.+) batch_blocks;
				COMMIT;
			END LOOP;
		END LOOP;
		EXIT WHEN found OPERATOR(pg_catalog.=) 0;
	END LOOP;
	PERFORM sustainml_internal.rotate_end(table_name, column_name);
	COMMIT;
END
$$;
COMMENT ON PROCEDURE sustainml.rotate(regclass, name, integer, bigint) IS
'Seals the values of a column anew under a new data key, some blocks at a time with a commit after each; called again after an interruption, it goes on.
Each batch that changes rows leaves a row in the run log.  The former data key then only opens (copies and backups may need it);
sustainml.destroy_data_key ends it.  Progress: sustainml.key_no(column).
Example: CALL sustainml.rotate(''people'', ''salary'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.sealing_trigger() RETURNS trigger
	AS 'MODULE_PATHNAME', 'sustainml_sealing_trigger' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.sealing_trigger() IS 'Seals what is written to a column while it is being encrypted in batches';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.sealing_begin(table_name regclass, column_name name, key text, deterministic boolean, row_key name DEFAULT NULL) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_sealing_begin' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.sealing_begin(regclass, name, text, boolean, name) IS
'Adds the column and the trigger that sealed values need until the end, or finds them; returns the column''s number';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.sealing_step(part regclass, column_name name, first bigint, blocks integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_sealing_step' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.sealing_step(regclass, name, bigint, integer) IS 'Seals the values of some blocks that are not sealed yet; returns how many';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.sealing_end(table_name regclass, column_name name) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_sealing_end' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml_internal.sealing_end(regclass, name) IS 'Writes the table anew with the sealed values in the column''s place; returns its number of rows';

-- Availability: 0.1.0
CREATE PROCEDURE sustainml.encrypt_column_batches(table_name regclass, column_name name, key text, batch_blocks integer DEFAULT 2048,
	deterministic boolean DEFAULT false, INOUT rows bigint DEFAULT 0, row_key name DEFAULT NULL)
	LANGUAGE plpgsql
	AS $$
#variable_conflict use_variable
DECLARE
	parts pg_catalog.regclass[];
	part  pg_catalog.regclass;
	first bigint;
	last  bigint;
BEGIN
	IF table_name IS NULL OR column_name IS NULL OR key IS NULL OR deterministic IS NULL OR batch_blocks IS NULL OR batch_blocks OPERATOR(pg_catalog.<) 1 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'encrypt_column_batches needs a table, a column, a key and batch_blocks of at least 1';
	END IF;
	PERFORM sustainml_internal.sealing_begin(table_name, column_name, key, deterministic, row_key);
	PERFORM sustainml_internal.need_commits('encrypt_column_batches');
	COMMIT;
	SELECT pg_catalog.array_agg(l) INTO parts FROM sustainml_internal.leaf_tables(table_name) l;
	FOREACH part IN ARRAY COALESCE(parts, '{}'::pg_catalog.regclass[]) LOOP
		first := 0;
		last := sustainml_internal.block_count(part);
		WHILE first OPERATOR(pg_catalog.<) last LOOP
			PERFORM sustainml_internal.sealing_step(part, column_name, first, batch_blocks);
			first := first OPERATOR(pg_catalog.+) batch_blocks;
			COMMIT;
		END LOOP;
	END LOOP;
	rows := sustainml_internal.sealing_end(table_name, column_name);
	COMMIT;
END
$$;
COMMENT ON PROCEDURE sustainml.encrypt_column_batches(regclass, name, text, integer, boolean, bigint, name) IS
'Turns a column of a big table into a sealed one, like sustainml.encrypt_column, while the table is in use: values are sealed some blocks at a time with a commit after
each, beside the clear ones; called again after an interruption, it goes on.  At the end the table is written anew under its exclusive lock (copied, nothing is sealed
then), so no plaintext stays in its files.  Until then the values stay in clear, the table has a column sustainml_sealing_N more and up to twice the size, and who changes the column
needs the right to seal.  row_key as for sustainml.encrypt_column.  Progress: sustainml.encryptions and the run log.  sustainml.encrypt_column_abandon gives up.
Example: CALL sustainml.encrypt_column_batches(''people'', ''salary'', key => ''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.encrypt_column_abandon(table_name regclass, column_name name) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_encrypt_column_abandon' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.encrypt_column_abandon(regclass, name) IS
'Gives up an encryption in batches that is not at its end: the column is as it was, in clear.  For the table''s owner.
Example: SELECT sustainml.encrypt_column_abandon(''people'', ''salary'');';

-- Availability: 0.1.0
CREATE VIEW sustainml.encryptions AS
	SELECT n.nspname::text AS table_schema, c.relname::text AS table_name, p.column_name, p.key, a.attname::text AS sealing_column, p.created_by AS started_by,
	       p.created_at AS started_at
	FROM pg_catalog.pg_attribute a
	JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
	JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	JOIN sustainml.protected_column p ON p.column_no OPERATOR(pg_catalog.=) a.atttypmod
	WHERE a.atttypid OPERATOR(pg_catalog.=) 'sustainml.sealed'::pg_catalog.regtype AND NOT a.attisdropped AND a.attinhcount OPERATOR(pg_catalog.=) 0
	  AND a.attname OPERATOR(pg_catalog.=) pg_catalog.concat('sustainml_sealing_', a.atttypmod)::pg_catalog.name
	  AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog."char"[]);
GRANT SELECT ON sustainml.encryptions TO PUBLIC;
COMMENT ON VIEW sustainml.encryptions IS
'Columns that are being encrypted in batches, or whose encryption was interrupted.
Progress: SELECT count(sustainml_sealing_N), count(salary) FROM people.';
COMMENT ON COLUMN sustainml.encryptions.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.encryptions.table_name IS 'Table';
COMMENT ON COLUMN sustainml.encryptions.column_name IS 'Column, still in clear';
COMMENT ON COLUMN sustainml.encryptions.key IS 'Key that seals it';
COMMENT ON COLUMN sustainml.encryptions.sealing_column IS 'Column with the values that are sealed already';
COMMENT ON COLUMN sustainml.encryptions.started_by IS 'Who began it';
COMMENT ON COLUMN sustainml.encryptions.started_at IS 'When';
