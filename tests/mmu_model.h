/* SPDX-License-Identifier: MIT */
/*
 * A slow reference of what a processor may know (I-3, I-4): every translation,
 * and every upper entry, that was true of the tables at some time since the
 * last operation that had to drop it. It follows sections 2 and 6 of the rules
 * and shares no code with src/mmu.
 *
 * Four levels. Of each table two entries are used, so that there are sixteen
 * pages; page i has bit 3 of i in the top table, bit 0 in the last.
 */
#ifndef VMD_TESTS_MMU_MODEL_H
#define VMD_TESTS_MMU_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "barefix.h"

#define MODEL_NR_PAGES	16U
#define MODEL_NR_TABLES 11U /* two tops, 2 and 3 below, four at the end */
#define MODEL_NR_SLOTS	2U
#define MODEL_MAX_KEPT	256U

/* Of translations that all PCIDs may use. */
#define MODEL_GLOBAL 0xffffU

/* As an error code: there is no fault. */
#define MODEL_ALLOWED (~0U)

struct model_regs {
	bool user; /* CPL 3 */
	bool wp;
	bool smep;
	bool smap;
	bool ac;
	bool pke;
	bool pks;
	bool pge;
	bool pcide;
	uint32_t pkru;
	uint32_t pkrs;
	unsigned int pcid;
	unsigned int root; /* a table */
};

/* Of a page: piece of a frame, rights, key, G and D. Else table and rights. */
struct model_kept {
	uint64_t word;
	unsigned int pcid;
	unsigned int level;
};

struct model_set {
	unsigned int nr;
	struct model_kept kept[MODEL_MAX_KEPT];
};

struct mmu_model {
	vmd_pfn_t first_table; /* the frame of table 0; the others follow */
	uint64_t memory[MODEL_NR_TABLES][MODEL_NR_SLOTS];
	struct model_regs regs;
	struct model_set pages[MODEL_NR_PAGES];
	struct model_set upper[PML4E + 1][MODEL_NR_PAGES / 2];
};

/* Which word of a table the entry of a page is; its address is 8 times that. */
static inline unsigned int model_index(unsigned int page, unsigned int level)
{
	return 1 + (page >> (level - 1) & 1);
}

vmd_va_t model_va(unsigned int page);

/* Tables or registers have changed: more may be known from now on. */
void model_note(struct mmu_model *model);

/* What F5 has to drop at least. Then model_note(). */
void model_drop_everything(struct mmu_model *model);
void model_drop_non_global(struct mmu_model *model);
void model_drop_pcid(struct mmu_model *model, unsigned int pcid);
void model_drop_address(struct mmu_model *model, unsigned int pcid,
			unsigned int page, bool global_too);
void model_drop_upper_of(struct mmu_model *model, unsigned int pcid,
			 unsigned int page);
void model_drop_all_upper(struct mmu_model *model, unsigned int pcid);

/* A page of @level whose entry is @pte, as word of struct model_kept. */
uint64_t model_word(unsigned int page, unsigned int level, uint64_t pte);

/* May the TLB hold this, may an upper cache hold that? */
bool model_may_hold(const struct mmu_model *model, unsigned int page,
		    uint64_t word, unsigned int level);
bool model_may_hold_upper(const struct mmu_model *model, unsigned int page,
			  unsigned int level, vmd_pfn_t table, uint64_t rights);

/* After the access, and model_note(): can it have succeeded on @pfn? */
bool model_explains_success(const struct mmu_model *model, unsigned int page,
			    enum bare_kind kind, uint64_t pfn);

/* Can it have faulted? @spurious: for what was only cached (K6). */
bool model_explains_fault(const struct mmu_model *model, unsigned int page,
			  enum bare_kind kind, unsigned int code,
			  bool spurious);

#endif /* VMD_TESTS_MMU_MODEL_H */
