#include "intact/quant/quant_post.h"

#include "calibration.h"
#include "config.h"

namespace intact::python {
void bind_quant_post(nb::module_& m) {
  const PtqOptions defaults;
  const char* algorithm = to_string(defaults.algorithm);
  m.def(
      "calibrate",
      [](const Program& program,
         const std::vector<std::string>& tensors,
         const Batches& batches,
         const ConfigArgument& config,
         const std::string& name,
         double hist_percent,
         Scope* scope) {
        return calibrate(program,
                         tensors,
                         to_batches(batches),
                         config.value,
                         {.algorithm = ptq_algorithm(name),
                          .hist_percent = hist_percent,
                          .scope = &scope_or_global(scope)});
      },
      "program"_a,
      "tensors"_a,
      "batches"_a,
      "config"_a = nb::none(),
      nb::kw_only(),
      "algorithm"_a = algorithm,
      "hist_percent"_a = defaults.hist_percent,
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("calibrate"));
  m.def(
      "quant_post_static",
      [](const Program& program,
         const Batches& batches,
         const ConfigArgument& config,
         const std::string& name,
         double hist_percent,
         bool bias_correction,
         bool optimize_model,
         const std::string& rounding,
         int rounding_steps,
         bool save_int8,
         Scope* scope) {
        return quant_post_static(program,
                                 to_batches(batches),
                                 config.value,
                                 {.algorithm = ptq_algorithm(name),
                                  .hist_percent = hist_percent,
                                  .bias_correction = bias_correction,
                                  .optimize_model = optimize_model,
                                  .weight_rounding = weight_rounding(rounding),
                                  .rounding_steps = rounding_steps,
                                  .save_int8 = save_int8,
                                  .scope = &scope_or_global(scope)});
      },
      "program"_a,
      "batches"_a,
      "config"_a = nb::none(),
      nb::kw_only(),
      "algorithm"_a = algorithm,
      "hist_percent"_a = defaults.hist_percent,
      "bias_correction"_a = defaults.bias_correction,
      "optimize_model"_a = defaults.optimize_model,
      "weight_rounding"_a = to_string(defaults.weight_rounding),
      "rounding_steps"_a = defaults.rounding_steps,
      "save_int8"_a = defaults.save_int8,
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("quant_post_static"));
}

}  // namespace intact::python
