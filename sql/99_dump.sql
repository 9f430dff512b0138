-- The last part.  A database's owner who is no superuser may dump the database, which reads all
-- tables and sequences registered above; nobody else gets to see the base tables.

-- Availability: 0.1.0
GRANT SELECT ON ALL TABLES IN SCHEMA sustainml TO pg_database_owner;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA sustainml TO pg_database_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA sustainml_internal TO pg_database_owner;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA sustainml_internal TO pg_database_owner;
