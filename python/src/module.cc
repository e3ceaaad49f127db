#include "bind.h"

NB_MODULE(_intact, m) {
  using namespace intact::python;
  m.doc() = "Intact's C++ library; use it through the package intact.";
  bind_errors(m);
  bind_base(m);
  bind_ir(m);
  bind_program(m);
  bind_scope(m);
  bind_data(m);
  bind_loader(m);
  bind_runtime(m);
  bind_interop(m);
  nanobind::module_ nn = m.def_submodule("nn", "Layer functions, initializers and the model zoo.");
  bind_nn(nn);
  bind_layers(nn);
  // It stays in sys.modules as intact._intact.nn; `from intact._intact import *` must not bring it.
  nanobind::delattr(m, "nn");
  bind_quant(m);
  bind_quant_post(m);
  bind_quant_weights(m);
  bind_train(m);
  bind_loops(m);
}
