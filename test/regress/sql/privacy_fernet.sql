-- Fernet tokens against the official vectors and Python's cryptography; test/reference/privacy.md.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
\set secret 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='
\set token 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='

-- verify.json; the token is from 1985, so any ttl of ours has run out
SELECT sustainml.fernet_decrypt(:'token', :'secret');
SELECT sustainml.fernet_decrypt_bytea(:'token', :'secret');
SELECT pg_temp.refused(format('SELECT sustainml.fernet_decrypt(%L, %L, ttl => 60)', :'token', :'secret'));

-- invalid.json, without those that only a clock refuses: one error for all
SELECT pg_temp.refused(format('SELECT sustainml.fernet_decrypt(%L, %L)', token, :'secret')) AS answer, count(*) FROM (VALUES
	('gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ=='),
	('gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='),
	('%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q=='),
	('gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm'),
	('gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw=='),
	('gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ=='),
	('gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==trailingdata'),
	('*gAAAAAAdwJ6wAAECAwQFBgcI!CQoLDA0ODy021?cpGVWKZ_eEwC@GM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='),
	('gAAAAAAdwJ6wAAEC/AwQFBgcICQoLDA0ODy+021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='),
	(''), ('gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==' || E'\n')) v(token)
GROUP BY 1;

-- tokens of Python's cryptography 38.0.4
SELECT sustainml.fernet_decrypt('gAAAAABlU_EAZDgTr4_nIKZWI4lGPIXh7YukJIB3fS54pkvNXEny7sy8jmh2joBqCqJ8fRo8hzcCKutLQ6hEGzNEtXmpiK4FPBg35X_hWIyA_CleJtOf7OU=', 'kuQsMjQTCiKq2TTlgT-3H13SADZcMV9k_TFfC0S9YvU=') = 'Grüße aus Köln €' AS umlauts;

-- ours: there and back, fresh IV each time, and the time
SELECT bool_and(sustainml.fernet_decrypt(sustainml.fernet_encrypt(repeat('ä', n), :'secret'), :'secret', ttl => 60) = repeat('ä', n)) FROM generate_series(0, 100) n;
SELECT bool_and(sustainml.fernet_decrypt_bytea(sustainml.fernet_encrypt(decode(repeat('00ff', n), 'hex'), :'secret'), :'secret') = decode(repeat('00ff', n), 'hex')) FROM generate_series(0, 40) n;
SELECT sustainml.fernet_encrypt('x', :'secret') = sustainml.fernet_encrypt('x', :'secret') AS same;
SELECT bool_and(length(sustainml.fernet_encrypt(repeat('x', n), :'secret')) = ceil((57 + 16 * (n / 16 + 1)) / 3.0) * 4) AS sizes FROM generate_series(0, 50) n;
SELECT length(k), k ~ '^[A-Za-z0-9_-]{43}=$', k <> sustainml.fernet_generate_key() FROM sustainml.fernet_generate_key() k;

-- rotation keeps the message and the time
SELECT sustainml.fernet_decrypt(sustainml.fernet_rotate(:'token', ARRAY[k, :'secret']), k),
       substr(sustainml.fernet_rotate(:'token', ARRAY[k, :'secret']), 1, 11) = substr(:'token', 1, 11) AS same_time
  FROM sustainml.fernet_generate_key() k;
SELECT pg_temp.refused(format('SELECT sustainml.fernet_rotate(%L, ARRAY[sustainml.fernet_generate_key()])', :'token'));
SELECT pg_temp.refused('SELECT sustainml.fernet_rotate(''x'', ''{}'')');
SELECT pg_temp.refused('SELECT sustainml.fernet_rotate(''x'', ''{NULL}'')');

-- bad arguments: short, empty and malformed keys; text that is none
SELECT pg_temp.refused(format('SELECT sustainml.fernet_encrypt(''x'', %L)', k)) AS answer, count(*)
  FROM unnest(ARRAY['', 'short', rtrim(:'secret', '='), :'secret' || '=', translate(:'secret', '_-', '/+'), replace(:'secret', '4=', '5=')]) k GROUP BY 1;
SELECT pg_temp.refused(format('SELECT sustainml.fernet_decrypt(sustainml.fernet_encrypt(''\xff''::bytea, %L), %L)', :'secret', :'secret'));
SELECT pg_temp.refused(format('SELECT sustainml.fernet_decrypt(sustainml.fernet_encrypt(''a\000b''::bytea, %L), %L)', :'secret', :'secret'));
SELECT pg_temp.refused(format('SELECT sustainml.fernet_decrypt(%L, %L, ttl => -1)', :'token', :'secret'));
SELECT sustainml.fernet_encrypt(NULL::text, :'secret') IS NULL, sustainml.fernet_decrypt(NULL, :'secret') IS NULL;
