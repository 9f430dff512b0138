-- 1,000,000 people for test/bench/masking.
CREATE TABLE person AS
	SELECT i::int AS id, 'Person ' || i AS name, 'user' || i || '@mail.example.org' AS email, '+49 30 ' || (1000000 + i) AS phone,
	       (1000 + i % 9000)::numeric(10,2) AS salary, (20 + i % 60)::int AS age, date '1950-01-01' + (i % 2000) * 7 AS born, (i % 7)::float8 AS score
	  FROM generate_series(1, 1000000) i;
VACUUM (ANALYZE, FREEZE) person;
