/* SPDX-License-Identifier: Apache-2.0 */
/* Who is thrown out: the revocation of a mesh, made by who has its key; see register.h. */
#include "register_state.h"

#include <stdlib.h>
#include <string.h>

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

enum weft_err weft_register_revoke(const char *data_dir, const char *node_text, weft_node_id *id,
                                   struct weft_message *message)
{
    struct weft_register reg;
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK) {
        struct weft_revocation next = reg.membership.revoked;
        struct weft_register_node *node = find_text(&reg, node_text);
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
            weft_message_set(message,
                             "%d nodes are revoked one by one already; run: weft rotate, which "
                             "empties the list, then this again",
                             WEFT_REVOKED_MAX);
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
