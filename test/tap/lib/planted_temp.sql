-- Types and tables of names that statements of ours use, in the temporary schema: a bare name of a type or table means them first.
CREATE FUNCTION evil.spy(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'HIJACK % as %', what, CURRENT_USER; RETURN true; END $$;
DO $do$
DECLARE n pg_catalog.text;
BEGIN
	FOREACH n IN ARRAY '{name,int2,int4,int8,float4,float8,bool,oid,regclass,regtype,regrole,jsonb,json,bytea,uuid,timestamptz,date,numeric,tid,xml,text}'::pg_catalog.text[] LOOP
		EXECUTE pg_catalog.format('CREATE DOMAIN pg_temp.%I AS pg_catalog.%I CHECK (evil.spy(%L))', n, n, 'domain ' OPERATOR(pg_catalog.||) n);
	END LOOP;
	FOREACH n IN ARRAY '{pg_class,pg_attribute,pg_namespace,pg_roles,pg_proc,pg_inherits,pg_depend,pg_type,pg_index,pg_database,key,data_key,key_grant,key_event,protected_column,masking_rule,masking_policy,published_table,masking_job,keys,model,models,model_version,run_log,fairness_audit,sealed_number}'::pg_catalog.text[] LOOP
		EXECUTE pg_catalog.format('CREATE TABLE pg_temp.%I (x pg_catalog.int4)', n);
	END LOOP;
END $do$;
