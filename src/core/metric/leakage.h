/*
 * leakage.h - features that alone tell two classes apart almost perfectly, their
 * missingness included: often they are known only after the outcome.
 *
 * Give it rows that were encoded for scoring; then ask for each feature's ROC-AUC, taken
 * in whichever direction is better.  A missing number ranks below or above all others,
 * whichever is better.  A level of a category ranks by its share of positives among the
 * other half of the rows, so that a category with many levels does not look good by
 * remembering its rows.
 *
 * Up to SML_LEAKAGE_ROWS rows a class the figures are exact; of more, a random sample of
 * between half that many and that many is kept (standard error below 0.004 near 0.98), so
 * that memory and time stay bounded: at most some 16 MB, and for 20 features about 20 ms.
 */
#ifndef SML_LEAKAGE_H
#define SML_LEAKAGE_H

#include "../prep/encoder.h"

#define SML_LEAKAGE_ROWS 4096
/* From here on a feature is said to tell the classes apart by itself. */
#define SML_LEAKAGE_AUC 0.98
/* With fewer rows of a class nothing is said: chance alone could order them. */
#define SML_LEAKAGE_FEWEST 10

typedef struct SmlLeakage SmlLeakage;

/* An empty holder for rows of this encoder, which must outlive it. */
SML_MUST_USE SmlStatus sml_leakage_start(SmlEnv *env, const SmlEncoder *encoder, SmlLeakage **leakage);
void sml_leakage_free(SmlEnv *env, SmlLeakage *leakage);

/* Whether the next row of this class would be kept: lets a caller spare itself the trouble of fetching it. */
bool sml_leakage_wants(const SmlLeakage *leakage, bool positive);

/* Count a row that is not wanted. */
void sml_leakage_pass(SmlLeakage *leakage, bool positive);

/* A row: numbers and levels in the slots of the layout, as a scorer takes them. */
SML_MUST_USE SmlStatus sml_leakage_add(SmlEnv *env, SmlLeakage *leakage, const double *numbers, const size_t *levels, bool positive);

/* The ROC-AUC of one feature alone, at least 0.5; NaN with too few rows of a class. */
SML_MUST_USE SmlStatus sml_leakage_auc(SmlEnv *env, const SmlLeakage *leakage, size_t feature, double *auc);

/* Note the features that reach SML_LEAKAGE_AUC: the first few by name, the others by number.  "rows" says which: "held-out". */
SML_MUST_USE SmlStatus sml_leakage_note(SmlEnv *env, const SmlLeakage *leakage, const char *rows, SmlNotes *notes);

#endif
