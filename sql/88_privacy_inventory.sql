-- What is protected, and what looks as if it should be (src/pg/privacy/inventory.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.personal_signs(table_oid oid, OUT column_no integer, OUT by_name text, OUT by_contents text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_personal_signs' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 3;
COMMENT ON FUNCTION sustainml_internal.personal_signs(oid) IS 'Columns of a table whose names, or contents of the first 200 rows, look personal';

-- Availability: 0.1.0
CREATE VIEW sustainml.privacy_inventory WITH (security_barrier) AS
	WITH rule AS (
		SELECT r.table_schema, r.table_name, r.column_name,
		       pg_catalog.string_agg(r.mask OPERATOR(pg_catalog.||) CASE WHEN r.policy OPERATOR(pg_catalog.<>) '' THEN ' (' OPERATOR(pg_catalog.||) r.policy OPERATOR(pg_catalog.||) ')' ELSE '' END,
		                             ', ' ORDER BY r.policy) AS masks
		FROM sustainml.masking_rule r GROUP BY r.table_schema, r.table_name, r.column_name),
	published AS (
		SELECT p.table_schema, p.table_name, pg_catalog.string_agg(p.policy, ', ' ORDER BY p.policy) AS policies
		FROM sustainml.published_table p GROUP BY p.table_schema, p.table_name),
	relation AS NOT MATERIALIZED (
		SELECT c.oid, n.nspname, c.relname
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
		WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f,m}'::"char"[]) AND NOT c.relispartition AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
		  AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
		  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema,sustainml,sustainml_internal}'::pg_catalog.name[])
		  AND (pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))),
	-- one look at each table
	sign AS (SELECT l.oid, i.column_no, i.by_name, i.by_contents FROM relation l CROSS JOIN LATERAL sustainml_internal.personal_signs(l.oid) i),
	here AS (
		SELECT l.nspname::pg_catalog.text AS table_schema, l.relname::pg_catalog.text AS table_name, a.attname::pg_catalog.text AS column_name, a.attnum,
		       pg_catalog.format_type(a.atttypid, NULL) AS column_type, s.key AS sealed_under, g.masks, p.policies, i.by_name, i.by_contents,
		       a.atttypid OPERATOR(pg_catalog.=) 'sustainml.sealed'::pg_catalog.regtype::pg_catalog.oid AS is_sealed
		FROM relation l
		JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) l.oid AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
		LEFT JOIN sign i ON i.oid OPERATOR(pg_catalog.=) l.oid AND i.column_no OPERATOR(pg_catalog.=) a.attnum
		LEFT JOIN sustainml.protected_column s ON s.column_no OPERATOR(pg_catalog.=) a.atttypmod
			AND a.atttypid OPERATOR(pg_catalog.=) 'sustainml.sealed'::pg_catalog.regtype::pg_catalog.oid
		LEFT JOIN rule g ON g.table_schema OPERATOR(pg_catalog.=) l.nspname AND g.table_name OPERATOR(pg_catalog.=) l.relname AND g.column_name OPERATOR(pg_catalog.=) a.attname
		LEFT JOIN published p ON p.table_schema OPERATOR(pg_catalog.=) l.nspname AND p.table_name OPERATOR(pg_catalog.=) l.relname)
	SELECT h.table_schema, h.table_name, h.column_name, h.column_type,
	       CASE WHEN h.is_sealed AND h.masks IS NOT NULL THEN 'sealed and masked' WHEN h.is_sealed THEN 'sealed' WHEN h.masks OPERATOR(pg_catalog.=) 'keep' THEN 'shown on purpose'
	            WHEN h.masks IS NOT NULL THEN 'masked' ELSE 'none' END AS protection,
	       h.sealed_under AS key, h.masks, h.policies AS published_under, COALESCE(h.by_contents, h.by_name) AS looks_like,
	       CASE WHEN h.by_name IS NOT NULL AND h.by_contents IS NOT NULL THEN 'name and contents' WHEN h.by_name IS NOT NULL THEN 'name'
	            WHEN h.by_contents IS NOT NULL THEN 'contents' END AS found_by,
	       CASE WHEN NOT h.is_sealed AND h.masks OPERATOR(pg_catalog.=) 'keep' THEN 'shown on purpose' WHEN h.is_sealed OR h.masks IS NOT NULL THEN 'protected' ELSE 'looks personal and is not protected' END AS status
	FROM here h
	WHERE h.is_sealed OR h.masks IS NOT NULL OR h.by_name IS NOT NULL OR h.by_contents IS NOT NULL
	UNION ALL
	SELECT g.table_schema, g.table_name, g.column_name, NULL, 'none', NULL, g.masks, NULL, NULL, NULL, 'rule without a column: renamed or moved'
	FROM rule g
	WHERE (SELECT u.rolsuper FROM pg_catalog.pg_roles u WHERE u.rolname OPERATOR(pg_catalog.=) CURRENT_USER)
	  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
	                  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
	                  WHERE n.nspname OPERATOR(pg_catalog.=) g.table_schema AND c.relname OPERATOR(pg_catalog.=) g.table_name AND a.attname OPERATOR(pg_catalog.=) g.column_name
	                    AND NOT a.attisdropped);
GRANT SELECT ON sustainml.privacy_inventory TO PUBLIC;
COMMENT ON VIEW sustainml.privacy_inventory IS 'Columns that are sealed or masked, and columns that look personal, by their names or by the first 200 rows, and are not: a heuristic that points a person at them';
COMMENT ON COLUMN sustainml.privacy_inventory.table_schema IS 'Schema of the table; tables that the user owns or may read';
COMMENT ON COLUMN sustainml.privacy_inventory.table_name IS 'Table';
COMMENT ON COLUMN sustainml.privacy_inventory.column_name IS 'Column';
COMMENT ON COLUMN sustainml.privacy_inventory.column_type IS 'Type';
COMMENT ON COLUMN sustainml.privacy_inventory.protection IS 'sealed, masked, sealed and masked, shown on purpose (the mask keep) or none';
COMMENT ON COLUMN sustainml.privacy_inventory.key IS 'Key of a sealed column';
COMMENT ON COLUMN sustainml.privacy_inventory.masks IS 'Masks by rule, with the policy where a rule is for one';
COMMENT ON COLUMN sustainml.privacy_inventory.published_under IS 'Policies under which the table is published';
COMMENT ON COLUMN sustainml.privacy_inventory.looks_like IS 'What kind of personal data it looks like; NULL: none that is known';
COMMENT ON COLUMN sustainml.privacy_inventory.found_by IS 'name, contents (of the first 200 rows, where the user may read them) or both';
COMMENT ON COLUMN sustainml.privacy_inventory.status IS 'protected; shown on purpose; looks personal and is not protected; or a rule whose column is gone';
