-- Statements that call every function an ordinary role may call, with arguments chosen to do harm: one per row.
--   psql -At -v rounds=8 -v salt=1 -f sql_surface.sql
-- Round 0 has NULL for every argument; the others pick by a hash of salt, round, function and place, so that the same two
-- numbers give the same statements on every server.  The tables and models named are those that sql_surface_setup.sql makes.
WITH nasty(type, picks) AS (VALUES
	('text', ARRAY[
		$$NULL$$, $$''$$, $$'t'$$, $$'t'$$, $$'t'$$, $$'y'$$, $$'a'$$, $$'g'$$, $$'g'$$, $$'m'$$, $$'m'$$, $$'m@1'$$, $$'r'$$, $$'k'$$, $$'id'$$, $$'dest'$$,
		$$'m@99999999999999999999'$$, $$'m@-1'$$, $$'.'$$, $$'a.b.c'$$, $$'@'$$, $$'no_such_thing'$$, $$'public.t'$$, $$'logistic'$$, $$'accuracy'$$, $$'postgres'$$,
		$$'SELECT * FROM t'$$, $$'SELECT a, y FROM t'$$, $$'SELECT'$$, $$'SELECT 1; DROP TABLE t'$$, $$'SELECT 1 --'$$, $$'TABLE t LIMIT 0'$$, $$'VALUES (1, 2), (3, NULL)'$$,
		$$'WITH q AS (DELETE FROM t RETURNING *) SELECT * FROM q'$$, $$'SELECT * FROM pg_authid'$$, $$'select now()'$$, $$'sustainml.model_version'$$, $$'pg_class'$$, $$'seq'$$,
		$$'"'$$, $$'"t"'$$, $$'t" --'$$, $$''''$$, $$'%s%n%1$s'$$, $$E'\\x01\x02\n'$$, $$'αβγ'$$, $$chr(1114111)$$, $$repeat('x', 64)$$, $$repeat('x', 300000)$$, $$repeat('(', 20000)$$,
		$$'SELECT ' || repeat('(', 20000) || '1'$$, $$repeat('[', 20000)$$, $$'true'$$, $$'1'$$, $$'0'$$, $$'-1'$$, $$'nan'$$, $$'1e999'$$, $$'all'$$, $$'holdout'$$, $$'hash'$$]),
	('name', ARRAY[$$NULL$$, $$''$$, $$'a'$$, $$'s'$$, $$'t'$$, $$'ctid'$$, $$'tableoid'$$, $$'no_such_column'$$, $$'"'$$, $$repeat('x', 63)::name$$]),
	('int4', ARRAY[$$NULL$$, $$0$$, $$1$$, $$2$$, $$-1$$, $$7$$, $$100$$, $$65536$$, $$2147483647$$, $$(-2147483648)$$]),
	('int8', ARRAY[$$NULL$$, $$0$$, $$1$$, $$2$$, $$-1$$, $$42$$, $$2147483648$$, $$9223372036854775807$$, $$(-9223372036854775808)$$]),
	('float8', ARRAY[$$NULL$$, $$0$$, $$0.5$$, $$1$$, $$-1$$, $$0.95$$, $$1e-320$$, $$1e308$$, $$-1e308$$, $$'nan'$$, $$'inf'$$, $$'-inf'$$, $$2147483648$$]),
	('bool', ARRAY[$$NULL$$, $$true$$, $$false$$]),
	('oid', ARRAY[$$NULL$$, $$0$$, $$1$$, $$1259$$, $$4294967295$$, $$'t'::regclass$$]),
	('regclass', ARRAY[$$NULL$$, $$'t'$$, $$'t'$$, $$'sealed_t'$$, $$'sealed_t'$$, $$'v'$$, $$'seq'$$, $$'t_pkey'$$, $$'pg_class'$$, $$'pg_toast.pg_toast_1255'$$, $$0::regclass$$, $$4294967295::regclass$$, $$'sustainml.model_version'$$]),
	('jsonb', ARRAY[$$NULL$$, $$'{}'$$, $$'[]'$$, $$'null'$$, $$'1'$$, $$'"x"'$$, $$'{"a": {"a": [1, null, "x", {"b": -1e300}]}}'$$, $$'{"l2": "x", "trees": -1, "depth": 1e99, "k": null}'$$,
		$$'{"l2": 1}'$$, $$'{"by": "g"}'$$, $$'{"by": ["id", "id", null, 3]}'$$, $$'{"joules": -1, "seconds": 1e400}'$$, $$(repeat('[', 3000) || repeat(']', 3000))::jsonb$$,
		$$(SELECT jsonb_object_agg(i::text, repeat('y', 10)) FROM generate_series(1, 5000) i)$$, $$'{"version": 1, "key": "k", "keys": [{"key_no": 99999999999, "wrapped": "!!!"}], "masters": []}'$$]),
	('_text', ARRAY[$$NULL$$, $$'{}'$$, $$'{a}'$$, $$'{g}'$$, $$'{g}'$$, $$'{a,g,y}'$$, $$'{NULL}'$$, $$'{a,NULL,a}'$$, $$'{""}'$$, $$'{{a,b},{c,d}}'$$, $$'[2147483646:2147483646]={a}'$$, $$'{g,no_such}'$$,
		$$array_fill('a'::text, ARRAY[5000])$$, $$(SELECT array_agg('c' || i) FROM generate_series(1, 2000) i)$$]),
	('_float8', ARRAY[$$NULL$$, $$'{}'$$, $$'{1,2,3}'$$, $$'{NULL}'$$, $$'{nan,inf,-inf}'$$, $$'{{1,2},{3,4}}'$$, $$'{1,2,3,4,5,6,7,8,9,10,11,12}'$$, $$array_fill(-1e308::float8, ARRAY[10000])$$]),
	('_cstring', ARRAY[$$NULL$$, $$'{}'$$, $$'{text}'$$, $$'{NULL}'$$, $$'{{a,b},{c,d}}'$$, $$'{int4,k,x,y}'$$]),
	('bytea', ARRAY[$$NULL$$, $$''$$, $$'\x00'$$, $$'\xffffffffffffffffffffffffffffffff'$$, $$decode(repeat('534d4c01', 100), 'hex')$$, $$decode(repeat('ff', 5000), 'hex')$$]),
	('cstring', ARRAY[$$NULL$$, $$''$$, $$'x'$$, $$'AAAA'$$, $$'////////////////'$$, $$'U01MAQ=='$$, $$'!'$$, $$repeat('A', 100000)::cstring$$, $$repeat('/', 40000)::cstring$$]),
	('fairness_state', ARRAY[$$NULL$$, $$(SELECT sustainml.fairness_counts(a > 0, y) FROM t)$$, $$(SELECT sustainml.fairness_counts(y, a > 0, a::float8, 1e300) FROM t)$$,
		$$(SELECT sustainml.fairness_counts(NULL, NULL) FROM t)$$, $$(SELECT sustainml.fairness_counts(y, y) FROM t WHERE false)$$]),
	('fairness_policy', ARRAY[$$NULL$$, $$ROW(1, NULL)$$]),
	('sealed', ARRAY[$$NULL$$, $$(SELECT s FROM sealed_t LIMIT 1)$$, $$(SELECT s FROM sealed_t LIMIT 1)$$]),
	('state', ARRAY[$$NULL$$, $$'AAAA'$$]),
	('cells', ARRAY[$$NULL$$, $$sustainml_internal.cells(NULL, 1)$$, $$sustainml_internal.cells('\x00', 1)$$]),
	('anyelement', ARRAY[$$NULL::int$$, $$1::int$$, $$2147483647$$, $$(-9223372036854775808)$$, $$'nan'::numeric$$, $$'inf'::float8$$, $$'x'::text$$, $$repeat('x', 100000)$$, $$NULL::t$$, $$ROW(1, 2)$$, $$now()$$,
		$$'infinity'::date$$, $$'-infinity'::timestamp$$, $$'5874897-12-31'::date$$, $$'{1,2}'::int[]$$, $$1e130000::numeric$$, $$'\x00'::bytea$$, $$true$$, $$'1 day'::interval$$]),
	('anycompatible', ARRAY[$$NULL::int$$, $$1::int$$, $$2147483647$$, $$(-9223372036854775808)$$, $$'nan'::numeric$$, $$'inf'::float8$$, $$'x'::text$$, $$repeat('x', 100000)$$, $$NULL::t$$, $$ROW(1, 2)$$, $$now()$$,
		$$'infinity'::date$$, $$'-infinity'::timestamp$$, $$'5874897-12-31'::date$$, $$'{1,2}'::int[]$$, $$1e130000::numeric$$, $$'\x00'::bytea$$, $$true$$, $$'1 day'::interval$$]),
	('any', ARRAY[$$NULL$$, $$NULL, NULL$$, $$1$$, $$'x'$$, $$1.5, 2.5$$, $$'nan'::float8, 1$$, $$'{}'::jsonb$$, $$'{"a": 1, "g": "x"}'::jsonb$$, $$'{"a": {"b": []}}'::jsonb$$, $$ARRAY[1, 2, 3]::float8[]$$, $$'{NULL}'::float8[]$$,
		$$ROW(1, 2)$$, $$(SELECT t FROM t LIMIT 1)$$, $$(SELECT s FROM sealed_t LIMIT 1)$$, $$NULL::t$$, $$repeat('x', 100000)$$, $$1e130000::numeric$$, $$'infinity'::date$$, $$'\x00'::bytea, '1 day'::interval$$,
		$$VARIADIC '{1,2}'::int[]$$, $$VARIADIC '{}'::text[]$$, $$VARIADIC NULL::text[]$$, $$VARIADIC 1$$, $$'(1,2)'::point$$, $$'t'::regclass$$, $$'101'::bit(3)$$, $$int4range(1, 5)$$])
), functions AS (
	SELECT p.oid, n.nspname, p.proname, p.pronargs, p.proargtypes, p.pronargdefaults, p.provariadic, p.prokind,
	       p.oid::regprocedure::text AS signature
	  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	 WHERE n.nspname IN ('sustainml', 'sustainml_internal') AND has_function_privilege(p.oid, 'EXECUTE') AND p.prokind IN ('f', 'p', 'a')
	   AND p.prorettype NOT IN ('event_trigger'::regtype, 'trigger'::regtype) AND NOT ('internal'::regtype = ANY (p.proargtypes))
), calls AS (
	SELECT round, f.*, a.place, t.typname,
	       CASE WHEN a.place > f.pronargs - f.pronargdefaults AND round > 1 THEN
	         -- most arguments that have a default keep it, so that the call gets further
	         ('x' || substr(md5(concat_ws(' ', :salt, round, signature, a.place, 'named')), 1, 7))::bit(28)::int % 3 > 0 END AS has_default,
	       CASE WHEN round = 0 AND t.typname NOT IN ('anyelement', 'anycompatible', 'any') THEN 'NULL'
	            ELSE n.picks[1 + ('x' || substr(md5(concat_ws(' ', :salt, round, signature, a.place)), 1, 7))::bit(28)::int % cardinality(n.picks)] END AS value
	  FROM functions f CROSS JOIN generate_series(0, :rounds) round
	  LEFT JOIN LATERAL unnest(f.proargtypes) WITH ORDINALITY AS a(type, place) ON true
	  LEFT JOIN pg_type t ON t.oid = a.type
	  LEFT JOIN nasty n ON n.type = t.typname
), written AS (
	SELECT round, signature, nspname, proname, prokind,
	       string_agg(CASE WHEN typname = 'any' OR value LIKE 'VARIADIC%' THEN value
	                       WHEN typname IN ('anyelement', 'anycompatible') OR value IS NULL THEN value
	                       WHEN provariadic <> 0 AND place = pronargs THEN 'VARIADIC ' || value || '::' || format_type(proargtypes[place - 1], NULL)
	                       ELSE '(' || value || ')::' || format_type(proargtypes[place - 1], NULL) END, ', ' ORDER BY place)
	         FILTER (WHERE place IS NOT NULL AND NOT (place > keep)) AS arguments
	  FROM (SELECT *, coalesce(min(place) FILTER (WHERE has_default) OVER (PARTITION BY round, signature) - 1, 32767) AS keep FROM calls) c
	 GROUP BY round, signature, nspname, proname, prokind
)
SELECT format(CASE prokind WHEN 'p' THEN 'CALL %I.%I(%s);' WHEN 'a' THEN 'SELECT count(q.f) FROM (SELECT %I.%I(%s) AS f FROM generate_series(1, 3)) AS q;'
	              ELSE 'SELECT count(*) FROM (SELECT * FROM %I.%I(%s) AS f LIMIT 100) AS q;' END, nspname, proname, coalesce(arguments, ''))
  FROM written ORDER BY round, signature;
