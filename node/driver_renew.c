/* SPDX-License-Identifier: Apache-2.0 */
/* How does a node stay a member? Its certificate is renewed in the thread pool after two thirds of
 * its life, when a revocation made it void, after the start and once a day (who was away may have
 * missed that, or a change of the mesh key); a server answers itself. A failure is tried again
 * after a minute. In a mesh without a server it is people who renew it, told once a day.
 * Every second the node looks whether a command left a newer certificate or revocation. */
#include "driver_state.h"

#include "join_client.h"
#include "log.h"
#include "register.h"
#include "units.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Units: seconds. Nodes whose certificates end together do not ask together. */
enum { AGAIN_S = 2, RETRY_S = 60, SPREAD_S = 10, REMIND_S = 86400, ASK_S = 86400 };

struct weft_driver_renewal {
    uv_work_t work;                       /* of the thread pool */
    struct weft_driver *driver;           /* owner */
    struct weft_membership membership;    /* a copy, changed by the thread */
    struct weft_membership_server server; /* a copy */
    struct weft_message message;          /* why it failed */
    enum weft_err err;                    /* how it ended */
};

bool weft_driver_is_renewed_by_hand(const struct weft_driver *driver)
{
    return !driver->is_server && driver->server.address.port == 0;
}

/* Is it time for a new certificate? */
static bool is_due(const struct weft_driver *driver)
{
    const struct weft_membership *membership = &driver->membership;
    uint64_t now_s = weft_membership_now_s();
    bool is_missed = !weft_driver_is_renewed_by_hand(driver) && now_s - driver->renewed_s > ASK_S;
    return is_missed || membership->read.serial < membership->revoked.floor ||
           now_s > weft_membership_renew_s(membership);
}

static void use(struct weft_driver *driver, const struct weft_membership *made)
{
    struct weft_membership *membership = &driver->membership;
    if (weft_membership_renew(membership, made)) {
        weft_session_prove(driver->session);
        weft_log(WEFT_LOG_INFO, "the mesh has another key now; the old one counts no more");
    }
    if (made->revoked.number > membership->revoked.number) {
        (void)weft_session_revoke(driver->session, made->revocation, made->revocation_length);
    }
    weft_log(WEFT_LOG_INFO, "the certificate of this node was renewed, until %s",
             weft_units_date((int64_t)made->read.not_after_s).text);
}

/* Take what the server granted. */
static void take(struct weft_driver *driver, const struct weft_membership *made)
{
    struct weft_message message = {.text = ""};
    struct weft_membership *membership = &driver->membership;
    use(driver, made);
    if (weft_membership_file_save(driver->options->data_dir, membership, &driver->server,
                                  &message) != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "%s", message.text);
    }
    driver->renewed_s = weft_membership_now_s();
    driver->renew_after_s = weft_membership_now_s() + AGAIN_S;
}

static void on_work(uv_work_t *work)
{
    struct weft_driver_renewal *renewal = work->data;
    renewal->err =
        weft_join_client_renew(&renewal->server, &renewal->membership, &renewal->message);
}

static void on_done(uv_work_t *work, int status)
{
    struct weft_driver_renewal *renewal = work->data;
    struct weft_driver *driver = renewal->driver;
    (void)status;
    driver->renewing = false;
    if (!driver->closing && renewal->err == WEFT_ERR_OK) {
        take(driver, &renewal->membership);
    } else if (!driver->closing) {
        weft_log(WEFT_LOG_WARNING, "cannot renew the certificate of this node: %s",
                 renewal->message.text);
    }
    sodium_memzero(renewal, sizeof(*renewal));
    free(renewal);
    weft_driver_unref(driver);
}

/* The server is asked by itself. */
static void renew_here(struct weft_driver *driver)
{
    const uint8_t request[1] = {WEFT_REGISTER_RENEW};
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_message message = {.text = ""};
    struct weft_membership made = driver->membership;
    size_t length = weft_register_answer(driver->options->data_dir, driver->membership.own.open,
                                         request, sizeof(request), reply);
    if (weft_join_client_take(&made, reply, length, &message) == WEFT_ERR_OK) {
        take(driver, &made);
    } else {
        weft_log(WEFT_LOG_WARNING, "cannot renew the certificate of this server: %s", message.text);
    }
    sodium_memzero(&made, sizeof(made));
    sodium_memzero(reply, sizeof(reply));
}

static void renew(struct weft_driver *driver)
{
    driver->renew_after_s = weft_membership_now_s() + RETRY_S + randombytes_uniform(SPREAD_S);
    if (driver->is_server) {
        renew_here(driver);
        return;
    }
    struct weft_driver_renewal *renewal = calloc(1, sizeof(*renewal));
    if (renewal == NULL) {
        return;
    }
    renewal->work.data = renewal;
    renewal->driver = driver;
    renewal->membership = driver->membership;
    renewal->server = driver->server;
    if (uv_queue_work(driver->config.loop, &renewal->work, on_work, on_done) == 0) {
        driver->renewing = true;
        driver->open_count++;
    } else {
        free(renewal);
    }
}

/* On a server: the time of the present mesh key may be over. */
static void settle(struct weft_driver *driver, uint64_t now_s)
{
    struct weft_message message = {.text = ""};
    if (now_s >= driver->settle_after_s &&
        weft_register_settle(driver->options->data_dir, &message) != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "cannot change the mesh key: %s", message.text);
        driver->settle_after_s = now_s + RETRY_S;
    }
}

/* People must do it, or the node falls out. */
static void remind(struct weft_driver *driver)
{
    driver->renew_after_s = weft_membership_now_s() + REMIND_S;
    weft_log(WEFT_LOG_WARNING,
             "the certificate of this node is good until %s, and no server renews it: run `weft "
             "join --request FILE` here, `weft admit FILE` where the mesh key is, and `weft join "
             "--take FILE.admitted` here",
             weft_units_date((int64_t)driver->membership.read.not_after_s).text);
}

/* What `weft join --take` wrote, or another command. */
static void look_for_certificate(struct weft_driver *driver)
{
    struct weft_membership made;
    struct weft_membership_server server;
    struct weft_message message = {.text = ""};
    const char *data_dir = driver->options->data_dir;
    uint64_t stamp = weft_membership_file_stamp(data_dir);
    if (stamp == driver->membership_stamp) {
        return;
    }
    driver->membership_stamp = stamp;
    enum weft_err err = weft_membership_file_load(data_dir, &made, &server, &message);
    if (err != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "%s", message.text[0] ? message.text : weft_err_text(err));
    } else if (made.tag != driver->membership.tag || made.id != driver->membership.id) {
        weft_log(WEFT_LOG_WARNING, "this node was admitted to another mesh, or has another key "
                                   "now: restart it to change over");
    } else if (made.read.serial > driver->membership.read.serial) {
        use(driver, &made);
        driver->server = server;
        driver->renew_after_s = 0;
    }
    sodium_memzero(&made, sizeof(made));
}

/* What `weft revoke`, `weft rotate` and `weft join --take` wrote. */
static void look_for_revocation(struct weft_driver *driver)
{
    uint8_t bytes[WEFT_REVOCATION_BYTES_MAX];
    size_t length = weft_membership_file_read_revoked(driver->options->data_dir, bytes);
    if (length == driver->membership.revocation_length &&
        memcmp(bytes, driver->membership.revocation, length) == 0) {
        return;
    }
    (void)weft_session_revoke(driver->session, bytes, length);
}

void weft_driver_renew_expire(struct weft_driver *driver)
{
    uint64_t now_s = weft_membership_now_s();
    if (driver->is_server) {
        settle(driver, now_s);
    }
    look_for_certificate(driver);
    if (driver->membership.is_open) {
        return;
    }
    look_for_revocation(driver);
    if (!is_due(driver) || driver->renewing || now_s < driver->renew_after_s) {
        return;
    }
    if (weft_driver_is_renewed_by_hand(driver)) {
        remind(driver);
    } else {
        renew(driver);
    }
}

size_t weft_driver_renew_admit(void *context, const uint8_t key[32],
                               const struct weft_address *from, const uint8_t *request,
                               size_t length, uint8_t *reply)
{
    const struct weft_driver *driver = context;
    (void)from;
    return weft_register_answer(driver->options->data_dir, key, request, length, reply);
}

bool weft_driver_renew_is_revoked(const struct weft_driver *driver)
{
    return weft_revocation_names(&driver->membership.revoked, driver->membership.id);
}
