/* SPDX-License-Identifier: MIT */
/*
 * An address space: its life, its lock, its subscribers.
 */
#include "mm/mm.h"

#include <errno.h>

#include "mmu/pgtable.h"
#include "mmu/shootdown.h"
#include "mmu/switch.h"

int vmd_mm_create(struct vmd_machine *machine, struct vmd_mm **out)
{
	struct vmd_mm *mm;
	struct vmd_hw *hw;
	int err;

	if (!machine || !out)
		return -EINVAL;

	hw = vmd_machine_hw(machine);
	mm = vmd_alloc(&hw->env.arena, sizeof(*mm));
	if (!mm)
		return -ENOMEM;

	mm->hw = hw;
	vmd_mm_notifiers_init(&mm->notifiers, &hw->env);
	err = vmd_init_rwsem(&mm->mmap_lock, &hw->env, VMD_RANK_mmap_lock);
	if (err)
		goto out_free;
	err = vmd_mm_context_init(&mm->context, hw, &vmd_mm_fault_ops);
	if (err)
		goto out_lock;
	*out = mm;
	return 0;

out_lock:
	vmd_destroy_rwsem(&mm->mmap_lock);
out_free:
	vmd_free(&hw->env.arena, mm);
	return err;
}

void vmd_mm_destroy(struct vmd_mm *mm)
{
	int err;

	if (!mm)
		return;

	err = vmd_munmap(mm, 0, vmd_mm_task_size(mm));
	(void)VMD_BUG_ON(&mm->hw->env, err != 0);
	vmd_mm_context_unload(&mm->context);
	(void)VMD_BUG_ON(&mm->hw->env, mm->notifiers.first != NULL);
	vmd_mm_context_fini(&mm->context);
	vmd_destroy_rwsem(&mm->mmap_lock);
	vmd_free(&mm->hw->env.arena, mm);
}

int vmd_cpu_switch_mm(struct vmd_cpu *cpu, struct vmd_mm *mm)
{
	/* Not followed before it is known to be there. */
	if (!cpu || (mm && !vmd_mm_context_exists(cpu->hw, &mm->context)))
		return -EINVAL;
	vmd_cpu_load_mm(cpu, mm ? &mm->context : NULL);
	return 0;
}

int vmd_cpu_enter_lazy_tlb(struct vmd_cpu *cpu)
{
	if (!cpu)
		return -EINVAL;
	vmd_cpu_set_lazy(cpu);
	return 0;
}

void vmd_mmap_read_lock(struct vmd_mm *mm)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_down_read(&mm->mmap_lock);
}

void vmd_mmap_read_unlock(struct vmd_mm *mm)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_up_read(&mm->mmap_lock);
}

void vmd_mmap_write_lock(struct vmd_mm *mm)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_down_write(&mm->mmap_lock);
}

void vmd_mmap_write_unlock(struct vmd_mm *mm)
	vmd_no_context_analysis("the accessor names this lock")
{
	vmd_up_write(&mm->mmap_lock);
}

int vmd_mmu_notifier_register(struct vmd_mmu_notifier *subscription,
			      struct vmd_mm *mm)
{
	if (!subscription || !subscription->ops || !mm)
		return -EINVAL;
	if (subscription->mm)
		return -EBUSY;
	subscription->mm = mm;
	vmd_mm_notifiers_add(&mm->notifiers, subscription);
	return 0;
}

void vmd_mmu_notifier_unregister(struct vmd_mmu_notifier *subscription)
{
	if (!subscription || !subscription->mm)
		return;
	vmd_mm_notifiers_del(&subscription->mm->notifiers, subscription);
	subscription->mm = NULL;
}
