/* Forms and addresses as a server reads them. */
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "aws/wire_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice form = slice_make((const char *)data, size);
	const struct aws_operation *operation = &aws_operations[size ? data[0] % aws_operations_n : 0];
	json_decref(aws_form_read(aws_input_of(operation), form, size % 2));
	json_decref(aws_query_parse(form));
	return 0;
}
