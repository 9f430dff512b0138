# The energy of runs on recorded trees: counters of two sockets, their variants, and what is said when they cannot be used.
#
# A run is held in the middle of its scan by an advisory lock; meanwhile the test moves the counters by one recorded second
# and the host's busy time by ten.  Expected joules follow from those, from the seconds and CPU seconds in the run's
# row, and from the formulas in test/reference/energy.md.
use strict;
use warnings;
use Cwd ();
use POSIX ();
use File::Path qw(make_path remove_tree);
use Time::HiRes qw(sleep time);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $base = Cwd::abs_path(PostgreSQL::Test::Utils::tempdir);
my $tree = "$base/powercap";
my $proc = "$base/proc";
my $ROUNDING = 0.0051;

sub spill
{
	my ($path, $text) = @_;
	unlink $path;
	open(my $file, '>', $path) or die "$path: $!";
	print $file $text;
	close $file;
}

# ---- the recorded tree -----------------------------------------------------------------

my @recorded;
{
	open(my $file, '<', "$ENV{SML_DATA}/energy_powercap.csv") or die $!;
	my @names = split /,/, (<$file> =~ s/\s+$//r);
	while (my $line = <$file>)
	{
		my %row;
		@row{@names} = split /,/, ($line =~ s/\s+$//r), -1;
		push @recorded, \%row;
	}
}

# Energy counters as of a recorded moment; others are laid out once.
sub counters
{
	my ($moment) = @_;
	spill("$tree/$_->{path}", "$_->{$moment}\n") for grep { $_->{path} =~ /energy_uj$/ && -d "$tree/" . ($_->{path} =~ s{/[^/]*$}{}r) } @recorded;
}

sub lay_out
{
	remove_tree($tree);
	for my $row (@recorded)
	{
		my $path = "$tree/$row->{path}";
		if ($row->{kind} eq 'dir') { make_path($path) }
		elsif ($row->{kind} eq 'symlink') { make_path("$tree/class"); symlink("../$row->{t0s}", $path) or die $! }
		else { spill($path, "$row->{t0s}\n") }
	}
	counters('t0s');
}

# A zone of one's own.
sub zone
{
	my ($folder, $name, $energy) = @_;
	make_path("$tree/$folder");
	spill("$tree/$folder/name", "$name\n");
	spill("$tree/$folder/energy_uj", "$energy\n");
	spill("$tree/$folder/max_energy_range_uj", "262143328850\n");
}

# ---- /proc ---------------------------------------------------------------------------------

sub host
{
	my ($busy_ticks, $steal_ticks) = @_;
	spill("$proc/stat", "cpu  $busy_ticks 0 0 99999999 0 0 0 $steal_ticks 0 0\n" . join('', map { "cpu$_ 1 0 0 1 0 0 0 0 0 0\n" } 0 .. 63) . "intr 1\n");
}

sub processor
{
	my ($vendor, $family, $model, $stepping, $name, $more) = @_;
	$more //= '';
	spill("$proc/cpuinfo", "processor\t: 0\nvendor_id\t: $vendor\ncpu family\t: $family\nmodel\t\t: $model\nmodel name\t: $name\nstepping\t: $stepping\n$more\nprocessor\t: 1\n");
}

# ---- runs ---------------------------------------------------------------------------------

make_path($proc);
lay_out();
host(100000, 0);
processor('GenuineIntel', 6, 85, 7, 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz');

my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $node = PostgreSQL::Test::Cluster->new('energy');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers_per_gather = 0\nsustainml.powercap_root = '$tree'\nsustainml.proc_root = '$proc'\n"
	. "session_preload_libraries = 'sustainml'\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sustainml CASCADE;
	CREATE TABLE t AS SELECT i AS id, i % 7 AS x, i % 7 + i % 3 AS y FROM generate_series(1, 200000) i;
	CREATE VIEW gated AS SELECT t.* FROM t, (SELECT pg_advisory_xact_lock_shared(42), count(*) FROM generate_series(1, 3000000) OFFSET 0) AS gate;
	CREATE TABLE small AS SELECT * FROM t WHERE id <= 100;
});

my $holder = $node->background_psql('postgres');
$holder->set_query_timer_restart;
my @columns = qw(seconds cpu_seconds energy_joules energy_low_joules energy_high_joules energy_method boundary
	energy_dynamic_joules energy_idle_joules energy_idle_reserved_joules energy_source status);

sub last_run
{
	my %run;
	@run{@columns} = split /\|/, $node->safe_psql('postgres', 'SELECT ' . join(', ', @columns) . ' FROM sustainml.run_log ORDER BY run_id DESC LIMIT 1'), -1;
	return \%run;
}

# Begin a training that waits in its scan.
sub begin_gated
{
	my (@settings) = @_;
	$holder->query_safe('SELECT pg_advisory_lock(42)');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query("SET $_") for @settings;
	$session->query_until(qr/begun/, "\\echo begun\nSELECT * FROM sustainml.train('m', 'gated', target => 'y', task => 'regression', holdout => 0, features => '{x}');\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die 'no wait';
	return $session;
}

sub end_gated
{
	my ($session) = @_;
	$holder->query_safe('SELECT pg_advisory_unlock(42)');
	$session->query('SELECT 1');
	$session->quit;
	return last_run();
}

# A run over one recorded second, or over what "change" does instead.
sub gated
{
	my ($change, @settings) = @_;
	my $session;
	host(100000, 0);
	$session = begin_gated(@settings);
	sleep 1;
	$change ? $change->() : counters('t1s');
	host(100000 + 10 * $tick, 0) unless $change && $change->('host');
	return end_gated($session);
}

# An estimate from CPU time on a table that is small.
sub estimated
{
	my ($settings) = @_;
	$node->safe_psql('postgres', ($settings // '') . "; SELECT FROM sustainml.train('e', 'small', target => 'y', task => 'regression', split => '{\"by\": \"id\"}')");
	return last_run();
}

sub near
{
	my ($got, $want, $eps, $what) = @_;
	ok($got ne '' && abs($got - $want) <= $eps, $what) or diag("got $got, want $want");
}

sub least { return $_[0] < $_[1] ? $_[0] : $_[1] }
sub most  { return $_[0] > $_[1] ? $_[0] : $_[1] }

sub shares
{
	my ($run) = @_;
	my $s = $run->{cpu_seconds} / most(10, $run->{cpu_seconds});
	return ($s, least(1, $run->{cpu_seconds} / (64 * $run->{seconds})));
}

sub check
{
	my ($name, $settings) = @_;
	return $node->safe_psql('postgres', ($settings // '') . ";SELECT ok, detail, hint FROM sustainml.energy_check() WHERE \"check\" = '$name'");
}

my $IDLE = "sustainml.idle_power = 'package-0=20, package-1=18, package-0/dram=2, package-1/dram=2'";

# 1. packages and memory, idle floors known
{
	my $run = gated(undef, $IDLE, 'sustainml.reserved_threads = 16');
	my ($s, $u) = shares($run);
	my ($package, $dram, $package_idle, $dram_idle) = (0, 0, 0, 0);
	for ([182, 20], [96, 18])
	{
		my $floor = least($_->[0], $_->[1] * $run->{seconds});
		$package += $_->[0] - $floor; $package_idle += $floor;
	}
	for ([14.5, 2], [9.2, 2])
	{
		my $floor = least($_->[0], $_->[1] * $run->{seconds});
		$dram += $_->[0] - $floor; $dram_idle += $floor;
	}
	is("$run->{energy_method} $run->{boundary} $run->{status}", 'measured_rapl package+dram ok', 'packages and memory are measured');
	near($run->{energy_dynamic_joules}, $s * ($package + $dram), $ROUNDING, 'dynamic joules');
	near($run->{energy_idle_joules}, $u * ($package_idle + $dram_idle), $ROUNDING, 'idle joules');
	near($run->{energy_idle_reserved_joules}, 16 / 64 * ($package_idle + $dram_idle), $ROUNDING, 'idle joules of reserved threads');
	near($run->{energy_joules}, $run->{energy_dynamic_joules} + $run->{energy_idle_joules}, 1e-9, 'total');
	my ($p, $d) = ($s * $package + $u * $package_idle, $s * $dram + $u * $dram_idle);
	my $h = sqrt(log(1 + (0.05 * $p + 0.16 * $d) / ($p + $d))**2 + log(1 + 0.5 * (1 - $s))**2);
	near(log($run->{energy_high_joules} / $run->{energy_joules}), $h, 1e-9, 'upper bound');
	near(log($run->{energy_joules} / $run->{energy_low_joules}), $h, 1e-9, 'lower bound');
	is($run->{energy_source}, '4 powercap zones, idle power of 4 known', 'source');
	is(check('idle power', "SET $IDLE"), 't|Known for every zone.|', 'check: idle power');
	like(check('method'), qr/^t\|measured_rapl \(package\+dram\)/, 'check: method');
}

# 2. the platform instead, idle floor not known: bounds from all idle to all dynamic
{
	counters('t0s');
	my $run = gated(undef, 'sustainml.use_psys = on');
	my ($s, $u) = shares($run);
	is("$run->{energy_method} $run->{boundary}", 'measured_rapl psys', 'the platform is measured');
	near($run->{energy_joules}, sqrt($s * $u) * 402, $ROUNDING, 'geometric mean of all idle and all dynamic');
	ok($run->{energy_low_joules} <= $u * 402 && $run->{energy_high_joules} >= $s * 402, 'bounds hold both');
	is("$run->{energy_dynamic_joules}|$run->{energy_idle_joules}", '|', 'parts are not known');
	is($run->{energy_source}, '1 powercap zones, idle power of 0 known', 'source');
	like(check('idle power', 'SET sustainml.use_psys = on'), qr/^f\|Not known for psys: /, 'check: idle power');
}

# 3. eleven zones and more: hexadecimal numbers, dies, parts of packages, a second driver
{
	counters('t0s');
	zone('intel-rapl/intel-rapl:a', 'package-2-die-1', 1000);
	zone('intel-rapl/intel-rapl:a/intel-rapl:a:0', 'core', 1000);
	zone('intel-rapl/intel-rapl:a/intel-rapl:a:1', 'dram', 1000);
	zone('intel-rapl-mmio/intel-rapl-mmio:0', 'package-0', 1000);
	zone('dtpm/dtpm:0', 'package-9', 1000);
	like(check('counters'), qr{^t\|package\+dram: package-0, package-0/dram, package-1, package-1/dram, package-2-die-1, package-2-die-1/dram\|}, 'check: zones');
	my $run = gated(sub {
		return 0 if @_;
		counters('t1s');
		spill("$tree/intel-rapl/intel-rapl:a/energy_uj", "30001000\n");
		spill("$tree/intel-rapl/intel-rapl:a/intel-rapl:a:0/energy_uj", "20001000\n");
		spill("$tree/intel-rapl/intel-rapl:a/intel-rapl:a:1/energy_uj", "4001000\n");
		spill("$tree/intel-rapl-mmio/intel-rapl-mmio:0/energy_uj", "182001000\n");
		spill("$tree/dtpm/dtpm:0/energy_uj", "99001000\n");
	});
	my ($s, $u) = shares($run);
	near($run->{energy_joules}, sqrt($s * $u) * (301.7 + 34), $ROUNDING, 'each domain once, no part of a package');
	remove_tree("$tree/$_") for 'intel-rapl/intel-rapl:a', 'intel-rapl-mmio', 'dtpm';
}

# 4. AMD: packages only, a fifth of error
{
	counters('t0s');
	remove_tree("$tree/intel-rapl/intel-rapl:$_") for '0/intel-rapl:0:0', '1/intel-rapl:1:0', '2';
	processor('AuthenticAMD', 25, 1, 1, 'AMD EPYC 7763 64-Core Processor');
	my $run = gated(undef, "sustainml.idle_power = 'package-0=0, package-1=0'");
	my ($s) = shares($run);
	is("$run->{energy_method} $run->{boundary}", 'measured_rapl package', 'packages without memory');
	near($run->{energy_joules}, $s * 278, $ROUNDING, 'joules of packages');
	near(log($run->{energy_high_joules} / $run->{energy_joules}), sqrt(log(1.2)**2 + log(1 + 0.5 * (1 - $s))**2), 1e-9, 'bounds of an AMD counter');
	processor('GenuineIntel', 6, 85, 7, 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz');
	lay_out();
}

# a memory counter that is not there reads 0 for ever
{
	spill("$tree/intel-rapl/intel-rapl:$_/energy_uj", "0\n") for '0/intel-rapl:0:0', '1/intel-rapl:1:0';
	like(check('counters'), qr/^t\|package: package-0, package-1\|/, 'a dead memory counter does not count');
	lay_out();
}

# 5. readings that cannot be: the run is estimated, and says why
sub lost
{
	my ($what, $change, $why) = @_;
	$why //= 'a reading of the counters was lost';
	counters('t0s');
	my $run = gated(sub { return 0 if @_; counters('t1s'); $change->() }, $IDLE);
	is("$run->{energy_method} $run->{boundary}", 'estimated_uarch server_wall', "$what: estimated");
	like($run->{energy_source}, qr/^cpu_power cascadelake \(SPECPOWER_2026_RECOMPUTED 2026\); $why$/, "$what: said");
	near($run->{energy_joules}, $run->{cpu_seconds} * 4.067, 1e-9, "$what: CPU time times watts");
	unlink "$tree/intel-rapl/intel-rapl:1/energy_uj";
	counters('t0s');
}
my $one = "$tree/intel-rapl/intel-rapl:1/energy_uj";
lost('an impossible jump', sub { spill($one, "100000000000\n") },
	'(a counter made a step that is not possible|a reading of the counters was lost)');    # the latter after two seconds
lost('a counter that stands still', sub { spill($one, "262140000000\n") }, 'a counter stood still');
lost('garbage at the end', sub { spill($one, "12 apples\n") });
lost('a counter beyond its range', sub { spill($one, "999999999999\n") });
lost('a counter that vanishes', sub { unlink $one });

# 6. counters that cannot be read from the start
sub unusable
{
	my ($what, $check, $pattern, $change) = @_;
	$change->();
	my $run = estimated();
	is($run->{energy_method}, 'estimated_uarch', "$what: estimated");
	is($run->{energy_source}, 'cpu_power cascadelake (SPECPOWER_2026_RECOMPUTED 2026)', "$what: source");
	like(check($check), $pattern, "$what: check");
	like(check('method'), qr/^f\|estimated_uarch \(server_wall\)\|/, "$what: method");
	lay_out();
}
unusable('no permission', 'access', qr/^f\|package-1: Permission denied\|Give the server's group read access/, sub { chmod 0000, $one });
unusable('garbage', 'readings', qr/^f\|package-1: no number within the counter's range\|/, sub { spill($one, "\x00\xff\xfe nonsense") });
unusable('a negative number', 'readings', qr/^f\|package-1: /, sub { spill($one, "-5\n") });
unusable('a very long file', 'readings', qr/^f\|package-1: /, sub { spill($one, '1' x 100000) });
unusable('an empty file', 'readings', qr/^f\|package-1: /, sub { spill($one, '') });
unusable('a symbolic link', 'access', qr/^f\|package-1: Too many levels of symbolic links\|/, sub { unlink $one; symlink('/etc/passwd', $one) });
unusable('a pipe', 'access', qr/^f\|package-1: Invalid argument\|/, sub { unlink $one; POSIX::mkfifo($one, 0600) });
unusable('a folder', 'access', qr/^f\|package-1: (Invalid argument|Is a directory)\|/, sub { unlink $one; mkdir $one });
unusable('no range', 'access', qr/^f\|package-1: No such file or directory\|/, sub { unlink "$tree/intel-rapl/intel-rapl:1/max_energy_range_uj" });
unusable('a range of 0', 'readings', qr/^f\|package-1: /, sub { spill("$tree/intel-rapl/intel-rapl:1/max_energy_range_uj", "0\n") });
unusable('no tree', 'counter tree', qr{^f\|.*/powercap: No such file or directory\|Virtual machines}, sub { remove_tree($tree) });
unusable('too many zones', 'counters', qr/^f\|There are more than 128 zones\./, sub { zone(sprintf('intel-rapl/intel-rapl:%x', $_), "package-$_", 1) for 3 .. 140 });
like(check('counters', "SET sustainml.powercap_root = '$tree/class'"), qr/^f\|No package was found\.\|Symbolic links are not followed: set /, 'links: check');
is(check('access', "SET sustainml.powercap_root = ''"), '|There are no counters.|', 'nothing to check is NULL');

# 7. runs too short for counters; the host's busy time not known; time stolen from a virtual machine
like(estimated()->{energy_source}, qr/; the run was too short for counters$/, 'a short run is estimated');
{
	counters('t0s');
	my $run = gated(sub { return 1 if @_; counters('t1s'); unlink "$proc/stat" });
	is($run->{energy_source}, 'cpu_power cascadelake (SPECPOWER_2026_RECOMPUTED 2026); the busy time of the host is not known', 'no busy time: estimated');
	like(check('busy time of the host'), qr/^f\|/, 'no busy time: check');
	near($run->{energy_high_joules} / $run->{energy_joules}, 1.41, 1e-9, 'bounds of a family');
	counters('t0s');
	host(100000, 0);
	$run = gated(sub { return 1 if @_; counters('t1s'); spill($one, "1 2\n"); host(100000 + 10 * $tick, $tick) });
	like($run->{energy_source}, qr/; bounds widened for stolen time$/, 'stolen time is said');
	near($run->{energy_high_joules} / $run->{energy_joules}, 1.8, 1e-9, 'and widens the bounds');
	host(100000, 0);
}

# 8. a run longer than its counter's range is read in between, and outlives a run that was cancelled
{
	my $joules = 0;
	my $cancelled;
	lay_out();
	remove_tree("$tree/intel-rapl/intel-rapl:$_") for 0, 2, '1/intel-rapl:1:0';
	# The range is 12 s of the greatest power, so the sampler looks every 6 s and may be as late again; 200 of 205 W.
	spill("$tree/intel-rapl/intel-rapl:1/max_energy_range_uj", "2460000000\n");
	spill($one, "2300000000\n");
	$cancelled = begin_gated();
	$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die 'no cancel';
	$holder->query_safe('SELECT pg_advisory_unlock(42)');
	$cancelled->query('SELECT 1');
	$holder->query_safe('SELECT pg_advisory_lock(42)');
	# the same backend again
	$cancelled->query("SET sustainml.idle_power = 'package-1=0'");
	$cancelled->query_until(qr/begun/, "\\echo begun\nSELECT * FROM sustainml.train('m', 'gated', target => 'y', task => 'regression', holdout => 0, features => '{x}');\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die 'no wait';
	for (1 .. 30)
	{
		sleep 0.5;
		$joules += 100;
		spill("$one.new", ((2300 + $joules) % 2460) . "000000\n");
		rename "$one.new", $one;
	}
	host(100000 + 10 * $tick, 0);
	my $run = end_gated($cancelled);
	my ($s) = shares($run);
	is("$run->{energy_method} $run->{boundary}", 'measured_rapl package', 'a long run is measured');
	near($run->{energy_joules}, $s * $joules, $ROUNDING, 'joules over more than one range');
	lay_out();
	host(100000, 0);
}

# 8b. coarse readings, published once a second: runs inside see nothing or too much, the run around them is measured
{
	remove_tree("$tree/intel-rapl/intel-rapl:$_") for 0, 2, '1/intel-rapl:1:0';
	spill($one, "1000000\n");
	$node->safe_psql('postgres', q{
		CREATE TABLE watched (id int, prediction float8, probability float8, model text, version int, scored_at timestamptz);
		CREATE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			FOR i IN 1 .. 8 LOOP
				PERFORM FROM sustainml.train('inner', 'small', target => 'y', task => 'regression', split => '{"by": "id"}');
				PERFORM pg_sleep(0.6);
			END LOOP;
			PERFORM count(*) FROM generate_series(1, 3000000);
			PERFORM pg_advisory_xact_lock_shared(42);
			RETURN NULL;
		END $$;
		CREATE TRIGGER busy AFTER INSERT ON watched FOR EACH STATEMENT EXECUTE FUNCTION busy();
	});
	$holder->query_safe('SELECT pg_advisory_lock(42)');
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query("SET sustainml.idle_power = 'package-1=0'");
	$session->query_until(qr/begun/, "\\echo begun\nSELECT * FROM sustainml.score('m', 'small', 'watched', key => '{id}', mode => 'append');\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") or die 'no sleep';
	for (1 .. 5)
	{
		sleep 1;
		spill("$one.new", (1 + 180 * $_) . "000000\n");
		rename "$one.new", $one;
	}
	host(100000 + 10 * $tick, 0);
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") or die 'no wait';
	my $run = end_gated($session);
	my ($s) = shares($run);
	is("$run->{energy_method} $run->{boundary}", 'measured_rapl package', 'coarse readings: the run is measured');
	near($run->{energy_joules}, $s * 900, $ROUNDING, 'coarse readings: joules');
	is($node->safe_psql('postgres', q{SELECT count(*), string_agg(DISTINCT energy_method, ' ') FROM sustainml.run WHERE model = 'inner'}), '8|estimated_uarch', 'coarse readings: runs inside');
	my $left = $node->safe_psql('postgres', q{SELECT o.energy_exclusive_joules - o.energy_joules * (1 - i.cpu / o.cpu_seconds)
		FROM (SELECT * FROM sustainml.run ORDER BY run_id DESC LIMIT 1) o, (SELECT sum(cpu_seconds) AS cpu FROM sustainml.run WHERE model = 'inner') i});
	near($left, 0, 1e-9, 'runs inside that are known another way leave by their share of CPU time');
	lay_out();
	host(100000, 0);
}

# 9. estimates: the family, the provider, the exact model, nothing; in one session, so that settings take effect at once
sub watts
{
	my ($what, $watts, $factor, $method, $boundary, $source, $settings) = @_;
	my $run = estimated('SET sustainml.powercap_root = \'\'; ' . ($settings // ''));
	is("$run->{energy_method}|$run->{boundary}|$run->{energy_source}", "$method|$boundary|$source", "$what: label");
	near($run->{energy_joules} / $run->{cpu_seconds}, $watts, 1e-9, "$what: watts");
	near($run->{energy_high_joules} / $run->{energy_joules}, $factor, 1e-9, "$what: upper bound");
	near($run->{energy_joules} / $run->{energy_low_joules}, $factor, 1e-9, "$what: lower bound");
}
my $SPEC = '(SPECPOWER_2026_RECOMPUTED 2026)';
watts('Cascade Lake', 4.067, 1.41, 'estimated_uarch', 'server_wall', "cpu_power cascadelake $SPEC");
processor('GenuineIntel', 6, 85, 4, 'Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz');
watts('Skylake', 4.041, 1.41, 'estimated_uarch', 'server_wall', "cpu_power skylake-sp $SPEC");
processor('AuthenticAMD', 26, 2, 1, 'AMD EPYC 9755 128-Core Processor');
watts('Turin', 1.323, 1.41, 'estimated_uarch', 'server_wall', "cpu_power zen5 $SPEC");
processor('AuthenticAMD', 25, 33, 0, 'AMD Ryzen 9 5950X 16-Core Processor');
watts('a desktop by its TDP', 0.75 * 105 / 32, 2, 'estimated_tdp', 'package', 'cpu_tdp AMD Ryzen 9 5950X (AMD_SPEC_VIA_CODECARBON)');
watts('a provider comes before the TDP', 4.26, 1.8, 'estimated_default', 'server_wall', 'cpu_power gcp (CCF_APP_DEFAULTS)', 'SET sustainml.cloud_provider = gcp');
processor('GenuineIntel', 6, 94, 3, 'Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz', "siblings\t: 8\nflags\t\t: fpu\n");
watts('threads as the machine shows', 0.75 * 65 / 8, 2, 'estimated_tdp', 'package', 'cpu_tdp Intel Core i7-6700 (INTEL_ARK_VIA_CODECARBON 2015)');
processor('GenuineIntel', 6, 94, 3, 'Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz', "siblings\t: 1\nflags\t\t: fpu hypervisor\n");
my $DEFAULT = 'default: servers since Haswell (SPECPOWER_2026_RECOMPUTED)';
watts('a virtual machine does not show them', 3.741, 1.8, 'estimated_default', 'server_wall', $DEFAULT);
processor('GenuineIntel', 6, 94, 3, 'Intel(R) Core(TM) i7-6701 CPU @ 3.40GHz', "siblings\t: 8\n");
watts('no name is near enough', 3.741, 1.8, 'estimated_default', 'server_wall', $DEFAULT);
spill("$proc/cpuinfo", "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n");
watts('ARM', 1.706, 1.41, 'estimated_uarch', 'server_wall', "cpu_power neoverse-n1 $SPEC");
spill("$proc/cpuinfo", "\x00\x01garbage: \xff\xff\n" x 5000);
watts('garbage', 3.741, 1.8, 'estimated_default', 'server_wall', $DEFAULT);
like(check('processor'), qr{^f\|.*/cpuinfo cannot be used\|}, 'garbage: check');
unlink "$proc/cpuinfo";
watts('no file', 3.741, 1.8, 'estimated_default', 'server_wall', $DEFAULT);
processor('GenuineIntel', 6, 85, 7, 'Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz');
$node->safe_psql('postgres', q{INSERT INTO sustainml.cpu_power (vendor, uarch, description, idle_watts, full_watts, error_factor, source)
	VALUES ('intel', 'cascadelake', 'our own racks', 1, 5, 1.1, 'wall meter')});
watts('a row of one\'s own comes first', 5, 1.1, 'estimated_uarch', 'server_wall', 'cpu_power cascadelake (wall meter)');
{
	# one backend: the setting takes effect at once
	make_path("$base/other");
	spill("$base/other/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nstepping\t: 1\n");
	my $names = $node->safe_psql('postgres', qq{SELECT detail FROM sustainml.energy_check() WHERE "check" = 'power factors';
		SET sustainml.proc_root = '$base/other'; SELECT detail FROM sustainml.energy_check() WHERE "check" = 'power factors';});
	is($names, "estimated_uarch: cpu_power cascadelake (wall meter)\nestimated_uarch: cpu_power zen4 $SPEC", 'a changed setting takes effect at once');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM sustainml.run WHERE energy_joules <= 0 OR energy_low_joules > energy_joules OR energy_high_joules < energy_joules OR energy_joules IS NULL'),
	'0', 'no run is 0, negative or outside its bounds');

# 10. a dump takes rows of one's own along, not those that the extension brings
my ($dump) = run_command([ 'pg_dump', '-a', '-t', 'sustainml.cpu_power', '-t', 'sustainml.cpu_tdp', '-t', 'sustainml.cpu_family', $node->connstr('postgres') ]);
like($dump, qr/our own racks/, 'dump: rows of one\'s own');
unlike($dump, qr/SPECPOWER|CODECARBON|intel-family/, 'dump: no shipped rows');

$holder->quit;
$node->stop;
done_testing();
