/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody brings back, holds back or mixes documents that the publisher did sign. */
#include "tests/support/offer.h"

#include <string.h>

#define DAY_S 86400
#define BODY(role) (publisher->bodies[WEFT_ROLE_##role])
#define SIGNERS(role) (publisher->signers[WEFT_ROLE_##role])

/* ---- Rollback ---- */

static void old_timestamp(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_TIMESTAMP, 4);
}

static void old_snapshot(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_SNAPSHOT, 4);
}

static void old_targets(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_TARGETS, 4);
}

static void old_everything(struct publisher *publisher)
{
    offer_generation(publisher, 1);
}

static void same_root(struct publisher *publisher, enum weft_role role,
                      struct publisher_document *document)
{
    if (role == WEFT_ROLE_ROOT) {
        offer_put(document, publisher_make(publisher, WEFT_ROLE_ROOT));
    }
}

static void third_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 3);
}

static void vanished_targets(struct publisher *publisher, enum weft_role role,
                             struct publisher_document *document)
{
    (void)role;
    if (role == WEFT_ROLE_SNAPSHOT) {
        publisher_free(document);
    }
    if (role == WEFT_ROLE_TIMESTAMP || role == WEFT_ROLE_SNAPSHOT) {
        /* Pinned and signed as it stands, without targets.json. */
        json_object_clear(json_object_get(BODY(SNAPSHOT), "meta"));
        struct publisher_document bare =
            publisher_sign(publisher, BODY(SNAPSHOT), SIGNERS(SNAPSHOT));
        if (role == WEFT_ROLE_SNAPSHOT) {
            *document = bare;
            return;
        }
        json_object_set_new(json_object_get(BODY(TIMESTAMP), "meta"), "snapshot.json",
                            json_pack("{s:i}", "version", 6));
        publisher_free(&bare);
        offer_put(document, publisher_sign(publisher, BODY(TIMESTAMP), SIGNERS(TIMESTAMP)));
    }
}

/* ---- Freeze ---- */

static void expires(json_t *body, const char *date)
{
    json_object_set_new(body, "expires", json_string(date));
}

static void expired_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    expires(BODY(ROOT), PUBLISHER_EXPIRED);
}

static void expired_timestamp(struct publisher *publisher)
{
    expires(BODY(TIMESTAMP), PUBLISHER_EXPIRED);
}

static void expired_snapshot(struct publisher *publisher)
{
    expires(BODY(SNAPSHOT), PUBLISHER_EXPIRED);
}

static void expired_targets(struct publisher *publisher)
{
    expires(BODY(TARGETS), PUBLISHER_EXPIRED);
}

static void expires_never(struct publisher *publisher)
{
    json_object_del(BODY(TIMESTAMP), "expires");
}

static void expires_in_words(struct publisher *publisher)
{
    expires(BODY(TIMESTAMP), "never");
}

static void expires_on_no_day(struct publisher *publisher)
{
    expires(BODY(TIMESTAMP), "2027-02-30T00:00:00Z");
}

static void expires_with_zone(struct publisher *publisher)
{
    expires(BODY(TIMESTAMP), "2027-01-01T00:00:00+14:00");
}

/* ---- Mix and match ---- */

static void stale(struct publisher *publisher, enum weft_role role, int version,
                  struct publisher_document *document)
{
    json_t *now = json_incref(json_object_get(publisher->bodies[role], "version"));
    publisher_version(publisher, role, version);
    offer_put(document, publisher_make(publisher, role));
    json_object_set_new(publisher->bodies[role], "version", now);
}

static void snapshot_of_before(struct publisher *publisher, enum weft_role role,
                               struct publisher_document *document)
{
    if (role == WEFT_ROLE_SNAPSHOT) {
        stale(publisher, role, 5, document);
    }
}

static void targets_of_before(struct publisher *publisher, enum weft_role role,
                              struct publisher_document *document)
{
    if (role == WEFT_ROLE_TARGETS) {
        stale(publisher, role, 5, document);
    }
}

static void targets_of_later(struct publisher *publisher, enum weft_role role,
                             struct publisher_document *document)
{
    if (role == WEFT_ROLE_TARGETS) {
        stale(publisher, role, 7, document);
    }
}

/* Signed by the right key, of the right version, but not what the snapshot names. */
static void other_targets(struct publisher *publisher, enum weft_role role,
                          struct publisher_document *document)
{
    if (role == WEFT_ROLE_TARGETS) {
        publisher_target(publisher, NULL, OFFER_PATH, "evil");
        offer_put(document, publisher_make(publisher, role));
    }
}

static const struct offer offers[] = {
    {"rollback: timestamp", WEFT_ERR_ROLLBACK, old_timestamp, NULL, 0, false},
    {"rollback: snapshot under a new timestamp", WEFT_ERR_ROLLBACK, old_snapshot, NULL, 0, false},
    {"rollback: targets under a new snapshot", WEFT_ERR_ROLLBACK, old_targets, NULL, 0, false},
    {"rollback: the whole first generation", WEFT_ERR_ROLLBACK, old_everything, NULL, 0, false},
    {"rollback: root 1 as root 2", WEFT_ERR_ROLLBACK, NULL, same_root, 0, true},
    {"rollback: root 3 as root 2", WEFT_ERR_ROLLBACK, third_root, same_root, 0, true},
    {"rollback: targets vanish from the snapshot", WEFT_ERR_FORMAT, NULL, vanished_targets, 0,
     false},
    {"freeze: expired root", WEFT_ERR_EXPIRED, expired_root, NULL, 0, true},
    {"freeze: expired timestamp", WEFT_ERR_EXPIRED, expired_timestamp, NULL, 0, false},
    {"freeze: expired snapshot", WEFT_ERR_EXPIRED, expired_snapshot, NULL, 0, false},
    {"freeze: expired targets", WEFT_ERR_EXPIRED, expired_targets, NULL, 0, false},
    {"freeze: valid documents, two years later", WEFT_ERR_EXPIRED, NULL, NULL, 730 * DAY_S, false},
    {"freeze: a timestamp without expiry", WEFT_ERR_FORMAT, expires_never, NULL, 0, false},
    {"freeze: a timestamp that expires never", WEFT_ERR_FORMAT, expires_in_words, NULL, 0, false},
    {"freeze: expiry on 30 February", WEFT_ERR_FORMAT, expires_on_no_day, NULL, 0, false},
    {"freeze: expiry in another time zone", WEFT_ERR_FORMAT, expires_with_zone, NULL, 0, false},
    {"mix: the snapshot of before", WEFT_ERR_MISMATCH, NULL, snapshot_of_before, 0, false},
    {"mix: the targets of before", WEFT_ERR_MISMATCH, NULL, targets_of_before, 0, false},
    {"mix: targets that come later", WEFT_ERR_MISMATCH, NULL, targets_of_later, 0, false},
    {"mix: other targets of the same version", WEFT_ERR_MISMATCH, NULL, other_targets, 0, false},
};

int main(void)
{
    struct attack_list list = {.count = 0};
    offer_add(&list, offers, sizeof offers / sizeof offers[0]);
    return attack_run_list(&list);
}
