/*
 * crypto_openssl.c - see crypto_openssl.h.
 *
 * Algorithms are fetched once per session.  A context keeps the last key for the rest of the transaction, since a statement
 * over many rows uses the same one again and again; at the end of the transaction contexts are freed, and libcrypto overwrites
 * what was in them.  Nothing here can raise an error of the server's.
 */
#include "compat.h"

#include "crypto_openssl.h"

#ifdef ML_WITH_LIBCRYPTO

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "access/xact.h"
#include "storage/ipc.h"

#define KEY_MOST   64
#define MOST_BYTES INT_MAX /* of one call of EVP_CipherUpdate */

/* A key that a context is set up for; it is known again by its bytes. */
typedef struct KnownKey
{
	uint8  bytes[KEY_MOST];
	size_t size; /* 0: none */
} KnownKey;

typedef struct MacContext
{
	EVP_MAC_CTX *context;
	KnownKey     key;
} MacContext;

typedef struct CipherContext
{
	EVP_CIPHER_CTX *context;
	KnownKey        key;
} CipherContext;

static EVP_MAC      *hmac = NULL;
static EVP_CIPHER   *algorithms[3];  /* AES-128, -192 and -256 in CBC mode */
static MacContext    macs[3];        /* HMAC with SHA-256, -384 and -512 */
static CipherContext ciphers[2];     /* decrypting and encrypting */

static SmlStatus
failed(SmlEnv *env)
{
	return sml_fail(env, SML_BAD_INPUT, "libcrypto reports an error.");
}

/* Whether the context is set up for this key; if not, note that it is going to be. */
static bool
is_known(KnownKey *known, SmlSlice key)
{
	if (known->size == key.size && sml_equal_secret(known->bytes, key.bytes, key.size))
		return true;
	memcpy(known->bytes, key.bytes, key.size);
	known->size = key.size;
	return false;
}

static EVP_MAC_CTX *
new_mac(const char *digest)
{
	OSSL_PARAM   parameters[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *) digest, 0), OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);

	if (context && EVP_MAC_CTX_set_params(context, parameters))
		return context;
	EVP_MAC_CTX_free(context);
	return NULL;
}

static SmlStatus
openssl_mac(void *context, SmlEnv *env, SmlMacHash hash, SmlSlice key, SmlSlice data, uint8_t *out)
{
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
	int         which = hash / 16 - 2;
	MacContext *mac = &macs[which];
	size_t      size = 0;
	bool        good;

	if (key.size == 0 || key.size > KEY_MOST)
		return failed(env);
	if (mac->context == NULL)
		mac->context = new_mac(digests[which]);
	/* no key again: the same one, with a fresh start */
	good = mac->context != NULL &&
		(is_known(&mac->key, key) ? EVP_MAC_init(mac->context, NULL, 0, NULL) : EVP_MAC_init(mac->context, key.bytes, key.size, NULL)) &&
		EVP_MAC_update(mac->context, data.bytes, data.size) && EVP_MAC_final(mac->context, out, &size, hash) && size == (size_t) hash;
	if (!good)
		mac->key.size = 0;
	return good ? SML_OK : failed(env);
}

static SmlStatus
run_cipher(SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out, int encrypt)
{
	CipherContext *cipher = &ciphers[encrypt];
	int            done = 0;
	int            rest = 0;
	bool           good;

	if ((key.size != 16 && key.size != 24 && key.size != 32) || size % SML_AES_BLOCK != 0 || size > MOST_BYTES)
		return failed(env);
	if (cipher->context == NULL)
		cipher->context = EVP_CIPHER_CTX_new();
	good = cipher->context != NULL &&
		(is_known(&cipher->key, key) ? EVP_CipherInit_ex2(cipher->context, NULL, NULL, iv, encrypt, NULL) :
		 EVP_CipherInit_ex2(cipher->context, algorithms[key.size / 8 - 2], key.bytes, iv, encrypt, NULL)) &&
		EVP_CIPHER_CTX_set_padding(cipher->context, 0) && EVP_CipherUpdate(cipher->context, out, &done, in, (int) size) &&
		EVP_CipherFinal_ex(cipher->context, out + done, &rest) && (size_t) (done + rest) == size;
	if (!good)
		cipher->key.size = 0;
	return good ? SML_OK : failed(env);
}

static SmlStatus
openssl_encrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	return run_cipher(env, key, iv, in, size, out, 1);
}

static SmlStatus
openssl_decrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	return run_cipher(env, key, iv, in, size, out, 0);
}

/* ---- wiping --------------------------------------------------------------------------- */

/* libcrypto overwrites the keys of contexts that it frees. */
void
ml_openssl_forget(void)
{
	for (int i = 0; i < 3; i++)
	{
		EVP_MAC_CTX_free(macs[i].context);
		macs[i].context = NULL;
		sml_wipe(&macs[i].key, sizeof(macs[i].key));
	}
	for (int i = 0; i < 2; i++)
	{
		EVP_CIPHER_CTX_free(ciphers[i].context);
		ciphers[i].context = NULL;
		sml_wipe(&ciphers[i].key, sizeof(ciphers[i].key));
	}
}

static void
at_end_of_transaction(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_COMMIT ||
		event == XACT_EVENT_PARALLEL_ABORT)
		ml_openssl_forget();
}

static void
at_exit(int code, Datum argument)
{
	ml_openssl_forget();
}

bool
ml_openssl_crypto(SmlCrypto *crypto)
{
	static const char *const names[] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};

	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (hmac == NULL)
		return false;
	for (int i = 0; i < 3; i++)
	{
		algorithms[i] = EVP_CIPHER_fetch(NULL, names[i], NULL);
		if (algorithms[i] == NULL)
			return false;
	}
	RegisterXactCallback(at_end_of_transaction, NULL);
	on_proc_exit(at_exit, (Datum) 0);
	crypto->mac = openssl_mac;
	crypto->encrypt = openssl_encrypt;
	crypto->decrypt = openssl_decrypt;
	return true;
}

#else

bool
ml_openssl_crypto(SmlCrypto *crypto)
{
	return false;
}

void
ml_openssl_forget(void)
{
}

#endif
