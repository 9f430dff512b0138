-- Training (src/pg/train).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.train(
	model      text,
	source     text,
	target     text             DEFAULT NULL,
	algorithm  text             DEFAULT 'auto',
	task       text             DEFAULT 'auto',
	positive   text             DEFAULT NULL,
	favorable  text             DEFAULT NULL,
	features   text[]           DEFAULT NULL,
	exclude    text[]           DEFAULT NULL,
	params     jsonb            DEFAULT '{}',
	preprocess jsonb            DEFAULT '{}',
	holdout    double precision DEFAULT 0.2,
	split      jsonb            DEFAULT '{}',
	protected  text[]           DEFAULT NULL,
	weight     text             DEFAULT NULL,
	seed       bigint           DEFAULT 0,
	refit      boolean          DEFAULT false,
	group_by   text[]           DEFAULT NULL,
	budget     jsonb            DEFAULT NULL,
	activate   text             DEFAULT 'always',
	metric     text             DEFAULT NULL,
	min_gain   double precision DEFAULT NULL,
	OUT model text, OUT version integer, OUT ref text, OUT algorithm text, OUT task text, OUT positive text, OUT classes text[],
	OUT rows_used bigint, OUT rows_skipped bigint, OUT rows_held_out bigint, OUT metrics jsonb, OUT fairness jsonb,
	OUT model_bytes bigint, OUT seconds double precision, OUT cpu_seconds double precision,
	OUT energy_joules double precision, OUT energy_method text, OUT co2e_grams double precision,
	OUT active boolean, OUT activation_reason text, OUT notes text[])
	RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_train' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.train(text, text, text, text, text, text, text, text[], text[], jsonb, jsonb, double precision, jsonb, text[], text, bigint, boolean, text[], jsonb, text, text, double precision) IS
'Trains the next version of a model on a table, view or query, evaluates it on held-out rows and logs its energy.
split says which rows are held out: {} a share (holdout) by the hash of the primary key, {"by": "customer_id"} of other columns (rows where they are all NULL stay together), {"time": "month", "gap": "7 days"} the last
ones, with "from" those from a given time on, {"column": "is_test"} marked ones, {"source": "orders_test"} another table. "holdout" and "seed" inside it go before the arguments, so that one value serves smote and train.
Call it in FROM: (train(…)).* would train once per column.
Example: SELECT * FROM sustainml.train(''income'', ''adult_train'', target => ''income_gt_50k'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.retrain(
	model    text,
	source   text             DEFAULT NULL,
	params   jsonb            DEFAULT NULL,
	holdout  double precision DEFAULT NULL,
	seed     bigint           DEFAULT NULL,
	activate text             DEFAULT 'if_better',
	metric   text             DEFAULT NULL,
	min_gain double precision DEFAULT NULL,
	refit    boolean          DEFAULT NULL,
	OUT model text, OUT version integer, OUT ref text, OUT algorithm text, OUT task text, OUT positive text, OUT classes text[],
	OUT rows_used bigint, OUT rows_skipped bigint, OUT rows_held_out bigint, OUT metrics jsonb, OUT fairness jsonb,
	OUT model_bytes bigint, OUT seconds double precision, OUT cpu_seconds double precision,
	OUT energy_joules double precision, OUT energy_method text, OUT co2e_grams double precision,
	OUT active boolean, OUT activation_reason text, OUT notes text[])
	RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_retrain' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.retrain(text, text, jsonb, double precision, bigint, text, text, double precision, boolean) IS
'Trains a model again as it was trained before: the stored source, search path, features and params, overrides by name.
The new version becomes active only when it is better on held-out rows, unless activate says otherwise.
Example: SELECT version, active, activation_reason FROM sustainml.retrain(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.held_out(seed bigint, share double precision, VARIADIC key "any") RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_held_out' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml.held_out(bigint, double precision, "any") IS
'Whether the row with this key is held out: the rule by which train splits, the same on every server.
Example: SELECT * FROM adult_train WHERE NOT sustainml.held_out(0, 0.2, id);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.row_hash(VARIADIC columns "any") RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_row_hash' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION sustainml_internal.row_hash("any") IS 'The canonical 64-bit hash of a row''s columns';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.progress(OUT pid integer, OUT role_name text, OUT model text, OUT phase text, OUT running interval, OUT kind text, OUT source text)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT a.pid, a.usename::text,
	       substring(a.query FROM '^sustainml train (.*?): '),
	       CASE WHEN a.query LIKE 'sustainml train %' THEN substring(a.query FROM '^sustainml train .*?: (.*)$')
	            ELSE substring(a.query FROM ': ([^:]*)$') END,
	       clock_timestamp() - a.xact_start,
	       substring(a.query FROM '^sustainml ([a-z_]+) '),
	       CASE WHEN a.query NOT LIKE 'sustainml train %' THEN substring(a.query FROM '^sustainml [a-z_]+ (.*): [^:]*$') END
	  FROM pg_stat_activity a
	 WHERE a.query ~ '^sustainml (train|smote|smote_query|smote_lineage|resample|encrypt|rotate) .*: ' AND a.state = 'active'
	$$;
COMMENT ON FUNCTION sustainml.progress() IS
'Trainings, resamplings, and encryptions and rotations of columns in batches that run now in this server, as far as the caller may see other sessions: kind is train, the function that
resamples, encrypt or rotate; a training names its model, the others their source or table; phase has the iteration and loss, or the share done; running counts from the start of the transaction.
Example: SELECT * FROM sustainml.progress();';
