/* Release notes held against the cluster: which of their facts are about something that runs here. */
#pragma once

#include "models/finding.h"
#include "perception/inventory.h"

enum { NOTES_MAX_OBJECTS = 5 };

/* Marks the notes that touch something in the inventory, with the first objects: versions of APIs that are written or
 * asked for, kinds that are there, flags and feature gates in arguments, configuration and user data. */
void notes_touch(struct release_note *notes, size_t n, const struct inventory *inventory, struct arena *arena);
/* Puts them into the assessment, their sources after its own; nothing is copied. */
void notes_attach(struct assessment *assessment, const struct release_notes *notes, struct arena *arena);
