/* Finds libmicrohttpd at run time. */
#include "sim/microhttpd.h"

#include <dlfcn.h>
#include "base/macros.h"

struct error *microhttpd_load(struct microhttpd *ret)
{
	void *library = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return error_remedy(error_new(ERROR_STATE, "libmicrohttpd is not installed"),
				    "apt-get install libmicrohttpd12");
	struct {
		const char *name;
		void *slot;
	} const wanted[] = {
#define MICROHTTPD_ENTRY(name) {"MHD_" #name, &ret->name},
		MICROHTTPD_NAMES(MICROHTTPD_ENTRY)
#undef MICROHTTPD_ENTRY
	};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!(*(void **)wanted[i].slot = dlsym(library, wanted[i].name)))
			return error_remedy(error_new(ERROR_STATE, "libmicrohttpd has no \"%s\"", wanted[i].name),
					    "install libmicrohttpd12 0.9.75 or newer");
	return NULL;
}
