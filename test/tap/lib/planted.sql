-- Objects that an ordinary role plants in a schema of its own: operators, functions and aggregates that fit the arguments better than the server's.
-- Each raises a warning that begins with HIJACK and names who ran it.
CREATE SCHEMA evil;
GRANT USAGE, CREATE ON SCHEMA evil TO PUBLIC;
DO $do$
DECLARE
  ty text[] := '{text,varchar,bpchar,name,int2,int4,int8,float4,float8,numeric,bool,date,timestamp,timestamptz,jsonb,bytea,oid,regclass,text[],int8[],float8[]}';
  a text; b text; o text; r text; i int := 0; f text; ra text;
BEGIN
  FOREACH o IN ARRAY '{=,<>,<,>,<=,>=,+,-,*,/,||,->>}'::text[] LOOP
   FOREACH a IN ARRAY ty LOOP FOREACH b IN ARRAY ty LOOP
    CONTINUE WHEN a LIKE '%[]' AND b LIKE '%[]' OR EXISTS (SELECT FROM pg_operator WHERE oprname = o AND oprnamespace = 'pg_catalog'::regnamespace AND oprleft = a::regtype AND oprright = b::regtype);
    r := CASE WHEN o IN ('||','->>') THEN 'text' WHEN o IN ('+','-','*','/') THEN a ELSE 'bool' END;
    i := i + 1;
    EXECUTE format('CREATE FUNCTION evil.op%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE WARNING %L, current_user; RETURN %s; END $f$', i, a, b, r, 'HIJACK operator ' || a || ' ' || o || ' ' || b || ' as %', CASE r WHEN 'bool' THEN 'true' ELSE 'NULL' END);
    EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.op%s)', o, a, b, i);
   END LOOP; END LOOP; END LOOP;
  FOREACH f IN ARRAY '{count,min,max,array_agg,sum,avg,concat,array_length,cardinality,to_json,to_jsonb,row_to_json,jsonb_build_object,jsonb_agg,json_agg,md5,hashtext,octet_length,length,lower,upper,round,abs,floor,random,quote_ident,quote_literal,format,array_to_string,unnest,mode,predict,cells,fold,row_hash,held_out,train}'::text[] LOOP
   FOREACH a IN ARRAY ty LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_proc WHERE proname = f AND pronamespace = 'pg_catalog'::regnamespace AND pronargs = 1 AND proargtypes[0] = a::regtype);
    i := i + 1; r := CASE WHEN f = 'count' THEN 'int8' WHEN f IN ('cardinality','array_length','octet_length','length') THEN 'int4' ELSE a END;
    IF f IN ('count','min','max','array_agg','sum','avg','jsonb_agg','json_agg') THEN
      EXECUTE format('CREATE FUNCTION evil.fn%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE WARNING %L, current_user; RETURN $1; END $f$', i, r, a, r, 'HIJACK aggregate ' || f || ' ' || a || ' as %');
      EXECUTE format('CREATE AGGREGATE evil.%s(%s) (SFUNC = evil.fn%s, STYPE = %s)', f, a, i, r);
    ELSE
      EXECUTE format('CREATE FUNCTION evil.%s(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE WARNING %L, current_user; RETURN NULL; END $f$', f, a, r, 'HIJACK function ' || f || ' ' || a || ' as %');
    END IF;
   END LOOP; END LOOP;
  FOREACH f IN ARRAY '{format,concat,concat_ws,jsonb_build_object,json_build_object,string_agg,array_length,array_append,array_position,array_to_string,round,coalesce,greatest,least,starts_with}'::text[] LOOP
   FOREACH a IN ARRAY ty LOOP FOREACH b IN ARRAY ty LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_proc WHERE proname = f AND pronamespace = 'pg_catalog'::regnamespace AND pronargs = 2 AND proargtypes[0] = a::regtype AND proargtypes[1] = b::regtype);
    EXECUTE format('CREATE FUNCTION evil.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE WARNING %L, current_user; RETURN NULL; END $f$', f, a, b, CASE WHEN f LIKE 'json%' THEN 'jsonb' WHEN f = 'array_length' OR f = 'array_position' THEN 'int' ELSE 'text' END, 'HIJACK function ' || f || ' ' || a || ',' || b || ' as %');
   END LOOP; END LOOP; END LOOP;
END $do$;
