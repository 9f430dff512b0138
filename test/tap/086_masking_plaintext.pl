# Marker values are searched in the server log, with everything that logs switched on, and in the table's files, after masking, publishing,
# reading, assessing and masking in place.  No statement contains the marker: it is computed in SQL.
use strict;
use warnings;
use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $marker = 'QxZQxZQxZ';    # repeat('QxZ', 3)
my $node = PostgreSQL::Test::Cluster->new('plaintext');
$node->init;
my $key_file = abs_path($node->data_dir) . '/master_key';
append_to_file($key_file, 'v1:first:' . ('A' x 43) . "=\n");
chmod 0600, $key_file;
$node->append_conf('postgresql.conf', <<CONF);
sustainml.master_key_file = '$key_file'
shared_preload_libraries = 'pg_stat_statements,auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_verbose = on
auto_explain.log_nested_statements = on
log_statement = all
log_min_duration_statement = 0
log_error_verbosity = verbose
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_min_messages = debug1
debug_print_plan = on
autovacuum = off
wal_recycle = off
full_page_writes = off
CONF
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION sustainml CASCADE;
	CREATE EXTENSION pg_stat_statements;
	CREATE ROLE reader LOGIN;
	CREATE TABLE person AS SELECT i AS id, repeat('Q' || chr(120) || 'Z', 3 + (i * 0)) || i AS name, 'z' || repeat('Q' || chr(120) || 'Z', 3 + (i * 0)) || i || '@x.org' AS email, i % 5 AS grp
	  FROM generate_series(1, 300) i;
	ALTER TABLE person ADD PRIMARY KEY (id);
	ANALYZE person;
	SELECT sustainml.create_key('plain_test', role => CURRENT_USER);
	SELECT sustainml.mask('person', 'id', 'keep'), sustainml.mask('person', 'name', 'pseudonym', key => 'plain_test'), sustainml.mask('person', 'email', 'partial_email');
	SELECT sustainml.publish('person', 'plain', grant_to => '{reader}');
});
my ($code, $out, $err) = $node->psql('postgres', q{
	SELECT count(*) FROM plain.person WHERE name LIKE 'p%' AND email LIKE 'z***%';
	SELECT name::int FROM plain.person;
	SELECT email::date FROM plain.person;
	EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM plain.person ORDER BY name;
}, extra_params => [ '-U', 'reader' ]);
unlike("$out$err", qr/$marker/, 'no value in answers and errors to a reader');
like($out, qr/^300$/m, 'who sees all rows');
# what masking in place writes to the WAL: from a segment of its own on, with no pages written whole
$node->safe_psql('postgres', 'VACUUM (FREEZE) person');
$node->safe_psql('postgres', 'CHECKPOINT');
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
my $first = $node->safe_psql('postgres', 'CREATE TABLE something (x int); SELECT pg_walfile_name(pg_current_wal_lsn())');
ok(scalar(grep { slurp_file($_) =~ /$marker/ } glob($node->data_dir . '/pg_wal/*')), 'the WAL before has the values');
$node->safe_psql('postgres', q{
	SELECT count(*) FROM sustainml.anonymity('person', '{name}', 'email');
	SELECT count(*) FROM sustainml.privacy_inventory;
	CALL sustainml.mask_in_place('person', confirm => 'person', batch_rows => 100);
	VACUUM FULL person;
	CHECKPOINT;
});
my @segments = grep { m{/[0-9A-F]{24}$} && substr($_, -24) ge $first } glob($node->data_dir . '/pg_wal/*');
cmp_ok(scalar(@segments), '>', 0, 'there is WAL of the masking');
is(join(' ', grep { slurp_file($_) =~ /$marker/ } @segments), '', 'which has no value');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%' || repeat('Q' || chr(120) || 'Z', 3 + (random() * 0)::int) || '%'}), '0', 'nor has pg_stat_statements');
$node->safe_psql('postgres', 'VACUUM FULL pg_statistic');
$node->safe_psql('postgres', 'CHECKPOINT');
is(join(' ', grep { -f $_ && slurp_file($_) =~ /$marker/ } glob($node->data_dir . '/base/*/*')), '', 'nor any file of the database: tables, indexes, statistics');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stats WHERE tablename = 'person' AND histogram_bounds::text LIKE '%' || repeat('Q' || chr(120) || 'Z', 3 + inherited::int * 0) || '%'}), '0',
	'no value in statistics');
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', q{SELECT pg_relation_filepath('person')});
unlike(slurp_file($path), qr/$marker/, 'no value in the file of the table');
is($node->safe_psql('postgres', q{SELECT count(*) FROM person WHERE name LIKE 'p\_%'}), '300', 'which has the masked ones');
unlike(slurp_file($node->logfile), qr/$marker/, 'no value in the server log');
like(slurp_file($node->logfile), qr/sustainml static masking begins: job=\d+ table="person"/, 'which has the record of static masking');
$node->stop;
done_testing();
