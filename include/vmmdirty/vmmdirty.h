/* SPDX-License-Identifier: MIT */
/*
 * Everything at once.
 */
#ifndef VMMDIRTY_VMMDIRTY_H
#define VMMDIRTY_VMMDIRTY_H

#include <vmmdirty/backend.h>
#include <vmmdirty/base.h>
#include <vmmdirty/context.h>
#include <vmmdirty/cpu.h>
#include <vmmdirty/cpufeatures.h>
#include <vmmdirty/dirty.h>
#include <vmmdirty/event.h>
#include <vmmdirty/geometry.h>
#include <vmmdirty/gpu.h>
#include <vmmdirty/machine.h>
#include <vmmdirty/mapping.h>
#include <vmmdirty/mm.h>
#include <vmmdirty/mmu.h>
#include <vmmdirty/notifier.h>
#include <vmmdirty/pagewalk.h>
#include <vmmdirty/pmd.h>
#include <vmmdirty/pte.h>
#include <vmmdirty/swapops.h>
#include <vmmdirty/trace.h>
#include <vmmdirty/uaccess.h>

#endif /* VMMDIRTY_VMMDIRTY_H */
