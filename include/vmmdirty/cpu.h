/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores through a simulated CPU: its TLB, its page tables, its
 * page faults.
 *
 * An access that hits is a compare and a host access, inline. Everything else
 * is vmd_cpu_load_slow() or vmd_cpu_store_slow(): the architectural TLB, the
 * walk that sets A and D, the page fault and its handler, as often as needed.
 *
 * An access is a section: a flag goes up before the translation is read and
 * down after it was used. Whoever takes a translation away clears the line,
 * has all threads pass a barrier, and waits for the flag: after that nobody
 * uses the old one (I-3). The barrier is the waiter's, so a section costs two
 * plain stores.
 *
 * One thread at a time drives a CPU.
 */
#ifndef VMMDIRTY_CPU_H
#define VMMDIRTY_CPU_H

#include <vmmdirty/base.h>

VMD_BEGIN_DECLS

struct vmd_cpu;

/** Lines of the inline TLB; a power of two. */
#define VMD_NR_TLB_LINES 1024U

/** A tag that no address has: the low bits of a tag are never all ones. */
#define VMD_TLB_NO_TAG (~UINT64_C(0))

/**
 * struct vmd_tlb_line - a translation that needs no second look
 * @read_tag: page that may be loaded from, or VMD_TLB_NO_TAG
 * @write_tag: page that may be stored to: writable, and D is cached
 * @fetch_tag: page that may be executed
 * @addend: host address minus simulated address
 */
struct vmd_tlb_line {
	uint64_t read_tag;
	uint64_t write_tag;
	uint64_t fetch_tag;
	uintptr_t addend;
};

/**
 * struct vmd_cpu_lines - how every struct vmd_cpu begins
 * @in_access: 1 inside an access section
 * @lines: direct mapped by page number
 */
struct vmd_cpu_lines {
	uint32_t in_access;
	uint32_t pad[15];
	struct vmd_tlb_line lines[VMD_NR_TLB_LINES];
};

/**
 * struct vmd_fault_info - the last fault that an access ended with
 * @addr: the address; of a page fault, what CR2 holds
 * @error_code: as the x86 page-fault error code; 0 of a general protection
 *	fault
 * @error: -EFAULT or -ENOMEM
 * @vector: VMD_TRAP_PF, or VMD_TRAP_GP for an address that is not canonical
 */
struct vmd_fault_info {
	vmd_va_t addr;
	unsigned int error_code;
	int error;
	unsigned int vector;
};

/** Exception vectors, as X86_TRAP_GP and X86_TRAP_PF. */
#define VMD_TRAP_GP 13U
#define VMD_TRAP_PF 14U

/** Bits of the error code (x86: P, W/R, U/S, RSVD, I/D, PK). */
#define VMD_PF_PROT  1U
#define VMD_PF_WRITE 2U
#define VMD_PF_USER  4U
#define VMD_PF_RSVD  8U
#define VMD_PF_INSTR 16U
#define VMD_PF_PK    32U

/**
 * vmd_cpu_load_slow() - a load that missed the inline lines
 * @cpu: the CPU
 * @addr: the address; of a value that crosses a page both pages must allow it
 * @value: what was loaded, zero-extended; untouched on failure
 * @size: 1, 2, 4 or 8 bytes
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for
 * another @size.
 */
VMD_API vmd_must_check int vmd_cpu_load_slow(struct vmd_cpu *cpu, vmd_va_t addr,
					     uint64_t *value,
					     unsigned int size);

/**
 * vmd_cpu_store_slow() - a store that missed the inline lines
 * @cpu: the CPU
 * @addr: the address; of a value that crosses a page both pages must allow it
 * @value: its low @size bytes are stored
 * @size: 1, 2, 4 or 8 bytes
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for
 * another @size. A store that crosses a page and fails has changed neither.
 */
VMD_API vmd_must_check int vmd_cpu_store_slow(struct vmd_cpu *cpu,
					      vmd_va_t addr, uint64_t value,
					      unsigned int size);

/**
 * vmd_cpu_fetch_slow() - a fetch check that missed the inline lines
 * @cpu: the CPU
 * @addr: the address of an instruction
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory.
 */
VMD_API vmd_must_check int vmd_cpu_fetch_slow(struct vmd_cpu *cpu,
					      vmd_va_t addr);

/**
 * vmd_cpu_fault() - why the last access failed
 * @cpu: the CPU
 *
 * Context: The thread that drives @cpu.
 * Return: the details of the last access that returned an error.
 */
VMD_API const struct vmd_fault_info *vmd_cpu_fault(const struct vmd_cpu *cpu);

/* log2 of sizeof(struct vmd_tlb_line): shift and mask give its offset. */
#define VMD_TLB_LINE_SHIFT 5

static inline struct vmd_tlb_line *vmd_cpu_line(struct vmd_cpu *cpu,
						vmd_va_t addr)
{
	struct vmd_cpu_lines *fast = (struct vmd_cpu_lines *)(void *)cpu;
	uint64_t offset = (addr >> (VMD_PAGE_SHIFT - VMD_TLB_LINE_SHIFT)) &
			  ((VMD_NR_TLB_LINES - 1) << VMD_TLB_LINE_SHIFT);

	return (struct vmd_tlb_line *)(void *)((char *)fast->lines + offset);
}

/* The page, and the low bits that a naturally aligned access has clear. */
static inline uint64_t vmd_access_tag(vmd_va_t addr, unsigned int size)
{
	return addr & (VMD_PAGE_MASK | (size - 1));
}

static inline void vmd_access_begin(struct vmd_cpu *cpu)
{
	struct vmd_cpu_lines *fast = (struct vmd_cpu_lines *)(void *)cpu;

	__atomic_store_n(&fast->in_access, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(
		__ATOMIC_SEQ_CST); /* pairs with vmd_membarrier() */
}

static inline void vmd_access_end(struct vmd_cpu *cpu)
{
	struct vmd_cpu_lines *fast = (struct vmd_cpu_lines *)(void *)cpu;

	__atomic_store_n(&fast->in_access, 0, __ATOMIC_RELEASE);
}

static inline void vmd_host_store(uintptr_t host, uint64_t value,
				  unsigned int size)
{
	switch (size) {
	case 1:
		__atomic_store_n((uint8_t *)host, (uint8_t)value,
				 __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_store_n((uint16_t *)host, (uint16_t)value,
				 __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n((uint32_t *)host, (uint32_t)value,
				 __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n((uint64_t *)host, value, __ATOMIC_RELAXED);
		break;
	}
}

static inline uint64_t vmd_host_load(uintptr_t host, unsigned int size)
{
	switch (size) {
	case 1:
		return __atomic_load_n((uint8_t *)host, __ATOMIC_RELAXED);
	case 2:
		return __atomic_load_n((uint16_t *)host, __ATOMIC_RELAXED);
	case 4:
		return __atomic_load_n((uint32_t *)host, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((uint64_t *)host, __ATOMIC_RELAXED);
	}
}

/* @size is one of 1, 2, 4 and 8, and a constant: use the functions below. */
static inline vmd_must_check int vmd_store(struct vmd_cpu *cpu, vmd_va_t addr,
					   uint64_t value, unsigned int size)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);

	vmd_access_begin(cpu);
	if (__builtin_expect(__atomic_load_n(&line->write_tag,
					     __ATOMIC_RELAXED) ==
				     vmd_access_tag(addr, size),
			     1)) {
		vmd_host_store((uintptr_t)addr + line->addend, value, size);
		vmd_access_end(cpu);
		return 0;
	}
	vmd_access_end(cpu);
	return vmd_cpu_store_slow(cpu, addr, value, size);
}

static inline vmd_must_check int vmd_load(struct vmd_cpu *cpu, vmd_va_t addr,
					  uint64_t *value, unsigned int size)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);

	vmd_access_begin(cpu);
	if (__builtin_expect(__atomic_load_n(&line->read_tag,
					     __ATOMIC_RELAXED) ==
				     vmd_access_tag(addr, size),
			     1)) {
		*value = vmd_host_load((uintptr_t)addr + line->addend, size);
		vmd_access_end(cpu);
		return 0;
	}
	vmd_access_end(cpu);
	return vmd_cpu_load_slow(cpu, addr, value, size);
}

/**
 * vmd_store_u64() - store eight bytes
 * @cpu: the CPU that stores
 * @addr: where, in the address space that the CPU has loaded
 * @value: what
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM.
 */
static inline vmd_must_check int vmd_store_u64(struct vmd_cpu *cpu,
					       vmd_va_t addr, uint64_t value)
{
	return vmd_store(cpu, addr, value, 8);
}

/** vmd_store_u32() - as vmd_store_u64(), four bytes */
static inline vmd_must_check int vmd_store_u32(struct vmd_cpu *cpu,
					       vmd_va_t addr, uint32_t value)
{
	return vmd_store(cpu, addr, value, 4);
}

/** vmd_store_u16() - as vmd_store_u64(), two bytes */
static inline vmd_must_check int vmd_store_u16(struct vmd_cpu *cpu,
					       vmd_va_t addr, uint16_t value)
{
	return vmd_store(cpu, addr, value, 2);
}

/** vmd_store_u8() - as vmd_store_u64(), one byte */
static inline vmd_must_check int vmd_store_u8(struct vmd_cpu *cpu,
					      vmd_va_t addr, uint8_t value)
{
	return vmd_store(cpu, addr, value, 1);
}

/**
 * vmd_load_u64() - load eight bytes
 * @cpu: the CPU that loads
 * @addr: where, in the address space that the CPU has loaded
 * @value: what was there; untouched on failure
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM.
 */
static inline vmd_must_check int vmd_load_u64(struct vmd_cpu *cpu,
					      vmd_va_t addr, uint64_t *value)
{
	return vmd_load(cpu, addr, value, 8);
}

/** vmd_load_u32() - as vmd_load_u64(), four bytes */
static inline vmd_must_check int vmd_load_u32(struct vmd_cpu *cpu,
					      vmd_va_t addr, uint32_t *value)
{
	uint64_t wide;
	int err = vmd_load(cpu, addr, &wide, 4);

	if (!err)
		*value = (uint32_t)wide;
	return err;
}

/** vmd_load_u16() - as vmd_load_u64(), two bytes */
static inline vmd_must_check int vmd_load_u16(struct vmd_cpu *cpu,
					      vmd_va_t addr, uint16_t *value)
{
	uint64_t wide;
	int err = vmd_load(cpu, addr, &wide, 2);

	if (!err)
		*value = (uint16_t)wide;
	return err;
}

/** vmd_load_u8() - as vmd_load_u64(), one byte */
static inline vmd_must_check int vmd_load_u8(struct vmd_cpu *cpu, vmd_va_t addr,
					     uint8_t *value)
{
	uint64_t wide;
	int err = vmd_load(cpu, addr, &wide, 1);

	if (!err)
		*value = (uint8_t)wide;
	return err;
}

/**
 * vmd_fetch_check() - may the CPU execute here?
 * @cpu: the CPU that fetches
 * @addr: the address of the instruction's first byte
 *
 * Sets A as a fetch does; nothing is read.
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM.
 */
static inline vmd_must_check int vmd_fetch_check(struct vmd_cpu *cpu,
						 vmd_va_t addr)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);

	if (__builtin_expect(__atomic_load_n(&line->fetch_tag,
					     __ATOMIC_RELAXED) ==
				     (addr & VMD_PAGE_MASK),
			     1))
		return 0;
	return vmd_cpu_fetch_slow(cpu, addr);
}

VMD_END_DECLS

#endif /* VMMDIRTY_CPU_H */
