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
