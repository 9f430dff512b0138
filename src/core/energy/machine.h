/*
 * machine.h - what /proc says of the machine: the processor's identity and the busy time of all
 * hardware threads.  The texts come from outside: nothing in them is trusted.
 */
#ifndef SML_MACHINE_H
#define SML_MACHINE_H

#include "../core.h"

#define SML_CPU_TEXT 64

/*
 * The first processor of /proc/cpuinfo.  On x86: vendor_id, family, model, stepping.  On ARM the implementer is the
 * vendor ("arm:0x41"), the architecture the family, the part the model, the variant the stepping.
 */
typedef struct SmlCpu
{
	char vendor[SML_CPU_TEXT];
	int  family;
	int  model;
	int  stepping;
	int  siblings;           /* hardware threads of one package; 0: not said */
	bool virtual_machine;    /* siblings are then those of the machine that is shown */
	char name[SML_CPU_TEXT]; /* "model name" in the makers' spelling: see sml_cpu_name; "" when not said */
} SmlCpu;

/* false: no identity in it. */
SML_MUST_USE bool sml_cpu_parse(const char *text, size_t length, SmlCpu *cpu);

/*
 * The name of a model as the makers' lists write it: without trademark signs, "CPU", generation, clock,
 * number of cores and graphics: "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz" is
 * "Intel Core i7-1165G7".  Only printable ASCII; anything else gives "".
 */
void sml_cpu_name(const char *text, size_t length, char name[SML_CPU_TEXT]);

/* The head of /proc/stat. */
typedef struct SmlHostTime
{
	double busy;    /* seconds of user, nice, system, irq and softirq, over all threads since boot */
	double steal;   /* seconds that the hypervisor took away */
	int    threads; /* hardware threads */
} SmlHostTime;

SML_MUST_USE bool sml_stat_parse(const char *text, size_t length, double ticks_per_second, SmlHostTime *time);

#endif
