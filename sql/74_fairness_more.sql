-- Further fairness tables (src/pg/fairness/tables.c, classes.c, samples.c).  They show figures and keep nothing; each needs SELECT on the source and is
-- logged as a run of kind 'audit'.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.adverse_impact(
	source        text,
	selected      text,
	protected     text[],
	favorable     text             DEFAULT NULL,
	weight        text             DEFAULT NULL,
	intersections integer          DEFAULT 2,
	min_n         integer          DEFAULT 30,
	confidence    double precision DEFAULT 0.95,
	OUT attribute text, OUT group_value text, OUT n bigint, OUT share double precision,
	OUT share_ci_low double precision, OUT share_ci_high double precision, OUT share_ci_method text, OUT selected double precision, OUT selection_rate double precision,
	OUT rate_ci_low double precision, OUT rate_ci_high double precision, OUT rate_ci_method text, OUT reference_group text, OUT reference_rate double precision,
	OUT impact_ratio double precision, OUT ratio_ci_low double precision, OUT ratio_ci_high double precision, OUT ratio_ci_method text, OUT z double precision, OUT p_value double precision,
	OUT fisher_p double precision, OUT below_four_fifths boolean, OUT is_small boolean, OUT undefined_reason text, OUT verdict text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_adverse_impact' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 20;
COMMENT ON FUNCTION sustainml.adverse_impact(text, text, text[], text, text, integer, integer, double precision) IS
'Selection rate of each group over that of the most selected one (four-fifths rule), with z test, Fisher''s exact test and Katz''s interval (MOVER where a rate is 0 or 1); share is that of all rows. verdict is fail when the ratio is
below 0.8 and significant, insufficient evidence when it is below and not significant, or rests on few rows.
Example: SELECT * FROM sustainml.adverse_impact(''admissions'', ''admitted'', ''{gender}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.bias_audit_ll144(
	source     text,
	protected  text[],
	selected   text             DEFAULT NULL,
	favorable  text             DEFAULT NULL,
	score      text             DEFAULT NULL,
	confidence double precision DEFAULT 0.95,
	OUT attribute text, OUT category text, OUT applicants bigint, OUT share double precision,
	OUT share_ci_low double precision, OUT share_ci_high double precision, OUT share_ci_method text, OUT selected bigint, OUT rate double precision,
	OUT rate_ci_low double precision, OUT rate_ci_high double precision, OUT rate_ci_method text, OUT impact_ratio double precision,
	OUT ratio_ci_low double precision, OUT ratio_ci_high double precision, OUT ratio_ci_method text, OUT reference_category text, OUT under_two_percent boolean, OUT excluded_reason text, OUT median_score double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_bias_audit_ll144' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 20;
COMMENT ON FUNCTION sustainml.bias_audit_ll144(text, text[], text, text, text, double precision) IS
'The table of a bias audit by New York City''s Local Law 144: selection rates, or with score scoring rates (share above the median of all scores; equal to it is not above), and
impact ratios by category and all crosses. Unknown categories and those under 2 % have no ratio, and their counts and rates stay. Intervals are Wilson''s for rates and Katz''s for ratios (MOVER where a rate is 0 or 1).
Example: SELECT * FROM sustainml.bias_audit_ll144(''applicants'', ''{sex,race}'', score => ''score'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_strata(
	source     text,
	selected   text,
	protected  text[],
	strata     text[],
	favorable  text             DEFAULT NULL,
	reference  text             DEFAULT NULL,
	confidence double precision DEFAULT 0.95,
	min_n      integer          DEFAULT 30,
	OUT attribute text, OUT group_value text, OUT reference_group text, OUT n bigint, OUT selection_rate double precision,
	OUT rate_ci_low double precision, OUT rate_ci_high double precision, OUT rate_ci_method text, OUT reference_rate double precision,
	OUT reference_ci_low double precision, OUT reference_ci_high double precision, OUT reference_ci_method text,
	OUT difference double precision, OUT difference_ci_low double precision, OUT difference_ci_high double precision, OUT conditional_difference double precision,
	OUT conditional_difference_ci_low double precision, OUT conditional_difference_ci_high double precision,
	OUT odds_ratio double precision, OUT odds_ratio_ci_low double precision, OUT odds_ratio_ci_high double precision, OUT cmh double precision, OUT cmh_p double precision,
	OUT cmh_corrected double precision, OUT cmh_corrected_p double precision, OUT conditional_disparity double precision,
	OUT conditional_disparity_ci_low double precision, OUT conditional_disparity_ci_high double precision, OUT strata bigint, OUT strata_used bigint,
	OUT is_small boolean, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_strata' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION sustainml.fairness_strata(text, text, text[], text[], text, text, double precision, integer) IS
'Conditional parity: each group against the reference (the largest, unless named) within strata. Mantel-Haenszel difference and odds ratio, Cochran-Mantel-Haenszel test with and
without continuity correction, and conditional demographic disparity (share of the rejected less share of the selected, averaged over strata by rows). Intervals: Wilson''s of rates, Newcombe''s of difference, Sato''s of conditional_difference, Robins, Breslow
and Greenland''s of odds_ratio, MOVER of conditional_disparity. is_small marks groups, or a reference, of fewer than min_n rows.
Example: SELECT * FROM sustainml.fairness_strata(''admissions'', ''admitted'', ''{gender}'', ''{dept}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_calibration(
	source        text,
	target        text,
	score         text,
	protected     text[]           DEFAULT NULL,
	positive      text             DEFAULT NULL,
	bins          integer          DEFAULT 10,
	intersections integer          DEFAULT 1,
	min_n         integer          DEFAULT 30,
	confidence    double precision DEFAULT 0.95,
	OUT attribute text, OUT group_value text, OUT bin integer, OUT n bigint, OUT mean_score double precision,
	OUT score_ci_low double precision, OUT score_ci_high double precision, OUT score_ci_method text, OUT observed double precision,
	OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT is_small boolean, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_calibration' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 40;
COMMENT ON FUNCTION sustainml.fairness_calibration(text, text, text, text[], text, integer, integer, integer, double precision) IS
'Calibration within groups: in bins of equal width over 0 to 1 the mean score (Student''s t), the share of positives (Wilson), and the number of rows.
Example: SELECT * FROM sustainml.fairness_calibration(''adult_scored'', ''income_gt_50k'', ''p'', ''{sex}'') ORDER BY attribute, group_value, bin;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_multiclass(
	source        text,
	target        text,
	prediction    text,
	protected     text[],
	intersections integer          DEFAULT 1,
	reference     text             DEFAULT 'majority',
	min_n         integer          DEFAULT 30,
	confidence    double precision DEFAULT 0.95,
	draws         integer          DEFAULT 2000,
	seed          bigint           DEFAULT 0,
	OUT class text, OUT scope text, OUT attribute text, OUT group_value text, OUT metric text, OUT value double precision, OUT numerator double precision,
	OUT denominator double precision, OUT n bigint, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT low_group text, OUT high_group text,
	OUT is_small boolean, OUT undefined_reason text, OUT worst_class text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_multiclass' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 500;
COMMENT ON FUNCTION sustainml.fairness_multiclass(text, text, text, text[], integer, text, integer, double precision, integer, bigint) IS
'Any number of classes, each against the rest, from one pass: the figures of fairness_groups and fairness_disparity per class, and then, with class NULL, each
disparity for the class where it is worst.
Example: SELECT metric, value, worst_class FROM sustainml.fairness_multiclass(''scored'', ''grade'', ''predicted_grade'', ''{sex}'') WHERE class IS NULL;';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_data(
	source        text,
	target        text,
	protected     text[],
	favorable     text             DEFAULT NULL,
	intersections integer          DEFAULT 1,
	confidence    double precision DEFAULT 0.95,
	draws         integer          DEFAULT 2000,
	seed          bigint           DEFAULT 0,
	OUT attribute text, OUT group_value text, OUT metric text, OUT value double precision, OUT numerator double precision, OUT denominator double precision, OUT n bigint,
	OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_data' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 40;
COMMENT ON FUNCTION sustainml.fairness_data(text, text, text[], text, integer, double precision, integer, bigint) IS
'A data set before training, each group against all others: share of rows, class imbalance (others - group) / all, missing labels, with favorable its rate and the difference,
and distances of the distributions of labels: Kullback-Leibler (group from others), Jensen-Shannon, total variation, Euclidean. Intervals: Wilson for shares, Newcombe for the difference, the delta
method for divergences, a bootstrap on the counts for the other two distances.
Example: SELECT * FROM sustainml.fairness_data(''adult_train'', ''income_gt_50k'', ''{sex}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_inequality(
	source        text,
	target        text,
	prediction    text,
	protected     text[],
	favorable     text             DEFAULT NULL,
	alpha         double precision DEFAULT 2,
	intersections integer          DEFAULT 1,
	confidence    double precision DEFAULT 0.95,
	draws         integer          DEFAULT 2000,
	seed          bigint           DEFAULT 0,
	OUT attribute text, OUT metric text, OUT alpha double precision, OUT value double precision, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text,
	OUT between_groups double precision, OUT between_ci_low double precision, OUT between_ci_high double precision,
	OUT within_groups double precision, OUT within_ci_low double precision, OUT within_ci_high double precision,
	OUT n bigint, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_inequality' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION sustainml.fairness_inequality(text, text, text, text[], text, double precision, integer, double precision, integer, bigint) IS
'Inequality of the benefit 1 + prediction - label over rows: generalised entropy, Theil index and coefficient of variation, with the part that lies between groups (of the coefficient of variation there are no
parts). Intervals come from a bootstrap on the cells group x benefit, corrected for bias.
Example: SELECT * FROM sustainml.fairness_inequality(''adult_scored'', ''income_gt_50k'', ''pred'', ''{sex}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_regression(
	source        text,
	target        text,
	prediction    text,
	protected     text[],
	intersections integer          DEFAULT 1,
	min_n         integer          DEFAULT 30,
	confidence    double precision DEFAULT 0.95,
	draws         integer          DEFAULT 2000,
	seed          bigint           DEFAULT 0,
	OUT attribute text, OUT group_value text, OUT metric text, OUT value double precision, OUT numerator double precision, OUT denominator double precision,
	OUT n bigint, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT low_group text, OUT high_group text, OUT is_small boolean, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_regression' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 40;
COMMENT ON FUNCTION sustainml.fairness_regression(text, text, text, text[], integer, integer, double precision, integer, bigint) IS
'Errors of a regression by group: means, mean error (prediction - actual), mae, rmse, r2, the Kolmogorov-Smirnov and Wasserstein distances of its predictions from those
of all others, and with group_value NULL the largest difference between groups. Intervals: Student''s t, delta for r2, dkw and norm_bound for distances, MOVER or
a parametric bootstrap for differences. Rows that lack a finite target or prediction are left out and counted (rows_skipped).
Example: SELECT * FROM sustainml.fairness_regression(''scored'', ''price'', ''predicted_price'', ''{region}'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_consistency(
	source       text,
	prediction   text,
	features     text[],
	favorable    text    DEFAULT NULL,
	k            integer DEFAULT 5,
	include_self boolean DEFAULT false,
	max_rows     integer DEFAULT 5000,
	confidence   double precision DEFAULT 0.95,
	OUT consistency double precision, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT n bigint, OUT rows_skipped bigint, OUT k integer,
	OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_consistency' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION sustainml.fairness_consistency(text, text, text[], text, integer, boolean, integer, double precision) IS
'Whether like rows are treated alike: 1 less the mean distance of a row''s prediction from the mean of its k nearest rows, by numeric features scaled to unit deviation. Each
row is compared with all others, so take a sample of large tables; include_self counts the row among its neighbours, as AIF360 does. The interval is a jackknife over 20 parts of the rows, since rows
share neighbours.
Example: SELECT * FROM sustainml.fairness_consistency(''SELECT * FROM adult_scored LIMIT 2000'', ''pred'', ''{age,education_num,hours_per_week}'');';
