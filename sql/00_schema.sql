-- CREATE EXTENSION runs this script as the superuser, even for a role that only has CREATE on the database, with the schemas of
-- the required extensions on search_path: a schema of that role's, where an operator such as >(float8, int4) fits better than
-- the server's own.  So nothing is looked up there.
SET LOCAL search_path = pg_catalog, pg_temp;

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
