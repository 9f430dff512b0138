-- Fairness audits (src/pg/fairness/request.c, truth.c, of_model.c, collect.c, store.c, audit.c).
--
-- Without model: target, prediction (or score and threshold) are columns of the source.  With model: it predicts, and source, protected
-- and favorable are those of its training unless given.  positive is the class that tpr, fpr and the others are about (favorable, else true
-- or 1, else the model's); selection rates and impact ratios are about favorable.

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_audit(
	source         text             DEFAULT NULL,
	target         text             DEFAULT NULL,
	prediction     text             DEFAULT NULL,
	protected      text[]           DEFAULT NULL,
	favorable      text             DEFAULT NULL,
	model          text             DEFAULT NULL,
	score          text             DEFAULT NULL,
	positive       text             DEFAULT NULL,
	threshold      double precision DEFAULT NULL,
	weight         text             DEFAULT NULL,
	part           text             DEFAULT 'all',
	intersections  integer          DEFAULT 2,
	reference      text             DEFAULT 'majority',
	min_n          integer          DEFAULT 30,
	confidence     double precision DEFAULT 0.95,
	draws          integer          DEFAULT 2000,
	seed           bigint           DEFAULT 0,
	suppress_below integer          DEFAULT 10)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_fairness_audit' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sustainml.fairness_audit(text, text, text, text[], text, text, text, text, double precision, text, text, integer, text, integer, double precision, integer, bigint, integer) IS
'Audits predictions by the groups of protected columns and their crosses in one pass, keeps the audit and returns its id: rates with intervals, comparisons with a
reference group, impact ratios and disparities; see the views fairness_latest, fairness_history and impact_ratio. Policies of the model are judged by it.
Example: SELECT sustainml.fairness_audit(''adult_scored'', target => ''income_gt_50k'', prediction => ''pred'', score => ''p'', protected => ''{sex,race}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_groups(
	source         text             DEFAULT NULL,
	target         text             DEFAULT NULL,
	prediction     text             DEFAULT NULL,
	protected      text[]           DEFAULT NULL,
	favorable      text             DEFAULT NULL,
	model          text             DEFAULT NULL,
	score          text             DEFAULT NULL,
	positive       text             DEFAULT NULL,
	threshold      double precision DEFAULT NULL,
	weight         text             DEFAULT NULL,
	part           text             DEFAULT 'all',
	intersections  integer          DEFAULT 2,
	reference      text             DEFAULT 'majority',
	min_n          integer          DEFAULT 30,
	confidence     double precision DEFAULT 0.95,
	draws          integer          DEFAULT 2000,
	seed           bigint           DEFAULT 0,
	suppress_below integer          DEFAULT 10,
	OUT scope text, OUT attribute text, OUT group_value text, OUT metric text, OUT value double precision, OUT numerator double precision,
	OUT denominator double precision, OUT n bigint, OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT effective_n double precision,
	OUT reference_group text, OUT p_value double precision, OUT is_small boolean, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_groups' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 200;
COMMENT ON FUNCTION sustainml.fairness_groups(text, text, text, text[], text, text, text, text, double precision, text, text, integer, text, integer, double precision, integer, bigint, integer) IS
'The figures of groups that fairness_audit would keep, without keeping them. effective_n is what an interval rests on: rows, with weights (sum w)^2 / sum w^2.
undefined_reason says why there is no value, or why a value has no interval.
Example: SELECT * FROM sustainml.fairness_groups(''adult_scored'', target => ''income_gt_50k'', prediction => ''pred'', protected => ''{sex}'', favorable => ''1'') WHERE scope = ''group'';';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_disparity(
	source         text             DEFAULT NULL,
	target         text             DEFAULT NULL,
	prediction     text             DEFAULT NULL,
	protected      text[]           DEFAULT NULL,
	favorable      text             DEFAULT NULL,
	model          text             DEFAULT NULL,
	score          text             DEFAULT NULL,
	positive       text             DEFAULT NULL,
	threshold      double precision DEFAULT NULL,
	weight         text             DEFAULT NULL,
	part           text             DEFAULT 'all',
	intersections  integer          DEFAULT 2,
	reference      text             DEFAULT 'majority',
	min_n          integer          DEFAULT 30,
	confidence     double precision DEFAULT 0.95,
	draws          integer          DEFAULT 2000,
	seed           bigint           DEFAULT 0,
	suppress_below integer          DEFAULT 10,
	OUT attribute text, OUT metric text, OUT value double precision, OUT numerator double precision, OUT denominator double precision, OUT n bigint,
	OUT ci_low double precision, OUT ci_high double precision, OUT ci_method text, OUT corrected double precision, OUT p_value double precision,
	OUT low_group text, OUT high_group text, OUT groups_left_out bigint, OUT is_small boolean, OUT undefined_reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_fairness_disparity' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION sustainml.fairness_disparity(text, text, text, text[], text, text, text, text, double precision, text, text, integer, text, integer, double precision, integer, bigint, integer) IS
'The disparities that fairness_audit would keep, without keeping them: largest minus smallest, smallest over largest and farthest from overall, over the groups of each
protected column and cross, with intervals, the value corrected for its upward bias, and a test that all groups are equal.
Example: SELECT * FROM sustainml.fairness_disparity(''adult_scored'', target => ''income_gt_50k'', prediction => ''pred'', protected => ''{sex}'', favorable => ''1'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.set_fairness_policy(
	model        text,
	metric       text,
	bound        double precision,
	attribute    text    DEFAULT NULL,
	judge_by     text    DEFAULT 'interval',
	min_n        bigint  DEFAULT 30,
	severity     text    DEFAULT 'error',
	clean_audits integer DEFAULT 1)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_set_fairness_policy' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.set_fairness_policy(text, text, double precision, text, text, bigint, text, integer) IS
'Sets a bound that the audits of a model must keep: at most for differences, at least for ratios. With judge_by interval an audit passes or fails when the
whole interval lies on one side of the bound, and is insufficient evidence otherwise. The audits of the active version so far are judged at once, and open an alert
where they fail. Replaces the policy on the same model, attribute and metric; returns its id.
Example: SELECT sustainml.set_fairness_policy(''income'', ''demographic_parity_ratio'', 0.8, attribute => ''sex'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.end_fairness_policy(policy_id bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_end_fairness_policy' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.end_fairness_policy(bigint) IS
'Ends a policy and closes its alerts; what it said stays.
Example: SELECT sustainml.end_fairness_policy(3);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.acknowledge_fairness_alert(alert_id bigint, reason text) RETURNS void
	AS 'MODULE_PATHNAME', 'sustainml_acknowledge_fairness_alert' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.acknowledge_fairness_alert(bigint, text) IS
'Records who took note of an alert and why it is borne for now; it stays open until audits pass.
Example: SELECT sustainml.acknowledge_fairness_alert(7, ''new data is being collected'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fairness_gate(model text, strict boolean DEFAULT false) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fairness_gate' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.fairness_gate(text, boolean) IS
'Raises an error when a version fails a fairness policy of its model, or has a policy and no audit; with strict also on insufficient evidence. Returns name@version.
Each policy is judged by the newest audit of that version that measured it, at its threshold and by a role that may manage the model.
Example: SELECT sustainml.fairness_gate(''income@latest'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.record_mitigation(
	model        text,
	method       text,
	attribute    text,
	metric       text,
	audit_before bigint,
	audit_after  bigint,
	params       jsonb DEFAULT '{}',
	thresholds   jsonb DEFAULT NULL,
	note         text  DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'sustainml_record_mitigation' LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE;
COMMENT ON FUNCTION sustainml.record_mitigation(text, text, text, text, bigint, bigint, jsonb, jsonb, text) IS
'Records what was done against a gap, with the audit before and the audit after; the gaps are taken from these, and a gap that did not fall is noted. Returns the id.
Example: SELECT sustainml.record_mitigation(''income@2'', ''fewer proxies'', ''sex'', ''demographic_parity_difference'', audit_before => 1, audit_after => 4);';
