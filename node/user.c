/* SPDX-License-Identifier: Apache-2.0 */
/* As whom does a node run: see user.h. */
#include "node/user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum weft_err find(const char *name, const struct passwd **user,
                          struct weft_message *message)
{
    errno = 0;
    *user = getpwnam(name);
    if (*user == NULL) {
        weft_message_set(message,
                         "--user %.100s: there is no such user; make one: useradd --system %.100s",
                         name, name);
        return WEFT_ERR_NOT_FOUND;
    }
    if (geteuid() != 0 && geteuid() != (*user)->pw_uid) {
        weft_message_set(message, "--user %.100s: only root can become another user", name);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

/* Make the data directory. One that was there keeps its owner: it must be the right one. */
static enum weft_err give(const char *data_dir, const struct passwd *user,
                          struct weft_message *message)
{
    struct stat status;
    bool is_new = stat(data_dir, &status) != 0;
    if (is_new && weft_fileio_make_dirs(data_dir, 0755) != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "make the data directory", data_dir);
    }
    if (is_new && chown(data_dir, user->pw_uid, user->pw_gid) != 0) {
        return weft_message_errno(message, errno, "give away the data directory", data_dir);
    }
    if (!is_new && status.st_uid != user->pw_uid) {
        weft_message_set(message,
                         "%.300s belongs to user %u, not to %.100s; run: chown -R %.100s: %.100s",
                         data_dir, status.st_uid, user->pw_name, user->pw_name, data_dir);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_user_become(const char *name, const char *data_dir, struct weft_message *message)
{
    const struct passwd *user = NULL;
    if (name == NULL) {
        return WEFT_ERR_OK;
    }
    enum weft_err err = find(name, &user, message);
    if (err != WEFT_ERR_OK || geteuid() == user->pw_uid) {
        return err;
    }
    err = give(data_dir, user, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (initgroups(user->pw_name, user->pw_gid) != 0 ||
        setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
        return weft_message_errno(message, errno, "become the user", name);
    }
    return WEFT_ERR_OK;
}

void weft_user_make_for_owner(const char *data_dir)
{
    struct stat status;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2];
    if (geteuid() != 0 || stat(data_dir, &status) != 0 || status.st_uid == 0) {
        return;
    }
    setfsgid(status.st_gid);
    setfsuid(status.st_uid);
    /* That took the right away, which root has, to read and write everywhere. */
    if (syscall(SYS_capget, &header, sets) == 0) {
        sets[0].effective |= sets[0].permitted & (1U << CAP_DAC_OVERRIDE);
        syscall(SYS_capset, &header, sets);
    }
}

const char *weft_user_warning(void)
{
    return geteuid() != 0 ? NULL
                          : "running as root, which a node does not need: give --user NAME or use "
                            "weft.service, and let 'weft apply' do what must be root's";
}
