# Long work on sealed columns is interrupted: by a timeout in every phase, by pg_cancel_backend, by a crash.  What was committed stays, nothing else does,
# values are what they were, and the same call goes on to the end.  Then no plaintext is left in the files of the database.
use strict;
use warnings;
use File::Find;
use FindBin;
use lib "$FindBin::Bin/lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use File::Spec;
use Test::More;
use Time::HiRes qw(time);

my $rows = 60000;
my $bound = 1000;    # ms; promised are 100 on an idle machine
my $marker = 'ZqxZqxZqxZqx';
my $node = PostgreSQL::Test::Cluster->new('privacy_cancel');
my $file = File::Spec->rel2abs($node->basedir) . '/master_key';
append_to_file($file, "v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
chmod 0600, $file;
$node->init;
$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$file'\nautovacuum = off\nrestart_after_crash = on\nlog_min_messages = debug1\nlog_statement = all\nlog_min_duration_statement = 0\n");
$node->start;
$node->safe_psql('postgres', qq{
	CREATE EXTENSION sustainml CASCADE;
	CREATE ROLE reader NOLOGIN;
	SELECT sustainml.create_key('k', role => 'reader');
	CREATE TABLE t (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
	INSERT INTO t SELECT i, repeat('Zqx', 4) || i FROM generate_series(1, $rows) i;
	CREATE TABLE r (id int PRIMARY KEY, v float8);
	INSERT INTO r SELECT i, i / 8.0 FROM generate_series(1, $rows) i;
	SELECT sustainml.encrypt_column('r', 'v', 'k');
});

# A call under growing timeouts, until it was cancelled twice and is half done as "half" says; returns how often it was cancelled and the slowest answer in ms.
sub interrupted
{
	my ($call, $half) = @_;
	my ($cancelled, $worst) = (0, 0);

	for my $timeout (20, 60, 100, 200, 400, 800, 1600)
	{
		my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = $timeout;\n\\timing on\n$call;\n", on_error_stop => 0);

		last unless $err =~ /canceling statement due to statement timeout/;
		$cancelled++;
		my ($took) = $out =~ /Time: ([\d.]+) ms.*\z/s;
		$worst = $took - $timeout if $took - $timeout > $worst;
		last if $cancelled >= 2 && $node->safe_psql('postgres', $half) eq 't';
	}
	return ($cancelled, $worst);
}

# rotation
my ($cancelled, $worst) = interrupted("CALL sustainml.rotate('r', 'v', batch_blocks => 20)", "SELECT count(*) > 0 FROM sustainml.run_log WHERE kind = 'rotate'");
cmp_ok($cancelled, '>=', 2, 'rotation is cancelled');
cmp_ok($worst, '<', $bound, sprintf('it answers in time (%.0f ms)', $worst));
is($node->safe_psql('postgres', 'SELECT count(DISTINCT sustainml.key_no(v)), count(*), sum(sustainml.open_float8(v)) FROM r'),
	join('|', 2, $rows, $rows * ($rows + 1) / 16), 'values of both data keys, each as it was');
my $done = $node->safe_psql('postgres', "SELECT sum(rows) FROM sustainml.run_log WHERE kind = 'rotate'");
is($node->safe_psql('postgres', "SELECT max(c) FILTER (WHERE state = 'active') FROM sustainml.keys JOIN (SELECT sustainml.key_no(v), count(*) FROM r GROUP BY 1) c (key_no, c) USING (key_no)"),
	$done, 'the run log has the batches that were committed, and no others');
is($node->safe_psql('postgres', "SELECT count(*) FROM sustainml.keys WHERE column_name = 'v' AND table_name = 'r'"), '2', 'no further data key was made on the way');
is($node->safe_psql('postgres', "CALL sustainml.rotate('r', 'v')"), $rows - $done, 'called again, it does the rest');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT sustainml.key_no(v)), count(*), sum(sustainml.open_float8(v)) FROM r'),
	join('|', 1, $rows, $rows * ($rows + 1) / 16), 'one data key');
is($node->safe_psql('postgres', "SELECT sum(rows) FROM sustainml.run_log WHERE kind = 'rotate'"), $rows, 'the runs add up');

# encryption in batches
($cancelled, $worst) = interrupted("CALL sustainml.encrypt_column_batches('t', 'v', 'k', batch_blocks => 20)",
	"SELECT count(*) > 1 FROM sustainml.run_log WHERE kind = 'encrypt'");
cmp_ok($cancelled, '>=', 2, 'encryption is cancelled');
cmp_ok($worst, '<', $bound, sprintf('it answers in time (%.0f ms)', $worst));
my $column = $node->safe_psql('postgres', 'SELECT sealing_column FROM sustainml.encryptions');
like($column, qr/^sustainml_sealing_\d+$/, 'and is seen to be under way');
my $sealed = $node->safe_psql('postgres', "SELECT count($column) FROM t");
ok($sealed > 0 && $sealed < $rows, "$sealed of $rows values are sealed");
is($node->safe_psql('postgres', "SELECT sum(rows) FROM sustainml.run_log WHERE kind = 'encrypt'"), $sealed + $rows, 'as the run log says');

# its backend is killed, and with it the server: what was committed is there, and the job goes on
my $killed = $node->background_psql('postgres', on_error_stop => 0);
my $victim = $killed->query('SELECT pg_backend_pid()');
$killed->{stdin} .= "CALL sustainml.encrypt_column_batches('t', 'v', 'k', batch_blocks => 2);\n";
$killed->{run}->pump_nb();
$node->poll_query_until('postgres', "SELECT count($column) > $sealed FROM t") or die 'the job does not go on';
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM sustainml.progress() WHERE kind = 'encrypt' AND source = 'public.t' AND phase ~ '^[0-9]+ % of [0-9]+ blocks done\$'"),
	'its progress is shown');
kill 'KILL', $victim;
eval { $killed->{run}->finish };
$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
my $after = $node->safe_psql('postgres', "SELECT count($column) FROM t");
ok($after > $sealed && $after <= $rows, "after the kill $after values are sealed");
is($node->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE $column IS NOT NULL AND sustainml.open($column) IS DISTINCT FROM v) FROM t"), "$rows|0",
	'each as it is in clear');
is($node->safe_psql('postgres', 'SELECT count(*) FROM sustainml.encryptions'), '1', 'and the job is under way');

# a crash, and writers while it goes on
$node->safe_psql('postgres', "UPDATE t SET v = '$marker changed' WHERE id <= 10");
$node->stop('immediate');
$node->start;
my $session = $node->background_psql('postgres', on_error_stop => 0);
my $pid = $session->query('SELECT pg_backend_pid()');
$session->{stdin} .= "CALL sustainml.encrypt_column_batches('t', 'v', 'k', batch_blocks => 5);\n\\echo finished\n";
$session->{run}->pump_nb();
# a second session that starts the same one helps along, or is told that it has ended
my $helper = $node->background_psql('postgres', on_error_stop => 0);
$helper->{stdin} .= "CALL sustainml.encrypt_column_batches('t', 'v', 'k', batch_blocks => 7);\n\\echo :SQLSTATE finished\n";
$helper->{run}->pump_nb();
my ($writes, $written) = (0, 0);
for my $id (11 .. 30)
{
	$node->safe_psql('postgres', "SELECT 1 FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq '1' and $written++;
	# the column is of one type until the end and of another after it
	my ($status) = $node->psql('postgres', "UPDATE t SET v = '$marker changed' WHERE id = $id");
	$status = ($node->psql('postgres', "UPDATE t SET v = sustainml.seal('$marker changed'::text, 't', 'v') WHERE id = $id"))[0] if $status != 0;
	$writes++ if $status == 0;
}
pump_until($session->{run}, $session->{timeout}, \$session->{stdout}, qr/finished/);
$session->quit;
pump_until($helper->{run}, $helper->{timeout}, \$helper->{stdout}, qr/finished/);
like($helper->{stdout}, qr/(00000|55000) finished/, 'the second session ended well, or was told that the first had ended it');
$helper->quit;
is($writes, 20, "writers were served ($written while it ran)");
is($node->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE sustainml.open(v) = '$marker' || CASE WHEN id <= 30 THEN ' changed' ELSE id::text END) FROM t"),
	"$rows|$rows", 'every value is what was written last');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped"), '3', 'no column is left over');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_trigger WHERE tgrelid = \'t\'::regclass'), '0', 'nor a trigger');

# nothing in clear in the files of tables, indexes and TOAST
$node->safe_psql('postgres', 'CHECKPOINT');
my @found;
find({ no_chdir => 1, wanted => sub {
	return unless -f $_;
	push @found, $_ if index(slurp_file($_), $marker) >= 0;
} }, $node->data_dir . '/base');
is(join(' ', @found), '', 'no plaintext in the files of the database');
$node->stop;
done_testing();
