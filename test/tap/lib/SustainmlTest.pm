# What the TAP tests share: a node with the extension, and small data whose answers are known.
package SustainmlTest;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;

our @EXPORT = qw(new_node load_lines value asked);

# What a session in the background answers; older servers' modules leave the last line's end.
sub asked
{
	my ($session, $query) = @_;
	my $answer = $session->query_safe($query);

	$answer =~ s/\n\z//;
	return $answer;
}

# A running node; more => lines for postgresql.conf, streaming => 1 for a primary of standbys.
sub new_node
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	# not the name of who runs the tests, which may be that of a role that they make
	$ENV{PGUSER} = 'postgres';
	$node->init(allows_streaming => $options{streaming} ? 1 : 0, extra => [ '-U', 'postgres', '--locale=C.UTF-8', '-E', 'UTF8' ]);
	$node->append_conf('postgresql.conf', "max_connections = 20\nlog_min_messages = warning\n" . ($options{more} // ''));
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION sustainml CASCADE');
	return $node;
}

# line: y = 1 + x exactly; steep: y = 2 + 3x; coin: two classes that overlap; kinds: three classes, text and missing values.
sub load_lines
{
	my ($node, $database) = @_;

	$node->safe_psql($database // 'postgres', q{
		CREATE TABLE line (id int PRIMARY KEY, x float8, y float8);
		INSERT INTO line SELECT i, i, 1 + i FROM generate_series(1, 200) i;
		CREATE TABLE steep (id int PRIMARY KEY, x float8, y float8);
		INSERT INTO steep SELECT i, i, 2 + 3 * i FROM generate_series(1, 200) i;
		CREATE TABLE coin (id int PRIMARY KEY, x float8, y boolean);
		INSERT INTO coin SELECT i, (i * 7919) % 101, (i * 104729) % 97 + (i * 7919) % 101 > 90 FROM generate_series(1, 600) i;
		CREATE TABLE kinds (id int PRIMARY KEY, x float8, z numeric, t text, y text);
		INSERT INTO kinds SELECT i, (i * 31) % 17, CASE WHEN i % 5 > 0 THEN (i * 13) % 23 END, 'level ' || (i * 7) % 6,
		       CASE WHEN (i * 7919) % 101 < 30 THEN 'low' WHEN (i * 31) % 17 + (i * 104729) % 9 > 12 THEN 'high' ELSE 'middle' END
		  FROM generate_series(1, 900) i;
	});
}

# The one value of a query.
sub value
{
	my ($node, $query, $database) = @_;

	return $node->safe_psql($database // 'postgres', $query);
}

1;
