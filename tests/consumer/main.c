/* SPDX-License-Identifier: MIT */
/* Somebody else's program. */
#include <stdio.h>

#include <vmmdirty/vmmdirty.h>

int main(void)
{
	struct vmd_machine_config config = { .size = sizeof(config),
					     .nr_cpus = 1 };
	struct vmd_machine *machine;
	int ret = vmd_machine_create(&config, &machine);

	if (ret)
		return 1;
	vmd_machine_destroy(machine);
	return printf("vmmdirty %d.%d\n", VMD_VERSION_MAJOR,
		      VMD_VERSION_MINOR) < 0;
}
