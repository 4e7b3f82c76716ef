/* SPDX-License-Identifier: Apache-2.0 */
/* Who is no member asks to become one: tokens that are wrong, used, expired, of another server, and
 * requests that are none. The register is a real one, on disk. */
#include "tests/support/attack.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/join_client.h"
#include "node/log.h"
#include "node/register.h"
#include "protocol/address.h"
#include "protocol/transport/bytes.h"

static char server[64];
static char other[64];

static void make(char directory[64], const char *name)
{
    struct weft_address address;
    struct weft_message message = {.text = ""};
    snprintf(directory, 64, "/tmp/weft-attack.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert(weft_address_parse("127.0.0.1", 7767, &address));
    ck_assert_int_eq(weft_register_init(directory, &address, name, &message), WEFT_ERR_OK);
}

static void start(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    weft_log_level(WEFT_LOG_ERROR);
    make(server, "server");
    make(other, "other");
}

static void stop(void)
{
    ck_assert_int_eq(weft_fileio_remove(server), WEFT_ERR_OK);
    ck_assert_int_eq(weft_fileio_remove(other), WEFT_ERR_OK);
}

static void token_of(const char *directory, uint32_t uses, uint8_t bytes[WEFT_TOKEN_BYTES])
{
    char text[WEFT_TOKEN_TEXT_BYTES];
    struct weft_message message;
    struct weft_token token;
    ck_assert_int_eq(weft_register_token(directory, uses, 1, 7, false, text, &message),
                     WEFT_ERR_OK);
    ck_assert(weft_token_parse(text, &token));
    weft_token_put(&token, bytes);
}

static struct weft_noise_pair pair_of(uint8_t number)
{
    struct weft_noise_pair pair = {.secret = {0, number}};
    weft_noise_publish(&pair);
    return pair;
}

/* Ask to join as |name|; true if the answer is a membership. */
static bool is_admitted(const uint8_t token[WEFT_TOKEN_BYTES], uint8_t number, const char *name)
{
    uint8_t request[256];
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_noise_pair pair = pair_of(number);
    struct weft_membership membership = {.own = pair};
    struct weft_message message;
    request[0] = WEFT_REGISTER_JOIN;
    memcpy(request + 1, token, WEFT_TOKEN_BYTES);
    memcpy(request + 1 + WEFT_TOKEN_BYTES, name, strlen(name));
    memcpy(membership.mesh, token, WEFT_MESH_KEY_BYTES);
    size_t length = weft_register_answer(server, pair.open, request,
                                         1 + WEFT_TOKEN_BYTES + strlen(name), reply);
    ck_assert_uint_gt(length, 1);
    ck_assert_uint_le(length, sizeof(reply));
    return weft_join_client_take(&membership, reply, length, &message) == WEFT_ERR_OK;
}

START_TEST(wrong_tokens)
{
    uint8_t token[WEFT_TOKEN_BYTES];
    start();
    token_of(server, 1, token);
    for (size_t bit = 0; bit < 8 * sizeof(token); bit += 5) {
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(!is_admitted(token, 1, "thief"), "bit %zu", bit);
        token[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert(is_admitted(token, 1, "honest"));
    token_of(other, 5, token);
    ck_assert(!is_admitted(token, 2, "stray"));
    stop();
}
END_TEST

START_TEST(used_tokens)
{
    uint8_t token[WEFT_TOKEN_BYTES];
    start();
    token_of(server, 2, token);
    ck_assert(is_admitted(token, 1, "one"));
    ck_assert(is_admitted(token, 1, "one")); /* the answer was lost: no use more */
    ck_assert(!is_admitted(token, 2, "one"));
    ck_assert(is_admitted(token, 2, "two"));
    ck_assert(!is_admitted(token, 3, "three"));
    stop();
}
END_TEST

/* A token is good up to its hour, and whoever found it later has found nothing. */
START_TEST(expired_token)
{
    char text[WEFT_TOKEN_TEXT_BYTES];
    uint8_t bytes[WEFT_TOKEN_BYTES];
    struct weft_message message;
    struct weft_token token;
    start();
    ck_assert_int_eq(weft_register_token(server, 5, 0, 7, false, text, &message), WEFT_ERR_OK);
    ck_assert(weft_token_parse(text, &token));
    weft_token_put(&token, bytes);
    while (weft_membership_now_s() <= token.expires_s) {
        usleep(20000);
    }
    ck_assert(!is_admitted(bytes, 1, "late"));
    token.expires_s += 3600; /* it says otherwise now, but is another token then */
    weft_token_put(&token, bytes);
    ck_assert(!is_admitted(bytes, 1, "late"));
    stop();
}
END_TEST

/* A register holds so many tokens; those there are stay good, and one used up makes room. */
START_TEST(too_many_tokens)
{
    uint8_t first[WEFT_TOKEN_BYTES];
    uint8_t last[WEFT_TOKEN_BYTES];
    char text[WEFT_TOKEN_TEXT_BYTES];
    struct weft_message message;
    start();
    token_of(server, 1, first);
    for (uint32_t i = 1; i < WEFT_TOKENS_MAX; i++) {
        token_of(server, 1, last);
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(weft_register_token(server, 1, 1, 7, false, text, &message),
                         WEFT_ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(message.text, "wait until one has expired"));
    }
    ck_assert(is_admitted(last, 1, "one"));
    token_of(server, 1, last);
    ck_assert_int_eq(weft_register_token(server, 1, 1, 7, false, text, &message), WEFT_ERR_LIMIT);
    ck_assert(is_admitted(first, 2, "two"));
    ck_assert(is_admitted(last, 3, "three"));
    stop();
}
END_TEST

START_TEST(requests_that_are_none)
{
    uint8_t request[WEFT_PROOF_BYTES_MAX] = {0};
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_noise_pair pair = pair_of(9);
    start();
    token_of(server, 5, request + 1);
    memset(request + 1 + WEFT_TOKEN_BYTES, 'a', 200);
    for (unsigned kind = 126; kind < 132; kind++) {
        request[0] = (uint8_t)kind;
        for (size_t length = 1; length < 200; length += kind == WEFT_REGISTER_JOIN ? 1 : 20) {
            bool is_right = kind == WEFT_REGISTER_JOIN && length > 1 + WEFT_TOKEN_BYTES &&
                            length <= 1 + WEFT_TOKEN_BYTES + WEFT_CERTIFICATE_NAME_BYTES;
            size_t got = weft_register_answer(server, pair.open, request, length, reply);
            ck_assert_uint_gt(got, 0);
            ck_assert_msg((reply[0] == 0) == is_right || kind == WEFT_REGISTER_RENEW,
                          "kind %u, %zu bytes", kind, length);
        }
    }
    stop();
}
END_TEST

START_TEST(names_of_terminals)
{
    static const char *const names[] = {"\x1b[2J", "a\nb", "a b", "../x", "\xe2\x80\xae", ";rm"};
    uint8_t token[WEFT_TOKEN_BYTES];
    start();
    token_of(server, 9, token);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert(!is_admitted(token, 1, names[i]));
    }
    stop();
}
END_TEST

START_TEST(thrown_out)
{
    const uint8_t renewal[1] = {WEFT_REGISTER_RENEW};
    uint8_t token[WEFT_TOKEN_BYTES];
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_message message;
    weft_node_id id = 0;
    start();
    token_of(server, 9, token);
    ck_assert(is_admitted(token, 1, "one"));
    ck_assert_uint_gt(weft_register_answer(server, pair_of(1).open, renewal, 1, reply), 0);
    ck_assert_uint_eq(reply[0], 0);
    ck_assert_int_eq(weft_register_revoke(server, "one", &id, &message), WEFT_ERR_OK);
    ck_assert_uint_eq(id, weft_certificate_id(pair_of(1).open));
    ck_assert_uint_gt(weft_register_answer(server, pair_of(1).open, renewal, 1, reply), 0);
    ck_assert_uint_eq(reply[0], 1);
    ck_assert(!is_admitted(token, 1, "one"));
    ck_assert_int_eq(weft_register_rotate(server, 3600, &message),
                     WEFT_ERR_OK); /* empties the list */
    ck_assert(!is_admitted(token, 1, "one"));
    ck_assert(is_admitted(token, 2, "one")); /* another machine may have the name */
    ck_assert_uint_gt(weft_register_answer(server, pair_of(3).open, renewal, 1, reply), 0);
    ck_assert_uint_eq(reply[0], 1); /* never was a member */
    stop();
}
END_TEST

/* Let the last certificate of every node in the register of the server end at |until_s|. */
static void set_until(uint64_t until_s)
{
    char command[256];
    snprintf(command, sizeof(command),
             "sed -i -E 's/^(node .*) [0-9]+$/\\1 %llu/' %s/admit/register",
             (unsigned long long)until_s, server);
    ck_assert_int_eq(system(command), 0);
}

/* How many nodes the newest revocation of the server names. */
static uint32_t count_revoked(void)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    char path[128];
    snprintf(path, sizeof(path), "%s/revoked", server);
    ck_assert_int_eq(weft_fileio_load(path, WEFT_REVOCATION_BYTES_MAX, &bytes, &length),
                     WEFT_ERR_OK);
    uint32_t count = (uint32_t)weft_bytes_get(bytes + 6, 2);
    free(bytes);
    return count;
}

static enum weft_err throw_out(unsigned number, struct weft_message *message)
{
    char name[16];
    weft_node_id id = 0;
    snprintf(name, sizeof(name), "n%u", number);
    return weft_register_revoke(server, name, &id, message);
}

/* The list of those thrown out is full; a place is free when their certificates expired. */
START_TEST(many_thrown_out)
{
    const uint64_t now_s = (uint64_t)time(NULL);
    const uint8_t renewal[1] = {WEFT_REGISTER_RENEW};
    uint8_t token[WEFT_TOKEN_BYTES];
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_message message = {.text = ""};
    start();
    token_of(server, 2 * WEFT_REVOKED_MAX, token);
    for (unsigned i = 1; i <= WEFT_REVOKED_MAX + 2; i++) {
        char name[16];
        snprintf(name, sizeof(name), "n%u", i);
        ck_assert(is_admitted(token, (uint8_t)i, name));
        ck_assert(i > WEFT_REVOKED_MAX || throw_out(i, &message) == WEFT_ERR_OK);
    }
    ck_assert_uint_eq(count_revoked(), WEFT_REVOKED_MAX);
    ck_assert_int_eq(throw_out(WEFT_REVOKED_MAX + 1, &message), WEFT_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(message.text, "weft rotate"));
    ck_assert_ptr_nonnull(strstr(message.text, "the first place is free after"));
    set_until(0); /* not known: nobody is dropped */
    ck_assert_int_eq(throw_out(WEFT_REVOKED_MAX + 1, &message), WEFT_ERR_LIMIT);
    ck_assert_ptr_null(strstr(message.text, "free after"));
    set_until(now_s - 3600); /* clocks may be behind */
    ck_assert_int_eq(throw_out(WEFT_REVOKED_MAX + 1, &message), WEFT_ERR_LIMIT);
    set_until(now_s - 2 * 86400);
    ck_assert_int_eq(throw_out(WEFT_REVOKED_MAX + 1, &message), WEFT_ERR_OK);
    ck_assert_uint_eq(count_revoked(), 1);
    /* Dropped from the list is not let in again. */
    ck_assert(!is_admitted(token, 1, "n1"));
    ck_assert_uint_gt(weft_register_answer(server, pair_of(1).open, renewal, 1, reply), 0);
    ck_assert_uint_eq(reply[0], 1);
    stop();
}
END_TEST

static struct weft_request request_of(uint8_t number, const char *name)
{
    struct weft_noise_pair pair = pair_of(number);
    struct weft_request request = {.made_s = (uint64_t)time(NULL)};
    memcpy(request.key, pair.open, sizeof(request.key));
    memcpy(request.name, name, strlen(name));
    return request;
}

static enum weft_err admit_by_file(const struct weft_request *request)
{
    static char text[WEFT_ADMISSION_TEXT_BYTES];
    struct weft_message message = {.text = ""};
    enum weft_err err = weft_register_admit(server, request, 0, false, 30, text, &message);
    ck_assert(err == WEFT_ERR_OK || message.text[0] != '\0');
    return err;
}

START_TEST(carried_requests)
{
    struct weft_request request = request_of(1, "one");
    struct weft_message message;
    weft_node_id id = 0;
    start();
    request.made_s -= WEFT_REQUEST_S + 10; /* found in a drawer */
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    request.made_s += WEFT_REQUEST_S + 10 + WEFT_CERTIFICATE_SKEW_S + 60; /* of tomorrow */
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    request = request_of(1, "one");
    request.tag = 1; /* of a node in another mesh */
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    request = request_of(1, "one");
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_OK);
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_OK); /* the answer was lost */
    request = request_of(2, "one");
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION); /* the name is taken */
    request = request_of(2, "server");
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    memset(request.key, 0, sizeof(request.key)); /* nothing can be sealed for it */
    memcpy(request.name, "zero", sizeof("zero"));
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    ck_assert_int_eq(weft_register_revoke(server, "one", &id, &message), WEFT_ERR_OK);
    request = request_of(1, "one");
    ck_assert_int_eq(admit_by_file(&request), WEFT_ERR_PERMISSION);
    stop();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"tokens with a bit changed, of another server", "refused", wrong_tokens},
        {"a token for two, used by three", "refused; a lost answer costs no use", used_tokens},
        {"an expired token, and one with its date moved", "refused", expired_token},
        {"tokens made until there is no room", "the next one is refused, those there stay good",
         too_many_tokens},
        {"requests of every kind and length", "refused in words", requests_that_are_none},
        {"names that mean something to terminals and shells", "refused", names_of_terminals},
        {"more thrown out than the list holds", "a place is free a day after expiry",
         many_thrown_out},
        {"a node that was thrown out asks again", "refused, after rotate too", thrown_out},
        {"requests in files: old, early, of another mesh, for a name or key of another one",
         "refused in words", carried_requests},
    };
    return attack_run(cases, sizeof(cases) / sizeof(cases[0]));
}
