/*
 * asked.h - from the arguments (model, source, part) of an evaluation function to the
 * rows that are meant, and the evaluation of the model on them.
 */
#ifndef ML_ASKED_H
#define ML_ASKED_H

#include "../compat.h"
#include "../cache.h"
#include "../catalog.h"
#include "../meter.h"
#include "../source.h"
#include "../split.h"
#include "evaluate.h"

/* What the catalog keeps about how a version was trained. */
typedef struct MlStored
{
	char    *trained_by;  /* role that chose the source */
	char    *source;
	char    *search_path;
	char    *target;
	char    *weight;  /* or NULL */
	bool     refit;   /* fitted again on all rows after its evaluation */
	MlSplit *split;
} MlStored;

extern MlStored *ml_stored_read(const MlVersion *version);

/* Rows to evaluate on. */
typedef struct MlRowsAsked
{
	MlSource   *source;
	char       *where;       /* NULL: all rows */
	char       *seen;        /* which of them were training rows, as SQL; NULL: see all_seen */
	bool        all_seen;
	const char *seen_reason; /* why it cannot be known, or what should be known about it; or NULL */
	bool        seen_known;
	const char *search_path; /* under which a stored query is to be run; NULL: under the caller's */
} MlRowsAsked;

/*
 * The rows that "source" (NULL: the stored one) and "part" ('all', 'held_out', 'training')
 * mean.  Without a source 'all' means the held-out rows.  Inside a scan bracket.  Errors:
 * an unknown part, or one that the version does not have; a stored query or view of a role
 * that the caller does not belong to, which must be named to be read.
 */
extern MlRowsAsked *ml_rows_asked(const MlVersion *version, const MlStored *stored, const char *source, const char *part);

/* The stored search path, for as long as a stored source is read: returns what ml_path_end takes. */
extern int  ml_path_begin(const char *search_path); /* NULL: as it is */
extern void ml_path_end(int level);

typedef struct MlAsked
{
	MlVersion     *version;
	const MlModel *model;
	MlStored      *stored;
	MlRowsAsked   *rows;
	MlEvaluation  *evaluation;
	char          *label;   /* churn@3, for messages */
} MlAsked;

/*
 * Do what arguments 0 (model), 1 (source) and, if the function has it, 2 (part) ask for:
 * check the right to read, evaluate, and log the run.
 */
extern MlAsked *ml_asked_evaluate(FunctionCallInfo fcinfo, bool has_part, bool replay);

/* "churn@3" */
extern char *ml_version_label(const MlVersion *version);

/*
 * Look at "text", a source that the version names and the caller did not, under the stored search path.  An error
 * unless the caller may have it read: see open_stored in asked.c.  *mine: it was chosen by a role of the caller's.
 */
extern MlSource *ml_stored_open(const MlVersion *version, const char *text, bool *mine);

#endif
