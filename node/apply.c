/* SPDX-License-Identifier: Apache-2.0 */
/* `weft apply`: see apply.h. In order: look who can write where; lock; make the runner; confine;
 * verify the metadata; then for each component open its release once and activate it (activate.h),
 * which hashes the very bytes that it lays out. */
#include "node/apply.h"

#include "node/activate.h"
#include "node/apply_input.h"
#include "node/apply_options.h"
#include "node/apply_trust.h"
#include "node/exit.h"
#include "node/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct apply {
    struct weft_apply_options options; /* flags */
    struct weft_input input;           /* the node's data */
    struct weft_apply_trust *trust;    /* what is signed; owned */
    struct weft_runner *runner;        /* of --on-update; NULL = none */
    uv_loop_t loop;                    /* own */
    const char *name;                  /* of the component at work, for messages */
    enum weft_err err;                 /* how its activation ended */
};

static void complain(const char *name, const struct weft_message *message, enum weft_err err)
{
    fprintf(stderr, "weft apply: %s%s%s\n", name, name[0] != '\0' ? ": " : "",
            message->text[0] != '\0' ? message->text : weft_err_text(err));
}

/* One at a time. The lock goes with the process. */
static enum weft_err lock(const char *state_dir, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, state_dir, "lock")) {
        return weft_message_errno(message, ENAMETOOLONG, "use", state_dir);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return weft_message_errno(message, errno, "open", path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        weft_message_set(message, "another 'weft apply' works on %s", state_dir);
        return WEFT_ERR_EXISTS;
    }
    return WEFT_ERR_OK;
}

/* Under which id the release is kept: of one without a signed index the node alone knows, and for
 * the own directory anything will do that follows from what is signed. */
static weft_release_id id_in_store(const struct apply *apply, const struct weft_release_info *info)
{
    return info->id != 0 ? info->id : weft_input_active(&apply->input, info->component);
}

static weft_release_id own_id(const struct weft_release_info *info)
{
    weft_release_id id = info->id;
    const uint8_t *hash = info->pin.has_sha256 ? info->pin.sha256 : info->pin.sha512;
    for (size_t i = 0; info->id == 0 && i < sizeof(id); i++) {
        id = id << 8 | hash[i];
    }
    return id;
}

static void on_activated(void *context, enum weft_err err, const char *text)
{
    struct apply *apply = context;
    apply->err = err;
    if (err == WEFT_ERR_OK) {
        printf("%s: active in %s\n", apply->name, text);
    } else {
        fprintf(stderr, "weft apply: %s: %s\n", apply->name, text);
    }
}

/* Activate; |source| is -1 if the node has not finished the release. */
static enum weft_err activate(struct apply *apply, const struct weft_run_component *component,
                              const struct weft_release_info *info, int source)
{
    const struct weft_activate_request request = {
        .loop = &apply->loop,
        .data_dir = apply->options.state_dir,
        .source = &source,
        .component = component->place,
        .version = info->version,
        .file = info->kind == WEFT_RELEASE_FILE ? info->file : NULL,
        .link = component->link,
        .runner = apply->runner,
        .id = own_id(info),
        .pin = info->pin,
    };
    apply->name = component->name;
    apply->err = WEFT_ERR_MEMORY;
    enum weft_err err = weft_activate_start(&request, on_activated, apply, NULL);
    if (err == WEFT_ERR_OK) {
        uv_run(&apply->loop, UV_RUN_DEFAULT);
        err = apply->err;
    }
    return err;
}

/* Put one component into effect. That the node has not finished it is no fault: it will be called
 * again. */
static enum weft_err take(struct apply *apply, uint32_t number, struct weft_message *message)
{
    const struct weft_run_component *component = &apply->options.components[number];
    struct weft_release_info info;
    int source = -1;
    enum weft_err err = weft_apply_trust_signed(apply->trust, number, &info, message);
    if (err != WEFT_ERR_OK) {
        complain(component->name, message, err);
        return err;
    }
    err = weft_input_release(&apply->input, id_in_store(apply, &info), &source, message);
    if (err == WEFT_ERR_NOT_FOUND &&
        !weft_activate_is_made(apply->options.state_dir, component->place, info.version,
                               own_id(&info))) {
        printf("%s: the node has not finished version %s yet\n", component->name, info.version);
        return WEFT_ERR_OK;
    }
    if (err == WEFT_ERR_OK || err == WEFT_ERR_NOT_FOUND) {
        err = activate(apply, component, &info, source);
    } else {
        complain(component->name, message, err);
    }
    if (source >= 0) {
        close(source);
    }
    return err;
}

/* Verify what is signed, then all components; one that fails does not hold up the others. */
static enum weft_err take_all(struct apply *apply, struct weft_message *message)
{
    char directory[WEFT_FILE_PATH_BYTES];
    const struct weft_apply_options *options = &apply->options;
    const struct weft_apply_trust_config config = {.input = &apply->input,
                                                   .directory = directory,
                                                   .root_file = options->root_file,
                                                   .components = options->components,
                                                   .component_count = options->component_count};
    enum weft_err err = weft_fileio_join(directory, options->state_dir, "trust")
                            ? weft_apply_trust_open(&config, &apply->trust, message)
                            : WEFT_ERR_LIMIT;
    if (err != WEFT_ERR_OK) {
        complain("", message, err);
    }
    for (uint32_t i = 0; apply->trust != NULL && i < options->component_count; i++) {
        struct weft_message why = {.text = ""};
        enum weft_err one = take(apply, i, &why);
        err = one != WEFT_ERR_OK ? one : err;
    }
    return err;
}

/* Everything that needs the rights of the caller, then give them up. */
static enum weft_err settle(struct apply *apply, struct weft_message *message)
{
    const struct weft_apply_options *options = &apply->options;
    enum weft_err err = weft_apply_options_check(options, message);
    if (err == WEFT_ERR_OK) {
        err = lock(options->state_dir, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_input_open(&apply->input, options->data_dir, message);
    }
    if (err == WEFT_ERR_OK && options->on_update != NULL) {
        err = weft_runner_open(options->on_update, options->state_dir, &apply->runner, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_apply_options_confine(options, message);
    }
    if (err == WEFT_ERR_OK) {
        fprintf(stderr, "weft apply: %s\n", message->text);
        message->text[0] = '\0';
    }
    if (err == WEFT_ERR_OK && (uv_loop_init(&apply->loop) != 0 || sodium_init() < 0)) {
        err = WEFT_ERR_MEMORY;
    }
    return err;
}

int weft_command_apply(int argc, char **argv)
{
    static struct apply apply; /* large */
    struct weft_message message = {.text = ""};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_apply_options_read(&apply.options, argc, argv, &exit_code)) {
        return exit_code;
    }
    apply.input.data_fd = -1;
    enum weft_err err = settle(&apply, &message);
    if (err != WEFT_ERR_OK) {
        complain("", &message, err);
        weft_input_close(&apply.input);
        weft_runner_close(apply.runner);
        return err == WEFT_ERR_EXISTS ? WEFT_EXIT_BUSY : WEFT_EXIT_FAILED;
    }
    message.text[0] = '\0';
    if (apply.runner != NULL) {
        err = weft_runner_attach(apply.runner, &apply.loop);
    }
    if (err == WEFT_ERR_OK) {
        err = take_all(&apply, &message);
    }
    weft_apply_trust_close(apply.trust);
    weft_input_close(&apply.input);
    weft_runner_close(apply.runner);
    uv_run(&apply.loop, UV_RUN_DEFAULT);
    uv_loop_close(&apply.loop);
    return err == WEFT_ERR_OK ? WEFT_EXIT_OK : WEFT_EXIT_FAILED;
}
