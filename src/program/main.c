/* The program: hands its arguments to the command line's face. */
#include <stdio.h>

int main(void)
{
	puts("eks-upgrade-agent " EUA_VERSION);
	return 0;
}
