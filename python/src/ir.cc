#include "attributes.h"
#include "bind.h"
#include "casters.h"
#include "intact/ir/op_registry.h"
#include "intact/ir/text.h"
#include "intact/nn/program_guard.h"

namespace intact::python {
namespace {

void keep_program(nb::handle var) {
  const nb::object program = nb::find(default_main_program());
  if (program.is_valid() && nb::isinstance<Var>(var)) {
    nb::detail::keep_alive(var.ptr(), program.ptr());
  }
}

std::string repr(const Var& var) {
  return "<Var '" + var.name() + "': " + to_string(var.dtype()) + var.shape().to_string() + ">";
}

void bind_var(nb::class_<Var>& var) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  var.def_prop_ro("name", &Var::name)
      .def_prop_ro("dtype", &Var::dtype)
      .def_prop_ro("shape", &Var::shape)
      .def_prop_rw("persistable", &Var::is_persistable, &Var::set_persistable)
      .def_prop_rw("stop_gradient", &Var::stop_gradient, &Var::set_stop_gradient)
      .def_prop_ro("is_parameter", &Var::is_parameter)
      .def_prop_ro("is_data", &Var::is_data)
      .def_prop_ro("block", &Var::block, kInternal)
      .def("producers", &Var::producers, kInternal, doc("Var.producers"))
      .def("consumers", &Var::consumers, kInternal)
      .def("__repr__", &repr);
}

void bind_op(nb::class_<Op>& op) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  op.def_prop_ro("type", &Op::type)
      .def("label", &Op::label, doc("Op.label"))
      .def("inputs", &Op::inputs, kInternal, "Vars by slot.")
      .def("outputs", &Op::outputs, kInternal, "Vars by slot.")
      .def("input", &Op::input, "slot"_a, "index"_a = 0, kInternal, doc("Op.input"))
      .def("output", &Op::output, "slot"_a, "index"_a = 0, kInternal)
      .def_prop_ro("attrs", [](const Op& self) { return to_python(self.attrs()); })
      .def(
          "set_attr",
          [](Op& self, const std::string& name, nb::handle value) {
            AttributeDict one;
            one[name.c_str()] = value;
            self.set_attr(name, to_attributes(self.type(), {one}).at(name));
          },
          "name"_a,
          "value"_a)
      .def_prop_ro("role", &Op::role)
      .def_prop_ro("is_backward", &Op::is_backward)
      .def_prop_ro("is_optimize", &Op::is_optimize)
      .def_prop_ro("is_forward", &Op::is_forward)
      .def("__repr__", [](const Op& self) { return "<Op " + to_text(self) + ">"; });
}

Var& add_var(Block& block,
             const std::string& name,
             const Shape& shape,
             DType dtype,
             bool persistable,
             bool is_parameter,
             bool is_data,
             bool stop_gradient) {
  return block.add_var(name,
                       dtype,
                       shape,
                       {.is_persistable = persistable,
                        .is_parameter = is_parameter,
                        .is_data = is_data,
                        .stop_gradient = stop_gradient});
}

void bind_block(nb::class_<Block>& block) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  block.def_prop_ro("index", &Block::index)
      .def("var", &Block::var, "name"_a, kInternal, doc("Block.var"))
      .def(
          "has_var",
          [](const Block& self, const std::string& name) { return self.find_var(name) != nullptr; },
          "name"_a)
      .def("vars", &Block::vars, kInternal)
      .def_prop_ro("ops", &Block::ops, kInternal)
      .def("add_var",
           &add_var,
           "name"_a,
           "shape"_a,
           "dtype"_a = DType::Float32,
           nb::kw_only(),
           "persistable"_a = VarOptions{}.is_persistable,
           "is_parameter"_a = VarOptions{}.is_parameter,
           "is_data"_a = VarOptions{}.is_data,
           "stop_gradient"_a = VarOptions{}.stop_gradient,
           kInternal,
           doc("Block.add_var"))
      .def(
          "append_op",
          [](Block& self,
             const std::string& type,
             const SlotVars& inputs,
             const SlotVars& outputs,
             const AttributeValues& attrs) -> Op& {
            return self.append_op({.type = type,
                                   .inputs = inputs.slots,
                                   .outputs = outputs.slots,
                                   .attrs = to_attributes(type, attrs)});
          },
          "type"_a,
          "inputs"_a = nb::dict(),
          "outputs"_a = nb::dict(),
          "attrs"_a = nb::dict(),
          kInternal,
          doc("Block.append_op"));
}

}  // namespace

void KeepProgram::postcall(PyObject** arguments, size_t count, nb::handle result) {
  if (nb::isinstance<nb::tuple>(result) || nb::isinstance<nb::list>(result)) {
    for (nb::handle item : nb::iter(result)) {
      postcall(arguments, count, item);
    }
  } else if (result.is_valid()) {
    keep_program(result);
  }
}

void bind_ir(nb::module_& m) {
  nb::class_<Var> var(m, "Var", nb::is_weak_referenceable(), doc("Var"));
  nb::class_<Op> op(m, "Op", "A step of a Block: slots of Vars and attributes.");
  nb::class_<Block> block(m, "Block", doc("Block"));
  bind_var(var);
  bind_op(op);
  bind_block(block);
  m.def(
      "op_types", [] { return op_registry().types(); }, "Types of all ops, sorted.");
}

}  // namespace intact::python
