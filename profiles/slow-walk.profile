# SPDX-License-Identifier: MIT
# slow-walk: a machine on which looking at an entry is dear and a fault is
# not, such as a kernel that calls a function per entry. A made-up place to
# see how a policy fares where scanning loses.
#
# [A] is assumed: round numbers, nobody measured them. [M] is measured by this
# project on a virtual machine with 2 CPUs, AMD Zen 4 class, Linux 6.18.
# [0] is left out of this model.

fault_ns = 500            # [A]
write_fault_ns = 0        # [0] counted in fault
mkwrite_ns = 0            # [0] counted in fault
pte_install_ns = 0        # [0] counted in fault
tlb_walk_ns = 0           # [0]
dirty_assist_ns = 0       # [0]
scan_call_ns = 0          # [0]
pte_visit_ns = 5          # [A] about five times PAGEMAP_SCAN
pte_wrprotect_ns = 20     # [A]
pte_clean_ns = 20         # [A]
pte_zap_ns = 0            # [0]
tlb_flush_ns = 1000       # [A]
update_cmd_ns = 0         # [0] the same whichever method found the page
update_byte_ns = 0.030    # [M] a copy of 4096 bytes took 124 ns
readback_byte_ns = 0.030  # [A] as update_byte
submit_ns = 0             # [0] the same for every method
