-- The run log: who may say what the machine is, grams, runs inside runs, workers, and the views.
-- The processor is hidden, so that every machine gives the estimate of an unknown one.
CREATE SCHEMA energy_log;
SET search_path = energy_log;
SET client_min_messages = warning;
SET sustainml.powercap_root = '';
SET sustainml.proc_root = '';
CREATE TABLE t AS SELECT i AS id, i % 7 AS x, i % 7 + i % 3 AS y FROM generate_series(1, 1000) i;
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE FUNCTION attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE VIEW last AS SELECT * FROM sustainml.run_log WHERE model_schema = 'energy_log' ORDER BY run_id DESC LIMIT 1;

-- what is known of nothing: 3.741 W for each CPU second, of which 0.549 idle, and a factor of 1.8
SELECT ref, energy_method FROM sustainml.train('m', 't', target => 'y', task => 'regression');
SELECT energy_method, boundary, energy_source, status,
       abs(energy_joules / cpu_seconds - 3.741) < 1e-9 AS joules, abs(energy_dynamic_joules / cpu_seconds - 3.192) < 1e-9 AS dynamic, abs(energy_idle_joules / cpu_seconds - 0.549) < 1e-9 AS idle,
       abs(energy_high_joules / energy_joules - 1.8) < 1e-9 AS high, abs(energy_joules / energy_low_joules - 1.8) < 1e-9 AS low, energy_exclusive_joules = energy_joules AS exclusive,
       co2e_grams, co2e_low_grams, co2e_high_grams, intensity_g_kwh, intensity_source, energy_idle_reserved_joules, pue FROM last;

-- grams: by zone (two or three letters), by a figure of one's own, with PUE; bounds in quadrature on the log scale: ln 1.8, ln 1.35 or ln 1.1, ln 1.1
SET sustainml.zone = 'de';
SELECT co2e_grams > 0 AS grams FROM sustainml.score('m', 't', 'scored');
SELECT intensity_g_kwh, intensity_source, abs(co2e_grams - energy_joules / 3.6e6 * 342.06) < 1e-15 AS grams,
       abs(ln(co2e_high_grams / co2e_grams) - 0.6599666) < 1e-7 AS high, abs(ln(co2e_grams / co2e_low_grams) - 0.6599666) < 1e-7 AS low FROM last;
SET sustainml.zone = 'FRA';
SET sustainml.pue = 1.5;
SELECT rows FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT intensity_source, pue, abs(co2e_grams - energy_joules / 3.6e6 * 1.5 * 44.18) < 1e-15 AS grams,
       abs(ln(co2e_high_grams / co2e_grams) - 0.6668133) < 1e-7 AS high FROM last;
SET sustainml.carbon_intensity = 100;
SELECT rows FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT intensity_g_kwh, intensity_source, abs(co2e_grams - energy_joules / 3.6e6 * 1.5 * 100) < 1e-15 AS grams FROM last;
RESET sustainml.pue;
RESET sustainml.carbon_intensity;
SET sustainml.zone = 'atlantis';
SELECT co2e_grams FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT ok, detail, hint FROM sustainml.energy_check() WHERE "check" = 'carbon intensity';
-- a zone of one's own comes before a shipped one; 0 is not a factor
SELECT attempt($$INSERT INTO sustainml.grid_intensity VALUES ('ATLANTIS', NULL, 'ours', 0, 'average', 'lifecycle', 2025, 'us')$$);
INSERT INTO sustainml.grid_intensity VALUES ('ATLANTIS', NULL, 'ours', 12.5, 'average', 'lifecycle', 2025, 'us'), ('DEU', 'DE', 'our contract', 55, 'average', 'lifecycle', 2020, 'us');
SELECT rows FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT intensity_g_kwh, intensity_source FROM last;
SET sustainml.zone = 'DE';
SELECT rows FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT intensity_g_kwh, intensity_source FROM last;
DELETE FROM sustainml.grid_intensity WHERE source = 'us';
RESET sustainml.zone;
SELECT count(*) FROM sustainml.grid_intensity WHERE zone = 'CAF';

-- reserved threads: 8 x 0.549 W while the run lasts
SET sustainml.reserved_threads = 8;
SELECT rows FROM sustainml.score('m', 't', 'scored', mode => 'replace');
SELECT abs(energy_idle_reserved_joules / seconds - 4.392) < 1e-9 AS reserved, energy_joules < energy_idle_reserved_joules + energy_joules AS beside FROM last;
RESET sustainml.reserved_threads;

-- a run inside a run: the outer one's exclusive joules leave it out, so that a sum counts nothing twice
CREATE FUNCTION retrain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM sustainml.train('inner', 'energy_log.t', target => 'y', task => 'regression');
	RETURN NULL;
END $$;
CREATE TABLE watched (id int, prediction float8, probability float8, model text, version int, scored_at timestamptz);
CREATE TRIGGER retrain AFTER INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION retrain();
SELECT rows FROM sustainml.score('m', 't', 'watched', mode => 'append');
SELECT kind, model FROM sustainml.run_log WHERE model_schema = 'energy_log' AND run_id > (SELECT max(run_id) - 2 FROM sustainml.run_log) ORDER BY run_id;
WITH two AS (SELECT * FROM sustainml.run_log WHERE run_id > (SELECT max(run_id) - 2 FROM sustainml.run_log))
SELECT abs(o.energy_exclusive_joules - (o.energy_joules - i.energy_joules)) < 1e-9 AS exclusive, o.energy_exclusive_joules > 0 AS left_over,
       o.cpu_seconds > i.cpu_seconds AS inclusive, i.energy_exclusive_joules = i.energy_joules AS inner_whole
  FROM two o, two i WHERE o.kind = 'score' AND i.kind = 'train';
-- an inner run that fails and is caught leaves nothing behind
CREATE OR REPLACE FUNCTION retrain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM FROM sustainml.train('inner', 'energy_log.t', target => 'y', task => 'regression', features => '{nowhere}');
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	RETURN NULL;
END $$;
SELECT rows FROM sustainml.score('m', 't', 'watched', mode => 'append');
SELECT kind, energy_exclusive_joules = energy_joules AS exclusive FROM last;

-- CPU time of parallel workers counts: the leader does not take part here
CREATE TABLE wide AS SELECT i AS id, i % 7 AS x, (i * 37) % 101 AS z, i % 7 + i % 3 AS y FROM generate_series(1, 300000) i;
ANALYZE wide;
SET max_parallel_workers_per_gather = 0;
SELECT ref FROM sustainml.train('serial', 'wide', target => 'y', task => 'regression', holdout => 0, features => '{x,z}');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT ref FROM sustainml.train('parallel', 'wide', target => 'y', task => 'regression', holdout => 0, features => '{x,z}');
SELECT p.cpu_seconds > 0.5 * s.cpu_seconds AS workers_count, p.cpu_seconds < 5 * s.cpu_seconds AS once
  FROM sustainml.run_log p, sustainml.run_log s WHERE p.model = 'parallel' AND s.model = 'serial' AND p.model_schema = 'energy_log' AND s.model_schema = 'energy_log';
-- and so do workers that have no state to put it in
SELECT rows FROM sustainml.score('serial', 'SELECT * FROM wide WHERE length(repeat(md5(id::text), 50)) = 1600 AND id % 100 = 0', 'wide_parallel', key => '{id}');
SET max_parallel_workers_per_gather = 0;
SELECT rows FROM sustainml.score('serial', 'SELECT * FROM wide WHERE length(repeat(md5(id::text), 50)) = 1600 AND id % 100 = 0', 'wide_serial', key => '{id}');
SELECT p.cpu_seconds > 0.5 * s.cpu_seconds AS workers_count, p.cpu_seconds < 5 * s.cpu_seconds AS once FROM
  (SELECT * FROM sustainml.run_log WHERE model = 'serial' AND kind = 'score' ORDER BY run_id LIMIT 1) p,
  (SELECT * FROM sustainml.run_log WHERE model = 'serial' AND kind = 'score' ORDER BY run_id DESC LIMIT 1) s;
RESET max_parallel_workers_per_gather;

-- only a superuser says where the counters are and what the machine is
CREATE ROLE energy_clerk LOGIN;
GRANT USAGE, CREATE ON SCHEMA energy_log TO energy_clerk;
GRANT SELECT ON wide TO energy_clerk;
SET ROLE energy_clerk;
SELECT s, attempt(format('SET %s = %L', s, v)) FROM (VALUES ('sustainml.powercap_root', '/tmp'), ('sustainml.proc_root', '/tmp'), ('sustainml.use_psys', 'on'), ('sustainml.idle_power', 'psys=1'),
	('sustainml.reserved_threads', '4'), ('sustainml.cloud_provider', 'aws'), ('sustainml.zone', 'DE'), ('sustainml.pue', '1.1'), ('sustainml.carbon_intensity', '50')) AS v(s, v);
SELECT s, attempt(format('ALTER ROLE energy_clerk SET %s = %L', s, v)) FROM (VALUES ('sustainml.powercap_root', '/tmp'), ('sustainml.proc_root', '/tmp'), ('sustainml.idle_power', 'psys=1')) AS v(s, v);
SELECT t, has_table_privilege('sustainml.' || t, 'SELECT') AS read, has_table_privilege('sustainml.' || t, 'INSERT, UPDATE, DELETE, TRUNCATE') AS write
  FROM unnest('{cpu_family,cpu_power,cpu_tdp,grid_intensity,run}'::text[]) AS t ORDER BY t;
-- workers count for everyone
SET max_parallel_workers_per_gather = 2;
SELECT ref FROM sustainml.train('energy_log.clerk', 'energy_log.wide', target => 'y', task => 'regression', holdout => 0, features => '{x,z}');
RESET ROLE;
SELECT p.cpu_seconds > 0.5 * s.cpu_seconds AS workers_count, p.role_name
  FROM sustainml.run_log p, sustainml.run_log s WHERE p.model = 'clerk' AND s.model = 'serial' AND s.kind = 'train' AND p.model_schema = 'energy_log' AND s.model_schema = 'energy_log';
SET ROLE energy_clerk;
-- the check is for everyone
SELECT "check", ok FROM sustainml.energy_check();
RESET ROLE;
-- nor before the library is loaded
\c - energy_clerk
SET sustainml.powercap_root = '/tmp';
SELECT count(*) FROM sustainml.energy_check();
SHOW sustainml.powercap_root;
\c - postgres
SET search_path = energy_log;
SET client_min_messages = warning;
LOAD 'sustainml';

-- values that make no sense
SET sustainml.powercap_root = 'sys/class/powercap';
SET sustainml.proc_root = '../proc';
SET sustainml.idle_power = 'package-0=sixty';
SET sustainml.idle_power = 'package-0=1, package-0=2';
SET sustainml.idle_power = 'core=1';
SET sustainml.idle_power = 'package-0=60.5, package-1-die-1/dram=4';
SHOW sustainml.idle_power;
SELECT attempt($$INSERT INTO sustainml.cpu_power (vendor, uarch, description, idle_watts, full_watts, source) VALUES ('x', 'x', 'x', 2, 1, 'x')$$);
SELECT attempt($$INSERT INTO sustainml.cpu_power (vendor, uarch, description, idle_watts, full_watts, source) VALUES ('x', 'x', 'x', 1, 'NaN', 'x')$$);
SELECT attempt($$INSERT INTO sustainml.cpu_tdp (model, tdp_watts, source) VALUES ('x', 'Infinity', 'x')$$);

-- the factor tables: every family of a processor has watts, every row says where it comes from
SELECT count(*) AS families, count(*) FILTER (WHERE source = 'SPECPOWER_2026_RECOMPUTED' AND year = 2026 AND shipped) AS spec,
       count(*) FILTER (WHERE servers < 5) AS few, count(*) FILTER (WHERE servers < 5 AND error_factor = 1.8) AS few_wide FROM sustainml.cpu_power WHERE vendor <> 'provider';
SELECT f.uarch FROM sustainml.cpu_family f LEFT JOIN sustainml.cpu_power p USING (uarch) WHERE p.uarch IS NULL OR NOT f.shipped;
SELECT a.uarch, b.uarch FROM sustainml.cpu_family a JOIN sustainml.cpu_family b ON a.vendor = b.vendor AND a.family = b.family AND a.ctid < b.ctid
   AND a.model_low <= b.model_high AND b.model_low <= a.model_high AND a.stepping_low <= b.stepping_high AND b.stepping_low <= a.stepping_high;
SELECT count(*) > 2000 AS models, count(*) = count(DISTINCT model) AS each_once, bool_and(source IN ('AMD_SPEC_VIA_CODECARBON', 'INTEL_ARK_VIA_CODECARBON') AND shipped) AS sourced FROM sustainml.cpu_tdp;

-- the views: sums cover what is known, and say how many runs are not
DELETE FROM sustainml.run WHERE model_schema = 'energy_log';
INSERT INTO sustainml.run (run_id, started_at, kind, model_schema, model, version, role_name, rows, seconds, cpu_seconds, energy_joules, energy_low_joules, energy_high_joules,
	energy_exclusive_joules, energy_method, boundary, co2e_grams, co2e_low_grams, co2e_high_grams, status) VALUES
	(-1, '2026-03-01 23:30+00', 'train', 'energy_log', 'a', 1, 'postgres', 1000, 10, 20, 100, 80, 125, 75, 'measured_rapl', 'package', 8, 4, 16, 'ok'),
	(-2, '2026-03-02 00:30+01', 'train', 'energy_log', 'a', 1, 'postgres', 500, 1, 2, 25, 20, 50, 25, 'estimated_uarch', 'server_wall', NULL, NULL, NULL, 'ok'),
	(-3, '2026-03-02 01:30+01', 'train', 'energy_log', 'a', 1, 'postgres', 700, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'ok'),
	(-4, '2026-03-02 01:30+01', 'score', 'energy_log', 'b', 1, 'postgres', 300, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'failed');
SET timezone = 'America/New_York';
SELECT model, kind, runs, runs_unknown, rows, seconds, cpu_seconds, energy_joules, energy_low_joules, energy_high_joules, measured_share, co2e_grams, co2e_low_grams, co2e_high_grams, round(joules_per_1000_rows::numeric, 6) AS joules_per_1000_rows
  FROM sustainml.energy_by_model WHERE model_schema = 'energy_log' ORDER BY model;
SELECT day, model, energy_method, runs, runs_unknown, rows, energy_joules, measured_share, co2e_grams FROM sustainml.energy_daily WHERE model_schema = 'energy_log' ORDER BY day, model, energy_method;
BEGIN;
DELETE FROM sustainml.run WHERE model_schema IS DISTINCT FROM 'energy_log';
SELECT * FROM sustainml.energy_method_mix ORDER BY energy_method;
DELETE FROM sustainml.run WHERE run_id IN (-1, -2);
SELECT energy_method, runs, energy_joules, share FROM sustainml.energy_method_mix;
ROLLBACK;
SELECT attempt('UPDATE sustainml.run SET energy_joules = -1 WHERE run_id = -3');
DELETE FROM sustainml.run WHERE model_schema = 'energy_log';

DROP SCHEMA energy_log CASCADE;
DO $$
BEGIN
	PERFORM sustainml.drop_model('energy_log.' || m) FROM (SELECT DISTINCT model AS m FROM sustainml.models WHERE model_schema = 'energy_log') AS q;
END $$;
DROP ROLE energy_clerk;
