/*
 * test_energy_counter.c - which zones count, and what two readings of a counter say.
 *
 * The readings are those of test/reference/data/energy_powercap.csv, made up so that the
 * joules are watts times seconds; the machines are described in test/reference/energy.md.
 */
#include "harness.h"

#include "../../src/core/energy/counter.h"

static uint64_t
parsed(const char *text)
{
	uint64_t value = 42;

	assert_true(sml_counter_parse(text, strlen(text), &value));
	return value;
}

static void
refused(const char *text)
{
	uint64_t value = 42;

	assert_false(sml_counter_parse(text, strlen(text), &value));
	assert_true(value == 42);
}

static void
test_numbers(void **unused)
{
	uint64_t value = 42;

	(void) unused;
	assert_true(parsed("0\n") == 0);
	assert_true(parsed("240422366267\n") == 240422366267u);
	assert_true(parsed("7") == 7);
	assert_true(parsed("18446744073709551615\n") == UINT64_MAX);
	refused("18446744073709551616\n");
	refused("");
	refused("\n");
	refused("-1\n");
	refused("+1\n");
	refused(" 1\n");
	refused("1 \n");
	refused("1\n\n");
	refused("1e9\n");
	refused("0x10\n");
	refused("no such counter\n");
	assert_false(sml_counter_parse("1\0002\n", 4, &value));
}

static void
test_entries(void **unused)
{
	(void) unused;
	assert_int_equal(sml_driver_parse("intel-rapl"), 0);
	assert_int_equal(sml_driver_parse("intel-rapl-mmio"), 1);
	assert_int_equal(sml_driver_parse("intel-rapl:0"), -1);
	assert_int_equal(sml_driver_parse("intel-rapl-mmio:0"), -1);
	assert_int_equal(sml_driver_parse("dtpm"), -1);
	assert_true(sml_zone_entry("intel-rapl:0", "intel-rapl"));
	assert_true(sml_zone_entry("intel-rapl:a", "intel-rapl"));
	assert_true(sml_zone_entry("intel-rapl:1f:0", "intel-rapl:1f"));
	assert_true(sml_zone_entry("intel-rapl-mmio:0", "intel-rapl-mmio"));
	assert_false(sml_zone_entry("intel-rapl-mmio:0", "intel-rapl"));
	assert_false(sml_zone_entry("intel-rapl:0:0", "intel-rapl"));
	assert_false(sml_zone_entry("intel-rapl:", "intel-rapl"));
	assert_false(sml_zone_entry("intel-rapl:G", "intel-rapl"));
	assert_false(sml_zone_entry("intel-rapl:123456789", "intel-rapl"));
	assert_false(sml_zone_entry("power", "intel-rapl"));
}

static SmlZone
named(const char *text, const SmlZone *package)
{
	SmlZone zone = {.range_uj = 262143328850u, .cap_watts = 205};

	sml_zone_name(text, strlen(text), package, &zone);
	return zone;
}

static void
test_names(void **unused)
{
	SmlZone package = named("package-1-die-12\n", NULL);
	SmlZone dram = named("dram\n", &package);
	SmlZone psys = named("psys\n", NULL);

	(void) unused;
	assert_int_equal(package.kind, SML_ZONE_PACKAGE);
	assert_int_equal(package.package, 1);
	assert_int_equal(package.die, 12);
	assert_string_equal(package.label, "package-1-die-12");
	assert_int_equal(dram.kind, SML_ZONE_DRAM);
	assert_int_equal(dram.package, 1);
	assert_int_equal(dram.die, 12);
	assert_string_equal(dram.label, "package-1-die-12/dram");
	assert_int_equal(psys.kind, SML_ZONE_PSYS);
	assert_int_equal(named("package-0", NULL).die, -1);
	assert_int_equal(named("core\n", &package).kind, SML_ZONE_OTHER);
	assert_int_equal(named("uncore\n", &package).kind, SML_ZONE_OTHER);
	assert_int_equal(named("dram\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("dram\n", &psys).kind, SML_ZONE_OTHER);
	assert_int_equal(named("package-\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("package-0x\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("package-99999\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("package-0-die-\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("package-0\npackage-1\n", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("a name that is far too long to be that of any zone", NULL).kind, SML_ZONE_OTHER);
	assert_int_equal(named("", NULL).kind, SML_ZONE_OTHER);
}

/* Sum of the labels that count, in order. */
static void
expect_chosen(SmlZone *zones, size_t count, bool psys, SmlBoundary boundary, const char *labels)
{
	char text[1024] = "";

	assert_int_equal(sml_zones_choose(zones, count, psys), boundary);
	for (size_t i = 0; i < count; i++)
		if (zones[i].counts)
		{
			strcat(text, zones[i].driver ? " *" : " ");
			strcat(text, zones[i].label);
		}
	assert_string_equal(text, labels);
}

static void
test_choice(void **unused)
{
	SmlZone p0 = named("package-0", NULL);
	SmlZone p1 = named("package-1", NULL);
	SmlZone d0 = named("package-0-die-0", NULL);
	SmlZone d1 = named("package-0-die-1", NULL);
	SmlZone psys = named("psys", NULL);
	SmlZone mmio = named("package-0", NULL);
	SmlZone other = named("package-7", NULL);
	SmlZone two[] = {p0, named("dram", &p0), p1, named("dram", &p1), psys};
	SmlZone amd[] = {p0, named("core", &p0)};
	SmlZone half[] = {p0, named("dram", &p0), p1};
	SmlZone dies[] = {d0, named("dram", &d0), d1, named("dram", &d1), d0};
	SmlZone platforms[] = {p0, psys, named("psys-1", NULL)};
	SmlZone drivers[3];
	SmlZone many[11];

	(void) unused;
	expect_chosen(two, 5, false, SML_BOUNDARY_PACKAGE_DRAM, " package-0 package-0/dram package-1 package-1/dram");
	expect_chosen(two, 5, true, SML_BOUNDARY_PSYS, " psys");
	expect_chosen(amd, 2, false, SML_BOUNDARY_PACKAGE, " package-0");
	expect_chosen(amd, 2, true, SML_BOUNDARY_PACKAGE, " package-0");
	/* one package without DRAM: the sum would be neither package nor package+dram */
	expect_chosen(half, 3, false, SML_BOUNDARY_PACKAGE, " package-0 package-1");
	expect_chosen(dies, 5, false, SML_BOUNDARY_PACKAGE_DRAM,
				  " package-0-die-0 package-0-die-0/dram package-0-die-1 package-0-die-1/dram");
	expect_chosen(platforms, 3, true, SML_BOUNDARY_PACKAGE, " package-0");
	expect_chosen(&psys, 1, false, SML_BOUNDARY_NONE, "");
	expect_chosen(two, 0, true, SML_BOUNDARY_NONE, "");
	/* the same domain from two drivers, in any order; and one that only the second has */
	mmio.driver = other.driver = 1;
	drivers[0] = mmio;
	drivers[1] = p0;
	drivers[2] = other;
	expect_chosen(drivers, 3, false, SML_BOUNDARY_PACKAGE, " package-0 *package-7");
	for (int i = 0; i < 11; i++)
	{
		char name[24];

		snprintf(name, sizeof(name), "package-%d", i);
		many[i] = named(name, NULL);
	}
	assert_int_equal(sml_zones_choose(many, 11, false), SML_BOUNDARY_PACKAGE);
	for (int i = 0; i < 11; i++)
		assert_true(many[i].counts);
}

static double
joules(uint64_t range, double cap, uint64_t first, uint64_t last, double seconds)
{
	SmlZone    zone = {.range_uj = range, .cap_watts = cap};
	double     value = NAN;
	SmlReading reading = sml_counter_joules(&zone, first, last, seconds, &value);

	assert_true(isnan(value) == (reading == SML_READING_LOST));
	assert_true((value == 0) == (reading == SML_READING_STILL));
	return reading == SML_READING_FAST ? NAN : value;
}

#define PACKAGE_RANGE 262143328850u
#define DRAM_RANGE    65712999613u

/* The recorded tree: watts times seconds, over wraps too. */
static void
test_recorded(void **unused)
{
	(void) unused;
	assert_close(joules(PACKAGE_RANGE, 205, 240422366267u, 251342366267u, 60), 10920, 1e-12);
	assert_close(joules(PACKAGE_RANGE, 205, 251342366267u, 119037417u, 60), 10920, 1e-12);
	assert_close(joules(PACKAGE_RANGE, 205, 240422366267u, 119037417u, 120), 21840, 1e-12);
	assert_close(joules(PACKAGE_RANGE, 205, 262140000000u, 5756671150u, 60), 5760, 1e-12);
	assert_close(joules(DRAM_RANGE, 1000, 65700000000u, 857000387u, 60), 870, 1e-12);
	assert_close(joules(DRAM_RANGE, 1000, 31203344512u, 31755344512u, 60), 552, 1e-12);
	assert_close(joules(PACKAGE_RANGE, 1000, 118821284256u, 142941284256u, 60), 24120, 1e-12);
	assert_close(joules(DRAM_RANGE, 1000, 65700000000u, 1500387u, 1), 14.5, 1e-12);
}

static void
test_lost(void **unused)
{
	(void) unused;
	/* 120 s at up to 1000 W may hold more than one wrap of 65,713 J; 65.7 s may not */
	assert_true(isnan(joules(DRAM_RANGE, 1000, 65700000000u, 1727000387u, 120)));
	assert_true(isnan(joules(DRAM_RANGE, 1000, 1, 1000000, 65.72)));
	assert_false(isnan(joules(DRAM_RANGE, 1000, 1, 1000000, 65.71)));
	/* 205 W for 1 s is 205 J, and a fifth more is granted */
	assert_close(joules(PACKAGE_RANGE, 205, 0, 245000000, 1), 245, 1e-12);
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 0, 250000000, 1)));
	/* a reset counter looks like a wrap */
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 100000000000u, 0, 1)));
	/* beyond the range, no range, time that runs backwards */
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 0, PACKAGE_RANGE + 1, 60)));
	assert_true(isnan(joules(PACKAGE_RANGE, 205, PACKAGE_RANGE + 1, 10, 60)));
	assert_true(isnan(joules(0, 205, 0, 0, 1)));
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 0, 10, -1)));
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 0, 10, NAN)));
	/* standing still is told apart */
	assert_true(joules(PACKAGE_RANGE, 205, 7, 7, 0.5) == 0);
	assert_true(isnan(joules(PACKAGE_RANGE, 205, 7, 7, 1279)));
	/* a whole refresh may fall into a shorter interval */
	assert_close(joules(PACKAGE_RANGE, 205, 0, 205000, 0.0001), 0.205, 1e-12);
}

static SmlReading
judged(uint64_t first, uint64_t last, double seconds)
{
	SmlZone zone = {.range_uj = PACKAGE_RANGE, .cap_watts = 205};
	double  joules_unused;

	return sml_counter_joules(&zone, first, last, seconds, &joules_unused);
}

static void
test_judgement(void **unused)
{
	(void) unused;
	assert_int_equal(judged(0, 245000000, 1), SML_READING_GOOD);
	assert_int_equal(judged(0, 250000000, 1), SML_READING_FAST);
	assert_int_equal(judged(7, 7, 1), SML_READING_STILL);
	/* 262,143 J at 205 W are 1,278.7 s */
	assert_int_equal(judged(0, 245000000, 1278), SML_READING_GOOD);
	assert_int_equal(judged(0, 245000000, 1279), SML_READING_LOST);
	assert_int_equal(judged(0, PACKAGE_RANGE + 1, 1), SML_READING_LOST);
}

static void
test_interval(void **unused)
{
	SmlZone package = {.range_uj = PACKAGE_RANGE, .cap_watts = 205};
	SmlZone dram = {.range_uj = DRAM_RANGE, .cap_watts = 1000};

	(void) unused;
	assert_close(sml_zone_interval(&package), 60, 1e-15);
	assert_close(sml_zone_interval(&dram), 32.8564998065, 1e-12);
}

static void
test_idle_list(void **unused)
{
	const char *list = " package-0=60, package-1 = 58.5 ,package-0/dram=5,psys=0";

	(void) unused;
	assert_true(sml_idle_is_sound(list));
	assert_true(sml_idle_is_sound(""));
	assert_true(sml_idle_is_sound("package-0-die-1=12"));
	assert_true(sml_idle_watts(list, "package-0") == 60);
	assert_true(sml_idle_watts(list, "package-1") == 58.5);
	assert_true(sml_idle_watts(list, "package-0/dram") == 5);
	assert_true(sml_idle_watts(list, "psys") == 0);
	assert_true(isnan(sml_idle_watts(list, "package-1/dram")));
	assert_true(isnan(sml_idle_watts(list, "package")));
	assert_true(isnan(sml_idle_watts("", "package-0")));
	assert_false(sml_idle_is_sound("package-0"));
	assert_false(sml_idle_is_sound("package-0="));
	assert_false(sml_idle_is_sound("package-0=-1"));
	assert_false(sml_idle_is_sound("package-0=nan"));
	assert_false(sml_idle_is_sound("package-0=1e3"));
	assert_false(sml_idle_is_sound("package-0=10001"));
	assert_false(sml_idle_is_sound("package-0=1.2.3"));
	assert_false(sml_idle_is_sound("package-0=1,"));
	assert_false(sml_idle_is_sound("package-0=1 package-1=2"));
	assert_false(sml_idle_is_sound("package-0=1,package-0=2"));
	assert_false(sml_idle_is_sound("core=1"));
	assert_false(sml_idle_is_sound("package-0/core=1"));
	assert_false(sml_idle_is_sound("=1"));
	assert_false(sml_idle_is_sound("package-0=1,,psys=2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_entries),   cmocka_unit_test(test_names),
		cmocka_unit_test(test_choice),  cmocka_unit_test(test_recorded),  cmocka_unit_test(test_lost),
		cmocka_unit_test(test_judgement), cmocka_unit_test(test_interval), cmocka_unit_test(test_idle_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
