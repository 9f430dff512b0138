/*
 * files.c - see files.h.
 */
#include "../compat.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

/* Read until the buffer is full or the file ends. */
static ssize_t
read_all(int file, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size)
	{
		ssize_t got = read(file, buffer + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t) got;
	}
	return (ssize_t) used;
}

ssize_t
ml_file_read(const char *path, char *buffer, size_t size, bool whole)
{
	struct stat about;
	char        more;
	ssize_t     used = -1;
	int         problem = 0;
	int         file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (file < 0)
		return -1;
	if (fstat(file, &about) < 0)
		problem = errno;
	else if (!S_ISREG(about.st_mode))
		problem = EINVAL;
	else if ((used = read_all(file, buffer, size)) < 0)
		problem = errno;
	else if (whole && (size_t) used == size && read(file, &more, 1) != 0)
		problem = EFBIG;
	close(file);
	errno = problem;
	return problem ? -1 : used;
}
