/*
 * crypto.h - the primitives of core/privacy/secret.h from the extension pgcrypto, or from libcrypto directly.
 *
 * pgcrypto must be there and is the measure: libcrypto (crypto_openssl.c) serves in its place only after it gave the same
 * bytes in a test at first use.  pgcrypto is reached through cached fmgr calls, never through SQL text, so no key is ever part of a
 * statement.  Its functions are found as members of the extension that are written in C and
 * come from its library: a look-alike in any schema, or one that the owner of the extension adds to it,
 * is not called.
 *
 * Cost by pgcrypto: about 0.9 us for AES-CBC of a small value and 1.6 us for HMAC-SHA-512; by libcrypto a third of that.  Buffers of ours are wiped, also
 * after an error; pgcrypto frees its own copies of key and text without wiping them.
 */
#ifndef ML_CRYPTO_H
#define ML_CRYPTO_H

#include "compat.h"
#include "../core/privacy/secret.h"

/* The primitives; looks pgcrypto up when needed.  Call it anew in each SQL call. */
extern const SmlCrypto *ml_crypto(void);

/* Register the callbacks; called once by _PG_init. */
extern void ml_crypto_init(void);

/* Random bytes from the server's generator, 4 kB at a time. */
extern void ml_random(void *bytes, size_t size);

#endif
