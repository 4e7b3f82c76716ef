/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes part in the demo? A mesh of its own: what `weft init` and `weft join` do on machines is
 * done here for all nodes at once, by who has the mesh key. */
#include "demo_stage.h"

#include "register.h"

#include "../protocol/address.h"

#include <sodium.h>
#include <stdio.h>

static enum weft_err admit(const struct weft_demo_mesh *mesh, struct weft_message *message)
{
    const struct weft_demo_node *server = &mesh->nodes[0];
    struct weft_address address;
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1];
    if (sodium_init() < 0 || !weft_address_parse(server->address, mesh->port, &address)) {
        weft_message_set(message, "the system gives no random numbers");
        return WEFT_ERR_IO;
    }
    enum weft_err err = weft_fileio_make_dirs(server->data, 0755);
    if (err == WEFT_ERR_OK) {
        err = weft_register_init(server->data, &address, "demo-0", message);
    }
    for (uint32_t i = 1; i < mesh->options.nodes && err == WEFT_ERR_OK; i++) {
        snprintf(name, sizeof(name), "demo-%u", (unsigned)i);
        err = weft_register_place(server->data, mesh->nodes[i].data, name, message);
    }
    return err;
}

bool weft_demo_stage_admit(struct weft_demo_mesh *mesh)
{
    struct weft_message message = {.text = ""};
    enum weft_err err = admit(mesh, &message);
    if (err != WEFT_ERR_OK) {
        weft_demo_stage_complain("cannot make a mesh: %s",
                                 message.text[0] != '\0' ? message.text : weft_err_text(err));
    }
    return err == WEFT_ERR_OK;
}
