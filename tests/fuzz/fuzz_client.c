/* SPDX-License-Identifier: Apache-2.0 */
/* The TUF client against a publisher that does anything. The input is a list of steps, a byte each
 * with its arguments behind it: begin an update, change what is published, sign anything with any
 * keys, feed it, search. Checked after each step: what is trusted is signed for the trusted root
 * and never falls under the same root, what is current belongs together, and whatever is refused
 * changes nothing. */
#include "protocol/trust/root.h"
#include "tests/fuzz/replay.h"
#include "tests/support/publisher.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

/* Steps of one input at most. */
#define STEPS_MAX 32

struct input {
    const uint8_t *at;  /* next byte */
    const uint8_t *end; /* one past the last */
};

struct scene {
    struct publisher publisher; /* what is published */
    struct weft_trust *trust;   /* the client under test */
    struct input input;         /* rest of the steps */
};

static uint8_t take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* The next bytes of the input, as many as the two in front of them say. */
static struct input take_bytes(struct input *input)
{
    size_t length = (size_t)take(input) << 8;
    length |= take(input);
    size_t left = (size_t)(input->end - input->at);
    struct input out = {input->at, input->at + (length < left ? length : left)};
    input->at = out.end;
    return out;
}

/* What is trusted, as versions. */
struct floors {
    uint64_t versions[WEFT_ROLE_COUNT]; /* 0 = none */
};

static struct floors floors_of(const struct weft_trust *trust)
{
    struct floors floors;
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        const struct weft_metadata *document = weft_trust_document(trust, (enum weft_role)role);
        floors.versions[role] = document != NULL ? document->version : 0;
    }
    return floors;
}

static void check_pinned(const struct weft_metadata *parent, const char *name,
                         const struct weft_metadata *child)
{
    struct weft_pin pin;
    struct weft_fault fault;
    WEFT_FUZZ_CHECK(weft_metadata_pin(parent, name, &pin) == WEFT_ERR_OK);
    WEFT_FUZZ_CHECK(pin.version == child->version);
    WEFT_FUZZ_CHECK(weft_pin_check(&pin, name, child->bytes, child->length, &fault) == WEFT_ERR_OK);
}

static void check_client(const struct weft_trust *trust, const struct floors *before)
{
    struct floors now = floors_of(trust);
    struct weft_fault fault;
    const struct weft_metadata *root = weft_trust_document(trust, WEFT_ROLE_ROOT);
    WEFT_FUZZ_CHECK(now.versions[0] >= before->versions[0]);
    bool changed = memcmp(&now, before, sizeof now) != 0; /* verifying is what takes time */
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        const struct weft_metadata *document = weft_trust_document(trust, (enum weft_role)role);
        WEFT_FUZZ_CHECK(document == NULL || !changed ||
                        weft_root_verify(root, document, &fault) == WEFT_ERR_OK);
        WEFT_FUZZ_CHECK(now.versions[0] != before->versions[0] ||
                        now.versions[role] >= before->versions[role]);
    }
    const struct weft_metadata *timestamp = weft_trust_current(trust, WEFT_ROLE_TIMESTAMP);
    const struct weft_metadata *snapshot = weft_trust_current(trust, WEFT_ROLE_SNAPSHOT);
    const struct weft_metadata *targets = weft_trust_current(trust, WEFT_ROLE_TARGETS);
    WEFT_FUZZ_CHECK((snapshot == NULL) == (targets == NULL) && (snapshot != NULL || !timestamp));
    if (snapshot != NULL) {
        check_pinned(snapshot, "targets.json", targets);
    }
    if (timestamp != NULL) {
        check_pinned(timestamp, "snapshot.json", snapshot);
    }
}

/* Whatever was fed: a refusal changes nothing and says why. */
static void feed(struct scene *scene, const uint8_t *bytes, size_t length)
{
    struct floors before = floors_of(scene->trust);
    if (weft_trust_feed(scene->trust, bytes, length) != WEFT_ERR_OK) {
        struct floors after = floors_of(scene->trust);
        WEFT_FUZZ_CHECK(memcmp(&before, &after, sizeof before) == 0);
        WEFT_FUZZ_CHECK(weft_trust_fault(scene->trust)->text[0] != '\0');
    }
}

/* Sign the next bytes of the input, if they are JSON, with any keys. */
static void feed_signed(struct scene *scene)
{
    unsigned keys = take(&scene->input);
    struct input text = take_bytes(&scene->input);
    json_t *body = NULL;
    if (weft_json_parse(text.at, (size_t)(text.end - text.at), &body) == WEFT_ERR_OK) {
        struct publisher_document document = publisher_sign(&scene->publisher, body, keys);
        feed(scene, document.bytes, document.length);
        publisher_free(&document);
    }
    json_decref(body);
}

static void feed_published(struct scene *scene)
{
    struct weft_trust_want want;
    if (weft_trust_wanted(scene->trust, &want)) {
        struct publisher_document document = publisher_make(&scene->publisher, want.role);
        feed(scene, document.bytes, document.length);
        publisher_free(&document);
    }
}

/* Give |role| other keys, and perhaps other ones than it is signed with. */
static void rotate(struct scene *scene, enum weft_role role)
{
    unsigned keys = take(&scene->input);
    int threshold = 1 + take(&scene->input) % 3;
    publisher_role(&scene->publisher, role, keys, threshold);
    scene->publisher.signers[role] = keys | take(&scene->input);
}

static bool has_role(const struct publisher *publisher, const char *name)
{
    for (size_t i = 0; i < publisher->role_count; i++) {
        if (strcmp(publisher->roles[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void delegate(struct scene *scene)
{
    static const char *const names[] = {"a", "b", "c"};
    static const char *const paths[] = {"[\"a/*/*\"]", "[\"*/*/*\", \"b\"]", "[]"};
    uint8_t choice = take(&scene->input);
    unsigned keys = take(&scene->input) | PUBLISHER_KEY(4);
    const char *from = names[choice % 3];
    const char *name = names[choice / 4 % 3];
    publisher_delegate(&scene->publisher, has_role(&scene->publisher, from) ? from : NULL, name,
                       keys, paths[choice / 16 % 3], choice >= 128);
    publisher_release(&scene->publisher, name, "a", "1", 1 + choice % 7);
}

static void search(struct scene *scene)
{
    struct weft_release_info info;
    if (publisher_seek(&scene->publisher, scene->trust, "a/1/file", &info) == WEFT_ERR_OK) {
        WEFT_FUZZ_CHECK(strcmp(info.target, "a/1/file") == 0 && info.pin.has_length);
    }
    if (publisher_seek_component(&scene->publisher, scene->trust, "a", &info) == WEFT_ERR_OK) {
        WEFT_FUZZ_CHECK(strcmp(info.component, "a") == 0 && info.order > 0);
    }
}

static void change(struct scene *scene, enum weft_role role, uint8_t what)
{
    switch (what % 5) {
    case 0:
        publisher_version(&scene->publisher, role, 1 + take(&scene->input));
        break;
    case 1:
        rotate(scene, role);
        break;
    case 2:
        json_object_set_new(
            scene->publisher.bodies[role], "expires",
            json_string(take(&scene->input) % 2 ? PUBLISHER_VALID : PUBLISHER_EXPIRED));
        break;
    case 3:
        delegate(scene);
        break;
    default:
        publisher_release(&scene->publisher, NULL, "a", "1", 1 + take(&scene->input));
        break;
    }
}

static void step(struct scene *scene)
{
    uint8_t choice = take(&scene->input);
    enum weft_role role = (enum weft_role)(choice / 8 % WEFT_ROLE_COUNT);
    struct input text;
    switch (choice % 8) {
    case 0:
        weft_trust_begin(scene->trust, PUBLISHER_NOW_S + take(&scene->input) * (int64_t)DAY_S,
                         choice >= 128 ? UINT64_MAX : choice / 8);
        break;
    case 1:
        feed_signed(scene);
        break;
    case 2:
        text = take_bytes(&scene->input);
        feed(scene, text.at, (size_t)(text.end - text.at));
        break;
    case 3:
        weft_trust_give_up(scene->trust, WEFT_ERR_NOT_FOUND);
        break;
    case 4:
        search(scene);
        break;
    case 5:
        change(scene, role, choice / 32);
        break;
    default:
        feed_published(scene);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct scene scene = {.input = {bytes, bytes + length}};
    WEFT_FUZZ_CHECK(sodium_init() >= 0);
    publisher_begin(&scene.publisher);
    scene.trust = publisher_client(&scene.publisher);
    for (int i = 0; i < STEPS_MAX && scene.input.at < scene.input.end; i++) {
        struct floors before = floors_of(scene.trust);
        step(&scene);
        check_client(scene.trust, &before);
    }
    weft_trust_free(scene.trust);
    publisher_end(&scene.publisher);
    return 0;
}
