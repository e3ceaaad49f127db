#include "calibration.h"
#include "config.h"
#include "intact/quant/convert.h"
#include "intact/quant/coverage.h"
#include "intact/quant/exact_steps.h"
#include "intact/quant/pact.h"
#include "intact/quant/quant_aware.h"
#include "intact/quant/report.h"
#include "intact/quant/saturation.h"
#include "options.h"

namespace intact::python {
namespace {

using ConfigDict = nb::typed<nb::dict, std::string, nb::object>;

nb::object to_python(const ConfigValue& value) {
  return std::visit([](const auto& item) { return nb::object(nb::cast(item)); }, value);
}

ConfigDict to_dict(const QuantConfig& config) {
  ConfigDict result;
  for (const auto& [key, value] : to_config_map(config)) {
    result[key.c_str()] = to_python(value);
  }
  return result;
}

void bind_config(nb::module_& m) {
  nb::class_<QuantConfig> config(m, "QuantConfig", doc("QuantConfig"));
  config
      .def(
          "__init__",
          [](QuantConfig* self, nb::kwargs keys) { new (self) QuantConfig(to_config(keys)); },
          "keys"_a,
          nb::sig("def __init__(self, **keys: object) -> None"))
      .def("to_dict", &to_dict, doc("to_config_map"))
      .def("__repr__", [](const QuantConfig& self) {
        return "QuantConfig(**" + nb::cast<std::string>(nb::repr(to_dict(self))) + ")";
      });
  for (const QuantConfigKey& key : quant_config_keys()) {
    config.def_prop_ro(
        key.name.c_str(),
        [name = key.name](const QuantConfig& self) {
          return to_python(to_config_map(self).at(name));
        },
        key.help.c_str());
  }
  m.def("reference_quant_config", &reference_quant_config, doc("reference_quant_config"));
}

void bind_report(nb::module_& m) {
  nb::class_<CoverageGap>(m, "CoverageGap", doc("CoverageGap"))
      .def_ro("op", &CoverageGap::op)
      .def_ro("reason", &CoverageGap::reason)
      .def_ro("remedy", &CoverageGap::remedy)
      .def("__repr__", &CoverageGap::to_text);
  nb::class_<PairBound>(m, "PairBound", doc("PairBound"))
      .def_ro("op", &PairBound::op)
      .def_ro("weight", &PairBound::weight)
      .def_prop_ro("bound", &PairBound::bound)
      .def_prop_ro("is_safe", &PairBound::is_safe)
      .def("__repr__", &PairBound::to_text);
  nb::class_<QuantReport> report(m, "QuantReport", doc("QuantReport"));
  nb::class_<QuantReport::Entry>(report, "Entry", "One op.")
      .def_ro("op", &QuantReport::Entry::op)
      .def_ro("type", &QuantReport::Entry::type)
      .def_ro("is_quantized", &QuantReport::Entry::is_quantized)
      .def_ro("reason", &QuantReport::Entry::reason);
  report.def(nb::init<>())
      .def_ro("format", &QuantReport::format)
      .def_ro("ops", &QuantReport::ops)
      .def_ro("notes", &QuantReport::notes)
      .def_ro("gaps", &QuantReport::gaps)
      .def_ro("pair_bounds", &QuantReport::pair_bounds)
      .def_ro("passes", &QuantReport::passes)
      .def_prop_ro("quantized_count", &QuantReport::quantized_count)
      .def("why", &QuantReport::why, "op"_a, doc("QuantReport.why"))
      .def("to_text", &QuantReport::to_text, doc("QuantReport.to_text"))
      .def("to_json", &QuantReport::to_json)
      .def("__str__", &QuantReport::to_text);
  nb::class_<ExactSteps>(m, "ExactSteps", "What choose_exact_steps changed.")
      .def_ro("activations", &ExactSteps::activations)
      .def_ro("channels", &ExactSteps::channels)
      .def_ro("inexact", &ExactSteps::inexact);
  m.def(
      "choose_exact_steps",
      [](const Program& quantized, const std::vector<std::string>& targets, Scope* scope) {
        return choose_exact_steps(quantized, scope_or_global(scope), targets);
      },
      "quantized"_a,
      "targets"_a,
      "scope"_a.none() = nb::none(),
      doc("choose_exact_steps"));
  m.def(
      "inspect_quantization",
      [](const Program& program, Scope* scope) {
        return inspect_quantization(program, scope_or_global(scope));
      },
      "program"_a,
      "scope"_a.none() = nb::none(),
      doc("inspect_quantization"));
}

using ScaleDict = nb::typed<nb::dict, std::string, float>;
using Function = nb::typed<nb::callable, Var*(Var*)>;
using OptionalFunction = std::optional<Function>;
/// Returns something with minimize(loss): an Optimizer.
using OptimizerFunction = std::optional<nb::typed<nb::callable, nb::object()>>;

using FunctionPrograms = std::vector<std::shared_ptr<Program>>;

/// Python's reference to a Program; the Program ends after it.
nb::object share(const std::shared_ptr<Program>& program) {
  nb::object reference = nb::find(*program);
  if (!reference.is_valid()) {
    reference = nb::cast(program.get(), nb::rv_policy::reference);
    nb::detail::keep_alive(
        reference.ptr(), new std::shared_ptr<Program>(program), [](void* owner) noexcept {
          delete static_cast<std::shared_ptr<Program>*>(owner);
        });
  }
  return reference;
}

/// The Programs a function is called in, and the Var it is called with: what of them it keeps in
/// Python stays alive.
class FunctionCall {
 public:
  FunctionCall(const FunctionPrograms& programs, Var& argument)
      : main_(share(programs.at(programs.size() - 2))),
        startup_(share(programs.back())),
        argument_(nb::cast(&argument, nb::rv_policy::reference)) {
    KeepProgram::postcall(nullptr, 0, argument_);
  }
  const nb::object& argument() const { return argument_; }

 private:
  nb::object main_;
  nb::object startup_;
  nb::object argument_;
};

QuantFunction to_quant_function(const OptionalFunction& function,
                                const FunctionPrograms& programs) {
  if (!function.has_value()) {
    return {};
  }
  return [&function = *function, &programs](Var& input) -> Var& {
    const nb::gil_scoped_acquire gil;
    const FunctionCall call(programs, input);
    const nb::object result = function(call.argument());
    if (!nb::isinstance<Var>(result)) {
      throw Error(ErrorCode::InvalidArgument,
                  "quant_aware: a function returned " + nb::cast<std::string>(nb::repr(result)) +
                      " for '" + input.name() + "'; return the Var that takes its place");
    }
    return *nb::cast<Var*>(result);
  };
}

MinimizeFunction to_minimize_function(const OptimizerFunction& function,
                                      const FunctionPrograms& programs) {
  if (!function.has_value()) {
    return {};
  }
  return [&function = *function, &programs](Var& loss) {
    const nb::gil_scoped_acquire gil;
    const FunctionCall call(programs, loss);
    function().attr("minimize")(call.argument());
  };
}

void bind_quant_aware(nb::module_& m) {
  const QuantAwareOptions defaults;
  m.def(
      "quant_aware",
      [](const Program& program,
         Place place,
         const ConfigArgument& config,
         bool for_test,
         Scope* scope,
         const OptionalFunction& weight_preprocess_func,
         const OptionalFunction& act_preprocess_func,
         const OptionalFunction& weight_quantize_func,
         const OptionalFunction& act_quantize_func,
         const OptimizerFunction& optimizer_func,
         std::map<std::string, float> scale_dict,
         const std::optional<Batches>& calibration,
         const std::string& calibration_algorithm,
         std::vector<std::string> disabled_passes,
         QuantReport* report,
         const std::optional<ScaleDict>& used_scale_dict) {
        FunctionPrograms programs;
        std::map<std::string, float> used;
        Program result = quant_aware(
            program,
            place,
            config.value,
            {.for_test = for_test,
             .scope = &scope_or_global(scope),
             .weight_preprocess_func = to_quant_function(weight_preprocess_func, programs),
             .act_preprocess_func = to_quant_function(act_preprocess_func, programs),
             .weight_quantize_func = to_quant_function(weight_quantize_func, programs),
             .act_quantize_func = to_quant_function(act_quantize_func, programs),
             .optimizer_func = to_minimize_function(optimizer_func, programs),
             .function_programs = &programs,
             .scale_dict = std::move(scale_dict),
             .calibration =
                 calibration.has_value() ? to_batches(*calibration) : CalibrationBatches{},
             .calibration_algorithm = ptq_algorithm(calibration_algorithm),
             .used_scale_dict = &used,
             .disabled_passes = std::move(disabled_passes),
             .report = report});
        if (used_scale_dict.has_value()) {
          const nb::gil_scoped_acquire gil;
          nb::dict scales = *used_scale_dict;
          for (const auto& [tensor, scale] : used) {
            scales[tensor.c_str()] = scale;
          }
        }
        return result;
      },
      "program"_a,
      "place"_a = CpuPlace{},
      "config"_a = nb::none(),
      nb::kw_only(),
      "for_test"_a = defaults.for_test,
      "scope"_a.none() = nb::none(),
      "weight_preprocess_func"_a.none() = nb::none(),
      "act_preprocess_func"_a.none() = nb::none(),
      "weight_quantize_func"_a.none() = nb::none(),
      "act_quantize_func"_a.none() = nb::none(),
      "optimizer_func"_a.none() = nb::none(),
      "scale_dict"_a = defaults.scale_dict,
      "calibration"_a.none() = nb::none(),
      "calibration_algorithm"_a = to_string(defaults.calibration_algorithm),
      "disabled_passes"_a = defaults.disabled_passes,
      "report"_a.none() = nb::none(),
      "used_scale_dict"_a.none() = nb::none(),
      ReleaseGil(),
      doc("quant_aware"));
  m.def("quant_aware_passes", &quant_aware_passes, doc("quant_aware_passes"));
  def_layer_of<PactOptions>(m,
                            "pact",
                            doc("pact"),
                            &pact,
                            "x",
                            field("initial_threshold", &PactOptions::initial_threshold),
                            field("l2_decay", &PactOptions::l2_decay));
}

void bind_convert(nb::module_& m) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  const ConvertOptions defaults;
  nb::class_<Converted>(m, "Converted", "What convert and quant_post_static make.")
      .def_prop_ro(
          "float_program",
          [](Converted& self) -> Program& { return self.float_program; },
          kInternal,
          doc("Converted.float_program"))
      .def_prop_ro(
          "int8_program",
          [](Converted& self) {
            return self.int8_program.has_value() ? &*self.int8_program : nullptr;
          },
          kInternal,
          doc("Converted.int8_program"))
      .def_prop_ro(
          "scope",
          [](Converted& self) -> Scope& { return self.scope; },
          kInternal,
          doc("Converted.scope"))
      .def_prop_ro(
          "report", [](Converted& self) -> QuantReport& { return self.report; }, kInternal);
  m.def(
      "convert",
      [](const Program& program,
         Place place,
         const ConfigArgument& config,
         bool save_int8,
         bool exact,
         Scope* scope,
         std::vector<std::string> disabled_passes) {
        return convert(program,
                       place,
                       config.value,
                       {.save_int8 = save_int8,
                        .exact = exact,
                        .scope = &scope_or_global(scope),
                        .disabled_passes = std::move(disabled_passes)});
      },
      "program"_a,
      "place"_a = CpuPlace{},
      "config"_a = nb::none(),
      nb::kw_only(),
      "save_int8"_a = defaults.save_int8,
      "exact"_a = defaults.exact,
      "scope"_a.none() = nb::none(),
      "disabled_passes"_a = defaults.disabled_passes,
      ReleaseGil(),
      doc("convert"));
  m.def(
      "convert_passes", &convert_passes, "onnx_format"_a, "exact"_a = false, doc("convert_passes"));
}

}  // namespace

void bind_quant(nb::module_& m) {
  bind_config(m);
  bind_report(m);
  bind_quant_aware(m);
  bind_convert(m);
}

}  // namespace intact::python
