/* SPDX-License-Identifier: MIT */
/*
 * Rules whose sets are drawn page by page or tile by tile.
 */
#include <errno.h>

#include "base/bitmap.h"
#include "trace/fixed.h"
#include "trace/workload.h"

#define MAX_EPOCHS UINT64_C(1000000000)

/* A fraction of the pages, rounded to the nearest. */
static uint64_t part_of(uint64_t pages, uint64_t ppm)
{
	return (pages * ppm + VMD_PPM / 2) / VMD_PPM;
}

/* uniform */

enum {
	UNIFORM_DIRTY = VMD_PARAM_OWN
};

static int make_uniform(struct vmd_workload *w, struct vmd_trace_record *record)
{
	(void)record;
	vmd_workload_draw_pages(w, part_of(w->param[VMD_PARAM_PAGES],
					   w->param[UNIFORM_DIRTY]));
	return vmd_workload_push_map(w);
}

const struct vmd_workload_rule vmd_rule_uniform = {
	.name = "uniform",
	.help = "a random set of exactly dirty * pages pages each epoch",
	.buffer = "buffer",
	.params = { { "pages", 4096, 1, VMD_WORKLOAD_MAP_PAGES, false },
		    { "epochs", 200, 1, MAX_EPOCHS, false },
		    { "dirty", 10000, 0, VMD_PPM, true } },
	.prepare = vmd_workload_alloc_map,
	.make = make_uniform,
};

/* regime */

enum {
	REGIME_LENGTH = VMD_PARAM_OWN
};

/* log2(10^4) in Q24: a fraction is 10^(-4 u), u uniform in [0, 1). */
#define LOG2_OF_RANGE UINT64_C(222930821)

static uint64_t draw_fraction_of(struct vmd_workload *w, uint64_t pages)
{
	uint64_t u = vmd_rng_below(&w->rng, VMD_Q24_ONE);
	uint64_t fraction = vmd_fixed_exp2_neg(LOG2_OF_RANGE * u / VMD_Q24_ONE);
	uint64_t nr = (pages * fraction + VMD_Q31_ONE / 2) / VMD_Q31_ONE;

	return nr ? nr : 1;
}

static int make_regime(struct vmd_workload *w, struct vmd_trace_record *record)
{
	bool is_over = vmd_rng_below(&w->rng, w->param[REGIME_LENGTH]) == 0;

	(void)record;
	if (is_over || w->state.dirty == 0)
		w->state.dirty = draw_fraction_of(w, w->param[VMD_PARAM_PAGES]);
	vmd_workload_draw_pages(w, w->state.dirty);
	return vmd_workload_push_map(w);
}

const struct vmd_workload_rule vmd_rule_regime = {
	.name = "regime",
	.help = "a dirty fraction of 10^-4..1, log-uniform, drawn anew every "
		"33 epochs on average",
	.buffer = "buffer",
	.params = { { "pages", 16384, 1, VMD_WORKLOAD_MAP_PAGES, false },
		    { "epochs", 1000, 1, MAX_EPOCHS, false },
		    { "length", 33, 1, 1000000, false } },
	.prepare = vmd_workload_alloc_map,
	.make = make_regime,
};

/*
 * sparse_tex: a texture of rows of @width pages.
 *
 *	row 0   |tile 0 |tile 1 |
 *	row 1   |4 pages|       |  a tile is 4 runs of 4 pages,
 *	row 2   |       |       |  one below the other
 *	row 3   |       |       |
 *	row 4   |tile 2 | ...
 *
 * Tiles have ranks, given out at random; rank r is drawn with weight r^-zipf.
 */
#define TILE	       4UL
#define PAGES_PER_TILE (TILE * TILE)
#define MAX_DRAWS      64

enum {
	TEX_DIRTY = VMD_PARAM_OWN,
	TEX_WIDTH,
	TEX_IDLE,
	TEX_ZIPF
};

static uint64_t nr_tiles(const struct vmd_workload *w)
{
	return w->param[VMD_PARAM_PAGES] / PAGES_PER_TILE;
}

static const char *check_tex(const struct vmd_workload *w)
{
	uint64_t width = w->param[TEX_WIDTH];

	if (width % TILE)
		return "width is not a multiple of 4 pages";
	if (w->param[VMD_PARAM_PAGES] % (width * TILE))
		return "pages is not a multiple of 4 rows of width pages";
	return NULL;
}

/* rank^-zipf in Q31, from rank 1; never 0. */
static uint64_t weight_of(uint64_t rank, uint64_t zipf)
{
	uint64_t weight =
		vmd_fixed_exp2_neg(vmd_fixed_log2(rank) * zipf / VMD_PPM);

	return weight ? weight : 1;
}

static int prepare_tex(struct vmd_workload *w)
{
	struct vmd_arena *arena = &w->trace.arena;
	uint64_t nr = nr_tiles(w);
	uint64_t sum = 0;
	uint64_t i;

	w->weights = vmd_alloc_array(arena, nr, sizeof(*w->weights));
	w->tiles = vmd_alloc_array(arena, nr, sizeof(*w->tiles));
	if (!w->weights || !w->tiles)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		sum += weight_of(i + 1, w->param[TEX_ZIPF]);
		w->weights[i] = sum;
	}
	return vmd_workload_alloc_map(w);
}

/* Shuffles the ranks; the same order after every rewind. */
static void start_tex(struct vmd_workload *w)
{
	uint64_t nr = nr_tiles(w);
	uint64_t i;

	for (i = 0; i < nr; i++) {
		uint64_t other = vmd_rng_below(&w->rng, i + 1);

		w->tiles[i] = w->tiles[other];
		w->tiles[other] = (uint32_t)i;
	}
}

/* The first rank whose sum of weights is above @point. */
static uint64_t rank_at(const struct vmd_workload *w, uint64_t point)
{
	uint64_t low = 0;
	uint64_t high = nr_tiles(w) - 1;

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (w->weights[middle] > point)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static unsigned long first_page_of(const struct vmd_workload *w, uint64_t rank)
{
	uint64_t across = w->param[TEX_WIDTH] / TILE;
	uint64_t tile = w->tiles[rank];

	return (unsigned long)(tile / across * TILE * w->param[TEX_WIDTH] +
			       tile % across * TILE);
}

/* A tile that is still clean: drawn, or the next in rank after many misses. */
static unsigned long draw_tile(struct vmd_workload *w)
{
	uint64_t nr = nr_tiles(w);
	uint64_t rank = 0;
	int i;

	for (i = 0; i < MAX_DRAWS; i++) {
		rank = rank_at(w, vmd_rng_below(&w->rng, w->weights[nr - 1]));
		if (!vmd_test_bit(w->map, first_page_of(w, rank)))
			break;
	}
	while (vmd_test_bit(w->map, first_page_of(w, rank)))
		rank = (rank + 1) % nr;
	return first_page_of(w, rank);
}

static int make_tex(struct vmd_workload *w, struct vmd_trace_record *record)
{
	unsigned long width = (unsigned long)w->param[TEX_WIDTH];
	uint64_t nr = part_of(nr_tiles(w), w->param[TEX_DIRTY]);
	unsigned int row;

	(void)record;
	if (vmd_rng_below(&w->rng, VMD_PPM) < w->param[TEX_IDLE])
		return 0;
	if (nr == 0 && w->param[TEX_DIRTY])
		nr = 1;
	while (nr--) {
		unsigned long page = draw_tile(w);

		for (row = 0; row < TILE; row++)
			vmd_bitmap_set(w->map, page + row * width, TILE);
	}
	return vmd_workload_push_map(w);
}

const struct vmd_workload_rule vmd_rule_sparse_tex = {
	.name = "sparse_tex",
	.help = "tiles of 4 x 4 pages of a large texture, some of them hot; "
		"20 % of the epochs are idle",
	.buffer = "texture",
	.params = { { "pages", 65536, 16, VMD_WORKLOAD_MAP_PAGES, false },
		    { "epochs", 400, 1, MAX_EPOCHS, false },
		    { "dirty", 1000, 0, VMD_PPM, true },
		    { "width", 256, 4, VMD_WORKLOAD_MAP_PAGES, false },
		    { "idle", 200000, 0, VMD_PPM, true },
		    { "zipf", 900000, 0, 4000000, true } },
	.check = check_tex,
	.prepare = prepare_tex,
	.start = start_tex,
	.make = make_tex,
};
