/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the flag somebody may have meant. Answers "which name is nearest?". */
#include "suggest.h"

#include <string.h>

/* Longest name that suggestions are looked for. */
#define NAME_BYTES_MAX 40

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Number of letters to insert, delete, change or swap with the next to make one name of the other
 * (optimal string alignment). Both are at most NAME_BYTES_MAX long. */
static uint32_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    uint32_t rows[3][NAME_BYTES_MAX + 1] = {{0}};
    for (uint32_t j = 0; j <= b_length; j++) {
        rows[0][j] = j;
    }
    for (uint32_t i = 1; i <= a_length; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *second = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b_length; j++) {
            uint32_t changed = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(changed, least(above[j], row[j - 1]) + 1);
            bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_swap) {
                row[j] = least(row[j], second[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

/* How far |name| is from a flag's name; the beginning of a name is near to it. */
static uint32_t distance_to(const char *name, size_t length, const char *flag_name)
{
    size_t flag_length = weft_text_length(flag_name);
    if (flag_length > NAME_BYTES_MAX) {
        return UINT32_MAX;
    }
    if (length >= 2 && length < flag_length && memcmp(name, flag_name, length) == 0) {
        return 1;
    }
    return distance(name, length, flag_name, flag_length);
}

const struct weft_flag *weft_suggest_flag(const struct weft_flag_set *set, const char *name,
                                          size_t length)
{
    const struct weft_flag *best = NULL;
    uint32_t best_distance = 2 + (uint32_t)least((uint32_t)length, NAME_BYTES_MAX) / 4;
    for (size_t i = 0; i < set->group_count && length <= NAME_BYTES_MAX; i++) {
        const struct weft_flag_group *group = &set->groups[i];
        for (size_t j = 0; j < group->flag_count; j++) {
            uint32_t far = distance_to(name, length, group->flags[j].name);
            if (far < best_distance) {
                best = &group->flags[j];
                best_distance = far;
            }
        }
    }
    return best;
}
