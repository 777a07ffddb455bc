/* SPDX-License-Identifier: MIT */
/*
 * The sweep as a picture: what gnuplot needs, and gnuplot.
 */
#ifndef VMMDIRTY_TOOL_SWEEP_PLOT_H
#define VMMDIRTY_TOOL_SWEEP_PLOT_H

#include "report.h"

void sweep_write_points(FILE *to, const struct report *report);

/* Plots cost.dat, to standard output. */
void sweep_write_script(FILE *to, const struct report *report);

/*
 * Makes cost.svg from the cost.gp and cost.dat in @dir. False: there is no
 * gnuplot here, or it failed, and cost.svg is as it was.
 */
bool sweep_plot(const char *dir);

#endif /* VMMDIRTY_TOOL_SWEEP_PLOT_H */
