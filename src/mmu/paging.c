/* SPDX-License-Identifier: MIT */
/*
 * From registers to rules. Whatever does not depend on the address is worked
 * out here, when a register changes, and not at each access.
 */
#include "mmu/paging.h"

#include <vmmdirty/cpu.h>
#include <vmmdirty/cpufeatures.h>

/* Bits hi..lo. */
static uint64_t bits(unsigned int hi, unsigned int lo)
{
	return (UINT64_MAX >> (63 - hi)) & (UINT64_MAX << lo);
}

static bool has(const struct vmd_mmu_config *config, unsigned int feature)
{
	return config->features & feature;
}

void vmd_regs_init(struct vmd_regs *regs, const struct vmd_mmu_config *config)
{
	uint64_t cr4 = VMD_CR4_PAE;
	uint64_t efer = VMD_EFER_LME | VMD_EFER_LMA;

	if (has(config, VMD_FEATURE_PGE))
		cr4 |= VMD_CR4_PGE;
	if (has(config, VMD_FEATURE_PCID))
		cr4 |= VMD_CR4_PCIDE;
	if (config->levels == VMD_MAX_LEVELS)
		cr4 |= VMD_CR4_LA57;
	if (has(config, VMD_FEATURE_NX))
		efer |= VMD_EFER_NXE;
	*regs = (struct vmd_regs){ .value = {
					   [VMD_REG_CR0] = VMD_CR0_PE |
							   VMD_CR0_WP |
							   VMD_CR0_PG,
					   [VMD_REG_CR4] = cr4,
					   [VMD_REG_EFER] = efer,
					   [VMD_REG_CPL] = 3,
				   } };
}

/* R3 */
static void update_reserved(struct vmd_paging *mode,
			    const struct vmd_mmu_config *config)
{
	uint64_t all = mode->nxe ? 0 : VMD_PAGE_NX;
	int level;

	if (config->maxphyaddr < 52)
		all |= bits(51, config->maxphyaddr);
	for (level = 1; level <= VMD_MAX_LEVELS; level++)
		mode->reserved[level][0] = mode->reserved[level][1] = all;
	mode->reserved[2][1] |= bits(20, 13);
	mode->reserved[3][1] |= bits(29, 13);
	if (!has(config, VMD_FEATURE_GBPAGES))
		mode->reserved[3][1] |= VMD_PAGE_PSE;
	for (level = 4; level <= VMD_MAX_LEVELS; level++) {
		if (config->flags & VMD_MACHINE_AMD) {
			mode->reserved[level][0] |= VMD_PAGE_GLOBAL;
			mode->reserved[level][1] |= VMD_PAGE_GLOBAL;
		}
		mode->reserved[level][1] |= VMD_PAGE_PSE;
	}
}

static void update_not_plain(struct vmd_paging *mode)
{
	int level;

	mode->not_plain = mode->global ? VMD_PAGE_GLOBAL : 0;
	for (level = 1; level <= mode->levels; level++)
		mode->not_plain |= mode->reserved[level][0];
}

/* R5 to R8, R20: is this kind of access allowed, keys aside? */
static bool rights_allow(const struct vmd_paging *mode, bool smep, bool smap,
			 uint64_t rights, enum vmd_access_kind kind)
{
	bool user_page = rights & VMD_PAGE_USER;

	/* R14, R3: NX that was cached while it had a meaning; walk again. */
	if ((rights & VMD_PAGE_NX) && (kind == VMD_ACCESS_FETCH || !mode->nxe))
		return false;
	if (mode->user)
		return user_page &&
		       (kind != VMD_ACCESS_WRITE || (rights & VMD_PAGE_RW));
	if (kind == VMD_ACCESS_FETCH)
		return !(user_page && smep);
	if (user_page && smap)
		return false;
	return kind != VMD_ACCESS_WRITE || (rights & VMD_PAGE_RW) || !mode->wp;
}

static void update_allow(struct vmd_paging *mode, bool smep, bool smap)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		uint64_t rights = (uint64_t)(i & 3) << 1 | (uint64_t)(i >> 2)
								   << 63;
		unsigned int allowed = 0;
		unsigned int kind;

		for (kind = 0; kind <= VMD_ACCESS_FETCH; kind++)
			if (rights_allow(mode, smep, smap, rights,
					 (enum vmd_access_kind)kind))
				allowed |= VMD_ALLOW(kind);
		mode->allow[i] = (uint8_t)allowed;
	}
}

/* R23: which bits of an address count. */
static void update_lam(struct vmd_paging *mode, uint64_t cr3, uint64_t cr4)
{
	mode->lam_user_bits = mode->lam_sup_bits = 0;
	if (cr3 & VMD_CR3_LAM_U57)
		mode->lam_user_bits = 57;
	else if (cr3 & VMD_CR3_LAM_U48)
		mode->lam_user_bits = 48;
	if (cr4 & VMD_CR4_LAM_SUP)
		mode->lam_sup_bits = mode->va_bits;
}

void vmd_paging_update(struct vmd_paging *mode, const struct vmd_regs *regs,
		       const struct vmd_mmu_config *config)
{
	uint64_t cr3 = regs->value[VMD_REG_CR3];
	uint64_t cr4 = regs->value[VMD_REG_CR4];
	bool smep = cr4 & VMD_CR4_SMEP;
	bool smap = (cr4 & VMD_CR4_SMAP) && !regs->value[VMD_REG_AC];

	mode->root = (cr3 & VMD_PTE_PFN_MASK) >> VMD_PAGE_SHIFT;
	mode->pcid = cr4 & VMD_CR4_PCIDE ? (uint16_t)(cr3 & VMD_CR3_PCID_MASK) :
					   0;
	mode->pkru = (uint32_t)regs->value[VMD_REG_PKRU];
	mode->pkrs = (uint32_t)regs->value[VMD_REG_PKRS];
	mode->levels = (uint8_t)config->levels;
	mode->va_bits = (uint8_t)vmd_address_bits(config->levels);
	mode->sign_shift = (uint8_t)(64 - mode->va_bits);
	mode->user = regs->value[VMD_REG_CPL] == 3;
	mode->wp = regs->value[VMD_REG_CR0] & VMD_CR0_WP;
	mode->pke = cr4 & VMD_CR4_PKE;
	mode->pks = cr4 & VMD_CR4_PKS;
	mode->keys = mode->pke || mode->pks;
	mode->nxe = regs->value[VMD_REG_EFER] & VMD_EFER_NXE;
	mode->global = cr4 & VMD_CR4_PGE;
	mode->fetch_reported = mode->nxe || smep;
	update_reserved(mode, config);
	update_not_plain(mode);
	update_allow(mode, smep, smap);
	update_lam(mode, cr3, cr4);
	mode->odd = mode->keys || mode->lam_user_bits || mode->lam_sup_bits;
}

/* AD and WD of the leaf's key, 0 if keys mean nothing for this page. */
static unsigned int key_bits(const struct vmd_paging *mode, uint64_t pte)
{
	bool user_page = pte & VMD_PAGE_USER;
	unsigned int key = (unsigned int)(pte >> 59) & 15;

	if (!(user_page ? mode->pke : mode->pks))
		return 0;
	return (user_page ? mode->pkru : mode->pkrs) >> (2 * key) & 3;
}

unsigned int vmd_paging_key_allowed(const struct vmd_paging *mode, uint64_t pte,
				    unsigned int allowed)
{
	unsigned int key = key_bits(mode, pte);

	if (key & 1)
		allowed &= VMD_ALLOW(VMD_ACCESS_FETCH);
	if ((key & 2) && (mode->user || mode->wp))
		allowed &= ~VMD_ALLOW(VMD_ACCESS_WRITE);
	return allowed;
}

unsigned int vmd_paging_access_code(const struct vmd_paging *mode,
				    enum vmd_access_kind kind)
{
	unsigned int code = mode->user ? VMD_PF_USER : 0;

	if (kind == VMD_ACCESS_WRITE)
		code |= VMD_PF_WRITE;
	if (kind == VMD_ACCESS_FETCH && mode->fetch_reported)
		code |= VMD_PF_INSTR;
	return code;
}

unsigned int vmd_paging_denied_code(const struct vmd_paging *mode, uint64_t pte,
				    enum vmd_access_kind kind)
{
	unsigned int code = VMD_PF_PROT | vmd_paging_access_code(mode, kind);

	/* R9: the key is reported also when another right is missing. */
	if (!(vmd_paging_key_allowed(mode, pte, VMD_ALLOW(kind))))
		code |= VMD_PF_PK;
	return code;
}

bool vmd_paging_canonical(const struct vmd_paging *mode,
			  enum vmd_access_kind kind, vmd_va_t *addr)
{
	vmd_va_t sign = (vmd_va_t)((int64_t)*addr >> 63);
	unsigned int lam = sign ? mode->lam_sup_bits : mode->lam_user_bits;

	/* LAM48 with five levels: a tag even if all of it were canonical. */
	if (lam && kind != VMD_ACCESS_FETCH) {
		vmd_va_t tag = bits(62, lam);

		*addr = (*addr & ~tag) | (sign & tag);
	}
	return vmd_is_canonical_in(mode, *addr);
}
