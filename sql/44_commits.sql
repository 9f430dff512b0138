-- For procedures that commit (src/pg/commits.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.need_commits(procedure text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_need_commits' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml_internal.need_commits(text) IS 'An error when the procedure that calls cannot commit';
