-- Views on the run log for people and BI tools.  They show the runs of the caller's roles and of models that the caller may read.

-- Availability: 0.1.0
CREATE VIEW sustainml.run_log WITH (security_barrier) AS
SELECT r.run_id, r.started_at, r.kind, r.model_schema, r.model, r.version, r.role_name, r.rows, r.seconds, r.cpu_seconds,
       r.energy_joules, r.energy_low_joules, r.energy_high_joules, r.energy_exclusive_joules, r.energy_method, r.boundary,
       r.co2e_grams, r.co2e_low_grams, r.co2e_high_grams, r.intensity_g_kwh, r.intensity_source, r.status,
       r.energy_dynamic_joules, r.energy_idle_joules, r.energy_idle_reserved_joules, r.energy_source, r.pue, r.rows_in
  FROM sustainml.run r
 WHERE sustainml_internal.may(r.role_name, r.model_schema, r.model, 'read');
COMMENT ON VIEW sustainml.run_log IS 'Metered runs: time, energy with method, boundary and bounds, carbon';
COMMENT ON COLUMN sustainml.run_log.run_id IS 'Number of the run';
COMMENT ON COLUMN sustainml.run_log.started_at IS 'When it began';
COMMENT ON COLUMN sustainml.run_log.kind IS 'train, score, evaluate, smote, audit, encrypt, rotate, mask and others';
COMMENT ON COLUMN sustainml.run_log.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.run_log.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.run_log.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.run_log.role_name IS 'Who ran it';
COMMENT ON COLUMN sustainml.run_log.rows IS 'Rows worked on; of a resampling, rows handed out';
COMMENT ON COLUMN sustainml.run_log.seconds IS 'Elapsed time, seconds';
COMMENT ON COLUMN sustainml.run_log.cpu_seconds IS 'CPU time of the backend and its parallel workers, seconds';
COMMENT ON COLUMN sustainml.run_log.energy_joules IS 'Energy, joules; NULL: unknown';
COMMENT ON COLUMN sustainml.run_log.energy_low_joules IS 'Lower bound (about 90 %)';
COMMENT ON COLUMN sustainml.run_log.energy_high_joules IS 'Upper bound (about 90 %)';
COMMENT ON COLUMN sustainml.run_log.energy_exclusive_joules IS 'Energy without that of runs inside this one';
COMMENT ON COLUMN sustainml.run_log.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_tdp, estimated_default';
COMMENT ON COLUMN sustainml.run_log.boundary IS 'What the energy includes: package+dram, package, psys, server_wall';
COMMENT ON COLUMN sustainml.run_log.co2e_grams IS 'Carbon, grams of CO2 equivalent; NULL: unknown';
COMMENT ON COLUMN sustainml.run_log.co2e_low_grams IS 'Lower bound';
COMMENT ON COLUMN sustainml.run_log.co2e_high_grams IS 'Upper bound';
COMMENT ON COLUMN sustainml.run_log.intensity_g_kwh IS 'Carbon intensity used, g CO2e per kWh';
COMMENT ON COLUMN sustainml.run_log.intensity_source IS 'Where the intensity comes from';
COMMENT ON COLUMN sustainml.run_log.status IS 'ok, failed, cancelled or stopped_budget';
COMMENT ON COLUMN sustainml.run_log.energy_dynamic_joules IS 'Part caused by the work; NULL: the idle floor is not known, so the parts are not';
COMMENT ON COLUMN sustainml.run_log.energy_idle_joules IS 'Part of the machine''s idle floor for the time the threads were used; NULL: not known';
COMMENT ON COLUMN sustainml.run_log.energy_idle_reserved_joules IS 'Idle floor of the threads in sustainml.reserved_threads while the run lasted; not in energy_joules; NULL: none stated, or the floor is not known';
COMMENT ON COLUMN sustainml.run_log.energy_source IS 'Which counters or which row of the factor tables the energy rests on, and why not on counters that are there';
COMMENT ON COLUMN sustainml.run_log.pue IS 'Power usage effectiveness applied to carbon';
COMMENT ON COLUMN sustainml.run_log.rows_in IS 'Rows read, with those that were skipped or held out: recorded of trainings and resamplings; NULL: not recorded';
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
       coalesce(sum(l.energy_exclusive_joules) FILTER (WHERE l.energy_method LIKE 'measured%'), 0) / nullif(sum(l.energy_exclusive_joules), 0) AS measured_share,
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
COMMENT ON COLUMN sustainml.energy_by_model.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.energy_by_model.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.energy_by_model.version IS 'Version of the model; NULL: not of one version';
COMMENT ON COLUMN sustainml.energy_by_model.kind IS 'Kind of run: train, score, evaluate, audit and others';
COMMENT ON COLUMN sustainml.energy_by_model.runs IS 'Number of runs';
COMMENT ON COLUMN sustainml.energy_by_model.runs_unknown IS 'Runs of unknown energy, which the sums leave out';
COMMENT ON COLUMN sustainml.energy_by_model.rows IS 'Rows worked on, together';
COMMENT ON COLUMN sustainml.energy_by_model.seconds IS 'Elapsed time, seconds, together';
COMMENT ON COLUMN sustainml.energy_by_model.cpu_seconds IS 'CPU time of backends and parallel workers, seconds, together';
COMMENT ON COLUMN sustainml.energy_by_model.energy_joules IS 'Energy of the known runs, joules, each without that of runs inside it';
COMMENT ON COLUMN sustainml.energy_by_model.energy_low_joules IS 'Lower bound, joules: the sum of the runs'' own';
COMMENT ON COLUMN sustainml.energy_by_model.energy_high_joules IS 'Upper bound, joules: the sum of the runs'' own';
COMMENT ON COLUMN sustainml.energy_by_model.measured_share IS 'Share of energy_joules that was measured by counters, not estimated';
COMMENT ON COLUMN sustainml.energy_by_model.co2e_grams IS 'Carbon of the runs of known intensity, grams of CO2 equivalent; NULL: all unknown';
COMMENT ON COLUMN sustainml.energy_by_model.co2e_low_grams IS 'Lower bound';
COMMENT ON COLUMN sustainml.energy_by_model.co2e_high_grams IS 'Upper bound';
COMMENT ON COLUMN sustainml.energy_by_model.joules_per_1000_rows IS 'Energy per 1000 rows of the known runs';
COMMENT ON COLUMN sustainml.energy_by_model.first_run IS 'When the first began';
COMMENT ON COLUMN sustainml.energy_by_model.last_run IS 'When the last began';
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
       coalesce(sum(l.energy_exclusive_joules) FILTER (WHERE l.energy_method LIKE 'measured%'), 0) / nullif(sum(l.energy_exclusive_joules), 0) AS measured_share,
       sum(l.co2e_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_grams,
       sum(l.co2e_low_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_low_grams,
       sum(l.co2e_high_grams * l.energy_exclusive_joules / nullif(l.energy_joules, 0)) AS co2e_high_grams
  FROM sustainml.run_log l
 GROUP BY 1, l.model_schema, l.model, l.kind, l.energy_method;
COMMENT ON VIEW sustainml.energy_daily IS 'Energy and carbon by day (UTC), model, kind and method';
COMMENT ON COLUMN sustainml.energy_daily.day IS 'Day (UTC) on which the runs began';
COMMENT ON COLUMN sustainml.energy_daily.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.energy_daily.model IS 'Name of the model; NULL: runs without one';
COMMENT ON COLUMN sustainml.energy_daily.kind IS 'Kind of run: train, score, evaluate, audit and others';
COMMENT ON COLUMN sustainml.energy_daily.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_tdp, estimated_default; NULL: unknown';
COMMENT ON COLUMN sustainml.energy_daily.runs IS 'Number of runs';
COMMENT ON COLUMN sustainml.energy_daily.runs_unknown IS 'Runs of unknown energy, which the sums leave out';
COMMENT ON COLUMN sustainml.energy_daily.rows IS 'Rows worked on, together';
COMMENT ON COLUMN sustainml.energy_daily.seconds IS 'Elapsed time, seconds, together';
COMMENT ON COLUMN sustainml.energy_daily.cpu_seconds IS 'CPU time of backends and parallel workers, seconds, together';
COMMENT ON COLUMN sustainml.energy_daily.energy_joules IS 'Energy of the known runs, joules, each without that of runs inside it';
COMMENT ON COLUMN sustainml.energy_daily.energy_low_joules IS 'Lower bound, joules: the sum of the runs'' own';
COMMENT ON COLUMN sustainml.energy_daily.energy_high_joules IS 'Upper bound, joules: the sum of the runs'' own';
COMMENT ON COLUMN sustainml.energy_daily.measured_share IS 'Share of energy_joules that was measured by counters, not estimated';
COMMENT ON COLUMN sustainml.energy_daily.co2e_grams IS 'Carbon of the runs of known intensity, grams of CO2 equivalent; NULL: all unknown';
COMMENT ON COLUMN sustainml.energy_daily.co2e_low_grams IS 'Lower bound';
COMMENT ON COLUMN sustainml.energy_daily.co2e_high_grams IS 'Upper bound';
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
COMMENT ON COLUMN sustainml.energy_method_mix.energy_method IS 'How the energy is known: measured_rapl, estimated_uarch, estimated_tdp, estimated_default, or unknown';
COMMENT ON COLUMN sustainml.energy_method_mix.runs IS 'Number of runs';
COMMENT ON COLUMN sustainml.energy_method_mix.energy_joules IS 'Energy of the known runs, joules, each without that of runs inside it';
COMMENT ON COLUMN sustainml.energy_method_mix.share IS 'Share of the known energy';
GRANT SELECT ON sustainml.energy_method_mix TO PUBLIC;
