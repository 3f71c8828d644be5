/* Finds libcurl at run time. */
#include "port/curl.h"

#include <dlfcn.h>

struct error *curl_library_load(struct curl_library *ret)
{
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return error_remedy(error_new(ERROR_STATE, "libcurl is not installed"), "apt-get install libcurl4");
	struct {
		const char *name;
		void *slot;
	} const wanted[] = {
#define CURL_ENTRY(name) {"curl_" #name, &ret->name},
		CURL_NAMES(CURL_ENTRY)
#undef CURL_ENTRY
			{"curl_easy_setopt", &ret->easy_setopt},
		{"curl_easy_getinfo", &ret->easy_getinfo},
		{"curl_multi_setopt", &ret->multi_setopt},
	};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		void *symbol = dlsym(library, wanted[i].name);
		if (!symbol)
			return error_remedy(error_new(ERROR_STATE, "libcurl has no \"%s\"", wanted[i].name),
					    "install libcurl4 7.88 or newer");
		*(void **)wanted[i].slot = symbol;
	}
	ret->global_init(CURL_GLOBAL_DEFAULT);
	return NULL;
}
