/* The program: hands its arguments to the command line's face. */
#include <malloc.h>

#include "cli/cli.h"

/* Arrays of tens of thousands grow by doubling. From this size on they have pages of their own, that move without being
 * copied and leave no hole behind; malloc() left to itself would raise the border when the first of them is freed. */
enum { OWN_PAGES_FROM = 128 << 10 };

int main(int argc, char **argv)
{
	mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
	return cli_main(argc, argv);
}
