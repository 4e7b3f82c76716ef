/* SPDX-License-Identifier: Apache-2.0 */
/* Who is thrown out: the revocation of a mesh, made by who has its key; see register.h. */
#include "register_state.h"

#include "units.h"

#include <stdlib.h>
#include <string.h>

/* So long after its certificate expired a node is still named. */
enum { CLOCK_SLACK_S = 86400 };

enum weft_err weft_register_publish(struct weft_register *reg, struct weft_revocation *next,
                                    struct weft_message *message)
{
    next->number = weft_register_serial(reg);
    reg->membership.revoked = *next;
    reg->membership.revocation_length =
        weft_revocation_sign(next, reg->membership.mesh, reg->secret, reg->membership.revocation);
    enum weft_err err = weft_register_save(reg, message);
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_save_revoked(reg->data_dir, &reg->membership);
        if (err != WEFT_ERR_OK) {
            weft_message_set(message, "cannot write %s/revoked: %s", reg->data_dir,
                             weft_err_text(err));
        } else if (reg->server.address.port == 0) {
            weft_message_set(message,
                             "carry %.300s/revoked to any running node, and run there: weft join "
                             "--take revoked",
                             reg->data_dir);
        }
    }
    return err;
}

static struct weft_register_node *find_text(struct weft_register *reg, const char *text)
{
    char *end = NULL;
    struct weft_register_node *node = weft_register_find_name(reg, text);
    weft_node_id id = strtoull(text, &end, 16);
    return node != NULL || end != text + 16 || *end != '\0' ? node : weft_register_find(reg, id);
}

/* Take those out of the list whose last certificate expired: they are refused for that now, and the
 * register admits none of them again. A day later, as clocks of members may be behind. */
static void drop_expired(struct weft_register *reg, struct weft_revocation *revocation)
{
    uint64_t now_s = weft_membership_now_s();
    uint32_t kept = 0;
    for (uint32_t i = 0; i < revocation->count; i++) {
        const struct weft_register_node *node = weft_register_find(reg, revocation->ids[i]);
        bool is_over = node != NULL && node->until_s != 0 && node->until_s + CLOCK_SLACK_S < now_s;
        if (!is_over) {
            revocation->ids[kept++] = revocation->ids[i];
        }
    }
    revocation->count = kept;
}

/* No further node can be revoked: what can people do? */
static void explain_full(struct weft_register *reg, struct weft_message *message)
{
    uint64_t free_s = UINT64_MAX;
    for (uint32_t i = 0; i < reg->node_count; i++) {
        const struct weft_register_node *node = &reg->nodes[i];
        bool counts = weft_revocation_names(&reg->membership.revoked, node->id);
        free_s = counts && node->until_s != 0 && node->until_s < free_s ? node->until_s : free_s;
    }
    weft_message_set(
        message,
        "%d nodes are revoked one by one already; run: weft rotate, which empties the "
        "list, then this again%s%s",
        WEFT_REVOKED_MAX, free_s == UINT64_MAX ? "" : ", or wait: the first place is free after ",
        free_s == UINT64_MAX ? "" : weft_units_date((int64_t)(free_s + CLOCK_SLACK_S)).text);
}

enum weft_err weft_register_revoke(const char *data_dir, const char *node_text, weft_node_id *id,
                                   struct weft_message *message)
{
    struct weft_register reg;
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK) {
        struct weft_revocation next = reg.membership.revoked;
        struct weft_register_node *node = find_text(&reg, node_text);
        drop_expired(&reg, &next);
        if (node == NULL) {
            weft_message_set(message,
                             "no node of this mesh has the name or id %.64s; see "
                             "%.200s/admit/register",
                             node_text, data_dir);
            err = WEFT_ERR_NOT_FOUND;
        } else if (node->id == reg.membership.id) {
            weft_message_set(message, "%.64s is this server itself", node_text);
            err = WEFT_ERR_ARGUMENT;
        } else if (!weft_revocation_add(&next, node->id)) {
            explain_full(&reg, message);
            err = WEFT_ERR_LIMIT;
        } else {
            *id = node->id;
            node->is_revoked = true;
            err = weft_register_publish(&reg, &next, message);
        }
    }
    weft_register_close(&reg);
    return err;
}
