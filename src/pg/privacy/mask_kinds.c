/*
 * mask_kinds.c - the closed list of masks, their typed arguments, and whether they fit a column; see mask.h.
 */
#include "../compat.h"

#include <math.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "../../core/privacy/mask.h"
#include "../json.h"
#include "../metric/result.h"
#include "../nearest.h"
#include "mask.h"
#include "sealed.h"

#define ARG(name) (1u << ML_ARG_##name)

static const MlMask masks[ML_MASKS] = {
	[ML_MASK_KEEP] = {"keep", ML_ON_PLAIN | ML_ON_SEALED, 0, 0, false, false, true, "The column as it is"},
	[ML_MASK_NULL] = {"null", ML_ON_PLAIN | ML_ON_SEALED, 0, 0, false, false, false, "NULL"},
	[ML_MASK_CONSTANT] = {"constant", ML_ON_PLAIN | ML_ON_SEALED, ARG(VALUE), 0, false, false, false, "One value for all rows, NULLs included"},
	[ML_MASK_PARTIAL] = {"partial", ML_ON_TEXT, 0, ARG(PREFIX) | ARG(SUFFIX) | ARG(FILL), false, false, false,
						 "The first prefix and last suffix characters with fill (***) between; fill alone when that would be all of it"},
	[ML_MASK_PARTIAL_EMAIL] = {"partial_email", ML_ON_TEXT, 0, 0, false, false, false, "j***@m***.org for jane@mail.example.org"},
	[ML_MASK_REDACT] = {"redact", ML_ON_TEXT, 0, ARG(KIND), false, false, false,
						"Takes digits, numbers (of seven digits and more), emails or all (the last two; the default) out of a text"},
	[ML_MASK_HASH] = {"hash", ML_ON_TEXT | ML_ON_INTEGER | ML_ON_UUID, 0, ARG(DOMAIN), true, false, true, "32 hexadecimal digits, keyed, equal for equal values of a domain"},
	[ML_MASK_PSEUDONYM] = {"pseudonym", ML_ON_TEXT | ML_ON_INTEGER | ML_ON_UUID, 0, ARG(DOMAIN), true, false, true,
						   "Another value of the same type, keyed, equal for equal values of a domain; integers are permuted, so none collide"},
	[ML_MASK_FAKE] = {"fake", ML_ON_TEXT, ARG(KIND), ARG(DOMAIN), true, false, false,
					  "An invented first_name, last_name, full_name, email, phone or city, keyed, equal for equal values"},
	[ML_MASK_BUCKET] = {"bucket", ML_ON_NUMBER, ARG(WIDTH), ARG(ORIGIN), false, false, false, "The range a number lies in, as text: [20,30)"},
	[ML_MASK_BUCKET_DATE] = {"bucket_date", ML_ON_DATE, ARG(UNIT), 0, false, false, false,
							 "The first day of the month, quarter, year or decade, or the day of a timestamp (UTC)"},
	[ML_MASK_ROUND] = {"round", ML_ON_NUMBER, ARG(STEP), 0, false, false, false, "The nearest multiple of step"},
	[ML_MASK_CLAMP] = {"clamp", ML_ON_NUMBER, 0, ARG(LOWER) | ARG(UPPER), false, false, false, "Numbers outside lower and upper become the limit (top and bottom coding)"},
	[ML_MASK_NOISE] = {"noise", ML_ON_NUMBER, 0, ARG(RATIO) | ARG(AMOUNT) | ARG(DOMAIN), true, false, false,
					   "The number moved by up to ratio of itself and up to amount, keyed, the same for equal values: asking again tells nothing"},
	[ML_MASK_SHIFT_DATE] = {"shift_date", ML_ON_DATE, ARG(DAYS), ARG(DOMAIN), true, false, false, "The date moved by 1 to days days, keyed, the same for equal days"},
	[ML_MASK_SHUFFLE] = {"shuffle", ML_ON_PLAIN, 0, 0, false, true, true, "The values of the column dealt to other rows; for sustainml.mask_in_place only"},
};

static const struct
{
	const char *name;
	bool        is_text;
} arguments[ML_MASK_ARGS] = {
	[ML_ARG_PREFIX] = {"prefix", false}, [ML_ARG_SUFFIX] = {"suffix", false}, [ML_ARG_FILL] = {"fill", true}, [ML_ARG_VALUE] = {"value", true},
	[ML_ARG_WIDTH] = {"width", false}, [ML_ARG_ORIGIN] = {"origin", false}, [ML_ARG_UNIT] = {"unit", true}, [ML_ARG_STEP] = {"step", false},
	[ML_ARG_LOWER] = {"lower", false}, [ML_ARG_UPPER] = {"upper", false}, [ML_ARG_RATIO] = {"ratio", false}, [ML_ARG_AMOUNT] = {"amount", false},
	[ML_ARG_DAYS] = {"days", false}, [ML_ARG_DOMAIN] = {"domain", true}, [ML_ARG_KIND] = {"kind", true},
};

const MlMask *
ml_mask(MlMaskKind kind)
{
	return &masks[kind];
}

bool
ml_mask_arg_is_text(MlMaskArg arg)
{
	return arguments[arg].is_text;
}

MlMaskKind
ml_mask_find(const char *name)
{
	const char *names[ML_MASKS];
	const char *nearest;

	for (int i = 0; i < ML_MASKS; i++)
	{
		names[i] = masks[i].name;
		if (strcmp(name, names[i]) == 0)
			return (MlMaskKind) i;
	}
	nearest = ml_nearest_name(name, names, ML_MASKS);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown mask \"%s\"", name),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : errhint("sustainml.masks() lists them.")));
}

/* ---- types ---------------------------------------------------------------------------------------- */

int
ml_mask_family(Oid type)
{
	Oid base = getBaseType(type);

	switch (base)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return ML_ON_TEXT;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return ML_ON_INTEGER;
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return ML_ON_FLOAT;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return ML_ON_DATE;
		case UUIDOID:
			return ML_ON_UUID;
		default:
			return base == ml_sealed_type() ? ML_ON_SEALED : ML_ON_OTHER;
	}
}

const char *
ml_mask_families(int families)
{
	static const struct { int bit; const char *words; } words[] = {
		{ML_ON_TEXT, "text"}, {ML_ON_INTEGER, "integers"}, {ML_ON_FLOAT, "real, double precision, numeric"},
		{ML_ON_DATE, "date, timestamp, timestamptz"}, {ML_ON_UUID, "uuid"},
	};
	StringInfoData list;

	if (families & ML_ON_OTHER)
		return families & ML_ON_SEALED ? "any" : "any but sealed";
	initStringInfo(&list);
	for (size_t i = 0; i < lengthof(words); i++)
		if (families & words[i].bit)
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", words[i].words);
	return list.data;
}

/* ---- checking the arguments --------------------------------------------------------------------------- */

pg_noreturn static void
bad_argument(const MlMask *mask, const char *argument, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument %s of mask \"%s\" %s", argument, mask->name, why)));
}

static char *
argument_names(uint32 bits)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < ML_MASK_ARGS; i++)
		if (bits & (1u << i))
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", arguments[i].name);
	return list.data;
}

static void
check_which(const MlMask *mask, const MlMaskArgs *args)
{
	for (int i = 0; i < ML_MASK_ARGS; i++)
	{
		if (args->given[i] && !((mask->needs | mask->takes) & (1u << i)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("mask \"%s\" has no argument %s", mask->name, arguments[i].name),
					 mask->needs | mask->takes ? errhint("It takes %s.", argument_names(mask->needs | mask->takes)) : errhint("It takes none.")));
		if (!args->given[i] && (mask->needs & (1u << i)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("mask \"%s\" needs the argument %s", mask->name, arguments[i].name)));
	}
}

static void
check_range(const MlMask *mask, const MlMaskArgs *args, MlMaskArg arg, double least, bool least_allowed, double most)
{
	double number = args->number[arg];

	if (!args->given[arg])
		return;
	if (!isfinite(number))
		bad_argument(mask, arguments[arg].name, "must be a finite number");
	if (number < least || (number == least && !least_allowed))
		bad_argument(mask, arguments[arg].name, psprintf("must be %s %g", least_allowed ? "at least" : "greater than", least));
	if (number > most)
		bad_argument(mask, arguments[arg].name, psprintf("must be at most %g", most));
}

static void
check_words(const MlMask *mask, MlMaskKind kind, const MlMaskArgs *args)
{
	SmlRedact   redact;
	SmlFake     fake;
	SmlDateUnit unit;

	if (kind == ML_MASK_REDACT && args->given[ML_ARG_KIND] && !sml_redact_kind(args->text[ML_ARG_KIND], &redact))
		bad_argument(mask, "kind", "must be digits, numbers, emails or all");
	if (kind == ML_MASK_FAKE && !sml_fake_kind(args->text[ML_ARG_KIND], &fake))
		bad_argument(mask, "kind", "must be first_name, last_name, full_name, email, phone or city");
	if (kind == ML_MASK_BUCKET_DATE && !sml_date_unit(args->text[ML_ARG_UNIT], &unit))
		bad_argument(mask, "unit", "must be day, month, quarter, year or decade");
	if (args->given[ML_ARG_DOMAIN] && (args->text[ML_ARG_DOMAIN][0] == '\0' || strlen(args->text[ML_ARG_DOMAIN]) > 200))
		bad_argument(mask, "domain", "must have 1 to 200 bytes");
	if (args->given[ML_ARG_FILL] && strlen(args->text[ML_ARG_FILL]) > 200)
		bad_argument(mask, "fill", "must have at most 200 bytes");
}

/* The constant must be a value of the column's type; types that people made could run their code. */
static void
check_constant(const MlMask *mask, const MlMaskArgs *args, Oid type, int32 typmod)
{
	Oid base = getBaseType(type);
	Oid input;
	Oid parameter;

	if (ml_mask_family(type) == ML_ON_SEALED)
		return;
	if (base >= FirstNormalObjectId || get_typtype(base) != TYPTYPE_BASE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("mask \"%s\" does not fit type %s", mask->name, format_type_be(type)),
				 errhint("Use the mask null.")));
	getTypeInputInfo(base, &input, &parameter);
	(void) OidInputFunctionCall(input, args->text[ML_ARG_VALUE], parameter, base == type ? typmod : -1);
}

void
ml_mask_check(MlMaskKind kind, const MlMaskArgs *args, Oid type, int32 typmod, const char *column)
{
	const MlMask *mask = &masks[kind];

	if (!(ml_mask_family(type) & mask->types))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("mask \"%s\" does not fit column \"%s\" of type %s", mask->name, column, format_type_be(type)),
				 errdetail("It fits these types: %s.", ml_mask_families(mask->types)),
				 ml_mask_family(type) == ML_ON_SEALED ? errhint("A sealed column can be kept sealed (keep), or shown as null or constant, with unmask for those who may open it.") :
				 errhint("sustainml.masks() lists masks and types.")));
	check_which(mask, args);
	check_range(mask, args, ML_ARG_PREFIX, 0, true, 1000);
	check_range(mask, args, ML_ARG_SUFFIX, 0, true, 1000);
	check_range(mask, args, ML_ARG_WIDTH, 0, false, 1e300);
	check_range(mask, args, ML_ARG_ORIGIN, -1e300, true, 1e300);
	check_range(mask, args, ML_ARG_STEP, 0, false, 1e300);
	check_range(mask, args, ML_ARG_LOWER, -1e308, true, 1e308);
	check_range(mask, args, ML_ARG_UPPER, -1e308, true, 1e308);
	check_range(mask, args, ML_ARG_RATIO, 0, true, 1);
	check_range(mask, args, ML_ARG_AMOUNT, 0, true, 1e300);
	check_range(mask, args, ML_ARG_DAYS, 1, true, 100000);
	check_words(mask, kind, args);
	if (kind == ML_MASK_CONSTANT)
		check_constant(mask, args, type, typmod);
	if (kind == ML_MASK_CLAMP && !args->given[ML_ARG_LOWER] && !args->given[ML_ARG_UPPER])
		bad_argument(mask, "lower or upper", "must be given");
	if (kind == ML_MASK_CLAMP && args->given[ML_ARG_LOWER] && args->given[ML_ARG_UPPER] && args->number[ML_ARG_LOWER] > args->number[ML_ARG_UPPER])
		bad_argument(mask, "lower", "must not exceed upper");
	if (kind == ML_MASK_NOISE && !(args->number[ML_ARG_RATIO] > 0) && !(args->number[ML_ARG_AMOUNT] > 0))
		bad_argument(mask, "ratio or amount", "must be greater than 0");
}

/* ---- arguments as jsonb --------------------------------------------------------------------------------- */

Jsonb *
ml_mask_args_json(const MlMaskArgs *args)
{
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	for (int i = 0; i < ML_MASK_ARGS; i++)
		if (args->given[i])
		{
			if (arguments[i].is_text)
				ml_json_add_text(&builder, arguments[i].name, args->text[i]);
			else
				ml_json_add_number(&builder, arguments[i].name, args->number[i]);
		}
	return ml_json_end(&builder);
}

void
ml_mask_args_read(Jsonb *json, MlMaskArgs *args)
{
	int         count;
	MlJsonPair *pairs = ml_json_pairs(json, "arguments of a mask", &count);

	memset(args, 0, sizeof(*args));
	for (int p = 0; p < count; p++)
		for (int i = 0; i < ML_MASK_ARGS; i++)
			if (strcmp(pairs[p].key, arguments[i].name) == 0)
			{
				args->given[i] = true;
				if (arguments[i].is_text)
					args->text[i] = ml_json_text(&pairs[p].value);
				else
					args->given[i] = ml_json_number(&pairs[p].value, &args->number[i]);
				if (arguments[i].is_text && args->text[i] == NULL)
					args->given[i] = false;
			}
}

/* ---- masks() ------------------------------------------------------------------------------------------------ */

PG_FUNCTION_INFO_V1(sustainml_masks);
Datum
sustainml_masks(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);

	for (int i = 0; i < ML_MASKS; i++)
	{
		ml_put_text(result, masks[i].name);
		ml_put_text(result, ml_mask_families(masks[i].types));
		ml_put_text(result, argument_names(masks[i].needs));
		ml_put_text(result, argument_names(masks[i].takes));
		ml_put_bool(result, masks[i].keyed);
		ml_put_text(result, masks[i].words);
		ml_put_row(result);
	}
	return ml_result_end(result);
}
