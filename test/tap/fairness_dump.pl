# Audits, policies and alerts come back from a dump as they were, chains intact, ids not used twice: also of a model that was renamed, of a version
# that was refused, and where old audits were removed.  A breach notifies whoever listens, and a retrain that is
# refused does not.  What is kept of an audit is read on a standby.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('fairness');
$node->init(allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', q{
	CREATE DATABASE one;
	CREATE DATABASE two;
});
$node->safe_psql('one', q{
	CREATE EXTENSION sustainml CASCADE;
	CREATE TABLE people AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'f' ELSE 'm' END AS sex, (i % 100) / 100.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.5 END AS x,
		((i * 7919 % 100) / 100.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.4 END > 0.7)::int AS y FROM generate_series(1, 1500) i;
	ALTER TABLE people ADD PRIMARY KEY (id);
	SELECT ref FROM sustainml.train('m', 'people', target => 'y', features => '{x}', protected => '{sex}', favorable => '1');
});

my $listener = $node->background_psql('one');
$listener->query('LISTEN sustainml_fairness');
$node->safe_psql('one', q{SELECT sustainml.set_fairness_policy('m', 'demographic_parity_ratio', 0.8)});
my $out = $listener->query('SELECT 1');
like($out, qr/notification "sustainml_fairness".*"is_new" : true.*"version" : 1, "metric" : "demographic_parity_ratio"/, 'a policy that is broken already notifies another session');
unlike($out, qr/value|ci_low/, 'and tells no figure');
# a version that is not activated fails too, and is nobody's concern
$node->safe_psql('one', q{SELECT ref FROM sustainml.train('m', 'people', target => 'y', features => '{x}', protected => '{sex}', favorable => '1', activate => 'never')});
unlike($listener->query('SELECT 1'), qr/notification/, 'a version that is not in use raises no alarm');
$node->safe_psql('one', q{SELECT sustainml.fairness_audit(model => 'm')});
$out = $listener->query('SELECT 1');
like($out, qr/notification "sustainml_fairness".*"is_new" : false.*"version" : 1, "metric" : "demographic_parity_ratio"/, 'so does an audit that fails');
unlike($out, qr/value|ci_low/, 'and tells no figure');
$node->safe_psql('one', q{SELECT sustainml.activate('m@2')});
like($listener->query('SELECT 1'), qr/notification "sustainml_fairness".*"is_new" : false.*"version" : 2/, 'so does the activation of a version that fails');
$node->safe_psql('one', q{BEGIN; SELECT sustainml.fairness_audit(model => 'm'); ROLLBACK});
unlike($listener->query('SELECT 1'), qr/notification/, 'what is rolled back was never said');
$listener->quit;
# a new name in the middle of the chain, and audits removed from it
$node->safe_psql('one', q{
	SELECT sustainml.rename_model('m', 'n');
	SELECT sustainml.fairness_audit(model => 'n');
	SET sustainml.audit_retention = 0;
	SELECT sustainml.prune_fairness_audits(clock_timestamp(), 'a test');
	SELECT sustainml.fairness_audit(model => 'n');
});
is($node->safe_psql('one', q{SELECT audits > 0 AND pruned > 0 AND is_intact AND model = 'n' FROM sustainml.fairness_verify() WHERE subject LIKE 'model %.m'}), 't', 'one chain through renaming and removal');

my $counts = q{SELECT (SELECT count(*) FROM sustainml.fairness_audits), (SELECT count(*) FROM sustainml.fairness_history), (SELECT count(*) FROM sustainml.open_alerts),
	(SELECT count(*) FROM sustainml.fairness_policies), (SELECT sum(n) FROM sustainml.calibration), (SELECT round(sum(value)::numeric, 10) FROM sustainml.fairness_latest WHERE metric = 'tpr')};
my $heads = q{SELECT string_agg(subject || ' ' || audits || ' ' || is_intact || ' ' || head_hash, E'\n' ORDER BY subject) FROM sustainml.fairness_verify()};
my $before = $node->safe_psql('one', $counts);
my $chain = $node->safe_psql('one', $heads);
like($chain, qr/true/, 'the chain is intact before');

my $dump = $node->basedir . '/fairness.sql';
$node->command_ok(['pg_dump', '-f', $dump, 'one'], 'pg_dump');
$node->safe_psql('postgres', q{ALTER DATABASE two SET timezone = 'Pacific/Chatham'; ALTER DATABASE two SET extra_float_digits = 0; ALTER DATABASE two SET datestyle = 'German'});
$node->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('two'), '-f', $dump], 'restored');
is($node->safe_psql('two', $counts), $before, 'all is there');
is($node->safe_psql('two', $heads), $chain, 'the chain is intact, with the same head');
$node->safe_psql('two', q{SELECT sustainml.fairness_audit(model => 'n')});
is($node->safe_psql('two', q{SELECT count(*) - count(DISTINCT audit_id) FROM sustainml.fairness_audits}), '0', 'ids go on');
is($node->safe_psql('two', q{SELECT count(*) > 0 AND bool_and(model = 'n') FROM sustainml.fairness_history WHERE subject LIKE 'model %.m'}), 't', 'under the present name');
is($node->safe_psql('two', q{SELECT bool_and(is_intact) FROM sustainml.fairness_verify()}), 't', 'the chain goes on');
# of version 1 when the policy was made and again, of version 2 when it was activated, under the new name, after the removal, and here
is($node->safe_psql('two', q{SELECT failed_audits FROM sustainml.open_alerts}), '6', 'and so does the alert');
isnt($node->psql('two', q{SELECT sustainml.fairness_gate('n')}), 0, 'the gate still holds');

# a standby shows figures and keeps none
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
is($standby->safe_psql('one', $counts), $before, 'audits are read on a standby');
is($standby->safe_psql('one', q{SELECT count(*) > 0 FROM sustainml.fairness_groups('people', prediction => 'y', protected => '{sex}', favorable => '1')}), 't', 'figures without keeping them');
isnt($standby->psql('one', q{SELECT sustainml.fairness_audit(model => 'n')}), 0, 'no audit is kept on a standby');
$standby->stop;
$node->stop;
done_testing();
