/*
 * attribute.c - see attribute.h.
 */
#include "attribute.h"

#include <math.h>

static double
least(double a, double b)
{
	return a < b ? a : b;
}

void
sml_attribute(const SmlDomain *domains, size_t count, const SmlShare *share, SmlEnergy *energy)
{
	double busy = share->busy_seconds > share->cpu_seconds ? share->busy_seconds : share->cpu_seconds;
	double s = busy > 0 ? share->cpu_seconds / busy : 0;
	double u = least(1, share->cpu_seconds / (share->threads * share->seconds));
	double dynamic = 0;
	double idle = 0;
	double floor = 0;   /* energy of the host's idle floor */
	double unknown = 0; /* of the total, where the floor is not known */
	double error = 0;   /* of the counters, times energy */
	double errors[3];
	double half;

	/* busy time is counted in ticks and may fall short of the run's */
	s = s > u ? s : u;
	for (size_t i = 0; i < count; i++)
	{
		const SmlDomain *d = &domains[i];
		double           mine;

		if (isnan(d->idle_watts))
		{
			mine = sqrt(s * u) * d->joules;
			unknown += mine;
		}
		else
		{
			double standing = least(d->joules, d->idle_watts * share->seconds);

			mine = s * (d->joules - standing) + u * standing;
			dynamic += s * (d->joules - standing);
			idle += u * standing;
			floor += standing;
		}
		error += d->error * mine;
	}
	energy->total = dynamic + idle + unknown;
	energy->dynamic = unknown > 0 ? NAN : dynamic;
	energy->idle = unknown > 0 ? NAN : idle;
	energy->reserved = unknown > 0 || share->reserved <= 0 ? NAN : least(1, (double) share->reserved / share->threads) * floor;
	errors[0] = energy->total > 0 ? error / energy->total : 0;
	errors[1] = 0.5 * (1 - s);
	/* s E above and u E below the geometric mean, for that part of the total */
	errors[2] = unknown > 0 ? unknown / energy->total * (sqrt(s / u) - 1) : 0;
	half = sml_half_width(errors, 3);
	energy->low = energy->total * exp(-half);
	energy->high = energy->total * exp(half);
}
