/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what do the texts of the flags mean, and do they fit together?". */
#include "options_raw.h"

#include "protocol/limits.h"

/* As --nodes and --segments allow. */
#define SEGMENTS_MAX 65536
#define NODES_MAX 4000000

/* A flag that holds a time below a millisecond. */
struct delay {
    const char *flag;  /* name */
    const char *text;  /* as given */
    weft_ns *value_ns; /* where it goes */
};

static enum weft_err refuse(struct weft_text *message, const char *flag, const char *value,
                            const char *allowed)
{
    weft_text_add(message, "--");
    weft_text_add(message, flag);
    weft_text_add(message, ": \"");
    weft_text_add(message, value);
    weft_text_add(message, "\" is not valid; use ");
    weft_text_add(message, allowed);
    return WEFT_ERR_ARGUMENT;
}

static enum weft_err read_lists(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                struct weft_text *message)
{
    if (raw->kill.count > WEFT_SIM_FAULTS_MAX || raw->outage.count > WEFT_SIM_FAULTS_MAX ||
        raw->restart.count > WEFT_SIM_FAULTS_MAX) {
        weft_text_add(message, "a fault flag may be given 16 times at most");
        return WEFT_ERR_ARGUMENT;
    }
    for (uint32_t i = 0; i < raw->kill.count; i++) {
        if (!weft_sim_options_read_kill(raw->kill.items[i], &options->kills[i])) {
            return refuse(message, "kill", raw->kill.items[i],
                          "agent, first or any with a share or a time: agent@50%, first@12s+5s");
        }
    }
    for (uint32_t i = 0; i < raw->outage.count; i++) {
        if (!weft_sim_options_read_outage(raw->outage.items[i], &options->outages[i])) {
            return refuse(message, "source-down", raw->outage.items[i],
                          "a share or a time, and how long: 50%,60s or 10s,1min");
        }
    }
    for (uint32_t i = 0; i < raw->restart.count; i++) {
        if (!weft_sim_options_read_when(raw->restart.items[i], &options->restarts[i])) {
            return refuse(message, "restart-all", raw->restart.items[i],
                          "a share or a time: 50% or 12s");
        }
    }
    options->kill_count = raw->kill.count;
    options->outage_count = raw->outage.count;
    options->restart_count = raw->restart.count;
    return WEFT_ERR_OK;
}

static enum weft_err read_shares(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                 struct weft_text *message)
{
    const struct {
        const char *flag;    /* name */
        const char *text;    /* as given */
        uint32_t *value_ppm; /* where it goes */
    } shares[] = {{"loss", raw->loss, &options->loss_ppm},
                  {"duplicate", raw->twice, &options->twice_ppm},
                  {"replay", raw->replay, &options->replay_ppm},
                  {"reorder", raw->late, &options->late_ppm},
                  {"flip", raw->flip, &options->flip_ppm},
                  {"flip-record", raw->flip_record, &options->flip_record_ppm},
                  {"flip-body", raw->flip_body, &options->flip_body_ppm}};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        if (!weft_sim_options_read_loss(shares[i].text, shares[i].value_ppm)) {
            return refuse(message, shares[i].flag, shares[i].text,
                          "a share such as 0.5% or 300ppm, at most 90%");
        }
    }
    return WEFT_ERR_OK;
}

#define ORDER                                                                                      \
    "how many, up to 64, or which (#1,#4), then @TIME, +FOR, :SEGMENT if need be: 3, 2@10s+30s,"   \
    " #0:4"

static enum weft_err read_menu(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                               struct weft_text *message)
{
    uint32_t percent = 0;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        const char *flag = weft_sim_menu_flag((enum weft_sim_mishap_class)c);
        struct weft_sim_order *order = &options->menu[c];
        if (!weft_sim_menu_read(raw->menu[c], order)) {
            bool is_share = weft_sim_menu_is_share((enum weft_sim_mishap_class)c);
            return refuse(message, flag, raw->menu[c],
                          is_share ? ORDER "; or a share of the nodes: 20%" : ORDER);
        }
        if (order->segment != WEFT_SIM_ANY_SEGMENT && order->segment >= options->segment_count) {
            return refuse(message, flag, raw->menu[c], "a segment below --segments");
        }
        if (order->percent > 0 && !weft_sim_menu_is_share((enum weft_sim_mishap_class)c)) {
            return refuse(
                message, flag, raw->menu[c],
                "how many; a share is for nodes that send something else than they should");
        }
        percent += order->percent;
    }
    if (percent > 100) {
        weft_text_add(message, "the shares of hostile nodes are more than 100% together");
        return WEFT_ERR_ARGUMENT;
    }
    return WEFT_ERR_OK;
}

/* Sites say how many nodes and segments there are. */
static enum weft_err read_sites(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                struct weft_text *message)
{
    uint64_t nodes = 0;
    uint64_t segments = 0;
    options->place_count = raw->site.count;
    for (uint32_t i = 0; i < raw->site.count; i++) {
        struct weft_sim_place place = {.lan_bytes_per_s = options->lan_bytes_per_s,
                                       .down_bytes_per_s = options->wan_bytes_per_s,
                                       .up_bytes_per_s = options->wan_bytes_per_s};
        if (i == WEFT_SIM_PLACES_MAX) {
            weft_text_add(message, "--site: a network has 32 kinds of sites at most");
            return WEFT_ERR_ARGUMENT;
        }
        if (!weft_sim_place_read(raw->site.items[i], &place, message)) {
            return WEFT_ERR_ARGUMENT;
        }
        options->places[i] = place;
        segments += (uint64_t)place.sites * place.segments;
        nodes += (uint64_t)place.sites * place.segments * place.nodes;
        options->segment_nodes_max =
            place.nodes > options->segment_nodes_max ? place.nodes : options->segment_nodes_max;
    }
    if (segments > SEGMENTS_MAX || nodes > NODES_MAX) {
        weft_text_add(message, "--site: there are more than 65536 segments or 4000000 nodes");
        return WEFT_ERR_ARGUMENT;
    }
    options->segment_count = raw->site.count > 0 ? (uint32_t)segments : options->segment_count;
    options->node_count = raw->site.count > 0 ? (uint32_t)nodes : options->node_count;
    return WEFT_ERR_OK;
}

static enum weft_err read_expects(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                  struct weft_text *message)
{
    for (uint32_t i = 0; i < raw->expect.count; i++) {
        if (i == WEFT_SIM_EXPECTS_MAX ||
            !weft_sim_expect_read(raw->expect.items[i], &options->expects[i])) {
            return refuse(message, "expect", raw->expect.items[i],
                          "a figure and its limit, at most 16 times: makespan < 10min, wan-copies <"
                          " 1.1, makespan < 1.3 honest");
        }
    }
    options->expect_count = raw->expect.count;
    return WEFT_ERR_OK;
}

/* What is for one run, or for many only, would be ignored by the other. */
static enum weft_err check_many(const struct weft_sim_options *options, struct weft_text *message)
{
    bool many = options->sweep > 0 || options->fail_each;
    const char *one = options->report_path != NULL      ? "--report"
                      : options->trace_path != NULL     ? "--trace"
                      : options->decisions_path != NULL ? "--decisions"
                                                        : NULL;
    if ((options->sweep > 0) + options->fail_each + options->shrink > 1) {
        weft_text_add(message, "--sweep, --fail-each and --shrink: each is a work of its own; give"
                               " one of them");
    } else if (options->shard_count > 1 && !many) {
        weft_text_add(message, "--shard: there is nothing to divide without --sweep or"
                               " --fail-each");
    } else if (one != NULL && (many || options->shrink)) {
        weft_text_add(message, one);
        weft_text_add(message, ": that is for a single run, not for --sweep, --fail-each or"
                               " --shrink");
    } else {
        return WEFT_ERR_OK;
    }
    return WEFT_ERR_ARGUMENT;
}

static enum weft_err check_sizes(const struct weft_sim_options *options, struct weft_text *message)
{
    uint64_t in_segment = options->segment_nodes_max;
    if (options->segment_count > options->node_count) {
        weft_text_add(message, "--nodes: ");
        weft_text_add_uint(message, options->node_count);
        weft_text_add(message, " are fewer than ");
        weft_text_add_uint(message, options->segment_count);
        weft_text_add(message, " --segments; each has at least one");
    } else if (in_segment > WEFT_MEMBERS_MAX) {
        weft_text_add(message, options->place_count > 0 ? "--site" : "--nodes");
        weft_text_add(message, ": a segment would have ");
        weft_text_add_uint(message, in_segment);
        weft_text_add(message, " nodes, and at most ");
        weft_text_add_uint(message, WEFT_MEMBERS_MAX);
        weft_text_add(message, " are allowed; use more ");
        weft_text_add(message, options->place_count > 0 ? "segments" : "--segments");
    } else if (options->chunk_bytes != 0 &&
               options->size_bytes / options->chunk_bytes >= WEFT_CHUNKS_MAX) {
        weft_text_add(message, "--chunk: the release would have more than ");
        weft_text_add_uint(message, WEFT_CHUNKS_MAX);
        weft_text_add(message, " chunks; use larger ones");
    } else {
        return WEFT_ERR_OK;
    }
    return WEFT_ERR_ARGUMENT;
}

enum weft_err weft_sim_raw_read(struct weft_sim_options *options, const struct weft_sim_raw *raw,
                                struct weft_text *message)
{
    const struct delay delays[] = {
        {"lan-delay", raw->lan_delay, &options->lan_delay_ns},
        {"wan-delay", raw->wan_delay, &options->wan_delay_ns},
        {"lan-queue", raw->lan_queue, &options->lan_queue_ns},
        {"wan-queue", raw->wan_queue, &options->wan_queue_ns},
    };
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        if (!weft_sim_options_read_delay(delays[i].text, delays[i].value_ns)) {
            return refuse(message, delays[i].flag, delays[i].text, "a time such as 0.2ms or 10ms");
        }
    }
    if (!weft_sim_place_read_time(raw->clock, &options->clock_min)) {
        return refuse(message, "clock", raw->clock, "a time of day such as 7:30");
    }
    enum weft_err err = read_sites(options, raw, message);
    if (raw->site.count == 0) {
        options->segment_nodes_max =
            (options->node_count + options->segment_count - 1) / options->segment_count;
    }
    err = err != WEFT_ERR_OK ? err : read_expects(options, raw, message);
    err = err != WEFT_ERR_OK ? err : read_shares(options, raw, message);
    err = err != WEFT_ERR_OK ? err : read_lists(options, raw, message);
    err = err != WEFT_ERR_OK ? err : read_menu(options, raw, message);
    if (err == WEFT_ERR_OK && !weft_sim_options_read_shard(raw->shard, options)) {
        err = refuse(message, "shard", raw->shard, "I/N with I from 1 to N, N at most 4096: 3/16");
    }
    err = err != WEFT_ERR_OK ? err : check_many(options, message);
    return err != WEFT_ERR_OK ? err : check_sizes(options, message);
}
