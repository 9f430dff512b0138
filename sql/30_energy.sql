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
