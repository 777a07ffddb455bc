/* SPDX-License-Identifier: MIT */
/*
 * mmu/uaccess and mmu/access: every way to memory through a CPU, on a bare
 * machine, where a fault ends the access.
 */
#include <vmmdirty/uaccess.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "barefix.h"
#include "base/rng.h"
#include "support.h"

#define NR_PAGES 8U
#define NR_BYTES (NR_PAGES * VMD_PAGE_SIZE)

static struct barefix fix;

static const struct vmd_machine_config shapes[] = {
	{ .nr_cpus = 4 },
	{ .nr_cpus = 4, .flags = VMD_MACHINE_NO_LINES },
	{ .nr_cpus = 4, .tlb_entries = 8 },
	{ .nr_cpus = 4, .flags = VMD_MACHINE_NO_TLB },
};

#define NR_SHAPES ARRAY_SIZE(shapes)

static void up_as(int i)
{
	unsigned int page;

	barefix_up(&fix, &shapes[i]);
	for (page = 0; page < NR_PAGES; page++)
		barefix_map(&fix, PAGE(page), PTE);
}

static void up(void)
{
	up_as(0);
}

static void down(void)
{
	barefix_down(&fix);
}

static uint64_t marks(unsigned int page)
{
	return barefix_entry(&fix, PAGE(page), PTE) & (ACC | D);
}

/* R11: a fetch marks as a load does, and reads nothing. */
START_TEST(a_fetch_check_sets_a_and_not_d)
{
	up_as(_i);

	barefix_fetch(&fix, PAGE(0) + 0xfff);
	barefix_fetch(&fix, PAGE(0));

	ck_assert_uint_eq(marks(0), ACC);
	down();
}
END_TEST

/* R7 */
START_TEST(a_fetch_check_sees_what_a_fetch_would)
{
	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));
	barefix_set(&fix, PAGE(0), PTE, NX);
	vmd_cpu_invlpg(fix.cpu, PAGE(0));
	(void)barefix_load(&fix, PAGE(0));

	expect_fault(&fix, BARE_FETCH, PAGE(0),
		     VMD_PF_PROT | VMD_PF_INSTR | VMD_PF_USER);
	barefix_clear(&fix, PAGE(1), PTE, P);
	expect_fault(&fix, BARE_FETCH, PAGE(1), VMD_PF_INSTR | VMD_PF_USER);
	down();
}
END_TEST

static uint64_t low_bytes(unsigned int size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

#define BEFORE UINT64_C(0x1122334455667788)
#define WITH   UINT64_C(0xf0f0f0f0f0f0f0f9)

/* One operation on @size bytes in the middle of two words. */
static void check_rmw(enum vmd_rmw op, unsigned int size, uint64_t expected,
		      uint64_t after)
{
	const vmd_va_t va = PAGE(0) + 0x108;
	const uint64_t mask = low_bytes(size);
	uint64_t old = expected;

	barefix_store(&fix, va, BEFORE);
	barefix_store(&fix, va + 8, BEFORE);

	ck_assert_int_eq(vmd_cpu_rmw_slow(fix.cpu, op, va, &old, WITH, size),
			 0);

	ck_assert_msg(old == (BEFORE & mask), "op %d size %u", (int)op, size);
	ck_assert_msg(barefix_load(&fix, va) ==
			      ((BEFORE & ~mask) | (after & mask)),
		      "op %d size %u", (int)op, size);
	ck_assert_uint_eq(barefix_load(&fix, va + 8), BEFORE);
}

START_TEST(a_read_modify_write_changes_its_bytes_and_no_others)
{
	unsigned int size;

	up_as(_i);
	for (size = 1; size <= 8; size *= 2) {
		check_rmw(VMD_RMW_XCHG, size, 0, WITH);
		check_rmw(VMD_RMW_XADD, size, 0, BEFORE + WITH);
		check_rmw(VMD_RMW_CMPXCHG, size, BEFORE, WITH);
		check_rmw(VMD_RMW_CMPXCHG, size, BEFORE + 1, BEFORE);
		/* What is above its size does not count. */
		check_rmw(VMD_RMW_CMPXCHG, size,
			  BEFORE ^ (size < 8 ? ~low_bytes(size) : 0), WITH);
	}
	down();
}
END_TEST

START_TEST(the_inline_ones_do_the_same)
{
	uint64_t old = BEFORE;

	up_as(_i);
	barefix_store(&fix, PAGE(0), BEFORE);

	ck_assert_int_eq(vmd_cmpxchg_u64(fix.cpu, PAGE(0), &old, 5), 0);
	ck_assert_uint_eq(old, BEFORE);
	ck_assert_int_eq(vmd_cmpxchg_u64(fix.cpu, PAGE(0), &old, 6), 0);
	ck_assert_uint_eq(old, 5);
	ck_assert_int_eq(vmd_xadd_u64(fix.cpu, PAGE(0), 10, &old), 0);
	ck_assert_uint_eq(old, 5);
	ck_assert_int_eq(vmd_xchg_u64(fix.cpu, PAGE(0), 20, &old), 0);
	ck_assert_uint_eq(old, 15);
	ck_assert_uint_eq(barefix_load(&fix, PAGE(0)), 20);
	down();
}
END_TEST

/* The processor writes in any case. */
START_TEST(a_compare_that_fails_sets_d_all_the_same)
{
	uint64_t old = 12345;

	up_as(_i);
	(void)barefix_load(&fix, PAGE(0));

	ck_assert_int_eq(vmd_cmpxchg_u64(fix.cpu, PAGE(0), &old, 1), 0);

	ck_assert_uint_ne(old, 12345);
	ck_assert_uint_eq(marks(0), ACC | D);
	down();
}
END_TEST

/* Even if it would only be compared. */
START_TEST(a_read_modify_write_needs_what_a_store_needs)
{
	uint64_t old = 12345;

	up_as(_i);
	barefix_clear(&fix, PAGE(0), PTE, RW);
	(void)barefix_load(&fix, PAGE(0));

	ck_assert_int_eq(vmd_cmpxchg_u64(fix.cpu, PAGE(0), &old, 1), -EFAULT);

	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->error_code,
			  VMD_PF_PROT | VMD_PF_WRITE | VMD_PF_USER);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->addr, PAGE(0));
	ck_assert_uint_eq(old, 12345);
	ck_assert_uint_eq(marks(0), ACC);
	down();
}
END_TEST

/* Nothing is translated, not even an address that would fault. */
START_TEST(bad_operands_are_refused_before_anything_happens)
{
	static const unsigned int sizes[] = { 0, 3, 5, 16, UINT32_MAX };
	uint64_t old = 7;
	unsigned int size;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ck_assert_int_eq(vmd_cpu_rmw_slow(fix.cpu, VMD_RMW_XADD,
						  PAGE(0), &old, 1, sizes[i]),
				 -EINVAL);
	for (size = 2; size <= 8; size *= 2)
		ck_assert_int_eq(vmd_cpu_rmw_slow(fix.cpu, VMD_RMW_XADD,
						  PAGE(0) + size / 2, &old, 1,
						  size),
				 -EINVAL);
	ck_assert_int_eq(vmd_cpu_rmw_slow(fix.cpu, (enum vmd_rmw)3, PAGE(0),
					  &old, 1, 8),
			 -EINVAL);
	ck_assert_int_eq(vmd_xchg_u64(fix.cpu, PAGE(100) + 1, 1, &old),
			 -EINVAL);

	ck_assert_uint_eq(old, 7);
	ck_assert_uint_eq(marks(0), 0);
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_FAULT), 0);
}
END_TEST

START_TEST(a_misaligned_one_is_refused_on_a_valid_line_too)
{
	uint64_t old = 7;

	barefix_store(&fix, PAGE(0), 0);

	ck_assert_int_eq(vmd_xadd_u64(fix.cpu, PAGE(0) + 4, 1, &old), -EINVAL);
	ck_assert_uint_eq(old, 7);
}
END_TEST

START_TEST(loads_and_stores_have_four_sizes)
{
	static const unsigned int sizes[] = { 0, 3, 7, 9, 16 };
	uint64_t value = 7;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ck_assert_int_eq(vmd_cpu_load_slow(fix.cpu, PAGE(0), &value,
						   sizes[i]),
				 -EINVAL);
		ck_assert_int_eq(vmd_cpu_store_slow(fix.cpu, PAGE(0), 1,
						    sizes[i]),
				 -EINVAL);
	}

	ck_assert_uint_eq(value, 7);
	ck_assert_uint_eq(marks(0), 0);
}
END_TEST

#define NR_ADDS 20000U

static void *add_many(void *arg)
{
	struct vmd_cpu *cpu = arg;
	uint64_t old = 0;
	unsigned int i;

	for (i = 0; i < NR_ADDS; i++) {
		if (vmd_xadd_u64(cpu, PAGE(0) + 8, 1, &old))
			return arg;
		if (i % 1024 == 0)
			vmd_cpu_evict(cpu, PAGE(0));
	}
	return NULL;
}

/* Locked: of several CPUs as well, on the same word. */
START_TEST(additions_of_four_cpus_add_up)
{
	pthread_t threads[4];
	unsigned int i;
	void *failed;

	up_as(_i);
	for (i = 0; i < 4; i++) {
		struct vmd_cpu *cpu = vmd_machine_cpu(fix.machine, i);

		ck_assert_int_eq(vmd_cpu_write_reg(cpu, VMD_REG_CR3, fix.root),
				 0);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many,
						cpu),
				 0);
	}
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}

	ck_assert_uint_eq(barefix_load(&fix, PAGE(0) + 8), 4 * NR_ADDS);
	down();
}
END_TEST

static uint8_t model[NR_BYTES];
static uint8_t buffer[NR_BYTES];

/* A random operation on memory and on the model of it. */
static void copy_once(uint64_t *rng, uint64_t seed)
{
	size_t at = vmd_rng_next(rng) % (NR_BYTES / 2);
	size_t len = vmd_rng_next(rng) % (5 * VMD_PAGE_SIZE);
	size_t i;

	if (at + len > NR_BYTES)
		len = NR_BYTES - at;
	switch (vmd_rng_next(rng) % 3) {
	case 0:
		for (i = 0; i < len; i++)
			buffer[i] = (uint8_t)(i * 7 + seed);
		memcpy(model + at, buffer, len);
		ck_assert_int_eq(vmd_copy_to(fix.cpu, PAGE(0) + at, buffer,
					     len),
				 0);
		break;
	case 1:
		memset(model + at, (int)(seed & 0xff), len);
		ck_assert_int_eq(vmd_fill(fix.cpu, PAGE(0) + at,
					  (unsigned char)seed, len),
				 0);
		break;
	default:
		memset(buffer, 0xee, sizeof(buffer));
		ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer, PAGE(0) + at,
					       len),
				 0);
		ck_assert_msg(!memcmp(buffer, model + at, len) &&
				      buffer[len] == 0xee,
			      "step %llu", (unsigned long long)seed);
	}
}

START_TEST(copies_agree_with_a_model_of_the_bytes)
{
	uint64_t rng = (uint64_t)_i;
	uint64_t step;

	up_as(_i);
	ck_assert_int_eq(vmd_fill(fix.cpu, PAGE(0), 0, NR_BYTES), 0);
	memset(model, 0, sizeof(model));

	for (step = 0; step < 300; step++)
		copy_once(&rng, step);

	ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer, PAGE(0), NR_BYTES), 0);
	ck_assert_mem_eq(buffer, model, NR_BYTES);
	down();
}
END_TEST

START_TEST(a_copy_of_nothing_does_not_look_at_the_address)
{
	ck_assert_int_eq(vmd_copy_to(fix.cpu, PAGE(100), buffer, 0), 0);
	ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer, PAGE(100), 0), 0);
	ck_assert_int_eq(vmd_fill(fix.cpu, UINT64_C(1) << 60, 1, 0), 0);
	ck_assert_uint_eq(barefix_count(&fix, VMD_EV_FAULT), 0);
}
END_TEST

static int copy_as(int way, vmd_va_t va, size_t len)
{
	if (way == 0)
		return vmd_copy_to(fix.cpu, va, buffer, len);
	if (way == 1)
		return vmd_fill(fix.cpu, va, 0xab, len);
	return vmd_copy_from(fix.cpu, buffer, va, len);
}

/* What lies before the address of the fault is there. */
START_TEST(a_fault_in_the_middle_leaves_all_before_it_done)
{
	const int way = _i % 3;
	const size_t at = 0x234;

	up_as(_i / 3);
	ck_assert_int_eq(vmd_fill(fix.cpu, PAGE(0), 1, NR_BYTES), 0);
	barefix_clear(&fix, PAGE(3), PTE, P);
	vmd_cpu_invlpg(fix.cpu, PAGE(3));
	memset(buffer, 0xab, sizeof(buffer));

	ck_assert_int_eq(copy_as(way, PAGE(0) + at, 4 * VMD_PAGE_SIZE),
			 -EFAULT);

	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->addr, PAGE(3));
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->error_code,
			  VMD_PF_USER | (way < 2 ? VMD_PF_WRITE : 0));
	if (way == 2) {
		ck_assert_uint_eq(buffer[3 * VMD_PAGE_SIZE - at - 1], 1);
		ck_assert_uint_eq(buffer[3 * VMD_PAGE_SIZE - at], 0xab);
	} else {
		memset(model, 1, sizeof(model));
		memset(model + at, 0xab, 3 * VMD_PAGE_SIZE - at);
		ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer, PAGE(0),
					       3 * VMD_PAGE_SIZE),
				 0);
		ck_assert_mem_eq(buffer, model, 3 * VMD_PAGE_SIZE);
		ck_assert_uint_eq(barefix_load(&fix, PAGE(4)),
				  UINT64_C(0x0101010101010101));
	}
	down();
}
END_TEST

START_TEST(a_copy_marks_the_pages_that_it_touched)
{
	up_as(_i);

	ck_assert_int_eq(vmd_copy_to(fix.cpu, PAGE(2) - 1, buffer,
				     VMD_PAGE_SIZE + 2),
			 0);
	ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer, PAGE(5), 1), 0);

	ck_assert_uint_eq(marks(0), 0);
	ck_assert_uint_eq(marks(1), ACC | D);
	ck_assert_uint_eq(marks(2), ACC | D);
	ck_assert_uint_eq(marks(3), ACC | D);
	ck_assert_uint_eq(marks(4), 0);
	ck_assert_uint_eq(marks(5), ACC);
	down();
}
END_TEST

/* Every size at every place across the border of two pages. */
START_TEST(a_value_that_crosses_a_page_is_one_value)
{
	unsigned int size;
	unsigned int first;

	up_as(_i);
	for (size = 2; size <= 8; size *= 2) {
		for (first = 1; first < size; first++) {
			const vmd_va_t va = PAGE(1) - first;
			uint64_t value = 0;

			ck_assert_int_eq(vmd_fill(fix.cpu, PAGE(1) - 8, 0xcc,
						  16),
					 0);
			ck_assert_int_eq(vmd_cpu_store_slow(fix.cpu, va, BEFORE,
							    size),
					 0);
			ck_assert_int_eq(vmd_cpu_load_slow(fix.cpu, va, &value,
							   size),
					 0);
			ck_assert_uint_eq(value, BEFORE & low_bytes(size));
			ck_assert_int_eq(vmd_copy_from(fix.cpu, buffer,
						       PAGE(1) - 8, 16),
					 0);
			ck_assert_uint_eq(buffer[7 - first], 0xcc);
			ck_assert_uint_eq(buffer[8 - first + size], 0xcc);
			ck_assert_mem_eq(buffer + 8 - first, &value, size);
		}
	}
	ck_assert_uint_eq(marks(0) & marks(1), ACC | D);
	down();
}
END_TEST

/* How one of two pages may fault, and what else is then as it was. */
static void expect_crossing_fault(enum bare_kind kind, unsigned int bad)
{
	const vmd_va_t va = PAGE(1) - 3;
	uint64_t before[2];
	uint64_t value = 77;
	int err;

	before[0] = marks(0);
	before[1] = marks(1);

	err = kind == BARE_READ ? vmd_load_u64(fix.cpu, va, &value) :
				  vmd_store_u64(fix.cpu, va, UINT64_MAX);

	ck_assert_int_eq(err, -EFAULT);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->addr, bad ? PAGE(1) : va);
	ck_assert_uint_eq(value, 77);
	ck_assert_uint_eq(marks(0), before[0]);
	ck_assert_uint_eq(marks(1), before[1]);
}

/* R11: neither page, neither D. */
START_TEST(a_crossing_access_that_faults_changes_neither_page)
{
	const unsigned int bad = (unsigned int)_i % 2;
	const bool cached = _i / 2 % 2;
	uint64_t zero;

	up_as(_i / 4);
	if (cached)
		(void)barefix_load(&fix, PAGE(!bad));
	barefix_clear(&fix, PAGE(bad), PTE, RW);
	expect_crossing_fault(BARE_WRITE, bad);
	barefix_clear(&fix, PAGE(bad), PTE, P);
	vmd_cpu_invlpg(fix.cpu, PAGE(bad));
	expect_crossing_fault(BARE_WRITE, bad);
	expect_crossing_fault(BARE_READ, bad);

	barefix_set(&fix, PAGE(bad), PTE, P);
	ck_assert_int_eq(vmd_load_u64(fix.cpu, PAGE(1) - 8, &zero), 0);
	ck_assert_uint_eq(zero, 0);
	down();
}
END_TEST

/* R11, K6: an upper entry that was cached without RW has RW by now. */
START_TEST(a_crossing_store_is_asked_of_memory_before_it_marks)
{
	const struct vmd_machine_config shape = {
		.flags = _i ? VMD_MACHINE_SPURIOUS_FAULTS : 0
	};
	const vmd_va_t va = MB2(1) - 3;

	barefix_up(&fix, &shape);
	barefix_map(&fix, MB2(1) - 0x1000, PTE);
	barefix_map(&fix, MB2(1) - 0x2000, PTE);
	barefix_map(&fix, MB2(1), PTE);
	barefix_clear(&fix, MB2(1), PTE, RW);
	barefix_clear(&fix, va, PDE, RW);
	(void)barefix_load(&fix, MB2(1) - 0x2000);
	barefix_set(&fix, va, PDE, RW);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, va, 0), -EFAULT);

	ck_assert(!(barefix_entry(&fix, va, PTE) & D));
	down();
}
END_TEST

/* R11, K6: one of the pages faults for its stale entry alone. */
START_TEST(a_spurious_fault_of_the_second_page_marks_nothing)
{
	const struct vmd_machine_config shape = {
		.flags = VMD_MACHINE_SPURIOUS_FAULTS
	};

	barefix_up(&fix, &shape);
	barefix_map(&fix, PAGE(0), PTE);
	barefix_map(&fix, PAGE(1), PTE);
	barefix_clear(&fix, PAGE(1), PTE, RW);
	(void)barefix_load(&fix, PAGE(1));
	barefix_set(&fix, PAGE(1), PTE, RW);

	expect_crossing_fault(BARE_WRITE, 1);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, PAGE(1) - 3, 0), 0);
	ck_assert_uint_eq(marks(0) & marks(1), ACC | D);
	down();
}
END_TEST

/* R24: from the last canonical page into the hole, and out of it. */
START_TEST(a_crossing_into_the_hole_is_a_general_protection_fault)
{
	const vmd_va_t hole = UINT64_C(0x0000800000000000);
	uint64_t value;

	barefix_map(&fix, hole - VMD_PAGE_SIZE, PTE);

	ck_assert_int_eq(vmd_store_u64(fix.cpu, hole - 3, 0), -EFAULT);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->vector, VMD_TRAP_GP);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->error_code, 0);
	ck_assert_int_eq(vmd_load_u64(fix.cpu, hole - 3, &value), -EFAULT);
	ck_assert_uint_eq(vmd_cpu_fault(fix.cpu)->vector, VMD_TRAP_GP);

	ck_assert(!(barefix_entry(&fix, hole - 1, PTE) & (ACC | D)));
	ck_assert_int_eq(vmd_store_u64(fix.cpu, hole - 8, 0), 0);
}
END_TEST

static void add_rmw(Suite *suite, TCase *one)
{
	TCase *each = tcase_create("read-modify-write, each shape");

	suite_add_tcase(suite, each);
	tcase_add_loop_test(each,
			    a_read_modify_write_changes_its_bytes_and_no_others,
			    0, NR_SHAPES);
	tcase_add_loop_test(each, the_inline_ones_do_the_same, 0, NR_SHAPES);
	tcase_add_loop_test(each, a_compare_that_fails_sets_d_all_the_same, 0,
			    NR_SHAPES);
	tcase_add_loop_test(each, a_read_modify_write_needs_what_a_store_needs,
			    0, NR_SHAPES);
	tcase_add_loop_test(each, additions_of_four_cpus_add_up, 0, 3);
	tcase_add_test(one, bad_operands_are_refused_before_anything_happens);
	tcase_add_test(one, a_misaligned_one_is_refused_on_a_valid_line_too);
	tcase_add_test(one, loads_and_stores_have_four_sizes);
}

static void add_copies(Suite *suite, TCase *one)
{
	TCase *each = tcase_create("copies and fetches, each shape");

	suite_add_tcase(suite, each);
	tcase_add_loop_test(each, a_fetch_check_sets_a_and_not_d, 0, NR_SHAPES);
	tcase_add_loop_test(each, a_fetch_check_sees_what_a_fetch_would, 0,
			    NR_SHAPES);
	tcase_add_loop_test(each, copies_agree_with_a_model_of_the_bytes, 0,
			    NR_SHAPES);
	tcase_add_loop_test(each,
			    a_fault_in_the_middle_leaves_all_before_it_done, 0,
			    3 * NR_SHAPES);
	tcase_add_loop_test(each, a_copy_marks_the_pages_that_it_touched, 0,
			    NR_SHAPES);
	tcase_add_test(one, a_copy_of_nothing_does_not_look_at_the_address);
}

static void add_crossing(Suite *suite, TCase *one)
{
	TCase *each = tcase_create("crossing a page, each shape");

	suite_add_tcase(suite, each);
	tcase_add_loop_test(each, a_value_that_crosses_a_page_is_one_value, 0,
			    NR_SHAPES);
	tcase_add_loop_test(each,
			    a_crossing_access_that_faults_changes_neither_page,
			    0, 4 * NR_SHAPES);
	tcase_add_loop_test(each,
			    a_crossing_store_is_asked_of_memory_before_it_marks,
			    0, 2);
	tcase_add_test(each, a_spurious_fault_of_the_second_page_marks_nothing);
	tcase_add_test(one,
		       a_crossing_into_the_hole_is_a_general_protection_fault);
}

int main(void)
{
	Suite *suite = suite_create("uaccess");
	TCase *one = tcase_create("operands");

	tcase_add_checked_fixture(one, up, down);
	suite_add_tcase(suite, one);
	add_rmw(suite, one);
	add_copies(suite, one);
	add_crossing(suite, one);
	return vmd_test_main(suite);
}
