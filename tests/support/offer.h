/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on a TUF client that are one hostile offer: a node has generation 5; what is published is
 * changed, signed with every key that the attacker has, and offered at a time. It must be refused
 * for the right reason, the node must still have generation 5, and the honest generation 9 must get
 * through afterwards. */
#ifndef WEFT_TESTS_OFFER_H
#define WEFT_TESTS_OFFER_H

#include "tests/support/attack.h"
#include "tests/support/publisher.h"

/* The one target that generations list, with the content "good". */
#define OFFER_PATH "virus/1/file"

struct offer {
    const char *attack;                           /* what is done; static */
    enum weft_err refused;                        /* why it fails */
    void (*publish)(struct publisher *publisher); /* change what is published; NULL = nothing */
    /* Change the document of |role| on its way; NULL = nothing. */
    void (*send)(struct publisher *publisher, enum weft_role role,
                 struct publisher_document *document);
    int64_t later_s; /* when it is offered, after PUBLISHER_NOW_S */
    bool has_root;   /* a next root is offered, whatever version it has */
};

/* Add an attack for each of offers[count]; borrowed. One call a program. */
void offer_add(struct attack_list *list, const struct offer *offers, size_t count);

/* Set the version of timestamp, snapshot and targets. */
void offer_generation(struct publisher *publisher, int version);

/* Replace |document| by |other|, which is taken over. */
void offer_put(struct publisher_document *document, struct publisher_document other);

#endif
