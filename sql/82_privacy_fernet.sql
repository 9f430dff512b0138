-- Fernet tokens, for exchange with other programs (src/pg/privacy/fernet.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_generate_key() RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fernet_generate_key' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION sustainml.fernet_generate_key() IS
'A new random Fernet key: 32 bytes in URL-safe base64.
Example: SELECT sustainml.fernet_generate_key();';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_encrypt(message text, key text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fernet_encrypt' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml.fernet_encrypt(text, text) IS
'A Fernet token of a text (in UTF-8), as Python''s cryptography makes it.  Pass message and key as bound parameters.
Example: SELECT sustainml.fernet_encrypt($1, $2);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_encrypt(message bytea, key text) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fernet_encrypt_bytea' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml.fernet_encrypt(bytea, text) IS
'A Fernet token of bytes.
Example: SELECT sustainml.fernet_encrypt(''\x00ff''::bytea, $1);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_decrypt(token text, key text, ttl integer DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fernet_decrypt' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml.fernet_decrypt(text, text, integer) IS
'The text in a Fernet token.  With ttl, tokens older than that many seconds, or from more than 60 seconds in the future, are refused.
One error for every failure.
Example: SELECT sustainml.fernet_decrypt(token, $1, ttl => 60);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_decrypt_bytea(token text, key text, ttl integer DEFAULT NULL) RETURNS bytea
	AS 'MODULE_PATHNAME', 'sustainml_fernet_decrypt_bytea' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION sustainml.fernet_decrypt_bytea(text, text, integer) IS
'The bytes in a Fernet token.
Example: SELECT sustainml.fernet_decrypt_bytea(token, $1);';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.fernet_rotate(token text, keys text[]) RETURNS text
	AS 'MODULE_PATHNAME', 'sustainml_fernet_rotate' LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION sustainml.fernet_rotate(text, text[]) IS
'The same message and time under the first of several keys; the token may be of any of them.
Example: SELECT sustainml.fernet_rotate(token, ARRAY[$1, $2]);';
