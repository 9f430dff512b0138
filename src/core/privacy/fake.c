/*
 * fake.c - pseudonyms in letters, and invented names: see mask.h.
 *
 * The lists are short on purpose: an invented name shall look like one, and not like a person.
 */
#include "mask.h"

#include <stdio.h>
#include <string.h>

static const char *const first_names[] = {
	"Ada", "Aiko", "Alan", "Amara", "Anton", "Aria", "Bela", "Bruno", "Carla", "Chen", "Clara", "Dario", "Diego", "Edith", "Elias", "Emil",
	"Emma", "Fatima", "Felix", "Flora", "Frida", "Goran", "Grace", "Hanna", "Hugo", "Ines", "Ivan", "Jana", "Jonas", "Jules", "Karim", "Kira",
	"Lars", "Leila", "Leo", "Lina", "Luca", "Maja", "Marco", "Mei", "Milan", "Mina", "Nadia", "Nils", "Nora", "Olga", "Omar", "Oscar",
	"Paula", "Pedro", "Petra", "Ravi", "Rosa", "Samir", "Selma", "Sofia", "Sven", "Tara", "Tomas", "Uma", "Vera", "Viktor", "Yara", "Zoe",
};

static const char *const last_names[] = {
	"Abel", "Ahmadi", "Alder", "Amsel", "Arnold", "Bach", "Baker", "Berger", "Birch", "Blum", "Bauer", "Cano", "Carter", "Costa", "Dahl", "Diaz",
	"Duarte", "Eder", "Engel", "Falk", "Ferro", "Fischer", "Frost", "Garcia", "Graf", "Gruber", "Hale", "Hart", "Hofer", "Holm", "Iversen", "Jansen",
	"Keller", "Kim", "Klein", "Koch", "Kovac", "Lang", "Lindt", "Lopez", "Marsh", "Mehta", "Meyer", "Moreau", "Novak", "Okafor", "Olsen", "Park",
	"Patel", "Pires", "Quinn", "Reed", "Rossi", "Sato", "Schmid", "Silva", "Stone", "Tanaka", "Torres", "Vogel", "Wagner", "Weber", "Wolf", "Young",
};

static const char *const cities[] = {
	"Ashford", "Bellhaven", "Bridgeton", "Clearwater", "Duneport", "Eastvale", "Fairmont", "Glenbrook",
	"Harborough", "Inverdale", "Kingsmere", "Lakefield", "Millbrook", "Northgate", "Oakridge", "Pinehurst",
	"Quarry Bay", "Ravenhill", "Silverton", "Southmoor", "Stonebridge", "Thornbury", "Upper Marsh", "Valleyfield",
	"Waterford Heath", "Westmere", "Whitecliff", "Willowdale", "Winterbourne", "Woodhaven", "Yarrow", "Zephyr Point",
};

#define PICK(list, bits) ((list)[(bits) % (sizeof(list) / sizeof((list)[0]))])

void
sml_mask_hex(SmlPrfValue value, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
	{
		uint8_t byte = (uint8_t) ((i < 8 ? value.low : value.high) >> (8 * (i % 8)));

		out[2 * i] = digits[byte >> 4];
		out[2 * i + 1] = digits[byte & 15];
	}
}

void
sml_mask_pseudonym(SmlPrfValue value, char *out)
{
	/* without i, l, o and u, which look like digits or each other */
	static const char letters[] = "0123456789bcdfghjkmnpqrstvwxyzae";

	out[0] = 'p';
	out[1] = '_';
	for (int i = 0; i < 12; i++)
		out[2 + i] = letters[value.low >> (5 * i) & 31];
	for (int i = 0; i < 4; i++)
		out[14 + i] = letters[value.high >> (5 * i) & 31];
}

bool
sml_fake_kind(const char *name, SmlFake *kind)
{
	static const char *const names[] = {"first_name", "last_name", "full_name", "email", "phone", "city"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
		{
			*kind = (SmlFake) (i + 1);
			return true;
		}
	return false;
}

size_t
sml_mask_fake(SmlPrfValue value, SmlFake kind, char *out)
{
	const char *first = PICK(first_names, value.low);
	const char *last = PICK(last_names, value.low >> 16);

	switch (kind)
	{
		case SML_FAKE_FIRST_NAME:
			return (size_t) snprintf(out, SML_FAKE_ROOM, "%s", first);
		case SML_FAKE_LAST_NAME:
			return (size_t) snprintf(out, SML_FAKE_ROOM, "%s", last);
		case SML_FAKE_FULL_NAME:
			return (size_t) snprintf(out, SML_FAKE_ROOM, "%s %s", first, last);
		case SML_FAKE_EMAIL:
			/* a domain that RFC 2606 keeps free */
			return (size_t) snprintf(out, SML_FAKE_ROOM, "%s.%s.%06x@example.org", first, last, (unsigned) (value.high & 0xFFFFFF));
		case SML_FAKE_PHONE:
			/* 555-01xx is set aside for fiction; the rest of the number is long enough to differ */
			return (size_t) snprintf(out, SML_FAKE_ROOM, "+1-%03u-555-01%02u", (unsigned) (value.high % 800 + 200), (unsigned) (value.low % 100));
		case SML_FAKE_CITY:
			return (size_t) snprintf(out, SML_FAKE_ROOM, "%s", PICK(cities, value.low));
	}
	return 0;
}
