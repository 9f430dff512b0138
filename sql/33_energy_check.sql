-- What the meter can see (src/pg/energy/check.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.energy_check(OUT "check" text, OUT ok boolean, OUT detail text, OUT hint text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_energy_check' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION sustainml.energy_check() IS
'Says what the energy meter can read on this server, what is missing, and how to provide it.
ok is NULL where there is nothing to check.  Shows no readings of counters.
Example: SELECT * FROM sustainml.energy_check() WHERE NOT ok;';
