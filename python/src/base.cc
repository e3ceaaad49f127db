#include "bind.h"
#include "casters.h"
#include "intact/base/threads.h"

namespace intact::python {

void bind_base(nb::module_& m) {
  m.def("set_thread_count", &set_thread_count, "count"_a, doc("set_thread_count"));
  m.def("thread_count", &thread_count, "Number of threads kernels use.");
}

}  // namespace intact::python
