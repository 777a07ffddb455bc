/* SPDX-License-Identifier: MIT */
/*
 * Read-modify-writes, and copies: page by page, each in a section of its own.
 * A page whose line is valid is not translated again, and some that follow each
 * other on the host are moved at once.
 */
#include <vmmdirty/uaccess.h>

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "mmu/access.h"
#include "sync/racing.h"

struct rmw {
	enum vmd_rmw op;
	unsigned int size;
	uint64_t *old;
	uint64_t value;
};

static void do_rmw(uint8_t *host, void *arg)
{
	const struct rmw *rmw = arg;

	vmd_host_rmw(rmw->op, (uintptr_t)host, rmw->old, rmw->value, rmw->size);
}

int vmd_cpu_rmw_slow(struct vmd_cpu *cpu, enum vmd_rmw op, vmd_va_t addr,
		     uint64_t *old, uint64_t value, unsigned int size)
{
	struct rmw rmw = { op, size, old, value };

	if (!cpu || !old ||
	    (size != 1 && size != 2 && size != 4 && size != 8) ||
	    (addr & (size - 1)) || op > VMD_RMW_XCHG)
		return -EINVAL;
	return vmd_access_page(cpu, addr, VMD_ACCESS_WRITE, do_rmw, &rmw);
}

/* So long does a flush wait at most: about a microsecond. */
#define MAX_RUN (16 * VMD_PAGE_SIZE)

/* A part of a copy that lies in one page, or in a run of them. */
struct part {
	vmd_va_t addr;
	size_t len;
	size_t left; /* of the whole copy, this part included */
	enum vmd_access_kind kind;
	void (*move)(uint8_t *host, size_t len, void *arg);
	void *arg;
};

static bool line_allows(const struct vmd_tlb_line *line, vmd_va_t addr,
			const struct part *part)
{
	uint64_t tag = part->kind == VMD_ACCESS_WRITE ?
			       VMD_READ_ONCE(line->write_tag) :
			       VMD_READ_ONCE(line->read_tag);

	return tag == (addr & VMD_PAGE_MASK);
}

/* Pages whose lines are valid, and that follow each other on the host too. */
static void extend(struct vmd_cpu *cpu, struct part *part, uintptr_t addend)
{
	size_t most = part->left < MAX_RUN ? part->left : MAX_RUN;

	while (part->len < most) {
		vmd_va_t next = part->addr + part->len;
		const struct vmd_tlb_line *line = vmd_cpu_line(cpu, next);
		size_t rest = most - part->len;

		if (!line_allows(line, next, part) || line->addend != addend)
			break;
		part->len += rest < VMD_PAGE_SIZE ? rest : VMD_PAGE_SIZE;
	}
}

/* An inline access of many bytes; false: the line does not allow it. */
static bool move_inline(struct vmd_cpu *cpu, struct part *part)
{
	const struct vmd_tlb_line *line = vmd_cpu_line(cpu, part->addr);
	bool allowed;

	vmd_access_begin(cpu);
	allowed = line_allows(line, part->addr, part);
	if (vmd_likely(allowed)) {
		uintptr_t addend = line->addend;

		extend(cpu, part, addend);
		part->move((uint8_t *)((uintptr_t)part->addr + addend),
			   part->len, part->arg);
	}
	vmd_access_end(cpu);
	return allowed;
}

static void move_translated(uint8_t *host, void *arg)
{
	const struct part *part = arg;

	part->move(host, part->len, part->arg);
}

static int move_part(struct vmd_cpu *cpu, struct part *part)
{
	if (vmd_likely(move_inline(cpu, part)))
		return 0;
	return vmd_access_page(cpu, part->addr, part->kind, move_translated,
			       part);
}

static int move_all(struct vmd_cpu *cpu, struct part *part, size_t len)
{
	while (len > 0) {
		size_t room = VMD_PAGE_SIZE - (part->addr & ~VMD_PAGE_MASK);
		int err;

		part->len = len < room ? len : room;
		part->left = len;
		err = move_part(cpu, part);
		if (err)
			return err;
		part->addr += part->len;
		len -= part->len;
	}
	return 0;
}

static void move_in(uint8_t *host, size_t len, void *arg)
{
	const uint8_t **from = arg;

	vmd_copy_bytes_racing(host, *from, len);
	*from += len;
}

static void move_out(uint8_t *host, size_t len, void *arg)
{
	uint8_t **to = arg;

	vmd_copy_bytes_racing(*to, host, len);
	*to += len;
}

static void fill(uint8_t *host, size_t len, void *arg)
{
	vmd_fill_racing(host, *(const unsigned char *)arg, len);
}

int vmd_copy_to(struct vmd_cpu *cpu, vmd_va_t addr, const void *from,
		size_t len)
{
	const uint8_t *bytes = from;
	struct part part = {
		.addr = addr,
		.kind = VMD_ACCESS_WRITE,
		.move = move_in,
		.arg = (void *)&bytes,
	};

	return cpu && (from || !len) ? move_all(cpu, &part, len) : -EINVAL;
}

int vmd_copy_from(struct vmd_cpu *cpu, void *to, vmd_va_t addr, size_t len)
{
	uint8_t *bytes = to;
	struct part part = {
		.addr = addr,
		.kind = VMD_ACCESS_READ,
		.move = move_out,
		.arg = (void *)&bytes,
	};

	return cpu && (to || !len) ? move_all(cpu, &part, len) : -EINVAL;
}

int vmd_fill(struct vmd_cpu *cpu, vmd_va_t addr, unsigned char byte, size_t len)
{
	struct part part = {
		.addr = addr,
		.kind = VMD_ACCESS_WRITE,
		.move = fill,
		.arg = &byte,
	};

	return cpu ? move_all(cpu, &part, len) : -EINVAL;
}
