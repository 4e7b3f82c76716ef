/* SPDX-License-Identifier: Apache-2.0 */
/* Trace files of any bytes, as of the simulator and as of a node. Checked: what is refused is
 * explained, and what is accepted becomes a report and a time line in which no HTML ends early. */
#include "protocol/flag.h"
#include "sim/history_read.h"
#include "sim/page.h"
#include "sim/perfetto.h"
#include "tests/fuzz/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As many as a report writes: style, data and script. */
enum { SCRIPT_ENDS = 2 };

static uint32_t count_of(const char *text, const char *word)
{
    uint32_t count = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

static void write_all(const struct weft_sim_history *history)
{
    char *text = NULL;
    size_t length = 0;
    const struct weft_sim_page_run run = {history, "fuzzed"};
    FILE *out = open_memstream(&text, &length);
    WEFT_FUZZ_CHECK(out != NULL);
    weft_sim_page_write(&run, 1, out);
    WEFT_FUZZ_CHECK(fclose(out) == 0);
    WEFT_FUZZ_CHECK(count_of(text, "</script>") == SCRIPT_ENDS);
    free(text);
    out = fopen("/dev/null", "w");
    WEFT_FUZZ_CHECK(out != NULL);
    weft_sim_perfetto_write(history, out);
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct weft_sim_history history;
    char path[32];
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    int file = memfd_create("trace", 0);
    WEFT_FUZZ_CHECK(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    enum weft_sim_origin origin = weft_sim_history_origin(path, &message);
    WEFT_FUZZ_CHECK((origin == WEFT_SIM_ORIGIN_NONE) == (message.length > 0));
    if (origin != WEFT_SIM_ORIGIN_NONE) {
        char *paths[] = {path};
        bool good = origin == WEFT_SIM_ORIGIN_SIMULATOR
                        ? weft_sim_history_read(&history, path, &message)
                        : weft_sim_history_read_nodes(&history, paths, 1, &message);
        WEFT_FUZZ_CHECK(good == (message.length == 0));
        if (good) {
            write_all(&history);
            weft_sim_history_end(&history);
        }
    }
    close(file);
    return 0;
}
