/*
 * row.h - what a row looks like on its way from SQL to numbers, and the layout
 * that says where each column went.
 *
 * A raw row has two parts.  "numbers": every numeric feature (arrays element by
 * element), then the target if it is a number, then the weight if there is one.
 * "labels": every categorical feature, then the target if it is a class.
 *
 *   numbers  | x1 | x2 | v[1] | v[2] | v[3] | target? | weight? |
 *   labels   | sex | city | class target? |
 *
 * SQL NULL is sml_missing() in numbers and length -1 in labels.
 */
#ifndef SML_ROW_H
#define SML_ROW_H

#include "../core.h"
#include "../wire.h"

typedef enum SmlKind
{
	SML_NUMBER = 0,
	SML_LABEL = 1
} SmlKind;

typedef enum SmlTarget
{
	SML_TARGET_NONE = 0,
	SML_TARGET_NUMBER = 1, /* regression */
	SML_TARGET_CLASS = 2   /* classification: the class's text is the last label */
} SmlTarget;

typedef struct SmlText
{
	const char *bytes;  /* not zero-ended */
	int32_t     length; /* -1: missing */
} SmlText;

typedef struct SmlRow
{
	const double  *numbers;
	const SmlText *labels;
} SmlRow;

/* One column of the source that carries features. */
typedef struct SmlColumn
{
	char   *name;     /* as in SQL, unquoted: age */
	char   *type;     /* as format_type() says it: double precision */
	SmlKind kind;
	size_t  elements; /* 0: a scalar; else an array of that many numbers */
	size_t  first;    /* its first slot in numbers or labels */
	bool    secret;   /* its values are in no sentence; known while training, not stored */
} SmlColumn;

typedef struct SmlLayout
{
	SmlColumn *columns;      /* in the order the user sees; SQL arguments have all numbers first */
	size_t     column_count;
	size_t     numbers;      /* numeric feature slots */
	size_t     labels;       /* categorical feature slots */
	SmlTarget  target;
	bool       weighted;
	bool       secret_target; /* the same of the target */
} SmlLayout;

/* Slots in all, the target's and the weight's; meaningful only when the layout has them. */
size_t sml_layout_numbers(const SmlLayout *layout);
size_t sml_layout_labels(const SmlLayout *layout);
size_t sml_layout_target(const SmlLayout *layout); /* in numbers or labels, by the kind of target */
size_t sml_layout_weight(const SmlLayout *layout); /* in numbers */

SML_MUST_USE SmlStatus sml_layout_copy(SmlEnv *env, const SmlLayout *from, SmlLayout *to);
void sml_layout_free(SmlEnv *env, SmlLayout *layout);
void sml_layout_write(SmlWriter *writer, const SmlLayout *layout);
void sml_layout_read(SmlReader *reader, SmlLayout *layout); /* to be freed whatever the reader's status */

#endif
