-- Masking rules: the list, typed arguments, types they fit, who may set them; each mask through a view.
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
CREATE ROLE sml_mask_key NOLOGIN;
CREATE ROLE sml_mask_other NOLOGIN;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(' | ' || NULLIF(detail, ''), '') || COALESCE(' | ' || NULLIF(hint, ''), '');
END $$;
SELECT sustainml.create_key('mask_test', role => 'sml_mask_key');
SELECT mask, column_types, needs, takes, keyed FROM sustainml.masks() ORDER BY mask COLLATE "C";

CREATE DOMAIN sml_positive AS int CHECK (VALUE > 0);
CREATE TYPE sml_mood AS ENUM ('sad', 'happy');
CREATE TABLE person (id int PRIMARY KEY, ref bigint, small smallint, name text, nick varchar(10), code char(4), mail text, salary numeric(12,2), score float8,
	age sml_positive, born date, seen timestamptz, at timestamp, uid uuid, mood sml_mood, tags text[], note text);
INSERT INTO person VALUES
	(1, 1, 1, 'Jane Doe', 'jd', 'ab', 'jane@mail.example.org', 1234.56, 0.31, 27, '1984-07-15', '2026-11-26 23:30+00', '2026-11-26 23:30', '00000000-0000-0000-0000-000000000001', 'sad', '{x}', 'call +49 30 1234567'),
	(2, 2, 2, 'Zoë', 'z', 'abcd', 'no address', -50, 'NaN', 30, '2026-01-01', '-infinity', 'infinity', '00000000-0000-0000-0000-000000000002', 'happy', '{}', ''),
	(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(4, 3000000000, -5, 'Jane Doe', 'abcdefghij', '', 'a@b.c', 99999.99, 1e300, 2147483647, 'infinity', '1999-12-31 23:59:59.999999+00', '1999-12-31 23:59', NULL, 'sad', NULL, 'mail x@y.org');

-- what does not fit
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'partial_email')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'mail', 'bucket', width => 10)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'tags', 'hash', key => 'mask_test')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'born', 'round', step => 10)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'mood', 'constant', value => 'sad')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'age', 'constant', value => 'many')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'nmae', 'null')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'ctid', 'null')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'partal')$$), pg_temp.refused($$SELECT sustainml.mask('no_table', 'name', 'null')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask(0, 'name', 'null')$$), pg_temp.refused($$SELECT sustainml.mask('person', NULL, 'null')$$);
-- arguments
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'round')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'round', step => 0)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'round', step => 'NaN')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'round', step => 1, width => 3)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'null', width => 3)$$), pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'partial', prefix => -1)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'clamp')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'clamp', lower => 5, upper => 4)$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'noise', key => 'mask_test')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'salary', 'noise', ratio => 2, key => 'mask_test')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'born', 'bucket_date', unit => 'fortnight')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'fake', kind => 'ssn', key => 'mask_test')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'note', 'redact', kind => 'names')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'born', 'shift_date', days => 0, key => 'mask_test')$$);
-- keys and roles
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'hash')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'hash', key => 'mask_tset')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'null', key => 'mask_test')$$), pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'null', unmask => 'sml_nobody')$$);
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'keep', unmask => 'sml_mask_other')$$);
-- who
GRANT ALL ON person TO sml_mask_other;
SET ROLE sml_mask_other;
SELECT pg_temp.refused($$SELECT sustainml.mask('person', 'name', 'null')$$), pg_temp.refused($$SELECT sustainml.unmask_rule('person', 'name')$$);
SELECT pg_temp.refused($$SELECT * FROM sustainml.publish('person', 'sml_policy')$$), pg_temp.refused($$SELECT sustainml.unpublish('person')$$);
SELECT pg_temp.refused($$SELECT * FROM sustainml.masking_rule$$), pg_temp.refused($$SELECT * FROM sustainml.masking_policy$$), pg_temp.refused($$SELECT * FROM sustainml.published_table$$);
CREATE TEMP TABLE mine (name text);
SELECT pg_temp.refused($$SELECT sustainml.mask('mine', 'name', 'hash', key => 'mask_test')$$);
RESET ROLE;
DROP TABLE mine;
CREATE TABLE owned (name text);
ALTER TABLE owned OWNER TO sml_mask_other;
SET ROLE sml_mask_other;
-- the key's right is needed
SELECT pg_temp.refused($$SELECT sustainml.mask('owned', 'name', 'hash', key => 'mask_test')$$);
SELECT sustainml.mask('owned', 'name', 'partial') > 0 AS own_table;
RESET ROLE;
DROP TABLE owned;
CREATE VIEW person_view AS SELECT * FROM person;
SELECT pg_temp.refused($$SELECT sustainml.mask('person_view', 'name', 'null')$$);
DROP VIEW person_view;
SELECT pg_temp.refused($$SELECT sustainml.mask('pg_catalog.pg_class', 'relname', 'keep')$$);

-- a rule takes the place of the one before and keeps its number; rules of a policy come first
SELECT sustainml.mask('person', 'name', 'null') = sustainml.mask('person', 'name', 'partial', prefix => 1) AS same_number;
SELECT sustainml.mask('person', 'name', 'constant', value => 'x''y\z', policy => 'sml_policy') > 0;
SELECT column_name, policy, mask, arguments FROM sustainml.masking_rules WHERE table_name = 'person' ORDER BY policy NULLS FIRST;
SELECT sustainml.unmask_rule('person', 'name'), sustainml.unmask_rule('person', 'name') AS again, sustainml.unmask_rule('person', 'name', 'sml_policy');

-- each mask without a key, on rows with NULLs, infinities and odd texts
CREATE FUNCTION pg_temp.shown(columns text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM * FROM sustainml.publish('person', 'sml_policy');
	RETURN QUERY EXECUTE format('SELECT concat_ws('' | '', %s) FROM sml_policy.person v JOIN person p USING (id) ORDER BY p.id', columns);
	PERFORM sustainml.unpublish('person');
END $$;
SELECT sustainml.mask('person', 'id', 'keep') > 0;
SELECT sustainml.mask('person', 'name', 'partial', prefix => 1, suffix => 1) > 0, sustainml.mask('person', 'nick', 'partial', suffix => 2, fill => '<\''>') > 0, sustainml.mask('person', 'code', 'partial', prefix => 1, fill => '') > 0;
SELECT pg_temp.shown($$'name', v.name, 'nick', v.nick, 'code', v.code$$);
SELECT sustainml.mask('person', 'mail', 'partial_email') > 0, sustainml.mask('person', 'note', 'redact') > 0;
SELECT pg_temp.shown($$'mail', v.mail, 'note', v.note$$);
SELECT sustainml.mask('person', 'salary', 'bucket', width => 1000) > 0, sustainml.mask('person', 'age', 'bucket', width => 10, origin => 5) > 0, sustainml.mask('person', 'score', 'bucket', width => 0.1) > 0;
SELECT pg_temp.shown($$'salary', v.salary, 'age', v.age, 'score', v.score$$);
SELECT sustainml.mask('person', 'salary', 'round', step => 100) > 0, sustainml.mask('person', 'age', 'round', step => 1000) > 0, sustainml.mask('person', 'score', 'clamp', lower => 0.5, upper => 10) > 0, sustainml.mask('person', 'small', 'clamp', lower => -100000, upper => 0) > 0;
SELECT pg_temp.shown($$'salary', v.salary, pg_typeof(v.salary), 'age', v.age, pg_typeof(v.age), 'score', v.score, 'small', v.small, pg_typeof(v.small)$$);
SET timezone = 'UTC';
SELECT sustainml.mask('person', 'born', 'bucket_date', unit => 'month') > 0, sustainml.mask('person', 'seen', 'bucket_date', unit => 'year') > 0, sustainml.mask('person', 'at', 'bucket_date', unit => 'day') > 0;
SELECT pg_temp.shown($$'born', v.born, 'seen', v.seen, 'at', v.at$$);
SELECT sustainml.mask('person', 'born', 'bucket_date', unit => 'quarter') > 0, sustainml.mask('person', 'seen', 'bucket_date', unit => 'decade') > 0, sustainml.mask('person', 'mood', 'null') > 0, sustainml.mask('person', 'tags', 'null') > 0;
SELECT pg_temp.shown($$'born', v.born, 'seen', v.seen, 'mood', coalesce(v.mood::text, 'NULL'), pg_typeof(v.mood), 'tags', pg_typeof(v.tags)$$);
SELECT sustainml.mask('person', 'age', 'constant', value => '42') > 0, sustainml.mask('person', 'name', 'constant', value => $$it's \ "x"$$) > 0, sustainml.mask('person', 'born', 'constant', value => '1900-01-01') > 0;
SELECT pg_temp.shown($$'age', v.age, 'name', v.name, 'born', v.born$$);

-- keyed masks: stable, equal for equal values, joined by domain, apart by domain and key; types stay
SELECT sustainml.create_key('mask_test_2', role => 'sml_mask_key');
CREATE TABLE ordered (n int, person_id bigint, person_name text);
INSERT INTO ordered VALUES (1, 1, 'Jane Doe'), (2, 4, 'Jane Doe'), (3, 2, 'Zoë');
SELECT sustainml.mask('person', 'ref', 'pseudonym', key => 'mask_test', domain => 'person') > 0, sustainml.mask('person', 'id', 'pseudonym', key => 'mask_test', domain => 'person', policy => 'sml_keyed') > 0,
	sustainml.mask('person', 'small', 'pseudonym', key => 'mask_test') > 0, sustainml.mask('person', 'name', 'hash', key => 'mask_test', domain => 'name') > 0,
	sustainml.mask('person', 'nick', 'pseudonym', key => 'mask_test') > 0, sustainml.mask('person', 'uid', 'pseudonym', key => 'mask_test') > 0, sustainml.mask('person', 'mail', 'fake', kind => 'email', key => 'mask_test') > 0,
	sustainml.mask('person', 'salary', 'noise', ratio => 0.1, amount => 5, key => 'mask_test') > 0, sustainml.mask('person', 'score', 'noise', amount => 1, key => 'mask_test') > 0, sustainml.mask('person', 'age', 'noise', ratio => 0.5, key => 'mask_test') > 0,
	sustainml.mask('person', 'born', 'shift_date', days => 10, key => 'mask_test') > 0, sustainml.mask('person', 'seen', 'shift_date', days => 10, key => 'mask_test') > 0;
SELECT sustainml.mask('ordered', 'n', 'keep') > 0, sustainml.mask('ordered', 'person_id', 'pseudonym', key => 'mask_test', domain => 'person') > 0, sustainml.mask('ordered', 'person_name', 'hash', key => 'mask_test_2', domain => 'name') > 0;
GRANT sml_mask_other TO CURRENT_USER;
SELECT column_name, mask, key, note FROM sustainml.publish('person', 'sml_keyed', grant_to => '{sml_mask_other}') ORDER BY column_name COLLATE "C";
SELECT column_name, mask, key, note FROM sustainml.publish('ordered', 'sml_keyed', grant_to => '{sml_mask_other}');
CREATE TABLE truth AS SELECT * FROM person;
GRANT SELECT ON truth TO sml_mask_other;
SET ROLE sml_mask_other;
SELECT count(*), bool_and(v IS NOT DISTINCT FROM w) AS stable FROM sml_keyed.person v FULL JOIN (SELECT * FROM sml_keyed.person) w USING (id);
-- the integers of both tables join, and those are the right rows
SELECT o.n, count(*) FROM sml_keyed.ordered o JOIN sml_keyed.person p ON p.id = o.person_id GROUP BY o.n ORDER BY 1;
SELECT count(DISTINCT id), count(*) FILTER (WHERE id BETWEEN 1 AND 4) < 4 AS moved, pg_typeof(min(id)), pg_typeof(min(ref)), pg_typeof(min(small)), count(*) FILTER (WHERE ref >= 2147483648) AS large FROM sml_keyed.person;
-- the names of two keys do not
SELECT count(*) FROM sml_keyed.ordered o JOIN sml_keyed.person p ON p.name = o.person_name;
SELECT count(DISTINCT name), count(name), bool_and(name ~ '^[0-9a-f]{32}$') FROM sml_keyed.person;
SELECT bool_and(nick ~ '^p_[0-9a-z]{16}$'), bool_and(uid::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]') , bool_and(mail ~ '@example\.org$') FROM sml_keyed.person;
-- noise stays within its bounds, and NULL, NaN and infinity as they are
SELECT count(*) FROM sml_keyed.person p, truth t WHERE p.salary BETWEEN t.salary * 0.9 - 5.01 AND t.salary * 1.1 + 5.01 AND p.salary <> t.salary;
SELECT count(*) FILTER (WHERE salary IS NULL), count(*) FILTER (WHERE score = 'NaN'), count(*) FILTER (WHERE born = 'infinity'), count(*) FILTER (WHERE seen = '-infinity'), max(age) <= 2147483647 FROM sml_keyed.person;
SELECT bool_and(EXISTS (SELECT FROM truth t WHERE abs(p.born - t.born) BETWEEN 1 AND 10)) FROM sml_keyed.person p WHERE isfinite(p.born);
SELECT bool_and(EXISTS (SELECT FROM truth t WHERE isfinite(t.seen) AND (p.seen - t.seen) IN (SELECT make_interval(days => d) FROM generate_series(-10, 10) d WHERE d <> 0))) FROM sml_keyed.person p WHERE isfinite(p.seen);
RESET ROLE;
-- the role of the key sees through, another does not; a member of the unmask role sees that column
SELECT sustainml.mask('person', 'note', 'null', unmask => 'sml_mask_other') > 0;
SELECT count(*) FROM sustainml.publish('person', 'sml_keyed', grant_to => '{sml_mask_key}');
SET ROLE sml_mask_key;
SELECT count(*) FROM sml_keyed.person v WHERE v.id IN (1, 2, 3, 4) AND note IS NULL;
RESET ROLE;
SET ROLE sml_mask_other;
SELECT count(*) FILTER (WHERE id IN (1, 2, 3, 4)) < 4 AS ids_hidden, count(note) AS notes FROM sml_keyed.person;
RESET ROLE;
-- a rule that is gone hides its column, before the view is made anew too
SELECT sustainml.unmask_rule('person', 'nick');
SET ROLE sml_mask_other;
SELECT count(nick), count(uid) FROM sml_keyed.person;
RESET ROLE;
-- a destroyed key, too, and says so
SELECT sustainml.destroy_key('mask_test_2', confirm => 'mask_test_2') > 0;
SET ROLE sml_mask_other;
SELECT pg_temp.refused('SELECT person_name FROM sml_keyed.ordered'), pg_temp.refused('SELECT n FROM sml_keyed.ordered');
RESET ROLE;
SELECT sustainml.unpublish('person'), sustainml.unpublish('ordered');
DROP TABLE person, ordered, truth;
SELECT count(*) FROM sustainml.masking_rules;
DROP DOMAIN sml_positive; DROP TYPE sml_mood;
SELECT sustainml.drop_policy('sml_policy'), sustainml.drop_policy('sml_keyed');
DROP ROLE sml_mask_key, sml_mask_other;
