# Thresholds by group come back from a dump and go on deciding, the next fit takes the next id, and on a standby
# they decide and are looked at, and not fitted.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('mitigation');
$node->init(allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE one');
$node->safe_psql('postgres', 'CREATE DATABASE two');
$node->safe_psql('one', q{
	CREATE EXTENSION sustainml CASCADE;
	CREATE TABLE people AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'f' ELSE 'm' END AS sex, (i % 100) / 100.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.5 END AS x,
		((i * 7919 % 100) / 100.0 + CASE WHEN i % 3 = 0 THEN 0 ELSE 0.4 END > 0.7)::int AS y FROM generate_series(1, 1500) i;
	ALTER TABLE people ADD PRIMARY KEY (id);
	SELECT ref FROM sustainml.train('m', 'people', target => 'y', features => '{x}', protected => '{sex}', favorable => '1');
	SELECT count(*) FROM sustainml.fit_thresholds('m', 'people', max_gap => 0.2);
	SELECT count(*) FROM sustainml.fit_thresholds('m', 'people', max_gap => 0.1);
});

my $decisions = q{SELECT sum(id) FROM people t WHERE sustainml.decide_by_group('m', sustainml.predict_proba('m', t), t.sex) = '1'};
my $fits = q{SELECT string_agg(concat_ws(' ', fit_id, is_current, group_value, threshold, max_gap, gap_after), ', ' ORDER BY fit_id, group_value)
	FROM sustainml.group_thresholds};
my $kept = q{SELECT count(*), count(audit_before), count(audit_after), min(lowered::int) FROM sustainml.fairness_mitigation};
my $decided = $node->safe_psql('one', $decisions);
my $stored = $node->safe_psql('one', $fits);
my $mitigations = $node->safe_psql('one', $kept);
isnt($decided, $node->safe_psql('one', q{SELECT sum(id) FROM people t WHERE sustainml.predict_class('m', t) = '1'}), 'groups decide otherwise than one threshold');
is($mitigations, '2|2|2|1', 'two fits, each with both audits, and a lower gap');

my $dump = $node->basedir . '/mitigation.sql';
$node->command_ok(['pg_dump', '-f', $dump, 'one'], 'pg_dump');
$node->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('two'), '-f', $dump], 'restored');
is($node->safe_psql('two', $fits), $stored, 'the fits are there');
is($node->safe_psql('two', $decisions), $decided, 'and decide as before');
is($node->safe_psql('two', $kept), $mitigations, 'so are the mitigations');
$node->safe_psql('two', q{SELECT count(*) FROM sustainml.fit_thresholds('m', 'people', max_gap => 0.3)});
is($node->safe_psql('two', q{SELECT count(DISTINCT fit_id) || ' ' || count(DISTINCT fit_id) FILTER (WHERE is_current) FROM sustainml.group_thresholds}), '3 1', 'ids go on');

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('mitigation_standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
is($standby->safe_psql('one', $decisions), $decided, 'a standby decides');
is($standby->safe_psql('one', q{SELECT count(*) > 0 FROM sustainml.fairness_front('m', 'people', points => 3)}), 't', 'and shows the front');
my ($code, $out, $err) = $standby->psql('one', q{SELECT count(*) FROM sustainml.fit_thresholds('m', 'people')});
like($err, qr/cannot execute fit_thresholds\(\) during recovery|read-only transaction/, 'and fits nothing');
$standby->stop;
$node->stop;
done_testing();
