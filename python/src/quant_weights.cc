#include "config.h"
#include "intact/quant/quant_embedding.h"
#include "intact/quant/quant_post_dynamic.h"

namespace intact::python {
namespace {

constexpr auto kInternal = nb::rv_policy::reference_internal;

QuantizeType to_quantize_type(const std::string& name) {
  return parse_quant_config({{"weight_quantize_type", name}}).weight_quantize_type;
}

void bind_dynamic(nb::module_& m) {
  const QuantPostDynamicOptions defaults;
  nb::class_<QuantPostDynamic>(m, "QuantPostDynamic", "What quant_post_dynamic makes.")
      .def_prop_ro(
          "program",
          [](QuantPostDynamic& self) { return &self.program; },
          kInternal,
          doc("QuantPostDynamic.program"))
      .def_prop_ro(
          "scope",
          [](QuantPostDynamic& self) { return &self.scope; },
          kInternal,
          doc("QuantPostDynamic.scope"))
      .def_prop_ro(
          "test_program",
          [](QuantPostDynamic& self) {
            return self.test_program.has_value() ? &*self.test_program : nullptr;
          },
          kInternal,
          doc("QuantPostDynamic.test_program"))
      .def_prop_ro(
          "test_scope",
          [](QuantPostDynamic& self) {
            return self.test_scope.has_value() ? &*self.test_scope : nullptr;
          },
          kInternal)
      .def_ro("report", &QuantPostDynamic::report, doc("QuantPostDynamic.report"));
  m.def(
      "quant_post_dynamic",
      [](const Program& program,
         std::vector<std::string> quantizable_op_type,
         int weight_bits,
         const std::string& weight_quantize_type,
         double threshold_rate,
         bool generate_test_model,
         Scope* scope) {
        return quant_post_dynamic(program,
                                  {.quantizable_op_type = std::move(quantizable_op_type),
                                   .weight_bits = weight_bits,
                                   .weight_quantize_type = to_quantize_type(weight_quantize_type),
                                   .threshold_rate = threshold_rate,
                                   .generate_test_model = generate_test_model,
                                   .scope = &scope_or_global(scope)});
      },
      "program"_a,
      nb::kw_only(),
      "quantizable_op_type"_a = defaults.quantizable_op_type,
      "weight_bits"_a = defaults.weight_bits,
      "weight_quantize_type"_a = to_string(defaults.weight_quantize_type),
      "threshold_rate"_a = defaults.threshold_rate,
      "generate_test_model"_a = defaults.generate_test_model,
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("quant_post_dynamic"));
}

void bind_embedding(nb::module_& m) {
  const EmbeddingQuantization defaults;
  nb::class_<EmbeddingQuantization>(m, "EmbeddingQuantization", doc("EmbeddingQuantization"))
      .def(
          "__init__",
          [](EmbeddingQuantization* self,
             const std::string& type,
             int bits,
             std::optional<double> threshold) {
            new (self) EmbeddingQuantization{
                .type = embedding_quantize_type(type), .bits = bits, .threshold = threshold};
          },
          "type"_a = to_string(defaults.type),
          "bits"_a = defaults.bits,
          "threshold"_a.none() = nb::none());
  nb::class_<QuantEmbedding>(m, "QuantEmbedding", "What quant_embedding makes.")
      .def_prop_ro(
          "program",
          [](QuantEmbedding& self) { return &self.program; },
          kInternal,
          doc("QuantEmbedding.program"))
      .def_prop_ro(
          "scope",
          [](QuantEmbedding& self) { return &self.scope; },
          kInternal,
          doc("QuantEmbedding.scope"))
      .def_ro("report", &QuantEmbedding::report);
  m.def("embedding_op_types", &embedding_op_types, doc("embedding_op_types"));
  m.def(
      "quant_embedding",
      [](const Program& program,
         std::map<std::string, EmbeddingQuantization> op_types,
         Scope* scope) {
        return quant_embedding(program,
                               {.op_types = std::move(op_types), .scope = &scope_or_global(scope)});
      },
      "program"_a,
      nb::kw_only(),
      "op_types"_a = QuantEmbeddingOptions{}.op_types,
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("quant_embedding"));
}

}  // namespace

void bind_quant_weights(nb::module_& m) {
  bind_dynamic(m);
  bind_embedding(m);
}

}  // namespace intact::python
