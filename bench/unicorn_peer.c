/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory, from address 0:
 *
 *	CODE     the switch to paging, then the loops, a page each
 *	TOP      top table, and one of each upper level
 *	LEAVES   as many tables of the last level as are needed
 *	DATA     what the loops work on
 *
 * Addresses are those of memory. CPL is 0: paging can then be switched on by
 * the guest itself, which is the only way to make Unicorn believe it.
 */
#include "unicorn_peer.h"

#include "harness.h"

#if VMD_HAVE_UNICORN

#include <string.h>
#include <unicorn/unicorn.h>

#include "space.h"

#define CODE   UINT64_C(0x10000)
#define TOP    UINT64_C(0x20000)
#define LEAVES UINT64_C(0x100000)
#define DATA   UINT64_C(0x400000)
#define PAGE   VMD_PAGE_SIZE
#define PROT   (VMD_PAGE_PRESENT | VMD_PAGE_RW | VMD_PAGE_USER)

#define CR0 UINT64_C(0x80050033) /* PG, AM, WP, NE, ET, MP, PE */

#define UNROLLED 16
#define BODY	 (UINT64_C(4) * UNROLLED + 5) /* bytes of such a loop */

static struct {
	uc_engine *uc;
	uint8_t *memory;
	uint64_t nr_pages;
	uint64_t stride;
	uint64_t end[UNICORN_STRIDES + 1];
} guest;

static void check(uc_err err)
{
	if (err)
		bench_die(uc_strerror(err));
}

static void set_reg(int reg, uint64_t value)
{
	check(uc_reg_write(guest.uc, reg, &value));
}

static void set_entry(uint64_t table, uint64_t index, uint64_t to)
{
	to |= PROT;
	memcpy(guest.memory + table + index * 8, &to, 8);
}

static void fill_tables(void)
{
	uint64_t i;

	set_entry(TOP, 0, TOP + PAGE);
	set_entry(TOP + PAGE, 0, TOP + 2 * PAGE);
	for (i = 0; i < guest.nr_pages; i++) {
		if (i % VMD_PTRS_PER_TABLE == 0)
			set_entry(TOP + 2 * PAGE, i / VMD_PTRS_PER_TABLE,
				  LEAVES + i / VMD_PTRS_PER_TABLE * PAGE);
		set_entry(LEAVES, i, i * PAGE);
	}
}

static uint64_t code_of(enum unicorn_loop loop)
{
	return CODE + (1 + (uint64_t)loop) * PAGE;
}

/*
 * @opcode 0x89: mov %rax, 8k(%rdi), 0x8b: mov 8k(%rdi), %rax, sixteen times;
 * then dec %rcx; jnz back.
 */
static void write_unrolled(enum unicorn_loop loop, uint8_t opcode)
{
	uint8_t *at = guest.memory + code_of(loop);
	uint8_t k;

	for (k = 0; k < UNROLLED; k++) {
		const uint8_t mov[] = { 0x48, opcode, 0x47, (uint8_t)(k * 8) };

		memcpy(at, mov, sizeof(mov));
		at += sizeof(mov);
	}
	memcpy(at, "\x48\xff\xc9\x75", 4);
	at[4] = (uint8_t) - (4 * UNROLLED + 5);
	at[5] = 0x90;
	guest.end[loop] = code_of(loop) + BODY;
}

static void write_code(void)
{
	/* mov %rax, (%rdi); add %rdx, %rdi; dec %rcx; jnz back; nop */
	static const uint8_t strides[] = { 0x48, 0x89, 0x07, 0x48, 0x01, 0xd7,
					   0x48, 0xff, 0xc9, 0x75, 0xf5, 0x90 };

	write_unrolled(UNICORN_LOADS, 0x8b);
	write_unrolled(UNICORN_STORES, 0x89);
	memcpy(guest.memory + code_of(UNICORN_STRIDES), strides,
	       sizeof(strides));
	guest.end[UNICORN_STRIDES] =
		code_of(UNICORN_STRIDES) + sizeof(strides) - 1;
}

static void switch_paging_on(void)
{
	/* mov %rax, %cr3; mov %rdx, %cr0; nop */
	static const uint8_t on[] = {
		0x0f, 0x22, 0xd8, 0x0f, 0x22, 0xc2, 0x90
	};

	memcpy(guest.memory + CODE, on, sizeof(on));
	set_reg(UC_X86_REG_CR4, VMD_CR4_PAE);
	set_reg(UC_X86_REG_RAX, TOP);
	set_reg(UC_X86_REG_RDX, CR0);
	check(uc_emu_start(guest.uc, CODE, CODE + sizeof(on) - 1, 0, 0));
}

bool unicorn_peer_is_there(void)
{
	return true;
}

void unicorn_peer_init(uint64_t nr_pages, uint64_t stride)
{
	guest.nr_pages = DATA / PAGE + nr_pages;
	guest.stride = stride;
	guest.memory = bench_host_pages(guest.nr_pages);
	memset(guest.memory, 0, guest.nr_pages * PAGE);
	check(uc_open(UC_ARCH_X86, UC_MODE_64, &guest.uc));
	check(uc_mem_map_ptr(guest.uc, 0, guest.nr_pages * PAGE, UC_PROT_ALL,
			     guest.memory));
	fill_tables();
	write_code();
	switch_paging_on();
}

void unicorn_peer_run(enum unicorn_loop loop, uint64_t turns)
{
	set_reg(UC_X86_REG_RDI, DATA);
	set_reg(UC_X86_REG_RCX, turns);
	set_reg(UC_X86_REG_RDX, guest.stride);
	check(uc_emu_start(guest.uc, code_of(loop), guest.end[loop], 0, 0));
}

void unicorn_peer_fini(void)
{
	check(uc_close(guest.uc));
	bench_host_pages_free(guest.memory, guest.nr_pages);
}

#else

bool unicorn_peer_is_there(void)
{
	return false;
}

void unicorn_peer_init(uint64_t nr_pages, uint64_t stride)
{
	(void)nr_pages;
	(void)stride;
}

void unicorn_peer_run(enum unicorn_loop loop, uint64_t turns)
{
	(void)loop;
	(void)turns;
	bench_die("no libunicorn");
}

void unicorn_peer_fini(void)
{
}

#endif
