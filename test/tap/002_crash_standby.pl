# What was committed survives a killed backend and a restart; what was not leaves nothing.  A hot standby predicts,
# evaluates and lists, and says clearly that it cannot train.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SustainmlTest;
use Test::More;

my $primary = new_node('primary', streaming => 1, more => "restart_after_crash = on\nmax_prepared_transactions = 2\n");

load_lines($primary);
$primary->safe_psql('postgres', q{
	SELECT sustainml.train('line', 'line', target => 'y');
	SELECT sustainml.train('coin', 'coin', target => 'y');
	SELECT sustainml.train('coin', 'coin', target => 'y', seed => 1, activate => 'never');
	SELECT sustainml.train('kinds', 'kinds', target => 'y');
});

# All that is stored, and what the models say, to the bit.
my $stored = q{
	SET extra_float_digits = 3;
	SELECT v.ref, v.is_active, v.metric, v.metric_value, v.notes, v.run_id FROM sustainml.models v ORDER BY 1;
	SELECT model, version, active_to IS NULL, reason FROM sustainml.activation_history ORDER BY active_from;
	SELECT run_id, kind, model, version, rows FROM sustainml.run_log ORDER BY 1;
	SELECT sum(sustainml.predict('line', t)) FROM line t;
	SELECT string_agg(sustainml.predict_proba('coin', t)::text, ',' ORDER BY id) FROM coin t WHERE id < 50;
	SELECT string_agg(sustainml.predict_probabilities('kinds', k)::text, ',' ORDER BY id) FROM kinds k WHERE id < 50;
	SELECT term, estimate, std_error FROM sustainml.coefficients('coin');
};
my $before = value($primary, $stored);

# ---- pg_terminate_backend, and SIGKILL, in the middle of a training -----------------------------

$primary->safe_psql('postgres', q{
	SELECT setseed(0.5);
	CREATE TABLE slow AS SELECT floor(200 * random())::int AS y, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e FROM generate_series(1, 60000);
});

# A session that trains for long; returns it and its pid once the fit runs.
sub train_slowly
{
	my $session = $primary->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');

	# a version of its own in the open transaction, and a training that is under way
	$session->query("BEGIN; SELECT ref FROM sustainml.train('line', 'steep', target => 'y');");
	$session->{stdin} .= "SELECT ref FROM sustainml.train('slow', 'slow', target => 'y', task => 'classification', params => '{\"max_iter\": 100000, \"tolerance\": 1e-14}');\n";
	$session->{run}->pump_nb();
	ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM sustainml.progress() WHERE pid = $pid AND phase LIKE 'fitting%'"), 'the training is under way');
	return ($session, $pid);
}

{
	my ($session, $pid) = train_slowly();

	$primary->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 10000)");
	pump_until($session->{run}, $session->{timeout}, \$session->{stderr}, qr/terminating connection due to administrator command/);
	ok(1, 'pg_terminate_backend is obeyed');
	eval { $session->quit };
	is(value($primary, $stored), $before, 'nothing is lost or left by a terminated backend');
}

{
	my ($session, $pid) = train_slowly();

	is(kill('KILL', $pid), 1, 'the backend is killed');
	pump_until($session->{run}, $session->{timeout}, \$session->{stderr}, qr/server closed the connection unexpectedly|connection to server was lost/);
	eval { $session->quit };
	# the server restarts by itself
	$primary->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	is(value($primary, $stored), $before, 'nothing is lost or left by a killed backend');
	is(value($primary, "SELECT ref, active FROM sustainml.train('line', 'line', target => 'y')"), 'line@2|t', 'the next training takes the next version');
	$primary->safe_psql('postgres', "SELECT sustainml.rollback('line')");
}

$before = value($primary, $stored);
$primary->restart;
is(value($primary, $stored), $before, 'the same after a restart');

# ---- a prepared transaction survives a restart, unseen until it is committed --------------------------

$primary->safe_psql('postgres', "BEGIN; SELECT sustainml.train('line', 'steep', target => 'y'); PREPARE TRANSACTION 'trained'");
is(value($primary, $stored), $before, 'a prepared training is not seen');
$primary->restart;
is(value($primary, $stored), $before, 'nor after a restart');
{
	my ($status, $out, $err) = $primary->psql('postgres', "SET lock_timeout = '200ms'; SELECT sustainml.train('line', 'line', target => 'y')");

	like($err, qr/canceling statement due to lock timeout/, 'the name stays locked');
}
{
	my $session = $primary->background_psql('postgres');

	is(asked($session, "SELECT round(sustainml.predict('line', 1.0::float8)::numeric, 6)"), '2.000000', 'another session predicts as before');
	$primary->safe_psql('postgres', "COMMIT PREPARED 'trained'");
	is(asked($session, "SELECT round(sustainml.predict('line', 1.0::float8)::numeric, 6)"), '5.000000', 'and hears of the commit');
	$session->quit;
}
is(value($primary, "SELECT ref, is_active FROM sustainml.models WHERE model = 'line' ORDER BY 1 DESC LIMIT 1"), 'line@3|t', 'the version is there');
$primary->safe_psql('postgres', "SELECT sustainml.rollback('line')");
$before = value($primary, $stored);

# ---- a hot standby -----------------------------------------------------------------------------------

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');

$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is(value($standby, $stored), $before, 'the standby has the models, and predicts to the bit what the primary does');

# a model trained now arrives in a session that is open on the standby, and in its prepared statement
my $reader = $standby->background_psql('postgres');

$reader->query_safe("PREPARE p AS SELECT round(sustainml.predict('line', t)::numeric, 6) FROM line t WHERE id = 1");
is(asked($reader, 'EXECUTE p'), '2.000000', 'a prepared statement on the standby');
$primary->safe_psql('postgres', "SELECT sustainml.train('line', 'steep', target => 'y')");
$primary->wait_for_catchup($standby);
is(asked($reader, 'EXECUTE p'), '5.000000', 'it follows the primary');
$reader->quit;

{
	my ($status, $out, $err) = $standby->psql('postgres', q{
		SELECT value = (SELECT metric_value FROM sustainml.models WHERE ref = 'coin@1') FROM sustainml.evaluate('coin') WHERE metric = 'log_loss';
		SELECT count(*) > 0 FROM sustainml.feature_importance('coin', method => 'permutation');
		SELECT count(*) FROM sustainml.features('kinds');
	});

	is($out, "t\nt\n3", 'the standby evaluates');
	like($err, qr/NOTICE:  this run is not in the run log\nDETAIL:  A standby cannot write\./, 'and says that the run is not logged');
}

foreach my $refused (
	[ "SELECT * FROM sustainml.train('new', 'line', target => 'y')", 'cannot execute train\(\) during recovery' ],
	[ "SELECT * FROM sustainml.retrain('line')", 'cannot execute train\(\) during recovery' ],
	[ "SELECT * FROM sustainml.score('line', 'line', 'scored')", 'cannot execute score\(\) during recovery' ],
	[ "SELECT sustainml.activate('coin\@2')", 'cannot change model "coin" on a standby' ],
	[ "SELECT sustainml.drop_model('coin')", 'cannot change model "coin" on a standby' ])
{
	my ($status, $out, $err) = $standby->psql('postgres', $refused->[0]);

	like($err, qr/ERROR:  $refused->[1]/, "on a standby: $refused->[0]");
}

# promoted, it trains on: numbers go on, no duplicate key
$standby->promote;
is(value($standby, "SELECT ref, active FROM sustainml.train('line', 'line', target => 'y')"), 'line@5|t', 'the promoted standby trains the next version');

$standby->stop;
$primary->stop;
done_testing();
