-- Sealed values: the type, sealing and opening, sealed columns (src/pg/privacy/sealed.c, seal.c, column.c).

-- Availability: 0.1.0
CREATE TYPE sustainml.sealed;

CREATE FUNCTION sustainml_internal.sealed_in(cstring, oid, integer) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_sealed_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_in(cstring, oid, integer) IS 'Reads a sealed value; its form is checked, not its key';
CREATE FUNCTION sustainml_internal.sealed_out(sustainml.sealed) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_sealed_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_out(sustainml.sealed) IS 'Writes a sealed value: sml1: and URL-safe base64';
CREATE FUNCTION sustainml_internal.sealed_recv(internal, oid, integer) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_sealed_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_recv(internal, oid, integer) IS 'Reads a sealed value from its binary form';
CREATE FUNCTION sustainml_internal.sealed_send(sustainml.sealed) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_sealed_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_send(sustainml.sealed) IS 'Writes a sealed value in binary form';
CREATE FUNCTION sustainml_internal.sealed_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_sealed_typmod_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_typmod_in(cstring[]) IS 'The column''s number in sustainml.sealed(N)';
CREATE FUNCTION sustainml_internal.sealed_typmod_out(integer) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_sealed_typmod_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_typmod_out(integer) IS 'Writes the column''s number of sustainml.sealed(N)';

CREATE TYPE sustainml.sealed (
	INPUT = sustainml_internal.sealed_in,
	OUTPUT = sustainml_internal.sealed_out,
	RECEIVE = sustainml_internal.sealed_recv,
	SEND = sustainml_internal.sealed_send,
	TYPMOD_IN = sustainml_internal.sealed_typmod_in,
	TYPMOD_OUT = sustainml_internal.sealed_typmod_out,
	INTERNALLENGTH = VARIABLE,
	STORAGE = external
);
COMMENT ON TYPE sustainml.sealed IS 'An encrypted value (A256CBC-HS512); no cast leads from or to other types';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.sealed_fit(value sustainml.sealed, column_no integer, is_explicit boolean) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_sealed_fit' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.sealed_fit(sustainml.sealed, integer, boolean) IS 'Refuses to store a value in a column that it was not sealed for';
CREATE CAST (sustainml.sealed AS sustainml.sealed) WITH FUNCTION sustainml_internal.sealed_fit(sustainml.sealed, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (sustainml.sealed AS sustainml.sealed) IS 'A value fits only the column that it was sealed for';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.seal(value "any", key text) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.seal("any", text) IS
'Seals a value under a key, for no column.  Pass the value as a bound parameter with its type: text of statements can be logged.
Example: SELECT sustainml.seal($1::text, ''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.seal_row(value "any", key text, row_key text) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.seal_row("any", text, text) IS
'Seals a value under a key and binds it to a row: it opens only with the same row_key, so it cannot be copied to another row.
Example: SELECT sustainml.seal_row($1::text, ''payroll'', row_key => id::text);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.seal(value "any", table_name regclass, column_name name) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal_column' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.seal("any", regclass, name) IS
'Seals a value for a sealed column; numbers and literals are converted to the column''s type as an assignment would, but an integer that double precision
cannot hold is refused.
Example: INSERT INTO people (name, salary) VALUES ($1, sustainml.seal($2::float8, ''people'', ''salary''));';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.seal_row(value "any", table_name regclass, column_name name, row_key text) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal_column' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.seal_row("any", regclass, name, text) IS
'Seals a value for a sealed column and binds it to a row: it opens only in that column and with the same row_key.  Where the column was encrypted with row_key, the
text of that column is what to give; in other columns such values are not trained on, and rotate and decrypt_column stop at them.
Example: INSERT INTO people (id, salary) VALUES (7, sustainml.seal_row($1::float8, ''people'', ''salary'', row_key => ''7''));';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.seal_cell(value "any", column_no integer) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_seal_cell' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml_internal.seal_cell("any", integer) IS 'Seals a value for a column by its number';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.reseal(value sustainml.sealed) RETURNS sustainml.sealed
	AS 'MODULE_PATHNAME', 'sustainml_reseal' LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 200;
COMMENT ON FUNCTION sustainml_internal.reseal(sustainml.sealed) IS 'The same value under the active data key; needs the right to rotate';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.key_no(value sustainml.sealed) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_sealed_key_no' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.key_no(sustainml.sealed) IS
'Number of the data key that sealed a value; says nothing about the value.
Example: SELECT sustainml.key_no(salary), count(*) FROM people GROUP BY 1;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.token(value sustainml.sealed) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_sealed_token' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.token(sustainml.sealed) IS
'The bytes of a deterministic value, for equality, unique indexes and joins within its column; an error for others.
Example: CREATE UNIQUE INDEX ON people (sustainml.token(ssn));';

-- Availability: 0.1.0
-- Opening is STABLE, never IMMUTABLE: an index, a generated column or extended statistics over it would store plaintext.
CREATE FUNCTION sustainml.open(value sustainml.sealed) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_open' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open(sustainml.sealed) IS
'Opens a sealed value of any type as text; needs the right open on its key.
Example: SELECT name, sustainml.open(salary)::float8 FROM people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_row(value sustainml.sealed, row_key text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_open' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_row(sustainml.sealed, text) IS
'Opens a value that is bound to a row.
Example: SELECT sustainml.open_row(note, row_key => id::text) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_float8(value sustainml.sealed) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_open_float8' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_float8(sustainml.sealed) IS
'Opens a sealed double precision.
Example: SELECT avg(sustainml.open_float8(salary)) FROM people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_int8(value sustainml.sealed) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_open_int8' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_int8(sustainml.sealed) IS
'Opens a sealed integer.
Example: SELECT sustainml.open_int8(children) FROM people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_numeric(value sustainml.sealed) RETURNS numeric
	AS 'MODULE_PATHNAME', 'sustainml_open_numeric' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_numeric(sustainml.sealed) IS
'Opens a sealed numeric.
Example: SELECT sustainml.open_numeric(balance) FROM accounts;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_float8_array(value sustainml.sealed) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_open_float8_array' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_float8_array(sustainml.sealed) IS
'Opens a sealed array of double precision.
Example: SELECT sustainml.open_float8_array(embedding) FROM faces;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_bytea(value sustainml.sealed) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_open_bytea' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_bytea(sustainml.sealed) IS
'Opens sealed bytes.
Example: SELECT sustainml.open_bytea(scan) FROM documents;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_jsonb(value sustainml.sealed) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_open_jsonb' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_jsonb(sustainml.sealed) IS
'Opens a sealed jsonb.
Example: SELECT sustainml.open_jsonb(record) FROM patients;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_date(value sustainml.sealed) RETURNS date
	AS 'MODULE_PATHNAME', 'sustainml_open_date' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_date(sustainml.sealed) IS
'Opens a sealed date.
Example: SELECT sustainml.open_date(birthday) FROM people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_timestamptz(value sustainml.sealed) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'sustainml_open_timestamptz' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_timestamptz(sustainml.sealed) IS
'Opens a sealed timestamp with time zone.
Example: SELECT sustainml.open_timestamptz(admitted) FROM visits;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.open_boolean(value sustainml.sealed) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_open_boolean' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 100;
COMMENT ON FUNCTION sustainml.open_boolean(sustainml.sealed) IS
'Opens a sealed boolean.
Example: SELECT sustainml.open_boolean(smoker) FROM patients;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.blind_index(value "any", key text, domain text DEFAULT '', bits integer DEFAULT 128) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_blind_index' LANGUAGE C STABLE PARALLEL RESTRICTED COST 50;
COMMENT ON FUNCTION sustainml.blind_index("any", text, text, integer) IS
'A keyed hash of a value, to be stored beside the sealed column: for equality, unique constraints and joins between columns of the same domain.
The value is taken as it is: lower() or trim it before, and cast it to one type everywhere.  Few distinct values or few bits leak their frequencies.
Example: SELECT * FROM people WHERE ssn_index = sustainml.blind_index($1::text, ''payroll'', domain => ''ssn'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.encrypt_column(table_name regclass, column_name name, key text, deterministic boolean DEFAULT false, row_key name DEFAULT NULL)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_encrypt_column' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.encrypt_column(regclass, name, text, boolean, name) IS
'Turns a column into a sealed one: the table is written anew in one step, so no plaintext stays in its files, and the statistics of the column are dropped.
Returns the column''s number.  For the table''s owner with the right to seal.  WAL, backups and standbys written before still hold the old values.
deterministic: equal values get equal bytes, for sustainml.token; that is what they leak.
row_key: a NOT NULL, unique column of the table to whose value each sealed value is bound, so that it cannot be copied to another row; the key then cannot change without its values.
New values are made by sustainml.seal_row(value, table, column, key::text) and opened with the key; training, predict, rotate and decrypt_column find the key by its name.
Example: SELECT sustainml.encrypt_column(''people'', ''salary'', key => ''payroll'');
SELECT sustainml.encrypt_column(''visits'', ''diagnosis'', key => ''clinic'', row_key => ''id'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.decrypt_column(table_name regclass, column_name name) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_decrypt_column' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.decrypt_column(regclass, name) IS
'Turns a sealed column back into one of its former type.  For the table''s owner with the right to open.
Example: SELECT sustainml.decrypt_column(''people'', ''salary'');';

-- Availability: 0.1.0
-- Found by what depends on the type, not by reading all columns of the database.  Any relation counts but views, which have no values of their own;
-- so does a domain over sealed(N), whether or not a column has it.
CREATE VIEW sustainml_internal.sealed_number AS
	SELECT a.atttypmod AS column_no, c.oid AS relation, a.attnum AS column_number, c.relpersistence OPERATOR(pg_catalog.=) 't' AS is_temporary
	FROM pg_catalog.pg_depend d
	JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.objid AND a.attnum OPERATOR(pg_catalog.=) d.objsubid
	JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
	WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) ANY (ARRAY['sustainml.sealed'::pg_catalog.regtype, 'sustainml.sealed[]'::pg_catalog.regtype]::pg_catalog.oid[])
	  AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND NOT a.attisdropped AND a.atttypmod OPERATOR(pg_catalog.>) 0
	  AND c.relkind OPERATOR(pg_catalog.<>) ALL (ARRAY['v', 'i', 'I']::pg_catalog."char"[])
	UNION ALL
	SELECT t.typtypmod, NULL, NULL, false
	FROM pg_catalog.pg_type t
	WHERE t.typbasetype OPERATOR(pg_catalog.=) 'sustainml.sealed'::pg_catalog.regtype AND t.typtypmod OPERATOR(pg_catalog.>) 0;
COMMENT ON VIEW sustainml_internal.sealed_number IS 'Numbers of sealed columns that are in the database, whoever may see them';
COMMENT ON COLUMN sustainml_internal.sealed_number.column_no IS 'Number in the type, sustainml.sealed(N)';
COMMENT ON COLUMN sustainml_internal.sealed_number.relation IS 'Relation that has it; NULL: a domain';
COMMENT ON COLUMN sustainml_internal.sealed_number.column_number IS 'Its column';
COMMENT ON COLUMN sustainml_internal.sealed_number.is_temporary IS 'Whether it is a temporary table';

-- Availability: 0.1.0
CREATE VIEW sustainml.keys WITH (security_barrier) AS
	SELECT d.key, k.owner, sustainml_internal.key_rights(d.key) AS my_rights, d.key_no, d.purpose, p.table_schema, p.table_name, p.column_name,
	       d.state, d.master_id, k.canary, d.created_at, d.retired_at,
	       CASE WHEN d.column_no OPERATOR(pg_catalog.>) 0 THEN d.column_no OPERATOR(pg_catalog.=) ANY (SELECT n.column_no FROM sustainml_internal.sealed_number n) END AS column_exists
	FROM sustainml.data_key d
	JOIN sustainml.key k ON k.key OPERATOR(pg_catalog.=) d.key
	LEFT JOIN sustainml.protected_column p ON p.column_no OPERATOR(pg_catalog.=) d.column_no
	WHERE pg_catalog.cardinality(sustainml_internal.key_rights(d.key)) OPERATOR(pg_catalog.>) 0;
GRANT SELECT ON sustainml.keys TO PUBLIC;
COMMENT ON VIEW sustainml.keys IS 'Data keys of the keys on which the user has a right; never their content';
COMMENT ON COLUMN sustainml.keys.key IS 'Key';
COMMENT ON COLUMN sustainml.keys.owner IS 'Its owner';
COMMENT ON COLUMN sustainml.keys.my_rights IS 'What the user may do with it';
COMMENT ON COLUMN sustainml.keys.key_no IS 'Number of the data key';
COMMENT ON COLUMN sustainml.keys.purpose IS 'data, index, pseudonym, model or audit';
COMMENT ON COLUMN sustainml.keys.table_schema IS 'Schema of the column it seals, when that was encrypted; NULL: none';
COMMENT ON COLUMN sustainml.keys.table_name IS 'Table of that column, then';
COMMENT ON COLUMN sustainml.keys.column_name IS 'That column, then';
COMMENT ON COLUMN sustainml.keys.state IS 'active, open_only or destroyed';
COMMENT ON COLUMN sustainml.keys.master_id IS 'Master key under which it is wrapped';
COMMENT ON COLUMN sustainml.keys.canary IS 'Whether opening is refused and reported';
COMMENT ON COLUMN sustainml.keys.created_at IS 'When the data key was made';
COMMENT ON COLUMN sustainml.keys.retired_at IS 'When its last value had been sealed anew';
COMMENT ON COLUMN sustainml.keys.column_exists IS 'Whether a table here has the column or a copy of it; false: dropped, decrypted or not restored.  NULL: it seals no column';

-- Availability: 0.1.0
CREATE VIEW sustainml.sealed_columns AS
	SELECT n.nspname::text AS table_schema, c.relname::text AS table_name, a.attname::text AS column_name, p.key, p.column_type, p.deterministic,
	       p.column_no, p.created_at, p.row_key
	FROM pg_catalog.pg_attribute a
	JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
	JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	LEFT JOIN sustainml.protected_column p ON p.column_no OPERATOR(pg_catalog.=) a.atttypmod
	WHERE a.atttypid OPERATOR(pg_catalog.=) 'sustainml.sealed'::pg_catalog.regtype AND NOT a.attisdropped AND a.attnum OPERATOR(pg_catalog.>) 0
	  AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog."char"[]);
GRANT SELECT ON sustainml.sealed_columns TO PUBLIC;
COMMENT ON VIEW sustainml.sealed_columns IS 'Columns of tables that are sealed, where they are now; key is NULL for one that is not bound to a column number, or whose keys are not here';
COMMENT ON COLUMN sustainml.sealed_columns.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.sealed_columns.table_name IS 'Table';
COMMENT ON COLUMN sustainml.sealed_columns.column_name IS 'Column';
COMMENT ON COLUMN sustainml.sealed_columns.key IS 'Key that seals it';
COMMENT ON COLUMN sustainml.sealed_columns.column_type IS 'Type of its values before';
COMMENT ON COLUMN sustainml.sealed_columns.deterministic IS 'Whether equal values have equal bytes';
COMMENT ON COLUMN sustainml.sealed_columns.column_no IS 'Number in the column''s type';
COMMENT ON COLUMN sustainml.sealed_columns.created_at IS 'When it was encrypted';
COMMENT ON COLUMN sustainml.sealed_columns.row_key IS 'Column that each value is bound to, as it was named then; NULL: none';
