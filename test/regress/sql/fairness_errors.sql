-- Bad input gets one clear error each.
CREATE SCHEMA fairness_errors;
SET search_path = fairness_errors;
\set SHOW_CONTEXT never
CREATE TABLE t AS SELECT i AS id, (ARRAY['a', 'b'])[1 + i % 2] AS sex, i % 2 AS y, (i % 3 = 0)::int AS p, (i % 10) / 10.0::float8 AS s, '{}'::jsonb AS j, 'x' AS note FROM generate_series(1, 200) i;

CREATE FUNCTION try(statement text, OUT code text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
\x
-- a third value, named
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT id, sex, y, CASE WHEN id = 150 THEN 7 ELSE p END AS p FROM t', 'y', 'p', '{sex}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT id, sex, CASE WHEN id = 150 THEN ''maybe'' WHEN y = 1 THEN ''yes'' ELSE ''no'' END AS y, p FROM t', 'y', score => 's', protected => '{sex}', favorable => 'yes')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT sex, CASE WHEN id = 150 THEN ''maybe'' WHEN y = 1 THEN ''yes'' ELSE ''no'' END AS y, s FROM t', 'y', score => 's', protected => '{sex}', favorable => 'yes')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT sex, y, CASE WHEN p = 1 THEN 1 ELSE 2 END AS p FROM t', 'y', 'p', '{sex}', '1')$$);
-- a wrong favorable or positive value
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT *, CASE y WHEN 1 THEN ''yes'' ELSE ''no'' END AS label FROM t', 'label', 'p', '{sex}', 'yes')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '2')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', 'yes')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '3', positive => '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT sex, CASE y WHEN 1 THEN ''good'' ELSE ''bad'' END AS y, s FROM t', 'y', score => 's', protected => '{sex}')$$);
-- unknown columns and relations
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'pp', '{sex}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sexx}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('no_such_table', 'y', 'p', '{sex}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('DELETE FROM t RETURNING *', 'y', 'p', '{sex}', '1')$$);
-- a protected column with a value per row; one of no usable type; one named twice
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{id}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT i AS g, 1 AS y, 1 AS p FROM generate_series(1, 100001) i', 'y', 'p', '{g}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{j}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex,sex}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', ARRAY['sex', NULL], '1')$$);
-- what is judged makes no groups: it would be unequal by definition
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex,y}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{p}', '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', score => 's', protected => '{s}', favorable => '1')$$);
SELECT * FROM try($$SELECT * FROM sustainml.train('never', 't', target => 'y', features => '{s}', protected => '{y}', holdout => 0)$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_data('t', 'y', '{y}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_regression('t', 'y', 's', '{sex,s}')$$);
-- scores and weights
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT sex, y, p, s * 10 AS s FROM t', 'y', 'p', '{sex}', '1', score => 's')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', score => 'note')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('SELECT *, -1 AS w FROM t', 'y', 'p', '{sex}', '1', weight => 'w')$$);
-- arguments that do not go together, or out of range
SELECT * FROM try($$SELECT sustainml.fairness_audit()$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', protected => '{sex}', favorable => '1')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', threshold => 0.4)$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', confidence => 1)$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', draws => -1)$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', part => 'held_out')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', reference => 'c')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', reference => '{"race": "b"}')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1', model => 'm')$$);
SELECT * FROM try($$SELECT sustainml.fairness_audit(model => 'no_such_model')$$);
-- further tables
SELECT * FROM try($$SELECT * FROM sustainml.fairness_strata('t', 'p', '{sex}', NULL)$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_strata('t', 'p', '{sex}', '{sex}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.bias_audit_ll144('t', '{sex}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_calibration('SELECT *, 2 AS q FROM t', 'y', 'q', '{sex}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_multiclass('t', 'id', 'p', '{sex}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_regression('t', 'note', 's', '{sex}')$$);
SELECT * FROM try($$SELECT * FROM sustainml.fairness_consistency('t', 'p', '{s}', max_rows => 100)$$);
SET sustainml.memory_limit = '64kB';
SELECT * FROM try($$SELECT * FROM sustainml.fairness_consistency('SELECT p, i AS a, i AS b, i AS c, i AS d, i AS e FROM t, generate_series(1, 20) i', 'p', '{a,b,c,d,e}', max_rows => 4000)$$);
RESET sustainml.memory_limit;
SELECT * FROM try($$SELECT sustainml.fairness_rate(sustainml.fairness_counts(true, true), 'tprr')$$);
SELECT * FROM try($$SELECT sustainml.fairness_fisher_p(5, 3, 1, 2)$$);
SELECT * FROM try($$SELECT * FROM sustainml.mantel_haenszel('{1}', '{2}', '{1,2}', '{3}')$$);
SELECT * FROM try($$SELECT sustainml.fairness_report(-1)$$);
SELECT * FROM try($$SELECT sustainml.fairness_report(1, 'pdf')$$);
-- states from outside
SELECT * FROM try($$SELECT 'hello'::sustainml.fairness_state$$);
SELECT * FROM try($$SELECT overlay(sustainml.fairness_counts(true, true)::text PLACING 'zzzz' FROM 45)::sustainml.fairness_state$$);
-- read-only transactions show figures, and keep none
BEGIN READ ONLY;
SELECT count(*) > 0 AS shown FROM sustainml.fairness_groups('t', 'y', 'p', '{sex}', '1');
SELECT * FROM try($$SELECT sustainml.fairness_audit('t', 'y', 'p', '{sex}', '1')$$);
COMMIT;
\x
SET client_min_messages = warning;
DROP SCHEMA fairness_errors CASCADE;
