cho Use "CREATE EXTENSION sustainml CASCADE" to load this file. \quit
-- The two schemas.  Users call sustainml; sustainml_internal holds what they do
-- not call by hand, so that \df sustainml.* reads well.  They are created here and
-- not by the control file, so that DROP EXTENSION removes them.

-- Availability: 0.1.0
CREATE SCHEMA sustainml;
COMMENT ON SCHEMA sustainml IS 'Sustainable machine learning in the database: train, score, evaluate, with the energy of every run';
GRANT USAGE ON SCHEMA sustainml TO PUBLIC;

-- Availability: 0.1.0
CREATE SCHEMA sustainml_internal;
COMMENT ON SCHEMA sustainml_internal IS 'Helpers of the extension sustainml; not for calls by hand';
GRANT USAGE ON SCHEMA sustainml_internal TO PUBLIC;
-- The fold: training as an aggregate over rows (src/pg/state.c, src/pg/cells.c).

-- Availability: 0.1.0
CREATE TYPE sustainml.state;

CREATE FUNCTION sustainml_internal.state_in(cstring) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_state_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_in(cstring) IS 'Reads a training state from base64; every length and checksum is checked';
CREATE FUNCTION sustainml_internal.state_out(sustainml.state) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_state_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_out(sustainml.state) IS 'Writes a training state as base64';
CREATE FUNCTION sustainml_internal.state_recv(internal) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_state_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_recv(internal) IS 'Reads a training state from its binary form';
CREATE FUNCTION sustainml_internal.state_send(sustainml.state) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_state_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.state_send(sustainml.state) IS 'Writes a training state in binary form';

CREATE TYPE sustainml.state (
	INPUT = sustainml_internal.state_in,
	OUTPUT = sustainml_internal.state_out,
	RECEIVE = sustainml_internal.state_recv,
	SEND = sustainml_internal.state_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE sustainml.state IS 'The state of a training pass: mergeable sums, never rows';

-- Availability: 0.1.0
CREATE TYPE sustainml_internal.cells;

CREATE FUNCTION sustainml_internal.cells_in(cstring) RETURNS sustainml_internal.cells
	AS 'MODULE_PATHNAME', 'sustainml_cells_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.cells_in(cstring) IS 'Always an error: cells exist only inside a training pass';
CREATE FUNCTION sustainml_internal.cells_out(sustainml_internal.cells) RETURNS cstring
	AS 'MODULE_PATHNAME', 'sustainml_cells_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.cells_out(sustainml_internal.cells) IS 'Always an error: cells exist only inside a training pass';

CREATE TYPE sustainml_internal.cells (
	INPUT = sustainml_internal.cells_in,
	OUTPUT = sustainml_internal.cells_out,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = plain
);
COMMENT ON TYPE sustainml_internal.cells IS 'The columns of one row, converted under a training plan';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.cells(plan bytea, VARIADIC columns "any") RETURNS sustainml_internal.cells
	AS 'MODULE_PATHNAME', 'sustainml_cells' LANGUAGE C STABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION sustainml_internal.cells(bytea, "any") IS 'Packs the columns of a row for a training pass; the plan must be a constant';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fold_step(state sustainml.state, plan bytea, cells sustainml_internal.cells) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_fold_step' LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION sustainml_internal.fold_step(sustainml.state, bytea, sustainml_internal.cells) IS 'Transition function of sustainml_internal.fold';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fold_step(sustainml.state, bytea, sustainml_internal.cells) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fold_merge(a sustainml.state, b sustainml.state) RETURNS sustainml.state
	AS 'MODULE_PATHNAME', 'sustainml_fold_merge' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml_internal.fold_merge(sustainml.state, sustainml.state) IS 'Combine function of sustainml_internal.fold';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fold_merge(sustainml.state, sustainml.state) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml_internal.fold(plan bytea, cells sustainml_internal.cells) (
	SFUNC = sustainml_internal.fold_step,
	STYPE = sustainml.state,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.fold_merge,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml_internal.fold(bytea, sustainml_internal.cells) IS 'One pass of training over rows, as a state that merges';
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
-- The run log and the factors behind joules and grams.

-- Availability: 0.1.0
CREATE SEQUENCE sustainml.run_id_seq;
COMMENT ON SEQUENCE sustainml.run_id_seq IS 'Ids of runs';
SELECT pg_catalog.pg_extension_config_dump('sustainml.run_id_seq', '');

-- Availability: 0.1.0
CREATE TABLE sustainml.run (
	run_id                  bigint           NOT NULL DEFAULT pg_catalog.nextval('sustainml.run_id_seq') CONSTRAINT run_pkey PRIMARY KEY,
	started_at              timestamptz      NOT NULL,
	kind                    text             NOT NULL,
	model_schema            text,
	model                   text,
	version                 integer,
	role_name               text             NOT NULL,
	rows                    bigint           CONSTRAINT run_rows CHECK (rows >= 0),
	seconds                 double precision CONSTRAINT run_seconds CHECK (seconds >= 0),
	cpu_seconds             double precision CONSTRAINT run_cpu_seconds CHECK (cpu_seconds >= 0),
	energy_joules           double precision CONSTRAINT run_energy_joules CHECK (energy_joules >= 0),
	energy_low_joules       double precision CONSTRAINT run_energy_low_joules CHECK (energy_low_joules >= 0),
	energy_high_joules      double precision CONSTRAINT run_energy_high_joules CHECK (energy_high_joules >= 0),
	energy_exclusive_joules double precision CONSTRAINT run_energy_exclusive_joules CHECK (energy_exclusive_joules >= 0),
	energy_dynamic_joules   double precision,
	energy_idle_joules      double precision,
	energy_method           text,
	boundary                text,
	co2e_grams              double precision CONSTRAINT run_co2e_grams CHECK (co2e_grams >= 0),
	co2e_low_grams          double precision,
	co2e_high_grams         double precision,
	intensity_g_kwh         double precision,
	intensity_source        text,
	pue                     double precision,
	status                  text             NOT NULL CONSTRAINT run_status CHECK (status IN ('ok', 'failed', 'cancelled', 'stopped_budget'))
);
CREATE INDEX run_model ON sustainml.run (model_schema, model, version);
SELECT pg_catalog.pg_extension_config_dump('sustainml.run', '');
REVOKE ALL ON sustainml.run FROM PUBLIC;
COMMENT ON TABLE sustainml.run IS 'One row per metered run';
COMMENT ON COLUMN sustainml.run.run_id IS 'Key';
COMMENT ON COLUMN sustainml.run.started_at IS 'When it began';
COMMENT ON COLUMN sustainml.run.kind IS 'train, score, evaluate';
COMMENT ON COLUMN sustainml.run.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.run.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.run.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.run.role_name IS 'Who ran it';
COMMENT ON COLUMN sustainml.run.rows IS 'Rows worked on';
COMMENT ON COLUMN sustainml.run.seconds IS 'Elapsed time, seconds';
COMMENT ON COLUMN sustainml.run.cpu_seconds IS 'CPU time of the backend and its parallel workers, seconds';
COMMENT ON COLUMN sustainml.run.energy_joules IS 'Energy, joules; NULL: unknown';
COMMENT ON COLUMN sustainml.run.energy_low_joules IS 'Lower bound (about 90 %)';
COMMENT ON COLUMN sustainml.run.energy_high_joules IS 'Upper bound (about 90 %)';
COMMENT ON COLUMN sustainml.run.energy_exclusive_joules IS 'Energy without that of runs inside this one';
COMMENT ON COLUMN sustainml.run.energy_dynamic_joules IS 'Part caused by the work';
COMMENT ON COLUMN sustainml.run.energy_idle_joules IS 'Part of the machine''s idle floor for the time the threads were used';
COMMENT ON COLUMN sustainml.run.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_default, …';
COMMENT ON COLUMN sustainml.run.boundary IS 'What the energy includes: package+dram, server_wall, …';
COMMENT ON COLUMN sustainml.run.co2e_grams IS 'Carbon, grams of CO2 equivalent; NULL: unknown';
COMMENT ON COLUMN sustainml.run.co2e_low_grams IS 'Lower bound';
COMMENT ON COLUMN sustainml.run.co2e_high_grams IS 'Upper bound';
COMMENT ON COLUMN sustainml.run.intensity_g_kwh IS 'Carbon intensity used, g CO2e per kWh';
COMMENT ON COLUMN sustainml.run.intensity_source IS 'Where the intensity comes from';
COMMENT ON COLUMN sustainml.run.pue IS 'Power usage effectiveness applied to carbon';
COMMENT ON COLUMN sustainml.run.status IS 'ok, failed, cancelled or stopped_budget';

-- Availability: 0.1.0
CREATE TABLE sustainml.grid_intensity (
	zone      text             NOT NULL,
	iso2      text,
	name      text             NOT NULL,
	g_per_kwh double precision NOT NULL CONSTRAINT grid_intensity_positive CHECK (g_per_kwh > 0),
	method    text             NOT NULL,
	scope     text             NOT NULL,
	year      integer          NOT NULL,
	source    text             NOT NULL,
	shipped   boolean          NOT NULL DEFAULT false,
	CONSTRAINT grid_intensity_pkey PRIMARY KEY (zone, source, year)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.grid_intensity', 'WHERE NOT shipped');
GRANT SELECT ON sustainml.grid_intensity TO PUBLIC;
COMMENT ON TABLE sustainml.grid_intensity IS 'Carbon intensity of electricity by country; rows added by an administrator take precedence over shipped ones';
COMMENT ON COLUMN sustainml.grid_intensity.zone IS 'Three-letter country code, or a name of one''s own';
COMMENT ON COLUMN sustainml.grid_intensity.iso2 IS 'Two-letter country code';
COMMENT ON COLUMN sustainml.grid_intensity.name IS 'Country or zone';
COMMENT ON COLUMN sustainml.grid_intensity.g_per_kwh IS 'g CO2e per kWh';
COMMENT ON COLUMN sustainml.grid_intensity.method IS 'average or marginal';
COMMENT ON COLUMN sustainml.grid_intensity.scope IS 'lifecycle or direct';
COMMENT ON COLUMN sustainml.grid_intensity.year IS 'Year that the factor describes';
COMMENT ON COLUMN sustainml.grid_intensity.source IS 'Origin of the figure';
COMMENT ON COLUMN sustainml.grid_intensity.shipped IS 'Whether the row came with the extension';
-- Carbon intensity of electricity by country: annual averages, life cycle.
-- Source: Ember, yearly electricity data, as republished in co2.js; licence CC BY-SA 4.0, which applies to these rows.
INSERT INTO sustainml.grid_intensity (zone, iso2, name, g_per_kwh, method, scope, year, source, shipped) VALUES
	('AFG', 'AF', 'Afghanistan', 123.71, 'average', 'lifecycle', 2023, 'Ember', true),
	('ALB', 'AL', 'Albania', 24.42, 'average', 'lifecycle', 2023, 'Ember', true),
	('DZA', 'DZ', 'Algeria', 633.65, 'average', 'lifecycle', 2023, 'Ember', true),
	('ASM', 'AS', 'American Samoa', 647.06, 'average', 'lifecycle', 2023, 'Ember', true),
	('AGO', 'AO', 'Angola', 167.22, 'average', 'lifecycle', 2023, 'Ember', true),
	('ATG', 'AG', 'Antigua and Barbuda', 611.11, 'average', 'lifecycle', 2023, 'Ember', true),
	('ARG', 'AR', 'Argentina', 344.83, 'average', 'lifecycle', 2024, 'Ember', true),
	('ARM', 'AM', 'Armenia', 243.52, 'average', 'lifecycle', 2024, 'Ember', true),
	('ABW', 'AW', 'Aruba', 550, 'average', 'lifecycle', 2022, 'Ember', true),
	('AUS', 'AU', 'Australia', 553.76, 'average', 'lifecycle', 2024, 'Ember', true),
	('AUT', 'AT', 'Austria', 102.62, 'average', 'lifecycle', 2024, 'Ember', true),
	('AZE', 'AZ', 'Azerbaijan', 632.89, 'average', 'lifecycle', 2024, 'Ember', true),
	('BHS', 'BS', 'Bahamas', 653.66, 'average', 'lifecycle', 2022, 'Ember', true),
	('BHR', 'BH', 'Bahrain', 902.41, 'average', 'lifecycle', 2023, 'Ember', true),
	('BGD', 'BD', 'Bangladesh', 694.63, 'average', 'lifecycle', 2024, 'Ember', true),
	('BRB', 'BB', 'Barbados', 600, 'average', 'lifecycle', 2023, 'Ember', true),
	('BLR', 'BY', 'Belarus', 323.63, 'average', 'lifecycle', 2024, 'Ember', true),
	('BEL', 'BE', 'Belgium', 117.58, 'average', 'lifecycle', 2024, 'Ember', true),
	('BLZ', 'BZ', 'Belize', 155.56, 'average', 'lifecycle', 2023, 'Ember', true),
	('BEN', 'BJ', 'Benin', 590, 'average', 'lifecycle', 2023, 'Ember', true),
	('BTN', 'BT', 'Bhutan', 24.19, 'average', 'lifecycle', 2023, 'Ember', true),
	('BOL', 'BO', 'Bolivia', 468.02, 'average', 'lifecycle', 2024, 'Ember', true),
	('BIH', 'BA', 'Bosnia Herzegovina', 638.05, 'average', 'lifecycle', 2024, 'Ember', true),
	('BWA', 'BW', 'Botswana', 849.42, 'average', 'lifecycle', 2023, 'Ember', true),
	('BRA', 'BR', 'Brazil', 106.06, 'average', 'lifecycle', 2024, 'Ember', true),
	('BRN', 'BN', 'Brunei Darussalam', 892.67, 'average', 'lifecycle', 2023, 'Ember', true),
	('BGR', 'BG', 'Bulgaria', 264.21, 'average', 'lifecycle', 2024, 'Ember', true),
	('BFA', 'BF', 'Burkina Faso', 554.91, 'average', 'lifecycle', 2023, 'Ember', true),
	('BDI', 'BI', 'Burundi', 230.77, 'average', 'lifecycle', 2023, 'Ember', true),
	('CPV', 'CV', 'Cabo Verde', 480, 'average', 'lifecycle', 2022, 'Ember', true),
	('KHM', 'KH', 'Cambodia', 497.46, 'average', 'lifecycle', 2024, 'Ember', true),
	('CMR', 'CM', 'Cameroon', 285.71, 'average', 'lifecycle', 2023, 'Ember', true),
	('CAN', 'CA', 'Canada', 184.99, 'average', 'lifecycle', 2024, 'Ember', true),
	('CYM', 'KY', 'Cayman Islands', 642.86, 'average', 'lifecycle', 2023, 'Ember', true),
	('TCD', 'TD', 'Chad', 615.39, 'average', 'lifecycle', 2022, 'Ember', true),
	('CHL', 'CL', 'Chile', 265.52, 'average', 'lifecycle', 2024, 'Ember', true),
	('CHN', 'CN', 'China', 557.5, 'average', 'lifecycle', 2024, 'Ember', true),
	('COL', 'CO', 'Colombia', 285.8, 'average', 'lifecycle', 2024, 'Ember', true),
	('COM', 'KM', 'Comoros', 642.86, 'average', 'lifecycle', 2023, 'Ember', true),
	('COG', 'CG', 'Congo', 713.73, 'average', 'lifecycle', 2023, 'Ember', true),
	('COD', 'CD', 'Congo (DRC)', 27.04, 'average', 'lifecycle', 2023, 'Ember', true),
	('COK', 'CK', 'Cook Islands (the)', 250, 'average', 'lifecycle', 2022, 'Ember', true),
	('CRI', 'CR', 'Costa Rica', 63.01, 'average', 'lifecycle', 2024, 'Ember', true),
	('CIV', 'CI', 'Cote d''Ivoire', 393.53, 'average', 'lifecycle', 2023, 'Ember', true),
	('HRV', 'HR', 'Croatia', 174.48, 'average', 'lifecycle', 2024, 'Ember', true),
	('CUB', 'CU', 'Cuba', 638.98, 'average', 'lifecycle', 2023, 'Ember', true),
	('CYP', 'CY', 'Cyprus', 512.24, 'average', 'lifecycle', 2024, 'Ember', true),
	('CZE', 'CZ', 'Czechia', 413.86, 'average', 'lifecycle', 2024, 'Ember', true),
	('DNK', 'DK', 'Denmark', 143.3, 'average', 'lifecycle', 2024, 'Ember', true),
	('DJI', 'DJ', 'Djibouti', 450, 'average', 'lifecycle', 2023, 'Ember', true),
	('DMA', 'DM', 'Dominica', 600, 'average', 'lifecycle', 2023, 'Ember', true),
	('DOM', 'DO', 'Dominican Republic', 565.97, 'average', 'lifecycle', 2024, 'Ember', true),
	('ECU', 'EC', 'Ecuador', 209.7, 'average', 'lifecycle', 2024, 'Ember', true),
	('EGY', 'EG', 'Egypt', 574.5, 'average', 'lifecycle', 2024, 'Ember', true),
	('SLV', 'SV', 'El Salvador', 99.29, 'average', 'lifecycle', 2024, 'Ember', true),
	('GNQ', 'GQ', 'Equatorial Guinea', 605.1, 'average', 'lifecycle', 2023, 'Ember', true),
	('ERI', 'ER', 'Eritrea', 590.91, 'average', 'lifecycle', 2023, 'Ember', true),
	('EST', 'EE', 'Estonia', 341.02, 'average', 'lifecycle', 2024, 'Ember', true),
	('SWZ', 'SZ', 'Eswatini', 142.86, 'average', 'lifecycle', 2023, 'Ember', true),
	('ETH', 'ET', 'Ethiopia', 23.55, 'average', 'lifecycle', 2023, 'Ember', true),
	('FLK', 'FK', 'Falkland Islands [Malvinas]', 1000, 'average', 'lifecycle', 2022, 'Ember', true),
	('FRO', 'FO', 'Faroe Islands', 354.17, 'average', 'lifecycle', 2022, 'Ember', true),
	('FJI', 'FJ', 'Fiji', 278.26, 'average', 'lifecycle', 2023, 'Ember', true),
	('FIN', 'FI', 'Finland', 72.25, 'average', 'lifecycle', 2024, 'Ember', true),
	('FRA', 'FR', 'France', 44.18, 'average', 'lifecycle', 2024, 'Ember', true),
	('GUF', 'GF', 'French Guiana', 204.08, 'average', 'lifecycle', 2022, 'Ember', true),
	('PYF', 'PF', 'French Polynesia', 436.62, 'average', 'lifecycle', 2022, 'Ember', true),
	('GAB', 'GA', 'Gabon', 429.47, 'average', 'lifecycle', 2023, 'Ember', true),
	('GMB', 'GM', 'Gambia', 666.67, 'average', 'lifecycle', 2023, 'Ember', true),
	('GEO', 'GE', 'Georgia', 143.06, 'average', 'lifecycle', 2024, 'Ember', true),
	('DEU', 'DE', 'Germany', 342.06, 'average', 'lifecycle', 2024, 'Ember', true),
	('GHA', 'GH', 'Ghana', 452.86, 'average', 'lifecycle', 2023, 'Ember', true),
	('GRC', 'GR', 'Greece', 319.76, 'average', 'lifecycle', 2024, 'Ember', true),
	('GRL', 'GL', 'Greenland', 111.11, 'average', 'lifecycle', 2022, 'Ember', true),
	('GRD', 'GD', 'Grenada', 666.67, 'average', 'lifecycle', 2022, 'Ember', true),
	('GLP', 'GP', 'Guadeloupe', 493.9, 'average', 'lifecycle', 2022, 'Ember', true),
	('GUM', 'GU', 'Guam', 611.11, 'average', 'lifecycle', 2022, 'Ember', true),
	('GTM', 'GT', 'Guatemala', 272.66, 'average', 'lifecycle', 2023, 'Ember', true),
	('GIN', 'GN', 'Guinea', 182.72, 'average', 'lifecycle', 2023, 'Ember', true),
	('GNB', 'GW', 'Guinea-Bissau', 625, 'average', 'lifecycle', 2022, 'Ember', true),
	('GUY', 'GY', 'Guyana', 634.33, 'average', 'lifecycle', 2023, 'Ember', true),
	('HTI', 'HT', 'Haiti', 534.65, 'average', 'lifecycle', 2022, 'Ember', true),
	('HND', 'HN', 'Honduras', 289.5, 'average', 'lifecycle', 2023, 'Ember', true),
	('HKG', 'HK', 'Hong Kong (SAR of China)', 681.99, 'average', 'lifecycle', 2023, 'Ember', true),
	('HUN', 'HU', 'Hungary', 182.82, 'average', 'lifecycle', 2024, 'Ember', true),
	('ISL', 'IS', 'Iceland', 28.33, 'average', 'lifecycle', 2023, 'Ember', true),
	('IND', 'IN', 'India', 708.96, 'average', 'lifecycle', 2024, 'Ember', true),
	('IDN', 'ID', 'Indonesia', 682.43, 'average', 'lifecycle', 2023, 'Ember', true),
	('IRN', 'IR', 'Iran', 648.68, 'average', 'lifecycle', 2024, 'Ember', true),
	('IRQ', 'IQ', 'Iraq', 689.4, 'average', 'lifecycle', 2023, 'Ember', true),
	('IRL', 'IE', 'Ireland', 279.79, 'average', 'lifecycle', 2024, 'Ember', true),
	('ISR', 'IL', 'Israel', 567.26, 'average', 'lifecycle', 2023, 'Ember', true),
	('ITA', 'IT', 'Italy', 287.75, 'average', 'lifecycle', 2024, 'Ember', true),
	('JAM', 'JM', 'Jamaica', 561.25, 'average', 'lifecycle', 2022, 'Ember', true),
	('JPN', 'JP', 'Japan', 483.73, 'average', 'lifecycle', 2024, 'Ember', true),
	('JOR', 'JO', 'Jordan', 539.21, 'average', 'lifecycle', 2022, 'Ember', true),
	('KAZ', 'KZ', 'Kazakhstan', 801.79, 'average', 'lifecycle', 2024, 'Ember', true),
	('KEN', 'KE', 'Kenya', 84.83, 'average', 'lifecycle', 2024, 'Ember', true),
	('KIR', 'KI', 'Kiribati', 500, 'average', 'lifecycle', 2022, 'Ember', true),
	('XKX', 'XK', 'Kosovo', 958.72, 'average', 'lifecycle', 2024, 'Ember', true),
	('KWT', 'KW', 'Kuwait', 637.24, 'average', 'lifecycle', 2024, 'Ember', true),
	('KGZ', 'KG', 'Kyrgyzstan', 152.65, 'average', 'lifecycle', 2024, 'Ember', true),
	('LAO', 'LA', 'Lao', 232.12, 'average', 'lifecycle', 2023, 'Ember', true),
	('LVA', 'LV', 'Latvia', 136.22, 'average', 'lifecycle', 2024, 'Ember', true),
	('LBN', 'LB', 'Lebanon', 369.47, 'average', 'lifecycle', 2023, 'Ember', true),
	('LSO', 'LS', 'Lesotho', 20.83, 'average', 'lifecycle', 2022, 'Ember', true),
	('LBR', 'LR', 'Liberia', 435.9, 'average', 'lifecycle', 2023, 'Ember', true),
	('LBY', 'LY', 'Libya', 830.53, 'average', 'lifecycle', 2023, 'Ember', true),
	('LTU', 'LT', 'Lithuania', 139.34, 'average', 'lifecycle', 2024, 'Ember', true),
	('LUX', 'LU', 'Luxembourg', 134.62, 'average', 'lifecycle', 2024, 'Ember', true),
	('MAC', 'MO', 'Macao (SAR of China)', 448.98, 'average', 'lifecycle', 2022, 'Ember', true),
	('MDG', 'MG', 'Madagascar', 477.27, 'average', 'lifecycle', 2022, 'Ember', true),
	('MWI', 'MW', 'Malawi', 54.65, 'average', 'lifecycle', 2022, 'Ember', true),
	('MYS', 'MY', 'Malaysia', 604.43, 'average', 'lifecycle', 2024, 'Ember', true),
	('MDV', 'MV', 'Maldives', 611.77, 'average', 'lifecycle', 2023, 'Ember', true),
	('MLI', 'ML', 'Mali', 394.5, 'average', 'lifecycle', 2023, 'Ember', true),
	('MLT', 'MT', 'Malta', 484.16, 'average', 'lifecycle', 2024, 'Ember', true),
	('MTQ', 'MQ', 'Martinique', 516.78, 'average', 'lifecycle', 2022, 'Ember', true),
	('MRT', 'MR', 'Mauritania', 481.71, 'average', 'lifecycle', 2022, 'Ember', true),
	('MUS', 'MU', 'Mauritius', 633.03, 'average', 'lifecycle', 2023, 'Ember', true),
	('MEX', 'MX', 'Mexico', 483.14, 'average', 'lifecycle', 2024, 'Ember', true),
	('MDA', 'MD', 'Moldova', 629.56, 'average', 'lifecycle', 2024, 'Ember', true),
	('MNG', 'MN', 'Mongolia', 784.01, 'average', 'lifecycle', 2024, 'Ember', true),
	('MNE', 'ME', 'Montenegro', 413.51, 'average', 'lifecycle', 2024, 'Ember', true),
	('MSR', 'MS', 'Montserrat', 1000, 'average', 'lifecycle', 2022, 'Ember', true),
	('MAR', 'MA', 'Morocco', 577.65, 'average', 'lifecycle', 2024, 'Ember', true),
	('MOZ', 'MZ', 'Mozambique', 127.81, 'average', 'lifecycle', 2023, 'Ember', true),
	('MMR', 'MM', 'Myanmar', 569.69, 'average', 'lifecycle', 2024, 'Ember', true),
	('NAM', 'NA', 'Namibia', 47.62, 'average', 'lifecycle', 2023, 'Ember', true),
	('NRU', 'NR', 'Nauru', 750, 'average', 'lifecycle', 2023, 'Ember', true),
	('NPL', 'NP', 'Nepal', 23.36, 'average', 'lifecycle', 2022, 'Ember', true),
	('NLD', 'NL', 'Netherlands', 252.7, 'average', 'lifecycle', 2024, 'Ember', true),
	('NCL', 'NC', 'New Caledonia', 585.76, 'average', 'lifecycle', 2022, 'Ember', true),
	('NZL', 'NZ', 'New Zealand', 120.11, 'average', 'lifecycle', 2024, 'Ember', true),
	('NIC', 'NI', 'Nicaragua', 288.33, 'average', 'lifecycle', 2023, 'Ember', true),
	('NER', 'NE', 'Niger', 687.5, 'average', 'lifecycle', 2023, 'Ember', true),
	('NGA', 'NG', 'Nigeria', 507.85, 'average', 'lifecycle', 2024, 'Ember', true),
	('PRK', 'KP', 'North Korea', 344.26, 'average', 'lifecycle', 2022, 'Ember', true),
	('MKD', 'MK', 'North Macedonia', 568.97, 'average', 'lifecycle', 2024, 'Ember', true),
	('NOR', 'NO', 'Norway', 30.75, 'average', 'lifecycle', 2024, 'Ember', true),
	('OMN', 'OM', 'Oman', 545.33, 'average', 'lifecycle', 2024, 'Ember', true),
	('PAK', 'PK', 'Pakistan', 398.61, 'average', 'lifecycle', 2024, 'Ember', true),
	('PSE', 'PS', 'Palestine (State of)', 460.78, 'average', 'lifecycle', 2022, 'Ember', true),
	('PAN', 'PA', 'Panama', 258.74, 'average', 'lifecycle', 2023, 'Ember', true),
	('PNG', 'PG', 'Papua New Guinea', 513.74, 'average', 'lifecycle', 2023, 'Ember', true),
	('PRY', 'PY', 'Paraguay', 24.86, 'average', 'lifecycle', 2023, 'Ember', true),
	('PER', 'PE', 'Peru', 263.27, 'average', 'lifecycle', 2024, 'Ember', true),
	('POL', 'PL', 'Poland', 614.98, 'average', 'lifecycle', 2024, 'Ember', true),
	('PRT', 'PT', 'Portugal', 111.8, 'average', 'lifecycle', 2024, 'Ember', true),
	('PRI', 'PR', 'Puerto Rico', 664.53, 'average', 'lifecycle', 2024, 'Ember', true),
	('QAT', 'QA', 'Qatar', 602.83, 'average', 'lifecycle', 2024, 'Ember', true),
	('REU', 'RE', 'Reunion', 525.22, 'average', 'lifecycle', 2022, 'Ember', true),
	('ROU', 'RO', 'Romania', 245.55, 'average', 'lifecycle', 2024, 'Ember', true),
	('RUS', 'RU', 'Russia', 446.17, 'average', 'lifecycle', 2024, 'Ember', true),
	('RWA', 'RW', 'Rwanda', 301.89, 'average', 'lifecycle', 2023, 'Ember', true),
	('KNA', 'KN', 'Saint Kitts and Nevis', 636.36, 'average', 'lifecycle', 2022, 'Ember', true),
	('LCA', 'LC', 'Saint Lucia', 650, 'average', 'lifecycle', 2022, 'Ember', true),
	('SPM', 'PM', 'Saint Pierre and Miquelon', 600, 'average', 'lifecycle', 2022, 'Ember', true),
	('VCT', 'VC', 'Saint Vincent and the Grenadines', 600, 'average', 'lifecycle', 2023, 'Ember', true),
	('WSM', 'WS', 'Samoa', 400, 'average', 'lifecycle', 2023, 'Ember', true),
	('STP', 'ST', 'Sao Tome and Principe', 555.56, 'average', 'lifecycle', 2022, 'Ember', true),
	('SAU', 'SA', 'Saudi Arabia', 691.95, 'average', 'lifecycle', 2024, 'Ember', true),
	('SEN', 'SN', 'Senegal', 535.4, 'average', 'lifecycle', 2023, 'Ember', true),
	('SRB', 'RS', 'Serbia', 670.8, 'average', 'lifecycle', 2024, 'Ember', true),
	('SYC', 'SC', 'Seychelles', 571.43, 'average', 'lifecycle', 2023, 'Ember', true),
	('SLE', 'SL', 'Sierra Leone', 47.62, 'average', 'lifecycle', 2023, 'Ember', true),
	('SGP', 'SG', 'Singapore', 498.74, 'average', 'lifecycle', 2024, 'Ember', true),
	('SVK', 'SK', 'Slovakia', 96.49, 'average', 'lifecycle', 2024, 'Ember', true),
	('SVN', 'SI', 'Slovenia', 227.11, 'average', 'lifecycle', 2024, 'Ember', true),
	('SLB', 'SB', 'Solomon Islands', 636.36, 'average', 'lifecycle', 2023, 'Ember', true),
	('SOM', 'SO', 'Somalia', 523.81, 'average', 'lifecycle', 2023, 'Ember', true),
	('ZAF', 'ZA', 'South Africa', 713.9, 'average', 'lifecycle', 2024, 'Ember', true),
	('KOR', 'KR', 'South Korea', 415.65, 'average', 'lifecycle', 2024, 'Ember', true),
	('SSD', 'SS', 'South Sudan', 610.17, 'average', 'lifecycle', 2023, 'Ember', true),
	('ESP', 'ES', 'Spain', 146.15, 'average', 'lifecycle', 2024, 'Ember', true),
	('LKA', 'LK', 'Sri Lanka', 509.78, 'average', 'lifecycle', 2022, 'Ember', true),
	('SDN', 'SD', 'Sudan', 214.33, 'average', 'lifecycle', 2023, 'Ember', true),
	('SUR', 'SR', 'Suriname', 383.18, 'average', 'lifecycle', 2023, 'Ember', true),
	('SWE', 'SE', 'Sweden', 35.89, 'average', 'lifecycle', 2024, 'Ember', true),
	('CHE', 'CH', 'Switzerland', 36.72, 'average', 'lifecycle', 2024, 'Ember', true),
	('SYR', 'SY', 'Syria', 682.27, 'average', 'lifecycle', 2022, 'Ember', true),
	('TWN', 'TW', 'Taiwan (China)', 635.15, 'average', 'lifecycle', 2024, 'Ember', true),
	('TJK', 'TJ', 'Tajikistan', 98.7, 'average', 'lifecycle', 2024, 'Ember', true),
	('TZA', 'TZ', 'Tanzania (the United Republic of)', 371.59, 'average', 'lifecycle', 2023, 'Ember', true),
	('THA', 'TH', 'Thailand', 555.43, 'average', 'lifecycle', 2024, 'Ember', true),
	('PHL', 'PH', 'The Philippines', 613.38, 'average', 'lifecycle', 2024, 'Ember', true),
	('TGO', 'TG', 'Togo', 478.26, 'average', 'lifecycle', 2023, 'Ember', true),
	('TON', 'TO', 'Tonga', 571.43, 'average', 'lifecycle', 2023, 'Ember', true),
	('TTO', 'TT', 'Trinidad and Tobago', 682.11, 'average', 'lifecycle', 2023, 'Ember', true),
	('TUN', 'TN', 'Tunisia', 560.25, 'average', 'lifecycle', 2024, 'Ember', true),
	('TUR', 'TR', 'Türkiye', 469.7, 'average', 'lifecycle', 2024, 'Ember', true),
	('TKM', 'TM', 'Turkmenistan', 1306.3, 'average', 'lifecycle', 2023, 'Ember', true),
	('TCA', 'TC', 'Turks and Caicos Islands', 653.85, 'average', 'lifecycle', 2023, 'Ember', true),
	('UGA', 'UG', 'Uganda', 57.39, 'average', 'lifecycle', 2022, 'Ember', true),
	('UKR', 'UA', 'Ukraine', 250.47, 'average', 'lifecycle', 2022, 'Ember', true),
	('ARE', 'AE', 'United Arab Emirates', 467.51, 'average', 'lifecycle', 2024, 'Ember', true),
	('GBR', 'GB', 'United Kingdom', 215.79, 'average', 'lifecycle', 2024, 'Ember', true),
	('USA', 'US', 'United States', 383.55, 'average', 'lifecycle', 2024, 'Ember', true),
	('URY', 'UY', 'Uruguay', 96.7, 'average', 'lifecycle', 2024, 'Ember', true),
	('UZB', 'UZ', 'Uzbekistan', 1121.18, 'average', 'lifecycle', 2023, 'Ember', true),
	('VUT', 'VU', 'Vanuatu', 500, 'average', 'lifecycle', 2023, 'Ember', true),
	('VEN', 'VE', 'Venezuela', 180.25, 'average', 'lifecycle', 2023, 'Ember', true),
	('VNM', 'VN', 'Viet Nam', 486.13, 'average', 'lifecycle', 2024, 'Ember', true),
	('VGB', 'VG', 'Virgin Islands (British)', 647.06, 'average', 'lifecycle', 2023, 'Ember', true),
	('VIR', 'VI', 'Virgin Islands (U.S.)', 641.79, 'average', 'lifecycle', 2023, 'Ember', true),
	('YEM', 'YE', 'Yemen', 586.32, 'average', 'lifecycle', 2023, 'Ember', true),
	('ZMB', 'ZM', 'Zambia', 111, 'average', 'lifecycle', 2023, 'Ember', true),
	('ZWE', 'ZW', 'Zimbabwe', 298.44, 'average', 'lifecycle', 2023, 'Ember', true);
-- Views on the run log for people and BI tools.  They show the runs of the caller's roles and of models that the caller may read.

-- Availability: 0.1.0
CREATE VIEW sustainml.run_log AS
SELECT r.run_id, r.started_at, r.kind, r.model_schema, r.model, r.version, r.role_name, r.rows, r.seconds, r.cpu_seconds,
       r.energy_joules, r.energy_low_joules, r.energy_high_joules, r.energy_exclusive_joules, r.energy_method, r.boundary,
       r.co2e_grams, r.co2e_low_grams, r.co2e_high_grams, r.intensity_g_kwh, r.intensity_source, r.status
  FROM sustainml.run r
 WHERE sustainml_internal.may(r.role_name, r.model_schema, r.model, 'read');
COMMENT ON VIEW sustainml.run_log IS 'Metered runs: time, energy with method, boundary and bounds, carbon';
GRANT SELECT ON sustainml.run_log TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.energy_by_model AS
SELECT l.model_schema, l.model, l.version, l.kind,
       count(*) AS runs,
       count(*) FILTER (WHERE l.energy_joules IS NULL) AS runs_unknown,
       sum(l.rows)::bigint AS rows,
       sum(l.seconds) AS seconds,
       sum(l.cpu_seconds) AS cpu_seconds,
       sum(l.energy_exclusive_joules) AS energy_joules,
       sum(l.energy_low_joules * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS energy_low_joules,
       sum(l.energy_high_joules * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS energy_high_joules,
       sum(l.energy_exclusive_joules) FILTER (WHERE l.energy_method LIKE 'measured%') / nullif(sum(l.energy_exclusive_joules), 0) AS measured_share,
       sum(l.co2e_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_grams,
       sum(l.co2e_low_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_low_grams,
       sum(l.co2e_high_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_high_grams,
       1000 * sum(l.energy_exclusive_joules) / nullif(sum(l.rows) FILTER (WHERE l.energy_joules IS NOT NULL), 0) AS joules_per_1000_rows,
       min(l.started_at) AS first_run,
       max(l.started_at) AS last_run
  FROM sustainml.run_log l
 WHERE l.model IS NOT NULL
 GROUP BY l.model_schema, l.model, l.version, l.kind;
COMMENT ON VIEW sustainml.energy_by_model IS 'Energy and carbon by model, version and kind of run; sums cover the known runs, runs_unknown counts the others';
GRANT SELECT ON sustainml.energy_by_model TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.energy_daily AS
SELECT (l.started_at AT TIME ZONE 'UTC')::date AS day, l.model_schema, l.model, l.kind, l.energy_method,
       count(*) AS runs,
       count(*) FILTER (WHERE l.energy_joules IS NULL) AS runs_unknown,
       sum(l.rows)::bigint AS rows,
       sum(l.seconds) AS seconds,
       sum(l.cpu_seconds) AS cpu_seconds,
       sum(l.energy_exclusive_joules) AS energy_joules,
       sum(l.energy_low_joules * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS energy_low_joules,
       sum(l.energy_high_joules * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS energy_high_joules,
       sum(l.energy_exclusive_joules) FILTER (WHERE l.energy_method LIKE 'measured%') / nullif(sum(l.energy_exclusive_joules), 0) AS measured_share,
       sum(l.co2e_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_grams,
       sum(l.co2e_low_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_low_grams,
       sum(l.co2e_high_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_high_grams
  FROM sustainml.run_log l
 GROUP BY 1, l.model_schema, l.model, l.kind, l.energy_method;
COMMENT ON VIEW sustainml.energy_daily IS 'Energy and carbon by day (UTC), model, kind and method';
GRANT SELECT ON sustainml.energy_daily TO PUBLIC;

-- Availability: 0.1.0
CREATE VIEW sustainml.energy_method_mix AS
SELECT coalesce(l.energy_method, 'unknown') AS energy_method,
       count(*) AS runs,
       sum(l.energy_exclusive_joules) AS energy_joules,
       sum(l.energy_exclusive_joules) / nullif(sum(sum(l.energy_exclusive_joules)) OVER (), 0) AS share
  FROM sustainml.run_log l
 GROUP BY 1;
COMMENT ON VIEW sustainml.energy_method_mix IS 'How much of the energy is measured and how much estimated';
GRANT SELECT ON sustainml.energy_method_mix TO PUBLIC;
-- Scoring (src/pg/model/predict.c).  All functions take a row, a jsonb object, a numeric array or the features one by one.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict(model text, VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.predict(text, "any") IS
'The predicted value; for classes with numeric labels the label.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict(''price'', t) FROM houses t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_columns(model text, names text[], VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_proba(model text, VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_proba' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.predict_proba(text, "any") IS
'The probability of the positive class of a binary model.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT id, sustainml.predict_proba(''income'', t) FROM adult_test t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_proba_columns(model text, names text[], VARIADIC input "any") RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_predict_proba_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_proba_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_proba(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_class(model text, VARIADIC input "any") RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_predict_class' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.predict_class(text, "any") IS
'The predicted class, as its label was given in training.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict_class(''iris'', t) FROM iris t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_class_columns(model text, names text[], VARIADIC input "any") RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_predict_class_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_class_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_class(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.predict_probabilities(model text, VARIADIC input "any") RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_predict_probabilities' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.predict_probabilities(text, "any") IS
'The probability of every class.
Input is a row (columns by name), a jsonb object, a numeric array, or the features in order; NULL when all features are NULL.
Example: SELECT sustainml.predict_probabilities(''iris'', t) FROM iris t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.predict_probabilities_columns(model text, names text[], VARIADIC input "any") RETURNS jsonb
	AS 'MODULE_PATHNAME', 'sustainml_predict_probabilities_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.predict_probabilities_columns(text, text[], "any") IS 'What the planner makes of sustainml.predict_probabilities(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.classify(model text, VARIADIC input "any", OUT class text, OUT class_probability double precision, OUT positive_probability double precision, OUT threshold double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_classify' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml.classify(text, "any") IS
'The predicted class with its probability, the probability of the positive class and the threshold.
Example: SELECT (sustainml.classify(''income'', t)).* FROM adult_test t;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.classify_columns(model text, names text[], VARIADIC input "any", OUT class text, OUT class_probability double precision, OUT positive_probability double precision, OUT threshold double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'sustainml_classify_columns' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION sustainml_internal.classify_columns(text, text[], "any") IS 'What the planner makes of sustainml.classify(model, row)';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.explain(model text, VARIADIC input "any",
	OUT feature text, OUT value text, OUT contribution double precision, OUT base double precision, OUT unit text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_explain' LANGUAGE C STABLE PARALLEL SAFE COST 100 ROWS 20;
COMMENT ON FUNCTION sustainml.explain(text, "any") IS
'What each feature adds to one prediction: base + contributions is the score in the unit given (log odds for two classes).
Association, not cause.
Example: SELECT * FROM adult_test t, sustainml.explain(''income'', t) WHERE t.id = 1;';
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
CREATE FUNCTION sustainml.progress(OUT pid integer, OUT role_name text, OUT model text, OUT phase text, OUT running interval)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT a.pid, a.usename::text,
	       substring(a.query FROM '^sustainml train (.*?): '),
	       substring(a.query FROM '^sustainml train .*?: (.*)$'),
	       clock_timestamp() - a.xact_start
	  FROM pg_stat_activity a
	 WHERE a.query LIKE 'sustainml train %' AND a.state = 'active'
	$$;
COMMENT ON FUNCTION sustainml.progress() IS
'Trainings that run now in this server, with their phase, iteration and loss, as far as the caller may see other sessions.
Example: SELECT * FROM sustainml.progress();';
-- Metric aggregates for any pair of columns (src/pg/metric/aggregates.c, ranked.c, labels.c).
--
-- Rows with a NULL in any argument are skipped, as aggregates do; no rows, or a
-- figure that has no value, give NULL.  An optional last argument is a weight.
-- All are safe in parallel plans.  States are float8[] where a few sums are enough;
-- roc_auc and average_precision keep every score, balanced_accuracy and mcc a
-- dictionary of the labels, both under sustainml.memory_limit in each process.
-- Definitions are in src/core/metric/metric.h.

---- means of a loss: log_loss, brier_score ---------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label boolean, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label boolean, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label double precision, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.log_loss_step(state double precision[], label double precision, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_log_loss_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision, double precision) IS 'Transition function of sustainml.log_loss';
REVOKE EXECUTE ON FUNCTION sustainml_internal.log_loss_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label boolean, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label boolean, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label double precision, probability double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.brier_step(state double precision[], label double precision, probability double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_brier_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision, double precision) IS 'Transition function of sustainml.brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.brier_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.accuracy_step(state double precision[], actual anycompatible, predicted anycompatible) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_accuracy_step' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible) IS 'Transition function of sustainml.accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.accuracy_step(state double precision[], actual anycompatible, predicted anycompatible, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_accuracy_step' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible, double precision) IS 'Transition function of sustainml.accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.accuracy_step(double precision[], anycompatible, anycompatible, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_mean_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) IS 'Combine function of log_loss and brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mean_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mean_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mean_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mean_final(double precision[]) IS 'Final function of log_loss and brier_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mean_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label boolean, probability double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(boolean, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.log_loss(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.log_loss_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.log_loss(double precision, double precision, double precision) IS 'Mean log loss in nats of probabilities of a 0/1 or boolean label; probabilities are kept 2^-52 from 0 and 1, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label boolean, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(boolean, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.brier_score(label double precision, probability double precision, weight double precision) (
	SFUNC = sustainml_internal.brier_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.mean_merge,
	FINALFUNC = sustainml_internal.mean_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.brier_score(double precision, double precision, double precision) IS 'Mean squared distance between the probability and a 0/1 or boolean label, weighted';

---- two classes: precision_score, recall_score, f1_score; accuracy --------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual boolean, predicted boolean) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual boolean, predicted boolean, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_boolean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], boolean, boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual double precision, predicted double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_step(state double precision[], actual double precision, predicted double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_step_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision, double precision) IS 'Transition function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_tally_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) IS 'Combine function of accuracy, precision_score, recall_score and f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.tally_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.precision_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_precision_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.precision_final(double precision[]) IS 'Final function of sustainml.precision_score and accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.precision_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.recall_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_recall_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.recall_final(double precision[]) IS 'Final function of sustainml.recall_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.recall_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.f1_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_f1_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.f1_final(double precision[]) IS 'Final function of sustainml.f1_score';
REVOKE EXECUTE ON FUNCTION sustainml_internal.f1_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(boolean, boolean, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.precision_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.precision_score(double precision, double precision, double precision) IS 'Share of the rows predicted positive (1 or true) that are; NULL when none is predicted, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(boolean, boolean, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.recall_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.recall_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.recall_score(double precision, double precision, double precision) IS 'Share of the positive rows (1 or true) that are predicted so; NULL when there are none, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean) IS 'Harmonic mean of precision and recall of the positive class (1 or true)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual boolean, predicted boolean, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(boolean, boolean, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.f1_score(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.tally_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.f1_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.f1_score(double precision, double precision, double precision) IS 'Harmonic mean of precision and recall of the positive class (1 or true), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible) IS 'Share of rows whose two labels of any type are equal';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.accuracy(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.accuracy_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.tally_merge,
	FINALFUNC = sustainml_internal.precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.accuracy(anycompatible, anycompatible, double precision) IS 'Share of rows whose two labels of any type are equal, weighted';

---- labels of any type: balanced_accuracy, mcc -------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_step(state internal, actual anycompatible, predicted anycompatible) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_step' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible) IS 'Transition function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_step(state internal, actual anycompatible, predicted anycompatible, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_step' LANGUAGE C STABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible, double precision) IS 'Transition function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_step(internal, anycompatible, anycompatible, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_merge(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_merge(internal, internal) IS 'Combine function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_merge(internal, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_write(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_labels_write' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_write(internal) IS 'Serial function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_write(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.labels_read(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_labels_read' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.labels_read(bytea, internal) IS 'Deserial function of balanced_accuracy and mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.labels_read(bytea, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.balanced_accuracy_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_balanced_accuracy_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.balanced_accuracy_final(internal) IS 'Final function of sustainml.balanced_accuracy';
REVOKE EXECUTE ON FUNCTION sustainml_internal.balanced_accuracy_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mcc_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mcc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mcc_final(internal) IS 'Final function of sustainml.mcc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mcc_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.balanced_accuracy(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.balanced_accuracy_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible) IS 'Mean recall over the labels that occur as actual';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.balanced_accuracy(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.balanced_accuracy_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.balanced_accuracy(anycompatible, anycompatible, double precision) IS 'Mean recall over the labels that occur as actual, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mcc(actual anycompatible, predicted anycompatible) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.mcc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mcc(actual anycompatible, predicted anycompatible, weight double precision) (
	SFUNC = sustainml_internal.labels_step,
	STYPE = internal,
	SSPACE = 4096,
	COMBINEFUNC = sustainml_internal.labels_merge,
	SERIALFUNC = sustainml_internal.labels_write,
	DESERIALFUNC = sustainml_internal.labels_read,
	FINALFUNC = sustainml_internal.mcc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mcc(anycompatible, anycompatible, double precision) IS 'Matthews correlation of two columns of labels of any type; NULL when one of them is constant, weighted';

---- ranks: roc_auc, average_precision ----------------------------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label boolean, score double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_boolean' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label boolean, score double precision, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_boolean' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, boolean, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label double precision, score double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_step(state internal, label double precision, score double precision, weight double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_step_number' LANGUAGE C IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision, double precision) IS 'Transition function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_step(internal, double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_merge(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_merge' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_merge(internal, internal) IS 'Combine function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_merge(internal, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_write(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_ranked_write' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_write(internal) IS 'Serial function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_write(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.ranked_read(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'sustainml_ranked_read' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.ranked_read(bytea, internal) IS 'Deserial function of roc_auc and average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.ranked_read(bytea, internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.roc_auc_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_roc_auc_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.roc_auc_final(internal) IS 'Final function of sustainml.roc_auc';
REVOKE EXECUTE ON FUNCTION sustainml_internal.roc_auc_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.average_precision_final(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_average_precision_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.average_precision_final(internal) IS 'Final function of sustainml.average_precision';
REVOKE EXECUTE ON FUNCTION sustainml_internal.average_precision_final(internal) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label boolean, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(boolean, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label double precision, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.roc_auc(label double precision, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.roc_auc_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.roc_auc(double precision, double precision, double precision) IS 'Area under the ROC curve of a score for a 0/1 or boolean label, exact, ties count half; keeps 8 bytes a row (16 with weights), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label boolean, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label boolean, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(boolean, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label double precision, score double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights)';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.average_precision(label double precision, score double precision, weight double precision) (
	SFUNC = sustainml_internal.ranked_step,
	STYPE = internal,
	SSPACE = 65536,
	COMBINEFUNC = sustainml_internal.ranked_merge,
	SERIALFUNC = sustainml_internal.ranked_write,
	DESERIALFUNC = sustainml_internal.ranked_read,
	FINALFUNC = sustainml_internal.average_precision_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.average_precision(double precision, double precision, double precision) IS 'Average precision of a score for a 0/1 or boolean label: sum of gain in recall times precision; keeps 8 bytes a row (16 with weights), weighted';

---- regression: r2, rmse, mae, mape, explained_variance ----------------------

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_step(state double precision[], actual double precision, predicted double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision) IS 'Transition function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_step(state double precision[], actual double precision, predicted double precision, weight double precision) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision, double precision) IS 'Transition function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_step(double precision[], double precision, double precision, double precision) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'sustainml_errors_merge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) IS 'Combine function of the aggregates of regression errors';
REVOKE EXECUTE ON FUNCTION sustainml_internal.errors_merge(double precision[], double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.r2_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_r2_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.r2_final(double precision[]) IS 'Final function of sustainml.r2';
REVOKE EXECUTE ON FUNCTION sustainml_internal.r2_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.rmse_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_rmse_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.rmse_final(double precision[]) IS 'Final function of sustainml.rmse';
REVOKE EXECUTE ON FUNCTION sustainml_internal.rmse_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mae_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mae_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mae_final(double precision[]) IS 'Final function of sustainml.mae';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mae_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mape_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_mape_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.mape_final(double precision[]) IS 'Final function of sustainml.mape';
REVOKE EXECUTE ON FUNCTION sustainml_internal.mape_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.explained_variance_final(double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'sustainml_explained_variance_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.explained_variance_final(double precision[]) IS 'Final function of sustainml.explained_variance';
REVOKE EXECUTE ON FUNCTION sustainml_internal.explained_variance_final(double precision[]) FROM PUBLIC;

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.r2(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.r2(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.r2_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.r2(double precision, double precision, double precision) IS 'Coefficient of determination; NULL for fewer than two rows or a constant actual value, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision) IS 'Root of the mean squared error';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.rmse(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.rmse_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.rmse(double precision, double precision, double precision) IS 'Root of the mean squared error, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision) IS 'Mean absolute error';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mae(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mae_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mae(double precision, double precision, double precision) IS 'Mean absolute error, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.mape(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.mape_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.mape(double precision, double precision, double precision) IS 'Mean of |actual - predicted| / |actual|, as a share; NULL when an actual value is 0, weighted';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision) IS '1 - variance of the error / variance of the actual value';

-- Availability: 0.1.0
CREATE AGGREGATE sustainml.explained_variance(actual double precision, predicted double precision, weight double precision) (
	SFUNC = sustainml_internal.errors_step,
	STYPE = double precision[],
	INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}',
	COMBINEFUNC = sustainml_internal.errors_merge,
	FINALFUNC = sustainml_internal.explained_variance_final,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sustainml.explained_variance(double precision, double precision, double precision) IS '1 - variance of the error / variance of the actual value, weighted';
-- Evaluation of models on rows (src/pg/metric/asked.c, report.c, importance.c, compare.c).
--
-- source NULL: the rows that the version held out in training.  part: 'all', 'held_out' or
-- 'training' rows of the source by the rule of the version's split.  Each call needs the
-- privilege 'read' on the model and SELECT on the source, and logs a run of kind 'evaluate'.
-- Definitions and intervals (95 %) are in src/core/metric/metric.h.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.evaluate(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT metric text, OUT value double precision, OUT ci_low double precision, OUT ci_high double precision,
	OUT n bigint, OUT reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_evaluate' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.evaluate(text, text, text) IS
'How good a model is on the rows of a source, or on its held-out rows when none is named: one row per metric with a 95 % interval where there is one,
the number of rows it rests on, and the reason when it has no value. rows_seen_in_training tells how many of the rows the model was trained on.
Example: SELECT * FROM sustainml.evaluate(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.classification_report(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT class text, OUT "precision" double precision, OUT recall double precision, OUT f1 double precision, OUT support bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_classification_report' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 5;
COMMENT ON FUNCTION sustainml.classification_report(text, text, text) IS
'Precision, recall, F1 and number of rows of each class, then accuracy (in column f1), macro avg and weighted avg, as in scikit-learn.
Example: SELECT * FROM sustainml.classification_report(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.confusion_matrix(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT actual text, OUT predicted text, OUT n bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_confusion_matrix' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 4;
COMMENT ON FUNCTION sustainml.confusion_matrix(text, text, text) IS
'Number of rows for each pair of actual and predicted class, zeros included.
Example: SELECT * FROM sustainml.confusion_matrix(''income'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.roc_curve(
	model  text,
	source text DEFAULT NULL,
	part   text DEFAULT 'all',
	OUT threshold double precision, OUT fpr double precision, OUT tpr double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_roc_curve' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION sustainml.roc_curve(text, text, text) IS
'The ROC curve of a binary model, from (Infinity, 0, 0) to (…, 1, 1): every point lies on the exact curve, at most 1,000 of them.
Example: SELECT * FROM sustainml.roc_curve(''income'', ''adult_test'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.calibration_curve(
	model  text,
	source text    DEFAULT NULL,
	part   text    DEFAULT 'all',
	bins   integer DEFAULT 10,
	OUT bin integer, OUT mean_predicted double precision, OUT observed double precision, OUT n bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_calibration_curve' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 10;
COMMENT ON FUNCTION sustainml.calibration_curve(text, text, text, integer) IS
'Predicted against observed share in bins of equal width over [0, 1]: of the positive class, or with several classes of the predicted class being right.
Example: SELECT * FROM sustainml.calibration_curve(''income'', ''adult_test'', bins => 20);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.feature_importance(
	model  text,
	source text DEFAULT NULL,
	method text DEFAULT 'standardised',
	OUT feature text, OUT importance double precision, OUT method text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_feature_importance' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.feature_importance(text, text, text) IS
'How much each feature matters. standardised: deviation over the training rows of what the feature adds to the link, |coefficient| x deviation for a
number; needs no rows. permutation: how much the loss grows on the rows of the source when the feature is shuffled, mean of 5 fixed shuffles.
Both are about the model, not about causes. Example: SELECT * FROM sustainml.feature_importance(''income'') ORDER BY importance DESC;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.compare(
	model_a text,
	model_b text,
	source  text DEFAULT NULL,
	OUT metric text, OUT a double precision, OUT b double precision, OUT difference double precision,
	OUT ci_low double precision, OUT ci_high double precision, OUT n bigint, OUT better text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_compare' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 20;
COMMENT ON FUNCTION sustainml.compare(text, text, text) IS
'Two models on the same rows: of the source, or those that both held out when none is named. difference is b - a; log_loss (mse in a regression) has a
paired 95 % interval. better is a, b or neither: by the interval where there is one (neither when it covers 0), else by the values alone.
Example: SELECT * FROM sustainml.compare(''churn@3'', ''churn@4'');';
