# A masked dump, written by psql and restored elsewhere; pg_dump and restore of rules, views and rights; a master key that is missing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Cwd qw(abs_path);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
my $key_file = abs_path($node->data_dir) . '/master_key';
append_to_file($key_file, 'v1:first:' . ('A' x 43) . "=\n");
chmod 0600, $key_file;
$node->append_conf('postgresql.conf', "sustainml.master_key_file = '$key_file'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sustainml CASCADE;
	CREATE ROLE reader LOGIN;
	CREATE TABLE "it's
new" (id int PRIMARY KEY, "a\b" text, note text);
	INSERT INTO "it's
new" VALUES (1, E'MARKER\ttab', 'MARKER'), (2, E'MARKER\\back', NULL), (3, NULL, '\.');
	SELECT sustainml.create_key('dump_test', role => CURRENT_USER);
	SELECT sustainml.mask('"it''s
new"', 'id', 'pseudonym', key => 'dump_test'), sustainml.mask('"it''s
new"', 'a\b', 'partial', suffix => 4, fill => ''), sustainml.mask('"it''s
new"', 'note', 'redact', kind => 'digits');
	UPDATE "it's
new" SET note = 'call 030' WHERE id = 1;
	SELECT sustainml.publish('"it''s
new"', 'dumped', grant_to => '{reader}');
});

# ---- a masked dump by psql --------------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir;
my $script = "$dir/script.sql";
my $masked = "$dir/masked.sql";
append_to_file($script, $node->safe_psql('postgres', "SELECT sustainml.masked_dump_sql('dumped')"));
command_ok([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('postgres'), '-U', 'reader', '-v', 'ON_ERROR_STOP=1', '-f', $script, '-o', $masked ],
	'the script runs as the reader');
my $text = slurp_file($masked);
unlike($text, qr/MARKER/, 'no raw value in the dump');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
command_ok([ 'psql', '-X', '-q', '-d', $node->connstr('elsewhere'), '-v', 'ON_ERROR_STOP=1', '-f', $masked ], 'the dump is restored');
my $view = $node->safe_psql('postgres', 'SELECT * FROM dumped."it\'s
new" ORDER BY id', extra_params => [ '-U', 'reader' ]);
is($node->safe_psql('elsewhere', 'SELECT * FROM "it\'s
new" ORDER BY id'), $view, 'and has what the view shows');

# ---- pg_dump -------------------------------------------------------------------------------

my $dump = "$dir/dump.sql";
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-X', '-q', '-d', $node->connstr('restored'), '-v', 'ON_ERROR_STOP=1', '-f', $dump ], 'restore');
is($node->safe_psql('restored', 'SELECT * FROM dumped."it\'s
new" ORDER BY id', extra_params => [ '-U', 'reader' ]), $view, 'the restored view gives the same pseudonyms');
$node->safe_psql('restored', q{SELECT sustainml.mask('"it''s
new"', 'note', 'null')});
is($node->safe_psql('restored', q{SELECT count(*) FROM sustainml.publish('"it''s
new"', 'dumped')}), '3', 'rules and policies go on there');
is($node->safe_psql('restored', 'SELECT count(note) FROM dumped."it\'s
new"', extra_params => [ '-U', 'reader' ]), '0', 'published again, the reader still reads');

# ---- without the master key ------------------------------------------------------------------

unlink $key_file;
$node->restart;
my ($code, $out, $err) = $node->psql('postgres', 'SELECT id FROM dumped."it\'s
new"', extra_params => [ '-U', 'reader' ]);
isnt($code, 0, 'keyed masks need the master key');
like($err, qr/master_key_file/, 'the error names the setting');
is($node->safe_psql('postgres', 'SELECT count("a\b") FROM dumped."it\'s
new"', extra_params => [ '-U', 'reader' ]), '2', 'other columns are shown without it');
$node->stop;
done_testing();
