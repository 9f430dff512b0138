-- What the calls of sql_surface.sql name.
CREATE TABLE t AS SELECT i AS id, i % 7 - 3 + 0.25 * (i % 3) AS a, CASE i % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'z' END AS g, (i * 7919) % 11 > 4 AS y FROM generate_series(1, 200) i;
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE VIEW v AS SELECT * FROM t;
CREATE SEQUENCE seq;
SELECT version FROM sustainml.train('m', 't', 'y', exclude => '{id}');
SELECT version FROM sustainml.train('r', 't', 'a', exclude => '{id}');
SELECT sustainml.create_key('k', current_user::text);
CREATE TABLE sealed_t (id int PRIMARY KEY, s float8, a text);
INSERT INTO sealed_t SELECT i, i, 'x' FROM generate_series(1, 20) i;
SELECT * FROM sustainml.encrypt_column('sealed_t', 's', 'k');
