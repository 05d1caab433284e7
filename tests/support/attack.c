/* What a compromised process would do, as a static program: raw system calls and small floods.
 *
 *   attack call NAME ARG... [-- NAME ARG...]   each call in turn, in one process
 *   attack exchange A B SECONDS                swap two names as fast as possible
 *   attack confined USER PID MNT SECONDS -- PROGRAM...
 *   attack FLOOD N                             see FLOODS below; only below `attack confined`
 *
 * Arguments of a call: a number, =TEXT (a pointer to it), @ (a pointer to 64 KiB of zeros), $ (the
 * result of the call before). One line is printed for each: NAME=RESULT or NAME=ERRNO.
 *
 * `confined` is the guard of every flood: it runs PROGRAM only if the namespaces of its own process
 * differ from the three it is told (the host's), under resource limits and with an alarm set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUARD "ATTACK_CONFINED"
#define REFUSED 99

static const struct {
    const char *name;
    long number;
} CALLS[] = {
    {"open", SYS_open}, {"openat", SYS_openat}, {"read", SYS_read}, {"write", SYS_write},
    {"unshare", SYS_unshare}, {"setns", SYS_setns}, {"mount", SYS_mount},
    {"umount2", SYS_umount2}, {"pivot_root", SYS_pivot_root}, {"chroot", SYS_chroot},
    {"fsopen", 430}, {"fsconfig", 431}, {"fsmount", 432}, {"open_tree", 428},
    {"move_mount", 429}, {"mount_setattr", 442}, {"keyctl", SYS_keyctl},
    {"add_key", SYS_add_key}, {"request_key", SYS_request_key}, {"ptrace", SYS_ptrace},
    {"process_vm_readv", SYS_process_vm_readv}, {"ioctl", SYS_ioctl}, {"kill", SYS_kill},
    {"pidfd_open", 434}, {"pidfd_getfd", 438}, {"mknodat", SYS_mknodat}, {"socket", SYS_socket},
    {"bpf", SYS_bpf}, {"io_uring_setup", 425}, {"userfaultfd", SYS_userfaultfd},
    {"perf_event_open", SYS_perf_event_open}, {"open_by_handle_at", SYS_open_by_handle_at},
    {"clone3", 435}, {"setuid", SYS_setuid}, {"init_module", SYS_init_module},
    {"kexec_load", SYS_kexec_load}, {"reboot", SYS_reboot}, {"syslog", SYS_syslog},
    {"acct", SYS_acct}, {"swapon", SYS_swapon}, {"personality", SYS_personality},
    {"settimeofday", SYS_settimeofday}, {"sethostname", SYS_sethostname}, {"iopl", SYS_iopl},
    {"kcmp", SYS_kcmp}, {"name_to_handle_at", SYS_name_to_handle_at}, {"quotactl", SYS_quotactl},
    {"fanotify_init", SYS_fanotify_init}, {"vmsplice", SYS_vmsplice},
    {"process_madvise", 440}, {"modify_ldt", SYS_modify_ldt}, {"uselib", SYS_uselib},
    {"memfd_create", SYS_memfd_create}, {"memfd_secret", 447}, {"prctl", SYS_prctl},
    {"dup2", SYS_dup2}, {"fchdir", SYS_fchdir}, {"fork", SYS_fork}, {"setsid", SYS_setsid},
    {"landlock_create_ruleset", 444}, {"capset", SYS_capset}, {"clone", SYS_clone},
};

static char zeros[65536];

static long argument(const char *text, long before)
{
    if (text[0] == '=')
        return (long)(text + 1);
    if (text[0] == '@')
        return (long)zeros;
    if (text[0] == '$')
        return before;
    return (long)strtoull(text, NULL, 0);
}

static int call_all(char **word)
{
    long result = 0;
    while (*word) {
        long number = -1, arguments[6] = {0};
        const char *name = *word++;
        for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
            if (!strcmp(CALLS[i].name, name))
                number = CALLS[i].number;
        for (int i = 0; *word && strcmp(*word, "--"); word++, i++)
            arguments[i] = argument(*word, result);
        if (*word)
            word++;
        errno = 0;
        result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                         arguments[4], arguments[5]);
        if (number == SYS_fork && result > 0) { /* the calls that follow are the child's */
            waitpid(result, NULL, 0);
            return 0;
        }
        if (result == -1)
            printf("%s=%s\n", name, strerrorname_np(errno));
        else
            printf("%s=%ld\n", name, result);
        fflush(stdout);
    }
    return 0;
}

static int exchange(const char *one, const char *other, double seconds)
{
    struct timespec start, now;
    unsigned long done = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        for (int i = 0; i < 64; i++)
            done += !syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2 /* EXCHANGE */);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9 < seconds);
    printf("exchanged=%lu\n", done);
    return 0;
}

static void limit(int what, rlim_t most)
{
    struct rlimit now;
    getrlimit(what, &now);
    if (now.rlim_max > most)
        now.rlim_cur = now.rlim_max = most;
    if (now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    if (setrlimit(what, &now))
        exit(REFUSED);
}

static int confined(char **word)
{
    static const char *const KIND[] = {"user", "pid", "mnt"};
    for (int i = 0; i < 3; i++) {
        char path[64], found[64] = "";
        snprintf(path, sizeof path, "/proc/self/ns/%s", KIND[i]);
        if (readlink(path, found, sizeof found - 1) < 1 || !strcmp(found, word[i])) {
            fprintf(stderr, "attack: not in a %s namespace of its own, refused\n", KIND[i]);
            return REFUSED;
        }
    }
    limit(RLIMIT_NPROC, 200);
    limit(RLIMIT_AS, 256 << 20);
    limit(RLIMIT_FSIZE, 32 << 20);
    alarm(atoi(word[3]));
    setenv(GUARD, "1", 1);
    execv(word[5], word + 5);
    return REFUSED;
}

/* FLOODS: each prints how far it came. */

static int processes(int most) /* "forks": that live; "zombies": that have ended */
{
    int made = 0;
    for (; made < most; made++) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child == 0) {
            pause();
            _exit(0);
        }
    }
    printf("forks=%d\n", made);
    return 0;
}

static int zombies(int most)
{
    int made = 0;
    for (; made < most; made++) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child == 0)
            _exit(0);
    }
    printf("zombies=%d\n", made);
    return 0;
}

static int memory(int most, int flags) /* MiB, touched */
{
    int made = 0;
    for (; made < most; made++) {
        char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED)
            break;
        memset(piece, 1, 1 << 20);
    }
    printf("mebibytes=%d\n", made);
    return 0;
}

static int inodes(int most) /* in the working directory */
{
    int made = 0;
    for (; made < most; made++) {
        char name[16];
        snprintf(name, sizeof name, "%d", made);
        int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    printf("inodes=%d %s\n", made, made < most ? strerrorname_np(errno) : "unhindered");
    return 0;
}

static int fill(int most) /* MiB, into a file in the working directory */
{
    int fd = open("fill", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    long written = 0;
    while (fd >= 0 && written < (long)most << 20) {
        ssize_t more = write(fd, zeros, sizeof zeros);
        if (more < 1)
            break;
        written += more;
    }
    int full = written < (long)most << 20;
    printf("kibibytes=%ld %s\n", written >> 10, full ? strerrorname_np(errno) : "unhindered");
    return 0;
}

static int ptys(int most) /* open at the same time */
{
    int made = 0;
    while (made < most && open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0)
        made++;
    printf("ptys=%d %s\n", made, made < most ? strerrorname_np(errno) : "unhindered");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "call"))
        return call_all(argv + 2);
    if (argc == 5 && !strcmp(argv[1], "exchange"))
        return exchange(argv[2], argv[3], atof(argv[4]));
    if (argc > 7 && !strcmp(argv[1], "confined"))
        return confined(argv + 2);
    if (argc != 3 || !getenv(GUARD))
        return REFUSED;
    int most = atoi(argv[2]);
    if (!strcmp(argv[1], "forks"))
        return processes(most);
    if (!strcmp(argv[1], "zombies"))
        return zombies(most);
    if (!strcmp(argv[1], "memory"))
        return memory(most, MAP_PRIVATE);
    if (!strcmp(argv[1], "shared-memory"))
        return memory(most, MAP_SHARED);
    if (!strcmp(argv[1], "inodes"))
        return inodes(most);
    if (!strcmp(argv[1], "fill"))
        return fill(most);
    if (!strcmp(argv[1], "ptys"))
        return ptys(most);
    return REFUSED;
}
