/* SPDX-License-Identifier: Apache-2.0 */
/* The updater's wishes are answered from a directory: see apply_trust.h. It wishes one document at
 * a time, and is answered when it is not on the stack any more. */
#include "node/apply_trust.h"

#include "node/updater.h"

#include <stdlib.h>
#include <string.h>

struct weft_apply_trust {
    struct weft_apply_trust_config config; /* borrows */
    struct weft_updater *updater;          /* owned */
    uint64_t token;                        /* of the document wanted; 0 = none */
    bool is_once;                          /* it has one answer, whatever that is */
    uint32_t bytes_max;                    /* no longer one is accepted */
    char path[WEFT_PATH_BYTES_MAX];        /* of it */
    enum weft_err result;                  /* of the look */
    struct weft_message *message;          /* of the caller; NULL after the look */
};

static void ask(struct weft_apply_trust *trust, uint64_t token, const char *path,
                uint32_t bytes_max, bool is_once)
{
    trust->token = token;
    trust->is_once = is_once;
    trust->bytes_max = bytes_max;
    snprintf(trust->path, sizeof(trust->path), "%s", path);
}

static void want(void *context, const struct weft_updater_want *want)
{
    ask(context, want->token, want->path, want->bytes_max, false /* is_once */);
}

static void want_source(void *context, uint64_t token, const char *path, uint32_t bytes_max)
{
    ask(context, token, path, bytes_max, true /* is_once */);
}

static void looked(void *context, enum weft_err result, const char *text)
{
    struct weft_apply_trust *trust = context;
    trust->result = result;
    if (result != WEFT_ERR_OK) {
        weft_message_set(trust->message, "%s", text);
    }
}

/* Answer the wish. A document that is refused is over: there is no other one. */
static void answer(struct weft_apply_trust *trust)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    uint64_t token = trust->token;
    bool is_once = trust->is_once;
    trust->token = 0;
    enum weft_err err =
        weft_input_document(trust->config.input, trust->path, trust->bytes_max, &bytes, &length);
    enum weft_err verdict =
        weft_updater_document(trust->updater, token, 0 /* from */, err, bytes, length);
    if (err == WEFT_ERR_OK && verdict != WEFT_ERR_OK && !is_once) {
        weft_updater_document(trust->updater, token, 0 /* from */, verdict, NULL, 0);
    }
    free(bytes);
}

static enum weft_err open_updater(struct weft_apply_trust *trust, struct weft_message *message)
{
    const struct weft_apply_trust_config *config = &trust->config;
    struct weft_updater_subscription subscriptions[WEFT_COMPONENTS_MAX];
    for (uint32_t i = 0; i < config->component_count; i++) {
        subscriptions[i] = (struct weft_updater_subscription){
            .name = config->components[i].name, .is_target = config->components[i].is_target};
    }
    const struct weft_updater_config updater = {.directory = config->directory,
                                                .root_file = config->root_file,
                                                .subscriptions = subscriptions,
                                                .subscription_count = config->component_count,
                                                .wants_no_index = true};
    const struct weft_updater_host host = {
        .context = trust, .want = want, .want_source = want_source, .looked = looked};
    return weft_updater_open(&updater, &host, &trust->updater, message->text,
                             sizeof(message->text));
}

enum weft_err weft_apply_trust_open(const struct weft_apply_trust_config *config,
                                    struct weft_apply_trust **trust, struct weft_message *message)
{
    struct weft_apply_trust *opened = calloc(1, sizeof(*opened));
    *trust = NULL;
    if (opened == NULL) {
        return WEFT_ERR_MEMORY;
    }
    opened->config = *config;
    opened->message = message;
    opened->result = WEFT_ERR_PENDING;
    enum weft_err err = open_updater(opened, message);
    if (err == WEFT_ERR_OK) {
        weft_updater_look(opened->updater);
        while (opened->token != 0) {
            answer(opened);
        }
        err = opened->result;
    }
    if (err != WEFT_ERR_OK) {
        weft_apply_trust_close(opened);
        return err;
    }
    *trust = opened;
    return WEFT_ERR_OK;
}

void weft_apply_trust_close(struct weft_apply_trust *trust)
{
    if (trust != NULL) {
        weft_updater_free(trust->updater);
        free(trust);
    }
}

enum weft_err weft_apply_trust_signed(const struct weft_apply_trust *trust, uint32_t number,
                                      struct weft_release_info *info, struct weft_message *message)
{
    struct weft_fault fault;
    enum weft_err err = weft_updater_signed(trust->updater, number, info, &fault);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "%s", fault.text);
    }
    return err;
}
