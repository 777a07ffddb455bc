# SPDX-License-Identifier: MIT
# host-loaded: the same kernel beside busy neighbours, as a policy sees it:
# only what differs between the methods costs anything.
#
# [M] is measured by this project on a virtual machine with 2 CPUs, AMD Zen 4
# class, Linux 6.18, under load: userfaultfd in asynchronous write-protect
# mode and PAGEMAP_SCAN. [A] is assumed. [0] is left out of this model.

fault_ns = 862            # [M] a write-protection fault
write_fault_ns = 0        # [0] counted in fault
mkwrite_ns = 0            # [0] counted in fault
pte_install_ns = 0        # [0] counted in fault
tlb_walk_ns = 0           # [0]
dirty_assist_ns = 0       # [0]
scan_call_ns = 0          # [0]
pte_visit_ns = 1.94       # [M] a clean entry of anonymous memory
pte_wrprotect_ns = 41     # [M] protect and clear, per dirty entry
pte_clean_ns = 41         # [M] protect and clear, per dirty entry
pte_zap_ns = 0            # [0]
tlb_flush_ns = 1780       # [M] what a collection costs once
update_cmd_ns = 0         # [0] the same whichever method found the page
update_byte_ns = 0.030    # [M] quiet: a copy of 4096 bytes took 124 ns
readback_byte_ns = 0.030  # [A] as update_byte
submit_ns = 0             # [0] the same for every method
