-- A page about a model (src/pg/model/card.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.model_card(model text, source text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_model_card' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION sustainml.model_card(text, text) IS
'One self-contained HTML page about a model version: what it is, quality with ROC and calibration plots (on the held-out rows, or on source), what drives it,
fairness by group, what was done about gaps and what bounds on them would cost, energy and carbon, features, notes.  Needs the privilege ''read'' on the model.
Example: SELECT sustainml.model_card(''income'');  -- in psql, after \pset tuples_only and \pset format unaligned, with \g card.html';
