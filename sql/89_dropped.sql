-- What becomes of the catalog when a protected table or column is dropped; see docs/decisions/0015-dropping-a-protected-table.md.

-- Availability: 0.1.0
-- In PL/pgSQL, so that DDL goes on where the module cannot be loaded.  It runs our statements alone, over names as values; what goes wrong in it is a warning, never
-- the end of somebody's DDL.
CREATE FUNCTION sustainml_internal.forget_dropped() RETURNS event_trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	gone record;
	removed bigint;
	columns text[];
BEGIN
	-- nearly always there is nothing to do
	IF (EXISTS (SELECT FROM sustainml.masking_rule) OR EXISTS (SELECT FROM sustainml.published_table)
	    OR EXISTS (SELECT FROM sustainml.protected_column p WHERE p.decrypted_at IS NULL AND p.dropped_at IS NULL)) IS FALSE THEN
		RETURN;
	END IF;
	-- a temporary table has no rules, and its copies of sealed cells are copies
	IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() o WHERE NOT o.is_temporary
	              AND (o.object_type IN ('table', 'materialized view', 'foreign table', 'view', 'type', 'domain') OR o.object_type LIKE '% column')) IS FALSE THEN
		RETURN;
	END IF;
	FOR gone IN
		SELECT DISTINCT o.object_type, o.schema_name, o.object_name, o.address_names, o.object_type LIKE '% column' AS is_column
		  FROM pg_event_trigger_dropped_objects() o
		 WHERE NOT o.is_temporary AND (o.object_type IN ('table', 'materialized view', 'foreign table', 'view') OR o.object_type LIKE '% column')
	LOOP
		IF gone.is_column THEN
			DELETE FROM sustainml.masking_rule r
			 WHERE r.table_schema = gone.address_names[1] AND r.table_name = gone.address_names[2] AND r.column_name = gone.address_names[3];
		ELSIF gone.object_type = 'view' THEN
			DELETE FROM sustainml.published_table p WHERE p.policy = gone.schema_name AND p.view_name = gone.object_name;
			CONTINUE;
		ELSE
			DELETE FROM sustainml.masking_rule r WHERE r.table_schema = gone.schema_name AND r.table_name = gone.object_name;
		END IF;
		GET DIAGNOSTICS removed = ROW_COUNT;
		IF removed > 0 THEN
			RAISE NOTICE USING MESSAGE = format('%s masking rule(s) of %s %s removed', removed, gone.object_type,
			                                    array_to_string(gone.address_names, '.'));
		END IF;
		IF NOT gone.is_column THEN
			DELETE FROM sustainml.published_table p WHERE p.table_schema = gone.schema_name AND p.table_name = gone.object_name;
		END IF;
	END LOOP;
	-- Sealed columns: the type modifier tells whether any table still has one.  Names are those of when it was encrypted.
	WITH noted AS (
		UPDATE sustainml.protected_column p SET dropped_at = clock_timestamp()
		 -- as sets: one look at the catalog however many sealed columns there are
		 WHERE p.column_no IN (SELECT q.column_no FROM sustainml.protected_column q WHERE q.decrypted_at IS NULL AND q.dropped_at IS NULL
		                       EXCEPT SELECT n.column_no FROM sustainml_internal.sealed_number n WHERE NOT n.is_temporary)
		RETURNING p.table_schema, p.table_name, p.column_name)
	SELECT array_agg(format('%I.%I.%I', n.table_schema, n.table_name, n.column_name) ORDER BY n.table_schema COLLATE "C", n.table_name COLLATE "C", n.column_name COLLATE "C")
	  INTO columns FROM noted n;
	IF columns IS NOT NULL THEN
		RAISE NOTICE USING
			MESSAGE = CASE WHEN cardinality(columns) = 1 THEN format('sealed column %s is in no table any more', columns[1])
			               ELSE format('sealed columns %s are in no table any more', array_to_string(columns[1:10], ', ')
			                           || CASE WHEN cardinality(columns) > 10 THEN format(' and %s more', cardinality(columns) - 10) ELSE '' END) END,
			DETAIL = 'The name is that of when it was encrypted.  The data keys are kept: a dump, a backup or a replica of the table can still be opened.',
			HINT = 'sustainml.keys lists them with column_exists = false; sustainml.destroy_data_key ends them.';
	END IF;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING USING MESSAGE = format('sustainml could not note what was dropped: %s', SQLERRM),
		HINT = 'Masking rules may be left that hold for a new table of the same name; sustainml.privacy_inventory lists them.';
END
$$;
COMMENT ON FUNCTION sustainml_internal.forget_dropped() IS
'Removes the rules of tables and columns that are gone, so that they never hold for others of the same name, and notes sealed columns that are in no table any more';
CREATE EVENT TRIGGER sustainml_forget_dropped ON sql_drop EXECUTE FUNCTION sustainml_internal.forget_dropped();
COMMENT ON EVENT TRIGGER sustainml_forget_dropped IS 'Masking rules go with their tables and columns; sealed columns that are gone are noted';
-- also where triggers of users are off (session_replication_role = replica)
ALTER EVENT TRIGGER sustainml_forget_dropped ENABLE ALWAYS;
