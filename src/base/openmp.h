#pragma once

#ifdef _OPENMP
#include <omp.h>
#else
// Built without OpenMP, still linked to its runtime.
extern "C" {
void omp_set_num_threads(int count);
int omp_get_max_threads();
}
#endif
