/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what would have come of this run if all nodes were honest?" by running it. */
#include "honest.h"
#include "options.h"
#include "summary.h"

/* The same network and the same luck, and nobody hostile. */
static void make_options(struct weft_sim_options *honest, const struct weft_sim_options *options)
{
    *honest = *options;
    honest->expect_count = 0;
    honest->canary = 0;
    honest->decisions_path = NULL;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        if (weft_sim_menu_is_hostile((enum weft_sim_mishap_class)c)) {
            honest->menu[c] = (struct weft_sim_order){.segment = WEFT_SIM_ANY_SEGMENT};
        }
    }
}

bool weft_sim_honest_run(const struct weft_sim_options *options, struct weft_sim_summary *summary,
                         const volatile int *stop)
{
    static struct weft_sim_options honest;
    static struct weft_sim_world world;
    make_options(&honest, options);
    if (!weft_sim_world_begin(&world, &honest)) {
        return false;
    }
    weft_sim_world_run(&world, stop);
    weft_sim_summary_make(summary, &world, 0);
    bool good = !world.checks.failed && !world.interrupted;
    weft_sim_world_end(&world);
    return good;
}
