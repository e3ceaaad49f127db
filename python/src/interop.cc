#include "casters.h"
#include "intact/interop/inference_model.h"
#include "intact/interop/onnx.h"
#include "intact/interop/paddle.h"
#include "intact/passes/deployment_form.h"

namespace intact::python {
namespace {

using Names = std::vector<std::string>;

void bind_models(nb::module_& m) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  nb::class_<InferenceModel>(m, "InferenceModel", doc("InferenceModel"))
      .def_prop_ro(
          "program", [](InferenceModel& self) -> Program& { return self.program; }, kInternal)
      .def_ro("feeds", &InferenceModel::feeds)
      .def_ro("fetches", &InferenceModel::fetches)
      .def_prop_ro(
          "scope", [](InferenceModel& self) -> Scope& { return self.scope; }, kInternal);
  m.def("load_model", &load_model, "path"_a, ReleaseGil(), doc("load_model"));
  m.def("load_inference_model",
        &load_inference_model,
        "path"_a,
        ReleaseGil(),
        doc("load_inference_model"));
  m.def(
      "save_inference_model",
      [](const std::string& prefix,
         const Names& feeds,
         const Names& fetches,
         const Program& program,
         Scope* scope) {
        save_inference_model(prefix, feeds, fetches, program, scope_or_global(scope));
      },
      "prefix"_a,
      "feeds"_a,
      "fetches"_a,
      "program"_a,
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("save_inference_model"));
}

void bind_onnx(nb::module_& m) {
  m.def(
      "save_onnx_model",
      [](const std::string& path,
         const Names& feeds,
         const Names& fetches,
         const Program& program,
         Scope* scope,
         int opset) {
        save_onnx_model(path, feeds, fetches, program, scope_or_global(scope), {.opset = opset});
      },
      "path"_a,
      "feeds"_a,
      "fetches"_a,
      "program"_a,
      "scope"_a.none() = nb::none(),
      nb::kw_only(),
      "opset"_a = OnnxOptions{}.opset,
      ReleaseGil(),
      doc("save_onnx_model"));
  m.def("load_onnx_model", &load_onnx_model, "path"_a, ReleaseGil(), doc("load_onnx_model"));
  m.def("onnx_op_types", &onnx_op_types, doc("onnx_op_types"));
}

void bind_deployment(nb::module_& m) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  nb::class_<DeploymentForm>(m, "DeploymentForm", doc("DeploymentForm"))
      .def_prop_ro(
          "program", [](DeploymentForm& self) -> Program& { return self.program; }, kInternal)
      .def_prop_ro(
          "scope", [](DeploymentForm& self) -> Scope& { return self.scope; }, kInternal)
      .def_ro("reports", &DeploymentForm::reports);
  m.def(
      "deployment_form",
      [](const Program& program, Scope* scope, const Names& targets) {
        return deployment_form(program, scope_or_global(scope), targets);
      },
      "program"_a,
      "scope"_a.none(),
      "targets"_a,
      ReleaseGil(),
      doc("deployment_form"));
  m.def("is_quantized", &is_quantized, "program"_a, doc("is_quantized"));
}

}  // namespace

void bind_interop(nb::module_& m) {
  nb::class_<PassReport> report(m, "PassReport", doc("PassReport"));
  nb::class_<PassReport::Skip>(report, "Skip")
      .def_ro("op", &PassReport::Skip::op)
      .def_ro("reason", &PassReport::Skip::reason)
      .def("__repr__", [](const PassReport::Skip& self) { return self.op + ": " + self.reason; });
  report.def_ro("name", &PassReport::name)
      .def_ro("changed", &PassReport::changed)
      .def_ro("skipped", &PassReport::skipped)
      .def_ro("seconds", &PassReport::seconds);
  bind_models(m);
  bind_onnx(m);
  bind_deployment(m);
}

}  // namespace intact::python
