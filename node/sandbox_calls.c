/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls may be made: a list of what a node needs, by seccomp. See sandbox.h.
 *
 * Everything else answers ENOSYS, as an older kernel would: libc then takes the older call, which
 * is on the list, and a library that grows a new habit does not end every node of a network. No
 * process can be made and no program executed; threads can. Memory is never writable and
 * executable; a library may be loaded (names are resolved by plug-ins of libc).
 *
 * By libseccomp: numbers, argument orders and filters of each processor are its business, and
 * systemd has it on every Debian machine. */
#include "node/sandbox_step.h"

#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ends a list; calls that a processor lacks have other negative numbers. */
enum { END = __NR_SCMP_ERROR };

/* Not among them: chmod() and its like by name, which Landlock does not see. */
static const int files[] = {
    SCMP_SYS(access),
    SCMP_SYS(close),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(fdatasync),
    SCMP_SYS(flock),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(fstatat64),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fstatfs64),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(lseek),
    SCMP_SYS(lstat),
    SCMP_SYS(lstat64),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(read),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(readv),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(rmdir),
    SCMP_SYS(sendfile),
    SCMP_SYS(sendfile64),
    SCMP_SYS(stat),
    SCMP_SYS(stat64),
    SCMP_SYS(statfs),
    SCMP_SYS(statfs64),
    SCMP_SYS(statx),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(syncfs),
    SCMP_SYS(umask),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(_llseek),
    END,
};

/* Of the process itself: memory, threads, time, waiting. */
static const int own[] = {
    SCMP_SYS(arch_prctl),
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(madvise),
    SCMP_SYS(membarrier),
    SCMP_SYS(mlock),
    SCMP_SYS(mremap),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(prlimit64),
    SCMP_SYS(pselect6),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(select),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sigreturn),
    SCMP_SYS(sysinfo),
    SCMP_SYS(time),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(uname),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    END,
};

/* On sockets that are there; socket() is a case of its own. */
static const int sockets[] = {
    SCMP_SYS(accept),      SCMP_SYS(accept4),
    SCMP_SYS(bind),        SCMP_SYS(connect),
    SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),  SCMP_SYS(listen),
    SCMP_SYS(recvmmsg),    SCMP_SYS(sendmmsg),
    SCMP_SYS(setsockopt),  SCMP_SYS(shutdown),
    SCMP_SYS(socketpair),  END,
};

/* Messages on what is open: the runner is talked to without network as well. */
static const int messages[] = {
    SCMP_SYS(recv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(send),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    END,
};

/* Of the network, of this machine, and netlink: which addresses the machine has. */
static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};

/* Allow a call if argument |number|, masked, is |value|. */
static bool allow_if(scmp_filter_ctx filter, int call, unsigned int number, uint64_t mask,
                     uint64_t value)
{
    const struct scmp_arg_cmp compare = {number, SCMP_CMP_MASKED_EQ, mask, value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &compare) == 0;
}

/* A call that this processor does not have is passed over by libseccomp. */
static bool allow_all(scmp_filter_ctx filter, const int *calls)
{
    for (size_t i = 0; calls[i] != END; i++) {
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 0, NULL) != 0) {
            return false;
        }
    }
    return true;
}

/* Threads, but no processes: clone() with CLONE_THREAD. The flags of clone3() cannot be seen here:
 * it is not there, and libc takes clone(). */
static bool allow_threads(scmp_filter_ctx filter)
{
#ifdef __s390x__
    enum { FLAGS = 1 };
#else
    enum { FLAGS = 0 };
#endif
    return allow_if(filter, SCMP_SYS(clone), FLAGS, CLONE_THREAD, CLONE_THREAD);
}

/* Memory is writable or executable, and does not become executable. */
static bool allow_memory(scmp_filter_ctx filter)
{
    static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};
    const uint64_t mask = PROT_WRITE | PROT_EXEC;
    bool is_added = allow_if(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && is_added; i++) {
        is_added = allow_if(filter, maps[i], 2, mask, 0) &&
                   allow_if(filter, maps[i], 2, mask, PROT_WRITE) &&
                   allow_if(filter, maps[i], 2, mask, PROT_EXEC);
    }
    return is_added;
}

/* Calls that do many things, of which a node needs a few. */
static bool allow_parts(scmp_filter_ctx filter)
{
    static const uint64_t controls[] = {FIONREAD, FIONBIO, TCGETS, TIOCGWINSZ, FICLONE, FIOCLEX};
    bool is_added = allow_if(filter, SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME) &&
                    allow_if(filter, SCMP_SYS(tgkill), 0, UINT32_MAX, (uint64_t)getpid());
    for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]) && is_added; i++) {
        is_added = allow_if(filter, SCMP_SYS(ioctl), 1, UINT32_MAX, controls[i]);
    }
    return is_added;
}

static bool allow_network(scmp_filter_ctx filter)
{
    bool is_added = allow_all(filter, sockets);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && is_added; i++) {
        is_added = allow_if(filter, SCMP_SYS(socket), 0, UINT32_MAX, (uint64_t)families[i]);
    }
    return is_added;
}

/* For kernels before 5.11 and 5.16: a tree instead of a row of comparisons, and no mitigation that
 * slows memory down against code of strangers, which a node never runs. */
static bool tune(scmp_filter_ctx filter)
{
    return seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
           seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1) == 0;
}

bool weft_sandbox_calls(const struct weft_sandbox *sandbox, struct weft_message *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL) {
        weft_message_set(why, "out of memory");
        return false;
    }
    bool is_made = allow_all(filter, files) && allow_all(filter, own) &&
                   allow_all(filter, messages) && allow_threads(filter) && allow_memory(filter) &&
                   allow_parts(filter) && (!sandbox->network || allow_network(filter)) &&
                   tune(filter);
    int result = is_made ? seccomp_load(filter) : 0;
    if (!is_made) {
        weft_message_set(why, "the filter cannot be made");
    } else if (result != 0) {
        weft_message_errno(why, -result, "load", "the filter");
    }
    seccomp_release(filter);
    return is_made && result == 0;
}
