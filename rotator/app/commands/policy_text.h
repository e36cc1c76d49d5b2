// init --print-policy: the ibmcloud commands that give the management identity its least rights.
#ifndef ROTATOR_APP_COMMANDS_POLICY_TEXT_H
#define ROTATOR_APP_COMMANDS_POLICY_TEXT_H

#include "rotator/app/app.h"

int policy_print(struct app *a, struct bound *b);

#endif
