-- Who may do what: owners, granted roles, everybody else; and that nobody runs somebody else's SQL.
CREATE SCHEMA permissions;
SET search_path = permissions;
SET client_min_messages = warning;
CREATE FUNCTION answer(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text; code text; message text; detail text; hint text;
BEGIN
	EXECUTE format('SELECT string_agg(q::text, '', '') FROM (%s) AS q', sql) INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n  ', format('%s: %s', code, message), nullif(detail, ''), nullif(hint, ''));
END $$;
\pset format unaligned
\pset tuples_only on
GRANT EXECUTE ON FUNCTION answer TO PUBLIC;
CREATE ROLE sml_alice;
CREATE ROLE sml_bob;
CREATE ROLE sml_team;
GRANT USAGE ON SCHEMA permissions TO PUBLIC;
CREATE SCHEMA alices AUTHORIZATION sml_alice;
GRANT USAGE ON SCHEMA alices TO PUBLIC;
CREATE TABLE r (id int PRIMARY KEY, a float8, g text, y float8, c text);
INSERT INTO r SELECT i, i % 17, 'g' || i % 3, 2 * (i % 17) + i % 5, CASE WHEN (i * 37) % 101 < 40 + 2 * (i % 17) THEN 'yes' ELSE 'no' END FROM generate_series(1, 1000) i;
CREATE TABLE some_columns AS SELECT * FROM r;
CREATE TABLE some_rows AS SELECT * FROM r;
ALTER TABLE some_rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON some_rows USING (id <= 500);
CREATE TABLE nothing AS SELECT * FROM r;
GRANT SELECT ON r, some_rows TO sml_alice, sml_bob;
GRANT SELECT (id, a, y) ON some_columns TO sml_alice;
SELECT ref FROM sustainml.train('ours', 'r', target => 'y', features => '{a,g}');

\echo alice trains
SET ROLE sml_alice;
SET search_path = alices, permissions;
SELECT ref, rows_used + rows_skipped + rows_held_out FROM sustainml.train('hers', 'r', target => 'c', features => '{a,g}');
SELECT rows_used + rows_skipped + rows_held_out, notes FROM sustainml.train('half', 'some_rows', target => 'y', features => '{a}', split => '{"by": "id"}');
SELECT rows_used + rows_skipped + rows_held_out, notes FROM sustainml.train('half', 'SELECT s.* FROM r JOIN some_rows s USING (id)', target => 'y', features => '{a}', split => '{"by": "id"}');
SELECT rows_used FROM sustainml.train('columns', 'some_columns', target => 'y', features => '{a}', holdout => 0);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'some_columns', target => 'y', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'some_columns', target => 'c', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'some_columns', target => 'y', features => '{a}', weight => 'g', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'some_columns', target => 'y', features => '{a}', split => '{"by": "g"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'some_columns', target => 'y', features => '{a}', split => '{"time": "c"}')$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'SELECT a, g, y FROM some_columns', target => 'y', holdout => 0)$$);
SELECT answer($$SELECT ref FROM sustainml.train('columns', 'nothing', target => 'y', holdout => 0)$$);
\echo a model is found by the search path, so making one needs the right to make things in its schema
SELECT answer($$SELECT ref FROM sustainml.train('ours', 'r', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('permissions.new', 'r', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('pg_catalog.new', 'r', target => 'y')$$);
SELECT answer($$SELECT ref FROM sustainml.train('sustainml.new', 'r', target => 'y')$$);
\echo tables are closed, views show her models
SELECT answer($$SELECT count(*) FROM sustainml.model_version$$);
SELECT answer($$SELECT count(*) FROM sustainml.model_grant$$);
SELECT answer($$SELECT count(*) FROM sustainml.activation$$);
SELECT answer($$SELECT count(*) FROM sustainml.run$$);
SELECT DISTINCT model, owner FROM sustainml.models ORDER BY 1;
SELECT count(*) FILTER (WHERE model = 'ours') FROM sustainml.run_log;
SELECT answer($$SELECT sustainml.predict('ours', 1, 'g1')$$);
SELECT answer($$SELECT count(*) FROM r WHERE sustainml.predict('ours', r) > 0$$);
SELECT answer($$SELECT term FROM sustainml.coefficients('ours')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('ours')$$);

\echo bob has nothing, then predict, read, manage
SELECT sustainml.grant_model('hers', 'sml_bob', 'predict') WHERE false;
SET ROLE sml_bob;
SET search_path = alices, permissions;
CREATE TEMP TABLE calls (level int, call text);
INSERT INTO calls VALUES (1, 'SELECT sustainml.predict_proba(''hers'', 1, ''g1'') IS NOT NULL'), (1, 'SELECT count(sustainml.predict_class(''hers'', r)) FROM r'), (1, 'SELECT count(*) FROM sustainml.explain(''hers'', 1, ''g1'')'),
	(2, 'SELECT count(*) FROM sustainml.coefficients(''hers'')'), (2, 'SELECT count(*) FROM sustainml.features(''hers'')'), (2, 'SELECT count(*) > 5 FROM sustainml.evaluate(''hers'', ''r'')'),
	(2, 'SELECT count(*) FROM sustainml.fit_summary(''hers'')'), (2, 'SELECT count(*) FROM sustainml.feature_importance(''hers'')'), (2, 'SELECT count(*) FROM sustainml.roc_curve(''hers'', ''r'') WHERE fpr > 1'),
	(3, 'SELECT sustainml.activate(''hers@1'')'), (3, 'SELECT sustainml.set_threshold(''hers'', 0.5)'), (3, 'SELECT active FROM sustainml.retrain(''hers'', activate => ''never'')'), (3, 'SELECT sustainml.grant_model(''hers'', ''sml_team'', ''predict'')'),
	(3, 'SELECT sustainml.revoke_model(''hers'', ''sml_team'')'), (3, 'SELECT sustainml.drop_model(''hers@latest'')'), (3, 'SELECT sustainml.rename_model(''hers'', ''hers'')');
SELECT level, call, answer(call) FROM calls ORDER BY level, call;
SELECT count(*) FROM sustainml.models;
RESET ROLE;
SELECT sustainml.grant_model('alices.hers', 'sml_bob', 'predict');
SET ROLE sml_bob;
SELECT 'predict', level, split_part(answer(call), ':', 1) FROM calls ORDER BY level, call;
SELECT count(*) > 0 FROM sustainml.models;
RESET ROLE;
SELECT sustainml.grant_model('alices.hers', 'sml_bob', 'read');
SET ROLE sml_bob;
SELECT 'read', level, split_part(answer(call), ':', 1) FROM calls ORDER BY level, call;
SELECT count(*) > 0 FROM sustainml.models;
RESET ROLE;
SELECT sustainml.grant_model('alices.hers', 'sml_bob', 'manage');
SET ROLE sml_bob;
SELECT 'manage', level, split_part(answer(call), ':', 1) FROM calls ORDER BY level, call;
SELECT count(*) > 0 FROM sustainml.models;
RESET ROLE;
SELECT sustainml.revoke_model('alices.hers', 'sml_bob');
-- through a role that he belongs to, and through PUBLIC
SELECT sustainml.grant_model('alices.hers', 'sml_team', 'read');
GRANT sml_team TO sml_bob;
SET ROLE sml_bob;
SELECT count(*) FROM sustainml.coefficients('hers');
RESET ROLE;
REVOKE sml_team FROM sml_bob;
SELECT sustainml.revoke_model('alices.hers', 'sml_team');
SELECT sustainml.grant_model('alices.hers', 'public', 'predict');
SET ROLE sml_bob;
SELECT sustainml.predict_proba('hers', 1, 'g1') IS NOT NULL;
SELECT answer($$SELECT count(*) FROM sustainml.coefficients('hers')$$);

\echo inside a view the caller needs the grant, not the owner of the view; a function may run with the rights of its owner
RESET ROLE;
SELECT sustainml.revoke_model('alices.hers', 'public');
SET ROLE sml_alice;
CREATE VIEW scored AS SELECT id, sustainml.predict_proba('alices.hers', r) AS p FROM permissions.r;
CREATE FUNCTION scored_by_owner(a float8, g text) RETURNS float8 LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$SELECT sustainml.predict_proba('alices.hers', a, g)$$;
GRANT SELECT ON scored TO sml_bob;
SELECT count(p) FROM scored;
SET ROLE sml_bob;
SELECT answer($$SELECT count(p) FROM scored$$);
SELECT answer($$SELECT scored_by_owner(1, 'g1') IS NOT NULL$$);
RESET ROLE;

\echo her SQL does not run with the rights of others, unless they say it themselves
SET ROLE sml_alice;
CREATE FUNCTION who() RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
CREATE TABLE alices.seen (who text);
SELECT ref FROM sustainml.train('trap', 'SELECT id, a, y, who() AS w FROM r', target => 'y', features => '{a}', split => '{"by": "id"}');
SELECT ref FROM sustainml.train('trap2', 'r', target => 'y', features => '{a}', split => '{"source": "SELECT a, y, who() AS w FROM r"}');
CREATE VIEW a_view AS SELECT id, a, y, who() AS w FROM r;
SELECT ref FROM sustainml.train('trap3', 'a_view', target => 'y', features => '{a}', split => '{"by": "id"}');
SELECT sustainml.grant_model(m, 'sml_bob', 'manage') FROM unnest(ARRAY['trap', 'trap2', 'trap3']) AS m;
SET ROLE sml_bob;
SELECT answer($$SELECT ref FROM sustainml.retrain('trap')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('trap2')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('trap3')$$);
SELECT answer($$SELECT count(*) > 0 FROM sustainml.evaluate('trap')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('trap', source => 'SELECT * FROM r', activate => 'always')$$);
RESET ROLE;
SET search_path = permissions;
SELECT answer($$SELECT ref FROM sustainml.retrain('alices.trap')$$);
SELECT answer($$SELECT count(*) > 0 FROM sustainml.evaluate('alices.trap')$$);
SET ROLE sml_alice;
SET search_path = alices, permissions;
SELECT ref FROM sustainml.retrain('trap2');
-- nor his with hers, though the model is hers
SELECT answer($$SELECT ref FROM sustainml.retrain('trap')$$);
SELECT answer($$SELECT count(*) > 0 FROM sustainml.evaluate('trap')$$);
SELECT answer($$SELECT ref FROM sustainml.retrain('trap@1')$$);


\echo a stored search path finds the table, and no operator or function of hers
CREATE TABLE alices.plain AS SELECT id, a, y, id % 5 AS part FROM permissions.r;
GRANT SELECT ON alices.plain TO sml_bob;
CREATE FUNCTION alices.caught_reading(int, int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'this ran as %', current_user; END$$;
SELECT ref FROM sustainml.train('lure', 'plain', target => 'y', features => '{a}', split => '{"column": "part"}');
CREATE OPERATOR alices.<> (LEFTARG = int, RIGHTARG = int, FUNCTION = alices.caught_reading);
SET search_path = alices, permissions, pg_catalog;
SELECT answer('SELECT 1 <> 2');
-- not even where she has put it before the server's own
SELECT ref FROM sustainml.train('lure', 'plain', target => 'y', features => '{a}', split => '{"column": "part"}');
SELECT sustainml.grant_model('lure', 'sml_bob', 'manage');
SET ROLE sml_bob;
SET search_path = permissions;
SELECT ref, rows_used + rows_skipped + rows_held_out FROM sustainml.retrain('alices.lure');
SELECT value FROM sustainml.evaluate('alices.lure@2') WHERE metric = 'rows';
SELECT value IS NOT NULL FROM sustainml.compare('alices.lure@1', 'alices.lure@2') c(metric, value) WHERE metric = 'rmse';
SET ROLE sml_alice;
SET search_path = alices, permissions;

\echo names, versions, roles
SELECT answer($$SELECT sustainml.grant_model('hers', 'sml_nobody')$$);
SELECT answer($$SELECT sustainml.grant_model('hers', 'sml_bob', 'raed')$$);
SELECT answer($$SELECT sustainml.grant_model('hers@1', 'sml_bob')$$);
SELECT answer($$SELECT sustainml.grant_model('hers', NULL)$$);
SELECT answer($$SELECT sustainml.grant_model('hers', 'sml_bob''; DROP TABLE alices.seen; --')$$);
SELECT answer($$SELECT sustainml.revoke_model('hers', 'sml_bob')$$);
SELECT answer($$SELECT sustainml.activate('hers@99')$$);
SELECT answer($$SELECT sustainml.activate('no_such')$$);
SELECT answer($$SELECT sustainml.activate(NULL)$$);
SELECT answer($$SELECT sustainml.rollback('half@1')$$);
SELECT answer($$SELECT sustainml.rollback('columns')$$);
SELECT answer($$SELECT sustainml.rename_model('hers', 'a.b')$$);
SELECT answer($$SELECT sustainml.rename_model('hers', 'a@b')$$);
SELECT answer($$SELECT sustainml.rename_model('hers', '')$$);
SELECT answer($$SELECT sustainml.rename_model('hers', NULL)$$);
SELECT answer($$SELECT sustainml.rename_model('hers@1', 'b')$$);
SELECT answer($$SELECT sustainml.rename_model('hers', 'half')$$);
SELECT answer($$SELECT sustainml.drop_model('half@2')$$);
SELECT answer($$SELECT sustainml.drop_model('no_such')$$);
SELECT answer($$SELECT sustainml.set_threshold('half', 0.3)$$);
SELECT answer($$SELECT sustainml.set_threshold('hers', 1.3)$$);
SELECT answer($$SELECT sustainml.set_threshold('hers', 'NaN')$$);
SELECT answer($$SELECT sustainml.set_threshold('hers', NULL)$$);
SELECT sustainml.drop_model('half@1');
SELECT sustainml.rename_model('half', 'halves');
SELECT model, version, is_active FROM sustainml.models WHERE model LIKE 'hal%';
SELECT model, version, active_to IS NULL AS still, activated_by, reason FROM sustainml.activation_history WHERE model = 'halves' ORDER BY active_from;
SELECT sustainml.drop_model('halves');
SELECT count(*), count(active_to) FROM sustainml.activation_history WHERE model = 'halves';
SELECT count(*) > 0 AS runs_stay FROM sustainml.run_log WHERE model = 'halves';

RESET ROLE;
DO $$
BEGIN
	PERFORM sustainml.drop_model(s || '.' || m) FROM (SELECT DISTINCT model_schema AS s, model AS m FROM sustainml.models WHERE model_schema IN ('alices', 'permissions')) AS q;
END $$;
-- a function that costs less than the check of rights does not see rows before it: every view that filters by rights is a barrier
SELECT c.relnamespace::regnamespace || '.' || c.relname AS view_without_barrier
FROM pg_class c
WHERE c.relkind = 'v' AND c.relnamespace IN ('sustainml'::regnamespace, 'sustainml_internal'::regnamespace)
  AND pg_get_viewdef(c.oid) ~ 'sustainml_internal\.may\(|current_user|fairness_audits' AND NOT coalesce(c.reloptions @> '{security_barrier=true}', false)
ORDER BY 1;
CREATE FUNCTION look(anything text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'seen: %', anything; RETURN true; END $$;
CREATE ROLE sml_eve;
GRANT USAGE ON SCHEMA permissions TO sml_eve;
SET ROLE sml_eve;
SELECT (SELECT count(*) FROM sustainml.models v WHERE look(v.model)) + (SELECT count(*) FROM sustainml.run_log v WHERE look(v.role_name))
     + (SELECT count(*) FROM sustainml.model_leaderboard v WHERE look(v.ref)) + (SELECT count(*) FROM sustainml.activation_history v WHERE look(v.model)) AS rows_of_others;
RESET ROLE;
DROP FUNCTION look(text);
DROP TABLE calls;
DROP SCHEMA alices CASCADE;
DROP SCHEMA permissions CASCADE;
DROP ROLE sml_alice, sml_bob, sml_team, sml_eve;
