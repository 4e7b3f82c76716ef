/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop of a node, and what others may ask of it. The parts are opened in the order in
 * which they need each other: data directory, trust, sockets, web client, core; the first event
 * is told when all of them are there. */
#include "driver_state.h"

#include "log.h"
#include "register.h"

#include "../protocol/trust/client.h"
#include "../protocol/trust/root.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHORES_MS 1000

/* Time for goodbyes to leave the machine. */
#define GOODBYE_MS 50

/* ---- Stop ---- */

void weft_driver_unref(struct weft_driver *driver)
{
    driver->open_count--;
    if (driver->open_count > 0 || !driver->closing) {
        return;
    }
    weft_driver_release_close(driver);
    weft_driver_drop_events(driver);
    weft_updater_free(driver->updater);
    free(driver->actions);
    free(driver->core_memory);
    free(driver);
}

static void on_store_closed(void *context)
{
    weft_driver_unref(context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    weft_driver_unref(handle->data);
}

static void close_timer(uv_timer_t *timer)
{
    if (timer->data != NULL) {
        uv_close((uv_handle_t *)timer, on_timer_closed);
    }
}

void weft_driver_close(struct weft_driver *driver)
{
    if (driver == NULL || driver->closing) {
        return;
    }
    driver->closing = true;
    driver->open_count++; /* this function */
    weft_session_close(driver->session);
    driver->session = NULL;
    weft_beacon_close(driver->beacon);
    driver->beacon = NULL;
    weft_http_close(driver->http);
    driver->http = NULL;
    weft_driver_source_close(driver);
    weft_driver_document_close(driver);
    weft_driver_whole_close(driver);
    weft_driver_release_cancel(driver);
    close_timer(&driver->tick);
    close_timer(&driver->chores);
    close_timer(&driver->stop);
    if (driver->store != NULL) {
        driver->open_count++;
        weft_store_close(driver->store, on_store_closed, driver);
        driver->store = NULL;
    }
    weft_driver_unref(driver);
}

static void on_stop(uv_timer_t *timer)
{
    struct weft_driver *driver = timer->data;
    driver->config.stopped(driver->config.context);
}

void weft_driver_leave(struct weft_driver *driver)
{
    struct weft_event event = {.kind = WEFT_EVENT_LEAVE};
    if (driver->leaving || driver->closing) {
        return;
    }
    driver->leaving = true;
    weft_driver_identity_save_peers(driver);
    weft_driver_identity_save_time(driver);
    weft_driver_tell(driver, &event);
    uv_timer_start(&driver->stop, on_stop, driver->left ? GOODBYE_MS : WEFT_DRIVER_STOP_MS, 0);
}

void weft_driver_look(struct weft_driver *driver)
{
    struct weft_event event = {.kind = WEFT_EVENT_LOOK};
    weft_driver_tell(driver, &event);
}

/* ---- Work that comes by the clock ---- */

/* Once a minute, and after 2, 4, 8, 16 and 32 s: who is killed early finds its segment again. */
static bool is_time_for_peers(uint32_t second_count)
{
    bool doubled = second_count >= 2 && (second_count & (second_count - 1)) == 0;
    return second_count % (WEFT_DRIVER_PEERS_MS / CHORES_MS) == 0 ||
           (doubled && second_count < WEFT_DRIVER_PEERS_MS / CHORES_MS);
}

static void on_chores(uv_timer_t *timer)
{
    struct weft_driver *driver = timer->data;
    driver->second_count++;
    weft_driver_source_expire(driver);
    weft_driver_document_expire(driver);
    weft_driver_release_expire(driver);
    weft_driver_whole_expire(driver);
    weft_driver_renew_expire(driver);
    weft_driver_hold(driver);
    weft_updater_wake(driver->updater);
    weft_driver_release(driver);
    if (driver->second_count % (WEFT_DRIVER_LINK_MS / CHORES_MS) == 0) {
        weft_driver_place_check(driver);
    }
    if (is_time_for_peers(driver->second_count)) {
        weft_driver_identity_save_peers(driver);
        weft_driver_identity_save_time(driver);
    }
}

/* ---- Start ---- */

static void on_store_log(void *context, enum weft_err err, const char *text)
{
    (void)context;
    weft_log(err == WEFT_ERR_OK ? WEFT_LOG_INFO : WEFT_LOG_WARNING, "%s", text);
}

static enum weft_err open_store(struct weft_driver *driver, struct weft_message *message)
{
    const struct weft_store_options options = {
        .loop = driver->config.loop,
        .data_dir = driver->options->data_dir,
        .sync = true,
        .context = driver,
        .log = on_store_log,
        .damaged = weft_driver_release_damaged,
    };
    return weft_store_open(&options, &driver->store, message);
}

static enum weft_err open_updater(struct weft_driver *driver, struct weft_message *message)
{
    char directory[WEFT_FILE_PATH_BYTES];
    struct weft_updater_subscription subscriptions[WEFT_COMPONENTS_MAX];
    const struct weft_run_options *options = driver->options;
    const struct weft_updater_host host = weft_driver_document_host(driver);
    if (!weft_fileio_join(directory, options->data_dir, "trust")) {
        weft_message_set(message, "the path of the data directory is too long");
        return WEFT_ERR_LIMIT;
    }
    for (uint32_t i = 0; i < options->component_count; i++) {
        subscriptions[i] = (struct weft_updater_subscription){
            .name = options->components[i].name, .is_target = options->components[i].is_target};
    }
    const struct weft_updater_config config = {
        .directory = directory,
        .root_file = options->root_file,
        .subscriptions = subscriptions,
        .subscription_count = options->component_count,
    };
    return weft_updater_open(&config, &host, &driver->updater, message->text,
                             sizeof(message->text));
}

static enum weft_err open_session(struct weft_driver *driver, uint64_t incarnation,
                                  struct weft_message *message)
{
    const struct weft_session_config config = {
        .loop = driver->config.loop,
        .membership = &driver->membership,
        .time_ms = incarnation,
        .listen = driver->options->listen,
        .handler = weft_driver_net_handler(driver),
    };
    enum weft_err err =
        weft_session_open(&driver->session, &config, message->text, sizeof(message->text));
    if (err == WEFT_ERR_OK) {
        driver->self.address = weft_session_address(driver->session);
    }
    return err;
}

/* FNV-1a; 0 stays free for "none". */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261U;
    for (; *text != 0; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    }
    return hash == 0 ? 1 : hash;
}

enum weft_agent_class weft_driver_class(const struct weft_driver *driver)
{
    bool is_barred = (driver->membership.read.flags & WEFT_CERTIFICATE_NO_AGENT) != 0;
    return is_barred ? WEFT_AGENT_NEVER : driver->options->agent_class;
}

/* Does the operator want more than the certificate allows? */
static void tell_class(const struct weft_driver *driver)
{
    if (driver->options->agent_class > WEFT_AGENT_AUTO &&
        weft_driver_class(driver) == WEFT_AGENT_NEVER) {
        weft_log(WEFT_LOG_WARNING,
                 "--agent has no effect: this node was admitted with --no-agent; to change that, "
                 "run weft token on the server, and here: weft join TOKEN --data %s",
                 driver->options->data_dir);
    }
}

static enum weft_err open_core(struct weft_driver *driver, struct weft_message *message)
{
    const struct weft_run_options *options = driver->options;
    struct weft_config config = weft_config_default();
    const struct weft_host host = {.context = driver->config.context,
                                   .trace = driver->config.trace};
    config.tuning = options->tuning;
    config.mesh = driver->membership.tag;
    randombytes_buf(&config.seed, sizeof(config.seed));
    config.site = options->site == NULL || options->site[0] == 0 ? 0 : hash_of(options->site);
    config.agent_class = weft_driver_class(driver);
    tell_class(driver);
    config.has_source = options->source_url != NULL;
    size_t size = weft_core_size(&config);
    driver->actions = calloc(1, sizeof(*driver->actions));
    driver->core_memory = size == 0 ? NULL : calloc(1, size);
    if (driver->actions == NULL || driver->core_memory == NULL) {
        weft_message_set(message, "out of memory");
        return WEFT_ERR_MEMORY;
    }
    driver->core = weft_core_init(driver->core_memory, size, &config, &host);
    return driver->core == NULL ? WEFT_ERR_ARGUMENT : WEFT_ERR_OK;
}

static void open_timer(struct weft_driver *driver, uv_timer_t *timer)
{
    uv_timer_init(driver->config.loop, timer);
    timer->data = driver;
    driver->open_count++;
}

static enum weft_err open_all(struct weft_driver *driver, uint64_t *incarnation,
                              struct weft_message *message)
{
    enum weft_err err = open_store(driver, message);
    if (err == WEFT_ERR_OK) {
        err = weft_driver_identity_join(driver->options, &driver->membership, &driver->server,
                                        message);
    }
    if (err == WEFT_ERR_OK) {
        driver->self.id = driver->membership.id;
        driver->is_server = weft_register_exists(driver->options->data_dir);
        err = weft_driver_identity_load(driver->options->data_dir, incarnation, message);
    }
    if (err == WEFT_ERR_OK) {
        err = open_updater(driver, message);
    }
    if (err == WEFT_ERR_OK) {
        err = open_session(driver, *incarnation, message);
    }
    if (err == WEFT_ERR_OK) {
        err = open_core(driver, message);
    }
    if (err == WEFT_ERR_OK) {
        driver->http = weft_http_open(driver->config.loop);
        err = driver->http == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
    }
    return err;
}

static void start(struct weft_driver *driver, uint64_t incarnation)
{
    struct weft_endpoint known[WEFT_SEEDS_MAX + WEFT_DRIVER_PEERS_MAX];
    driver->segment =
        weft_driver_place_segment(driver->options, &driver->self.address, &driver->has_network);
    struct weft_event event = {
        .kind = WEFT_EVENT_START,
        .start = {.self = driver->self,
                  .segment = driver->segment,
                  .incarnation = incarnation,
                  .known = known,
                  .known_count =
                      weft_driver_identity_known(driver, known, sizeof(known) / sizeof(known[0]))},
    };
    weft_driver_tell(driver, &event);
    driver->beacon = weft_driver_net_beacon(driver);
    weft_driver_hold(driver);
    weft_updater_start(driver->updater);
    weft_driver_release(driver);
    uv_timer_start(&driver->chores, on_chores, CHORES_MS, CHORES_MS);
}

enum weft_err weft_driver_open(struct weft_driver **driver, const struct weft_driver_config *config,
                               char *message, size_t size)
{
    struct weft_message text = {.text = ""};
    uint64_t incarnation = 0;
    *driver = NULL;
    struct weft_driver *made = calloc(1, sizeof(*made));
    if (made == NULL || sodium_init() < 0) {
        free(made);
        snprintf(message, size, "%s", weft_err_text(WEFT_ERR_MEMORY));
        return WEFT_ERR_MEMORY;
    }
    made->config = *config;
    made->options = config->options;
    open_timer(made, &made->tick);
    open_timer(made, &made->chores);
    open_timer(made, &made->stop);
    enum weft_err err = open_all(made, &incarnation, &text);
    if (err != WEFT_ERR_OK) {
        snprintf(message, size, "%s", text.text[0] != 0 ? text.text : weft_err_text(err));
        weft_driver_close(made);
        return err;
    }
    start(made, incarnation);
    *driver = made;
    return WEFT_ERR_OK;
}

/* ---- What others may ask ---- */

const struct weft_core *weft_driver_core(const struct weft_driver *driver)
{
    return driver->core;
}

const struct weft_updater *weft_driver_updater(const struct weft_driver *driver)
{
    return driver->updater;
}

const struct weft_membership *weft_driver_membership(const struct weft_driver *driver)
{
    return &driver->membership;
}

uint32_t weft_driver_copies(const struct weft_driver *driver, struct weft_peers_copy *copies,
                            uint32_t limit)
{
    return weft_session_copies(driver->session, copies, limit);
}

bool weft_driver_refused(const struct weft_driver *driver, struct weft_peers_refusal *refusal)
{
    return weft_session_refused(driver->session, refusal);
}

const char *weft_driver_name(const struct weft_driver *driver, weft_node_id id)
{
    return weft_session_name(driver->session, id);
}

struct weft_address weft_driver_address(const struct weft_driver *driver)
{
    return driver->self.address;
}

struct weft_driver_look weft_driver_last_look(const struct weft_driver *driver)
{
    return driver->look;
}

bool weft_driver_component(const struct weft_driver *driver, uint32_t number,
                           struct weft_driver_component *component)
{
    if (number >= driver->options->component_count) {
        return false;
    }
    *component = driver->parts[number].status;
    return true;
}

/* Where the store has the target, if it does. */
static void find_file(const struct weft_driver *driver, struct weft_driver_target *target)
{
    target->file[0] = '\0';
    for (const struct weft_driver_release *release = driver->releases; release != NULL;
         release = release->next) {
        struct weft_store_held held;
        bool is_same = strcmp(release->info.target, target->info.target) == 0 &&
                       strcmp(release->info.path, target->info.path) == 0;
        if (is_same && weft_store_look(driver->store, release->info.id, &held) && held.finished &&
            !weft_store_path(target->file, driver->options->data_dir, release->info.id)) {
            target->file[0] = '\0';
        }
    }
}

enum weft_err weft_driver_target(struct weft_driver *driver, const char *path,
                                 struct weft_driver_target *target, char *text, size_t size)
{
    struct weft_fault fault;
    enum weft_err err = weft_updater_lookup(driver->updater, path, &target->info, &fault);
    snprintf(text, size, "%s", fault.text);
    if (err == WEFT_ERR_OK) {
        const struct weft_trust *trust = weft_updater_trust(driver->updater);
        target->is_consistent = weft_root_is_consistent(weft_trust_document(trust, WEFT_ROLE_ROOT));
        find_file(driver, target);
    }
    return err;
}

uint64_t weft_driver_received_bytes(const struct weft_driver *driver, uint32_t number)
{
    return number < WEFT_COMPONENTS_MAX ? driver->parts[number].received_bytes : 0;
}
