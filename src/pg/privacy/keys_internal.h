/*
 * keys_internal.h - attribute numbers of the tables in sql/80_privacy_keys.sql; add new columns
 * there at the end.
 */
#ifndef ML_KEYS_INTERNAL_H
#define ML_KEYS_INTERNAL_H

enum
{
	Anum_key_key = 1, Anum_key_key_id, Anum_key_owner, Anum_key_role_name, Anum_key_canary
};

enum
{
	Anum_key_grant_key = 1, Anum_key_grant_role, Anum_key_grant_privilege
};

enum
{
	Anum_data_key_no = 1, Anum_data_key_key, Anum_data_key_purpose, Anum_data_key_column, Anum_data_key_context, Anum_data_key_state,
	Anum_data_key_wrapped, Anum_data_key_master, Anum_data_key_check
};

#endif
