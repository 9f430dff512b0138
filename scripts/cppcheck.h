/* cppcheck.h - what cppcheck, which sees no header of the server, must know of it: read by scripts/lint alone. */
#define INT64_FORMAT "%ld"
#define UINT64_FORMAT "%lu"
#define foreach(cell, list) for (ListCell *cell = first_cell(list); cell != 0; cell = next_cell(list, cell))
#define ERROR 21
#define ereport(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define elog(level, ...) do { if ((level) >= ERROR) abort(); } while (0)
#define pg_noreturn _Noreturn
