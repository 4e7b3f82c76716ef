/* SPDX-License-Identifier: Apache-2.0 */
/* Which files may be opened: Landlock, by its system calls, since Debian 12's libc knows none of
 * them. See sandbox.h.
 *
 * What a version of the kernel knows is asked for as it is; what it does not know stays as open as
 * before. Version 1 is not used: it cannot let a file move to another directory, which activation
 * does. Ports are not confined: a stream binds to a port that the kernel chooses, and that
 * permission would open every free port to a listener as well. */
#include "node/sandbox_step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in linux/landlock.h; those of Debian 12 end before TRUNCATE. */
enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,
    TRUNCATE = 1 << 14,
    IOCTL_DEV = 1 << 15,

    CREATE_RULESET_VERSION = 1,
    RULE_PATH_BENEATH = 1,

    SCOPE_ABSTRACT_SOCKET = 1 << 0, /* no connection to abstract sockets of others */
    SCOPE_SIGNAL = 1 << 1,          /* no signal to processes outside */

    /* What makes sense for a file that is no directory. */
    OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV,
};

/* What each version of Landlock added: rights on files, and scopes. */
static const struct {
    int version;     /* since */
    uint64_t rights; /* handled from there on */
    uint64_t scopes; /* likewise */
} versions[] = {
    {1,
     EXECUTE | WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR | MAKE_DIR |
         MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM,
     0},
    {2, REFER, 0},
    {3, TRUNCATE, 0},
    {5, IOCTL_DEV, 0},
    {6, 0, SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL},
};

static const uint64_t rights_of_use[] = {
    [WEFT_SANDBOX_READ] = READ_FILE | READ_DIR,
    [WEFT_SANDBOX_WRITE] = WRITE_FILE | READ_FILE | READ_DIR | REMOVE_DIR | REMOVE_FILE | MAKE_DIR |
                           MAKE_REG | MAKE_SOCK | MAKE_SYM | REFER | TRUNCATE,
    [WEFT_SANDBOX_LINK] = READ_DIR | REMOVE_FILE | MAKE_DIR | MAKE_SYM,
};

/* struct landlock_ruleset_attr of version 6; an older kernel takes it, as long as what it does not
 * know is zero, if it is told the size that it knows. */
struct ruleset {
    uint64_t rights;  /* handled_access_fs */
    uint64_t network; /* handled_access_net */
    uint64_t scopes;  /* scoped */
};

struct rule {
    uint64_t rights; /* allowed_access */
    int32_t parent;  /* parent_fd */
} __attribute__((packed));

/* Bytes of the struct in version |version|. */
static size_t ruleset_bytes(long version)
{
    if (version < 4) {
        return offsetof(struct ruleset, network);
    }
    return version < 6 ? offsetof(struct ruleset, scopes) : sizeof(struct ruleset);
}

/* Let |rights| be used on what |path| is, and what is below it. */
static bool allow(int rules, int path, uint64_t rights)
{
    struct stat status;
    struct rule rule = {.rights = rights, .parent = path};
    if (fstat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        rule.rights &= OF_A_FILE;
    }
    return syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* What this kernel handles, in version |version|. */
static struct ruleset handled(long version)
{
    struct ruleset ruleset = {.rights = 0};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i].version <= version) {
            ruleset.rights |= versions[i].rights;
            ruleset.scopes |= versions[i].scopes;
        }
    }
    return ruleset;
}

/* Add all rules and close the door. */
static bool confine(const struct weft_sandbox *sandbox, int rules, uint64_t known,
                    struct weft_message *why)
{
    for (uint32_t i = 0; i < sandbox->path_count; i++) {
        uint64_t rights = rights_of_use[sandbox->paths[i].use] & known;
        if (!allow(rules, sandbox->paths[i].fd, rights)) {
            weft_message_errno(why, errno, "make a rule for", "Landlock");
            return false;
        }
    }
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        weft_message_errno(why, errno, "enforce", "Landlock");
        return false;
    }
    return true;
}

bool weft_sandbox_files(const struct weft_sandbox *sandbox, struct weft_message *why)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    if (version < 2) {
        weft_message_set(why, version < 0 ? "this kernel has no Landlock, or it is switched off"
                                          : "the Landlock of this kernel is too old (version 1)");
        return false;
    }
    const struct ruleset ruleset = handled(version);
    int rules =
        (int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_bytes(version), 0 /* flags */);
    if (rules < 0) {
        weft_message_errno(why, errno, "make", "a Landlock ruleset");
        return false;
    }
    bool is_confined = confine(sandbox, rules, ruleset.rights, why);
    close(rules);
    return is_confined;
}
