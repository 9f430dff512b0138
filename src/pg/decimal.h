/*
 * decimal.h - numeric to double and whole number to numeric, for loops over values.
 */
#ifndef ML_DECIMAL_H
#define ML_DECIMAL_H

#include "compat.h"

/* The nearest double of a numeric, compressed or not; beyond the range of double an infinity. */
extern double ml_decimal_double(Datum value);

/* A whole number below 10^16 in magnitude as the numeric that the server makes of it, byte for byte. */
extern Datum ml_decimal_whole(int64 number);

#endif
