/*
 * Loaded before libc (LD_PRELOAD) into a process that is to be stopped at a numbered point.
 *
 * A point is a call that changes files below one folder: creating, writing, cutting, syncing,
 * linking, renaming, unlinking; and whatever the process itself announces, such as an SQL
 * statement. At the point that was asked for the process gets SIGKILL before the call is made, or
 * after half of a write. With a log, every such call is written down with its data, in the order
 * in which the system made them.
 *
 * What is not seen: memory that is mapped (SQLite's -shm, which it makes anew), and descriptors
 * that were open before the process was armed.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPENED, CREATED, WRITE, SYNC, SYNC_FOLDER, RENAME, LINK, UNLINK, TRUNCATE, MARK };

#define FILES 1024
#define PATH 1024

/* What the parent reads after the end; in memory that it shares with the process. */
struct report {
    int64_t passed;
    int64_t kind;
    int64_t length;
    char what[PATH];
};

struct record {
    int64_t kind, inode, offset, length, path, other;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char watched[PATH];
static size_t watched_length;
static char path_of[FILES][PATH];
static struct report *report;
static int64_t stop_at = -1;
static int halfway;
static int counting;
static int log_fd = -1;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name)) dlsym(RTLD_NEXT, #name)

static int is_watched(const char *path) {
    return watched_length && path && strncmp(path, watched, watched_length) == 0
        && strlen(path) < PATH;
}

static const char *watched_fd(int fd) {
    return watched_length && fd >= 0 && fd < FILES && path_of[fd][0] ? path_of[fd] : NULL;
}

static void end(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

/* Whether this is the point at which to stop; one_at_a_time is held. */
static int is_the_end(int kind, const char *what, size_t length) {
    if (!report || !counting) return 0;
    if (report->passed++ != stop_at) return 0;
    report->kind = kind;
    report->length = (int64_t) length;
    snprintf(report->what, PATH, "%s", what);
    return 1;
}

static void note(int kind, int64_t inode, int64_t offset, const void *data, size_t length,
                 const char *path, const char *other) {
    if (log_fd < 0) return;
    struct record head = {kind, inode, offset, (int64_t) length,
                          (int64_t) strlen(path), (int64_t) strlen(other)};
    syscall(SYS_write, log_fd, &head, sizeof head);
    syscall(SYS_write, log_fd, path, strlen(path));
    syscall(SYS_write, log_fd, other, strlen(other));
    if (data) syscall(SYS_write, log_fd, data, length);
}

static int64_t inode_of(int fd) {
    struct stat about;
    return fstat(fd, &about) ? -1 : (int64_t) about.st_ino;
}

/* What the test calls. */

void fault_arm(const char *folder, struct report *shared, int64_t at, int half, int log) {
    snprintf(watched, PATH, "%s", folder);
    watched_length = strlen(watched);
    memset(path_of, 0, sizeof path_of);
    report = shared;
    stop_at = at;
    halfway = half;
    log_fd = log;
    counting = 0;
}

void fault_count(int on) { counting = on; }

void fault_point(const char *what) {
    pthread_mutex_lock(&one_at_a_time);
    if (is_the_end(MARK, what, 0)) end();
    pthread_mutex_unlock(&one_at_a_time);
}

void fault_mark(const char *what) {
    pthread_mutex_lock(&one_at_a_time);
    note(MARK, 0, 0, NULL, 0, what, "");
    pthread_mutex_unlock(&one_at_a_time);
}

/* Opening. */

static int opening(const char *path, int flags, mode_t mode) {
    struct stat about;
    int made, fd;
    if (!is_watched(path)) {
        fd = (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
        if (fd >= 0 && fd < FILES) path_of[fd][0] = 0;
        return fd;
    }
    pthread_mutex_lock(&one_at_a_time);
    made = (flags & O_CREAT) && lstat(path, &about) != 0;
    if (made && is_the_end(CREATED, path, 0)) end();
    if (!made && (flags & O_TRUNC) && is_the_end(TRUNCATE, path, 0)) end();
    fd = (int) syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0) {
        int saved = errno;
        if (fd < FILES) snprintf(path_of[fd], PATH, "%s", path);
        if (made) note(CREATED, inode_of(fd), 0, NULL, 0, path, "");
        else if (flags & O_TRUNC) note(TRUNCATE, inode_of(fd), 0, NULL, 0, path, "");
        errno = saved;
    }
    pthread_mutex_unlock(&one_at_a_time);
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? (mode_t) va_arg(rest, int) : 0;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = mode_of(flags, rest); \
        va_end(rest); \
        return opening(path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

int close(int fd) {
    if (fd >= 0 && fd < FILES) path_of[fd][0] = 0;
    return (int) syscall(SYS_close, fd);
}

/* Writing. */

static ssize_t writing(int fd, const void *data, size_t length, off_t offset, int placed) {
    const char *path = watched_fd(fd);
    ssize_t done;
    if (!path)
        return placed ? syscall(SYS_pwrite64, fd, data, length, offset)
                      : syscall(SYS_write, fd, data, length);
    pthread_mutex_lock(&one_at_a_time);
    int last = is_the_end(WRITE, path, length);
    if (last && !halfway) end();
    if (last) length /= 2;
    done = placed ? syscall(SYS_pwrite64, fd, data, length, offset)
                  : syscall(SYS_write, fd, data, length);
    if (last) end();
    if (done > 0) {
        int saved = errno;
        if (!placed) offset = lseek(fd, 0, SEEK_CUR) - done;
        note(WRITE, inode_of(fd), offset, data, (size_t) done, path, "");
        errno = saved;
    }
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    return writing(fd, data, length, 0, 0);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    return writing(fd, data, length, offset, 1);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return writing(fd, data, length, offset, 1);
}

static int cutting(int fd, off_t length) {
    const char *path = watched_fd(fd);
    int done;
    if (!path) return (int) syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&one_at_a_time);
    if (is_the_end(TRUNCATE, path, 0)) end();
    done = (int) syscall(SYS_ftruncate, fd, length);
    if (!done) note(TRUNCATE, inode_of(fd), length, NULL, 0, path, "");
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

int ftruncate(int fd, off_t length) { return cutting(fd, length); }
int ftruncate64(int fd, off64_t length) { return cutting(fd, length); }

/* Syncing: the data of a file, the names in a folder. */

static int syncing(int fd, long call) {
    const char *path = watched_fd(fd);
    struct stat about;
    int done;
    if (!path) return (int) syscall(call, fd);
    pthread_mutex_lock(&one_at_a_time);
    int kind = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode) ? SYNC_FOLDER : SYNC;
    if (is_the_end(kind, path, 0)) end();
    done = (int) syscall(call, fd);
    if (!done) note(kind, (int64_t) about.st_ino, 0, NULL, 0, path, "");
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

int fsync(int fd) { return syncing(fd, SYS_fsync); }
int fdatasync(int fd) { return syncing(fd, SYS_fdatasync); }

/* Names. */

static int naming(int kind, const char *path, const char *other, long call) {
    struct stat about;
    int done;
    if (!is_watched(path))
        return (int) syscall(call, AT_FDCWD, path, AT_FDCWD, other, 0);
    pthread_mutex_lock(&one_at_a_time);
    if (is_the_end(kind, path, 0)) end();
    int64_t inode = lstat(path, &about) ? -1 : (int64_t) about.st_ino;
    done = (int) (kind == UNLINK ? syscall(call, AT_FDCWD, path, 0)
                                 : syscall(call, AT_FDCWD, path, AT_FDCWD, other, 0));
    if (!done) note(kind, inode, 0, NULL, 0, path, other ? other : "");
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

int rename(const char *path, const char *other) {
    return naming(RENAME, path, other, SYS_renameat2);
}

int link(const char *path, const char *other) { return naming(LINK, path, other, SYS_linkat); }

int linkat(int from, const char *path, int to, const char *other, int flags) {
    REAL(linkat);
    if (from != AT_FDCWD || to != AT_FDCWD || flags) return real(from, path, to, other, flags);
    return naming(LINK, path, other, SYS_linkat);
}

int unlink(const char *path) {
    if (!is_watched(path)) return (int) syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    return naming(UNLINK, path, NULL, SYS_unlinkat);
}
