/*
 * crypto_openssl.h - the primitives of core/privacy/secret.h from libcrypto directly: the same bytes as pgcrypto gives,
 * which itself calls libcrypto, in a quarter of the time, and with keys that are wiped at the end of the transaction.
 */
#ifndef ML_CRYPTO_OPENSSL_H
#define ML_CRYPTO_OPENSSL_H

#include "compat.h"
#include "../core/privacy/secret.h"

/* Fill in mac, encrypt and decrypt; false when this build or this library has none. */
extern bool ml_openssl_crypto(SmlCrypto *crypto);

/* Wipe the keys that contexts still hold; the end of a transaction does it too. */
extern void ml_openssl_forget(void);

#endif
