-- Resampling: synthetic rows for small classes, fewer of large ones (src/pg/resample).

-- The argument strategy is a name or a JSON object.  As a type of its own it takes text and jsonb alike: an overload for jsonb
-- would leave calls with an untyped NULL or parameter ambiguous.

-- Availability: 0.1.0
CREATE TYPE sustainml.strategy;
CREATE FUNCTION sustainml_internal.strategy_in(cstring) RETURNS sustainml.strategy AS 'textin' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.strategy_in(cstring) IS 'Input of the type strategy: that of text';
CREATE FUNCTION sustainml_internal.strategy_out(sustainml.strategy) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.strategy_out(sustainml.strategy) IS 'Output of the type strategy: that of text';
CREATE TYPE sustainml.strategy (INPUT = sustainml_internal.strategy_in, OUTPUT = sustainml_internal.strategy_out, LIKE = pg_catalog.text);
COMMENT ON TYPE sustainml.strategy IS 'Which classes a resampling changes, and to which sizes: a name (auto, minority, not minority, all …) or a JSON object of final sizes, written as text or as jsonb';
CREATE CAST (text AS sustainml.strategy) WITHOUT FUNCTION AS IMPLICIT;
COMMENT ON CAST (text AS sustainml.strategy) IS 'A name, or a JSON object as text';
CREATE CAST (varchar AS sustainml.strategy) WITHOUT FUNCTION AS IMPLICIT;
COMMENT ON CAST (varchar AS sustainml.strategy) IS 'A name, or a JSON object as text';
CREATE CAST (jsonb AS sustainml.strategy) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (jsonb AS sustainml.strategy) IS 'A JSON object of final sizes';
CREATE CAST (json AS sustainml.strategy) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (json AS sustainml.strategy) IS 'A JSON object of final sizes';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.smote(
	row_type  anyelement,
	target    text,
	k         integer          DEFAULT 5,
	ratio     double precision DEFAULT NULL,
	strategy  sustainml.strategy DEFAULT 'auto',
	kind      text             DEFAULT 'smote',
	seed      bigint           DEFAULT 0,
	filter    text             DEFAULT NULL,
	features  text[]           DEFAULT NULL,
	exclude   text[]           DEFAULT NULL,
	keys      text             DEFAULT 'new',
	m         integer          DEFAULT NULL,
	shrinkage double precision DEFAULT 0,
	scale     text             DEFAULT 'none',
	split     jsonb            DEFAULT NULL)
	RETURNS SETOF anyelement
	AS 'MODULE_PATHNAME', 'sustainml_smote' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION sustainml.smote(anyelement, text, integer, double precision, sustainml.strategy, text, bigint, text, text[], text[], text, integer, double precision, text, jsonb) IS
'Synthetic rows for the small classes of a table or view, in its own row type, ready for INSERT … SELECT: points between a row and one of its k nearest
rows of the same class; text, boolean and enum columns by vote of the neighbours. Only the synthetic rows are returned.
kind is smote, borderline1, borderline2, adasyn or random (copies, with noise by shrinkage). strategy is auto (all classes but the largest), minority, not minority, all, or final sizes as
''{"yes": 5000}'', text or jsonb; ratio, for two classes, is the smaller one''s size divided by the larger one''s. k => NULL takes 5, or fewer where a class is smaller.
keys: new (from the sequence of a serial or identity column, else after the largest integer key, else a random uuid), null or parent; scale => ''standard'' measures distances in deviations.
split is that of train, with share and seed inside: ''{"holdout": 0.2, "seed": 0}'' by the primary key, or with "by", "time" and "from", "column". Its held-out rows are neither parents nor neighbours,
and the new keys are such that train with the same split holds out no synthetic row.
Example: INSERT INTO transactions_balanced SELECT * FROM sustainml.smote(NULL::transactions, target => ''is_fraud'', ratio => 1.0, seed => 42, split => ''{"holdout": 0.2}'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.smote_query(
	source    text,
	target    text,
	k         integer          DEFAULT 5,
	ratio     double precision DEFAULT NULL,
	strategy  sustainml.strategy DEFAULT 'auto',
	kind      text             DEFAULT 'smote',
	seed      bigint           DEFAULT 0,
	filter    text             DEFAULT NULL,
	features  text[]           DEFAULT NULL,
	exclude   text[]           DEFAULT NULL,
	keys      text             DEFAULT 'new',
	m         integer          DEFAULT NULL,
	shrinkage double precision DEFAULT 0,
	scale     text             DEFAULT 'none',
	split     jsonb            DEFAULT NULL)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_smote_query' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION sustainml.smote_query(text, text, integer, double precision, sustainml.strategy, text, bigint, text, text[], text[], text, integer, double precision, text, jsonb) IS
'The same as smote for the rows of a query (or table, or view) whose columns the caller lists. A query has no key, so every column counts unless excluded, and split must name one with "by".
Example: SELECT * FROM sustainml.smote_query(''SELECT age, sex, good_credit FROM german_credit'', ''good_credit'') AS t(age integer, sex text, good_credit integer);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.smote_lineage(
	row_type  anyelement,
	target    text,
	k         integer          DEFAULT 5,
	ratio     double precision DEFAULT NULL,
	strategy  sustainml.strategy DEFAULT 'auto',
	kind      text             DEFAULT 'smote',
	seed      bigint           DEFAULT 0,
	filter    text             DEFAULT NULL,
	features  text[]           DEFAULT NULL,
	exclude   text[]           DEFAULT NULL,
	keys      text             DEFAULT 'new',
	m         integer          DEFAULT NULL,
	shrinkage double precision DEFAULT 0,
	scale     text             DEFAULT 'none',
	split     jsonb            DEFAULT NULL,
	key       text[]           DEFAULT NULL)
	RETURNS TABLE (ordinal bigint, class text, parent jsonb, neighbour jsonb, lambda double precision, synthetic anyelement)
	AS 'MODULE_PATHNAME', 'sustainml_smote_lineage' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION sustainml.smote_lineage(anyelement, text, integer, double precision, sustainml.strategy, text, bigint, text, text[], text[], text, integer, double precision, text, jsonb, text[]) IS
'The rows of smote with the same arguments, each with where it comes from: the keys of its parent and neighbour as JSON, and how far it lies from one to the other (lambda).
For audits, and for validation that keeps a row and its synthetic children in one fold. The keys are the primary key, or the columns named in key.
Example: SELECT parent->>''id'' AS parent, lambda, (synthetic).* FROM sustainml.smote_lineage(NULL::transactions, ''is_fraud'', keys => ''null'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.resample(
	row_type  anyelement,
	target    text,
	k         integer          DEFAULT NULL,
	ratio     double precision DEFAULT NULL,
	strategy  sustainml.strategy DEFAULT 'auto',
	kind      text             DEFAULT 'smote',
	seed      bigint           DEFAULT 0,
	filter    text             DEFAULT NULL,
	features  text[]           DEFAULT NULL,
	exclude   text[]           DEFAULT NULL,
	keys      text             DEFAULT 'new',
	m         integer          DEFAULT NULL,
	shrinkage double precision DEFAULT 0,
	scale     text             DEFAULT 'none',
	split     jsonb            DEFAULT NULL)
	RETURNS SETOF anyelement
	AS 'MODULE_PATHNAME', 'sustainml_resample' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 10000;
COMMENT ON FUNCTION sustainml.resample(anyelement, text, integer, double precision, sustainml.strategy, text, bigint, text, text[], text[], text, integer, double precision, text, jsonb) IS
'The rows of a table or view after resampling: the original rows that stay, and the synthetic ones.
kind adds rows (smote, borderline1, borderline2, adasyn, random_over), leaves out rows (random or random_under, nearmiss1, nearmiss2, nearmiss3 to a size; tomek, enn what is unclear), or both (smote_tomek, smote_enn).
When rows are left out, strategy is auto (all classes but the smallest), majority, not majority, all, or final sizes.
With split (see smote) the held-out rows are left out as well: the result is the training rows, resampled.
Example: CREATE TABLE balanced AS SELECT * FROM sustainml.resample(NULL::transactions, ''is_fraud'', kind => ''smote_tomek'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.class_balance(source text, target text, filter text DEFAULT NULL)
	RETURNS TABLE (class text, rows bigint, share double precision, imbalance_ratio double precision, largest_k bigint, advice text)
	AS 'MODULE_PATHNAME', 'sustainml_class_balance' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION sustainml.class_balance(text, text, text) IS
'How many rows each class has, its share, the rows of the largest class per row of this one, the largest k for smote, and advice. Rows whose target is NULL come last.
Example: SELECT * FROM sustainml.class_balance(''transactions'', ''is_fraud'');';
