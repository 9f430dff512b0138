-- Masking: rules on columns, mask functions, and published views (src/pg/privacy/mask*.c).

-- Availability: 0.1.0
-- The C code addresses the first five columns by number (src/pg/privacy/mask_rule.c): add new ones at the end.
CREATE TABLE sustainml.masking_rule (
	rule_no      integer          NOT NULL CONSTRAINT masking_rule_pkey PRIMARY KEY,
	key          text COLLATE "C",
	domain       text COLLATE "C",
	unmask_role  text COLLATE "C",
	created_by   text COLLATE "C" NOT NULL,
	policy       text COLLATE "C" NOT NULL,
	table_schema text COLLATE "C" NOT NULL,
	table_name   text COLLATE "C" NOT NULL,
	column_name  text COLLATE "C" NOT NULL,
	mask         text             NOT NULL,
	arguments    jsonb            NOT NULL,
	created_at   timestamptz      NOT NULL,
	CONSTRAINT masking_rule_column UNIQUE (table_schema, table_name, column_name, policy)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.masking_rule', '');
REVOKE ALL ON sustainml.masking_rule FROM PUBLIC;
COMMENT ON TABLE sustainml.masking_rule IS 'How columns are shown; by name';
COMMENT ON COLUMN sustainml.masking_rule.rule_no IS 'Number that keyed masks in views carry; random';
COMMENT ON COLUMN sustainml.masking_rule.key IS 'Key of a keyed mask, or of a sealed column';
COMMENT ON COLUMN sustainml.masking_rule.domain IS 'Values of one key and domain have the same pseudonyms';
COMMENT ON COLUMN sustainml.masking_rule.unmask_role IS 'Role whose members see the values';
COMMENT ON COLUMN sustainml.masking_rule.created_by IS 'Who set it, whose right on the key counts';
COMMENT ON COLUMN sustainml.masking_rule.policy IS 'Policy that it holds for; empty: all that have no rule of their own';
COMMENT ON COLUMN sustainml.masking_rule.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.masking_rule.table_name IS 'Table';
COMMENT ON COLUMN sustainml.masking_rule.column_name IS 'Column';
COMMENT ON COLUMN sustainml.masking_rule.mask IS 'One of sustainml.masks()';
COMMENT ON COLUMN sustainml.masking_rule.arguments IS 'Its arguments';
COMMENT ON COLUMN sustainml.masking_rule.created_at IS 'When it was set';

-- Availability: 0.1.0
CREATE TABLE sustainml.masking_policy (
	policy     text COLLATE "C" NOT NULL CONSTRAINT masking_policy_pkey PRIMARY KEY,
	owner      text COLLATE "C" NOT NULL,
	role_name  text COLLATE "C" NOT NULL,
	created_at timestamptz      NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.masking_policy', '');
REVOKE ALL ON sustainml.masking_policy FROM PUBLIC;
COMMENT ON TABLE sustainml.masking_policy IS 'Policies: a schema of masked views, and the role that owns them';
COMMENT ON COLUMN sustainml.masking_policy.policy IS 'Name, of the schema too';
COMMENT ON COLUMN sustainml.masking_policy.owner IS 'Role that may publish under it';
COMMENT ON COLUMN sustainml.masking_policy.role_name IS 'Role without login that owns the views';
COMMENT ON COLUMN sustainml.masking_policy.created_at IS 'When it was made';

-- Availability: 0.1.0
CREATE TABLE sustainml.published_table (
	policy       text COLLATE "C" NOT NULL,
	table_schema text COLLATE "C" NOT NULL,
	table_name   text COLLATE "C" NOT NULL,
	view_name    text COLLATE "C" NOT NULL,
	published_by text             NOT NULL,
	published_at timestamptz      NOT NULL,
	CONSTRAINT published_table_pkey PRIMARY KEY (policy, table_schema, table_name),
	CONSTRAINT published_table_view UNIQUE (policy, view_name)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.published_table', '');
REVOKE ALL ON sustainml.published_table FROM PUBLIC;
COMMENT ON TABLE sustainml.published_table IS 'Masked views that were made';
COMMENT ON COLUMN sustainml.published_table.policy IS 'Policy, and schema of the view';
COMMENT ON COLUMN sustainml.published_table.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.published_table.table_name IS 'Table';
COMMENT ON COLUMN sustainml.published_table.view_name IS 'View';
COMMENT ON COLUMN sustainml.published_table.published_by IS 'Who made it last';
COMMENT ON COLUMN sustainml.published_table.published_at IS 'When';

-- Mask functions.  They are total: no value makes them fail or appears in a message.  Whoever reads a masked view calls them, so
-- all may; keyed ones answer inside views of policies, and for holders of the right seal on the key.

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mask_partial(value text, prefix integer, fill text, suffix integer) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_partial' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_partial(text, integer, text, integer) IS 'First and last characters with a fill between';
CREATE FUNCTION sustainml_internal.mask_partial_email(value text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_partial_email' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_partial_email(text) IS 'First characters and top-level domain of an address';
CREATE FUNCTION sustainml_internal.mask_redact(value text, kind text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_redact' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_redact(text, text) IS 'A text without digits, numbers or addresses';
CREATE FUNCTION sustainml_internal.mask_bucket(value anyelement, width double precision, origin double precision) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_bucket' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_bucket(anyelement, double precision, double precision) IS 'The range a number lies in';
CREATE FUNCTION sustainml_internal.mask_bucket_date(value anyelement, unit text) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_bucket_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_bucket_date(anyelement, text) IS 'First day of the period a date lies in';
CREATE FUNCTION sustainml_internal.mask_round(value anyelement, step double precision) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_round' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_round(anyelement, double precision) IS 'Nearest multiple of a step';
CREATE FUNCTION sustainml_internal.mask_clamp(value anyelement, lower double precision, upper double precision) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_clamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_clamp(anyelement, double precision, double precision) IS 'A number within limits';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mask_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_mask_support' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mask_support(internal) IS 'Planner support: marks keyed masks that stand in a view of a policy';
CREATE FUNCTION sustainml_internal.mask_hash(value anyelement, rule_no integer) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_hash' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SUPPORT sustainml_internal.mask_support;
COMMENT ON FUNCTION sustainml_internal.mask_hash(anyelement, integer) IS 'Keyed hash of a value';
CREATE FUNCTION sustainml_internal.mask_pseudonym(value anyelement, rule_no integer) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_pseudonym' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SUPPORT sustainml_internal.mask_support;
COMMENT ON FUNCTION sustainml_internal.mask_pseudonym(anyelement, integer) IS 'Keyed pseudonym of a value';
CREATE FUNCTION sustainml_internal.mask_fake(value anyelement, rule_no integer, kind text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_mask_fake' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SUPPORT sustainml_internal.mask_support;
COMMENT ON FUNCTION sustainml_internal.mask_fake(anyelement, integer, text) IS 'Keyed invention in place of a value';
CREATE FUNCTION sustainml_internal.mask_noise(value anyelement, rule_no integer, ratio double precision, amount double precision) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_noise' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SUPPORT sustainml_internal.mask_support;
COMMENT ON FUNCTION sustainml_internal.mask_noise(anyelement, integer, double precision, double precision) IS 'A number with keyed noise';
CREATE FUNCTION sustainml_internal.mask_shift_date(value anyelement, rule_no integer, days integer) RETURNS anyelement
	AS 'MODULE_PATHNAME', 'sustainml_mask_shift_date' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED SUPPORT sustainml_internal.mask_support;
COMMENT ON FUNCTION sustainml_internal.mask_shift_date(anyelement, integer, integer) IS 'A date with a keyed shift';
CREATE FUNCTION sustainml_internal.may_unmask(rule_no integer, sealed boolean) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_may_unmask' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.may_unmask(integer, boolean) IS 'Whether the current user sees through a rule';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.masks(OUT mask text, OUT column_types text, OUT needs text, OUT takes text, OUT keyed boolean, OUT description text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_masks' LANGUAGE C STABLE PARALLEL SAFE ROWS 16;
COMMENT ON FUNCTION sustainml.masks() IS
'The masks: types of columns they fit, arguments they need and take, and whether they use a key.
Example: SELECT mask, takes, description FROM sustainml.masks();';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.mask(
	table_name regclass, column_name name, mask text, policy text DEFAULT NULL, key text DEFAULT NULL, unmask text DEFAULT NULL,
	prefix integer DEFAULT NULL, suffix integer DEFAULT NULL, fill text DEFAULT NULL, value text DEFAULT NULL,
	width double precision DEFAULT NULL, origin double precision DEFAULT NULL, unit text DEFAULT NULL, step double precision DEFAULT NULL,
	lower double precision DEFAULT NULL, upper double precision DEFAULT NULL, ratio double precision DEFAULT NULL, amount double precision DEFAULT NULL,
	days integer DEFAULT NULL, domain text DEFAULT NULL, kind text DEFAULT NULL)
	RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_mask' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.mask(regclass, name, text, text, text, text, integer, integer, text, text, double precision, double precision, text,
	double precision, double precision, double precision, double precision, double precision, integer, text, text) IS
'Says how a column is shown, in place of the rule there was, and returns the rule''s number; for the table''s owner.  masks() lists the masks and their arguments.
policy: for this policy only, else for all that have no rule of their own.  key: of keyed masks, with the right seal.
unmask: members of this role see the values; so do holders of the right unmask on the key.  domain: columns of one key and domain have the same pseudonyms, so they join.
Example: SELECT sustainml.mask(''people'', ''phone'', ''partial'', prefix => 3, suffix => 2);
SELECT sustainml.mask(''people'', ''id'', ''pseudonym'', key => ''payroll'', domain => ''person'', unmask => ''hr'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.unmask_rule(table_name regclass, column_name name, policy text DEFAULT NULL) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_unmask_rule' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.unmask_rule(regclass, name, text) IS
'Removes the rule of a column, of one policy or (the default) the one for all policies; false when there was none.  Published again, the view does without the column.
Example: SELECT sustainml.unmask_rule(''people'', ''phone'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.create_policy(policy text, owner text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_create_policy' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.create_policy(text, text) IS
'Makes a policy, its schema and the role without login that owns its views, for an owner (the caller unless named) who cannot create roles; returns the role.
Example: SELECT sustainml.create_policy(''analysts'', owner => ''data_team'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.drop_policy(policy text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_drop_policy' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.drop_policy(text) IS
'Removes a policy under which nothing is published: its schema, its role and the rules for it alone.  For its owner, who may drop roles.
Example: SELECT sustainml.drop_policy(''analysts'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.publish(
	table_name regclass, policy text, grant_to text[] DEFAULT NULL, others text DEFAULT 'hide', view_name name DEFAULT NULL,
	OUT column_name text, OUT mask text, OUT unmask text, OUT key text, OUT note text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_publish' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 20;
COMMENT ON FUNCTION sustainml.publish(regclass, text, text[], text, name) IS
'Makes, or makes anew, the view policy.table that shows the columns by their rules, and says what becomes of each.  A column without a rule is not in the view
(others => ''null'': is NULL in it), nor is one that the table gets later.  grant_to: roles that may read it; those of before may still.
The policy and its role are made when they are not there, for a caller who may create roles.  For the owner of table and policy.
Example: SELECT * FROM sustainml.publish(''people'', policy => ''analysts'', grant_to => ''{bi_tool}'');
SELECT * FROM analysts.people;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.unpublish(table_name regclass, policy text DEFAULT NULL) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_unpublish' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.unpublish(regclass, text) IS
'Drops the masked view of a table, of one policy or of all, and takes the columns from the policy''s role; returns how many views.  The rules stay.
Do this before dropping the table, or a column that a view shows, or before changing its type.
Example: SELECT sustainml.unpublish(''people'');';

-- Availability: 0.1.0
CREATE VIEW sustainml.masking_rules WITH (security_barrier) AS
	SELECT r.rule_no, r.table_schema, r.table_name, r.column_name, CASE WHEN r.policy OPERATOR(pg_catalog.<>) '' THEN r.policy END AS policy, r.mask, r.arguments, r.key, r.domain, r.unmask_role,
	       r.created_by, r.created_at
	FROM sustainml.masking_rule r
	LEFT JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) r.table_schema
	LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) r.table_name
	WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_table_privilege(c.oid, 'SELECT')
	   OR (c.oid IS NULL AND (SELECT u.rolsuper FROM pg_catalog.pg_roles u WHERE u.rolname OPERATOR(pg_catalog.=) CURRENT_USER));
GRANT SELECT ON sustainml.masking_rules TO PUBLIC;
COMMENT ON VIEW sustainml.masking_rules IS 'Masking rules of tables that the user owns or may read';
COMMENT ON COLUMN sustainml.masking_rules.rule_no IS 'Number of the rule';
COMMENT ON COLUMN sustainml.masking_rules.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.masking_rules.table_name IS 'Table';
COMMENT ON COLUMN sustainml.masking_rules.column_name IS 'Column';
COMMENT ON COLUMN sustainml.masking_rules.policy IS 'Policy that it holds for; NULL: all that have no rule of their own';
COMMENT ON COLUMN sustainml.masking_rules.mask IS 'Mask';
COMMENT ON COLUMN sustainml.masking_rules.arguments IS 'Its arguments';
COMMENT ON COLUMN sustainml.masking_rules.key IS 'Key';
COMMENT ON COLUMN sustainml.masking_rules.domain IS 'Domain of pseudonyms';
COMMENT ON COLUMN sustainml.masking_rules.unmask_role IS 'Role whose members see the values';
COMMENT ON COLUMN sustainml.masking_rules.created_by IS 'Who set it';
COMMENT ON COLUMN sustainml.masking_rules.created_at IS 'When';

-- Availability: 0.1.0
CREATE VIEW sustainml.published_tables WITH (security_barrier) AS
	SELECT p.policy, m.owner, m.role_name, p.table_schema, p.table_name, p.policy AS view_schema, p.view_name, v.oid IS NOT NULL AS view_exists, p.published_by, p.published_at
	FROM sustainml.published_table p
	JOIN sustainml.masking_policy m ON m.policy OPERATOR(pg_catalog.=) p.policy
	LEFT JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) p.policy
	LEFT JOIN pg_catalog.pg_class v ON v.relnamespace OPERATOR(pg_catalog.=) n.oid AND v.relname OPERATOR(pg_catalog.=) p.view_name
		AND v.relkind OPERATOR(pg_catalog.=) 'v'
	LEFT JOIN pg_catalog.pg_namespace tn ON tn.nspname OPERATOR(pg_catalog.=) p.table_schema
	LEFT JOIN pg_catalog.pg_class t ON t.relnamespace OPERATOR(pg_catalog.=) tn.oid AND t.relname OPERATOR(pg_catalog.=) p.table_name
	LEFT JOIN pg_catalog.pg_roles o ON o.rolname OPERATOR(pg_catalog.=) m.owner
	WHERE pg_catalog.has_table_privilege(v.oid, 'SELECT') OR pg_catalog.pg_has_role(t.relowner, 'USAGE') OR pg_catalog.pg_has_role(o.oid, 'USAGE');
GRANT SELECT ON sustainml.published_tables TO PUBLIC;
COMMENT ON VIEW sustainml.published_tables IS 'Masked views that the user may read, or of tables and policies that the user owns';
COMMENT ON COLUMN sustainml.published_tables.policy IS 'Policy';
COMMENT ON COLUMN sustainml.published_tables.owner IS 'Owner of the policy';
COMMENT ON COLUMN sustainml.published_tables.role_name IS 'Role without login that owns the view';
COMMENT ON COLUMN sustainml.published_tables.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.published_tables.table_name IS 'Table';
COMMENT ON COLUMN sustainml.published_tables.view_schema IS 'Schema of the view';
COMMENT ON COLUMN sustainml.published_tables.view_name IS 'View';
COMMENT ON COLUMN sustainml.published_tables.view_exists IS 'Whether the view is there';
COMMENT ON COLUMN sustainml.published_tables.published_by IS 'Who made it last';
COMMENT ON COLUMN sustainml.published_tables.published_at IS 'When';
