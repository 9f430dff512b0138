# What a role that only has CREATE on a database could do to others through the extension.
#
# Planted objects: operators and functions in a schema that others have on search_path, or that is on it while CREATE EXTENSION runs as
# the superuser, must never be called by statements of ours.
# The surface: every function that the role may call, with arguments chosen to do harm, must neither end a backend nor raise an internal error.
use strict;
use warnings;
use File::Spec;
use FindBin;
use lib "$FindBin::Bin/lib";
use PostgreSQL::Test::Utils;
use SustainmlTest;
use Test::More;

my $lib = "$FindBin::Bin/lib";
my $node = new_node('hostile', more => "max_locks_per_transaction = 1024\n");
my $master = File::Spec->rel2abs($node->basedir) . '/master_key';
append_to_file($master, "v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
chmod 0600, $master;
$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$master'\n");
$node->reload;

# Run a file or statements as a role; what psql says on both channels.
sub run_as
{
	my ($role, $database, @arguments) = @_;
	my ($out, $err);

	IPC::Run::run([ 'psql', '-XAtq', '-d', $node->connstr($database), '-U', $role, @arguments ], '<', \undef, '>', \$out, '2>', \$err);
	return ($out, $err);
}

# ---- planted objects ------------------------------------------------------------------

$node->safe_psql('postgres', q{
	CREATE ROLE attacker LOGIN;
	CREATE ROLE victim LOGIN CREATEROLE;
	CREATE DATABASE planted;
	GRANT CREATE ON DATABASE planted TO attacker, victim;
});
$node->safe_psql('planted', 'GRANT CREATE ON SCHEMA public TO victim');
my ($out, $err) = run_as('attacker', 'planted', '-f', "$lib/planted.sql");
is($err, '', 'an ordinary role plants its objects');

($out, $err) = run_as('attacker', 'planted', '-c', 'CREATE EXTENSION pgcrypto SCHEMA evil', '-c', 'CREATE EXTENSION sustainml');
is($err, '', 'it installs the extension, pgcrypto in its own schema, and nothing planted runs as the superuser');
is( value($node, q{
	SELECT count(*) FROM pg_depend d
	 WHERE (d.refclassid, d.refobjid) IN (SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'evil'::regnamespace AND probin IS NULL
	                                      UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'evil'::regnamespace)
	   AND d.classid NOT IN ('pg_proc'::regclass, 'pg_operator'::regclass)}, 'planted'), '0', 'nor is anything planted part of a view, constraint or default');

($out, $err) = run_as('victim', 'planted', '-c', 'SET search_path = evil, public', '-c', 'SELECT count(v.x) FROM (VALUES (1::int8)) AS v(x)');
like($err, qr/HIJACK aggregate count int8 as victim/, 'planted objects do catch bare names');
($out, $err) = run_as('victim', 'planted', '-f', "$lib/planted_calls.sql");
unlike($err, qr/HIJACK/, 'but none of ours');
unlike($err, qr/ERROR/, 'and all statements work');

# the same by a superuser, with names taken in the temporary schema as well
$node->safe_psql('postgres', 'DROP DATABASE planted; DROP ROLE IF EXISTS sustainml_view_evpol; CREATE DATABASE planted; GRANT CREATE ON DATABASE planted TO attacker');
($out, $err) = run_as('attacker', 'planted', '-f', "$lib/planted.sql", '-c', 'CREATE EXTENSION pgcrypto SCHEMA evil');
is($err, '', 'an ordinary role plants its objects again');
$node->safe_psql('planted', 'CREATE EXTENSION sustainml');
my $superuser = $node->safe_psql('postgres', 'SELECT CURRENT_USER');
($out, $err) = run_as($superuser, 'planted', '-v', 'temporary=1', '-f', "$lib/planted_calls.sql", '-c', 'SET search_path = pg_temp, evil, pg_catalog, public', '-c', q{SELECT '<x/>'::xml});
like($err, qr/HIJACK domain xml as \Q$superuser\E/, 'a bare name of a type does mean the planted one');
is(join("\n", grep { !/HIJACK domain xml/ } $err =~ /^.*HIJACK.*$/mg), '', 'but nothing planted runs as a superuser who uses the extension');
unlike($err, qr/ERROR/, 'and all statements work');

# ---- the surface ---------------------------------------------------------------------------

$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA public TO attacker');
($out, $err) = run_as('attacker', 'postgres', '-v', 'ON_ERROR_STOP=1', '-f', "$lib/sql_surface_setup.sql");
unlike($err, qr/ERROR/, 'tables, models and keys for the calls');
my ($calls) = run_as('attacker', 'postgres', '-v', 'rounds=24', '-v', 'salt=1', '-f', "$lib/sql_surface.sql");
# each is rolled back, so that the next finds the same models and keys
$calls =~ s/^(SELECT.*)$/BEGIN; $1 ROLLBACK;/mg;
my $file = $node->basedir . '/calls.sql';
append_to_file($file, $calls);
cmp_ok(scalar(() = $calls =~ /;$/mg), '>', 4000, 'calls written');
$node->safe_psql('postgres', q{ALTER ROLE attacker SET statement_timeout = '30s'});
my $offset = -s $node->logfile;
($out, $err) = run_as('attacker', 'postgres', '-v', 'VERBOSITY=verbose', '-f', $file);
unlike($err, qr/server closed the connection|connection to server was lost/, 'no call ends the backend');
is(join("\n", $err =~ /^.*ERROR:  XX000.*$/mg), '', 'no call raises an internal error');
is(join("\n", $err =~ /^.*ERROR:  57014.*$/mg), '', 'no call takes long');
unlike(slurp_file($node->logfile, $offset), qr/terminated by signal|PANIC|TRAP/, 'nor does the log know of a crash');
cmp_ok(scalar(() = $out =~ /^\d+$/mg), '>', 100, 'some calls answer');

$node->stop;
done_testing();
