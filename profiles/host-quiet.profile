# SPDX-License-Identifier: MIT
# host-quiet: a real kernel on a machine that does nothing else.
#
# [M] is measured by this project on a virtual machine with 2 CPUs, AMD Zen 4
# class, Linux 6.18: userfaultfd in asynchronous write-protect mode, collected
# with PAGEMAP_SCAN, as the fit of a linear model to a grid of runs (write:
# median error 3.8 %, collection: 3.2 %). [A] is assumed. [0] is part of
# another row.

fault_ns = 662            # [M] t_fault: a write-protection fault, 624 to 690
write_fault_ns = 0        # [0] counted in fault
mkwrite_ns = 0            # [0] counted in fault
pte_install_ns = 0        # [0] counted in fault
tlb_walk_ns = 7.5         # [A] a TLB miss whose tables are in cache: 5 to 10
dirty_assist_ns = 0       # [A] hidden in the walk
scan_call_ns = 1084       # [M] c_0: one call of PAGEMAP_SCAN
pte_visit_ns = 1.06       # [M] t_scan: per entry looked at
pte_wrprotect_ns = 34.5   # [M] t_dirty: PAGEMAP_SCAN protects as it collects
pte_clean_ns = 34.5       # [M] t_dirty: per dirty entry
pte_zap_ns = 57           # [A] as mprotect per entry, which is [M]: 56 to 57
tlb_flush_ns = 605        # [M] t_flush: once if anything was dirty
update_cmd_ns = 170       # [A] as one system call, which is [M]
update_byte_ns = 0.030    # [M] a copy of 4096 bytes took 124 ns
readback_byte_ns = 0.030  # [A] as update_byte
submit_ns = 170           # [A] as one system call, which is [M]
