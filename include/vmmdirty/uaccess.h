/* SPDX-License-Identifier: MIT */
/*
 * More ways to memory through a simulated CPU: locked read-modify-writes, and
 * copies of any length.
 */
#ifndef VMMDIRTY_UACCESS_H
#define VMMDIRTY_UACCESS_H

#include <stdbool.h>

#include <vmmdirty/cpu.h>

VMD_BEGIN_DECLS

/**
 * enum vmd_rmw - a locked read-modify-write
 * @VMD_RMW_CMPXCHG: store if what is there equals what was expected
 * @VMD_RMW_XADD: add
 * @VMD_RMW_XCHG: exchange
 */
enum vmd_rmw {
	VMD_RMW_CMPXCHG,
	VMD_RMW_XADD,
	VMD_RMW_XCHG
};

/**
 * vmd_cpu_rmw_slow() - a read-modify-write that missed the inline lines
 * @cpu: the CPU
 * @op: what to do
 * @addr: the address, a multiple of @size
 * @old: of CMPXCHG what is expected; in the end what was there; untouched on
 *	failure
 * @value: the operand
 * @size: 1, 2, 4 or 8 bytes
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for another
 * @op or @size, or an @addr that is not aligned.
 */
VMD_API vmd_must_check int
vmd_cpu_rmw_slow(struct vmd_cpu *cpu, enum vmd_rmw op, vmd_va_t addr,
		 uint64_t *old, uint64_t value, unsigned int size);

/**
 * vmd_copy_to() - copy into simulated memory, page by page
 * @cpu: the CPU that stores
 * @addr: where to, in the address space that the CPU has loaded
 * @from: @len bytes of the caller's
 * @len: how many bytes, may be 0
 *
 * Kernel: copy_to_user(), but what could not be copied is not counted: up to
 * the address in vmd_cpu_fault() everything is there.
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for NULL.
 */
VMD_API vmd_must_check int vmd_copy_to(struct vmd_cpu *cpu, vmd_va_t addr,
				       const void *from, size_t len);

/**
 * vmd_copy_from() - copy out of simulated memory, page by page
 * @cpu: the CPU that loads
 * @to: room for @len bytes
 * @addr: where from, in the address space that the CPU has loaded
 * @len: how many bytes, may be 0
 *
 * Kernel: copy_from_user(), with the difference of vmd_copy_to().
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for NULL.
 */
VMD_API vmd_must_check int vmd_copy_from(struct vmd_cpu *cpu, void *to,
					 vmd_va_t addr, size_t len);

/**
 * vmd_fill() - set simulated memory to one byte, page by page
 * @cpu: the CPU that stores
 * @addr: where, in the address space that the CPU has loaded
 * @byte: the value
 * @len: how many bytes, may be 0
 *
 * Kernel: clear_user() with a choice of the byte, and the difference of
 * vmd_copy_to().
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT, -ENOMEM if a fault found no memory, -EINVAL for NULL.
 */
VMD_API vmd_must_check int vmd_fill(struct vmd_cpu *cpu, vmd_va_t addr,
				    unsigned char byte, size_t len);

/* On memory itself. False: @old is what stands there instead. */
static inline bool vmd_host_cmpxchg(uintptr_t host, uint64_t *old,
				    uint64_t value, unsigned int size)
{
	uint32_t old4 = (uint32_t)*old;
	uint16_t old2 = (uint16_t)*old;
	uint8_t old1 = (uint8_t)*old;
	bool done;

	switch (size) {
	case 1:
		done = __atomic_compare_exchange_n((uint8_t *)host, &old1,
						   (uint8_t)value, 0,
						   __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*old = old1;
		return done;
	case 2:
		done = __atomic_compare_exchange_n((uint16_t *)host, &old2,
						   (uint16_t)value, 0,
						   __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*old = old2;
		return done;
	case 4:
		done = __atomic_compare_exchange_n((uint32_t *)host, &old4,
						   (uint32_t)value, 0,
						   __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
		*old = old4;
		return done;
	default:
		return __atomic_compare_exchange_n((uint64_t *)host, old, value,
						   0, __ATOMIC_SEQ_CST,
						   __ATOMIC_SEQ_CST);
	}
}

/* On @size bytes of memory; only CMPXCHG reads *@old first. */
static inline void vmd_host_rmw(enum vmd_rmw op, uintptr_t host, uint64_t *old,
				uint64_t value, unsigned int size)
{
	const uint64_t mask = UINT64_MAX >> (64 - 8 * size);
	uint64_t is = vmd_host_load(host, size);

	do {
		if (op == VMD_RMW_CMPXCHG && is != (*old & mask))
			break;
	} while (!vmd_host_cmpxchg(host, &is,
				   op == VMD_RMW_XADD ? is + value : value,
				   size));
	*old = is;
}

/* A locked instruction stores in any case: it needs what a store needs. */
static inline vmd_must_check int vmd_rmw(struct vmd_cpu *cpu, enum vmd_rmw op,
					 vmd_va_t addr, uint64_t *old,
					 uint64_t value, unsigned int size)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, addr);

	vmd_access_begin(cpu);
	if (__builtin_expect(__atomic_load_n(&line->write_tag,
					     __ATOMIC_RELAXED) ==
				     vmd_access_tag(addr, size),
			     1)) {
		vmd_host_rmw(op, (uintptr_t)addr + line->addend, old, value,
			     size);
		vmd_access_end(cpu);
		return 0;
	}
	vmd_access_end(cpu);
	return vmd_cpu_rmw_slow(cpu, op, addr, old, value, size);
}

/**
 * vmd_cmpxchg_u64() - LOCK CMPXCHG of eight bytes
 * @cpu: the CPU
 * @addr: where, a multiple of eight
 * @old: what is expected there; in the end what was there: if the two are
 *	equal @value is there now
 * @value: what to store
 *
 * D is set whether or not the values were equal: the processor writes in any
 * case.
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM, -EINVAL if @addr is
 * not aligned.
 */
static inline vmd_must_check int vmd_cmpxchg_u64(struct vmd_cpu *cpu,
						 vmd_va_t addr, uint64_t *old,
						 uint64_t value)
{
	return vmd_rmw(cpu, VMD_RMW_CMPXCHG, addr, old, value, 8);
}

/**
 * vmd_xadd_u64() - LOCK XADD of eight bytes
 * @cpu: the CPU
 * @addr: where, a multiple of eight
 * @nr: what to add
 * @old: what was there before; untouched on failure
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM, -EINVAL if @addr is
 * not aligned.
 */
static inline vmd_must_check int
vmd_xadd_u64(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t nr, uint64_t *old)
{
	return vmd_rmw(cpu, VMD_RMW_XADD, addr, old, nr, 8);
}

/**
 * vmd_xchg_u64() - XCHG of eight bytes
 * @cpu: the CPU
 * @addr: where, a multiple of eight
 * @value: what to store
 * @old: what was there before; untouched on failure
 *
 * Context: May sleep in a fault handler. Holds no lock of the machine.
 * Return: 0, -EFAULT (vmd_cpu_fault() says why), -ENOMEM, -EINVAL if @addr is
 * not aligned.
 */
static inline vmd_must_check int
vmd_xchg_u64(struct vmd_cpu *cpu, vmd_va_t addr, uint64_t value, uint64_t *old)
{
	return vmd_rmw(cpu, VMD_RMW_XCHG, addr, old, value, 8);
}

/** vmd_cmpxchg_u32() - as vmd_cmpxchg_u64(), four bytes */
static inline vmd_must_check int vmd_cmpxchg_u32(struct vmd_cpu *cpu,
						 vmd_va_t addr, uint32_t *old,
						 uint32_t value)
{
	uint64_t wide = *old;
	int err = vmd_rmw(cpu, VMD_RMW_CMPXCHG, addr, &wide, value, 4);

	if (!err)
		*old = (uint32_t)wide;
	return err;
}

/** vmd_xadd_u32() - as vmd_xadd_u64(), four bytes */
static inline vmd_must_check int
vmd_xadd_u32(struct vmd_cpu *cpu, vmd_va_t addr, uint32_t nr, uint32_t *old)
{
	uint64_t wide;
	int err = vmd_rmw(cpu, VMD_RMW_XADD, addr, &wide, nr, 4);

	if (!err)
		*old = (uint32_t)wide;
	return err;
}

/** vmd_xchg_u32() - as vmd_xchg_u64(), four bytes */
static inline vmd_must_check int
vmd_xchg_u32(struct vmd_cpu *cpu, vmd_va_t addr, uint32_t value, uint32_t *old)
{
	uint64_t wide;
	int err = vmd_rmw(cpu, VMD_RMW_XCHG, addr, &wide, value, 4);

	if (!err)
		*old = (uint32_t)wide;
	return err;
}

VMD_END_DECLS

#endif /* VMMDIRTY_UACCESS_H */
