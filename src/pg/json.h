/*
 * json.h - reading arguments given as jsonb, and building small jsonb values.
 */
#ifndef ML_JSON_H
#define ML_JSON_H

#include "compat.h"
#include "utils/jsonb.h"

/* One key of a jsonb object with its scalar or container value. */
typedef struct MlJsonPair
{
	char       *key;
	JsonbValue  value;
} MlJsonPair;

/* The pairs of an object; errors when "json" is not an object.  "what" names the argument. */
extern MlJsonPair *ml_json_pairs(Jsonb *json, const char *what, int *count);

/* A value as text: strings as they are, numbers and booleans in their text form; NULL for json null or a container. */
extern char *ml_json_text(const JsonbValue *value);

/* A string, or an array of strings, as a list; NULL when it is neither. */
extern char **ml_json_texts(const JsonbValue *value, int *count);

/* A number; false when it is not one. */
extern bool ml_json_number(const JsonbValue *value, double *number);

/* Building: an object from pushes; NaN and infinities become null. */
typedef struct MlJsonBuilder
{
	JsonbParseState *state;
} MlJsonBuilder;

extern void   ml_json_begin(MlJsonBuilder *builder);
extern void   ml_json_add_text(MlJsonBuilder *builder, const char *key, const char *text); /* NULL: null */
extern void   ml_json_add_number(MlJsonBuilder *builder, const char *key, double number);
extern void   ml_json_add_integer(MlJsonBuilder *builder, const char *key, int64 number);
extern void   ml_json_add_bool(MlJsonBuilder *builder, const char *key, bool value);
extern void   ml_json_add_texts(MlJsonBuilder *builder, const char *key, char *const *texts, int count);
extern void   ml_json_open(MlJsonBuilder *builder, const char *key); /* an object within, until close */
extern void   ml_json_close(MlJsonBuilder *builder);
extern Jsonb *ml_json_end(MlJsonBuilder *builder);

#endif
