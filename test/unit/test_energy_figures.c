/*
 * test_energy_figures.c - attribution, estimates, bounds and carbon.
 *
 * Expected values are worked out by hand in test/reference/energy.md.
 */
#include "harness.h"

#include "../../src/core/energy/attribute.h"
#include "../../src/core/energy/estimate.h"

/* Two sockets for 60 s: package-0, its DRAM, package-1, its DRAM. */
static const SmlDomain sockets[4] = {
	{10920, 60, SML_ERROR_INTEL}, {870, 5, SML_ERROR_DRAM}, {5760, 58, SML_ERROR_INTEL}, {552, 5, SML_ERROR_DRAM}};

static void
test_golden_attribution(void **unused)
{
	SmlShare  share = {.seconds = 60, .cpu_seconds = 240, .busy_seconds = 600, .threads = 64, .reserved = 16};
	SmlEnergy all = sml_energy_unknown();
	SmlEnergy packages = sml_energy_unknown();
	SmlEnergy dram = sml_energy_unknown();
	SmlCarbon carbon;
	SmlDomain part[2] = {sockets[0], sockets[2]};
	SmlDomain memory[2] = {sockets[1], sockets[3]};

	(void) unused;
	sml_attribute(part, 2, &share, &packages);
	sml_attribute(memory, 2, &share, &dram);
	assert_close(packages.dynamic, 3840.0, 1e-12);
	assert_close(dram.dynamic, 328.8, 1e-12);
	sml_attribute(sockets, 4, &share, &all);
	assert_close(all.dynamic, 4168.8, 1e-12);
	assert_close(all.idle, 480.0, 1e-12);
	assert_close(all.total, 4648.8, 1e-12);
	assert_close(all.reserved, 1920.0, 1e-12);
	assert_true(fabs(all.total / 3600 - 1.29133) < 5e-6);
	sml_carbon(&all, 1.2, 370.9, 0.35, &carbon);
	assert_true(fabs(all.total / 3600 * 1.2 - 1.5496) < 1e-12);
	assert_true(fabs(carbon.grams - 0.574747) < 5e-7);
	/* counters: (4282.5 x 0.05 + 366.3 x 0.16) / 4648.8 = 0.0586674; sharing: 0.5 x 0.6 */
	assert_close(log(all.high / all.total), 0.2684869739541595, 1e-12);
	assert_close(all.high / all.total, all.total / all.low, 1e-12);
	assert_close(log(carbon.high / carbon.grams), 0.4138019477566264, 1e-12);
}

static void
test_idle_unknown(void **unused)
{
	SmlShare  share = {.seconds = 60, .cpu_seconds = 240, .busy_seconds = 600, .threads = 64};
	SmlDomain domain = {1000, NAN, 0};
	SmlDomain mixed[2] = {{1000, NAN, 0}, {1000, 10, 0}};
	SmlEnergy energy = sml_energy_unknown();
	double    sharing = 0.2623642645;

	(void) unused;
	sml_attribute(&domain, 1, &share, &energy);
	/* s = 0.4, u = 0.0625: between 62.5 and 400, so 158.1 with ln 2.5298 = 0.92815 to either side, and sharing */
	assert_close(energy.total, 158.11388301, 1e-9);
	assert_close(log(energy.high / energy.total), sqrt(0.9281489952 * 0.9281489952 + sharing * sharing), 1e-9);
	assert_true(energy.low < 62.5 && energy.high > 400);
	assert_true(isnan(energy.dynamic) && isnan(energy.idle) && isnan(energy.reserved));
	sml_attribute(mixed, 2, &share, &energy);
	assert_close(energy.total, 158.11388301 + 0.4 * 400 + 0.0625 * 600, 1e-9);
	assert_true(isnan(energy.dynamic));
}

static void
test_edges_of_attribution(void **unused)
{
	SmlShare  alone = {.seconds = 10, .cpu_seconds = 10, .busy_seconds = 8, .threads = 4};
	SmlShare  nothing = {.seconds = 10, .cpu_seconds = 0, .busy_seconds = 0, .threads = 4};
	SmlDomain low = {100, 20, 0.05};
	SmlEnergy energy = sml_energy_unknown();

	(void) unused;
	/* busy time, in ticks, fell short of the run's: s = 1; a floor above what was read leaves no dynamic part */
	sml_attribute(&low, 1, &alone, &energy);
	assert_close(energy.dynamic, 0, 1e-15);
	assert_close(energy.idle, 25, 1e-12);
	assert_close(energy.high, 25 * 1.05, 1e-12);
	sml_attribute(&low, 1, &nothing, &energy);
	assert_true(energy.total == 0 && energy.low == 0 && energy.high == 0);
}

static void
test_golden_estimate(void **unused)
{
	SmlUse        use = {.seconds = 60, .cpu_seconds = 240, .reserved = 8};
	SmlKnownWatts known = {0};
	SmlEnergy     energy = sml_energy_unknown();
	SmlWatts      watts = sml_watts_choose(&known, &energy.method, &energy.boundary);

	(void) unused;
	sml_energy_estimate(&use, &watts, &energy);
	assert_close(energy.dynamic, 766.08, 1e-12);
	assert_close(energy.idle, 131.76, 1e-12);
	assert_close(energy.reserved, 263.52, 1e-12);
	assert_close(energy.total, 897.84, 1e-12);
	assert_close(energy.low, 897.84 / 1.8, 1e-12);
	assert_close(energy.high, 897.84 * 1.8, 1e-12);
	assert_string_equal(sml_energy_method_name(energy.method), "estimated_default");
	assert_string_equal(sml_boundary_name(energy.boundary), "server_wall");
	use.reserved = 0;
	sml_energy_estimate(&use, &watts, &energy);
	assert_true(isnan(energy.reserved));
}

static void
test_choice(void **unused)
{
	SmlWatts        family = {0.343, 1.879, 1.41};
	SmlWatts        provider = {0.74, 3.5, 1.8};
	SmlWatts        tdp = sml_watts_of_tdp(65, 16);
	SmlKnownWatts   known = {&family, &provider, &tdp};
	SmlEnergyMethod method;
	SmlBoundary     boundary;

	(void) unused;
	assert_true(sml_watts_choose(&known, &method, &boundary).full == 1.879);
	assert_true(method == SML_ESTIMATED_UARCH && boundary == SML_BOUNDARY_SERVER_WALL);
	known.family = NULL;
	assert_true(sml_watts_choose(&known, &method, &boundary).full == 3.5);
	assert_true(method == SML_ESTIMATED_DEFAULT && boundary == SML_BOUNDARY_SERVER_WALL);
	known.provider = NULL;
	/* 0.75 x 65 / 16 and 0.15 x 65 / 16 */
	assert_close(sml_watts_choose(&known, &method, &boundary).full, 3.046875, 1e-15);
	assert_close(tdp.idle, 0.609375, 1e-15);
	assert_true(tdp.factor == 2);
	assert_true(method == SML_ESTIMATED_TDP && boundary == SML_BOUNDARY_PACKAGE);
	known.tdp = NULL;
	assert_true(sml_watts_choose(&known, &method, &boundary).full == 3.741);
	assert_true(method == SML_ESTIMATED_DEFAULT);
}

/* Time stolen by the hypervisor: one level of confidence down. */
static void
test_steal(void **unused)
{
	static const double before[] = {1.1, 1.41, 1.8, 2.0, 2.5};
	static const double after[] = {1.41, 1.8, 2.0, 2.82, 3.525};

	(void) unused;
	for (size_t i = 0; i < 5; i++)
	{
		SmlWatts  watts = {1, 2, before[i]};
		SmlUse    use = {.seconds = 1, .cpu_seconds = 10, .steal_share = 0.06};
		SmlEnergy energy = sml_energy_unknown();

		sml_energy_estimate(&use, &watts, &energy);
		assert_close(energy.high, 20 * after[i], 1e-12);
		use.steal_share = 0.05;
		sml_energy_estimate(&use, &watts, &energy);
		assert_close(energy.high, 20 * before[i], 1e-12);
	}
}

static void
test_bounds(void **unused)
{
	double    errors[2] = {0.5, 0.35};
	SmlEnergy unknown = sml_energy_unknown();
	SmlCarbon carbon;

	(void) unused;
	/* sqrt(0.4054651^2 + 0.3001046^2) */
	assert_close(sml_half_width(errors, 2), 0.5044449626103417, 1e-12);
	assert_true(sml_half_width(errors, 0) == 0);
	sml_carbon(&unknown, 1.5, 400, 0.35, &carbon);
	assert_true(isnan(carbon.grams) && isnan(carbon.low) && isnan(carbon.high));
	assert_null(sml_energy_method_name(unknown.method));
	assert_null(sml_boundary_name(unknown.boundary));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_attribution), cmocka_unit_test(test_idle_unknown), cmocka_unit_test(test_edges_of_attribution),
		cmocka_unit_test(test_golden_estimate),    cmocka_unit_test(test_choice),       cmocka_unit_test(test_steal),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
