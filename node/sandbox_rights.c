/* SPDX-License-Identifier: Apache-2.0 */
/* The rights that a process has by what it is: capabilities, privileges it may gain by executing,
 * a memory that others may read. See sandbox.h. */
#include "node/sandbox_step.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Capabilities that can be numbered at all: two words of 32 bits. */
enum { CAPABILITIES_MAX = 64 };

static bool fail(struct weft_message *why, const char *what)
{
    weft_message_errno(why, errno, what, "");
    return false;
}

static bool set_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, held) != 0) {
        return false;
    }
    sets[0].permitted = held[0].permitted & kept;
    sets[0].effective = sets[0].permitted;
    /* A unit that gives none may not let them be set either. */
    return memcmp(sets, held, sizeof(sets)) == 0 || syscall(SYS_capset, &header, sets) == 0;
}

/* From the bounding set too, where that is allowed: only who has CAP_SETPCAP may, and who has not
 * cannot gain one by executing, because of no_new_privs. */
static bool drop_capabilities(uint32_t kept, struct weft_message *why)
{
    for (unsigned long i = 0; i < CAPABILITIES_MAX && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0;
         i++) {
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return set_capabilities(kept) || fail(why, "give up capabilities");
}

bool weft_sandbox_rights(const struct weft_sandbox *sandbox, struct weft_message *why)
{
    const struct rlimit no_core = {0, 0};
    uint32_t kept = sandbox->reads_all ? CAP_TO_MASK(CAP_DAC_READ_SEARCH) : 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(why, "give up new privileges");
    }
    if (!drop_capabilities(kept, why)) {
        return false;
    }
    /* Keys are in memory. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0) {
        return fail(why, "close the own memory");
    }
    return true;
}
