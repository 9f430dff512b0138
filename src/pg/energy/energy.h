/*
 * energy.h - the settings of energy and carbon.
 */
#ifndef ML_ENERGY_H
#define ML_ENERGY_H

extern char  *ml_zone;              /* sustainml.zone: "DE", or "" */
extern double ml_carbon_intensity;  /* sustainml.carbon_intensity: g/kWh, below 0: unset */
extern double ml_pue;               /* sustainml.pue */

/* Define the settings; called once by _PG_init. */
extern void ml_energy_define_settings(void);

#endif
