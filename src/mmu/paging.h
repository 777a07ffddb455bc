/* SPDX-License-Identifier: MIT */
/*
 * The paging mode of a CPU: what its registers say, in the form that a walk
 * and an access ask for. A translation carries raw rights, never a verdict
 * (R14): the verdict is vmd_paging_allowed(), at each use.
 */
#ifndef VMD_SRC_MMU_PAGING_H
#define VMD_SRC_MMU_PAGING_H

#include <vmmdirty/geometry.h>
#include <vmmdirty/mmu.h>
#include <vmmdirty/pte.h>

#include "mmu/config.h"

enum vmd_access_kind {
	VMD_ACCESS_READ,
	VMD_ACCESS_WRITE,
	VMD_ACCESS_FETCH
};

/* A set of them. */
#define VMD_ALLOW(kind) (1U << (kind))

/* Rights of a path: RW and USER of all its entries, NX of any. */
#define VMD_RIGHTS_AND (VMD_PAGE_RW | VMD_PAGE_USER)

#define VMD_MAX_LEVELS 5

struct vmd_regs {
	uint64_t value[VMD_NR_REGS];
};

struct vmd_paging {
	vmd_pfn_t root; /* frame of the top table; 0: there is none */
	uint32_t pkru; /* two bits a key: AD, WD */
	uint32_t pkrs;
	uint16_t pcid;
	uint8_t allow[8]; /* by rights: kinds of access, keys aside */
	uint8_t levels;
	uint8_t va_bits; /* of a canonical address */
	uint8_t sign_shift; /* 64 without these */
	uint8_t lam_user_bits; /* LAM: bits that count, 0: off */
	uint8_t lam_sup_bits;
	bool odd; /* LAM or keys: rights and address say not all */
	bool user; /* CPL 3 */
	bool wp;
	bool pke;
	bool pks;
	bool keys; /* either of the two */
	bool nxe;
	bool global; /* CR4.PGE */
	bool fetch_reported; /* bit I of an error code (R10) */
	/* Bits of an entry that call for the walk that knows all rules. */
	uint64_t not_plain;

	/* Reserved bits of an entry, by level and PS (R3). */
	uint64_t reserved[VMD_MAX_LEVELS + 1][2];
};

/* What a processor is after reset, as this machine's kernel has set it up. */
void vmd_regs_init(struct vmd_regs *regs, const struct vmd_mmu_config *config);

/* From the registers; the root too. */
void vmd_paging_update(struct vmd_paging *mode, const struct vmd_regs *regs,
		       const struct vmd_mmu_config *config);

/* Index into allow[]. */
static inline unsigned int vmd_rights_index(uint64_t rights)
{
	return (unsigned int)(rights >> 1 & 3) | (unsigned int)(rights >> 63)
							 << 2;
}

/* R9, R21: what the key of a data page leaves of @allowed. */
unsigned int vmd_paging_key_allowed(const struct vmd_paging *mode, uint64_t pte,
				    unsigned int allowed);

/* The same where there are no keys: the mode is not odd. */
static inline unsigned int
vmd_paging_plainly_allowed(const struct vmd_paging *mode, uint64_t pte)
{
	return mode->allow[vmd_rights_index(pte)];
}

/* Which kinds of access a translation allows now. */
static inline unsigned int vmd_paging_allowed(const struct vmd_paging *mode,
					      uint64_t pte)
{
	unsigned int allowed = vmd_paging_plainly_allowed(mode, pte);

	if (mode->keys)
		allowed = vmd_paging_key_allowed(mode, pte, allowed);
	return allowed;
}

/* The error code of an access that @pte does not allow (R9, R10). */
unsigned int vmd_paging_denied_code(const struct vmd_paging *mode, uint64_t pte,
				    enum vmd_access_kind kind);

/* The bits of an error code that report the access (R10). */
unsigned int vmd_paging_access_code(const struct vmd_paging *mode,
				    enum vmd_access_kind kind);

/*
 * R24, R23, F8: is the address canonical? LAM's tag is taken out of the address
 * of a datum first.
 */
bool vmd_paging_canonical(const struct vmd_paging *mode,
			  enum vmd_access_kind kind, vmd_va_t *addr);

static inline bool vmd_is_canonical_in(const struct vmd_paging *mode,
				       vmd_va_t addr)
{
	return vmd_is_sign_extended(addr, mode->sign_shift);
}

#endif /* VMD_SRC_MMU_PAGING_H */
