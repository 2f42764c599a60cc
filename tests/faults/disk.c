/* A disk that fails: loaded before libc, it counts what changes files below a folder, and lets the n-th change fail.

   The process is steered by a control file that FAULTS names, shared with all of its children:
   kind 1 kills the process group, of a write after half of it; kind 2 is a disk that is full from the n-th change on,
   where half of the n-th write still found room; kind 3 is one change that ends with an I/O error.
   Every change is a line `call path` in the file beside it, which ends in `.log`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL = 1, FULL, BROKEN };
struct control { long count, at, kind; char root[PATH_MAX]; };
static struct control *control;
static int log_fd = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAULTS");
  int fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  char log[PATH_MAX];
  snprintf(log, sizeof log, "%s.log", path);
  log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (shared != MAP_FAILED) control = shared;
}

/* Whether this change is to fail; `needs_room` is one that a full disk refuses. */
static int fails(const char *call, const char *path, int needs_room) {
  size_t length = strlen(control->root);
  if (!length || strncmp(path, control->root, length)) return 0;
  long number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
  char line[PATH_MAX + 32];
  int size = snprintf(line, sizeof line, "%s %s\n", call, path);
  syscall(SYS_write, log_fd, line, size);
  if (control->kind == FULL) return needs_room && control->at && number >= control->at;
  return control->at == number;
}

static int end(void) { /* of a change that fails */
  if (control->kind == KILL) kill(0, SIGKILL);
  errno = control->kind == FULL ? ENOSPC : EIO;
  return -1;
}

static void name_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = 0;
}

static int fd_fails(const char *call, int fd) {
  char path[PATH_MAX];
  if (!control || !control->root[0]) return 0;
  name_of(fd, path);
  return fails(call, path, 1);
}

static int path_fails(const char *call, int folder, const char *path, int needs_room) {
  char full[2 * PATH_MAX] = "";
  if (!control || !control->root[0]) return 0;
  if (path[0] != '/') {
    if (folder == AT_FDCWD) { if (syscall(SYS_getcwd, full, PATH_MAX) < 0) full[0] = 0; }
    else name_of(folder, full);
    strcat(full, "/");
  }
  strncat(full, path, PATH_MAX - 1);
  return fails(call, full, needs_room);
}

/* Half of a write is on the disk when the process is killed, or finds room. */
#define WRITES(call, fd, half) \
  if (fd_fails(#call, fd)) { \
    ssize_t written = control->kind == BROKEN || (control->kind == FULL && control->count > control->at) ? 0 : (half); \
    return control->kind == FULL && written > 0 ? written : end(); \
  }

ssize_t write(int fd, const void *data, size_t size) {
  WRITES(write, fd, syscall(SYS_write, fd, data, size / 2));
  return syscall(SYS_write, fd, data, size);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  WRITES(pwrite, fd, syscall(SYS_pwrite64, fd, data, size / 2, at));
  return syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITES(writev, fd, REAL(writev)(fd, parts, count / 2));
  return REAL(writev)(fd, parts, count);
}
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
  if (fd_fails("fwrite", fileno(file))) return end(), 0;
  return REAL(fwrite)(data, size, count, file);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
  WRITES(sendfile, to, REAL(sendfile64)(to, from, at, size / 2));
  return REAL(sendfile64)(to, from, at, size);
}
ssize_t sendfile(int to, int from, off_t *at, size_t size) { return sendfile64(to, from, at, size); }
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *where, size_t size, unsigned flags) {
  WRITES(copy_file_range, to, REAL(copy_file_range)(from, at, to, where, size / 2, flags));
  return REAL(copy_file_range)(from, at, to, where, size, flags);
}

#define OF_FD(type, name, call, signature, ...) \
  type name signature { return fd_fails(call, fd) ? end() : REAL(name)(__VA_ARGS__); }
OF_FD(int, fsync, "fsync", (int fd), fd)
OF_FD(int, fdatasync, "fdatasync", (int fd), fd)
OF_FD(int, ftruncate, "ftruncate", (int fd, off_t size), fd, size)
OF_FD(int, ftruncate64, "ftruncate", (int fd, off64_t size), fd, size)
OF_FD(int, fallocate64, "fallocate", (int fd, int mode, off64_t at, off64_t size), fd, mode, at, size)
int posix_fallocate64(int fd, off64_t at, off64_t size) {
  return fd_fails("fallocate", fd) ? (end(), errno) : REAL(posix_fallocate64)(fd, at, size);
}

#define OF_PATH(name, call, folder, path, room, signature, ...) \
  int name signature { return path_fails(call, folder, path, room) ? end() : REAL(name)(__VA_ARGS__); }
OF_PATH(rename, "rename", AT_FDCWD, new, 1, (const char *old, const char *new), old, new)
OF_PATH(renameat, "rename", to, new, 1, (int from, const char *old, int to, const char *new), from, old, to, new)
OF_PATH(renameat2, "rename", to, new, 1, (int from, const char *old, int to, const char *new, unsigned flags), from, old, to,
        new, flags)
OF_PATH(link, "link", AT_FDCWD, new, 1, (const char *old, const char *new), old, new)
OF_PATH(linkat, "link", to, new, 1, (int from, const char *old, int to, const char *new, int flags), from, old, to, new, flags)
OF_PATH(symlink, "symlink", AT_FDCWD, new, 1, (const char *old, const char *new), old, new)
OF_PATH(symlinkat, "symlink", to, new, 1, (const char *old, int to, const char *new), old, to, new)
OF_PATH(unlink, "unlink", AT_FDCWD, path, 0, (const char *path), path)
OF_PATH(unlinkat, "unlink", folder, path, 0, (int folder, const char *path, int flags), folder, path, flags)
OF_PATH(rmdir, "rmdir", AT_FDCWD, path, 0, (const char *path), path)
OF_PATH(truncate, "truncate", AT_FDCWD, path, 1, (const char *path, off_t size), path, size)

static int exists(int folder, const char *path) { return !syscall(SYS_faccessat, folder, path, F_OK); }

int mkdir(const char *path, mode_t mode) {
  return !exists(AT_FDCWD, path) && path_fails("mkdir", AT_FDCWD, path, 1) ? end() : REAL(mkdir)(path, mode);
}
int mkdirat(int folder, const char *path, mode_t mode) {
  return !exists(folder, path) && path_fails("mkdir", folder, path, 1) ? end() : REAL(mkdirat)(folder, path, mode);
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
  int there = exists(folder, path), changes = (flags & O_CREAT && !there) || (flags & O_TRUNC && there);
  if (changes && path_fails("create", folder, path, !there)) return end();
  return syscall(SYS_openat, folder, path, flags, mode);
}
#define OPENS(name, folder, ...) \
  int name(__VA_ARGS__, int flags, ...) { \
    va_list more; va_start(more, flags); \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; va_end(more); \
    return opened(folder, path, flags, mode); \
  }
OPENS(open, AT_FDCWD, const char *path)
OPENS(open64, AT_FDCWD, const char *path)
OPENS(openat, folder, int folder, const char *path)
OPENS(openat64, folder, int folder, const char *path)

#define FOPENS(name) \
  FILE *name(const char *path, const char *mode) { \
    return mode[0] != 'r' && path_fails("create", AT_FDCWD, path, 1) ? (end(), NULL) : REAL(name)(path, mode); \
  }
FOPENS(fopen)
FOPENS(fopen64)
