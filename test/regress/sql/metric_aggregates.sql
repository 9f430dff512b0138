-- Metric aggregates: values against scikit-learn (test/reference/metric_values.py makes the same rows), NULLs, weights,
-- parallel plans, what they refuse.
CREATE SCHEMA metric_aggregates;
SET search_path = metric_aggregates;
SET max_parallel_workers_per_gather = 0;

CREATE TABLE pair AS
SELECT i, score, (i * i * 31 + 7 * i) % 97 < 20 + 50 * score AS label, 1 + (i % 5) / 2.0::float8 AS weight,
	i * 17 % 89 + 1.0::float8 AS y, i * 17 % 89 + 1.0::float8 + (i * 41 % 23 - 11) / 4.0::float8 AS hat
FROM (SELECT i, (i * 7919 % 101) / 128.0::float8 + 1 / 16.0::float8 AS score FROM generate_series(0, 399) i) AS made;

CREATE FUNCTION near(value float8, expected float8) RETURNS boolean
	LANGUAGE sql IMMUTABLE AS 'SELECT abs(value - expected) < 1e-12';

-- two classes, boolean label
SELECT near(sustainml.roc_auc(label, score), 0.61655708308427981) AS roc_auc,
	near(sustainml.average_precision(label, score), 0.4913541027816043) AS average_precision,
	near(sustainml.log_loss(label, score), 0.70555349172835435) AS log_loss,
	near(sustainml.brier_score(label, score), 0.25079986572265622) AS brier,
	near(sustainml.accuracy(label, score >= 0.5), 0.59750000000000003) AS accuracy,
	near(sustainml.balanced_accuracy(label, score >= 0.5), 0.59020504690870346) AS balanced_accuracy,
	near(sustainml.precision_score(label, score >= 0.5), 0.5) AS "precision",
	near(sustainml.recall_score(label, score >= 0.5), 0.55279503105590067) AS recall,
	near(sustainml.f1_score(label, score >= 0.5), 0.52507374631268433) AS f1,
	near(sustainml.mcc(label, score >= 0.5), 0.17802714717167434) AS mcc
FROM pair;

-- the same with weights, and with 0/1 labels of different number types
SELECT near(sustainml.roc_auc(label::int, score, weight), 0.60730224440926994) AS roc_auc,
	near(sustainml.average_precision(label::int::smallint, score, weight), 0.49531710184691391) AS average_precision,
	near(sustainml.log_loss(label::int::numeric, score, weight), 0.71353331106403017) AS log_loss,
	near(sustainml.brier_score(label::int::bigint, score, weight), 0.25493007659912109) AS brier,
	near(sustainml.accuracy(label::int, (score >= 0.5)::int::numeric, weight), 0.58437499999999998) AS accuracy,
	near(sustainml.balanced_accuracy(label::text, (score >= 0.5)::text, weight), 0.57911035350460649) AS balanced_accuracy,
	near(sustainml.precision_score(label::int, (score >= 0.5)::int, weight), 0.48633879781420764) AS "precision",
	near(sustainml.recall_score(label::int, (score >= 0.5)::int, weight), 0.55193798449612408) AS recall,
	near(sustainml.f1_score(label::int, (score >= 0.5)::int, weight), 0.51706608569353663) AS f1,
	near(sustainml.mcc(label::int, (score >= 0.5)::int, weight), 0.15578637105539583) AS mcc
FROM pair;

-- boolean with weights, 0/1 without: every overload is used once
SELECT near(sustainml.roc_auc(label, score, weight), 0.60730224440926994) AS roc_auc,
	near(sustainml.average_precision(label, score, weight), 0.49531710184691391) AS average_precision,
	near(sustainml.log_loss(label, score, weight), 0.71353331106403017) AS log_loss,
	near(sustainml.brier_score(label, score, weight), 0.25493007659912109) AS brier,
	near(sustainml.precision_score(label, score >= 0.5, weight), 0.48633879781420764) AS "precision",
	near(sustainml.recall_score(label, score >= 0.5, weight), 0.55193798449612408) AS recall,
	near(sustainml.f1_score(label, score >= 0.5, weight), 0.51706608569353663) AS f1
FROM pair;
SELECT near(sustainml.roc_auc(label::int, score), 0.61655708308427981) AS roc_auc,
	near(sustainml.average_precision(label::int, score), 0.4913541027816043) AS average_precision,
	near(sustainml.log_loss(label::int, score), 0.70555349172835435) AS log_loss,
	near(sustainml.brier_score(label::int, score), 0.25079986572265622) AS brier,
	near(sustainml.precision_score(label::int, (score >= 0.5)::int), 0.5) AS "precision",
	near(sustainml.recall_score(label::int, (score >= 0.5)::int), 0.55279503105590067) AS recall,
	near(sustainml.f1_score(label::int, (score >= 0.5)::int), 0.52507374631268433) AS f1
FROM pair;

-- regression
SELECT near(sustainml.r2(y, hat), 0.99585088607403005) AS r2, near(sustainml.rmse(y, hat), 1.6583595056561167) AS rmse,
	near(sustainml.mae(y, hat), 1.434375) AS mae, near(sustainml.mape(y, hat), 0.085614391290230393) AS mape,
	near(sustainml.explained_variance(y, hat), 0.99585089137799365) AS explained_variance
FROM pair;
SELECT near(sustainml.r2(y, hat, weight), 0.99577478068440084) AS r2, near(sustainml.rmse(y, hat, weight), 1.6593367462633979) AS rmse,
	near(sustainml.mae(y, hat, weight), 1.4354687500000001) AS mae, near(sustainml.mape(y, hat, weight), 0.084425266163164675) AS mape,
	near(sustainml.explained_variance(y, hat, weight), 0.99577478701590583) AS explained_variance
FROM pair;

-- several at once share nothing that could disturb them; groups and FILTER work
SELECT i % 2 AS half, near(sustainml.roc_auc(label, score), sustainml.roc_auc(label, score, 3)) AS weight_of_3,
	sustainml.rmse(y, hat) FILTER (WHERE i < 0) AS none
FROM pair GROUP BY 1 ORDER BY 1;

-- a row with a NULL in any argument is skipped; a weight of 0 too
SELECT near(sustainml.roc_auc(label, score, weight), 0.60730224440926994) AS roc_auc,
	near(sustainml.mcc(label::text, CASE WHEN score IS NOT NULL THEN (score >= 0.5)::text END, weight), 0.15578637105539583) AS mcc,
	near(sustainml.rmse(y, hat, weight), 1.6593367462633979) AS rmse
FROM (TABLE pair UNION ALL
	VALUES (1, NULL::float8, true, 1::float8, NULL::float8, 1::float8), (2, 0.5, NULL, 1, 1, NULL),
		(3, 0.5, true, NULL, 1, 1), (4, 0.5, true, 0, 1, 100)) AS holes
WHERE label IS NOT NULL OR i = 2;

-- nothing to say: NULL
SELECT sustainml.roc_auc(true, 0.5) AS one_class, sustainml.roc_auc(true, 0.5) FILTER (WHERE false) AS no_rows,
	sustainml.precision_score(true, false) AS none_predicted, sustainml.mcc('a'::text, 'a'::text) AS constant,
	sustainml.r2(1, 2) AS one_row, sustainml.mape(0, 2) AS zero, sustainml.accuracy(1, NULL) AS nulls, sustainml.f1_score(0, 0) AS f1,
	sustainml.log_loss(true, 0.5) FILTER (WHERE false) AS no_loss, sustainml.balanced_accuracy(1, 1) FILTER (WHERE false) AS no_labels;

-- equal values of one type are equal labels, however they are written
SELECT sustainml.accuracy(1.10::numeric, 1.1::numeric) AS numeric_scale, sustainml.accuracy('-0'::float8, 0::float8) AS minus_zero,
	sustainml.accuracy('a '::char(3), 'a'::char(3)) AS blanks, sustainml.balanced_accuracy(2::int, 2.0::float8) AS types,
	sustainml.accuracy('NaN'::float8, 'NaN'::float8) AS nan;

-- scikit-learn: matthews_corrcoef, balanced_accuracy_score on three labels
SELECT near(sustainml.mcc(a, b), 0.4523809523809524) AS mcc, near(sustainml.balanced_accuracy(a, b), 0.6666666666666666) AS balanced
FROM (VALUES ('x', 'x'), ('x', 'y'), ('y', 'y'), ('y', 'y'), ('z', 'x'), ('z', 'z'), ('x', 'z'), ('z', 'z')) AS v(a, b);

-- a parallel plan gives the same
CREATE TABLE large AS SELECT p.* FROM pair p, generate_series(1, 100);
ANALYZE large;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT sustainml.roc_auc(label, score, weight), sustainml.mcc(label, score >= 0.5), sustainml.r2(y, hat) FROM large;
SELECT near(sustainml.roc_auc(label, score), 0.61655708308427981) AS roc_auc,
	near(sustainml.roc_auc(label, score, weight), 0.60730224440926994) AS weighted,
	near(sustainml.average_precision(label, score, weight), 0.49531710184691391) AS average_precision,
	near(sustainml.mcc(label, score >= 0.5, weight), 0.15578637105539583) AS mcc,
	near(sustainml.balanced_accuracy(label, score >= 0.5), 0.59020504690870346) AS balanced_accuracy,
	near(sustainml.f1_score(label, score >= 0.5), 0.52507374631268433) AS f1,
	near(sustainml.log_loss(label, score, weight), 0.71353331106403017) AS log_loss,
	near(sustainml.r2(y, hat, weight), 0.99577478068440084) AS r2
FROM large;
-- a worker without rows, and groups that only some workers see
SELECT count(*) AS groups, sum(near(a, b)::int) AS equal
FROM (SELECT i % 40 AS part, sustainml.roc_auc(label, score) AS a FROM large GROUP BY 1) AS parallel
JOIN (SELECT i % 40 AS part, sustainml.roc_auc(label, score) AS b FROM pair GROUP BY 1) AS serial USING (part);
SELECT sustainml.roc_auc(label, score) FROM large WHERE i < 0;
RESET max_parallel_workers_per_gather;

-- as a window: the running figure ends at the whole one
SELECT near(last, 0.61655708308427981) AS last
FROM (SELECT i, sustainml.roc_auc(label, score) OVER (ORDER BY i) AS last FROM pair) AS running WHERE i = 399;

-- what is refused
CREATE FUNCTION refusal(query text) RETURNS TABLE (code text, message text, detail text, hint text)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	message := 'accepted';
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END $$;
\x on
SELECT * FROM refusal('SELECT sustainml.roc_auc(2, 0.5)');
SELECT * FROM refusal('SELECT sustainml.roc_auc(''NaN''::float8, 0.5)');
SELECT * FROM refusal('SELECT sustainml.roc_auc(true, ''NaN'')');
SELECT * FROM refusal('SELECT sustainml.f1_score(1, 0.7)');
SELECT * FROM refusal('SELECT sustainml.log_loss(true, 1.5)');
SELECT * FROM refusal('SELECT sustainml.brier_score(1, -0.1)');
SELECT * FROM refusal('SELECT sustainml.rmse(1, 2, -1)');
SELECT * FROM refusal('SELECT sustainml.roc_auc(true, 1, -1)');
SELECT * FROM refusal('SELECT sustainml.mcc(1, 1, ''Infinity'')');
SELECT * FROM refusal('SELECT sustainml.accuracy(point ''(1,1)'', point ''(1,1)'')');
SET sustainml.memory_limit = '64kB';
SELECT * FROM refusal('SELECT sustainml.roc_auc(i % 2 = 0, i) FROM generate_series(1, 10000) i');
SELECT * FROM refusal('SELECT sustainml.mcc(i, i) FROM generate_series(1, 10000) i');
RESET sustainml.memory_limit;
\x off

-- users call the aggregates, not the functions behind them
CREATE ROLE metric_user;
GRANT USAGE ON SCHEMA metric_aggregates TO metric_user;
GRANT SELECT ON pair TO metric_user;
SET ROLE metric_user;
SELECT near(sustainml.roc_auc(label, score), 0.61655708308427981) AS allowed FROM pair;
SELECT sustainml_internal.mean_final('{1,1,1,1,1,1,1}');
RESET ROLE;
SELECT sustainml_internal.mean_final('{1,1,1,1,1,1,1}');
SELECT count(*) AS public_functions FROM pg_catalog.pg_proc
WHERE pronamespace = 'sustainml_internal'::regnamespace AND proname ~ '^(ranked|labels|errors|tally|mean|log_loss|brier|accuracy)_'
	AND pg_catalog.has_function_privilege('metric_user', oid, 'EXECUTE');

SET client_min_messages = warning;
DROP SCHEMA metric_aggregates CASCADE;
DROP ROLE metric_user;
