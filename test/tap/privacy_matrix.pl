# Who sees what, and by which way: every role by every way of reading, one test a cell.
#
# The table below is the expectation.  Outcomes:
#   clear    a sealed value came out
#   sealed   ciphertext came out, and nothing in clear
#   safe     an answer without any value of the sealed columns
#   denied   an error about rights
#   error    another error, which shows no value
# Whatever is not "clear" must show no marker in answer or message; and the masked roles must not see the masked column either.
use strict;
use warnings;
use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $expected = <<'TABLE';
way                 root    table_owner key_owner opener  sealer  trainer rotator unmasker analyst stranger
raw_select          sealed  sealed      sealed    sealed  sealed  sealed  sealed  sealed   denied  denied
select              clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
select_typed        clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
where               safe    denied      safe      safe    denied  denied  denied  denied   denied  denied
raw_copy            sealed  sealed      sealed    sealed  sealed  sealed  sealed  sealed   denied  denied
copy                clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
cursor              clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
prepared_set_role   clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
explain             safe    denied      safe      safe    denied  denied  denied  denied   denied  denied
explain_plan_only   safe    safe        safe      safe    safe    safe    safe    safe     denied  denied
statistics          safe    safe        safe      safe    safe    safe    safe    safe     safe    safe
view_over_view      clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
definer_opener      clear   clear       clear     clear   clear   clear   clear   clear    clear   clear
definer_owner       denied  denied      denied    denied  denied  denied  denied  denied   denied  denied
inheritance         clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
leaky_qual          clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
cast_error          clear   denied      clear     clear   denied  denied  denied  denied   denied  denied
type_error          error   denied      error     error   denied  denied  denied  denied   denied  denied
dump                sealed  sealed      sealed    sealed  sealed  sealed  sealed  sealed   denied  denied
matview             denied  denied      denied    denied  denied  denied  denied  denied   denied  denied
clear_index         error   error       denied    denied  denied  denied  denied  denied   denied  denied
raw_order           error   error       error     error   error   error   error   error    error   error
masked              clear   denied      denied    clear   denied  denied  denied  safe     safe    denied
masked_leaky        clear   denied      denied    clear   denied  denied  denied  safe     safe    denied
masked_copy         clear   denied      denied    clear   denied  denied  denied  safe     safe    denied
masked_explain      safe    denied      denied    safe    denied  denied  denied  safe     safe    denied
masked_set_role     clear   denied      denied    clear   denied  denied  denied  safe     safe    denied
masked_view_over    clear   safe        clear     clear   safe    safe    safe    safe     safe    safe
seal                sealed  denied      sealed    sealed  sealed  denied  denied  denied   denied  denied
blind_index         safe    denied      safe      safe    safe    denied  denied  denied   denied  denied
reseal              sealed  denied      sealed    denied  denied  denied  sealed  denied   denied  denied
rotate              safe    denied      safe      denied  denied  denied  safe    denied   denied  denied
train               safe    denied      safe      safe    denied  safe    denied  denied   denied  denied
predict             safe    denied      safe      safe    denied  safe    denied  denied   denied  denied
coefficients        safe    denied      denied    safe    denied  denied  denied  denied   denied  denied
encrypt_column      safe    denied      denied    denied  denied  denied  denied  denied   denied  denied
decrypt_column      safe    denied      denied    denied  denied  denied  denied  denied   denied  denied
grant_key           safe    denied      safe      denied  denied  denied  denied  denied   denied  denied
export_keys         safe    denied      safe      denied  denied  denied  denied  denied   denied  denied
destroy_key         safe    denied      safe      denied  denied  denied  denied  denied   denied  denied
audit_check         safe    denied      safe      denied  denied  denied  denied  denied   denied  denied
wrapped_keys        safe    denied      denied    denied  denied  denied  denied  denied   denied  denied
canary              error   denied      error     error   denied  denied  denied  denied   denied  denied
TABLE

# no statement holds a marker: they are computed when the rows are made
# who runs the tests may have the name of a role below
$ENV{PGUSER} = 'postgres';
my $node = PostgreSQL::Test::Cluster->new('matrix');
my $file = File::Spec->rel2abs($node->basedir) . '/master_key';
append_to_file($file, "v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
chmod 0600, $file;
$node->init(extra => [ '-U', 'postgres' ]);
$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$file'\nmax_connections = 20\n");
$node->start;
my @roles = qw(table_owner key_owner opener sealer trainer rotator unmasker analyst stranger);
$node->safe_psql('postgres', "CREATE EXTENSION sustainml CASCADE; CREATE ROLE root LOGIN SUPERUSER; GRANT CREATE ON SCHEMA public TO PUBLIC");
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for @roles;
$node->safe_psql('postgres', q{
	GRANT CREATE ON DATABASE postgres TO table_owner, key_owner;
	CREATE ROLE key_role NOLOGIN;
	SET ROLE key_owner;
	SELECT sustainml.create_key('k', role => 'key_role'), sustainml.create_key('trap', role => 'key_role', canary => true);
	RESET ROLE;
	GRANT key_role TO opener;
	SET ROLE key_owner;
	SELECT sustainml.grant_key('k', 'sealer', 'seal'), sustainml.grant_key('k', 'trainer', 'train'), sustainml.grant_key('k', 'rotator', 'rotate'), sustainml.grant_key('k', 'unmasker', 'unmask');
	-- only while the owner of the table makes it
	SELECT sustainml.grant_key('k', 'table_owner', 'seal'), sustainml.grant_key('trap', 'table_owner', 'seal');
	SET ROLE table_owner;
	CREATE TABLE people (id int PRIMARY KEY, nick text, grp int, ssn text, pay float8);
	INSERT INTO people SELECT i, repeat('Nmx', 3 + i * 0) || i, i % 4, repeat('Smx', 3 + i * 0) || i, 4000 + 242.25 + i * 0 FROM generate_series(1, 60) i;
	UPDATE people SET pay = sin(id) WHERE id > 1;
	SELECT sustainml.encrypt_column('people', 'ssn', 'k'), sustainml.encrypt_column('people', 'pay', 'k');
	CREATE TABLE heir () INHERITS (people);
	INSERT INTO heir SELECT 1000 + id, nick, grp, ssn, pay FROM ONLY people WHERE id <= 2;
	CREATE TABLE plain (v text);
	INSERT INTO plain VALUES ('a');
	CREATE TABLE alone (v text);
	INSERT INTO alone VALUES ('a');
	SELECT sustainml.encrypt_column('alone', 'v', 'k');
	CREATE TABLE traps (v sustainml.sealed);
	INSERT INTO traps SELECT sustainml.seal('trapped'::text, 'trap');
	GRANT SELECT ON people, heir TO key_owner, opener, sealer, trainer, rotator, unmasker;
	GRANT SELECT ON traps TO PUBLIC;
	GRANT UPDATE, INSERT ON people, heir TO rotator, sealer, key_owner;
	SELECT sustainml.mask('people', 'id', 'keep'), sustainml.mask('people', 'nick', 'partial', prefix => 1), sustainml.mask('people', 'ssn', 'null'), sustainml.mask('people', 'pay', 'constant', value => 'hidden');
	RESET ROLE;
	SELECT sustainml.create_policy('shown', owner => 'table_owner');
	SET ROLE table_owner;
	SELECT count(*) FROM sustainml.publish('people', 'shown', grant_to => '{analyst,opener,unmasker}');
	SET ROLE key_owner;
	SELECT sustainml.revoke_key('k', 'table_owner'), sustainml.revoke_key('trap', 'table_owner');
	-- what a holder of the right passes on, and what the owner of the table would like to
	SET ROLE opener;
	CREATE VIEW opening AS SELECT id, sustainml.open(ssn) AS ssn FROM people;
	CREATE FUNCTION definer_opener() RETURNS text LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT sustainml.open(ssn) FROM people WHERE id = 1; END;
	CREATE VIEW over_masked AS SELECT * FROM shown.people;
	GRANT SELECT ON over_masked TO PUBLIC;
	GRANT SELECT ON opening TO PUBLIC;
	SET ROLE table_owner;
	CREATE VIEW over_opening AS SELECT * FROM opening;
	GRANT SELECT ON over_opening TO key_owner, opener, sealer, trainer, rotator, unmasker;
	CREATE FUNCTION definer_owner() RETURNS text LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT sustainml.open(ssn) FROM people WHERE id = 1; END;
	RESET ROLE;
	CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leak: %', $1; RETURN true; END $$;
	SET ROLE opener;
	SELECT version FROM sustainml.train('m', 'people', 'pay', features => '{grp,ssn}', split => '{"by": "id"}');
	SELECT sustainml.grant_model('m', r) FROM unnest('{table_owner,key_owner,sealer,trainer,rotator,unmasker,analyst,stranger}'::text[]) r;
	RESET ROLE;
	ANALYZE;
});

# {role} becomes the role; each way is run as the role, in a session of its own, and rolled back where it can be
my %ways = (
	raw_select => q{SELECT id, ssn, pay FROM people},
	select => q{SELECT sustainml.open(ssn), sustainml.open(pay) FROM people},
	select_typed => q{SELECT sustainml.open_float8(pay) FROM people},
	where => q{SELECT count(*) FROM people WHERE sustainml.open_float8(pay) > 0},
	raw_copy => q{COPY people (id, ssn, pay) TO STDOUT},
	copy => q{COPY (SELECT sustainml.open(ssn) FROM people) TO STDOUT},
	cursor => q{BEGIN; DECLARE c CURSOR FOR SELECT sustainml.open(ssn) FROM people; FETCH ALL FROM c; COMMIT},
	explain => q{EXPLAIN (ANALYZE, VERBOSE) SELECT sustainml.open(ssn) FROM people WHERE sustainml.open_float8(pay) > 0 ORDER BY 1},
	explain_plan_only => q{EXPLAIN (VERBOSE) SELECT sustainml.open(ssn) FROM people WHERE sustainml.open_float8(pay) > 0 ORDER BY 1},
	statistics => q{SELECT attname, most_common_vals, histogram_bounds FROM pg_stats WHERE tablename IN ('people', 'heir') AND attname IN ('ssn', 'pay')},
	view_over_view => q{SELECT ssn FROM over_opening},
	definer_opener => q{SELECT definer_opener()},
	definer_owner => q{SELECT definer_owner()},
	inheritance => q{SELECT sustainml.open(ssn) FROM heir},
	leaky_qual => q{SELECT id FROM people WHERE leak(sustainml.open(ssn))},
	cast_error => q{SELECT sustainml.open(ssn)::int FROM people},
	type_error => q{SELECT sustainml.open_date(ssn) FROM people},
	matview => q{CREATE MATERIALIZED VIEW mine AS SELECT sustainml.open(ssn) FROM people},
	clear_index => q{CREATE INDEX ON people (sustainml.open(ssn))},
	raw_order => q{SELECT ssn FROM people ORDER BY ssn},
	masked => q{SELECT * FROM shown.people},
	masked_leaky => q{SELECT id FROM shown.people WHERE leak(nick) AND leak(ssn)},
	masked_copy => q{COPY (SELECT * FROM shown.people) TO STDOUT},
	masked_explain => q{EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM shown.people WHERE ssn > 'A' ORDER BY nick},
	masked_view_over => q{SELECT * FROM over_masked},
	seal => q{SELECT sustainml.seal('value', 'people', 'ssn')},
	blind_index => q{SELECT sustainml.blind_index('value'::text, 'k')},
	reseal => q{SELECT sustainml_internal.reseal(ssn) FROM people WHERE id = 1},
	rotate => q{CALL sustainml.rotate('people', 'ssn')},
	train => q{BEGIN; SELECT rows_used FROM sustainml.train('n', 'people', 'pay', features => '{grp,ssn}', split => '{"by": "id"}'); ROLLBACK},
	predict => q{SELECT sustainml.predict('m', p) IS NOT NULL FROM people p},
	coefficients => q{SELECT count(*) FROM sustainml.coefficients('m')},
	encrypt_column => q{BEGIN; SELECT sustainml.encrypt_column('plain', 'v', 'k') > 0; ROLLBACK},
	decrypt_column => q{BEGIN; SELECT sustainml.decrypt_column('alone', 'v'); ROLLBACK},
	grant_key => q{BEGIN; SELECT sustainml.grant_key('k', 'stranger', 'open'); ROLLBACK},
	export_keys => q{SELECT sustainml.export_keys('k') IS NOT NULL},
	destroy_key => q{BEGIN; SELECT sustainml.destroy_key('k', 'k') > 0; ROLLBACK},
	audit_check => q{SELECT first_broken FROM sustainml.key_audit_check('k')},
	wrapped_keys => q{SELECT count(wrapped) FROM sustainml.data_key},
	canary => q{SELECT sustainml.open(v) FROM traps});

my $shown;    # the answer of the last run, for diagnosis
sub run
{
	my ($way, $role) = @_;
	my ($out, $err) = ('', '');
	my @command = ('psql', '-XAtq', '-d', $node->connstr('postgres'), '-U', $role);

	if ($way eq 'dump')
	{
		@command = ('pg_dump', '-a', '-t', 'people', '-d', $node->connstr('postgres'), '-U', $role);
	}
	# planned and run as a role that may, then run as this one
	elsif ($way eq 'prepared_set_role')
	{
		@command[-1] = 'root';
		push @command, map { ('-c', $_) } ('SET ROLE opener', q{PREPARE p AS SELECT sustainml.open(ssn) FROM people WHERE id = 1}, '\o /dev/null',
			('EXECUTE p') x 7, '\o', "SET ROLE $role", 'EXECUTE p');
	}
	elsif ($way eq 'masked_set_role')
	{
		@command[-1] = 'root';
		push @command, map { ('-c', $_) } ('SET ROLE opener', q{PREPARE p AS SELECT * FROM shown.people WHERE id = 1}, '\o /dev/null', ('EXECUTE p') x 7, '\o', "SET ROLE $role", 'EXECUTE p');
	}
	else
	{
		push @command, '-c', $_ for split /; /, $ways{$way};
	}
	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
	$shown = "$out$err";
	return ($out, $err);
}

sub outcome
{
	my ($way, $role) = @_;
	my ($out, $err) = run($way, $role);

	return 'clear' if "$out$err" =~ /SmxSmx|4242\.25/;
	return 'clear' if $role =~ /^(analyst|stranger|unmasker)$/ && $way =~ /^masked/ && "$out$err" =~ /NmxNmx/;
	return 'denied' if $err =~ /permission denied|must be owner|cannot be opened while|canary|only the key's owner/i;
	return 'error' if $err =~ /ERROR|FATAL|server closed/;
	return 'sealed' if $out =~ /sml1:/;
	return 'safe';
}

my ($head, @lines) = split /\n/, $expected;
my (undef, @columns) = split ' ', $head;
is(join(' ', sort @columns), join(' ', sort('root', @roles)), 'every role has a column');
my %tested;
for my $line (@lines)
{
	my ($way, @cells) = split ' ', $line;
	$tested{$way} = 1;
	is(scalar(@cells), scalar(@columns), "$way: a cell for every role");
	for my $i (0 .. $#columns)
	{
		is(outcome($way, $columns[$i]), $cells[$i], "$way as $columns[$i]") or diag(substr($shown, 0, 600));
	}
}
is(join(' ', grep { !$tested{$_} } sort keys %ways), '', 'every way has a row');

# the canary was reported, for each role that tried
my $log = slurp_file($node->logfile);
for my $role ('root', 'key_owner', 'opener')
{
	like($log, qr/sustainml key used: key="trap" data_key=\d+ use=canary role="$role"/, "the log tells that $role touched the canary");
}
$node->stop;
done_testing();
