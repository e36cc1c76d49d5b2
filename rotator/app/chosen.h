// The targets that a command is about, one by one. A fleet is too large to be held in memory at
// once by a command that looks at one after the other: a->selected[i] is made when it is asked for.
#ifndef ROTATOR_APP_CHOSEN_H
#define ROTATOR_APP_CHOSEN_H

#include "rotator/app/app.h"

// NULL without memory.
struct managed *chosen_target(struct app *a, size_t i);
// Gives it back; it is made anew when it is asked for again.
void chosen_release(struct app *a, size_t i);

#endif
