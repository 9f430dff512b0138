/*
 * line.h - a row as one line of text that no setting changes; see line.c.
 */
#ifndef ML_FAIR_LINE_H
#define ML_FAIR_LINE_H

#include "../compat.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "lib/stringinfo.h"

/* Append the line of a row, without a line feed. */
extern void ml_line_append(StringInfo line, TupleDesc columns, const Datum *values, const bool *nulls);

/* The same of a tuple. */
extern void ml_line_append_tuple(StringInfo line, TupleDesc columns, HeapTuple tuple);

#endif
