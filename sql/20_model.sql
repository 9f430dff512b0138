-- The model catalog.  Base tables are written by the extension's C code alone; users see the views.
-- Roles and columns are stored by name, so that dump and restore keep their meaning.

-- Availability: 0.1.0
CREATE SEQUENCE sustainml.model_version_id_seq;
COMMENT ON SEQUENCE sustainml.model_version_id_seq IS 'Ids of model versions';
SELECT pg_catalog.pg_extension_config_dump('sustainml.model_version_id_seq', '');

-- Availability: 0.1.0
-- The C code addresses these columns by number (src/pg/catalog.c): add new ones at the end.
CREATE TABLE sustainml.model_version (
	id             bigint           NOT NULL CONSTRAINT model_version_pkey PRIMARY KEY,
	model_schema   text             NOT NULL,
	model          text             NOT NULL,
	version        integer          NOT NULL CONSTRAINT model_version_positive CHECK (version > 0),
	owner          text             NOT NULL,
	is_active      boolean          NOT NULL,
	checksum       bigint           NOT NULL,
	threshold      double precision CONSTRAINT model_version_threshold CHECK (threshold >= 0 AND threshold <= 1),
	bytes          bytea            NOT NULL,
	algorithm      text             NOT NULL,
	task           text             NOT NULL,
	source         text             NOT NULL,
	search_path    text             NOT NULL,
	target         text             NOT NULL,
	target_type    text             NOT NULL,
	positive       text,
	favorable      text,
	protected      text[],
	features       text[]           NOT NULL,
	classes        text[],
	params         jsonb            NOT NULL,
	preprocess     jsonb            NOT NULL,
	holdout        double precision NOT NULL,
	split          jsonb            NOT NULL,
	split_key      text[],
	weight         text,
	seed           bigint           NOT NULL,
	refit          boolean          NOT NULL,
	feature_count  integer          NOT NULL,
	rows_used      bigint           NOT NULL,
	rows_skipped   bigint           NOT NULL,
	rows_held_out  bigint           NOT NULL,
	evaluation_id  text,
	metric         text,
	metric_value   double precision,
	metric_ci_low  double precision,
	metric_ci_high double precision,
	baseline_value double precision,
	metrics        jsonb,
	notes          text[]           NOT NULL,
	run_id         bigint,
	codec_version  integer          NOT NULL,
	trained_at     timestamptz      NOT NULL,
	trained_by     text             NOT NULL,
	CONSTRAINT model_version_name UNIQUE (model_schema, model, version)
);
CREATE UNIQUE INDEX model_version_one_active ON sustainml.model_version (model_schema, model) WHERE is_active;
SELECT pg_catalog.pg_extension_config_dump('sustainml.model_version', '');
REVOKE ALL ON sustainml.model_version FROM PUBLIC;
COMMENT ON TABLE sustainml.model_version IS 'One row per model version, with its bytes';
COMMENT ON COLUMN sustainml.model_version.id IS 'Key';
COMMENT ON COLUMN sustainml.model_version.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.model_version.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.model_version.version IS 'Version number, from 1';
COMMENT ON COLUMN sustainml.model_version.owner IS 'Role that owns the model, by name';
COMMENT ON COLUMN sustainml.model_version.is_active IS 'Whether the bare name means this version';
COMMENT ON COLUMN sustainml.model_version.checksum IS 'Hash of the bytes';
COMMENT ON COLUMN sustainml.model_version.threshold IS 'Probability at and above which the positive class is predicted (binary models)';
COMMENT ON COLUMN sustainml.model_version.bytes IS 'The model itself, encoder included';
COMMENT ON COLUMN sustainml.model_version.algorithm IS 'Learner';
COMMENT ON COLUMN sustainml.model_version.task IS 'regression, binary or multiclass';
COMMENT ON COLUMN sustainml.model_version.source IS 'Table, view or query it was trained on';
COMMENT ON COLUMN sustainml.model_version.search_path IS 'search_path in force at training, for retrain';
COMMENT ON COLUMN sustainml.model_version.target IS 'Column predicted';
COMMENT ON COLUMN sustainml.model_version.target_type IS 'Type of that column';
COMMENT ON COLUMN sustainml.model_version.positive IS 'Class that the probability is about (binary models)';
COMMENT ON COLUMN sustainml.model_version.favorable IS 'Outcome that people want, for fairness audits';
COMMENT ON COLUMN sustainml.model_version.protected IS 'Protected columns';
COMMENT ON COLUMN sustainml.model_version.features IS 'Feature columns';
COMMENT ON COLUMN sustainml.model_version.classes IS 'Classes in order';
COMMENT ON COLUMN sustainml.model_version.params IS 'Learner options as given';
COMMENT ON COLUMN sustainml.model_version.preprocess IS 'Preprocessing as given';
COMMENT ON COLUMN sustainml.model_version.holdout IS 'Share of rows held out';
COMMENT ON COLUMN sustainml.model_version.split IS 'Rule by which rows were held out';
COMMENT ON COLUMN sustainml.model_version.split_key IS 'Columns whose hash decides the split';
COMMENT ON COLUMN sustainml.model_version.weight IS 'Weight column';
COMMENT ON COLUMN sustainml.model_version.seed IS 'Seed of the split';
COMMENT ON COLUMN sustainml.model_version.refit IS 'Whether the model was fitted again on all rows after evaluation';
COMMENT ON COLUMN sustainml.model_version.feature_count IS 'Number of features, array elements counted';
COMMENT ON COLUMN sustainml.model_version.rows_used IS 'Training rows';
COMMENT ON COLUMN sustainml.model_version.rows_skipped IS 'Rows without target or weight, or outside both parts of the split';
COMMENT ON COLUMN sustainml.model_version.rows_held_out IS 'Rows evaluated';
COMMENT ON COLUMN sustainml.model_version.evaluation_id IS 'Equal for versions evaluated on the same rows';
COMMENT ON COLUMN sustainml.model_version.metric IS 'Metric by which versions are compared';
COMMENT ON COLUMN sustainml.model_version.metric_value IS 'Its value on the held-out rows';
COMMENT ON COLUMN sustainml.model_version.metric_ci_low IS 'Lower end of its 95 % interval';
COMMENT ON COLUMN sustainml.model_version.metric_ci_high IS 'Upper end of its 95 % interval';
COMMENT ON COLUMN sustainml.model_version.baseline_value IS 'The metric when nothing is known but the training mean or class shares';
COMMENT ON COLUMN sustainml.model_version.metrics IS 'All metrics on the held-out rows';
COMMENT ON COLUMN sustainml.model_version.notes IS 'What the training did that the user may not expect';
COMMENT ON COLUMN sustainml.model_version.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.model_version.codec_version IS 'Format of the bytes';
COMMENT ON COLUMN sustainml.model_version.trained_at IS 'When';
COMMENT ON COLUMN sustainml.model_version.trained_by IS 'By which role';

-- Availability: 0.1.0
CREATE TABLE sustainml.model_grant (
	model_schema text        NOT NULL,
	model        text        NOT NULL,
	role_name    text        NOT NULL,
	privilege    text        NOT NULL CONSTRAINT model_grant_privilege CHECK (privilege IN ('predict', 'read', 'manage')),
	granted_by   text        NOT NULL,
	granted_at   timestamptz NOT NULL,
	CONSTRAINT model_grant_pkey PRIMARY KEY (model_schema, model, role_name)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.model_grant', '');
REVOKE ALL ON sustainml.model_grant FROM PUBLIC;
COMMENT ON TABLE sustainml.model_grant IS 'Who besides the owner may use a model; one row per model and role, with the highest privilege';
COMMENT ON COLUMN sustainml.model_grant.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.model_grant.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.model_grant.role_name IS 'Role, by name; public for everybody';
COMMENT ON COLUMN sustainml.model_grant.privilege IS 'predict, read (and predict) or manage (and read)';
COMMENT ON COLUMN sustainml.model_grant.granted_by IS 'Who granted it';
COMMENT ON COLUMN sustainml.model_grant.granted_at IS 'When';

-- Availability: 0.1.0
CREATE TABLE sustainml.activation (
	model_schema text        NOT NULL,
	model        text        NOT NULL,
	version      integer     NOT NULL,
	active_from  timestamptz NOT NULL,
	active_to    timestamptz,
	activated_by text        NOT NULL,
	reason       text        NOT NULL,
	owner        text        NOT NULL
);
CREATE INDEX activation_model ON sustainml.activation (model_schema, model, active_from);
SELECT pg_catalog.pg_extension_config_dump('sustainml.activation', '');
REVOKE ALL ON sustainml.activation FROM PUBLIC;
COMMENT ON TABLE sustainml.activation IS 'Which version was active when; outlives the model';
COMMENT ON COLUMN sustainml.activation.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.activation.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.activation.version IS 'Version';
COMMENT ON COLUMN sustainml.activation.active_from IS 'From when';
COMMENT ON COLUMN sustainml.activation.active_to IS 'Until when; NULL: still';
COMMENT ON COLUMN sustainml.activation.activated_by IS 'By which role';
COMMENT ON COLUMN sustainml.activation.reason IS 'Why';
COMMENT ON COLUMN sustainml.activation.owner IS 'Owner of the model, by name';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.may(owner text, model_schema text, model text, privilege text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'sustainml_may' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.may(text, text, text, text) IS 'Whether the current user owns the thing or has the privilege on the model';
