/* SPDX-License-Identifier: Apache-2.0 */
/* The life of `weft run`: flags, checks, loop, signals, end. What the node does in between is the
 * business of driver.h.
 *
 * Timers: the meters of inform.h, every WEFT_METER_PERIOD_MS.
 * Signals: SIGTERM and SIGINT leave, a second one ends at once; SIGHUP looks at the source. */
#include "run.h"

#include "confine.h"
#include "control.h"
#include "exit.h"
#include "inform.h"
#include "log.h"
#include "runner.h"
#include "trace_file.h"
#include "usage.h"
#include "user.h"

#include "protocol/address.h"
#include "protocol/transport/aead.h"
#include "protocol/view.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 3 };

static const int signal_numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

/* A node and what surrounds it. */
struct run {
    struct weft_run_options options; /* flags */
    uv_loop_t loop;                  /* everything happens here */
    uv_signal_t signals[SIGNALS];    /* as signal_numbers */
    uv_timer_t sampler;              /* of inform.meters */
    struct weft_driver *driver;      /* the node; NULL when it is closed */
    struct weft_control *control;    /* for `weft status`; NULL when it is closed */
    struct weft_runner *runner;      /* of --on-update; NULL = none */
    struct weft_message sandbox;     /* what is in force, for the log */
    struct weft_inform inform;       /* what status says */
    struct weft_trace_file *trace;   /* --trace; NULL = none */
    FILE *decisions;                 /* --decisions; NULL = none */
    bool leaving;                    /* asked to end */
};

static void on_trace(void *context, const struct weft_trace_record *record)
{
    char line[200];
    struct run *run = context;
    if (run->trace != NULL) {
        weft_trace_file_record(run->trace, record, uv_hrtime());
    }
    if (run->decisions != NULL) {
        weft_trace_format(record, line, sizeof(line));
        fprintf(run->decisions, "%s\n", line);
    }
}

/* Closes what keeps the loop alive; the loop then ends by itself. */
static void close_all(struct run *run)
{
    weft_control_close(run->control);
    run->control = NULL;
    if (run->trace != NULL && run->driver != NULL) {
        weft_trace_file_sample(run->trace, weft_driver_core(run->driver), uv_hrtime(), true);
    }
    weft_driver_close(run->driver);
    run->driver = NULL;
    for (size_t i = 0; i < SIGNALS; i++) {
        if (!uv_is_closing((uv_handle_t *)&run->signals[i])) {
            uv_close((uv_handle_t *)&run->signals[i], NULL);
        }
    }
    if (!uv_is_closing((uv_handle_t *)&run->sampler)) {
        uv_close((uv_handle_t *)&run->sampler, NULL);
    }
}

static void on_stopped(void *context)
{
    close_all(context);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    if (run->driver == NULL) {
        return;
    }
    if (number == SIGHUP) {
        weft_log(WEFT_LOG_INFO, "asked to look at the source (SIGHUP)");
        weft_driver_look(run->driver);
    } else if (!run->leaving) {
        run->leaving = true;
        weft_log(WEFT_LOG_INFO, "leaving");
        weft_driver_leave(run->driver);
    } else {
        close_all(run);
    }
}

static void on_sample(uv_timer_t *timer)
{
    struct run *run = timer->data;
    weft_inform_sample(&run->inform);
    if (run->trace != NULL && run->driver != NULL) {
        weft_trace_file_sample(run->trace, weft_driver_core(run->driver), uv_hrtime(), false);
    }
    if (run->decisions != NULL) {
        fflush(run->decisions);
    }
}

static int fail(const char *message)
{
    fprintf(stderr, "weft run: %s\n", message);
    return WEFT_EXIT_FAILED;
}

/* A LINK that is something else, or has no place to be, is told now and not after a download. */
static bool check_link(const struct weft_run_component *component, char *message, size_t size)
{
    char parent[4096];
    struct stat entry;
    if (component->link == NULL) {
        return true;
    }
    if (lstat(component->link, &entry) == 0 && !S_ISLNK(entry.st_mode)) {
        snprintf(message, size,
                 "--component %s=%.200s: there is something that is not a symbolic link; move it "
                 "away, weft does not overwrite it",
                 component->name, component->link);
        return false;
    }
    snprintf(parent, sizeof(parent), "%s", component->link);
    const char *directory = dirname(parent);
    if (access(directory, W_OK | X_OK) != 0) {
        snprintf(message, size, "--component %s=%.200s: cannot make a link in %.200s: %s",
                 component->name, component->link, directory, strerror(errno));
        return false;
    }
    return true;
}

static bool check_root(const char *path, char *message, size_t size)
{
    struct stat entry = {0};
    int error = access(path, R_OK) == 0 && stat(path, &entry) == 0 ? 0 : errno;
    if (error == 0 && !S_ISREG(entry.st_mode)) {
        error = S_ISDIR(entry.st_mode) ? EISDIR : EINVAL;
    }
    if (error != 0) {
        snprintf(message, size,
                 "--root %.200s: %s; it must be the root metadata of the publisher's repository "
                 "(metadata/1.root.json)",
                 path, strerror(error));
    }
    return error == 0;
}

static bool check(const struct weft_run_options *options, char *message, size_t size)
{
    if (!check_root(options->root_file, message, size)) {
        return false;
    }
    for (uint32_t i = 0; i < options->component_count; i++) {
        if (!check_link(&options->components[i], message, size)) {
            return false;
        }
    }
    return true;
}

static bool open_files(struct run *run, char *message, size_t size)
{
    const char *trace = run->options.trace_file;
    const char *decisions = run->options.decisions_file;
    run->trace = trace == NULL ? NULL : weft_trace_file_open(trace);
    if (trace != NULL && run->trace == NULL) {
        snprintf(message, size, "--trace %.200s: %s", trace, strerror(errno));
        return false;
    }
    run->decisions = decisions == NULL ? NULL : fopen(decisions, "ae");
    if (decisions != NULL && run->decisions == NULL) {
        snprintf(message, size, "--decisions %.200s: %s", decisions, strerror(errno));
        return false;
    }
    return true;
}

static void close_files(struct run *run)
{
    if (!weft_trace_file_close(run->trace)) {
        weft_log(WEFT_LOG_WARNING, "--trace %s is incomplete: %s", run->options.trace_file,
                 strerror(errno));
    }
    if (run->decisions != NULL && fclose(run->decisions) != 0) {
        weft_log(WEFT_LOG_WARNING, "--decisions %s is incomplete: %s", run->options.decisions_file,
                 strerror(errno));
    }
}

static int exit_of(enum weft_err err)
{
    if (err == WEFT_ERR_ADDRESS_IN_USE || err == WEFT_ERR_EXISTS) {
        return WEFT_EXIT_BUSY;
    }
    return err == WEFT_ERR_ARGUMENT ? WEFT_EXIT_USAGE : WEFT_EXIT_FAILED;
}

static int open_driver(struct run *run)
{
    char message[512] = "";
    const struct weft_driver_config config = {
        .options = &run->options,
        .loop = &run->loop,
        .runner = run->runner,
        .context = run,
        .trace = run->trace != NULL || run->decisions != NULL ? on_trace : NULL,
        .stopped = on_stopped,
    };
    enum weft_err err = weft_driver_open(&run->driver, &config, message, sizeof(message));
    if (err != WEFT_ERR_OK) {
        fail(message[0] != '\0' ? message : weft_err_text(err));
        return exit_of(err);
    }
    return WEFT_EXIT_OK;
}

static int open_control(struct run *run)
{
    static const struct weft_control_request requests[] = {
        {.word = "status", .answer = weft_inform_status},
        {.word = "target", .has_argument = true, .answer = weft_inform_target},
    };
    char message[512];
    run->inform.options = &run->options;
    run->inform.driver = run->driver;
    run->inform.sandbox = run->sandbox.text;
    run->inform.started_unix_s = time(NULL);
    enum weft_err err =
        weft_control_open(&run->control, &run->loop, run->options.data_dir, requests,
                          sizeof(requests) / sizeof(requests[0]), &run->inform);
    if (err != WEFT_ERR_OK) {
        snprintf(message, sizeof(message), "cannot listen on %.300s/%s: %s", run->options.data_dir,
                 WEFT_CONTROL_NAME, weft_err_text(err));
        return fail(message);
    }
    return WEFT_EXIT_OK;
}

/* "payload, scanner" */
static void list_components(const struct weft_run_options *options, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < options->component_count && used < size; i++) {
        int length = snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                              options->components[i].name);
        used += length > 0 ? (size_t)length : 0;
    }
}

static void say_hello(const struct run *run)
{
    char address_text[WEFT_ADDRESS_TEXT_BYTES];
    char segment_text[WEFT_ADDRESS_TEXT_BYTES];
    char components[512];
    const struct weft_run_options *options = &run->options;
    struct weft_view_node node = weft_view_node(weft_driver_core(run->driver));
    struct weft_address address = weft_driver_address(run->driver);

    if (weft_aead_warning() != NULL) {
        weft_log(WEFT_LOG_WARNING, "%s", weft_aead_warning());
    }
    weft_log(WEFT_LOG_INFO, "%s", run->sandbox.text);
    if (weft_user_warning() != NULL) {
        weft_log(WEFT_LOG_WARNING, "%s", weft_user_warning());
    }
    if (options->component_count == 0) {
        weft_log(WEFT_LOG_WARNING,
                 "no --component and no --target: this node takes part, but keeps nothing");
    }
    list_components(options, components, sizeof(components));
    weft_log(WEFT_LOG_INFO,
             "node %016llx at %s, segment %s, source %s, components %s; see: weft status --data %s",
             (unsigned long long)node.self.id,
             weft_address_format(&address, address_text, sizeof(address_text)),
             weft_prefix_format(&node.segment, segment_text, sizeof(segment_text)),
             options->source_url != NULL ? options->source_url : "none",
             components[0] != '\0' ? components : "none", options->data_dir);
}

static void open_handles(struct run *run)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&run->loop, &run->signals[i]);
        run->signals[i].data = run;
        uv_signal_start(&run->signals[i], on_signal, signal_numbers[i]);
    }
    uv_timer_init(&run->loop, &run->sampler);
    run->sampler.data = run;
}

static int live(struct run *run)
{
    if (uv_loop_init(&run->loop) != 0 ||
        (run->runner != NULL && weft_runner_attach(run->runner, &run->loop) != WEFT_ERR_OK)) {
        return fail("cannot make an event loop: too many open files?");
    }
    open_handles(run);
    int exit_code = open_driver(run);
    if (exit_code == WEFT_EXIT_OK) {
        exit_code = open_control(run);
    }
    if (exit_code == WEFT_EXIT_OK) {
        say_hello(run);
        if (run->trace != NULL) {
            weft_trace_file_begin(run->trace, weft_driver_core(run->driver), uv_hrtime());
        }
        uv_timer_start(&run->sampler, on_sample, WEFT_METER_PERIOD_MS, WEFT_METER_PERIOD_MS);
    } else {
        close_all(run);
    }
    uv_run(&run->loop, UV_RUN_DEFAULT);
    weft_runner_close(run->runner); /* no command runs any more */
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
    return exit_code;
}

/* Become who the node runs as, make the process that runs commands, and give up everything else:
 * in this order, before there are threads, and before a byte from outside is read. */
static enum weft_err settle(struct run *run, struct weft_message *message)
{
    const struct weft_run_options *options = &run->options;
    enum weft_err err = weft_user_become(options->user, options->data_dir, message);
    if (err == WEFT_ERR_OK && !open_files(run, message->text, sizeof(message->text))) {
        err = WEFT_ERR_IO;
    }
    if (err == WEFT_ERR_OK && options->on_update != NULL) {
        err = weft_runner_open(options->on_update, options->data_dir, &run->runner, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_confine(options, &run->sandbox);
        *message = run->sandbox;
    }
    /* Now, because root could make a link anywhere until a moment ago. */
    if (err == WEFT_ERR_OK && !check(options, message->text, sizeof(message->text))) {
        err = WEFT_ERR_ARGUMENT;
    }
    return err;
}

int weft_command_run(int argc, char **argv)
{
    static struct run run; /* large, and there is one node in a process */
    char message[1024];
    enum weft_err err = weft_options_parse(&run.options, argc, argv, message, sizeof(message));
    if (err != WEFT_ERR_OK) {
        return weft_usage_refuse("run", message);
    }
    if (run.options.help) {
        weft_options_help(stdout);
        return WEFT_EXIT_OK;
    }
    struct weft_message fault = {.text = ""};
    int exit_code = settle(&run, &fault) == WEFT_ERR_OK ? live(&run) : fail(fault.text);
    close_files(&run);
    return exit_code;
}
