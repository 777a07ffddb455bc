#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_check_floors.sh check_floors: each rule of it, kept and broken.
set -eu

check=$1
# shellcheck source=tests/tools/expect.sh
. "${0%/*}/expect.sh"

# floors good|bad room/file line...: a house with this one file.
floors() {
	verdict=$1
	name=$2
	shift 2
	rm -rf "${work:?}/src" "$work/include"
	mkdir -p "$work/src" "$work/include"
	put "$name" "$@"
	expect "$verdict" "$name: $*" "$check" "$work"
}

# Which room sees which.
floors good src/walk/walk.c '#include "mm/vma.h"' '#include <stdio.h>'
floors bad src/mm/vma.c '#include "walk/walk.h"'
expect_says 'src/mm/vma.c:1: mm may not include walk/walk.h'
floors bad src/mm/vma.c '/* a' 'comment */' '#include "walk/walk.h" /* "x" */'
expect_says 'src/mm/vma.c:3: mm may not include walk/walk.h'
floors bad src/rmap/mapping.c '#include "notifier/notifier.h"'
floors bad src/mm/vma.c '#include "vma.h"'
floors bad src/attic/old.c 'int x;'
floors good src/mm/vma.c '/*' '#include "walk/walk.h"' '*/'
floors good src/mm/vma.c '// #include "walk/walk.h"'

# Public headers belong to a room.
floors good src/base/clock.c '#include <vmmdirty/event.h>'
floors good include/vmmdirty/event.h '#include <vmmdirty/base.h>'
floors bad include/vmmdirty/event.h '#include <vmmdirty/context.h>'
floors good include/vmmdirty/pte.h '#include <vmmdirty/context.h>'
floors bad include/vmmdirty/pte.h '#include <vmmdirty/mm.h>'
floors good include/vmmdirty/cpu.h '#include <vmmdirty/pte.h>'
floors bad src/mmu/tlb.c '#include <vmmdirty/mapping.h>'
floors bad src/mmu/tlb.c '#include <vmmdirty/gpu.h>'
floors good src/dirty/tracker.c '#include <vmmdirty/pagewalk.h>'
floors bad src/walk/pagewalk.c '#include <vmmdirty/backend.h>'
floors bad include/vmmdirty/attic.h 'int x;'
floors good include/vmmdirty/vmmdirty.h '#include <vmmdirty/machine.h>'
floors good include/vmmdirty/vmmdirty.h '#include <vmmdirty/host.h>'
floors good include/vmmdirty/vmmdirty.h '#include <vmmdirty/trace.h>'
floors bad src/mm/vma.c '#include <vmmdirty/vmmdirty.h>'

# Wings.
floors good src/trace/dtr.c '#include "base/alloc.h"' '#include <vmmdirty/trace.h>'
floors bad src/trace/dtr.c '#include "sync/spinlock.h"'
floors bad src/trace/dtr.c '#include <vmmdirty/machine.h>'
floors bad src/machine/machine.c '#include <vmmdirty/trace.h>'
floors good include/vmmdirty/host.h '#include <vmmdirty/backend.h>'
floors bad include/vmmdirty/host.h '#include <vmmdirty/dirty.h>'
floors good src/host/uffd.c '#include "dirty/backend.h"' '#include "trace/trace.h"'
floors bad src/host/uffd.c '#include "dirty/tracker.h"'
floors bad src/explore/dpor.c '#include "mm/vma.h"'
floors bad src/machine/machine.c '#include "explore/dpor.h"'

# Which build it is.
floors bad src/mm/vma.c '#if VMD_EXPLORE' '#endif'
floors good src/sync/lock.c '#if VMD_EXPLORE' '#endif'

# CX-2: threads, atomics, RCU and waiting.
for header in pthread.h threads.h stdatomic.h sched.h semaphore.h urcu.h urcu-memb.h urcu/rculist.h \
	linux/futex.h linux/membarrier.h; do
	floors bad src/mmu/tlb.c "#include <$header>"
	expect_says "only sync/ may include <$header>"
	floors bad include/vmmdirty/cpu.h "#include <$header>"
	floors good src/sync/lock.c "#include <$header>"
done
for line in 'pthread_mutex_lock(&m);' 'static pthread_t t;' 'x = __atomic_load_n(&y, __ATOMIC_RELAXED);' \
	'(void)__sync_fetch_and_add(&y, 1);' '_Atomic int x;' 'atomic_load(&x);' 'sched_yield();' \
	'nanosleep(&t, NULL);' 'clock_nanosleep(c, 0, &t, NULL);' 'usleep (10);' 'sleep(1);' \
	'syscall(SYS_futex, &x);' 'syscall(__NR_membarrier, 0);' 'futex(&x, 0);' 'membarrier(0, 0);' \
	'rcu_read_lock();' 'synchronize_rcu();' 'p = rcu_dereference(q);' 'x = f("a", /* b */ sched_yield());'; do
	floors bad src/gpu/fence.c "$line"
	floors bad src/base/alloc.c "$line"
	floors bad include/vmmdirty/gpu.h "$line"
	floors good src/sync/lock.c "$line"
done
floors good src/base/counter.h 'return __atomic_load_n(x, __ATOMIC_RELAXED);'
floors good include/vmmdirty/cpu.h 'return __atomic_load_n(x, __ATOMIC_RELAXED);'
floors bad src/base/counter.h 'sched_yield();'
floors bad include/vmmdirty/cpu.h 'pthread_mutex_lock(&m);'
floors bad src/mmu/counter.h 'return __atomic_load_n(x, __ATOMIC_RELAXED);'
floors good src/mmu/tlb.c '#include "sync/membarrier.h"' 'vmd_membarrier(x);' 'vmd_rcu_read_lock();'
floors good src/mmu/tlb.c '/* as pthread_mutex_lock() does */' 'int x; // sched_yield()' '/*' \
	' * __atomic_load_n(x)' ' */'
floors good src/mmu/tlb.c 'vmd_warn("pthread_create() failed, \"malloc(3)\" too");'
floors bad src/mmu/tlb.c 'vmd_warn("/*"); sched_yield();'
floors bad src/mmu/tlb.c 'c = '"'\"'"'; sched_yield(); d = '"'\"'"';'
floors bad src/mmu/tlb.c '/* one */ sched_yield(); /* two */'

# Only the seam allocates.
for call in malloc calloc realloc free strdup strndup asprintf aligned_alloc posix_memalign getline mallocx dallocx; do
	floors bad src/mm/vma.c "x = $call(y);"
	expect_says 'memory comes from base/alloc.h alone'
	floors bad src/base/bitmap.c "x = $call (y);"
	floors bad src/sync/rcu.c "x = $call(y);"
	floors bad include/vmmdirty/mm.h "x = $call(y);"
	floors good src/base/alloc.c "x = $call(y);"
done
floors bad src/mm/vma.c '#include <jemalloc/jemalloc.h>'
floors good src/base/alloc.c '#include <jemalloc/jemalloc.h>'
floors good src/mm/vma.c 'vmd_free(arena, x);' 'ops->free(x);' 'ops.malloc(1);' 'bool free;' '/* free(x) */'

# What is not there is not fine.
rm -rf "${work:?}/include"
expect bad 'no include/' "$check" "$work"
exit "$failed"
