-- What a model card shows of mitigations (src/pg/model/card.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.mitigation_fronts(model_schema text, model text, version integer, ref text,
	OUT title text, OUT label text, OUT kind double precision, OUT gap double precision, OUT accuracy double precision, OUT is_pareto boolean, OUT problem text)
	RETURNS SETOF record
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	asked record;
	point record;
	message text;
	detail text;
BEGIN
	FOR asked IN
		SELECT DISTINCT ON (m.attribute, m.metric) m.attribute, m.metric,
		       CASE m.metric WHEN 'demographic_parity_difference' THEN 'demographic_parity' WHEN 'equalized_odds_difference' THEN 'equalized_odds' ELSE 'equal_opportunity' END AS criterion
		  FROM sustainml.fairness_mitigations m
		 WHERE m.model_schema = mitigation_fronts.model_schema AND m.model = mitigation_fronts.model AND m.version = mitigation_fronts.version
		 ORDER BY m.attribute, m.metric LIMIT 4
	LOOP
		title := asked.metric || ' by ' || asked.attribute;
		BEGIN
			FOR point IN
				SELECT f.* FROM sustainml.fairness_front(ref, protected => string_to_array(asked.attribute, ' & '), criterion => asked.criterion, points => 12) f
			LOOP
				label := format('%s, max_gap %s', replace(point.way, '_', ' '), round(point.max_gap::numeric, 4));
				kind := CASE point.way WHEN 'one_threshold' THEN 0 WHEN 'group_thresholds' THEN 1 ELSE 2 END;
				gap := point.gap;
				accuracy := point.accuracy;
				is_pareto := point.is_pareto;
				RETURN NEXT;
			END LOOP;
		EXCEPTION WHEN no_data_found OR invalid_parameter_value OR undefined_column OR undefined_table OR undefined_object OR insufficient_privilege
			OR program_limit_exceeded OR wrong_object_type OR object_not_in_prerequisite_state THEN
			-- a card is made all the same
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			problem := 'there is no front: ' || message || coalesce('. ' || nullif(detail, ''), '');
			label := NULL; kind := NULL; gap := NULL; accuracy := NULL; is_pareto := NULL;
			RETURN NEXT;
			problem := NULL;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sustainml_internal.mitigation_fronts(text, text, integer, text) IS
'Accuracy against gap for what was done about gaps in a model version, by attribute and criterion, on the held-out rows and with the caller''s rights; problem: why there is none';
