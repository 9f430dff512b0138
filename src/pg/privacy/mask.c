/*
 * mask.c - the mask functions that stand in generated views, and who may see through them.
 *
 * Masks are total: no value makes them fail, and no value appears in an error.
 *
 * Keyed masks (hash, pseudonym, fake, noise, shift_date) take the number of their rule and find the key by it.  A view's
 * functions run with the rights of whoever reads the view, and a reader must not be able to compute pseudonyms of values
 * of their own choice: that would be a dictionary.  So a call is honoured in two cases:
 *
 *   - it stands in a view of a policy, over a column of a table that the view's owner reads.  The planner's support function
 *     below sees that (the range table entry is checked as the policy's role) and marks the call with a form that the parser
 *     never gives to a call of ours (COERCE_SQL_SYNTAX).  The rights on the key are then those of the role that set the rule;
 *   - the current user holds the right seal on the key, as for static masking.
 *
 * Views of policies are security barriers, so that no expression of a reader is ever moved into them.
 */
#include "../compat.h"

#include <float.h>
#include <math.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "../crypto.h"
#include "../decimal.h"
#include "../env.h"
#include "../../core/privacy/mask.h"
#include "../../core/privacy/secret.h"
#include "keys.h"
#include "mask.h"

/* ---- what a call remembers -------------------------------------------------------------------- */

typedef struct MaskCall
{
	MemoryContextCallback forget;
	Oid    type;        /* of the first argument */
	bool   has_key;
	bool   no_rule;     /* the rule is gone: the column is hidden */
	int32  rule_no;
	Oid    user;        /* whose rights were checked */
	uint64 generation;
	SmlPrf prf;
	int    kind;        /* of the text argument, once it was read */
	/* integers: keys are mostly read in order, so their neighbours' images are made with them */
	int64  near_block;  /* where the last value lay */
	int64  block;       /* whose images are below; -1: none */
	uint32 images[SML_PRF_BLOCK];
} MaskCall;

static void
forget_call(void *argument)
{
	MaskCall *call = argument;

	sml_wipe(&call->prf, sizeof(call->prf));
	sml_wipe(call->images, sizeof(call->images));
}

static MaskCall *
call_of(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		MaskCall *call = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(MaskCall));

		call->type = get_fn_expr_argtype(flinfo, 0);
		if (!OidIsValid(call->type))
			elog(ERROR, "type of a masked value is unknown");
		call->forget.func = forget_call;
		call->forget.arg = call;
		MemoryContextRegisterResetCallback(flinfo->fn_mcxt, &call->forget);
		flinfo->fn_extra = call;
	}
	return flinfo->fn_extra;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

/* Whether the planner saw the call inside a view of a policy. */
static bool
in_policy_view(FunctionCallInfo fcinfo)
{
	Node *expr = fcinfo->flinfo->fn_expr;

	return expr && IsA(expr, FuncExpr) && ((FuncExpr *) expr)->funcformat == COERCE_SQL_SYNTAX;
}

static void
derive(const char *key, const char *domain, SmlPrf *prf)
{
	const MlDataKey *data_key = ml_key_active(key, SML_KEY_PSEUDONYM, 0, ML_KEY_SEAL | ML_KEY_OPEN, ML_USES);
	uint8            bytes[SML_PRF_KEY];
	SmlEnv           env;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_derive(&env, ml_crypto(), (SmlSlice){data_key->material, SML_AEAD_KEY}, psprintf("sustainml/mask/v1/%s", domain),
							  bytes, sizeof(bytes)), "derive the key of a mask");
	sml_prf_start(prf, bytes);
	sml_wipe(bytes, sizeof(bytes));
}

/* The same with the rights of the role that set the rule; an abort gives the user back. */
static void
derive_as(const char *role, const char *key, const char *domain, SmlPrf *prf)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(get_role_oid(role, false), context | SECURITY_LOCAL_USERID_CHANGE);
	derive(key, domain, prf);
	SetUserIdAndSecContext(user, context);
}

/* The function of a keyed mask; NULL: the rule is gone. */
static const SmlPrf *
prf_of(FunctionCallInfo fcinfo, MaskCall *call, int32 rule_no)
{
	MlRuleKey rule;

	if (call->has_key && call->rule_no == rule_no && call->user == GetUserId() && call->generation == ml_keys_generation())
		return call->no_rule ? NULL : &call->prf;
	call->no_rule = !ml_rule_key(rule_no, &rule) || rule.key[0] == '\0';
	call->has_key = false;
	call->block = -1;
	if (!call->no_rule)
	{
		if (in_policy_view(fcinfo))
			derive_as(rule.created_by, rule.key, rule.domain, &call->prf);
		else
			derive(rule.key, rule.domain, &call->prf);
	}
	call->has_key = true;
	call->rule_no = rule_no;
	call->user = GetUserId();
	call->generation = ml_keys_generation();
	return call->no_rule ? NULL : &call->prf;
}

/* The column under casts of the server's own; NULL when it is anything else. */
static Var *
column_under(Node *node)
{
	while (node)
	{
		if (IsA(node, Var))
			return (Var *) node;
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid < FirstNormalObjectId && list_length(((FuncExpr *) node)->args) == 1 &&
				 ((FuncExpr *) node)->funcformat != COERCE_EXPLICIT_CALL)
			node = linitial(((FuncExpr *) node)->args);
		else
			return NULL;
	}
	return NULL;
}

PG_FUNCTION_INFO_V1(sustainml_mask_support);
Datum
sustainml_mask_support(PG_FUNCTION_ARGS)
{
	Node                   *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestSimplify *request;
	RangeTblEntry          *entry;
	FuncExpr               *marked;
	Var                    *column;

	if (!IsA(raw, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestSimplify *) raw;
	if (request->root == NULL || list_length(request->fcall->args) < 2)
		PG_RETURN_POINTER(NULL);
	column = column_under(linitial(request->fcall->args));
	if (column == NULL || column->varlevelsup != 0 || column->varno < 1 || column->varno > list_length(request->root->parse->rtable))
		PG_RETURN_POINTER(NULL);
	entry = rt_fetch(column->varno, request->root->parse->rtable);
	if (entry->rtekind != RTE_RELATION || !ml_is_policy_role(ml_checked_as(request->root->parse, entry)))
		PG_RETURN_POINTER(NULL);
	marked = copyObject(request->fcall);
	marked->funcformat = COERCE_SQL_SYNTAX;
	PG_RETURN_POINTER(marked);
}

PG_FUNCTION_INFO_V1(sustainml_may_unmask);
Datum
sustainml_may_unmask(PG_FUNCTION_ARGS)
{
	MlRuleKey rule;
	bool      sealed = PG_GETARG_BOOL(1);
	bool      is_member;
	int       rights;
	Oid       role;

	if (!ml_rule_key(PG_GETARG_INT32(0), &rule))
		PG_RETURN_BOOL(false);
	role = rule.unmask_role[0] ? get_role_oid(rule.unmask_role, true) : InvalidOid;
	is_member = OidIsValid(role) && has_privs_of_role(GetUserId(), role);
	rights = rule.key[0] ? ml_key_rights(rule.key) : 0;
	/* a sealed value opens for the right open alone, and for members of the role where one is named */
	if (sealed)
		PG_RETURN_BOOL((rights & ML_KEY_OPEN) != 0 && (rule.unmask_role[0] == '\0' || is_member));
	PG_RETURN_BOOL(is_member || (rights & ML_KEY_UNMASK) != 0);
}

/* ---- text -------------------------------------------------------------------------------------------- */

static SmlSlice
slice_of(text *value)
{
	return (SmlSlice){(uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/* Text in UTF-8, or in an encoding of single bytes: what the core reads. */
typedef struct Converted
{
	SmlSlice slice;
	bool     utf8;
	bool     changed;
} Converted;

/* The way of encodings with several bytes a character that are not UTF-8. */
static pg_noinline void
convert(Converted *made)
{
	char *bytes = pg_server_to_any((const char *) made->slice.bytes, (int) made->slice.size, PG_UTF8);

	if (bytes != (const char *) made->slice.bytes)
		made->slice = (SmlSlice){(uint8 *) bytes, strlen(bytes)};
	made->utf8 = true;
	made->changed = true;
}

static inline Converted
converted(text *value)
{
	Converted made = {slice_of(value), GetDatabaseEncoding() == PG_UTF8, false};

	if (!made.utf8 && pg_database_encoding_max_length() > 1)
		convert(&made);
	return made;
}

static text *
new_text(size_t room)
{
	text *made;

	if (room > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a masked text cannot exceed 1 GB")));
	made = palloc(VARHDRSZ + room);
	return made;
}

static Datum
finish_text(text *made, size_t size, const Converted *from)
{
	SET_VARSIZE(made, VARHDRSZ + size);
	if (from && from->changed)
	{
		char *bytes = pg_any_to_server(pnstrdup(VARDATA(made), size), (int) size, PG_UTF8);

		return PointerGetDatum(cstring_to_text(bytes));
	}
	return PointerGetDatum(made);
}

static size_t
count_argument(int32 count)
{
	return count < 0 ? 0 : (size_t) count;
}

PG_FUNCTION_INFO_V1(sustainml_mask_partial);
Datum
sustainml_mask_partial(PG_FUNCTION_ARGS)
{
	Converted value = converted(PG_GETARG_TEXT_PP(0));
	Converted fill = converted(PG_GETARG_TEXT_PP(2));
	text     *made = new_text(value.slice.size + fill.slice.size);

	PG_RETURN_DATUM(finish_text(made, sml_mask_partial(value.slice, value.utf8, count_argument(PG_GETARG_INT32(1)), fill.slice,
													   count_argument(PG_GETARG_INT32(3)), (uint8 *) VARDATA(made)), &value));
}

PG_FUNCTION_INFO_V1(sustainml_mask_partial_email);
Datum
sustainml_mask_partial_email(PG_FUNCTION_ARGS)
{
	Converted value = converted(PG_GETARG_TEXT_PP(0));
	text     *made = new_text(value.slice.size + SML_EMAIL_EXTRA);

	PG_RETURN_DATUM(finish_text(made, sml_mask_email(value.slice, value.utf8, (uint8 *) VARDATA(made)), &value));
}

/* The number of a word in the second or third argument, read once. */
static int
kind_argument(MaskCall *call, text *word, bool (*find)(const char *, void *), const char *what)
{
	int kind;

	if (call->kind)
		return call->kind;
	if (!find(text_to_cstring(word), &kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown %s of a mask", what)));
	return call->kind = kind;
}

static bool
find_redact(const char *name, void *kind)
{
	SmlRedact found;

	if (!sml_redact_kind(name, &found))
		return false;
	*(int *) kind = (int) found;
	return true;
}

static bool
find_fake(const char *name, void *kind)
{
	SmlFake found;

	if (!sml_fake_kind(name, &found))
		return false;
	*(int *) kind = (int) found;
	return true;
}

static bool
find_unit(const char *name, void *kind)
{
	SmlDateUnit found;

	if (!sml_date_unit(name, &found))
		return false;
	*(int *) kind = (int) found;
	return true;
}

PG_FUNCTION_INFO_V1(sustainml_mask_redact);
Datum
sustainml_mask_redact(PG_FUNCTION_ARGS)
{
	int       kind = kind_argument(call_of(fcinfo), PG_GETARG_TEXT_PP(1), find_redact, "kind");
	Converted value = converted(PG_GETARG_TEXT_PP(0));
	text     *made = new_text(value.slice.size);

	PG_RETURN_DATUM(finish_text(made, sml_mask_redact(value.slice, (SmlRedact) kind, (uint8 *) VARDATA(made)), &value));
}

/* ---- pseudonyms ------------------------------------------------------------------------------------------ */

static int64
integer_of(Datum value, Oid type)
{
	return type == INT2OID ? DatumGetInt16(value) : type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

static Datum
integer_datum(int64 value, Oid type)
{
	return type == INT2OID ? Int16GetDatum((int16) value) : type == INT4OID ? Int32GetDatum((int32) value) : Int64GetDatum(value);
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* The keyed value of a text, integer or uuid; equal values of int2, int4 and int8 are equal. */
static SmlPrfValue
keyed_value(const SmlPrf *prf, Datum value, Oid type)
{
	if (is_integer(type))
	{
		uint64 bits = (uint64) integer_of(value, type);
		uint8  bytes[8];

		for (int i = 0; i < 8; i++)
			bytes[i] = (uint8) (bits >> (8 * i));
		return sml_prf(prf, 'i', (SmlSlice){bytes, 8});
	}
	if (type == UUIDOID)
		return sml_prf(prf, 'u', (SmlSlice){DatumGetUUIDP(value)->data, UUID_LEN});
	if (type != TEXTOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("values of type %s have no pseudonyms", format_type_be(type))));
	return sml_prf(prf, 't', converted(DatumGetTextPP(value)).slice);
}

PG_FUNCTION_INFO_V1(sustainml_mask_hash);
Datum
sustainml_mask_hash(PG_FUNCTION_ARGS)
{
	MaskCall     *call = call_of(fcinfo);
	const SmlPrf *prf = prf_of(fcinfo, call, PG_GETARG_INT32(1));
	text         *made;

	if (prf == NULL)
		PG_RETURN_NULL();
	made = new_text(32);
	sml_mask_hex(keyed_value(prf, PG_GETARG_DATUM(0), call->type), VARDATA(made));
	PG_RETURN_DATUM(finish_text(made, 32, NULL));
}

/* A block is made at the second value in it or beside it: in random order nothing is made that nobody asks for. */
static int64
integer_pseudonym(MaskCall *call, const SmlPrf *prf, int64 value)
{
	int64 block = value / SML_PRF_BLOCK;
	int64 way = block - call->near_block;

	if (call->type == INT2OID || value < 0 || value > PG_INT32_MAX)
		return sml_prf_permute(prf, value, call->type == INT2OID);
	if (block != call->block)
	{
		call->near_block = block;
		if (way < -1 || way > 1)
			return sml_prf_permute(prf, value, false);
		sml_prf_permute_block(prf, (uint32) (block * SML_PRF_BLOCK), call->images);
		call->block = block;
	}
	return call->images[value % SML_PRF_BLOCK];
}

PG_FUNCTION_INFO_V1(sustainml_mask_pseudonym);
Datum
sustainml_mask_pseudonym(PG_FUNCTION_ARGS)
{
	MaskCall     *call = call_of(fcinfo);
	const SmlPrf *prf = prf_of(fcinfo, call, PG_GETARG_INT32(1));
	Datum         value = PG_GETARG_DATUM(0);
	SmlPrfValue   keyed;
	text         *made;

	if (prf == NULL)
		PG_RETURN_NULL();
	if (is_integer(call->type))
		PG_RETURN_DATUM(integer_datum(integer_pseudonym(call, prf, integer_of(value, call->type)), call->type));
	keyed = keyed_value(prf, value, call->type);
	if (call->type == UUIDOID)
	{
		pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));

		memcpy(uuid->data, &keyed.low, 8);
		memcpy(uuid->data + 8, &keyed.high, 8);
		uuid->data[6] = (uuid->data[6] & 0x0F) | 0x40;
		uuid->data[8] = (uuid->data[8] & 0x3F) | 0x80;
		PG_RETURN_UUID_P(uuid);
	}
	made = new_text(SML_PSEUDONYM_SIZE);
	sml_mask_pseudonym(keyed, VARDATA(made));
	PG_RETURN_DATUM(finish_text(made, SML_PSEUDONYM_SIZE, NULL));
}

PG_FUNCTION_INFO_V1(sustainml_mask_fake);
Datum
sustainml_mask_fake(PG_FUNCTION_ARGS)
{
	MaskCall     *call = call_of(fcinfo);
	const SmlPrf *prf = prf_of(fcinfo, call, PG_GETARG_INT32(1));
	int           kind = kind_argument(call, PG_GETARG_TEXT_PP(2), find_fake, "kind");
	text         *made;

	if (prf == NULL)
		PG_RETURN_NULL();
	made = new_text(SML_FAKE_ROOM);
	PG_RETURN_DATUM(finish_text(made, sml_mask_fake(keyed_value(prf, PG_GETARG_DATUM(0), call->type), (SmlFake) kind, VARDATA(made)), NULL));
}

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static double
number_of(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return (double) DatumGetInt64(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case NUMERICOID:
			return ml_decimal_double(value);
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a mask for numbers does not fit type %s", format_type_be(type))));
	}
}

/* A number as a value of a type, at the nearest end of its range where it does not fit. */
static Datum
number_datum(double number, Oid type)
{
	char text[64];

	switch (type)
	{
		case INT2OID:
			return Int16GetDatum((int16) rint(Min(Max(number, PG_INT16_MIN), PG_INT16_MAX)));
		case INT4OID:
			return Int32GetDatum((int32) rint(Min(Max(number, PG_INT32_MIN), PG_INT32_MAX)));
		case INT8OID:
			if (number >= 9223372036854775807.0)
				return Int64GetDatum(PG_INT64_MAX);
			return Int64GetDatum(number <= -9223372036854775808.0 ? PG_INT64_MIN : (int64) rint(number));
		case FLOAT4OID:
			return Float4GetDatum(isfinite(number) ? (float4) Min(Max(number, -FLT_MAX), FLT_MAX) : (float4) number);
		case FLOAT8OID:
			return Float8GetDatum(number);
		default:
			/* whole numbers need no text in between */
			if (fabs(number) < 1e13 && number == rint(number))
				return ml_decimal_whole((int64) number);
			snprintf(text, sizeof(text), "%.15g", number);
			return DirectFunctionCall3(numeric_in, CStringGetDatum(isnan(number) ? "NaN" : isinf(number) ? (number > 0 ? "Infinity" : "-Infinity") : text),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	}
}

PG_FUNCTION_INFO_V1(sustainml_mask_bucket);
Datum
sustainml_mask_bucket(PG_FUNCTION_ARGS)
{
	MaskCall *call = call_of(fcinfo);
	text     *made = new_text(SML_BUCKET_ROOM);

	PG_RETURN_DATUM(finish_text(made, sml_mask_bucket(number_of(PG_GETARG_DATUM(0), call->type), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2),
													  VARDATA(made)), NULL));
}

PG_FUNCTION_INFO_V1(sustainml_mask_round);
Datum
sustainml_mask_round(PG_FUNCTION_ARGS)
{
	MaskCall *call = call_of(fcinfo);

	PG_RETURN_DATUM(number_datum(sml_mask_round(number_of(PG_GETARG_DATUM(0), call->type), PG_GETARG_FLOAT8(1)), call->type));
}

/* Values within the limits stay as they are, to the last digit. */
PG_FUNCTION_INFO_V1(sustainml_mask_clamp);
Datum
sustainml_mask_clamp(PG_FUNCTION_ARGS)
{
	MaskCall *call = call_of(fcinfo);
	double    number = number_of(PG_GETARG_DATUM(0), call->type);

	if (number < PG_GETARG_FLOAT8(1))
		PG_RETURN_DATUM(number_datum(PG_GETARG_FLOAT8(1), call->type));
	if (number > PG_GETARG_FLOAT8(2))
		PG_RETURN_DATUM(number_datum(PG_GETARG_FLOAT8(2), call->type));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_mask_noise);
Datum
sustainml_mask_noise(PG_FUNCTION_ARGS)
{
	MaskCall     *call = call_of(fcinfo);
	const SmlPrf *prf = prf_of(fcinfo, call, PG_GETARG_INT32(1));

	if (prf == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(number_datum(sml_mask_noise(prf, number_of(PG_GETARG_DATUM(0), call->type), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3)), call->type));
}

/* ---- dates ---------------------------------------------------------------------------------------------------- */

/* The day of a date or timestamp (UTC for one with time zone); false for infinities, which stay. */
static bool
day_of(Datum value, Oid type, int64 *day)
{
	int64 stamp;

	if (type == DATEOID)
	{
		DateADT date = DatumGetDateADT(value);

		*day = date;
		return !DATE_NOT_FINITE(date);
	}
	if (type != TIMESTAMPOID && type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a mask for dates does not fit type %s", format_type_be(type))));
	stamp = DatumGetTimestamp(value);
	*day = stamp / USECS_PER_DAY - (stamp % USECS_PER_DAY < 0);
	return !TIMESTAMP_NOT_FINITE(stamp);
}

/* A day as a value of the type, at the nearest end of its range where it does not fit. */
static Datum
day_datum(int64 day, Oid type, int64 time_of_day)
{
	const int64 first = DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE;
	const int64 last = (type == DATEOID ? DATE_END_JULIAN : TIMESTAMP_END_JULIAN) - POSTGRES_EPOCH_JDATE - 1;

	day = Min(Max(day, first), last);
	return type == DATEOID ? DateADTGetDatum((DateADT) day) : TimestampGetDatum(day * USECS_PER_DAY + time_of_day);
}

PG_FUNCTION_INFO_V1(sustainml_mask_bucket_date);
Datum
sustainml_mask_bucket_date(PG_FUNCTION_ARGS)
{
	MaskCall *call = call_of(fcinfo);
	int       unit = kind_argument(call, PG_GETARG_TEXT_PP(1), find_unit, "unit");
	int64     day;

	if (!day_of(PG_GETARG_DATUM(0), call->type, &day))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	PG_RETURN_DATUM(day_datum(sml_mask_date(day, (SmlDateUnit) unit), call->type, 0));
}

PG_FUNCTION_INFO_V1(sustainml_mask_shift_date);
Datum
sustainml_mask_shift_date(PG_FUNCTION_ARGS)
{
	MaskCall     *call = call_of(fcinfo);
	const SmlPrf *prf = prf_of(fcinfo, call, PG_GETARG_INT32(1));
	Datum         value = PG_GETARG_DATUM(0);
	int64         day;

	if (prf == NULL)
		PG_RETURN_NULL();
	if (!day_of(value, call->type, &day))
		PG_RETURN_DATUM(value);
	PG_RETURN_DATUM(day_datum(sml_mask_date_shift(prf, day, Max(PG_GETARG_INT32(2), 1)), call->type,
							  call->type == DATEOID ? 0 : DatumGetTimestamp(value) - day * USECS_PER_DAY));
}
