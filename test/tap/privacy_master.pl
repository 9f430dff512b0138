# Master keys: a missing or bad one stops nothing but calls that need a key; rotation; the command; the audit in the log.
use strict;
use warnings;
use File::Spec;
use IPC::Run qw(start pump finish timeout);
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('master');
my $file = File::Spec->rel2abs($node->basedir) . '/master_key';
my $key_a = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
my $key_b = 'W3-x8T-bBX0Dlznpp3NNNSsvQWGPyxVt00fJWfejXSU='; # no run of bytes, which tables of the C library hold too

sub write_file
{
	my ($text, $mode) = @_;
	unlink $file;
	append_to_file($file, $text);
	chmod $mode // 0600, $file;
}

sub answer
{
	my ($sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql);
	return $status == 0 ? $out : $err;
}

$node->init;
$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$file'\nsustainml.key_cache_seconds = 0\n");
$node->start;
pass('the server starts without the key file');
$node->safe_psql('postgres', 'CREATE EXTENSION sustainml CASCADE; CREATE ROLE reader NOLOGIN; CREATE ROLE outsider LOGIN');
$node->safe_psql('postgres', 'CREATE TABLE t AS SELECT i AS id, i * 2.0::float8 AS x, i * 3.0::float8 AS y FROM generate_series(1, 100) i');
is($node->safe_psql('postgres', "SELECT rows_used > 50 FROM sustainml.train('m', 't', target => 'y', features => '{x}', split => '{\"by\": \"id\"}')"),
	't', 'training on plain columns works without it');
for my $call (q{SELECT count(*) FROM sustainml.evaluate('m')}, q{SELECT count(sustainml.predict('m', t)) FROM t}, q{SELECT rows FROM sustainml.score('m', 't', 'scored', key => '{id}')},
	q{SELECT pg_catalog.length(sustainml.model_card('m')::text)}, q{SELECT count(*) FROM sustainml.coefficients('m')}, q{SELECT count(*) FROM sustainml.models}, q{SELECT count(*) FROM sustainml.run_log},
	q{SELECT count(*) FROM sustainml.anonymity('t', '{x}')}, q{SELECT count(*) FROM sustainml.class_sizes('t', '{x}')},
	q{SELECT sustainml.mask('t', 'id', 'keep'), sustainml.mask('t', 'x', 'round', step => 10)}, q{SELECT count(*) FROM sustainml.publish('t', 'without_key')}, q{SELECT count(*) FROM without_key.t},
	q{SELECT count(*) FROM sustainml.masked_dump_sql('without_key', strict => false)}, q{SELECT sustainml.unpublish('t')}, q{SELECT sustainml.drop_policy('without_key')},
	q{CREATE TABLE masked AS TABLE t}, q{SELECT sustainml.mask('masked', 'x', 'round', step => 10)}, q{CALL sustainml.mask_in_place('masked', 'masked')}, q{SELECT count(*) FROM sustainml.privacy_inventory},
	q{SELECT count(*) FROM sustainml.keys}, q{SELECT count(*) FROM sustainml.key_events}, q{SELECT count(*) FROM sustainml.key_check()}, q{SELECT count(*) FROM sustainml.sealed_columns}, q{DROP TABLE masked, scored},
	q{SELECT sustainml.unmask_rule('t', 'x'), sustainml.unmask_rule('t', 'id')})
{
	my ($status, $out, $err) = $node->psql('postgres', $call);
	is($status, 0, "without a key: $call") or diag($err);
}
like($node->safe_psql('postgres', 'SELECT sustainml.fernet_decrypt(sustainml.fernet_encrypt(\'x\', k), k) FROM sustainml.fernet_generate_key() k'), qr/^x$/,
	'and so does Fernet');
my $err = answer("SELECT sustainml.create_key('k', role => 'reader')");
like($err, qr/no master key can be read by sustainml\.master_key_file: No such file or directory/, 'a call that needs a key names the setting');
unlike($err, qr/\Q$file\E/, 'and does not tell the path');

# files that are refused, each with its reason
for my $case (
	['open to others', "v1:a:$key_a\n", 0640, qr/open to others/],
	['world-readable', "v1:a:$key_a\n", 0644, qr/open to others/],
	['empty', '', 0600, qr/There is no master key in it/],
	['malformed', "v1:a:$key_a\nsecret text here\n", 0600, qr/Line 2 is not v1/],
	['short', "v1:a:AAECAwQF\n", 0600, qr/Line 1 is not v1/],
	['large', "# x\n" x 4000, 0600, qr/too large/])
{
	my ($what, $text, $mode, $expected) = @$case;
	write_file($text, $mode);
	$err = answer("SELECT sustainml.create_key('k', role => 'reader')");
	like($err, $expected, "a file that is $what is refused");
	unlike($err, qr/AAECAw|secret text/, 'without showing its content');
}
unlink $file;
mkdir $file;
like(answer("SELECT sustainml.create_key('k', role => 'reader')"), qr/not a regular file/, 'a directory is refused');
rmdir $file;

write_file("v1:a:$key_a\n");
is(answer("SELECT sustainml.create_key('k', role => 'reader')"), 'reader', 'with a good file a key can be made, without a reload');
$node->safe_psql('postgres', "CREATE TABLE s (v sustainml.sealed); INSERT INTO s VALUES (sustainml.seal('payload ' || 1, 'k')); GRANT SELECT ON s TO PUBLIC");
is(answer('SELECT sustainml.open(v) FROM s'), 'payload 1', 'and values opened');

# wrong and missing masters are told apart
write_file("v1:a:$key_b\n");
like(answer('SELECT sustainml.open(v) FROM s'), qr/master key "a" is not the one under which key "k" is wrapped/, 'another master of the same id');
is(answer('SELECT DISTINCT status FROM sustainml.key_check()'), 'master differs', 'key_check says so');
write_file("v1:b:$key_b\n");
like(answer('SELECT sustainml.open(v) FROM s'), qr/master key "a", under which key "k" is wrapped, is missing/, 'a missing master');
is(answer('SELECT DISTINCT status || \': \' || detail FROM sustainml.key_check()'), 'master missing: Master key "a" is not among the lines of the file.', 'key_check names it');
my ($code, $rotated, $warnings) = $node->psql('postgres', 'SELECT sustainml.rotate_master()');
is($rotated, '0', 'nothing can be wrapped anew without the old master');
is(scalar(() = $warnings =~ /WARNING:  data key \d+ of key "k" is left as it is: master missing/g), 5, 'and each key that is left is named');
unlink $file;
is(answer('SELECT DISTINCT status FROM sustainml.key_check()'), 'no master key', 'key_check works without any');
like(answer('SELECT sustainml.rotate_master()'), qr/no master key can be read/, 'rotation does not');

# rotation: a new first line, wrap anew, drop the old line; no sealed value changes
write_file("v1:b:$key_b\nv1:a:$key_a\n");
my $before = $node->safe_psql('postgres', 'SELECT md5(string_agg(v::text, \',\')) FROM s');
is(answer('SELECT sustainml.rotate_master()'), '5', 'all data keys of the key are wrapped under the new master');
is(answer('SELECT sustainml.rotate_master()'), '0', 'and none a second time');
write_file("v1:b:$key_b\n");
is(answer('SELECT sustainml.open(v) FROM s'), 'payload 1', 'the old line can go');
is($node->safe_psql('postgres', 'SELECT md5(string_agg(v::text, \',\')) FROM s'), $before, 'values are the same bytes');
is(answer('SELECT DISTINCT status FROM sustainml.key_check()'), 'ok', 'all is well');

# the script makes proper files: mode, a new first line for rotation, no id twice, nothing shown
my $script = "$ENV{SML_SCRIPTS}/master_key";
unlink $file;
append_to_file($file, "v1:b:$key_b\n");
chmod 0600, $file;
my ($made, $said) = run_command([$script, $file, 'c']);
unlike($made . $said, qr/[A-Za-z0-9_-]{43}=/, 'the script does not show the key');
is(sprintf('%o', (stat $file)[2] & 0777), '600', 'the file is closed to others');
like(slurp_file($file), qr/^v1:c:[A-Za-z0-9_-]{43}=\nv1:b:\Q$key_b\E\n$/, 'the new key is the first line, the old one follows');
is(answer('SELECT sustainml.rotate_master()'), '5', 'data keys are wrapped under it');
is(answer('SELECT DISTINCT master_id FROM sustainml.key_check()'), 'c', 'all of them');
($made, $said) = run_command([$script, $file, 'c']);
like($said, qr/has a key with the id c already/, 'an id is not taken twice');
($made, $said) = run_command([$script, $file, 'a b']);
like($said, qr/an id has/, 'nor is a bad one taken');
my $both = slurp_file($file) =~ s/^(v1:c:.*\n)(v1:b:.*\n)/$2$1/r;
write_file($both);
is(answer('SELECT sustainml.rotate_master()'), '5', 'and back');
write_file("v1:b:$key_b\n");

# who may see the settings
my ($status, $out);
($status, $out, $err) = $node->psql('postgres', 'SELECT length(sustainml.fernet_generate_key()); SHOW sustainml.master_key_file', extra_params => ['-U', 'outsider']);
like($err, qr/must be superuser or (a member of|have privileges of)|permission denied to examine/, 'others cannot see the path');
($status, $out, $err) = $node->psql('postgres', "LOAD 'sustainml'; SET sustainml.master_key_file = '/etc/passwd'");
isnt($status, 0, 'nor can anybody set it in a session');
($status, $out, $err) = $node->psql('postgres', "LOAD 'sustainml'" , extra_params => ['-c', "LOAD 'sustainml'", '-c', "ALTER SYSTEM SET sustainml.master_key_file = '/etc/passwd'"]);
isnt($status, 0, 'nor by ALTER SYSTEM');
($status, $out, $err) = $node->psql('postgres', "SET sustainml.master_key_file = '/etc/passwd'; LOAD 'sustainml'; SELECT sustainml.open(v) FROM s");
unlike($err . ($out // ''), qr/passwd.*root/, 'nor before the module is loaded');
like($out // '', qr/payload 1/, 'the file of the configuration is the one that counts') if $status == 0;

# the command
rename $file, "$file.other";
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'cat $file.other'\n");
$node->reload;
is($node->safe_psql('postgres', 'SELECT sustainml.open(v) FROM s'), 'payload 1', 'a command can give the keys');
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'exit 3'\n");
$node->reload;
like(answer('SELECT sustainml.open(v) FROM s'), qr/master_key_command.*ended with an error/s, 'a command that fails is reported');
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'echo nonsense'\n");
$node->reload;
like(answer('SELECT sustainml.open(v) FROM s'), qr/Line 1 is not v1/, 'and one that prints something else');
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'env | grep -c . ; exit 0'\n");
$node->reload;
like(answer('SELECT sustainml.open(v) FROM s'), qr/Line 1 is not/, 'it runs with an environment of its own');
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'yes v1'\n");
$node->reload;
like(answer('SELECT sustainml.open(v) FROM s'), qr/printed too much/, 'one that does not stop printing is stopped');
$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'sleep 100 & sleep 100'\n");
$node->reload;
my $start = time;
like(answer('SET statement_timeout = 500; SELECT sustainml.open(v) FROM s'), qr/canceling statement due to statement timeout/, 'a slow one can be cancelled');
cmp_ok(time - $start, '<', 5, 'at once');

$node->append_conf('postgresql.conf', "sustainml.master_key_command = 'cat $file.other; exec 1>&-; sleep 100'\n");
$node->reload;
$start = time;
like(answer('SET statement_timeout = 500; SELECT sustainml.open(v) FROM s'), qr/canceling statement due to statement timeout/, 'also one that has closed its output');
cmp_ok(time - $start, '<', 5, 'at once');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"), '1', 'and nothing hangs');

# a session that has opened values holds no copy of the master key
$node->append_conf('postgresql.conf', "sustainml.master_key_command = ''\nsustainml.key_cache_seconds = 300\n");
rename "$file.other", $file;
$node->reload;
SKIP:
{
	my ($in, $out, $err) = ("SELECT pg_backend_pid(); SELECT 'opened ' || count(sustainml.open(v)) FROM s;\n", '', '');
	my $psql = start(['psql', '-XAtq', '-d', $node->connstr('postgres')], '<', \$in, '>', \$out, '2>', \$err, timeout(60));
	pump $psql until $out =~ /opened 1/;
	my ($pid) = $out =~ /^(\d+)/;
	my $raw = decode_base64($key_b =~ tr{-_}{+/}r);
	my %hits = (key => 0, text => 0, control => 0);
	my $readable = open(my $memory, '<:raw', "/proc/$pid/mem");
	skip('the memory of a session cannot be read here', 3) unless $readable;
	for my $line (split /\n/, slurp_file("/proc/$pid/maps"))
	{
		next unless $line =~ /^([0-9a-f]+)-([0-9a-f]+) rw/;
		my ($from, $to) = (hex $1, hex $2);
		next if $to - $from > 256 << 20;
		sysseek($memory, $from, 0) or next;
		my $bytes = '';
		sysread($memory, $bytes, $to - $from) or next;
		$hits{key}++ if index($bytes, $raw) >= 0;
		$hits{text}++ if index($bytes, substr($key_b, 0, 40)) >= 0;
		$hits{control}++ if index($bytes, 'sustainml.key_cache_seconds') >= 0;
	}
	ok($hits{control} > 0, 'the memory of the session was searched');
	is($hits{key}, 0, 'it holds no master key');
	is($hits{text}, 0, 'nor its text');
	$in .= "\\q\n";
	finish $psql;
}

# the log has the uses, and no key and no value
my $log = slurp_file($node->logfile);
like($log, qr/sustainml key used: key="k" data_key=\d+ use=open role=/, 'the log tells of uses');
unlike($log, qr/AAECAw|W3-x8T-b/, 'the log holds no key');
unlike($log, qr/payload 1/, 'and no value');

done_testing();
