/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody between the publisher and a node, with none or some of its keys, publishes what the
 * publisher did not, or the right document in the wrong place. */
#include "tests/support/offer.h"

#include <string.h>

#define KEY PUBLISHER_KEY
#define FOREIGN KEY(6)
#define BODY(role) (publisher->bodies[WEFT_ROLE_##role])
#define SIGNERS(role) (publisher->signers[WEFT_ROLE_##role])

/* ---- Forged: nobody who may has signed ---- */

static void unsigned_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    SIGNERS(ROOT) = 0;
}

static void unsigned_timestamp(struct publisher *publisher)
{
    SIGNERS(TIMESTAMP) = 0;
}

static void unsigned_snapshot(struct publisher *publisher)
{
    SIGNERS(SNAPSHOT) = 0;
}

static void unsigned_targets(struct publisher *publisher)
{
    SIGNERS(TARGETS) = 0;
}

static void foreign_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    SIGNERS(ROOT) = FOREIGN;
}

static void foreign_timestamp(struct publisher *publisher)
{
    SIGNERS(TIMESTAMP) = FOREIGN;
}

static void foreign_snapshot(struct publisher *publisher)
{
    SIGNERS(SNAPSHOT) = FOREIGN;
}

static void foreign_targets(struct publisher *publisher)
{
    SIGNERS(TARGETS) = FOREIGN;
}

static void root_by_online_keys(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    SIGNERS(ROOT) = KEY(1) | KEY(2) | KEY(3);
}

static void targets_by_online_keys(struct publisher *publisher)
{
    SIGNERS(TARGETS) = KEY(1) | KEY(2);
}

static void snapshot_by_timestamp(struct publisher *publisher)
{
    SIGNERS(SNAPSHOT) = KEY(1);
}

static void timestamp_by_snapshot(struct publisher *publisher)
{
    SIGNERS(TIMESTAMP) = KEY(2);
}

static void own_root(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(publisher, WEFT_ROLE_ROOT, FOREIGN, 1);
    SIGNERS(ROOT) = FOREIGN;
}

static void root_not_by_its_own(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(publisher, WEFT_ROLE_ROOT, KEY(5), 1);
}

/* The key of the attacker under the key id of the publisher. */
static void swapped_key(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_ROOT, 2);
    json_object_set(json_object_get(BODY(ROOT), "keys"), publisher->keys[0].id,
                    publisher->keys[6].key);
    SIGNERS(ROOT) = FOREIGN;
}

/* ---- The wrong document in the right place ---- */

static void wrong_type(struct publisher *publisher)
{
    json_object_set_new(BODY(TARGETS), "_type", json_string("snapshot"));
}

static void no_type(struct publisher *publisher)
{
    json_object_del(BODY(TIMESTAMP), "_type");
}

static void snapshot_as_timestamp(struct publisher *publisher, enum weft_role role,
                                  struct publisher_document *document)
{
    if (role == WEFT_ROLE_TIMESTAMP) {
        offer_put(document, publisher_make(publisher, WEFT_ROLE_SNAPSHOT));
    }
}

static void root_as_timestamp(struct publisher *publisher, enum weft_role role,
                              struct publisher_document *document)
{
    if (role == WEFT_ROLE_TIMESTAMP) {
        offer_put(document, publisher_make(publisher, WEFT_ROLE_ROOT));
    }
}

static void snapshot_as_targets(struct publisher *publisher, enum weft_role role,
                                struct publisher_document *document)
{
    if (role == WEFT_ROLE_TARGETS) {
        offer_put(document, publisher_make(publisher, WEFT_ROLE_SNAPSHOT));
    }
}

static void other_major_version(struct publisher *publisher)
{
    json_object_set_new(BODY(TIMESTAMP), "spec_version", json_string("2.0.0"));
}

static void no_snapshot(struct publisher *publisher)
{
    (void)publisher;
}

static void nameless_snapshot(struct publisher *publisher, enum weft_role role,
                              struct publisher_document *document)
{
    if (role == WEFT_ROLE_TIMESTAMP) {
        json_object_clear(json_object_get(BODY(TIMESTAMP), "meta"));
        offer_put(document, publisher_sign(publisher, BODY(TIMESTAMP), SIGNERS(TIMESTAMP)));
    }
}

/* ---- Versions ---- */

static void version_zero(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_TIMESTAMP, 0);
}

static void version_negative(struct publisher *publisher)
{
    publisher_version(publisher, WEFT_ROLE_TIMESTAMP, -6);
}

static void version_text(struct publisher *publisher)
{
    json_object_set_new(BODY(TIMESTAMP), "version", json_string("6"));
}

static void version_missing(struct publisher *publisher)
{
    json_object_del(BODY(TIMESTAMP), "version");
}

static const struct offer offers[] = {
    {"forged: root without a signature", WEFT_ERR_SIGNATURE, unsigned_root, NULL, 0, true},
    {"forged: timestamp without a signature", WEFT_ERR_SIGNATURE, unsigned_timestamp, NULL, 0,
     false},
    {"forged: snapshot without a signature", WEFT_ERR_SIGNATURE, unsigned_snapshot, NULL, 0, false},
    {"forged: targets without a signature", WEFT_ERR_SIGNATURE, unsigned_targets, NULL, 0, false},
    {"forged: root signed by a stranger", WEFT_ERR_SIGNATURE, foreign_root, NULL, 0, true},
    {"forged: timestamp signed by a stranger", WEFT_ERR_SIGNATURE, foreign_timestamp, NULL, 0,
     false},
    {"forged: snapshot signed by a stranger", WEFT_ERR_SIGNATURE, foreign_snapshot, NULL, 0, false},
    {"forged: targets signed by a stranger", WEFT_ERR_SIGNATURE, foreign_targets, NULL, 0, false},
    {"stolen: all online keys sign a root", WEFT_ERR_SIGNATURE, root_by_online_keys, NULL, 0, true},
    {"stolen: timestamp and snapshot key sign targets", WEFT_ERR_SIGNATURE, targets_by_online_keys,
     NULL, 0, false},
    {"stolen: the timestamp key signs a snapshot", WEFT_ERR_SIGNATURE, snapshot_by_timestamp, NULL,
     0, false},
    {"stolen: the snapshot key signs a timestamp", WEFT_ERR_SIGNATURE, timestamp_by_snapshot, NULL,
     0, false},
    {"forged: a root with the attacker's keys", WEFT_ERR_SIGNATURE, own_root, NULL, 0, true},
    {"forged: a root not signed by the keys it names", WEFT_ERR_SIGNATURE, root_not_by_its_own,
     NULL, 0, true},
    {"forged: another key under the publisher's key id", WEFT_ERR_SIGNATURE, swapped_key, NULL, 0,
     true},
    {"wrong document: targets of another type", WEFT_ERR_FORMAT, wrong_type, NULL, 0, false},
    {"wrong document: no type", WEFT_ERR_FORMAT, no_type, NULL, 0, false},
    {"wrong document: snapshot as timestamp", WEFT_ERR_FORMAT, NULL, snapshot_as_timestamp, 0,
     false},
    {"wrong document: root as timestamp", WEFT_ERR_FORMAT, NULL, root_as_timestamp, 0, false},
    {"wrong document: snapshot as targets", WEFT_ERR_TOO_LONG, NULL, snapshot_as_targets, 0, false},
    {"wrong document: TUF 2.0", WEFT_ERR_UNSUPPORTED, other_major_version, NULL, 0, false},
    {"wrong document: a timestamp that names nothing", WEFT_ERR_FORMAT, no_snapshot,
     nameless_snapshot, 0, false},
    {"version: 0", WEFT_ERR_FORMAT, version_zero, NULL, 0, false},
    {"version: negative", WEFT_ERR_FORMAT, version_negative, NULL, 0, false},
    {"version: text", WEFT_ERR_FORMAT, version_text, NULL, 0, false},
    {"version: missing", WEFT_ERR_FORMAT, version_missing, NULL, 0, false},
};

int main(void)
{
    struct attack_list list = {.count = 0};
    offer_add(&list, offers, sizeof offers / sizeof offers[0]);
    return attack_run_list(&list);
}
