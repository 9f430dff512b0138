-- What audits leave behind.  Rows are written by the extension's C code and never changed: a trigger refuses it to everybody, and
-- a chain of hashes shows where somebody got around that.  Values of protected columns are stored by group, never by row.

-- Availability: 0.1.0
CREATE SEQUENCE sustainml.fairness_id_seq;
COMMENT ON SEQUENCE sustainml.fairness_id_seq IS 'Ids of audits, policies, alerts and mitigations';
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_id_seq', '');

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_audit (
	audit_id                bigint           NOT NULL CONSTRAINT fairness_audit_pkey PRIMARY KEY,
	audited_at              timestamptz      NOT NULL,
	role_name               text             NOT NULL,
	by_manager              boolean          NOT NULL,
	subject                 text             NOT NULL,
	model_schema            text,
	model                   text,
	version                 integer,
	version_id              bigint,
	source                  text             NOT NULL,
	part                    text             NOT NULL,
	target                  text,
	prediction              text,
	score                   text,
	weight                  text,
	positive                text,
	favorable               text,
	threshold               double precision,
	protected               text[]           NOT NULL,
	intersections           integer          NOT NULL,
	reference               text             NOT NULL,
	min_n                   integer          NOT NULL,
	suppress_below          integer          NOT NULL,
	confidence              double precision NOT NULL,
	draws                   integer          NOT NULL,
	seed                    bigint           NOT NULL,
	rows                    bigint           NOT NULL,
	rows_without_label      bigint           NOT NULL,
	rows_without_prediction bigint           NOT NULL,
	rows_without_group      bigint           NOT NULL,
	rows_without_weight     bigint           NOT NULL,
	rows_without_score      bigint           NOT NULL,
	rows_bad_score          bigint           NOT NULL,
	notes                   text[]           NOT NULL,
	run_id                  bigint,
	extension_version       text             NOT NULL,
	salt                    text             NOT NULL
);
CREATE INDEX fairness_audit_subject ON sustainml.fairness_audit (subject, audit_id);
CREATE INDEX fairness_audit_version ON sustainml.fairness_audit (version_id, audit_id);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_audit', '');
REVOKE ALL ON sustainml.fairness_audit FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_audit IS 'One row per fairness audit; never changed';
COMMENT ON COLUMN sustainml.fairness_audit.audit_id IS 'Key';
COMMENT ON COLUMN sustainml.fairness_audit.audited_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_audit.role_name IS 'Role that audited, by name: the owner of the audit';
COMMENT ON COLUMN sustainml.fairness_audit.by_manager IS 'Whether that role could manage the model: only such audits decide policies';
COMMENT ON COLUMN sustainml.fairness_audit.subject IS 'What was audited, by the name that it had at its first audit; audits of one subject form a chain';
COMMENT ON COLUMN sustainml.fairness_audit.model_schema IS 'Schema part of the model''s name at the time; NULL: predictions of unknown origin';
COMMENT ON COLUMN sustainml.fairness_audit.model IS 'Name of the model at the time; the views show the present one';
COMMENT ON COLUMN sustainml.fairness_audit.version IS 'Version of the model';
COMMENT ON COLUMN sustainml.fairness_audit.version_id IS 'Key of the version, which renaming does not change';
COMMENT ON COLUMN sustainml.fairness_audit.source IS 'Table, view or query audited';
COMMENT ON COLUMN sustainml.fairness_audit.part IS 'all, held_out or training rows';
COMMENT ON COLUMN sustainml.fairness_audit.target IS 'Column of labels';
COMMENT ON COLUMN sustainml.fairness_audit.prediction IS 'Column of predictions; NULL: by the model, or by score and threshold';
COMMENT ON COLUMN sustainml.fairness_audit.score IS 'Column of scores';
COMMENT ON COLUMN sustainml.fairness_audit.weight IS 'Column of weights';
COMMENT ON COLUMN sustainml.fairness_audit.positive IS 'Class that tpr, fpr and the others are about';
COMMENT ON COLUMN sustainml.fairness_audit.favorable IS 'Outcome that people want; selection rates are about it';
COMMENT ON COLUMN sustainml.fairness_audit.threshold IS 'Score at and above which the positive class was predicted';
COMMENT ON COLUMN sustainml.fairness_audit.protected IS 'Protected columns';
COMMENT ON COLUMN sustainml.fairness_audit.intersections IS 'Most columns in a cross';
COMMENT ON COLUMN sustainml.fairness_audit.reference IS 'How reference groups were chosen';
COMMENT ON COLUMN sustainml.fairness_audit.min_n IS 'Groups with fewer rows are marked small';
COMMENT ON COLUMN sustainml.fairness_audit.suppress_below IS 'Groups with fewer rows are hidden from readers who are not the owner';
COMMENT ON COLUMN sustainml.fairness_audit.confidence IS 'Confidence of the intervals';
COMMENT ON COLUMN sustainml.fairness_audit.draws IS 'Bootstrap draws';
COMMENT ON COLUMN sustainml.fairness_audit.seed IS 'Seed of the draws';
COMMENT ON COLUMN sustainml.fairness_audit.rows IS 'Rows seen, all counted somewhere';
COMMENT ON COLUMN sustainml.fairness_audit.rows_without_label IS 'Rows without label: in selection rates only';
COMMENT ON COLUMN sustainml.fairness_audit.rows_without_prediction IS 'Rows without prediction: in base rates only';
COMMENT ON COLUMN sustainml.fairness_audit.rows_without_group IS 'Rows that lack a protected value: shown as (missing), left out of comparisons';
COMMENT ON COLUMN sustainml.fairness_audit.rows_without_weight IS 'Rows of weight 0 or NULL: left out';
COMMENT ON COLUMN sustainml.fairness_audit.rows_without_score IS 'Rows without score: left out of figures about scores';
COMMENT ON COLUMN sustainml.fairness_audit.rows_bad_score IS 'Rows whose score is NaN: left out of figures about scores';
COMMENT ON COLUMN sustainml.fairness_audit.notes IS 'What the reader may not expect';
COMMENT ON COLUMN sustainml.fairness_audit.run_id IS 'Row of sustainml.run_log';
COMMENT ON COLUMN sustainml.fairness_audit.extension_version IS 'Version of sustainml that made it';
COMMENT ON COLUMN sustainml.fairness_audit.salt IS 'Random text that nobody but the owner of the extension reads: without it who sees the hash could try out what a hidden group contains';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_cell (
	audit_id               bigint                  NOT NULL,
	cell                   integer                 NOT NULL,
	attributes             text[]                  NOT NULL,
	group_values           text[]                  NOT NULL,
	n                      bigint                  NOT NULL,
	true_positives         bigint                  NOT NULL,
	false_positives        bigint                  NOT NULL,
	true_negatives         bigint                  NOT NULL,
	false_negatives        bigint                  NOT NULL,
	is_unknown             boolean                 NOT NULL,
	is_small               boolean                 NOT NULL,
	is_suppressed          boolean                 NOT NULL,
	counts                 sustainml.fairness_state NOT NULL,
	CONSTRAINT fairness_cell_pkey PRIMARY KEY (audit_id, cell)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_cell', '');
REVOKE ALL ON sustainml.fairness_cell FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_cell IS 'One row per audit and group: everybody, each attribute''s groups, each cross; never changed';
COMMENT ON COLUMN sustainml.fairness_cell.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_cell.cell IS 'Number within the audit';
COMMENT ON COLUMN sustainml.fairness_cell.attributes IS 'Protected columns that make the group; none: everybody';
COMMENT ON COLUMN sustainml.fairness_cell.group_values IS 'Their values; NULL: missing';
COMMENT ON COLUMN sustainml.fairness_cell.n IS 'Rows';
COMMENT ON COLUMN sustainml.fairness_cell.true_positives IS 'Rows positive and predicted positive';
COMMENT ON COLUMN sustainml.fairness_cell.false_positives IS 'Rows negative and predicted positive';
COMMENT ON COLUMN sustainml.fairness_cell.true_negatives IS 'Rows negative and predicted negative';
COMMENT ON COLUMN sustainml.fairness_cell.false_negatives IS 'Rows positive and predicted negative';
COMMENT ON COLUMN sustainml.fairness_cell.is_unknown IS 'A value is missing';
COMMENT ON COLUMN sustainml.fairness_cell.is_small IS 'Fewer rows than min_n';
COMMENT ON COLUMN sustainml.fairness_cell.is_suppressed IS 'Hidden from readers who are not the owner';
COMMENT ON COLUMN sustainml.fairness_cell.counts IS 'All counts, mergeable';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_metric (
	audit_id         bigint           NOT NULL,
	line             integer          NOT NULL,
	scope            text             NOT NULL CONSTRAINT fairness_metric_scope CHECK (scope IN ('overall', 'group', 'difference', 'ratio', 'disparity')),
	attributes       text[]           NOT NULL,
	group_values     text[],
	cell             integer,
	metric           text             NOT NULL,
	value            double precision,
	numerator        double precision,
	denominator      double precision,
	n                bigint           NOT NULL,
	effective_n      double precision,
	ci_low           double precision,
	ci_high          double precision,
	ci_method        text,
	reference_group  text,
	low_group        text,
	high_group       text,
	least_n          bigint           NOT NULL,
	groups_left_out  integer          NOT NULL,
	statistic        double precision,
	p_value          double precision,
	exact_p          double precision,
	corrected        double precision,
	is_small         boolean          NOT NULL,
	is_suppressed    boolean          NOT NULL,
	undefined_reason text,
	CONSTRAINT fairness_metric_pkey PRIMARY KEY (audit_id, line)
);
-- disparities, and only these, are of no cell: what policies and trends look for among many lines of groups
CREATE INDEX fairness_metric_disparity ON sustainml.fairness_metric (audit_id, metric) WHERE cell IS NULL;
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_metric', '');
REVOKE ALL ON sustainml.fairness_metric FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_metric IS 'One row per figure of an audit, long form; never changed';
COMMENT ON COLUMN sustainml.fairness_metric.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_metric.line IS 'Number within the audit';
COMMENT ON COLUMN sustainml.fairness_metric.scope IS 'overall, group, difference and ratio (to the reference group), disparity (over all groups)';
COMMENT ON COLUMN sustainml.fairness_metric.attributes IS 'Protected columns; none: everybody';
COMMENT ON COLUMN sustainml.fairness_metric.group_values IS 'Values that make the group; NULL for disparities';
COMMENT ON COLUMN sustainml.fairness_metric.cell IS 'The group''s row of fairness_cell; NULL for disparities';
COMMENT ON COLUMN sustainml.fairness_metric.metric IS 'Name of the figure';
COMMENT ON COLUMN sustainml.fairness_metric.value IS 'Its value; NULL: undefined, see undefined_reason';
COMMENT ON COLUMN sustainml.fairness_metric.numerator IS 'Of the quotient; of a comparison the group''s figure; of a disparity the larger figure (ratio: the smaller)';
COMMENT ON COLUMN sustainml.fairness_metric.denominator IS 'Of the quotient; of a comparison the reference''s figure; of a disparity the smaller figure (ratio: the larger)';
COMMENT ON COLUMN sustainml.fairness_metric.n IS 'Rows it rests on; of a disparity those of the groups at both ends';
COMMENT ON COLUMN sustainml.fairness_metric.effective_n IS 'What the interval rests on: rows, with weights (sum w)^2 / sum w^2; NULL where it is of no one number of rows, as for disparities';
COMMENT ON COLUMN sustainml.fairness_metric.ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.fairness_metric.ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.fairness_metric.ci_method IS 'How: wilson, newcombe, katz, mover, student_t, bootstrap, …; see docs/fairness.md';
COMMENT ON COLUMN sustainml.fairness_metric.reference_group IS 'Group compared with; for impact_ratio the most selected';
COMMENT ON COLUMN sustainml.fairness_metric.low_group IS 'Disparities: group with the smallest figure';
COMMENT ON COLUMN sustainml.fairness_metric.high_group IS 'Disparities: group with the largest figure';
COMMENT ON COLUMN sustainml.fairness_metric.least_n IS 'Fewest rows of the figures that it rests on: for tpr the positives of a group';
COMMENT ON COLUMN sustainml.fairness_metric.groups_left_out IS 'Disparities: known groups without a value';
COMMENT ON COLUMN sustainml.fairness_metric.statistic IS 'z of two shares, or chi-squared over all groups';
COMMENT ON COLUMN sustainml.fairness_metric.p_value IS 'Two-sided p-value of it';
COMMENT ON COLUMN sustainml.fairness_metric.exact_p IS 'Fisher''s exact p-value, for impact ratios';
COMMENT ON COLUMN sustainml.fairness_metric.corrected IS 'Disparities: the value less the upward bias of a maximum over noisy groups';
COMMENT ON COLUMN sustainml.fairness_metric.is_small IS 'Rests on a figure of fewer rows than min_n';
COMMENT ON COLUMN sustainml.fairness_metric.is_suppressed IS 'Hidden from readers who are not the owner';
COMMENT ON COLUMN sustainml.fairness_metric.undefined_reason IS 'Why there is no value, or no interval: no_positives, one_group, none_selected, …';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_chain (
	audit_id      bigint  NOT NULL CONSTRAINT fairness_chain_pkey PRIMARY KEY,
	subject       text    NOT NULL,
	position      bigint  NOT NULL,
	previous_hash text    NOT NULL,
	hash          text    NOT NULL,
	CONSTRAINT fairness_chain_position UNIQUE (subject, position)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_chain', '');
REVOKE ALL ON sustainml.fairness_chain FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_chain IS 'Hashes over the content of each audit and the hash before it; see fairness_verify()';
COMMENT ON COLUMN sustainml.fairness_chain.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_chain.subject IS 'What was audited';
COMMENT ON COLUMN sustainml.fairness_chain.position IS 'Number within the chain of the subject, from 1';
COMMENT ON COLUMN sustainml.fairness_chain.previous_hash IS 'Hash before it; empty for the first';
COMMENT ON COLUMN sustainml.fairness_chain.hash IS 'SHA-256 of the content and the hash before';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_policy (
	policy_id    bigint           NOT NULL CONSTRAINT fairness_policy_pkey PRIMARY KEY,
	model_schema text             NOT NULL,
	model        text             NOT NULL,
	attribute    text,
	metric       text             NOT NULL,
	bound        double precision NOT NULL,
	at_least     boolean          NOT NULL,
	judge_by     text             NOT NULL CONSTRAINT fairness_policy_judge_by CHECK (judge_by IN ('interval', 'value')),
	min_n        bigint           NOT NULL CONSTRAINT fairness_policy_min_n CHECK (min_n >= 0),
	severity     text             NOT NULL CONSTRAINT fairness_policy_severity CHECK (severity IN ('error', 'warning')),
	clean_audits integer          NOT NULL CONSTRAINT fairness_policy_clean_audits CHECK (clean_audits > 0),
	created_at   timestamptz      NOT NULL,
	created_by   text             NOT NULL,
	ended_at     timestamptz,
	ended_by     text,
	is_dropped   boolean          NOT NULL DEFAULT false
);
CREATE INDEX fairness_policy_model ON sustainml.fairness_policy (model_schema, model) WHERE ended_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_policy', '');
REVOKE ALL ON sustainml.fairness_policy FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_policy IS 'Bounds that the audits of a model must keep';
COMMENT ON COLUMN sustainml.fairness_policy.policy_id IS 'Key';
COMMENT ON COLUMN sustainml.fairness_policy.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_policy.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.fairness_policy.attribute IS 'Protected column or cross (sex & race); NULL: each that is audited';
COMMENT ON COLUMN sustainml.fairness_policy.metric IS 'Disparity';
COMMENT ON COLUMN sustainml.fairness_policy.bound IS 'Bound';
COMMENT ON COLUMN sustainml.fairness_policy.at_least IS 'Whether the bound is a lower one (ratios) or an upper one (differences)';
COMMENT ON COLUMN sustainml.fairness_policy.judge_by IS 'interval: pass or fail only when the whole interval lies on one side; value: by the value alone';
COMMENT ON COLUMN sustainml.fairness_policy.min_n IS 'Disparities that rest on fewer rows in a group are insufficient evidence';
COMMENT ON COLUMN sustainml.fairness_policy.severity IS 'error stops fairness_gate and activation; warning does not';
COMMENT ON COLUMN sustainml.fairness_policy.clean_audits IS 'Audits in a row that must pass before an alert closes';
COMMENT ON COLUMN sustainml.fairness_policy.created_at IS 'From when';
COMMENT ON COLUMN sustainml.fairness_policy.created_by IS 'By which role';
COMMENT ON COLUMN sustainml.fairness_policy.ended_at IS 'Until when; NULL: in force';
COMMENT ON COLUMN sustainml.fairness_policy.ended_by IS 'By which role it was ended';
COMMENT ON COLUMN sustainml.fairness_policy.is_dropped IS 'Whether the model exists no more: what has the name now is another';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_verdict (
	audit_id  bigint           NOT NULL,
	policy_id bigint           NOT NULL,
	attribute text             NOT NULL,
	metric    text             NOT NULL,
	value     double precision,
	ci_low    double precision,
	ci_high   double precision,
	bound     double precision NOT NULL,
	verdict   text             NOT NULL CONSTRAINT fairness_verdict_verdict CHECK (verdict IN ('pass', 'fail', 'insufficient evidence')),
	reason    text             NOT NULL,
	CONSTRAINT fairness_verdict_pkey PRIMARY KEY (audit_id, policy_id, attribute)
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_verdict', '');
REVOKE ALL ON sustainml.fairness_verdict FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_verdict IS 'What each policy said of each audit; never changed';
COMMENT ON COLUMN sustainml.fairness_verdict.audit_id IS 'Audit';
COMMENT ON COLUMN sustainml.fairness_verdict.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_verdict.attribute IS 'Protected column or cross; empty when the audit measured none that the policy is about';
COMMENT ON COLUMN sustainml.fairness_verdict.metric IS 'Disparity';
COMMENT ON COLUMN sustainml.fairness_verdict.value IS 'Its value';
COMMENT ON COLUMN sustainml.fairness_verdict.ci_low IS 'Lower end of its interval';
COMMENT ON COLUMN sustainml.fairness_verdict.ci_high IS 'Upper end of its interval';
COMMENT ON COLUMN sustainml.fairness_verdict.bound IS 'Bound of the policy at that time';
COMMENT ON COLUMN sustainml.fairness_verdict.verdict IS 'pass, fail or insufficient evidence';
COMMENT ON COLUMN sustainml.fairness_verdict.reason IS 'Why';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_alert (
	alert_id            bigint           NOT NULL CONSTRAINT fairness_alert_pkey PRIMARY KEY,
	policy_id           bigint           NOT NULL,
	model_schema        text             NOT NULL,
	model               text             NOT NULL,
	attribute           text             NOT NULL,
	metric              text             NOT NULL,
	bound               double precision NOT NULL,
	severity            text             NOT NULL,
	opened_at           timestamptz      NOT NULL,
	opened_audit_id     bigint           NOT NULL,
	opened_value        double precision,
	last_audit_id       bigint           NOT NULL,
	last_value          double precision,
	last_verdict        text             NOT NULL,
	failed_audits       integer          NOT NULL,
	clean_audits        integer          NOT NULL,
	acknowledged_at     timestamptz,
	acknowledged_by     text,
	acknowledged_reason text,
	closed_at           timestamptz,
	closed_reason       text
);
CREATE UNIQUE INDEX fairness_alert_one_open ON sustainml.fairness_alert (policy_id, attribute) WHERE closed_at IS NULL;
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_alert', '');
REVOKE ALL ON sustainml.fairness_alert FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_alert IS 'Breaches of policies: one row while it lasts, however many audits fail';
COMMENT ON COLUMN sustainml.fairness_alert.alert_id IS 'Key';
COMMENT ON COLUMN sustainml.fairness_alert.policy_id IS 'Policy';
COMMENT ON COLUMN sustainml.fairness_alert.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_alert.model IS 'Name of the model';
COMMENT ON COLUMN sustainml.fairness_alert.attribute IS 'Protected column or cross';
COMMENT ON COLUMN sustainml.fairness_alert.metric IS 'Disparity';
COMMENT ON COLUMN sustainml.fairness_alert.bound IS 'Bound when it opened';
COMMENT ON COLUMN sustainml.fairness_alert.severity IS 'error or warning';
COMMENT ON COLUMN sustainml.fairness_alert.opened_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_alert.opened_audit_id IS 'By which audit';
COMMENT ON COLUMN sustainml.fairness_alert.opened_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.fairness_alert.last_audit_id IS 'Newest audit that judged it';
COMMENT ON COLUMN sustainml.fairness_alert.last_value IS 'Value in that audit';
COMMENT ON COLUMN sustainml.fairness_alert.last_verdict IS 'Verdict of that audit';
COMMENT ON COLUMN sustainml.fairness_alert.failed_audits IS 'Audits that failed since it opened';
COMMENT ON COLUMN sustainml.fairness_alert.clean_audits IS 'Audits in a row that passed since';
COMMENT ON COLUMN sustainml.fairness_alert.acknowledged_at IS 'When somebody took note';
COMMENT ON COLUMN sustainml.fairness_alert.acknowledged_by IS 'Who';
COMMENT ON COLUMN sustainml.fairness_alert.acknowledged_reason IS 'With what explanation';
COMMENT ON COLUMN sustainml.fairness_alert.closed_at IS 'When it ended; NULL: open';
COMMENT ON COLUMN sustainml.fairness_alert.closed_reason IS 'Why it ended';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_mitigation (
	mitigation_id bigint           NOT NULL CONSTRAINT fairness_mitigation_pkey PRIMARY KEY,
	mitigated_at  timestamptz      NOT NULL,
	role_name     text             NOT NULL,
	model_schema  text             NOT NULL,
	model         text             NOT NULL,
	version       integer,
	method        text             NOT NULL,
	params        jsonb            NOT NULL,
	thresholds    jsonb,
	attribute     text             NOT NULL,
	metric        text             NOT NULL,
	audit_before  bigint,
	audit_after   bigint,
	gap_before    double precision,
	gap_after     double precision,
	lowered       boolean,
	note          text,
	version_id    bigint
);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_mitigation', '');
REVOKE ALL ON sustainml.fairness_mitigation FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_mitigation IS 'What was done against a gap, with the audit before and after on held-out rows; never changed';
COMMENT ON COLUMN sustainml.fairness_mitigation.mitigation_id IS 'Key';
COMMENT ON COLUMN sustainml.fairness_mitigation.mitigated_at IS 'When';
COMMENT ON COLUMN sustainml.fairness_mitigation.role_name IS 'By which role';
COMMENT ON COLUMN sustainml.fairness_mitigation.model_schema IS 'Schema part of the model''s name';
COMMENT ON COLUMN sustainml.fairness_mitigation.model IS 'Name of the model at the time; the view shows the present one';
COMMENT ON COLUMN sustainml.fairness_mitigation.version IS 'Version that came of it';
COMMENT ON COLUMN sustainml.fairness_mitigation.method IS 'Method';
COMMENT ON COLUMN sustainml.fairness_mitigation.params IS 'Its options';
COMMENT ON COLUMN sustainml.fairness_mitigation.thresholds IS 'Thresholds by group, for methods that set them';
COMMENT ON COLUMN sustainml.fairness_mitigation.attribute IS 'Protected column or cross';
COMMENT ON COLUMN sustainml.fairness_mitigation.metric IS 'Disparity that it was to lower';
COMMENT ON COLUMN sustainml.fairness_mitigation.audit_before IS 'Audit without it';
COMMENT ON COLUMN sustainml.fairness_mitigation.audit_after IS 'Audit with it';
COMMENT ON COLUMN sustainml.fairness_mitigation.gap_before IS 'The disparity without it';
COMMENT ON COLUMN sustainml.fairness_mitigation.gap_after IS 'The disparity with it';
COMMENT ON COLUMN sustainml.fairness_mitigation.lowered IS 'Whether the disparity fell; NULL: unknown';
COMMENT ON COLUMN sustainml.fairness_mitigation.note IS 'What the reader should know, for example that it did not fall';
COMMENT ON COLUMN sustainml.fairness_mitigation.version_id IS 'Key of the version, which renaming does not change';

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.refuse_change() RETURNS trigger
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
		MESSAGE = format('rows of %I.%I are never changed or removed', TG_TABLE_SCHEMA, TG_TABLE_NAME),
		HINT = 'Audits are a record. To correct one, audit again.';
END
$$;
COMMENT ON FUNCTION sustainml_internal.refuse_change() IS 'Trigger of tables that only grow';

CREATE TRIGGER fairness_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_audit
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();
CREATE TRIGGER fairness_cell_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_cell
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();
CREATE TRIGGER fairness_metric_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_metric
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();
CREATE TRIGGER fairness_chain_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_chain
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();
CREATE TRIGGER fairness_verdict_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_verdict
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();
CREATE TRIGGER fairness_mitigation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_mitigation
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_line(record) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fairness_line' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sustainml_internal.fairness_line(record) IS 'A row of an audit as one line that no setting changes: columns with | between, numbers with a fraction by their bits, times in microseconds since 2000, text as JSON';

-- Availability: 0.1.0
CREATE TABLE sustainml.fairness_prune (
	prune_id  bigint      NOT NULL CONSTRAINT fairness_prune_pkey PRIMARY KEY,
	subject   text        NOT NULL,
	pruned_at timestamptz NOT NULL,
	role_name text        NOT NULL,
	before    timestamptz NOT NULL,
	reason    text,
	audit_ids bigint[]    NOT NULL
);
CREATE INDEX fairness_prune_subject ON sustainml.fairness_prune (subject);
SELECT pg_catalog.pg_extension_config_dump('sustainml.fairness_prune', '');
REVOKE ALL ON sustainml.fairness_prune FROM PUBLIC;
COMMENT ON TABLE sustainml.fairness_prune IS 'Which audits of a subject were removed for their age, by whom; a link of the subject''s chain like an audit, and never changed';
COMMENT ON COLUMN sustainml.fairness_prune.prune_id IS 'Key, from the same numbers as audits';
COMMENT ON COLUMN sustainml.fairness_prune.subject IS 'What was audited';
COMMENT ON COLUMN sustainml.fairness_prune.pruned_at IS 'When they were removed';
COMMENT ON COLUMN sustainml.fairness_prune.role_name IS 'By which role';
COMMENT ON COLUMN sustainml.fairness_prune.before IS 'Audits from before this time were to go';
COMMENT ON COLUMN sustainml.fairness_prune.reason IS 'Why, as the role said';
COMMENT ON COLUMN sustainml.fairness_prune.audit_ids IS 'Audits removed; their links stay in the chain';
CREATE TRIGGER fairness_prune_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sustainml.fairness_prune
	FOR EACH STATEMENT EXECUTE FUNCTION sustainml_internal.refuse_change();

-- What src/pg/fairness/store.c hashes when it writes an audit, worked out again from the tables.
-- Availability: 0.1.0
CREATE VIEW sustainml_internal.fairness_content AS
SELECT a.audit_id,
       concat_ws(E'\n', sustainml_internal.fairness_line(a),
                 (SELECT encode(sha256(convert_to(string_agg(c.line, E'\n'), 'UTF8')), 'hex')
                    FROM (SELECT sustainml_internal.fairness_line(x) AS line FROM sustainml.fairness_cell x WHERE x.audit_id = a.audit_id ORDER BY x.cell) c),
                 (SELECT encode(sha256(convert_to(string_agg(m.line, E'\n'), 'UTF8')), 'hex')
                    FROM (SELECT sustainml_internal.fairness_line(x) AS line FROM sustainml.fairness_metric x WHERE x.audit_id = a.audit_id ORDER BY x.line) m)) AS content
  FROM sustainml.fairness_audit a
UNION ALL
SELECT p.prune_id, sustainml_internal.fairness_line(p)
  FROM sustainml.fairness_prune p;
COMMENT ON VIEW sustainml_internal.fairness_content IS 'What is hashed of a link of a chain';
COMMENT ON COLUMN sustainml_internal.fairness_content.audit_id IS 'Audit, or removal of audits';
COMMENT ON COLUMN sustainml_internal.fairness_content.content IS 'Its row as text that no setting changes; of an audit then the SHA-256 of the rows of its groups, and of its figures, a line each';
REVOKE ALL ON sustainml_internal.fairness_content FROM PUBLIC;

-- Runs as the extension's owner, called by the C code that has just written the audit or removed some, under the lock of the subject.
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_chain_on(audit bigint, subject text, content text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	last sustainml.fairness_chain%ROWTYPE;
BEGIN
	SELECT * INTO last FROM sustainml.fairness_chain c WHERE c.subject = subject ORDER BY c.position DESC LIMIT 1;
	INSERT INTO sustainml.fairness_chain (audit_id, subject, position, previous_hash, hash)
	VALUES (audit, subject, coalesce(last.position, 0) + 1, coalesce(last.hash, ''),
	        encode(sha256(convert_to(coalesce(last.hash, '') || E'\n' || content, 'UTF8')), 'hex'));
EXCEPTION WHEN unique_violation THEN
	-- an older snapshot does not see the link that came meanwhile
	RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'another session audited the same subject meanwhile',
		HINT = 'Run the transaction again.';
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_chain_on(bigint, text, text) IS 'Appends a link to the chain of a subject';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_chain_on(bigint, text, text) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_verdict_of(policy sustainml.fairness_policy, value double precision, ci_low double precision, ci_high double precision,
	least_n bigint, undefined_reason text, OUT verdict text, OUT reason text) RETURNS record
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	low  double precision := CASE WHEN policy.judge_by = 'value' THEN value ELSE ci_low END;
	high double precision := CASE WHEN policy.judge_by = 'value' THEN value ELSE ci_high END;
	what text := CASE WHEN policy.judge_by = 'value' THEN 'the value lies' ELSE 'the whole interval lies' END;
BEGIN
	verdict := 'insufficient evidence';
	IF value IS NULL THEN
		reason := 'undefined: ' || coalesce(undefined_reason, 'unknown');
	ELSIF least_n < policy.min_n THEN
		reason := format('a group has %s rows for it, fewer than %s', least_n, policy.min_n);
	ELSIF low IS NULL OR high IS NULL THEN
		reason := 'there is no interval';
	ELSIF (policy.at_least AND low >= policy.bound) OR (NOT policy.at_least AND high <= policy.bound) THEN
		verdict := 'pass';
		reason := what || ' within the bound';
	ELSIF (policy.at_least AND high < policy.bound) OR (NOT policy.at_least AND low > policy.bound) THEN
		verdict := 'fail';
		reason := what || ' beyond the bound';
	ELSE
		reason := 'the interval includes the bound';
	END IF;
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_verdict_of(sustainml.fairness_policy, double precision, double precision, double precision, bigint, text) IS 'pass, fail or insufficient evidence, and why';

-- By the key of the version, since the model may have been renamed.  An audit at another threshold than the version's own says nothing
-- about what the version decides.
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_judgements(version_id bigint, only_audit bigint DEFAULT NULL,
	OUT policy_id bigint, OUT severity text, OUT attribute text, OUT metric text, OUT bound double precision, OUT audit_id bigint,
	OUT value double precision, OUT ci_low double precision, OUT ci_high double precision, OUT is_suppressed boolean, OUT verdict text, OUT reason text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT p.policy_id, p.severity, coalesce(array_to_string(f.attributes, ' & '), p.attribute, ''), p.metric, p.bound, f.audit_id, f.value, f.ci_low, f.ci_high,
	       coalesce(f.is_suppressed, false), CASE WHEN f.audit_id IS NULL THEN 'insufficient evidence' ELSE o.verdict END,
	       CASE WHEN f.audit_id IS NOT NULL THEN o.reason WHEN only_audit IS NULL THEN 'no audit of this version measured it' ELSE 'the audit did not measure it' END
	  FROM sustainml.model_version v
	  JOIN sustainml.fairness_policy p ON p.model_schema = v.model_schema AND p.model = v.model AND p.ended_at IS NULL
	  LEFT JOIN LATERAL (SELECT DISTINCT ON (m.attributes) m.*
	                       FROM sustainml.fairness_audit a
	                       JOIN sustainml.fairness_metric m ON m.audit_id = a.audit_id AND m.cell IS NULL AND m.metric = p.metric
	                      WHERE a.version_id = v.id AND a.by_manager AND a.threshold IS NOT DISTINCT FROM v.threshold
	                        AND (only_audit IS NULL OR a.audit_id = only_audit)
	                        AND (p.attribute IS NULL OR array_to_string(m.attributes, ' & ') = p.attribute)
	                      ORDER BY m.attributes, a.audit_id DESC) f ON true
	  LEFT JOIN LATERAL sustainml_internal.fairness_verdict_of(p, f.value, f.ci_low, f.ci_high, f.least_n, f.undefined_reason) o ON true
	 WHERE v.id = version_id
	$$;
COMMENT ON FUNCTION sustainml_internal.fairness_judgements(bigint, bigint) IS 'What the policies in force say of a version, each by the newest audit that measured what the policy is about, or by the only audit that is given';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_judgements(bigint, bigint) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_in_use(version_id bigint) RETURNS boolean
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp
	AS $$
	SELECT coalesce((SELECT v.is_active OR NOT EXISTS (SELECT FROM sustainml.model_version o WHERE o.model_schema = v.model_schema AND o.model = v.model AND o.is_active)
	                   FROM sustainml.model_version v WHERE v.id = version_id), false)
	$$;
COMMENT ON FUNCTION sustainml_internal.fairness_in_use(bigint) IS 'Whether a version is the active one of its model, or the model has none';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_in_use(bigint) FROM PUBLIC;

-- Verdicts are kept of every version, so that a version can be judged before it is used.  Alerts are about the version in use: a version
-- that was refused neither opens nor closes one.
-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_judge(audit bigint) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	made sustainml.fairness_audit%ROWTYPE;
	j    record;
BEGIN
	SELECT * INTO STRICT made FROM sustainml.fairness_audit a WHERE a.audit_id = audit;
	IF NOT made.by_manager OR NOT EXISTS (SELECT FROM sustainml.model_version v WHERE v.id = made.version_id AND v.threshold IS NOT DISTINCT FROM made.threshold) THEN
		RETURN;
	END IF;
	FOR j IN SELECT * FROM sustainml_internal.fairness_judgements(made.version_id, audit) x ORDER BY x.policy_id, x.attribute LOOP
		INSERT INTO sustainml.fairness_verdict (audit_id, policy_id, attribute, metric, value, ci_low, ci_high, bound, verdict, reason)
		VALUES (audit, j.policy_id, j.attribute, j.metric, j.value, j.ci_low, j.ci_high, j.bound, j.verdict, j.reason);
		IF j.audit_id IS NOT NULL THEN
			PERFORM sustainml_internal.fairness_alert_on(audit, j.policy_id, j.attribute, j.value, j.verdict);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_judge(bigint) IS 'Verdicts of all policies on an audit, and the alerts that follow';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_judge(bigint) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_follow(model_schema text, model text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	j record;
BEGIN
	FOR j IN SELECT x.* FROM sustainml.model_version v, sustainml_internal.fairness_judgements(v.id) x
	          WHERE v.model_schema = model_schema AND v.model = model AND v.is_active AND x.audit_id IS NOT NULL ORDER BY x.policy_id, x.attribute LOOP
		PERFORM sustainml_internal.fairness_alert_on(j.audit_id, j.policy_id, j.attribute, j.value, j.verdict);
	END LOOP;
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_follow(text, text) IS 'Brings the alerts of a model in line with the version that has just become active';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_follow(text, text) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_alert_on(audit bigint, policy bigint, attribute text, value double precision, verdict text) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	made  sustainml.fairness_audit%ROWTYPE;
	rule  sustainml.fairness_policy%ROWTYPE;
	alert sustainml.fairness_alert%ROWTYPE;
	clean integer;
	fresh boolean;
BEGIN
	-- an audit and an activation at the same time wait for one another here, and then look which version is in use
	SELECT * INTO STRICT rule FROM sustainml.fairness_policy p WHERE p.policy_id = policy FOR NO KEY UPDATE;
	SELECT * INTO STRICT made FROM sustainml.fairness_audit a WHERE a.audit_id = audit;
	SELECT * INTO alert FROM sustainml.fairness_alert a WHERE a.policy_id = policy AND a.attribute = attribute AND a.closed_at IS NULL;
	fresh := alert.alert_id IS NULL;
	-- a version that is activated again brings no new audit
	IF (fresh AND verdict <> 'fail') OR alert.last_audit_id = audit OR rule.ended_at IS NOT NULL OR NOT sustainml_internal.fairness_in_use(made.version_id) THEN
		RETURN;
	END IF;
	IF fresh THEN
		INSERT INTO sustainml.fairness_alert (alert_id, policy_id, model_schema, model, attribute, metric, bound, severity, opened_at, opened_audit_id, opened_value,
		                                      last_audit_id, last_value, last_verdict, failed_audits, clean_audits)
		VALUES (nextval('sustainml.fairness_id_seq'), policy, rule.model_schema, rule.model, attribute, rule.metric, rule.bound, rule.severity,
		        clock_timestamp(), audit, value, audit, value, verdict, 1, 0)
		RETURNING * INTO alert;
	ELSE
		clean := CASE verdict WHEN 'pass' THEN alert.clean_audits + 1 ELSE 0 END;
		UPDATE sustainml.fairness_alert a
		   SET last_audit_id = audit, last_value = value, last_verdict = verdict, failed_audits = a.failed_audits + (verdict = 'fail')::integer, clean_audits = clean,
		       closed_at = CASE WHEN clean >= rule.clean_audits THEN clock_timestamp() END,
		       closed_reason = CASE WHEN clean >= rule.clean_audits THEN CASE clean WHEN 1 THEN 'an audit passed' ELSE format('%s audits passed', clean) END END
		 WHERE a.alert_id = alert.alert_id;
	END IF;
	IF verdict = 'fail' THEN
		-- names and ids only: whoever listens need not be allowed to see the figures
		PERFORM pg_notify('sustainml_fairness', json_build_object('alert_id', alert.alert_id, 'is_new', fresh, 'audit_id', audit, 'policy_id', policy,
		                  'model', rule.model, 'version', made.version, 'metric', rule.metric, 'severity', rule.severity)::text);
	END IF;
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_alert_on(bigint, bigint, text, double precision, text) IS 'Opens, continues or closes the alert of a policy, and notifies of a breach';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_alert_on(bigint, bigint, text, double precision, text) FROM PUBLIC;

-- Availability: 0.1.0
CREATE FUNCTION sustainml_internal.fairness_obstacle(model_schema text, model text, version integer, strict boolean) RETURNS text
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp
	AS $$
#variable_conflict use_variable
DECLARE
	asked   bigint;
	current double precision;
	audits  bigint;
	fitting bigint;
	problem text;
BEGIN
	PERFORM FROM sustainml.fairness_policy p
	  WHERE p.model_schema = model_schema AND p.model = model AND p.ended_at IS NULL AND p.severity = 'error';
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	SELECT v.id, v.threshold INTO asked, current FROM sustainml.model_version v
	 WHERE v.model_schema = model_schema AND v.model = model AND v.version = version;
	SELECT count(*), count(*) FILTER (WHERE a.threshold IS NOT DISTINCT FROM current) INTO audits, fitting
	  FROM sustainml.fairness_audit a WHERE a.version_id = asked AND a.by_manager;
	IF audits = 0 THEN
		RETURN 'there is a fairness policy, and no audit of this version to judge by';
	ELSIF fitting = 0 THEN
		RETURN format('there is a fairness policy, and no audit of this version at its threshold %s to judge by', current);
	END IF;
	-- a policy that came after the newest audit is judged here, on what the audit measured
	-- whoever may read the model may ask: no figure of a hidden group
	SELECT format('%s%s is %s%s, bound %s: %s (%s)', coalesce(nullif(j.attribute, '') || ': ', ''), j.metric,
	              CASE WHEN j.is_suppressed THEN 'not shown' ELSE coalesce(round(j.value::numeric, 4)::text, 'undefined') END,
	              CASE WHEN j.ci_low IS NOT NULL AND NOT j.is_suppressed THEN format(' [%s, %s]', round(j.ci_low::numeric, 4), round(j.ci_high::numeric, 4)) ELSE '' END,
	              j.bound, j.verdict, CASE WHEN j.is_suppressed AND j.reason LIKE 'a group has %' THEN 'a group has few rows' ELSE j.reason END)
	  INTO problem
	  FROM sustainml_internal.fairness_judgements(asked) j
	 WHERE j.severity = 'error' AND (j.verdict = 'fail' OR (strict AND j.verdict <> 'pass') OR j.audit_id IS NULL)
	 ORDER BY j.verdict = 'fail' DESC, j.policy_id, j.attribute LIMIT 1;
	RETURN problem;
END
$$;
COMMENT ON FUNCTION sustainml_internal.fairness_obstacle(text, text, integer, boolean) IS 'Why a version does not pass the fairness policies of its model; NULL: it does';
REVOKE EXECUTE ON FUNCTION sustainml_internal.fairness_obstacle(text, text, integer, boolean) FROM PUBLIC;
