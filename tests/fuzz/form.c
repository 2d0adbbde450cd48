/* Query strings and bodies of forms. */
#include <assert.h>
#include <string.h>

#include "fcgi/api/parameter_names.h"
#include "fuzz.h"
#include "values.h"

static void read_form(const uint8_t *data, size_t size, unsigned wanted)
{
    struct parameters parameters, again;
    struct parameter_fault fault = {NULL, NULL, false}, fault_again = {NULL, NULL, false};
    parameters_begin(&parameters, parameter_names, wanted);
    parameters_begin(&again, parameter_names, wanted);
    bool good = parameters_from_form(&parameters, (const char *)data, size, &fault);
    assert(parameters_from_form(&again, (const char *)data, size, &fault_again) == good);
    values_check_same(&parameters, &again);
    values_check(&parameters);
    if (!good) {
        values_check_fault(&fault);
        assert(fault.name == fault_again.name && fault.what == fault_again.what);
        return;
    }
    /* The same once more says nothing new, but of what is too long nobody knows if it is the same.
     */
    good = parameters_from_form(&again, (const char *)data, size, &fault);
    values_check_same(&parameters, &again);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        good = good || parameters.by_name[i].is_too_long;
    assert(good);
    values_check_written(&parameters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_form(data, size, ~0U);
    read_form(data, size, 1U << PARAMETER_USER | 1U << PARAMETER_ITEM);
    return 0;
}
