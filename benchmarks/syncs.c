/* Loaded into the daemon in front of the C library: counts its synced writes, and makes each take longer.
 *
 * BENCH_SYNCS names a file of two 64-bit numbers that the measuring program maps too: how many syncs there were, and
 * how many microseconds each takes more. So the delay can change while the daemon runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t *shared;

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("BENCH_SYNCS");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file >= 0) {
        void *mapped = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
        if (mapped != MAP_FAILED)
            shared = mapped;
    }
}

static int counted(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (shared) {
        __atomic_add_fetch(&shared[0], 1, __ATOMIC_RELAXED);
        if (shared[1])
            usleep((useconds_t)shared[1]);
    }
    return real(file);
}

int fsync(int file) { return counted("fsync", file); }
int fdatasync(int file) { return counted("fdatasync", file); }
