/* SPDX-License-Identifier: MIT */
/*
 * What was true is added, what an operation covers is taken away; nothing else
 * is ever forgotten.
 */
#include "mmu_model.h"

#include <check.h>

#define RESERVED    (UINT64_C(1) << 51)
#define FRAME	    VMD_PTE_PFN_MASK
#define KEPT_FLAGS  (RW | US | NX | KEY(15) | G | D)
#define ALL_RIGHTS  (RW | US)
#define NR_LARGE_2M UINT64_C(512)

vmd_va_t model_va(unsigned int page)
{
	vmd_va_t va = 0;
	unsigned int level;

	for (level = PTE; level <= PML4E; level++)
		va |= (vmd_va_t)model_index(page, level) << (3 + 9 * level);
	return va;
}

static void add(struct model_set *set, struct model_kept kept)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->kept[i].word == kept.word &&
		    set->kept[i].pcid == kept.pcid &&
		    set->kept[i].level == kept.level)
			return;
	if (set->nr == MODEL_MAX_KEPT)
		ck_abort_msg("the reference is too small");
	set->kept[set->nr++] = kept;
}

uint64_t model_word(unsigned int page, unsigned int level, uint64_t pte)
{
	uint64_t pfn = (pte & FRAME) >> VMD_PAGE_SHIFT;

	if (level >= PDE)
		pfn = (pfn & ~(NR_LARGE_2M - 1)) | model_index(page, PTE);
	if (level >= PDPTE)
		pfn = (pfn & ~(NR_LARGE_2M * NR_LARGE_2M - 1)) |
		      model_index(page, PDE) * NR_LARGE_2M |
		      model_index(page, PTE);
	return pfn << VMD_PAGE_SHIFT | (pte & KEPT_FLAGS);
}

/* R4 */
static uint64_t rights_below(uint64_t rights, uint64_t entry)
{
	return (rights & entry & ALL_RIGHTS) | ((rights | entry) & NX);
}

static bool is_leaf(uint64_t entry, unsigned int level)
{
	return level == PTE || (level <= PDPTE && (entry & PS));
}

static uint64_t with_rights(uint64_t leaf, uint64_t rights)
{
	return (leaf & ~(ALL_RIGHTS | NX)) | rights;
}

static unsigned int table_of(const struct mmu_model *model, uint64_t entry)
{
	return (unsigned int)(((entry & FRAME) >> VMD_PAGE_SHIFT) -
			      model->first_table);
}

/* One entry of a table that is known by its path; only with A (F1, F4). */
static void note_entry(struct mmu_model *model, unsigned int level,
		       unsigned int prefix, unsigned int table, uint64_t rights)
{
	const unsigned int nr_pages = 1U << (level - 1);
	uint64_t entry = model->memory[table][prefix & 1];
	struct model_kept kept = { .pcid = model->regs.pcid, .level = level };
	unsigned int page;

	if (!(entry & P) || (entry & RESERVED) || !(entry & ACC))
		return;
	rights = rights_below(rights, entry);
	if (!is_leaf(entry, level)) {
		kept.word = (uint64_t)table_of(model, entry) << VMD_PAGE_SHIFT |
			    rights;
		add(&model->upper[level][prefix], kept);
		return;
	}
	if ((entry & G) && model->regs.pge)
		kept.pcid = MODEL_GLOBAL;
	for (page = prefix * nr_pages; page < (prefix + 1) * nr_pages; page++) {
		kept.word = model_word(page, level, with_rights(entry, rights));
		add(&model->pages[page], kept);
	}
}

static void note_below(struct mmu_model *model, unsigned int level,
		       unsigned int prefix)
{
	const struct model_set *above = &model->upper[level + 1][prefix >> 1];
	unsigned int i;

	for (i = 0; i < above->nr; i++)
		if (above->kept[i].pcid == model->regs.pcid)
			note_entry(model, level, prefix,
				   (unsigned int)((above->kept[i].word &
						   FRAME) >>
						  VMD_PAGE_SHIFT),
				   above->kept[i].word & (ALL_RIGHTS | NX));
}

void model_note(struct mmu_model *model)
{
	unsigned int level;
	unsigned int prefix;

	for (prefix = 0; prefix < 2; prefix++)
		note_entry(model, PML4E, prefix, model->regs.root, ALL_RIGHTS);
	for (level = PDPTE; level >= PTE; level--)
		for (prefix = 0; prefix < MODEL_NR_PAGES >> (level - 1);
		     prefix++)
			note_below(model, level, prefix);
}

static void drop_at(struct model_set *set, unsigned int i)
{
	set->kept[i] = set->kept[--set->nr];
}

static void drop_set(struct model_set *set, unsigned int pcid)
{
	unsigned int i = 0;

	while (i < set->nr)
		if (set->kept[i].pcid == pcid)
			drop_at(set, i);
		else
			i++;
}

static void clear_upper(struct mmu_model *model)
{
	unsigned int level;
	unsigned int prefix;

	for (level = PDE; level <= PML4E; level++)
		for (prefix = 0; prefix < MODEL_NR_PAGES / 2; prefix++)
			model->upper[level][prefix].nr = 0;
}

void model_drop_everything(struct mmu_model *model)
{
	unsigned int page;

	for (page = 0; page < MODEL_NR_PAGES; page++)
		model->pages[page].nr = 0;
	clear_upper(model);
}

void model_drop_non_global(struct mmu_model *model)
{
	unsigned int page;

	for (page = 0; page < MODEL_NR_PAGES; page++) {
		struct model_set *set = &model->pages[page];
		unsigned int i = 0;

		while (i < set->nr)
			if (set->kept[i].pcid != MODEL_GLOBAL)
				drop_at(set, i);
			else
				i++;
	}
	clear_upper(model);
}

void model_drop_all_upper(struct mmu_model *model, unsigned int pcid)
{
	unsigned int level;
	unsigned int prefix;

	for (level = PDE; level <= PML4E; level++)
		for (prefix = 0; prefix < MODEL_NR_PAGES / 2; prefix++)
			drop_set(&model->upper[level][prefix], pcid);
}

void model_drop_pcid(struct mmu_model *model, unsigned int pcid)
{
	unsigned int page;

	for (page = 0; page < MODEL_NR_PAGES; page++)
		drop_set(&model->pages[page], pcid);
	model_drop_all_upper(model, pcid);
}

void model_drop_upper_of(struct mmu_model *model, unsigned int pcid,
			 unsigned int page)
{
	unsigned int level;

	for (level = PDE; level <= PML4E; level++)
		drop_set(&model->upper[level][page >> (level - 1)], pcid);
}

/* Every piece of the page, however large it was. */
void model_drop_address(struct mmu_model *model, unsigned int pcid,
			unsigned int page, bool global_too)
{
	unsigned int other;

	for (other = 0; other < MODEL_NR_PAGES; other++) {
		struct model_set *set = &model->pages[other];
		unsigned int i = 0;

		while (i < set->nr) {
			const struct model_kept *kept = &set->kept[i];
			bool theirs =
				kept->pcid == pcid ||
				(global_too && kept->pcid == MODEL_GLOBAL);

			if (theirs && !((page ^ other) >> (kept->level - 1)))
				drop_at(set, i);
			else
				i++;
		}
	}
}

static bool usable(const struct mmu_model *model, const struct model_kept *kept)
{
	return kept->pcid == model->regs.pcid || kept->pcid == MODEL_GLOBAL;
}

bool model_may_hold(const struct mmu_model *model, unsigned int page,
		    uint64_t word, unsigned int level)
{
	const struct model_set *set = &model->pages[page];
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->kept[i].word == word && set->kept[i].level == level &&
		    usable(model, &set->kept[i]))
			return true;
	return false;
}

bool model_may_hold_upper(const struct mmu_model *model, unsigned int page,
			  unsigned int level, vmd_pfn_t table, uint64_t rights)
{
	const struct model_set *set = &model->upper[level][page >> (level - 1)];
	uint64_t word = (table - model->first_table) << VMD_PAGE_SHIFT | rights;
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->kept[i].word == word &&
		    set->kept[i].pcid == model->regs.pcid)
			return true;
	return false;
}

static unsigned int access_bits(const struct model_regs *regs,
				enum bare_kind kind)
{
	unsigned int code = regs->user ? VMD_PF_USER : 0;

	if (kind == BARE_WRITE)
		code |= VMD_PF_WRITE;
	if (kind == BARE_FETCH)
		code |= VMD_PF_INSTR;
	return code;
}

/* R9, R21 */
static bool key_denies(const struct model_regs *regs, uint64_t word,
		       enum bare_kind kind)
{
	const bool user_page = word & US;
	const uint32_t all = user_page ? regs->pkru : regs->pkrs;
	const unsigned int key = (unsigned int)(word >> 59) & 15;
	const bool ad = all >> (2 * key) & 1;
	const bool wd = all >> (2 * key) & 2;

	if (kind == BARE_FETCH || !(user_page ? regs->pke : regs->pks))
		return false;
	return ad || (wd && kind == BARE_WRITE && (regs->user || regs->wp));
}

/* R5 to R8, R20 */
static bool rights_deny(const struct model_regs *regs, uint64_t word,
			enum bare_kind kind)
{
	if (kind == BARE_FETCH && (word & NX))
		return true;
	if (regs->user)
		return !(word & US) || (kind == BARE_WRITE && !(word & RW));
	if (kind == BARE_FETCH)
		return (word & US) && regs->smep;
	if ((word & US) && regs->smap && !regs->ac)
		return true;
	return kind == BARE_WRITE && !(word & RW) && regs->wp;
}

static unsigned int verdict(const struct model_regs *regs, uint64_t word,
			    enum bare_kind kind)
{
	const bool key = key_denies(regs, word, kind);

	if (!key && !rights_deny(regs, word, kind))
		return MODEL_ALLOWED;
	return VMD_PF_PROT | access_bits(regs, kind) | (key ? VMD_PF_PK : 0);
}

bool model_explains_success(const struct mmu_model *model, unsigned int page,
			    enum bare_kind kind, uint64_t pfn)
{
	const struct model_set *set = &model->pages[page];
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		const uint64_t word = set->kept[i].word;

		if (usable(model, &set->kept[i]) &&
		    (kind == BARE_FETCH ||
		     (word & FRAME) >> VMD_PAGE_SHIFT == pfn) &&
		    (kind != BARE_WRITE || (word & D)) &&
		    verdict(&model->regs, word, kind) == MODEL_ALLOWED)
			return true;
	}
	return false;
}

/* The error code of a walk that begins at an entry of @level. */
static unsigned int walk(const struct mmu_model *model, unsigned int page,
			 enum bare_kind kind, unsigned int level,
			 uint64_t table_and_rights)
{
	unsigned int table =
		(unsigned int)((table_and_rights & FRAME) >> VMD_PAGE_SHIFT);
	uint64_t rights = table_and_rights & (ALL_RIGHTS | NX);

	for (;; level--) {
		uint64_t entry = model->memory[table][page >> (level - 1) & 1];

		if (!(entry & P))
			return access_bits(&model->regs, kind);
		if (entry & RESERVED)
			return VMD_PF_PROT | VMD_PF_RSVD |
			       access_bits(&model->regs, kind);
		rights = rights_below(rights, entry);
		if (is_leaf(entry, level))
			return verdict(&model->regs, with_rights(entry, rights),
				       kind);
		table = table_of(model, entry);
	}
}

static bool cache_explains_fault(const struct mmu_model *model,
				 unsigned int page, enum bare_kind kind,
				 unsigned int code)
{
	unsigned int level;
	unsigned int i;

	for (i = 0; i < model->pages[page].nr; i++)
		if (usable(model, &model->pages[page].kept[i]) &&
		    verdict(&model->regs, model->pages[page].kept[i].word,
			    kind) == code)
			return true;
	for (level = PDE; level <= PML4E; level++) {
		const struct model_set *set =
			&model->upper[level][page >> (level - 1)];

		for (i = 0; i < set->nr; i++)
			if (set->kept[i].pcid == model->regs.pcid &&
			    walk(model, page, kind, level - 1,
				 set->kept[i].word) == code)
				return true;
	}
	return false;
}

bool model_explains_fault(const struct mmu_model *model, unsigned int page,
			  enum bare_kind kind, unsigned int code, bool spurious)
{
	const uint64_t top = (uint64_t)model->regs.root << VMD_PAGE_SHIFT |
			     ALL_RIGHTS;

	if (walk(model, page, kind, PML4E, top) == code)
		return true;
	return spurious && cache_explains_fault(model, page, kind, code);
}
