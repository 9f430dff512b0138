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
wal_recycle = off
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

my $deeds_begin = -s $node->logfile;
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
# nothing was spilled: there is no temporary file that could have been removed since
ok(slurp_file($node->logfile, $deeds_begin) !~ /temporary file: path/, 'no deed wrote a temporary file');
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

# Encrypting in one step and in batches: what is written meanwhile to WAL and log.  Values were there in clear before, so the WAL is searched from a segment of its own on;
# pages are not written whole and have no hints to set, or old contents would come along.
$node->append_conf('postgresql.conf', "full_page_writes = off\n");
$node->reload;

# A table with markers in clear, and the first WAL segment after it was written.
sub clear_table
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE TABLE $name AS SELECT i AS id, repeat('Zqx', 4 + i * 0) AS city, sqrt(2 + i * 0) * 1e8 AS x FROM generate_series(1, 2000) i");
	return new_segment($name);
}
sub new_segment
{
	my ($name) = @_;
	$node->safe_psql('postgres', "VACUUM (FREEZE) $name");
	$node->safe_psql('postgres', 'CHECKPOINT');
	$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
	$node->safe_psql('postgres', 'CREATE TABLE IF NOT EXISTS something (x int); INSERT INTO something VALUES (1)');
	return $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
}
sub segments_from
{
	my ($first) = @_;
	return grep { m{/[0-9A-F]{24}$} && substr($_, -24) ge $first } glob($node->data_dir . '/pg_wal/*');
}
sub clean
{
	my ($what, @paths) = @_;
	my $found = search(@paths);
	is(join(' ', map { @{ $found->{$_} // [] } } sort keys %$found), '', $what);
}
my $encrypting_begins = -s $node->logfile;
my $first = clear_table('stepwise');
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('stepwise', 'city', 'k')");
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('stepwise', 'x', 'k')");
$node->safe_psql('postgres', 'CHECKPOINT');
cmp_ok(scalar(segments_from($first)), '>', 0, 'there is WAL of encrypt_column');
# the rewrite for one column writes the other, still in clear, anew: so both must be sealed before the segments are clean
ok(scalar(map { @$_ } values %{ search(segments_from($first)) }), 'while another column is in clear, a rewrite writes it to the WAL');
$first = new_segment('stepwise');
$node->safe_psql('postgres', "CALL sustainml.rotate('stepwise', 'city')");
$node->safe_psql('postgres', 'CHECKPOINT');
clean('a rotation writes no plaintext to the WAL', segments_from($first));
$node->safe_psql('postgres', q{CREATE TABLE lone AS SELECT i AS id, repeat('Zqx', 4 + i * 0) AS city FROM generate_series(1, 2000) i});
$first = new_segment('lone');
$node->safe_psql('postgres', "SELECT sustainml.encrypt_column('lone', 'city', 'k')");
$node->safe_psql('postgres', 'CHECKPOINT');
clean('encrypt_column writes no plaintext to the WAL', segments_from($first));
clean('nor does it leave any in the files of the database', $node->data_dir . '/base');

# in batches: the steps write rows that are in clear still, the end does not
clear_table('batched');
$node->safe_psql('postgres', 'ANALYZE batched');
my ($status, $out, $err) = $node->psql('postgres', q{CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped'; END $$;
	CREATE TRIGGER stop BEFORE UPDATE ON batched FOR EACH ROW WHEN (NEW.id > 1500) EXECUTE FUNCTION stop();
	CALL sustainml.encrypt_column_batches('batched', 'city', 'k', batch_blocks => 2)});
isnt($status, 0, 'an encryption in batches fails on its way');
unlike("$out$err", qr/$text_marker|\Q$digits\E/, 'and says nothing of values');
$node->safe_psql('postgres', 'DROP TRIGGER stop ON batched');
$node->safe_psql('postgres', "CALL sustainml.encrypt_column_batches('batched', 'city', 'k', batch_blocks => 2)");
$node->safe_psql('postgres', "SELECT sustainml_internal.sealing_begin('batched', 'x', 'k', false)");
$node->safe_psql('postgres', "SELECT sustainml_internal.sealing_step('batched', 'x', 0, 100000)");
$first = new_segment('batched');
$node->safe_psql('postgres', "SELECT sustainml_internal.sealing_end('batched', 'x')");
$node->safe_psql('postgres', 'CHECKPOINT');
cmp_ok(scalar(segments_from($first)), '>', 0, 'there is WAL of the end');
clean('the end of an encryption in batches writes no plaintext to the WAL', segments_from($first));
# the statistics of the time before are a deleted row, which is in the file until that is written anew
my ($statistics) = map { $node->data_dir . '/' . $_ } $node->safe_psql('postgres', "SELECT pg_relation_filepath('pg_statistic')");
ok(scalar(@{ search($statistics)->{text} // [] }), 'deleted statistics are in the file of pg_statistic');
$node->safe_psql('postgres', 'VACUUM FULL pg_statistic');
$node->safe_psql('postgres', 'CHECKPOINT');
clean('otherwise nothing is left in the files of the database', $node->data_dir . '/base', $node->data_dir . '/pg_stat', $node->data_dir . '/pg_stat_tmp');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stats WHERE tablename IN ('batched', 'lone', 'stepwise') AND (most_common_vals::text LIKE '%Zqx%' OR histogram_bounds::text LIKE '%Zqx%' OR most_common_vals::text LIKE '%141421356.23%')"),
	'0', 'nor in pg_stats');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%' || repeat('Zqx', 4 + (random() * 0)::int) || '%'"), '0', 'nor in pg_stat_statements');
my $log = slurp_file($node->logfile, $encrypting_begins);
ok(index($log, $_) < 0, 'nor in the server log') for ($text_marker, $digits, $little, $big);
is($node->safe_psql('postgres', "SELECT count(*) FROM batched WHERE sustainml.open(city) = repeat('Zqx', 4) AND sustainml.open_float8(x) = sqrt(2) * 1e8"), '2000', 'and the values are there');
# the search can find: the same without sealing leaves them in the new segments
$first = clear_table('still_clear');
$node->safe_psql('postgres', 'VACUUM FULL still_clear; CHECKPOINT');
ok(scalar(map { @$_ } values %{ search(segments_from($first)) }), 'a rewrite of a clear table is found in the WAL');
$node->stop;
done_testing();
