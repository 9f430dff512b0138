/*
 * master.c - see master.h.
 *
 * The file must be a regular file that belongs to the server's user and is closed to group and
 * others, or belongs to root and is not writable by group and closed to others: the server's own rule for its TLS key.
 *
 * The command runs through /bin/sh with a fixed environment, in a process group of its own; its
 * standard output has the form of the file.  It is stopped after COMMAND_SECONDS or when the query
 * is cancelled.
 */
#include "../compat.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "../env.h"
#include "master.h"

#define MOST_BYTES      8192
#define COMMAND_SECONDS 10

int ml_key_cache_seconds = 300;

static char *master_key_file = NULL;
static char *master_key_command = NULL;

void
ml_privacy_define_settings(void)
{
	DefineCustomStringVariable("sustainml.master_key_file",
							   "File with the master keys under which data keys are wrapped.",
							   "Lines v1:<id>:<32 bytes in URL-safe base64>; the first is active. Mode 0600, or root's and 0640.",
							   &master_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY | GUC_DISALLOW_IN_AUTO_FILE, NULL, NULL, NULL);
	DefineCustomStringVariable("sustainml.master_key_command",
							   "Command that prints the master keys in the form of sustainml.master_key_file.",
							   "Run by the server's user when a key is needed. Takes precedence over the file.",
							   &master_key_command, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY | GUC_DISALLOW_IN_AUTO_FILE, NULL, NULL, NULL);
	DefineCustomIntVariable("sustainml.key_cache_seconds",
							"How long a session may keep an unwrapped data key.",
							"After that the master key is read again. 0: for the statement at hand.",
							&ml_key_cache_seconds, 300, 0, 86400, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
}

/* What went wrong, for the user; where (the path) goes to the server log alone. */
typedef struct Problem
{
	char        sentence[SML_DETAIL_SIZE];
	const char *setting;
	int         error; /* errno, 0 when none */
} Problem;

static bool
problem(Problem *p, int error, const char *sentence)
{
	strlcpy(p->sentence, sentence, sizeof(p->sentence));
	p->error = error;
	return false;
}

/* ---- the file ------------------------------------------------------------------------ */

static bool
mode_is_safe(const struct stat *st)
{
	if (st->st_uid == geteuid() && st->st_uid != 0)
		return (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
	return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

/* Read all of a descriptor that is known to end; -1 on an error, MOST_BYTES + 1 when there is more. */
static ssize_t
read_all(int fd, char *bytes)
{
	ssize_t total = 0;

	while (total <= MOST_BYTES)
	{
		ssize_t got = read(fd, bytes + total, MOST_BYTES + 1 - total);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		total += got;
	}
	return total;
}

static pg_noinline bool
read_file(char *bytes, size_t *size, Problem *p)
{
	struct stat st;
	ssize_t     got;
	int         fd = open(master_key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return problem(p, errno, "The master key file cannot be opened.");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
	{
		close(fd);
		return problem(p, 0, "The master key file is not a regular file.");
	}
	if (!mode_is_safe(&st))
	{
		close(fd);
		return problem(p, 0, "The master key file is open to others: it must belong to the server's user with mode 0600, or to root with mode 0640.");
	}
	got = read_all(fd, bytes);
	close(fd);
	if (got < 0)
		return problem(p, errno, "The master key file cannot be read.");
	if (got > MOST_BYTES)
		return problem(p, 0, "The master key file is too large.");
	*size = (size_t) got;
	return true;
}

/* ---- the command ---------------------------------------------------------------------- */

static bool
start_command(pid_t *pid, int out[2], Problem *p)
{
	static char *const         environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", NULL};
	char                      *arguments[] = {"sh", "-c", master_key_command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t          attributes;
	sigset_t                   all;
	sigset_t                   none;
	int                        code;

	if (pipe2(out, O_CLOEXEC) != 0)
		return problem(p, errno, "The master key command cannot be started.");
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	code = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(out[1]);
	if (code == 0)
		return true;
	close(out[0]);
	return problem(p, code, "The master key command cannot be started.");
}

/* Whether to stop waiting for the command: the deadline, or a pending interrupt. */
static bool
waited_enough(TimestampTz start)
{
	return InterruptPending || TimestampDifferenceExceeds(start, GetCurrentTimestamp(), COMMAND_SECONDS * 1000);
}

/* Read until the end of the output; false when the command must be stopped. */
static bool
follow_command(int fd, TimestampTz start, char *bytes, size_t *size)
{
	*size = 0;
	for (;;)
	{
		struct pollfd poller = {fd, POLLIN, 0};
		ssize_t       got;

		if (waited_enough(start))
			return false;
		if (poll(&poller, 1, 50) <= 0)
			continue;
		got = read(fd, bytes + *size, MOST_BYTES + 1 - *size);
		if (got == 0)
			return true;
		if (got > 0)
			*size += (size_t) got;
		if (*size > MOST_BYTES)
			return false;
	}
}

/* Wait for the end of a command that has closed its output; false when it must be stopped. */
static bool
await_end(pid_t pid, TimestampTz start, int *status)
{
	for (;;)
	{
		pid_t ended = waitpid(pid, status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			return true;
		if (waited_enough(start))
			return false;
		pg_usleep(2000);
	}
}

static pg_noinline bool
read_command(char *bytes, size_t *size, Problem *p)
{
	TimestampTz start = GetCurrentTimestamp();
	pid_t       pid;
	int         out[2];
	int         status = 0;
	bool        whole;

	if (!start_command(&pid, out, p))
		return false;
	whole = follow_command(out[0], start, bytes, size);
	close(out[0]);
	whole = whole && await_end(pid, start, &status);
	if (!whole)
	{
		kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	CHECK_FOR_INTERRUPTS();
	if (!whole && *size > MOST_BYTES)
		return problem(p, 0, "The master key command printed too much.");
	if (!whole)
		return problem(p, 0, "The master key command took longer than 10 seconds.");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return problem(p, 0, "The master key command ended with an error.");
	return true;
}

/* ---- both ----------------------------------------------------------------------------- */

static bool
by_command(void)
{
	return master_key_command != NULL && master_key_command[0] != '\0';
}

/* Not inlined: what it keeps in registers must not meet the jump of PG_TRY. */
static pg_noinline bool
read_into(char *bytes, SmlMasters *masters, Problem *p)
{
	size_t size = 0;
	SmlEnv env;

	if (!(by_command() ? read_command(bytes, &size, p) : read_file(bytes, &size, p)))
		return false;
	ml_env_init(&env, CurrentMemoryContext);
	if (sml_masters_read(&env, (SmlSlice){(uint8_t *) bytes, size}, masters) != SML_OK)
		return problem(p, 0, env.detail);
	return true;
}

static bool
read_masters(SmlMasters *masters, Problem *p)
{
	char          bytes[MOST_BYTES + 1];
	volatile bool good = false;

	memset(p, 0, sizeof(*p));
	memset(masters, 0, sizeof(*masters));
	p->setting = by_command() ? "sustainml.master_key_command" : "sustainml.master_key_file";
	if (!by_command() && (master_key_file == NULL || master_key_file[0] == '\0'))
		return problem(p, 0, "Neither sustainml.master_key_file nor sustainml.master_key_command is set.");
	PG_TRY();
	{
		good = read_into(bytes, masters, p);
	}
	PG_CATCH();
	{
		sml_wipe(bytes, sizeof(bytes));
		PG_RE_THROW();
	}
	PG_END_TRY();
	sml_wipe(bytes, sizeof(bytes));
	return good;
}

void
ml_masters_read(SmlMasters *masters)
{
	Problem p;

	if (read_masters(masters, &p))
		return;
	errno = p.error;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 p.error ? errmsg("no master key can be read by %s: %m", p.setting) : errmsg("no master key can be read by %s", p.setting),
			 errdetail("%s", p.sentence),
			 errhint("The administrator sets sustainml.master_key_file in postgresql.conf and reloads; scripts/master_key makes a proper file.")));
}

bool
ml_masters_try(SmlMasters *masters, char **why)
{
	Problem p;

	if (read_masters(masters, &p))
		return true;
	*why = pstrdup(p.sentence);
	return false;
}
