-- Static masking and masked dumps (src/pg/privacy/mask_static.c).

-- Availability: 0.1.0
CREATE TABLE sustainml.masking_job (
	job_no       integer          NOT NULL CONSTRAINT masking_job_pkey PRIMARY KEY,
	table_schema text COLLATE "C" NOT NULL,
	table_name   text COLLATE "C" NOT NULL,
	policy       text COLLATE "C" NOT NULL,
	columns      text[]           NOT NULL,
	last_key     text[],
	rows         bigint           NOT NULL,
	started_by   text             NOT NULL,
	started_at   timestamptz      NOT NULL,
	finished_at  timestamptz
);
CREATE UNIQUE INDEX masking_job_open ON sustainml.masking_job (table_schema, table_name, policy) WHERE finished_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('sustainml.masking_job', '');
REVOKE ALL ON sustainml.masking_job FROM PUBLIC;
COMMENT ON TABLE sustainml.masking_job IS 'Tables that were masked in place: the record of it, and where an interrupted one goes on';
COMMENT ON COLUMN sustainml.masking_job.job_no IS 'Number';
COMMENT ON COLUMN sustainml.masking_job.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.masking_job.table_name IS 'Table';
COMMENT ON COLUMN sustainml.masking_job.policy IS 'Policy whose rules were used; empty: those for all';
COMMENT ON COLUMN sustainml.masking_job.columns IS 'Columns and masks';
COMMENT ON COLUMN sustainml.masking_job.last_key IS 'Primary key of the last row that is masked, while it runs';
COMMENT ON COLUMN sustainml.masking_job.rows IS 'Rows that were changed';
COMMENT ON COLUMN sustainml.masking_job.started_by IS 'Who began it';
COMMENT ON COLUMN sustainml.masking_job.started_at IS 'When';
COMMENT ON COLUMN sustainml.masking_job.finished_at IS 'When it was done; NULL: it runs, or was interrupted';

-- Availability: 0.1.0
CREATE VIEW sustainml.masking_jobs WITH (security_barrier) AS
	SELECT j.job_no, j.table_schema, j.table_name, CASE WHEN j.policy OPERATOR(pg_catalog.<>) '' THEN j.policy END AS policy, j.columns, j.rows, j.started_by,
	       j.started_at, j.finished_at
	FROM sustainml.masking_job j
	LEFT JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) j.table_schema
	LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) j.table_name
	WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
	   OR (c.oid IS NULL AND (SELECT u.rolsuper FROM pg_catalog.pg_roles u WHERE u.rolname OPERATOR(pg_catalog.=) CURRENT_USER));
GRANT SELECT ON sustainml.masking_jobs TO PUBLIC;
COMMENT ON VIEW sustainml.masking_jobs IS 'Maskings in place of tables that the user owns';
COMMENT ON COLUMN sustainml.masking_jobs.job_no IS 'Number';
COMMENT ON COLUMN sustainml.masking_jobs.table_schema IS 'Schema of the table';
COMMENT ON COLUMN sustainml.masking_jobs.table_name IS 'Table';
COMMENT ON COLUMN sustainml.masking_jobs.policy IS 'Policy whose rules were used; NULL: those for all';
COMMENT ON COLUMN sustainml.masking_jobs.columns IS 'Columns and masks';
COMMENT ON COLUMN sustainml.masking_jobs.rows IS 'Rows that were changed';
COMMENT ON COLUMN sustainml.masking_jobs.started_by IS 'Who began it';
COMMENT ON COLUMN sustainml.masking_jobs.started_at IS 'When';
COMMENT ON COLUMN sustainml.masking_jobs.finished_at IS 'When it was done; NULL: it runs, or was interrupted';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mask_static_begin(table_name regclass, confirm text, policy text) RETURNS integer
	AS 'MODULE_PATHNAME', 'sustainml_mask_static_begin' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.mask_static_begin(regclass, text, text) IS 'Begins a static masking, or finds the one that was interrupted; returns its number';
CREATE FUNCTION sustainml_internal.mask_static_step(table_name regclass, job_no integer, policy text, batch_rows integer, OUT rows bigint)
	AS 'MODULE_PATHNAME', 'sustainml_mask_static_step' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.mask_static_step(regclass, integer, text, integer) IS 'Masks the next rows; NULL: that were all';

-- Availability: 0.1.0
-- Procedures that commit cannot pin search_path: every name and operator here is qualified instead.
CREATE PROCEDURE sustainml.mask_in_place(table_name regclass, confirm text, policy text DEFAULT NULL, batch_rows integer DEFAULT 10000, INOUT rows bigint DEFAULT 0)
	LANGUAGE plpgsql
	AS $$
#variable_conflict use_variable
DECLARE
	job integer;
	done bigint;
BEGIN
	IF table_name IS NULL OR confirm IS NULL OR batch_rows IS NULL OR batch_rows OPERATOR(pg_catalog.<) 1 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'mask_in_place needs a table, its name as confirmation, and at least 1 row in a batch';
	END IF;
	job := sustainml_internal.mask_static_begin(table_name, confirm, COALESCE(policy, ''));
	PERFORM sustainml_internal.need_commits('mask_in_place');
	COMMIT;
	LOOP
		done := sustainml_internal.mask_static_step(table_name, job, COALESCE(policy, ''), batch_rows);
		COMMIT;
		EXIT WHEN done IS NULL;
	END LOOP;
	SELECT j.rows INTO rows FROM sustainml.masking_jobs j WHERE j.job_no OPERATOR(pg_catalog.=) job;
END
$$;
COMMENT ON PROCEDURE sustainml.mask_in_place(regclass, text, text, integer, bigint) IS
'Replaces the values of a table by masked ones, for good: by the rules of the policy, or those for all.  confirm repeats the table''s name.
Works along the primary key, batch_rows at a time with a commit after each; called again after an interruption, it goes on.  Rows that others insert meanwhile may
stay as they are.  Runs with the rights of the table''s owner, whose triggers fire.  Ends with ANALYZE; VACUUM FULL, backups and WAL are yours.
Example: CALL sustainml.mask_in_place(''people_copy'', confirm => ''people_copy'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.masked_dump_sql(policy text, into_schema text DEFAULT NULL, strict boolean DEFAULT true) RETURNS SETOF text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 50 SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	part record;
	missing text;
	found boolean := false;
	target text;
	-- a text between apostrophes for a psql command: no newline, backslash or apostrophe of its own
	quoted CONSTANT text := E'\\qecho \'%s\'';
BEGIN
	IF policy IS NULL OR strict IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'masked_dump_sql needs a policy';
	END IF;
	FOR part IN
		SELECT p.table_schema, p.table_name, p.view_schema, p.view_name, v.oid AS view_oid, t.oid AS table_oid
		  FROM sustainml.published_tables p
		  JOIN pg_namespace vn ON vn.nspname = p.view_schema
		  JOIN pg_class v ON v.relnamespace = vn.oid AND v.relname = p.view_name
		  JOIN pg_namespace tn ON tn.nspname = p.table_schema
		  JOIN pg_class t ON t.relnamespace = tn.oid AND t.relname = p.table_name
		 WHERE p.policy = policy AND p.view_exists
		 ORDER BY p.table_schema COLLATE "C", p.table_name COLLATE "C"
	LOOP
		SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO missing
		  FROM pg_attribute a
		 WHERE a.attrelid = part.table_oid AND a.attnum > 0 AND NOT a.attisdropped
		   AND NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = part.view_oid AND b.attname = a.attname);
		IF strict AND missing IS NOT NULL THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('policy "%s" does not show all columns of table "%s"', policy, part.table_name),
				DETAIL = format('Not shown: %s.', missing),
				HINT = 'Give them rules (the mask null, for instance) and publish again, or leave them out: strict => false.';
		END IF;
		IF NOT found THEN
			found := true;
			RETURN NEXT '-- Masked copy of policy ' || quote_ident(policy) ||
				CASE WHEN into_schema IS NULL THEN '.  Run it by psql -X -q -At -f this_file > masked.sql, and masked.sql on another database.' ELSE '.' END;
			RETURN NEXT CASE WHEN into_schema IS NULL THEN 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;' ELSE 'BEGIN ISOLATION LEVEL REPEATABLE READ;' END;
		END IF;
		target := format('%I.%I', COALESCE(into_schema, part.table_schema), part.table_name);
		IF into_schema IS NOT NULL THEN
			RETURN NEXT format('CREATE TABLE %s AS SELECT * FROM %I.%I;', target, part.view_schema, part.view_name);
			CONTINUE;
		END IF;
		RETURN NEXT format(quoted, replace(replace(replace(format('CREATE TABLE %s (%s);', target,
			(SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
			   FROM pg_attribute a WHERE a.attrelid = part.view_oid AND a.attnum > 0 AND NOT a.attisdropped)), E'\\', E'\\\\'), '''', ''''''), E'\n', E'\\n'));
		RETURN NEXT format(quoted, replace(replace(replace(format('COPY %s FROM stdin;', target), E'\\', E'\\\\'), '''', ''''''), E'\n', E'\\n'));
		RETURN NEXT format('COPY (SELECT * FROM %I.%I) TO STDOUT;', part.view_schema, part.view_name);
		RETURN NEXT format(quoted, E'\\\\.');
	END LOOP;
	IF NOT found THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('no table is published under policy "%s"', policy),
			HINT = 'sustainml.publish publishes one; sustainml.published_tables lists them.';
	END IF;
	RETURN NEXT 'COMMIT;';
END
$$;
COMMENT ON FUNCTION sustainml.masked_dump_sql(text, text, boolean) IS
'Lines of a script that writes the masked views of a policy, all of one snapshot: for psql, whose output is then a dump to restore elsewhere; or, with into_schema, as tables in
that schema here.  Fails when a table has a column that its view does not show, unless strict is false.  Whoever runs the script sees what they see in the views: run it as a role that
may not unmask.
Example: SELECT sustainml.masked_dump_sql(''analysts'');';
