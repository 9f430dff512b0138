# pg_dump and pg_restore bring models back as they were; DROP EXTENSION leaves nothing; a user who is
# no superuser can install, train, and dump.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SustainmlTest;
use Test::More;

my $node = new_node('dumped');
my $dir = $node->backup_dir;

mkdir $dir;
load_lines($node);
$node->safe_psql('postgres', q{
	CREATE ROLE analyst LOGIN;
	CREATE ROLE reader LOGIN;
	CREATE ROLE owner LOGIN;
	GRANT CREATE ON SCHEMA public TO analyst;
	GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst, reader;
	SET sustainml.zone = 'DEU';
	SELECT sustainml.train('line', 'line', target => 'y');
	SELECT sustainml.train('kinds', 'kinds', target => 'y', preprocess => '{"z": {"impute": "median"}, "t": {"max_levels": 4}}');
	SET ROLE analyst;
	SELECT sustainml.train('coin', 'coin', target => 'y');
	SELECT sustainml.train('coin', 'coin', target => 'y', seed => 1);
	SELECT sustainml.train('coin', 'SELECT *, 1 + id % 3 AS w FROM coin', target => 'y', weight => 'w', exclude => '{id}', activate => 'never');
	SELECT sustainml.rollback('coin');
	SELECT sustainml.set_threshold('coin', 0.4);
	SELECT sustainml.grant_model('coin', 'reader', 'read');
	RESET ROLE;
	INSERT INTO sustainml.grid_intensity (zone, name, g_per_kwh, method, scope, year, source) VALUES ('SITE', 'our own', 12.5, 'average', 'direct', 2026, 'meter');
});

my $stored = q{
	SET extra_float_digits = 3;
	SELECT id, model_schema, model, version, owner, is_active, checksum, threshold, md5(bytes), params, preprocess, split, notes, run_id, trained_at, trained_by FROM sustainml.model_version ORDER BY 1;
	SELECT * FROM sustainml.activation ORDER BY model, active_from;
	SELECT * FROM sustainml.model_grant ORDER BY model, role_name;
	SELECT * FROM sustainml.run ORDER BY run_id;
	SELECT * FROM sustainml.grid_intensity ORDER BY zone, source, year;
	SELECT string_agg(sustainml.predict('line', t)::text, ',' ORDER BY id) FROM line t;
	SELECT string_agg(sustainml.predict_proba('coin', t) || sustainml.predict_class('coin@2', t), ',' ORDER BY id) FROM coin t;
	SELECT string_agg(sustainml.predict_probabilities('kinds', k)::text, ',' ORDER BY id) FROM kinds k;
	SELECT * FROM sustainml.coefficients('coin');
	SELECT * FROM sustainml.coefficients('kinds');
	SELECT metric, value FROM sustainml.evaluate('coin') WHERE metric NOT LIKE 'rows%';
};
# the comparison leaves out what evaluate() itself logs
my $look = "BEGIN READ ONLY; $stored; COMMIT";
my $before = value($node, $look);

foreach my $format ('plain', 'custom', 'directory')
{
	my $file = "$dir/dump.$format";
	my $name = "restored_$format";

	$node->command_ok([ 'pg_dump', '-F', $format, '-f', $file, '-d', $node->connstr('postgres') ], "pg_dump, $format");
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($name) ], 'psql restores it');
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', ($format eq 'directory' ? ('-j', '2') : ()), '-d', $node->connstr($name), $file ], "pg_restore, $format");
	}
	is(value($node, $look, $name), $before, "models, history, grants, runs and predictions are the same ($format)");
}

# the restored database goes on: rights, versions, ids
my $restored = 'restored_custom';

is(value($node, "SET ROLE reader; SELECT count(*) FROM sustainml.coefficients('coin')", $restored), '2', 'a grant works after restore');
isnt($node->psql($restored, "SET ROLE reader; SELECT sustainml.activate('coin\@1')"), 0, 'and gives no more than it gave');
is(value($node, "SET ROLE analyst; SELECT ref, active FROM sustainml.train('coin', 'coin', target => 'y')", $restored), 'coin@4|t', 'the next version');
is(value($node, "SELECT count(*), count(DISTINCT id) FROM sustainml.model_version", $restored), '6|6', 'no id twice');
is(value($node, "SELECT active FROM sustainml.retrain('kinds', seed => 5, activate => 'always')", $restored), 't', 'retrain reads what was stored');
is(value($node, "SELECT sustainml.rollback('coin')", $restored), 'coin@1', 'rollback knows the history');
is(value($node, "SELECT count(*) = count(DISTINCT (zone, source, year)) AND count(*) FILTER (WHERE NOT shipped) = 1 FROM sustainml.grid_intensity", $restored), 't', 'shipped factors once, our own row kept');

# trained again on the restored data: the same coefficients
is(value($node, q{
	SELECT sustainml.train('copy', 'kinds', target => 'y', preprocess => '{"z": {"impute": "median"}, "t": {"max_levels": 4}}');
	SELECT max(abs(a.estimate - b.estimate)) < 1e-10, max(abs(a.std_error - b.std_error)) < 1e-10
	  FROM sustainml.coefficients('kinds@1') a JOIN sustainml.coefficients('copy') b USING (class, term)}, $restored) =~ /^t\|t$/m ? 1 : 0, 1, 'training on restored data gives the same');

# ---- DROP EXTENSION --------------------------------------------------------------------------------------

$node->safe_psql($restored, 'DROP EXTENSION sustainml');
is(value($node, q{
	SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'sustainml%') + (SELECT count(*) FROM pg_proc WHERE prosrc LIKE 'sustainml%')
	     + (SELECT count(*) FROM pg_type WHERE typnamespace NOT IN (SELECT oid FROM pg_namespace))
	     + (SELECT count(*) FROM pg_depend d WHERE refclassid = 'pg_extension'::regclass AND refobjid NOT IN (SELECT oid FROM pg_extension))}, $restored),
	'0', 'DROP EXTENSION leaves nothing');
is(value($node, q{CREATE EXTENSION sustainml; SELECT ref FROM sustainml.train('line', 'line', target => 'y')}, $restored), 'line@1', 'and it can be made again');

# models used in views: what depends on the extension is named, and goes with CASCADE
$node->safe_psql($restored, "CREATE VIEW predicted AS SELECT id, sustainml.predict('line', t) FROM line t");
isnt($node->psql($restored, 'DROP EXTENSION sustainml'), 0, 'a view on predict() holds the extension');
$node->safe_psql($restored, 'DROP EXTENSION sustainml CASCADE');
is(value($node, "SELECT to_regclass('predicted') IS NULL", $restored), 't', 'CASCADE takes it along');

# ---- an owner who is no superuser ------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER owner');
load_lines($node, 'owned');
$node->safe_psql('owned', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO owner');
is(value($node, q{
	SET SESSION AUTHORIZATION owner;
	CREATE EXTENSION sustainml CASCADE;
	SELECT ref FROM sustainml.train('line', 'line', target => 'y')}, 'owned'), 'line@1', 'the owner of a database installs and trains');
$node->safe_psql('owned', q{ALTER TABLE line OWNER TO owner; ALTER TABLE steep OWNER TO owner; ALTER TABLE coin OWNER TO owner; ALTER TABLE kinds OWNER TO owner;});
$node->command_ok([ 'pg_dump', '-U', 'owner', '-F', 'custom', '-f', "$dir/owned", '-d', $node->connstr('owned') ], 'and dumps it');
$node->safe_psql('postgres', 'CREATE DATABASE again TEMPLATE template0');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('again'), "$dir/owned" ], 'a superuser restores that dump');
is(value($node, "SELECT round(sustainml.predict('line', 1.0::float8)::numeric, 6)", 'again'), '2.000000', 'with its model');

# only trusted with CREATE on the database
isnt($node->psql('restored_plain', 'SET SESSION AUTHORIZATION reader; DROP EXTENSION sustainml'), 0, 'others cannot drop it');
$node->safe_psql('postgres', 'CREATE DATABASE closed');
isnt($node->psql('closed', 'SET SESSION AUTHORIZATION reader; CREATE EXTENSION sustainml CASCADE'), 0, 'or install it without CREATE on the database');

$node->safe_psql('postgres', 'GRANT CREATE ON DATABASE closed TO reader');
load_lines($node, 'closed');
is(value($node, q{
	SET SESSION AUTHORIZATION reader;
	CREATE EXTENSION sustainml CASCADE;
	SELECT ref FROM sustainml.train('own', 'VALUES (1, 1), (2, 3), (3, 5), (4, 8)', target => 'column2', holdout => 0);
	DROP EXTENSION sustainml}, 'closed'), 'own@1', 'with it they install, train and drop');

$node->stop;
done_testing();
