/* The calendar's questions: which release is this, and does EKS still support it. */
#include "knowledge/calendar.h"

#include "knowledge/lifecycle.h"

const struct eks_release *knowledge_release(const char *version)
{
	unsigned minor = knowledge_minor(version);
	for (size_t i = 0; minor && i < knowledge_n_releases; i++)
		if (knowledge_releases[i].minor == minor)
			return &knowledge_releases[i];
	return NULL;
}

const struct eks_release *knowledge_newest_release(void)
{
	size_t i = knowledge_n_releases - 1;
	while (i > 0 && !knowledge_releases[i].eks.ms)
		i--;
	return &knowledge_releases[i];
}
