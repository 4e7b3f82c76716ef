/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the status document. Every figure is copied from the core's view or from what the shell
 * says; the few that are computed here are bytes had and time left. */
#include "snapshot.h"

#include "protocol/address.h"
#include "protocol/text.h"
#include "version.h"

#include <unistd.h>

/* Words of enum weft_agent_class, as --agent takes them. */
static const char *const class_words[WEFT_AGENT_CLASS_COUNT] = {"never", "auto", "prefer", "pin",
                                                                "server"};

static const char *const state_words[WEFT_MEMBER_STATE_COUNT] = {"alive", "suspect", "dead",
                                                                 "left"};

static json_t *hex(uint64_t id)
{
    char buffer[17];
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add_hex64(&text, id);
    return json_string(buffer);
}

static json_t *address_json(const struct weft_address *address)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    return json_string(weft_address_format(address, text, sizeof(text)));
}

/* JSON numbers are read as doubles by many: nothing here reaches 2^53. */
static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* null for a text that says nothing. */
static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static uint64_t ms_since(weft_ns now_ns, weft_ns then_ns)
{
    return now_ns > then_ns ? (now_ns - then_ns) / WEFT_NS_PER_MS : 0;
}

static json_t *tiers_json(const uint64_t bytes[WEFT_TIER_COUNT])
{
    static const char *const names[WEFT_TIER_COUNT] = {
#define X(name, text) text,
        WEFT_TIER_MAP(X)
#undef X
    };
    json_t *tiers = json_object();
    for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
        json_object_set_new(tiers, names[tier], number(bytes[tier]));
    }
    return tiers;
}

static json_t *node_json(const struct weft_view_node *view, const struct weft_snapshot_info *info)
{
    char segment[WEFT_ADDRESS_TEXT_BYTES];
    json_t *node = json_object();
    weft_prefix_format(&view->segment, segment, sizeof(segment));
    json_object_set_new(node, "id", hex(view->self.id));
    json_object_set_new(node, "address", address_json(&view->self.address));
    json_object_set_new(node, "segment", json_string(segment));
    json_object_set_new(node, "site", text_or_null(info->site));
    json_object_set_new(node, "class", json_string(class_words[info->agent_class]));
    json_object_set_new(node, "agent", json_boolean(view->is_agent));
    json_object_set_new(node, "pid", json_integer(getpid()));
    json_object_set_new(node, "data", json_string(info->data_dir));
    json_object_set_new(node, "sandbox", text_or_null(info->sandbox));
    json_object_set_new(node, "started_unix_s", json_integer(info->started_unix_s));
    json_object_set_new(node, "stall", json_string(weft_stall_word(view->stall)));
    json_object_set_new(node, "links", number(view->link_count));
    return node;
}

static json_t *source_json(const struct weft_view_node *view, const struct weft_snapshot_info *info)
{
    json_t *source = json_object();
    bool planned = view->source_down && view->source_retry_ns != WEFT_NS_NEVER;
    json_object_set_new(source, "url", text_or_null(info->source_url));
    json_object_set_new(source, "down", json_boolean(view->source_down));
    json_object_set_new(source, "retry_ms",
                        planned ? number(ms_since(view->source_retry_ns, info->now_ns))
                                : json_null());
    json_object_set_new(source, "looked_unix_s",
                        info->looked_unix_s > 0 ? json_integer(info->looked_unix_s) : json_null());
    bool failed = info->looked_unix_s > 0 && info->look_error != WEFT_ERR_OK;
    json_object_set_new(source, "error",
                        failed ? json_string(weft_err_name(info->look_error)) : json_null());
    json_object_set_new(source, "error_text", failed ? text_or_null(info->look_text) : json_null());
    return source;
}

static json_t *copy_json(const struct weft_peers_copy *copy)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    json_t *object = json_object();
    snprintf(text, sizeof(text), "%016llx", (unsigned long long)copy->id);
    json_object_set_new(object, "id", json_string(text));
    json_object_set_new(object, "name", json_string(copy->name));
    json_object_set_new(object, "address",
                        json_string(weft_address_format(&copy->kept, text, sizeof(text))));
    json_object_set_new(object, "refused",
                        json_string(weft_address_format(&copy->other, text, sizeof(text))));
    return object;
}

/* Who says that this node is a copy. */
static json_t *refusal_json(const struct weft_snapshot_info *info)
{
    const struct weft_peers_refusal *refusal = &info->refusal;
    if (refusal->id == 0) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "id", hex(refusal->id));
    json_object_set_new(object, "name", json_string(refusal->name));
    json_object_set_new(object, "address", address_json(&refusal->address));
    json_object_set_new(object, "ago_s", number(ms_since(info->now_ns, refusal->at_ns) / 1000));
    return object;
}

/* Its address if it is in view: a number alone finds no machine. */
static json_t *debtor_address_json(const struct weft_core *core, weft_node_id id)
{
    struct weft_view_member member;
    for (uint32_t i = 0; weft_view_member(core, i, &member); i++) {
        if (member.endpoint.id == id) {
            return address_json(&member.endpoint.address);
        }
    }
    return json_null();
}

static json_t *offences_json(const struct weft_view_penalty *penalty)
{
    static const struct {
        const char *name; /* in SPEC.md */
        const char *text; /* for people */
    } offences[WEFT_OFFENCE_COUNT] = {
#define X(name, first_s, again, worst, what) {#name, what},
        WEFT_OFFENCE_MAP(X)
#undef X
    };
    json_t *list = json_array();
    for (uint32_t i = 0; i < WEFT_OFFENCE_COUNT; i++) {
        if (penalty->counts[i] > 0) {
            json_array_append_new(list,
                                  json_pack("{s:s, s:i, s:s}", "offence", offences[i].name, "count",
                                            (int)penalty->counts[i], "text", offences[i].text));
        }
    }
    return list;
}

static json_t *debtors_json(const struct weft_core *core, const struct weft_snapshot_info *info)
{
    static const char *const words[] = {"owes", "doubted", "banned"};
    json_t *list = json_array();
    for (uint32_t i = 0; i < info->debtor_count; i++) {
        const struct weft_view_penalty *penalty = &info->debtors[i].penalty;
        json_t *object = json_object();
        json_object_set_new(object, "id", hex(penalty->peer));
        json_object_set_new(object, "name", text_or_null(info->debtors[i].name));
        json_object_set_new(object, "address", debtor_address_json(core, penalty->peer));
        json_object_set_new(object, "standing", json_string(words[penalty->standing]));
        json_object_set_new(object, "owed_s",
                            number((ms_since(penalty->until_ns, info->now_ns) + 999) / 1000));
        json_object_set_new(object, "offences", offences_json(penalty));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *mesh_json(const struct weft_core *core, const struct weft_snapshot_info *info)
{
    const struct weft_membership *membership = info->membership;
    json_t *clones = json_array();
    char tag[17];
    json_t *mesh = json_object();
    snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)membership->tag);
    json_object_set_new(mesh, "id", json_string(tag));
    json_object_set_new(mesh, "open", json_boolean(membership->is_open));
    json_object_set_new(mesh, "name", json_string(membership->read.name));
    json_object_set_new(mesh, "expires_unix_s", number(membership->read.not_after_s));
    json_object_set_new(mesh, "renew_unix_s", number(weft_membership_renew_s(membership)));
    json_object_set_new(mesh, "by_hand", json_boolean(info->is_by_hand));
    json_object_set_new(mesh, "revoked",
                        json_boolean(weft_revocation_names(&membership->revoked, membership->id)));
    for (uint32_t i = 0; i < info->copy_count; i++) {
        json_array_append_new(clones, copy_json(&info->copies[i]));
    }
    json_object_set_new(mesh, "clones", clones);
    json_object_set_new(mesh, "refused_by", refusal_json(info));
    json_object_set_new(mesh, "penalties", debtors_json(core, info));
    return mesh;
}

static json_t *metadata_json(const struct weft_view_node *view,
                             const struct weft_snapshot_info *info)
{
    json_t *metadata = json_object();
    json_object_set_new(metadata, "version", number(view->bulletin_version));
    json_object_set_new(metadata, "root_version", number(info->root_version));
    json_object_set_new(metadata, "expires_unix_s",
                        info->expires_unix_s > 0 ? json_integer(info->expires_unix_s)
                                                 : json_null());
    json_object_set_new(metadata, "clock_text", text_or_null(info->clock_text));
    json_object_set_new(metadata, "alarm_text", text_or_null(info->alarm_text));
    return metadata;
}

static json_t *member_json(const struct weft_view_member *member)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", hex(member->endpoint.id));
    json_object_set_new(object, "address", address_json(&member->endpoint.address));
    json_object_set_new(object, "state", json_string(state_words[member->state]));
    json_object_set_new(object, "class", json_string(class_words[member->agent_class]));
    json_object_set_new(object, "agent", json_boolean(member->is_agent));
    json_object_set_new(object, "linked", json_boolean(member->is_linked));
    json_object_set_new(object, "remote", json_boolean(member->is_remote));
    json_object_set_new(object, "rate_bytes_per_s", number(member->rate_bytes_per_s));
    json_object_set_new(object, "score", number(member->score));
    return object;
}

static json_t *segment_json(const struct weft_core *core, const struct weft_view_node *view)
{
    struct weft_view_member member;
    uint32_t states[WEFT_MEMBER_STATE_COUNT] = {0};
    json_t *agents = json_array();
    if (view->is_agent) {
        json_array_append_new(agents, address_json(&view->self.address));
    }
    for (uint32_t i = 0; weft_view_member(core, i, &member); i++) {
        if (member.is_remote) {
            continue;
        }
        states[member.state]++;
        if (member.is_agent && member.state <= WEFT_MEMBER_SUSPECT) {
            json_array_append_new(agents, address_json(&member.endpoint.address));
        }
    }
    json_t *segment = json_object();
    json_object_set_new(segment, "alive", number(view->member_count));
    json_object_set_new(segment, "suspect", number(states[WEFT_MEMBER_SUSPECT]));
    json_object_set_new(segment, "dead", number(states[WEFT_MEMBER_DEAD]));
    json_object_set_new(segment, "agents", agents);
    json_object_set_new(segment, "remote_known", number(view->remote_count));
    return segment;
}

static json_t *members_json(const struct weft_core *core)
{
    struct weft_view_member member;
    json_t *members = json_array();
    for (uint32_t i = 0; weft_view_member(core, i, &member); i++) {
        json_array_append_new(members, member_json(&member));
    }
    return members;
}

static bool find_release(const struct weft_core *core, weft_release_id id,
                         struct weft_view_release *release)
{
    for (uint32_t i = 0; id != 0 && weft_view_release(core, i, release); i++) {
        if (release->id == id) {
            return true;
        }
    }
    return false;
}

/* Chunks differ in length by their last one only or little: a share of the whole is near enough for
 * a progress bar, and exact at both ends. */
static uint64_t bytes_have(const struct weft_view_release *release)
{
    if (release->chunks_have >= release->chunk_count) {
        return release->bytes;
    }
    uint64_t per_chunk = release->bytes / release->chunk_count;
    return per_chunk * release->chunks_have;
}

static json_t *seconds_left(uint64_t bytes, uint64_t rate_bytes_per_s)
{
    return rate_bytes_per_s > 0 ? number((bytes + rate_bytes_per_s - 1) / rate_bytes_per_s)
                                : json_null();
}

static void add_progress(json_t *object, const struct weft_view_release *release, uint64_t rate,
                         weft_ns now_ns)
{
    uint64_t have = bytes_have(release);
    bool complete = release->chunks_have >= release->chunk_count;
    json_object_set_new(object, "bytes", number(release->bytes));
    json_object_set_new(object, "bytes_have", number(have));
    json_object_set_new(object, "chunks", number(release->chunk_count));
    json_object_set_new(object, "chunks_have", number(release->chunks_have));
    json_object_set_new(object, "chunks_in_flight", number(release->chunks_in_flight));
    json_object_set_new(object, "complete", json_boolean(complete));
    json_object_set_new(object, "rate_bytes_per_s", number(rate));
    json_object_set_new(object, "left_s",
                        complete ? json_integer(0) : seconds_left(release->bytes - have, rate));
    json_object_set_new(object, "age_ms", number(ms_since(now_ns, release->added_ns)));
    json_object_set_new(object, "took_ms",
                        release->completed_ns > 0
                            ? number(ms_since(release->completed_ns, release->added_ns))
                            : json_null());
    json_object_set_new(object, "tiers", tiers_json(release->bytes_by_tier));
}

static json_t *version_json(const struct weft_core *core, const char *version, weft_release_id id,
                            uint64_t rate, weft_ns now_ns)
{
    struct weft_view_release release;
    if (version[0] == '\0') {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "version", json_string(version));
    json_object_set_new(object, "release", id != 0 ? hex(id) : json_null());
    if (find_release(core, id, &release)) {
        add_progress(object, &release, rate, now_ns);
    }
    return object;
}

static json_t *component_json(const struct weft_core *core, const struct weft_snapshot_info *info,
                              uint32_t index)
{
    const struct weft_snapshot_component *component = &info->components[index];
    json_t *object = json_object();
    json_t *active =
        version_json(core, component->active_version, component->active_id, 0, info->now_ns);
    if (component->active_unix_s > 0 && json_is_object(active)) {
        json_object_set_new(active, "since_unix_s", json_integer(component->active_unix_s));
    }
    /* What is active needs no fetching: the same release twice would only confuse. */
    bool current = component->target_id != 0 && component->target_id == component->active_id;
    json_object_set_new(object, "name", json_string(component->name));
    json_object_set_new(object, "link", text_or_null(component->link));
    json_object_set_new(object, "active", active);
    json_object_set_new(object, "fetching",
                        current
                            ? json_null()
                            : version_json(core, component->target_version, component->target_id,
                                           info->rates_bytes_per_s[index], info->now_ns));
    json_object_set_new(object, "error", text_or_null(component->error));
    return object;
}

static json_t *components_json(const struct weft_core *core, const struct weft_snapshot_info *info)
{
    json_t *components = json_array();
    for (uint32_t i = 0; i < info->component_count; i++) {
        json_array_append_new(components, component_json(core, info, i));
    }
    return components;
}

static json_t *rejects_json(const struct weft_view_counters *counters)
{
    json_t *rejects = json_object();
    for (uint32_t reason = 1; reason < WEFT_REJECT_COUNT; reason++) {
        if (counters->rejects[reason] > 0) {
            json_object_set_new(rejects, weft_reject_name((enum weft_reject)reason),
                                number(counters->rejects[reason]));
        }
    }
    return rejects;
}

static json_t *counters_json(const struct weft_core *core)
{
    struct weft_view_counters counters = weft_view_counters(core);
    json_t *object = json_object();
    json_object_set_new(object, "datagrams_sent", number(counters.datagrams_sent));
    json_object_set_new(object, "datagrams_received", number(counters.datagrams_received));
    json_object_set_new(object, "control_bytes_sent", number(counters.control_bytes_sent));
    json_object_set_new(object, "control_bytes_received", number(counters.control_bytes_received));
    json_object_set_new(object, "chunk_bytes_sent", tiers_json(counters.chunk_bytes_sent));
    json_object_set_new(object, "chunks_twice", number(counters.chunks_twice));
    json_object_set_new(object, "chunks_bad", number(counters.chunks_bad));
    json_object_set_new(object, "source_requests", number(counters.source_requests));
    json_object_set_new(object, "source_failures", number(counters.source_failures));
    json_object_set_new(object, "leases_moved", number(counters.leases_moved));
    json_object_set_new(object, "rejects", rejects_json(&counters));
    return object;
}

json_t *weft_snapshot_make(const struct weft_core *core, const struct weft_snapshot_info *info)
{
    struct weft_view_node view = weft_view_node(core);
    json_t *document = json_object();
    json_object_set_new(document, "schema", json_integer(WEFT_SNAPSHOT_SCHEMA));
    json_object_set_new(document, "weft", json_string(WEFT_VERSION));
    json_object_set_new(document, "now_unix_s", json_integer(info->now_unix_s));
    json_object_set_new(document, "node", node_json(&view, info));
    json_object_set_new(document, "segment", segment_json(core, &view));
    json_object_set_new(document, "source", source_json(&view, info));
    json_object_set_new(document, "metadata", metadata_json(&view, info));
    if (info->membership != NULL) {
        json_object_set_new(document, "mesh", mesh_json(core, info));
    }
    json_object_set_new(document, "components", components_json(core, info));
    json_object_set_new(document, "members", members_json(core));
    json_object_set_new(document, "counters", counters_json(core));
    return document;
}
