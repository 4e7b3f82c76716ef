/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile offers: the same steps for all of them. */
#include "tests/support/offer.h"

#include <stdio.h>
#include <string.h>

static const struct offer *table; /* of this program */

void offer_generation(struct publisher *publisher, int version)
{
    publisher_version(publisher, WEFT_ROLE_TIMESTAMP, version);
    publisher_version(publisher, WEFT_ROLE_SNAPSHOT, version);
    publisher_version(publisher, WEFT_ROLE_TARGETS, version);
}

void offer_put(struct publisher_document *document, struct publisher_document other)
{
    publisher_free(document);
    *document = other;
}

/* Offer what is wanted until something is refused or all is there. */
static enum weft_err make(struct publisher *publisher, struct weft_trust *trust,
                          const struct offer *offer)
{
    struct weft_trust_want want;
    enum weft_err err = WEFT_ERR_OK;
    weft_trust_begin(trust, PUBLISHER_NOW_S + offer->later_s, UINT64_MAX);
    while (err == WEFT_ERR_OK && weft_trust_wanted(trust, &want)) {
        ck_assert_uint_le(want.bytes_max, WEFT_DOCUMENT_BYTES_MAX);
        if (want.role == WEFT_ROLE_ROOT && (!offer->has_root || want.version > 2)) {
            err = weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND);
            continue;
        }
        struct publisher_document document = publisher_make(publisher, want.role);
        if (offer->send != NULL) {
            offer->send(publisher, want.role, &document);
        }
        err = weft_trust_feed(trust, document.bytes, document.length);
        publisher_free(&document);
    }
    return weft_trust_stage(trust) == WEFT_TRUST_DONE ? WEFT_ERR_OK : weft_trust_fault(trust)->err;
}

static void expect_generation(const struct weft_trust *trust, uint64_t version)
{
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT; role++) {
        const struct weft_metadata *document = weft_trust_current(trust, (enum weft_role)role);
        ck_assert_ptr_nonnull(document);
        ck_assert_uint_eq(document->version, version);
    }
}

static struct publisher honest(int version)
{
    struct publisher publisher;
    publisher_begin(&publisher);
    offer_generation(&publisher, version);
    publisher_target(&publisher, NULL, OFFER_PATH, "good");
    return publisher;
}

START_TEST(refused)
{
    const struct offer *offer = &table[_i];
    struct publisher before = honest(5);
    struct publisher evil = honest(6);
    struct publisher after = honest(9);
    struct weft_trust *trust = publisher_client(&before);
    struct weft_release_info info;
    ck_assert_int_eq(publisher_refresh(&before, trust), WEFT_ERR_OK);
    if (offer->publish != NULL) {
        offer->publish(&evil);
    }
    enum weft_err err = make(&evil, trust, offer);
    ck_assert_msg(err == offer->refused, "%s: %s", weft_err_name(err),
                  weft_trust_fault(trust)->text);
    expect_generation(trust, 5);
    ck_assert_int_eq(publisher_seek(&before, trust, OFFER_PATH, &info), WEFT_ERR_OK);
    ck_assert_uint_eq(info.pin.length, strlen("good"));
    /* A root that expired is the publisher's own; the next one mends it. */
    if (weft_trust_document(trust, WEFT_ROLE_ROOT)->version == 2) {
        publisher_version(&after, WEFT_ROLE_ROOT, 3);
    }
    ck_assert_int_eq(publisher_refresh(&after, trust), WEFT_ERR_OK);
    expect_generation(trust, 9);
    weft_trust_free(trust);
    publisher_end(&before);
    publisher_end(&evil);
    publisher_end(&after);
}
END_TEST

void offer_add(struct attack_list *list, const struct offer *offers, size_t count)
{
    static char rules[ATTACKS_MAX][64];
    table = offers;
    for (size_t i = 0; i < count && i < ATTACKS_MAX; i++) {
        snprintf(rules[i], sizeof rules[i], "refused (%s); what is there stays; news follow",
                 weft_err_name(offers[i].refused));
        attack_add(list, (struct attack_case){offers[i].attack, rules[i], refused}, (int)i);
    }
}
