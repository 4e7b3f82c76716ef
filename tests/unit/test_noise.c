/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake against published vectors, and against everything that is not one. */
#include "tests/support/check_main.h"

#include "protocol/transport/noise.h"
#include "protocol/trust/hex.h"
#include "tests/support/noise_vectors.h"

#include <string.h>

enum { ROOM = 512 };

static size_t unhex(const char *text, uint8_t *bytes)
{
    size_t length = strlen(text) / 2;
    ck_assert_uint_le(length, ROOM);
    ck_assert(weft_hex_decode(text, bytes, length));
    return length;
}

static struct weft_noise_pair pair_of(const char *secret)
{
    struct weft_noise_pair pair;
    unhex(secret, pair.secret);
    weft_noise_publish(&pair);
    return pair;
}

/* Both ends of a vector, begun. */
struct ends {
    struct weft_noise opener;   /* knows the other's key */
    struct weft_noise answerer; /* does not */
    uint8_t opener_e[32];       /* ephemeral secrets */
    uint8_t answerer_e[32];     /* likewise */
};

static struct ends begin(const struct noise_vector *vector)
{
    struct ends ends;
    uint8_t prologue[ROOM];
    uint8_t peer[ROOM];
    struct weft_noise_pair opener = pair_of(vector->opener_static);
    struct weft_noise_pair answerer = pair_of(vector->answerer_static);
    size_t length = unhex(vector->prologue, prologue);
    unhex(vector->answerer_public, peer);
    ck_assert_mem_eq(peer, answerer.open, 32);
    weft_noise_begin(&ends.opener, &opener, peer, prologue, length);
    weft_noise_begin(&ends.answerer, &answerer, NULL, prologue, length);
    unhex(vector->opener_ephemeral, ends.opener_e);
    unhex(vector->answerer_ephemeral, ends.answerer_e);
    return ends;
}

static void check_message(const struct noise_message *message, const uint8_t *sealed, size_t length)
{
    uint8_t right[ROOM];
    ck_assert_uint_eq(unhex(message->sealed, right), length);
    ck_assert_mem_eq(sealed, right, length);
}

static void shake_hands(const struct noise_vector *vector, struct ends *ends)
{
    uint8_t payload[ROOM];
    uint8_t sealed[ROOM];
    uint8_t got[ROOM];
    size_t length = unhex(vector->messages[0].payload, payload);
    ck_assert(weft_noise_write_1(&ends->opener, ends->opener_e, payload, length, sealed));
    check_message(&vector->messages[0], sealed, length + WEFT_NOISE_1_BYTES);
    ck_assert(weft_noise_read_1(&ends->answerer, sealed, length + WEFT_NOISE_1_BYTES, got));
    ck_assert_mem_eq(got, payload, length);
    ck_assert_mem_eq(ends->answerer.peer, ends->opener.own.open, 32);

    length = unhex(vector->messages[1].payload, payload);
    ck_assert(weft_noise_write_2(&ends->answerer, ends->answerer_e, payload, length, sealed));
    check_message(&vector->messages[1], sealed, length + WEFT_NOISE_2_BYTES);
    ck_assert(weft_noise_read_2(&ends->opener, sealed, length + WEFT_NOISE_2_BYTES, got));
    ck_assert_mem_eq(got, payload, length);
}

START_TEST(published_vectors)
{
    const struct noise_vector *vector = &noise_vectors[_i];
    struct ends ends = begin(vector);
    shake_hands(vector, &ends);
    struct weft_cipher send[2]; /* of the opener, of who answers */
    struct weft_cipher receive[2];
    weft_noise_split(&ends.opener, true, &send[0], &receive[0]);
    weft_noise_split(&ends.answerer, false, &send[1], &receive[1]);
    ck_assert_mem_eq(ends.opener.hash, ends.answerer.hash, WEFT_HASH_BYTES);
    if (vector->hash != NULL) {
        uint8_t hash[ROOM];
        ck_assert_uint_eq(unhex(vector->hash, hash), WEFT_HASH_BYTES);
        ck_assert_mem_eq(hash, ends.opener.hash, WEFT_HASH_BYTES);
    }
    for (int i = 2; i < NOISE_MESSAGES && vector->messages[i].payload != NULL; i++) {
        uint8_t payload[ROOM];
        uint8_t sealed[ROOM];
        size_t length = unhex(vector->messages[i].payload, payload);
        int sender = i % 2; /* message 2 is the opener's */
        ck_assert(weft_cipher_seal(&send[sender], NULL, 0, payload, length, sealed));
        check_message(&vector->messages[i], sealed, length + WEFT_AEAD_TAG_BYTES);
        ck_assert(weft_cipher_open(&receive[1 - sender], NULL, 0, sealed,
                                   length + WEFT_AEAD_TAG_BYTES, sealed));
        ck_assert_mem_eq(sealed, payload, length);
    }
}
END_TEST

/* Every bit and every length of both messages counts. */
START_TEST(damaged_messages)
{
    const struct noise_vector *vector = &noise_vectors[_i];
    uint8_t first[ROOM];
    uint8_t second[ROOM];
    uint8_t got[ROOM];
    size_t first_length = unhex(vector->messages[0].sealed, first);
    size_t second_length = unhex(vector->messages[1].sealed, second);
    for (size_t bit = 0; bit < 8 * first_length; bit++) {
        struct ends ends = begin(vector);
        first[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool read = weft_noise_read_1(&ends.answerer, first, first_length, got);
        first[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(!read, "bit %zu of message 1", bit);
    }
    for (size_t length = 0; length < first_length; length++) {
        struct ends ends = begin(vector);
        ck_assert(!weft_noise_read_1(&ends.answerer, first, length, got));
    }
    struct ends ends = begin(vector);
    ck_assert(weft_noise_write_1(&ends.opener, ends.opener_e, NULL, 0, got));
    ends = begin(vector);
    uint8_t payload[ROOM];
    size_t length = unhex(vector->messages[0].payload, payload);
    ck_assert(weft_noise_write_1(&ends.opener, ends.opener_e, payload, length, got));
    for (size_t bit = 0; bit < 8 * second_length; bit++) {
        second[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool read = weft_noise_read_2(&ends.opener, second, second_length, got);
        second[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(!read, "bit %zu of message 2", bit);
    }
    for (length = 0; length < second_length; length++) {
        ck_assert(!weft_noise_read_2(&ends.opener, second, length, got));
    }
    /* None of them spoiled the handshake. */
    ck_assert(weft_noise_read_2(&ends.opener, second, second_length, got));
}
END_TEST

/* Points of low order give a secret that everybody knows (RFC 7748 section 6.1). */
START_TEST(low_order_points)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        uint8_t point[ROOM];
        uint8_t message[ROOM] = {0};
        uint8_t got[ROOM];
        unhex(points[i], point);
        struct ends ends = begin(&noise_vectors[0]);
        weft_noise_begin(&ends.opener, &ends.answerer.own, point, NULL, 0);
        ck_assert(!weft_noise_write_1(&ends.opener, ends.opener_e, NULL, 0, message));
        memcpy(message, point, 32);
        ck_assert(!weft_noise_read_1(&ends.answerer, message, WEFT_NOISE_1_BYTES, got));
    }
}
END_TEST

static bool is_zero(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum |= at[i];
    }
    return sum == 0;
}

START_TEST(secrets_are_wiped)
{
    struct ends ends = begin(&noise_vectors[0]);
    struct weft_cipher send;
    struct weft_cipher receive;
    uint8_t got[ROOM];
    ck_assert(!weft_noise_read_1(&ends.answerer, got, 3, got));
    ck_assert(is_zero(&ends.answerer, sizeof(ends.answerer)));
    ends = begin(&noise_vectors[0]);
    shake_hands(&noise_vectors[0], &ends);
    weft_noise_split(&ends.opener, true, &send, &receive);
    memset(ends.opener.hash, 0, sizeof(ends.opener.hash));
    ck_assert(is_zero(&ends.opener, sizeof(ends.opener)));
    weft_cipher_wipe(&send);
    ck_assert(is_zero(&send, sizeof(send)));
}
END_TEST

START_TEST(other_prologue_or_key)
{
    struct ends ends = begin(&noise_vectors[0]);
    struct weft_noise_pair own = ends.answerer.own;
    uint8_t message[ROOM];
    uint8_t got[ROOM];
    ck_assert(weft_noise_write_1(&ends.opener, ends.opener_e, NULL, 0, message));
    weft_noise_begin(&ends.answerer, &own, NULL, "another", 7);
    ck_assert(!weft_noise_read_1(&ends.answerer, message, WEFT_NOISE_1_BYTES, got));
    ends = begin(&noise_vectors[0]);
    own.secret[1] ^= 1;
    weft_noise_publish(&own);
    memcpy(ends.answerer.own.secret, own.secret, 32);
    ck_assert(!weft_noise_read_1(&ends.answerer, message, WEFT_NOISE_1_BYTES, got));
}
END_TEST

START_TEST(rekeying_goes_on)
{
    struct weft_cipher a = {.key = {1, 2, 3}, .nonce = 5};
    struct weft_cipher b = a;
    uint8_t old[32];
    uint8_t sealed[ROOM];
    memcpy(old, a.key, sizeof(old));
    for (int i = 0; i < 3; i++) {
        weft_cipher_rekey(&a);
        ck_assert(weft_cipher_seal(&a, "ad", 2, "text", 4, sealed));
        ck_assert(!weft_cipher_open(&b, "ad", 2, sealed, 20, sealed + 100));
        weft_cipher_rekey(&b);
        ck_assert(!weft_cipher_open(&b, "aD", 2, sealed, 20, sealed + 100));
        ck_assert(weft_cipher_open(&b, "ad", 2, sealed, 20, sealed + 100));
        ck_assert_mem_eq(sealed + 100, "text", 4);
    }
    ck_assert_uint_eq(b.nonce, 8);
    ck_assert_mem_ne(a.key, old, sizeof(old));
    a.nonce = WEFT_CIPHER_NONCE_END;
    ck_assert(!weft_cipher_seal(&a, NULL, 0, "text", 4, sealed));
    ck_assert(!weft_cipher_open(&a, NULL, 0, sealed, 20, sealed));
    ck_assert(!weft_cipher_open(&b, NULL, 0, sealed, 15, sealed));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("noise");
    WEFT_ADD_ROWS(suite, published_vectors, noise_vectors);
    WEFT_ADD_ROWS(suite, damaged_messages, noise_vectors);
    WEFT_ADD(suite, low_order_points);
    WEFT_ADD(suite, secrets_are_wiped);
    WEFT_ADD(suite, other_prologue_or_key);
    WEFT_ADD(suite, rekeying_goes_on);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
