/* Every kind of step that judges. */
#include "execution/step.h"

extern const struct step_type traffic_step, bake_step, health_step, tests_step;

const struct step_type *const validation_step_types[] = {&traffic_step, &bake_step, &health_step, &tests_step, NULL};
