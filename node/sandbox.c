/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the steps, and what is said of them: see sandbox.h. */
#include "node/sandbox.h"

#include "node/sandbox_step.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *text; /* for people */
    bool (*take)(const struct weft_sandbox *sandbox, struct weft_message *why);
} steps[WEFT_SANDBOX_STEPS] = {
#define X(name, function, words) [WEFT_SANDBOX_##name] = {words, weft_sandbox_##function},
    WEFT_SANDBOX_STEP_MAP(X)
#undef X
};

void weft_sandbox_init(struct weft_sandbox *sandbox, enum weft_sandbox_mode mode)
{
    sandbox->mode = mode;
    sandbox->network = false;
    sandbox->reads_all = false;
    sandbox->path_count = 0;
}

void weft_sandbox_allow(struct weft_sandbox *sandbox, const char *path, enum weft_sandbox_use use)
{
    bool fits = sandbox->mode != WEFT_SANDBOX_OFF && sandbox->path_count < WEFT_SANDBOX_PATHS_MAX;
    int fd = fits ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd >= 0) {
        sandbox->paths[sandbox->path_count].fd = fd;
        sandbox->paths[sandbox->path_count].use = use;
        sandbox->path_count++;
    }
}

/* Whole directories, because a rule holds for the file itself and not for its name: who replaces
 * /etc/resolv.conf by a rename would otherwise cut a running node off. What is secret there is
 * guarded by its mode, and the node is not root. */
void weft_sandbox_allow_network(struct weft_sandbox *sandbox)
{
    static const char *const system_paths[] = {
        "/etc",
        "/usr",
        "/lib",
        "/lib64",
        "/run/systemd/resolve",
        "/run/NetworkManager",
        "/run/resolvconf",
        "/run/nscd",
        "/sys/devices/system/cpu",
        "/dev/null",
        "/dev/urandom",
    };
    for (size_t i = 0; i < sizeof(system_paths) / sizeof(system_paths[0]); i++) {
        weft_sandbox_allow(sandbox, system_paths[i], WEFT_SANDBOX_READ);
    }
    sandbox->network = true;
}

/* Append "SEPARATOR TEXT" to the report. */
static void add(struct weft_message *report, const char *separator, const char *text)
{
    size_t used = strlen(report->text);
    snprintf(report->text + used, sizeof(report->text) - used, "%s%s", separator, text);
}

static void close_paths(struct weft_sandbox *sandbox)
{
    for (uint32_t i = 0; i < sandbox->path_count; i++) {
        close(sandbox->paths[i].fd);
    }
    sandbox->path_count = 0;
}

/* Take all steps, also after one that failed. */
static void take_all(const struct weft_sandbox *sandbox, bool *taken, struct weft_message *why)
{
    for (size_t i = 0; i < WEFT_SANDBOX_STEPS; i++) {
        why[i].text[0] = '\0';
        taken[i] = steps[i].take(sandbox, &why[i]);
    }
}

enum weft_err weft_sandbox_enter(struct weft_sandbox *sandbox, struct weft_message *report)
{
    struct weft_message why[WEFT_SANDBOX_STEPS];
    bool taken[WEFT_SANDBOX_STEPS];
    enum weft_err err = WEFT_ERR_OK;
    if (sandbox->mode == WEFT_SANDBOX_OFF) {
        weft_message_set(report, "sandbox: off");
        return err;
    }
    take_all(sandbox, taken, why);
    close_paths(sandbox);
    weft_message_set(report, "sandbox");
    for (size_t i = 0; i < WEFT_SANDBOX_STEPS; i++) {
        if (taken[i]) {
            add(report, strchr(report->text, ':') == NULL ? ": " : "; ", steps[i].text);
        }
    }
    for (size_t i = 0; i < WEFT_SANDBOX_STEPS; i++) {
        if (!taken[i]) {
            add(report, strchr(report->text, ':') == NULL ? ": " : "; ", "NOT in force: ");
            add(report, steps[i].text, ", because ");
            add(report, "", why[i].text);
            err = sandbox->mode == WEFT_SANDBOX_REQUIRE ? WEFT_ERR_PERMISSION : err;
        }
    }
    return err;
}
