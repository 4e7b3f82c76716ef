/* SPDX-License-Identifier: Apache-2.0 */
/* `weft publish` under trouble: readers meanwhile, kill -9, several publishers, odd trees. Every
 * state of the repository is judged by the client that nodes use. */
#include "tests/support/check_main.h"
#include "tests/support/words.h"

#include "node/fileio.h"
#include "node/keygen.h"
#include "node/publish.h"
#include "protocol/trust/catalog.h"
#include "protocol/trust/client.h"
#include "protocol/trust/index.h"
#include "protocol/trust/sha256.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD_BYTES (300 * 1024)
#define DOCUMENT_BYTES 6000000
#define KILLS 40
#define WEFT_NS INT64_C(1000000000)

static char base[64];

static int command(int (*run)(int, char **), const char *line)
{
    return words_run(run, line, base);
}

static void path_of(char *path, const char *name)
{
    ck_assert(weft_fileio_join(path, base, name));
}

static void write_file(const char *name, const void *bytes, size_t length)
{
    char path[WEFT_FILE_PATH_BYTES];
    path_of(path, name);
    ck_assert_int_eq(weft_fileio_replace(path, bytes, length, 0644), WEFT_ERR_OK);
}

/* A payload whose every byte depends on |number|. */
static void write_payload(int number)
{
    static uint8_t bytes[PAYLOAD_BYTES];
    memset(bytes, number, sizeof bytes);
    write_file("payload", bytes, sizeof bytes);
}

static void setup(void)
{
    snprintf(base, sizeof base, "/tmp/weft-publish-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(command(weft_command_keygen, "keygen --keys @/keys"), 0);
}

static void teardown(void)
{
    weft_fileio_remove(base);
}

static enum weft_err load(const char *name, uint8_t **bytes, size_t *length)
{
    char below[WEFT_PATH_BYTES_MAX + 8];
    char path[WEFT_FILE_PATH_BYTES];
    snprintf(below, sizeof below, "repo/%s", name);
    path_of(path, below);
    return weft_fileio_load(path, DOCUMENT_BYTES, bytes, length);
}

static bool check_chunks(const struct weft_index *index, const uint8_t *payload)
{
    bool ok = true;
    for (uint32_t i = 0; i < index->chunk_count; i++) {
        uint8_t digest[WEFT_SHA256_BYTES];
        ok = ok &&
             weft_sha256_of(payload + index->offsets[i], weft_index_chunk_bytes(index, i), digest);
        ok = ok && memcmp(digest, weft_index_chunk_sha256(index, i), sizeof digest) == 0;
    }
    return ok;
}

/* Payload and index of a release as a node would get them. */
static bool check_release(void *context, const struct weft_release_info *info)
{
    uint8_t *index_bytes = NULL;
    uint8_t *payload = NULL;
    size_t index_length = 0;
    size_t length = 0;
    struct weft_index *index = NULL;
    uint8_t digest[WEFT_SHA256_BYTES];
    ck_assert_int_eq(load(info->index_path, &index_bytes, &index_length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_catalog_index_check(info, index_bytes, index_length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_index_decode(index_bytes, index_length, info->pin.length, &index),
                     WEFT_ERR_OK);
    ck_assert_int_eq(load(info->path, &payload, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, info->pin.length);
    ck_assert(weft_sha256_of(payload, length, digest));
    ck_assert_mem_eq(digest, info->pin.sha256, sizeof digest);
    ck_assert(check_chunks(index, payload));
    weft_index_free(index);
    free(index_bytes);
    free(payload);
    ++*(int *)context;
    return true;
}

/* Bring |trust| up to date from the repository on disk. */
static enum weft_err refresh(struct weft_trust *trust)
{
    struct weft_trust_want want;
    weft_trust_begin(trust, (int64_t)time(NULL), UINT64_MAX);
    while (weft_trust_wanted(trust, &want)) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        enum weft_err err = load(want.path, &bytes, &length);
        if (err == WEFT_ERR_OK) {
            err = weft_trust_feed(trust, bytes, length);
            free(bytes);
            ck_assert_msg(err == WEFT_ERR_OK, "%s: %s", want.path, weft_trust_fault(trust)->text);
        } else {
            weft_trust_give_up(trust, err);
        }
    }
    ck_assert_msg(weft_trust_stage(trust) == WEFT_TRUST_DONE, "%s", weft_trust_fault(trust)->text);
    return weft_trust_fault(trust)->err;
}

static struct weft_trust *new_reader(void)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_trust *trust = weft_trust_new();
    ck_assert_int_eq(load("metadata/1.root.json", &bytes, &length), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_load_root(trust, bytes, length), WEFT_ERR_OK);
    free(bytes);
    return trust;
}

/* Read everything; the number of releases. */
static int read_all(struct weft_trust *trust)
{
    int count = 0;
    ck_assert_int_eq(refresh(trust), WEFT_ERR_OK);
    weft_catalog_each(weft_trust_current(trust, WEFT_ROLE_TARGETS), true, check_release, &count);
    return count;
}

static int read_fresh(void)
{
    struct weft_trust *trust = new_reader();
    int count = read_all(trust);
    weft_trust_free(trust);
    return count;
}

static int publish(const char *rest)
{
    char line[256];
    snprintf(line, sizeof line, "publish --repo @/repo --keys @/keys %s", rest);
    return command(weft_command_publish, line);
}

static pid_t publish_in_child(const char *rest, int times, int first)
{
    fflush(stdout);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int failed = 0;
        for (int i = 0; i < times; i++) {
            if (first > 0) {
                write_payload(first + i);
            }
            failed |= publish(rest);
        }
        _exit(failed);
    }
    return child;
}

static int wait_for(pid_t child)
{
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(test_reader_never_sees_a_mixture)
{
    write_payload(1);
    ck_assert_int_eq(publish("virus @/payload"), 0);
    pid_t child = publish_in_child("virus @/payload", 20, 2);
    struct weft_trust *follower = new_reader();
    int rounds = 0;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        ck_assert_int_ge(read_all(follower), 1);
        ck_assert_int_ge(read_fresh(), 1);
        rounds++;
    }
    ck_assert_int_eq(status, 0);
    ck_assert_int_ge(rounds, 3);
    ck_assert_int_eq(read_all(follower), 3);
    ck_assert_uint_eq(weft_trust_document(follower, WEFT_ROLE_TIMESTAMP)->version, 21);
    weft_trust_free(follower);
}
END_TEST

static int count_files(const char *name, const char *pattern)
{
    char line[512];
    char path[WEFT_FILE_PATH_BYTES];
    path_of(path, name);
    snprintf(line, sizeof line, "find %.200s -type f -name '%s' | wc -l", path, pattern);
    FILE *pipe = popen(line, "r");
    int count = -1;
    ck_assert_int_eq(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * WEFT_NS + now.tv_nsec;
}

/* How long the second publish of a repository takes; in a child, as those that are killed. */
static int64_t time_of_a_publish(void)
{
    write_payload(100);
    int64_t begin_ns = 0;
    for (int i = 0; i < 2; i++) {
        begin_ns = now_ns();
        pid_t child = publish_in_child("--repo @/other virus @/payload", 1, 0);
        ck_assert_int_eq(wait_for(child), 0);
    }
    return now_ns() - begin_ns;
}

/* kill -9 at any moment: what was published stays readable, the next publish repairs. */
START_TEST(test_kill)
{
    struct weft_trust *follower = NULL;
    int64_t whole_ns = time_of_a_publish();
    for (int i = 0; i < KILLS; i++) {
        write_payload(i + 1);
        pid_t child = publish_in_child("--grace 0 --keep 2 virus @/payload", 1, 0);
        int64_t delay_ns = whole_ns * 5 / 4 * i / KILLS;
        struct timespec delay = {.tv_sec = delay_ns / WEFT_NS, .tv_nsec = delay_ns % WEFT_NS};
        nanosleep(&delay, NULL);
        kill(child, SIGKILL);
        wait_for(child);
        char path[WEFT_FILE_PATH_BYTES];
        path_of(path, "repo/metadata/timestamp.json");
        if (access(path, F_OK) == 0) {
            follower = follower ? follower : new_reader();
            read_all(follower);
            ck_assert_int_ge(read_fresh(), 1);
        }
    }
    write_payload(200);
    ck_assert_int_eq(publish("--grace 0 --keep 2 virus @/payload"), 0);
    write_payload(201);
    ck_assert_int_eq(publish("--grace 0 --keep 2 virus @/payload"), 0);
    follower = follower ? follower : new_reader();
    ck_assert_int_eq(read_all(follower), 2);
    weft_trust_free(follower);
    /* Two listed now and one more in the generation before. */
    ck_assert_int_eq(count_files("repo/targets", "*.index"), 3);
    ck_assert_int_eq(count_files("repo/targets", "*"), 6);
    ck_assert_int_eq(count_files("repo/metadata", "*.targets.json"), 2);
    ck_assert_int_eq(count_files("repo/metadata", "*.snapshot.json"), 2);
    ck_assert_int_eq(count_files("repo", "*.tmp"), 0);
    ck_assert_int_eq(count_files("repo/.draft", "*"), 0);
}
END_TEST

START_TEST(test_publishers_at_once)
{
    pid_t children[4];
    write_payload(1);
    for (int i = 0; i < 4; i++) {
        char rest[64];
        snprintf(rest, sizeof rest, "component%d @/payload", i);
        children[i] = publish_in_child(rest, 2, 0);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(wait_for(children[i]), 0);
    }
    ck_assert_int_eq(read_fresh(), 8);
}
END_TEST

static void make_tree(const char *name, bool other_order)
{
    char line[1024];
    snprintf(line, sizeof line,
             "cd %s && mkdir -p %s/b/c %s/empty && cd %s && umask %s && for f in %s; do echo "
             "$f > $f; done && chmod %s b/x && ln -s ../x b/link && ln -s /etc/passwd b/away && "
             "ln -s ../../../c/../up b/up && ln x b/c/hard && touch -d "
             "%s x && touch \"$(printf 'b/\\303\\274 \\n')\" && head -c 100000 /dev/zero > "
             "b/$(printf 'n%%0120d' 1)",
             base, name, name, name, other_order ? "077" : "022",
             other_order ? "b/x x b/c/y a" : "a b/c/y b/x x", other_order ? "700" : "755",
             other_order ? "1999-01-01" : "2020-01-01");
    ck_assert_int_eq(system(line), 0);
}

static void copy_info(const char *component, struct weft_release_info *info)
{
    struct weft_trust *trust = new_reader();
    ck_assert_int_eq(refresh(trust), WEFT_ERR_OK);
    ck_assert_int_eq(weft_trust_seek_component(trust, component, info), WEFT_ERR_OK);
    weft_trust_free(trust);
}

START_TEST(test_tree_is_deterministic)
{
    struct weft_release_info one;
    struct weft_release_info two;
    make_tree("one", false);
    make_tree("two", true);
    ck_assert_int_eq(publish("one @/one"), 0);
    ck_assert_int_eq(publish("two @/two/"), 0);
    copy_info("one", &one);
    copy_info("two", &two);
    ck_assert_int_eq(one.kind, WEFT_RELEASE_TREE);
    ck_assert_mem_eq(one.pin.sha256, two.pin.sha256, sizeof one.pin.sha256);
    ck_assert_uint_eq(one.id, two.id);
    ck_assert_str_eq(one.file, "one.tar");
    ck_assert_int_eq(read_fresh(), 2);
    char line[1024];
    snprintf(line, sizeof line,
             "cd %s && mkdir out && tar xf repo/%s -C out 2>/dev/null && diff -r --no-dereference "
             "one out && [ -z \"$(find out -mindepth 1 -newermt 1970-01-02)\" ]",
             base, one.path);
    ck_assert_int_eq(system(line), 0);
}
END_TEST

START_TEST(test_odd_trees)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && mkdir tree && mkfifo tree/pipe", base);
    ck_assert_int_eq(system(line), 0);
    ck_assert_int_ne(publish("tree @/tree"), 0);
    snprintf(line, sizeof line, "rm -rf %s/tree; mkdir -p %s/tree", base, base);
    ck_assert_int_eq(system(line), 0);
    ck_assert_int_eq(publish("empty @/tree"), 0); /* an empty directory is a tree */
    ck_assert_int_ne(publish("all @"), 0);        /* the repository inside of itself */
    ck_assert_int_ne(publish("none @/nothing"), 0);
    ck_assert_int_ne(publish("device /dev/null"), 0);
    write_file("empty", "", 0);
    ck_assert_int_eq(publish("file @/empty"), 0);
    write_file("two.words", "x", 1);
    ck_assert_int_eq(publish("--version v1 file @/two.words"), 0);
    struct weft_release_info info;
    copy_info("file", &info);
    ck_assert_str_eq(info.version, "v1");
    ck_assert_uint_eq(info.order, 2);
    ck_assert_int_eq(read_fresh(), 3);
}
END_TEST

START_TEST(test_keep_and_number)
{
    struct weft_release_info info;
    for (int i = 1; i <= 5; i++) {
        write_payload(i);
        ck_assert_int_eq(
            publish(i == 3 ? "--version 4 --keep 2 av @/payload" : "--keep 2 av @/payload"), 0);
    }
    copy_info("av", &info);
    ck_assert_str_eq(info.version, "6"); /* 1 2 "4" 5 6: the name 4 was taken */
    ck_assert_int_eq(read_fresh(), 2);
    ck_assert_int_eq(count_files("repo/targets", "*.index"), 5); /* the grace has not passed */
    ck_assert_int_eq(publish("--keep 1 --grace 0 other @/payload"), 0);
    ck_assert_int_eq(count_files("repo/targets/av", "*.index"), 2);
    ck_assert_int_eq(read_fresh(), 3);
}
END_TEST

START_TEST(test_damaged_repository)
{
    char path[WEFT_FILE_PATH_BYTES];
    write_payload(1);
    ck_assert_int_eq(publish("av @/payload"), 0);
    path_of(path, "repo/metadata/1.targets.json");
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "#", 1, 50), 1);
    close(fd);
    ck_assert_int_ne(publish("av @/payload"), 0);
    unlink(path);
    ck_assert_int_ne(publish("av @/payload"), 0);
    ck_assert_int_ne(command(weft_command_refresh, "refresh --repo @/repo --keys @/keys"), 0);
    ck_assert_int_ne(command(weft_command_refresh, "refresh --repo @/none --keys @/keys"), 0);
}
END_TEST

static Suite *publish_suite(void)
{
    const TTest *const tests[] = {
        test_reader_never_sees_a_mixture, test_kill,      test_publishers_at_once,
        test_tree_is_deterministic,       test_odd_trees, test_keep_and_number,
        test_damaged_repository,
    };
    Suite *suite = suite_create("publish");
    TCase *tcase = tcase_create("publish");
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < WEFT_ROWS(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(publish_suite)
