/* SPDX-License-Identifier: MIT */
/*
 * Traces made up by rule: what the rules have in common.
 *
 * A rule is a row of functions. Whatever it draws comes from the workload's
 * own generator and is computed in whole numbers: one seed, one trace.
 */
#ifndef VMD_SRC_TRACE_WORKLOAD_H
#define VMD_SRC_TRACE_WORKLOAD_H

#include <stdbool.h>

#include "trace/rng.h"
#include "trace/runset.h"
#include "trace/trace.h"

#define VMD_WORKLOAD_PARAMS 6

/* A fraction is kept in millionths. */
#define VMD_PPM UINT64_C(1000000)

/* Largest buffer of a rule that keeps a bit for each page. */
#define VMD_WORKLOAD_MAP_PAGES (UINT64_C(1) << 22)

/* Nominal: 60 epochs a second. */
#define VMD_WORKLOAD_DT_US 16667

/* Every rule begins with these two. */
enum {
	VMD_PARAM_PAGES,
	VMD_PARAM_EPOCHS,
	VMD_PARAM_OWN
};

struct vmd_workload_param {
	const char *name; /* NULL ends the list */
	uint64_t value; /* the default */
	uint64_t min;
	uint64_t max;
	bool is_fraction; /* the three above are in millionths */
};

struct vmd_workload;

struct vmd_workload_rule {
	const char *name;
	const char *help;
	const char *buffer; /* its name */
	struct vmd_workload_param params[VMD_WORKLOAD_PARAMS + 1];

	/* What is wrong with parameters that are right one by one, or NULL. */
	const char *(*check)(const struct vmd_workload *w);

	/* Memory of the rule's own. 0 or -ENOMEM. May be NULL. */
	int (*prepare)(struct vmd_workload *w);

	/* After the state was zeroed and the seed set. May be NULL. */
	void (*start)(struct vmd_workload *w);

	/*
	 * Fills the empty set, and the record if it is not an epoch that ends
	 * with a present. 0 or < 0.
	 */
	int (*make)(struct vmd_workload *w, struct vmd_trace_record *record);
};

/* What changes as the trace goes on; zeroed before the first epoch. */
struct vmd_workload_state {
	uint64_t pos; /* of a ring */
	uint64_t left; /* submissions left in the frame */
	uint64_t dirty; /* pages per epoch in this regime */
	bool gpu_wrote; /* the epoch of this GPU write is still to come */
};

struct vmd_workload {
	struct vmd_trace trace; /* first: the two are one pointer */
	const struct vmd_workload_rule *rule;
	uint64_t param[VMD_WORKLOAD_PARAMS];
	uint64_t seed;
	struct vmd_rng rng;
	uint64_t epoch; /* epochs made so far */
	struct vmd_runset set;
	struct vmd_workload_state state;

	/* Only if the rule wants them: */
	uint64_t *map; /* a bit for each page */
	uint64_t *weights; /* of tiles by rank, summed up */
	uint32_t *tiles; /* the tile of each rank */
};

/* Rule number @index, or NULL. */
const struct vmd_workload_rule *vmd_workload_rule(size_t index);

/* Pages [start, start + nr) of a ring of that many pages; nr <= pages. */
int vmd_workload_push_ring(struct vmd_workload *w, uint64_t start, uint64_t nr);
int vmd_workload_push(struct vmd_workload *w, uint32_t buffer, uint64_t first,
		      uint64_t nr);

/* For rules with a map. The map is empty between epochs. */
int vmd_workload_alloc_map(struct vmd_workload *w);
int vmd_workload_push_map(struct vmd_workload *w);

/* Sets exactly @nr bits of the map, all choices alike. */
void vmd_workload_draw_pages(struct vmd_workload *w, uint64_t nr);

/* Parses "name:key=value,...". 0, or -EINVAL with a message. */
int vmd_workload_parse(const char *spec, const struct vmd_workload_rule **rule,
		       uint64_t param[VMD_WORKLOAD_PARAMS],
		       struct vmd_trace_error *error);

extern const struct vmd_workload_rule vmd_rule_stream_vb;
extern const struct vmd_workload_rule vmd_rule_persistent_ring;
extern const struct vmd_workload_rule vmd_rule_sparse_tex;
extern const struct vmd_workload_rule vmd_rule_full_frame;
extern const struct vmd_workload_rule vmd_rule_readback;
extern const struct vmd_workload_rule vmd_rule_heartbeat;
extern const struct vmd_workload_rule vmd_rule_regime;
extern const struct vmd_workload_rule vmd_rule_hot2m_far;
extern const struct vmd_workload_rule vmd_rule_uniform;

#endif /* VMD_SRC_TRACE_WORKLOAD_H */
