// Kills the process that it is loaded into (LD_PRELOAD), as `kill -9` does, at one of its commits.
//
//   KILL_AT_COMMIT=N      at the Nth commit since the process began
//   KILL_SINCE=FILE       commits count only since there is such a file
//   KILL_SIDE=before      nothing of it reaches the database
//   KILL_SIDE=after       the database has it, and the process never hears of that
//
// A commit is, on SQLite, the frame of the write-ahead log that ends a transaction: the size of the database in its header is not zero
// (sqlite.org/fileformat2.html, "The Write-Ahead Log"), and it counts once the log is synchronized. On PostgreSQL it is the query COMMIT.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long commits;
static atomic_int is_due;

static void end(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

// Whether this is the commit that is meant. Does not return where it is not to be made.
static int is_meant(void)
{
	const char *wanted = getenv("KILL_AT_COMMIT"), *side = getenv("KILL_SIDE"), *since = getenv("KILL_SINCE");
	if (since && access(since, F_OK) != 0)
		return 0;
	if (!wanted || atomic_fetch_add(&commits, 1) + 1 != atol(wanted))
		return 0;
	if (!side || strcmp(side, "after") != 0)
		end();
	return 1;
}

static int is_log(int file)
{
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	ssize_t length = readlink(link, path, sizeof path);
	return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

static void look_at_frame(int file, const unsigned char *bytes, size_t length)
{
	if (length == 24 && memcmp(bytes + 4, "\0\0\0\0", 4) != 0 && is_log(file) && is_meant())
		atomic_store(&is_due, 1);
}

static void look_at_sync(int file)
{
	// What is written outlives the process, synchronized or not.
	if (atomic_load(&is_due) && is_log(file))
		end();
}

#define NEXT(type, name) static type next; if (!next) next = (type)dlsym(RTLD_NEXT, name)

ssize_t write(int file, const void *bytes, size_t length)
{
	typedef ssize_t (*function)(int, const void *, size_t);
	NEXT(function, "write");
	look_at_frame(file, bytes, length);
	return next(file, bytes, length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
	typedef ssize_t (*function)(int, const void *, size_t, off64_t);
	NEXT(function, "pwrite64");
	look_at_frame(file, bytes, length);
	return next(file, bytes, length, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
	return pwrite64(file, bytes, length, at);
}

int fdatasync(int file)
{
	typedef int (*function)(int);
	NEXT(function, "fdatasync");
	look_at_sync(file);
	return next(file);
}

int fsync(int file)
{
	typedef int (*function)(int);
	NEXT(function, "fsync");
	look_at_sync(file);
	return next(file);
}

ssize_t send(int file, const void *bytes, size_t length, int flags)
{
	typedef ssize_t (*function)(int, const void *, size_t, int);
	NEXT(function, "send");
	// Message 'Q', its length, the text.
	int is_last = memmem(bytes, length, "Q\0\0\0\x0b" "COMMIT", 12) != NULL && is_meant();
	ssize_t sent = next(file, bytes, length, flags);
	if (is_last)
		end();
	return sent;
}
