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
	energy_dynamic_joules   double precision CONSTRAINT run_energy_dynamic_joules CHECK (energy_dynamic_joules >= 0),
	energy_idle_joules      double precision CONSTRAINT run_energy_idle_joules CHECK (energy_idle_joules >= 0),
	energy_method           text,
	boundary                text,
	co2e_grams              double precision CONSTRAINT run_co2e_grams CHECK (co2e_grams >= 0),
	co2e_low_grams          double precision,
	co2e_high_grams         double precision,
	intensity_g_kwh         double precision,
	intensity_source        text,
	pue                     double precision,
	energy_idle_reserved_joules double precision CONSTRAINT run_energy_idle_reserved_joules CHECK (energy_idle_reserved_joules >= 0),
	energy_source           text,
	status                  text             NOT NULL CONSTRAINT run_status CHECK (status IN ('ok', 'failed', 'cancelled', 'stopped_budget')),
	rows_in                 bigint           CONSTRAINT run_rows_in CHECK (rows_in >= 0)
);
CREATE INDEX run_model ON sustainml.run (model_schema, model, version);
SELECT pg_catalog.pg_extension_config_dump('sustainml.run', '');
REVOKE ALL ON sustainml.run FROM PUBLIC;
COMMENT ON TABLE sustainml.run IS 'One row per metered run';
COMMENT ON COLUMN sustainml.run.run_id IS 'Key';
COMMENT ON COLUMN sustainml.run.started_at IS 'When it began';
COMMENT ON COLUMN sustainml.run.kind IS 'train, score, evaluate, smote, audit, encrypt, rotate, mask and others';
COMMENT ON COLUMN sustainml.run.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.run.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.run.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.run.role_name IS 'Who ran it';
COMMENT ON COLUMN sustainml.run.rows IS 'Rows worked on; of a resampling, rows handed out';
COMMENT ON COLUMN sustainml.run.seconds IS 'Elapsed time, seconds';
COMMENT ON COLUMN sustainml.run.cpu_seconds IS 'CPU time of the backend and its parallel workers, seconds';
COMMENT ON COLUMN sustainml.run.energy_joules IS 'Energy, joules; NULL: unknown';
COMMENT ON COLUMN sustainml.run.energy_low_joules IS 'Lower bound (about 90 %)';
COMMENT ON COLUMN sustainml.run.energy_high_joules IS 'Upper bound (about 90 %)';
COMMENT ON COLUMN sustainml.run.energy_exclusive_joules IS 'Energy without that of runs inside this one';
COMMENT ON COLUMN sustainml.run.energy_dynamic_joules IS 'Part caused by the work; NULL: the idle floor is not known, so the parts are not';
COMMENT ON COLUMN sustainml.run.energy_idle_joules IS 'Part of the machine''s idle floor for the time the threads were used; NULL: not known';
COMMENT ON COLUMN sustainml.run.energy_idle_reserved_joules IS 'Idle floor of the threads in sustainml.reserved_threads while the run lasted; not in energy_joules; NULL: none stated, or the floor is not known';
COMMENT ON COLUMN sustainml.run.energy_source IS 'Which counters or which row of the factor tables the energy rests on, and why not on counters that are there';
COMMENT ON COLUMN sustainml.run.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_tdp, estimated_default';
COMMENT ON COLUMN sustainml.run.boundary IS 'What the energy includes: package+dram, package, psys, server_wall';
COMMENT ON COLUMN sustainml.run.co2e_grams IS 'Carbon, grams of CO2 equivalent; NULL: unknown';
COMMENT ON COLUMN sustainml.run.co2e_low_grams IS 'Lower bound';
COMMENT ON COLUMN sustainml.run.co2e_high_grams IS 'Upper bound';
COMMENT ON COLUMN sustainml.run.intensity_g_kwh IS 'Carbon intensity used, g CO2e per kWh';
COMMENT ON COLUMN sustainml.run.intensity_source IS 'Where the intensity comes from';
COMMENT ON COLUMN sustainml.run.pue IS 'Power usage effectiveness applied to carbon';
COMMENT ON COLUMN sustainml.run.status IS 'ok, failed, cancelled or stopped_budget';
COMMENT ON COLUMN sustainml.run.rows_in IS 'Rows read, with those that were skipped or held out: recorded of trainings and resamplings; NULL: not recorded';

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

-- Availability: 0.1.0
CREATE TABLE sustainml.cpu_power (
	vendor               text             NOT NULL,
	uarch                text             NOT NULL,
	description          text             NOT NULL,
	idle_watts           double precision NOT NULL CONSTRAINT cpu_power_idle CHECK (idle_watts >= 0 AND idle_watts < 'Infinity'),
	full_watts           double precision NOT NULL CONSTRAINT cpu_power_full CHECK (full_watts > 0 AND full_watts < 'Infinity'),
	error_factor         double precision NOT NULL DEFAULT 1.41 CONSTRAINT cpu_power_error CHECK (error_factor BETWEEN 1 AND 100),
	idle_p10_watts       double precision,
	idle_p90_watts       double precision,
	full_p10_watts       double precision,
	full_p90_watts       double precision,
	memory_gb_per_thread double precision,
	servers              integer,
	boundary             text             NOT NULL DEFAULT 'server_wall' CONSTRAINT cpu_power_boundary CHECK (boundary = 'server_wall'),
	source               text             NOT NULL,
	year                 integer,
	shipped              boolean          NOT NULL DEFAULT false,
	CONSTRAINT cpu_power_order CHECK (idle_watts <= full_watts),
	CONSTRAINT cpu_power_pkey PRIMARY KEY (vendor, uarch, source)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.cpu_power', 'WHERE NOT shipped');
GRANT SELECT ON sustainml.cpu_power TO PUBLIC;
COMMENT ON TABLE sustainml.cpu_power IS 'Watts per hardware thread by processor family; rows added by an administrator take precedence over shipped ones';
COMMENT ON COLUMN sustainml.cpu_power.vendor IS 'Maker of the processor; provider: mean of a cloud provider''s fleet, uarch is its name';
COMMENT ON COLUMN sustainml.cpu_power.uarch IS 'Family (microarchitecture)';
COMMENT ON COLUMN sustainml.cpu_power.description IS 'Family in words';
COMMENT ON COLUMN sustainml.cpu_power.idle_watts IS 'Watts per hardware thread of an idle server';
COMMENT ON COLUMN sustainml.cpu_power.full_watts IS 'Watts per hardware thread of a fully loaded server';
COMMENT ON COLUMN sustainml.cpu_power.error_factor IS 'Bounds of an estimate are a factor of this below and above';
COMMENT ON COLUMN sustainml.cpu_power.idle_p10_watts IS 'Tenth percentile of idle_watts over servers';
COMMENT ON COLUMN sustainml.cpu_power.idle_p90_watts IS 'Ninetieth percentile of idle_watts over servers';
COMMENT ON COLUMN sustainml.cpu_power.full_p10_watts IS 'Tenth percentile of full_watts over servers';
COMMENT ON COLUMN sustainml.cpu_power.full_p90_watts IS 'Ninetieth percentile of full_watts over servers';
COMMENT ON COLUMN sustainml.cpu_power.memory_gb_per_thread IS 'Memory per hardware thread, GB, that the watts include';
COMMENT ON COLUMN sustainml.cpu_power.servers IS 'Number of servers behind the row';
COMMENT ON COLUMN sustainml.cpu_power.boundary IS 'What the watts include: the whole server at the wall';
COMMENT ON COLUMN sustainml.cpu_power.source IS 'Origin of the figures';
COMMENT ON COLUMN sustainml.cpu_power.year IS 'Year of the collection that the figures come from';
COMMENT ON COLUMN sustainml.cpu_power.shipped IS 'Whether the row came with the extension';

-- Availability: 0.1.0
CREATE TABLE sustainml.cpu_family (
	vendor        text    NOT NULL,
	family        integer NOT NULL,
	model_low     integer NOT NULL,
	model_high    integer NOT NULL,
	stepping_low  integer NOT NULL DEFAULT 0,
	stepping_high integer NOT NULL DEFAULT 255,
	uarch         text    NOT NULL,
	source        text    NOT NULL,
	shipped       boolean NOT NULL DEFAULT false,
	CONSTRAINT cpu_family_models CHECK (model_low <= model_high),
	CONSTRAINT cpu_family_steppings CHECK (stepping_low <= stepping_high),
	CONSTRAINT cpu_family_pkey PRIMARY KEY (vendor, family, model_low, stepping_low, shipped)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.cpu_family', 'WHERE NOT shipped');
GRANT SELECT ON sustainml.cpu_family TO PUBLIC;
COMMENT ON TABLE sustainml.cpu_family IS 'Which family a processor belongs to, by the numbers in /proc/cpuinfo; rows added by an administrator take precedence over shipped ones';
COMMENT ON COLUMN sustainml.cpu_family.vendor IS 'vendor_id; on ARM arm: and the implementer, as arm:0x41';
COMMENT ON COLUMN sustainml.cpu_family.family IS 'cpu family; on ARM the architecture';
COMMENT ON COLUMN sustainml.cpu_family.model_low IS 'First model; on ARM the part';
COMMENT ON COLUMN sustainml.cpu_family.model_high IS 'Last model';
COMMENT ON COLUMN sustainml.cpu_family.stepping_low IS 'First stepping; on ARM the variant';
COMMENT ON COLUMN sustainml.cpu_family.stepping_high IS 'Last stepping';
COMMENT ON COLUMN sustainml.cpu_family.uarch IS 'Family in sustainml.cpu_power';
COMMENT ON COLUMN sustainml.cpu_family.source IS 'Origin of the assignment';
COMMENT ON COLUMN sustainml.cpu_family.shipped IS 'Whether the row came with the extension';

-- Availability: 0.1.0
CREATE TABLE sustainml.cpu_tdp (
	model     text             NOT NULL,
	tdp_watts double precision NOT NULL CONSTRAINT cpu_tdp_positive CHECK (tdp_watts > 0 AND tdp_watts < 'Infinity'),
	threads   integer          CONSTRAINT cpu_tdp_threads CHECK (threads > 0),
	source    text             NOT NULL,
	year      integer,
	shipped   boolean          NOT NULL DEFAULT false,
	CONSTRAINT cpu_tdp_pkey PRIMARY KEY (model, source)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.cpu_tdp', 'WHERE NOT shipped');
GRANT SELECT ON sustainml.cpu_tdp TO PUBLIC;
COMMENT ON TABLE sustainml.cpu_tdp IS 'Thermal design power by exact model, for processors whose family is not in sustainml.cpu_family; rows added by an administrator take precedence over shipped ones';
COMMENT ON COLUMN sustainml.cpu_tdp.model IS 'Model name of /proc/cpuinfo without trademark signs, clock, generation, number of cores and graphics';
COMMENT ON COLUMN sustainml.cpu_tdp.tdp_watts IS 'Thermal design power of the package, watts';
COMMENT ON COLUMN sustainml.cpu_tdp.threads IS 'Hardware threads of the package; NULL: as the machine shows, unless it is virtual';
COMMENT ON COLUMN sustainml.cpu_tdp.source IS 'Origin of the figure';
COMMENT ON COLUMN sustainml.cpu_tdp.year IS 'Year of launch, where the source says';
COMMENT ON COLUMN sustainml.cpu_tdp.shipped IS 'Whether the row came with the extension';
