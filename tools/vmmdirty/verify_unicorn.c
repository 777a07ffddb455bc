/* SPDX-License-Identifier: MIT */
/*
 * Product and Unicorn side by side. Tables and data lie at the same physical
 * addresses in both, so that entries can be compared as they stand.
 */
#include "verify_unicorn.h"

#include <errno.h>

#include "verify_cpu.h"
#include "verify_gen.h"
#include "verify_oracle.h"

/* What Unicorn 2.0.1 is built for. */
static const struct verify_machine machine = {
	.levels = 4,
	.maxphyaddr = 40,
};

/*
 * Unicorn touches the page at each address that is accessed, and the host's
 * tables for it stay: few places, and little data for large pages.
 */
#define NR_PLACES 256U
#define DATA_SIZE (UINT64_C(256) << 10)

/* The known mistake, and nothing else, is taken out of @oracle. */
static void forgive(struct verify_tally *tally, const struct verify_case *c,
		    const struct verify_outcome *product,
		    struct verify_outcome *oracle)
{
	const uint64_t leaf = VERIFY_P | VERIFY_PS;
	uint64_t differs = product->entry[3] ^ oracle->entry[3];

	if (product->vector != VERIFY_PF || oracle->vector != VERIFY_PF ||
	    !(c->entry[4] & VERIFY_P) || (c->entry[3] & leaf) != leaf)
		return;
	if (!(differs & VERIFY_A))
		return;
	oracle->entry[3] ^= VERIFY_A;
	tally->nr_known++;
}

static int compare(struct verify_tally *tally, struct verify_adapter *product,
		   struct verify_adapter *oracle, const struct verify_case *c)
{
	struct verify_outcome rules;
	struct verify_outcome expected;
	struct verify_outcome seen;
	int err;

	verify_expect(&machine, c, &rules); /* for where to look only */
	err = product->run(product, c, rules.phys, &seen);
	if (!err)
		err = oracle->run(oracle, c, seen.phys, &expected);
	if (err)
		return err;
	forgive(tally, c, &seen, &expected);
	(void)verify_count(tally, product, c, &expected, &seen);
	return 0;
}

static int run(const struct verify_unicorn *args, struct verify_tally *tally,
	       struct verify_adapter *product, struct verify_adapter *oracle)
{
	struct verify_gen gen = {
		.state = args->seed,
		.no_smep = !args->features,
		.no_smap = !args->features,
		.no_pke = !args->features,
		.no_pks = true,
		.no_twice = true,
		.addr_bits = VERIFY_ORACLE_ADDR_BITS,
		.nr_places = NR_PLACES,
	};
	uint64_t i;
	int err = 0;

	product->data_end = product->data_begin + DATA_SIZE;
	product->data_again = 0;
	for (i = 0; i < args->nr_cases && !err; i++) {
		struct verify_case c;

		verify_gen_case(&gen, product, &c);
		err = compare(tally, product, oracle, &c);
	}
	return err;
}

int verify_unicorn_run(const struct verify_unicorn *args,
		       struct verify_tally *tally, const char **why)
{
	struct verify_adapter *oracle;
	struct verify_cpu product;
	int err = verify_cpu_init(&product, &machine, VMD_MACHINE_NO_TLB, 0);

	if (err)
		return err;
	err = verify_oracle_create(&machine, product.adapter.table, &oracle,
				   why);
	if (!err) {
		err = run(args, tally, &product.adapter, oracle);
		verify_oracle_destroy(oracle);
	}
	verify_cpu_fini(&product);
	return err;
}
