-- Keys: names, rights, wrapped data keys, and the record of their use (src/pg/privacy/keys.c, key_admin.c, audit.c).
-- No table holds anything that opens a value: data keys are wrapped under a master key outside the database.
-- Numbers are random, not from sequences, so that keys of two databases can meet.

-- Availability: 0.1.0
-- The C code addresses columns of the first three tables by number (src/pg/privacy/keys_internal.h): add new ones at the end.
CREATE TABLE sustainml.key (
	key          text COLLATE "C" NOT NULL CONSTRAINT key_pkey PRIMARY KEY,
	key_id       uuid             NOT NULL,
	owner        text COLLATE "C" NOT NULL,
	role_name    text COLLATE "C",
	canary       boolean          NOT NULL,
	created_by   text             NOT NULL,
	created_at   timestamptz      NOT NULL,
	destroyed_at timestamptz
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.key', '');
REVOKE ALL ON sustainml.key FROM PUBLIC;
COMMENT ON TABLE sustainml.key IS 'One row per key: a name, an owner and rights under which values are sealed';
COMMENT ON COLUMN sustainml.key.key IS 'Name';
COMMENT ON COLUMN sustainml.key.key_id IS 'Permanent id, bound into values that are sealed for no column';
COMMENT ON COLUMN sustainml.key.owner IS 'Role that owns the key, by name; bound into the wrapped data keys';
COMMENT ON COLUMN sustainml.key.role_name IS 'Role that was made with the key, whose members may open and seal';
COMMENT ON COLUMN sustainml.key.canary IS 'Whether opening a value of this key is refused and reported';
COMMENT ON COLUMN sustainml.key.created_by IS 'Who made it';
COMMENT ON COLUMN sustainml.key.created_at IS 'When';
COMMENT ON COLUMN sustainml.key.destroyed_at IS 'When its data keys were destroyed; NULL: they were not';

-- Availability: 0.1.0
CREATE TABLE sustainml.key_grant (
	key        text COLLATE "C" NOT NULL,
	role_name  text COLLATE "C" NOT NULL,
	privilege  text COLLATE "C" NOT NULL CONSTRAINT key_grant_privilege CHECK (privilege IN ('open', 'seal', 'train', 'rotate', 'unmask')),
	granted_by text             NOT NULL,
	granted_at timestamptz      NOT NULL,
	CONSTRAINT key_grant_pkey PRIMARY KEY (key, role_name, privilege)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.key_grant', '');
REVOKE ALL ON sustainml.key_grant FROM PUBLIC;
COMMENT ON TABLE sustainml.key_grant IS 'Rights on keys; the owner has all of them';
COMMENT ON COLUMN sustainml.key_grant.key IS 'Key';
COMMENT ON COLUMN sustainml.key_grant.role_name IS 'Role, by name';
COMMENT ON COLUMN sustainml.key_grant.privilege IS 'open (includes train and unmask), seal, train, rotate or unmask';
COMMENT ON COLUMN sustainml.key_grant.granted_by IS 'Who granted it';
COMMENT ON COLUMN sustainml.key_grant.granted_at IS 'When';

-- Availability: 0.1.0
CREATE TABLE sustainml.data_key (
	key_no       integer          NOT NULL CONSTRAINT data_key_pkey PRIMARY KEY CONSTRAINT data_key_positive CHECK (key_no > 0),
	key          text COLLATE "C" NOT NULL,
	purpose      text COLLATE "C" NOT NULL CONSTRAINT data_key_purpose CHECK (purpose IN ('data', 'index', 'pseudonym', 'model', 'audit')),
	column_no    integer          NOT NULL CONSTRAINT data_key_column CHECK (column_no >= 0),
	context      uuid             NOT NULL,
	state        text COLLATE "C" NOT NULL CONSTRAINT data_key_state CHECK (state IN ('active', 'open_only', 'destroyed')),
	wrapped      bytea,
	master_id    text COLLATE "C",
	master_check bytea,
	created_at   timestamptz      NOT NULL,
	retired_at   timestamptz,
	CONSTRAINT data_key_wrapped CHECK ((state = 'destroyed') = (wrapped IS NULL))
);
CREATE INDEX data_key_use ON sustainml.data_key (key, purpose, column_no);
CREATE UNIQUE INDEX data_key_one_active ON sustainml.data_key (key, purpose, column_no) WHERE state = 'active';
SELECT pg_catalog.pg_extension_config_dump('sustainml.data_key', '');
REVOKE ALL ON sustainml.data_key FROM PUBLIC;
COMMENT ON TABLE sustainml.data_key IS 'Wrapped data keys; useless without the master key under which they are wrapped';
COMMENT ON COLUMN sustainml.data_key.key_no IS 'Number that stands in every value sealed with it; random';
COMMENT ON COLUMN sustainml.data_key.key IS 'Key that it belongs to';
COMMENT ON COLUMN sustainml.data_key.purpose IS 'data, index (blind indexes), pseudonym, model or audit';
COMMENT ON COLUMN sustainml.data_key.column_no IS 'Column that it seals; 0: values for no column';
COMMENT ON COLUMN sustainml.data_key.context IS 'Permanent id of that column, or of the key';
COMMENT ON COLUMN sustainml.data_key.state IS 'active (seals and opens), open_only or destroyed';
COMMENT ON COLUMN sustainml.data_key.wrapped IS '64 random bytes, wrapped; NULL once destroyed';
COMMENT ON COLUMN sustainml.data_key.master_id IS 'Id of the master key under which it is wrapped';
COMMENT ON COLUMN sustainml.data_key.master_check IS '8 bytes by which that master key is recognised';
COMMENT ON COLUMN sustainml.data_key.created_at IS 'When it was made';
COMMENT ON COLUMN sustainml.data_key.retired_at IS 'When its last value had been sealed anew under another one; NULL: it may have values';

-- Availability: 0.1.0
CREATE TABLE sustainml.protected_column (
	column_no     integer          NOT NULL CONSTRAINT protected_column_pkey PRIMARY KEY,
	column_id     uuid             NOT NULL CONSTRAINT protected_column_id UNIQUE,
	key           text COLLATE "C" NOT NULL,
	table_schema  text             NOT NULL,
	table_name    text             NOT NULL,
	column_name   text             NOT NULL,
	column_type   text             NOT NULL,
	deterministic boolean          NOT NULL,
	row_key       text,
	created_by    text             NOT NULL,
	created_at    timestamptz      NOT NULL,
	decrypted_at  timestamptz,
	dropped_at    timestamptz
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.protected_column', '');
REVOKE ALL ON sustainml.protected_column FROM PUBLIC;
COMMENT ON TABLE sustainml.protected_column IS 'Sealed columns; the number stands in the column''s type, so a renamed column is still known';
COMMENT ON COLUMN sustainml.protected_column.column_no IS 'Number in the column''s type, sustainml.sealed(N); its low four bits are the type of the values';
COMMENT ON COLUMN sustainml.protected_column.column_id IS 'Permanent id, bound into every value';
COMMENT ON COLUMN sustainml.protected_column.key IS 'Key that seals it';
COMMENT ON COLUMN sustainml.protected_column.table_schema IS 'Schema of the table when it was encrypted';
COMMENT ON COLUMN sustainml.protected_column.table_name IS 'Table when it was encrypted';
COMMENT ON COLUMN sustainml.protected_column.column_name IS 'Column when it was encrypted';
COMMENT ON COLUMN sustainml.protected_column.column_type IS 'Type before, to which decrypt_column returns';
COMMENT ON COLUMN sustainml.protected_column.deterministic IS 'Whether equal values have equal bytes';
COMMENT ON COLUMN sustainml.protected_column.row_key IS 'Column whose text each value is bound to, as it was named then; NULL: values are not bound to their rows';
COMMENT ON COLUMN sustainml.protected_column.created_by IS 'Who encrypted it';
COMMENT ON COLUMN sustainml.protected_column.created_at IS 'When';
COMMENT ON COLUMN sustainml.protected_column.decrypted_at IS 'When decrypt_column gave it back; NULL: sealed';
COMMENT ON COLUMN sustainml.protected_column.dropped_at IS 'When it was last noticed that no table has it; a restored table may have it again';

-- Availability: 0.1.0
CREATE TABLE sustainml.key_event (
	key              text COLLATE "C" NOT NULL,
	event_no         bigint           NOT NULL,
	used_at          timestamptz      NOT NULL,
	key_no           integer          NOT NULL,
	purpose          text             NOT NULL,
	role_name        text             NOT NULL,
	session_role     text             NOT NULL,
	application_name text             NOT NULL,
	digest           bytea            NOT NULL,
	CONSTRAINT key_event_pkey PRIMARY KEY (key, event_no)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.key_event', '');
REVOKE ALL ON sustainml.key_event FROM PUBLIC;
COMMENT ON TABLE sustainml.key_event IS 'First use of a data key in each statement; append-only, each row chained to the one before';
COMMENT ON COLUMN sustainml.key_event.key IS 'Key';
COMMENT ON COLUMN sustainml.key_event.event_no IS 'Number within the key, from 1 without gaps';
COMMENT ON COLUMN sustainml.key_event.used_at IS 'When it was used';
COMMENT ON COLUMN sustainml.key_event.key_no IS 'Data key; 0: the key as a whole';
COMMENT ON COLUMN sustainml.key_event.purpose IS 'open, seal, train, rotate, index, canary or admin';
COMMENT ON COLUMN sustainml.key_event.role_name IS 'Role whose rights were used';
COMMENT ON COLUMN sustainml.key_event.session_role IS 'Role that logged in';
COMMENT ON COLUMN sustainml.key_event.application_name IS 'What the client calls itself';
COMMENT ON COLUMN sustainml.key_event.digest IS 'HMAC over the digest before and this row, under the audit key';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.create_key(key text, role text DEFAULT NULL, canary boolean DEFAULT false) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_create_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.create_key(text, text, boolean) IS
'Makes a key and returns the role whose members may open and seal with it: a new role without login named after the key, or the existing one named in role.
The caller owns the key.  canary: values of it are traps; opening one is refused and reported in the server log.
Example: SELECT sustainml.create_key(''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.grant_key(key text, role text, privilege text DEFAULT 'open') RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_grant_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.grant_key(text, text, text) IS
'Grants a role a right on a key: open (see values; includes train and unmask), seal, train (values enter models and predictions only), rotate or unmask.
Example: SELECT sustainml.grant_key(''payroll'', ''ml_trainer'', ''train'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.revoke_key(key text, role text, privilege text DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_revoke_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.revoke_key(text, text, text) IS
'Takes a right on a key from a role, or all of its rights when privilege is NULL; returns how many were taken.
Example: SELECT sustainml.revoke_key(''payroll'', ''ml_trainer'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.rotate_master() RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_rotate_master' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.rotate_master() IS
'Wraps the data keys of the caller''s keys (a superuser: of all keys) under the active master key, the first line of the file; returns how many.
Ones whose present master key is not in the file are left, with a warning for each.
No sealed value changes.  When sustainml.key_check() names the old master no more, its line can go.
Example: SELECT sustainml.rotate_master();';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.rotate_key(key text, purpose text DEFAULT 'data') RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_rotate_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.rotate_key(text, text) IS
'A new data key for what belongs to no column: data (values sealed under the key alone), index, pseudonym or model; returns its number.
Former values and models still open.  Blind indexes and pseudonyms made from now on differ from those made before, which must be made anew.
Columns are rotated by sustainml.rotate.
Example: SELECT sustainml.rotate_key(''payroll'', ''model'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.key_check(
	OUT key text, OUT key_no integer, OUT purpose text, OUT state text, OUT table_name text, OUT column_name text,
	OUT master_id text, OUT status text, OUT detail text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_key_check' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION sustainml.key_check() IS
'Whether each data key of the keys on which the caller has a right can be used: status is ok, master missing, master differs, damaged, destroyed or
no master key; detail says more.
Example: SELECT key, master_id, status FROM sustainml.key_check() WHERE status <> ''ok'';';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.destroy_key(key text, confirm text DEFAULT '') RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_destroy_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.destroy_key(text, text) IS
'Destroys all data keys of a key, so that no value sealed with it can ever be opened; returns how many.  confirm repeats the name.
Backups and WAL still hold them wrapped: the shredding is complete when those are gone, or the master key is.
Example: SELECT sustainml.destroy_key(''payroll'', confirm => ''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.destroy_data_key(key_no integer) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_destroy_data_key' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.destroy_data_key(integer) IS
'Destroys one data key: one that a rotation has retired, or one whose column is in no table of the database any more (dropped, or decrypted).
Dumps and backups of the column can then never be opened.
Example: SELECT sustainml.destroy_data_key(key_no) FROM sustainml.keys WHERE key = ''payroll'' AND state = ''open_only'' AND retired_at IS NOT NULL;
SELECT sustainml.destroy_data_key(key_no) FROM sustainml.keys WHERE table_name = ''people'' AND NOT column_exists AND state <> ''destroyed'';';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.export_keys(key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_export_keys' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.export_keys(text) IS
'A key with its wrapped data keys and columns, to be imported where the same master key is; for its owner.
Example: SELECT sustainml.export_keys(''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.import_keys(exported jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_import_keys' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.import_keys(jsonb) IS
'Adds a key that sustainml.export_keys wrote, and returns its name.  Every data key must open under a master key at hand, and the caller must be a member of the
role that owned the key where it came from; grants are not imported.
Example: SELECT sustainml.import_keys(:''exported'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.key_audit_check(key text, OUT rows bigint, OUT first_broken bigint) RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_key_audit_check' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.key_audit_check(text) IS
'Whether the recorded uses of a key are complete and unchanged: how many there are, and the first that does not follow from the one before (NULL: none).
Rows missing at the end are found by comparing with the server log.
Example: SELECT * FROM sustainml.key_audit_check(''payroll'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.key_rights(key text) RETURNS text[]
	AS 'MODULE_PATHNAME', 'sustainml_key_rights' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.key_rights(text) IS 'The current user''s rights on a key';

-- Availability: 0.1.0
CREATE VIEW sustainml.key_events WITH (security_barrier) AS
	SELECT e.key, e.event_no, e.used_at, e.key_no, e.purpose, e.role_name, e.session_role, e.application_name
	FROM sustainml.key_event e
	WHERE 'own' OPERATOR(pg_catalog.=) ANY (sustainml_internal.key_rights(e.key));
GRANT SELECT ON sustainml.key_events TO PUBLIC;
COMMENT ON VIEW sustainml.key_events IS 'Uses of the keys that the user owns';
COMMENT ON COLUMN sustainml.key_events.key IS 'Key';
COMMENT ON COLUMN sustainml.key_events.event_no IS 'Number within the key';
COMMENT ON COLUMN sustainml.key_events.used_at IS 'When';
COMMENT ON COLUMN sustainml.key_events.key_no IS 'Data key; 0: the key as a whole';
COMMENT ON COLUMN sustainml.key_events.purpose IS 'open, seal, train, rotate, index, canary or admin';
COMMENT ON COLUMN sustainml.key_events.role_name IS 'Role whose rights were used';
COMMENT ON COLUMN sustainml.key_events.session_role IS 'Role that logged in';
COMMENT ON COLUMN sustainml.key_events.application_name IS 'What the client calls itself';
