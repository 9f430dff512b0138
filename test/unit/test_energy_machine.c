/*
 * test_energy_machine.c - the texts of /proc: what is in them, and garbage.
 *
 * Identities are those of public listings; numbers are worked out by hand.
 */
#include "harness.h"

#include "../../src/core/energy/machine.h"

static void
test_x86(void **unused)
{
	static const char text[] =
		"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
		"model name\t: Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz\nstepping\t: 7\ncpu MHz\t\t: 2500.000\nsiblings\t: 40\n"
		"flags\t\t: fpu vme de\n\nprocessor\t: 1\nvendor_id\t: AuthenticAMD\nmodel\t\t: 1\n";
	SmlCpu cpu;

	(void) unused;
	assert_true(sml_cpu_parse(text, sizeof(text) - 1, &cpu));
	assert_string_equal(cpu.vendor, "GenuineIntel");
	assert_string_equal(cpu.name, "Intel Xeon Gold 6248");
	assert_int_equal(cpu.family, 6);
	assert_int_equal(cpu.model, 85);
	assert_int_equal(cpu.stepping, 7);
	assert_int_equal(cpu.siblings, 40);
	assert_false(cpu.virtual_machine);
}

static void
test_virtual(void **unused)
{
	static const char text[] = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nsiblings\t: 2\n"
							   "flags\t\t: fpu hypervisor lahf_lm";
	SmlCpu cpu;

	(void) unused;
	assert_true(sml_cpu_parse(text, sizeof(text) - 1, &cpu));
	assert_true(cpu.virtual_machine);
	assert_int_equal(cpu.stepping, 0);
}

static void
test_arm(void **unused)
{
	static const char text[] =
		"processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
		"CPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n";
	SmlCpu cpu;

	(void) unused;
	assert_true(sml_cpu_parse(text, sizeof(text) - 1, &cpu));
	assert_string_equal(cpu.vendor, "arm:0x41");
	assert_int_equal(cpu.family, 8);
	assert_int_equal(cpu.model, 0xd0c);
	assert_int_equal(cpu.stepping, 3);
	assert_string_equal(cpu.name, "");
}

static void
refused(const char *text)
{
	SmlCpu cpu;

	assert_false(sml_cpu_parse(text, strlen(text), &cpu));
}

static void
test_no_identity(void **unused)
{
	(void) unused;
	refused("");
	refused("\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t: 85\n");
	refused("vendor_id\t: GenuineIntel\ncpu family\t: 6\n");
	refused("cpu family\t: 6\nmodel\t: 85\n");
	refused("vendor_id\t: GenuineIntel\ncpu family\t: six\nmodel\t: 85\n");
	refused("vendor_id\t: GenuineIntel\ncpu family\t: 99999999999\nmodel\t: 85\n");
	refused("vendor_id\t: Genuine\033[31mIntel\ncpu family\t: 6\nmodel\t: 85\n");
	refused("vendor_id\t: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\ncpu family\t: 6\nmodel\t: 85\n");
	refused(":::\n:\n : \n");
}

static void
named(const char *text, const char *name)
{
	char got[SML_CPU_TEXT];

	sml_cpu_name(text, strlen(text), got);
	assert_string_equal(got, name);
}

static void
test_cpu_names(void **unused)
{
	(void) unused;
	named("11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", "Intel Core i7-1165G7");
	named("12th Gen Intel(R) Core(TM) i9-12900K", "Intel Core i9-12900K");
	named("Intel(R) Core(TM) i7-4770T CPU @ 2.50GHz", "Intel Core i7-4770T");
	named("Intel(R) Xeon(R) CPU           E5620  @ 2.40GHz", "Intel Xeon E5620");
	named("Intel(R) Xeon(R) CPU E5-2620 v3 @ 2.40GHz", "Intel Xeon E5-2620 v3");
	named("AMD Ryzen 9 5950X 16-Core Processor", "AMD Ryzen 9 5950X");
	named("AMD Ryzen 7 PRO 4750G with Radeon Graphics", "AMD Ryzen 7 PRO 4750G");
	named("AMD Ryzen 7 7840U w/ Radeon  780M Graphics", "AMD Ryzen 7 7840U");
	named("AMD FX(tm)-8320 Eight-Core Processor", "AMD FX-8320");
	named("QEMU Virtual CPU version 2.5+", "QEMU Virtual version 2.5+");
	named("", "");
	named("an\ttab", "an tab");
	named("caf\303\251", "");
	named("@", "@");
}

static void
test_stat(void **unused)
{
	static const char text[] = "cpu  16914 10 6973 57691 398 5 47 70 900 0\ncpu0 8893 0 3228 28851 23 0 5 35 0 0\n"
							   "cpu1 8021 10 3745 28840 375 5 42 35 900 0\nintr 12345 0 0\n";
	SmlHostTime time;

	(void) unused;
	assert_true(sml_stat_parse(text, sizeof(text) - 1, 100, &time));
	/* user + nice + system + irq + softirq; guest is inside user already */
	assert_close(time.busy, 239.49, 1e-12);
	assert_close(time.steal, 0.70, 1e-12);
	assert_int_equal(time.threads, 2);
	/* kernels before steal */
	assert_true(sml_stat_parse("cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n", 39, 100, &time));
	assert_true(time.steal == 0);
}

static void
test_bad_stat(void **unused)
{
	static const char *const texts[] = {
		"", "cpu", "cpu  1 2 3 4 5 6 7\n", "cpu  1 2 3 4 5 6\ncpu0 1\n", "cpu  1 2 -3 4 5 6 7 8\ncpu0 1\n", "cpu0 1 2 3 4 5 6 7 8\n",
		"cpu  1 2 3 4 5 6 1234567890123456789\ncpu0 1\n", "garbage\n", "cpu  1 2 3x 4 5 6 7 8\ncpu0 1\n"};
	SmlHostTime time;

	(void) unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(sml_stat_parse(texts[i], strlen(texts[i]), 100, &time));
	assert_false(sml_stat_parse("cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n", 39, 0, &time));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86),         cmocka_unit_test(test_virtual),   cmocka_unit_test(test_arm),
		cmocka_unit_test(test_no_identity), cmocka_unit_test(test_cpu_names), cmocka_unit_test(test_stat),
		cmocka_unit_test(test_bad_stat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
