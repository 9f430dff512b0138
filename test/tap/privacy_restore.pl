# Sealed columns through dump and restore in every form, into a cluster without the master key, a standby, and logical replication.
use strict;
use warnings;
use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $key = "v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

sub new_node
{
	my ($name, $with_key, %init) = @_;
	# who runs the tests may have the name of a role below
	$ENV{PGUSER} = 'postgres';
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $file = File::Spec->rel2abs($node->basedir) . '/master_key';
	if ($with_key) { append_to_file($file, $key); chmod 0600, $file; }
	$node->init(%init, extra => [ '-U', 'postgres' ]) unless $init{from};
	$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$file'\nsustainml.key_cache_seconds = 0\n") unless $init{from};
	return ($node, $file);
}

my ($source) = new_node('source', 1, allows_streaming => 'logical');
$source->start;
$source->safe_psql('postgres', q{
	CREATE EXTENSION sustainml CASCADE; CREATE ROLE reader NOLOGIN; CREATE ROLE payroll_owner NOLOGIN;
	SET ROLE payroll_owner; SELECT sustainml.create_key('payroll', role => 'reader'); RESET ROLE;
	CREATE TABLE people (id int PRIMARY KEY, name text, salary float8, note text, ssn text);
	INSERT INTO people SELECT i, 'n' || i, i * 1.25, CASE WHEN i % 10 > 0 THEN 'note ' || i END, i % 50 FROM generate_series(1, 300) i;
	SELECT sustainml.encrypt_column('people', 'salary', 'payroll'), sustainml.encrypt_column('people', 'note', 'payroll'),
	       sustainml.encrypt_column('people', 'ssn', 'payroll', deterministic => true);
	CREATE INDEX people_ssn ON people (sustainml.token(ssn));
	SELECT rows_used FROM sustainml.train('pay', 'people', target => 'salary', features => '{id,note}', split => '{"by": "id"}', params => '{"l2": 1}');
});
my $opened = q{SELECT md5(string_agg(id || name || sustainml.open(salary) || coalesce(sustainml.open(note), '-') || sustainml.open(ssn), ',' ORDER BY id)) FROM people};
my $sealed = q{SELECT md5(string_agg(salary::text || coalesce(note::text, '-') || ssn::text, ',' ORDER BY id)) FROM people};
my $expected = $source->safe_psql('postgres', $opened);
my $bytes = $source->safe_psql('postgres', $sealed);
my $dir = File::Spec->rel2abs($source->basedir);

sub check
{
	my ($node, $db, $what) = @_;
	is($node->safe_psql($db, $opened), $expected, "$what: values open");
	is($node->safe_psql($db, $sealed), $bytes, "$what: values are not sealed twice");
	is($node->safe_psql($db, "SELECT count(*) FROM people WHERE sustainml.token(ssn) = sustainml.token(sustainml.seal('7', 'people', 'ssn'))"), '6', "$what: new values go in");
	is($node->safe_psql($db, "SELECT DISTINCT status FROM sustainml.key_check()"), 'ok', "$what: keys are well");
	is($node->safe_psql($db, "SELECT count(sustainml.predict('pay', p)) FROM people p"), '300', "$what: a sealed model predicts");
	is($node->safe_psql($db, "SELECT first_broken IS NULL FROM sustainml.key_audit_check('payroll')"), 't', "$what: the record of uses is whole");
}

# into another database, in every form
my $conn = $source->connstr('postgres');
$source->command_ok(['pg_dump', '-f', "$dir/plain.sql", $conn], 'plain');
$source->command_ok(['pg_dump', '-Fc', '-f', "$dir/custom.dump", $conn], 'custom');
$source->command_ok(['pg_dump', '--inserts', '-f', "$dir/inserts.sql", $conn], 'inserts');
$source->command_ok(['pg_dump', '-a', '--disable-triggers', '-f', "$dir/data.sql", $conn], 'data only');
$source->command_ok(['pg_dump', '-s', '-f', "$dir/schema.sql", $conn], 'schema only');
$source->safe_psql('postgres', "CREATE DATABASE $_") for qw(plain custom inserts parts);
$source->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $source->connstr('plain'), '-f', "$dir/plain.sql"], 'restore of the plain dump');
$source->command_ok(['pg_restore', '-e', '-d', $source->connstr('custom'), "$dir/custom.dump"], 'restore of the custom dump');
$source->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $source->connstr('inserts'), '-f', "$dir/inserts.sql"], 'restore of inserts');
$source->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $source->connstr('parts'), '-f', "$dir/schema.sql"], 'restore of the schema');
$source->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $source->connstr('parts'), '-f', "$dir/data.sql"], 'restore of the data');
check($source, $_, $_) for qw(plain custom inserts parts);
my $oids = q{SELECT 'people'::regclass::oid || ' ' || 'sustainml.sealed'::regtype::oid};
isnt($source->safe_psql('plain', $oids), $source->safe_psql('postgres', $oids), 'though OIDs of table and type are others');

# one table dropped and restored from a dump of its own: the drop goes through and the keys stay
$source->safe_psql('postgres', "CREATE DATABASE dropped TEMPLATE custom");
my $dropped = $source->connstr('dropped');
$source->command_ok(['pg_dump', '-Fc', '-t', 'people', '-f', "$dir/table.dump", $dropped], 'a dump of one table');
my ($said_code, $said_out, $said) = $source->psql('dropped', 'DROP TABLE people');
is($said_code, 0, 'the table is dropped');
like($said, qr/NOTICE:  sealed columns public\.people\.note, public\.people\.salary, public\.people\.ssn are in no table any more\nDETAIL:.*data keys are kept/, 'which tells what became of its sealed columns');
is($source->safe_psql('dropped', q{SELECT count(*) FILTER (WHERE NOT column_exists), count(*) FILTER (WHERE state = 'active') FROM sustainml.keys WHERE table_name = 'people'}), '3|3', 'their keys are listed');
is($source->safe_psql('dropped', q{SELECT count(*) FROM sustainml.privacy_inventory WHERE table_name = 'people'}), '0', 'the inventory has no row of it');
$source->command_ok(['pg_restore', '-e', '-d', $dropped, "$dir/table.dump"], 'and restored');
check($source, 'dropped', 'a restored table');
is($source->safe_psql('dropped', q{SELECT DISTINCT column_exists FROM sustainml.keys WHERE table_name = 'people'}), 't', 'a restored table: the keys have their columns again');
$source->command_ok(['pg_restore', '--clean', '-e', '-d', $dropped, "$dir/table.dump"], 'a restore that drops first');
check($source, 'dropped', 'a table restored over itself');
# all of the database over itself: everything is dropped, the extension last
$source->command_ok(['pg_restore', '--clean', '--if-exists', '-e', '-d', $dropped, "$dir/custom.dump"], 'a restore of everything that drops first');
check($source, 'dropped', 'a database restored over itself');

# binary copy
$source->safe_psql('postgres', 'CREATE TABLE copied (LIKE people)');
$source->command_ok(['psql', '-X', '-d', $conn, '-c', "\\copy people TO '$dir/people.bin' (FORMAT binary)"], 'binary copy out');
$source->command_ok(['psql', '-X', '-d', $conn, '-c', "\\copy copied FROM '$dir/people.bin' (FORMAT binary)"], 'binary copy in');
is($source->safe_psql('postgres', 'SELECT sum(sustainml.open_float8(salary)) FROM copied'), $source->safe_psql('postgres', 'SELECT sum(sustainml.open_float8(salary)) FROM people'),
	'binary copies open');

# into a cluster without the master key, which then gets it
my ($target, $file) = new_node('target', 0, allows_streaming => 'logical');
$target->start;
$target->safe_psql('postgres', 'CREATE ROLE reader NOLOGIN; CREATE ROLE payroll_owner NOLOGIN');
$target->command_ok(['pg_restore', '-e', '-d', $target->connstr('postgres'), "$dir/custom.dump"], 'restore without the master key');
my ($status, $out, $err) = $target->psql('postgres', $opened);
like($err, qr/no master key can be read by sustainml\.master_key_file/, 'opening names the setting');
is($target->safe_psql('postgres', 'SELECT DISTINCT status FROM sustainml.key_check()'), 'no master key', 'and key_check tells');
append_to_file($file, "v1:b:ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0A=\n");
chmod 0600, $file;
is($target->safe_psql('postgres', 'SELECT DISTINCT status || \' \' || master_id FROM sustainml.key_check()'), 'master missing a', 'with another master it names the one that is missing');
append_to_file($file, $key);
check($target, 'postgres', 'another cluster');

# keys without a dump: export and import, then the table's rows by logical replication
$source->safe_psql('postgres', "CREATE DATABASE replica");
my $exported = $source->safe_psql('postgres', "SELECT sustainml.export_keys('payroll')");
$target->safe_psql('postgres', 'CREATE DATABASE replica');
$target->safe_psql('replica', "CREATE EXTENSION sustainml CASCADE");
is($target->safe_psql('replica', "SELECT sustainml.import_keys(\$x\$$exported\$x\$)"), 'payroll', 'keys are imported');
my ($type) = $source->safe_psql('postgres', "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0");
$target->safe_psql('replica', "CREATE TABLE people ($type, PRIMARY KEY (id))");
$source->safe_psql('postgres', 'CREATE PUBLICATION p FOR TABLE people');
$target->safe_psql('replica', "CREATE SUBSCRIPTION s CONNECTION \$c\$$conn\$c\$ PUBLICATION p");
$target->wait_for_subscription_sync($source, 's', 'replica') if $target->can('wait_for_subscription_sync');
$target->poll_query_until('replica', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')") or die 'no sync';
is($target->safe_psql('replica', $opened), $expected, 'a logical replica opens what was copied');
$source->safe_psql('postgres', "UPDATE people SET salary = sustainml.seal(77, 'people', 'salary') WHERE id = 1");
$source->wait_for_catchup('s');
is($target->safe_psql('replica', 'SELECT sustainml.open_float8(salary) FROM people WHERE id = 1'), '77', 'and what was changed');
$target->safe_psql('replica', 'DROP SUBSCRIPTION s');

# a physical standby opens with the master file, and leaves the audit to its log
$source->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($source, 'b', has_streaming => 1);
$standby->start;
$source->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT sustainml.open_float8(salary) FROM people WHERE id = 1'), '77', 'a standby opens');
like(slurp_file($standby->logfile), qr/sustainml key used: key="payroll"/, 'and logs it');
($status, $out, $err) = $standby->psql('postgres', "CALL sustainml.rotate('people', 'salary')");
isnt($status, 0, 'a standby does not rotate');

# a crash in the middle of a rotation: it goes on
my $rows = $source->safe_psql('postgres', q{SELECT sustainml_internal.rotate_begin('people', 'note') > 0});
$source->safe_psql('postgres', q{UPDATE people SET note = sustainml_internal.reseal(note) WHERE id < 100});
$source->stop('immediate');
$source->start;
$source->safe_psql('postgres', "CALL sustainml.rotate('people', 'note')");
is($source->safe_psql('postgres', "SELECT count(DISTINCT sustainml.key_no(note)) || ' ' || count(sustainml.open(note)) FROM people"), '1 270', 'a rotation goes on after a crash');

# pg_upgrade, to a cluster of the same version: what it does with OIDs, types and the extension's tables does not depend on the version
SKIP:
{
	my $binaries = $source->config_data('--bindir');
	skip('no pg_upgrade here', 7) unless -x "$binaries/pg_upgrade";
	my ($upgraded) = new_node('upgraded', 1, allows_streaming => 'logical');
	$source->safe_psql('postgres', q{SELECT sustainml.mask('people', 'name', 'partial', prefix => 1), sustainml.mask('people', 'id', 'keep')});
	$source->safe_psql('postgres', q{SELECT count(*) FROM sustainml.publish('people', 'upgraded_policy')});
	my $now = $source->safe_psql('postgres', $opened);
	$source->safe_psql('postgres', "DROP DATABASE $_") for qw(plain custom inserts parts dropped replica);
	$standby->stop;
	$source->safe_psql('postgres', q{SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots});
	$source->stop;
	my @command = ('pg_upgrade', '--no-sync', '-b', $binaries, '-B', $binaries, '-d', $source->data_dir, '-D', $upgraded->data_dir, '-p', $source->port, '-P', $upgraded->port, '-s', $source->host);
	command_ok(\@command, 'pg_upgrade');
	$upgraded->start;
	is($upgraded->safe_psql('postgres', $opened), $now, 'upgraded: values open');
	is($upgraded->safe_psql('postgres', "SELECT count(sustainml.predict('pay', p)) FROM people p"), '300', 'upgraded: a sealed model predicts');
	is($upgraded->safe_psql('postgres', 'SELECT count(*) FROM upgraded_policy.people'), '300', 'upgraded: a masked view shows its rows');
	is($upgraded->safe_psql('postgres', "SELECT sustainml.unpublish('people')"), '1', 'upgraded: and is unpublished');
	my ($code, $output, $notice) = $upgraded->psql('postgres', 'DROP TABLE people, copied');
	like($notice, qr/NOTICE:  2 masking rule/, 'upgraded: the event trigger is there');
	like($notice, qr/NOTICE:  sealed columns public\.people\.note, public\.people\.salary, public\.people\.ssn are in no table any more/, 'and knows the sealed columns');
	$upgraded->stop;
}
done_testing();
