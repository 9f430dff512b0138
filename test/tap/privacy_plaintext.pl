# Marker values are searched in every file of the cluster, with everything that logs switched on, after sealing, training, a
# failed training, scoring, rotation and statistics.  The statements never contain the markers: they are computed in SQL.
use strict;
use warnings;
use File::Find;
use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $text_marker = 'ZqxZqxZqxZqx';                 # repeat('Zqx', 4), with something that no planner can fold into a constant
my $number = sqrt(2) * 1e8;                       # sqrt(2) * 1e8
my $little = pack('d<', $number);
my $big = pack('d>', $number);
my $digits = '141421356.2373095';                 # how the server prints it

my $node = PostgreSQL::Test::Cluster->new('plaintext');
my $file = File::Spec->rel2abs($node->basedir) . '/master_key';
append_to_file($file, "v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
chmod 0600, $file;
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
sustainml.master_key_file = '$file'
shared_preload_libraries = 'pg_stat_statements,auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_verbose = on
auto_explain.log_nested_statements = on
log_min_duration_statement = 0
log_statement = all
log_error_verbosity = verbose
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_temp_files = 0
log_min_messages = debug1
debug_print_plan = on
work_mem = 64kB
wal_level = logical
max_wal_size = 1GB
wal_keep_size = 1GB
autovacuum = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION sustainml CASCADE; CREATE EXTENSION pg_stat_statements; CREATE ROLE reader NOLOGIN');
$node->safe_psql('postgres', "SELECT sustainml.create_key('k', role => 'reader')");

# empty columns are sealed first, so that no plaintext was ever stored
$node->safe_psql('postgres', 'CREATE TABLE t (id int PRIMARY KEY, x float8, z float8, city text, y float8, won boolean, kind text, bound float8)');
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('t', c, 'k') FROM unnest(ARRAY['x', 'city', 'y', 'won', 'kind']::name[]) c");
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('t', 'bound', 'k', row_key => 'id')");
$node->safe_psql('postgres', q{
	INSERT INTO t SELECT i, sustainml.seal(CASE WHEN i % 2 = 0 THEN sqrt(2 + 0 * i) * 1e8 ELSE sin(i) * 1e8 END, 't', 'x'), cos(i),
	  sustainml.seal(repeat('Zqx', 4 + 0 * i) || ' ' || i % 5, 't', 'city'), sustainml.seal(i % 7 + sin(i), 't', 'y'), sustainml.seal(i % 3 = 0 OR i % 7 = 1, 't', 'won'),
	  sustainml.seal(repeat('Zqx', 4 + 0 * i) || ' ' || i % 3, 't', 'kind'), sustainml.seal_row(CASE WHEN i % 2 = 0 THEN sqrt(2 + 0 * i) * 1e8 ELSE sin(i) * 1e8 END, 't', 'bound', i::text)
	FROM generate_series(1, 3000) i});

my @deeds = (
	['linear, streaming', "SELECT rows_used FROM sustainml.train('lin', 't', target => 'y', features => '{x,z,city}')"],
	['logistic, resident', "SELECT rows_used FROM sustainml.train('log', 't', target => 'won', features => '{x,z,city}')"],
	['classes of sealed text', "SELECT rows_used FROM sustainml.train('kinds', 't', target => 'kind', features => '{x,z,city}')"],
	['their predictions', "SELECT count(sustainml.predict_class('kinds', t)), count(sustainml.predict_probabilities('kinds', t)) FROM t"],
	['resampling', "SELECT rows_used FROM sustainml.train('res', 't', target => 'kind', features => '{x,z}', params => '{\"resample\": \"smote\", \"prior_correction\": true}')"],
	['their confusion', "SELECT count(n) FROM sustainml.confusion_matrix('kinds', 't')"],
	['bound to rows', "SELECT rows_used FROM sustainml.train('bound', 't', target => 'y', features => '{bound,city}')"],
	['predict with bound values', "SELECT count(sustainml.predict('bound', t)) FROM t"],
	['evaluate', "SELECT count(*) FROM sustainml.evaluate('log')"],
	['predict', "SELECT count(sustainml.predict('lin', t)), count(sustainml.predict_class('log', t)) FROM t"],
	['score', "SELECT rows FROM sustainml.score('lin', 't', 'scored')"],
	['count by opening', "SELECT count(*) FROM t WHERE sustainml.open_float8(x) > 1"],
	['blind index', "SELECT count(DISTINCT sustainml.blind_index(sustainml.open(city), 'k')) FROM (SELECT * FROM t LIMIT 10) t"],
	['export', "SELECT sustainml.export_keys('k') IS NOT NULL"],
	['check', 'SELECT count(*) FROM sustainml.key_check()'],
	['statistics', 'ANALYZE t'],
	['vacuum', 'VACUUM t']);
for my $deed (@deeds)
{
	my ($what, $sql) = @$deed;
	my ($status, $out, $err) = $node->psql('postgres', $sql);
	is($status, 0, $what) or diag($err);
}
$node->safe_psql('postgres', "CALL sustainml.rotate('t', 'x'); ");
$node->safe_psql('postgres', "CALL sustainml.rotate('t', 'city');");
$node->safe_psql('postgres', "CALL sustainml.rotate('t', 'bound');");

# failures: in the middle of a training, by an error, a cancel, a wrong cell, a wrong type
my @failures = (
	['an error in the source', "SELECT * FROM sustainml.train('f', 'SELECT *, 1 / (id - 2500) AS q FROM t', target => 'y', features => '{x,city,q}', split => '{\"by\": \"id\"}')"],
	['a cancel', "SET statement_timeout = 5; SELECT * FROM sustainml.train('f', 'SELECT a.* FROM t a, t b', target => 'won', features => '{x,city}', split => '{\"by\": \"id\"}')"],
	['a memory limit', "SET sustainml.memory_limit = '64kB'; SELECT * FROM sustainml.train('f', 't', target => 'y', features => '{x,city}', params => '{\"nothing\": 1}')"],
	['a class that is not there', "SELECT * FROM sustainml.train('f', 't', target => 'kind', features => '{x}', favorable => 'none')"],
	['a class weight for none', "SELECT * FROM sustainml.train('f', 't', target => 'kind', features => '{x}', params => '{\"class_weight\": {\"none\": 2}}')"],
	['a reference level', "SELECT * FROM sustainml.train('f', 't', target => 'y', features => '{city}', preprocess => '{\"city\": {\"reference\": \"none\"}}')"],
	['one class', "SELECT * FROM sustainml.train('f', 'SELECT * FROM t WHERE id % 3 = 0', target => 'kind', features => '{x}', split => '{\"by\": \"id\"}')"],
	['too few for a calibration', "SELECT * FROM sustainml.train('f', 't', target => 'kind', features => '{x}', params => '{\"calibration\": {\"method\": \"platt\", \"share\": 0.02}}')"],
	['rare classes', "SELECT * FROM sustainml.train('f', 'SELECT * FROM t WHERE id < 50', target => 'kind', features => '{x}', split => '{\"by\": \"id\"}')"],
	['a bound value without its row', "SELECT sustainml.predict('bound', b) FROM (SELECT bound, city FROM t) b"],
	['a wrong type', 'SELECT sustainml.open_date(x) FROM t'],
	['a wrong column', 'UPDATE t SET x = y'],
	['a materialized view', 'CREATE MATERIALIZED VIEW mv AS SELECT sustainml.open(city) FROM t'],
	['statistics on opened values', 'CREATE STATISTICS st ON (sustainml.open(city)), id FROM t; ANALYZE t'],
	['division', 'SELECT 1 / 0 FROM t WHERE sustainml.open_float8(x) > 1']);
for my $failure (@failures)
{
	my ($what, $sql) = @$failure;
	my ($status, $out, $err) = $node->psql('postgres', $sql);
	isnt($status, 0, "$what fails");
	unlike($err, qr/$text_marker|\Q$digits\E/, 'and says nothing of values');
}
$node->psql('postgres', 'DROP STATISTICS IF EXISTS st');

my $dump = File::Spec->rel2abs($node->basedir) . '/dump.sql';
$node->command_ok(['pg_dump', '-f', $dump, $node->connstr('postgres')], 'pg_dump');
$node->safe_psql('postgres', 'CHECKPOINT');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stats WHERE most_common_vals::text LIKE '%Zqx%' OR histogram_bounds::text LIKE '%Zqx%' OR most_common_vals::text LIKE '%141421356.23%'"),
	'0', 'nothing in pg_stats');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%' || repeat('Zqx', 4 + (random() * 0)::int) || '%'"), '0', 'nothing in pg_stat_statements');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%' || repeat('Zqx', 4 + (random() * 0)::int) || '%'"), '0', 'nothing in pg_stat_activity');

# Files that hold a marker.
sub search
{
	my %found;
	find({ no_chdir => 1, wanted => sub {
		return unless -f $_;
		my $name = $_;
		open(my $handle, '<:raw', $name) or return;
		local $/;
		my $bytes = <$handle> // '';
		close($handle);
		push @{ $found{text} }, $name if index($bytes, $text_marker) >= 0;
		push @{ $found{little} }, $name if index($bytes, $little) >= 0;
		push @{ $found{big} }, $name if index($bytes, $big) >= 0;
		push @{ $found{digits} }, $name if index($bytes, $digits) >= 0;
	} }, @_);
	return \%found;
}
$node->stop('immediate');
for my $place (['data, WAL and temporary files', $node->data_dir], ['server log', $node->logfile], ['dump', $dump])
{
	my ($what, $path) = @$place;
	my $found = search($path);
	is(join(' ', @{ $found->{$_} // [] }), '', "no $_ marker in $what") for ('text', 'little', 'big', 'digits');
}

# the search can find: a plain table leaves the markers in heap and WAL
$node->start;
$node->safe_psql('postgres', q{CREATE TABLE plain AS SELECT repeat('Zqx', 4) AS city, sqrt(2) * 1e8 AS x FROM generate_series(1, 10); CHECKPOINT});
my $found = search($node->data_dir);
ok(scalar(grep { m{/base/} } @{ $found->{text} // [] }), 'a plain text is found in the heap');
ok(scalar(grep { m{/pg_wal/} } @{ $found->{text} // [] }), 'and in the WAL');
ok(scalar(grep { m{/base/} } @{ $found->{little} // [] }), 'and a plain number in the heap');

# encrypting an existing column leaves it in none of the table's files
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('plain', 'city', 'k'), sustainml.encrypt_column('plain', 'x', 'k'); CHECKPOINT");
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('plain')");
my $table = search($path);
is(join(' ', map { @{ $table->{$_} // [] } } keys %$table), '', 'the file of an encrypted table holds no plaintext');
$found = search($node->data_dir . '/base');
is(join(' ', map { @{ $found->{$_} // [] } } keys %$found), '', 'nor does any other file of the database');
done_testing();
