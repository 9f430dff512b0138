/*
 * files.h - small files of the kernel, read with care: regular files only, no symbolic
 * link at the end of the path, no more than a stated number of bytes, never blocking.
 *
 * Safe inside a signal handler.
 */
#ifndef ML_FILES_H
#define ML_FILES_H

#include "../compat.h"

/*
 * Read up to "size" bytes from the start of a file; the number read, or -1 with errno.  When
 * "whole", a longer file is an error (EFBIG); else its head is read.
 */
extern ssize_t ml_file_read(const char *path, char *buffer, size_t size, bool whole);

#endif
