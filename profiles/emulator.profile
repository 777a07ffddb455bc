# SPDX-License-Identifier: MIT
# emulator: this library, or one like it: no kernel is entered, the tables are
# in the process's own memory.
#
# [M] is measured by this project on a virtual machine with 2 CPUs, AMD Zen 4
# class, Linux 6.18. [A] is assumed. [0] is left out of this model.

fault_ns = 300            # [A] a handler called as a function
write_fault_ns = 0        # [0] counted in fault
mkwrite_ns = 0            # [0] counted in fault
pte_install_ns = 0        # [0] counted in fault
tlb_walk_ns = 0           # [0]
dirty_assist_ns = 0       # [0]
scan_call_ns = 0          # [0]
pte_visit_ns = 0.3        # [A] near [M]: entries from DRAM, 0.28 to 0.5
pte_wrprotect_ns = 2.2    # [A] as pte_clean
pte_clean_ns = 2.2        # [A] near [M]: a locked and, 2.2 to 2.6
pte_zap_ns = 0            # [0]
tlb_flush_ns = 200        # [A] a barrier on the other threads
update_cmd_ns = 0         # [0] the same whichever method found the page
update_byte_ns = 0.030    # [M] a copy of 4096 bytes took 124 ns
readback_byte_ns = 0.030  # [A] as update_byte
submit_ns = 0             # [0] the same for every method
