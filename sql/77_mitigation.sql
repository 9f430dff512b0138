-- Thresholds by group: what was fitted, for whom, and how it did on other rows (src/pg/fairness/fit_thresholds.c).

-- Availability: 0.1.0
CREATE SEQUENCE sustainml.threshold_fit_id_seq;
COMMENT ON SEQUENCE sustainml.threshold_fit_id_seq IS 'Ids of fits of thresholds by group';
SELECT pg_catalog.pg_extension_config_dump('sustainml.threshold_fit_id_seq', '');

-- Availability: 0.1.0
CREATE TABLE sustainml.threshold_fit (
	id                 bigint           NOT NULL CONSTRAINT threshold_fit_pkey PRIMARY KEY,
	version_id         bigint           NOT NULL,
	model_schema       text             NOT NULL,
	model              text             NOT NULL,
	version            integer          NOT NULL,
	owner              text             NOT NULL,
	method             text             NOT NULL CONSTRAINT threshold_fit_method CHECK (method IN ('optimal', 'reject_option')),
	criterion          text             NOT NULL
		CONSTRAINT threshold_fit_criterion CHECK (criterion IN ('demographic_parity', 'equal_opportunity', 'equalized_odds')),
	protected          text[]           NOT NULL,
	max_gap            double precision NOT NULL,
	margin             double precision NOT NULL,
	min_rows           integer          NOT NULL,
	is_feasible        boolean          NOT NULL,
	default_threshold  double precision NOT NULL,
	source             text             NOT NULL,
	evaluation_source  text,
	rows_fitted        bigint           NOT NULL,
	rows_evaluated     bigint           NOT NULL,
	rows_without_group bigint           NOT NULL,
	accuracy_before    double precision,
	accuracy_after     double precision,
	gap_before         double precision,
	gap_after          double precision,
	run_id             bigint,
	fitted_at          timestamptz      NOT NULL,
	fitted_by          text             NOT NULL,
	retired_at         timestamptz,
	retired_by         text
);
CREATE UNIQUE INDEX threshold_fit_one_current ON sustainml.threshold_fit (version_id) WHERE retired_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('sustainml.threshold_fit', '');
REVOKE ALL ON sustainml.threshold_fit FROM PUBLIC;
COMMENT ON TABLE sustainml.threshold_fit IS 'One row per fit of thresholds by group; the one that is not retired decides in decide_by_group; outlives the model';
COMMENT ON COLUMN sustainml.threshold_fit.id IS 'Key';
COMMENT ON COLUMN sustainml.threshold_fit.version_id IS 'The model version, by sustainml.model_version.id';
COMMENT ON COLUMN sustainml.threshold_fit.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.threshold_fit.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.threshold_fit.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.threshold_fit.owner IS 'Owner of the model, by name';
COMMENT ON COLUMN sustainml.threshold_fit.method IS 'optimal: the most accurate within the gap; reject_option: a region around the default threshold';
COMMENT ON COLUMN sustainml.threshold_fit.criterion IS 'Which rates are to be alike over groups';
COMMENT ON COLUMN sustainml.threshold_fit.protected IS 'Columns whose values make the groups, in the order that decide_by_group takes them';
COMMENT ON COLUMN sustainml.threshold_fit.max_gap IS 'Largest difference between groups that was asked for';
COMMENT ON COLUMN sustainml.threshold_fit.margin IS 'Standard errors by which the gap on the fitted rows had to stay below max_gap, up to half of it';
COMMENT ON COLUMN sustainml.threshold_fit.min_rows IS 'Groups with fewer rows have the default threshold';
COMMENT ON COLUMN sustainml.threshold_fit.is_feasible IS 'Whether gap and margin were met on the fitted rows';
COMMENT ON COLUMN sustainml.threshold_fit.default_threshold IS 'For rows of other groups, or of none';
COMMENT ON COLUMN sustainml.threshold_fit.source IS 'Where the rows came from';
COMMENT ON COLUMN sustainml.threshold_fit.evaluation_source IS 'Where the rows to evaluate on came from; NULL: a half of the rows of source';
COMMENT ON COLUMN sustainml.threshold_fit.rows_fitted IS 'Rows that the thresholds were fitted on';
COMMENT ON COLUMN sustainml.threshold_fit.rows_evaluated IS 'Other rows, for the figures before and after';
COMMENT ON COLUMN sustainml.threshold_fit.rows_without_group IS 'Rows with a missing protected value';
COMMENT ON COLUMN sustainml.threshold_fit.accuracy_before IS 'With the default threshold for all, on the evaluated rows';
COMMENT ON COLUMN sustainml.threshold_fit.accuracy_after IS 'With the thresholds of the groups, on the evaluated rows';
COMMENT ON COLUMN sustainml.threshold_fit.gap_before IS 'Gap with the default threshold for all, on the evaluated rows';
COMMENT ON COLUMN sustainml.threshold_fit.gap_after IS 'Gap with the thresholds of the groups, on the evaluated rows';
COMMENT ON COLUMN sustainml.threshold_fit.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.threshold_fit.fitted_at IS 'When';
COMMENT ON COLUMN sustainml.threshold_fit.fitted_by IS 'By which role';
COMMENT ON COLUMN sustainml.threshold_fit.retired_at IS 'Since when it no longer decides: a later fit, or drop_thresholds';
COMMENT ON COLUMN sustainml.threshold_fit.retired_by IS 'By which role';

-- Availability: 0.1.0
CREATE TABLE sustainml.group_threshold (
	fit_id         bigint           NOT NULL,
	group_values   text[]           NOT NULL,
	threshold      double precision CONSTRAINT group_threshold_range CHECK (threshold >= 0),
	rows_fitted    bigint           NOT NULL,
	rows_evaluated bigint           NOT NULL,
	selection_rate double precision,
	tpr            double precision,
	fpr            double precision,
	CONSTRAINT group_threshold_pkey PRIMARY KEY (fit_id, group_values)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.group_threshold', '');
REVOKE ALL ON sustainml.group_threshold FROM PUBLIC;
COMMENT ON TABLE sustainml.group_threshold IS 'One row per group of a fit';
COMMENT ON COLUMN sustainml.group_threshold.fit_id IS 'The fit';
COMMENT ON COLUMN sustainml.group_threshold.group_values IS 'Values of the protected columns';
COMMENT ON COLUMN sustainml.group_threshold.threshold IS 'Probability at and above which the positive class is decided; Infinity: never; NULL: the default, because there are too few rows';
COMMENT ON COLUMN sustainml.group_threshold.rows_fitted IS 'Rows of the group that the threshold was fitted on';
COMMENT ON COLUMN sustainml.group_threshold.rows_evaluated IS 'Rows of the group evaluated';
COMMENT ON COLUMN sustainml.group_threshold.selection_rate IS 'Share decided positive among the evaluated rows';
COMMENT ON COLUMN sustainml.group_threshold.tpr IS 'The same among the positives';
COMMENT ON COLUMN sustainml.group_threshold.fpr IS 'The same among the negatives';

-- Availability: 0.1.0
CREATE VIEW sustainml.group_thresholds WITH (security_barrier) AS
SELECT f.model_schema, f.model, f.version, f.model || '@' || f.version AS ref, f.retired_at IS NULL AS is_current, f.method, f.criterion,
       array_to_string(f.protected, ' & ') AS attribute, array_to_string(g.group_values, ', ') AS group_value,
       coalesce(g.threshold, f.default_threshold) AS threshold, g.threshold IS NULL AS is_default, f.default_threshold,
       g.rows_fitted, g.rows_evaluated, CASE WHEN shown THEN g.selection_rate END AS selection_rate, CASE WHEN shown THEN g.tpr END AS tpr,
       CASE WHEN shown THEN g.fpr END AS fpr, f.max_gap, f.margin, f.is_feasible,
       f.accuracy_before, f.accuracy_after, f.gap_before, f.gap_after, f.source, f.evaluation_source,
       f.fitted_at, f.fitted_by, f.retired_at, f.retired_by, f.run_id, f.id AS fit_id
  FROM sustainml.threshold_fit f
  JOIN sustainml.group_threshold g ON g.fit_id = f.id
 -- rates of fewer than ten rows are for those who manage the model
 CROSS JOIN LATERAL (SELECT g.rows_evaluated >= 10 OR sustainml_internal.may(f.owner, f.model_schema, f.model, 'manage') AS shown) s
 WHERE sustainml_internal.may(f.owner, f.model_schema, f.model, 'read');
COMMENT ON VIEW sustainml.group_thresholds IS 'Thresholds by group of the models that the caller may read, current and retired, with gap and accuracy before and after';
COMMENT ON COLUMN sustainml.group_thresholds.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.group_thresholds.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.group_thresholds.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.group_thresholds.ref IS 'model@version';
COMMENT ON COLUMN sustainml.group_thresholds.is_current IS 'Whether decide_by_group uses it';
COMMENT ON COLUMN sustainml.group_thresholds.method IS 'optimal or reject_option';
COMMENT ON COLUMN sustainml.group_thresholds.criterion IS 'Which rates are to be alike over groups';
COMMENT ON COLUMN sustainml.group_thresholds.attribute IS 'Protected columns';
COMMENT ON COLUMN sustainml.group_thresholds.group_value IS 'Their values';
COMMENT ON COLUMN sustainml.group_thresholds.threshold IS 'Probability at and above which the positive class is decided; Infinity: never';
COMMENT ON COLUMN sustainml.group_thresholds.is_default IS 'Whether that is the default, because the group has too few rows';
COMMENT ON COLUMN sustainml.group_thresholds.default_threshold IS 'For rows of other groups, or of none';
COMMENT ON COLUMN sustainml.group_thresholds.rows_fitted IS 'Rows of the group that the threshold was fitted on';
COMMENT ON COLUMN sustainml.group_thresholds.rows_evaluated IS 'Other rows of the group';
COMMENT ON COLUMN sustainml.group_thresholds.selection_rate IS 'Share decided positive among the evaluated rows; NULL for fewer than ten rows, unless the reader manages the model';
COMMENT ON COLUMN sustainml.group_thresholds.tpr IS 'The same among the positives';
COMMENT ON COLUMN sustainml.group_thresholds.fpr IS 'The same among the negatives';
COMMENT ON COLUMN sustainml.group_thresholds.max_gap IS 'Largest difference between groups that was asked for';
COMMENT ON COLUMN sustainml.group_thresholds.margin IS 'Standard errors by which the gap on the fitted rows had to stay below max_gap, up to half of it';
COMMENT ON COLUMN sustainml.group_thresholds.is_feasible IS 'Whether gap and margin were met on the fitted rows';
COMMENT ON COLUMN sustainml.group_thresholds.accuracy_before IS 'With the default threshold for all, on the evaluated rows of all groups';
COMMENT ON COLUMN sustainml.group_thresholds.accuracy_after IS 'With these thresholds';
COMMENT ON COLUMN sustainml.group_thresholds.gap_before IS 'Gap with the default threshold for all, on the evaluated rows';
COMMENT ON COLUMN sustainml.group_thresholds.gap_after IS 'Gap with these thresholds';
COMMENT ON COLUMN sustainml.group_thresholds.source IS 'Where the rows came from';
COMMENT ON COLUMN sustainml.group_thresholds.evaluation_source IS 'Where the rows to evaluate on came from; NULL: a half of the rows of source';
COMMENT ON COLUMN sustainml.group_thresholds.fitted_at IS 'When';
COMMENT ON COLUMN sustainml.group_thresholds.fitted_by IS 'By which role';
COMMENT ON COLUMN sustainml.group_thresholds.retired_at IS 'Since when it no longer decides';
COMMENT ON COLUMN sustainml.group_thresholds.retired_by IS 'By which role';
COMMENT ON COLUMN sustainml.group_thresholds.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.group_thresholds.fit_id IS 'The fit';
GRANT SELECT ON sustainml.group_thresholds TO PUBLIC;
